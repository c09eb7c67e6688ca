#!/usr/bin/env python3
"""Runs sixward end to end: run.py BINARY [--all] [PATTERN…]

An IPv6-only client, NAT64 gateways and servers in network namespaces (README.md); real programs
fetch pages by name. PATTERN restricts the run to tests whose "module.Class.test" contains one of
them. The last line is `N passed, N failed`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import lab  # noqa: E402
import places  # noqa: E402

TOOLS = ('tayga', 'ip', 'unshare', 'curl', 'getent', 'unbound')


def is_long(test):
    return hasattr(test, 'is_long') or hasattr(getattr(test, test._testMethodName), 'is_long')


def tests(arguments):
    """The tests that the patterns and --all admit, in the order of their names."""
    found, waiting = [], [unittest.TestLoader().discover(HERE)]
    while waiting:
        for test in waiting.pop():
            if isinstance(test, unittest.TestSuite):
                waiting.append(test)
            elif not any(p in test.id() for p in arguments.patterns or ['']):
                continue
            elif arguments.all or not is_long(test):
                found.append(test)
    return unittest.TestSuite(sorted(found, key=lambda t: t.id()))


class Result(unittest.TextTestResult):
    """Says of each test how long it took, and of a skipped one why."""

    def startTest(self, test):
        self.began = time.monotonic()
        super().startTest(test)

    def getDescription(self, test):
        return test.id()

    def stopTest(self, test):
        super().stopTest(test)
        self.stream.writeln('    %.1f s' % (time.monotonic() - self.began))


def run_tests(arguments):
    begin = time.monotonic()
    lab.shared()
    result = unittest.TextTestRunner(sys.stdout, verbosity=2, resultclass=Result).run(
        tests(arguments))
    failed = len({getattr(test, 'test_case', test) for test, _ in result.failures + result.errors})
    print('took %.1f s' % (time.monotonic() - begin))
    for reason in sorted({why for _, why in result.skipped}):
        print('skipped: %s: %s' % (reason, ', '.join(t.id() for t, w in result.skipped
                                                     if w == reason)))
    print('%d passed, %d failed' % (result.testsRun - failed - len(result.skipped), failed))
    return 1 if failed or not result.testsRun else 0


def run_shell(_):
    """The lab, standing, for a person to look around."""
    there = lab.shared()
    server = there.serve(dns64={'prefixes': [lab.PREFIX1, lab.PREFIX2], 'check': lab.CHECKS})
    print('sixward serves the client by %s; try: curl http://ipv4.example/\n'
          'Other places: ip netns exec sw-gw1 …  All of it ends with this shell.' % server.path)
    with places.inside('client'):
        subprocess.run([os.environ.get('SHELL', 'sh')], check=False)
    server.stop()
    print(server.log())
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('binary')
    parser.add_argument('--all', action='store_true', help='the long forms too')
    parser.add_argument('--shell', action='store_true', help='no tests: a shell in the client')
    parser.add_argument('patterns', nargs='*')
    arguments = parser.parse_intermixed_args()
    os.environ['SIXWARD'] = os.path.abspath(arguments.binary)
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    obstacle = places.obstacle()
    if obstacle:
        print('skipped: the whole lab, for this machine has not what it needs: ' + obstacle)
        print('0 passed, 0 failed')
        return 0
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print('these tools are missing: %s (tests/install.sh test)' % ' '.join(missing))
        print('0 passed, 1 failed')
        return 1
    return places.apart(lambda: (run_shell if arguments.shell else run_tests)(arguments))


if __name__ == '__main__':
    sys.exit(main())
