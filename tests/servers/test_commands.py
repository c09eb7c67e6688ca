"""The commands as a person types them: what they print, where, and with which status."""

import ipaddress
import os
import re
import subprocess
import tempfile
import unittest

import world  # noqa: F401 - finds the modules of the integration tests
from sixward import binary, environment, free_port
from upstream import Upstream

COMMANDS = ('run', 'check', 'map', 'unmap', 'lookup', 'curl')

# Section 6.2: prefix, then what 192.0.2.33, 192.0.0.170 and 198.41.0.4 become.
VECTORS = (
    ('2001:db8::/32', '2001:db8:c000:221::', '2001:db8:c000:aa::', '2001:db8:c629:4::'),
    ('2001:db8:100::/40', '2001:db8:1c0:2:21::', '2001:db8:1c0:0:aa::', '2001:db8:1c6:2900:4::'),
    ('2001:db8:122::/48', '2001:db8:122:c000:2:2100::', '2001:db8:122:c000:0:aa00::',
     '2001:db8:122:c629:0:400::'),
    ('2001:db8:122:300::/56', '2001:db8:122:3c0:0:221::', '2001:db8:122:3c0:0:aa::',
     '2001:db8:122:3c6:29:4::'),
    ('2001:db8:122:344::/64', '2001:db8:122:344:c0:2:2100::', '2001:db8:122:344:c0:0:aa00::',
     '2001:db8:122:344:c6:2900:400::'),
    ('2001:db8:122:344::/96', '2001:db8:122:344::192.0.2.33', '2001:db8:122:344::c000:aa',
     '2001:db8:122:344::c629:4'),
    ('64:ff9b:1::/48', '64:ff9b:1:c000:2:2100::', '64:ff9b:1:c000:0:aa00::',
     '64:ff9b:1:c629:0:400::'),
    ('64:ff9b:1:fffe::/96', '64:ff9b:1:fffe::c000:221', '64:ff9b:1:fffe::c000:aa',
     '64:ff9b:1:fffe::c629:4'),
)
VECTOR_IPV4 = ('192.0.2.33', '192.0.0.170', '198.41.0.4')


