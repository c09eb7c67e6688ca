#!/usr/bin/env python3
"""The include check: no use that points up or to a room beside, no circle, one door per library.

Reads the #include lines of src/ and include/. Prints what is wrong; exits 1 if anything is."""

import os
import re
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(__file__), "..", ".."))
FLOORS = {
    "base": 1, "net": 2, "dns": 2, "upstream": 3, "dns64": 3, "local": 3,
    "resolve": 4, "front": 5, "watch": 5, "config": 6, "app": 7,
}
DOORS = {
    "uv.h": re.compile(r"^net/"),
    "ldns/": re.compile(r"^dns/message$"),
    "yaml.h": re.compile(r"^config/load$"),
    "openssl/": re.compile(r"^net/tls$"),
    "microhttpd.h": re.compile(r"^watch/http$"),
}
OWN = re.compile(r'^\s*#\s*include\s+"sixward/([a-z0-9_]+/[a-z0-9_]+)\.h"')
FOREIGN = re.compile(r'^\s*#\s*include\s+[<"]((?!sixward/)[^>"]+)[>"]')


def rooms():
    """Room name to its files: src/ROOM.c and include/sixward/ROOM.h."""
    found = {}
    for top, ending in (("src", ".c"), ("include/sixward", ".h")):
        base = os.path.join(ROOT, top)
        for folder, _, files in os.walk(base):
            for file in files:
                if file.endswith(ending):
                    path = os.path.join(folder, file)
                    room = os.path.relpath(path, base)[: -len(ending)]
                    found.setdefault(room, []).append(path)
    return found


def read_uses(files, room, faults):
    uses = set()
    for path in files:
        with open(path, encoding="utf-8") as text:
            for number, line in enumerate(text, 1):
                own = OWN.match(line)
                if own and own.group(1) != room:
                    uses.add(own.group(1))
                foreign = FOREIGN.match(line)
                if not foreign:
                    continue
                place = "%s:%d" % (os.path.relpath(path, ROOT), number)
                for library, door in DOORS.items():
                    if foreign.group(1).startswith(library):
                        if not door.match(room):
                            faults.append("%s: %s is not the door to it" % (place, room))
                        if path.endswith(".h"):
                            faults.append("%s: a foreign type in a header" % place)
    return uses


def circle(uses):
    """A list of rooms that lead back to the first, or None."""
    state = {}

    def visit(room, path):
        state[room] = "open"
        for used in sorted(uses.get(room, ())):
            if state.get(used) == "open":
                return path[path.index(used):] + [used]
            if used not in state:
                found = visit(used, path + [used])
                if found:
                    return found
        state[room] = "done"
        return None

    for room in sorted(uses):
        if room not in state:
            found = visit(room, [room])
            if found:
                return found
    return None


def main():
    faults = []
    found = rooms()
    names = {}
    uses = {}
    for room in sorted(found):
        folder, name = room.split("/")
        if name in names:
            faults.append("%s and %s: file names are unique in the whole tree" % (names[name], room))
        names[name] = room
        uses[room] = read_uses(found[room], room, faults)
        for used in sorted(uses[room]):
            to = used.split("/")[0]
            if used not in found:
                faults.append("%s uses %s, which is not there" % (room, used))
            elif to != folder and FLOORS[to] >= FLOORS[folder]:
                faults.append("%s uses %s: not a floor below" % (room, used))
    loop = circle(uses)
    if loop:
        faults.append("a circle: " + " -> ".join(loop))
    for fault in faults:
        print(fault)
    print("%d rooms, %d uses, %d faults" % (len(found), sum(map(len, uses.values())), len(faults)))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
