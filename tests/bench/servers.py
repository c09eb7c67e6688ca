"""The servers side by side: how each is made a plain DNS64 forwarder, and started.

Each has one thread (or as many as a row asks for), no validation, no query log, UDP and TCP on one
port of 127.0.0.1, and a cache that holds everything a row asks. Everything else is as it comes.
"""

import os
import shutil
from dataclasses import dataclass
from typing import Callable

PREFIX = '64:ff9b::'

# The entries of the measured 110,000 names fit several times, and none of the servers takes the
# memory before it needs it.
CACHE_MIB = 256


@dataclass(frozen=True)
class Options:
    """What a row wants of a server besides the usual."""

    threads: int = 1
    max_ttl_s: int | None = None  # sixward alone: everything has left its cache after that time
    tcp_clients: int = 128
    idle_s: int = 20  # how long a silent TCP client is kept


@dataclass(frozen=True)
class Kind:
    """One server program. `prepare` writes its files to a folder and returns its command."""

    name: str
    program: str
    prepare: Callable[[str, str, int, list[int], Options], list[str]]
    checks: tuple[str, ...] = ('udp AAAA s', 'udp AAAA n', 'udp A s', 'tcp AAAA s')
    version: str = '--version'  # the argument that makes it print its version

    def path(self) -> str | None:
        """Where it is installed, or None."""
        if os.sep in self.program:
            return self.program if os.access(self.program, os.X_OK) else None
        return shutil.which(self.program, path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')


def write(folder: str, name: str, text: str) -> str:
    path = os.path.join(folder, name)
    with open(path, 'w', encoding='utf-8') as out:
        out.write(text)
    return path


def prepare_sixward(program: str, folder: str, port: int, upstreams: list[int],
                    options: Options) -> list[str]:
    ttl = '' if options.max_ttl_s is None else ', max-ttl: %ds, serve-stale: 0s' % options.max_ttl_s
    path = write(folder, 'sixward.yaml', f'''
listen: ["127.0.0.1:{port}"]
allow: [loopback]
upstreams: [{', '.join('"127.0.0.1:%d"' % u for u in upstreams)}]
dns64: {{prefixes: ["{PREFIX}/96"]}}
cache: {{size: {CACHE_MIB}MiB{ttl}}}
limits:
  tcp-connections: {options.tcp_clients + 16}
  tcp-per-client: {options.tcp_clients + 16}
  tcp-idle: {options.idle_s}s
log: {{level: warning}}
workers: {options.threads}
''')
    return [program, 'run', '-c', path]


def prepare_unbound(program: str, folder: str, port: int, upstreams: list[int],
                    options: Options) -> list[str]:
    forward = '\n'.join('  forward-addr: 127.0.0.1@%d' % u for u in upstreams)
    path = write(folder, 'unbound.conf', f'''
server:
  interface: 127.0.0.1@{port}
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  num-threads: {options.threads}
  module-config: "dns64 iterator"
  dns64-prefix: {PREFIX}/96
  msg-cache-size: {CACHE_MIB}m
  rrset-cache-size: {CACHE_MIB}m
  # It closes silent clients early once half of these are in use.
  incoming-num-tcp: {options.tcp_clients * 2 + 16}
  tcp-idle-timeout: {options.idle_s * 1000}
remote-control:
  control-enable: no
forward-zone:
  name: "."
{forward}
''')
    return [program, '-d', '-p', '-c', path]


def prepare_bind(program: str, folder: str, port: int, upstreams: list[int],
                 options: Options) -> list[str]:
    forward = ' '.join('127.0.0.1 port %d;' % u for u in upstreams)
    path = write(folder, 'named.conf', f'''
options {{
	directory "{folder}";
	pid-file none;
	session-keyfile none;
	listen-on port {port} {{ 127.0.0.1; }};
	listen-on-v6 {{ none; }};
	allow-query {{ 127.0.0.0/8; }};
	recursion yes;
	forward only;
	forwarders {{ {forward} }};
	dnssec-validation no;
	dns64 {PREFIX}/96 {{ clients {{ any; }}; }};
	querylog no;
	max-cache-size {CACHE_MIB}m;
	recursive-clients 4096;
	tcp-clients {options.tcp_clients + 16};
	tcp-idle-timeout {options.idle_s * 10};
}};
controls {{ }};
logging {{ category default {{ null; }}; }};
''')
    return [program, '-f', '-c', path, '-n', str(options.threads)]


def prepare_knot(program: str, folder: str, port: int, upstreams: list[int],
                 options: Options) -> list[str]:
    forward = ', '.join("'127.0.0.1@%d'" % u for u in upstreams)
    path = write(folder, 'kresd.conf', f'''
net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})
cache.open({CACHE_MIB} * MB, 'lmdb://cache')
trust_anchors.remove('.')
-- These ask the root of their own accord, and there is none.
modules.unload('priming')
modules.unload('detect_time_skew')
modules.unload('ta_update')
modules.unload('ta_signal_query')
modules.load('dns64')
dns64.config('{PREFIX}')
policy.add(policy.all(policy.FORWARD({{ {forward} }})))
''')
    return [program, '-n', '-q', '-c', path, folder]


def prepare_powerdns(program: str, folder: str, port: int, upstreams: list[int],
                     options: Options) -> list[str]:
    forward = ';'.join('127.0.0.1:%d' % u for u in upstreams)
    write(folder, 'recursor.conf', f'''
daemon=no
write-pid=no
disable-syslog=yes
quiet=yes
loglevel=3
socket-dir={folder}
local-address=127.0.0.1
local-port={port}
allow-from=127.0.0.0/8
dont-query=
security-poll-suffix=
forward-zones-recurse=.={forward}
dnssec=off
dns64-prefix={PREFIX}/96
threads={options.threads}
pdns-distributes-queries=no
max-cache-entries=2000000
max-packetcache-entries=1000000
max-tcp-clients={options.tcp_clients + 16}
client-tcp-timeout={options.idle_s}
''')
    return [program, '--config-dir=' + folder]


PEERS = [
    Kind('unbound', 'unbound', prepare_unbound, version='-V'),
    Kind('bind', 'named', prepare_bind, version='-v'),
    Kind('knot', 'kresd', prepare_knot),
    Kind('powerdns', 'pdns_recursor', prepare_powerdns),
]


def sixward(binary: str) -> Kind:
    return Kind('sixward', binary, prepare_sixward)


def floor(binary: str, arguments: tuple[str, ...]) -> Kind:
    """The bare program that does the same with the same system calls, and nothing else."""
    mode = arguments[0]
    transport = 'tcp' if mode == 'tcp' else 'udp'
    checks = ('%s AAAA %s' % (transport, 'n' if '--aaaa-only' in arguments else 's'),)

    def prepare(program: str, _folder: str, port: int, upstreams: list[int],
                _options: Options) -> list[str]:
        command = [program, mode, '--listen', '127.0.0.1:%d' % port, *arguments[1:]]
        if mode == 'forward':
            command += ['--upstream', '127.0.0.1:%d' % upstreams[0]]
        return command

    return Kind('floor', binary, prepare, checks)
