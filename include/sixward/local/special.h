#ifndef SIXWARD_LOCAL_SPECIAL_H
#define SIXWARD_LOCAL_SPECIAL_H

#include <stdbool.h>

#include "sixward/dns/reply.h"

/* The table of special-use names and the empty zones (protocol.md section 15, LOC-02 to LOC-10).
 * Class is not looked at. */

/* The zone that covers the name, as the part of the question's name that it is, or NULL;
 * what special_is_parents is not covered. Allocates nothing. */
const uint8_t *special_find(const struct question *question);

/* LOC-07: DS of a zone that the public tree delegates: whatever is said of the zone here, its
 * parent answers this, so that validators see that the zone is insecure. */
bool special_is_parents(const struct question *question);

/* The answer for a name that special_find covers. `is_above`: the name is one above names that
 * are answered from elsewhere (a record, a forward rule), so it exists: what would be NXDOMAIN
 * is NODATA, for NXDOMAIN would deny those names too (RFC 8020). */
struct reply *special_answer(const struct question *question, bool is_above);

#endif
