"""Section 14.3: TCP as a client of upstreams."""

import threading

import client
import dnswire as dns
import sixward
import upstream
from case import Case, SideBySide


def ask_many(server, names, tcp=False):
    """All at once, over one socket; the answers by name."""
    raws = [dns.query('A ' + name, id_=i) for i, name in enumerate(names)]
    if tcp:
        with client.Tcp(server.v4) as stream:
            stream.send(*raws)
            got = [stream.receive() for _ in raws]
    else:
        with client.udp_socket(server.v4) as sock:
            sock.settimeout(client.PATIENCE)
            for raw in raws:
                sock.send(raw)
            got = [dns.Message(sock.recv(65535)) for _ in raws]
    return {m.questions[0][0]: m for m in got}


class Channel(Case):
    """One connection, many questions."""

    def assert_answered(self, answers, count):
        self.assertEqual(len(answers), count)
        for m in answers.values():
            self.assertEqual(m.texts('A'), ['192.0.2.1'], m)

    def test_truncated_over_udp_is_asked_over_tcp(self):
        """UPS-a, UPR-05, R7766-5-a"""
        self.on('A tc.example', '192.0.2.1 +tc')
        self.assertEqual(self.ask('A tc.example').texts('A'), ['192.0.2.1'])
        self.assertEqual([s.transport for s in self.up.seen('A tc.example')], ['udp', 'tcp'])

    def test_a_tcp_client_makes_no_datagram(self):
        """UPS-a"""
        self.on('A only.example', '192.0.2.1')
        self.assertEqual(self.ask('A only.example', tcp=True).texts('A'), ['192.0.2.1'])
        self.assertEqual([s.transport for s in self.up.seen('A only.example')], ['tcp'])

    def test_truncated_over_tcp_is_a_failure(self):
        """UPR-05, CCH-e"""
        self.on('A tctc.example', '192.0.2.1 +tcalways')
        self.expect(self.ask('A tctc.example'), 'SERVFAIL', answer=[])

    def test_a_connection_lost_under_questions(self):
        """R7766-6.2.4-b"""
        self.on('A lost.example', '192.0.2.1 +rst', '192.0.2.1')
        self.assertEqual(self.ask('A lost.example', tcp=True).texts('A'), ['192.0.2.1'])
        self.assertEqual(self.up.count('A lost.example', 'tcp'), 2)

    def test_replies_in_pieces(self):
        """R7766-8-a"""
        for pieces in (1, 2, 3, 7):
            name = 'pieces%d.example' % pieces
            self.on('A ' + name, '192.0.2.1 +pieces=%d' % pieces)
            self.assertEqual(self.ask('A ' + name, tcp=True).texts('A'), ['192.0.2.1'])


class OneConnection(Case):
    """R7766-6.2.2-b: counted from a fresh start."""

    def test_fifty_truncated_replies(self):
        """R7766-6.2.2-b, R7766-6.2.1-b, R7828-3.2.1-a, R7766-6.2.3-b"""
        self.up.on_match(r'A f\d+\.example', '192.0.2.1 +tc +delay=5')
        answers = ask_many(self.server, ['f%d.example' % i for i in range(50)])
        self.assertEqual(len(answers), 50)
        for m in answers.values():
            self.assertEqual(m.texts('A'), ['192.0.2.1'], m)
        self.assertEqual(len(self.up.connections), 1)
        over_tcp = [s for s in self.up.seen(via='tcp')]
        self.assertEqual(over_tcp[0].message.option(dns.KEEPALIVE), b'')
        for seen in self.up.seen(via='udp'):
            self.assertIsNone(seen.message.option(dns.KEEPALIVE))


class Order(Case):
    """Replies when the upstream likes."""

    def hold(self, count):
        """A program that keeps its replies until so many are due, and sends the last one first."""
        held = []

        def script(up, seen, data):
            held.append((seen, data))
            if len(held) == count:
                for s, d in reversed(held):
                    up.send(s, d)
        return upstream.scripted('192.0.2.1', script)

    def test_reversed(self):
        """R7766-6.2.1-b, R7766-7-a"""
        program = self.hold(20)
        self.up.on_match(r'A rev\d+\.example', program)
        answers = ask_many(self.server, ['rev%d.example' % i for i in range(20)], tcp=True)
        self.assertEqual([m.texts('A') for m in answers.values()], [['192.0.2.1']] * 20)
        seen = [s for s in self.up.seen(via='tcp') if s.name.startswith('rev')]
        self.assertEqual(len({s.id for s in seen}), 20)
        self.assertEqual(len({s.conn.number for s in seen}), 1)

    def test_replies_nobody_asked_for(self):
        """R5452-9.1-a, UPR-01"""
        def script(up, seen, data):
            for wrong in (bytes([data[0] ^ 1]) + data[1:], data[:2] + b'\x01' + data[3:],
                          data.replace(b'stray', b'other')):
                up.send(seen, wrong.replace(b'\xc0\0\2\1', b'\xc0\0\2\x42'))
            up.send(seen, data, 20)
        self.on('A stray.example', upstream.scripted('192.0.2.1', script))
        self.assertEqual(self.ask('A stray.example', tcp=True).texts('A'), ['192.0.2.1'])


