"""Network namespaces for one run, and what is needed to be in them.

A run goes on in a process, a mount and a network namespace of its own. The places, `sw-…`, are
named in its own /run/netns: nobody else sees them, runs side by side do not meet, and the kernel
takes all of it away with the run's first process, however that one ends. Nothing can be left over.
"""

import contextlib
import ctypes
import fcntl
import os
import signal
import struct
import subprocess
import sys
import tempfile
import traceback

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET = 0x00020000, 0x20000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
PR_SET_PDEATHSIG = 1
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 0x0001, 0x1000


def _call(function, *arguments):
    if getattr(LIBC, function)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, '%s: %s' % (function, os.strerror(number)))


# A run by itself

def obstacle():
    """Why there can be no lab on this machine; None if there can."""
    try:
        os.close(os.open('/dev/net/tun', os.O_RDWR))
    except OSError as error:
        return '/dev/net/tun: %s' % os.strerror(error.errno)
    tried = subprocess.run(
        ['unshare', '--net', '--mount-proc', '--pid', '--fork', 'ip', 'link', 'add', 'sw0', 'type',
         'veth', 'peer', 'name', 'sw1'], capture_output=True, text=True, check=False)
    if tried.returncode:
        return 'namespaces: ' + (tried.stderr.strip() or 'they cannot be made')
    return None


def apart(main):
    """Runs main() apart from the machine; returns its status."""
    sys.stdout.flush()
    _call('unshare', CLONE_NEWPID)
    child = os.fork()
    if not child:
        # The first process of a process namespace: with it end all others there.
        _call('prctl', PR_SET_PDEATHSIG, signal.SIGKILL)
        signal.signal(signal.SIGTERM, lambda *_: os._exit(128 + signal.SIGTERM))
        status = 1
        try:
            _furnish()
            status = main()
        except KeyboardInterrupt:
            status = 128 + signal.SIGINT
        except Exception:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal sends it to the child as well
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGTERM))
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if status >= 0 else 128 - status


def _furnish():
    """A /proc, a /run and those files of /etc that say how names are found, for this run alone."""
    _call('unshare', CLONE_NEWNS | CLONE_NEWNET)
    _call('mount', b'none', b'/', None, MS_REC | MS_PRIVATE, None)
    _call('mount', b'proc', b'/proc', b'proc', 0, None)
    kept = [(path, os.path.realpath(path)) for path in FILES]
    _call('mount', b'run', b'/run', b'tmpfs', 0, b'mode=755')
    for folder in ('/run/netns', '/run/lab'):
        os.mkdir(folder)
    tempfile.tempdir = '/run/lab'
    for path, real in kept:
        # Where it is a link into /run (systemd-resolved), the place linked to is made again.
        if not os.path.exists(real):
            os.makedirs(os.path.dirname(real), exist_ok=True)
            open(real, 'x', encoding='ascii').close()
        furnish(path, FILES[path], real)
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)


FILES = {
    '/etc/resolv.conf': 'nameserver ::1\n',
    '/etc/nsswitch.conf': 'hosts: files dns\n',
    '/etc/hosts': '127.0.0.1 localhost\n::1 localhost ip6-localhost\n',
}


def _stand_in(path):
    return '/run/lab/' + os.path.basename(path)


def write(path, text):
    """Other content for a file that was furnished."""
    with open(_stand_in(path), 'w', encoding='utf-8') as out:
        out.write(text)


def furnish(path, text, real=None):
    """A file of the machine has this content, for this run alone."""
    write(path, text)
    _call('mount', _stand_in(path).encode(), (real or path).encode(), None, MS_BIND, None)


# Places

def name(place):
    return 'sw-' + place


def ip(place, *words):
    """ip(8) in a place; words are one command, or several lines of them."""
    lines = '\n'.join(words)
    done = subprocess.run(['ip', '-n', name(place), '-batch', '-'], input=lines + '\n', text=True,
                          capture_output=True, check=False)
    if done.returncode:
        raise AssertionError('ip in %s:\n%s\n%s' % (place, lines, done.stderr))


def make(place, forwards=False):
    subprocess.run(['ip', 'netns', 'add', name(place)], check=True)
    with inside(place):
        # Addresses are ours: no waiting for the proof that nobody else has them.
        setting('ipv6/conf/default/accept_dad', 0)
        if forwards:
            setting('ipv6/conf/all/forwarding', 1)
            setting('ipv4/ip_forward', 1)
    ip(place, 'link set lo up')


def setting(path, value):
    """A net.* setting of the place that the calling thread is in."""
    with open('/proc/sys/net/' + path, 'w', encoding='ascii') as out:
        out.write(str(value))


def join(one, other):
    """A cable between two places; its ends have the names of the places they lead to."""
    ip(one, 'link add %s type veth peer name %s netns %s' % (other, one, name(other)),
       'link set %s up' % other)
    ip(other, 'link set %s up' % one)


@contextlib.contextmanager
def inside(place):
    """The calling thread is there; so are the sockets, threads and processes that it starts."""
    with open('/proc/thread-self/ns/net', 'rb') as back, \
            open('/run/netns/' + name(place), 'rb') as there:
        _call('setns', there.fileno(), CLONE_NEWNET)
        try:
            yield
        finally:
            _call('setns', back.fileno(), CLONE_NEWNET)


def tun(place, interface):
    """A TUN interface, up while the file returned is open: reading it gives the packets sent into
    the interface, writing to it are packets that come out of it."""
    with inside(place):
        file = os.open('/dev/net/tun', os.O_RDWR | os.O_CLOEXEC)
        fcntl.ioctl(file, TUNSETIFF,
                    struct.pack('16sH22x', interface.encode(), IFF_TUN | IFF_NO_PI))
    ip(place, 'link set %s up' % interface)
    return file


def read_packet(file):
    """The next packet of a TUN; None when its interface is gone."""
    try:
        return os.read(file, 65536)
    except OSError:
        return None
