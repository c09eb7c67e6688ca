#!/usr/bin/env python3
"""The table of log lines in docs/operations.md is complete, and has none that is gone.

Words at warning and above are found in the source: the texts in the arguments of log_warning and
log_error, of calls that name LOG_WARNING or LOG_ERROR, of calls of a function of the same file that
writes such a line with words that it was given, and of tables that such a call picks its words from.
"""

import os
import re
import sys

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\w+|[^\w\s]')
LOUD = {'LOG_WARNING', 'LOG_ERROR'}
MACROS = {'log_warning', 'log_error'}
KEYWORDS = {'if', 'for', 'while', 'switch'}


def tokens_of(path):
    with open(path, encoding='utf-8') as file:
        text = file.read()
    text = re.sub(r'/\*.*?\*/', ' ', text, flags=re.S)
    text = re.sub(r'^\s*#.*(?:\\\n.*)*', '', text, flags=re.M)
    return TOKEN.findall(text)


def calls(tokens):
    """(function, tokens between its parentheses), inner ones as well."""
    for at, token in enumerate(tokens[:-1]):
        if not re.match(r'[a-z_]\w*$', token) or tokens[at + 1] != '(':
            continue
        depth = 0
        for end in range(at + 1, len(tokens)):
            depth += {'(': 1, ')': -1}.get(tokens[end], 0)
            if depth == 0:
                yield token, tokens[at + 2:end], end
                break


def without_inner(tokens):
    """What is not within parentheses: the fields, and other calls, are left out."""
    out, depth = [], 0
    for token in tokens:
        depth += token in '([{'
        if depth == 0:
            out.append(token)
        depth -= token in ')]}'
    return out


def words_in(tokens):
    """Neighbouring texts are one."""
    out, last = [], False
    for token in tokens:
        if token[0] == '"':
            out.append((out.pop() if last else '') + token[1:-1])
        last = token[0] == '"'
    return out


def is_loud(name, inner, loud):
    return name in loud or name != 'LOG_FIELDS' and bool(LOUD & set(inner))


def wrappers(tokens):
    """Functions that write such a line with words that they were given."""
    out, function, given = set(), None, set()
    for name, inner, end in calls(tokens):
        if tokens[end + 1:end + 2] == ['{']:
            if name not in KEYWORDS:
                function, given = name, {t for t in inner if t.isidentifier()}
        elif is_loud(name, inner, MACROS):
            own = without_inner(inner)
            if not words_in(own) and given & set(own):
                out.add(function)
    return out


def table_words(tokens, name):
    """The texts of `name[…] = { … }`."""
    for at, token in enumerate(tokens):
        if token != name or '=' not in tokens[at:at + 8] or ';' in tokens[at:at + 8]:
            continue
        begin = tokens.index('=', at) + 2
        yield from words_in(without_inner(tokens[begin:tokens.index(';', begin) - 1]))


def loud_words(path):
    tokens = tokens_of(path)
    loud = MACROS | wrappers(tokens)
    for name, inner, end in calls(tokens):
        if tokens[end + 1:end + 2] != ['{'] and is_loud(name, inner, loud):
            own = without_inner(inner)
            yield from words_in(own)
            for picked in own if not words_in(own) else ():
                if picked.isidentifier():
                    yield from table_words(tokens, picked)


def main():
    found, status = {}, 0
    for folder, _, files in os.walk(os.path.join(TOP, 'src')):
        for name in sorted(files):
            if name.endswith('.c'):
                for words in loud_words(os.path.join(folder, name)):
                    found.setdefault(words, name)
    with open(os.path.join(TOP, 'docs', 'operations.md'), encoding='utf-8') as file:
        part = file.read().split('\n## Log lines\n')[1].split('\n## ')[0]
    told = re.findall(r'^\| `([^`]*)` \| (?:error|warning|both) \|', part, flags=re.M)
    for words in sorted(set(found) - set(told)):
        print('docs/operations.md says nothing of the log line "%s" of %s' % (words, found[words]))
        status = 1
    for words in sorted(set(told) - set(found)):
        print('docs/operations.md speaks of the log line "%s", which nobody writes' % words)
        status = 1
    if len(found) < 20:
        print('only %d log lines were found in the source: this check is wrong' % len(found))
        status = 1
    return status


if __name__ == '__main__':
    sys.exit(main())
