"""Sections 12 and 13: EDNS(0), its options, cookies, extended errors; and section 16."""

import struct
import time

import client
import dnswire as dns
import sixward
import upstream
from case import Case, SideBySide

MINE = bytes.fromhex('2464c4abcf10c957')
SECRET = 'e5e973e5a6b2a43f48e7dc849e37bfcf'
MASK = (1 << 64) - 1


def siphash(key, data):
    """SipHash-2-4, to forge cookies of any age (R9018-4-a)."""
    k0, k1 = struct.unpack('<QQ', key)
    v = [k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
         k1 ^ 0x7465646279746573]

    def rotate(x, b):
        return (x << b | x >> 64 - b) & MASK

    def rounds(n):
        for _ in range(n):
            v[0] = v[0] + v[1] & MASK
            v[2] = v[2] + v[3] & MASK
            v[1] = rotate(v[1], 13) ^ v[0]
            v[3] = rotate(v[3], 16) ^ v[2]
            v[0] = rotate(v[0], 32)
            v[2] = v[2] + v[1] & MASK
            v[0] = v[0] + v[3] & MASK
            v[1] = rotate(v[1], 17) ^ v[2]
            v[3] = rotate(v[3], 21) ^ v[0]
            v[2] = rotate(v[2], 32)

    padded = data + bytes(7 - len(data) % 8) + bytes([len(data) & 255])
    for (word,) in struct.iter_unpack('<Q', padded):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xff
    rounds(4)
    return struct.pack('<Q', v[0] ^ v[1] ^ v[2] ^ v[3])


def cookie(when, address=b'\x7f\0\0\x01', secret=SECRET, reserved=b'\0\0\0', mine=MINE):
    """A whole COOKIE option of the server's making."""
    head = mine + b'\x01' + reserved + struct.pack('>I', when)
    return head + siphash(bytes.fromhex(secret), head + address)


class Edns(Case):
    """The envelope and the options but cookies."""

    CONFIG = {'identity': 'unit six'}

    @classmethod
    def prepare(cls):
        cls.up.on('A e.example', '192.0.2.1')

    def test_opt_answers_opt(self):
        """R6891-6.1.1-a, R6891-6.2.3-b"""
        self.assertIsNone(self.ask('A e.example').opt)
        m = self.ask('A e.example', edns=True)
        self.assertEqual((m.size, m.version, m.do), (1232, 0, False))
        self.assertTrue(self.ask('A e.example', do=True).do)

    def test_opt_goes_hop_by_hop(self):
        """R6891-6.1.1-b, EXPIRE, ECS: never forwarded, never echoed"""
        self.on('A hop.example', '192.0.2.1 +opt=65001:abcd +opt=3:61 +opt=10:0011223344556677 '
                '+opt=11:0001')
        m = self.ask('A hop.example', options=[
            (65001, b'x'), (dns.ECS, bytes.fromhex('0001180001020304')[:7]), (dns.EXPIRE, b''),
            (13, b'\0'), (14, b'\0\1'), (18, b'\0')])
        self.assertEqual(m.options, [])
        self.assertEqual([c for c, _ in self.up.seen('A hop.example')[0].message.options], [])

    def test_payload_sizes(self):
        """R6891-6.2.3-a, UDP-a, R9715-R1-a, R2181-9-a"""
        for i, octets in enumerate((470, 530, 1300, 2000)):
            name = 'big%d.example' % i
            rest = octets - 12 - len(dns.name(name)) - 4 - 12  # without and with the OPT
            rdata = bytes([min(255, rest - 1)]) + bytes(min(255, rest - 1))
            while len(rdata) < rest:
                size = min(255, rest - len(rdata) - 1)
                rdata += bytes([size]) + bytes(size)
            self.on('TXT ' + name, '%s 300 TXT \\# %d %s +oversize' %
                    (name, len(rdata), rdata.hex()))
            for size, room in ((None, 512), (100, 512), (512, 512), (1232, 1232), (4096, 1232)):
                with self.subTest(octets=octets, size=size):
                    opt = 0 if size is None else 11
                    m = self.ask('TXT ' + name) if size is None else \
                        self.ask('TXT ' + name, edns=True, size=size)
                    self.assertLessEqual(len(m.raw), room)
                    self.assertEqual(m.has(dns.TC), octets + opt > room, len(m.raw))
                    if m.has(dns.TC):
                        self.assertEqual(m.counts, (1, 0, 0, int(bool(opt))))
            m = self.ask('TXT ' + name, tcp=True, edns=True, size=512)
            self.assertEqual(len(m.answer), 1)
            self.assertFalse(m.has(dns.TC))

    def test_missing_additional_data_do_not_truncate(self):
        """R2181-9-a"""
        adds = ' ; '.join('ADD a%d.example 300 A 192.0.2.1' % i for i in range(60))
        self.on('MX add.example', 'add.example 300 MX 1 a0.example ; %s +oversize' % adds)
        m = self.ask('MX add.example')
        self.assertEqual((len(m.answer), m.has(dns.TC)), (1, False))
        self.assertLessEqual(len(m.raw), 512)

    def test_nsid(self):
        """NSID: only if it was asked for, RFC 5001; identity answers id.server too (MAL-25)"""
        self.assertEqual(self.ask('A e.example', options=[(dns.NSID, b'')]).option(dns.NSID),
                         b'unit six')
        self.assertIsNone(self.ask('A e.example', edns=True).option(dns.NSID))
        self.assertEqual(self.ask('TXT id.server', cls='CH').texts('TXT'), ['"unit six"'])

    def test_keepalive(self):
        """R7828-3.2.1-a, R7828-3.3.2-a, R7830-6-a"""
        for tcp in (False, True):
            for options in ([], [(dns.KEEPALIVE, b'')], [(dns.KEEPALIVE, b'\0\x01')]):
                m = self.ask('A e.example', tcp, edns=True, options=options)
                self.assertEqual(m.option(dns.KEEPALIVE), b'\0\x64' if tcp else None)
        self.assertIsNone(self.ask('A e.example', True).opt)
        m = self.ask('A e.example', options=[(dns.PADDING, bytes(20))])
        self.assertIsNone(m.option(dns.PADDING))

    def test_extended_rcodes_need_opt(self):
        """R6891-ext-a, UPS-c"""
        for i, rcode in enumerate(('BADCOOKIE', 'RCODE 17')):
            name = 'ext%d.example' % i
            self.on('A ' + name, rcode)
            self.expect(self.ask('A ' + name), 'SERVFAIL')
            self.on('A x' + name, rcode)
            self.expect(self.ask('A x' + name, edns=True), 'SERVFAIL')


