"""Section 10 over the wire: what is kept, how long, and what is never kept."""

import time

import client
import dnswire as dns
import sixward
import upstream
from case import Case, SideBySide


class Kept(Case):
    """Counted at the upstream."""

    def asked(self, what, times, **how):
        """Asks so often; how many questions the upstream saw."""
        before = self.up.count(what)
        for _ in range(times):
            self.ask(what, **how)
        return self.up.count(what) - before

    def test_answers(self):
        """CCH-a, CCH-b, D64-5-a: one question of each type, whoever asks how often"""
        self.on('A k1.example', '3600 192.0.2.1')
        for _ in range(3):
            for v6 in (False, True):
                for tcp in (False, True):
                    self.ask('AAAA k1.example', tcp, v6)
                    self.ask('A k1.example', tcp, v6)
        self.assertEqual(self.up.count('A k1.example'), 1)
        self.assertEqual(self.up.count('AAAA k1.example'), 1)

    def test_ttl_zero_is_not_kept(self):
        """CCH-c"""
        self.on('A k2.example', '0 192.0.2.1')
        self.assertEqual(self.asked('A k2.example', 3), 3)
        self.assertEqual(self.ask('A k2.example').answer[0].ttl, 0)

    def test_negative_answers(self):
        """R2308-5-a, R2308-5-b, R2308-5-c, R2308-2.1-a, R2308-2.2-a, R2308-6-a"""
        self.on('MX k3.example', 'NODATA soa 300/60')
        self.on('TXT k3.example', 'k3.example 300 TXT x')
        self.assertEqual(self.asked('MX k3.example', 3), 1)
        self.assertEqual(self.asked('TXT k3.example', 3), 1)
        m = self.ask('MX k3.example')
        self.assertTrue(55 <= m.rrs('SOA', 'authority')[0].ttl <= 60)
        self.assertEqual(self.asked('AAAA k3n.example', 3), 1)
        self.assertEqual(self.asked('A k3n.example', 1), 1 if self.up.count('A k3n.example') > 1
                         else 0)
        self.assertEqual(self.asked('MX k3n.example', 1), 0)

    def test_negative_answers_without_soa_are_not_kept(self):
        """R2308-5-d"""
        self.on('MX k4.example', 'NODATA')
        self.on('MX k4n.example', 'NXDOMAIN')
        self.assertEqual(self.asked('MX k4.example', 2), 2)
        self.assertEqual(self.asked('MX k4n.example', 2), 2)

    def test_caps(self):
        """CCH-d, R2308-5-e, LIM-23, LIM-24"""
        self.on('A k5.example', '1000000 192.0.2.1')
        self.assertEqual(self.ask('A k5.example').answer[0].ttl, 86400)
        self.on('MX k5n.example', 'NODATA soa 604800/604800')
        self.assertEqual(self.ask('MX k5n.example').rrs('SOA', 'authority')[0].ttl, 3600)

    def test_no_ns_beside_the_soa(self):
        """R2308-2.1-b"""
        self.on('MX k6.example', 'NXDOMAIN soa 300/60 ; AUTH example 300 NS ns.example ; '
                'ADD ns.example 300 A 192.0.2.1')
        m = self.ask('MX k6.example')
        self.assertEqual([rr.type for rr in m.authority], [dns.TYPES['SOA']])

    def test_nxdomain_covers_what_is_below(self):
        """R8020-2-a, R8198-5-a"""
        self.expect(self.ask('MX k7.example'), 'NXDOMAIN')
        before = self.up.count()
        self.expect(self.ask('A a.k7.example'), 'NXDOMAIN')
        self.expect(self.ask('AAAA a.b.k7.example'), 'NXDOMAIN')
        self.assertEqual(self.up.count(), before)
        self.on('MX k7c.example', 'k7c.example 300 CNAME k7t.example ; NXDOMAIN soa 300/60')
        self.expect(self.ask('MX k7c.example'), 'NXDOMAIN')
        self.expect(self.ask('MX x.k7t.example'), 'NXDOMAIN')
        self.assertEqual(self.up.count('MX x.k7t.example'), 0)
        self.on('MX x.k7c.example', 'x.k7c.example 300 MX 1 m.example')
        self.assertEqual(len(self.ask('MX x.k7c.example').answer), 1)

    def test_two_answers_never_mix(self):
        """R2181-5-a"""
        self.on('A k8.example', '0 192.0.2.1', '300 192.0.2.2')
        self.ask('A k8.example')
        self.assertEqual(self.ask('A k8.example').texts('A'), ['192.0.2.2'])
        self.assertEqual(self.ask('A k8.example').texts('A'), ['192.0.2.2'])

    def test_failures_are_kept(self):
        """R9520-3.2-a, R9520-3.2-b, EDE-04"""
        for rcode in ('SERVFAIL', 'REFUSED', 'FORMERR', 'NOTIMP'):
            what = 'MX k9%s.example' % rcode.lower()
            self.on(what, rcode)
            first = self.ask(what)
            asked = self.up.count(what)
            m = self.ask(what, edns=True)
            self.assertEqual((first.rcode_text, m.rcode_text), ('SERVFAIL', 'SERVFAIL'))
            self.assertIn(13, m.ede_codes)
            self.assertEqual(self.up.count(what), asked)
        self.on('AAAA k9o.example', 'SERVFAIL')
        self.on('A k9o.example', '192.0.2.1')
        self.ask('AAAA k9o.example', cd=True)
        self.assertEqual(self.ask('A k9o.example').texts('A'), ['192.0.2.1'])


