"""Where the package is tried: built once, a small Debian made once, and containers of it."""

import atexit
import glob
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

TOP = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
KEPT = os.path.join(TOP, 'build', 'package')
OLD_S = 7 * 86400  # a Debian that was made so long ago is made anew

_shared = {}


def run(*command, check=True, timeout=300, **how):
    """A command to its end; its output is in the error if it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          stdin=subprocess.DEVNULL, timeout=timeout, check=False, **how)
    if check and done.returncode != 0:
        raise AssertionError('%s: status %d\n%s' % (' '.join(command), done.returncode,
                                                    done.stdout[-6000:]))
    return done


def need(*tools):
    """Skips what cannot be tried on this machine."""
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        raise unittest.SkipTest('not installed: %s (tests/install.sh all)' % ' '.join(missing))
    if 'debootstrap' in tools and os.geteuid() != 0:
        raise unittest.SkipTest('only root can make a chroot')


def scratch():
    """A folder for this run."""
    if 'scratch' not in _shared:
        _shared['scratch'] = tempfile.mkdtemp(prefix='sw-package-')
        atexit.register(close)
    return _shared['scratch']


def close():
    """Removes what this run has made."""
    made, _ = _shared.pop('machine', (None, None))
    if made:
        made.stop()
    folder = _shared.pop('scratch', None)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)


def once(make):
    """Makes it at the first call; that it cannot be made is found once as well."""
    def wrapped():
        name = make.__name__
        if name not in _shared:
            try:
                _shared[name] = make(), None
            except Exception as error:
                _shared[name] = None, error
        made, error = _shared[name]
        if error:
            raise error
        return made
    return wrapped


@once
def package():
    """The path of the package, built of a clone: what is not committed is not in it."""
    need('git', 'meson', 'dh', 'dpkg-buildpackage')
    clone, out = os.path.join(scratch(), 'clone'), os.path.join(scratch(), 'out')
    run('git', 'clone', '-q', TOP, clone)
    run(os.path.join(clone, 'examples', 'debian', 'build.sh'), out, timeout=600)
    return next(p for p in glob.glob(os.path.join(out, '*.deb')) if 'dbgsym' not in p)


def mirror():
    """Where this machine has its own packages from."""
    done = run('apt-get', 'indextargets', '--format', '$(REPO_URI)', 'Created-By: Packages')
    found = [line for line in done.stdout.split() if line.rstrip('/').endswith('/debian')]
    return found[0] if found else 'http://deb.debian.org/debian'


def codename():
    with open('/etc/os-release', encoding='utf-8') as text:
        return re.search(r'^VERSION_CODENAME=(\S+)', text.read(), re.M).group(1)


@once
def debian():
    """The folder of a small Debian, in which nothing of ours is installed."""
    need('debootstrap', 'apt-get')
    root = os.path.join(KEPT, 'debian-' + codename())
    done = os.path.join(root, 'etc', 'made')
    if os.path.exists(done) and time.time() - os.path.getmtime(done) < OLD_S:
        return root
    os.makedirs(KEPT, exist_ok=True)
    shutil.rmtree(root, ignore_errors=True)
    try:
        made = run('debootstrap', '--variant=minbase', '--include=systemd', codename(), root,
                   mirror(), check=False, timeout=900)
    except subprocess.TimeoutExpired:
        made = None
    if made is None or made.returncode != 0:
        shutil.rmtree(root, ignore_errors=True)
        last = made.stdout.strip().splitlines()[-1:] if made else ['it takes too long']
        raise unittest.SkipTest('debootstrap makes no Debian here: %s' % ' '.join(last))
    with open(done, 'w', encoding='ascii'):
        return root


class Root:
    """A copy of it that a test may change, with the package in /packages."""

    def __init__(self):
        self.path = tempfile.mkdtemp(dir=scratch())
        run('cp', '-a', debian() + '/.', self.path)
        shutil.copy('/etc/resolv.conf', os.path.join(self.path, 'etc', 'resolv.conf'))
        os.mkdir(os.path.join(self.path, 'packages'))
        self.package = '/packages/' + os.path.basename(package())
        shutil.copy(package(), self.path + self.package)

    def run(self, *command, **how):
        """A command in it, as in a chroot."""
        env = {'PATH': '/usr/sbin:/usr/bin:/sbin:/bin', 'DEBIAN_FRONTEND': 'noninteractive',
               'LC_ALL': 'C.UTF-8'}
        return run('chroot', self.path, *command, env=env, **how)

    def install(self):
        """The package and what it depends on, from the mirror."""
        self.run('apt-get', 'update', '-q', timeout=300)
        return self.run('apt-get', 'install', '-q', '-y', '--no-install-recommends', self.package)

    def files(self):
        """All that is there, but for what packages of others and apt itself write."""
        found = set()
        for folder, folders, names in os.walk(self.path):
            inside = folder[len(self.path):] or '/'
            folders[:] = [name for name in folders if os.path.join(inside, name) not in (
                '/var/cache', '/var/log', '/var/lib/apt', '/var/lib/dpkg', '/packages', '/run',
                '/proc', '/sys', '/dev', '/tmp')]
            found.update(os.path.join(inside, name) for name in names + folders)
        return found

    def read(self, path):
        with open(self.path + path, encoding='utf-8') as text:
            return text.read()

    def write(self, path, text):
        os.makedirs(os.path.dirname(self.path + path), exist_ok=True)
        with open(self.path + path, 'w', encoding='utf-8') as out:
            out.write(text)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Machine(Root):
    """A container of it, with a systemd and a network of its own: loopback, and nothing else."""

    def __init__(self):
        need('systemd-nspawn', 'nsenter', 'dig')
        super().__init__()
        self.install()
        self.run('apt-get', 'purge', '-q', '-y', 'sixward')
        self.log = open(os.path.join(scratch(), 'console'), 'w+', encoding='utf-8',
                        errors='replace')
        self.process = subprocess.Popen(
            ['systemd-nspawn', '--quiet', '--directory', self.path, '--machine=sw-package',
             '--register=no', '--keep-unit', '--private-network', '--boot'],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT)
        try:
            self.leader = self._wait_for_leader()
        except BaseException:
            self.stop()
            raise

    def _leader(self):
        """Who is process 1 in there."""
        path = '/proc/%d/task/%d/children' % (self.process.pid, self.process.pid)
        with open(path, encoding='ascii') as children:
            for child in children.read().split():
                with open('/proc/%s/comm' % child, encoding='ascii') as name:
                    if name.read() == 'systemd\n':
                        return int(child)
        return None

    def _wait_for_leader(self):
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            leader = self._leader()
            if leader and self._enter(leader, '-a', 'systemctl', 'is-system-running',
                                      check=False).stdout.strip() in ('running', 'degraded'):
                return leader
            time.sleep(0.2)
        self.log.seek(0)
        raise unittest.SkipTest('no systemd runs in a container here: %s' %
                                ' '.join(self.log.read().split('\n')[-3:]))

    @staticmethod
    def _enter(leader, which, *command, **how):
        return run('nsenter', '-t', str(leader), which, '--', *command, **how)

    def run(self, *command, **how):
        """A command in it: before it is booted as in a chroot."""
        if not hasattr(self, 'leader'):
            return super().run(*command, **how)
        return self._enter(self.leader, '-a', *command, **how)

    def dig(self, *words):
        """What dig of this machine gets in there."""
        return self._enter(self.leader, '-n', 'dig', '+short', '+time=2', '+tries=3',
                           *words).stdout.split()

    def show(self, name, unit='sixward.service'):
        return self.run('systemctl', 'show', '-p', name, '--value', unit).stdout.strip()

    def journal(self, ran=False):
        """What was said by and of the unit; `ran`: by those that ran since the last start."""
        which = ('_SYSTEMD_INVOCATION_ID=' + self.show('InvocationID'),) if ran else \
            ('-u', 'sixward')
        return self.run('journalctl', '--no-pager', '-o', 'cat', *which).stdout

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        self.remove()


@once
def machine():
    """One for all tests."""
    return Machine()
