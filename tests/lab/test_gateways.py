"""Gateways die and come back, and what is answered follows: `check`, `use` and `drain`."""

import http.client
import time

import fetch
import labcase
import places
from lab import CHECKS, MAPPED1, MAPPED2, NOWHERE, PREFIX1, PREFIX2, WEB_IPV4

DEAD, BACK = 'a NAT64 gateway does not answer', 'a NAT64 gateway answers again'
DESPAIR = 'no NAT64 gateway answers its checks'


def bound(every=10, timeout=2, fail_after=3):
    """Within how many seconds a dead gateway is out of the answers."""
    return every + 2 * fail_after * timeout + 1


class GatewayCase(labcase.LabCase):

    CHECK = CHECKS
    WITHIN = bound(1, 0.5)

    def start(self, use='all', prefixes=(PREFIX1, PREFIX2), **check):
        self.server = self.serve(dns64={'prefixes': list(prefixes), 'use': use,
                                        'check': dict(self.CHECK, **check)})

    def answers(self, name='ipv4.example'):
        return fetch.addresses(name)

    def wait_for_answers(self, *wanted, within=None):
        self.assert_soon(lambda: sorted(self.answers()) == sorted(wanted), within or self.WITHIN,
                         'answers %s' % ', '.join(wanted))

    def changes(self):
        """The log's lines about gateways."""
        return [line for line in self.server.log().splitlines()
                if DEAD in line or BACK in line or DESPAIR in line]

    def expect_changes(self, *wanted):
        lines = self.changes()
        self.assertEqual(len(lines), len(wanted), lines)
        for line, (words, *prefix) in zip(lines, wanted):
            self.assertIn(words, line)
            self.assertTrue(all(p in line for p in prefix), line)


class Gateways(GatewayCase):

    def test_a_killed_gateway_is_left_out_and_comes_back(self):
        """One name, asked upstream once, from the cache all the time."""
        self.start()
        self.assert_soon(lambda: fetch.curl('ipv4.example').server, 5)
        asked = self.lab.up.count('A ipv4.example')
        self.assertEqual(sorted(self.answers()), [MAPPED1, MAPPED2])
        self.lab.gateways[0].kill()
        self.wait_for_answers(MAPPED2)
        self.assert_from(fetch.curl('ipv4.example', '--max-time', '1'), 'ipv4', 1)
        self.lab.gateways[0].start()
        self.wait_for_answers(MAPPED1, MAPPED2)
        self.expect_changes((DEAD, PREFIX1), (BACK, PREFIX1))
        self.assertEqual(self.lab.up.count('A ipv4.example'), asked)

    @labcase.long
    def test_the_first_of_the_list_is_used_while_it_lives(self):
        self.start(use='first')
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 0)
        self.lab.gateways[0].kill()
        self.wait_for_answers(MAPPED2)
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 1)
        self.lab.gateways[0].start()
        self.wait_for_answers(MAPPED1)
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 0)

    @labcase.long
    def test_the_fastest_is_used(self):
        self.lab.slow(0, 200)
        self.start(use='best', timeout='1s')
        self.wait_for_answers(MAPPED2)
        self.lab.restore()
        self.lab.slow(1, 200)
        self.wait_for_answers(MAPPED1, within=15)
        self.assertEqual(self.changes(), [])

    def test_when_all_are_dead_all_are_used(self):
        self.start()
        for gateway in self.lab.gateways:
            gateway.kill()
        self.server.wait_line(DESPAIR, self.WITHIN + 1)
        self.wait_for_answers(MAPPED1, MAPPED2, within=1)
        self.lab.gateways[1].start()
        self.wait_for_answers(MAPPED2)
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 1)
        self.assertEqual(len([l for l in self.changes() if DESPAIR in l]), 1)

    def test_a_refused_connection_is_a_live_gateway(self):
        """The RST came back through it; nobody need run a service for the check."""
        self.start(targets=[WEB_IPV4 + ':81'])
        self.lab.gateways[0].kill()
        self.wait_for_answers(MAPPED2)
        self.expect_changes((DEAD, PREFIX1))

    def test_an_icmp_error_is_no_live_gateway(self):
        """To programs "port unreachable" looks as a RST does: connection refused."""
        self.lab.refuse_unreachable(PREFIX1)
        self.assertIn('Connection refused', fetch.python('[%s]' % MAPPED1).error)
        self.start()
        self.wait_for_answers(MAPPED2)

    def test_a_prefix_without_route_is_left_out(self):
        self.start(prefixes=(NOWHERE, PREFIX2), use='first')
        self.wait_for_answers(MAPPED2)


class Draining(GatewayCase):

    def test_a_drained_prefix_serves_those_it_has(self):
        """No new answers with it; what was answered before works on, reverse look-ups too."""
        self.start(use='first')
        self.wait_for_answers(MAPPED1)
        with places.inside('client'):
            kept = http.client.HTTPConnection(MAPPED1, 80, timeout=5)
            kept.connect()
        self.addCleanup(kept.close)
        dns64 = dict(self.server.config['dns64'])
        dns64['prefixes'] = [{'prefix': PREFIX1, 'drain': True}, PREFIX2]
        self.server.reload(dns64=dns64)
        self.assertEqual(self.answers(), [MAPPED2])
        kept.request('GET', '/')
        self.assertEqual(kept.getresponse().status, 200)
        self.assert_from(fetch.curl('[%s]' % MAPPED1), 'ipv4', 0)
        self.assertEqual(fetch.name_of(MAPPED1), 'ipv4.example')


class Patience(GatewayCase):
    """With the times that are used unless told otherwise, and over minutes."""

    CHECK = {'targets': [WEB_IPV4 + ':80']}
    WITHIN = bound()

    @labcase.long
    def test_a_killed_gateway_is_left_out_in_time(self):
        self.start(use='first')
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 0)
        self.lab.gateways[0].kill()
        self.wait_for_answers(MAPPED2)
        self.assert_from(fetch.curl('ipv4.example'), 'ipv4', 1)
        self.lab.gateways[0].start()
        self.wait_for_answers(MAPPED1, within=bound(fail_after=2))
        self.expect_changes((DEAD, PREFIX1), (BACK, PREFIX1))

    @labcase.long
    def test_two_alike_do_not_take_turns(self):
        self.start(use='best', **CHECKS)
        time.sleep(3)
        first = self.answers()
        self.assertEqual(len(first), 1)
        for _ in range(60):
            time.sleep(1)
            self.assertEqual(self.answers(), first)
        self.assertEqual(self.changes(), [])
