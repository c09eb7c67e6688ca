"""What the lab's tests share."""

import time
import unittest

import fetch
import lab
import places
from ear import Ear
from sixward import run_command


def long(test):
    """A test, or a class of them, that takes too long for every run, or needs what not everyone
    shall have to install: for `--all`."""
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

    def run_sixward(self, *words, config=None):
        """(status, stdout, stderr) of a command of ours in the client's place."""
        with places.inside('client'):
            status, out, err = run_command(*words, config=config)
        for sign in ('Sanitizer', 'runtime error'):
            self.assertNotIn(sign, err)
        return status, out, err

    def use_nameserver(self, address):
        """The client's programs ask this one, until the test ends."""
        self.furnish('/etc/resolv.conf', 'nameserver %s\n' % address)

    def furnish(self, path, text):
        """Other content for one of places.FILES, until the test ends."""
        self.addCleanup(places.write, path, places.FILES[path])
        places.write(path, text)

    def listen(self):
        """Hears what the server is asked from now on."""
        ear = Ear('client')
        self.addCleanup(ear.close)
        return ear

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


def need(is_there, what):
    return unittest.skipUnless(is_there, '%s is not installed (install.sh lab)' % what)


def need_node():
    return need(fetch.node_version(), 'Node.js')
