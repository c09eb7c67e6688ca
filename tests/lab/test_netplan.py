"""The file for netplan in examples/, and what may stand in its place: read by netplan itself."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest

import labcase

EXAMPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'examples',
                       '60-sixward.yaml')
ADDRESSES = '["::1"]'  # in the example


@labcase.long
@labcase.need(shutil.which('netplan'), 'netplan')
class Netplan(unittest.TestCase):

    def generate(self, addresses=ADDRESSES, **others):
        """(status, complaints, nameservers of the .network file) of the example with these, and of
        others that hold the same but for theirs."""
        with open(EXAMPLE, encoding='ascii') as text:
            example = text.read()
        self.assertEqual(example.count(ADDRESSES), 1)
        others['60-sixward'] = addresses
        with tempfile.TemporaryDirectory() as root:
            os.makedirs(root + '/etc/netplan')
            for name, listed in others.items():
                path = os.path.join(root, 'etc/netplan', name + '.yaml')
                with open(path, 'x', encoding='ascii') as out:
                    os.chmod(path, 0o600)
                    out.write(example.replace(ADDRESSES, listed))
            done = subprocess.run(['netplan', 'generate', '--root-dir', root], text=True,
                                  capture_output=True, timeout=60, check=False)
            made = root + '/run/systemd/network/10-netplan-eth0.network'
            text = ''
            if os.path.exists(made):
                with open(made, encoding='ascii') as file:
                    text = file.read()
        return done.returncode, done.stderr, re.findall('^DNS=(.*)$', text, re.MULTILINE)

    def test_the_example_names_us_as_the_only_nameserver(self):
        self.assertEqual(self.generate(), (0, '', ['::1']))

    def test_a_list_may_have_a_line_for_each(self):
        for addresses in ('\n          - ::1', '\n          - "::1"'):
            with self.subTest(addresses):
                self.assertEqual(self.generate(addresses), (0, '', ['::1']))

    def test_lists_of_several_files_are_put_together(self):
        others = {'50-cloud-init': '["2001:db8::50"]', '70-more': '["2001:db8::70"]'}
        self.assertEqual(self.generate(**others), (0, '', ['2001:db8::50', '::1', '2001:db8::70']))

    def test_a_list_in_brackets_wants_quotes(self):
        status, complaint, made = self.generate('[::1]')
        self.assertEqual((status != 0, made), (True, []))
        self.assertIn('Invalid YAML', complaint)

    def test_a_port_or_an_interface_is_refused(self):
        for address in ('[::1]:53', '::1#5353', '::1%lo'):
            with self.subTest(address):
                status, complaint, made = self.generate('["%s"]' % address)
                self.assertEqual((status != 0, made), (True, []))
                self.assertIn("malformed address '%s'" % address, complaint)
