#!/usr/bin/env python3
"""Runs sixward against real servers and real clients: run.py BINARY [--all] [PATTERN…]

NSD and Unbound stand behind it, dig, kdig, curl and the C library's resolver before it; and its
commands and signals are tried as a person would. One process for each file of tests. PATTERN
restricts the run to tests whose "module.Class.test" contains one of them. The last line is
`N passed, N failed`.
"""

import argparse
import io
import multiprocessing
import os
import shutil
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import world  # noqa: E402

TOOLS = ('nsd', 'unbound', 'dig', 'kdig', 'ldns-keygen', 'ldns-signzone', 'curl')


def tests_of(module, patterns):
    """The tests of a module that the patterns admit."""
    out, waiting = unittest.TestSuite(), [unittest.TestLoader().loadTestsFromName(module)]
    while waiting:
        for test in waiting.pop():
            if isinstance(test, unittest.TestSuite):
                waiting.append(test)
            elif not patterns or any(p in test.id() for p in patterns):
                out.addTest(test)
    return unittest.TestLoader().suiteClass(sorted(out, key=lambda t: t.id()))


def run_module(job):
    """(module, tests run, tests failed, tests skipped, seconds, what was printed)"""
    module, patterns, workers = job
    os.environ['SIXWARD_WORKERS'] = str(workers)
    begin, out = time.monotonic(), io.StringIO()
    try:
        result = unittest.TextTestRunner(out, verbosity=2).run(tests_of(module, patterns))
    finally:
        world.close_shared()
    # Subtests that fail, and a class that cannot be set up, count as one test each.
    bad = {str(getattr(test, 'test_case', test)) for test, _ in result.failures + result.errors}
    ran = max(result.testsRun, len(bad))
    return '%s/%d' % (module, workers), ran, len(bad), len(result.skipped), \
        time.monotonic() - begin, out.getvalue()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('binary')
    parser.add_argument('--all', action='store_true', help='with four workers as well')
    parser.add_argument('--verbose', action='store_true', help='a line for each test')
    parser.add_argument('patterns', nargs='*')
    arguments = parser.parse_intermixed_args()
    os.environ['SIXWARD'] = os.path.abspath(arguments.binary)
    os.environ['PATH'] += ':/usr/sbin:/sbin'
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print('these tools are missing: %s (tests/install.sh test)' % ' '.join(missing))
        print('0 passed, 1 failed')
        return 1
    jobs = [(file[:-3], arguments.patterns, workers)
            for workers in ((1, 4) if arguments.all else (1,))
            for file in sorted(os.listdir(HERE))
            if file.startswith('test_') and file.endswith('.py')]
    begin, passed, failed = time.monotonic(), 0, 0
    with multiprocessing.get_context('fork').Pool(2, maxtasksperchild=1) as pool:
        for module, ran, bad, skipped, took, text in pool.imap_unordered(run_module, jobs, 1):
            passed, failed = passed + ran - bad - skipped, failed + bad
            print('%-20s %3d passed, %d failed, %d skipped, %5.1f s' %
                  (module, ran - bad - skipped, bad, skipped, took))
            if bad or arguments.verbose:
                print(text)
            else:
                print(''.join(line + '\n' for line in text.splitlines() if '... skipped' in line),
                      end='')
    print('took %.1f s' % (time.monotonic() - begin))
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
