"""The Prometheus text format 0.0.4, read as strictly as it is written down, and as its own checker
does: each family once, its HELP and TYPE before its samples, names by their type, no sample twice,
histograms that add up. Bad text is a ValueError that names the line."""

import math
import re

NAME = r'[a-zA-Z_:][a-zA-Z0-9_:]*'
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(r'(%s)(?:\{(%s(?:,%s)*)\})? (\S+)' % (NAME, LABEL, LABEL))
NUMBER = re.compile(r'[+-]?(?:[0-9]+(?:\.[0-9]+)?(?:e[+-]?[0-9]+)?|Inf)|NaN')
TYPES = ('counter', 'gauge', 'histogram')
PARTS = ('_bucket', '_sum', '_count')


class Family:
    def __init__(self, name, text):
        self.name, self.help, self.type = name, text, None
        self.samples = {}  # (name, labels as sorted pairs): value


def _sample(line):
    found = SAMPLE.fullmatch(line)
    if not found or not NUMBER.fullmatch(found.group(found.lastindex)):
        raise ValueError('no sample: ' + line)
    pairs = re.findall(LABEL, found.group(2) or '')
    labels = tuple(sorted((key, re.sub(r'\\(.)', lambda m: {'n': '\n'}.get(m[1], m[1]), value))
                          for key, value in pairs))
    if len(dict(labels)) < len(labels):
        raise ValueError('a label twice: ' + line)
    return found.group(1), labels, float(found.group(found.lastindex))


def _belongs(family, name):
    if family.type == 'histogram':
        return name in [family.name + part for part in PARTS]
    return name == family.name


def _check_histogram(family):
    series = {}
    for (name, labels), value in family.samples.items():
        rest = tuple(pair for pair in labels if pair[0] != 'le')
        parts = series.setdefault(rest, {'_bucket': []})
        if name.endswith('_bucket'):
            parts['_bucket'].append((float(dict(labels)['le']), value))
        else:
            parts[name[len(family.name):]] = value
    for labels, parts in series.items():
        bounds = [bound for bound, _ in parts['_bucket']]
        counts = [count for _, count in parts['_bucket']]
        if bounds != sorted(set(bounds)) or bounds[-1:] != [math.inf]:
            raise ValueError('%s %s: bounds %s' % (family.name, labels, bounds))
        if counts != sorted(counts) or counts[-1] != parts['_count'] or parts['_sum'] < 0:
            raise ValueError('%s %s: it does not add up: %s' % (family.name, labels, parts))


def _check(family):
    if family.type is None or not family.samples:
        raise ValueError('%s: no type, or no sample' % family.name)
    if (family.type == 'counter') != family.name.endswith('_total'):
        raise ValueError('%s is a %s' % (family.name, family.type))
    if family.name.endswith(PARTS + ('_info_total',)) or not family.help:
        raise ValueError('%s: its name, or its help' % family.name)
    if family.type != 'gauge' and min(family.samples.values()) < 0:
        raise ValueError('%s: less than nothing' % family.name)
    if family.type == 'histogram':
        _check_histogram(family)


def parse(text):
    """The families by their names."""
    families, family = {}, None
    if not text.endswith('\n'):
        raise ValueError('the last line has no end')
    for line in text[:-1].split('\n'):
        words = line.split(' ', 3)
        if words[:2] == ['#', 'HELP']:
            family = Family(words[2], words[3])
            if family.name in families or not re.fullmatch(NAME, family.name):
                raise ValueError('a family again, or no name: ' + line)
            families[family.name] = family
        elif words[:2] == ['#', 'TYPE']:
            if family is None or words[2] != family.name or family.type or family.samples or \
                    words[3] not in TYPES:
                raise ValueError('a type out of its place: ' + line)
            family.type = words[3]
        else:
            name, labels, value = _sample(line)
            if family is None or not _belongs(family, name):
                raise ValueError('a sample out of its place: ' + line)
            if (name, labels) in family.samples:
                raise ValueError('a sample twice: ' + line)
            family.samples[name, labels] = value
    for family in families.values():
        _check(family)
    return families


def samples(families):
    """{(name, labels): value} of all."""
    return {key: value for family in families.values() for key, value in family.samples.items()}
