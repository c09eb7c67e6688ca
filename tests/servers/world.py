"""Real servers to stand behind sixward, on loopback: NSD with the zones of this folder, and Unbound
as the recursive resolver, once believing everything and once validating.

`plain.example` and `signed.example` hold the same names; `bogus.example` is signed as well, but with
records that were changed afterwards. What is signed is signed anew for each run.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(1, os.path.join(HERE, '..', 'integration'))

import dnswire as dns  # noqa: E402
from client import udp_exchange  # noqa: E402
from sixward import free_port  # noqa: E402

BIG = ['198.51.100.%d' % n for n in range(1, 41)]
LONG = ['%03d %s' % (n, 'x' * 246) for n in range(80)]
REVERSE = '0.41.198.in-addr.arpa'

NSD = """
server:
  ip-address: 127.0.0.1@{port}
  ip-address: ::1@{port}
  username: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: ""
  logfile: ""
  xfrdfile: ""
  zonelistfile: ""
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
"""

UNBOUND = """
server:
  interface: 127.0.0.1@{port}
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  num-threads: 1
  do-not-query-localhost: no
  module-config: "{modules}"
  ede: yes
  qname-minimisation: no
  max-udp-size: 1232
remote-control:
  control-enable: no
# What is not ours ends at once: NSD refuses it.
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{nsd}
"""

STUB = """
stub-zone:
  name: "{zone}"
  stub-addr: 127.0.0.1@{nsd}
"""


def have_namespaces(*kinds):
    """Whether this process may make namespaces, which unshare(1) calls so."""
    try:
        return subprocess.run(['unshare', *kinds, 'true'], capture_output=True, timeout=10,
                              check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def zone_text():
    with open(os.path.join(HERE, 'common.zone'), encoding='utf-8') as file:
        text = file.read()
    return text + ''.join('big\tIN A\t%s\n' % a for a in BIG) + \
        ''.join('long\tIN TXT\t"%s"\n' % t for t in LONG)


class Daemon:
    """A server in the foreground, up once it answers."""

    def __init__(self, name, command, folder, port, probe):
        self.log = os.path.join(folder, name + '.log')
        self.process = None
        with open(self.log, 'wb') as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log)
        self.port = port
        end = time.monotonic() + 20
        raw = dns.query(probe, id_=1)
        while udp_exchange(('127.0.0.1', port), raw, timeout=0.2) is None:
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                with open(self.log, encoding='utf-8', errors='replace') as log:
                    raise AssertionError('%s did not start:\n%s' % (name, log.read()))

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        if self.process:
            self.process.wait()


class World:
    """NSD, and Unbound before it; `signed` adds the signed zones and a validating Unbound."""

    def __init__(self, signed=True):
        self.folder = tempfile.mkdtemp(prefix='sixward-servers-')
        self.daemons, self.anchors = [], []
        try:
            self._make_zones(signed)
            self.nsd = self._start_nsd()
            self.plain = self._start_unbound('plain', 'iterator')
            self.validating = self._start_unbound('validating', 'validator iterator') \
                if signed else None
        except BaseException:
            self.close()
            raise

    def close(self):
        for daemon in reversed(self.daemons):
            daemon.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name):
        return os.path.join(self.folder, name)

    def _write(self, name, text):
        with open(self._path(name), 'w', encoding='utf-8') as out:
            out.write(text)
        return self._path(name)

    def _tool(self, *command):
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=30,
                              check=False)
        if done.returncode:
            raise AssertionError('%s: %s' % (' '.join(command), done.stderr))
        return done.stdout.strip()

    def _make_zones(self, signed):
        self._write('plain.example', zone_text())
        shutil.copy(os.path.join(HERE, 'reverse.zone'), self._path(REVERSE))
        self.zones = ['plain.example', REVERSE]
        if not signed:
            return
        for zone in ('signed.example', 'bogus.example'):
            self._sign(zone)
            self.zones.append(zone)
        with open(self._path('bogus.example'), encoding='utf-8') as file:
            text = file.read()
        for address in ('192.0.2.1', '2001:db8:6::1', '2001:db8:6::2'):
            if '\t%s\n' % address not in text:
                raise AssertionError('%s is not in the signed zone' % address)
            text = text.replace('\t%s\n' % address, '\t%s01\n' % address)
        self._write('bogus.example', text)

    def _sign(self, zone):
        self._write('unsigned', zone_text())
        keys = [self._tool('ldns-keygen', *flags, '-a', 'ECDSAP256SHA256', zone)
                for flags in (['-k'], [])]
        self._tool('ldns-signzone', '-o', zone, '-f', zone, 'unsigned', *keys)
        with open(self._path(keys[0] + '.ds'), encoding='utf-8') as file:
            self.anchors.append(' '.join(file.read().split()))

    def _start(self, name, command, port, probe):
        daemon = Daemon(name, command, self.folder, port, probe)
        self.daemons.append(daemon)
        return daemon

    def _start_nsd(self):
        port = free_port()
        conf = NSD.format(port=port, folder=self.folder) + ''.join(
            'zone:\n  name: "%s"\n  zonefile: "%s"\n' % (z, z) for z in self.zones)
        return self._start('nsd', ['nsd', '-d', '-c', self._write('nsd.conf', conf)], port,
                           'SOA plain.example')

    def _start_unbound(self, name, modules):
        port = free_port()
        conf = UNBOUND.format(port=port, folder=self.folder, modules=modules, nsd=self.nsd.port) + \
            ''.join(STUB.format(zone=z, nsd=self.nsd.port) for z in self.zones)
        if 'validator' in modules:
            conf += 'server:\n' + ''.join('  trust-anchor: "%s"\n' % a for a in self.anchors)
        return self._start('unbound-' + name,
                           ['unbound', '-d', '-p', '-c', self._write(name + '.conf', conf)], port,
                           'SOA plain.example')

    @property
    def plain_endpoint(self):
        return '127.0.0.1:%d' % self.plain.port

    @property
    def validating_endpoint(self):
        return '127.0.0.1:%d' % self.validating.port


SHARED = []


def shared():
    """The world of this process, made by the first test that wants it."""
    if not SHARED:
        SHARED.append(World())
    return SHARED[0]


def close_shared():
    while SHARED:
        SHARED.pop().close()