class Cookies(Case):
    """RFC 7873 and 9018, with a known secret so that cookies of any age can be made."""

    CONFIG = {'cookies': {'secrets': [SECRET, '00112233445566778899aabbccddeeff']}}

    @classmethod
    def prepare(cls):
        cls.up.on('A c.example', '192.0.2.1')

    def cookie_of(self, data, **how):
        m = self.ask('A c.example', options=[(dns.COOKIE, data)], **how)
        self.assertEqual(m.texts('A'), ['192.0.2.1'])
        return m.option(dns.COOKIE)

    def test_the_vectors(self):
        """R9018-4-a: the test's own hash, on the vectors of the protocol page"""
        vectors = (('2464c4abcf10c957010000005cf79f111f8130c3eee29480', 1559731985),
                   ('2464c4abcf10c957010000005cf7a871d4a564a1442aca77', 1559734385))
        for wanted, when in vectors:
            self.assertEqual(cookie(when, bytes((198, 51, 100, 100))).hex(), wanted)

    def test_a_client_cookie_gets_a_server_cookie(self):
        """R7873-5.2-a, R7873-5.2.3-a, R7873-5.2.5-a, R9018-4-a"""
        for tcp in (False, True):
            for v6, address in ((False, b'\x7f\0\0\x01'), (True, bytes(15) + b'\x01')):
                got = self.cookie_of(MINE, tcp=tcp, v6=v6)
                self.assertEqual((len(got), got[:8], got[8:12]), (24, MINE, b'\x01\0\0\0'))
                when = struct.unpack('>I', got[12:16])[0]
                self.assertLess(abs(when - time.time()), 5)
                self.assertEqual(got, cookie(when, address))
                again = self.cookie_of(got, tcp=tcp, v6=v6)
                self.assertEqual(again[:12], got[:12])

    def test_no_cookie_without_one(self):
        """R7873-5.2-a"""
        self.assertIsNone(self.ask('A c.example', edns=True).option(dns.COOKIE))

    def test_ages(self):
        """R9018-4.3-a"""
        now = int(time.time())
        for age, valid, renewed in ((0, True, False), (1500, True, False), (1900, True, True),
                                    (3500, True, True), (3700, False, True), (-250, True, False),
                                    (-400, False, True)):
            with self.subTest(age):
                sent = cookie(now - age)
                got = self.cookie_of(sent)
                self.assertEqual(got != sent, renewed)
                m = self.header_only(sent)
                self.assertEqual(m.rcode_text, 'NOERROR' if valid else 'BADCOOKIE')

    def test_other_forms(self):
        """R7873-5.2.3-a, R9018-4-a, R9018-5-a"""
        now = int(time.time())
        good = cookie(now)
        for what, sent, valid in (
                ('reserved octets', cookie(now, reserved=b'\xab\xcd\xef'), True),
                ('old secret', cookie(now, secret='00112233445566778899aabbccddeeff'), True),
                ('unknown secret', cookie(now, secret='ff' * 16), False),
                ('other address', cookie(now, b'\x7f\0\0\x02'), False),
                ('other version', good[:8] + b'\x02' + good[9:], False),
                ('16 octets', good[:16], False), ('23 octets', good[:23], False),
                ('40 octets', good + bytes(16), False)):
            with self.subTest(what):
                got = self.cookie_of(sent)  # processed normally all the same
                self.assertEqual((len(got), got[:8]), (24, MINE))
                m = self.header_only(sent)
                self.assertEqual(m.rcode_text, 'NOERROR' if valid else 'BADCOOKIE')
                fresh = m.option(dns.COOKIE)
                self.assertEqual((len(fresh), fresh[:8]), (24, MINE))
                self.assertEqual(self.header_only(fresh).rcode_text, 'NOERROR')

    def test_the_first_option_counts(self):
        """R7873-5.2.2-a"""
        m = self.ask('A c.example', options=[(dns.COOKIE, MINE), (dns.COOKIE, bytes(7))])
        self.assertEqual(m.rcode_text, 'NOERROR')
        self.assertEqual(m.option(dns.COOKIE)[:8], MINE)
        m = self.ask('A c.example', options=[(dns.COOKIE, bytes(7)), (dns.COOKIE, MINE)])
        self.assertEqual(m.rcode_text, 'FORMERR')

    def header_only(self, data):
        raw = dns.header(7, dns.RD, (0, 0, 0, 1)) + dns.opt_rr(options=[(dns.COOKIE, data)])
        answers = []
        for exchange in (client.udp_exchange, client.tcp_exchange):
            m = dns.Message(exchange(self.server.v4, raw))
            self.assertEqual((m.id, m.counts), (7, (0, 0, 0, 1)))
            answers.append(m)
        self.assertEqual(answers[0].rcode_text, answers[1].rcode_text)
        return answers[0]

    def test_messages_without_a_question(self):
        """R7873-5.4-a, MAL-06"""
        m = self.header_only(MINE)
        self.assertEqual(m.rcode_text, 'NOERROR')
        self.assertEqual(len(m.option(dns.COOKIE)), 24)
        self.assertEqual(self.header_only(m.option(dns.COOKIE)).rcode_text, 'NOERROR')
        self.assertEqual(self.header_only(MINE + bytes(16)).rcode_text, 'BADCOOKIE')
        self.assertEqual(self.header_only(bytes(9)).rcode_text, 'FORMERR')


