"""Run by test_getaddrinfo.py in namespaces of its own: sixward on port 53 of loopback, and the C
library's resolver before it, by a resolv.conf that only this process sees. Prints JSON: for each
question of the list on stdin, what came back.
"""

import json
import os
import socket
import subprocess
import sys

import world
from sixward import Sixward


class Here(Sixward):
    """On port 53, which is free here whatever the host does."""

    def start(self):
        self.port = 53
        self.config['listen'] = ['[::1]:53', '127.0.0.1:53']
        self.write()
        self._spawn()
        self.wait_line('serving', 30)


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, 'w', encoding='ascii') as out:
        out.write(text)
    return path


def mount(folder, name, text):
    """Puts a file in the place of the one in /etc, for this namespace; write() changes it."""
    subprocess.run(['mount', '--bind', write(folder, name, text), '/etc/' + name], check=True)


# A process of its own for each: the C library reads resolv.conf once.
ASKER = """
import json, socket, sys
out = []
for name, family, flags in json.load(sys.stdin):
    try:
        if family == 'name':
            out.append(socket.getnameinfo((name, 0), socket.NI_NAMEREQD)[0])
        else:
            found = socket.getaddrinfo(name, 443, getattr(socket, family), socket.SOCK_STREAM,
                                       flags=flags)
            out.append([f[4][0] for f in found])
    except OSError as error:
        out.append(error.args[0] if isinstance(error, socket.gaierror) else str(error))
json.dump(out, sys.stdout)
"""


def ask(folder, options, questions):
    write(folder, 'resolv.conf', options)
    done = subprocess.run([sys.executable, '-c', ASKER], input=json.dumps(questions), text=True,
                          stdout=subprocess.PIPE, timeout=30, check=True)
    return json.loads(done.stdout)


def main():
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    # Names of the hosts file, and other name services of the host, are not what is tried here.
    behind = world.World(signed=False)
    try:
        mount(behind.folder, 'nsswitch.conf', 'hosts: dns\n')
        mount(behind.folder, 'resolv.conf', '')
        out = []
        for config, options, questions in json.load(sys.stdin):
            server = Here([behind.plain_endpoint], **config)
            try:
                out.append(ask(behind.folder, options, questions))
            finally:
                server.stop()
        json.dump(out, sys.stdout)
    finally:
        behind.close()


if __name__ == '__main__':
    main()
