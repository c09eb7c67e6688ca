"""Every kind of data of a zone, through a recursive resolver, as dig and kdig show it."""

import unittest

import dnswire
import world
from client import ask
from dig import dig, kdig, kdig_many, run
from sixward import Sixward

PREFIX = '2001:db8:64::'


def embedded(ipv4):
    """The mapped address, as dig prints it."""
    octets = [int(o) for o in ipv4.split('.')]
    raw = bytes.fromhex('20010db80064') + bytes(6) + bytes(octets)
    return dnswire.address_text(raw)


class Case(unittest.TestCase):
    """A server before the plain resolver."""

    CONFIG = {}

    @classmethod
    def setUpClass(cls):
        cls.world = world.shared()
        cls.server = Sixward([cls.world.plain_endpoint], **cls.CONFIG)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def dig(self, *words, v6=False):
        return dig(self.server.v6 if v6 else self.server.v4, *words)

    def kdig(self, *words, v6=False):
        return kdig(self.server.v6 if v6 else self.server.v4, *words)

    def straight(self, *words):
        """What the resolver behind says by itself."""
        return dig(('127.0.0.1', self.world.plain.port), *words)


class Data(Case):
    """Translated where only A is there, untouched where not."""

    def both_ways(self, name, status, addresses, **parts):
        """The AAAA answer over UDP and TCP, IPv4 and IPv6."""
        for way in ('+notcp', '+tcp'):
            for v6 in (False, True):
                answer = self.dig(name, 'aaaa', way, v6=v6)
                with self.subTest(name, way=way, v6=v6):
                    self.assertEqual(answer.status, status, answer)
                    self.assertEqual(sorted(answer.rdata('AAAA')), sorted(addresses), answer)
                    self.assertNotIn('aa', answer.flags)
                    self.assertNotIn('A', answer.types())
                    for section, types in parts.items():
                        self.assertEqual(answer.types(section), set(types), answer)

    def test_a_name_with_a_only_is_synthesized(self):
        """D64-5.1.6-a, D64-5.4-d, EDE-03; the TTL is the SOA's, which is lower (D64-5.1.7-b)."""
        self.both_ways('v4only.plain.example', 'NOERROR', [embedded('192.0.2.1')])
        answer = self.dig('v4only.plain.example', 'aaaa')
        self.assertEqual(answer.ede, [29], answer)
        self.assertTrue(all(ttl <= 60 for ttl in answer.ttls('AAAA')), answer)

    def test_a_native_address_stays_as_it_is(self):
        """D64-5.1-a, D64-5.1.1-a"""
        self.both_ways('v6only.plain.example', 'NOERROR', ['2001:db8:6::1'])
        self.both_ways('dual.plain.example', 'NOERROR', ['2001:db8:6::2'])
        self.assertEqual(self.dig('dual.plain.example', 'aaaa').ede, [])

    def test_excluded_addresses_count_as_none(self):
        """D64-5.1.4-a, D64-5.1.4-d"""
        self.both_ways('mapped.plain.example', 'NOERROR', [embedded('192.0.2.7')])
        self.both_ways('mixed.plain.example', 'NOERROR', ['2001:db8:6::8'])

    def test_a_destination_that_cannot_be_is_not_mapped(self):
        """ADR-nsp-a"""
        self.both_ways('lost.plain.example', 'NOERROR', [])
        self.both_ways('ten.plain.example', 'NOERROR', [embedded('10.0.0.1')])

    def test_no_name_and_no_data(self):
        """D64-5.1.2-a, D64-5.4-c: the SOA tells for how long."""
        self.both_ways('none.plain.example', 'NXDOMAIN', [], authority=['SOA'])
        self.both_ways('mail.plain.example', 'NOERROR', [], authority=['SOA'])

    def test_an_empty_non_terminal_is_no_data(self):
        """R8020-2-a: below it there are names, so it is no NXDOMAIN."""
        self.both_ways('empty.plain.example', 'NOERROR', [], authority=['SOA'])
        self.both_ways('below.empty.plain.example', 'NOERROR', [embedded('192.0.2.5')])

    def test_a_wildcard_answers_for_names_below_it(self):
        self.both_ways('any.wild.plain.example', 'NOERROR', [embedded('192.0.2.4')])
        self.both_ways('a.b.wild.plain.example', 'NOERROR', [embedded('192.0.2.4')])

    def test_alias_chains_are_kept(self):
        """D64-5.1.5-a"""
        self.both_ways('chain.plain.example', 'NOERROR', [embedded('192.0.2.1')],
                       answer=['CNAME', 'AAAA'])
        answer = self.dig('chain.plain.example', 'aaaa')
        self.assertEqual(answer.rdata('CNAME'), ['chain2.plain.example.', 'chain3.plain.example.',
                                                 'v4only.plain.example.'])
        self.both_ways('tov6.plain.example', 'NOERROR', ['2001:db8:6::1'], answer=['CNAME', 'AAAA'])
        self.both_ways('abroad.signed.example', 'NOERROR', [embedded('192.0.2.1')],
                       answer=['CNAME', 'AAAA'])

    def test_a_chain_that_leads_nowhere(self):
        """R6604-2-a: the status is that of its end."""
        answer = self.dig('tonone.plain.example', 'aaaa')
        self.assertEqual((answer.status, answer.types()), ('NXDOMAIN', {'CNAME'}), answer)

    def test_a_chain_that_leads_back_fails(self):
        """R1034-3.6.2-a"""
        self.assertEqual(self.dig('loop.plain.example', 'aaaa').status, 'SERVFAIL')

    def test_dname(self):
        """D64-5.1.5-a: DNAME and the CNAME made from it stay in front."""
        answer = self.dig('a.tree.plain.example', 'aaaa')
        self.assertEqual([r[2] for r in answer.answer], ['DNAME', 'CNAME', 'AAAA'], answer)
        self.assertEqual(answer.rdata('AAAA'), [embedded('192.0.2.3')])
        self.assertEqual(self.dig('b.tree.plain.example', 'aaaa').rdata('AAAA'), ['2001:db8:6::3'])
        self.assertEqual(self.dig('none.tree.plain.example', 'aaaa').status, 'NXDOMAIN')

    def test_a_name_outside_fails_at_once(self):
        """EDE-08: what the resolver behind cannot resolve is a failure, soon."""
        answer = self.dig('www.elsewhere.net', 'aaaa')
        self.assertEqual(answer.status, 'SERVFAIL', answer)
        self.assertTrue(answer.ede, answer)

    def test_the_case_of_the_question_comes_back(self):
        """D64-5.4-a, R4343-4-a"""
        answer = self.dig('V4oNLy.PLAIN.example', 'aaaa')
        self.assertIn(';V4oNLy.PLAIN.example.', answer.text)
        self.assertEqual(answer.rdata('AAAA'), [embedded('192.0.2.1')])


