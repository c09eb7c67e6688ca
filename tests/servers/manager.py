"""A stand-in for the service manager: its notify socket, and sockets that it opens and passes."""

import os
import socket
import sys
import time

from sixward import Sixward

HANDOVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'handover.py')


class Manager:
    """Hears what a service says, as dicts."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind('')  # the kernel finds a name
        self.address = '@' + self.sock.getsockname()[1:].decode('ascii')
        self.signs = []  # of life, by the time when they came

    def hear(self, within=10):
        """The next message that is no sign of life; None if none comes in the time."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            self.sock.settimeout(max(0.001, end - time.monotonic()))
            try:
                text = self.sock.recv(4096).decode('utf-8')
            except TimeoutError:
                break
            message = dict(line.split('=', 1) for line in text.splitlines())
            if message != {'WATCHDOG': '1'}:
                return message
            self.signs.append(time.monotonic())
        return None

    def count_signs(self, within):
        """How many signs of life come in the time."""
        before = len(self.signs)
        message = self.hear(within)
        if message is not None:
            raise AssertionError(message)
        return len(self.signs) - before

    def close(self):
        self.sock.close()


def open_socket(host, kind, port=0, shared=False):
    """As a socket unit has it opened; port 0 is a free one."""
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    sock = socket.socket(family, kind)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if kind == socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((host, port))
    if kind == socket.SOCK_STREAM:
        sock.listen(16)
    return sock


class Managed(Sixward):
    """A server with a manager, which keeps the sockets that it passes."""

    before = (sys.executable, HANDOVER)

    def __init__(self, manager, ups, passed=(), watchdog_us=None, **how):
        self.variables = {'NOTIFY_SOCKET': manager.address}
        self.descriptors = tuple(sock.fileno() for sock in passed)
        if watchdog_us:
            self.variables.update(WATCHDOG_USEC=str(watchdog_us), WATCHDOG_PID='')
        if passed:
            self.variables.update(LISTEN_FDS=str(len(passed)), LISTEN_PID='',
                                  PASSED=' '.join(map(str, self.descriptors)))
        super().__init__(ups, **how)
