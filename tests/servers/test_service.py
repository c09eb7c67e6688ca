"""The daemon as a service: what its manager hears, and sockets that the manager passes to it.

The manager is a stand-in (manager.py): these tests need no systemd.
"""

import ctypes
import os
import signal
import socket
import subprocess
import time
import unittest

import world  # noqa: F401 - finds the modules of the integration tests
from client import Tcp, ask
from manager import Managed, Manager, open_socket
from sixward import Sixward, binary, environment, free_port
from upstream import Upstream

MAPPED = '2001:db8:64::c000:201'
UDP, TCP = socket.SOCK_DGRAM, socket.SOCK_STREAM


class Case(unittest.TestCase):
    """Each test has an upstream and a manager, and starts what it needs."""

    def setUp(self):
        self.up, self.manager = Upstream(), Manager()
        self.addCleanup(self.up.close)
        self.addCleanup(self.manager.close)
        self.up.on('AAAA four.example', 'NODATA soa 300/60')
        self.up.on('A four.example', '300 192.0.2.1')

    def server(self, **how):
        server = Managed(self.manager, [self.up], **how)
        self.addCleanup(server.stop)
        return server

    def assert_answers(self, address):
        for tcp in (False, True):
            self.assertEqual(ask(address, 'AAAA four.example', tcp=tcp).texts('AAAA'), [MAPPED])


