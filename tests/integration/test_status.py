"""What is told over HTTP of a running server: the page, the status, the metrics, the health."""

import concurrent.futures
import contextlib
import http.client
import json
import re
import signal
import socket
import time
import unittest

import client
import prometheus
import sixward
import upstream
from case import Case, SideBySide

KINDS = ['native', 'synthesized', 'negative', 'local', 'failed', 'refused']


def require_http():
    """Where the library was not there at the build, there is nothing to test."""
    status, _, err = sixward.run_command('check', config={'http': '127.0.0.1:8064'})
    if status and 'without' in err:
        raise unittest.SkipTest('built without libmicrohttpd')


def fetch(port, path, method='GET', host='127.0.0.1'):
    """(status, headers, text)"""
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


def status_of(port):
    return json.loads(fetch(port, '/status.json')[2])


def metrics_of(port):
    """By family; the format is checked."""
    return prometheus.parse(fetch(port, '/metrics')[2])


class Told(Case):
    """One server with two workers that is asked for all that it tells."""

    @classmethod
    def prepare(cls):
        require_http()
        cls.port = sixward.free_port()

    @classmethod
    def config(cls):
        return {'http': '127.0.0.1:%d' % cls.port, 'workers': 2, 'log': {'queries': True},
                'zones': [{'zone': 'corp.example', 'upstreams': ['127.0.0.1:1']}]}

    def status(self):
        return status_of(self.port)

    def test_status_has_every_key_of_its_contract(self):
        self.on('A keys.example', '60 192.0.2.1')
        self.ask('AAAA keys.example')
        told = self.status()
        self.assertEqual(list(told), [
            'version', 'program', 'sentence', 'level', 'now', 'uptime_s', 'workers',
            'silent_workers', 'listen', 'queries', 'prefixes', 'upstreams', 'cache', 'recent',
            'warnings'])
        self.assertEqual(told['version'], 1)
        self.assertRegex(told['program'], r'^sixward [0-9]+\.[0-9]+')
        self.assertRegex(told['sentence'], r'^Serving .*\.$')
        self.assertAlmostEqual(told['now'], time.time(), delta=5)
        self.assertEqual((told['workers'], told['silent_workers']), (2, 0))
        self.assertEqual(told['listen'], ['127.0.0.1:%d' % self.server.port,
                                          '[::1]:%d' % self.server.port])
        queries = told['queries']
        self.assertEqual(queries['kinds'], KINDS)
        self.assertEqual(queries['total'], sum(queries['outcomes'].values()))
        self.assertEqual(queries['history']['step_s'], 30)
        self.assertEqual(told['prefixes'], [
            {'prefix': '2001:db8:64::/96', 'source': 'listed', 'from': None, 'state': 'unchecked',
             'in_use': True, 'drain': False, 'latency_ms': None, 'since_s': None}])
        self.assertEqual([(u['server'], u['zone']) for u in told['upstreams']],
                         [(self.up.endpoint, '.'), ('127.0.0.1:1', 'corp.example.')])
        self.assertEqual(set(told['cache']), {'entries', 'bytes', 'size', 'hits', 'misses'})
        for warning in told['warnings']:
            self.assertEqual(list(warning), ['id', 'level', 'text', 'next'])

    def test_counts_move(self):
        self.on('A moves.example', '60 192.0.2.1')
        before = self.status()
        for _ in range(3):
            self.ask('AAAA moves.example')
        self.ask('A localhost')
        after = self.status()

        def grown(*path):
            ends = []
            for told in (before, after):
                for key in path:
                    told = told.get(key, 0)
                ends.append(told)
            return ends[1] - ends[0]

        self.assertGreaterEqual(grown('queries', 'outcomes', 'synthesized'), 3)
        self.assertGreaterEqual(grown('queries', 'outcomes', 'special'), 1)
        self.assertGreaterEqual(grown('queries', 'total'), 4)
        self.assertGreaterEqual(grown('cache', 'hits'), 2)
        self.assertGreaterEqual(grown('cache', 'misses'), 2)
        self.assertGreater(after['queries']['per_second'], 0)
        up = [t['upstreams'][0] for t in (before, after)]
        self.assertGreaterEqual(up[1]['queries'] - up[0]['queries'], 2)
        self.assertGreaterEqual(up[1]['replies'] - up[0]['replies'], 2)
        self.assertEqual(up[1]['state'], 'up')
        self.assertIsNotNone(up[1]['rtt_ms'])

    def test_metrics_are_as_the_format_has_them(self):
        self.on('A format.example', '60 192.0.2.1 +delay=30')
        self.ask('AAAA format.example')
        families = metrics_of(self.port)
        found = prometheus.samples(families)
        for name, kind in (('queries_total', 'counter'), ('queries_in_progress', 'gauge'),
                           ('cache_bytes', 'gauge'), ('upstream_rtt_seconds', 'histogram'),
                           ('prefix_in_use', 'gauge'), ('build_info', 'gauge'),
                           ('uptime_seconds', 'gauge'), ('http_requests_total', 'counter')):
            self.assertEqual(families['sixward_' + name].type, kind)
        server = (('server', self.up.endpoint), ('zone', '.'))
        self.assertEqual(found['sixward_upstream_up', server], 1)
        # Both workers' replies, and those that took longer than 20 ms among them.
        total = found['sixward_upstream_rtt_seconds_count', server]
        slow = found['sixward_upstream_rtt_seconds_bucket', (('le', '0.02'),) + server]
        self.assertGreaterEqual(total - slow, 1)
        self.assertGreaterEqual(found['sixward_upstream_sent_total', server], total)

    def test_every_count_of_the_log_is_a_metric(self):
        self.ask('A localhost')
        self.server.process.send_signal(signal.SIGUSR1)
        self.server.wait_line('count name=http_timeouts_total')  # the last of them
        names = set(re.findall(r'count name="?([^" ]+)"? value=', self.server.log()))
        self.assertGreater(len(names), 60)
        found = set()
        for name, labels in prometheus.samples(metrics_of(self.port)):
            text = ','.join('%s=%s' % pair for pair in labels)
            found.add(name.replace('sixward_', '', 1) + ('{%s}' % text if text else ''))
        self.assertEqual(names - found, set())

    def test_names_are_told_with_their_prefix(self):
        self.on('A named.example', '60 192.0.2.1')
        self.on('A fails.example', 'SERVFAIL')
        self.on('AAAA fails.example', 'SERVFAIL')
        self.ask('AAAA named.example')
        self.ask('A fails.example')
        recent = {entry['name']: entry for entry in self.status()['recent']}
        entry = recent['named.example.']
        self.assertEqual((entry['type'], entry['outcome'], entry['prefix']),
                         ('AAAA', 'synthesized', '2001:db8:64::/96'))
        self.assertAlmostEqual(entry['when'], time.time(), delta=5)
        self.assertEqual((recent['fails.example.']['outcome'], recent['fails.example.']['prefix']),
                         ('upstream_error', None))

    def test_paths_and_types(self):
        for path, kind in (('/', 'text/html; charset=utf-8'), ('/status.json', 'application/json'),
                           ('/metrics', 'text/plain; version=0.0.4; charset=utf-8'),
                           ('/healthz', 'text/plain; charset=utf-8')):
            status, headers, text = fetch(self.port, path)
            self.assertEqual((status, headers['Content-Type']), (200, kind), path)
            self.assertEqual(int(headers['Content-Length']), len(text.encode()))
            self.assertEqual(headers['Cache-Control'], 'no-store')
            status, headers, text = fetch(self.port, path, 'HEAD')
            self.assertEqual((status, headers['Content-Type'], text), (200, kind, ''), path)
            self.assertGreater(int(headers['Content-Length']), 0)
        self.assertEqual(fetch(self.port, '/healthz')[2], 'ok\n')
        self.assertEqual(fetch(self.port, '/status')[0], 404)
        self.assertEqual(fetch(self.port, '/metrics/')[0], 404)
        self.assertEqual(fetch(self.port, '/status.json', 'POST')[0], 405)

    def test_many_look_at_once_while_queries_flow(self):
        self.up.on_match(r'A busy\d+\.example', '60 192.0.2.1')

        def look(path):
            """Over one connection: who comes with ever new ones meets a limit."""
            connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=10)
            with contextlib.closing(connection):
                for _ in range(20):
                    connection.request('GET', path)
                    response = connection.getresponse()
                    text = response.read().decode()
                    self.assertEqual(response.status, 200)
                    if path == '/metrics':
                        prometheus.parse(text)
                    elif path == '/status.json':
                        self.assertEqual(json.loads(text)['silent_workers'], 0)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            looks = pool.map(look, ('/status.json', '/metrics', '/healthz', '/') * 2)
            with client.Tcp(self.server.v4) as tcp:
                for i in range(100):
                    self.assertEqual(self.ask('A busy%d.example' % i).texts('A'), ['192.0.2.1'])
                    self.assertEqual(tcp.ask('A busy%d.example' % i).texts('A'), ['192.0.2.1'])
            self.assertEqual(len(list(looks)), 8)


