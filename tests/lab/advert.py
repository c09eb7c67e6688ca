"""A router that advertises NAT64 prefixes (RFC 8781) on one of its cables."""

import ipaddress
import socket
import struct
import threading

import places

ADVERT, SOLICIT, PREF64 = 134, 133, 38
LENGTHS = (96, 64, 56, 48, 40, 32)  # by prefix length code
ALL_NODES = 'ff02::1'


class Router:
    """Answers solicitations with the prefix, and sends it whenever it is told another."""

    def __init__(self, place, interface, prefix, lifetime=600):
        with places.inside(place):
            self.sock = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
            self.index = socket.if_nametoindex(interface)
        for option in (socket.IPV6_MULTICAST_HOPS, socket.IPV6_UNICAST_HOPS):
            self.sock.setsockopt(socket.IPPROTO_IPV6, option, 255)
        self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, self.index)
        self.sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                             socket.inet_pton(socket.AF_INET6, 'ff02::2') +
                             struct.pack('@I', self.index))
        self.is_closed = False
        self.solicited = 0
        self.tell(prefix, lifetime)
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def tell(self, prefix, lifetime):
        """Another prefix or lifetime (0 = use it no more), at once."""
        network = ipaddress.IPv6Network(prefix)
        scaled = lifetime // 8 << 3 | LENGTHS.index(network.prefixlen)
        # Not a default router: the client has its route.
        self.message = struct.pack('>BBHBBHII', ADVERT, 0, 0, 64, 0, 0, 0, 0) + \
            struct.pack('>BBH', PREF64, 2, scaled) + network.network_address.packed[:12]
        self._send()

    def _send(self):
        self.sock.sendto(self.message, (ALL_NODES, 0, 0, self.index))

    def _run(self):
        while True:
            message = self.sock.recv(2048)
            if self.is_closed:
                return
            if message[0] == SOLICIT:
                self.solicited += 1
                self._send()

    def close(self):
        self.is_closed = True
        self._send()  # one's own multicast is heard as well, which wakes the thread
        self.thread.join(5)
        self.sock.close()
