"""A programmable upstream: UDP and TCP on one port, and a program for each (type, name).

    up = Upstream()
    up.on('AAAA x.example', 'NODATA soa 300/60')
    up.on('A x.example', 'SILENT', '60 192.0.2.1')      # one after the other, the last for good
    up.on('A y.example', '192.0.2.1 +delay=50')
    up.on('A z.example', 'z.example 300 CNAME y.example ; y.example 60 A 192.0.2.1')
    up.on('A q.example', lambda seen: …)                 # a spec, a Reply, or None = silence

A spec is segments joined by ' ; ', each one of
    [TTL] ADDRESS, ADDRESS…      records of the asked name and type
    OWNER TTL [CLASS] TYPE RDATA a record of the answer; with AUTH or ADD before it, of that section
    NODATA | NXDOMAIN | NOERROR | SERVFAIL | … | RCODE n, with `soa TTL/MINIMUM` and `zone NAME`
    SILENT                       no reply
and modifiers:
    +delay=MS  +tc (over UDP; +tcalways)  +aa  +ad  +nora  +ede=CODE:TEXT  +opt=CODE:HEX  +noopt
    +close (FIN after the reply)  +rst (instead of it)  +pieces=N (TCP writes of N octets)
    +oversize (never cut for UDP)

A name without a program has NXDOMAIN; a type without one, where the name has another, NODATA.
"""

import heapq
import itertools
import os
import re
import selectors
import socket
import struct
import threading
import time

import dnswire as dns


class Reply:
    """One thing to do with a query."""

    def __init__(self, rcode=0, answer=(), authority=(), additional=()):
        self.rcode = rcode
        self.answer, self.authority = list(answer), list(authority)
        self.additional = list(additional)
        self.flags = dns.RA
        self.delay = 0
        self.tc = self.tc_always = self.oversize = self.silent = False
        self.options, self.opt = [], True
        self.close = None
        self.pieces = 0
        self.script = None  # script(up, seen, octets): sends by itself

    def encode(self, seen):
        q = seen.message
        rcode, flags, cut = self.rcode, self.flags | dns.QR | q.flags & (dns.RD | dns.CD), False
        opt = b''
        if q.opt is not None and self.opt:
            opt = dns.opt_rr(1232, q.do, self.options, 0, 0, rcode >> 4)
        question = b''.join(q.question_raw)

        def build(sections, bits):
            body = b''
            for rr in itertools.chain(*sections):
                same = rr.owner == q.questions[0][0]
                body += rr.encode(b'\xc0\x0c' if same else None)
            counts = (len(q.questions), *map(len, sections[:2]),
                      len(sections[2]) + bool(opt))
            return dns.header(q.id, bits, counts, 0, rcode & 15) + question + body + opt

        whole = build((self.answer, self.authority, self.additional), flags)
        if seen.transport == 'udp':
            room = max(512, q.size or 512)
            cut = self.tc or len(whole) > room and not self.oversize
        if cut:
            return build(((), (), ()), flags | dns.TC)
        if self.tc_always:
            return build(((), (), ()), flags | dns.TC)
        return whole


def _is_address(word):
    return bool(re.fullmatch(r'[0-9]+(\.[0-9]+){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]*', word))


def _soa(words, qname):
    """'… soa TTL/MINIMUM zone NAME' → an SOA record, or none."""
    if 'soa' not in words:
        return []
    ttl, minimum = words[words.index('soa') + 1].split('/')
    zone = words[words.index('zone') + 1] if 'zone' in words else qname.rsplit('.', 1)[-1]
    return [dns.RR.parse('%s %s SOA ns.%s. host.%s. 1 3600 600 86400 %s' %
                         (zone, ttl, zone, zone, minimum))]


def _modify(reply, word, seen):
    key, _, value = word[1:].partition('=')
    if key == 'delay':
        reply.delay = int(value)
    elif key == 'tc':
        reply.tc = True
    elif key == 'tcalways':
        reply.tc_always = True
    elif key == 'aa':
        reply.flags |= dns.AA
    elif key == 'ad':
        reply.flags |= dns.AD
    elif key == 'nora':
        reply.flags &= ~dns.RA
    elif key == 'ede':
        code, _, text = value.partition(':')
        reply.options.append((dns.EDE, struct.pack('>H', int(code)) + text.encode()))
    elif key == 'opt':
        code, _, text = value.partition(':')
        reply.options.append((int(code), bytes.fromhex(text)))
    elif key == 'noopt':
        reply.opt = False
    elif key in ('close', 'rst'):
        reply.close = 'fin' if key == 'close' else 'rst'
    elif key == 'pieces':
        reply.pieces = int(value)
    elif key == 'oversize':
        reply.oversize = True
    else:
        raise ValueError('unknown modifier ' + word)


