"""sixward doctor on upstreams and a daemon on loopback. What it says of the machine itself depends on
the machine, and is tried in tests/app."""

import json
import os
import socket

import sixward
from case import SideBySide
from upstream import Upstream

SIGNED_ROOT = '. 300 SOA a. b. 1 2 3 4 5 ; . 300 RRSIG SOA .'
PREFIX = '2001:db8:64::/96'
# No target of the doctor's lies in the range, so that nothing leaves this machine.
DNS64 = {'prefixes': [{'prefix': PREFIX, 'ipv4': ['192.0.2.0/24']}]}


class Doctor(SideBySide):
    """Each upstream as one kind of server; the daemon asks the first."""

    UPSTREAMS = 5
    HASTE = True
    CONFIG = {'dns64': DNS64}

    @classmethod
    def prepare(cls):
        good, silent, refuses, strips, dns64 = cls.ups
        for up in cls.ups:
            up.on('SOA .', SIGNED_ROOT)
            up.on('AAAA ipv4only.arpa', 'NODATA soa 300/60')
        silent.on('SOA .', 'SILENT')
        silent.on('AAAA ipv4only.arpa', 'SILENT')
        refuses.on('SOA .', 'REFUSED')
        refuses.on('AAAA ipv4only.arpa', 'REFUSED')
        strips.on('SOA .', '. 300 SOA a. b. 1 2 3 4 5')
        dns64.on('AAAA ipv4only.arpa', '300 2001:db8:1::192.0.0.170, 2001:db8:1::192.0.0.171')
        good.on('SOA corp.example', 'NXDOMAIN soa 300/60')

    def examine(self, **config):
        """What the doctor finds: {subject: {id: finding}}, and the facts. Ends with 0 or 1."""
        config.setdefault('dns64', DNS64)
        config.setdefault('upstreams', [self.up.endpoint])
        config.setdefault('listen', ['127.0.0.1:%d' % self.server.port])
        status, out, err = sixward.run_command('doctor', '--json', config=config)
        self.assertEqual(err, '')
        result = json.loads(out)
        bad = [f for f in result['findings'] if f['level'] in ('warning', 'error')]
        self.assertEqual(status, 1 if bad else 0)
        found = {}
        for finding in result['findings']:
            self.assertTrue(finding['steps'] or finding['level'] == 'ok', finding)
            found.setdefault(finding['subject'], {})[finding['id']] = finding
        return found, result['facts']

    def test_what_is_well(self):
        found, facts = self.examine()
        self.assertEqual(list(found['daemon']), ['daemon'])
        self.assertEqual(list(found['upstreams']), ['upstream'])
        self.assertEqual(facts['daemon'][0]['prefixes'], [PREFIX])
        self.assertEqual(facts['prefixes-in-force'], [PREFIX])
        self.assertEqual(facts['upstreams'][0]['result'], 'answered')
        self.assertTrue(facts['upstreams'][0]['dnssec'])
        self.assertTrue(any(a['address'] == '127.0.0.1' for a in facts['addresses']))

    def test_each_kind_of_upstream(self):
        kinds = (None, 'upstream-silent', 'upstream-refused', 'upstream-strips-dnssec',
                 'upstream-dns64-other')
        found, facts = self.examine(upstreams=[up.endpoint for up in self.ups])
        self.assertEqual(set(found['upstreams']), {'upstream', *kinds[1:]})
        for kind, up in zip(kinds, self.ups):
            if kind:
                self.assertIn(up.endpoint, found['upstreams'][kind]['text'])
        self.assertEqual([u['prefixes'] for u in facts['upstreams']],
                         [[], [], [], [], ['2001:db8:1::/96']])

    def test_an_upstream_that_is_not_there(self):
        with NobodyThere() as endpoint:
            found, _ = self.examine(upstreams=[endpoint])
        self.assertEqual(list(found['upstreams']), ['upstream-unreachable'])

    def test_an_upstream_of_a_zone_is_asked_for_its_zone(self):
        found, facts = self.examine(zones=[{'zone': 'corp.example',
                                            'upstreams': [self.up.endpoint]}])
        self.assertEqual(list(found['upstreams']), ['upstream'])
        self.assertEqual([u['zone'] for u in facts['upstreams']], [None, 'corp.example.'])
        self.assertTrue(self.up.seen('SOA corp.example'))

    def test_a_daemon_that_does_not_run(self):
        port = sixward.free_port()
        found, facts = self.examine(listen=['127.0.0.1:%d' % port, '[::1]:%d' % port])
        self.assertEqual(list(found['daemon']), ['not-running'])
        self.assertFalse(any(use['taken'] for use in facts['ports']))

    def test_a_daemon_that_misses_an_endpoint(self):
        port = sixward.free_port()
        found, _ = self.examine(listen=['127.0.0.1:%d' % self.server.port,
                                        '127.0.0.1:%d' % port])
        self.assertEqual(list(found['daemon']), ['daemon', 'not-listening'])

    def test_a_port_that_another_program_has(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.bind(('127.0.0.1', 0))
            found, facts = self.examine(listen=['127.0.0.1:%d' % sock.getsockname()[1]])
        self.assertEqual(list(found['daemon']), ['port-taken'])
        udp = [use for use in facts['ports'] if use['transport'] == 'udp'][0]
        self.assertEqual(udp['process'], os.getpid())
        self.assertIn(str(os.getpid()), found['daemon']['port-taken']['text'])

    def test_a_forgotten_reload(self):
        other = {'prefixes': [{'prefix': '2001:db8:65::/96', 'ipv4': ['192.0.2.0/24']}]}
        found, _ = self.examine(dns64=other)
        self.assertEqual(list(found['daemon']), ['daemon-other-prefixes'])

    def test_a_prefix_that_is_not_learned(self):
        found, facts = self.examine(dns64={'prefixes': [{'learn-from': [self.up.endpoint]}]})
        self.assertEqual(list(found['prefixes']), ['prefix-not-learned', 'no-prefix'])
        self.assertEqual(facts['prefixes'], [])

    def test_text_for_people(self):
        status, out, err = sixward.run_command('doctor', config={
            'upstreams': [self.ups[2].endpoint], 'dns64': DNS64,
            'listen': ['127.0.0.1:%d' % self.server.port]})
        self.assertEqual((status, err), (1, ''))
        self.assertRegex(out, r'\nUpstreams\n  error    %s answers with REFUSED' %
                         self.ups[2].endpoint)
        self.assertRegex(out, r'\n {15}dig @127\.0\.0\.1 -p %d \. SOA\n' % self.ups[2].port)
        self.assertRegex(out, r'\n[0-9]+ errors?, [0-9]+ warnings?\n\Z')

    def test_usage_and_configuration(self):
        for words in (('--frob',), ('extra',), ('--json=1',), ('-c',)):
            status, out, err = sixward.run_command('doctor', *words)
            self.assertEqual((status, out), (2, ''), words)
            self.assertRegex(err, r'sixward doctor: .*\n.*--help')
        status, out, err = sixward.run_command('doctor', config='listen: nowhere')
        self.assertEqual((status, out), (2, ''))
        self.assertIn('listen', err)


class NobodyThere:
    """A port at which nobody answers, kept from others."""

    def __enter__(self):
        self.up = Upstream(udp=False, tcp=False)
        return self.up.endpoint

    def __exit__(self, *_):
        self.up.close()