class WithoutCookies(Case):
    """cookies: false"""

    CONFIG = {'cookies': False}

    def test_the_option_is_ignored(self):
        """R7873-5.2-a, R7873-5.4-a"""
        self.on('A n.example', '192.0.2.1')
        for data in (MINE, bytes(7), bytes(24), bytes(41)):
            m = self.ask('A n.example', options=[(dns.COOKIE, data)])
            self.assertEqual((m.rcode_text, m.options), ('NOERROR', []))
        raw = dns.header(7, dns.RD, (0, 0, 0, 1)) + dns.opt_rr(options=[(dns.COOKIE, MINE)])
        for exchange in (client.udp_exchange, client.tcp_exchange):
            m = dns.Message(exchange(self.server.v4, raw))
            self.assertEqual((m.rcode_text, m.counts, m.options), (
                'FORMERR', (0, 0, 0, 1), m.options if exchange is client.tcp_exchange else []))


class ExtendedErrors(Case):
    """Section 13: each code with OPT, and none without."""

    def code(self, what, rcode, code, text=None, **how):
        m = self.ask(what, edns=True, **how)
        self.assertEqual(m.rcode_text, rcode, m)
        self.assertIn(code, m.ede_codes, m)
        self.assertLessEqual(len(m.ede), 3)
        for _, said in m.ede:
            self.assertLessEqual(len(said), 64)
        if text is not None:
            self.assertIn((code, text), m.ede)
        again = self.ask(what, **how)
        self.assertEqual((again.rcode_text, again.opt), (rcode, None))
        return m

    def test_synthesized(self):
        """EDE-03, R8914-2-a"""
        self.on('A s.example', '192.0.2.1')
        self.code('AAAA s.example', 'NOERROR', 29)
        self.on('PTR 7.0.41.198.in-addr.arpa', '7.0.41.198.in-addr.arpa 300 PTR s.example')
        self.code('PTR ' + dns.reverse_name('64:ff9b::c629:7'), 'NOERROR', 29)
        self.ask('A cut.example')
        self.code('A below.cut.example', 'NXDOMAIN', 29)

    def test_failures(self):
        """EDE-04, EDE-08, EDE-09, UPS-c"""
        for rcode in ('SERVFAIL', 'REFUSED', 'NOTIMP', 'FORMERR', 'NOTAUTH'):
            self.on('TXT %s.f.example' % rcode, rcode)
            m = self.code('TXT %s.f.example' % rcode, 'SERVFAIL', 22)
            self.assertNotIn(13, m.ede_codes)
            self.code('TXT %s.f.example' % rcode, 'SERVFAIL', 13)
            self.code('TXT %s.f.example' % rcode, 'SERVFAIL', 22)
        self.on('TXT odd.f.example', 'RCODE 12')
        self.code('TXT odd.f.example', 'SERVFAIL', 0, 'upstream rcode 12')
        self.on('TXT garbage.f.example', upstream.edited(
            'garbage.f.example 300 TXT x', lambda data: data[:7] + b'\x09' + data[8:]))
        self.code('TXT garbage.f.example', 'SERVFAIL', 0)

    def test_refusals(self):
        """EDE-06, EDE-07"""
        self.code('A r.example', 'REFUSED', 20, rd=False)
        self.code('AXFR r.example', 'REFUSED', 21)

    def test_upstream_errors_are_re_made(self):
        """R8914-3-b, R8914-3-c, LIM-30"""
        self.on('A up.example', 'SERVFAIL +ede=15:x')
        self.code('A up.example', 'SERVFAIL', 15, 'upstream: x')
        self.on('A many.example', 'SERVFAIL ' + ' '.join('+ede=%d:y' % i for i in range(13, 23)))
        self.code('A many.example', 'SERVFAIL', 13)
        self.on('A long.example', 'SERVFAIL +ede=15:' + 'z' * 200)
        self.code('A long.example', 'SERVFAIL', 15)
        self.on('A fine.example', '192.0.2.1 +ede=15:x')
        self.assertEqual(self.ask('A fine.example').texts('A'), ['192.0.2.1'])
        self.on('A nul.example', 'SERVFAIL +opt=15:000f7800')
        self.code('A nul.example', 'SERVFAIL', 15)
        self.on('A short.example', 'SERVFAIL +opt=15:00')
        self.expect(self.ask('A short.example', edns=True), 'SERVFAIL')

    def test_texts_give_way_to_data(self):
        """R8914-3-a, A-15"""
        name = 'r' * 19 + '.example'  # the code fits beside 16 addresses, its text does not
        self.on('A ' + name, '300 ' + ', '.join('192.0.2.%d' % i for i in range(1, 17)))
        m = self.ask('AAAA ' + name, edns=True, size=512)
        self.assertEqual(len(m.texts('AAAA')), 16)
        self.assertEqual(m.ede, [(29, '')])
        self.assertFalse(m.has(dns.TC))
        self.assertLessEqual(len(m.raw), 512)