class OtherTypes(Case):
    """D64-5.3.3-a: all else arrives as the resolver behind gave it."""

    QUESTIONS = (
        ('v4only', 'a'), ('dual', 'a'), ('chain', 'a'), ('a.tree', 'a'), ('mail', 'mx'),
        ('_sip._tcp', 'srv'), ('text', 'txt'), ('web', 'https'), ('caa', 'caa'),
        ('private', 'type65280'), ('@', 'soa'), ('@', 'ns'), ('@', 'mx'), ('chain', 'txt'),
        ('none', 'a'), ('none', 'mx'), ('v4only', 'mx'), ('tree', 'dname'), ('any.wild', 'a'),
        ('chain', 'cname'), ('v4only', 'type1000'), ('v4only', 'loc'), ('v4only', 'naptr'),
    )

    def test_they_pass_unchanged(self):
        """D64-5.3.3-a, R3597-3-a, R9460-4.2-a, R9460-4.2.1-a, R5625-4.3-a"""
        for label, type_ in self.QUESTIONS:
            name = 'plain.example' if label == '@' else label + '.plain.example'
            mine, other = self.dig(name, type_), self.straight(name, type_)
            with self.subTest(name, type=type_):
                self.assertEqual(mine.status, other.status)
                for section in ('answer', 'authority'):
                    self.assertEqual(sorted((o.lower(), t, d) for o, _, t, d in getattr(mine, section)),
                                     sorted((o.lower(), t, d) for o, _, t, d in getattr(other, section)))

    def test_dnssec_types_pass_when_asked_for(self):
        """SEC-DS, SEC-4035-3.2.1-b"""
        for type_ in ('dnskey', 'nsec', 'ds', 'rrsig'):
            mine = self.dig('signed.example', type_, '+tcp')
            other = self.straight('signed.example', type_, '+tcp')
            with self.subTest(type_):
                self.assertEqual(mine.status, other.status)
                self.assertEqual(sorted(mine.rdata(type_.upper())),
                                 sorted(other.rdata(type_.upper())))

    def test_any_is_small_over_udp_and_whole_over_tcp(self):
        """R8482-4-a"""
        small = self.dig('dual.plain.example', 'any', '+notcp', '+ignore')
        self.assertEqual((small.status, len(small.types())), ('NOERROR', 1), small)
        self.assertNotIn('tc', small.flags)
        whole = self.dig('dual.plain.example', 'any', '+tcp')
        self.assertEqual(whole.types(), {'A', 'AAAA'}, whole)

    def test_other_classes_are_forwarded(self):
        """MAL-25, MAL-26, D64-5.1-b"""
        self.assertEqual(self.dig('version.bind', 'txt', 'ch').status, 'REFUSED')
        self.assertEqual(self.dig('v4only.plain.example', 'aaaa', '-c', 'hs').rdata('AAAA'), [])

    def test_transfers_are_refused(self):
        """MAL-22"""
        text = run('dig', self.server.v4, 'plain.example', 'axfr')
        self.assertIn('Transfer failed', text)
        for type_ in ('AXFR', 'IXFR'):
            for tcp in (False, True):
                answer = ask(self.server.v4, type_ + ' plain.example', tcp=tcp, edns=True)
                self.assertEqual((answer.rcode_text, answer.ede_codes), ('REFUSED', [21]), answer)


