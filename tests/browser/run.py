#!/usr/bin/env python3
"""Looks at the status page in a Chromium without a screen: run.py [BINARY] [PATTERN…]

Without BINARY (a path with a slash) only what needs no server is run. Run by root, all of it is in a network of its
own, which has loopback and nothing else. PATTERN restricts the run to tests whose "module.Class.test" contains one of
them. The last line is `N passed, N failed`.
"""

import os
import shutil
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'integration'))
sys.path.insert(0, HERE)


def tests(patterns):
    found, waiting = [], [unittest.TestLoader().discover(HERE)]
    while waiting:
        for test in waiting.pop():
            if isinstance(test, unittest.TestSuite):
                waiting.append(test)
            elif any(p in test.id() for p in patterns or ['']):
                found.append(test)
    return unittest.TestSuite(sorted(found, key=lambda t: t.id()))


def enter_network():
    """This program once more, where nothing can be reached but itself."""
    if os.geteuid() == 0 and not os.environ.get('SIXWARD_NETWORK') and shutil.which('unshare'):
        os.environ['SIXWARD_NETWORK'] = 'own'
        os.execvp('unshare', ['unshare', '--net', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh',
                              sys.executable, *sys.argv])


def main():
    patterns = sys.argv[1:]
    if patterns and '/' in patterns[0]:
        os.environ['SIXWARD'] = os.path.abspath(patterns.pop(0))
    for tool in ('chromium', 'chromedriver'):
        if not shutil.which(tool):
            print('%s is missing: tests/install.sh all' % tool)
            print('0 passed, 1 failed')
            return 1
    enter_network()
    begin = time.monotonic()
    result = unittest.TextTestRunner(sys.stdout, verbosity=2).run(tests(patterns))
    failed = len({test for test, _ in result.failures + result.errors})
    print('took %.1f s' % (time.monotonic() - begin))
    for test, why in result.skipped:
        print('skipped: %s: %s' % (test.id(), why))
    print('%d passed, %d failed' % (result.testsRun - failed - len(result.skipped), failed))
    return 1 if failed or not result.testsRun else 0


if __name__ == '__main__':
    sys.exit(main())