def parse(spec, seen):
    """A spec as a Reply to the query seen."""
    qname, qtype, _ = seen.message.questions[0]
    reply = Reply()
    plain = []
    for word in spec.split(' '):
        if re.match(r'\+[a-z]', word):
            _modify(reply, word, seen)
        else:
            plain.append(word)
    for segment in ' '.join(plain).split(' ; '):
        words = segment.split()
        if not words:
            continue
        head = words[0]
        if head == 'SILENT':
            reply.silent = True
        elif head in ('NODATA', 'NOERROR'):
            reply.authority += _soa(words, qname)
        elif head == 'RCODE':
            reply.rcode = int(words[1])
            reply.authority += _soa(words, qname)
        elif head in dns.RCODES:
            reply.rcode = dns.RCODES[head]
            reply.authority += _soa(words, qname)
        elif head == 'AUTH':
            reply.authority.append(dns.RR.parse(' '.join(words[1:])))
        elif head == 'ADD':
            reply.additional.append(dns.RR.parse(' '.join(words[1:])))
        elif _is_address(words[0].rstrip(',')) or len(words) > 1 and head.isdigit() and \
                _is_address(words[1].rstrip(',')):
            ttl = int(words.pop(0)) if head.isdigit() else 300
            for word in words:
                reply.answer.append(dns.RR(qname, qtype, ttl, dns.rdata_encode(
                    qtype, [word.rstrip(',')])))
        else:
            reply.answer.append(dns.RR.parse(segment))
    return reply


class Seen:
    """One query as it came."""

    def __init__(self, up, transport, raw, peer, conn=None):
        self.up, self.transport, self.raw, self.peer, self.conn = up, transport, raw, peer, conn
        self.time = time.monotonic()
        self.message = dns.Message(raw)
        name, type_, self.cls = self.message.questions[0]
        self.name = name.lower()
        self.what = dns.type_name(type_) + ' ' + self.name
        self.id = self.message.id

    def __repr__(self):
        return '%s %s from %s' % (self.transport, self.what, self.peer[1])


class Connection:
    """A TCP client of the upstream."""

    def __init__(self, sock, peer, number):
        self.sock, self.peer, self.number = sock, peer, number
        self.inbox, self.outbox = bytearray(), bytearray()
        self.closing = self.eof = self.is_closed = False
        self.queries = 0


