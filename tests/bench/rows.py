"""The rows of the table: what is asked of a server, and what is read off it.

A row's `measure` is one run of one server: it starts what it needs, and returns a value for each of
the row's lines. Names: s… have an A record only, n… have an AAAA too; a row counts them from
zero, for every run has a server and an upstream of its own.
"""

import json
import socket
import time
from dataclasses import dataclass
from typing import Callable

import dnswire as dns
import probe
from goals import AtLeast, AtMost, Goal, TimesFloor, TimesPeer
from lab import LINE_PATIENCE_S, Lab, Phase, Sample, Server, Upstream
from process import Failed
from servers import Kind, Options, floor

NAMES = 10_000
MORE_NAMES = 100_000
DELAY_MS = 20
LOSS_PERCENT = 20
IDLE_CLIENTS = 1000
HINTED_NAMES = 5000
POLL_S = 0.0002

UDP = ('--clients', 64, '--outstanding', 192)
TCP = ('--clients', 16, '--outstanding', 256)
TCP_ONE = ('--clients', 64, '--outstanding', 64)
CACHED = ('--names', NAMES, '--warm')
EACH_NEW = ('--names', 1_000_000_000)


@dataclass(frozen=True)
class Line:
    """One line of the table."""

    key: str
    text: str
    unit: str
    goals: tuple[Goal, ...] = ()
    less_is_better: bool = True


@dataclass(frozen=True)
class Row:
    """One row of the goals: its lines are measured together."""

    name: str
    lines: tuple[Line, ...]
    measure: Callable[[Lab, Kind], Sample]
    floor: tuple[str, ...] = ()  # what bench-floor is started as; empty: it has no part in it
    runs: int = 0                # instead of the usual number
    quick_runs: int = 1
    peers: bool = True           # whether the other servers have a part in it


def seconds(lab: Lab) -> tuple[str, float]:
    return '--seconds', 1 if lab.quick else 2


def judge_hits(sample: Sample, phase: Phase, upstream: Upstream) -> None:
    """A hit that asks the upstream is none; a few are refreshed before they expire."""
    asked = upstream.take_questions()
    if asked > 0.01 * phase.good:
        sample.troubles.append('%d questions upstream for %d hits' % (asked, phase.good))


def measure_hits(mode: str, *shape: object) -> Callable[[Lab, Kind], Sample]:
    def measure(lab: Lab, kind: Kind) -> Sample:
        sample, upstream = Sample(), lab.upstream()
        server = lab.server(kind, [upstream])
        # Filled here, so that what is counted upstream afterwards are misses among the hits.
        warm(lab, sample, server, NAMES if kind.name != 'floor' else 0)
        upstream.take_counts()
        phase = lab.load(server, mode, *shape, '--names', NAMES, *seconds(lab))
        sample.note(phase)
        judge_hits(sample, phase, upstream)
        sample.values = {'cpu': phase.cpu_us, 'user': phase.user_us}
        return sample

    return measure


def warm(lab: Lab, sample: Sample, server: Server, names: int, offset: int = 0) -> None:
    """Asks each of the names once."""
    if names:
        sample.note(lab.load(server, 'miss', *UDP, '--names', names, '--offset', offset,
                             '--count', names))


def measure_miss(lab: Lab, kind: Kind) -> Sample:
    sample, upstream = Sample(), lab.upstream()
    server = lab.server(kind, [upstream])
    phase = lab.load(server, 'miss', *UDP, *EACH_NEW, *seconds(lab))
    sample.note(phase)
    asked = upstream.take_questions()
    sample.values = {'cpu': phase.cpu_us, 'asked': asked / max(1, phase.good)}
    return sample


def measure_latency(lab: Lab, kind: Kind) -> Sample:
    sample, upstream = Sample(), lab.upstream(DELAY_MS)
    server = lab.server(kind, [upstream])
    pace = ('--clients', 16, '--rate', 250, '--count', 250, *EACH_NEW)
    asked = [('s', 's', 'AAAA', 0), ('n', 'n', 'AAAA', 0), ('a', 's', 'A', 1_000_000)]
    if kind.name == 'floor':
        asked.pop()  # it knows AAAA only
    for key, kind_of_name, qtype, offset in asked:
        phase = lab.load(server, 'latency', *pace, '--kind', kind_of_name, '--type', qtype,
                         '--offset', offset)
        sample.note(phase)
        sample.values[key + '50'] = phase.p50_ms / DELAY_MS
        sample.values[key + '99'] = phase.p99_ms / DELAY_MS
    return sample


def measure_native(lab: Lab, kind: Kind) -> Sample:
    sample, upstream = Sample(), lab.upstream()
    server = lab.server(kind, [upstream])
    phase = lab.load(server, 'native', *UDP, *EACH_NEW, *seconds(lab))
    sample.note(phase)
    asked = upstream.take_questions()
    sample.values = {'cpu': phase.cpu_us, 'asked': asked / max(1, phase.good)}
    if kind.name in ('sixward', 'floor'):
        measure_native_again(lab, kind, sample)
    return sample


