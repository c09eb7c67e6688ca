#ifndef SIXWARD_WATCH_RECENT_H
#define SIXWARD_WATCH_RECENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns64/prefix.h"
#include "sixward/resolve/query.h"

/* The names that were synthesized or failed of late, of all workers. Names are nobody else's
 * business: kept only while it is on, and gone as soon as it is off. Safe from every thread; one
 * short lock for each name that is kept, none for the others. */

enum { RECENT_MAX = 50 };

struct recent_name {
	uint64_t at_ms; /* the loops' time */
	struct name name;
	uint16_t type;
	enum outcome outcome;
	bool has_prefix;
	struct prefix prefix;
};

struct recent;

struct recent *recent_new(void);         /* off */
void recent_free(struct recent *recent); /* NULL is fine */

/* When it is turned off, all is forgotten. */
void recent_set(struct recent *recent, bool is_on);

void recent_note(
	struct recent *recent, const struct query_observation *observation, uint64_t now_ms);

/* The newest first. Returns how many. */
size_t recent_find(struct recent *recent, struct recent_name out[RECENT_MAX]);

#endif