class Aging(SideBySide):
    """Seconds pass here, for all tests at once."""

    def test_ttls_count_down(self):
        """CCH-b"""
        self.on('A age1.example', '100 192.0.2.1')
        begin = time.monotonic()
        self.ask('A age1.example')
        self.assert_soon(lambda: self.ask('A age1.example').answer[0].ttl <= 97, 8)
        took = time.monotonic() - begin
        # An answer that is kept finished rounds its age up once more.
        self.assertGreater(took, 0.9)
        self.assertEqual(self.up.count('A age1.example'), 1)

    def test_synthetic_ttls_count_down(self):
        """D64-5.1.7-b"""
        self.on('AAAA age2.example', 'NODATA soa 300/60')
        self.on('A age2.example', '3600 192.0.2.1')
        self.assertEqual(self.ask('AAAA age2.example').answer[0].ttl, 60)
        self.assert_soon(lambda: self.ask('AAAA age2.example').answer[0].ttl <= 58, 8)
        self.assertEqual(self.up.count('A age2.example'), 1)

    def test_what_has_expired_is_asked_again(self):
        """CCH-b"""
        self.on('A age3.example', '1 192.0.2.1', '300 192.0.2.2')
        self.assertEqual(self.ask('A age3.example').texts('A'), ['192.0.2.1'])
        self.assert_soon(lambda: self.ask('A age3.example').texts('A') == ['192.0.2.2'], 5)
        self.assertEqual(self.up.count('A age3.example'), 2)

    def test_negative_ttls_count_down(self):
        """R2308-6-a"""
        self.on('MX age4.example', 'NODATA soa 300/60')
        self.ask('MX age4.example')
        self.assert_soon(lambda: self.ask('MX age4.example').rrs('SOA', 'authority')[0].ttl <= 58,
                         8)
        self.assertEqual(self.up.count('MX age4.example'), 1)

    def test_a_failure_is_held_five_seconds(self):
        """R9520-3.2-c, LIM-25"""
        self.on('MX age5.example', 'SERVFAIL')
        self.ask('MX age5.example')
        begin, asked = time.monotonic(), self.up.count('MX age5.example')
        self.on('MX age5.example', 'age5.example 300 MX 1 m.example')
        self.assert_soon(lambda: len(self.ask('MX age5.example').answer) == 1, 12)
        took = time.monotonic() - begin
        self.assertTrue(4.5 < took < 8, took)
        self.assertEqual(self.up.count('MX age5.example'), asked + 1)

    def test_time_outs_are_kept(self):
        """R9520-3.2-a, R9520-3.2-b"""
        self.on('MX age6.example', 'SILENT')
        self.expect(self.ask('MX age6.example'), 'SERVFAIL')
        self.assert_soon(lambda: 13 in self.ask('MX age6.example', edns=True).ede_codes, 10)
        asked = self.up.count('MX age6.example')
        m = self.ask('MX age6.example', edns=True)
        self.expect(m, 'SERVFAIL')
        self.assertIn(13, m.ede_codes)
        self.assertEqual(self.up.count('MX age6.example'), asked)


