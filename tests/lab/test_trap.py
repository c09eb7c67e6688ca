"""The trap: a VPN brings an IPv4 address without an IPv4 route, and from then on getaddrinfo gives
programs A records that lead nowhere.

Most programs try the synthesized AAAA first and never notice. Node.js 20 and later gives each
address but the last a short time; when the handshake takes longer, it goes on to the A record, and
gives up there. Up to 16, and with --dns-result-order=ipv4first up to 19, it tries the A alone.
"""

import fetch
import labcase
from lab import MAPPED1, PREFIX1, WEB_IPV4

HIDDEN = {'prefixes': [PREFIX1], 'hide-a': 'always', 'keep-a-names': ['overlay.example']}
FAR, FARTHER, FARTHEST = 300, 600, 800  # milliseconds to the server and back
NO_ROUTE = 'ENETUNREACH'


def patience_ms(version):
    """How long a Node.js waits for an address that is not the last one; None: until it fails."""
    return 500 if version >= 26 else 250 if version >= 20 else None


class Trap(labcase.LabCase):

    def setUp(self):
        super().setUp()
        self.lab.trap()

    def open_trap(self):
        return self.serve(dns64={'prefixes': [PREFIX1]})

    def test_getaddrinfo_gives_what_cannot_be_reached(self):
        self.open_trap()
        self.assertEqual(fetch.addresses('ipv4.example'), [MAPPED1, WEB_IPV4])

    def test_curl_and_python_try_the_synthesized_address_first(self):
        self.open_trap()
        self.lab.slow(0, FAR)
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 0)
        self.assert_from(fetch.python('ipv4.example'), 'ipv4', 0)

    def test_who_takes_the_a_record_fails(self):
        """Without the trap no A record reaches such a program by getaddrinfo; with it, one that
        leads nowhere. With A hidden it is told that there is none."""
        server = self.open_trap()
        self.assertIn("Couldn't connect", fetch.curl('ipv4.example', '-4').error)
        self.assertIn('Network is unreachable', fetch.python('ipv4.example', family=4).error)
        server.reload(dns64=HIDDEN)
        self.assertIn('Could not resolve', fetch.curl('ipv4.example', '-4').error)
        self.assertIn('No address associated', fetch.python('ipv4.example', family=4).error)

    def test_hidden_a_records_leave_what_works(self):
        self.serve(dns64=HIDDEN)
        self.assertEqual(fetch.addresses('ipv4.example'), [MAPPED1])
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 0)

    def test_a_name_of_the_overlay_keeps_its_a_record(self):
        self.serve(dns64=HIDDEN)
        self.lab.route_overlay()
        self.assertIn('100.101.102.104', fetch.addresses('peer.overlay.example'))
        page = fetch.curl('peer.overlay.example', '-4')
        self.assert_from(page, 'dual')
        self.assertEqual(page.client, '100.101.102.103')


@labcase.need_node()
class TrapNode(labcase.LabCase):
    """The same as Node.js meets it, whose versions differ; tried is the one that is here."""

    PROGRAMS = (fetch.NODE_HTTP, fetch.NODE_FETCH)

    def setUp(self):
        super().setUp()
        self.lab.trap()
        self.version = fetch.node_version()
        if self.version < 18:
            self.skipTest('Node.js %d' % self.version)

    def fetch_far(self, delay_ms):
        """Both of its ways to fetch a page, so far away."""
        self.lab.slow(0, delay_ms)
        return [fetch.node('ipv4.example', program=p) for p in self.PROGRAMS]

    def expect_far(self, delay_ms):
        self.serve(dns64={'prefixes': [PREFIX1]})
        patience = patience_ms(self.version)
        for page in self.fetch_far(delay_ms):
            if patience is None or delay_ms < patience:
                self.assert_from(page, 'ipv4', 0)
            else:
                self.assertIn('ETIMEDOUT', page.error)
                self.assertIn(NO_ROUTE, page.error)

    @labcase.long
    def test_near(self):
        self.expect_far(1)

    def test_far(self):
        self.expect_far(FAR)

    @labcase.long
    def test_farther(self):
        self.expect_far(FARTHER)

    def expect_cured(self, delay_ms):
        """What has to give way to no other address is waited for."""
        self.serve(dns64=HIDDEN)
        for page in self.fetch_far(delay_ms):
            self.assert_from(page, 'ipv4', 0)

    def test_far_with_hidden_a_records(self):
        self.expect_cured(FAR)

    @labcase.long
    def test_farthest_with_hidden_a_records(self):
        self.expect_cured(FARTHEST)

    @labcase.long
    def test_ipv4_first(self):
        """What Node.js 16 does of itself. From 20 on this is a cure: after the A, which fails at
        once, the AAAA is the last address."""
        server = self.serve(dns64={'prefixes': [PREFIX1]})
        first = '--dns-result-order=ipv4first'
        self.lab.slow(0, FAR)
        page = fetch.node('ipv4.example', first)
        if self.version >= 20:
            self.assert_from(page, 'ipv4', 0)
        else:
            self.assertEqual(page.error, NO_ROUTE)
        server.reload(dns64=HIDDEN)
        self.assert_from(fetch.node('ipv4.example', first), 'ipv4', 0)

    @labcase.long
    def test_other_cures(self):
        self.serve(dns64={'prefixes': [PREFIX1]})
        self.lab.slow(0, FARTHER)
        if self.version < 20:
            self.skipTest('Node.js %d needs none' % self.version)
        for option in ('--no-network-family-autoselection',
                       '--network-family-autoselection-attempt-timeout=2000'):
            with self.subTest(option):
                self.assert_from(fetch.node('ipv4.example', option), 'ipv4', 0)
