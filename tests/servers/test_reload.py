"""Listeners that come and go at reloads while queries flow: none is lost, and each is counted."""

import select
import signal
import socket
import struct
import threading
import time
import unittest

import world  # noqa: F401 - finds the modules of the integration tests
import dnswire as dns
from client import Tcp
from sixward import Sixward, free_port
from upstream import Upstream

RELOADS = 8
PAUSE_S = 0.002  # between queries: so many that reloads fall among them, and no load
WINDOW = 100  # unanswered at most: what no socket's buffer is too small for


class Asker:
    """Sends a query every 2 ms to each of the endpoints, none of them twice, and counts answers."""

    def __init__(self, places):
        self.socks = []
        for place in places:
            family = socket.AF_INET6 if ':' in place[0] else socket.AF_INET
            self.socks.append(socket.socket(family, socket.SOCK_DGRAM))
            self.socks[-1].connect(place)
        self.sent, self.answered, self.failed = 0, set(), []
        self.over = threading.Event()
        self.refused = 0
        self.thread = threading.Thread(target=self._work)
        self.thread.start()

    def _hear(self, wait):
        readable, _, _ = select.select(self.socks, [], [], wait)
        for sock in readable:
            try:
                answer = sock.recv(4096)
            except ConnectionRefusedError:
                self.refused += 1
                continue
            if answer[3] & 15 == 0:
                self.answered.add((sock, struct.unpack('>H', answer[:2])[0]))
            else:
                self.failed.append(answer)

    def _work(self):
        while not self.over.is_set():
            for sock in self.socks if self.sent < len(self.answered) + WINDOW else ():
                self.sent += 1
                # One in eight has to be asked upstream, which takes its time.
                name = 'new%d.slow.example' % self.sent if self.sent % 8 == 0 else 'four.example'
                try:
                    sock.send(dns.query('AAAA ' + name, id_=self.sent & 0xffff))
                except ConnectionRefusedError:
                    self.refused += 1
            self._hear(PAUSE_S)
        end = time.monotonic() + 3
        while len(self.answered) < self.sent and time.monotonic() < end:
            self._hear(0.1)

    def stop(self):
        self.over.set()
        self.thread.join()
        for sock in self.socks:
            sock.close()


class Listeners(unittest.TestCase):
    """With one worker and with several."""

    def setUp(self):
        self.up = Upstream()
        self.addCleanup(self.up.close)
        self.up.on('AAAA four.example', 'NODATA soa 300/60')
        self.up.on('A four.example', '300 192.0.2.1')
        self.up.on_match(r'AAAA \S+\.slow\.example', '60 2001:db8::1 +delay=250')
        self.up.on_match(r'A \S+\.slow\.example', 'NODATA soa 60/60')

    def servers(self):
        """Two of their endpoints stay, `other` is the one that comes and goes."""
        for workers in (1, 2):
            server = Sixward([self.up], workers=workers, log={'level': 'notice'})
            self.addCleanup(server.stop)
            server.stay, server.other = server.config['listen'], ('::1', free_port())
            server.both = server.stay + ['[::1]:%d' % server.other[1]]
            yield server
            server.stop()

    def test_those_that_stay_lose_nothing(self):
        for server in self.servers():
            asker = Asker([server.v4, server.v6])
            try:
                for i in range(RELOADS):
                    time.sleep(0.05)
                    server.reload(listen=server.stay if i % 2 else server.both)
            finally:
                asker.stop()
            self.assertGreater(asker.sent, 5 * RELOADS)
            self.assertEqual(asker.failed, [])
            self.assertEqual((len(asker.answered), asker.refused), (asker.sent, 0))

    def burst(self, server, first):
        """A socket that has sent 100 queries, and answers to half of them take their time."""
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.addCleanup(sock.close)
        sock.connect(server.other)
        for i in range(100):
            name = 'q%d.slow.example' % (first + i) if i % 2 else 'four.example'
            sock.send(dns.query('AAAA ' + name, id_=i))
        return sock

    def answers(self, sock):
        """Which of them have come when nothing more does."""
        found = set()
        sock.settimeout(2)
        while len(found) < 100:
            try:
                answer = dns.Message(sock.recv(4096))
            except (socket.timeout, ConnectionRefusedError):
                break
            self.assertEqual(answer.rcode_text, 'NOERROR')
            found.add(answer.id)
        return found

    def assert_gone(self, server):
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.connect(server.other)
            sock.settimeout(2)
            sock.send(dns.query('AAAA four.example'))
            self.assertRaises(ConnectionRefusedError, sock.recv, 4096)
        self.assertRaises(ConnectionRefusedError, Tcp, server.other)

    def test_one_that_goes_answers_what_came_before(self):
        for number, server in enumerate(self.servers()):
            for i in range(RELOADS // 2):
                server.reload(listen=server.both)
                sock = self.burst(server, 1000 * number + 100 * i)
                server.reload(listen=server.stay)
                self.assert_gone(server)
                self.assertEqual(self.answers(sock), set(range(100)))

    def test_a_wildcard_in_its_place_is_in_nobodys_way(self):
        """Nor is what comes back at once, while there is still something in progress."""
        for number, server in enumerate(self.servers()):
            socks = []
            for i in range(RELOADS):
                listen = (server.both, ['[::]:%d' % server.other[1]], server.stay)[i % 3]
                server.reload(listen=listen, allow=['any'])
                if listen != server.stay:
                    socks.append(self.burst(server, 5000 + 2000 * number + 100 * i))
            for sock in socks:
                self.assertEqual(self.answers(sock), set(range(100)))
            self.assertNotIn('cannot listen', server.log())

    def test_connections_to_one_that_goes_stay(self):
        """Those as well that nobody had accepted yet."""
        for server in self.servers():
            server.reload(listen=server.both)
            old = Tcp(server.other)
            self.addCleanup(old.close)
            old.send(dns.query('AAAA four.example', id_=1))
            self.assertEqual(old.receive().id, 1)
            server.process.send_signal(signal.SIGSTOP)
            new = [Tcp(server.other) for _ in range(20)]
            for connection in new:
                self.addCleanup(connection.close)
                connection.send(dns.query('AAAA four.example', id_=2))
            server.config['listen'] = server.stay
            server.write()
            server.process.send_signal(signal.SIGHUP)
            server.process.send_signal(signal.SIGCONT)
            for connection in new:
                self.assertEqual(connection.receive().id, 2)
            server.wait_line('serving', count=3)
            for connection in (old, *new):
                connection.send(dns.query('AAAA four.example', id_=3))
                self.assertEqual(connection.receive().id, 3)
            self.assert_gone(server)
