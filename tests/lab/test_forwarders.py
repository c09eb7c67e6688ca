"""Other resolvers between the programs and us, on the client's 127.0.0.1, beside our [::1].

An IPv4-only page is fetched through each that asks as a resolver does that leaves validation to us, or
to nobody: CD=0. Who asks with CD=1 checks signatures itself, or says so, and must get what there is,
which is no AAAA (D64-5.5-nv11). Some say so even where they check nothing.
"""

import client
import fetch
import forwarders
import labcase
import places
from lab import MAPPED1, PREFIX1


class ForwarderCase(labcase.LabCase):

    DNS64 = {'prefixes': [PREFIX1]}

    def setUp(self):
        super().setUp()
        self.serve(dns64=self.DNS64)
        self.use_nameserver(forwarders.ADDRESS)

    def fetch_through(self, program, *rules):
        """The page, and the flags with which AAAA was asked for."""
        ear = self.listen()
        forwarder = forwarders.Forwarder(program, *rules)
        self.addCleanup(forwarder.close)
        page = fetch.curl('ipv4.example')
        return page, self.flags(ear, 'AAAA ipv4.example')

    @staticmethod
    def flags(ear, what):
        query = ear.heard(what)[0]
        return {word for word in ('edns', 'do', 'cd') if getattr(query, word)}

    def expect_page(self, flags, program, *rules):
        page, seen = self.fetch_through(program, *rules)
        self.assert_from(page, 'ipv4', 0)
        self.assertEqual(seen, set(flags.split()))

    def expect_none(self, program, *rules):
        """The program checks nothing here, and says CD=1."""
        page, seen = self.fetch_through(program, *rules)
        self.assertEqual(seen, {'edns', 'do', 'cd'})
        self.assertIn("Couldn't connect", page.error)  # to the A record
        with places.inside('client'):
            answer = client.ask(('::1', 53), 'AAAA ipv4.example', do=True, cd=True)
        self.assertEqual((answer.rcode, answer.answer), (0, []))


class BehindUnbound(ForwarderCase):

    # In a signed zone nothing that is synthesized has a signature to validate.
    UNVALIDATED = 'domain-insecure: "example"'

    def test_a_page_is_fetched(self):
        self.expect_page('edns do', 'unbound', self.UNVALIDATED)

    def test_addresses_and_their_names_go_through(self):
        self.fetch_through('unbound', self.UNVALIDATED)
        self.assertEqual(fetch.addresses('ipv4.example'), [MAPPED1])
        self.assertEqual(fetch.name_of(MAPPED1), 'ipv4.example')


@labcase.long
@labcase.need(forwarders.is_there('dnsmasq'), 'dnsmasq')
class BehindDnsmasq(ForwarderCase):

    def test_a_page_is_fetched(self):
        self.expect_page('', 'dnsmasq')

    def test_addresses_and_their_names_go_through(self):
        self.fetch_through('dnsmasq')
        self.assertEqual(fetch.addresses('ipv4.example'), [MAPPED1])
        self.assertEqual(fetch.name_of(MAPPED1), 'ipv4.example')

    def test_what_a_client_says_of_dnssec_is_passed_on(self):
        self.fetch_through('dnsmasq')
        ear = self.listen()
        with places.inside('client'):
            client.ask((forwarders.ADDRESS, 53), 'AAAA dual.example', do=True, cd=True)
        self.assertEqual(self.flags(ear, 'AAAA dual.example'), {'edns', 'do', 'cd'})


@labcase.long
@labcase.need(forwarders.is_there('kresd'), 'Knot Resolver')
class BehindKnotResolver(ForwarderCase):

    FORWARD = "policy.add(policy.all(policy.FORWARD('::1'))) "
    STUB = "policy.add(policy.all(policy.STUB('::1')))"

    def test_forward_sets_cd_for_what_it_does_not_validate(self):
        self.expect_none('kresd', self.FORWARD + "trust_anchors.set_insecure({'example'})")

    def test_forward_sets_cd_without_validation_too(self):
        self.expect_none('kresd', self.FORWARD + "trust_anchors.remove('.')")

    def test_a_page_is_fetched_with_stub(self):
        self.expect_page('edns', 'kresd', self.STUB)


@labcase.long
@labcase.need(forwarders.is_there('named'), 'BIND')
class BehindBind(ForwarderCase):

    UNVALIDATED = 'dnssec-validation no;'
    OWN_DNS64 = 'dns64 %s { clients { any; }; };' % PREFIX1

    def test_cd_is_set_without_validation_too(self):
        self.expect_none('named', self.UNVALIDATED)

    def test_a_page_is_fetched_without_edns(self):
        self.expect_page('', 'named', self.UNVALIDATED, 'server ::1 { edns no; };')

    def test_a_page_is_fetched_by_its_own_dns64(self):
        self.expect_page('edns do cd', 'named', self.UNVALIDATED + ' ' + self.OWN_DNS64)
