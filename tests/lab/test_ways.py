"""Ways around what does not work: an upstream with IPv4 alone, native addresses that are dead."""

import client
import fetch
import labcase
import places
from lab import BLACK_HOLE, CHECKS, DNS_IPV4, MAPPED1, PREFIX1, PREFIX2, WEB_IPV4


class ViaNat64(labcase.LabCase):

    def test_an_ipv4_upstream_is_asked_through_the_live_gateway(self):
        up = self.lab.up_ipv4
        up.on_match(r'A n[0-9]+\.example', '300 ' + WEB_IPV4)
        up.on_match(r'AAAA n[0-9]+\.example', 'NODATA soa 300/60')
        server = self.serve(
            upstreams=[{'address': DNS_IPV4, 'via-nat64': True}],
            dns64={'prefixes': [PREFIX1, PREFIX2], 'use': 'first', 'check': CHECKS})
        self.assert_from(fetch.curl('n1.example'), 'ipv4', 0)
        self.assertTrue(up.seen('A n1.example')[0].peer[0].startswith('198.18.64.'))
        self.lab.gateways[0].kill()
        server.wait_line('a NAT64 gateway does not answer', 5)
        self.assert_from(fetch.curl('n2.example'), 'ipv4', 1)
        self.assertTrue(up.seen('A n2.example')[-1].peer[0].startswith('198.18.65.'))

    def test_big_answers_come_by_tcp(self):
        up = self.lab.up_ipv4
        up.on('TXT big.example', ' ; '.join('big.example 60 TXT "%03d%s"' % (n, 'x' * 240)
                                            for n in range(40)))
        self.serve(upstreams=[{'address': DNS_IPV4, 'via-nat64': True}],
                   dns64={'prefixes': [PREFIX1]})
        with places.inside('client'):
            answer = client.ask(('::1', 53), 'TXT big.example', tcp=True)
        self.assertEqual(len(answer.rrs('TXT')), 40)
        self.assertTrue(up.seen('TXT big.example', 'tcp')[0].peer[0].startswith('198.18.64.'))


class AppendAaaa(labcase.LabCase):
    """broken.example has an AAAA record, and nothing behind it. curl gives up (28), or
    goes on to another when half of its time is over."""

    def test_a_dead_native_address_is_all_there_is(self):
        self.serve(dns64={'prefixes': [PREFIX1]})
        self.assertEqual(fetch.addresses('broken.example'), [BLACK_HOLE])
        self.assertIn('(28)', fetch.curl('broken.example', '--connect-timeout', '1').error)

    def test_the_synthesized_address_is_another_to_try(self):
        self.serve(dns64={'prefixes': [PREFIX1], 'append-aaaa': ['broken.example']})
        self.assertEqual(fetch.addresses('broken.example'), [BLACK_HOLE, MAPPED1])
        self.assert_from(fetch.curl('broken.example', '--connect-timeout', '3'), 'ipv4', 0)
