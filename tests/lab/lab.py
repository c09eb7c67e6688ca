"""The lab: an IPv6-only client, its router, two NAT64 gateways, and an Internet behind them.

    client --- core -+- gw1 -+- ipv4
                     +- gw2 -+   |
                     +- dual ----+

`core` is a router of IPv6 alone, with the DNS servers that sixward may ask. `ipv4` is a router and
servers of IPv4 alone. README.md tells more.
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(1, os.path.join(HERE, '..', 'integration'))

import places  # noqa: E402
from gateway import Gateway  # noqa: E402
from relay import Link, Refuser  # noqa: E402
from sixward import Sixward  # noqa: E402
from upstream import Upstream  # noqa: E402
from web import Web  # noqa: E402

PREFIX1, PREFIX2, NOWHERE = '2001:db8:64::/96', '2001:db8:65::/96', '2001:db8:66::/96'
DNS, DNS_IPV4 = '2001:db8:53::53', '198.18.0.53'
DNS64 = '2001:db8:53::64'  # another translating server, where a test starts one
WEB_IPV4, WEB_DUAL, WEB_DUAL_IPV4 = '198.18.0.80', '2001:db8:d::80', '198.18.3.80'
MAPPED1, MAPPED2 = '2001:db8:64::c612:50', '2001:db8:65::c612:50'  # WEB_IPV4 in the prefixes
CHECKS = {'targets': [WEB_IPV4 + ':80'], 'every': '1s', 'timeout': '500ms'}
BLACK_HOLE = '2001:db8:b::80'  # nearer than any other, by RFC 6724: tried first
OVERLAY, WEB_OVERLAY = '100.101.102.103', '100.101.102.104'

NAMES = (
    # name, A, AAAA
    ('ipv4.example', WEB_IPV4, None),
    ('dual.example', WEB_DUAL_IPV4, WEB_DUAL),
    ('ipv6.example', None, WEB_DUAL),
    ('broken.example', WEB_IPV4, BLACK_HOLE),
    ('peer.overlay.example', WEB_OVERLAY, None),
)


class Lab:
    """All of it, up when made. It ends with the run (places.py)."""

    def __init__(self):
        self.extras = []
        for place in ('client', 'dual'):
            places.make(place)
        for place in ('core', 'ipv4', 'gw1', 'gw2'):
            places.make(place, forwards=True)
        self._lay_cables()
        self.gateways = [Gateway('gw1', PREFIX1, '198.18.64.0/24'),
                         Gateway('gw2', PREFIX2, '198.18.65.0/24')]
        self.servers = [Web('ipv4', WEB_IPV4), Web('dual', WEB_DUAL), Web('dual', WEB_DUAL_IPV4),
                        Web('dual', WEB_OVERLAY)]
        self.up, self.up_ipv4 = self._resolver('core', DNS), self._resolver('ipv4', DNS_IPV4)

    def _lay_cables(self):
        for one, other in (('client', 'core'), ('core', 'dual'), ('core', 'gw1'), ('core', 'gw2'),
                           ('gw1', 'ipv4'), ('gw2', 'ipv4'), ('dual', 'ipv4')):
            places.join(one, other)
        places.ip('core', *('addr add %s/128 dev lo' % a for a in (DNS, DNS64)))
        places.ip('ipv4', *('addr add %s/32 dev lo' % a for a in (WEB_IPV4, DNS_IPV4)))
        places.ip('dual', 'addr add %s/32 dev lo' % WEB_OVERLAY)
        for place, net6, host, net4 in (('client', 'c', '2', None), ('dual', 'd', '80', 3),
                                        ('gw1', '1', '2', 1), ('gw2', '2', '2', 2)):
            own, router = '2001:db8:%s::%s' % (net6, host), '2001:db8:%s::1' % net6
            places.ip('core', 'addr add %s/64 dev %s' % (router, place))
            places.ip(place, 'addr add %s/64 dev core' % own, 'route add default via ' + router)
            if net4:
                places.ip('ipv4', 'addr add 198.18.%d.1/24 dev %s' % (net4, place))
                places.ip(place, 'addr add 198.18.%d.80/24 dev ipv4' % net4,
                          'route add default via 198.18.%d.1' % net4)
        places.ip('ipv4', *('route add 198.18.6%d.0/24 via 198.18.%d.80' % (3 + n, n)
                            for n in (1, 2)))
        places.ip('core', 'route add %s via 2001:db8:1::2' % PREFIX1,
                  'route add %s via 2001:db8:2::2' % PREFIX2,
                  'route add blackhole 2001:db8:b::/48', 'route add unreachable ' + NOWHERE)

    @staticmethod
    def _resolver(place, address):
        with places.inside(place):
            up = Upstream(address, 53, haste=True)
        for name, a, aaaa in NAMES:
            for type_, value in (('A', a), ('AAAA', aaaa)):
                up.on('%s %s' % (type_, name), '300 ' + value if value else 'NODATA soa 300/60')
        up.on('SOA .', '. 86400 SOA a. host.a. 1 1800 900 604800 86400 ; . 86400 RRSIG SOA .')
        up.on('PTR 80.0.18.198.in-addr.arpa', '80.0.18.198.in-addr.arpa 300 PTR ipv4.example')
        up.on('A ipv4only.arpa', '300 192.0.0.170, 192.0.0.171')
        up.on('AAAA ipv4only.arpa', 'NODATA soa 300/60 zone ipv4only.arpa')
        return up

    # What a test may change; restore() takes all of it back.

    def slow(self, number, delay_ms):
        """The gateway (0 or 1) is so far away from now on: on the way there, for short."""
        gateway = self.gateways[number]
        name = 'far%d' % (number + 1)
        self.extras.append(Link('core', gateway.place, name, delay_ms))
        places.ip('core', 'route add %s dev %s metric 1' % (gateway.prefix, name))

    def refuse_unreachable(self, prefix):
        """What is sent to this prefix is answered by ICMPv6 port unreachable."""
        self.extras.append(Refuser('core', 'refuser').start())
        places.ip('core', 'route add %s dev refuser metric 1' % prefix)

    def trap(self):
        """A VPN in the client: an interface with an IPv4 address, and no IPv4 route. Beyond it is
        WEB_OVERLAY, once route_overlay() is called."""
        self.extras.append(Link('client', 'dual', 'vpn0'))
        places.ip('client', 'addr add %s/32 dev vpn0' % OVERLAY)
        places.ip('dual', 'route add %s dev vpn0' % OVERLAY)

    def route_overlay(self):
        places.ip('client', 'route add %s dev vpn0' % WEB_OVERLAY)

    def restore(self):
        while self.extras:
            self.extras.pop().close()
        for gateway in self.gateways:
            gateway.start()

    def serve(self, addresses=('::1',), **config):
        """sixward on the client's [::1]:53, asking the upstream in `core` unless told otherwise."""
        config.setdefault('upstreams', [DNS])
        with places.inside('client'):
            return Sixward(addresses=addresses, port=53, **config)


SHARED = []


def shared():
    """The lab of this process, made by the first test that wants it."""
    if not SHARED:
        SHARED.append(Lab())
    return SHARED[0]
