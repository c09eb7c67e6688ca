"""Sections 11 and 17.2: asking upstreams over the wire, and what they may answer."""

import random
import socket
import struct
import threading
import time

import client
import dnswire as dns
import sixward
import upstream
from case import Case, SideBySide

FORGED = b'\xc0\0\2\x42'  # 192.0.2.66 in place of 192.0.2.1
TRUE = b'\xc0\0\2\x01'


def forge(data):
    return data.replace(TRUE, FORGED)


class Forgery(Case):
    """Replies that match in all but one field come first; the true one 30 ms later."""

    def check(self, name, make, transports=('udp',)):
        """make(up, seen, forged octets) sends; the client must get the true address."""
        def script(up, seen, data):
            make(up, seen, forge(data))
            up.send(seen, data, 15)
        self.on('A ' + name, upstream.scripted('192.0.2.1', script))
        m = self.ask('A ' + name)
        self.assertEqual(m.texts('A'), ['192.0.2.1'])

    def altered(self, name, change):
        self.check(name, lambda up, seen, data: up.send(seen, change(data)))

    def test_wrong_id(self):
        """R5452-9.1-a, UPR-01"""
        self.altered('id.example', lambda d: bytes([d[0], d[1] ^ 1]) + d[2:])

    def test_wrong_name(self):
        """R5452-9.1-a, UPR-01"""
        self.altered('name.example', lambda d: d.replace(b'\4name', b'\4nama', 1))

    def test_wrong_type(self):
        """R5452-9.1-a, UPR-01"""
        at = 12 + len(dns.name('type.example'))
        self.altered('type.example', lambda d: d[:at] + b'\0\x10' + d[at + 2:])

    def test_wrong_class(self):
        """R5452-9.1-a, UPR-01"""
        at = 12 + len(dns.name('class.example')) + 2
        self.altered('class.example', lambda d: d[:at] + b'\0\3' + d[at + 2:])

    def test_from_another_port(self):
        """R5452-9.1-a, UPR-01"""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(('127.0.0.1', 0))
            self.check('port.example', lambda up, seen, data: up.send(seen, data, 0, other))

    def test_from_another_address(self):
        """R5452-9.1-a, UPR-01"""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            other.bind(('127.0.0.2', self.up.port))
            self.check('addr.example', lambda up, seen, data: up.send(seen, data, 0, other))

    def test_to_another_port(self):
        """R5452-9.1-a, UPR-01: a reply that reaches another of our sockets"""
        def make(up, seen, data):
            for other in up.seen(via='udp')[-20:]:
                if other.peer != seen.peer:
                    up.send(other, data)
        for i in range(5):
            self.on('A warm%d.example' % i, '192.0.2.1')
            self.ask('A warm%d.example' % i)
        self.check('ours.example', make)

    def test_no_response_bit_and_too_short(self):
        """R1035-7.3-a, UPR-01"""
        def make(up, seen, data):
            up.send(seen, data[:2] + bytes([data[2] & 0x7f]) + data[3:])
            up.send(seen, data[:11])
            up.send(seen, b'')
        self.check('short.example', make)

    def test_other_opcode_and_two_questions(self):
        """UPR-03"""
        self.altered('opcode.example', lambda d: d[:2] + bytes([d[2] | 0x10]) + d[3:])
        question = dns.question('two.example', 'A')
        self.altered('two.example', lambda d: d[:4] + b'\0\2' + d[6:12] + question + d[12:])

    def test_no_question(self):
        """UPR-02: as an error it is a hint, as an answer nothing"""
        for rcode in (0, 3):
            name = 'noq%d.example' % rcode
            self.altered(name, lambda d, rcode=rcode: d[:3] + bytes([d[3] & 0xf0 | rcode]) +
                         bytes(8))
        for rcode in (1, 2, 4, 5):
            name = 'noqe%d.example' % rcode
            self.on('A ' + name, upstream.edited('192.0.2.1', lambda d, rcode=rcode:
                    d[:3] + bytes([d[3] & 0xf0 | rcode]) + bytes(8)), '192.0.2.1')
            m = self.ask('A ' + name)
            self.assertIn(m.rcode_text, ('NOERROR', 'SERVFAIL'))

    def test_many_mismatches_lead_to_tcp(self):
        """R5452-9.3-a, LIM-13"""
        def script(up, seen, data):
            for i in range(25):
                up.send(seen, struct.pack('>H', (seen.id + 1 + i) & 0xffff) + forge(data)[2:])
        self.on('A storm.example', upstream.scripted('192.0.2.1', script), via='udp')
        self.on('A storm.example', '192.0.2.1', via='tcp')
        self.assertEqual(self.ask('A storm.example').texts('A'), ['192.0.2.1'])
        self.assertEqual(self.up.count('A storm.example', 'tcp'), 1)

    def test_case_of_the_question(self):
        """UPR-15"""
        self.on('A case.example', upstream.edited('192.0.2.1', lambda d: d.replace(
            b'\4case', b'\4CaSe', 1)))
        self.assertEqual(self.ask('A case.example').texts('A'), ['192.0.2.1'])


