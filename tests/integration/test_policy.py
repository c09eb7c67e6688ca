"""Sections 6 to 8 and 15 over the wire: prefixes, views, names with rules of their own, local data,
hidden records, reverse names; and what changes while the server runs."""

import ipaddress
import os
import re
import tempfile

import client
import dnswire as dns
import sixward
import upstream
from case import Case, SideBySide, S1, S2, syn


class Prefixes(Case):
    """Section 6 over the wire: all lengths, in views by the client's address."""

    LENGTHS = (  # section 6.2: prefix, mapped 192.0.2.33, mapped 198.41.0.4
        ('127.0.1.1', '2001:db8::/32', '2001:db8:c000:221::', '2001:db8:c629:4::'),
        ('127.0.1.2', '2001:db8:100::/40', '2001:db8:1c0:2:21::', '2001:db8:1c6:2900:4::'),
        ('127.0.1.3', '2001:db8:122::/48', '2001:db8:122:c000:2:2100::',
         '2001:db8:122:c629:0:400::'),
        ('127.0.1.4', '2001:db8:122:300::/56', '2001:db8:122:3c0:0:221::',
         '2001:db8:122:3c6:29:4::'),
        ('127.0.1.5', '2001:db8:122:344::/64', '2001:db8:122:344:c0:2:2100:0',
         '2001:db8:122:344:c6:2900:400:0'),
        ('127.0.1.6', '2001:db8:122:344::/96', '2001:db8:122:344::c000:221',
         '2001:db8:122:344::c629:4'),
        ('127.0.1.7', '64:ff9b::/96', None, '64:ff9b::c629:4'),
        ('127.0.1.8', '64:ff9b:1::/48', '64:ff9b:1:c000:2:2100::', '64:ff9b:1:c629:0:400::'),
    )

    @classmethod
    def config(cls):
        views = [{'clients': [c], 'dns64': {'prefixes': [p]}} for c, p, _, _ in cls.LENGTHS]
        two = ['2001:db8:64::/96', '2001:db8:65::/96']
        views += [
            {'clients': ['127.0.1.9'], 'dns64': False},
            {'clients': ['127.0.1.10'], 'dns64': {'prefixes': two}},
            {'clients': ['127.0.1.11'], 'dns64': {'prefixes': two, 'use': 'first'}},
            {'clients': ['127.0.1.12'], 'dns64': {'prefixes': two, 'max-aaaa': 2}},
            {'clients': ['127.0.1.13'], 'dns64': {'prefixes': [
                {'prefix': '2001:db8:a::/96', 'ipv4': ['198.51.100.0/24']},
                {'prefix': '2001:db8:b::/96'}]}},
            {'clients': ['127.0.1.14'], 'dns64': {'prefixes': [
                {'prefix': '2001:db8:a::/96', 'ipv4': ['198.51.100.0/24']}]}},
            {'clients': ['127.0.1.15'], 'dns64': {'prefixes': [
                {'prefix': '2001:db8:122:344::/64', 'suffix': '::1'}]}},
            {'clients': ['127.0.1.16'], 'dns64': {'prefixes': [
                {'prefix': '2001:db8:64::/96', 'drain': True}, '2001:db8:65::/96']}},
            {'clients': ['127.0.1.17'], 'dns64': {'exclude-ipv4': ['192.0.2.0/25']}},
            {'clients': ['127.0.1.18'], 'dns64': {'exclude-aaaa': ['2001:db8:bad::/48']}},
            {'clients': ['127.0.1.19'], 'dns64': {'aaaa-error': 'pass'}},
            {'clients': ['127.0.1.20'], 'dns64': {'prefixes': [
                {'prefix': '2001:db8:64::/96', 'drain': True}]}},
            {'clients': ['127.0.1.21'], 'dns64': {'mark-synthesized': False}},
        ]
        return {'views': views}

    def from_(self, last, what, **how):
        return self.ask(what, source='127.0.1.%d' % last, **how)

    def test_every_length(self):
        """ADR-2.2-a, ADR-2.2-b, ADR-2.3-a, D64-5.2-a, D64-5.2-b, ADR-3.1-a, ADR-8215-a,
        D64-7.1-a"""
        self.on('A len.example', '192.0.2.33')
        self.on('A glob.example', '10.0.0.1, 198.41.0.4')
        for source, prefix, first, second in self.LENGTHS:
            with self.subTest(prefix):
                m = self.ask('AAAA len.example', source=source)
                self.assertEqual([ipaddress.ip_address(t) for t in m.texts('AAAA')],
                                 [ipaddress.ip_address(first)] if first else [])
                m = self.ask('AAAA glob.example', source=source)
                self.assertEqual(ipaddress.ip_address(m.texts('AAAA')[-1]),
                                 ipaddress.ip_address(second))
                self.assertEqual(len(m.answer), 2 if first else 1)
        self.assertEqual(self.up.count('A len.example'), 1)

    def test_ipv4only_in_every_length(self):
        """R8880-7.1-c, ADR-3.1-c, R8880-7.1-g"""
        wanted = ('2001:db8:c000:aa::', '2001:db8:1c0:0:aa::', '2001:db8:122:c000:0:aa00::',
                  '2001:db8:122:3c0:0:aa::', '2001:db8:122:344:c0:0:aa00:0',
                  '2001:db8:122:344::c000:aa', '64:ff9b::c000:aa', '64:ff9b:1:c000:0:aa00::')
        for (source, prefix, _, _), first in zip(self.LENGTHS, wanted):
            with self.subTest(prefix):
                m = self.ask('AAAA ipv4only.arpa', source=source)
                self.assertEqual(len(m.answer), 2)
                self.assertEqual(ipaddress.ip_address(m.texts('AAAA')[0]),
                                 ipaddress.ip_address(first))

    def test_dns64_off_in_a_view(self):
        """D64-6.3-a"""
        self.on('A off.example', '192.0.2.1')
        m = self.from_(9, 'AAAA off.example')
        self.expect(m, 'NOERROR', answer=[])
        self.assertEqual(self.up.count('A off.example'), 0)
        self.on('AAAA offx.example', '::1')
        self.assertEqual(self.from_(9, 'AAAA offx.example').texts('AAAA'), ['::1'])

    def test_several_prefixes(self):
        """D64-5.1.7-e, A-7, LIM-21"""
        self.on('A two.example', '192.0.2.1, 192.0.2.2')
        a1, a2 = S1, S2
        b1, b2 = syn('192.0.2.1', '2001:db8:65::'), syn('192.0.2.2', '2001:db8:65::')
        self.assert_synthetic(self.from_(10, 'AAAA two.example'), a1, a2, b1, b2)
        self.assert_synthetic(self.from_(11, 'AAAA two.example'), a1, a2)
        self.assert_synthetic(self.from_(12, 'AAAA two.example'), a1, b1)
        self.assertEqual(len(self.from_(10, 'AAAA ipv4only.arpa').answer), 4)
        self.assertEqual(len(self.from_(11, 'AAAA ipv4only.arpa').answer), 2)
        self.assertEqual(len(self.from_(12, 'AAAA ipv4only.arpa').answer), 4)

    def test_ranges(self):
        """D64-5-a, D64-5.1.7-d"""
        self.on('AAAA rng.example', 'NODATA soa 300/61')
        self.on('A rng.example', '198.51.100.7, 203.0.113.7')
        self.assertEqual(set(self.from_(13, 'AAAA rng.example').texts('AAAA')),
                         {syn('198.51.100.7', '2001:db8:a::'), syn('203.0.113.7', '2001:db8:b::')})
        self.assert_synthetic(self.from_(14, 'AAAA rng.example'),
                              syn('198.51.100.7', '2001:db8:a::'))
        self.on('AAAA rng2.example', 'NODATA soa 300/61')
        self.on('A rng2.example', '203.0.113.1')
        m = self.from_(14, 'AAAA rng2.example')
        self.expect(m, 'NOERROR', answer=[])
        self.assertEqual([rr.ttl for rr in m.rrs('SOA', 'authority')], [61])

    def test_suffix(self):
        """D64-5.2-c"""
        self.on('A suf.example', '192.0.2.33')
        m = self.from_(15, 'AAAA suf.example')
        self.assertEqual(m.answer[0].rdata.hex(), '20010db80122034400c0000221000001')

    def test_drained_prefix(self):
        """D64-5.3.1-a"""
        self.on('A drn.example', '192.0.2.1')
        self.assert_synthetic(self.from_(16, 'AAAA drn.example'), syn('192.0.2.1', '2001:db8:65::'))
        self.on('PTR 1.2.51.198.in-addr.arpa', '1.2.51.198.in-addr.arpa 300 PTR drn.example')
        name = dns.reverse_name(syn('198.51.2.1'))
        self.assertEqual(self.from_(16, 'PTR ' + name).texts('PTR'), ['drn.example'])

    def test_excluded_ipv4_and_aaaa(self):
        """D64-5.1.7-d, D64-5.1.4-a"""
        self.on('A xv4.example', '192.0.2.1, 192.0.2.200')
        self.assert_synthetic(self.from_(17, 'AAAA xv4.example'), syn('192.0.2.200'))
        self.on('AAAA xv6.example', '2001:db8:bad::1')
        self.on('A xv6.example', '192.0.2.1')
        self.assert_synthetic(self.from_(18, 'AAAA xv6.example'), S1)
        self.on('AAAA xv7.example', '::1')
        self.assertEqual(self.from_(18, 'AAAA xv7.example').texts('AAAA'), ['::1'])

    def test_an_error_is_passed_where_configured(self):
        """D64-5.1.2-b"""
        self.on('AAAA pass.example', 'SERVFAIL')
        self.on('A pass.example', '192.0.2.1')
        m = self.from_(19, 'AAAA pass.example', edns=True)
        self.expect(m, 'SERVFAIL', answer=[])
        self.assertIn(22, m.ede_codes)
        self.assert_synthetic(self.ask('AAAA pass.example'), S1)

    def test_no_prefix_in_force(self):
        """LIM-35, R8880-7.1-i"""
        self.on('AAAA nop.example', 'NODATA soa 300/60')
        self.on('A nop.example', '192.0.2.1')
        m = self.from_(20, 'AAAA nop.example')
        self.expect(m, 'NOERROR', answer=[])
        self.assertLessEqual(m.rrs('SOA', 'authority')[0].ttl, 5)

    def test_synthesized_is_marked_unless_switched_off(self):
        """EDE-03, R8914-2-a"""
        self.on('A mark.example', '192.0.2.1')
        self.assertIn(29, self.ask('AAAA mark.example', edns=True).ede_codes)
        self.assertEqual(self.from_(21, 'AAAA mark.example', edns=True).ede_codes, [])
        self.assertIsNone(self.ask('AAAA mark.example').opt)