class Big(Case):
    """What does not fit into a datagram goes over TCP, on both sides."""

    BIG = [embedded(a) for a in world.BIG]

    def test_a_truncated_answer_is_empty(self):
        """D64-5.4-e, R2181-9-a, UDP-a, R6891-6.2.3-a"""
        for words in (['+noedns'], ['+bufsize=512'], ['+bufsize=1232']):
            answer = self.dig('big.plain.example', 'aaaa', '+notcp', '+ignore', *words)
            with self.subTest(words):
                self.assertEqual(answer.status, 'NOERROR')
                if words == ['+bufsize=1232']:
                    self.assertEqual(sorted(answer.rdata('AAAA')), sorted(self.BIG), answer)
                else:
                    self.assertIn('tc', answer.flags)
                    self.assertEqual(answer.counts[1:3], (0, 0), answer)

    def test_dig_falls_back_to_tcp(self):
        """R7766-5-a"""
        answer = self.dig('big.plain.example', 'aaaa', '+bufsize=512')
        self.assertIn('(TCP)', answer.text)
        self.assertEqual(sorted(answer.rdata('AAAA')), sorted(self.BIG))

    def test_twenty_thousand_octets_of_text(self):
        """R7766-5-a: the resolver behind truncates, and is asked again over TCP."""
        for v6 in (False, True):
            answer = self.dig('long.plain.example', 'txt', v6=v6)
            self.assertIn('(TCP)', answer.text)
            self.assertEqual(len(answer.rdata('TXT')), 80)
        cut = self.dig('long.plain.example', 'txt', '+ignore', '+notcp')
        self.assertEqual((cut.status, cut.counts[1]), ('NOERROR', 0), cut)
        self.assertIn('tc', cut.flags)