class Settings(SideBySide):
    """Other settings of the cache; a server for each."""

    def play(self, scene, haste=False, **config):
        up = upstream.Upstream(haste=haste)
        server = sixward.Sixward([up], **config)
        try:
            scene(server, up)
        finally:
            server.stop()
            up.close()

    def test_no_cache(self):
        """config.md: cache.size 0"""
        def scene(server, up):
            up.on('A c1.example', '3600 192.0.2.1')
            for _ in range(3):
                self.assertEqual(client.ask(server.v4, 'A c1.example').texts('A'), ['192.0.2.1'])
            self.assertEqual(up.count('A c1.example'), 3)
        self.play(scene, cache={'size': 0})

    def test_ttl_bounds(self):
        """CCH-d: config.md: min-ttl, max-ttl, max-negative-ttl"""
        def scene(server, up):
            for name, ttl, given in (('low', 1, 30), ('high', 9999, 100), ('mid', 50, 50)):
                up.on('A %s.example' % name, '%d 192.0.2.1' % ttl)
                self.assertEqual(client.ask(server.v4, 'A %s.example' % name).answer[0].ttl, given)
            up.on('MX neg.example', 'NODATA soa 300/300')
            m = client.ask(server.v4, 'MX neg.example')
            self.assertEqual(m.rrs('SOA', 'authority')[0].ttl, 40)
        self.play(scene, cache={'min-ttl': '30s', 'max-ttl': '100s', 'max-negative-ttl': '40s'})

    def test_no_cut(self):
        """R8020-7-a"""
        def scene(server, up):
            client.ask(server.v4, 'A cut.example')
            up.on('A x.cut.example', '192.0.2.1')
            self.assertEqual(client.ask(server.v4, 'A x.cut.example').texts('A'), ['192.0.2.1'])
        self.play(scene, cache={'nxdomain-cut': False})

    def test_memory_is_bounded(self):
        """CCH-g, R9520-3.2-d"""
        def scene(server, up):
            rdata = bytes([250]) + b'x' * 250
            def program(seen):
                if int(seen.name[1:-8]) % 10 == 9:
                    return 'SERVFAIL'
                return '%s 3600 TXT \\# 251 %s' % (seen.name, rdata.hex())
            up.on_match(r'TXT m\d+\.example', program)
            sizes = []
            with client.udp_socket(server.v4) as sock:
                sock.settimeout(client.PATIENCE)
                for begin in range(0, 6000, 50):
                    for i in range(begin, begin + 50):
                        sock.send(dns.query('TXT m%d.example' % i, id_=i & 0xffff))
                    for _ in range(50):
                        sock.recv(65535)
                    sizes.append(server.resident_kib())
            half = sizes[len(sizes) // 2]
            self.assertLess(sizes[-1] - half, 8 * 1024, sizes[::10])
            self.assertEqual(len(client.ask(server.v4, 'TXT m5999.example').answer), 0)
            self.assertEqual(len(client.ask(server.v4, 'TXT m5998.example').answer), 1)
        self.play(scene, haste=True, measured=True, cache={'size': '256KiB'})
