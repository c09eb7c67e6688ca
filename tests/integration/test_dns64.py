"""DNS64 over the wire: sections 3 to 5 of the protocol, one test for each row of the table."""

import time

import dnswire as dns
from case import Case, SideBySide, S1, S2, syn


class DecisionTable(Case):
    """Section 5, rows that need no waiting."""

    def test_row_1_a_usable_aaaa_is_relayed(self):
        """D64-5.1-a, D64-5.1.1-a"""
        self.on('AAAA r1.example', '77 2001:db8::1, 2001:db8::2')
        self.on('A r1.example', '192.0.2.1')
        self.expect(self.ask('AAAA r1.example'), 'NOERROR', answer=[
            'r1.example 77 AAAA 2001:db8::1', 'r1.example 77 AAAA 2001:db8::2'])

    def test_row_2_excluded_records_are_left_out(self):
        """D64-5.1.4-d, D64-5.1.4-f"""
        self.on('AAAA r2.example', 'r2.example 50 AAAA ::ffff:192.0.2.9 ; '
                'r2.example 50 AAAA 2001:db8::2 ; r2.example 50 RRSIG AAAA example +ad')
        m = self.ask('AAAA r2.example', do=True)
        self.expect(m, 'NOERROR', answer='r2.example 50 AAAA 2001:db8::2')
        self.assertFalse(m.has(dns.AD))
        self.assertEqual(self.ask('AAAA r2.example', do=True, cd=True).texts('AAAA'),
                         ['::ffff:192.0.2.9', '2001:db8::2'])

    def test_row_3_only_excluded_leads_to_synthesis(self):
        """D64-5.1.4-a, D64-5.1.4-c"""
        self.on('AAAA r3.example', '90 ::ffff:192.0.2.9')
        self.on('A r3.example', '3600 192.0.2.1')
        self.assert_synthetic(self.ask('AAAA r3.example'), S1, ttl=90)
        self.on('AAAA r3b.example', '3600 ::1')
        self.on('A r3b.example', '3600 192.0.2.1')
        self.assert_synthetic(self.ask('AAAA r3b.example'), S1, ttl=600)

    def test_row_3_each_default_exclusion(self):
        """D64-5.1.4-a, D64-5.1.4-g"""
        for i, bad in enumerate(('::', '::1', 'fe80::1', 'ff02::1', '::ffff:1.2.3.4')):
            with self.subTest(bad):
                self.on('AAAA r3g%d.example' % i, bad)
                self.on('A r3g%d.example' % i, '192.0.2.1')
                self.assert_synthetic(self.ask('AAAA r3g%d.example' % i), S1)
        self.on('AAAA r3h.example', '64:ff9b::1.2.3.4')
        self.on('A r3h.example', '192.0.2.1')
        self.assertEqual(self.ask('AAAA r3h.example').texts('AAAA'), ['64:ff9b::102:304'])

    def test_row_4_only_excluded_and_no_a(self):
        """D64-5.1.4-c, D64-5.4-c"""
        self.on('AAAA r4.example', 'r4.example 300 CNAME r4t.example ; r4t.example 300 AAAA ::1')
        self.on('A r4.example', 'r4.example 300 CNAME r4t.example ; NODATA soa 300/61')
        m = self.ask('AAAA r4.example')
        self.expect(m, 'NOERROR', answer='r4.example 300 CNAME r4t.example')
        self.assertEqual([rr.ttl for rr in m.rrs('SOA', 'authority')], [61])

    def test_row_5_nodata_and_a_is_synthesized(self):
        """D64-5.1.6-a, D64-5.1.6-c, D64-5.1.7-a, D64-5.1.7-b, D64-7.3-a"""
        self.on('AAAA r5.example', 'NODATA soa 300/60')
        self.on('A r5.example', '3600 192.0.2.1, 192.0.2.2')
        m = self.ask('AAAA r5.example')
        self.expect(m, 'NOERROR', answer=['r5.example 60 AAAA ' + S1, 'r5.example 60 AAAA ' + S2])
        self.assertFalse(m.has(dns.AA) or m.has(dns.AD) or m.has(dns.TC))
        self.assertTrue(m.has(dns.RA) and m.has(dns.RD) and m.has(dns.QR))
        self.assertEqual(self.up.count('AAAA r5.example'), 1)
        self.assertEqual(self.up.count('A r5.example'), 1)

    def test_row_5_ttl_is_the_least(self):
        """D64-5.1.7-b, D64-5.1.7-e"""
        for i, (negative, a, ttl) in enumerate((('300/60', '30', 30), ('50/600', '3600', 50),
                                                ('9000/9000', '3600', 3600))):
            with self.subTest(negative):
                self.on('AAAA r5t%d.example' % i, 'NODATA soa ' + negative)
                self.on('A r5t%d.example' % i, a + ' 192.0.2.1')
                self.assert_synthetic(self.ask('AAAA r5t%d.example' % i), S1, ttl=ttl)
        self.on('AAAA r5m.example', 'NODATA soa 300/300')
        self.on('A r5m.example', 'r5m.example 60 A 192.0.2.1 ; r5m.example 30 A 192.0.2.2 ; '
                'r5m.example 60 A 192.0.2.1')
        self.assert_synthetic(self.ask('AAAA r5m.example'), S1, S2, ttl=30)

    def test_row_6_nodata_without_soa(self):
        """D64-5.1.7-c, R2308-5-d"""
        self.on('AAAA r6.example', 'NODATA')
        self.on('A r6.example', '3600 192.0.2.1')
        self.assert_synthetic(self.ask('AAAA r6.example'), S1, ttl=600)
        self.on('AAAA r6b.example', 'NODATA')
        self.on('A r6b.example', '30 192.0.2.1')
        self.assert_synthetic(self.ask('AAAA r6b.example'), S1, ttl=30)
        self.ask('AAAA r6.example')
        self.assertEqual(self.up.count('AAAA r6.example'), 2)

    def test_row_7_no_data_at_all(self):
        """D64-5.4-c"""
        self.on('AAAA r7.example', 'NODATA soa 300/61')
        self.on('A r7.example', 'NODATA soa 300/62')
        m = self.ask('AAAA r7.example')
        self.expect(m, 'NOERROR', answer=[])
        self.assertEqual([rr.ttl for rr in m.rrs('SOA', 'authority')], [61])

    def test_row_8_nxdomain_for_a_only(self):
        """D64-5.1.6-a"""
        self.on('AAAA r8.example', 'NODATA soa 300/61')
        self.on('A r8.example', 'NXDOMAIN soa 300/62')
        m = self.ask('AAAA r8.example')
        self.expect(m, 'NXDOMAIN', answer=[])
        self.assertEqual([rr.ttl for rr in m.rrs('SOA', 'authority')], [62])

    def test_row_9_a_failed(self):
        """D64-5.1.6-a, R9520-3.2-b"""
        self.on('AAAA r9.example', 'NODATA soa 300/61')
        self.on('A r9.example', 'SERVFAIL')
        m = self.ask('AAAA r9.example', edns=True)
        self.expect(m, 'SERVFAIL', answer=[], authority=[])
        self.assertIn(22, m.ede_codes)
        again = self.ask('AAAA r9.example', edns=True)
        self.expect(again, 'SERVFAIL')
        self.assertIn(13, again.ede_codes)
        self.assertEqual(self.up.count('AAAA r9.example'), 1)
        self.assertEqual(self.up.count('A r9.example', 'udp'), 1)

    def test_row_9_the_upstreams_error_is_told(self):
        """R8914-3-c"""
        self.on('AAAA r9e.example', 'NODATA soa 300/61')
        self.on('A r9e.example', 'SERVFAIL +ede=15:x')
        m = self.ask('AAAA r9e.example', edns=True)
        self.expect(m, 'SERVFAIL')
        self.assertIn((15, 'upstream: x'), m.ede)

    def test_row_11_nxdomain_is_final(self):
        """D64-5.1.2-a"""
        self.on('AAAA r11.example', 'NXDOMAIN soa 300/61 +delay=40')
        self.on('A r11.example', '192.0.2.1')
        m = self.ask('AAAA r11.example')
        self.expect(m, 'NXDOMAIN', answer=[])
        self.assertEqual([rr.ttl for rr in m.rrs('SOA', 'authority')], [61])
        self.on('AAAA r11b.example', 'NXDOMAIN soa 300/61')
        self.on('A r11b.example', '192.0.2.1 +delay=40')
        self.expect(self.ask('AAAA r11b.example'), 'NXDOMAIN', answer=[])

    def test_row_12_every_error_leads_to_a(self):
        """D64-5.1.2-b, D64-5.1.7-c, R4074-4-a"""
        for rcode in (1, 2, 4, 5, 7, 8, 9, 10, 11, 15):
            with self.subTest(rcode):
                self.on('AAAA r12x%d.example' % rcode, 'RCODE %d' % rcode)
                self.on('A r12x%d.example' % rcode, '3600 192.0.2.1')
                self.assert_synthetic(self.ask('AAAA r12x%d.example' % rcode), S1, ttl=600)

    def test_row_12_broken_record_and_referral(self):
        """R4074-4-a, R2308-2.2-a, UPR-09"""
        self.on('AAAA r12b.example', 'r12b.example 300 AAAA \\# 4 c0000201')
        self.on('A r12b.example', '3600 192.0.2.1')
        self.assert_synthetic(self.ask('AAAA r12b.example'), S1, ttl=600)
        self.on('AAAA r12r.example', 'AUTH example 300 NS ns.example')
        self.on('A r12r.example', '3600 192.0.2.1')
        self.assert_synthetic(self.ask('AAAA r12r.example'), S1, ttl=600)

    def test_row_13_failure_and_no_a(self):
        """A-4, UPS-c"""
        self.on('AAAA r13.example', 'SERVFAIL')
        self.on('A r13.example', 'NODATA soa 300/61')
        m = self.ask('AAAA r13.example', edns=True)
        self.expect(m, 'SERVFAIL', answer=[], authority=[])
        self.assertIn(22, m.ede_codes)
        self.on('AAAA r13y.example', 'YXDOMAIN')
        self.on('A r13y.example', 'NODATA soa 300/61')
        self.expect(self.ask('AAAA r13y.example'), 'YXDOMAIN')

    def test_row_14_failure_and_nxdomain(self):
        """D64-5.1.6-a"""
        self.on('AAAA r14.example', 'SERVFAIL')
        self.on('A r14.example', 'NXDOMAIN soa 300/61')
        m = self.ask('AAAA r14.example')
        self.expect(m, 'NXDOMAIN')
        self.assertEqual([rr.ttl for rr in m.rrs('SOA', 'authority')], [61])

    def test_row_15_both_failed(self):
        """R9520-3.2-a, UPS-c"""
        self.on('AAAA r15.example', 'SERVFAIL')
        self.on('A r15.example', 'REFUSED')
        m = self.ask('AAAA r15.example', edns=True)
        self.expect(m, 'SERVFAIL')
        self.assertIn(22, m.ede_codes)
        self.on('AAAA/A r15y.example', 'YXDOMAIN')
        self.expect(self.ask('AAAA r15y.example'), 'YXDOMAIN')

    def test_row_18_a_cached_failure_is_not_asked_again(self):
        """R9520-3.2-b"""
        self.on('AAAA r18.example', 'SERVFAIL')
        self.on('A r18.example', '3600 192.0.2.1')
        self.assert_synthetic(self.ask('AAAA r18.example'), S1, ttl=600)
        asked = self.up.count('AAAA r18.example')
        self.assert_synthetic(self.ask('AAAA r18.example'), S1, ttl=600)
        self.assertEqual(self.up.count('AAAA r18.example'), asked)

    def test_row_20_what_cannot_be_mapped_is_no_a(self):
        """D64-5.1.7-d, ADR-nsp-a"""
        for i, bad in enumerate(('0.0.0.0', '127.0.0.1', '169.254.1.1', '224.0.0.1', '240.0.0.1',
                                 '255.255.255.255')):
            with self.subTest(bad):
                self.on('AAAA r20x%d.example' % i, 'NODATA soa 300/61')
                self.on('A r20x%d.example' % i, bad)
                m = self.ask('AAAA r20x%d.example' % i)
                self.expect(m, 'NOERROR', answer=[])
                self.assertEqual([rr.ttl for rr in m.rrs('SOA', 'authority')], [61])
        self.on('AAAA r20m.example', 'NODATA soa 300/61')
        self.on('A r20m.example', '127.0.0.1, 10.0.0.1')
        self.assert_synthetic(self.ask('AAAA r20m.example'), syn('10.0.0.1'))
        self.on('AAAA r20f.example', 'SERVFAIL')
        self.on('A r20f.example', '127.0.0.1')
        self.expect(self.ask('AAAA r20f.example'), 'SERVFAIL')

    def test_row_21_a_dnssec_failure_is_not_papered_over(self):
        """D64-5.5-nvb, A-20"""
        for code in (5, 6, 7, 8, 9, 10, 11, 12, 25, 27):
            with self.subTest(code):
                self.on('AAAA r21x%d.example' % code, 'SERVFAIL +ede=%d:' % code)
                self.on('A r21x%d.example' % code, '192.0.2.1')
                m = self.ask('AAAA r21x%d.example' % code, edns=True)
                self.expect(m, 'SERVFAIL', answer=[])
                self.assertIn(code, m.ede_codes)
        self.on('AAAA r21o.example', 'SERVFAIL +ede=22:')
        self.on('A r21o.example', '192.0.2.1')
        self.assert_synthetic(self.ask('AAAA r21o.example'), S1)

    def test_row_25_a_loop_is_a_failure(self):
        """D64-5.1.5-g, R1034-3.6.2-a, EDE-11"""
        self.on('AAAA/A r25.example', 'r25.example 300 CNAME r25b.example ; '
                'r25b.example 300 CNAME r25.example')
        m = self.ask('AAAA r25.example', edns=True)
        self.expect(m, 'SERVFAIL', answer=[])
        self.assertEqual(m.ede_codes[:1], [0])
        asked = self.up.count('AAAA r25.example')
        again = self.ask('AAAA r25.example', edns=True)
        self.expect(again, 'SERVFAIL')
        self.assertIn(13, again.ede_codes)
        self.assertEqual(self.up.count('AAAA r25.example'), asked)

    def test_row_26_the_chain_of_the_a_response_is_given(self):
        """D64-5.1.5-a, D64-5.1.5-c"""
        self.on('AAAA r26.example', 'r26.example 300 CNAME r26x.example ; NODATA soa 300/60')
        self.on('A r26.example', 'r26.example 200 CNAME r26y.example ; '
                'r26y.example 3600 A 192.0.2.1')
        m = self.ask('AAAA r26.example')
        self.expect(m, 'NOERROR', answer=['r26.example 200 CNAME r26y.example',
                                          'r26y.example 60 AAAA ' + S1])


