"""Section 4: the DO/CD matrix, and the AD bit, before resolvers that validate and that do not."""

import unittest

import world
from dig import dig
from sixward import Sixward

MAPPED = '2001:db8:64::c000:201'


class Case(unittest.TestCase):
    """Three servers: before the plain resolver, the validating one, and that one believed."""

    @classmethod
    def setUpClass(cls):
        cls.world = world.shared()
        cls.servers = {
            'plain': Sixward([cls.world.plain_endpoint]),
            'validating': Sixward([cls.world.validating_endpoint]),
            'trusted': Sixward([{'address': cls.world.validating_endpoint, 'trust-ad': True}]),
        }

    @classmethod
    def tearDownClass(cls):
        for server in cls.servers.values():
            server.stop()

    def dig(self, which, *words):
        return dig(self.servers[which].v4, *words)


class Matrix(Case):
    """Each cell, against each kind of upstream, over UDP and TCP."""

    def cells(self, name, type_='aaaa', do=False, cd=False):
        for which in self.servers:
            for way in ('+notcp', '+tcp'):
                words = ['+dnssec'] if do else ['+nodnssec']
                words += ['+cd'] if cd else ['+nocd']
                answer = self.dig(which, name, type_, way, '+noad', *words)
                self.assertEqual(answer.do, do, answer)
                self.assertEqual('cd' in answer.flags, cd, answer)
                yield which, answer

    def test_do_0_cd_0_is_synthesized_without_dnssec_records(self):
        """D64-5.5-nv00"""
        for which, answer in self.cells('v4only.signed.example'):
            with self.subTest(which):
                self.assertEqual(answer.rdata('AAAA'), [MAPPED], answer)
                self.assertEqual(answer.types(), {'AAAA'})
                self.assertFalse(answer.types('authority') & {'RRSIG', 'NSEC'}, answer)
                self.assertNotIn('ad', answer.flags)

    def test_do_1_cd_0_is_synthesized_and_not_called_authentic(self):
        """D64-5.5-nv10, R4035-4.6-b: no signature covers what was made here."""
        for which, answer in self.cells('v4only.signed.example', do=True):
            with self.subTest(which):
                self.assertEqual(answer.rdata('AAAA'), [MAPPED], answer)
                self.assertNotIn('RRSIG', answer.types(), answer)
                self.assertNotIn('ad', answer.flags)

    def test_do_1_cd_0_keeps_the_signatures_of_the_chain(self):
        """D64-5.5-nv10"""
        for which, answer in self.cells('chain.signed.example', do=True):
            with self.subTest(which):
                self.assertEqual(answer.rdata('AAAA'), [MAPPED], answer)
                signed = {r.split()[0] for r in answer.rdata('RRSIG')}
                self.assertEqual(signed, {'CNAME'}, answer)
                self.assertNotIn('ad', answer.flags)

    def test_cd_1_is_not_synthesized(self):
        """D64-5.5-nv01, D64-5.5-nv11"""
        for do in (False, True):
            for which, answer in self.cells('v4only.signed.example', do=do, cd=True):
                with self.subTest(which, do=do):
                    self.assertEqual((answer.status, answer.answer), ('NOERROR', []), answer)
                    self.assertEqual(answer.types('authority'),
                                     {'SOA', 'NSEC', 'RRSIG'} if do else {'SOA'}, answer)
                    self.assertNotIn('ad', answer.flags)

    def test_cd_1_shows_excluded_addresses(self):
        """D64-5.5-nv11: unmodified means that nothing is left out."""
        for which, answer in self.cells('mapped.signed.example', do=True, cd=True):
            with self.subTest(which):
                self.assertEqual(answer.rdata('AAAA'), ['::ffff:192.0.2.7'], answer)
                self.assertIn('RRSIG', answer.types())
        for which, answer in self.cells('mapped.signed.example', do=True):
            self.assertEqual(answer.rdata('AAAA'), ['2001:db8:64::c000:207'], answer)

    def test_what_is_cached_for_cd_1_is_not_for_cd_0(self):
        """D64-5.5-c: asked with CD=1 first, the broken record is not served to others."""
        name = 'v6only.bogus.example'
        for which in ('validating', 'trusted'):
            raw = self.dig(which, name, 'aaaa', '+cd')
            self.assertEqual(raw.rdata('AAAA'), ['2001:db8:6::101'], raw)
            self.assertEqual(self.dig(which, name, 'aaaa').status, 'SERVFAIL')
            self.assertEqual(self.dig(which, name, 'aaaa', '+cd').status, 'NOERROR')

    def test_dnssec_records_of_other_types(self):
        """D64-5.5-nv10, SEC-DS"""
        for which, answer in self.cells('v6only.signed.example', do=True):
            with self.subTest(which):
                self.assertEqual(answer.types(), {'AAAA', 'RRSIG'}, answer)
        for which, answer in self.cells('none.signed.example', do=True):
            with self.subTest(which):
                self.assertEqual(answer.status, 'NXDOMAIN')
                self.assertEqual(answer.types('authority'), {'SOA', 'NSEC', 'RRSIG'}, answer)