class Case(unittest.TestCase):
    """Commands with a file of the test."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, text, name='sixward.yaml'):
        path = os.path.join(self.folder, name)
        with open(path, 'w', encoding='utf-8') as out:
            out.write(text)
        return path

    def run_it(self, *words):
        """(status, lines of stdout, lines of stderr)"""
        done = subprocess.run([binary(), *words], env=environment(), capture_output=True, text=True,
                              timeout=30, stdin=subprocess.DEVNULL, check=False)
        for sign in ('Sanitizer', 'runtime error'):
            self.assertNotIn(sign, done.stderr)
        return done.returncode, done.stdout.splitlines(), done.stderr.splitlines()

    def expect(self, words, status, out=None, err=None):
        """`out` is the lines wanted, `err` a pattern to be found in what is complained."""
        got = self.run_it(*words)
        self.assertEqual(got[0], status, got)
        if out is not None:
            self.assertEqual(got[1], out, got)
        if err is None:
            self.assertEqual(got[2], [], got)
        else:
            self.assertRegex('\n'.join(got[2]), err)
        return got


class Usage(Case):
    """--help and --version everywhere; 2 for what cannot be understood."""

    def test_help_and_version_everywhere(self):
        for words in ((), *((c,) for c in COMMANDS)):
            for option in ('--help', '-h'):
                _, out, _ = self.expect((*words, option), 0)
                for command in COMMANDS:
                    self.assertRegex('\n'.join(out), r'(?m)^  %s ' % command)
            self.assertRegex(self.expect((*words, '--version'), 0)[1][0], r'^sixward [0-9.]+$')

    def test_what_is_unknown_is_named(self):
        for words, named in (
                (('frobnicate',), 'frobnicate'), (('--frob',), '--frob'), (('-x',), '-x'),
                (('run', '--frob'), '--frob'), (('run', '-qx'), '-q'), (('run', 'now'), 'now'),
                (('check', '--frob'), '--frob'), (('check', '--show=1'), '--show=1'),
                (('check', 'x'), '"x"'), (('check', '-c'), '-c wants'),
                (('map', '-x', '192.0.2.1'), '-x'), (('map', '--prefix'), '--prefix wants'),
                (('map',), 'address'), (('unmap',), 'address'), (('unmap', '--frob'), '--frob'),
                (('lookup',), 'NAME'), (('lookup', 'a', 'A', 'b'), 'NAME'),
                (('lookup', '--frob', 'a'), '--frob'), (('lookup', 'a..b'), 'a..b'),
                (('lookup', 'a', 'NOTYPE'), 'NOTYPE'), (('lookup', 'a', 'AXFR'), 'AXFR'), (('lookup', 'x' * 64), 'xxx'),
                (('curl',), 'HOST'), (('curl', '--frob', 'a'), '--frob'),
                (('curl', '192.0.2.1'), '192.0.2.1'), (('curl', '[::1]:80'), '::1'),
                (('curl', '--no-check=1', 'a'), '--no-check=1'),
                (('curl', 'a:http'), 'a:http'), (('curl', 'a:0'), 'a:0'), (('curl', ''), 'HOST')):
            with self.subTest(words):
                self.expect(words, 2, [], r'(?s)%s.*sixward --help' % re.escape(named))

    def test_a_result_that_cannot_be_written_is_a_failure(self):
        for words in (('--help',), ('--version',), ('check', '--show', '-c', self.file('')),
                      ('map', '--prefix', '2001:db8::/96', '198.41.0.4')):
            with open('/dev/full', 'w', encoding='ascii') as full:
                done = subprocess.run([binary(), *words], env=environment(), stdout=full,
                                      stderr=subprocess.PIPE, text=True, timeout=30, check=False)
            with self.subTest(words):
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn('could not be written', done.stderr)

    def test_a_file_that_is_not_there(self):
        for words in (('run',), ('check',), ('map', '198.41.0.4'), ('lookup', 'a.example'),
                      ('curl', 'a.example')):
            with self.subTest(words):
                self.expect((words[0], '-c', self.folder + '/none', *words[1:]), 2, [],
                            'none: No such file')
        self.expect(('check', '-c', self.folder), 2, [], 'this is a directory')


class Check(Case):
    """The file's errors and warnings, and the settings in force."""

    def test_every_error_is_shown_with_its_place(self):
        path = self.file('listen: ["[::1]:99999"]\n'
                         'dns64:\n'
                         '  prefixs: [64:ff9b::/96]\n'
                         '  prefixes: [2001:db8::1/96, 2001:db8::/95, 64:ff9b::/64,'
                         ' "2001:db8:1:2:ff00::/96"]\n'
                         'limits: {tcp-idle: 10}\n'
                         'workers: many\n')
        _, _, err = self.expect(('check', '-c', path), 2, [], path)
        wanted = ((1, 10, 'listen'), (3, 3, 'did you mean "prefixes"'), (4, 14, 'prefixes'),
                  (4, 30, 'prefixes'), (4, 45, 'prefixes'), (4, 59, 'prefixes'),
                  (5, 20, 'tcp-idle'), (6, 10, 'workers'))
        for line, column, word in wanted:
            self.assertTrue(any(e.startswith('%s:%d:%d: ' % (path, line, column)) and word in e
                                for e in err), '%d:%d %s\n%s' % (line, column, word, '\n'.join(err)))
        self.assertEqual(len(err), len(wanted), err)

    def test_it_is_strict(self):
        for text, said in (
                ('listen: {}\n', ':1:9: .*listen'), ('frob: 1\n', 'unknown key "frob"'),
                ('workers: 1\nworkers: 2\n', ':2:1: .*workers'), ('workers:\n', 'workers'),
                ('workers: 1\n---\nworkers: 1\n', 'document'), ('a: [\n', ':'),
                ('dns64: {use: best}\n', 'use'), ('http: "[::1]:53"\n', 'taken by'),
                ('upstreams: [{address: 2620:fe::fe, tls: dns.quad9.net}]\n', 'not supported'),
                ('upstreams: ["127.0.0.1:5"]\nlisten: ["127.0.0.1:5"]\n', 'upstreams'),
                ('cache: {serve-stale: 4d}\n', 'serve-stale'),
                ('dnssec: {validate: true}\n', 'not supported'),
                ('records: ["x IN A 300"]\n', 'records'), ('\tworkers: 1\n', ':1:')):
            with self.subTest(text):
                self.expect(('check', '-c', self.file(text)), 2, [], said)

    def test_what_is_right_is_silent(self):
        for text in ('', '# nothing\n', '{}\n', 'workers: 2\n'):
            self.expect(('check', '-c', self.file(text)), 0, [])

    def test_an_account_that_this_host_does_not_have_is_warned_of(self):
        for user, said in (('no-such-account', 'warning: user: found "no-such-account", but'),
                           ('root', None), ('null', None)):
            path = self.file('user: %s\n' % user)
            _, _, err = self.expect(('check', '-c', path), 0, [], said)
            self.assertEqual(len(err), 1 if said else 0, err)

    def test_a_warning_is_no_error(self):
        path = self.file('listen: ["0.0.0.0:53"]\n')
        _, _, err = self.expect(('check', '-c', path), 0, [], 'listen')
        self.assertRegex('\n'.join(err), 'allow')
        self.expect(('check', '--show', '-c', path), 0, err='warning')

    def round_trip(self, path):
        """What is shown is a file that shows the same."""
        status, shown, _ = self.run_it('check', '--show', '-c', path)
        self.assertEqual(status, 0)
        again = self.file('\n'.join(shown) + '\n', 'again.yaml')
        status, twice, _ = self.run_it('check', '--show', '-c', again)
        self.assertEqual((status, twice), (0, shown))
        return '\n'.join(shown)

    def test_what_is_shown_is_a_file(self):
        text = self.round_trip(self.file(''))
        for key in ('listen', 'allow', 'upstreams', 'dns64', 'cache', 'limits', 'log', 'workers'):
            self.assertRegex(text, r'(?m)^%s:' % key)
        # Not built yet, so it shows as off.
        self.assertRegex(text, r'append-aaaa: \[\]')
        self.assertRegex(text, r'http: null')
        examples = os.path.join(world.HERE, '..', '..', 'examples')
        for file in sorted(os.listdir(examples)):
            if file.endswith('.yaml') and not file.startswith('60-'):
                with self.subTest(file):
                    self.round_trip(os.path.join(examples, file))

    def test_odd_settings_survive_being_shown(self):
        text = self.round_trip(self.file(
            'listen: ["127.0.0.1:5301", "[fe80::1%lo]:53"]\n'
            'allow: [loopback, 192.0.2.0/24, private]\n'
            'upstreams: [192.0.2.53, "[2001:db8::53]:5353", {resolv-conf: /run/resolv.conf},'
            ' {address: 127.0.0.1:5335, trust-ad: true}]\n'
            'zones: [{zone: corp.example, upstreams: [192.0.2.54], dns64: false}]\n'
            'dns64: {prefixes: [{prefix: 2001:db8:100::/56, suffix: "::1:2"},'
            ' {prefix: 2001:db8:65::/96, drain: true, ipv4: [10.0.0.0/8]}], use: first,'
            ' hide-a: always, keep-a-names: [ts.net], exclude-names: ["."]}\n'
            'views: [{clients: [192.0.2.0/24], dns64: false},'
            ' {clients: [any], dns64: {max-aaaa: 2}}]\n'
            'records: ["nas.home.arpa. 300 IN TXT \\"a \\\\\\"b\\\\\\" c\\""]\n'
            'identity: "it\'s: #me"\n'
            'cookies: {secrets: [e5e973e5a6b2a43f48e7dc849e37bfcf]}\n'
            'log: {level: debug, queries: true, format: json}\nworkers: 3\nuser: nobody\n'))
        self.assertIn('e5e973e5a6b2a43f48e7dc849e37bfcf', text)