class Waiting(SideBySide):
    """Section 5, rows about lost replies: each takes seconds, so all at once."""

    def test_row_16_a_lost_aaaa_counts_as_empty(self):
        """D64-5.1.3-a, D64-5.1.3-b"""
        self.on('AAAA r16.example', 'SILENT')
        self.on('A r16.example', '3600 192.0.2.1 +delay=50')
        begin = time.monotonic()
        m = self.ask('AAAA r16.example')
        took = time.monotonic() - begin
        self.assert_synthetic(m, S1, ttl=600)
        self.assertLess(took, 2.5)

    def test_row_10_a_lost_a_is_a_failure(self):
        """LIM-03, EDE-08"""
        self.on('AAAA r10.example', 'NODATA soa 300/60')
        self.on('A r10.example', 'SILENT')
        begin = time.monotonic()
        m = self.ask('AAAA r10.example', edns=True)
        self.expect(m, 'SERVFAIL', answer=[])
        self.assertTrue({22, 23} & set(m.ede_codes), m)
        self.assertLess(time.monotonic() - begin, 4.6)

    def test_row_17_lost_aaaa_and_no_a(self):
        """D64-5.1.3-a, A-4"""
        self.on('AAAA r17.example', 'SILENT')
        self.on('A r17.example', 'NODATA soa 300/60')
        m = self.ask('AAAA r17.example', edns=True)
        self.expect(m, 'SERVFAIL', answer=[])
        self.assertTrue({22, 23} & set(m.ede_codes), m)

    def test_row_17_lost_aaaa_and_nxdomain(self):
        """D64-5.1.3-a"""
        self.on('AAAA r17n.example', 'SILENT')
        self.on('A r17n.example', 'NXDOMAIN soa 300/60')
        self.expect(self.ask('AAAA r17n.example'), 'NXDOMAIN')

    def test_row_17_both_lost(self):
        """R9520-3.1-a, LIM-03, LIM-05"""
        self.on('AAAA/A r17b.example', 'SILENT')
        begin = time.monotonic()
        m = self.ask('AAAA r17b.example', edns=True)
        self.expect(m, 'SERVFAIL')
        self.assertTrue({22, 23} & set(m.ede_codes), m)
        self.assertLess(time.monotonic() - begin, 4.6)
        self.assertLessEqual(self.up.count('AAAA r17b.example', 'udp'), 3)
        self.assertLessEqual(self.up.count('A r17b.example', 'udp'), 3)

    def test_a_late_aaaa_fills_the_cache(self):
        """D64-5.1.3-b, LIM-04"""
        self.on('AAAA late.example', '3600 2001:db8::7 +delay=3000')
        self.on('A late.example', '3600 192.0.2.1')
        self.assert_synthetic(self.ask('AAAA late.example'), S1, ttl=600)
        self.assert_soon(lambda: self.ask('AAAA late.example').texts('AAAA') == ['2001:db8::7'], 8)

    def test_a_slow_aaaa_is_waited_for(self):
        """D64-5.1.8-a"""
        self.on('AAAA slow.example', '2001:db8::1 +delay=200')
        self.on('A slow.example', '192.0.2.1 +delay=5')
        self.assertEqual(self.ask('AAAA slow.example').texts('AAAA'), ['2001:db8::1'])
        self.assertGreaterEqual(self.up.count('A slow.example'), 1)


