#!/usr/bin/env python3
"""Runs the integration tests: run.py BINARY [--all | --threads | --valgrind] [PATTERN…]

Two processes work through the test classes, the longest first. PATTERN restricts the run to tests
whose "module.Class.test" contains one of them. The last line is `N passed, N failed`.
"""

import argparse
import io
import multiprocessing
import os
import sys
import time
import traceback
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

# What has threads in it worth the thread sanitizer, and what valgrind's patience reaches.
THREADS = ('test_dns64.DecisionTable', 'test_policy.Prefixes', 'test_policy.Reload',
           'test_cache', 'test_query_log', 'test_status', 'test_tcp.', 'test_upstream.')
VALGRIND = ('test_dns64.DecisionTable', 'test_malformed', 'test_edns', 'test_policy.Policy',
            'test_upstream_tcp')
VALGRIND_COMMAND = 'valgrind -q --error-exitcode=99 --leak-check=full ' \
    '--errors-for-leak-kinds=definite'
SLOW_FIRST = ('Waiting', 'Overload', 'Failures', 'Patience', 'Must', 'Many', 'Idle', 'Garbage')


def classes(patterns):
    """{label: (class, [test names])} of all modules."""
    found = {}
    for file in sorted(os.listdir(HERE)):
        if not (file.startswith('test_') and file.endswith('.py')):
            continue
        module = __import__(file[:-3])
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, unittest.TestCase) and \
                    value.__module__ == module.__name__:
                label = '%s.%s' % (module.__name__, value.__name__)
                tests = [t for t in unittest.TestLoader().getTestCaseNames(value)
                         if not patterns or any(p in '%s.%s' % (label, t) for p in patterns)]
                if tests:
                    found[label] = (value, tests)
    return found


class Result(unittest.TestResult):
    """A test with failing subtests counts as one failure; a class that falls counts too."""

    def __init__(self):
        super().__init__()
        self.started, self.bad = [], {}

    def startTest(self, test):
        super().startTest(test)
        self.started.append(test.id())

    def _note(self, test, err):
        text = ''.join(traceback.format_exception(*err))
        name = getattr(test, 'test_case', test)
        self.bad.setdefault(name.id() if hasattr(name, 'id') else str(name), []).append(
            '%s\n%s' % (test, text))

    def addError(self, test, err):
        self._note(test, err)

    def addFailure(self, test, err):
        self._note(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._note(subtest, err)


def run_class(label):
    value, tests = classes(PATTERNS)[label]
    value.ONLY = {'%s.%s' % (value.__name__, t) for t in tests}
    begin, result = time.monotonic(), Result()
    printed, real = io.StringIO(), sys.stdout
    sys.stdout = printed
    try:
        unittest.TestSuite(value(t) for t in tests).run(result)
    finally:
        sys.stdout = real
    took = time.monotonic() - begin
    passed = len([t for t in result.started if t not in result.bad])
    missing = len(tests) - len(result.started)  # a class that could not be set up
    failed = len(result.bad) + max(0, missing - len(result.bad))
    return label, passed, failed, took, result.bad, printed.getvalue()


PATTERNS = []
NEVER_FORGIVEN = ('Sanitizer', 'runtime error', 'exit status', 'Assertion `', 'ERROR SUMMARY: 1')


def is_forgivable(complaints):
    """Packets are counted and times are measured, which a machine that is busy with the other tests
    can spoil: what failed for no graver reason has one more try, when all others are done."""
    text = '\n'.join('\n'.join(texts) for texts in complaints.values())
    return bool(text) and not any(word in text for word in NEVER_FORGIVEN)


def report(outcome):
    label, good, bad, took, complaints, printed = outcome
    print('%-40s %3d passed, %d failed, %5.1f s' % (label, good, bad, took), flush=True)
    for line in printed.splitlines():
        print('    ' + line)
    for texts in complaints.values():
        print('\n'.join(texts), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('binary')
    parser.add_argument('--all', action='store_true', help='the long forms too')
    parser.add_argument('--threads', action='store_true', help='what has threads, four workers')
    parser.add_argument('--valgrind', action='store_true', help='a part, under valgrind')
    parser.add_argument('--processes', type=int, default=2)
    parser.add_argument('patterns', nargs='*')
    arguments = parser.parse_intermixed_args()
    os.environ['SIXWARD'] = os.path.abspath(arguments.binary)
    if arguments.all:
        os.environ['SIXWARD_ALL'] = '1'
    if arguments.threads:
        os.environ['SIXWARD_WORKERS'] = '4'
    if arguments.valgrind:
        os.environ['SIXWARD_WRAPPER'] = VALGRIND_COMMAND
    PATTERNS[:] = arguments.patterns or (THREADS if arguments.threads else
                                         VALGRIND if arguments.valgrind else ())
    labels = sorted(classes(PATTERNS), key=lambda l: not l.split('.')[1].startswith(SLOW_FIRST))
    begin, passed, failed, again = time.monotonic(), 0, 0, []
    fork = multiprocessing.get_context('fork')
    with fork.Pool(arguments.processes, maxtasksperchild=1) as pool:
        for outcome in pool.imap_unordered(run_class, labels, chunksize=1):
            report(outcome)
            if is_forgivable(outcome[4]):
                again.append(outcome[0])
            else:
                passed, failed = passed + outcome[1], failed + outcome[2]
    with fork.Pool(1, maxtasksperchild=1) as pool:
        for outcome in pool.imap(run_class, again, chunksize=1):
            print('once more, alone:')
            report(outcome)
            passed, failed = passed + outcome[1], failed + outcome[2]
    print('took %.1f s' % (time.monotonic() - begin))
    print('%d passed, %d failed' % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
