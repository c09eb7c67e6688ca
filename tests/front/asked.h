#ifndef SIXWARD_TESTS_FRONT_ASKED_H
#define SIXWARD_TESTS_FRONT_ASKED_H

#include <stddef.h>
#include <stdint.h>

/* Parts of queries as octets, and answers as text. */

#define OCTETS(literal) (const uint8_t *)(literal), sizeof(literal) - 1

/* Id 1234; flags as two octets; counts as one octet each. */
#define HEADER(flags, qd, an, ns, ar) "\x12\x34" flags "\0" qd "\0" an "\0" ns "\0" ar
#define RD                            "\1\0"
#define QUESTION(type)                "\3wWw\7example\0" type "\0\1"
#define OPT(version, flags, length)   "\0\0\51\4\xd0\0" version flags length
#define EDNS                          OPT("\0", "\0\0", "\0\0")

/* "FORMERR rd ra question opt ede=18 cookie=24 keepalive=100 nsid=...": what an answer to a query
 * with id 1234 holds, in this order. Fails the test where it is not well-formed, has records other
 * than one OPT, or another id. */
enum { ASKED_TEXT_MAX = 256 };
char *asked_describe(const uint8_t *octets, size_t size, char text[ASKED_TEXT_MAX]);

#endif