class Chains(Case):
    """Section 3.3, and 3.5: what stands around the answer."""

    def test_an_incomplete_chain_is_completed(self):
        """D64-5.1.5-d"""
        self.on('AAAA/A c1.example', 'c1.example 300 CNAME c1t.example')
        self.on('AAAA c1t.example', 'NODATA soa 300/60')
        self.on('A c1t.example', '3600 192.0.2.1')
        self.expect(self.ask('AAAA c1.example'), 'NOERROR', answer=[
            'c1.example 300 CNAME c1t.example', 'c1t.example 60 AAAA ' + S1])

    def test_a_dname_gets_its_cname(self):
        """D64-5.1.5-e, R6672-2.2-a"""
        self.on('AAAA a.d.example', 'd.example 300 DNAME e.example ; NODATA soa 300/60')
        self.on('A a.d.example', 'd.example 300 DNAME e.example ; a.e.example 3600 A 192.0.2.1')
        self.expect(self.ask('AAAA a.d.example'), 'NOERROR', answer=[
            'd.example 300 DNAME e.example', 'a.d.example 300 CNAME a.e.example',
            'a.e.example 60 AAAA ' + S1])

    def test_a_dname_does_not_answer_other_names(self):
        """R6672-3.4-a"""
        for x in 'ab':
            self.on('TXT %s.dn.example' % x, 'dn.example 300 DNAME dm.example ; '
                    '%s.dm.example 300 TXT %s' % (x, x))
            self.assertEqual(self.ask('TXT %s.dn.example' % x).texts('TXT'), ['"%s"' % x])
            self.assertEqual(self.up.count('TXT %s.dn.example' % x), 1)

    def test_a_dname_that_makes_a_name_too_long(self):
        """D64-5.1.5-e"""
        name = 'x' * 60 + '.' + 'y' * 60 + '.' + 'z' * 60 + '.long.example'
        target = 'w' * 60 + '.' + 'v' * 60 + '.example'
        self.on('AAAA/A ' + name, 'long.example 300 DNAME ' + target)
        self.expect(self.ask('AAAA ' + name), 'YXDOMAIN')

    def test_a_chain_that_ends_nowhere_is_nxdomain(self):
        """D64-5.1.5-f, R6604-2-a"""
        self.on('AAAA c2.example', 'c2.example 300 CNAME c2t.example ; NXDOMAIN soa 300/60')
        self.on('A c2.example', '192.0.2.1')
        m = self.ask('AAAA c2.example')
        self.expect(m, 'NXDOMAIN', answer='c2.example 300 CNAME c2t.example')

    def test_a_long_chain_is_a_failure(self):
        """LIM-20, R1123-6.1.3.3-a, D64-5.1.5-g"""
        def link(seen):
            number = int(seen.name[3:-8])
            return 'lnk%d.example 300 CNAME lnk%d.example' % (number, number + 1)
        self.up.on_match(r'(A|AAAA) lnk\d+\.example', link)
        self.expect(self.ask('AAAA lnk0.example'), 'SERVFAIL', answer=[])
        asked = [s for s in self.up.seen() if s.name.startswith('lnk')]
        self.assertLessEqual(len(asked), 12)

    def test_authority_and_additional_are_those_of_the_a_response(self):
        """D64-5.4-b, D64-5.3.2-a"""
        self.on('AAAA c3.example', 'NODATA soa 300/60')
        self.on('A c3.example', 'c3.example 300 A 192.0.2.1 ; AUTH example 300 NS ns.example ; '
                'ADD ns.example 300 A 192.0.2.9')
        self.expect(self.ask('AAAA c3.example'), 'NOERROR', answer='c3.example 60 AAAA ' + S1,
                    authority='example 300 NS ns.example', additional='ns.example 300 A 192.0.2.9')

    def test_other_types_are_unchanged(self):
        """D64-5.3.3-a, R3597-3-a, R3597-4-a, R9460-4.2-a, R9460-4.2.1-a, SEC-DS"""
        for kind, rdata in (('A', '192.0.2.1'), ('MX', '10 Mail.c4.example'), ('TXT', '"a b"'),
                            ('SRV', '1 2 3 Host.c4.example'), ('TYPE65280', '\\# 3 010203'),
                            ('TYPE65281', '\\# 0'), ('DS', '1 13 2 aabb'),
                            ('HTTPS', '\\# 16 00010000040004c0000201ff78000164')):
            with self.subTest(kind):
                line = 'c4.example 300 %s %s' % (kind, rdata)
                self.on(kind + ' c4.example', line)
                m = self.ask(kind + ' c4.example')
                wanted = dns.RR.parse(line)
                self.assertEqual([(rr.type, rr.text) for rr in m.answer],
                                 [(wanted.type, wanted.text)])
                if kind not in ('MX',):  # R3597-4-a: nothing else may be compressed
                    self.assertEqual(m.answer[0].rdata, wanted.rdata)

    def test_the_question_is_echoed_letter_for_letter(self):
        """D64-5.4-a, R4343-3-a, R4343-4-a"""
        self.on('A c5.example', '192.0.2.1')
        for name in ('c5.example', 'C5.eXample', 'c5.EXAMPLE'):
            m = self.ask('AAAA ' + name)
            self.assertEqual(m.questions[0][0], name)
            self.assertEqual(m.answer[0].owner, name)
        self.assertEqual(self.up.count('A c5.example'), 1)

    def test_other_classes_have_no_dns64(self):
        """D64-5.1-b, R5625-4.3-a, MAL-26"""
        self.on('AAAA c6.example', 'NODATA soa 300/60')
        self.on('A c6.example', '192.0.2.1')
        for cls in ('HS', 'CLASS300', 'ANY', 'NONE'):
            with self.subTest(cls):
                before = self.up.count('AAAA c6.example')
                self.expect(self.ask('AAAA c6.example', cls=cls), 'NOERROR', answer=[])
                self.assertEqual(self.up.count('AAAA c6.example'), before + 1)
                self.assertEqual(self.up.seen('AAAA c6.example')[-1].cls,
                                 dns.class_number(cls))
        self.assertEqual(self.up.count('A c6.example'), 0)

    def test_many_addresses_are_cut_over_udp_only(self):
        """D64-5.4-e, R2181-9-a, UDP-a, R6891-6.2.3-a"""
        self.on('A c7.example', '300 ' + ', '.join('192.0.2.%d' % i for i in range(1, 41)))
        m = self.ask('AAAA c7.example')
        self.assertLessEqual(len(m.raw), 512)
        self.assertTrue(m.has(dns.TC))
        self.assertEqual(m.counts, (1, 0, 0, 0))
        whole = self.ask('AAAA c7.example', tcp=True)
        self.assertEqual(whole.texts('AAAA'), [syn('192.0.2.%d' % i) for i in range(1, 41)])
        self.assertFalse(whole.has(dns.TC))

    def test_additional_data_are_never_answers(self):
        """R2181-5.4.1-b, CCH-f"""
        self.on('MX c8.example', 'c8.example 300 MX 10 c8m.example ; '
                'ADD c8m.example 300 A 192.0.2.66')
        self.on('A c8m.example', '192.0.2.1')
        self.assertEqual(self.ask('MX c8.example').texts('A', 'additional'), ['192.0.2.66'])
        self.assertEqual(self.ask('A c8m.example').texts('A'), ['192.0.2.1'])

    def test_svcb_and_names_with_any_octet_pass(self):
        """R4343-3-a, R5625-4.3-a, MAL-27"""
        self.on('A \\221c.example', '192.0.2.1')
        self.on('A \\253c.example', '192.0.2.2')
        self.assertEqual(self.ask('A \\221c.example').texts('A'), ['192.0.2.1'])
        self.assertEqual(self.ask('A \\253c.example').texts('A'), ['192.0.2.2'])
        for number in (0, 1000, 65535):
            self.on('TYPE%d c9.example' % number, 'NODATA soa 300/60')
            self.expect(self.ask('TYPE%d c9.example' % number), 'NOERROR', answer=[])
            self.assertEqual(self.up.count('TYPE%d c9.example' % number), 1)


