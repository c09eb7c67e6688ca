"""What the server is asked, as it is on the wire: DNS queries that pass a loopback interface."""

import socket
import struct
import threading
import time

import dnswire as dns
import places

ALL_PROTOCOLS, IPV6 = 3, 0x86dd
TCP, UDP, PORT = 6, 17, 53


class Heard:
    """A query."""

    def __init__(self, transport, raw):
        self.transport, self.message = transport, dns.Message(raw)
        name, type_, _ = self.message.questions[0]
        self.what = '%s %s' % (dns.type_name(type_), name.lower())
        self.edns, self.do = self.message.opt is not None, self.message.do
        self.cd = self.message.has(dns.CD)

    def __repr__(self):
        return '%s %s%s%s%s' % (self.transport, self.what, ' EDNS' * self.edns, ' DO' * self.do,
                                ' CD' * self.cd)


def messages(packet):
    """(transport, DNS message) of each in an IPv6 packet to the server's port."""
    if len(packet) < 48 or struct.unpack('>H', packet[42:44])[0] != PORT:
        return
    if packet[6] == UDP:
        yield 'udp', packet[48:]
    elif packet[6] == TCP and len(packet) >= 60:
        # Clients write whole messages, each with its length in front.
        stream = packet[40 + (packet[52] >> 4) * 4:]
        while len(stream) > 2:
            end = 2 + struct.unpack('>H', stream[:2])[0]
            yield 'tcp', stream[2:end]
            stream = stream[end:]


class Ear:
    """Listens while it is open."""

    def __init__(self, place):
        with places.inside(place):
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                      socket.htons(ALL_PROTOCOLS))
        self.sock.bind(('lo', ALL_PROTOCOLS))
        self.queries, self.grew, self.is_closed = [], threading.Condition(), False
        self.sock.settimeout(0.2)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        while not self.is_closed:
            try:
                packet, (_, protocol, kind, *_) = self.sock.recvfrom(65535)
            except socket.timeout:
                continue
            # Loopback's packets come by twice, on their way out and in.
            if kind == socket.PACKET_OUTGOING or protocol != IPV6:
                continue
            for transport, raw in messages(packet):
                self._take(transport, raw)

    def _take(self, transport, raw):
        try:
            heard = Heard(transport, raw)
        except (dns.Malformed, IndexError):
            return
        with self.grew:
            self.queries.append(heard)
            self.grew.notify_all()

    def heard(self, what, count=1, within=10):
        """The queries for that, once there are so many."""
        end = time.monotonic() + within
        with self.grew:
            while True:
                found = [q for q in self.queries if q.what == what]
                left = end - time.monotonic()
                if len(found) >= count:
                    return found
                if left <= 0:
                    raise AssertionError('%s was not asked %d times, but: %s' %
                                         (what, count, self.queries))
                self.grew.wait(left)

    def close(self):
        self.is_closed = True
        self.thread.join(5)
        self.sock.close()