def measure_native_again(lab: Lab, kind: Kind, sample: Sample) -> None:
    """The same names after their entries have left the cache: only a second is anything kept."""
    if kind.name == 'floor':
        kind = floor(kind.program, ('forward', '--aaaa-only'))
    upstream = lab.upstream()
    server = lab.server(kind, [upstream], Options(max_ttl_s=1))
    for key in ('', '_again'):
        phase = lab.load(server, 'native', *UDP, '--names', HINTED_NAMES, '--count', HINTED_NAMES)
        sample.note(phase)
        asked = upstream.take_questions()
        if key:
            sample.values['cpu' + key] = phase.cpu_us
            sample.values['asked' + key] = asked / max(1, phase.good)
        elif kind.name != 'floor':
            time.sleep(2.2)


def measure_memory(lab: Lab, kind: Kind) -> Sample:
    sample, upstream = Sample(), lab.upstream()
    server = lab.server(kind, [upstream])
    idle = server.memory()
    warm(lab, sample, server, NAMES)
    few = server.memory()
    warm(lab, sample, server, MORE_NAMES, NAMES)
    many = server.memory()
    upstream.take_counts()
    warm(lab, sample, server, NAMES + MORE_NAMES)
    missed = min(NAMES + MORE_NAMES, upstream.take_counts()['a'])
    hot = server.memory()
    sample.values = {
        'name': (many.rss - few.rss) / MORE_NAMES,
        'hot': (hot.rss - few.rss) / MORE_NAMES,
        'kept': 100 - 100 * missed / (NAMES + MORE_NAMES),
        'idle': idle.anonymous / 1024 / 1024,
        'rss': idle.rss / 1024 / 1024,
    }
    return sample


def first_answer_ms(server: Server, wanted: str, right: list[str]) -> float:
    """From exec to the first right answer, asked for every 0.2 ms from the beginning."""
    raw, end = dns.query(wanted, id_=6), server.process.began + probe.PATIENCE_S
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.connect(('127.0.0.1', server.port))
        next_send = 0.0
        while time.perf_counter() < end:
            try:
                if time.perf_counter() >= next_send:
                    next_send = time.perf_counter() + POLL_S
                    sock.send(raw)
                if probe.addresses(sock.recv(4096), wanted) == right:
                    return 1000 * (time.perf_counter() - server.process.began)
            except (BlockingIOError, ConnectionRefusedError):
                continue
    raise Failed('%s has no answer' % server.process.name)


def measure_start(lab: Lab, kind: Kind) -> Sample:
    upstream = lab.upstream()
    qname = probe.name('s', probe.BEYOND)
    right = probe.wanted_addresses(upstream.process, upstream.port, 'AAAA', qname)
    server = lab.launch(kind, [upstream])
    return Sample({'start': first_answer_ms(server, 'AAAA ' + qname, right)})


def measure_loss(lab: Lab, kind: Kind) -> Sample:
    sample = Sample()
    for upstream_count in ((1,) if kind.name == 'floor' else (1, 2)):
        upstreams = [lab.upstream(DELAY_MS, LOSS_PERCENT) for _ in range(upstream_count)]
        server = lab.server(kind, upstreams)
        phase = lab.load(server, 'latency', '--clients', 64, '--rate', 400,
                         '--count', 800, *EACH_NEW)
        asked = sum(upstream.take_questions() for upstream in upstreams)
        sample.others_share = max(sample.others_share, phase.others_share)
        for key, value in (('failed', phase.failed_percent), ('p50', phase.p50_ms),
                           ('p99', phase.p99_ms), ('asked', asked / max(1, phase.good))):
            sample.values['%s%d' % (key, upstream_count)] = value
    return sample


def established(port: int) -> int:
    """TCP connections that a server on this port of 127.0.0.1 holds."""
    local = '0100007F:%04X' % port
    with open('/proc/net/tcp', encoding='ascii') as file:
        fields = [line.split() for line in file]
    return sum(1 for f in fields if f[1] == local and f[3] == '01')


def measure_idle_clients(lab: Lab, kind: Kind) -> Sample:
    sample, upstream = Sample(), lab.upstream()
    # What is set aside at the start for so many clients counts as well.
    usual = lab.server(kind, [upstream])
    before = usual.memory()
    usual.process.stop()
    server = lab.server(kind, [upstream], Options(tcp_clients=IDLE_CLIENTS))
    load = lab.start(lab.load_command(server, 'idle', '--clients', IDLE_CLIENTS, '--names', 1),
                     [lab.load_core], pipes=True)
    while load.line(LINE_PATIENCE_S) != 'held':
        continue
    time.sleep(0.3)
    after, held = server.memory(), established(server.port)
    if held < IDLE_CLIENTS:
        sample.troubles.append('only %d of %d connections are held' % (held, IDLE_CLIENTS))
    load.popen.terminate()
    told = json.loads(load.line(LINE_PATIENCE_S))
    if told['good'] < IDLE_CLIENTS:
        sample.troubles.append('%d of %d good answers' % (told['good'], IDLE_CLIENTS))
    sample.values = {'connection': (after.anonymous - before.anonymous) / 1024 / IDLE_CLIENTS}
    return sample


