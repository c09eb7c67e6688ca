"""The lines of the log: one for each query where that was asked for, and a reader that stands still."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

import client
import dnswire as dns
import sixward
import upstream
from case import Case

ODD = b'\x1b[2J\n"\\ \x00\x7f\x9b\xc2\x9b;'  # a label for terminals and parsers to choke on


def lines_of(server, within=5):
    """What was logged of queries, so far and in what is written just now."""
    server.wait_line(r'query', within)
    time.sleep(0.1)  # lines are gathered for a hundredth
    return [line for line in server.lines if re.search(r'info: query|"query"', line)]


class Text(Case):
    """As people read it."""

    CONFIG = {'log': {'queries': True},
              'views': [{'clients': ['::1/128'],
                         'dns64': {'prefixes': ['2001:db8:65::/96']}}]}

    def line(self, name):
        return self.server.wait_line(r'^info: query .* name=%s\. ' % re.escape(name))[-1]

    def test_a_miss_says_whose_word_it_was_and_a_hit_does_not(self):
        self.on('A l1.example', '300 192.0.2.1')
        self.ask('AAAA l1.example')
        self.assertRegex(self.line('l1.example'),
                         r'^info: query client=127\.0\.0\.1:\d+ transport=udp view=default '
                         r'name=l1\.example\. type=AAAA outcome=synthesized rcode=NOERROR ms=\d+ '
                         r'upstream=%s prefix=2001:db8:64::/96$' % re.escape(self.up.endpoint))
        self.ask('AAAA l1.example', tcp=True)
        self.server.wait_line(r'transport=tcp view=default name=l1\.example\. type=AAAA '
                              r'outcome=synthesized rcode=NOERROR ms=0 prefix=2001:db8:64::/96$')

    def test_a_view_has_its_number_and_its_prefix(self):
        self.on('A l2.example', '300 192.0.2.1')
        self.ask('AAAA l2.example', v6=True)
        self.assertRegex(self.line('l2.example'), r' view=0 .* prefix=2001:db8:65::/96$')

    def test_what_is_relayed_has_no_prefix(self):
        self.on('AAAA l3.example', '300 2001:db8:64::1')
        self.ask('AAAA l3.example')
        self.assertRegex(self.line('l3.example'),
                         r' outcome=relayed .* upstream=%s$' % re.escape(self.up.endpoint))

    def test_an_error_has_the_server_that_said_so(self):
        self.on('AAAA l4.example', 'SERVFAIL')
        self.on('A l4.example', 'SERVFAIL')
        self.ask('AAAA l4.example')
        self.assertRegex(self.line('l4.example'), r' outcome=upstream_error rcode=SERVFAIL ms=\d+ '
                         r'upstream=%s$' % re.escape(self.up.endpoint))

    def test_names_cannot_write_lines_of_their_own(self):
        owner = bytes([len(ODD)]) + ODD + dns.name('l5.example')
        raw = dns.header(7, 0x0100, (1, 0, 0, 0)) + owner + b'\0\1\0\1'
        self.assertIsNotNone(client.udp_exchange(self.server.v4, raw))
        line = self.server.wait_line(r'l5\.example\.')[-1]
        self.assertRegex(line, r'^info: query client=\S+ transport=udp view=default name=')
        self.assertTrue(all(' ' <= c < '\x7f' for c in line), ascii(line))
        self.assertEqual(len([x for x in self.server.lines if 'l5.example' in x]), 1)


class Json(Case):
    """As machines read it."""

    CONFIG = {'log': {'queries': True, 'format': 'json'}}

    def test_each_line_is_an_object_with_a_time(self):
        self.on('A l1.example', '300 192.0.2.1')
        self.ask('AAAA l1.example')
        owner = bytes([len(ODD)]) + ODD + dns.name('l2.example')
        raw = dns.header(7, 0x0100, (1, 0, 0, 0)) + owner + b'\0\1\0\1'
        self.assertIsNotNone(client.udp_exchange(self.server.v4, raw))
        self.server.wait_line('l2.example')
        for line in list(self.server.lines):
            found = json.loads(line)
            self.assertRegex(found['time'], r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$')
            self.assertIn(found['level'], ('notice', 'info'))
        found = [json.loads(x) for x in lines_of(self.server)]
        first = next(x for x in found if x['name'] == 'l1.example.')
        self.assertEqual({k: v for k, v in first.items() if k not in ('time', 'client', 'ms')}, {
            'level': 'info', 'message': 'query', 'transport': 'udp', 'view': 'default',
            'name': 'l1.example.', 'type': 'AAAA', 'outcome': 'synthesized', 'rcode': 'NOERROR',
            'upstream': self.up.endpoint, 'prefix': '2001:db8:64::/96'})
        self.assertIsInstance(first['ms'], int)


class Unread(sixward.Sixward):
    """A server whose log nobody reads until `read` is set, once it serves; then not even that, if
    the reader `leaves`."""

    def __init__(self, *arguments, leaves=False, **config):
        self.leaves = leaves
        self.read = threading.Event()
        super().__init__(*arguments, **config)

    def _read(self, process):
        for line in iter(process.stderr.readline, ''):
            with self.grew:
                self.lines.append(line.rstrip('\n'))
                self.grew.notify_all()
            if 'synthesizing' in line:
                if self.leaves:
                    process.stderr.close()
                    break
                self.read.wait()
        with self.grew:
            self.lines.append('(end of stderr)')
            self.grew.notify_all()


class StuckReader(unittest.TestCase):
    """The trap: stderr is a pipe, and who should read it does not."""

    QUERIES = 10000
    AT_ONCE = 50

    def setUp(self):
        self.up = upstream.Upstream()
        self.addCleanup(self.up.close)
        self.up.on('A four.example', '300 192.0.2.1')

    def ask_all(self, server):
        """So many queries, some at once; the longest that an answer took, in seconds."""
        raw = dns.query('AAAA four.example', 1)
        longest = 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(5)
            sock.connect(server.v4)
            for _ in range(self.QUERIES // self.AT_ONCE):
                begin = time.monotonic()
                for _ in range(self.AT_ONCE):
                    sock.send(raw)
                for _ in range(self.AT_ONCE):
                    sock.recv(4096)
                longest = max(longest, time.monotonic() - begin)
        return longest

    def test_answers_go_on_and_the_log_says_what_is_missing(self):
        for workers in (1, 2):
            with self.subTest(workers=workers):
                server = Unread([self.up], workers=workers, log={'queries': True})
                self.addCleanup(server.stop)
                self.addCleanup(server.read.set)
                client.ask(server.v4, 'AAAA four.example')
                self.assertLess(self.ask_all(server), 3)
                server.read.set()
                dropped = server.wait_line('log lines were dropped', 20)
                time.sleep(0.3)
                told = [x for x in server.lines if re.match('info: query client=', x)]
                missing = sum(int(re.search(r'lines=(\d+)$', x).group(1)) for x in dropped)
                self.assertEqual(len(told) + missing, self.QUERIES + 1)
                self.assertGreater(len(told), 1000)
                for line in server.lines:
                    self.assertRegex(line, r'^(info|notice|warning): ')
                server.process.send_signal(signal.SIGUSR1)
                server.wait_line(r'name=log_lines_dropped_total value=%d$' % missing)

    def test_a_closed_stderr_is_no_socket_of_ours(self):
        server = sixward.Sixward([self.up], start=False, log={'queries': True})
        self.addCleanup(server.folder.cleanup)
        server.port = sixward.free_port()
        server.config['listen'] = ['127.0.0.1:%d' % server.port]
        server.write()
        process = subprocess.Popen(
            ['sh', '-c', 'exec "$@" 2>&-', 'sh', *sixward.wrapper(), sixward.binary(), 'run', '-c',
             server.path], env=sixward.environment(), stdin=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 20
            raw = dns.query('AAAA four.example', 1)
            while not client.udp_exchange(server.v4, raw, timeout=0.1):
                self.assertLess(time.monotonic(), end)
            self.assertEqual(os.readlink('/proc/%d/fd/2' % process.pid), '/dev/null')
        finally:
            process.send_signal(signal.SIGTERM)
            self.assertEqual(sixward.wait_for_end(process, signal.SIGTERM), 0)

    def test_it_ends_in_time_all_the_same(self):
        server = Unread([self.up], log={'queries': True})
        self.ask_all(server)
        begin = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(sixward.wait_for_end(server.process, signal.SIGTERM), 0)
        self.assertLess(time.monotonic() - begin, 6)
        server.read.set()
        server.stop()

    def test_a_reader_that_is_gone_ends_nothing(self):
        server = Unread([self.up], leaves=True, log={'queries': True})
        server.wait_line('end of stderr')
        self.assertLess(self.ask_all(server), 3)
        server.stop()