class Dnssec(Case):
    """Section 4, mode NV, and 17.3."""

    @classmethod
    def config(cls):
        return {}

    def program(self, name):
        self.on('AAAA ' + name, 'AUTH example 300 SOA ns.example host.example 1 2 3 4 60 ; '
                'AUTH %s 300 NSEC z.example A ; AUTH %s 300 RRSIG NSEC example +ad' % (name, name))
        self.on('A ' + name, '%s 300 A 192.0.2.1 ; %s 300 RRSIG A example ; '
                'AUTH example 300 NS ns.example ; AUTH example 300 RRSIG NS example +ad' %
                (name, name))

    def test_nv00(self):
        """D64-5.5-nv00, SEC-4035-3.2.1, SEC-4035-3.2.1-b, UPS-e, R6891-6.2.3-b, R4035-4.6-b"""
        self.program('nv00.example')
        m = self.ask('AAAA nv00.example', edns=True)
        self.assert_synthetic(m, S1, ttl=60)
        self.assertEqual([rr for rr in m.answer + m.authority if rr.type in (46, 47)], [])
        self.assertFalse(m.has(dns.AD) or m.do)
        for kind in ('AAAA', 'A'):
            q = self.up.seen(kind + ' nv00.example')[0].message
            self.assertTrue(q.do and q.has(dns.RD))
            self.assertFalse(q.has(dns.CD) or q.has(dns.AD) or q.has(dns.Z))
            self.assertEqual((q.size, q.version, len(q.questions)), (1232, 0, 1))

    def test_nv10(self):
        """D64-5.5-nv10, A-21, R6840-5.6-a"""
        self.program('nv10.example')
        m = self.ask('AAAA nv10.example', do=True, ad=True)
        self.assert_synthetic(m, S1, ttl=60)
        self.assertEqual(m.texts('RRSIG'), [])
        self.assertEqual(m.texts('RRSIG', 'authority'), ['NS example'])
        self.assertTrue(m.do)
        self.assertFalse(m.has(dns.AD))

    def test_nv01(self):
        """D64-5.5-nv01, A-2, R4035-3.2.2-a"""
        self.program('nv01.example')
        m = self.ask('AAAA nv01.example', cd=True)
        self.expect(m, 'NOERROR', answer=[])
        self.assertEqual([rr for rr in m.authority if rr.type in (46, 47)], [])
        self.assertTrue(m.has(dns.CD))
        self.assertFalse(m.has(dns.AD))
        self.assertEqual(self.up.count('A nv01.example'), 0)
        self.assertTrue(self.up.seen('AAAA nv01.example')[0].message.has(dns.CD))

    def test_nv11(self):
        """D64-5.5-nv11, A-10, R2308-6-a"""
        self.program('nv11.example')
        m = self.ask('AAAA nv11.example', cd=True, do=True)
        self.expect(m, 'NOERROR', answer=[])
        self.assertEqual(m.texts('RRSIG', 'authority'), ['NSEC example'])
        self.assertEqual(len(m.rrs('NSEC', 'authority')), 1)
        self.assertEqual(self.up.count('A nv11.example'), 0)
        self.on('AAAA nv11x.example', 'nv11x.example 300 AAAA ::1 ; '
                'nv11x.example 300 RRSIG AAAA example')
        m = self.ask('AAAA nv11x.example', cd=True, do=True)
        self.assertEqual((m.texts('AAAA'), m.texts('RRSIG')), (['::1'], ['AAAA example']))

    def test_do_is_not_in_the_key_but_cd_is(self):
        """CCH-a, D64-5.5-c, R6840-5.9-b"""
        self.on('TXT key.example', 'key.example 300 TXT a ; key.example 300 RRSIG TXT example')
        self.assertEqual(len(self.ask('TXT key.example', do=True).answer), 2)
        self.assertEqual(len(self.ask('TXT key.example').answer), 1)
        self.assertEqual(self.up.count('TXT key.example'), 1)
        self.ask('TXT key.example', cd=True)
        self.assertEqual(self.up.count('TXT key.example'), 2)
        self.on('TXT keyf.example', 'SERVFAIL', 'keyf.example 300 TXT a')
        self.expect(self.ask('TXT keyf.example'), 'SERVFAIL')
        self.expect(self.ask('TXT keyf.example', cd=True), 'NOERROR')

    def test_a_dnssec_type_that_was_asked_for_is_kept(self):
        """SEC-4035-3.2.1-b, UPR-12"""
        self.on('RRSIG sec.example', 'sec.example 300 RRSIG A example')
        self.on('NSEC sec.example', 'sec.example 300 NSEC z.example A ; '
                'sec.example 300 RRSIG NSEC example')
        self.assertEqual(self.ask('RRSIG sec.example').texts('RRSIG'), ['A example'])
        m = self.ask('NSEC sec.example')
        self.assertEqual((m.texts('NSEC'), m.texts('RRSIG')), (['z.example'], []))

    def test_ad_is_not_believed_by_default(self):
        """R4035-4.6-b, UPR-14"""
        self.on('TXT ad.example', 'ad.example 300 TXT a +ad +aa')
        m = self.ask('TXT ad.example', do=True, ad=True)
        self.assertFalse(m.has(dns.AD) or m.has(dns.AA))


