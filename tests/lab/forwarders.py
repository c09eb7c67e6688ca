"""Resolvers that others run between their programs and us: each forwards all that it is asked on the
client's 127.0.0.1 to sixward on ::1."""

import shutil

from daemon import Daemon, answers

ADDRESS, SERVER = '127.0.0.1', '::1'

DNSMASQ = """
listen-address={address}
bind-interfaces
no-resolv
no-hosts
user=root
pid-file
server={server}
"""

# The anchor is that of the real root, and nothing in the lab is signed; addresses of 2001:db8::/32 have
# no names unless told otherwise.
UNBOUND = """
server:
  interface: {address}
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  num-threads: 1
  do-not-query-localhost: no
  module-config: "validator iterator"
  trust-anchor: ". DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
  domain-insecure: "arpa"
  local-zone: "8.b.d.0.1.0.0.2.ip6.arpa." nodefault
  {rule}
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: {server}
"""

KNOT_RESOLVER = """
net.listen('{address}', 53, {{ kind = 'dns' }})
cache.size = 10 * MB
modules.unload('priming')
modules.unload('ta_update')
modules.unload('ta_signal_query')
{rule}
"""

BIND = """
options {{
  directory "{folder}";
  pid-file none;
  session-keyfile none;
  listen-on {{ {address}; }};
  listen-on-v6 {{ none; }};
  forward only;
  forwarders {{ {server}; }};
  {rule}
}};
controls {{ }};
{statement}
"""

KINDS = {  # program: (Debian's package, configuration, command)
    'dnsmasq': ('dnsmasq-base', DNSMASQ, 'dnsmasq --keep-in-foreground --log-facility=- '
                                         '--conf-file={path}'),
    'unbound': ('unbound', UNBOUND, 'unbound -d -p -c {path}'),
    'kresd': ('knot-resolver', KNOT_RESOLVER, 'kresd -n -c {path} {folder}'),
    'named': ('bind9', BIND, 'named -g -c {path}'),
}


def is_there(program):
    return bool(shutil.which(program))


class Forwarder(Daemon):
    """Up when made. `rule` is a line of its configuration; `statement`, of BIND's, is beside its
    options."""

    def __init__(self, program, rule='', statement=''):
        super().__init__('client')
        _, conf, command = KINDS[program]
        fill = {'address': ADDRESS, 'server': SERVER, 'folder': self.folder.name, 'rule': rule,
                'statement': statement}
        fill['path'] = self.write(program + '.conf', conf.format(**fill))
        self.start(command.format(**fill).split(), lambda: answers(ADDRESS, 'AAAA up.example'))