class Authentic(Case):
    """R4035-4.6-b: AD is believed where the operator said so, and passed where it was asked for."""

    def test_ad_needs_trust_and_a_client_that_asks(self):
        for which in self.servers:
            for words in (['+noad'], ['+ad'], ['+noad', '+dnssec']):
                for name, type_ in (('v6only', 'aaaa'), ('v4only', 'a'), ('none', 'a'),
                                    ('text', 'txt')):
                    answer = self.dig(which, name + '.signed.example', type_, *words)
                    with self.subTest(which, words=words, name=name):
                        self.assertEqual('ad' in answer.flags,
                                         which == 'trusted' and words != ['+noad'], answer)

    def test_ad_is_not_for_what_was_changed_here(self):
        """R4035-4.6-b: excluded, synthesized and local answers."""
        for name in ('mapped.signed.example', 'mixed.signed.example', 'v4only.signed.example',
                     'v6only.plain.example', 'localhost', 'ipv4only.arpa'):
            answer = self.dig('trusted', name, 'aaaa', '+ad', '+dnssec')
            self.assertEqual(answer.status, 'NOERROR', answer)
            self.assertNotIn('ad', answer.flags, answer)

    def test_ad_survives_the_cache(self):
        for _ in range(2):
            self.assertIn('ad', self.dig('trusted', 'v6only.signed.example', 'aaaa', '+ad').flags)
            self.assertNotIn('ad', self.dig('trusted', 'v6only.signed.example', 'aaaa',
                                            '+noad').flags)


class Bogus(Case):
    """A resolver behind that has found a forgery is not overruled."""

    def test_a_forged_aaaa_is_not_made_good_from_a(self):
        """D64-5.5-nvb and row 21 of section 5: dual has a good A, which must not be used."""
        for which in ('validating', 'trusted'):
            for words in (['+nodnssec'], ['+dnssec'], ['+tcp']):
                answer = self.dig(which, 'dual.bogus.example', 'aaaa', *words)
                with self.subTest(which, words=words):
                    self.assertEqual((answer.status, answer.answer), ('SERVFAIL', []), answer)
                    self.assertIn(6, answer.ede, answer)

    def test_the_good_a_of_that_name_is_still_served(self):
        self.assertEqual(self.dig('validating', 'dual.bogus.example', 'a').rdata('A'),
                         ['192.0.2.2'])

    def test_a_forged_a_is_not_synthesized_from(self):
        """Row 9 of section 5"""
        answer = self.dig('validating', 'v4only.bogus.example', 'aaaa')
        self.assertEqual((answer.status, answer.answer), ('SERVFAIL', []), answer)
        self.assertIn(6, answer.ede, answer)

    def test_without_edns_there_is_no_extended_error(self):
        """R8914-2-a"""
        answer = self.dig('validating', 'dual.bogus.example', 'aaaa', '+noedns')
        self.assertEqual((answer.status, answer.opt), ('SERVFAIL', False), answer)

    def test_a_resolver_that_does_not_validate_is_believed(self):
        answer = self.dig('plain', 'dual.bogus.example', 'aaaa')
        self.assertEqual(answer.rdata('AAAA'), ['2001:db8:6::201'], answer)
