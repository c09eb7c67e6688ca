"""Another DNS64 server, from which prefixes can be learned: Unbound."""

from daemon import Daemon, answers

CONF = """
server:
  interface: {address}
  access-control: ::/0 allow
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  logfile: ""
  num-threads: 1
  qname-minimisation: no
  module-config: "dns64 iterator"
  dns64-prefix: {prefix}
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: {upstream}
"""


class Translator(Daemon):
    """On port 53 of an address in a place, up when made."""

    def __init__(self, place, address, upstream, prefix):
        super().__init__(place)
        self.address, self.upstream = address, upstream
        self.use(prefix)

    def use(self, prefix):
        """Another prefix from now on; what it had in its cache is gone."""
        self.close()
        path = self.write('unbound.conf', CONF.format(
            address=self.address, folder=self.folder.name, upstream=self.upstream, prefix=prefix))
        self.start(['unbound', '-d', '-p', '-c', path],
                   lambda: answers(self.address, 'AAAA ipv4only.arpa'))