class Map(Case):
    """Addresses into prefixes and out again."""

    def test_the_vectors(self):
        """ADR-2.2-a, ADR-2.3-a, ADR-2.4-a, ADR-8215-a"""
        for prefix, *mapped in VECTORS:
            _, out, _ = self.expect(('map', '--prefix', prefix, *VECTOR_IPV4), 0)
            with self.subTest(prefix):
                self.assertEqual([ipaddress.ip_address(o) for o in out],
                                 [ipaddress.ip_address(m) for m in mapped])
                self.expect(('unmap', '--prefix', prefix, *out), 0, list(VECTOR_IPV4))
                self.expect(('unmap', '--prefix', prefix, *mapped), 0, list(VECTOR_IPV4))

    def test_each_prefix_in_its_order(self):
        self.expect(('map', '198.41.0.4', '--prefix', '2001:db8:b::/96', '--prefix=2001:db8:a::/96'),
                    0, ['2001:db8:b::c629:4', '2001:db8:a::c629:4'])

    def test_the_prefixes_of_the_file(self):
        path = self.file('dns64: {prefixes: [2001:db8:64::/96, {prefix: 2001:db8:a::/96,'
                         ' ipv4: [10.0.0.0/8]}, {prefix: 2001:db8:b::/96, drain: true}]}\n')
        self.expect(('map', '-c', path, '192.0.2.33', '10.0.0.1'), 0,
                    ['2001:db8:64::c000:221', '2001:db8:a::a00:1'])
        self.expect(('unmap', '-c', path, '2001:db8:a::a00:1', '2001:db8:b::a00:1'), 0,
                    ['10.0.0.1', '10.0.0.1'])

    def test_no_prefix_carries_some_addresses(self):
        """ADR-3.1-a, ADR-nsp-a: the reason is said, the others are mapped, the status is 1."""
        for address, prefix in (('10.0.0.1', '64:ff9b::/96'), ('192.0.2.33', '64:ff9b::/96'),
                                ('100.64.0.1', '64:ff9b::/96'), ('127.0.0.1', '2001:db8:64::/96'),
                                ('0.0.0.0', '2001:db8:64::/96'), ('224.0.0.1', '2001:db8:64::/96')):
            with self.subTest(address):
                self.expect(('map', '--prefix', prefix, address), 1, [],
                            '%s is not mapped: .+' % re.escape(address))
        self.expect(('map', '--prefix', '64:ff9b::/96', '10.0.0.1', '198.41.0.4'), 1,
                    ['64:ff9b::c629:4'], '10.0.0.1 is not mapped')
        path = self.file('dns64: {prefixes: [2001:db8:64::/96], exclude-ipv4: [198.41.0.0/16]}\n')
        self.expect(('map', '-c', path, '198.41.0.4'), 1, [], 'not mapped')

    def test_prefixes_that_are_none(self):
        """ADR-2.2-a, ADR-2.2-b"""
        for prefix in ('2001:db8::/95', '2001:db8::/104', '2001:db8::1/96', '64:ff9b::/64',
                       '2001:db8:1:2:ff00::/96', '192.0.2.0/24', 'frob', '2001:db8::'):
            with self.subTest(prefix):
                self.expect(('map', '--prefix', prefix, '198.41.0.4'), 2, [],
                            re.escape('"%s"' % prefix))

    def test_addresses_that_are_none(self):
        for word in ('frob', '::1', '1.2.3', '1.2.3.256', '01.2.3.4'):
            self.expect(('map', '--prefix', '2001:db8::/96', word), 2, [], 'no IPv4 address')
        self.expect(('unmap', '192.0.2.1'), 2, [], 'no IPv6 address')

    def test_an_address_in_no_prefix(self):
        """ADR-2.2-d: a u octet that is not zero is not ours."""
        self.expect(('unmap', '2001:db8:1::1', '64:ff9b::c629:4'), 1, ['198.41.0.4'],
                    '2001:db8:1::1 lies in no prefix')
        self.expect(('unmap', '--prefix', '2001:db8:122::/48', '2001:db8:122:c000:102:2100::'), 1,
                    [], 'lies in no prefix')
        self.expect(('unmap', '--prefix', '2001:db8:122::/48', '2001:db8:122:c000:2:2100::7'), 0,
                    ['192.0.2.33'])


