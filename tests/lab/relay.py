"""Programs on TUN interfaces, for what a kernel may have no module for: delay, an interface like a
VPN's, a host that answers whatever comes with an ICMPv6 error."""

import os
import queue
import struct
import threading
import time

import places


class Tun:
    """An interface; what is sent into it comes to take(), and is swallowed there."""

    def __init__(self, place, interface):
        self.place, self.interface = place, interface
        self.file = places.tun(place, interface)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self.thread.start()
        return self

    def _run(self):
        while True:
            packet = places.read_packet(self.file)
            if packet is None:
                return
            self.take(packet)

    def take(self, packet):
        pass

    def put(self, packet):
        """A packet that comes out of the interface."""
        try:
            os.write(self.file, packet)
        except OSError:
            pass  # the place does not want it, or it is being closed

    def close(self):
        places.ip(self.place, 'link delete ' + self.interface)
        self.thread.join(5)
        os.close(self.file)


class End(Tun):
    """One end of a link."""

    def __init__(self, place, interface, delay_ms):
        self.delay = delay_ms / 1000
        self.other = None
        self.waiting = queue.SimpleQueue()
        super().__init__(place, interface)
        self.sender = threading.Thread(target=self._send, daemon=True)

    def start(self):
        self.sender.start()
        return super().start()

    def take(self, packet):
        self.waiting.put((time.monotonic() + self.delay, packet))

    def _send(self):
        while True:
            due, packet = self.waiting.get()
            if packet is None:
                return
            time.sleep(max(0, due - time.monotonic()))
            self.other.put(packet)

    def close(self):
        super().close()
        self.waiting.put((0, None))
        self.sender.join(5)


class Link:
    """A cable between two places, with an interface of the same name at both ends; each packet is
    so long on its way."""

    def __init__(self, place, other, interface, delay_ms=0):
        self.ends = [End(place, interface, delay_ms), End(other, interface, delay_ms)]
        for end, other in zip(self.ends, reversed(self.ends)):
            end.other = other
            end.start()

    def close(self):
        for end in self.ends:
            end.close()


def checksum(source, target, kind, payload):
    """The Internet checksum of an IPv6 payload, with its pseudo header."""
    data = source + target + struct.pack('>I3xB', len(payload), kind) + payload
    data += b'\0' * (len(data) % 2)
    total = sum(struct.unpack('>%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


ICMPV6, UNREACHABLE, PORT_UNREACHABLE, HOP_LIMIT = 58, 1, 4, 64


class Refuser(Tun):
    """Answers each packet with an ICMPv6 "port unreachable", which some firewalls send where a host
    would send a RST."""

    def take(self, packet):
        if packet[0] >> 4 != 6 or packet[6] == ICMPV6:
            return
        source, target = packet[8:24], packet[24:40]
        body = struct.pack('>BBHI', UNREACHABLE, PORT_UNREACHABLE, 0, 0) + packet[:1232]
        body = body[:2] + struct.pack('>H', checksum(target, source, ICMPV6, body)) + body[4:]
        self.put(struct.pack('>IHBB', 0x60000000, len(body), ICMPV6, HOP_LIMIT) + target +
                 source + body)
