"""sixward status: the daemon's state in a terminal, once and again and again."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

import sixward
from case import Case, SideBySide

OPEN, CLOSE = '\x1b[?1049h', '\x1b[?1049l'


class Terminal:
    """A command of the binary with a terminal of its own."""

    def __init__(self, *arguments, config, rows=50, columns=100, **environment):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, 'sixward.yaml')
        with open(path, 'w', encoding='utf-8') as out:
            out.write(json.dumps(config))
        self.master, slave = pty.openpty()
        self.resize(rows, columns)
        env = {**sixward.environment(), 'LC_ALL': 'C.UTF-8', 'TERM': 'xterm', **environment}
        self.process = subprocess.Popen(
            [*sixward.wrapper(), sixward.binary(), *arguments, '-c', path], env=env, stdin=slave,
            stdout=slave, stderr=slave, preexec_fn=self._own, close_fds=True)
        os.close(slave)
        self.text = ''

    @staticmethod
    def _own():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))

    def read(self, seconds):
        """Adds what comes; False at the end."""
        try:
            if select.select([self.master], [], [], seconds)[0]:
                data = os.read(self.master, 65536)
                self.text += data.decode(errors='replace')
                return bool(data)
            return True
        except OSError:
            return False

    def wait(self, pattern, within=15, behind=0):
        """Where the pattern ends in what is shown from `behind` on."""
        end = time.monotonic() + within
        while True:
            found = re.compile(pattern, re.S).search(self.text, behind)
            if found:
                return found.end()
            if time.monotonic() > end or not self.read(.1):
                raise AssertionError('no "%s" in: %r' % (pattern, self.text[-3000:]))

    def press(self, octets):
        os.write(self.master, octets)

    def end(self):
        """The exit status."""
        while self.read(20):
            pass
        status = self.process.wait(20)
        os.close(self.master)
        self.folder.cleanup()
        return status


def require_http():
    status, _, err = sixward.run_command('check', config={'http': '127.0.0.1:8064'})
    if status and 'without' in err:
        raise unittest.SkipTest('built without libmicrohttpd')


class Shown(Case):
    """Of one server."""

    @classmethod
    def prepare(cls):
        require_http()
        cls.port = sixward.free_port()

    @classmethod
    def config(cls):
        return {'http': '127.0.0.1:%d' % cls.port, 'log': {'queries': True}}

    def setUp(self):
        self.on('A shown.example', '60 192.0.2.1')
        self.ask('AAAA shown.example')

    def status(self, *arguments, http=None, **how):
        return sixward.run_command('status', *arguments, config={'http': http or '127.0.0.1:%d' % self.port}, **how)

    def test_all_of_it_in_lines_that_fit(self):
        status, out, err = self.status()
        self.assertEqual((status, err), (0, ''))
        for pattern in (r'^\S+ \w+  Serving', r'\n  sixward \d.*, up \d+ s, 1 worker,\s+listening',
                        r'\nNAT64 gateways\n.*2001:db8:64::/96 .* not checked',
                        r'\nUpstreams\n.*%s .* up ' % re.escape(self.up.endpoint),
                        r'\nQueries\n  [\d.]+ a second, \d+ in progress', r'\nCache\n  ',
                        r'\n  shown\.example\. +AAAA  synthesized  2001:db8:64::/96 '):
            self.assertRegex(out, re.compile(pattern, re.S))
        self.assertNotIn('\x1b', out)

    def test_json_is_what_was_got(self):
        status, out, err = self.status('--json')
        self.assertEqual((status, err), (0, ''))
        self.assertEqual(json.loads(out)['version'], 1)
        self.assertTrue(out.endswith('}\n'))

    def test_a_server_at_every_address_is_asked_at_loopback(self):
        for http, mode in (('0.0.0.0:%d', 0), ('127.0.0.1:%d', 0)):
            self.assertEqual(self.status(http=http % self.port)[0], mode, http)

    def test_colours_are_for_terminals_that_want_them(self):
        for environment, coloured in (({}, True), ({'NO_COLOR': '1'}, False), ({'NO_COLOR': ''}, True),
                                      ({'TERM': 'dumb'}, False)):
            terminal = Terminal('status', config={'http': '127.0.0.1:%d' % self.port}, **environment)
            self.assertEqual(terminal.end(), 0)
            self.assertEqual('\x1b[' in terminal.text, coloured, environment)
            self.assertNotIn(OPEN, terminal.text)

    def test_it_is_ascii_where_the_locale_is(self):
        terminal = Terminal('status', config={'http': '127.0.0.1:%d' % self.port}, LC_ALL='C')
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.text.isascii())
        terminal = Terminal('status', config={'http': '127.0.0.1:%d' % self.port})
        self.assertEqual(terminal.end(), 0)
        self.assertIn('░', terminal.text)

    def test_it_is_as_wide_as_the_terminal(self):
        for columns in (40, 80, 160):
            terminal = Terminal('status', config={'http': '127.0.0.1:%d' % self.port}, columns=columns,
                                NO_COLOR='1')
            self.assertEqual(terminal.end(), 0)
            lines = [line for line in terminal.text.splitlines() if not line.startswith('    ')]
            self.assertLessEqual(max(map(len, lines)), columns)

    def test_watch_draws_again_and_gives_the_terminal_back(self):
        terminal = Terminal('status', '--watch', config={'http': '127.0.0.1:%d' % self.port}, rows=10)
        at = terminal.wait('Serving')
        self.assertTrue(terminal.text.startswith(OPEN))
        at = terminal.wait(r'\x1b\[H.*Serving', behind=at)
        terminal.resize(12, 60)
        terminal.process.send_signal(signal.SIGWINCH)
        at = terminal.wait(r'\x1b\[H.*Serving', 1, behind=at)
        drawn = terminal.text[:at].split('\x1b[H')[1]
        self.assertLessEqual(drawn.count('\n'), 9)
        before = len(terminal.text)
        terminal.press(b'\x1a')  # Ctrl-Z
        terminal.wait(re.escape(CLOSE), behind=before)
        terminal.process.send_signal(signal.SIGCONT)
        terminal.wait(re.escape(OPEN) + '.*Serving', behind=before)
        terminal.press(b'\x03')  # Ctrl-C
        self.assertEqual(terminal.end(), 0)
        self.assertTrue(terminal.text.endswith('\x1b[?7h\x1b[?25h' + CLOSE), terminal.text[-80:])

    def test_watch_into_a_pipe_ends_with_it(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'sixward.yaml')
            with open(path, 'w', encoding='utf-8') as out:
                out.write('http: "127.0.0.1:%d"\n' % self.port)
            process = subprocess.Popen([*sixward.wrapper(), sixward.binary(), 'status', '--watch', '-c', path],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=sixward.environment())
            self.assertIn(b'Serving', process.stdout.readline())
            process.stdout.close()
            self.assertEqual(process.wait(20), 1)
            self.assertIn(b'could not be written', process.stderr.read())
            process.stderr.close()

    def test_usage(self):
        for arguments in (('--watch', '--json'), ('more',), ('--frob',)):
            status, out, err = self.status(*arguments)
            self.assertEqual((status, out), (2, ''), arguments)
            self.assertIn('sixward status: ', err)


class Away(SideBySide):
    """Where there is nobody, or somebody else."""

    UPSTREAMS = 1

    @classmethod
    def prepare(cls):
        require_http()

    def fails(self, config, *words):
        status, out, err = sixward.run_command('status', config=config)
        self.assertEqual((status, out), (1, ''))
        for word in (*words, 'Try: '):
            self.assertIn(word, err)

    def test_without_an_endpoint_it_says_how_to_get_one(self):
        self.fails({}, 'no http endpoint', 'http: "[::1]:8064"')

    def test_nobody_there(self):
        port = sixward.free_port()
        self.fails({'http': '[::1]:%d' % port}, 'no status from [::1]:%d: connection refused' % port, 'sixward doctor')

    def test_somebody_else_there(self):
        self.fails({'http': self.up.endpoint}, 'no status from')  # a DNS server

    def test_watch_waits_for_one_that_was_there(self):
        port = sixward.free_port()
        server = sixward.Sixward(self.ups, http='127.0.0.1:%d' % port)
        terminal = Terminal('status', '--watch', config={'http': '127.0.0.1:%d' % port}, NO_COLOR='1')
        at = terminal.wait('Serving')
        server.stop()
        at = terminal.wait(r'away  no status from 127\.0\.0\.1:%d: connection refused.*Serving' % port, behind=at)
        server = sixward.Sixward(self.ups, http='127.0.0.1:%d' % port)
        terminal.wait(r'\x1b\[H\S+ \w+  Serving', behind=at)
        terminal.press(b'\x03')
        self.assertEqual(terminal.end(), 0)
        server.stop()
