"""What the lab's tests share."""

import time
import unittest

import fetch
import lab


def long(test):
    """A test that takes too long for every run: for `--all`."""
    test.is_long = True
    return test


class LabCase(unittest.TestCase):
    """Each test has the lab as it was made, and starts what it needs."""

    def setUp(self):
        self.lab = lab.shared()
        self.addCleanup(self.lab.restore)

    def serve(self, **config):
        """sixward in the client, until the test ends."""
        server = self.lab.serve(**config)
        self.addCleanup(server.stop)
        return server

    def assert_from(self, page, server, gateway=None):
        """The page is this server's, and came through this gateway (its number; None: none)."""
        self.assertEqual(page.server, server, page)
        through = [n for n, g in enumerate(self.lab.gateways) if g.carried(page)]
        self.assertEqual(through, [] if gateway is None else [gateway], page)

    def assert_soon(self, claim, within, text='it'):
        end = time.monotonic() + within
        while not claim():
            if time.monotonic() > end:
                self.fail('%s: not so within %.1f s' % (text, within))
            time.sleep(0.05)


def need_node():
    return unittest.skipUnless(fetch.node_version(), 'Node.js is not installed (install.sh lab)')
