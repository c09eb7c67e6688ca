"""Section 17.1, row by row, over UDP and TCP: the class, its exact answer, then an ordinary query;
and the RFC 8906 matrix of section 18 by raw packets."""

import random
import struct

import client
import dnswire as dns
from case import Case

OPT = dns.opt_rr()
NAME = dns.name('ok.example')
QUESTION = dns.question('ok.example', 'TXT')


def message(counts=(1, 0, 0, 0), body=QUESTION, flags=dns.RD, opcode=0, rcode=0):
    return dns.header(random.randrange(65536), flags, counts, opcode, rcode) + body


def record(owner=NAME, type_=1, ttl=0, rdata=bytes(4), cls=1, length=None):
    return owner + struct.pack('>HHIH', type_, cls, ttl,
                               len(rdata) if length is None else length) + rdata


class Malformed(Case):
    """What clients should not send."""

    CONFIG = {'identity': None}

    @classmethod
    def prepare(cls):
        cls.up.on('TXT ok.example', 'ok.example 300 TXT fine')

    def exchange(self, raw, tcp, **how):
        send = client.tcp_exchange if tcp else client.udp_exchange
        return send(self.server.v4, raw, **how)

    def check(self, raw, rcode, question=True, opt=False, ede=None, opcode=0, rd=True, cd=False):
        """Both transports: header, counts, question, OPT and its errors; then life goes on."""
        for tcp in (False, True):
            data = self.exchange(raw, tcp)
            self.assertIsNotNone(data, 'no answer over ' + ('TCP' if tcp else 'UDP'))
            m = dns.Message(data)
            self.assertEqual(m.rcode_text, rcode, m)
            self.assertEqual(m.id, struct.unpack('>H', raw[:2])[0])
            self.assertEqual(m.opcode, opcode)
            self.assertEqual((m.has(dns.QR), m.has(dns.AA), m.has(dns.TC), m.has(dns.Z),
                              m.has(dns.AD)), (True, False, False, False, False), m)
            self.assertEqual((m.has(dns.RD), m.has(dns.CD)), (rd, cd), m)
            self.assertEqual(m.counts, (int(question), 0, 0, int(opt)), m)
            if opt:
                self.assertEqual(m.version, 0)
                self.assertEqual(m.ede_codes, [] if ede is None else [ede], m)
            self.works(tcp)

    def dropped(self, raw, tcp_closes=False):
        """No answer: over UDP one socket gets the answer to the next query only; over TCP the
        connection is closed, or answers the next query only."""
        with client.udp_socket(self.server.v4) as sock:
            sock.settimeout(client.PATIENCE)
            sock.send(raw)
            after = dns.query('TXT ok.example', id_=4242)
            sock.send(after)
            self.assertEqual(dns.Message(sock.recv(65535)).id, 4242)
        with client.Tcp(self.server.v4) as tcp:
            tcp.send(raw)
            if tcp_closes:
                self.assertIsNotNone(tcp.closed_within(client.PATIENCE))
            else:
                tcp.send(after)
                self.assertEqual(tcp.receive().id, 4242)
        self.works(True)

    def works(self, tcp=False):
        self.assertEqual(self.ask('TXT ok.example', tcp=tcp).texts('TXT'), ['"fine"'])

    def test_mal_01_short(self):
        """MAL-01, TCP-b"""
        for size in (1, 2, 11):
            with self.subTest(size):
                self.dropped(message()[:size], tcp_closes=True)
        with client.udp_socket(self.server.v4) as sock:
            sock.send(b'')
        self.works()

    def test_mal_02_responses(self):
        """MAL-02"""
        self.dropped(message(flags=dns.QR | dns.RD))

    def test_mal_04_opcodes(self):
        """MAL-04, R8906-8.1.4"""
        for opcode in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15):
            with self.subTest(opcode):
                self.check(message(opcode=opcode), 'NOTIMP', question=False, opcode=opcode)
                raw = message((1, 0, 0, 1), QUESTION + OPT, opcode=opcode)
                self.check(raw, 'NOTIMP', question=False, opcode=opcode, opt=opcode in (4, 5))

    def test_mal_06_07_no_question(self):
        """MAL-07"""
        self.check(message((0, 0, 0, 0), b''), 'FORMERR', question=False)
        self.check(message((0, 0, 0, 1), OPT), 'FORMERR', question=False, opt=True)

    def test_mal_08_two_questions(self):
        """MAL-08"""
        self.check(message((2, 0, 0, 0), QUESTION * 2), 'FORMERR', question=False)
        self.check(message((2, 0, 0, 1), QUESTION * 2 + OPT), 'FORMERR', question=False, opt=True)
        self.check(message((65535, 0, 0, 0), QUESTION), 'FORMERR', question=False)

    def test_mal_09_bad_questions(self):
        """MAL-09, R1035-2.3.4-a"""
        tail = struct.pack('>HH', 1, 1)
        long_name = b''.join(b'\x3f' + b'x' * 63 for _ in range(3))
        for what, body in (
                ('label type 01', b'\x41' + b'x' * 65 + b'\0' + tail),
                ('label type 10', b'\x80\0' + tail),
                ('pointer to itself', b'\xc0\x0c' + tail),
                ('pointer to the header', b'\xc0\x00' + tail),
                ('pointer behind a label', b'\x01a\xc0\x0c' + tail),
                ('256 octets', long_name + b'\x3e' + b'y' * 62 + b'\0' + tail),
                ('name cut off', b'\x05ab'),
                ('no end', b'\x02ab'),
                ('type cut off', NAME + b'\0'),
                ('class cut off', NAME + b'\0\x01\0'),
                ('nothing', b'')):
            with self.subTest(what):
                self.check(message(body=body), 'FORMERR', question=False)
        longest = '.'.join(['x' * 63] * 3 + ['y' * 61])
        self.assertEqual(len(dns.name(longest)), 255)
        self.expect(self.ask('TXT ' + longest), 'NXDOMAIN')

    def test_mal_10_records_in_a_query(self):
        """MAL-10"""
        self.check(message((1, 1, 0, 0), QUESTION + record()), 'FORMERR')
        self.check(message((1, 0, 1, 0), QUESTION + record()), 'FORMERR')
        self.check(message((1, 0, 1, 1), QUESTION + record() + OPT), 'FORMERR', opt=True)

    def test_mal_11_records_that_are_not_there(self):
        """MAL-11"""
        for what, body in (('missing', b''), ('cut off', record()[:-1]),
                           ('overrun', record(length=400)),
                           ('pointer loop', record(b'\xc0\x1c')),
                           ('forward pointer', record(b'\xc0\x40'))):
            with self.subTest(what):
                self.check(message((1, 0, 0, 1), QUESTION + body), 'FORMERR')

    def test_mal_12_octets_at_the_end(self):
        """MAL-12"""
        for tcp in (False, True):
            m = dns.Message(self.exchange(message() + b'trailing', tcp))
            self.assertEqual(m.texts('TXT'), ['"fine"'])

    def test_mal_13_odd_opt(self):
        """MAL-13, R6891-6.1.1-c, R6891-6.1.2-a"""
        self.check(message((1, 0, 0, 2), QUESTION + OPT * 2), 'FORMERR', opt=True)
        self.check(message((1, 0, 0, 1), QUESTION + dns.opt_rr(owner=NAME)), 'FORMERR', opt=True)
        self.check(message((1, 1, 0, 0), QUESTION + OPT), 'FORMERR', opt=True)
        self.check(message((1, 0, 1, 0), QUESTION + OPT), 'FORMERR', opt=True)
        for tcp in (False, True):  # anywhere in additional is fine
            raw = message((1, 0, 0, 3), QUESTION + record() + OPT + record())
            m = dns.Message(self.exchange(raw, tcp))
            self.assertEqual(m.texts('TXT'), ['"fine"'])
            self.assertIsNotNone(m.opt)

    def test_mal_14_odd_options(self):
        """MAL-14, R6891-7-a"""
        for what, rdata in (('header cut', b'\0\x0a\0'), ('data cut', b'\0\x64\0\x05abcd'),
                            ('second cut', dns.option(100, b'ab') + b'\0')):
            with self.subTest(what):
                self.check(message((1, 0, 0, 1), QUESTION + dns.opt_rr(rdata=rdata)), 'FORMERR',
                           opt=True)

    def test_mal_15_versions(self):
        """MAL-15, R6891-6.1.3-a"""
        for version in (1, 2, 255):
            with self.subTest(version):
                raw = message((1, 0, 0, 1), QUESTION + dns.opt_rr(version=version))
                self.check(raw, 'BADVERS', opt=True)
        raw = message((1, 0, 0, 1), QUESTION + dns.opt_rr(version=1, rdata=b'\0\x0a\0'))
        self.check(raw, 'BADVERS', opt=True)

    def test_mal_16_18_19_what_is_ignored(self):
        """MAL-16, MAL-18, MAL-19, R1035-4.1.1-b, R6891-6.1.2-a"""
        for what, opt, flags in (
                ('unknown option', dns.opt_rr(options=[(100, b'x'), (65001, b'')]), 0),
                ('EDNS flags', dns.opt_rr(flags=0x7fff), 0),
                ('payload size', dns.opt_rr(size=0), 0),
                ('bad ECS', dns.opt_rr(options=[(8, b'\xff')]), 0),
                ('odd padding', dns.opt_rr(options=[(12, b'\x01\x02')]), 0),
                ('short EDE', dns.opt_rr(options=[(15, b'\0')]), 0),
                ('odd NSID', dns.opt_rr(options=[(3, b'abc')]), 0),
                ('TC', OPT, dns.TC), ('AA', OPT, dns.AA), ('RA', OPT, dns.RA), ('Z', OPT, dns.Z),
                ('AD', OPT, dns.AD), ('CD', OPT, dns.CD), ('rcode', OPT, 5)):
            for tcp in (False, True):
                with self.subTest(what, tcp=tcp):
                    raw = message((1, 0, 0, 1), QUESTION + opt, dns.RD | flags)
                    m = dns.Message(self.exchange(raw, tcp))
                    self.assertEqual(m.texts('TXT'), ['"fine"'])
                    self.assertEqual(m.flags & ~dns.CD, dns.QR | dns.RD | dns.RA)
                    self.assertEqual(m.has(dns.CD), flags == dns.CD)
                    self.assertEqual([c for c, _ in m.options if c != dns.KEEPALIVE], [])
                    self.assertEqual(m.ednsflags, 0)

    def test_mal_17_illegal_options(self):
        """MAL-17, R7873-5.2.2-a, R7828-3.2.1-a"""
        for size in (0, 1, 7, 9, 15, 41, 60):
            with self.subTest(cookie=size):
                opt = dns.opt_rr(options=[(dns.COOKIE, bytes(size))])
                for tcp in (False, True):
                    m = dns.Message(self.exchange(message((1, 0, 0, 1), QUESTION + opt), tcp))
                    self.assertEqual((m.rcode_text, m.counts), ('FORMERR', (1, 0, 0, 1)))
        for size in (1, 3, 4):
            with self.subTest(keepalive=size):
                opt = dns.opt_rr(options=[(dns.KEEPALIVE, bytes(size))])
                m = dns.Message(self.exchange(message((1, 0, 0, 1), QUESTION + opt), True))
                self.assertEqual((m.rcode_text, m.counts), ('FORMERR', (1, 0, 0, 1)))
                m = dns.Message(self.exchange(message((1, 0, 0, 1), QUESTION + opt), False))
                self.assertEqual(m.texts('TXT'), ['"fine"'])
        self.works()

    def test_mal_20_no_recursion_desired(self):
        """MAL-20, ACL-c, EDE-06"""
        self.works()  # in the cache, and still refused
        self.check(message(flags=0), 'REFUSED', rd=False)
        self.check(message((1, 0, 0, 1), QUESTION + OPT, 0), 'REFUSED', rd=False, opt=True, ede=20)
        for tcp in (False, True):
            self.assertEqual(self.ask('A localhost', tcp, rd=False).texts('A'), ['127.0.0.1'])

    def test_mal_21_to_24_types(self):
        """MAL-21, MAL-22, MAL-23, MAL-24, EDE-07"""
        for kind, rcode, ede in (('OPT', 'FORMERR', None), ('AXFR', 'REFUSED', 21),
                                 ('IXFR', 'REFUSED', 21), ('MAILB', 'NOTIMP', None),
                                 ('MAILA', 'NOTIMP', None), ('TKEY', 'REFUSED', 21),
                                 ('TSIG', 'REFUSED', 21)):
            with self.subTest(kind):
                question = dns.question('ok.example', kind)
                self.check(message(body=question), rcode)
                for tcp in (False, True):
                    m = dns.Message(self.exchange(message((1, 0, 0, 1), question + OPT), tcp))
                    self.assertEqual((m.rcode_text, m.counts), (rcode, (1, 0, 0, 1)))
                    if ede:
                        self.assertEqual(m.ede_codes, [ede])
        with self.subTest('IXFR with its SOA'):
            question = dns.question('ok.example', 'IXFR')
            soa = record(type_=6, rdata=dns.rdata_encode(6, '. . 1 2 3 4 5'.split()))
            self.check(message((1, 0, 1, 0), question + soa), 'REFUSED')
        for kind in (250, 24):
            with self.subTest('signed', kind=kind):
                signed = record(b'\0', kind, rdata=bytes(40), cls=255)
                self.check(message((1, 0, 0, 1), QUESTION + signed), 'REFUSED')
                self.check(message((1, 0, 0, 2), QUESTION + OPT + signed), 'REFUSED', opt=True,
                           ede=21)
        self.assertEqual([s for s in self.up.seen() if s.message.questions[0][1] in
                          (41, 249, 250, 251, 252, 253, 254)], [])

    def test_mal_25_chaos(self):
        """MAL-25"""
        for name in ('version.bind', 'id.server', 'hostname.bind', 'version.server', 'x.example'):
            with self.subTest(name):
                self.check(message(body=dns.question(name, 'TXT', 3)), 'REFUSED')

    def test_mal_28_the_same_query_again(self):
        """MAL-28"""
        self.on('TXT dup.example', 'dup.example 300 TXT x +delay=100')
        with client.udp_socket(self.server.v4) as sock:
            sock.settimeout(client.PATIENCE)
            raw = dns.query('TXT dup.example', id_=77)
            for _ in range(3):
                sock.send(raw)
            self.assertEqual(dns.Message(sock.recv(65535)).id, 77)
        self.assertLessEqual(self.up.count('TXT dup.example', 'udp'), 3)  # LIM-05, for one of them
        with client.Tcp(self.server.v4) as tcp:
            self.on('TXT dup2.example', 'dup2.example 300 TXT x +delay=50')
            tcp.send(*[dns.query('TXT dup2.example', id_=78)] * 3)
            self.assertEqual(tcp.receive().id, 78)
        self.assertEqual(self.up.count('TXT dup2.example'), 1)