class Options(Case):
    """EDNS as dig and kdig speak it."""

    CONFIG = {'identity': 'six-1'}

    def test_cookies_are_good(self):
        """R7873-5.2.3-a, R7873-5.2.5-a: dig checks that its own half came back."""
        answer = self.dig('v4only.plain.example', 'aaaa', '+cookie')
        self.assertTrue(any('COOKIE' in o and '(good)' in o for o in answer.options), answer)
        cookie = next(o for o in answer.options if 'COOKIE' in o).split()[1]
        self.assertEqual(len(cookie), 48)
        again = self.dig('v4only.plain.example', 'aaaa', '+cookie=' + cookie)
        self.assertEqual(again.status, 'NOERROR', again)
        self.assertTrue(any('COOKIE' in o for o in again.options), again)

    def test_cookies_of_wrong_length_are_errors(self):
        """R7873-5.2.2-a, MAL-17"""
        for size in (7, 9, 15, 41):
            answer = self.dig('v4only.plain.example', 'aaaa', '+nocookie',
                              '+ednsopt=10:' + '11' * size)
            self.assertEqual(answer.status, 'FORMERR', answer)
            self.assertTrue(answer.opt)

    def test_kdig_accepts_the_cookie(self):
        """R9018-4-a"""
        answer = self.kdig('v4only.plain.example', 'AAAA', '+cookie')
        self.assertEqual(answer.status, 'NOERROR')
        self.assertTrue(answer.has_option('COOKIE'), answer)

    def test_the_server_tells_its_name_where_it_has_one(self):
        """MAL-25: and NSID, of which RFC 5001 speaks"""
        answer = self.dig('v4only.plain.example', 'aaaa', '+nsid')
        self.assertTrue(any('NSID' in o and 'six-1' in o for o in answer.options), answer)
        self.assertFalse(self.dig('v4only.plain.example', 'aaaa').has_option('NSID'))
        self.assertTrue(self.kdig('v4only.plain.example', 'AAAA', '+nsid').has_option('NSID'))
        self.assertEqual(self.dig('id.server', 'txt', 'ch').rdata('TXT'), ['"six-1"'])

    def test_padding_is_for_tls_alone(self):
        """MAL-18: padded queries are answered like any other."""
        for way in ('+notcp', '+tcp'):
            answer = self.kdig('v4only.plain.example', 'AAAA', '+padding=128', way)
            self.assertEqual(answer.rdata('AAAA'), [embedded('192.0.2.1')])
            self.assertFalse(answer.has_option('PADDING'), answer)

    def test_client_subnet_is_ignored(self):
        """R6891-6.1.1-b"""
        answer = self.dig('v4only.plain.example', 'aaaa', '+subnet=192.0.2.0/24')
        self.assertEqual(answer.rdata('AAAA'), [embedded('192.0.2.1')])
        self.assertFalse(answer.has_option('CLIENT-SUBNET'), answer)

    def test_keepalive_belongs_to_tcp(self):
        """R7828-3.2.1-a, R7828-3.3.2-a"""
        answer = self.dig('v4only.plain.example', 'aaaa', '+tcp', '+keepalive')
        self.assertIn('TCP KEEPALIVE: 10.0 secs', answer.options, answer)
        self.assertFalse(self.dig('v4only.plain.example', 'aaaa', '+notcp',
                                  '+keepalive').has_option('TCP KEEPALIVE'))

    def test_many_questions_over_one_connection(self):
        """R7766-6.2.1.1-a, with +keepopen of both clients."""
        names = ['v4only', 'v6only', 'dual', 'chain', 'none', 'long', 'v4only']
        words = [w for n in names for w in (n + '.plain.example',)]
        answers = kdig_many(self.server.v6, '-t', 'AAAA', '+tcp', '+keepopen', *words)
        self.assertEqual([a.status for a in answers],
                         ['NXDOMAIN' if n == 'none' else 'NOERROR' for n in names])
        text = run('dig', self.server.v4, '+tcp', '+keepopen', 'v4only.plain.example', 'aaaa',
                   '+keepopen', 'dual.plain.example', 'aaaa')
        self.assertEqual(text.count('status: NOERROR'), 2, text)

    def test_edns_as_kdig_sets_it(self):
        """R6891-6.1.3-a, R6891-6.1.2-a"""
        answer = self.kdig('v4only.plain.example', 'AAAA', '+edns=1')
        self.assertEqual(answer.status, 'BADVERS')
        answer = self.kdig('v4only.plain.example', 'AAAA', '+ednsopt=65001:0102')
        self.assertEqual(answer.rdata('AAAA'), [embedded('192.0.2.1')])
        self.assertNotIn('65001', answer.text)


