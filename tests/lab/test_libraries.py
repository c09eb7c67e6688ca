"""How programs look names up: by glibc (test_fetch.py has most of that), musl and c-ares, in Python and
in Node.js.

many.example has 25 addresses: the A records fit in a datagram without EDNS, the synthesized AAAA do
not. lots.example has so many that neither do.
"""

import os
import shutil
import subprocess
import sys
import tempfile

import fetch
import labcase
from lab import MAPPED1, PREFIX1, WEB_DUAL, WEB_IPV4

HERE = os.path.dirname(os.path.abspath(__file__))
MANY, LOTS = 25, 50


class LibraryCase(labcase.LabCase):

    def setUp(self):
        super().setUp()
        self.server = self.serve(dns64={'prefixes': [PREFIX1]})
        for name, count in (('many', MANY), ('lots', LOTS)):
            self.lab.up.on('A %s.example' % name, '300 ' + ', '.join(
                '198.18.0.%d' % (80 + n) for n in range(count)))
            self.lab.up.on('AAAA %s.example' % name, 'NODATA soa 300/60')


class CompiledCase(LibraryCase):
    """A C program of ours, compiled with the library."""

    BUILD = ()  # the compiler's command, without its output

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.program = os.path.join(folder.name, 'names')
        subprocess.run([*cls.BUILD, '-o', cls.program], cwd=HERE, check=True)

    def addresses(self, name):
        done = fetch.run(self.program, name)
        return done.stdout.split() or done.stderr.strip()


def synthesized(addresses):
    return [a for a in addresses if a.startswith('2001:db8:64::')]


@labcase.long
@labcase.need(shutil.which('musl-gcc'), 'musl')
class Musl(CompiledCase):
    """It asks for A as well, whatever addresses the host has, and sorts them behind the AAAA. It has
    neither EDNS nor TCP."""

    BUILD = ('musl-gcc', '-static', '-Wall', 'names.c')

    def test_the_synthesized_address_is_used(self):
        self.assertEqual(self.addresses('ipv4.example'), [MAPPED1, WEB_IPV4])
        self.assertEqual(self.addresses('dual.example')[0], WEB_DUAL)
        self.assert_from(fetch.Page(fetch.run(self.program, 'ipv4.example', 'page')), 'ipv4', 0)

    def test_what_is_cut_off_is_lost(self):
        ear = self.listen()
        addresses = self.addresses('many.example')
        if len(ear.heard('AAAA many.example')) > 1:
            self.skipTest('this musl knows TCP')
        self.assertEqual((len(addresses), synthesized(addresses)), (MANY, []))
        page = fetch.Page(fetch.run(self.program, 'many.example', 'page'))
        self.assertIn('Network unreachable', page.error)
        self.assertIn('does not resolve', self.addresses('lots.example'))

    def test_fewer_addresses_cure_that(self):
        self.server.reload(dns64={'prefixes': [PREFIX1], 'max-aaaa': 10})
        for name in ('many.example', 'lots.example'):
            self.assertEqual(len(synthesized(self.addresses(name))), 10)
        self.assert_from(fetch.Page(fetch.run(self.program, 'many.example', 'page')), 'ipv4', 0)


@labcase.long
@labcase.need(os.path.exists('/usr/include/ares.h'), 'libc-ares-dev')
class Cares(CompiledCase):
    """By a program of ours, for Debian has no package with c-ares' own."""

    BUILD = ('cc', '-Wall', 'names_cares.c', '-lcares')

    def test_the_synthesized_address_comes_first(self):
        self.assertEqual(self.addresses('ipv4.example'), [MAPPED1, WEB_IPV4])
        self.assertEqual(self.addresses('dual.example')[0], WEB_DUAL)
        self.assertEqual(self.addresses('none.example'), 'Domain name not found')

    def test_big_answers_come_by_tcp(self):
        ear = self.listen()
        for name, count in (('many.example', MANY), ('lots.example', LOTS)):
            self.assertEqual(len(synthesized(self.addresses(name))), count)
            self.assertEqual([q.transport for q in ear.heard('AAAA ' + name, 2)], ['udp', 'tcp'])


ASYNCIO = """
import asyncio, sys

async def main(name):
    addresses = await asyncio.get_running_loop().getaddrinfo(name, 80)
    assert addresses, name
    reader, writer = await asyncio.open_connection(name, 80, happy_eyeballs_delay=0.25)
    writer.write(b'GET / HTTP/1.1\\r\\nHost: %s\\r\\nConnection: close\\r\\n\\r\\n' % name.encode())
    print((await reader.read()).split(b'\\r\\n\\r\\n', 1)[1].decode())

asyncio.run(main(sys.argv[1]))
"""
PYTHON_NAMES = """
import socket, sys
name = sys.argv[1]
print(*sorted({a[4][0] for a in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)}))
print(*sorted({a[4][0] for a in socket.getaddrinfo(name, 80, socket.AF_INET6)}))
print(socket.gethostbyaddr(sys.argv[2])[0], socket.getnameinfo((sys.argv[2], 80), 0)[0])
"""


class Python(LibraryCase):

    def test_asyncio_fetches_an_ipv4_only_page(self):
        self.assert_from(fetch.python('ipv4.example', program=ASYNCIO), 'ipv4', 0)
        self.assert_from(fetch.python('dual.example', program=ASYNCIO), 'dual')

    def test_addresses_and_their_names(self):
        """Its getaddrinfo asks for A unless told otherwise: it does not set AI_ADDRCONFIG."""
        done = fetch.run(sys.executable, '-c', PYTHON_NAMES, 'ipv4.example', MAPPED1)
        self.assertEqual(done.stdout.splitlines(),
                         ['%s %s' % (WEB_IPV4, MAPPED1), MAPPED1, 'ipv4.example ipv4.example'],
                         done.stderr)


NODE_NAMES = fetch.NODE + """
const dns = require('dns').promises, [name, address] = process.argv.slice(1);
Promise.all([
  dns.lookup(name, {all: true}).then(all => all.map(a => a.address)),
  dns.resolve6(name), dns.resolve4(name), dns.reverse(address),
]).then(all => all.forEach(line => console.log(line.join(' ')))).catch(fail);
"""
NODE_COUNT = fetch.NODE + """
require('dns').promises.resolve6(process.argv[1]).then(all => console.log(all.length)).catch(fail);
"""


@labcase.need_node()
class Node(LibraryCase):
    """dns.lookup is the C library's getaddrinfo, dns.resolve6 and its like are c-ares."""

    def test_addresses_and_their_names(self):
        done = fetch.run('node', '-e', NODE_NAMES, 'ipv4.example', MAPPED1)
        self.assertEqual(done.stdout.splitlines(), ['%s %s' % (MAPPED1, WEB_IPV4), MAPPED1,
                                                    WEB_IPV4, 'ipv4.example'], done.stderr)

    def test_big_answers_come_by_tcp(self):
        ear = self.listen()
        done = fetch.run('node', '-e', NODE_COUNT, 'lots.example')
        self.assertEqual(done.stdout.strip(), str(LOTS), done.stderr)
        self.assertEqual([q.transport for q in ear.heard('AAAA lots.example', 2)], ['udp', 'tcp'])

    def test_fetch_reaches_both_kinds_of_servers(self):
        for name, server, gateway in (('ipv4.example', 'ipv4', 0), ('dual.example', 'dual', None)):
            with self.subTest(name):
                self.assert_from(fetch.node(name, program=fetch.NODE_FETCH), server, gateway)
