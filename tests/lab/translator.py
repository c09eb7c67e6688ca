"""Another DNS64 server, from which prefixes can be learned: Unbound."""

import os
import subprocess
import tempfile
import time

import client
import dnswire as dns
import places

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


class Translator:
    """On port 53 of an address in a place, up when made."""

    def __init__(self, place, address, upstream, prefix):
        self.place, self.address, self.upstream = place, address, upstream
        self.folder = tempfile.TemporaryDirectory()
        self.process = None
        self.use(prefix)

    def use(self, prefix):
        """Another prefix from now on; what it had in its cache is gone."""
        self.close()
        path = os.path.join(self.folder.name, 'unbound.conf')
        with open(path, 'w', encoding='ascii') as out:
            out.write(CONF.format(address=self.address, folder=self.folder.name,
                                  upstream=self.upstream, prefix=prefix))
        log = os.path.join(self.folder.name, 'log')
        with places.inside(self.place), open(log, 'wb') as out:
            self.process = subprocess.Popen(['unbound', '-d', '-p', '-c', path],
                                            stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            raw, end = dns.query('AAAA ipv4only.arpa', id_=1), time.monotonic() + 10
            while client.udp_exchange((self.address, 53), raw, timeout=0.5) is None:
                if self.process.poll() is not None or time.monotonic() > end:
                    with open(log, encoding='utf-8', errors='replace') as text:
                        raise AssertionError('unbound did not start:\n' + text.read())
                time.sleep(0.05)

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