class Changes(SideBySide):
    """Servers of the tests' own: health, reload, end."""

    UPSTREAMS = 0

    @classmethod
    def prepare(cls):
        require_http()

    def open(self, ups=(), **config):
        port = sixward.free_port()
        server = sixward.Sixward(ups, http='127.0.0.1:%d' % port, **config)
        self.addCleanup(server.stop)
        return server, port

    def open_upstream(self, **how):
        up = upstream.Upstream(**how)
        self.addCleanup(up.close)
        return up

    def test_a_silent_upstream_is_held_and_the_server_is_ill_until_it_is_back(self):
        up = self.open_upstream(tcp=False)
        server, port = self.open([up], workers=2)
        self.assertEqual(fetch(port, '/healthz')[::2], (200, 'ok\n'))
        up.on_match(r'A+ lost\d*\.example', 'SILENT')
        up.on('SOA .', '. 60 SOA ns.example. host.example. 1 2 3 4 5')
        with client.udp_socket(server.v4) as sock:
            for i in range(40):
                sock.send(client.dns.query('A lost%d.example' % i))
            self.assert_soon(lambda: fetch(port, '/healthz')[0] == 503, 15)
        self.assertEqual(fetch(port, '/healthz')[2], 'no upstream answers\n')
        told = status_of(port)
        self.assertEqual((told['upstreams'][0]['state'], told['level']), ('held', 'error'))
        self.assertIn('the upstream does not answer', told['sentence'])
        self.assertGreater(told['upstreams'][0]['lost'], 0)
        self.assertLessEqual(told['upstreams'][0]['lost'], told['upstreams'][0]['queries'])
        self.assertGreater(told['upstreams'][0]['loss'], 0)
        self.assertIn('upstream-silent', [w['id'] for w in told['warnings']])
        found = prometheus.samples(metrics_of(port))
        self.assertEqual(found['sixward_healthy', ()], 0)
        self.assertEqual(
            found['sixward_upstream_up', (('server', up.endpoint), ('zone', '.'))], 0)
        # Nobody asks it anything: who looks finds out that it is back, at the end of its hold.
        self.assert_soon(lambda: fetch(port, '/healthz')[0] == 200, 40)
        self.assertEqual(status_of(port)['upstreams'][0]['state'], 'up')

    def test_a_server_whose_gateways_are_dead_is_ill(self):
        """An address that this host has no way to is as dead as one that does not answer."""
        up = self.open_upstream()
        _, port = self.open([up], dns64={
            'prefixes': ['2001:db8:64::/96', '2001:db8:65::/96'],
            'check': {'targets': ['192.0.2.7:443'], 'every': '1s', 'timeout': '1s',
                      'fail-after': 1}})
        self.assert_soon(lambda: fetch(port, '/healthz')[0] == 503, 20)
        self.assertEqual(fetch(port, '/healthz')[2], 'no NAT64 gateway answers\n')
        told = status_of(port)
        self.assertIn('none of 2 NAT64 gateways answers', told['sentence'])
        self.assertEqual([(p['state'], p['in_use']) for p in told['prefixes']], [('dead', True)] * 2)
        found = prometheus.samples(metrics_of(port))
        self.assertEqual(found['sixward_gateway_up', (('prefix', '2001:db8:64::/96'),)], 0)

    def test_without_a_prefix_a_server_is_ill(self):
        up = self.open_upstream()
        server, port = self.open([up], dns64={'prefixes': [{'learn-from': ['127.0.0.1:1']}]})
        self.assertEqual(fetch(port, '/healthz')[::2], (503, 'no NAT64 prefix is known\n'))
        server.reload(dns64=False)
        self.assert_soon(lambda: fetch(port, '/healthz')[0] == 200)

    def test_a_reload_opens_moves_and_closes_it(self):
        up = self.open_upstream()
        server = sixward.Sixward([up])
        self.addCleanup(server.stop)
        first, second = sixward.free_port(), sixward.free_port()
        client.ask(server.v4, 'A localhost')
        server.reload(http='127.0.0.1:%d' % first)
        told = status_of(first)
        self.assertEqual(told['queries']['outcomes'], {'special': 1})
        server.reload(http='[::1]:%d' % second)
        self.assertRaises(OSError, fetch, first, '/healthz')
        self.assertEqual(fetch(second, '/healthz', host='::1')[0], 200)
        server.reload(http=None)
        self.assertRaises(OSError, fetch, second, '/healthz', host='::1')
        client.ask(server.v4, 'A localhost')
        server.reload(http='127.0.0.1:%d' % first)
        self.assertEqual(status_of(first)['queries']['outcomes'], {'special': 2})

    def test_a_reload_keeps_what_is_known(self):
        up = self.open_upstream()
        server, port = self.open([up], workers=2)
        up.on('A kept.example', '60 192.0.2.1')
        client.ask(server.v4, 'A kept.example')
        before = status_of(port)
        with socket.create_connection(('127.0.0.1', port)) as sock:
            server.reload(dns64={'prefixes': ['2001:db8:65::/96']})
            sock.sendall(b'GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n')
            self.assertIn(b'200 OK', sock.recv(4096))
        after = status_of(port)
        self.assertGreaterEqual(after['uptime_s'], before['uptime_s'])
        self.assertEqual(after['queries']['outcomes'], {'relayed': 1})
        self.assertEqual(after['upstreams'][0]['replies'], before['upstreams'][0]['replies'])
        self.assert_soon(lambda: [p['prefix'] for p in status_of(port)['prefixes']] ==
                         ['2001:db8:65::/96'])

    def test_an_endpoint_that_cannot_be_had_changes_nothing(self):
        server, port = self.open()
        with socket.socket() as taken:
            taken.bind(('127.0.0.1', 0))
            taken.listen()
            server.config['http'] = '127.0.0.1:%d' % taken.getsockname()[1]
            server.config['dns64'] = {'prefixes': ['2001:db8:65::/96']}
            server.write()
            server.process.send_signal(signal.SIGHUP)
            server.wait_line('the configuration cannot be used')
            status, _, err = sixward.run_command('run', config=dict(
                server.config, listen=['127.0.0.1:%d' % sixward.free_port()]))
        self.assertEqual(status, 1, err)
        self.assertIn('cannot listen', err)
        self.assertEqual([p['prefix'] for p in status_of(port)['prefixes']], ['2001:db8:64::/96'])

    def test_names_are_forgotten_as_soon_as_they_may_not_be_kept(self):
        up = self.open_upstream()
        server, port = self.open([up], log={'queries': True}, workers=2)
        up.on('A private.example', '60 192.0.2.1')
        client.ask(server.v4, 'AAAA private.example')
        self.assertEqual(len(status_of(port)['recent']), 1)
        server.reload(log={'queries': False})
        self.assertIsNone(status_of(port)['recent'])
        client.ask(server.v4, 'AAAA private.example')
        server.reload(log={'queries': True})
        self.assertEqual(status_of(port)['recent'], [])

    def test_what_waits_at_the_end_holds_nobody_up(self):
        server, port = self.open(workers=2)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            def look(_):
                try:
                    return fetch(port, '/status.json')[0]
                except (OSError, http.client.HTTPException):
                    return 0
            looks = [pool.submit(look, i) for i in range(100)]
            time.sleep(0.05)
            server.process.send_signal(signal.SIGTERM)
            sixward.wait_for_end(server.process, signal.SIGTERM)
            self.assertLessEqual({look.result() for look in looks}, {0, 200, 503})