class Survival(Case):
    """RFC 8906 section 8, on UDP and TCP, IPv4 and IPv6."""

    SOA = 'signed.example 300 SOA ns.signed.example host.signed.example 1 2 3 4 60'

    @classmethod
    def prepare(cls):
        sig = 'signed.example 300 RRSIG %s signed.example'
        cls.up.on('SOA signed.example', cls.SOA + ' ; ' + sig % 'SOA')
        cls.up.on('TYPE1000 signed.example', 'NODATA soa 300/60')
        keys = ' ; '.join('signed.example 300 DNSKEY \\# 260 0100030d%s%02x' % ('ab' * 255, i)
                          for i in range(3))
        cls.up.on('DNSKEY signed.example', keys + ' ; ' + sig % 'DNSKEY')

    def each(self, what='SOA signed.example', **how):
        """The answers over every transport; what all of RFC 8906 wants is checked here."""
        for tcp in (False, True):
            for v6 in (False, True):
                with self.subTest(tcp=tcp, v6=v6):
                    m = self.ask(what, tcp, v6, **how)
                    self.assertTrue(m.has(dns.QR) and m.has(dns.RA))
                    self.assertTrue(m.has(dns.RD))
                    self.assertFalse(m.has(dns.AA) or m.has(dns.AD) or m.has(dns.Z))
                    yield m

    def assert_soa(self, m, opt, cd=False, do=False, options=()):
        self.assertEqual((m.rcode_text, m.texts('SOA')), (
            'NOERROR', ['ns.signed.example host.signed.example 1 2 3 4 60']))
        self.assertEqual(m.has(dns.CD), cd)
        self.assertEqual(m.opt is not None, opt)
        if opt:
            self.assertEqual((m.version, m.do, m.ednsflags), (0, do, 0))
            self.assertEqual([c for c, _ in m.options if c != dns.KEEPALIVE], list(options))
        self.assertEqual(m.texts('RRSIG'), ['SOA signed.example'] if do else [])

    def assert_badvers(self, m, do=False):
        self.assertEqual((m.rcode_text, m.counts), ('BADVERS', (1, 0, 0, 1)))
        self.assertEqual((m.version, m.do, m.ednsflags), (0, do, 0))
        self.assertEqual([c for c, _ in m.options if c != dns.KEEPALIVE], [])

    def test_8_1_1(self):
        """R8906-8.1.1, R8906-8.1.5, R8906-8.1.3.4"""
        for m in self.each():
            self.assert_soa(m, opt=False)

    def test_8_1_2(self):
        """R8906-8.1.2"""
        for m in self.each('TYPE1000 signed.example'):
            self.expect(m, 'NOERROR', answer=[])
            self.assertIsNone(m.opt)

    def test_8_1_3_1(self):
        """R8906-8.1.3.1"""
        for m in self.each(cd=True):
            self.assert_soa(m, opt=False, cd=True)

    def test_8_1_3_2(self):
        """R8906-8.1.3.2"""
        for m in self.each(ad=True):
            self.assert_soa(m, opt=False)

    def test_8_1_3_3(self):
        """R8906-8.1.3.3"""
        for m in self.each(flags=dns.Z):
            self.assert_soa(m, opt=False)

    def test_8_1_4(self):
        """R8906-8.1.4"""
        raw = dns.header(4711, 0, (0, 0, 0, 0), 15)
        for exchange in (client.udp_exchange, client.tcp_exchange):
            for address in (self.server.v4, self.server.v6):
                m = dns.Message(exchange(address, raw))
                self.assertEqual((m.rcode_text, m.opcode, m.counts), ('NOTIMP', 15, (0, 0, 0, 0)))
                self.assertFalse(m.has(dns.AA) or m.has(dns.RD) or m.has(dns.AD))

    def test_8_2_1(self):
        """R8906-8.2.1"""
        for m in self.each(edns=True):
            self.assert_soa(m, opt=True)

    def test_8_2_2(self):
        """R8906-8.2.2"""
        for m in self.each(version=1):
            self.assert_badvers(m)

    def test_8_2_3(self):
        """R8906-8.2.3"""
        for m in self.each(options=[(100, b'')]):
            self.assert_soa(m, opt=True)

    def test_8_2_4(self):
        """R8906-8.2.4"""
        for m in self.each(ednsflags=0x40):
            self.assert_soa(m, opt=True)

    def test_8_2_5(self):
        """R8906-8.2.5"""
        for m in self.each(version=1, ednsflags=0x40):
            self.assert_badvers(m)

    def test_8_2_6(self):
        """R8906-8.2.6"""
        for m in self.each(version=1, options=[(100, b'')]):
            self.assert_badvers(m)

    def test_8_2_7(self):
        """R8906-8.2.7"""
        for v6 in (False, True):
            m = self.ask('DNSKEY signed.example', v6=v6, do=True, size=512)
            self.assertEqual(m.rcode_text, 'NOERROR')
            self.assertTrue(m.has(dns.TC))
            self.assertEqual((m.version, m.counts), (0, (1, 0, 0, 1)))
            m = self.ask('DNSKEY signed.example', tcp=True, v6=v6, do=True, size=512)
            self.assertEqual((len(m.rrs('DNSKEY')), m.has(dns.TC)), (3, False))

    def test_8_2_8(self):
        """R8906-8.2.8"""
        for m in self.each(do=True):
            self.assert_soa(m, opt=True, do=True)

    def test_8_2_9(self):
        """R8906-8.2.9"""
        for m in self.each(version=1, do=True):
            self.assert_badvers(m, do=True)

    def test_8_2_10(self):
        """R8906-8.2.10"""
        options = [(dns.COOKIE, b'8 octets'), (dns.NSID, b''), (dns.EXPIRE, b''),
                   (dns.ECS, bytes.fromhex('00010000'))]
        for m in self.each(options=options):
            self.assert_soa(m, opt=True, options=[dns.COOKIE])