class TrustAd(Case):
    """trust-ad: the upstream is believed."""

    @classmethod
    def config(cls):
        return {'upstreams': [{'address': cls.up.endpoint, 'trust-ad': True}]}

    def test_ad_is_passed_where_it_was_asked_for(self):
        """R4035-4.6-b"""
        self.on('TXT t1.example', 't1.example 300 TXT a +ad')
        self.assertTrue(self.ask('TXT t1.example', do=True).has(dns.AD))
        self.assertTrue(self.ask('TXT t1.example', ad=True).has(dns.AD))
        self.assertFalse(self.ask('TXT t1.example').has(dns.AD))

    def test_ad_is_not_passed_for_what_was_changed(self):
        """R4035-4.6-b, D64-5.1.4-f"""
        self.on('AAAA t2.example', 'NODATA soa 300/60 +ad')
        self.on('A t2.example', '192.0.2.1 +ad')
        m = self.ask('AAAA t2.example', do=True, ad=True)
        self.assert_synthetic(m, S1)
        self.assertFalse(m.has(dns.AD))
        self.on('AAAA t3.example', '::1, 2001:db8::3 +ad')
        self.assertFalse(self.ask('AAAA t3.example', do=True, ad=True).has(dns.AD))
        self.assertFalse(self.ask('A localhost', do=True, ad=True).has(dns.AD))