class Headers(Case):
    """Flags of queries and answers."""

    def test_recursion_that_is_not_wanted_is_refused(self):
        """ACL-c, MAL-20, EDE-06"""
        answer = self.dig('v4only.plain.example', 'aaaa', '+norec')
        self.assertEqual((answer.status, answer.ede), ('REFUSED', [20]), answer)
        self.assertEqual(self.dig('localhost', 'aaaa', '+norec').rdata('AAAA'), ['::1'])

    def test_flags_that_mean_nothing_are_ignored(self):
        """R1035-4.1.1-b, MAL-19"""
        for flag in ('+aaflag', '+zflag', '+raflag', '+tcflag', '+adflag'):
            answer = self.dig('v4only.plain.example', 'aaaa', flag)
            self.assertEqual(answer.rdata('AAAA'), [embedded('192.0.2.1')], answer)
            self.assertEqual(answer.flags, {'qr', 'rd', 'ra'}, answer)

    def test_opcodes_that_are_not_queries(self):
        """MAL-04"""
        for opcode in ('status', 'notify', 'update', '6', '11'):
            answer = self.dig('plain.example', 'soa', '+opcode=' + opcode, '+nocookie')
            self.assertEqual(answer.status, 'NOTIMP', answer)

    def test_a_header_alone(self):
        """MAL-07, R7873-5.4-a"""
        self.assertEqual(self.dig('+header-only', '+noedns', '+qid=1').status, 'FORMERR')
        answer = self.dig('+header-only', '+cookie')
        self.assertEqual(answer.status, 'NOERROR', answer)
        self.assertTrue(answer.has_option('COOKIE'), answer)


class Reverse(Case):
    """Section 8, with dig -x."""

    def test_a_mapped_address_has_the_name_of_its_ipv4_address(self):
        """D64-5.3.1-a, D64-5.3.1-c, D64-5.3.1-i: for the prefix and for the well-known one."""
        for address, name in ((PREFIX + 'c629:4', 'four'), ('64:ff9b::c629:4', 'four'),
                              (PREFIX + 'c629:9', 'nine')):
            answer = self.dig('-x', address)
            with self.subTest(address):
                self.assertEqual([r[2] for r in answer.answer], ['CNAME', 'PTR'], answer)
                self.assertEqual(answer.rdata('PTR'), [name + '.plain.example.'])
                self.assertTrue(answer.ttls('CNAME') <= set(range(0, 601)), answer)
                self.assertEqual(answer.ede, [29])

    def test_delegated_without_classes(self):
        """D64-5.3.1-d: where the IPv4 name is an alias, the PTR stand at the name asked for."""
        answer = self.dig('-x', PREFIX + 'c629:5')
        self.assertEqual([r[2] for r in answer.answer], ['PTR'], answer)
        self.assertEqual(answer.rdata('PTR'), ['five.plain.example.'])

    def test_no_name(self):
        """D64-5.3.1-d; D64-5.3.1-h: private addresses end here."""
        self.assertEqual(self.dig('-x', PREFIX + 'c629:6').status, 'NXDOMAIN')
        self.assertEqual(self.dig('-x', PREFIX + 'a00:1').status, 'NXDOMAIN')

    def test_addresses_without_a_prefix_are_ordinary(self):
        """D64-5.3.1-f, R6303-3-a, R8880-7.2.1-a"""
        self.assertEqual(self.dig('-x', '198.41.0.4').rdata('PTR'), ['four.plain.example.'])
        self.assertEqual(self.dig('-x', '2a00::1').status, 'SERVFAIL')
        local = self.dig('-x', '10.0.0.1')
        self.assertEqual(local.status, 'NXDOMAIN')
        self.assertIn('aa', local.flags)
        self.assertEqual(self.dig('-x', '::1').rdata('PTR'), ['localhost.'])
        self.assertEqual(self.dig('-x', PREFIX + 'c000:aa').rdata('PTR'), ['ipv4only.arpa.'])


class LocalNames(Case):
    """Section 7 and 15: answered here, so nothing of them reaches the resolver behind."""

    def test_ipv4only_arpa(self):
        """R8880-7.1-b, R8880-7.1-c, R8880-7.1-d, R8880-7.1-f"""
        answer = self.dig('ipv4only.arpa', 'aaaa', '+cd', '+dnssec')
        self.assertEqual(answer.rdata('AAAA'), [PREFIX + 'c000:aa', PREFIX + 'c000:ab'])
        self.assertIn('aa', answer.flags)
        self.assertEqual(self.dig('ipv4only.arpa', 'a').rdata('A'), ['192.0.0.170', '192.0.0.171'])
        self.assertEqual(self.dig('ipv4only.arpa', 'mx').authority[0][2], 'SOA')
        self.assertEqual(self.dig('x.ipv4only.arpa', 'a').status, 'NXDOMAIN')

    def test_special_names(self):
        """LOC-02 to LOC-09"""
        for name, status in (('x.onion', 'NXDOMAIN'), ('x.invalid', 'NXDOMAIN'),
                             ('x.test', 'NXDOMAIN'), ('printer.local', 'NXDOMAIN'),
                             ('x.home.arpa', 'NXDOMAIN'), ('_dns.resolver.arpa', 'NOERROR'),
                             ('localhost', 'NOERROR')):
            for type_ in ('a', 'aaaa', 'txt'):
                answer = self.dig(name, type_)
                self.assertEqual(answer.status, status, answer)
        self.assertEqual(self.dig('a.localhost', 'a').rdata('A'), ['127.0.0.1'])