class Lookup(Case):
    """One question, its answer, and why."""

    @classmethod
    def setUpClass(cls):
        cls.up = Upstream()
        on = cls.up.on
        on('AAAA four.example', 'NODATA soa 300/60')
        on('A four.example', '300 192.0.2.1, 127.0.0.1')
        on('AAAA native.example', '300 2001:db8::1')
        on('A native.example', '300 192.0.2.1')
        on('AAAA mapped.example', '300 ::ffff:192.0.2.7')
        on('A mapped.example', '300 192.0.2.7')
        on('AAAA mixed.example', '300 ::ffff:192.0.2.7, 2001:db8::7')
        on('A mixed.example', '300 192.0.2.7')
        on('AAAA alias.example',
           'alias.example 300 CNAME four.example ; AUTH example 300 SOA a.example b.example 1 2 3 4 60')
        on('A alias.example', 'alias.example 300 CNAME four.example ; four.example 300 A 192.0.2.1')
        on('MX mail.example', 'mail.example 300 MX 10 four.example')
        on('AAAA bad.example', 'SERVFAIL +ede=6:forged')
        on('A bad.example', '300 192.0.2.1')
        on('AAAA broken.example', 'SERVFAIL')
        on('A broken.example', 'SERVFAIL')

    @classmethod
    def tearDownClass(cls):
        cls.up.close()

    def setUp(self):
        super().setUp()
        self.path = self.config('')

    def config(self, more, name='sixward.yaml'):
        return self.file('upstreams: ["%s"]\nrecords: ["here.example. 60 IN A 192.0.2.9",'
                         ' "six.example. 60 IN AAAA 2001:db8::9"]\n'
                         'dns64: {prefixes: [2001:db8:64::/96]%s}\n' % (self.up.endpoint, more), name)

    def lookup(self, *words, status=0, path=None):
        out = self.expect(('lookup', '-c', path or self.path, *words), status)[1]
        return '\n'.join(out)

    def test_native(self):
        text = self.lookup('native.example')
        self.assertRegex(text, r'native\.example\.\s300\sIN\sAAAA\s2001:db8::1\s; native')
        self.assertRegex(text, r'; NOERROR, relayed, \d+ ms')

    def test_synthesized_tells_from_what_and_with_what(self):
        text = self.lookup('four.example')
        self.assertRegex(text, r'AAAA\s2001:db8:64::c000:201\s; synthesized from 192\.0\.2\.1 with '
                               r'2001:db8:64::/96')
        self.assertRegex(text, r'; not mapped: A 127\.0\.0\.1: .*127\.0\.0\.0/8')
        self.assertRegex(text, r'; extended error 29')
        text = self.lookup('alias.example', 'AAAA')
        self.assertRegex(text, r'alias\.example\.\s300\sIN\sCNAME\sfour\.example\.')
        self.assertRegex(text, r'four\.example\..*synthesized from 192\.0\.2\.1')

    def test_excluded_says_so(self):
        text = self.lookup('mapped.example')
        self.assertRegex(text, r'synthesized from 192\.0\.2\.7')
        self.assertRegex(text, r'; left out: AAAA ::ffff:192\.0\.2\.7: excluded')
        text = self.lookup('mixed.example')
        self.assertRegex(text, r'2001:db8::7\s; native')
        self.assertRegex(text, r'; left out: AAAA ::ffff:192\.0\.2\.7: excluded')

    def test_ignored_says_so(self):
        path = self.config(', ignore-aaaa: [native.example]', 'ignore.yaml')
        text = self.lookup('native.example', path=path)
        self.assertRegex(text, r'synthesized from 192\.0\.2\.1')
        self.assertRegex(text, r'; AAAA of this name are ignored')

    def test_appended_tells_which_are_native(self):
        path = self.config(', append-aaaa: [native.example]', 'append.yaml')
        text = self.lookup('native.example', path=path)
        self.assertRegex(text, r'AAAA\s2001:db8::1\s; native')
        self.assertRegex(text, r'AAAA\s2001:db8:64::c000:201\s; synthesized from 192\.0\.2\.1')

    def test_hidden_says_so(self):
        path = self.config(', hide-a: if-aaaa', 'hide.yaml')
        text = self.lookup('four.example', 'A', status=1, path=path)
        self.assertRegex(text, r'; left out: A 192\.0\.2\.1: hidden')
        self.assertRegex(text, r'; NOERROR, hidden')

    def test_local(self):
        self.assertRegex(self.lookup('six.example'), r'2001:db8::9\s; local')
        self.assertRegex(self.lookup('here.example'), r'synthesized from 192\.0\.2\.9')
        self.assertRegex(self.lookup('here.example', 'a'), r'192\.0\.2\.9\s; local')
        self.assertRegex(self.lookup('localhost'), r'AAAA\s::1\s; local')
        self.assertRegex(self.lookup('localhost', 'ANY'), r'127\.0\.0\.1\s; local')
        self.assertRegex(self.lookup('ipv4only.arpa'), r'synthesized from 192\.0\.0\.170')

    def test_other_types(self):
        self.assertRegex(self.lookup('mail.example', 'mx'), r'MX\s10 four\.example\.')
        self.assertRegex(self.lookup('mail.example.', 'TYPE15'), r'MX\s10 four\.example\.')

    def test_nothing_is_a_no(self):
        self.assertRegex(self.lookup('none.example', status=1), r'; NXDOMAIN')
        self.assertRegex(self.lookup('mail.example', 'TXT', status=1), r'; NOERROR')
        self.assertRegex(self.lookup('x.invalid', status=1), r'; NXDOMAIN, special')
        self.assertRegex(self.lookup('bad.example', status=1), r'(?s); SERVFAIL.*error 6 .*forged')
        self.assertRegex(self.lookup('broken.example', status=1), r'; SERVFAIL')

    def curl(self, path, *words, status=0, err=None):
        """Without a try: nobody is at these addresses (test_curl.py has what is tried)."""
        return self.expect(('curl', '-c', path, '--no-check', *words), status, err=err)

    def test_curl_takes_what_is_printed(self):
        """The arguments are for curl, so curl says whether they are right."""
        _, out, _ = self.curl(self.path, 'four.example', 'native.example:8443')
        self.assertEqual(out, ['--resolve four.example:443:[2001:db8:64::c000:201]',
                               '--resolve native.example:8443:[2001:db8::1]'])
        port = free_port(('::1',))
        # Nobody is there: what matters is where curl goes.
        here = self.file('records: ["curl.example. 60 IN AAAA ::1"]\n'
                         'dns64: {exclude-aaaa: []}\n', 'curl.yaml')
        words = self.curl(here, 'curl.example:%d' % port)[1][0].split()
        done = subprocess.run(['curl', '-v', '-m', '5', *words, 'http://curl.example:%d/' % port],
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertRegex(done.stderr, r'Trying (\[::1\]|::1):%d' % port)
        self.assertEqual(done.returncode, 7, done.stderr)

    def test_curl_with_several_addresses(self):
        path = self.file('upstreams: ["%s"]\ndns64: {prefixes: [2001:db8:a::/96, 2001:db8:b::/96]}\n'
                         % self.up.endpoint, 'two.yaml')
        self.assertEqual(self.curl(path, 'mapped.example')[1],
                         ['--resolve mapped.example:443:[2001:db8:a::c000:207],[2001:db8:b::c000:207]'])

    def test_curl_of_a_host_without_address(self):
        _, out, _ = self.curl(self.path, 'none.example', 'native.example', status=1,
                              err='none.example:443 cannot be reached: there is no such name')
        self.assertEqual(out, ['--resolve native.example:443:[2001:db8::1]'])

    def test_nothing_is_asked_twice(self):
        """Both look-ups at once, and each once (D64-5.1.8-a)."""
        before = self.up.count('AAAA four.example'), self.up.count('A four.example')
        self.lookup('four.example')
        self.assertEqual((self.up.count('AAAA four.example'), self.up.count('A four.example')),
                         (before[0] + 1, before[1] + 1))
