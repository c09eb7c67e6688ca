"""Processes that are measured: started on chosen processors, their run time and memory read from
/proc, ended by their own ids whatever happens."""

import contextlib
import os
import select
import subprocess
import time
from dataclasses import dataclass
from typing import IO, Iterable

STOP_PATIENCE_S = 5.0


class Failed(Exception):
    """A program did not do what it is there for."""


@dataclass(frozen=True)
class Usage:
    """What the scheduler says of all threads of a process so far."""

    run_ns: int
    user_ticks: int
    system_ticks: int

    def since(self, before: 'Usage') -> 'Usage':
        return Usage(self.run_ns - before.run_ns, self.user_ticks - before.user_ticks,
                     self.system_ticks - before.system_ticks)

    @property
    def user_share(self) -> float:
        """How much of the run time was spent in user space; the kernel samples it at each tick."""
        return self.user_ticks / max(1, self.user_ticks + self.system_ticks)


@dataclass(frozen=True)
class Memory:
    """In octets, from smaps_rollup."""

    rss: int
    anonymous: int


def read(path: str) -> str:
    with open(path, encoding='utf-8') as file:
        return file.read()


def busy_ns(core: int) -> int:
    """How long a processor has not been idle, to the tick."""
    for line in read('/proc/stat').splitlines():
        words = line.split()
        if words[0] == 'cpu%d' % core:
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, words[1:9])
            ticks = user + nice + system + irq + softirq + steal
            return ticks * 1_000_000_000 // os.sysconf('SC_CLK_TCK')
    raise Failed('no processor %d' % core)


class Process:
    """A program on its processors, with its output in a file or a pipe."""

    def __init__(self, command: list[str], cores: Iterable[int], folder: str, log: IO[bytes],
                 pipes: bool = False):
        self.began = 0.0
        self.name = os.path.basename(command[0])
        self.unread = b''
        home = os.sched_getaffinity(0)
        # The child inherits the processors; a taskset in between would add an exec to the start.
        os.sched_setaffinity(0, cores)
        try:
            self.began = time.perf_counter()
            self.popen = subprocess.Popen(
                command, cwd=folder, stdin=subprocess.PIPE if pipes else subprocess.DEVNULL,
                stdout=subprocess.PIPE if pipes else log, stderr=log, bufsize=0)
        finally:
            os.sched_setaffinity(0, home)

    @property
    def pid(self) -> int:
        return self.popen.pid

    def has_ended(self) -> bool:
        return self.popen.poll() is not None

    def tell(self, line: str) -> None:
        assert self.popen.stdin
        try:
            self.popen.stdin.write(line.encode() + b'\n')
        except OSError as error:
            raise Failed('%s ended: %s' % (self.name, error)) from error

    def line(self, patience_s: float) -> str:
        """The next line that it prints."""
        assert self.popen.stdout
        end = time.monotonic() + patience_s
        while b'\n' not in self.unread:
            left = max(0.0, end - time.monotonic())
            if not select.select([self.popen.stdout], [], [], left)[0]:
                raise Failed('%s said nothing for %d s' % (self.name, patience_s))
            octets = os.read(self.popen.stdout.fileno(), 65536)
            if not octets:
                raise Failed('%s ended' % self.name)
            self.unread += octets
        line, _, self.unread = self.unread.partition(b'\n')
        return line.decode()

    def family(self) -> list[int]:
        """The process, its children, and theirs."""
        found, waiting = [], [self.pid]
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            with contextlib.suppress(OSError):
                for task in os.listdir('/proc/%d/task' % pid):
                    children = read('/proc/%d/task/%s/children' % (pid, task))
                    waiting.extend(int(child) for child in children.split())
        return found

    def usage(self) -> Usage:
        run = user = system = 0
        for pid in self.family():
            for task in os.listdir('/proc/%d/task' % pid):
                with contextlib.suppress(OSError):  # a thread that has just ended
                    run += int(read('/proc/%d/task/%s/schedstat' % (pid, task)).split()[0])
                    stat = read('/proc/%d/task/%s/stat' % (pid, task)).rpartition(')')[2].split()
                    user, system = user + int(stat[11]), system + int(stat[12])
        return Usage(run, user, system)

    def memory(self) -> Memory:
        sums = {'Rss:': 0, 'Anonymous:': 0}
        for pid in self.family():
            for line in read('/proc/%d/smaps_rollup' % pid).splitlines():
                key, _, rest = line.partition(' ')
                if key in sums:
                    sums[key] += int(rest.split()[0]) * 1024
        return Memory(sums['Rss:'], sums['Anonymous:'])

    def stop(self) -> None:
        if not self.has_ended():
            self.popen.terminate()
            try:
                self.popen.wait(STOP_PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
