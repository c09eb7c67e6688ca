"""A NAT64 gateway: TAYGA in a place of its own. It can be killed and started again; what is sent to
a dead one gets no answer."""

import os
import subprocess
import tempfile

import places

CONF = """tun-device nat64
ipv4-addr {own}
prefix {prefix}
dynamic-pool {pool}
data-dir {folder}
"""


class Gateway:
    """`place` is joined already to the places with IPv6 and with IPv4."""

    def __init__(self, place, prefix, pool):
        self.place, self.prefix = place, prefix
        self.network = pool.rsplit('.', 1)[0] + '.'  # what addresses of the pool begin with
        self.folder = tempfile.TemporaryDirectory()
        self.conf = os.path.join(self.folder.name, 'tayga.conf')
        with open(self.conf, 'w', encoding='ascii') as out:
            out.write(CONF.format(own=self.network + '1', prefix=prefix, pool=pool,
                                  folder=self.folder.name))
        with places.inside(place):
            subprocess.run(['tayga', '-c', self.conf, '--mktun'], stdout=subprocess.DEVNULL,
                           check=True)
        places.ip(place, 'link set nat64 up', 'route add %s dev nat64' % pool,
                  'route add %s dev nat64' % prefix)
        self.process = None
        self.start()

    def start(self):
        if self.process:
            return
        with places.inside(self.place):
            self.process = subprocess.Popen(
                ['tayga', '-d', '-c', self.conf], stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def carried(self, page):
        """Whether a page was fetched through this one."""
        return page.client.startswith(self.network)
