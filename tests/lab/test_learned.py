"""Prefixes that nobody wrote down: told by another DNS64 server, or by the router."""

import fetch
import labcase
from advert import Router
from lab import DNS, DNS64, MAPPED1, MAPPED2, PREFIX1, PREFIX2
from translator import Translator


class Learned(labcase.LabCase):

    def wait_for_answers(self, *wanted, within=5):
        self.assert_soon(lambda: fetch.addresses('ipv4.example') == list(wanted), within,
                         'answers %s' % ', '.join(wanted))

    def serve_learner(self):
        """The server, and the one that it has learned from. An answer there lives for 15 s, and is
        asked for again after 5 (LIM-33)."""
        self.lab.up.on('A ipv4only.arpa', '15 192.0.0.170, 192.0.0.171')
        self.addCleanup(self.lab.up.on, 'A ipv4only.arpa', '300 192.0.0.170, 192.0.0.171')
        other = Translator('core', DNS64, DNS, PREFIX1)
        self.addCleanup(other.close)
        server = self.serve(dns64={'prefixes': [{'learn-from': [DNS64]}]})
        self.wait_for_answers(MAPPED1)
        return server, other

    def test_a_prefix_is_learned_from_another_dns64(self):
        self.serve_learner()
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 0)

    @labcase.long
    def test_another_prefix_of_another_dns64_is_followed(self):
        server, other = self.serve_learner()
        other.use(PREFIX2)
        self.wait_for_answers(MAPPED2, within=10)
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 1)
        learned = server.wait_line('a NAT64 prefix was learned', count=2)
        self.assertEqual([PREFIX1 in learned[0], PREFIX2 in learned[1]], [True, True], learned)

    @labcase.long
    def test_what_a_silent_dns64_has_taught_stays(self):
        server, other = self.serve_learner()
        other.close()
        server.wait_line('what it said stays', 25)
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 0)

    def test_a_prefix_is_learned_from_the_router_and_withdrawn(self):
        router = Router('core', 'client', PREFIX1)
        self.addCleanup(router.close)
        server = self.serve(dns64={'prefixes': [{'learn-from': 'router-advertisements'}]})
        self.wait_for_answers(MAPPED1)
        self.assertGreater(router.solicited, 0)
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 0)
        router.tell(PREFIX2, 600)
        self.wait_for_answers(MAPPED1, MAPPED2)
        router.tell(PREFIX1, 0)
        self.wait_for_answers(MAPPED2)
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 1)
        router.tell(PREFIX2, 0)
        self.wait_for_answers()
        server.wait_line('prefix from a router has ended', count=2)
