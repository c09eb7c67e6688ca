#!/usr/bin/env python3
"""embed.py FILE NAME: the file's octets as C: an array NAME, and NAME_size."""

import sys


def main():
    with open(sys.argv[1], "rb") as file:
        octets = file.read()
    name = sys.argv[2]
    print('#include "sixward/watch/page.h"\n')
    print("const char %s[] = {" % name)
    for at in range(0, len(octets), 16):
        # Character constants: char may have a sign.
        print("\t" + " ".join("'\\x%02x'," % octet for octet in octets[at:at + 16]))
    print("};\n\nconst size_t %s_size = %d;" % (name, len(octets)))


main()
