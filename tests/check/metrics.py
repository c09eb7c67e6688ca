#!/usr/bin/env python3
"""What a running server shows at /metrics is what is written about it: metrics.py BINARY

The tables of docs/operations.md are complete and name nothing else; the expressions of
examples/grafana.json and examples/alerts.yml ask for metrics and labels that are there. Where
promtool is installed (tests/install.sh all), it checks the metrics and the rules, and that each
alert comes when it should (alerts_test.yml).
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.join(HERE, '..', '..')
DOCUMENT, RULES = 'docs/operations.md', 'examples/alerts.yml'
DASHBOARD, RULE_TESTS = 'examples/grafana.json', 'tests/check/alerts_test.yml'
sys.path.insert(0, os.path.join(HERE, '..', 'integration'))

import client  # noqa: E402
from sixward import Sixward, free_port  # noqa: E402
from upstream import Upstream  # noqa: E402

# Through the prefix this is an address of this namespace: a gateway that answers.
TARGET, MAPPED = '192.0.2.80', '2001:db8:64::c000:250'
LABELS_OF_PROMETHEUS = {'instance', 'job', 'le', 'alertname', 'severity'}
FUNCTIONS = {'sum', 'max', 'min', 'avg', 'count', 'rate', 'increase', 'changes', 'delta', 'time',
             'histogram_quantile', 'label_values', 'label_replace', 'resets', 'clamp_min', 'absent', 'vector',
             'by', 'without', 'on', 'ignoring', 'and', 'or', 'unless', 'group_left', 'bool'}
SUFFIX = re.compile(r'_(bucket|sum|count)$')


def read(path):
    with open(os.path.join(TOP, path), encoding='utf-8') as file:
        return file.read()


def scrape():
    """/metrics of a server that has all that there can be, as text."""
    up = Upstream()
    up.on('A ipv4only.arpa', '300 192.0.0.170, 192.0.0.171')
    up.on('AAAA ipv4only.arpa', '300 2001:db8:65::c000:aa, 2001:db8:65::c000:ab')
    port = free_port()
    with socket.create_server((MAPPED, 443), family=socket.AF_INET6):
        server = Sixward(
            [up], http='[::1]:%d' % port,
            dns64={'prefixes': ['2001:db8:64::/96', {'learn-from': 'upstreams'},
                                {'learn-from': 'router-advertisements'}],
                   'check': {'targets': [TARGET + ':443'], 'every': '1s', 'timeout': '500ms',
                             'fail-after': 1}})
        try:
            client.ask(server.v6, 'A four.example')
            end = time.monotonic() + 10
            while True:
                with urllib.request.urlopen('http://[::1]:%d/metrics' % port, timeout=5) as reply:
                    text = reply.read().decode()
                if len(re.findall(r'^sixward_gateway_up\{', text, flags=re.M)) == 2 or \
                        time.monotonic() > end:
                    return text
                time.sleep(0.1)
        finally:
            server.stop()
            up.close()


def families_of(text):
    """Name → labels of its samples."""
    out = {name: set() for name in re.findall(r'^# TYPE (\S+) ', text, flags=re.M)}
    for name, labels in re.findall(r'^(\w+)(?:\{(.*)\})? \S+$', text, flags=re.M):
        family = name if name in out else SUFFIX.sub('', name)
        out[family] |= set(re.findall(r'(\w+)="', labels or ''))
    return out


def first_column(heading):
    part = re.split(r'^%s\n' % heading, read(DOCUMENT), flags=re.M)[1]
    part = re.split(r'^#', part, flags=re.M)[0]
    return re.findall(r'^\| `(\w+)` \|', part, flags=re.M)


def compare(told, there, what):
    for name in sorted(there - set(told)):
        yield '%s says nothing of %s %s' % (DOCUMENT, what, name)
    for name in sorted(set(told) - there):
        yield '%s speaks of %s %s, which is not there' % (DOCUMENT, what, name)
    if len(told) != len(set(told)):
        yield '%s speaks twice of one %s' % (DOCUMENT, what)


def expressions():
    """(where, expression)"""
    for line in read(RULES).splitlines():
        found = re.match(r'\s*(?:- )?expr: (.*)', line)
        if found:
            yield RULES, found[1]
    waiting = [json.loads(read(DASHBOARD))]
    while waiting:
        item = waiting.pop()
        waiting += item.values() if isinstance(item, dict) else item if isinstance(item, list) else []
        if isinstance(item, dict):
            for key in ('expr', 'query'):
                if isinstance(item.get(key), str) and 'sixward' in item[key]:
                    yield DASHBOARD, item[key]


def check_expression(where, expression, families):
    """Each name is a metric that is there, with the labels that are asked of it, or PromQL's."""
    text = re.sub(r'"(?:[^"\\]|\\.)*"', '""', expression)
    text = re.sub(r'\[[^]]*\]', '', text)
    labels = set()
    for name, inner in re.findall(r'(\w+)?\{([^}]*)\}', text):
        family = name if name in families else SUFFIX.sub('', name)
        known = families.get(family, set()) | LABELS_OF_PROMETHEUS
        for label in set(re.findall(r'(\w+)\s*[=!]', inner)) - known:
            yield '%s: %s has no label %s: %s' % (where, name, label, expression)
    text = re.sub(r'\{[^}]*\}', '', text)
    for found in re.findall(r'\b(?:by|without|on|ignoring)\s*\(([^)]*)\)', text):
        labels |= set(re.findall(r'\w+', found))
    text = re.sub(r'\b(?:by|without|on|ignoring)\s*\([^)]*\)', '', text)
    names, used = set(re.findall(r'(?<![\w$])[a-zA-Z_]\w*', text)), set()
    if 'label_values' in names:
        labels |= set(re.findall(r', *(\w+)\)', text))
        names -= labels
    for name in names - FUNCTIONS - {'up'}:
        family = name if name in families else SUFFIX.sub('', name)
        if family not in families:
            yield '%s: there is no %s: %s' % (where, name, expression)
        used |= families.get(family, set())
    for label in labels - used - LABELS_OF_PROMETHEUS:
        yield '%s: nothing here has the label %s: %s' % (where, label, expression)


