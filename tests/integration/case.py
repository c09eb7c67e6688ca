"""What the test classes share: one upstream and one server for a class, and tests side by side."""

import concurrent.futures
import ipaddress
import time
import unittest

import client
import sixward
import upstream


def syn(address, prefix='2001:db8:64::'):
    """An IPv4 address mapped by a /96, as text."""
    number = int(ipaddress.IPv6Address(prefix)) | int(ipaddress.IPv4Address(address))
    return str(ipaddress.IPv6Address(number))


S1, S2 = syn('192.0.2.1'), syn('192.0.2.2')


class Case(unittest.TestCase):
    """A class with an upstream and a server of its own. Each test uses names of its own."""

    CONFIG = {}
    UPSTREAMS = 1
    HASTE = False  # of the upstreams
    ADDRESSES = ('127.0.0.1', '::1')

    @classmethod
    def setUpClass(cls):
        cls.ups = [upstream.Upstream(haste=cls.HASTE) for _ in range(cls.UPSTREAMS)]
        cls.up = cls.ups[0] if cls.ups else None
        cls.server = None
        try:
            cls.prepare()
            cls.server = sixward.Sixward(cls.ups, cls.ADDRESSES, **cls.config())
        except BaseException:
            for up in cls.ups:
                up.close()
            raise

    @classmethod
    def prepare(cls):
        """Before the server starts."""

    @classmethod
    def config(cls):
        return cls.CONFIG

    @classmethod
    def tearDownClass(cls):
        try:
            if not cls.server.is_running():
                raise AssertionError('the server died:\n' + cls.server.log()[-8000:])
            cls.server.stop()
        finally:
            for up in cls.ups:
                up.close()

    def ask(self, what, tcp=False, v6=False, **how):
        return client.ask(self.server.v6 if v6 else self.server.v4, what, tcp, **how)

    def on(self, what, *specs, **how):
        self.up.on(what, *specs, **how)

    def expect(self, message, rcode, **parts):
        """rcode and, by section name, the records as text ('x.example 60 A 192.0.2.1')."""
        self.assertEqual(message.rcode_text, rcode, message)
        for section, wanted in parts.items():
            if isinstance(wanted, str):
                wanted = [wanted]
            self.assertEqual([repr(rr) for rr in getattr(message, section)], wanted, message)

    def assert_synthetic(self, message, *addresses, ttl=None):
        """The AAAA of the answer, all of one TTL."""
        self.assertEqual(message.rcode_text, 'NOERROR', message)
        self.assertEqual(message.texts('AAAA'), list(addresses), message)
        self.assertEqual(message.texts('A'), [], message)
        if ttl is not None:
            for rr in message.rrs('AAAA'):
                self.assertTrue(ttl - 1 <= rr.ttl <= ttl, message)

    def assert_soon(self, claim, within=5.0, text='it'):
        """Waits for a condition; for what nobody announces."""
        end = time.monotonic() + within
        while not claim():
            if time.monotonic() > end:
                self.fail('%s: not so within %.1f s' % (text, within))
            time.sleep(0.01)

    def assert_works(self, tcp=False):
        """An ordinary query is still answered."""
        self.assertEqual(self.ask('A localhost', tcp=tcp).texts('A'), ['127.0.0.1'])


class SideBySide(Case):
    """A class whose tests run all at once, for what waits more than it works."""

    AT_ONCE = 40

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in list(vars(cls)):
            if name.startswith('test_'):
                setattr(cls, name, cls._joined(name, vars(cls)[name]))

    @staticmethod
    def _joined(name, test):
        def joined(self):
            if name not in self.running:
                return test(self)
            return self.running[name].result()
        joined.__doc__, joined.__name__, joined.real = test.__doc__, name, test
        return joined

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pool = concurrent.futures.ThreadPoolExecutor(cls.AT_ONCE)
        cls.running = {}
        for name in unittest.TestLoader().getTestCaseNames(cls):
            test = getattr(cls, name)
            if not cls.is_wanted(name):
                continue
            cls.running[name] = cls.pool.submit(cls._alone, test.real, cls(name))

    @staticmethod
    def _alone(test, instance):
        """What unittest does around a test: what it left to clean up is its own to end."""
        try:
            test(instance)
        finally:
            clean_ups = instance._cleanups
            while clean_ups:
                function, args, kwargs = clean_ups.pop()
                function(*args, **kwargs)

    ONLY = None  # names of tests, where a run was told to make only these

    @classmethod
    def is_wanted(cls, name):
        return cls.ONLY is None or '%s.%s' % (cls.__name__, name) in cls.ONLY

    @classmethod
    def tearDownClass(cls):
        cls.pool.shutdown()
        super().tearDownClass()
