"""The daemon and its signals: reload, stop, counters; what it refuses, and what it writes."""

import json
import os
import pwd
import re
import signal
import socket
import subprocess
import threading
import time
import unittest

import world  # noqa: F401 - finds the modules of the integration tests
import dnswire as dns
from client import Closed, Tcp, ask, udp_exchange
from sixward import Sixward, binary, environment, free_port
from upstream import Upstream

MAPPED = '2001:db8:64::c000:201'
OTHER_PREFIX = {'prefixes': ['2001:db8:65::/96']}
OTHER_MAPPED = '2001:db8:65::c000:201'


class Case(unittest.TestCase):
    """Each test has an upstream, and starts what it needs."""

    def setUp(self):
        self.up = Upstream()
        self.addCleanup(self.up.close)
        self.up.on('AAAA four.example', 'NODATA soa 300/60')
        self.up.on('A four.example', '300 192.0.2.1')
        self.up.on('AAAA native.example', '300 2001:db8::1')

    def server(self, ups=None, **config):
        server = Sixward([self.up] if ups is None else ups, **config)
        self.addCleanup(server.stop)
        return server

    def aaaa(self, server, name='four.example', **how):
        return ask(server.v4, 'AAAA ' + name, **how).texts('AAAA')


class StartUp(Case):
    """Three lines say what it does; each refusal says why."""

    def test_three_lines_say_what_it_serves(self):
        server = self.server(workers=2, zones=[{'zone': 'x.example', 'upstreams': ['192.0.2.1']}])
        server.wait_line('synthesizing')
        lines = list(server.lines)
        self.assertEqual(len(lines), 3, lines)
        self.assertIn('listen="127.0.0.1:%d [::1]:%d"' % (server.port, server.port), lines[0])
        self.assertIn('workers=2', lines[0])
        self.assertIn('upstreams=%s' % self.up.endpoint, lines[1])
        self.assertIn('zones=1', lines[1])
        self.assertIn('prefixes=2001:db8:64::/96', lines[2])

    def test_without_a_prefix_it_says_so(self):
        server = self.server(dns64={'prefixes': [{'prefix': '2001:db8:64::/96', 'drain': True}]})
        server.wait_line('warning: no prefix is in force')
        self.server(dns64=False).wait_line('notice: DNS64 is off')

    def second(self, **config):
        """Another server at the endpoints of a first one: its status and what it says."""
        first = self.server(**config)
        done = subprocess.run([binary(), 'run', '-c', first.path], env=environment(),
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(self.aaaa(first), [MAPPED])
        return first, done

    def test_a_second_one_on_the_same_port_is_refused(self):
        """SO_REUSEPORT alone would let it in without a word."""
        for workers in (1, 2):
            first, done = self.second(workers=workers)
            with self.subTest(workers=workers):
                self.assertEqual((done.returncode, done.stdout), (1, ''), done.stderr)
                lines = done.stderr.splitlines()
                self.assertEqual(len(lines), 2, lines)
                for line, endpoint in zip(lines, ('127.0.0.1:%d', '[::1]:%d')):
                    self.assertIn('cannot listen endpoint=' + endpoint % first.port, line)
                    self.assertIn('address already in use', line)

    def test_a_port_taken_by_tcp_alone_is_refused_too(self):
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            server = Sixward([self.up], start=False)
            self.addCleanup(server.folder.cleanup)
            server.config['listen'] = ['127.0.0.1:%d' % taken.getsockname()[1]]
            server.write()
            done = subprocess.run([binary(), '-c', server.path], env=environment(),
                                  capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn('address already in use', done.stderr)

    def test_an_address_that_is_not_of_this_host(self):
        server = Sixward([self.up], start=False)
        self.addCleanup(server.folder.cleanup)
        server.config['listen'] = ['192.0.2.1:5300']
        server.write()
        done = subprocess.run([binary(), 'run', '-c', server.path], env=environment(),
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r'cannot listen endpoint=192\.0\.2\.1:5300 reason=.*not avail')

    def test_a_file_with_errors_starts_nothing(self):
        server = Sixward([self.up], start=False)
        self.addCleanup(server.folder.cleanup)
        server.config['frob'] = 1
        server.write()
        done = subprocess.run([binary(), 'run', '-c', server.path], env=environment(),
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertRegex(done.stderr, r'sixward\.yaml:\d+:\d+: .*frob')

    def test_as_many_files_as_the_host_grants(self):
        """LIM-36, LIM-09: a shell's soft limit of 1024 is not what holds."""
        server = self.server()
        with open('/proc/%d/limits' % server.process.pid, encoding='ascii') as limits:
            line = next(x for x in limits if x.startswith('Max open files')).split()
        self.assertEqual(line[3], line[4])


@unittest.skipUnless(os.geteuid() == 0, 'only root can become another account')
class User(Case):
    """Rights are given up once the sockets are open."""

    def test_it_becomes_the_account_for_good(self):
        nobody = pwd.getpwnam('nobody')
        server = self.server(user='nobody', workers=2)
        fields = {}
        for task in os.listdir('/proc/%d/task' % server.process.pid):
            with open('/proc/%d/task/%s/status' % (server.process.pid, task),
                      encoding='ascii') as status:
                fields = dict(line.rstrip('\n').split(':\t', 1) for line in status if ':\t' in line)
            self.assertEqual(set(fields['Uid'].split()), {str(nobody.pw_uid)}, fields)
            self.assertEqual(set(fields['Gid'].split()), {str(nobody.pw_gid)}, fields)
            self.assertNotIn('0', fields['Groups'].split())
            for caps in ('CapEff', 'CapPrm'):
                self.assertEqual(int(fields[caps], 16), 0, fields)
        self.assertEqual(self.aaaa(server), [MAPPED])

    def test_an_account_that_is_not_there(self):
        server = Sixward([self.up], start=False, user='no-such-account')
        self.addCleanup(server.folder.cleanup)
        port = free_port(('127.0.0.1',))
        server.config['listen'] = ['127.0.0.1:%d' % port]
        server.write()
        done = subprocess.run([binary(), 'run', '-c', server.path], env=environment(),
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, 'cannot become the account user=no-such-account')


class Stop(Case):
    """SIGTERM and SIGINT: what is in progress is finished, 2 s at most, status 0."""

    def stop_within(self, server, number, seconds=2.5):
        begin = time.monotonic()
        server.stop(number)
        self.assertLess(time.monotonic() - begin, seconds)

    def test_it_ends_with_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            for workers in (1, 2):
                server = self.server(workers=workers)
                self.assertEqual(self.aaaa(server), [MAPPED])
                self.stop_within(server, number)

    def in_progress(self, workers, tcp):
        """A query whose upstream answers only after the signal is answered all the same."""
        server = self.server(workers=workers)
        name = 'late%d.example' % workers
        self.up.on('AAAA ' + name, '60 2001:db8::77 +delay=700')
        self.up.on('A ' + name, 'NODATA soa 60/60 +delay=700')
        answers = []
        asker = threading.Thread(target=lambda: answers.append(
            ask(server.v6, 'AAAA ' + name, tcp=tcp)))
        asker.start()
        self.up.wait('AAAA ' + name)
        self.stop_within(server, signal.SIGTERM)
        asker.join(10)
        self.assertEqual(answers[0].texts('AAAA'), ['2001:db8::77'])

    def test_a_query_in_progress_is_answered_over_udp(self):
        for workers in (1, 2):
            self.in_progress(workers, False)

    def test_a_query_in_progress_is_answered_over_tcp(self):
        for workers in (1, 2):
            self.in_progress(workers, True)

    def test_it_waits_two_seconds_and_no_longer(self):
        server = self.server()
        self.up.on('AAAA never.example', 'SILENT')
        self.up.on('A never.example', 'SILENT')
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.connect(server.v4)
            sock.send(dns.query('AAAA never.example', id_=7))
            self.up.wait('AAAA never.example')
            begin = time.monotonic()
            self.stop_within(server, signal.SIGTERM, 4)
            self.assertGreater(time.monotonic() - begin, 1.5)

    def test_idle_connections_do_not_hold_it(self):
        server = self.server()
        with Tcp(server.v4) as one, Tcp(server.v6) as two:
            self.assertEqual(one.ask('AAAA four.example').texts('AAAA'), [MAPPED])
            self.stop_within(server, signal.SIGTERM, 1.5)
            for tcp in (one, two):
                self.assertRaises(Closed, tcp.receive, 5)


class Reload(Case):
    """SIGHUP: a whole new configuration, or none of it."""

    def test_a_new_prefix_is_used_at_once_for_a_cached_name(self):
        """D64-5.4-f: facts are cached, not conclusions."""
        for workers in (1, 3):
            server = self.server(workers=workers)
            self.assertEqual(self.aaaa(server), [MAPPED])
            asked = self.up.count()
            server.reload(dns64=OTHER_PREFIX)
            for _ in range(2 * workers):
                self.assertEqual(self.aaaa(server), [OTHER_MAPPED])
            self.assertEqual(self.up.count(), asked)

    def test_three_lines_again(self):
        server = self.server()
        server.reload(dns64=OTHER_PREFIX)
        self.assertIn('prefixes=2001:db8:65::/96', server.wait_line('synthesizing', count=2)[1])
        self.assertEqual([line.split()[1] for line in server.lines],
                         ['serving', 'forwarding', 'synthesizing'] * 2)

    def bad(self, server, **config):
        """A reload that must not be: the log says why, and all goes on as before."""
        before = len(server.wait_line('in force stays', 0, required=False))
        kept = dict(server.config)
        server.config.update(config)
        server.write()
        server.process.send_signal(signal.SIGHUP)
        server.wait_line('error: .*in force stays', 10, before + 1)
        server.config = kept
        self.assertEqual(self.aaaa(server), [MAPPED])

    def test_a_file_with_errors_changes_nothing(self):
        server = self.server()
        self.assertEqual(self.aaaa(server), [MAPPED])
        self.bad(server, dns64={'prefixes': ['2001:db8:65::/95']}, frob=1)
        server.wait_line('error: configuration file=.* line=[1-9].* key=dns64.prefixes')
        server.wait_line('error: configuration file=.*frob')
        os.unlink(server.path)
        server.process.send_signal(signal.SIGHUP)
        server.wait_line('in force stays', count=2)
        self.assertEqual(self.aaaa(server), [MAPPED])
        server.reload(dns64=OTHER_PREFIX)
        self.assertEqual(self.aaaa(server), [OTHER_MAPPED])

    def test_a_port_of_another_program_changes_nothing(self):
        """All or nothing: another server's port is no reason to serve half of it."""
        for workers in (1, 2):
            server, other = self.server(workers=workers), self.server(workers=workers)
            self.bad(server, dns64=OTHER_PREFIX,
                     listen=server.config['listen'] + other.config['listen'])
            server.wait_line('error: cannot listen endpoint=127.0.0.1:%d' % other.port)
            self.assertEqual(self.aaaa(other), [MAPPED])

    def test_connections_and_sockets_live_on(self):
        server = self.server(workers=2)
        with Tcp(server.v4) as four, Tcp(server.v6) as six:
            for tcp in (four, six):
                self.assertEqual(tcp.ask('AAAA four.example').texts('AAAA'), [MAPPED])
            files = server.open_files()
            for prefix, mapped in ((OTHER_PREFIX, OTHER_MAPPED),
                                   ({'prefixes': ['2001:db8:64::/96']}, MAPPED)):
                server.reload(dns64=prefix)
                for tcp in (four, six):
                    self.assertEqual(tcp.ask('AAAA four.example').texts('AAAA'), [mapped])
            self.assertLessEqual(server.open_files(), files + 2)

    def test_a_query_in_progress_survives(self):
        server = self.server()
        self.up.on('AAAA slow.example', '60 2001:db8::7 +delay=400')
        self.up.on('A slow.example', 'NODATA soa 60/60')
        answers = []
        asker = threading.Thread(
            target=lambda: answers.append(ask(server.v4, 'AAAA slow.example')))
        asker.start()
        self.up.wait('AAAA slow.example')
        server.reload(dns64=OTHER_PREFIX)
        asker.join(10)
        self.assertEqual(answers[0].texts('AAAA'), ['2001:db8::7'])
        self.assertEqual(self.up.count('AAAA slow.example'), 1)

    def test_endpoints_come_and_go(self):
        for workers in (1, 2):
            server = self.server(workers=workers)
            old, new = server.v6, ('::1', free_port())
            server.reload(listen=['127.0.0.1:%d' % server.port, '[::1]:%d' % new[1]])
            for tcp in (False, True):
                self.assertEqual(ask(new, 'AAAA four.example', tcp=tcp).texts('AAAA'), [MAPPED])
            self.assertEqual(self.aaaa(server, tcp=True), [MAPPED])
            self.assertIsNone(udp_exchange(old, dns.query('AAAA four.example'), 2))
            self.assertRaises(ConnectionRefusedError, Tcp, old)

    def test_a_wildcard_takes_the_place_of_its_addresses_and_back(self):
        """The sockets in its way are our own."""
        for workers in (1, 2):
            server = self.server(workers=workers, allow=['any'])
            single = server.config['listen']
            for listen in (['[::]:%d' % server.port, '0.0.0.0:%d' % server.port], single):
                server.reload(listen=listen)
                for address in (server.v4, server.v6):
                    for tcp in (False, True):
                        self.assertEqual(ask(address, 'AAAA four.example', tcp=tcp).texts('AAAA'),
                                         [MAPPED])
            self.assertNotIn('cannot listen', server.log())

    def test_other_upstreams_and_zones(self):
        other = Upstream()
        self.addCleanup(other.close)
        other.on('AAAA moved.example', '300 2001:db8::5')
        server = self.server()
        server.reload(zones=[{'zone': 'moved.example', 'upstreams': [other.endpoint]}])
        self.assertEqual(self.aaaa(server, 'moved.example'), ['2001:db8::5'])
        self.assertEqual(self.up.count('AAAA moved.example'), 0)
        other.on('AAAA new.example', '300 2001:db8::6')
        server.reload(zones=[], upstreams=[other.endpoint])
        self.assertEqual(self.aaaa(server, 'new.example'), ['2001:db8::6'])

    def test_other_clients_records_and_identity(self):
        """R5358-4-a, EDE-06, MAL-25"""
        server = self.server()
        server.reload(allow=['::1'], identity='six-2', records=['r.example. 60 IN A 192.0.2.1'])
        refused = ask(server.v4, 'AAAA four.example', edns=True)
        self.assertEqual((refused.rcode_text, refused.ede_codes), ('REFUSED', [18]))
        self.assertEqual(ask(server.v6, 'AAAA r.example').texts('AAAA'), [MAPPED])
        self.assertEqual(ask(server.v6, 'TXT id.server', cls='CH').texts('TXT'), ['"six-2"'])

    def test_cookies_on_and_off(self):
        """R7873-5.2-a, R9018-5-a: a secret of the file goes on being good."""
        secret = 'e5e973e5a6b2a43f48e7dc849e37bfcf'
        server = self.server(cookies={'secrets': [secret]})

        def cookie(data=bytes(8)):
            return ask(server.v4, 'AAAA four.example', options=[(dns.COOKIE, data)])
        first = cookie().option(dns.COOKIE)
        self.assertEqual(len(first), 24)
        server.reload(cookies={'secrets': ['00' * 16, secret]})
        self.assertEqual(cookie(first).rcode_text, 'NOERROR')
        server.reload(cookies=False)
        self.assertIsNone(cookie(first).option(dns.COOKIE))
        server.reload(cookies={})
        self.assertEqual(len(cookie().option(dns.COOKIE)), 24)

    def test_many_in_a_row_while_it_is_asked(self):
        server = self.server(workers=2)
        over, wrong = threading.Event(), []

        def asking():
            while not over.is_set():
                got = self.aaaa(server)
                if got not in ([MAPPED], [OTHER_MAPPED]):
                    wrong.append(got)
        askers = [threading.Thread(target=asking) for _ in range(3)]
        for asker in askers:
            asker.start()
        for i in range(20):
            server.reload(dns64=OTHER_PREFIX if i % 2 else {'prefixes': ['2001:db8:64::/96']},
                          cookies=bool(i % 3) and {})
        over.set()
        for asker in askers:
            asker.join(20)
        self.assertEqual(wrong, [])
        self.assertEqual(self.aaaa(server), [OTHER_MAPPED])

    def test_a_reload_and_a_stop_at_once(self):
        server = self.server(workers=2)
        for _ in range(3):
            server.process.send_signal(signal.SIGHUP)
        server.stop()

    def test_what_waits_for_a_restart_is_said_at_each_reload(self):
        server = self.server(workers=2)
        pattern = 'warning: a setting changes at the next start only key=%s'
        server.reload()
        self.assertNotRegex(server.log(), pattern % '')
        for count in (1, 2):
            server.reload(workers=1, user='nobody')
            for key in ('workers', 'user'):
                server.wait_line(pattern % key, count=count)
        self.assertEqual(self.aaaa(server), [MAPPED])
        server.reload(workers=2, user=None)
        self.assertEqual(server.log().count('at the next start'), 4)


class Log(Case):
    """What it writes, and where it was asked to."""

    def test_counters_on_request(self):
        for workers in (1, 2):
            server = self.server(workers=workers)
            for _ in range(3):
                self.aaaa(server)
            ask(server.v4, 'AAAA native.example')
            server.process.send_signal(signal.SIGUSR1)
            pattern = r'notice: count name=\S*synthesized\S* value=3'
            server.wait_line(pattern)
            server.wait_line('udp_send_drops')  # the last of them
            names = [re.search(r'name=(\S+)', line).group(1) for line in server.lines
                     if ' count ' in line]
            self.assertEqual(len(names), len(set(names)), names)
            for word in ('relayed', 'cache', 'upstream', 'tcp', 'udp_send_drops'):
                self.assertTrue(any(word in n for n in names), (word, names))

    def test_a_line_per_query_where_it_was_asked_for(self):
        server = self.server()
        self.aaaa(server)
        server.reload(log={'queries': True})
        self.aaaa(server)
        line = server.wait_line('query client=')[0]
        self.assertRegex(line, r'^info: query client=127\.0\.0\.1:\d+ transport=udp view=default '
                               r'name=four\.example\. type=AAAA outcome=synthesized rcode=NOERROR')
        self.assertEqual(len(server.wait_line('query client=')), 1)
        ask(server.v6, 'TYPE1234 native.example', tcp=True)
        server.wait_line(r'client=\[::1\]:\d+ transport=tcp view=default name=native\.example\. type=TYPE1234')
        server.reload(log={'queries': False})
        self.aaaa(server)
        server.reload()
        self.assertEqual(len(server.wait_line('query client=')), 2)

    def test_the_level_follows_the_file(self):
        server = self.server(log={'queries': True, 'level': 'notice'})
        self.aaaa(server)
        server.reload(log={'queries': True, 'level': 'info'})
        self.aaaa(server)
        self.assertEqual(len(server.wait_line('query client=')), 1)

    def test_names_cannot_forge_lines(self):
        server = self.server(log={'queries': True})
        ask(server.v4, 'AAAA \\010error:\\032\\034\\027x.example')
        line = server.wait_line('query client=')[0]
        self.assertNotRegex(line, '[\x00-\x1f\x7f-\x9f]')
        self.assertFalse([x for x in server.lines if x.startswith('error')])

    def test_json_is_json_in_every_line(self):
        server = self.server(log={'queries': True, 'format': 'json'})
        ask(server.v4, 'AAAA \\010a\\034\\200.example')
        self.aaaa(server)
        server.wait_line('four.example')
        server.process.send_signal(signal.SIGUSR1)
        server.wait_line('"count"')
        server.config['frob'] = 1
        server.write()
        server.process.send_signal(signal.SIGHUP)
        server.wait_line('in force stays')
        server.stop()
        rows = [json.loads(line) for line in server.lines if line != '(end of stderr)']
        self.assertGreater(len(rows), 10)
        for row in rows:
            self.assertIn(row['level'], ('error', 'warning', 'notice', 'info', 'debug'))
        query = next(r for r in rows if r.get('name') == 'four.example.')
        self.assertEqual((query['outcome'], query['rcode'], query['type']),
                         ('synthesized', 'NOERROR', 'AAAA'))
        self.assertIsInstance(query['ms'], int)
