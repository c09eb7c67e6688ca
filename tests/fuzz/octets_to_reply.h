#ifndef SIXWARD_TESTS_FUZZ_OCTETS_TO_REPLY_H
#define SIXWARD_TESTS_FUZZ_OCTETS_TO_REPLY_H

#include "sixward/base/bytes.h"
#include "sixward/dns/reply.h"

/* Octets to the records of a reply: for targets that start from replies. Owners are picked from a
 * few names, so that chains, RRsets and junk all come about. Always gives a reply. */
struct reply *fuzz_reply(struct reader *reader, const struct question *question);

/* One of those names, by number. */
const struct name *fuzz_name(uint8_t number);

#endif