class Upstream:
    """Started when made; `close` ends it. All sockets belong to one thread.

    Tests count questions, and a repeat is a question too. So that a busy machine makes none, some
    datagrams are answered late: the server repeats after 1.5 times what nearly all replies took
    (LIM-02). `haste` is for tests that ask so much or measure so closely that this is in the way.
    """

    # Each worker has its own experience, so with several of them every reply is late.
    LATE_MS, LATE_EVERY = (60, 1) if os.environ.get('SIXWARD_WORKERS') else (120, 12)

    def __init__(self, host='127.0.0.1', port=0, udp=True, tcp=True, haste=False):
        self.haste, self.datagrams = haste, 0
        self.host = host
        self.family = socket.AF_INET6 if ':' in host else socket.AF_INET
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.programs, self.turns, self.names = {}, {}, {}
        self.patterns = []
        self.log, self.odd, self.faults = [], [], []
        self.connections = []  # all there ever were
        self.is_mute = False
        self.delay = 0  # added to every reply
        self.timers, self.serial = [], itertools.count()
        self.selector = selectors.DefaultSelector()
        self.wake_read, self.wake_write = socket.socketpair()
        self.wake_read.setblocking(False)
        self.selector.register(self.wake_read, selectors.EVENT_READ, ('wake', None))
        self.udp = self.tcp = None
        self._open(port, udp, tcp)
        self.is_stopping = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    @property
    def endpoint(self):
        return ('[%s]:%d' if self.family == socket.AF_INET6 else '%s:%d') % (self.host, self.port)

    def _open(self, port, udp, tcp):
        for _ in range(50):
            udp_sock = socket.socket(self.family, socket.SOCK_DGRAM)
            tcp_sock = socket.socket(self.family, socket.SOCK_STREAM)
            tcp_sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                udp_sock.bind((self.host, port))
                self.port = udp_sock.getsockname()[1]
                tcp_sock.bind((self.host, self.port))
                if tcp:
                    tcp_sock.listen(512)
            except OSError:
                udp_sock.close()
                tcp_sock.close()
                if port:
                    raise
                continue
            break
        else:
            raise OSError('no free port for an upstream')
        udp_sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.tcp = tcp_sock  # bound even where nobody listens: nobody else gets the port
        if udp:
            udp_sock.setblocking(False)
            self.udp = udp_sock
            self.selector.register(udp_sock, selectors.EVENT_READ, ('udp', None))
        else:
            udp_sock.close()
        if tcp:
            tcp_sock.setblocking(False)
            self.selector.register(tcp_sock, selectors.EVENT_READ, ('accept', None))

    # Programs

    def on(self, what, *specs, via=None):
        """The program of 'TYPE name' (one type or several joined by '/')."""
        types, name = what.split(' ')
        with self.lock:
            for type_ in types.split('/'):
                key = (type_ + ' ' + name.lower(), via)
                self.programs[key] = specs
                self.turns[key] = 0
            self.names[name.lower()] = True

    def on_match(self, pattern, spec):
        """A program for every name that the expression matches; spec as for `on`, one for all."""
        with self.lock:
            self.patterns.append((re.compile(pattern), spec))

    def _program(self, seen):
        for via in (seen.transport, None):
            key = (seen.what, via)
            if key in self.programs:
                specs, turn = self.programs[key], self.turns[key]
                self.turns[key] += 1
                return specs[min(turn, len(specs) - 1)]
        for pattern, spec in self.patterns:
            if pattern.fullmatch(seen.what):
                return spec
        return 'NODATA soa 300/60' if seen.name in self.names else 'NXDOMAIN soa 300/60'

    # What was seen

    def seen(self, what=None, via=None):
        with self.lock:
            return [s for s in self.log if (what is None or s.what == what) and
                    (via is None or s.transport == via)]

    def count(self, what=None, via=None):
        return len(self.seen(what, via))

    def wait(self, what=None, count=1, via=None, within=5.0):
        """Waits until the question was seen so often; returns what was seen."""
        end = time.monotonic() + within
        with self.changed:
            while True:
                found = self.seen(what, via)
                left = end - time.monotonic()
                if len(found) >= count or left <= 0:
                    break
                self.changed.wait(left)
        if len(found) < count:
            raise AssertionError('upstream saw %s %d times within %.1f s, not %d' %
                                 (what, len(found), within, count))
        return found

    def open_connections(self):
        with self.lock:
            return [c for c in self.connections if not c.is_closed]

    def wait_until(self, claim, within=5.0, text='the upstream'):
        end = time.monotonic() + within
        with self.changed:
            while not claim():
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError('%s: not so within %.1f s' % (text, within))
                self.changed.wait(min(left, 0.1))

    # Sending

    def send(self, seen, data, delay=0, sock=None):
        """Sends octets to who asked: by the way it came, or from another UDP socket."""
        with self.lock:
            heapq.heappush(self.timers, (time.monotonic() + delay / 1000, next(self.serial),
                                         lambda: self._send_now(seen, data, sock)))
        self._wake()

    def _send_now(self, seen, data, sock):
        if seen.transport == 'tcp':
            self._write(seen.conn, struct.pack('>H', len(data)) + data)
            return
        try:
            (sock or self.udp).sendto(data, seen.peer)
        except (OSError, AttributeError):
            pass  # who asked is gone, or we are

    def _perform(self, seen, reply, data):
        if reply.close == 'rst' and seen.conn:
            self._reset(seen.conn)
            return
        if seen.transport == 'udp':
            self._send_now(seen, data, None)
            return
        framed = struct.pack('>H', len(data)) + data
        if reply.pieces:
            self._dribble(seen.conn, framed, reply.pieces)
        else:
            self._write(seen.conn, framed)
        if reply.close == 'fin':
            seen.conn.closing = True
            self._flush(seen.conn)

    def _dribble(self, conn, data, size):
        self._write(conn, data[:size])
        if data[size:]:
            heapq.heappush(self.timers, (time.monotonic() + 0.001, next(self.serial),
                                         lambda: self._dribble(conn, data[size:], size)))

    def _write(self, conn, data):
        if not conn.is_closed:
            conn.outbox += data
            self._flush(conn)

    def _flush(self, conn):
        try:
            while conn.outbox:
                sent = conn.sock.send(conn.outbox)
                del conn.outbox[:sent]
        except BlockingIOError:
            pass
        except OSError:
            self._drop(conn)
            return
        if conn.closing and not conn.outbox:
            self._drop(conn)
            return
        events = selectors.EVENT_READ if not conn.eof else 0
        events |= selectors.EVENT_WRITE if conn.outbox else 0
        if events:
            self.selector.modify(conn.sock, events, ('conn', conn))

    def _drop(self, conn):
        if conn.is_closed:
            return
        conn.is_closed = True
        self.selector.unregister(conn.sock)
        conn.sock.close()
        self.changed.notify_all()

    def _reset(self, conn):
        if not conn.is_closed:
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            self._drop(conn)

    def reset_all(self):
        """RST to every connection."""
        with self.lock:
            for conn in self.connections:
                self._reset(conn)
        self._wake()

    # The thread

    def _wake(self):
        try:
            self.wake_write.send(b'x')
        except OSError:
            pass

    def _run(self):
        while True:
            with self.lock:
                timeout = None
                if self.timers:
                    timeout = max(0, self.timers[0][0] - time.monotonic())
            events = self.selector.select(timeout)
            with self.lock:
                if self.is_stopping:
                    return
                now = time.monotonic()
                while self.timers and self.timers[0][0] <= now:
                    heapq.heappop(self.timers)[2]()
                for key, mask in events:
                    self._event(key, mask)

    def _event(self, key, mask):
        kind, conn = key.data
        if kind == 'wake':
            try:
                self.wake_read.recv(4096)
            except BlockingIOError:
                pass
        elif kind == 'udp':
            self._receive()
        elif kind == 'accept':
            self._accept()
        elif not conn.is_closed:
            if mask & selectors.EVENT_READ:
                self._read(conn)
            if mask & selectors.EVENT_WRITE and not conn.is_closed:
                self._flush(conn)

    def _receive(self):
        for _ in range(64):
            try:
                raw, peer = self.udp.recvfrom(65535)
            except BlockingIOError:
                return
            except OSError:
                continue
            self._take('udp', raw, peer, None)

    def _accept(self):
        try:
            sock, peer = self.tcp.accept()
        except OSError:
            return
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        conn = Connection(sock, peer, len(self.connections))
        self.connections.append(conn)
        self.selector.register(sock, selectors.EVENT_READ, ('conn', conn))
        self.changed.notify_all()

    def _read(self, conn):
        try:
            data = conn.sock.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            self._drop(conn)
            return
        if not data:
            self._drop(conn)
            return
        conn.inbox += data
        while len(conn.inbox) >= 2 and not conn.is_closed:
            size = struct.unpack('>H', conn.inbox[:2])[0]
            if len(conn.inbox) < 2 + size:
                break
            raw = bytes(conn.inbox[2:2 + size])
            del conn.inbox[:2 + size]
            conn.queries += 1
            self._take('tcp', raw, conn.peer, conn)

    def _take(self, transport, raw, peer, conn):
        try:
            seen = Seen(self, transport, raw, peer, conn)
        except (dns.Malformed, IndexError):
            self.odd.append(raw)
            return
        self.log.append(seen)
        self.changed.notify_all()
        try:
            self._reply(seen)
        except Exception as fault:  # a test's program: told when the upstream is closed
            self.faults.append('%s: %r' % (seen, fault))

    def _reply(self, seen):
        spec = self._program(seen)
        if self.is_mute:
            return
        if callable(spec):
            spec = spec(seen)
        if spec is None:
            return
        reply = parse(spec, seen) if isinstance(spec, str) else spec
        if reply.silent:
            return
        data = reply.encode(seen)
        if reply.script:
            reply.script(self, seen, data)
            return
        delay = reply.delay + self.delay
        if seen.transport == 'udp' and not self.haste:
            if not delay and self.datagrams % self.LATE_EVERY == 0:
                delay = self.LATE_MS
            self.datagrams += 1
        if not delay:
            self._perform(seen, reply, data)
            return
        heapq.heappush(self.timers, (time.monotonic() + delay / 1000, next(self.serial),
                                     lambda: self._perform(seen, reply, data)))

    def close(self):
        with self.lock:
            self.is_stopping = True
        self._wake()
        self.thread.join()
        for conn in self.connections:
            if not conn.is_closed:
                conn.sock.close()
        for sock in (self.udp, self.tcp, self.wake_read, self.wake_write):
            if sock:
                sock.close()
        self.selector.close()
        if self.faults:
            raise AssertionError('programs of the upstream failed:\n' + '\n'.join(self.faults))


def scripted(spec, script):
    """A program whose reply, built by a spec, a script sends: script(up, seen, octets)."""
    def program(seen):
        reply = parse(spec, seen)
        reply.script = script
        return reply
    return program


def edited(spec, edit):
    """A program whose reply is changed on its last way: edit(octets) → octets."""
    return scripted(spec, lambda up, seen, data: up.send(seen, edit(bytes(data))))
