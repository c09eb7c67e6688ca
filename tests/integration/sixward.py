"""The server under test: its configuration, its start, its clean end.

SIXWARD is the path of the binary; SIXWARD_WRAPPER a command put before it (valgrind and the like).
"""

import functools
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import tempfile
import threading
import time

DEFAULT_PREFIX = '2001:db8:64::/96'
BAD_WORDS = ('Sanitizer', 'runtime error', 'Assertion', 'ERROR SUMMARY: 1')


def binary():
    return os.environ['SIXWARD']


def wrapper():
    return shlex.split(os.environ.get('SIXWARD_WRAPPER', ''))


def environment(measured=False):
    env = dict(os.environ)
    env.setdefault('ASAN_OPTIONS', 'detect_leaks=1:exitcode=99:abort_on_error=0')
    if measured:
        env['ASAN_OPTIONS'] += ':quarantine_size_mb=1:thread_local_quarantine_size_kb=64'
    env.setdefault('UBSAN_OPTIONS', 'halt_on_error=1:print_stacktrace=1')
    env.setdefault('TSAN_OPTIONS', 'halt_on_error=1:exitcode=99')
    return env


def free_port(addresses=('127.0.0.1', '::1')):
    """A port that is free for UDP and TCP on all the addresses just now."""
    for _ in range(100):
        socks = []
        try:
            port = 0
            for host in addresses:
                family = socket.AF_INET6 if ':' in host else socket.AF_INET
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    sock = socket.socket(family, kind)
                    socks.append(sock)
                    if family == socket.AF_INET6:
                        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                    sock.bind((host, port))
                    port = sock.getsockname()[1]
            return port
        except OSError:
            continue
        finally:
            for sock in socks:
                sock.close()
    raise OSError('no free port')


def run_command(*arguments, timeout=30, config=None):
    """A command of the binary to its end: (status, stdout, stderr)."""
    with tempfile.TemporaryDirectory() as folder:
        if config is not None:
            path = os.path.join(folder, 'sixward.yaml')
            with open(path, 'w', encoding='utf-8') as out:
                out.write(config if isinstance(config, str) else json.dumps(config))
            arguments = (*arguments, '-c', path)
        done = subprocess.run([*wrapper(), binary(), *arguments], env=environment(),
                              timeout=timeout, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@functools.lru_cache(None)
def loses_signals():
    """Whether the binary has the thread sanitizer, which now and then loses a signal that comes
    between two system calls (one in a hundred in a libuv program of ten lines, none without it)."""
    with open(binary(), 'rb') as file:
        return b'__tsan_init' in file.read()


def wait_for_end(process, number):
    """The status of a process that was sent this signal; TimeoutExpired if it does not end."""
    for _ in range(4 if loses_signals() else 0):
        try:
            return process.wait(4)
        except subprocess.TimeoutExpired:
            process.send_signal(number)
    return process.wait(20)


class Sixward:
    """A running server. `config` is a dict; listen, prefixes and workers get defaults for tests."""

    before = ()  # a command that ends in the server's
    variables = {}  # of its environment
    descriptors = ()  # that it inherits

    def __init__(self, ups=(), addresses=('127.0.0.1', '::1'), start=True, limit_files=None,
                 port=None, measured=False, **config):
        self.addresses = addresses
        self.limit_files = limit_files
        self.fixed_port = port
        self.measured = measured  # memory is: the sanitizer shall not hoard what was freed
        self.config = {
            'upstreams': [getattr(u, 'endpoint', u) for u in ups],
            'dns64': {'prefixes': [DEFAULT_PREFIX]},
            'workers': int(os.environ.get('SIXWARD_WORKERS', '1')),
        }
        if not ups:
            del self.config['upstreams']
        for key, value in config.items():
            key = key.replace('_', '-')
            if key == 'dns64' and isinstance(value, dict):
                value = dict({'prefixes': [DEFAULT_PREFIX]}, **value)
            self.config[key] = value
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, 'sixward.yaml')
        self.lines, self.process = [], None
        self.grew = threading.Condition()
        if start:
            self.start()

    # Start and stop

    def write(self):
        with open(self.path, 'w', encoding='utf-8') as out:
            json.dump(self.config, out, indent=1)

    def start(self):
        for _ in range(5):
            self.port = self.fixed_port or free_port(self.addresses)
            self.config['listen'] = [('[%s]:%d' if ':' in h else '%s:%d') % (h, self.port)
                                     for h in self.addresses]
            self.write()
            self._spawn()
            if self.wait_line(r'serving', 30, required=False):
                return
            self.process.wait(30)
            if not any('cannot listen' in line for line in self.lines):
                break
        raise AssertionError('the server did not start:\n' + '\n'.join(self.lines))

    def _limits(self):
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.limit_files, self.limit_files))

    def _spawn(self):
        self.lines = []
        self.process = subprocess.Popen(
            [*self.before, *wrapper(), binary(), 'run', '-c', self.path],
            env=dict(environment(self.measured), **self.variables), pass_fds=self.descriptors,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            errors='replace', preexec_fn=self._limits if self.limit_files else None)
        self.reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()

    def _read(self, process):
        for line in process.stderr:
            with self.grew:
                self.lines.append(line.rstrip('\n'))
                self.grew.notify_all()
        with self.grew:
            self.lines.append('(end of stderr)')
            self.grew.notify_all()

    def wait_line(self, pattern, within=5, count=1, required=True):
        """Waits until so many lines of the log match."""
        end = time.monotonic() + within
        with self.grew:
            while True:
                found = [line for line in self.lines if re.search(pattern, line)]
                left = end - time.monotonic()
                if len(found) >= count:
                    return found
                if left <= 0 or self.lines[-1:] == ['(end of stderr)']:
                    break
                self.grew.wait(left)
        if required:
            raise AssertionError('no line "%s" in the log:\n%s' % (pattern, '\n'.join(self.lines)))
        return []

    def log(self):
        with self.grew:
            return '\n'.join(self.lines)

    def reload(self, **config):
        """New settings, in force when this returns."""
        self.config.update(config)
        self.write()
        before = len([line for line in self.lines if 'serving' in line])
        self.process.send_signal(signal.SIGHUP)
        for _ in range(4 if loses_signals() else 0):
            if self.wait_line('serving', 2, before + 1, required=False):
                return
            self.process.send_signal(signal.SIGHUP)
        self.wait_line('serving', 10, before + 1)

    def is_running(self):
        return self.process.poll() is None

    def stop(self, number=signal.SIGTERM):
        """Stops it; AssertionError unless it ends by itself, with 0, and without a complaint."""
        if self.process is None:
            return
        process, self.process = self.process, None
        if process.poll() is None:
            process.send_signal(number)
        try:
            status = wait_for_end(process, number)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = 'none: it did not stop within 20 s'
        self.reader.join(10)
        process.stderr.close()
        self.folder.cleanup()
        text = self.log()
        if status != 0 or any(word in text for word in BAD_WORDS):
            raise AssertionError('exit status %s, log:\n%s' % (status, text[-8000:]))

    # Where to ask

    def at(self, host=None):
        return (host or self.addresses[0], self.port)

    @property
    def v4(self):
        return ('127.0.0.1', self.port)

    @property
    def v6(self):
        return ('::1', self.port)

    def resident_kib(self):
        with open('/proc/%d/status' % self.process.pid, encoding='ascii') as status:
            for line in status:
                if line.startswith('VmRSS'):
                    return int(line.split()[1])
        return 0

    def open_files(self):
        return len(os.listdir('/proc/%d/fd' % self.process.pid))
