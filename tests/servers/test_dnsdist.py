"""examples/dnsdist.conf as it stands, but for its addresses: dnsdist before two instances, which
come and go. Each instance has an upstream of its own, whose answers tell which one it was.

Needs dnsdist (tests/install.sh all); skipped without it.
"""

import collections
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest

import world
from client import ask, udp_socket
from sixward import Sixward, free_port
from upstream import Upstream
import dnswire as dns

EXAMPLE = os.path.join(world.HERE, '..', '..', 'examples', 'dnsdist.conf')
HEALTH = 'A health.example.net'
MAPPED = ('2001:db8:64::c000:201', '2001:db8:64::c000:202')
NUMBERS = itertools.count()


class Balancer:
    """dnsdist by the example, with these addresses in the place of its own."""

    def __init__(self, instances, more=''):
        self.port = free_port(('127.0.0.1',))
        self.folder = tempfile.TemporaryDirectory(prefix='sixward-dnsdist-')
        path = os.path.join(self.folder.name, 'dnsdist.conf')
        with open(EXAMPLE, encoding='utf-8') as file:
            text = file.read()
        for theirs, ours in (('[2001:db8:1::53]:53', '127.0.0.1:%d' % self.port),
                             ('[2001:db8:1::11]:53', '127.0.0.1:%d' % instances[0].port),
                             ('[2001:db8:1::12]:53', '127.0.0.1:%d' % instances[1].port),
                             ('"2001:db8:1::53"', '"127.0.0.1"'),
                             ('"2001:db8:1::54"', '"127.0.0.2"'),
                             ('2001:db8:2::/48', '127.0.0.3/32'),
                             ('2001:db8::/32', '127.0.0.0/8')):
            assert theirs in text, theirs
            text = text.replace(theirs, ours)
        # It would ask its makers whether it is safe.
        with open(path, 'w', encoding='utf-8') as out:
            out.write('setSecurityPollSuffix("")\n' + text + more)
        self.log = os.path.join(self.folder.name, 'log')
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(
                ['dnsdist', '--supervised', '--disable-syslog', '-C', path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    @property
    def address(self):
        return ('127.0.0.1', self.port)

    def lines(self):
        with open(self.log, encoding='utf-8', errors='replace') as log:
            return log.read()

    def wait_marked(self, name, state, count=1):
        """Until it has said so often that this server is up or down."""
        end = time.monotonic() + 20
        mark = "Marking downstream %s (" % name
        while sum(line.startswith(mark) and line.endswith(" as '%s'" % state)
                  for line in self.lines().splitlines()) < count:
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError('%s was not marked %s:\n%s' % (name, state, self.lines()))
            time.sleep(0.05)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()
        self.folder.cleanup()


@unittest.skipUnless(shutil.which('dnsdist'), 'dnsdist is not installed (tests/install.sh all)')
class Dnsdist(unittest.TestCase):

    def setUp(self):
        self.ups = [Upstream(haste=True), Upstream(haste=True)]
        self.instances = []
        self.balancer = None
        self.addCleanup(self._stop)
        for number, up in enumerate(self.ups):
            up.delay = 20
            up.on(HEALTH, '0 192.0.2.99')
            up.on_match(r'AAAA n[0-9]+\.example', 'NODATA soa 300/60')
            up.on_match(r'A n[0-9]+\.example', '300 192.0.2.%d' % (number + 1))

    def _stop(self):
        if self.balancer:
            self.balancer.stop()
        for instance in self.instances:
            instance.stop()
        for up in self.ups:
            up.close()

    def start(self, more='', **config):
        config.setdefault('views', [{'clients': ['127.0.0.2'], 'dns64': False}])
        self.instances = [Sixward([up], addresses=('127.0.0.1',), **config) for up in self.ups]
        self.balancer = Balancer(self.instances, more)
        for name in ('one', 'two', 'one, dual-stack', 'two, dual-stack'):
            self.balancer.wait_marked(name, 'up')

    def ask(self, tcp=False, source=None):
        return ask(self.balancer.address, 'AAAA n%d.example' % next(NUMBERS), tcp=tcp,
                   source=source).texts('AAAA')

    def ask_for(self, seconds):
        """New names, eight at a time, so that whoever is idle gets some; what came, by instance,
        None for no answer in a second."""
        got, end = collections.Counter(), time.monotonic() + seconds
        while time.monotonic() < end:
            asked = [udp_socket(self.balancer.address) for _ in range(8)]
            patience = time.monotonic() + 1
            for sock in asked:
                sock.send(dns.query('AAAA n%d.example' % next(NUMBERS), id_=7))
            for sock in asked:
                with sock:
                    sock.settimeout(max(0.01, patience - time.monotonic()))
                    try:
                        got[dns.Message(sock.recv(4096)).texts('AAAA')[0]] += 1
                    except socket.timeout:
                        got[None] += 1
            time.sleep(0.05)  # below the rate that the example allows
        return got

    def test_both_instances_answer_over_udp_and_tcp(self):
        self.start()
        self.assertEqual(set(self.ask_for(1)), set(MAPPED))
        for _ in range(20):
            self.assertIn(self.ask(tcp=True)[0], MAPPED)

    def test_clients_with_a_view_of_their_own(self):
        """They are told by the address that dnsdist asks from."""
        self.start()
        self.assertEqual(self.ask(source='127.0.0.3'), [])
        self.assertEqual(self.ask(tcp=True, source='127.0.0.3'), [])
        self.assertIn(self.ask(source='127.0.0.4')[0], MAPPED)

    def test_who_asks_too_fast_has_to_come_over_tcp(self):
        self.start()
        name = 'AAAA n%d.example' % next(NUMBERS)
        cut = sum(bool(ask(self.balancer.address, name).flags & dns.TC) for _ in range(600))
        self.assertGreater(cut, 0)
        self.assertEqual(len(ask(self.balancer.address, name, tcp=True).texts('AAAA')), 1)

    def test_an_instance_stops_and_comes_back(self):
        self.start()
        first = self.instances[0]
        first.stop()
        first.folder = tempfile.TemporaryDirectory()
        first.path = os.path.join(first.folder.name, 'sixward.yaml')
        # What was sent to it is lost, and counts as in progress: the other gets nearly all the rest.
        got = self.ask_for(3)
        self.assertLess(got[None], 0.1 * sum(got.values()), got)
        self.balancer.wait_marked('one', 'down')
        self.assertEqual(set(self.ask_for(1)), {MAPPED[1]})
        self.assertEqual(self.ask(tcp=True), [MAPPED[1]])
        first.fixed_port = first.port
        first.start()
        self.balancer.wait_marked('one', 'up', 2)
        self.assertEqual(set(self.ask_for(1)), set(MAPPED))

    def test_an_instance_whose_upstream_is_gone_is_left_aside(self):
        """The name of the check has TTL 0: no cache hides that nobody answers behind it."""
        self.start()
        self.ups[0].is_mute = True
        self.balancer.wait_marked('one', 'down')
        self.assertEqual(set(self.ask_for(1)), {MAPPED[1]})
        self.ups[0].is_mute = False
        self.balancer.wait_marked('one', 'up', 2)

    def cookies_by_a_cache(self, cookies):
        """The client's part in the answers to two clients, the second of which is from the cache."""
        self.start('getPool(""):setCache(newPacketCache(1000))\n', cookies=cookies)
        name, seen = 'AAAA n%d.example' % next(NUMBERS), []
        for octets in (b'\1' * 8, b'\2' * 8):
            answer = ask(self.balancer.address, name, options=[(dns.COOKIE, octets)])
            self.assertEqual(len(answer.texts('AAAA')), 1)
            seen += [data[:8] for code, data in answer.options if code == dns.COOKIE]
        return seen

    def test_a_cache_in_it_hands_out_others_cookies(self):
        """Why there is none in the example."""
        self.assertEqual(self.cookies_by_a_cache({}), [b'\1' * 8] * 2)

    def test_a_cache_in_it_is_well_where_instances_have_no_cookies(self):
        self.assertEqual(self.cookies_by_a_cache(False), [])


if __name__ == '__main__':
    unittest.main()
