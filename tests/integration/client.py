"""Queries as clients send them: UDP and TCP, IPv4 and IPv6, decoded strictly."""

import random
import socket
import struct
import time

import dnswire as dns

PATIENCE = 8.0  # how long an answer may take before a test says that there is none


class Closed(Exception):
    """The server closed the connection."""


def udp_socket(address, source=None):
    """A connected UDP socket; source is an address to bind to."""
    family = socket.AF_INET6 if ':' in address[0] else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    if source:
        sock.bind((source, 0))
    sock.connect(address)
    return sock


def udp_exchange(address, raw, timeout=PATIENCE, source=None):
    """One datagram there and the first back, or None."""
    with udp_socket(address, source) as sock:
        sock.settimeout(timeout)
        sock.send(raw)
        try:
            return sock.recv(65535)
        except (socket.timeout, ConnectionRefusedError):
            return None


class Tcp:
    """A TCP connection to the server."""

    def __init__(self, address, source=None, timeout=PATIENCE, receive_buffer=0):
        family = socket.AF_INET6 if ':' in address[0] else socket.AF_INET
        self.sock = socket.socket(family, socket.SOCK_STREAM)
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.sock.bind((source, 0))
        self.sock.settimeout(timeout)
        self.sock.connect(address)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.sock.close()

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        self.sock.close()

    def finish(self):
        self.sock.shutdown(socket.SHUT_WR)

    def send(self, *messages):
        """Messages, framed, in one segment if they fit."""
        self.sock.sendall(b''.join(struct.pack('>H', len(m)) + m for m in messages))

    def send_raw(self, data):
        self.sock.sendall(data)

    def _fill(self, size, timeout):
        end = time.monotonic() + timeout
        while len(self.buffer) < size:
            self.sock.settimeout(max(0.001, end - time.monotonic()))
            try:
                data = self.sock.recv(65536)
            except ConnectionResetError:
                raise Closed('reset') from None
            if not data:
                raise Closed('closed')
            self.buffer += data

    def receive_raw(self, timeout=PATIENCE):
        """The next message; Closed or socket.timeout where there is none."""
        self._fill(2, timeout)
        size = struct.unpack('>H', self.buffer[:2])[0]
        self._fill(2 + size, timeout)
        data = bytes(self.buffer[2:2 + size])
        del self.buffer[:2 + size]
        return data

    def receive(self, timeout=PATIENCE):
        return dns.Message(self.receive_raw(timeout))

    def ask(self, what, timeout=PATIENCE, **how):
        self.send(dns.query(what, id_=random.randrange(65536), **how))
        return self.receive(timeout)

    def closed_within(self, timeout):
        """Seconds until the server closed; None if it has not by then, or sent anything."""
        begin = time.monotonic()
        try:
            self._fill(len(self.buffer) + 1, timeout)
        except (Closed, BrokenPipeError):
            return time.monotonic() - begin
        except socket.timeout:
            return None
        return None


def tcp_exchange(address, raw, timeout=PATIENCE, source=None):
    """One message there and one back over a connection of its own; None if it was closed."""
    with Tcp(address, source, timeout) as tcp:
        tcp.send(raw)
        try:
            return tcp.receive_raw(timeout)
        except Closed:
            return None


def ask(address, what, tcp=False, source=None, timeout=PATIENCE, **how):
    """Asks 'TYPE name'; the Message, its id and question checked; AssertionError if none came."""
    raw = dns.query(what, id_=random.randrange(65536), **how)
    exchange = tcp_exchange if tcp else udp_exchange
    answer = exchange(address, raw, timeout, source)
    if answer is None:
        raise AssertionError('no answer to %s over %s within %.1f s' %
                             (what, 'TCP' if tcp else 'UDP', timeout))
    message = dns.Message(answer)
    if message.id != struct.unpack('>H', raw[:2])[0]:
        raise AssertionError('wrong id in the answer to ' + what)
    end = 12 + len(message.question_raw[0]) if message.question_raw else 12
    if message.question_raw and message.question_raw[0] != raw[12:end]:
        raise AssertionError('wrong question in the answer to ' + what)
    return message
