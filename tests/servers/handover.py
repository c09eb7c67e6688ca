"""The moment between fork and exec, as a service manager has it: handover.py COMMAND…

The descriptors named in PASSED become 3, 4, …; variables that name a process name this one.
"""

import fcntl
import os
import sys

FIRST, ABOVE = 3, 100


def main():
    env = dict(os.environ)
    passed = [fcntl.fcntl(int(number), fcntl.F_DUPFD, ABOVE)
              for number in env.pop('PASSED', '').split()]
    os.closerange(FIRST, ABOVE)
    for place, descriptor in enumerate(passed, FIRST):
        os.dup2(descriptor, place)
        os.close(descriptor)
    for name in ('LISTEN_PID', 'WATCHDOG_PID'):
        if name in env:
            env[name] = str(os.getpid())
    os.execve(sys.argv[1], sys.argv[1:], env)


if __name__ == '__main__':
    main()
