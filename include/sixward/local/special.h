#ifndef SIXWARD_LOCAL_SPECIAL_H
#define SIXWARD_LOCAL_SPECIAL_H

#include "sixward/dns/reply.h"

/* The table of special-use names and the empty zones (protocol.md section 15, LOC-02 to LOC-10). */

/* The zone that covers the name, as the part of `name` that it is, or NULL; DS at the top of a
 * zone that has a place in the public tree is not covered. */
const uint8_t *special_find(const struct question *question);

/* The answer for a name that special_find covers. */
struct reply *special_answer(const struct question *question);

#endif
