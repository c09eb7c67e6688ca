"""The unit under a real systemd: what it does at start, reload and stop, and with which rights."""

import time
import unittest

from place import machine

CONFIG = '/etc/sixward/sixward.yaml'
DROP_IN = '/etc/systemd/system/sixward.service.d/test.conf'
MAPPED = ['64:ff9b::c000:aa', '64:ff9b::c000:ab']
NET_BIND_SERVICE, NET_RAW = 1 << 10, 1 << 13
WATCHDOG_S = 2


class Case(unittest.TestCase):
    """In one container for all. Each test begins with the package just installed."""

    def setUp(self):
        self.machine = machine()
        self.machine.run('dpkg', '--install', self.machine.package)
        self.addCleanup(self.machine.run, 'dpkg', '--purge', 'sixward')

    def assert_answers(self):
        for server in ('@::1', '@127.0.0.1'):
            for transport in ('+notcp', '+tcp'):
                self.assertEqual(self.machine.dig(server, transport, 'AAAA', 'ipv4only.arpa'),
                                 MAPPED)

    def status(self):
        """What the kernel says of the main process."""
        text = self.machine.run('cat', '/proc/%s/status' % self.machine.show('MainPID')).stdout
        return dict(line.split(':\t', 1) for line in text.splitlines())

    def systemctl(self, *words, status=0):
        done = self.machine.run('systemctl', *words, check=False)
        self.assertEqual(done.returncode, status, done.stdout + self.machine.journal()[-3000:])

    def drop_in(self, text):
        self.machine.write(DROP_IN, '[Service]\n' + text)
        self.addCleanup(self.machine.run, 'rm', '-r', DROP_IN.rsplit('/', 1)[0])
        self.systemctl('daemon-reload')
        self.systemctl('restart', 'sixward')


class Running(Case):
    """As it comes."""

    def test_it_runs_and_answers_with_one_capability(self):
        self.assertEqual(self.machine.show('SubState'), 'running')
        self.assertIn('Answering on [::1]:53 127.0.0.1:53', self.machine.show('StatusText'))
        self.assert_answers()
        status = self.status()
        for name in ('CapEff', 'CapPrm', 'CapInh', 'CapBnd', 'CapAmb'):
            self.assertEqual(int(status[name], 16), NET_BIND_SERVICE, name)
        account = self.machine.run('id', '-u', 'sixward').stdout.strip()
        self.assertEqual(set(status['Uid'].split()), {account})
        self.assertEqual((status['NoNewPrivs'], status['Seccomp']), ('1', '2'))
        self.assertNotRegex(self.machine.journal(ran=True), 'error|warning|denied|not permitted')

    def test_a_reload_is_in_force_when_it_returns(self):
        """But for a moment: systemd 252 may return before it has heard that one has begun."""
        self.machine.write(CONFIG, 'records: ["x.example. 60 IN AAAA 2001:db8::1"]\n')
        self.systemctl('reload', 'sixward')
        time.sleep(0.5)
        self.assertEqual(self.machine.dig('@::1', 'AAAA', 'x.example'), ['2001:db8::1'])
        self.assertEqual(self.machine.show('SubState'), 'running')

    def test_a_broken_file_fails_the_reload_and_changes_nothing(self):
        process = self.machine.show('MainPID')
        self.machine.write(CONFIG, 'frob: 1\n')
        self.systemctl('reload', 'sixward', status=1)
        self.assertIn('unknown key "frob"', self.machine.journal())
        self.assertEqual(self.machine.show('ActiveState'), 'active')
        self.assertEqual(self.machine.show('MainPID'), process)
        self.assert_answers()

    def test_a_broken_file_is_not_tried_again_and_again(self):
        self.machine.write(CONFIG, 'frob: 1\n')
        self.systemctl('restart', 'sixward', status=1)
        time.sleep(2)
        self.assertEqual(self.machine.show('NRestarts'), '0')
        self.assertEqual(self.machine.show('SubState'), 'failed')

    def test_one_that_hangs_is_started_anew(self):
        self.drop_in('WatchdogSec=%d\n' % WATCHDOG_S)
        process = self.machine.show('MainPID')
        time.sleep(2 * WATCHDOG_S)
        self.assertEqual(self.machine.show('MainPID'), process)
        self.machine.run('sh', '-c', 'kill -STOP ' + process)
        end = time.monotonic() + 10 * WATCHDOG_S
        while self.machine.show('NRestarts') == '0' and time.monotonic() < end:
            time.sleep(0.2)
        self.assertIn('Watchdog timeout', self.machine.journal())
        time.sleep(1)
        self.assert_answers()

    def test_it_stops_at_once_and_well(self):
        begin = time.monotonic()
        self.systemctl('stop', 'sixward')
        self.assertLess(time.monotonic() - begin, 3)
        self.assertEqual(self.machine.show('Result'), 'success')

    def test_router_advertisements_take_the_drop_in_of_the_examples(self):
        self.machine.write(CONFIG, 'dns64:\n  prefixes:\n    - learn-from: router-advertisements\n'
                                   '    - 64:ff9b::/96\n')
        self.systemctl('restart', 'sixward')
        self.assertIn('that takes CAP_NET_RAW', self.machine.journal(ran=True))
        path = '/usr/share/doc/sixward/examples/sixward-adverts.conf'
        self.drop_in(self.machine.read(path).split('[Service]\n')[1])
        self.assertEqual(int(self.status()['CapEff'], 16), NET_BIND_SERVICE | NET_RAW)
        self.assertNotIn('that takes CAP_NET_RAW', self.machine.journal(ran=True))
        self.assert_answers()

    def test_an_upgrade_starts_the_new_one(self):
        process = self.machine.show('MainPID')
        self.machine.run('dpkg', '--install', self.machine.package)
        self.assertNotEqual(self.machine.show('MainPID'), process)
        self.assert_answers()


