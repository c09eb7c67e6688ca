"""The bench itself: two processors, a server on one, load and upstream on the other, and what one
run of one server told."""

import contextlib
import json
import os
import shutil
import signal
import socket
import tempfile
import time
from dataclasses import dataclass, field
from typing import Iterator

import probe
from process import Failed, Memory, Process, Usage, busy_ns
from servers import PREFIX, Kind, Options

LINE_PATIENCE_S = 10.0
WARM_PATIENCE_S = 120.0
END_PATIENCE_S = 180.0
LOST_SHARE = 0.001  # more questions without an answer than this spoil a run


@dataclass(frozen=True)
class Phase:
    """One counted phase: what bench-load printed, and what the server used meanwhile."""

    sent: int
    good: int
    bad: int
    lost: int
    first_bad: str
    seconds: float
    p50_ms: float
    p99_ms: float
    usage: Usage
    others_share: float  # of the phase: others ran on the server's processor

    @property
    def cpu_us(self) -> float:
        return self.usage.run_ns / 1000 / max(1, self.good)

    @property
    def user_us(self) -> float:
        return self.cpu_us * self.usage.user_share

    @property
    def failed_percent(self) -> float:
        return 100 * (self.bad + self.lost) / max(1, self.sent)

    @property
    def trouble(self) -> str:
        """Why it must not be used; empty if it may."""
        if self.bad:
            return '%d of %d answers bad: %s' % (self.bad, self.sent, self.first_bad)
        if self.lost > LOST_SHARE * self.sent:
            return '%d of %d without an answer' % (self.lost, self.sent)
        return '' if self.good else 'no answer'


@dataclass
class Sample:
    """One run of one server for one row: a value for each of the row's lines."""

    values: dict[str, float] = field(default_factory=dict)
    troubles: list[str] = field(default_factory=list)
    others_share: float = 0.0  # of the time, others ran on the server's processor

    def note(self, phase: Phase) -> None:
        if phase.trouble:
            self.troubles.append(phase.trouble)
        self.others_share = max(self.others_share, phase.others_share)


@dataclass(frozen=True)
class Upstream:
    process: Process
    port: int

    def take_counts(self) -> dict[str, int]:
        """Questions and lost replies since the last time."""
        self.process.popen.send_signal(signal.SIGUSR1)
        return json.loads(self.process.line(LINE_PATIENCE_S))

    def take_questions(self) -> int:
        counts = self.take_counts()
        return counts['udp'] + counts['tcp']


@dataclass(frozen=True)
class Server:
    process: Process
    port: int

    def usage(self) -> Usage:
        return self.process.usage()

    def memory(self) -> Memory:
        return self.process.memory()


def free_port() -> int:
    """A port of 127.0.0.1 that is free for UDP and TCP just now."""
    for _ in range(100):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
                socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            udp.bind(('127.0.0.1', 0))
            port: int = udp.getsockname()[1]
            try:
                tcp.bind(('127.0.0.1', port))
                return port
            except OSError:
                continue
    raise Failed('no free port')


class Lab:
    """Starts what a run needs, and ends all of it with the run."""

    def __init__(self, build: str, cores: list[int], quick: bool):
        self.programs = os.path.join(os.path.abspath(build), 'tests', 'bench')
        self.server_core, self.load_core = cores[:2]
        self.quick = quick
        self.folder = tempfile.mkdtemp(prefix='sixward-bench-')
        self.stack = contextlib.ExitStack()
        os.sched_setaffinity(0, [self.load_core])

    def close(self) -> None:
        self.stack.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def run(self) -> Iterator[None]:
        """All that is started inside ends with it."""
        with contextlib.ExitStack() as stack:
            self.stack = stack
            yield

    def program(self, name: str) -> str:
        return os.path.join(self.programs, name)

    def start(self, command: list[str], cores: list[int], pipes: bool = False,
              folder: str | None = None) -> Process:
        log = self.stack.enter_context(
            open(os.path.join(self.folder, os.path.basename(command[0]) + '.log'), 'ab'))
        process = Process(command, cores, folder or self.folder, log, pipes)
        self.stack.callback(process.stop)
        return process

    def upstream(self, delay_ms: int = 0, loss_percent: int = 0) -> Upstream:
        port = free_port()
        command = [self.program('bench-upstream'), '--listen', '127.0.0.1:%d' % port]
        if delay_ms:
            command += ['--delay-ms', str(delay_ms)]
        if loss_percent:
            command += ['--loss', str(loss_percent)]
        process = self.start(command, [self.load_core], pipes=True)
        if process.line(LINE_PATIENCE_S) != 'ready':
            raise Failed('bench-upstream is not ready')
        return Upstream(process, port)

    def launch(self, kind: Kind, upstreams: list[Upstream], options: Options = Options()) -> Server:
        """Starts a server, and does not wait."""
        folder = tempfile.mkdtemp(prefix=kind.name + '-', dir=self.folder)
        self.stack.callback(shutil.rmtree, folder, ignore_errors=True)
        port = free_port()
        program = kind.path()
        if not program:
            raise Failed('%s is not installed' % kind.name)
        command = kind.prepare(program, folder, port, [u.port for u in upstreams], options)
        cores = [self.server_core] if options.threads == 1 else [self.server_core, self.load_core]
        return Server(self.start(command, cores, folder=folder), port)

    def server(self, kind: Kind, upstreams: list[Upstream], options: Options = Options()) -> Server:
        """A server that is up, and whose answers are right."""
        server = self.launch(kind, upstreams, options)
        probe.check(server.process, server.port, upstreams[0].process, upstreams[0].port,
                    kind.checks)
        for upstream in upstreams:
            upstream.take_counts()
        return server

    def load_command(self, server: Server, mode: str, *arguments: object) -> list[str]:
        return [self.program('bench-load'), '--server', '127.0.0.1:%d' % server.port,
                '--prefix64', PREFIX, '--mode', mode, *(str(a) for a in arguments)]

    def load(self, server: Server, mode: str, *arguments: object) -> Phase:
        """Asks, and counts what the server uses while it is asked."""
        command = self.load_command(server, mode, *arguments) + ['--wait']
        process = self.start(command, [self.load_core], pipes=True)
        if process.line(WARM_PATIENCE_S) != 'start':
            raise Failed('bench-load did not start')
        before, busy, since = server.usage(), busy_ns(self.server_core), time.monotonic_ns()
        process.tell('go')
        told = json.loads(process.line(END_PATIENCE_S))
        if server.process.has_ended():
            raise Failed('%s ended while it was asked' % server.process.name)
        used, took = server.usage().since(before), time.monotonic_ns() - since
        others = max(0, busy_ns(self.server_core) - busy - used.run_ns) / took
        process.stop()
        return Phase(told['sent'], told['good'], told['bad'], told['lost'],
                     told.get('first_bad') or '', told['seconds'], told['p50_us'] / 1000,
                     told['p99_us'] / 1000, used, others)
