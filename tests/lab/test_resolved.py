"""systemd-resolved between the programs and us, as on most hosts with netplan: it listens on
127.0.0.53 and 127.0.0.54, and asks ::1."""

import json
import os

import client
import fetch
import labcase
import places
import resolved
from lab import CHECKS, DNS, MAPPED1, PREFIX1, WEB_IPV4

REVERSE = 'PTR ' + client.dns.reverse_name(MAPPED1)


class ResolvedCase(labcase.LabCase):

    def setUp(self):
        super().setUp()
        self.use_nameserver(resolved.STUB)

    def resolve(self, **how):
        """It, asking ::1."""
        resolver = resolved.Resolved(**how)
        self.addCleanup(resolver.close)
        return resolver

    def ask(self, what, **how):
        with places.inside('client'):
            return client.ask((resolved.STUB, 53), what, **how)


@labcase.long
@labcase.need(not resolved.missing(), resolved.missing())
class ByStub(ResolvedCase):
    """Programs with glibc's own resolver, and resolv.conf naming the stub."""

    def setUp(self):
        super().setUp()
        self.serve(dns64={'prefixes': [PREFIX1]})
        self.resolver = self.resolve()
        self.ear = self.listen()

    def test_a_page_is_fetched(self):
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 0)
        self.assert_from(fetch.curl('ipv6.example'), 'dual')
        self.assertEqual(fetch.addresses('ipv4.example'), [MAPPED1])
        query = self.ear.heard('AAAA ipv4.example')[0]
        self.assertEqual((query.transport, query.edns, query.do, query.cd),
                         ('udp', True, False, False))

    def test_an_address_has_its_name(self):
        self.assertEqual(fetch.name_of(MAPPED1), 'ipv4.example')
        self.ear.heard(REVERSE)

    def test_after_nxdomain_it_asks_once_more_without_edns(self):
        self.assertEqual(self.ask('AAAA nothing.example').rcode_text, 'NXDOMAIN')
        self.assertEqual([q.edns for q in self.ear.heard('AAAA nothing.example', 2)],
                         [True, False])

    def test_big_answers_come_by_tcp(self):
        self.lab.up.on('TXT big.example', ' ; '.join('big.example 60 TXT "%03d%s"' % (n, 'x' * 240)
                                                     for n in range(40)))
        self.assertEqual(len(self.ask('TXT big.example', tcp=True).rrs('TXT')), 40)
        self.assertEqual([q.transport for q in self.ear.heard('TXT big.example', 2)],
                         ['udp', 'tcp'])

    def test_both_kinds_of_addresses_are_asked_for(self):
        """Though no link has IPv4."""
        self.assertIn(MAPPED1, self.resolver.control('query', 'ipv4.example'))
        self.ear.heard('A ipv4.example')
        self.ear.heard('AAAA ipv4.example')

    def test_the_doctor_finds_nothing_to_say_about_it(self):
        status, out, err = self.run_sixward('doctor', '--json', config={
            'upstreams': [DNS], 'listen': ['[::1]:53'],
            'dns64': {'prefixes': [PREFIX1], 'check': CHECKS}})
        bad = [f for f in json.loads(out)['findings'] if f['level'] not in ('ok', 'note')]
        self.assertEqual((status, bad), (0, []), err)


@labcase.long
@labcase.need(not resolved.missing(), resolved.missing())
class OtherWays(ResolvedCase):

    def test_our_addresses_are_free(self):
        """Whoever starts first."""
        for is_first in (True, False):
            with self.subTest(resolved_is_first=is_first):
                resolver = self.resolve() if is_first else None
                server = self.serve(addresses=('::1', '127.0.0.1'), dns64={'prefixes': [PREFIX1]})
                resolver = resolver or self.resolve()
                for address in ('::1', '127.0.0.1', '127.0.0.53', '127.0.0.54'):
                    with places.inside('client'):
                        answer = client.ask((address, 53), 'AAAA ipv4.example', tcp=True)
                    self.assertEqual(answer.texts('AAAA'), [MAPPED1], address)
                resolver.close()
                server.stop()

    def test_it_may_be_told_on_the_link(self):
        """As networkd does with the nameservers of a .network file."""
        self.serve(dns64={'prefixes': [PREFIX1]})
        resolver = self.resolve(dns='')
        ear = self.listen()
        self.assertIn('Could not resolve', fetch.curl('ipv4.example').error)
        resolver.control('dns', 'core', '::1')
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 0)
        self.assertEqual(fetch.name_of(MAPPED1), 'ipv4.example')
        query = resolver.control('query', 'ipv4.example')
        self.assertTrue(MAPPED1 in query and WEB_IPV4 in query, query)
        ear.heard('A ipv4.example')

    @labcase.need(resolved.find_nss(), 'libnss-resolve')
    def test_it_may_be_asked_by_nss_resolve(self):
        self.serve(dns64={'prefixes': [PREFIX1]})
        self.resolve()
        ear = self.listen()
        self.use_nameserver('127.0.0.9')  # nobody's
        self.furnish('/etc/nsswitch.conf', 'hosts: files resolve\n')
        os.environ['LD_LIBRARY_PATH'] = os.path.dirname(resolved.find_nss())
        self.addCleanup(os.environ.pop, 'LD_LIBRARY_PATH')
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 0)
        self.assertEqual(fetch.name_of(MAPPED1), 'ipv4.example')
        ear.heard('A ipv4.example')
        ear.heard(REVERSE)