def promtool(*arguments, text=None):
    done = subprocess.run(['promtool', *arguments], input=text, cwd=TOP, text=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        yield 'promtool %s:\n%s' % (' '.join(arguments), done.stdout)


def complaints():
    text = scrape()
    families = families_of(text)
    yield from compare(first_column('## Metrics'), set(families), 'the metric')
    yield from compare(first_column('### Outcomes'),
                       set(re.findall(r'outcome="(\w+)"', text)), 'the outcome')
    asked = list(expressions())
    for where, expression in asked:
        yield from check_expression(where, expression, families)
    for name in re.findall(r'alert: (\w+)', read(RULES)):
        if '"%s"' % name not in read(RULE_TESTS):
            yield '%s does not try the alert %s' % (RULE_TESTS, name)
    if len(asked) < 20:
        yield 'only %d expressions were found: this check is wrong' % len(asked)
    if not shutil.which('promtool'):
        print('skipped: promtool is not installed (tests/install.sh all)')
        return
    yield from promtool('check', 'metrics', text=text)
    yield from promtool('check', 'rules', RULES)
    yield from promtool('test', 'rules', RULE_TESTS)


def main():
    if len(sys.argv) != 2:
        print('usage: metrics.py BINARY', file=sys.stderr)
        return 2
    os.environ['SIXWARD'] = os.path.abspath(sys.argv[1])
    if 'SIXWARD_APART' not in os.environ:
        # A network of its own: loopback with an address of the prefix, and nothing beyond.
        apart = ['unshare', '--net'] + ([] if os.geteuid() == 0 else ['--map-root-user'])
        if subprocess.run([*apart, 'true'], capture_output=True, check=False).returncode:
            print('skipped: this kernel or container makes no network namespaces')
            return 0
        os.environ['SIXWARD_APART'] = 'yes'
        os.execvp(apart[0], [*apart, sys.executable, *sys.argv])
    subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)
    subprocess.run(['ip', 'address', 'add', MAPPED + '/128', 'dev', 'lo', 'nodad'], check=True)
    found = list(complaints())
    for complaint in found:
        print(complaint)
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main())