class Unpredictable(Case):
    """R5452-9.2-a over a thousand questions."""

    HASTE = True

    def test_ports_and_ids(self):
        """R5452-9.2-a, LIM-36"""
        self.up.on_match(r'A u\d+\.example', '192.0.2.1')
        self.up.on_match(r'AAAA u\d+\.example', 'NODATA soa 300/60')
        for i in range(500):
            self.ask('AAAA u%d.example' % i)
        seen = self.up.seen(via='udp')
        self.assertGreaterEqual(len(seen), 1000)
        ids = [s.id for s in seen]
        ports = [s.peer[1] for s in seen]
        self.assertGreater(len(set(ids)), 950)
        self.assertGreaterEqual(len(set(ports)), 100)
        for values, span in ((ids, 65536), (sorted(set(ports)), None)):
            if span:
                buckets = [0] * 16
                for value in values:
                    buckets[value * 16 // span] += 1
                self.assertGreater(min(buckets), len(values) / 16 / 3)
        self.assertGreater(max(ports) - min(ports), 20000)
        self.assertGreaterEqual(min(ports), 1024)
        for values in (ids, ports):
            steps = sum(1 for a, b in zip(values, values[1:]) if 0 < b - a <= 2)
            self.assertLess(steps, 50)
        most = max(ports.count(p) for p in set(ports))
        self.assertLessEqual(most, 256)

    def test_the_two_questions_of_a_request_use_two_ports(self):
        """LIM-36"""
        for i in range(50):
            name = 'pair%d.example' % i
            self.on('A ' + name, '192.0.2.1')
            self.ask('AAAA ' + name)
            a, b = self.up.seen('A ' + name)[0], self.up.seen('AAAA ' + name)[0]
            self.assertNotEqual(a.peer, b.peer)
            self.assertNotEqual(a.id, b.id)


class Replies(Case):
    """17.2: what is done with replies that match; two upstreams, the second sound."""

    UPSTREAMS = 2
    CONFIG = {'upstream-order': 'listed'}

    def check_second(self, name, spec, first_over_tcp=True):
        """The first fails in a way, the second has the answer."""
        self.ups[0].on('A ' + name, spec)
        self.ups[1].on('A ' + name, '192.0.2.1')
        self.assertEqual(self.ask('A ' + name).texts('A'), ['192.0.2.1'])
        self.assertIn(self.ups[1].count('A ' + name), (1, 2, 3))  # LIM-05, on a busy machine

    def test_error_codes(self):
        """UPS-b, UPS-c"""
        for rcode in ('SERVFAIL', 'REFUSED', 'NOTIMP', 'FORMERR', 'NOTAUTH', 'RCODE 12'):
            name = 'rc%s.example' % rcode.replace(' ', '').lower()
            self.check_second(name, rcode)
            # Once, and once without OPT; a busy machine may repeat that (LIM-05).
            self.assertLessEqual(self.ups[0].count('A ' + name), 4)

    def test_a_dnssec_failure_is_final(self):
        """UPS-b, D64-5.5-nvb"""
        self.ups[0].on('A final.example', 'SERVFAIL +ede=6:')
        self.ups[1].on('A final.example', '192.0.2.1')
        self.expect(self.ask('A final.example'), 'SERVFAIL')
        self.assertEqual(self.ups[1].count('A final.example'), 0)

    def test_unparsable_over_udp_is_asked_over_tcp(self):
        """UPR-04"""
        for i, edit in enumerate((
                lambda d: d[:7] + b'\x09' + d[8:],          # more answers than there are
                lambda d: d[:-1],                           # cut off
                lambda d: d.replace(b'\xc0\x0c', b'\xc0\xff', 1),  # a pointer to nowhere
                lambda d: d[:10] + b'\0\2' + d[12:] + dns.opt_rr())):  # two OPT
            name = 'garb%d.example' % i
            self.ups[0].on('A ' + name, upstream.edited('192.0.2.1', edit), via='udp')
            self.ups[0].on('A ' + name, '192.0.2.7', via='tcp')
            self.assertEqual(self.ask('A ' + name).texts('A'), ['192.0.2.7'])
            self.check_second('x' + name, upstream.edited('192.0.2.1', edit))

    def test_odd_records(self):
        """UPR-08, UPR-09, R1034-3.6.2-a"""
        for i, spec in enumerate((
                'odd0.example 300 CNAME x.example ; odd0.example 300 CNAME y.example ; '
                'x.example 300 A 192.0.2.66',
                'odd1.example 300 CNAME x.example ; odd1.example 300 A 192.0.2.66',
                'odd2.example 300 A \\# 3 c00002', 'odd3.example 300 A \\# 0',
                'odd4.example 300 A \\# 5 c000024200')):
            self.check_second('odd%d.example' % i, spec)
        self.ups[0].on('MX oddmx.example', 'oddmx.example 300 MX \\# 2 000a')
        self.ups[1].on('MX oddmx.example', 'oddmx.example 300 MX 10 m.example')
        self.assertEqual(self.ask('MX oddmx.example').texts('MX'), ['10 m.example'])

    def test_junk_is_dropped(self):
        """UPR-07, CCH-f, R2181-5-a"""
        self.ups[0].on('A junk.example', 'other.example 300 A 192.0.2.66 ; '
                       'junk.example 300 A 192.0.2.1 ; junk.example 300 MX 10 m.example ; '
                       'junk.example 300 CH A \\# 4 c0000242 ; junk.example 300 A 192.0.2.1')
        self.expect(self.ask('A junk.example'), 'NOERROR', answer='junk.example 300 A 192.0.2.1')
        self.ups[0].on('A other.example', '192.0.2.2')
        self.assertEqual(self.ask('A other.example').texts('A'), ['192.0.2.2'])

    def test_lame_replies(self):
        """UPR-13, R2308-2.2-a"""
        self.ups[0].on('A nora.example', '192.0.2.1 +nora')
        self.assertEqual(self.ask('A nora.example').texts('A'), ['192.0.2.1'])
        self.check_second('norae.example', 'NOERROR +nora')
        self.check_second('refer.example', 'AUTH example 300 NS ns.example')

    def test_ttls(self):
        """UPR-11, R2181-5.2-a, R2181-8-a, CCH-d, LIM-23"""
        self.ups[0].on('A ttl1.example', 'ttl1.example 10 A 192.0.2.1 ; '
                       'ttl1.example 300 A 192.0.2.2')
        self.assertEqual([rr.ttl for rr in self.ask('A ttl1.example').answer], [10, 10])
        self.ups[0].on('A ttl2.example', '2147483649 192.0.2.1')
        self.assertEqual(self.ask('A ttl2.example').answer[0].ttl, 86400)
        self.ups[0].on('A ttl3.example', '1000000 192.0.2.1')
        self.assertEqual(self.ask('A ttl3.example').answer[0].ttl, 86400)

    def test_a_proof_of_another_zone(self):
        """UPR-10"""
        self.ups[0].on('TXT proof.example', 'NXDOMAIN soa 300/60 zone elsewhere.example')
        self.expect(self.ask('TXT proof.example'), 'NXDOMAIN')
        self.expect(self.ask('TXT proof.example'), 'NXDOMAIN')
        self.assertEqual(self.ups[0].count('TXT proof.example'), 2)

    def test_compressed_names_of_other_types(self):
        """R3597-4-a"""
        def edit(data):
            return data.replace(b'\4host\3srv\7example\0', b'\4host\xc0\x0c').replace(
                struct.pack('>H', 6 + 18), struct.pack('>H', 6 + 7), 1)
        self.ups[0].on('SRV srv.example', upstream.edited(
            'srv.example 300 SRV 1 2 3 host.srv.example', edit))
        m = self.ask('SRV srv.example')
        self.assertEqual(m.texts('SRV'), ['1 2 3 host.srv.example'])
        self.assertEqual(m.answer[0].rdata, dns.rdata_encode(33, '1 2 3 host.srv.example'.split()))

    def test_larger_than_advertised(self):
        """UDP-b"""
        rdata = bytes([200]) + b'x' * 200
        self.ups[0].on('TXT over.example', 'over.example 300 TXT \\# %d %s +oversize' %
                       (201 * 15, (rdata * 15).hex()))
        m = self.ask('TXT over.example', tcp=False, edns=True)
        self.assertTrue(m.has(dns.TC))
        self.assertEqual(self.ask('TXT over.example', tcp=True).answer[0].rdata, rdata * 15)

    def test_every_upstream_fails(self):
        """UPS-c, EDE-08, EDE-09"""
        for up in self.ups:
            up.on('A allref.example', 'REFUSED')
            up.on('A allgarb.example', upstream.edited('192.0.2.1', lambda d: d[:-1]))
        m = self.ask('A allref.example', edns=True)
        self.expect(m, 'SERVFAIL')
        self.assertEqual(m.ede_codes, [22])
        m = self.ask('A allgarb.example', edns=True)
        self.expect(m, 'SERVFAIL')
        self.assertEqual(m.ede_codes, [0])


class EdnsFallback(SideBySide):
    """Upstreams that know no EDNS; a server of its own for each."""

    def play(self, spec_with_opt):
        up = upstream.Upstream()
        server = sixward.Sixward([up], workers=1)  # each worker learns for itself (design.md, 6)
        try:
            def program(seen):
                return '192.0.2.1' if seen.message.opt is None else spec_with_opt
            up.on_match(r'A f\d\.example', program)
            m = client.ask(server.v4, 'A f1.example', edns=True)
            self.assertEqual(m.texts('A'), ['192.0.2.1'])
            seen = up.seen('A f1.example')
            self.assertIsNotNone(seen[0].message.opt)
            self.assertIsNone(seen[-1].message.opt)
            client.ask(server.v4, 'A f2.example')
            self.assertEqual([s.message.opt for s in up.seen('A f2.example')], [None])
        finally:
            server.stop()
            up.close()

    def test_formerr(self):
        """R6891-6.2.2-a, LIM-16"""
        self.play('FORMERR +noopt')

    def test_notimp(self):
        """R6891-6.2.2-a, LIM-16"""
        self.play('NOTIMP +noopt')

    def test_badvers(self):
        """R6891-6.2.2-a, LIM-16"""
        self.play('BADVERS')


class Failover(SideBySide):
    """Silence, death and loops; servers of their own, all at once."""

    def scene(self, play, count=2, haste=False, **config):
        ups = [upstream.Upstream(haste=haste) for _ in range(count)]
        server = None
        try:
            server = sixward.Sixward(ups, **config)
            play(server, *ups)
        finally:
            if server:
                server.stop()
            for up in ups:
                up.close()

    def test_silent_upstream_is_asked_three_times(self):
        """R9520-3.1-a, LIM-05, LIM-01, R1035-4.2.1-a"""
        def play(server, up):
            up.on('A s.example', 'SILENT')
            begin = time.monotonic()
            self.expect(client.ask(server.v4, 'A s.example'), 'SERVFAIL')
            took = time.monotonic() - begin
            self.assertLess(took, 4.6)
            seen = up.seen('A s.example', 'udp')
            self.assertTrue(2 <= len(seen) <= 3, seen)
            self.assertGreater(seen[1].time - seen[0].time, 0.9)
            self.assertLessEqual(up.count('A s.example', 'tcp'), 3)
        self.scene(play, 1)

    def test_another_before_the_same_again(self):
        """R1035-4.2.1-a"""
        def play(server, one, two):
            one.on('A o.example', 'SILENT')
            two.on('A o.example', '192.0.2.1')
            self.assertEqual(client.ask(server.v4, 'A o.example').texts('A'), ['192.0.2.1'])
            self.assertEqual(one.count('A o.example'), 1)
            self.assertEqual(two.count('A o.example'), 1)
        self.scene(play, **{'upstream-order': 'listed'})

    def test_unreachable_is_passed_at_once(self):
        """R2308-7.2-a"""
        def play(server, one, two):
            one.close()
            for i in range(5):
                two.on('A un%d.example' % i, '192.0.2.1')
                begin = time.monotonic()
                self.assertEqual(client.ask(server.v4, 'A un%d.example' % i).texts('A'),
                                 ['192.0.2.1'])
                self.assertLess(time.monotonic() - begin, 0.8)
        ups = [upstream.Upstream() for _ in range(2)]
        server = sixward.Sixward(ups, **{'upstream-order': 'listed'})
        try:
            play(server, *ups)
        finally:
            server.stop()
            ups[1].close()

    def test_the_faster_is_preferred(self):
        """config.md: upstream-order fastest"""
        def play(server, slow, fast):
            slow.delay = 60
            for up in (slow, fast):
                up.on_match(r'A q\d+\.example', '192.0.2.1')
            for i in range(60):
                self.assertEqual(client.ask(server.v4, 'A q%d.example' % i).texts('A'),
                                 ['192.0.2.1'])
            late = [sum(1 for s in up.seen() if int(s.name[1:-8]) >= 20) for up in (slow, fast)]
            self.assertGreater(late[1], 3 * late[0])
        self.scene(play, haste=True)

    def test_work_per_query_is_bounded(self):
        """R1123-6.1.3.3-a, LIM-06, LIM-08"""
        def play(server, *ups):
            for up in ups:
                up.on('A w.example', 'SERVFAIL')
            self.expect(client.ask(server.v4, 'A w.example'), 'SERVFAIL')
            asked = [up.count('A w.example') for up in ups]
            self.assertLessEqual(sum(1 for n in asked if n), 3)
            self.assertLessEqual(sum(asked), 12)
        self.scene(play, 5)

    def test_ipv6_upstream(self):
        """R7766-5-a: an IPv6 upstream, both transports"""
        up = upstream.Upstream('::1')
        server = sixward.Sixward([up])
        try:
            up.on('A six.example', '192.0.2.1 +tc')
            self.assertEqual(client.ask(server.v6, 'A six.example').texts('A'), ['192.0.2.1'])
            self.assertEqual(up.count('A six.example', 'tcp'), 1)
        finally:
            server.stop()
            up.close()

    def test_a_loop_ends(self):
        """UPS-d, LIM-03, R9520-2.3-a: two servers that forward to each other"""
        port = sixward.free_port()
        other = sixward.Sixward(upstreams=['127.0.0.1:%d' % port])
        try:
            one = sixward.Sixward(port=port, upstreams=['127.0.0.1:%d' % other.port])
            try:
                begin = time.monotonic()
                m = client.ask(one.v4, 'A loop.example')
                self.assertEqual(m.rcode_text, 'SERVFAIL')
                self.assertLess(time.monotonic() - begin, 4.8)
                self.assertEqual(client.ask(one.v4, 'A localhost').texts('A'), ['127.0.0.1'])
            finally:
                one.stop()
        finally:
            other.stop()

    def test_a_listen_endpoint_is_no_upstream(self):
        """UPS-d"""
        port = sixward.free_port()
        status, _, err = sixward.run_command('check', config={
            'listen': ['127.0.0.1:%d' % port], 'upstreams': ['127.0.0.1:%d' % port]})
        self.assertEqual(status, 2)
        self.assertIn('upstreams', err)

    def test_one_in_five_replies_lost(self):
        """LIM-02, goals M7: nobody notices but the clock"""
        def play(server, up):
            chance = random.Random(6147)

            def program(seen):
                if seen.transport == 'udp' and chance.random() < 0.2:
                    return None
                return '192.0.2.1 +delay=5' if seen.what.startswith('A ') else \
                    'NODATA soa 300/60 +delay=5'
            up.on_match(r'(A|AAAA) loss\d+\.example', program)
            for i in range(100):
                m = client.ask(server.v4, 'AAAA loss%d.example' % i)
                self.assertEqual(m.texts('AAAA'), ['2001:db8:64::c000:201'])
        self.scene(play, 1, haste=True)


class Joined(SideBySide):
    """R9520-2.3-a"""

    UPSTREAMS = 2
    CONFIG = {'workers': 4}  # identical questions join over all of them

    def test_a_hundred_clients_one_question(self):
        """R9520-2.3-a, R9520-3.1-a"""
        for up in self.ups:
            up.on('A join.example', 'SILENT')
        answers, lock = [], threading.Lock()

        def one():
            begin = time.monotonic()
            m = self.ask('A join.example')
            with lock:
                answers.append((m.rcode_text, time.monotonic() - begin))
        threads = [threading.Thread(target=one) for _ in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual({rcode for rcode, _ in answers}, {'SERVFAIL'})
        self.assertEqual(len(answers), 100)
        self.assertLess(max(took for _, took in answers), 5)
        for up in self.ups:
            self.assertLessEqual(up.count('A join.example', 'udp'), 3)

    def test_the_joined_share_one_answer(self):
        """R9520-2.3-a, CCH-c"""
        for up in self.ups:
            up.on('A share.example', '0 192.0.2.1 +delay=150')
        with client.udp_socket(self.server.v4) as sock:
            sock.settimeout(client.PATIENCE)
            for i in range(50):
                sock.send(dns.query('A share.example', id_=i))
            got = [dns.Message(sock.recv(65535)) for _ in range(50)]
        self.assertEqual({m.id for m in got}, set(range(50)))
        self.assertEqual({tuple(m.texts('A')) for m in got}, {('192.0.2.1',)})
        for up in self.ups:
            self.assertLessEqual(up.count('A share.example', 'udp'), 3)