class Access(Case):
    """Section 16."""

    CONFIG = {'allow': ['127.0.0.1', '::1']}
    ADDRESSES = ('0.0.0.0', '::1')

    def test_who_is_not_allowed(self):
        """R5358-4-a, R5358-4-b, ACL-a, MAL-05, EDE-06"""
        self.on('A a.example', '192.0.2.1')
        self.assertEqual(self.ask('A a.example').texts('A'), ['192.0.2.1'])
        for what in ('A a.example', 'AAAA ipv4only.arpa', 'A localhost', 'AAAA a.example'):
            for tcp in (False, True):
                with self.subTest(what, tcp=tcp):
                    m = self.ask(what, tcp, source='127.0.0.9')
                    self.assertEqual((m.rcode_text, m.counts), ('REFUSED', (1, 0, 0, 0)))
                    self.assertFalse(m.has(dns.RA))
                    m = self.ask(what, tcp, source='127.0.0.9', edns=True)
                    self.assertEqual((m.rcode_text, m.counts), ('REFUSED', (1, 0, 0, 1)))
                    self.assertEqual(m.ede_codes, [18])
        self.assertEqual(self.up.count('A a.example'), 1)
        self.assertEqual(self.up.count('AAAA a.example'), 0)

    def test_a_denied_stream_is_closed(self):
        """R5358-4-b"""
        with client.Tcp(self.server.v4, source='127.0.0.9') as tcp:
            self.assertEqual(tcp.ask('A b.example').rcode_text, 'REFUSED')
            self.assertIsNotNone(tcp.closed_within(3))

    def test_answers_leave_from_the_address_that_was_asked(self):
        """R2181-4.1-a"""
        self.on('A from.example', '192.0.2.1')
        for address in ('127.0.0.1', '127.0.0.2', '127.3.2.1'):
            for tcp in (False, True):
                m = client.ask((address, self.server.port), 'A from.example', tcp,
                               source='127.0.0.1')
                self.assertEqual(m.texts('A'), ['192.0.2.1'])