class Told(Case):
    """What the manager hears, and when."""

    def test_ready_comes_when_it_answers(self):
        for workers in (1, 2):
            server = self.server(workers=workers)
            heard = self.manager.hear()
            self.assert_answers(server.v4)
            self.assertEqual(heard['READY'], '1')
            self.assertEqual(heard['STATUS'], 'Answering on 127.0.0.1:%d [::1]:%d, asking %s' %
                             (server.port, server.port, self.up.endpoint))
            server.stop()
            self.assertEqual(self.manager.hear()['STOPPING'], '1')

    def test_a_start_that_fails_is_never_ready(self):
        with open_socket('127.0.0.1', UDP) as taken:
            server = Sixward([self.up], start=False)
            self.addCleanup(server.folder.cleanup)
            server.config['listen'] = ['127.0.0.1:%d' % taken.getsockname()[1]]
            server.write()
            done = subprocess.run(
                [binary(), 'run', '-c', server.path], capture_output=True, timeout=20, check=False,
                env=dict(environment(), NOTIFY_SOCKET=self.manager.address))
        self.assertEqual(done.returncode, 1)
        self.assertIsNone(self.manager.hear(0.1))

    def expect_reloading(self, since):
        """The time tells which reload is meant: not before it was asked for, nor in the future."""
        heard = self.manager.hear()
        self.assertEqual(heard['RELOADING'], '1')
        self.assertGreaterEqual(int(heard['MONOTONIC_USEC']), since // 1000)
        self.assertLessEqual(int(heard['MONOTONIC_USEC']), time.monotonic_ns() // 1000)

    def test_a_reload_is_over_when_all_go_on_with_it(self):
        for workers in (1, 2):
            server = self.server(workers=workers)
            self.manager.hear()
            since = time.monotonic_ns()
            server.reload(dns64={'prefixes': ['2001:db8:65::/96']})
            self.expect_reloading(since)
            self.assertEqual(self.manager.hear()['READY'], '1')
            self.assertEqual(ask(server.v4, 'AAAA four.example').texts('AAAA'),
                             ['2001:db8:65::c000:201'])
            server.stop()
            self.assertEqual(self.manager.hear()['STOPPING'], '1')

    def test_a_broken_file_is_told_and_the_next_good_one_too(self):
        server = self.server()
        good = self.manager.hear()
        for config, words in (({'frob': 1}, 'the configuration has errors'),
                              ({'listen': ['192.0.2.1:53']}, 'the configuration cannot be used')):
            kept = dict(server.config)
            server.config.update(config)
            server.write()
            since = time.monotonic_ns()
            server.process.send_signal(signal.SIGHUP)
            self.expect_reloading(since)
            heard = self.manager.hear()
            self.assertEqual(heard['READY'], '1')
            self.assertEqual(heard['STATUS'], words + '; the one in force stays')
            self.assert_answers(server.v4)
            server.config = kept
        server.reload()
        self.manager.hear()
        self.assertEqual(self.manager.hear(), good)

    def test_it_says_nothing_to_nobody(self):
        """Without the variables, and with a socket that nobody reads any more."""
        gone = Manager()
        gone.close()
        for manager in (None, gone):
            server = Managed(manager or self.manager, [self.up], watchdog_us=100000) \
                if manager else Sixward([self.up])
            self.addCleanup(server.stop)
            self.assert_answers(server.v4)
            server.reload()
            self.assertFalse([line for line in server.lines if line.startswith('error')])
            server.stop()
        self.assertIsNone(self.manager.hear(0.1))


    def test_a_manager_that_does_not_read_is_not_waited_for(self):
        server = self.server()
        for _ in range(20):  # messages; the kernel keeps half of them or less
            server.reload()
            self.assert_answers(server.v4)
        server.stop()
        self.assertEqual(self.manager.hear()['READY'], '1')


class Tracer:
    """Holds single threads of a process."""

    ATTACH, DETACH, WALL = 16, 17, 0x40000000

    def __init__(self):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.libc.ptrace.restype = ctypes.c_long
        self.libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]

    def _ptrace(self, request, task):
        if self.libc.ptrace(request, task, None, None) != 0:
            raise OSError(ctypes.get_errno(), 'ptrace')

    def hold(self, task):
        self._ptrace(self.ATTACH, task)
        os.waitpid(task, self.WALL)

    def release(self, task):
        self._ptrace(self.DETACH, task)


class Watchdog(Case):
    """Signs of life."""

    def test_twice_in_the_time_that_is_waited(self):
        for workers in (1, 2):
            server = self.server(workers=workers, watchdog_us=1000000)
            self.assertEqual(self.manager.hear()['READY'], '1')
            count = self.manager.count_signs(2.2)
            self.assertTrue(4 <= count <= 6, self.manager.signs)
            server.stop()
            self.manager.hear()

    def test_none_where_nobody_waits(self):
        self.server()
        self.manager.hear()
        self.assertEqual(self.manager.count_signs(0.5), 0)

    def test_a_worker_that_hangs_is_not_hidden(self):
        server = self.server(workers=2, watchdog_us=400000)
        self.manager.hear()
        self.assertGreater(self.manager.count_signs(1), 0)
        tasks = [int(task) for task in os.listdir('/proc/%d/task' % server.process.pid)
                 if int(task) != server.process.pid]
        tracer, held = Tracer(), []
        try:
            for task in tasks:
                tracer.hold(task)
                held.append(task)
            self.manager.count_signs(0.6)  # what was on its way
            self.assertEqual(self.manager.count_signs(1), 0)
        except PermissionError:
            self.skipTest('this process may not hold a thread of another')
        finally:
            for task in held:
                tracer.release(task)
        server.wait_line('error: a worker does not go on worker=1')
        self.assertGreater(self.manager.count_signs(1), 0)


class Passed(Case):
    """Sockets that the manager has opened. It shares none, so that nobody can open a second one."""

    def passed(self, *places, **how):
        out = []
        for host, kind, port in places:
            out.append(open_socket(host, kind, port, **how))
            self.addCleanup(out[-1].close)
        return out

    def four(self):
        """UDP and TCP, IPv4 and IPv6, on one port."""
        port = free_port()
        return port, self.passed(*((host, kind, port) for host in ('127.0.0.1', '::1')
                                   for kind in (UDP, TCP)))

    def test_they_are_used_by_one_worker_and_by_several(self):
        for workers in (1, 2, 3):
            port, passed = self.four()
            server = self.server(workers=workers, passed=passed, port=port)
            for _ in range(10):
                self.assert_answers(server.v4)
                self.assert_answers(server.v6)
            self.assertNotRegex(server.log(), 'passed')
            server.stop()

    def test_what_was_not_passed_is_opened(self):
        for host, kind in (('127.0.0.1', UDP), ('::1', TCP)):
            for workers in (1, 2):
                port = free_port()
                passed = self.passed((host, kind, port))
                server = self.server(workers=workers, passed=passed, port=port)
                self.assert_answers(server.v4)
                self.assert_answers(server.v6)
                server.stop()

    def test_several_at_one_endpoint_are_one_for_each_worker(self):
        port = free_port()
        passed = self.passed(*(('127.0.0.1', kind, port) for kind in (UDP, UDP, TCP, TCP)),
                             shared=True)
        server = self.server(workers=2, passed=passed, port=port)
        for _ in range(40):  # some come to each socket: by the client's port
            self.assert_answers(server.v4)

    def test_queries_that_came_before_it_are_answered(self):
        """A start on the first query loses none; SO_REUSEPORT would not help there."""
        import dnswire
        port, passed = self.four()
        with socket.socket(socket.AF_INET, UDP) as early:
            early.settimeout(10)
            early.connect(('127.0.0.1', port))
            early.send(dnswire.query('AAAA four.example', id_=7))
            connected = Tcp(('::1', port))
            self.addCleanup(connected.close)
            self.server(passed=passed, port=port)
            self.assertEqual(dnswire.Message(early.recv(4096)).texts('AAAA'), [MAPPED])
            connected.send(dnswire.query('AAAA four.example', id_=8))
            self.assertEqual(connected.receive().texts('AAAA'), [MAPPED])

    def test_those_at_no_endpoint_are_closed_with_a_warning(self):
        port, passed = self.four()
        other = free_port()
        passed += self.passed(('127.0.0.1', UDP, other), ('::1', TCP, other))
        passed.append(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.addCleanup(passed[-1].close)
        server = self.server(passed=passed, port=port)
        warning = 'warning: a passed socket is at no endpoint of listen endpoint='
        server.wait_line(r'%s127\.0\.0\.1:%d transport=udp' % (warning, other))
        server.wait_line(r'%s\[::1\]:%d transport=tcp' % (warning, other))
        server.wait_line('warning: a passed socket cannot be used descriptor=9 reason="neither')
        self.assert_answers(server.v4)
        held = {os.readlink('/proc/%d/fd/%s' % (server.process.pid, number))
                for number in os.listdir('/proc/%d/fd' % server.process.pid)}
        for sock in passed[4:]:
            self.assertNotIn('socket:[%d]' % os.fstat(sock.fileno()).st_ino, held)

    def test_one_that_takes_both_families_is_refused(self):
        port = free_port(('::',))
        sock = socket.socket(socket.AF_INET6, UDP)
        self.addCleanup(sock.close)
        sock.bind(('::', port))
        server = Sixward([self.up], start=False)
        self.addCleanup(server.folder.cleanup)
        server.config['listen'] = ['[::]:%d' % port]
        server.write()
        managed = dict(environment(), NOTIFY_SOCKET=self.manager.address, LISTEN_FDS='1',
                       LISTEN_PID='', PASSED=str(sock.fileno()))
        done = subprocess.run([*Managed.before, binary(), 'run', '-c', server.path], env=managed,
                              pass_fds=[sock.fileno()], capture_output=True, text=True,
                              timeout=20, check=False)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertRegex(done.stderr, 'a passed socket cannot be used .*takes IPv4 as well')
        self.assertRegex(done.stderr, 'cannot listen .*already in use')

    def test_an_endpoint_goes_at_a_reload_and_comes_back(self):
        """The manager keeps its sockets, so that they could not be opened anew."""
        for workers in (1, 2):
            port, passed = self.four()
            server = self.server(workers=workers, passed=passed, port=port)
            both = server.config['listen']
            server.reload(listen=both[:1])
            self.assert_answers(server.v4)
            server.reload(listen=both)
            for _ in range(5):
                self.assert_answers(server.v4)
                self.assert_answers(server.v6)
            server.stop()

    def test_variables_meant_for_another_process_are_not_heeded(self):
        port, passed = self.four()
        for sock in passed:
            sock.close()
        server = Sixward([self.up], start=False, port=port)
        server.variables = {'LISTEN_FDS': '4', 'LISTEN_PID': '1'}
        server.start()
        self.addCleanup(server.stop)
        self.assert_answers(server.v4)
        self.assertNotRegex(server.log(), 'passed')