class Sockets(Case):
    """Opened by systemd."""

    def setUp(self):
        super().setUp()
        self.systemctl('disable', '--now', 'sixward.service')
        self.systemctl('enable', '--now', 'sixward.socket')

    def test_the_first_query_starts_it(self):
        self.assertEqual(self.machine.show('ActiveState'), 'inactive')
        self.assertEqual(self.machine.dig('@::1', 'AAAA', 'ipv4only.arpa'), MAPPED)
        self.assertEqual(self.machine.show('ActiveState'), 'active')
        self.assert_answers()
        self.assertNotRegex(self.machine.journal(ran=True), 'error|warning')

    def test_it_needs_no_capability_then(self):
        self.drop_in('AmbientCapabilities=\nCapabilityBoundingSet=\n')
        self.assertEqual(int(self.status()['CapEff'], 16), 0)
        self.assert_answers()

    def test_queries_wait_while_it_restarts(self):
        self.assert_answers()
        self.systemctl('restart', '--no-block', 'sixward')
        self.assertEqual(self.machine.dig('@::1', '+time=5', '+tries=1', 'AAAA', 'ipv4only.arpa'),
                         MAPPED)

    def test_each_worker_may_have_its_own(self):
        text = self.machine.read('/lib/systemd/system/sixward.socket')
        lines = [line for line in text.splitlines() if line.startswith('Listen')]
        path = '/etc/systemd/system/sixward.socket.d/test.conf'
        self.machine.write(path, '[Socket]\nReusePort=yes\n%s\n' % '\n'.join(lines))
        self.addCleanup(self.machine.run, 'rm', '-r', path.rsplit('/', 1)[0])
        self.machine.write(CONFIG, 'workers: 2\n')
        self.systemctl('daemon-reload')
        self.systemctl('stop', 'sixward.socket', 'sixward.service')
        self.systemctl('start', 'sixward.socket')
        for _ in range(10):
            self.assert_answers()
        self.assertNotRegex(self.machine.journal(ran=True), 'error|warning')

    def test_its_removal_closes_them(self):
        self.assert_answers()
        self.machine.run('dpkg', '--remove', 'sixward')
        for unit in ('sixward.service', 'sixward.socket'):
            self.assertEqual(self.machine.show('ActiveState', unit), 'inactive')


class Purged(Case):
    """Afterwards."""

    def test_nothing_is_left(self):
        self.machine.run('dpkg', '--purge', 'sixward')
        before = self.machine.files()
        self.machine.run('dpkg', '--install', self.machine.package)
        self.systemctl('enable', '--now', 'sixward.socket', status=1)  # it is running already
        self.assert_answers()
        self.machine.run('dpkg', '--purge', 'sixward')
        self.assertEqual([path for path in self.machine.files() - before if 'sixward' in path], [])
        self.assertNotIn('sixward', self.machine.read('/etc/passwd'))
        self.assertEqual(self.machine.run('systemctl', '--failed', '--no-legend').stdout, '')
