"""Section 18: the queries of RFC 8906 with dig's own options, over UDP and TCP, IPv4 and IPv6."""

import unittest

import world
from dig import dig
from sixward import Sixward


def plain_soa(answer):
    return answer.status == 'NOERROR' and answer.types() == {'SOA'} and not answer.opt and \
        {'rd', 'ra'} < answer.flags and not answer.flags & {'aa', 'ad', 'tc'}


def edns_soa(answer, do=False):
    return answer.status == 'NOERROR' and 'SOA' in answer.types() and answer.opt and \
        answer.version == 0 and answer.do == do and not answer.must_be_zero and \
        not answer.flags & {'aa', 'ad'}


def unasked(answer):
    """Options beside keepalive, which belongs to TCP (R7828-3.3.2-a)."""
    return [o for o in answer.options if '(TCP)' not in answer.text or 'KEEPALIVE' not in o]


def badvers(answer, do=False):
    return answer.status == 'BADVERS' and not answer.answer and answer.version == 0 and \
        answer.do == do and not answer.must_be_zero and not answer.options


def fits_or_tc(answer):
    """8.2.7: the DNSKEY set is whole, or TC says that it is not."""
    whole = len(answer.rdata('DNSKEY')) == 2 and bool(answer.rdata('RRSIG'))
    return answer.status == 'NOERROR' and answer.version == 0 and \
        whole != ('tc' in answer.flags)


# id, dig's options (+rec unless they say else), what to expect.
ROWS = (
    ('R8906-8.1.1', '+noedns +noad soa', plain_soa),
    ('R8906-8.1.2', '+noedns +noad type1000',
     lambda a: a.status == 'NOERROR' and not a.answer and not a.opt),
    ('R8906-8.1.3.1', '+noedns +noad +cd soa', lambda a: plain_soa(a) and 'cd' in a.flags),
    ('R8906-8.1.3.2', '+noedns +ad soa', plain_soa),
    ('R8906-8.1.3.3', '+noedns +noad +zflag soa', lambda a: plain_soa(a) and not a.must_be_zero),
    ('R8906-8.1.3.4', '+noedns +noad soa', plain_soa),
    ('R8906-8.1.4', '+noedns +noad +opcode=15 +norec +header-only',
     lambda a: a.status == 'NOTIMP' and a.opcode == 'RESERVED15' and a.counts == (0, 0, 0, 0) and
     not a.flags & {'aa', 'rd', 'ad'}),
    ('R8906-8.1.5', '+noedns +noad +tcp soa', plain_soa),
    ('R8906-8.2.1', '+nocookie +edns=0 +noad soa', lambda a: edns_soa(a) and not unasked(a)),
    ('R8906-8.2.2', '+nocookie +edns=1 +noednsneg +noad soa', badvers),
    ('R8906-8.2.3', '+nocookie +edns=0 +noad +ednsopt=100 soa',
     lambda a: edns_soa(a) and not unasked(a)),
    ('R8906-8.2.4', '+nocookie +edns=0 +noad +ednsflags=0x40 soa', edns_soa),
    ('R8906-8.2.5', '+nocookie +edns=1 +noednsneg +noad +ednsflags=0x40 soa', badvers),
    ('R8906-8.2.6', '+nocookie +edns=1 +noednsneg +noad +ednsopt=100 soa', badvers),
    ('R8906-8.2.7', '+dnssec +bufsize=512 +ignore dnskey', fits_or_tc),
    ('R8906-8.2.8', '+nocookie +edns=0 +noad +dnssec soa',
     lambda a: edns_soa(a, do=True) and 'RRSIG' in a.types()),
    ('R8906-8.2.9', '+nocookie +edns=1 +noednsneg +noad +dnssec soa',
     lambda a: badvers(a, do=True)),
    ('R8906-8.2.10', '+edns=0 +noad +cookie +nsid +expire +subnet=0.0.0.0/0 soa',
     lambda a: edns_soa(a) and a.has_option('COOKIE') and
     not any(a.has_option(o) for o in ('NSID', 'EXPIRE', 'CLIENT-SUBNET'))),
)


class Survival(unittest.TestCase):
    """The rows against the signed zone behind a resolver that does not validate."""

    @classmethod
    def setUpClass(cls):
        cls.world = world.shared()
        cls.server = Sixward([cls.world.plain_endpoint])

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def walk(self, address, *transport):
        for row, options, holds in ROWS:
            words = options.split()
            if '+header-only' not in words:
                words = ['+rec'] + words[:-1] + ['signed.example', words[-1]]
            answer = dig(address, *transport, *words)
            with self.subTest(row, options=options):
                self.assertTrue(holds(answer), '%s over %s\n%s' % (row, transport, answer))

    def test_udp_over_ipv4(self):
        """R8906-8.1.1 to R8906-8.2.10"""
        self.walk(self.server.v4, '+notcp')

    def test_udp_over_ipv6(self):
        self.walk(self.server.v6, '+notcp')

    def test_tcp_over_ipv4(self):
        self.walk(self.server.v4, '+tcp')

    def test_tcp_over_ipv6(self):
        self.walk(self.server.v6, '+tcp')
