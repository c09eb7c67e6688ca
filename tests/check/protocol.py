#!/usr/bin/env python3
"""Holds docs/protocol.md against the code: requirement id -> file -> test.

Every row names an id and a status. `done`: the files and tests listed are just those that cite the
id, and there is at least one test. `later` and `n/a`: the row says why, and no test claims it. An id
that is cited anywhere must have a row. Prints what disagrees; exits 1 if anything does.

`--write` brings the file and test columns up to date, and leaves the rest as it is."""

import os
import re
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(__file__), "..", ".."))
TABLE = os.path.join(ROOT, "docs", "protocol.md")
ID = re.compile(
    r"(?<![A-Za-z0-9.-])("
    r"D64-[0-9][A-Za-z0-9.]*(?:-[a-z0-9]+)?|ADR-[A-Za-z0-9.]+-[a-z]|SEC-[A-Z0-9][A-Za-z0-9.]*(?:-[0-9.]+)?(?:-[a-z])?|"
    r"(?:R[0-9]{4})-[A-Za-z0-9.]+(?:-[a-z0-9]+)?|"
    r"(?:CCH|UPS|TCP|UDP|DOT|ACL|LOC)-[a-z](?![A-Za-z0-9])|"
    r"(?:MAL|UPR|LIM|EDE|LOC)-[0-9]{2}|0x20-a"
    r")(?![A-Za-z0-9])"
)
ROW = re.compile(r"^\| `([^`]+)` \| (done|later|n/a) \| (.*?) \| (.*?) \| (.*?) \|$")
SKIP = {"check", "bench"}


def cited(top):
    """Id -> set of paths below `top` that cite it."""
    found = {}
    for folder, folders, files in os.walk(os.path.join(ROOT, top)):
        folders[:] = sorted(f for f in folders if f not in SKIP and f != "__pycache__")
        for file in sorted(files):
            if not file.endswith((".c", ".h", ".py", ".sh", ".txt", ".scenario")):
                continue
            path = os.path.join(folder, file)
            with open(path, encoding="utf-8", errors="replace") as text:
                for name in set(ID.findall(expand(text.read()))):
                    found.setdefault(name, set()).add(os.path.relpath(path, ROOT))
    return found


def expand(text):
    """"MAL-21 to MAL-24" and "D64-5.3.1-c, -d" cite all they stand for."""

    def span(match):
        kind, first, last = match.group(1), int(match.group(2)), int(match.group(3))
        return " ".join("%s-%02d" % (kind, n) for n in range(first, last + 1))

    text = re.sub(r"\n[ \t]*(?:\*|#|//)?[ \t]*", " ", text)
    text = re.sub(r"\b(MAL|UPR|LIM|EDE|LOC)-([0-9]{2}) to (?:\1-)?([0-9]{2})\b", span, text)
    more = re.compile(r"((?:R[0-9]{4}|D64|ADR)-[A-Za-z0-9.]+)-([a-z])((?:(?:, | and |, and | to )-[a-z]\b)+)")

    def list_of(match):
        letters = [match.group(2)] + re.findall(r"-([a-z])\b", match.group(3))
        if " to " in match.group(3) and len(letters) == 2:
            letters = [chr(c) for c in range(ord(letters[0]), ord(letters[1]) + 1)]
        return " ".join("%s-%s" % (match.group(1), letter) for letter in letters)

    return more.sub(list_of, text)


def cell(paths, strip):
    return ", ".join("`%s`" % p[len(strip):] if p.startswith(strip) else "`%s`" % p for p in sorted(paths))


def main():
    write = "--write" in sys.argv
    code = cited("src")
    for name, paths in cited("include").items():
        code.setdefault(name, set()).update(paths)
    tests = cited("tests")
    faults, lines, rows = [], [], {}
    with open(TABLE, encoding="utf-8") as text:
        for line in text.read().splitlines():
            match = ROW.match(line)
            if not match:
                lines.append(line)
                continue
            name, status, what, files, listed = match.groups()
            if name in rows:
                faults.append("%s has two rows" % name)
            rows[name] = status
            if status == "done":
                want = (cell(code.get(name, ()), "src/"), cell(tests.get(name, ()), "tests/"))
                if name not in tests:
                    faults.append("%s is said to be done, but no test cites it" % name)
                if not write and (files, listed) != want:
                    faults.append("%s: the files or tests listed are not those that cite it" % name)
                files, listed = want
            elif name in tests:
                faults.append("%s: `%s`, but %s claims it" % (name, status, sorted(tests[name])[0]))
            elif not files.strip():
                faults.append("%s: `%s` wants its reason" % (name, status))
            lines.append("| `%s` | %s | %s | %s | %s |" % (name, status, what, files, listed))
    for name in sorted(set(code) | set(tests)):
        if name not in rows:
            places = sorted(code.get(name, set()) | tests.get(name, set()))
            faults.append("%s is cited in %s, but has no row" % (name, places[0]))
    if write:
        with open(TABLE, "w", encoding="utf-8") as text:
            text.write("\n".join(lines) + "\n")
    for fault in faults:
        print(fault)
    counts = {s: sum(1 for v in rows.values() if v == s) for s in ("done", "later", "n/a")}
    print("%d ids: %s; %d faults" % (len(rows), counts, len(faults)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
