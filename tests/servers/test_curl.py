"""`sixward curl` tries what it prints: with hosts and gateways that answer, refuse and keep silent.

It runs in a network namespace, where loopback holds mapped addresses and nothing else can be reached;
without the rights to make one these tests are skipped.
"""

import ctypes
import socket
import subprocess
import threading
import time
import unittest

import world
from test_commands import Case

CLONE_NEWNET = 0x40000000
HERE = ('2001:db8:a::c629:4', '2001:db8:b::c629:4', '2001:db8:a::c629:5', '2001:db8:c::1')
RECORDS = """
records:
  - four.example. 60 IN A 198.41.0.4
  - other.example. 60 IN A 198.41.0.5
  - nowhere.example. 60 IN A 198.41.0.6
  - six.example. 60 IN AAAA 2001:db8:c::1
  - both.example. 60 IN AAAA 2001:db8:c::1
  - both.example. 60 IN A 198.41.0.4
  - far.example. 60 IN AAAA 2001:db8:ffff::1
  - local.example. 60 IN A 127.0.0.1
  - text.example. 60 IN TXT "no address"
upstreams: ["[::1]:9"]
"""
DNS64 = 'dns64: {prefixes: [2001:db8:a::/96, 2001:db8:b::/96]%s}\n'


def enter_namespace():
    """For this process and its children: each file of tests has a process of its own."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), 'unshare')
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    for address in HERE:
        subprocess.run(['ip', 'addr', 'add', address + '/128', 'dev', 'lo', 'nodad'], check=True)


def listen(address, port=443, backlog=16):
    sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    sock.listen(backlog)
    return sock


class Silent:
    """A listener whose queue is full: the kernel drops what comes, until wake()."""

    def __init__(self, address, port=443):
        self.sock = listen(address, port, 0)
        self.clients = []
        self.accepted = []
        # One may seem silent that is only late, so one is in the queue at least.
        while self.connect(address, port) or not self.clients:
            pass

    def connect(self, address, port):
        client = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        client.settimeout(0.5)
        try:
            client.connect((address, port))
        except socket.timeout:
            client.close()
            return False
        self.clients.append(client)
        return True

    def wake(self):
        self.sock.settimeout(0.1)
        try:
            while True:
                self.accepted.append(self.sock.accept()[0])
        except socket.timeout:
            pass

    def close(self):
        for sock in (*self.clients, *self.accepted, self.sock):
            sock.close()


@unittest.skipUnless(world.have_namespaces('-n'), 'namespaces cannot be made here (root is needed)')
class Curl(Case):
    """Only what connects is printed, and else what is in the way."""

    @classmethod
    def setUpClass(cls):
        enter_namespace()

    def setUp(self):
        super().setUp()
        self.path = self.config()

    def config(self, more='', name='sixward.yaml'):
        return self.file(RECORDS + DNS64 % more, name)

    def listen(self, *addresses, port=443):
        for address in addresses:
            self.addCleanup(listen(address, port).close)

    def silent(self, address):
        silent = Silent(address)
        self.addCleanup(silent.close)
        return silent

    def curl(self, *words, path=None):
        return self.expect(('curl', '-c', path or self.path, *words), 0)[1]

    def fails(self, host, what, more='.', path=None):
        """Nothing is printed; what is in the way, its detail and the next step are said."""
        _, _, err = self.expect(('curl', '-c', path or self.path, host), 1, [], what)
        self.assertTrue(err[0].startswith('sixward curl: %s' % host), err)
        self.assertRegex('\n'.join(err), more)
        self.assertRegex(err[-1], r'^Try: .*sixward (doctor|lookup|curl)')
        return err

    def test_what_connects_is_printed(self):
        self.listen('2001:db8:a::c629:4', '2001:db8:b::c629:4', '2001:db8:c::1')
        self.assertEqual(self.curl('four.example', 'six.example'),
                         ['--resolve four.example:443:[2001:db8:a::c629:4],[2001:db8:b::c629:4]',
                          '--resolve six.example:443:[2001:db8:c::1]'])

    def test_curl_reaches_what_is_printed(self):
        self.listen('2001:db8:b::c629:4', port=8080)
        words = self.curl('four.example:8080')[0].split()
        done = subprocess.run(['curl', '-v', '-m', '1', *words, 'http://four.example:8080/'],
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertRegex(done.stderr, r'Connected to four\.example \(2001:db8:b::c629:4\)')

    def test_what_refuses_or_is_silent_is_left_out(self):
        self.listen('2001:db8:b::c629:4')
        self.assertEqual(self.curl('four.example'), ['--resolve four.example:443:[2001:db8:b::c629:4]'])
        self.silent('2001:db8:a::c629:4')
        begin = time.monotonic()
        self.assertEqual(self.curl('four.example'), ['--resolve four.example:443:[2001:db8:b::c629:4]'])
        self.assertLess(time.monotonic() - begin, 4)

    def test_the_fastest_comes_first(self):
        """The first SYN is lost, so that the kernel sends another a second later."""
        self.listen('2001:db8:b::c629:4')
        silent = self.silent('2001:db8:a::c629:4')
        timer = threading.Timer(0.5, silent.wake)
        timer.start()
        self.addCleanup(timer.join)
        self.assertEqual(self.curl('four.example'),
                         ['--resolve four.example:443:[2001:db8:b::c629:4],[2001:db8:a::c629:4]'])

    def test_every_prefix_is_offered(self):
        """`use` and `max-aaaa` narrow answers, not what is tried."""
        self.listen('2001:db8:b::c629:4')
        for more in (', use: first', ', max-aaaa: 1'):
            with self.subTest(more):
                self.assertEqual(self.curl('four.example', path=self.config(more, 'narrow.yaml')),
                                 ['--resolve four.example:443:[2001:db8:b::c629:4]'])

    def test_rules_of_the_prefixes_hold(self):
        """What a prefix may not carry, or does not serve, is not tried through it."""
        self.listen('2001:db8:a::c629:4', '2001:db8:b::c629:4')
        path = self.file(RECORDS + 'dns64: {prefixes: [2001:db8:a::/96, {prefix: 2001:db8:b::/96, '
                         'ipv4: [198.41.0.0/24]}]}\n', 'range.yaml')
        self.assertEqual(self.curl('four.example', path=path),
                         ['--resolve four.example:443:[2001:db8:b::c629:4]'])
        path = self.file(RECORDS + 'dns64: {prefixes: [2001:db8:a::/96, {prefix: 2001:db8:b::/96, '
                         'drain: true}]}\n', 'drain.yaml')
        self.assertEqual(self.curl('four.example', path=path),
                         ['--resolve four.example:443:[2001:db8:a::c629:4]'])

    def test_native_aaaa_that_do_not_work(self):
        """The host's A is asked for then, and only then."""
        self.listen('2001:db8:b::c629:4')
        self.assertEqual(self.curl('both.example'), ['--resolve both.example:443:[2001:db8:b::c629:4]'])
        err = self.fails('both.example', 'port is refused', path=self.config(
            ', exclude-names: [both.example]', 'names.yaml'))
        self.assertEqual(len(err), 3, err)
        path = self.file(RECORDS + DNS64 % '' + 'zones: [{zone: example, upstreams: ["[::1]:9"], '
                         'dns64: false}]\n', 'zone.yaml')
        self.assertEqual(len(self.fails('both.example', 'port is refused', path=path)), 3)
        self.listen('2001:db8:c::1')
        self.assertEqual(self.curl('both.example'), ['--resolve both.example:443:[2001:db8:c::1]'])

    def test_a_port_that_is_refused(self):
        self.fails('four.example', 'four.example:443 .*port is refused',
                     r'  2001:db8:a::c629:4 \(198\.41\.0\.4 with 2001:db8:a::/96\): connection refused after \d+ ms')
        self.fails('six.example:8443', 'port is refused', r'2001:db8:c::1 \(native\): connection refused')

    def test_no_answer_through_any_prefix(self):
        self.silent('2001:db8:a::c629:5')
        self.fails('other.example', 'nothing answers through any prefix',
                     r'2001:db8:a::c629:5 .*: no answer in 20\d\d ms\n'
                     r'  2001:db8:b::c629:5 .*: network is unreachable after \d+ ms')

    def test_a_native_address_that_is_silent(self):
        self.silent('2001:db8:c::1')
        self.fails('six.example', 'none of its addresses answers', r'2001:db8:c::1 \(native\): no answer')

    def test_no_route(self):
        self.fails('far.example', 'no IPv6 route', 'network is unreachable')
        self.fails('nowhere.example', 'no IPv6 route', '198.41.0.6 with 2001:db8:b::/96')

    def test_no_address(self):
        self.fails('x.invalid', 'there is no such name')
        self.fails('text.example', 'has no address')
        self.fails('local.example', 'not mapped', '127.0.0.0/8')
        _, _, err = self.run_it('curl', '-c', self.path, 'www.elsewhere.net')
        self.assertRegex('\n'.join(err), 'www.elsewhere.net:443 .*no resolver says.*\n  SERVFAIL, ')

    def test_one_that_fails_does_not_hide_the_others(self):
        self.listen('2001:db8:c::1')
        self.expect(('curl', '-c', self.path, 'x.invalid', 'six.example', 'far.example'), 1,
                    ['--resolve six.example:443:[2001:db8:c::1]'],
                    '(?s)x.invalid:443 .*far.example:443 ')

    def checked(self, prefixes, target, every='1s', timeout='300ms'):
        """The settings with checks of these gateways, by one target."""
        return self.file(RECORDS + 'dns64: {prefixes: [%s], check: {targets: ["%s"], every: %s, '
                         'timeout: %s}}\n' % (', '.join(prefixes), target, every, timeout),
                         'check.yaml')

    def test_a_prefix_that_checks_call_dead_is_tried_all_the_same(self):
        self.listen('2001:db8:a::c629:4')
        path = self.checked(['2001:db8:a::/96'], '198.41.0.6:443')
        self.assertEqual(self.curl('four.example', path=path),
                         ['--resolve four.example:443:[2001:db8:a::c629:4]'])

    def test_no_gateway_answers(self):
        self.silent('2001:db8:a::c629:5')
        path = self.checked(['2001:db8:a::/96'], '198.41.0.5:443')
        self.fails('other.example', 'no NAT64 gateway answers', 'no answer in', path=path)

    def lookup(self, name, path):
        """With a line of the log for each gateway that is found dead."""
        out = self.expect(('lookup', '-c', path, name), 0, err='gateway does not answer')[1]
        return '\n'.join(out)

    def test_lookup_tells_which_gateways_are_dead(self):
        path = self.checked(['2001:db8:a::/96', '2001:db8:d::/96'], '198.41.0.4:443')
        text = self.lookup('four.example', path)
        self.assertRegex(text, r'2001:db8:a::c629:4\s; synthesized from 198\.41\.0\.4')
        self.assertNotIn('2001:db8:d::c629:4', text)
        self.assertIn('; gateway of 2001:db8:d::/96 does not answer; its prefix is left out', text)
        self.assertNotIn('gateway of 2001:db8:a::/96', text)

    def test_lookup_tells_that_dead_gateways_are_used(self):
        path = self.checked(['2001:db8:d::/96', '{prefix: 2001:db8:e::/96, drain: true}'],
                            '198.41.0.4:443')
        text = self.lookup('four.example', path)
        self.assertIn('2001:db8:d::c629:4', text)
        self.assertIn('; gateway of 2001:db8:d::/96 does not answer; used all the same: no other '
                      'one serves its addresses', text)
        self.assertNotIn('2001:db8:e::/96', text)

    def test_gateways_are_checked_once_for_all_hosts(self):
        """Their patience may be longer than ours: a silent one is dead all the same."""
        self.silent('2001:db8:a::c629:5')
        self.listen('2001:db8:c::1')
        path = self.checked(['2001:db8:a::/96'], '198.41.0.5:443', '20s', '15s')
        begin = time.monotonic()
        _, out, err = self.run_it('curl', '-c', path, 'other.example', 'six.example', 'six.example')
        self.assertLess(time.monotonic() - begin, 9)
        self.assertEqual(len(out), 2, out)
        self.assertIn('no NAT64 gateway answers', err[0])

    def test_without_a_try(self):
        self.assertEqual(self.curl('--no-check', 'four.example', path=self.config(', use: first', 'n.yaml')),
                         ['--resolve four.example:443:[2001:db8:a::c629:4]'])


if __name__ == '__main__':
    unittest.main()
