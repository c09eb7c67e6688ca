"""Programs of the client, run as a person would, and what they got."""

import json
import shutil
import subprocess
import sys

import places


class Page:
    """What came back: the page of a server of web.py, or the program's complaint."""

    def __init__(self, done):
        self.error = '' if done.returncode == 0 else done.stderr.strip() or \
            'exit status %d' % done.returncode
        try:
            page = {} if self.error else json.loads(done.stdout)
        except ValueError:
            self.error, page = 'no page: %r' % done.stdout, {}
        self.server, self.host = page.get('server'), page.get('host')
        self.client = page.get('client', '')

    def __repr__(self):
        return self.error or 'page of %s for %s' % (self.server, self.client)


def run(*command, timeout=40):
    """A program in the client's place, to its end."""
    with places.inside('client'):
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout,
                              stdin=subprocess.DEVNULL, check=False)


def curl(name, *options):
    return Page(run('curl', '-sS', '--max-time', '20', *options, 'http://%s/' % name))


PYTHON = """
import socket, sys, urllib.request
name, family = sys.argv[1], int(sys.argv[2])
if family:
    everything = socket.getaddrinfo
    family = socket.AF_INET if family == 4 else socket.AF_INET6
    socket.getaddrinfo = lambda host, port, _=0, *more: everything(host, port, family, *more)
print(urllib.request.urlopen('http://%s/' % name, timeout=20).read().decode())
"""


def python(name, family=0, program=PYTHON):
    """`family`: 4 or 6, where the program wants addresses of that family alone."""
    done = run(sys.executable, '-c', program, name, str(family))
    done.stderr = done.stderr.strip().rsplit('\n', 1)[-1]  # without the traceback
    return Page(done)


NODE = """
const fail = e => {
  console.error([e, ...(e.errors || [])].map(e => e.code || e.message).join(' '));
  process.exit(1);
};
"""
NODE_HTTP = NODE + """
require('http').get('http://' + process.argv[1] + '/', response => {
  response.on('data', data => process.stdout.write(data));
}).on('error', fail);
"""
NODE_FETCH = NODE + """
fetch('http://' + process.argv[1] + '/').then(r => r.text()).then(console.log)
  .catch(e => fail(e.cause || e));
"""


def node_version():
    """The major version of the Node.js that is installed; None."""
    if not shutil.which('node'):
        return None
    return int(run('node', '--version').stdout.strip().lstrip('v').split('.')[0])


def node(name, *options, program=NODE_HTTP):
    return Page(run('node', *options, '-e', program, name))


def addresses(name):
    """What getaddrinfo gives to a program that asks for streams, with AI_ADDRCONFIG, as getent does;
    without the form ::ffff:192.0.2.1, in which an A record comes when there is nothing else."""
    done = run('getent', 'ahosts', name)
    return [line.split()[0] for line in done.stdout.splitlines()
            if 'STREAM' in line and not line.startswith('::ffff:')]


def name_of(address):
    """The name that getnameinfo gives for an address, by getent; None."""
    words = run('getent', 'hosts', address).stdout.split()
    return words[1] if words else None
