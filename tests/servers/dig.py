"""dig and kdig, run and read: what a person sees of an answer, taken apart."""

import re
import subprocess


class Answer:
    """The text of one answer of dig or kdig (whose outputs are nearly alike)."""

    def __init__(self, text):
        self.text = text
        # "->>HEADER<<- opcode: QUERY, status: NOERROR, id: 1", with a semicolon in kdig's.
        found = re.search(r'->>HEADER<<- opcode: ([^,;]+)[,;] status: ([^,;]+)[,;] id: (\d+)', text)
        if not found:
            raise AssertionError('no answer:\n' + text)
        self.opcode, self.status = found.group(1), found.group(2)
        flags = re.search(r';; flags:([^;]*);', text, re.I)
        self.flags = set(flags.group(1).split())
        self.counts = tuple(int(n) for n in re.search(
            r'QUERY: (\d+)[,;] ANSWER: (\d+)[,;] AUTHORITY: (\d+)[,;] ADDITIONAL: (\d+)',
            text).groups())
        self.must_be_zero = 'MBZ' in text
        self._read_opt(text)
        self.answer = self._section('ANSWER')
        self.authority = self._section('AUTHORITY')
        self.additional = self._section('ADDITIONAL')

    def _read_opt(self, text):
        self.opt, self.version, self.do, self.options, self.ede = False, None, False, [], []
        if 'OPT PSEUDOSECTION' in text:
            part = text.split('OPT PSEUDOSECTION:', 1)[1].split(';; ', 1)[0]
            lines = [line[2:] for line in part.splitlines() if line.startswith('; ')]
            edns = re.match(r'EDNS: version: (\d+), flags:([^;]*); (?:MBZ: \S+, )?udp: (\d+)',
                            lines[0])
            self.opt, self.version = True, int(edns.group(1))
            self.do = 'do' in edns.group(2).split()
            self.options = lines[1:]
        elif ';; EDNS PSEUDOSECTION:' in text:
            part = text.split(';; EDNS PSEUDOSECTION:\n', 1)[1].split('\n\n', 1)[0]
            lines = [line[3:] for line in part.splitlines()]
            edns = re.match(r'Version: (\d+); flags: ([^;]*); UDP size: (\d+)', lines[0])
            self.opt, self.version = True, int(edns.group(1))
            self.do = 'do' in edns.group(2).split()
            self.options = lines[1:]
        self.ede = [int(n) for n in re.findall(r'EDE: (\d+)', '\n'.join(self.options))]

    def _section(self, name):
        """(owner, ttl, type, rdata) of each record."""
        if ';; %s SECTION:' % name not in self.text:
            return []
        part = self.text.split(';; %s SECTION:\n' % name, 1)[1].split('\n\n', 1)[0]
        out = []
        for line in part.splitlines():
            if line and not line.startswith(';'):
                owner, ttl, _, type_, rdata = line.split(None, 4)
                out.append((owner, int(ttl), type_, rdata))
        return out

    def rdata(self, type_, section='answer'):
        return [r[3] for r in getattr(self, section) if r[2] == type_]

    def ttls(self, type_):
        return {r[1] for r in self.answer if r[2] == type_}

    def types(self, section='answer'):
        return {r[2] for r in getattr(self, section)}

    def has_option(self, word):
        return any(o.startswith(word) for o in self.options)

    def __repr__(self):
        return self.text


def run(program, address, *words, timeout=15):
    """The text that dig or kdig prints; words as on the command line."""
    host, port = address
    command = [program, '@' + host, '-p', str(port)]
    if program == 'dig':
        command += ['+tries=1', '+time=8']
    else:
        command += ['+retry=0', '+time=8']
    done = subprocess.run(command + list(words), capture_output=True, text=True, timeout=timeout,
                          check=False)
    return done.stdout + done.stderr


def dig(address, *words):
    return Answer(run('dig', address, *words))


def kdig(address, *words):
    return Answer(run('kdig', address, *words))


def kdig_many(address, *words):
    """The answers of several questions, and of one over a kept connection."""
    text = run('kdig', address, *words)
    parts = re.split(r'(?=^;; ->>HEADER<<-)', text, flags=re.M)
    return [Answer(p) for p in parts if p.startswith(';; ->>HEADER')]
