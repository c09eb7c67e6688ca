"""Other people's servers: started in a place, waited for, ended."""

import os
import subprocess
import tempfile
import time

import client
import dnswire as dns
import places


class Daemon:
    """A program with a folder of its own, in which its files and its log are."""

    def __init__(self, place):
        self.place, self.process = place, None
        self.folder = tempfile.TemporaryDirectory()
        os.chmod(self.folder.name, 0o755)  # some change to another user
        self.log_path = self.path('log')

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def write(self, name, text):
        with open(self.path(name), 'w', encoding='ascii') as out:
            out.write(text)
        return self.path(name)

    def start(self, command, is_up, within=20, **variables):
        """Starts it, and returns when is_up(), which is called in the place."""
        with places.inside(self.place), open(self.log_path, 'wb') as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                            stderr=out, cwd=self.folder.name,
                                            env=dict(os.environ, **variables))
            end = time.monotonic() + within
            while not is_up():
                if self.process.poll() is not None or time.monotonic() > end:
                    self.close()
                    raise AssertionError('%s did not start:\n%s' % (command[0], self.log()))
                time.sleep(0.05)

    def log(self):
        with open(self.log_path, encoding='utf-8', errors='replace') as text:
            return text.read()

    def close(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


def answers(address, what):
    """Whether a DNS server there answers the question, whatever it says."""
    return client.udp_exchange((address, 53), dns.query(what, id_=1), timeout=0.5) is not None
