"""Is a server there, and are its answers right? What it must say is worked out from what the
upstream says to the same question. For the measured questions bench-load checks by itself."""

import ipaddress
import os
import socket
import struct
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(HERE, '..', 'integration'))

import dnswire as dns  # noqa: E402
from process import Failed, Process  # noqa: E402
from servers import PREFIX  # noqa: E402

PATIENCE_S = 15.0
RESEND_S = 0.3
BEYOND = 3_000_000_000  # no row asks for a name of this number


def name(kind: str, number: int) -> str:
    return '%s%d.bench.example' % (kind, number)


def addresses(raw: bytes, wanted: str) -> list[str] | None:
    """The addresses in an answer to "TYPE name"; None if it is no answer to that."""
    message = dns.Message(raw, strict=False)
    qtype, qname = wanted.split(' ')
    if message.rcode_low or not message.flags & dns.QR:
        return None
    if [(n.lower(), t) for n, t, _ in message.questions] != [(qname, dns.TYPES[qtype])]:
        return None
    return [rr.text for rr in message.answer if rr.type == dns.TYPES[qtype]]


def ask_udp(port: int, wanted: str) -> list[str] | None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.connect(('127.0.0.1', port))
        sock.settimeout(RESEND_S)
        try:
            sock.send(dns.query(wanted, id_=7))
            return addresses(sock.recv(4096), wanted)
        except OSError:
            return None


def ask_tcp(port: int, wanted: str) -> list[str] | None:
    raw = dns.query(wanted, id_=8)
    try:
        with socket.create_connection(('127.0.0.1', port), timeout=RESEND_S) as sock:
            sock.sendall(struct.pack('>H', len(raw)) + raw)
            with sock.makefile('rb') as stream:
                length = stream.read(2)
                return addresses(stream.read(*struct.unpack('>H', length)), wanted)
    except (OSError, struct.error):
        return None


ASK = {'udp': ask_udp, 'tcp': ask_tcp}


def ask_until(process: Process, transport: str, port: int, wanted: str) -> list[str]:
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        got = ASK[transport](port, wanted)
        if got is not None:
            return got
        if process.has_ended():
            raise Failed('%s ended' % process.name)
        time.sleep(0.002)
    raise Failed('%s has no answer to %s' % (process.name, wanted))


def wanted_addresses(upstream: Process, port: int, qtype: str, qname: str) -> list[str]:
    """What a DNS64 server must answer, as text."""
    direct = ask_until(upstream, 'udp', port, '%s %s' % (qtype, qname))
    if direct or qtype != 'AAAA':
        return direct
    mapped = ask_until(upstream, 'udp', port, 'A %s' % qname)
    prefix = int(ipaddress.IPv6Address(PREFIX))
    return [str(ipaddress.IPv6Address(prefix | int(ipaddress.IPv4Address(a)))) for a in mapped]


def answered(server: Process, transport: str, port: int, qtype: str,
             kind: str) -> tuple[str, list[str]]:
    """The first name that the server has an answer for, and the answer. Each try is of another
    name, for a failure may be remembered while replies get lost."""
    end = time.monotonic() + PATIENCE_S
    number = BEYOND
    while time.monotonic() < end:
        number += 1
        qname = name(kind, number)
        got = ASK[transport](port, '%s %s' % (qtype, qname))
        if got is not None:
            return qname, got
        if server.has_ended():
            break
        time.sleep(0.002)
    raise Failed('%s has no answer to %s over %s' % (server.name, qtype, transport))


def check(server: Process, port: int, upstream: Process, upstream_port: int,
          checks: tuple[str, ...]) -> None:
    """Waits until the server answers, and fails unless each kind of answer is right. A check is
    "transport TYPE kind-of-name"."""
    for text in checks:
        transport, qtype, kind = text.split(' ')
        qname, got = answered(server, transport, port, qtype, kind)
        want = wanted_addresses(upstream, upstream_port, qtype, qname)
        same = [ipaddress.ip_address(a) for a in got] == [ipaddress.ip_address(a) for a in want]
        if not same or not want:
            raise Failed('%s: %s %s is %s, not %s' % (server.name, text, qname, got, want))
