"""Sections 14.1 and 14.2: TCP as a server."""

import struct
import threading
import time

import client
import dnswire as dns
import sixward
import upstream
from case import Case, SideBySide


def read_all(tcp, count, timeout=client.PATIENCE):
    return [tcp.receive(timeout) for _ in range(count)]


class Framing(Case):
    """Messages in any pieces, in any number, in any order."""

    @classmethod
    def prepare(cls):
        cls.up.on('A t.example', '3600 192.0.2.1')
        cls.up.on_match(r'A p\d+\.example', '3600 192.0.2.1')

    def test_a_client_that_only_speaks_tcp(self):
        """R7766-5-a"""
        for v6 in (False, True):
            self.assertEqual(self.ask('A t.example', tcp=True, v6=v6).texts('A'), ['192.0.2.1'])

    def test_octet_by_octet(self):
        """R7766-8-a"""
        raw = dns.query('A t.example', id_=9)
        with client.Tcp(self.server.v4) as tcp:
            for octet in struct.pack('>H', len(raw)) + raw:
                tcp.send_raw(bytes([octet]))
            self.assertEqual(tcp.receive().texts('A'), ['192.0.2.1'])
            for cut in range(1, len(raw) + 2):
                framed = struct.pack('>H', len(raw)) + raw
                tcp.send_raw(framed[:cut])
                tcp.send_raw(framed[cut:])
                self.assertEqual(tcp.receive().id, 9)

    def test_the_end_of_one_with_the_begin_of_the_next(self):
        """R7766-8-a"""
        framed = b''.join(struct.pack('>H', len(q)) + q for q in
                          (dns.query('A t.example', id_=i) for i in range(10)))
        with client.Tcp(self.server.v4) as tcp:
            for at in range(0, len(framed), 37):
                tcp.send_raw(framed[at:at + 37])
            self.assertEqual({m.id for m in read_all(tcp, 10)}, set(range(10)))

    def test_a_hundred_in_one_segment(self):
        """R7766-6.2.1.1-a"""
        with client.Tcp(self.server.v4) as tcp:
            tcp.send(*[dns.query('A p%d.example' % i, id_=i) for i in range(100)])
            for m in read_all(tcp, 100):
                self.assertEqual(m.texts('A'), ['192.0.2.1'])
                self.assertEqual(m.questions[0][0], 'p%d.example' % m.id)

    def test_fast_before_slow(self):
        """R7766-7-a"""
        self.on('A slow.example', '192.0.2.2 +delay=300')
        with client.Tcp(self.server.v4) as tcp:
            tcp.send(dns.query('A slow.example', id_=1), dns.query('A t.example', id_=2))
            self.assertEqual([m.id for m in read_all(tcp, 2)], [2, 1])

    def test_one_id_for_two_questions(self):
        """TCP-c"""
        with client.Tcp(self.server.v4) as tcp:
            tcp.send(dns.query('A p200.example', id_=5), dns.query('A p201.example', id_=5))
            got = read_all(tcp, 2)
            self.assertEqual({m.questions[0][0] for m in got}, {'p200.example', 'p201.example'})
            self.assertEqual([m.id for m in got], [5, 5])

    def test_half_close(self):
        """TCP-d"""
        self.on('A half.example', '192.0.2.1 +delay=100')
        with client.Tcp(self.server.v4) as tcp:
            tcp.send(dns.query('A half.example', id_=5), dns.query('A t.example', id_=6))
            tcp.finish()
            self.assertEqual({m.id for m in read_all(tcp, 2)}, {5, 6})
            self.assertIsNotNone(tcp.closed_within(3))

    def test_half_close_without_or_within_a_message(self):
        """TCP-d, TCP-b"""
        for data in (b'', b'\0', b'\0\x20abc'):
            with client.Tcp(self.server.v4) as tcp:
                tcp.send_raw(data)
                tcp.finish()
                self.assertIsNotNone(tcp.closed_within(3))

    def test_reset_with_answers_pending(self):
        """R7766-6.2.4-a"""
        for i in range(20):
            self.on('A rst%d.example' % i, '3600 192.0.2.1 +delay=50')
            tcp = client.Tcp(self.server.v4)
            tcp.send(dns.query('A rst%d.example' % i), *[dns.query('A t.example')] * 50)
            tcp.reset()
        self.up.wait('A rst19.example')
        self.assert_works(True)
        self.assert_soon(lambda: self.ask('A rst19.example').texts('A') == ['192.0.2.1'])

    def test_lengths_that_cannot_be(self):
        """TCP-b, MAL-01"""
        for prefix in (b'\0\0', b'\0\1', b'\0\x0b'):
            with client.Tcp(self.server.v4) as tcp:
                tcp.send_raw(prefix + bytes(12))
                self.assertIsNotNone(tcp.closed_within(3))

    def test_large_answers(self):
        """R3597-3-a, R5625-4.3-a, LIM-34"""
        rdata = bytes(range(256)) * 253
        self.on('TYPE65280 large.example', 'large.example 300 TYPE65280 \\# %d %s' %
                (len(rdata), rdata.hex()))
        m = self.ask('TYPE65280 large.example', tcp=True)
        self.assertEqual(m.answer[0].rdata, rdata)
        self.assertTrue(self.ask('TYPE65280 large.example', edns=True, size=4096).has(dns.TC))
        with client.Tcp(self.server.v4) as tcp:
            tcp.send(*[dns.query('TYPE65280 large.example', id_=i) for i in range(30)])
            for m in read_all(tcp, 30):
                self.assertEqual(m.answer[0].rdata, rdata)

    def test_synthesis_beyond_a_message(self):
        """UPR-06"""
        self.on('A huge.example', '300 ' + ', '.join('10.0.%d.%d' % (i // 250, i % 250)
                                                     for i in range(3500)))
        self.expect(self.ask('AAAA huge.example', tcp=True), 'SERVFAIL', answer=[])
        self.assertEqual(len(self.ask('A huge.example', tcp=True).answer), 3500)
        m = self.ask('AAAA huge.example')
        self.assertTrue(m.has(dns.TC))
        self.assertEqual(m.counts, (1, 0, 0, 0))

    def test_back_pressure(self):
        """TCP-a, LIM-12"""
        self.up.on_match(r'A bp\d+\.example', '192.0.2.1 +delay=700')
        with client.Tcp(self.server.v4) as tcp:
            tcp.send(*[dns.query('A bp%d.example' % i, id_=i) for i in range(300)])
            ids = {m.id for m in read_all(tcp, 300)}
        self.assertEqual(ids, set(range(300)))
        times = sorted(s.time for s in self.up.seen() if s.name.startswith('bp'))
        self.assertEqual(len(times), 300)
        self.assertGreater(times[128] - times[0], 0.5)
        self.assertLess(times[127] - times[0], 0.5)


class IdleAndLimits(SideBySide):
    """What takes its time, with tcp-idle: 2s."""

    CONFIG = {'limits': {'tcp-idle': '2s'}}

    @classmethod
    def prepare(cls):
        cls.up.on('A i.example', '3600 192.0.2.1')

    def test_silence_is_closed(self):
        """R7766-6.2.3-a, LIM-10"""
        with client.Tcp(self.server.v4) as tcp:
            took = tcp.closed_within(8)
            self.assertIsNotNone(took)
            self.assertTrue(1.5 < took < 5, took)
        with client.Tcp(self.server.v4) as tcp:
            m = tcp.ask('A i.example', edns=True)
            self.assertEqual(m.option(dns.KEEPALIVE), struct.pack('>H', 20))
            took = tcp.closed_within(8)
            self.assertIsNotNone(took)
            self.assertTrue(1.5 < took < 5, took)

    def test_use_keeps_it_open(self):
        """R7766-6.2.3-a"""
        with client.Tcp(self.server.v4) as tcp:
            end = time.monotonic() + 4
            while time.monotonic() < end:
                tcp.ask('A i.example')
                self.assertIsNone(tcp.closed_within(0.5))

    def test_a_slow_drip_is_closed(self):
        """R7766-6.2.3-a"""
        raw = dns.query('A i.example')
        with client.Tcp(self.server.v4) as tcp:
            begin = time.monotonic()
            for octet in struct.pack('>H', len(raw)) + raw:
                try:
                    tcp.send_raw(bytes([octet]))
                except (BrokenPipeError, ConnectionResetError):
                    break
                if tcp.closed_within(0.3) is not None:
                    break
            self.assertTrue(1.5 < time.monotonic() - begin < 5)

    def test_a_promise_that_is_not_kept(self):
        """TCP-b"""
        with client.Tcp(self.server.v4) as tcp:
            tcp.send_raw(b'\xff\xff' + bytes(10))
            took = tcp.closed_within(8)
            self.assertIsNotNone(took)
            self.assertTrue(1.5 < took < 5, took)

    def test_waiting_for_an_answer_is_not_idle(self):
        """R7766-6.2.3-a"""
        self.on('A wait.example', '192.0.2.1 +delay=3000')
        with client.Tcp(self.server.v4) as tcp:
            self.assertEqual(tcp.ask('A wait.example').texts('A'), ['192.0.2.1'])

    def test_who_does_not_read_is_closed(self):
        """TCP-a, LIM-11"""
        rdata = bytes(60000)
        self.on('TYPE65280 fat.example', 'fat.example 300 TYPE65280 \\# %d %s' %
                (len(rdata), rdata.hex()))
        self.ask('TYPE65280 fat.example', tcp=True)
        before = self.server.resident_kib()
        with client.Tcp(self.server.v4, receive_buffer=4096, timeout=30) as tcp:
            query = dns.query('TYPE65280 fat.example')
            framed = (struct.pack('>H', len(query)) + query) * 1000
            tcp.sock.settimeout(0.5)
            at, begin = 0, time.monotonic()
            try:
                while time.monotonic() - begin < 25:
                    try:
                        at = (at + tcp.sock.send(framed[at:])) % len(framed)
                    except TimeoutError:  # it reads no more: back-pressure
                        self.assertLess(self.server.resident_kib() - before, 64 * 1024)
                self.fail('the connection still stands')
            except (BrokenPipeError, ConnectionResetError):
                self.assertGreater(time.monotonic() - begin, 5)
        self.assertEqual(self.ask('A i.example', tcp=True).texts('A'), ['192.0.2.1'])


class Shares(SideBySide):
    """Limits on connections; servers of their own."""

    def test_a_client_over_its_share(self):
        """LIM-09, R7766-6.2.2-a"""
        with_server(self, {'tcp-per-client': 4}, self.over_its_share)

    def over_its_share(self, server, up):
        mine = [client.Tcp(server.v4, source='127.0.5.1') for _ in range(4)]
        for tcp in mine:
            tcp.ask('A localhost')
        for _ in range(3):
            with client.Tcp(server.v4, source='127.0.5.1') as more:
                self.assertIsNotNone(more.closed_within(3))
        for tcp in mine:
            self.assertEqual(tcp.ask('A localhost').texts('A'), ['127.0.0.1'])
        with client.Tcp(server.v4, source='127.0.5.2') as other:
            self.assertEqual(other.ask('A localhost').texts('A'), ['127.0.0.1'])
        mine.pop().close()
        self.assert_soon(lambda: self.is_served(server, '127.0.5.1'))
        for tcp in mine:
            tcp.close()

    @staticmethod
    def is_served(server, source):
        with client.Tcp(server.v4, source=source) as tcp:
            try:
                return tcp.ask('A localhost', timeout=3).texts('A') == ['127.0.0.1']
            except (client.Closed, BrokenPipeError, ConnectionResetError):
                return False

    def test_over_the_total_the_idlest_goes(self):
        """LIM-09, R7766-6.2.2-a"""
        with_server(self, {'tcp-connections': 6, 'tcp-per-client': 6}, self.over_the_total, 4)

    def over_the_total(self, server, up):
        tcps = [client.Tcp(server.v4, source='127.0.6.%d' % (i + 1)) for i in range(6)]
        for tcp in tcps:
            tcp.ask('A localhost')
            time.sleep(0.02)  # so that one is idle longer than another
        tcps[0].ask('A localhost')
        with client.Tcp(server.v4, source='127.0.6.9') as newest:
            self.assertEqual(newest.ask('A localhost').texts('A'), ['127.0.0.1'])
            self.assertIsNotNone(tcps[1].closed_within(3))
            for tcp in tcps[:1] + tcps[2:]:
                self.assertEqual(tcp.ask('A localhost').texts('A'), ['127.0.0.1'])
        for tcp in tcps:
            tcp.close()

    def test_over_the_total_with_none_idle(self):
        """R7766-6.2.2-a"""
        with_server(self, {'tcp-connections': 3}, self.none_idle)

    def none_idle(self, server, up):
        up.on_match(r'A busy\d\.example', '192.0.2.1 +delay=800')
        tcps = [client.Tcp(server.v4) for _ in range(3)]
        for i, tcp in enumerate(tcps):
            tcp.send(dns.query('A busy%d.example' % i, id_=i))
            up.wait('A busy%d.example' % i)
        with client.Tcp(server.v4, source='127.0.6.9') as newest:
            self.assertIsNotNone(newest.closed_within(3))
        for i, tcp in enumerate(tcps):
            self.assertEqual(tcp.receive().id, i)
            tcp.close()


def with_server(test, limits, play, workers=None):
    """Plays a scene with a server of its own."""
    up = upstream.Upstream()
    try:
        server = sixward.Sixward([up], limits=limits, **({'workers': workers} if workers else {}))
        try:
            play(server, up)
            test.assertEqual(client.ask(server.v4, 'A localhost').texts('A'), ['127.0.0.1'])
        finally:
            server.stop()
    finally:
        up.close()


class Load(SideBySide):
    """Stopping and resets while there is work."""

    def test_resets_under_load(self):
        """R7766-6.2.4-a"""
        with_server(self, {}, self.resets)

    def resets(self, server, up):
        up.on_match(r'A (l|m)\d+\.example', '3600 192.0.2.1 +delay=5')
        stop, answered = threading.Event(), []

        def steady():
            number = 0
            while not stop.is_set():
                number += 1
                answered.append(client.ask(server.v4, 'A m%d.example' % number).texts('A'))

        thread = threading.Thread(target=steady)
        thread.start()
        try:
            for i in range(150):
                tcp = client.Tcp(server.v4)
                tcp.send(*[dns.query('A l%d.example' % (i * 10 + k), id_=k) for k in range(10)])
                if i % 3:
                    tcp.receive()
                if i % 2:
                    tcp.reset()
                else:
                    tcp.close()
        finally:
            stop.set()
            thread.join()
        self.assertGreater(len(answered), 5)
        self.assertEqual([a for a in answered if a != ['192.0.2.1']], [])

    def test_stops_with_questions_open(self):
        """product.md: what is in progress is finished, 2 s at most, and the end is 0"""
        up = upstream.Upstream()
        server = sixward.Sixward([up])
        try:
            for transport in ('tcp', 'udp'):
                up.on('A soon.%s.example' % transport, '192.0.2.1 +delay=500')
                up.on('A never.%s.example' % transport, 'SILENT')
            with client.Tcp(server.v4) as tcp, client.udp_socket(server.v4) as udp:
                tcp.send(dns.query('A soon.tcp.example', id_=1),
                         dns.query('A never.tcp.example', id_=2))
                udp.send(dns.query('A soon.udp.example', id_=3))
                udp.send(dns.query('A never.udp.example', id_=4))
                for transport in ('tcp', 'udp'):
                    up.wait('A never.%s.example' % transport)
                    up.wait('A soon.%s.example' % transport)
                begin = time.monotonic()
                server.stop()
                self.assertLess(time.monotonic() - begin, 4)
                self.assertEqual(tcp.receive().id, 1)
                udp.settimeout(client.PATIENCE)
                self.assertEqual(dns.Message(udp.recv(65535)).id, 3)
        finally:
            server.stop()
            up.close()
