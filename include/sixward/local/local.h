#ifndef SIXWARD_LOCAL_LOCAL_H
#define SIXWARD_LOCAL_LOCAL_H

#include <stdbool.h>

#include "sixward/dns/nameset.h"
#include "sixward/local/records.h"

/* Does this house answer the name itself? Its own records first, then special-use names,
 * unless a zone of the operator's or `forward-special` sends the name upstream (LOC-a):
 *
 * - `zones` does when its longest entry that covers the name is the special zone or lies below
 *   it; a rule for more than the special zone (`arpa`, `.`) was not written with it in mind.
 * - `forward-special` does when any entry covers the name: one of the special zone, of more
 *   (`.` is all of them) or of a part. */

struct local_options {
	const struct nameset *forward_special; /* borrowed, like the rest; NULL = none */
	const struct nameset *zones;           /* of `zones`, the forward rules; NULL = none */
	const char *identity;                  /* id.server, NSID; NULL = refused */
};

struct local;

/* Takes `records` over; NULL means none. What the options lead to must outlive it, unchanged. */
struct local *local_new(const struct local_options *options, struct records *records);
void local_free(struct local *local); /* NULL is fine */

/* Another set of records (a hosts file changed); takes it over; NULL means none. */
void local_set_records(struct local *local, struct records *records);

/* LOC-c: from records and hosts; DNS64 and hide-a apply. NULL: not ours. Class IN only. An alias
 * that leads elsewhere gives REPLY_CHAIN; its target may be a special name. */
struct reply *local_record(const struct local *local, const struct question *question);

/* LOC-02 to LOC-10: AA=1, DNS64 never applies. NULL: not special. Class IN only. `is_above`: the
 * caller answers names below this one, so it exists (see special.h). */
struct reply *local_special(
	const struct local *local, const struct question *question, bool is_above);

/* MAL-25: class CH. NULL: refused. */
struct reply *local_chaos(const struct local *local, const struct question *question);

#endif
