#ifndef SIXWARD_LOCAL_LOCAL_H
#define SIXWARD_LOCAL_LOCAL_H

#include <stdbool.h>

#include "sixward/dns/nameset.h"
#include "sixward/local/records.h"

/* Does this house answer the name itself? Its own records first, then special-use names,
 * unless a zone of the operator's or `forward-special` sends the same or a deeper name upstream. */

struct local_options {
	const struct nameset *forward_special; /* borrowed, like the rest */
	const struct nameset *zones;           /* of `zones`, the forward rules (LOC-a) */
	const char *identity;                  /* id.server, NSID; NULL = refused */
};

struct local;

/* Takes `records` over; NULL means none. The options must outlive it. */
struct local *local_new(const struct local_options *options, struct records *records);
void local_free(struct local *local);

/* Another set of records (a hosts file changed); takes it over. */
void local_set_records(struct local *local, struct records *records);

/* LOC-c: from records and hosts; DNS64 and hide-a apply. NULL: not ours. Class IN only. */
struct reply *local_record(const struct local *local, const struct question *question);

/* LOC-02 to LOC-10: AA=1, DNS64 never applies. NULL: not special. Class IN only. */
struct reply *local_special(const struct local *local, const struct question *question);

/* MAL-25: class CH. NULL: refused. */
struct reply *local_chaos(const struct local *local, const struct question *question);

#endif
