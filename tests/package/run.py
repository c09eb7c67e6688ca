#!/usr/bin/env python3
"""Builds the Debian package of what is committed, and tries it: run.py [PATTERN…]

It is installed in a small Debian (debootstrap, kept under build/package), first as in a chroot,
then in a container with a systemd of its own, which runs the unit. PATTERN restricts the run to
tests whose "module.Class.test" contains one of them. The last line is `N passed, N failed`.
"""

import argparse
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import place  # noqa: E402


def tests(patterns):
    """Those that the patterns admit, in the order of their names."""
    found, waiting = [], [unittest.TestLoader().discover(HERE)]
    while waiting:
        for test in waiting.pop():
            if isinstance(test, unittest.TestSuite):
                waiting.append(test)
            elif not patterns or any(p in test.id() for p in patterns):
                found.append(test)
    return unittest.TestSuite(sorted(found, key=lambda t: t.id()))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('patterns', nargs='*')
    arguments = parser.parse_args()
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    begin = time.monotonic()
    try:
        result = unittest.TextTestRunner(sys.stdout, verbosity=2).run(tests(arguments.patterns))
    finally:
        place.close()
    bad = {str(getattr(test, 'test_case', test)) for test, _ in result.failures + result.errors}
    for why in sorted({why for _, why in result.skipped}):
        print('skipped: ' + why)
    print('took %.1f s' % (time.monotonic() - begin))
    passed = max(result.testsRun, len(bad)) - len(bad) - len(result.skipped)
    print('%d passed, %d failed' % (max(passed, 0), len(bad)))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