class Closing(SideBySide):
    """Upstreams that close; each with a server of its own, so that connections can be counted."""

    def play(self, scene, **how):
        up = upstream.Upstream(**how)
        server = sixward.Sixward([up])
        try:
            scene(server, up)
        finally:
            server.stop()
            up.close()

    def test_keepalive_zero(self):
        """R7766-6.2.3-b, R7828-3.3.2-a"""
        def scene(server, up):
            up.on('A k1.example', '192.0.2.1 +opt=11:0000')
            up.on('A k2.example', '192.0.2.1')
            client.ask(server.v4, 'A k1.example', tcp=True)
            up.wait_until(lambda: up.connections and not up.open_connections(), 5,
                          'the connection closed')
            self.assertEqual(client.ask(server.v4, 'A k2.example', tcp=True).texts('A'),
                             ['192.0.2.1'])
            self.assertEqual(len(up.connections), 2)
        self.play(scene)

    def test_keepalive_of_a_second(self):
        """R7766-6.2.3-b"""
        def scene(server, up):
            up.on('A k3.example', '192.0.2.1 +opt=11:000a')
            client.ask(server.v4, 'A k3.example', tcp=True)
            up.wait_until(lambda: up.connections and not up.open_connections(), 5,
                          'the connection closed')
        self.play(scene)

    def test_closed_after_each_reply(self):
        """R7766-6.2.4-b"""
        def scene(server, up):
            up.on_match(r'A e\d+\.example', '192.0.2.1 +close')
            for i in range(10):
                m = client.ask(server.v4, 'A e%d.example' % i, tcp=True)
                self.assertEqual(m.texts('A'), ['192.0.2.1'])
        self.play(scene)

    def test_closed_after_the_first_reply_of_several(self):
        """R7766-6.2.4-b"""
        def scene(server, up):
            state = {'count': 0}

            def program(seen):
                state['count'] += 1
                return '192.0.2.1 +close' if state['count'] % 4 == 1 else '192.0.2.1 +delay=30'
            up.on_match(r'A g\d\.example', program)
            answers = ask_many(server, ['g%d.example' % i for i in range(8)], tcp=True)
            self.assertEqual([m.texts('A') for m in answers.values()], [['192.0.2.1']] * 8)
        self.play(scene)

    def test_an_idle_connection_that_was_closed(self):
        """R7766-6.2.4-b"""
        def scene(server, up):
            up.on_match(r'A h\d\.example', '192.0.2.1')
            for i in range(5):
                m = client.ask(server.v4, 'A h%d.example' % i, tcp=True)
                self.assertEqual(m.texts('A'), ['192.0.2.1'])
                up.reset_all()
        self.play(scene)

    def test_no_tcp_there(self):
        """UPS-a, CCH-e: over UDP where that upstream refuses TCP; what was cut is not used"""
        def scene(server, up):
            up.on('A n1.example', '192.0.2.1')
            up.on('A n2.example', '192.0.2.1 +tc')
            self.assertEqual(client.ask(server.v4, 'A n1.example', tcp=True).texts('A'),
                             ['192.0.2.1'])
            self.expect(client.ask(server.v4, 'A n2.example'), 'SERVFAIL', answer=[])
        self.play(scene, tcp=False)

    def test_no_udp_there(self):
        """LIM-02: after the datagrams, TCP"""
        def scene(server, up):
            up.on('A m1.example', '192.0.2.1')
            self.assertEqual(client.ask(server.v4, 'A m1.example').texts('A'), ['192.0.2.1'])
            self.assertEqual(up.count('A m1.example', 'tcp'), 1)
        self.play(scene, udp=False)

    def test_garbage_in_the_stream(self):
        """UPR-01, UPR-04, TCP-b"""
        def scene(server, up):
            for i, junk in enumerate((b'\0\0', b'\0\x05abcde', b'\xff\xff' + b'x' * 300,
                                      bytes(range(256)) * 40)):
                name = 'junk%d.example' % i

                def script(up, seen, data, junk=junk):
                    with up.lock:
                        up._write(seen.conn, junk)
                        seen.conn.closing = True
                        up._flush(seen.conn)
                up.on('A ' + name, upstream.scripted('192.0.2.1', script), '192.0.2.1', via='tcp')
                up.on('A ' + name, '192.0.2.1', via='udp')
                m = client.ask(server.v4, 'A ' + name, tcp=True)
                self.assertIn(m.rcode_text, ('NOERROR', 'SERVFAIL'))
            up.on('A good.example', '192.0.2.1')
            self.assertEqual(client.ask(server.v4, 'A good.example', tcp=True).texts('A'),
                             ['192.0.2.1'])
        self.play(scene)

    def test_resets_while_questions_are_out(self):
        """R7766-6.2.4-b, R9520-3.1-a"""
        def scene(server, up):
            up.on_match(r'A r\d+\.example', '192.0.2.1 +delay=20')
            stop = threading.Event()

            def resets():
                while not stop.wait(0.15):
                    up.reset_all()
            thread = threading.Thread(target=resets)
            thread.start()
            try:
                good = 0
                for i in range(40):
                    m = client.ask(server.v4, 'A r%d.example' % i, tcp=True)
                    good += m.texts('A') == ['192.0.2.1']
            finally:
                stop.set()
                thread.join()
            self.assertGreaterEqual(good, 38)
        self.play(scene)