class Policy(Case):
    """Names with rules of their own, local data, zones, hide-a."""

    UPSTREAMS = 2

    @classmethod
    def prepare(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.hosts = os.path.join(cls.folder.name, 'hosts')
        with open(cls.hosts, 'w', encoding='ascii') as out:
            out.write('192.0.2.80 web.lan web\n')

    @classmethod
    def config(cls):
        one, two = cls.ups
        return {
            'upstreams': [one.endpoint],
            'zones': [{'zone': 'corp.example', 'upstreams': [two.endpoint]},
                      {'zone': 'plain.example', 'upstreams': [one.endpoint], 'dns64': False},
                      {'zone': '168.192.in-addr.arpa', 'upstreams': [two.endpoint]}],
            'dns64': {'exclude-names': ['never.example'], 'ignore-aaaa': ['always.example'],
                      'append-aaaa': []},
            'records': ['nas.home.arpa. 300 IN A 192.0.2.10',
                        'both.home.arpa. 300 IN A 192.0.2.11',
                        'both.home.arpa. 300 IN AAAA 2001:db8::11',
                        'alias.lan. 300 IN CNAME target.example.'],
            'hosts': [cls.hosts],
            'views': [
                {'clients': ['127.0.2.1'], 'dns64': {
                    'hide-a': 'always', 'keep-a-names': ['keep.example'],
                    'keep-a-ipv4': ['100.64.0.0/10']}},
                {'clients': ['127.0.2.2'], 'dns64': {
                    'hide-a': 'if-aaaa', 'keep-a-ipv4': ['100.64.0.0/10']}},
            ],
        }

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.folder.cleanup()

    def always(self, what, **how):
        return self.ask(what, source='127.0.2.1', **how)

    def if_aaaa(self, what, **how):
        return self.ask(what, source='127.0.2.2', **how)

    def test_names_never_synthesized(self):
        """D64-6.3-a, D64-7.3-a"""
        self.on('A x.never.example', '192.0.2.1')
        self.expect(self.ask('AAAA x.never.example'), 'NOERROR', answer=[])
        self.assertEqual(self.up.count('A x.never.example'), 0)

    def test_names_always_synthesized(self):
        """D64-5.1.1-b"""
        self.on('AAAA x.always.example', '2001:db8::1')
        self.on('A x.always.example', '3600 192.0.2.1')
        self.assert_synthetic(self.ask('AAAA x.always.example'), S1, ttl=600)
        self.on('AAAA y.always.example', '2001:db8::1')
        self.assertEqual(self.ask('AAAA y.always.example').texts('AAAA'), ['2001:db8::1'])

    def test_zone_without_dns64(self):
        """D64-6.3-a"""
        self.on('A x.plain.example', '192.0.2.1')
        self.expect(self.ask('AAAA x.plain.example'), 'NOERROR', answer=[])
        self.assertEqual(self.up.count('A x.plain.example'), 0)

    def test_zone_with_its_own_upstream(self):
        """LOC-a"""
        self.ups[1].on('A x.corp.example', '192.0.2.1')
        self.assert_synthetic(self.ask('AAAA x.corp.example'), S1)
        self.assertEqual(self.ups[0].count('A x.corp.example'), 0)
        self.ups[1].on('PTR 1.1.168.192.in-addr.arpa',
                       '1.1.168.192.in-addr.arpa 300 PTR h.corp.example')
        self.assertEqual(self.ask('PTR 1.1.168.192.in-addr.arpa').texts('PTR'),
                         ['h.corp.example'])

    def test_records_get_dns64(self):
        """D64-5.4-g, LOC-c"""
        before = self.up.count()
        self.assert_synthetic(self.ask('AAAA nas.home.arpa'), syn('192.0.2.10'))
        self.assertEqual(self.ask('AAAA both.home.arpa').texts('AAAA'), ['2001:db8::11'])
        m = self.ask('MX nas.home.arpa')
        self.expect(m, 'NOERROR', answer=[], authority=[])
        self.assertTrue(m.has(dns.AA))
        self.assertTrue(self.ask('A nas.home.arpa').has(dns.AA))
        self.assertEqual(self.up.count(), before)

    def test_a_record_that_points_outside(self):
        """D64-5.4-g, D64-5.1.5-a"""
        self.on('A target.example', '192.0.2.1')
        m = self.ask('AAAA alias.lan')
        self.assertEqual(m.texts('CNAME'), ['target.example'])
        self.assert_synthetic(m, S1)

    def test_hosts_follow_the_file(self):
        """D64-5.4-g, LOC-c, LIM-28"""
        m = self.ask('AAAA web.lan')
        self.assert_synthetic(m, syn('192.0.2.80'), ttl=600)
        self.assertEqual(self.ask('PTR 80.2.0.192.in-addr.arpa').texts('PTR'), ['web.lan'])
        with open(self.hosts + '.new', 'w', encoding='ascii') as out:
            out.write('192.0.2.81 web.lan web\n')
        os.rename(self.hosts + '.new', self.hosts)
        self.assert_soon(lambda: self.ask('A web.lan').texts('A') == ['192.0.2.81'], 5,
                         'the changed hosts file')
        self.assert_synthetic(self.ask('AAAA web.lan'), syn('192.0.2.81'))
        with open(self.hosts, 'a', encoding='ascii') as out:
            out.write('192.0.2.82 web2.lan\n')
        self.assert_soon(lambda: self.ask('A web2.lan').texts('A') == ['192.0.2.82'], 5,
                         'the hosts file with a line more')

    def test_h1_hidden_always(self):
        """D64-5.3.3-a, EDE-02"""
        self.on('A h1.example', 'h1.example 300 CNAME h1t.example ; h1t.example 300 A 192.0.2.1 ; '
                'h1t.example 300 A 100.64.0.1')
        m = self.always('A h1.example', edns=True)
        self.expect(m, 'NOERROR', answer=['h1.example 300 CNAME h1t.example',
                                          'h1t.example 300 A 100.64.0.1'])
        self.assertIn((4, 'A hidden'), m.ede)
        self.assertEqual(self.up.count('AAAA h1.example'), 0)
        self.on('A h1b.example', '192.0.2.1')
        self.expect(self.always('A h1b.example'), 'NOERROR', answer=[])
        self.assertEqual(self.always('A h1b.example', cd=True).texts('A'), ['192.0.2.1'])
        self.assertEqual(self.ask('A h1b.example').texts('A'), ['192.0.2.1'])
        self.assert_synthetic(self.always('AAAA h1b.example'), S1)
        self.on('A x.keep.example', '192.0.2.1')
        self.assertEqual(self.always('A x.keep.example').texts('A'), ['192.0.2.1'])

    def test_h2_hidden_where_there_is_aaaa(self):
        """D64-5.3.3-a, EDE-02"""
        self.on('A h2.example', '192.0.2.1')
        m = self.if_aaaa('A h2.example', edns=True)
        self.expect(m, 'NOERROR', answer=[])
        self.assertIn((4, 'A hidden'), m.ede)
        self.assertEqual(len(m.rrs('SOA', 'authority')), 1)
        self.on('AAAA h2n.example', '2001:db8::1')
        self.on('A h2n.example', '192.0.2.1, 100.64.0.1')
        self.assertEqual(self.if_aaaa('A h2n.example').texts('A'), ['100.64.0.1'])
        self.on('AAAA h2f.example', 'SERVFAIL')
        self.on('A h2f.example', '192.0.2.1')
        self.expect(self.if_aaaa('A h2f.example'), 'NOERROR', answer=[])

    def test_h3_kept_where_there_is_none(self):
        """D64-5.3.3-a"""
        self.on('A h3.example', '127.0.0.1')
        self.assertEqual(self.if_aaaa('A h3.example').texts('A'), ['127.0.0.1'])
        self.on('AAAA h3x.example', 'NXDOMAIN soa 300/60')
        self.on('A h3x.example', '192.0.2.1')
        self.assertEqual(self.if_aaaa('A h3x.example').texts('A'), ['192.0.2.1'])

    def test_h4_without_a(self):
        """D64-5.3.3-a"""
        self.on('A h4.example', 'NODATA soa 300/61')
        m = self.if_aaaa('A h4.example', edns=True)
        self.expect(m, 'NOERROR', answer=[])
        self.assertEqual(m.ede_codes, [])
        self.expect(self.always('A h4n.example'), 'NXDOMAIN')
        self.assertEqual(self.always('A localhost').texts('A'), ['127.0.0.1'])
        self.assertEqual(len(self.always('A ipv4only.arpa').answer), 2)


class ArpaNames(Case):
    """Sections 7.1 and 8."""

    SOA = 'ipv4only.arpa nobody.invalid 1 3600 1200 604800 60'

    @classmethod
    def config(cls):
        return {'dns64': {'prefixes': ['2001:db8:64::/96', '2001:db8:122::/48']},
                'views': [{'clients': ['127.0.3.1'], 'dns64': False},
                          {'clients': ['127.0.3.2'], 'dns64': {'ptr': False}}]}

    def test_ipv4only_is_answered_here(self):
        """R8880-7.1-a, R8880-7.1-b, R8880-7.1-c, R8880-7.1-d, R8880-7.1-f, R8880-7.1-g,
        D64-5.5-d"""
        for how in ({}, {'do': True}, {'cd': True}, {'do': True, 'cd': True}, {'tcp': True}):
            m = self.ask('AAAA ipv4only.arpa', **how)
            self.assertEqual(m.texts('AAAA'), [
                '2001:db8:64::c000:aa', '2001:db8:64::c000:ab', '2001:db8:122:c000:0:aa00::',
                '2001:db8:122:c000:0:ab00::'])
            self.assertTrue(m.has(dns.AA) and m.has(dns.RA) and not m.has(dns.AD))
        m = self.ask('A ipv4only.arpa')
        self.assertEqual(m.texts('A'), ['192.0.0.170', '192.0.0.171'])
        self.assertEqual(m.answer[0].ttl, 3600)
        for kind in ('SOA', 'NS', 'MX', 'HTTPS', 'TXT', 'TYPE1000'):
            m = self.ask(kind + ' ipv4only.arpa')
            self.expect(m, 'NOERROR', answer=[])
            self.assertEqual(m.texts('SOA', 'authority'), ['ipv4only.arpa ' + self.SOA[14:]])
        for what in ('A x.ipv4only.arpa', 'DS x.ipv4only.arpa', 'AAAA a.b.ipv4only.arpa'):
            m = self.ask(what)
            self.expect(m, 'NXDOMAIN', answer=[])
            self.assertEqual(len(m.rrs('SOA', 'authority')), 1)
        self.assertEqual([s for s in self.up.seen() if 'ipv4only' in s.name and
                          s.message.questions[0][1] != 43], [])

    def test_ds_of_ipv4only_goes_upstream(self):
        """R8880-7.1-e"""
        self.on('DS ipv4only.arpa', 'AUTH arpa 300 SOA a.arpa b.arpa 1 2 3 4 60 ; '
                'AUTH ipv4only.arpa 300 NSEC ipv5.arpa NS ; AUTH ipv4only.arpa 300 RRSIG NSEC arpa')
        m = self.ask('DS ipv4only.arpa', do=True)
        self.assertEqual(len(m.rrs('NSEC', 'authority')), 1)
        self.assertEqual(self.up.count('DS ipv4only.arpa'), 1)

    def test_ipv4only_is_nothing_special_without_dns64(self):
        """R8880-7.1-i"""
        self.up.on('TXT ipv4only.arpa', 'NODATA soa 300/60')
        self.ask('TXT ipv4only.arpa', source='127.0.3.1')
        self.assertEqual(self.up.count('TXT ipv4only.arpa'), 1)
        self.up.programs.pop(('TXT ipv4only.arpa', None))
        self.up.log[:] = [s for s in self.up.log if s.name != 'ipv4only.arpa']

    def test_well_known_addresses_have_no_special_reverse(self):
        """R8880-7.2-a, LOC-13"""
        self.ask('PTR 170.0.0.192.in-addr.arpa')
        self.assertEqual(self.up.count('PTR 170.0.0.192.in-addr.arpa'), 1)

    def test_ptr_becomes_a_cname(self):
        """D64-5.3.1-a, D64-5.3.1-b, D64-5.3.1-c, D64-5.3.1-i, R3596-2.5-a"""
        self.on('PTR 4.0.41.198.in-addr.arpa', '4.0.41.198.in-addr.arpa 9999 PTR a.root.example')
        for address in ('2001:db8:64::c629:4', '64:ff9b::c629:4', '2001:db8:122:c629:0:400::',
                        '2001:db8:122:c629:0:400::7'):
            for fold in (str.lower, str.upper):
                with self.subTest(address):
                    name = fold(dns.reverse_name(address))
                    m = self.ask('PTR ' + name)
                    self.assertEqual(m.texts('CNAME'), ['4.0.41.198.in-addr.arpa'])
                    self.assertEqual(m.texts('PTR'), ['a.root.example'])
                    self.assertEqual(m.answer[0].ttl, 600)
                    self.assertFalse(m.has(dns.AA) or m.has(dns.AD))
        self.assertEqual(self.up.count('PTR 4.0.41.198.in-addr.arpa'), 1)
        self.on('PTR 5.0.41.198.in-addr.arpa', '5.0.41.198.in-addr.arpa 30 PTR b.example')
        m = self.ask('PTR ' + dns.reverse_name('64:ff9b::c629:5'), edns=True)
        self.assertEqual(m.answer[0].ttl, 30)
        self.assertIn(29, m.ede_codes)

    def test_ptr_of_an_alias_is_given_directly(self):
        """D64-5.3.1-d, A-11"""
        self.on('PTR 6.0.41.198.in-addr.arpa', '6.0.41.198.in-addr.arpa 300 CNAME '
                '6.0-7.0.41.198.in-addr.arpa ; 6.0-7.0.41.198.in-addr.arpa 300 PTR c.example')
        name = dns.reverse_name('64:ff9b::c629:6')
        self.expect(self.ask('PTR ' + name), 'NOERROR', answer='%s 300 PTR c.example' % name)

    def test_ptr_without_a_name(self):
        """D64-5.3.1-d"""
        self.on('PTR 7.0.41.198.in-addr.arpa', 'NXDOMAIN soa 300/60 zone 41.198.in-addr.arpa')
        m = self.ask('PTR ' + dns.reverse_name('64:ff9b::c629:7'))
        self.expect(m, 'NXDOMAIN', answer=[])
        self.assertEqual(len(m.rrs('SOA', 'authority')), 1)
        self.on('PTR 8.0.41.198.in-addr.arpa', 'NODATA soa 300/60 zone 41.198.in-addr.arpa')
        self.expect(self.ask('PTR ' + dns.reverse_name('64:ff9b::c629:8')), 'NOERROR', answer=[])
        self.on('PTR 9.0.41.198.in-addr.arpa', 'SERVFAIL')
        self.expect(self.ask('PTR ' + dns.reverse_name('64:ff9b::c629:9')), 'SERVFAIL')

    def test_the_rest_of_the_reverse_zones_stays_here(self):
        """D64-5.3.1-g, R8880-7.2.1-a, D64-5.3.1-h"""
        full = dns.reverse_name('64:ff9b::c629:a')
        zone = full[16:]
        for what, rcode in (('TXT ' + full, 'NOERROR'), ('PTR ' + zone, 'NOERROR'),
                            ('PTR 0.0.' + zone, 'NOERROR'), ('PTR x.' + full, 'NXDOMAIN'),
                            ('PTR xyz.' + zone, 'NXDOMAIN'),
                            ('PTR ' + dns.reverse_name('2001:db8:122:c629:100:400::'), 'NXDOMAIN'),
                            ('PTR ' + dns.reverse_name('2001:db8:64::a00:1'), 'NXDOMAIN')):
            with self.subTest(what):
                self.expect(self.ask(what), rcode, answer=[])
        for address in ('64:ff9b::c000:aa', '2001:db8:64::c000:ab'):
            self.assertEqual(self.ask('PTR ' + dns.reverse_name(address)).texts('PTR'),
                             ['ipv4only.arpa'])
        self.assertEqual([s for s in self.up.seen() if s.name.endswith('ip6.arpa') and
                          'b.9.f.f' in s.name and 'd.b.9' not in s.name and
                          s.name != dns.reverse_name('64:ff9b::c629:b')], [])

    def test_ptr_is_ordinary_elsewhere(self):
        """D64-5.3.1-f, D64-5.3.1-i"""
        other = dns.reverse_name('2001:470::1')
        self.on('PTR ' + other, other + ' 300 PTR d.example')
        self.assertEqual(self.ask('PTR ' + other).texts('PTR'), ['d.example'])
        mapped = dns.reverse_name('64:ff9b::c629:b')
        self.on('PTR ' + mapped, mapped + ' 300 PTR e.example')
        self.assertEqual(self.ask('PTR ' + mapped, source='127.0.3.2').texts('PTR'), ['e.example'])
        self.assertEqual(self.ask('PTR ' + mapped, cd=True, do=True).texts('PTR'), ['e.example'])
        self.assertEqual(self.up.count('PTR ' + mapped), 2)


class LocalZones(Case):
    """Section 15, one row after the other."""

    def asked(self):
        return self.up.count()

    def assert_local(self, rcode, *names):
        before = self.asked()
        for name in names:
            for kind in ('A', 'AAAA', 'TXT', 'PTR'):
                for how in ({}, {'cd': True, 'do': True}):
                    with self.subTest(name=name, kind=kind):
                        m = self.ask('%s %s' % (kind, name), **how)
                        self.expect(m, rcode, answer=[])
                        self.assertTrue(m.has(dns.AA))
                        self.assertFalse({15, 16, 17} & set(m.ede_codes))
        self.assertEqual(self.asked(), before)

    def test_names_that_do_not_exist(self):
        """LOC-02, LOC-04, LOC-05, LOC-06, LOC-07, LOC-b, R6303-3-a"""
        self.assert_local('NXDOMAIN', 'x.onion', 'onion', 'x.invalid', 'x.test', 'x.local',
                          'x.home.arpa')

    def test_resolver_arpa_is_empty(self):
        """LOC-08"""
        self.assert_local('NOERROR', 'resolver.arpa', '_dns.resolver.arpa')

    def test_localhost(self):
        """LOC-03, LIM-28, R1035-4.1.1-c"""
        for name in ('localhost', 'x.localhost'):
            m = self.ask('A ' + name)
            self.expect(m, 'NOERROR', answer='%s 10800 A 127.0.0.1' % name)
            self.assertTrue(m.has(dns.AA))
            self.assertEqual(self.ask('AAAA ' + name).texts('AAAA'), ['::1'])
            self.expect(self.ask('MX ' + name), 'NOERROR', answer=[])

    def test_private_reverse_zones(self):
        """LOC-09, LOC-10, R6303-3-a"""
        before = self.asked()
        for zone in ('10.in-addr.arpa', '16.172.in-addr.arpa', '31.172.in-addr.arpa',
                     '168.192.in-addr.arpa', '0.in-addr.arpa', '127.in-addr.arpa',
                     '254.169.in-addr.arpa', '2.0.192.in-addr.arpa', '100.51.198.in-addr.arpa',
                     '113.0.203.in-addr.arpa', '255.255.255.255.in-addr.arpa', 'd.f.ip6.arpa',
                     '8.e.f.ip6.arpa', 'b.e.f.ip6.arpa', '8.b.d.0.1.0.0.2.ip6.arpa',
                     '64.100.in-addr.arpa', '127.100.in-addr.arpa'):
            with self.subTest(zone):
                m = self.ask('PTR 9.9.' + zone)
                self.expect(m, 'NXDOMAIN', answer=[])
                self.assertTrue(m.has(dns.AA))
                self.assertEqual(m.texts('SOA', 'authority'), [
                    '%s nobody.invalid 1 3600 1200 604800 10800' % zone])
                self.assertEqual(len(self.ask('SOA ' + zone).answer), 1)
                self.assertEqual(self.ask('NS ' + zone).texts('NS'), [zone])
                self.expect(self.ask('TXT ' + zone), 'NOERROR', answer=[])
        self.assertEqual(self.asked(), before)

    def test_loopback_has_a_name(self):
        """R6303-3-b"""
        for name in ('1.0.0.127.in-addr.arpa', dns.reverse_name('::1')):
            self.assertEqual(self.ask('PTR ' + name).texts('PTR'), ['localhost'])

    def test_names_that_are_nothing_special(self):
        """LOC-11, LOC-12, LOC-14, A-17"""
        for name in ('example', 'x.example.com', 'x.alt', 'x.service.arpa', '15.172.in-addr.arpa',
                     '63.100.in-addr.arpa'):
            with self.subTest(name):
                self.ask('TXT ' + name)
                self.assertEqual(self.up.count('TXT ' + name), 1)

    def test_ds_of_home_arpa_is_resolved(self):
        """LOC-07"""
        self.ask('DS home.arpa', do=True)
        self.assertEqual(self.up.count('DS home.arpa'), 1)

    def test_forwarded_all_the_same(self):
        """R6303-3-a, LOC-a"""
        with_forward = sixward.Sixward([self.up], forward_special=['test', '10.in-addr.arpa'])
        try:
            self.on('A x.forward.test', '192.0.2.1')
            m = client.ask(with_forward.v4, 'AAAA x.forward.test')
            self.assert_synthetic(m, S1)
            client.ask(with_forward.v4, 'PTR 1.2.3.10.in-addr.arpa')
            self.assertEqual(self.up.count('PTR 1.2.3.10.in-addr.arpa'), 1)
            self.expect(client.ask(with_forward.v4, 'A x.invalid'), 'NXDOMAIN')
        finally:
            with_forward.stop()


class Reload(SideBySide):
    """What changes while the server runs."""

    def test_another_prefix_takes_the_warm_cache(self):
        """D64-5.4-f"""
        up = upstream.Upstream()
        server = sixward.Sixward([up])
        try:
            up.on('A rel.example', '3600 192.0.2.1')
            self.assert_synthetic(client.ask(server.v4, 'AAAA rel.example'), S1)
            server.reload(dns64={'prefixes': ['2001:db8:65::/96']})
            self.assert_soon(lambda: client.ask(server.v4, 'AAAA rel.example').texts('AAAA') ==
                             [syn('192.0.2.1', '2001:db8:65::')])
            self.assertEqual(up.count('A rel.example'), 1)
            server.config['dns64'] = {'prefixs': []}
            server.write()
            server.process.send_signal(1)
            server.wait_line('prefixes')
            self.assertEqual(len(client.ask(server.v4, 'AAAA rel.example').answer), 1)
        finally:
            server.stop()
            up.close()

    def test_what_is_popular_changes_as_well(self):
        """D64-5.4-f: answers that are kept finished are gone with a reload, a hosts file, a view."""
        def often(*addresses, source=None):
            for _ in range(20):
                m = client.ask(server.v4, 'AAAA pop.example', source=source)
                self.assertEqual(m.texts('AAAA'), list(addresses))

        def write_hosts(text):
            with open(hosts + '.new', 'w', encoding='ascii') as out:
                out.write(text)
            os.rename(hosts + '.new', hosts)

        folder = tempfile.TemporaryDirectory()
        hosts = os.path.join(folder.name, 'hosts')
        write_hosts('192.0.2.80 other.lan\n')
        view = {'clients': ['127.0.3.1'], 'dns64': {'prefixes': ['2001:db8:66::/96']}}
        up = upstream.Upstream()
        server = sixward.Sixward([up], hosts=[hosts], views=[view])
        try:
            up.on('A pop.example', '3600 192.0.2.1')
            often(S1)
            often(syn('192.0.2.1', '2001:db8:66::'), source='127.0.3.1')
            often(S1)
            view['dns64'] = {'prefixes': ['2001:db8:67::/96']}
            server.reload(views=[view])
            often(syn('192.0.2.1', '2001:db8:67::'), source='127.0.3.1')
            often(S1)
            server.reload(dns64={'prefixes': ['2001:db8:65::/96']})
            often(syn('192.0.2.1', '2001:db8:65::'))
            write_hosts('2001:db8::7 pop.example\n')
            self.assert_soon(lambda: client.ask(server.v4, 'AAAA pop.example').texts('AAAA') ==
                             ['2001:db8::7'])
            often('2001:db8::7')
            write_hosts('192.0.2.81 other.lan\n')
            self.assert_soon(lambda: client.ask(server.v4, 'AAAA pop.example').texts('AAAA') !=
                             ['2001:db8::7'])
            often(syn('192.0.2.1', '2001:db8:65::'))
            self.assertEqual(up.count('A pop.example'), 1)
        finally:
            server.stop()
            up.close()
            folder.cleanup()

    def test_resolv_conf_is_followed(self):
        """The setting `resolv-conf`. Its servers are on port 53, which no test may serve: whom the
        server asks is seen where it complains that nobody is there."""
        def asks(address):
            nonlocal number
            number += 1
            m = client.ask(server.v4, 'A rc%d.example' % number)
            self.assertEqual(m.rcode_text, 'SERVFAIL')
            return re.search(r'upstream held.*' + re.escape(address), server.log())

        number = 0
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, 'resolv.conf')
            with open(path, 'w', encoding='ascii') as out:
                out.write('nameserver 127.0.4.1\n')
            server = sixward.Sixward(upstreams=[{'resolv-conf': path}])
            try:
                self.assert_soon(lambda: asks('127.0.4.1'), 5, 'a question to the first server')
                with open(path + '.new', 'w', encoding='ascii') as out:
                    out.write('nameserver 127.0.4.2\n')
                os.rename(path + '.new', path)
                self.assert_soon(lambda: asks('127.0.4.2'), 5, 'a question to the new server')
                with open(path, 'w', encoding='ascii') as out:
                    out.write('nameserver 127.0.4.3\n')
                self.assert_soon(lambda: asks('127.0.4.3'), 5, 'a question to the newest server')
                # Another worker may have been asked before the first one wrote its line.
                self.assert_soon(lambda: 'servers=127.0.4.3:53' in server.log(), 5, 'the line')
                # Gone, the servers that it named last are better than none.
                os.remove(path)
                self.assert_soon(lambda: 'what it said stays' in server.log(), 5, 'the complaint')
                number += 1
                m = client.ask(server.v4, 'A rc%d.example' % number, edns=True)
                self.assertNotIn(14, m.ede_codes)
            finally:
                server.stop()
