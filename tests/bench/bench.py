#!/usr/bin/env python3
"""Measures sixward beside its peers and the floor; see README.md. Started by run.sh."""

import argparse
import os
import platform
import re
import resource
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
sys.path.insert(1, os.path.join(HERE, '..', 'integration'))

import servers  # noqa: E402
import table  # noqa: E402
from lab import Lab  # noqa: E402
from process import Failed, read  # noqa: E402
from rows import ROWS, Row  # noqa: E402

RUNS = 5


def chosen(text: str, known: list[str], what: str) -> list[str]:
    """The names of a comma-separated list; empty is all of them."""
    names = [name for name in text.split(',') if name] or known
    for name in names:
        if name not in known:
            sys.exit('no such %s: %s (there are %s)' % (what, name, ', '.join(known)))
    return names


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog='run.sh', description=(__doc__ or '').splitlines()[0])
    parser.add_argument('--build', required=True, help='the build directory')
    parser.add_argument('--quick', action='store_true', help='one short run of each')
    parser.add_argument('--rows', default='', help='such as M1,M2; all by default')
    parser.add_argument('--servers', default='', help='such as sixward,unbound,floor')
    parser.add_argument('--runs', type=int, default=0, help='instead of %d' % RUNS)
    parser.add_argument('--out', default='', help='a file for the table in Markdown')
    return parser.parse_args()


def kind_of(name: str, row: Row, kinds: dict[str, servers.Kind], lab: Lab) -> servers.Kind | None:
    """The server of that name for that row, or None if it has no part in it."""
    if name == 'floor':
        return servers.floor(lab.program('bench-floor'), row.floor) if row.floor else None
    if name != 'sixward' and not row.peers:
        return None
    return kinds.get(name)


def measure_row(lab: Lab, row: Row, kinds: dict[str, servers.Kind], names: list[str],
                runs: int) -> table.Results:
    """Server after server, and then again, so that a slow minute of the machine hits all alike."""
    results: table.Results = {}
    for run in range(runs):
        for name in names:
            kind = kind_of(name, row, kinds, lab)
            if not kind:
                continue
            column = results.setdefault(name, table.Column())
            try:
                with lab.run():
                    column.samples.append(row.measure(lab, kind))
            except Failed as failure:
                column.failures.append('run %d: %s' % (run + 1, failure))
    return results


def run_count(row: Row, options: argparse.Namespace) -> int:
    if row.runs:
        return row.quick_runs if options.quick else row.runs
    return options.runs or (1 if options.quick else RUNS)


def version(kind: servers.Kind) -> str:
    done = subprocess.run([kind.path() or '', kind.version], capture_output=True, text=True,
                          check=False)
    found = re.search(r'\d+\.\d+\S*', done.stdout + done.stderr)
    return found.group() if found else '?'


def machine() -> str:
    models = [line.partition(':')[2].strip() for line in read('/proc/cpuinfo').splitlines()
              if line.startswith('model name')]
    return '%d × %s, Linux %s, %s' % (len(models), models[0] if models else platform.machine(),
                                      platform.release(), time.strftime('%Y-%m-%d'))


def report(options: argparse.Namespace, rows: list[Row], results: dict[str, table.Results],
           names: list[str], heading: list[str]) -> None:
    cells = table.cells(rows, results, names)
    remarks = table.remarks(rows, results)
    print('\n'.join(heading), table.as_text(cells), '\n'.join(remarks), sep='\n\n')
    if options.out:
        lists = ['\n'.join('- ' + text for text in part) for part in (heading, remarks) if part]
        with open(options.out, 'w', encoding='utf-8') as out:
            out.write('\n\n'.join([lists[0], table.as_markdown(cells), *lists[1:]]) + '\n')


def main() -> None:
    options = arguments()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        sys.exit('two processors are needed: one for the server, one for who asks it')
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))

    binary = os.path.join(os.path.abspath(options.build), 'src', 'app', 'sixward')
    all_kinds = [servers.sixward(binary), *servers.PEERS]
    names = chosen(options.servers, [kind.name for kind in all_kinds] + ['floor'], 'server')
    wanted = chosen(options.rows, [row.name for row in ROWS], 'row')
    rows = [row for row in ROWS if row.name in wanted]
    kinds = {kind.name: kind for kind in all_kinds if kind.name in names and kind.path()}
    heading = [machine()]
    heading += ['%s %s' % (name, version(kinds[name]) if name in kinds else 'is missing')
                for name in names if name != 'floor']

    lab, begin = Lab(options.build, cores, options.quick), time.monotonic()
    results: dict[str, table.Results] = {}
    try:
        for row in rows:
            since = time.monotonic()
            results[row.name] = measure_row(lab, row, kinds, names, run_count(row, options))
            print('%s: %.0f s' % (row.name, time.monotonic() - since), file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        sys.exit(130)
    finally:
        lab.close()
    heading.append('%d min %d s in all' % divmod(time.monotonic() - begin, 60))
    report(options, rows, results, names, heading)


if __name__ == '__main__':
    main()
