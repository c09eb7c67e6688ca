"""The commands that people turn to when something does not work: `curl` before there is a resolver,
and `doctor`."""

import json

import fetch
import labcase
from lab import CHECKS, DNS, PREFIX1, PREFIX2

CONFIG = {'upstreams': [DNS], 'listen': ['[::1]:53'],
          'dns64': {'prefixes': [PREFIX1, PREFIX2],
                    'check': CHECKS}}


class FirstDownload(labcase.LabCase):
    """No daemon runs."""

    def test_the_printed_address_works_while_one_gateway_is_dead(self):
        self.lab.gateways[0].kill()
        status, out, err = self.run_sixward('curl', 'ipv4.example:80', config=CONFIG)
        self.assertEqual(status, 0, err)
        self.assert_from(fetch.curl('ipv4.example', *out.split(), '--max-time', '2'), 'ipv4', 1)


class Doctor(labcase.LabCase):

    def examine(self, dns64=None):
        config = dict(CONFIG, dns64=dict(CONFIG['dns64'], **dns64 or {}))
        self.serve(dns64=config['dns64'])
        status, out, err = self.run_sixward('doctor', '--json', config=config)
        self.assertIn(status, (0, 1), err)
        return status, {f['id']: f for f in json.loads(out)['findings']}

    def test_all_is_well(self):
        status, findings = self.examine()
        bad = [f for f in findings.values() if f['level'] not in ('ok', 'note')]
        self.assertEqual((status, bad), (0, []))

    def test_a_dead_gateway_is_named(self):
        self.lab.gateways[0].kill()
        status, findings = self.examine()
        self.assertEqual(status, 1)
        self.assertIn(PREFIX1, findings['prefix-dead']['text'])

    def test_the_trap_is_named_with_its_cure(self):
        self.lab.trap()
        status, findings = self.examine()
        self.assertEqual(status, 1)
        self.assertIn('vpn0', findings['ipv4-without-route']['text'])
        self.assertIn('hide-a', '\n'.join(findings['ipv4-without-route']['steps']))

    def test_the_cure_is_noticed(self):
        self.lab.trap()
        status, findings = self.examine({'hide-a': 'always', 'keep-a-ipv4': ['100.64.0.0/10']})
        self.assertNotIn('ipv4-without-route', findings)
        self.assertEqual(status, 0, findings)
