"""What the whole is for: programs reach servers by name, and need not know how."""

import fetch
import labcase
from lab import MAPPED1, PREFIX1, WEB_DUAL, WEB_IPV4


class Fetch(labcase.LabCase):
    """One gateway, no IPv4 but that of loopback."""

    def setUp(self):
        super().setUp()
        self.serve(dns64={'prefixes': [PREFIX1]})

    def test_getaddrinfo_has_the_synthesized_address_alone(self):
        """AI_ADDRCONFIG keeps A records out where no interface has an IPv4 address."""
        self.assertEqual(fetch.addresses('ipv4.example'), [MAPPED1])

    def test_curl_fetches_an_ipv4_only_page(self):
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 0)

    def test_python_fetches_an_ipv4_only_page(self):
        self.assert_from(fetch.python('ipv4.example'), 'ipv4', 0)

    @labcase.need_node()
    def test_node_fetches_an_ipv4_only_page(self):
        self.assert_from(fetch.node('ipv4.example'), 'ipv4', 0)
        self.assert_from(fetch.node('ipv4.example', program=fetch.NODE_FETCH), 'ipv4', 0)

    def test_a_dual_stack_server_is_reached_natively(self):
        self.assertEqual(fetch.addresses('dual.example'), [WEB_DUAL])
        for name in ('dual.example', 'ipv6.example'):
            for program in (fetch.curl, fetch.python):
                with self.subTest(name, program=program.__name__):
                    page = program(name)
                    self.assert_from(page, 'dual')
                    self.assertEqual(page.client, '2001:db8:c::2')

    def test_an_ipv4_address_in_the_place_of_a_name_is_beyond_help(self):
        """No name, no look-up: that takes a CLAT."""
        self.assertIn("Couldn't connect", fetch.curl(WEB_IPV4).error)