class Any(Case):
    """RFC 8482, and RD=0."""

    PROGRAM = ('any.example 300 A 192.0.2.1 ; any.example 300 MX 10 mail.any.example ; '
               'any.example 300 TXT "a text of some length" ; any.example 300 RRSIG A example ; '
               'any.example 300 RRSIG MX example ; any.example 300 RRSIG TXT example')

    def test_any(self):
        """R8482-4-a, R8482-4.1-a, UPR-07"""
        self.on('ANY any.example', self.PROGRAM)
        self.on('A any.example', '192.0.2.7')
        m = self.ask('ANY any.example')
        self.assertEqual(len({rr.type for rr in m.answer}), 1, m)
        self.assertFalse(m.has(dns.TC))
        self.assertEqual([s.transport for s in self.up.seen('ANY any.example')], ['tcp'])
        signed = self.ask('ANY any.example', do=True)
        kinds = {rr.type for rr in signed.answer}
        self.assertIn(dns.TYPES['RRSIG'], kinds)
        self.assertEqual(len(kinds), 2)
        whole = self.ask('ANY any.example', tcp=True)
        self.assertLessEqual({1, 15, 16}, {rr.type for rr in whole.answer})
        self.assertEqual(whole.texts('AAAA'), [])
        self.assertEqual(self.up.count('ANY any.example'), 1)
        self.assertEqual(self.ask('A any.example').texts('A'), ['192.0.2.7'])

    def test_any_with_an_alias(self):
        """R8482-4-a"""
        self.on('ANY anyc.example', 'anyc.example 300 CNAME x.example ; '
                'anyc.example 300 RRSIG CNAME example')
        self.assertEqual(self.ask('ANY anyc.example').texts('CNAME'), ['x.example'])


class RateLimit(SideBySide):
    """ACL-b: off by default, so a server of its own."""

    def test_over_the_limit_there_is_tc_or_nothing(self):
        """ACL-b, R7873-5.2.5-a"""
        up = upstream.Upstream()
        server = sixward.Sixward([up], limits={'rate': 10}, cookies={'secrets': [SECRET]})
        try:
            up.on('A rl.example', '3600 192.0.2.1')
            with client.udp_socket(server.v4) as sock:
                sock.settimeout(1)
                for i in range(100):
                    sock.send(dns.query('A rl.example', id_=i))
                full = cut = 0
                begin = time.monotonic()
                while time.monotonic() - begin < 0.8:
                    sock.settimeout(0.3)
                    try:
                        m = dns.Message(sock.recv(65535))
                    except TimeoutError:
                        break
                    full += len(m.answer) == 1
                    cut += m.has(dns.TC)
                self.assertLessEqual(full, 30)
                self.assertGreater(full, 0)
                self.assertGreater(cut, 20)
                self.assertLess(full + cut, 80)
                for i in range(30):
                    sock.settimeout(client.PATIENCE)
                    sock.send(dns.query('A rl.example', id_=1000 + i,
                                        options=[(dns.COOKIE, cookie(int(time.time())))]))
                    self.assertEqual(dns.Message(sock.recv(65535)).texts('A'), ['192.0.2.1'])
            with client.Tcp(server.v4) as tcp:
                for _ in range(30):
                    self.assertEqual(tcp.ask('A rl.example').texts('A'), ['192.0.2.1'])
        finally:
            server.stop()
            up.close()
