"""The C library's own resolver as the client: what programs really get.

It runs in a network namespace, where port 53 is free, and a mount namespace, where resolv.conf names
sixward; without the rights to make them these tests are skipped.
"""

import json
import os
import socket
import subprocess
import sys
import unittest

import world

MAPPED = '2001:db8:64::c000:201'
BIG = sorted('2001:db8:64::c633:64%02x' % int(a.split('.')[3]) for a in world.BIG)
CONF = 'nameserver %s\noptions timeout:5 attempts:1 %s\n'

# Each with its own server: settings, resolv.conf, (name, family, flags).
HIDDEN = {'dns64': {'hide-a': 'if-aaaa'}}
QUESTIONS = [
    ('v4only.plain.example', 'AF_UNSPEC', 0),
    ('v4only.plain.example', 'AF_INET6', 0),
    ('v4only.plain.example', 'AF_INET', 0),
    ('dual.plain.example', 'AF_UNSPEC', 0),
    ('v6only.plain.example', 'AF_UNSPEC', 0),
    ('chain.plain.example', 'AF_INET6', 0),
    ('big.plain.example', 'AF_UNSPEC', 0),
    ('none.plain.example', 'AF_UNSPEC', 0),
    ('mail.plain.example', 'AF_UNSPEC', 0),
    ('www.elsewhere.net', 'AF_UNSPEC', 0),
    ('localhost', 'AF_INET6', 0),
    ('2001:db8:64::c629:4', 'name', 0),
    ('198.41.0.4', 'name', 0),
]
OPTIONS = ('', 'edns0', 'use-vc', 'single-request', 'trust-ad edns0')


@unittest.skipUnless(world.have_namespaces('-n', '-m'), 'namespaces cannot be made here (root is needed)')
class Getaddrinfo(unittest.TestCase):
    """One run answers everything."""

    @classmethod
    def setUpClass(cls):
        jobs = [({}, CONF % ('::1', o), QUESTIONS) for o in OPTIONS]
        jobs.append(({}, CONF % ('127.0.0.1', ''), QUESTIONS))
        jobs.append((HIDDEN, CONF % ('::1', ''), QUESTIONS))
        inside = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'inside.py')
        done = subprocess.run(['unshare', '-n', '-m', sys.executable, inside],
                              input=json.dumps(jobs), text=True, capture_output=True, timeout=120,
                              check=False)
        if done.returncode:
            raise AssertionError(done.stderr)
        found = json.loads(done.stdout)
        keys = OPTIONS + ('over IPv4', 'hidden')
        cls.found = {key: dict(zip([q[:2] for q in QUESTIONS], rows))
                     for key, rows in zip(keys, found)}

    def each(self, name, family, wanted, keys=None):
        for key in keys or [k for k in self.found if k != 'hidden']:
            with self.subTest(name, options=key):
                got = self.found[key][(name, family)]
                self.assertEqual(sorted(got) if isinstance(got, list) else got, wanted)

    def test_ipv4_only_names_get_both_addresses(self):
        """D64-7.2-a: the server on the host itself."""
        self.each('v4only.plain.example', 'AF_UNSPEC', sorted(['192.0.2.1', MAPPED]))
        self.each('v4only.plain.example', 'AF_INET6', [MAPPED])
        self.each('v4only.plain.example', 'AF_INET', ['192.0.2.1'])
        self.each('chain.plain.example', 'AF_INET6', [MAPPED])

    def test_native_names_stay(self):
        """D64-5.1.1-a"""
        self.each('dual.plain.example', 'AF_UNSPEC', sorted(['192.0.2.2', '2001:db8:6::2']))
        self.each('v6only.plain.example', 'AF_UNSPEC', ['2001:db8:6::1'])

    def test_big_answers_arrive_whole(self):
        """D64-5.4-e: 512 octets do not hold them; the C library turns to TCP."""
        self.each('big.plain.example', 'AF_UNSPEC', sorted(BIG + world.BIG))

    def test_names_without_addresses(self):
        self.each('none.plain.example', 'AF_UNSPEC', socket.EAI_NONAME)
        self.each('mail.plain.example', 'AF_UNSPEC', socket.EAI_NODATA)
        self.each('www.elsewhere.net', 'AF_UNSPEC', socket.EAI_AGAIN)

    def test_names_of_this_host(self):
        """LOC-03"""
        self.each('localhost', 'AF_INET6', ['::1'])

    def test_addresses_have_names(self):
        """D64-5.3.1-c: getnameinfo follows the CNAME."""
        self.each('2001:db8:64::c629:4', 'name', 'four.plain.example')
        self.each('198.41.0.4', 'name', 'four.plain.example')

    def test_hidden_a_leaves_programs_only_what_works(self):
        """Row H2 of section 5; D64-5.3.3-a"""
        hidden = ['hidden']
        self.each('v4only.plain.example', 'AF_UNSPEC', [MAPPED], hidden)
        self.each('v4only.plain.example', 'AF_INET', socket.EAI_NODATA, hidden)
        self.each('dual.plain.example', 'AF_UNSPEC', ['2001:db8:6::2'], hidden)
        self.each('big.plain.example', 'AF_UNSPEC', BIG, hidden)
        self.each('none.plain.example', 'AF_UNSPEC', socket.EAI_NONAME, hidden)
