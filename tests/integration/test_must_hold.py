"""What must hold in the end, in short forms; the long ones with --all (SIXWARD_ALL)."""

import os
import random
import resource
import signal
import statistics
import struct
import time
import unittest

import client
import dnswire as dns
import sixward
import upstream
from case import SideBySide

ALL = bool(os.environ.get('SIXWARD_ALL'))
SYNTHETIC = ['2001:db8:64::c000:201']


class MustHold(SideBySide):
    """Each with servers of its own."""

    AT_ONCE = 3  # more at once would measure each other

    def scene(self, play, count=1, options=None, **config):
        ups = [upstream.Upstream(haste=True) for _ in range(count)]
        server = None
        try:
            server = sixward.Sixward(ups, **(options or {}), **config)
            play(server, *ups)
            self.assertEqual(client.ask(server.v4, 'A localhost').texts('A'), ['127.0.0.1'])
        finally:
            if server:
                server.stop()
            for up in ups:
                up.close()

    def test_garbage(self):
        """17.1 as a whole: random datagrams and streams; still answering, no descriptor lost, no
        leak (the sanitizer's word at the end)"""
        datagrams, streams = (100000, 1000) if ALL else (2000, 50)

        def play(server, up):
            up.on('A g.example', '192.0.2.1')
            client.ask(server.v4, 'A g.example')
            client.ask(server.v4, 'A g.example', tcp=True)
            files = server.open_files()
            seed = random.Random(2181)
            good = dns.query('A g.example', edns=True, options=[(10, bytes(8))])
            with client.udp_socket(server.v4) as sock:
                sock.setblocking(False)
                for i in range(datagrams):
                    try:
                        sock.send(garbage(seed, good))
                    except BlockingIOError:
                        pass
                    if i % 50 == 49:  # so that it is read, not lost
                        client.ask(server.v4, 'A g.example')
            for i in range(streams):
                with client.Tcp(server.v4) as tcp:
                    try:
                        for _ in range(20):
                            junk = garbage(seed, good)
                            tcp.send_raw(junk if seed.random() < 0.3 else
                                         struct.pack('>H', len(junk)) + junk)
                    except (BrokenPipeError, ConnectionResetError):
                        pass
                    if i % 2:
                        tcp.reset()
            self.assertEqual(client.ask(server.v4, 'AAAA g.example').texts('AAAA'), SYNTHETIC)
            self.assertEqual(client.ask(server.v6, 'A g.example', tcp=True).texts('A'),
                             ['192.0.2.1'])
            # What the garbage asked of the upstream has its own few sockets there.
            self.assert_soon(lambda: server.open_files() <= files + 140, 15)
        self.scene(play)

    def test_two_upstreams_the_first_dead(self):
        """No client query fails; one begun after the first was answered does not wait, whichever
        worker it comes to."""
        for order, workers in (('listed', 1), ('fastest', 1), ('listed', 4), ('fastest', 4)):
            def play(server, dead, alive):
                dead.is_mute = True
                alive.on_match(r'A d\d+\.example', '192.0.2.1')
                alive.on_match(r'AAAA d\d+\.example', 'NODATA soa 300/60')
                took = []
                for i in range(30):
                    begin = time.monotonic()
                    m = client.ask(server.v4, 'AAAA d%d.example' % i)
                    took.append(time.monotonic() - begin)
                    self.assertEqual(m.texts('AAAA'), SYNTHETIC)
                self.assertLess(max(took[1:]), 0.5, took)
            with self.subTest(order, workers=workers):
                self.scene(play, 2, **{'upstream-order': order, 'workers': workers})

    def test_both_dead_and_one_back(self):
        """SERVFAIL by LIM-03; one back: the next query for a new name is answered."""
        def play(server, one, two):
            for up in (one, two):
                up.is_mute = True
                up.on_match(r'A b\d+\.example', '192.0.2.1')
            for i in range(2):
                begin = time.monotonic()
                m = client.ask(server.v4, 'A b%d.example' % i, edns=True)
                took = time.monotonic() - begin
                self.assertEqual(m.rcode_text, 'SERVFAIL')
                self.assertTrue({22, 23} & set(m.ede_codes), m)
                self.assertLess(took, 4.6)
            two.is_mute = False
            self.assertEqual(client.ask(server.v4, 'A b7.example').texts('A'), ['192.0.2.1'])
            one.is_mute = False
            self.assertEqual(client.ask(server.v4, 'A b8.example').texts('A'), ['192.0.2.1'])
        self.scene(play, 2)

    def test_both_gone_and_one_back(self):
        """The same with closed ports: an error at once, and an answer as soon as there is one."""
        def play(server, one, two):
            for up in (one, two):
                up.close()
            for i in range(3):
                m = client.ask(server.v4, 'A c%d.example' % i, edns=True)
                self.assertEqual(m.rcode_text, 'SERVFAIL')
                self.assertTrue({22, 23} & set(m.ede_codes), m)
            back = upstream.Upstream(port=two.port)
            try:
                back.on('A c7.example', '192.0.2.1')
                self.assertEqual(client.ask(server.v4, 'A c7.example').texts('A'), ['192.0.2.1'])
            finally:
                back.close()
        ups = [upstream.Upstream() for _ in range(2)]
        server = sixward.Sixward(ups)
        try:
            play(server, *ups)
        finally:
            server.stop()

    def test_many_tcp_clients(self):
        """100 (1,000) TCP clients kept open while UDP goes on; limits raised."""
        count = 1000 if ALL else 100

        def play(server, up):
            up.on_match(r'A m\d+\.example', '192.0.2.1')
            tcps = []
            try:
                for i in range(count):
                    tcp = client.Tcp(server.v4)
                    tcps.append(tcp)
                    tcp.send(dns.query('A m%d.example' % (i % 10), id_=i))
                    if i % 10 == 0:
                        self.assertEqual(client.ask(server.v4, 'A m1.example').texts('A'),
                                         ['192.0.2.1'])
                for i, tcp in enumerate(tcps):
                    self.assertEqual(tcp.receive().id, i)
                for i in range(200):
                    self.assertEqual(client.ask(server.v4, 'A m%d.example' % (i % 20)).texts('A'),
                                     ['192.0.2.1'])
                for tcp in tcps:
                    tcp.send(dns.query('A m2.example', id_=7))
                for tcp in tcps:
                    self.assertEqual(tcp.receive().id, 7)
            finally:
                for tcp in tcps:
                    tcp.close()
        raise_limit(4096)
        self.scene(play, options={'limit_files': 4096}, limits={
            'tcp-connections': 2000, 'tcp-per-client': 2000, 'tcp-idle': '60s'})

    def test_default_limits(self):
        """R7766-6.2.2-a, LIM-09: 64 of a client; 512 (--all) in total, and the idlest goes"""
        def play(server, up):
            tcps = [client.Tcp(server.v4, source='127.0.7.1') for _ in range(64)]
            try:
                for tcp in tcps:
                    self.assertEqual(tcp.ask('A localhost').texts('A'), ['127.0.0.1'])
                with client.Tcp(server.v4, source='127.0.7.1') as more:
                    self.assertIsNotNone(more.closed_within(5))
                for tcp in tcps:
                    self.assertEqual(tcp.ask('A localhost').texts('A'), ['127.0.0.1'])
                if not ALL:
                    return
                for host in range(2, 9):
                    for _ in range(64):
                        tcps.append(client.Tcp(server.v4, source='127.0.7.%d' % host))
                        tcps[-1].ask('A localhost')
                tcps[0].ask('A localhost')
                with client.Tcp(server.v4, source='127.0.7.9') as newest:
                    self.assertEqual(newest.ask('A localhost').texts('A'), ['127.0.0.1'])
                self.assertIsNotNone(tcps[1].closed_within(5))
                self.assertEqual(tcps[0].ask('A localhost').texts('A'), ['127.0.0.1'])
            finally:
                for tcp in tcps:
                    tcp.close()
        raise_limit(4096)
        self.scene(play, limits={'tcp-idle': '60s'})

    def test_overload(self):
        """LIM-07, MAL-29: more queries in progress than allowed; bounded, and soon well again"""
        def play(server, up):
            up.on_match(r'A o\d+\.example', 'SILENT')
            up.on('A fine.example', '192.0.2.1')
            client.ask(server.v4, 'A fine.example')
            with client.Tcp(server.v4) as tcp, client.udp_socket(server.v4) as sock:
                for i in range(100):
                    sock.send(dns.query('A o%d.example' % i, id_=i))
                up.wait('A o10.example')
                tcp.send(*[dns.query('A o%d.example' % (200 + i), id_=i, edns=True)
                           for i in range(60)])
                got = [tcp.receive() for _ in range(60)]
                self.assertEqual({m.rcode_text for m in got}, {'SERVFAIL'})
                self.assertEqual(client.ask(server.v4, 'A fine.example').texts('A'),
                                 ['192.0.2.1'])
        self.scene(play, limits={'queries': 50})