class HideA(Case):
    """The mirror: A records left out for hosts where IPv4 cannot work."""

    CONFIG = {'dns64': {'hide-a': 'if-aaaa', 'keep-a-names': ['wild.plain.example']}}

    def test_a_is_left_out_where_the_aaaa_question_has_an_answer(self):
        """Rows H2 and H3 of section 5; D64-5.3.3-a"""
        for name in ('v4only', 'dual', 'big'):
            answer = self.dig(name + '.plain.example', 'a')
            with self.subTest(name):
                self.assertEqual((answer.status, answer.rdata('A'), answer.ede),
                                 ('NOERROR', [], [4]), answer)
        self.assertEqual(self.dig('lost.plain.example', 'a').rdata('A'), ['127.0.0.1'])
        self.assertEqual(self.dig('x.wild.plain.example', 'a').rdata('A'), ['192.0.2.4'])
        self.assertEqual(self.dig('v4only.plain.example', 'a', '+cd').rdata('A'), ['192.0.2.1'])
        self.assertEqual(self.dig('v4only.plain.example', 'aaaa').rdata('AAAA'),
                         [embedded('192.0.2.1')])


class Prefixes(Case):
    """Several prefixes and the well-known one, by the same names."""

    CONFIG = {'dns64': {'prefixes': ['2001:db8:a::/96', '2001:db8:b:300::/56',
                                     {'prefix': '2001:db8:c::/96', 'ipv4': ['198.51.100.0/24']}],
                        'use': 'all', 'max-aaaa': 0}}

    def test_each_prefix_has_its_address_in_the_order_of_the_file(self):
        """D64-5.1.7-e, ADR-2.2-a"""
        answer = self.dig('v4only.plain.example', 'aaaa')
        self.assertEqual(answer.rdata('AAAA'),
                         ['2001:db8:a::c000:201', '2001:db8:b:3c0:0:201::'], answer)

    def test_the_range_that_is_most_specific_decides(self):
        """D64-5-a"""
        answer = self.dig('big.plain.example', 'aaaa', '+tcp')
        self.assertEqual(len(answer.rdata('AAAA')), 40, answer)
        self.assertTrue(all(a.startswith('2001:db8:c::') for a in answer.rdata('AAAA')), answer)


class WellKnown(Case):
    """64:ff9b::/96, the prefix of a file that names none."""

    CONFIG = {'dns64': {'prefixes': ['64:ff9b::/96']}}

    def test_addresses_that_are_not_global_are_not_mapped(self):
        """ADR-3.1-a, ADR-3.1-c"""
        for name in ('v4only', 'ten', 'chain'):
            answer = self.dig(name + '.plain.example', 'aaaa')
            self.assertEqual((answer.status, answer.rdata('AAAA')), ('NOERROR', []), answer)
        self.assertEqual(self.dig('global.plain.example', 'aaaa').rdata('AAAA'),
                         ['64:ff9b::c629:4'])
        self.assertEqual(self.dig('ipv4only.arpa', 'aaaa').rdata('AAAA'),
                         ['64:ff9b::c000:aa', '64:ff9b::c000:ab'])


class ManyAtOnce(Case):
    """Names asked twice and at the same time agree."""

    def test_warm_and_cold_answers_agree(self):
        for name in ('v4only', 'chain', 'a.tree', 'dual', 'none', 'mixed'):
            cold = ask(self.server.v4, 'AAAA %s.signed.example' % name, do=True)
            warm = ask(self.server.v4, 'AAAA %s.signed.example' % name, do=True)
            with self.subTest(name):
                self.assertEqual([(r.owner, r.type, r.rdata) for r in cold.answer],
                                 [(r.owner, r.type, r.rdata) for r in warm.answer])
                self.assertEqual((cold.rcode, cold.flags), (warm.rcode, warm.flags))