def measure_mix(lab: Lab, kind: Kind) -> Sample:
    sample, upstream = Sample(), lab.upstream()
    server = lab.server(kind, [upstream])
    phase = lab.load(server, 'mix', *UDP, *CACHED, *seconds(lab))
    sample.note(phase)
    sample.values = {'cpu': phase.cpu_us}
    return sample


def measure_workers(lab: Lab, kind: Kind) -> Sample:
    """Two threads against one: CPU per answer, as a ratio."""
    sample, cpu_us = Sample(), {}
    for threads in (1, 2):
        upstream = lab.upstream()
        server = lab.server(kind, [upstream], Options(threads=threads))
        for key, shape in (('hit', CACHED), ('miss', (*EACH_NEW, '--offset', 1_000_000))):
            phase = lab.load(server, key, *UDP, *shape, *seconds(lab))
            if phase.trouble:
                sample.troubles.append(phase.trouble)
            cpu_us[key, threads] = phase.cpu_us
        server.process.stop()
    sample.values = {key: cpu_us[key, 2] / cpu_us[key, 1] for key in ('hit', 'miss')}
    return sample


def loss_lines(upstreams: int, words: str) -> tuple[Line, ...]:
    return (
        Line('failed%d' % upstreams, '20 % loss, ' + words + ': failures', '%', (AtMost(0),)),
        Line('p50%d' % upstreams, '… p50', 'ms', (AtMost(21),)),
        Line('p99%d' % upstreams, '… p99', 'ms', (AtMost(170),)),
        Line('asked%d' % upstreams, '… upstream questions', '/answer', (AtMost(2.7),)),
    )


def latency_lines(key: str, words: str) -> tuple[Line, ...]:
    return (
        Line(key + '50', 'latency of a miss, %s: p50' % words, 'RTT', (AtMost(1.02),)),
        Line(key + '99', '… p99', 'RTT', (AtMost(1.05),)),
    )


ROWS = [
    Row('M1', (
        Line('cpu', 'hit over UDP', 'µs', (TimesPeer(1.25), TimesFloor(1.10))),
        Line('user', '… of it in user space', 'µs', (AtMost(0.4),)),
    ), measure_hits('hit', *UDP), ('udp',)),
    Row('M1g', (Line('cpu', 'hit, bursts of few clients', 'µs', (TimesPeer(1.7),)),),
        measure_hits('burst', '--clients', 4, '--outstanding', 192), ('udp', '--segment')),
    Row('M2', (
        Line('cpu', 'miss with synthesis', 'µs', (TimesPeer(4), AtMost(15))),
        Line('asked', '… upstream questions', '/answer'),
    ), measure_miss, ('forward',)),
    Row('M3', (*latency_lines('s', 'synthesized'), *latency_lines('n', 'native'),
               *latency_lines('a', 'A')), measure_latency, ('forward',)),
    Row('M4', (
        Line('cpu', 'native miss', 'µs', (TimesPeer(2.3),)),
        Line('asked', '… upstream questions', '/answer'),
        Line('cpu_again', 'native miss, name seen before', 'µs'),
        Line('asked_again', '… upstream questions', '/answer', (AtMost(1.1),)),
    ), measure_native, ('forward',)),
    Row('M5', (
        Line('name', 'memory per cached name', 'B', (AtMost(256),)),
        Line('hot', '… once each was hit too', 'B', (AtMost(256),)),
        Line('kept', '… still hits', '%', (AtLeast(99.9),), False),
        Line('idle', 'idle, anonymous', 'MiB', (AtMost(3),)),
        Line('rss', 'idle, RSS', 'MiB', (AtMost(10),)),
    ), measure_memory, runs=3),
    Row('M6', (Line('start', 'exec to the first good answer', 'ms', (AtMost(8),)),),
        measure_start, ('forward',), runs=20, quick_runs=5),
    Row('M7', (*loss_lines(1, 'one upstream'), *loss_lines(2, 'two upstreams')),
        measure_loss, ('forward', '--retry')),
    Row('M8', (Line('cpu', 'hit over TCP, 16 × 16 pipelined', 'µs', (TimesPeer(6),)),),
        measure_hits('tcp', *TCP), ('tcp',)),
    Row('M8n', (Line('cpu', 'hit over TCP, 64 × one', 'µs', (TimesPeer(1.4),)),),
        measure_hits('tcp1', *TCP_ONE), ('tcp',)),
    Row('M8i', (Line('connection', '1,000 idle TCP clients', 'KiB/each', (AtMost(1),)),),
        measure_idle_clients, runs=3),
    Row('M9', (
        Line('hit', 'two workers, hit', '× one', (AtMost(1.05),)),
        Line('miss', 'two workers, miss', '× one', (AtMost(1.05),)),
    ), measure_workers, peers=False),
    Row('M10', (Line('cpu', 'mix, 90 % hits', 'µs', (TimesPeer(1.9),)),), measure_mix),
]
