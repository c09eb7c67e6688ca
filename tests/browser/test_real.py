"""The status page of a real server: in a network of its own, in which a NAT64 gateway is a route to loopback."""

import os
import subprocess
import time
import unittest

import browser

PREFIX, OTHER = '2001:db8:64::/96', '2001:db8:65::/96'


def run_ip(*words):
    subprocess.run(['ip', '-6', *words], check=True)


@unittest.skipUnless('SIXWARD' in os.environ, 'no binary was named')
class Real(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        import case
        import sixward
        import upstream
        cls.ask = staticmethod(case.client.ask)
        cls.sixward = sixward
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)
        cls.up = upstream.Upstream()
        cls.addClassCleanup(cls.up.close)
        cls.up.on_match(r'AAAA .*\.example', 'NODATA soa 300/60')
        cls.up.on_match(r'A .*\.example', '60 192.0.2.1')
        cls.up.on('A fails.example', 'SERVFAIL')
        cls.port = sixward.free_port()

    def start(self, **config):
        config.setdefault('log', {'queries': True})
        self.server = self.sixward.Sixward([self.up], http='127.0.0.1:%d' % self.port, **config)
        self.addCleanup(lambda: self.server.stop())
        self.url = 'http://127.0.0.1:%d/' % self.port

    def open(self):
        self.browser.console()
        self.browser.requests()
        self.browser.open(self.url)
        self.wait(lambda: self.text('#updated').startswith('live'), 'the page does not come to live')

    def text(self, selector):
        return self.browser.run('const e = document.querySelector(arguments[0]); return e ? e.innerText : ""', selector)

    def wait(self, claim, complaint, within=20):
        end = time.monotonic() + within
        while not claim():
            if time.monotonic() > end:
                self.fail('%s: %s' % (complaint, self.text('main')))
            time.sleep(.1)

    def wait_text(self, selector, wanted):
        self.wait(lambda: wanted in self.text(selector), 'no "%s" in %s' % (wanted, selector))

    def test_it_shows_what_the_server_does_and_complains_of_nothing(self):
        self.start()
        self.open()
        self.assertIn('Serving', self.text('#sentence'))
        self.assertIn('127.0.0.1:%d' % self.server.port, self.text('#about'))
        self.assertIn('not checked', self.text('#gateways'))
        self.assertIn(self.up.endpoint, self.text('#upstreams'))
        for i in range(50):
            self.ask(self.server.v4, 'AAAA n%d.example' % i)
        self.ask(self.server.v4, 'A fails.example')
        self.wait_text('#query-tiles', '51')
        self.wait(lambda: self.text('#query-tiles .main dd') not in ('', '0'), 'no rate')
        self.assertIn('n49.example.', self.text('#recent'))
        self.assertRegex(self.text('#recent tbody tr'), r'(?s)fails\.example\..*✕ upstream error')
        self.assertEqual(self.browser.console(), [])
        for url in self.browser.requests():
            self.assertTrue(url.startswith((self.url, 'data:')), url)

    def test_names_that_want_to_be_markup_are_text(self):
        """What the server makes of them, and the page of that."""
        self.start()
        self.ask(self.server.v4, 'AAAA <img/src=x/onerror=alert(1)>.example')
        self.open()
        self.assertIn('<img/src=x/onerror=alert', self.text('#recent'))
        self.assertEqual(self.browser.run('return document.images.length'), 0)
        self.assertEqual(self.browser.console(), [])

    def test_it_survives_the_restart_of_the_server(self):
        self.start()
        self.open()
        self.ask(self.server.v4, 'AAAA before.example')
        self.wait_text('#recent', 'before.example.')
        self.server.stop()
        self.wait_text('#level', 'Away')
        self.assertIn('before.example.', self.text('#recent'))
        self.start(log={'queries': False})
        self.wait_text('#updated', 'live')
        self.assertIn('log: {queries: true}', self.text('#recent'))
        self.assertRegex(self.text('#about'), r'up \d+ s')

    @unittest.skipUnless(os.environ.get('SIXWARD_NETWORK'), 'not root: there is no network of its own')
    def test_a_gateway_dies_and_comes_back(self):
        """Whoever refuses is there: a target's refusal came through the gateway."""
        run_ip('route', 'add', 'local', PREFIX, 'dev', 'lo')
        self.start(dns64={'prefixes': [PREFIX, OTHER],
                          'check': {'targets': ['192.0.2.7:443'], 'every': '1s', 'timeout': '1s', 'fail-after': 1}})
        try:
            self.open()
            self.wait_text('#gateways tbody tr:nth-child(1)', '✓ live')
            self.assertRegex(self.text('#gateways tbody tr:nth-child(1)'), r'[\d.]+ ms')
            self.wait_text('#gateways tbody tr:nth-child(2)', '✕ dead')
            self.assertIn('Warning', self.text('#level'))
        finally:
            run_ip('route', 'del', 'local', PREFIX, 'dev', 'lo')
        self.wait_text('#gateways tbody tr:nth-child(1)', '✕ dead')
        self.wait_text('#level', 'Error')
        self.assertIn('none of 2 NAT64 gateways answers', self.text('#sentence'))
        run_ip('route', 'add', 'local', PREFIX, 'dev', 'lo')
        self.addCleanup(run_ip, 'route', 'del', 'local', PREFIX, 'dev', 'lo')
        self.wait_text('#gateways tbody tr:nth-child(1)', '✓ live')
