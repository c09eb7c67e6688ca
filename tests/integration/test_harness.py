"""The tools of these tests, tested against each other: no server takes part."""

import socket
import time
import unittest

import client
import dnswire as dns
import upstream


class Wire(unittest.TestCase):
    """The codec."""

    def test_there_and_back(self):
        raw = dns.query('AAAA WwW.x\\046y.example', id_=7, do=True, cd=True,
                        options=[(10, b'8 octets')])
        m = dns.Message(raw)
        self.assertEqual((m.id, m.questions), (7, [('WwW.x\\046y.example', 28, 1)]))
        self.assertEqual((m.do, m.has(dns.CD), m.size, m.options), (True, True, 1232,
                                                                    [(10, b'8 octets')]))
        for line in ('x 300 A 192.0.2.1', 'x 300 AAAA ::ffff:192.0.2.1', 'x 1 MX 10 m.x',
                     'x 1 TXT "a b" "c"', 'x 1 SOA a b 1 2 3 4 5', 'x 1 SRV 1 2 3 y.x',
                     'x 1 TYPE65280 \\# 2 0102', 'x 1 RRSIG A example'):
            self.assertEqual(repr(dns.RR.parse(line)), line)

    def test_what_is_malformed(self):
        good = dns.query('A x.example', edns=True)
        for bad in (good[:11], good[:-1], good + b'x', good[:12] + b'\xc0\x0c' + good[14:],
                    good[:11] + b'\2' + good[12:]):
            with self.assertRaises(dns.Malformed):
                dns.Message(bad)


class Upstream(unittest.TestCase):
    """Programs, counted, over UDP and TCP."""

    def setUp(self):
        self.up = upstream.Upstream()
        self.at = ('127.0.0.1', self.up.port)

    def tearDown(self):
        self.up.close()

    def test_programs(self):
        self.up.on('A x.example', 'SILENT', '60 192.0.2.1, 192.0.2.2')
        with self.assertRaises(AssertionError):
            client.ask(self.at, 'A x.example', timeout=0.05)
        for tcp in (False, True):
            m = client.ask(self.at, 'A x.example', tcp, edns=True)
            self.assertEqual([repr(rr) for rr in m.answer],
                             ['x.example 60 A 192.0.2.1', 'x.example 60 A 192.0.2.2'])
        m = client.ask(self.at, 'AAAA x.example')
        self.assertEqual((m.rcode_text, m.texts('SOA', 'authority')), (
            'NOERROR', ['ns.example host.example 1 3600 600 86400 60']))
        self.assertEqual(client.ask(self.at, 'A y.example').rcode_text, 'NXDOMAIN')
        self.assertEqual((self.up.count('A x.example'), self.up.count('A x.example', 'tcp')),
                         (3, 1))

    def test_modifiers(self):
        self.up.on('A d.example', '192.0.2.1 +delay=80 +ad +aa +nora +ede=6:bad')
        begin = time.monotonic()
        m = client.ask(self.at, 'A d.example', edns=True)
        self.assertGreaterEqual(time.monotonic() - begin, 0.08)
        self.assertEqual((m.has(dns.AD), m.has(dns.AA), m.has(dns.RA)), (True, True, False))
        self.assertEqual(m.ede, [(6, 'bad')])
        self.up.on('A t.example', '192.0.2.1 +tc')
        self.assertTrue(client.ask(self.at, 'A t.example').has(dns.TC))
        self.assertEqual(client.ask(self.at, 'A t.example', True).texts('A'), ['192.0.2.1'])
        self.up.on('A p.example', '192.0.2.1 +pieces=1')
        self.assertEqual(client.ask(self.at, 'A p.example', True).texts('A'), ['192.0.2.1'])

    def test_closing(self):
        self.up.on('A c.example', '192.0.2.1 +close')
        with client.Tcp(self.at) as tcp:
            tcp.ask('A c.example')
            self.assertIsNotNone(tcp.closed_within(3))
        self.up.on('A r.example', '192.0.2.1 +rst')
        with client.Tcp(self.at) as tcp, self.assertRaises(client.Closed):
            tcp.ask('A r.example')

    def test_a_broken_program_is_told(self):
        up = upstream.Upstream()
        up.on('A b.example', lambda seen: 1 // 0)
        with self.assertRaises(AssertionError):
            client.ask(('127.0.0.1', up.port), 'A b.example', timeout=0.05)
        with self.assertRaises(AssertionError):
            up.close()

    def test_nobody_there(self):
        none = upstream.Upstream(udp=False, tcp=False)
        try:
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(('127.0.0.1', none.port), 1)
        finally:
            none.close()
