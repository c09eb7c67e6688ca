"""The package itself, and what it does to a Debian without a running systemd."""

import os
import re
import subprocess
import unittest

from place import TOP, Root, need, package, run, scratch

WANTED = '''
/etc/sixward/sixward.yaml
/lib/systemd/system/sixward.service
/lib/systemd/system/sixward.socket
/usr/lib/sysusers.d/sixward.conf
/usr/sbin/sixward
/usr/share/doc/sixward/changelog.gz
/usr/share/doc/sixward/copyright
/usr/share/doc/sixward/examples/smallest.yaml
/usr/share/doc/sixward/examples/sixward-adverts.conf
/usr/share/man/man5/sixward.yaml.5.gz
/usr/share/man/man8/sixward.8.gz
'''.split()


class Built(unittest.TestCase):
    """What is in it, and what others say of it."""

    def test_everything_is_in_it(self):
        listed = run('dpkg-deb', '--contents', package()).stdout
        files = {line.split()[5].lstrip('.') for line in listed.splitlines()}
        self.assertEqual(set(WANTED) - files, set())
        fields = run('dpkg-deb', '--field', package(), 'Depends').stdout
        for library in ('libc6', 'libuv1', 'libldns3', 'libyaml-0-2'):
            self.assertIn(library, fields)

    def test_lintian_has_nothing_to_say(self):
        need('lintian')
        changes = package().replace('.deb', '.changes')
        said = run('lintian', '--no-cfg', '--allow-root', '--fail-on', 'warning', changes)
        self.assertEqual(said.stdout, '')

    def test_the_configuration_that_comes_with_it_changes_nothing(self):
        tree = os.path.join(scratch(), 'unpacked')
        run('dpkg-deb', '--extract', package(), tree)
        sixward = os.path.join(tree, 'usr/sbin/sixward')
        path = os.path.join(tree, 'etc/sixward/sixward.yaml')
        self.assertEqual(run(sixward, 'check', '-c', path).stdout, '')
        self.assertEqual(run(sixward, 'check', '--show', '-c', path).stdout,
                         run(sixward, 'check', '--show', '-c', '/dev/null').stdout)

    def test_what_is_commented_out_in_it_is_right(self):
        with open(os.path.join(TOP, 'examples/debian/sixward.yaml'), encoding='utf-8') as text:
            settings = re.findall(r'^# (\w+: .*[]}])$', text.read(), re.M)
        self.assertEqual(len(settings), 4)
        path = os.path.join(scratch(), 'all.yaml')
        with open(path, 'w', encoding='utf-8') as out:
            out.write('\n'.join(settings))
        tree = os.path.join(scratch(), 'commented')
        run('dpkg-deb', '--extract', package(), tree)
        done = run(os.path.join(tree, 'usr/sbin/sixward'), 'check', '-c', path)
        self.assertEqual(done.returncode, 0)


class Unit(unittest.TestCase):
    """The units, as systemd's own tools see them."""

    def exposure(self):
        """({setting: exposure}, the line of the sum)"""
        need('systemd-analyze')
        unit = os.path.join(TOP, 'examples', 'sixward.service')
        said = run('systemd-analyze', 'security', '--offline=yes', '--no-pager', unit).stdout
        rows = re.findall(r'^✗ (\S+) .*?(\d\.\d) *$', said, re.M)
        return dict(rows), re.search(r'Overall exposure level.*?: (\d+\.\d+) OK', said)

    def test_the_exposure_is_at_most_1_5(self):
        _, total = self.exposure()
        self.assertLessEqual(float(total.group(1)), 1.5)

    def test_the_manual_tells_what_remains(self):
        rows, total = self.exposure()
        if 'systemd 252' not in run('systemd-analyze', '--version').stdout:
            self.skipTest('the manual has the figures of systemd 252')
        with open(os.path.join(TOP, 'docs', 'service.md'), encoding='utf-8') as text:
            manual = text.read()
        told = dict(re.findall(r'^\| `(.*?)` \| (\d\.\d) \|', manual.replace('\\|', '|'), re.M))
        self.assertEqual(told, rows)
        self.assertIn('→ ' + total.group(0), manual)


class Chroot(unittest.TestCase):
    """A Debian in which no systemd runs."""

    def setUp(self):
        self.root = Root()
        self.addCleanup(self.root.remove)

    def test_it_comes_answers_and_leaves_nothing(self):
        before = self.root.files()
        self.root.install()
        self.assertIn('sixward:x:', self.root.read('/etc/passwd'))
        self.assertEqual(self.root.run('sixward', 'check').stdout, '')
        self.assertEqual(self.root.run('sixward', 'map', '198.41.0.4').stdout, '64:ff9b::c629:4\n')
        self.answers()
        self.root.run('apt-get', 'remove', '-q', '-y', 'sixward')
        self.assertTrue(os.path.exists(self.root.path + '/etc/sixward/sixward.yaml'))
        self.assertFalse(os.path.exists(self.root.path + '/usr/sbin/sixward'))
        self.root.run('apt-get', 'purge', '-q', '-y', 'sixward')
        self.assertNotIn('sixward', self.root.read('/etc/passwd') + self.root.read('/etc/group'))
        self.assertEqual([path for path in self.root.files() - before if 'sixward' in path], [])

    def answers(self):
        """On port 53 of a network of its own, under the account."""
        need('unshare', 'dig', 'ip')
        self.root.write('/etc/sixward/sixward.yaml', 'user: sixward\n')
        script = 'ip link set lo up && exec chroot "$0" sixward run'
        server = subprocess.Popen(['unshare', '--net', 'sh', '-c', script, self.root.path],
                                  stderr=subprocess.PIPE, text=True)
        try:
            for line in server.stderr:
                if 'synthesizing' in line:
                    break
            asked = run('nsenter', '-t', str(server.pid), '-n', 'dig', '+short', '@::1', 'AAAA',
                        'ipv4only.arpa')
            self.assertEqual(asked.stdout.split(), ['64:ff9b::c000:aa', '64:ff9b::c000:ab'])
        finally:
            server.terminate()
            server.communicate(timeout=20)
        self.assertEqual(server.returncode, 0)

    def test_an_upgrade_keeps_the_configuration(self):
        self.root.install()
        self.root.write('/etc/sixward/sixward.yaml', 'workers: 1\n')
        self.root.run('dpkg', '--install', self.root.package)
        self.assertEqual(self.root.read('/etc/sixward/sixward.yaml'), 'workers: 1\n')
        self.root.run('apt-get', 'purge', '-q', '-y', 'sixward')
        self.assertFalse(os.path.exists(self.root.path + '/etc/sixward'))