class Measured(unittest.TestCase):
    """Alone in its process for its time, for it measures time."""

    def test_one_round_trip(self):
        """A v4-only name through an upstream that delays each reply by 20 ms: 1.0 to 1.2 round
        trips on a quiet machine; D64-5.1.8-a"""
        up = upstream.Upstream(haste=True)
        server = sixward.Sixward([up])
        try:
            up.delay = 20
            up.on_match(r'A rtt\d+\.example', '192.0.2.1')
            up.on_match(r'AAAA rtt\d+\.example', 'NODATA soa 300/60')
            for turn in range(3):  # a busy machine may have another try
                took = []
                for i in range(20):
                    begin = time.monotonic()
                    m = client.ask(server.v4, 'AAAA rtt%d.example' % (turn * 20 + i))
                    took.append((time.monotonic() - begin) / 0.020)
                    self.assertEqual(m.texts('AAAA'), SYNTHETIC)
                if statistics.median(took) < 1.2:
                    break
            print('upstream round trips of 20 ms for a v4-only name: median %.2f, most %.2f' %
                  (statistics.median(took), max(took)))
            self.assertLess(statistics.median(took), 1.8)
        finally:
            server.stop()
            up.close()


class Service(SideBySide):
    """Start, signals, end."""

    def test_three_lines_say_what_it_does(self):
        """Issue 2, 7: what it serves, where it forwards, which prefixes"""
        server = sixward.Sixward(upstreams=['127.0.0.1:5399'])
        try:
            lines = '\n'.join(server.wait_line('.', 5, 3)[:3])
            for word in ('127.0.0.1:%d' % server.port, '[::1]:%d' % server.port,
                         '127.0.0.1:5399', '2001:db8:64::/96'):
                self.assertIn(word, lines)
        finally:
            server.stop()

    def test_a_second_server_on_the_same_port_is_refused(self):
        """Issue 2, 7: SO_REUSEPORT alone would let it in silently"""
        for workers in (1, 2):
            server = sixward.Sixward(workers=workers)
            try:
                status, _, err = sixward.run_command('run', config=server.config)
                self.assertEqual(status, 1, err)
                self.assertIn('cannot listen', err)
                self.assertIn(':%d' % server.port, err)
                self.assertEqual(client.ask(server.v4, 'A localhost').texts('A'), ['127.0.0.1'])
            finally:
                server.stop()

    def test_signals(self):
        """product.md: SIGUSR1 writes counts, SIGINT ends as SIGTERM does"""
        server = sixward.Sixward(upstreams=['127.0.0.1:5399'])
        client.ask(server.v4, 'A localhost')
        server.process.send_signal(signal.SIGUSR1)
        lines = server.wait_line(r'count.*queries', 5)
        self.assertTrue(any('special' in line for line in server.wait_line('special', 5)), lines)
        server.stop(signal.SIGINT)

    def test_reload_keeps_and_changes_listeners(self):
        """design.md, 12: listeners that stay keep their sockets, the cache lives"""
        up = upstream.Upstream()
        server = sixward.Sixward([up])
        try:
            up.on('A r.example', '3600 192.0.2.1')
            other = sixward.free_port()
            with client.Tcp(server.v4) as tcp:
                tcp.ask('A r.example')
                server.reload(listen=server.config['listen'] + ['127.0.0.1:%d' % other])
                self.assertEqual(tcp.ask('A r.example').texts('A'), ['192.0.2.1'])
                self.assert_soon(lambda: self.answers(('127.0.0.1', other)))
                self.assertEqual(client.ask(('127.0.0.1', other), 'A r.example').texts('A'),
                                 ['192.0.2.1'])
                server.reload(listen=server.config['listen'][:2])
                self.assert_soon(lambda: not self.answers(('127.0.0.1', other)))
                self.assertEqual(tcp.ask('A r.example').texts('A'), ['192.0.2.1'])
            self.assertEqual(up.count('A r.example'), 1)
            server.reload(allow=['127.0.0.8'])
            self.assert_soon(lambda: client.ask(server.v4, 'A r.example').rcode_text == 'REFUSED')
        finally:
            server.stop()
            up.close()

    @staticmethod
    def answers(address):
        return client.udp_exchange(address, dns.query('A localhost'), 0.2) is not None

    def test_reload_under_load(self):
        """design.md, 12"""
        up = upstream.Upstream()
        server = sixward.Sixward([up], workers=2)
        try:
            up.on_match(r'A x\d+\.example', '192.0.2.1 +delay=20')
            with client.udp_socket(server.v4) as sock, client.Tcp(server.v4) as tcp:
                sock.settimeout(client.PATIENCE)
                for turn in range(10):
                    for i in range(20):
                        sock.send(dns.query('A x%d.example' % (turn * 20 + i), id_=i))
                        tcp.send(dns.query('A x%d.example' % (turn * 20 + i), id_=i))
                    server.reload(dns64={'prefixes': ['2001:db8:%d::/96' % turn]})
                    for _ in range(20):
                        self.assertEqual(dns.Message(sock.recv(65535)).texts('A'), ['192.0.2.1'])
                        self.assertEqual(tcp.receive().texts('A'), ['192.0.2.1'])
        finally:
            server.stop()
            up.close()

    def test_workers_share_the_cache(self):
        """design.md, 6: and no question is asked by two of them for long"""
        up = upstream.Upstream()
        server = sixward.Sixward([up], workers=4)
        try:
            up.on_match(r'A w\d+\.example', '3600 192.0.2.1')
            asked = None
            for _ in range(8):  # each socket may reach another worker
                for i in range(20):
                    m = client.ask(server.v4, 'A w%d.example' % i)
                    self.assertEqual(m.texts('A'), ['192.0.2.1'])
                asked = asked or up.count()
            self.assertEqual(up.count(), asked)
        finally:
            server.stop()
            up.close()


def garbage(seed, good):
    """Noise, or a message with some octets changed, cut or doubled."""
    kind = seed.randrange(4)
    if kind == 0:
        return seed.randbytes(seed.randrange(0, 600))
    if kind == 1:
        return good[:seed.randrange(len(good))]
    data = bytearray(good)
    for _ in range(seed.randrange(1, 6)):
        data[seed.randrange(len(data))] = seed.randrange(256)
    if kind == 3:
        data += data[seed.randrange(12, len(data)):]
    return bytes(data)


def raise_limit(files):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files <= hard or hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, files), hard))
