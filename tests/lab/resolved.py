"""systemd-resolved as it runs on a host, but without the rest of systemd: a message bus and the
program, in the client, which hears it on 127.0.0.53 and on a socket of nss-resolve.

Its Debian package would put its own address into this machine's resolv.conf, so tests/install.sh only
unpacks it; what is installed in the usual place will do as well. Its folders in /run are the lab's own
(places.py).
"""

import glob
import os
import shutil

import fetch
import places
from daemon import Daemon, answers

UNPACKED = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                         '..', '..', 'build', 'unpacked'))
STUB = '127.0.0.53'
BUS, CONF_FOLDER = '/run/dbus/system_bus_socket', '/run/systemd/resolved.conf.d'
USER, USER_NUMBER = 'systemd-resolve', 64053

BUS_CONF = """<busconfig>
<type>system</type>
<listen>unix:path=%s</listen>
<auth>EXTERNAL</auth>
<policy context="default">
<allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
</policy>
</busconfig>
""" % BUS

# What a resolved.conf of this machine says is of no matter.
CONF = """[Resolve]
DNS=
DNS=%s
FallbackDNS=
Domains=
Domains=~.
DNSSEC=no
DNSOverTLS=no
LLMNR=no
MulticastDNS=no
Cache=yes
DNSStubListener=yes
DNSStubListenerExtra=
ReadEtcHosts=yes
"""


def find(path):
    """Where a file of the package is; None."""
    for root in ('', UNPACKED):
        if os.path.exists(root + path):
            return root + path
    return None


def find_nss():
    """Where nss-resolve is, which is in a package of its own; None."""
    found = [path for root in ('', UNPACKED)
             for path in glob.glob(root + '/usr/lib/*/libnss_resolve.so.2')]
    return found[0] if found else None


def missing():
    """What has to be installed first; None."""
    if not find('/lib/systemd/systemd-resolved'):
        return 'systemd-resolved'
    return None if shutil.which('dbus-daemon') else 'dbus-daemon'


def know_user():
    """It wants to become somebody whom this machine need not know."""
    with open('/etc/passwd', encoding='utf-8') as text:
        users = text.read()
    if '\n%s:' % USER not in users:
        places.furnish('/etc/passwd', users + '%s:x:%d:%d::/:/usr/sbin/nologin\n' %
                       (USER, USER_NUMBER, USER_NUMBER))


class Resolved:
    """Up when made. `dns` is whom it asks for everything, whatever the links say."""

    def __init__(self, dns='::1'):
        know_user()
        for folder in ('/run/dbus', CONF_FOLDER):
            os.makedirs(folder, exist_ok=True)
        with open(CONF_FOLDER + '/lab.conf', 'w', encoding='ascii') as out:
            out.write(CONF % dns)
        self.bus, self.resolver = Daemon('client'), Daemon('client')
        try:
            self.bus.start(['dbus-daemon', '--nofork', '--nopidfile', '--config-file',
                            self.bus.write('bus.conf', BUS_CONF)], lambda: os.path.exists(BUS))
            self.resolver.start([find('/lib/systemd/systemd-resolved')],
                                lambda: answers(STUB, 'A localhost'))
        except AssertionError:
            self.close()
            raise

    def control(self, *words):
        """What resolvectl prints."""
        done = fetch.run(find('/usr/bin/resolvectl'), '--no-pager', *words)
        if done.returncode:
            raise AssertionError('resolvectl %s: %s' % (' '.join(words), done.stderr))
        return done.stdout

    def close(self):
        self.resolver.close()
        self.bus.close()
        for folder in ('/run/dbus', '/run/systemd'):
            shutil.rmtree(folder, ignore_errors=True)
