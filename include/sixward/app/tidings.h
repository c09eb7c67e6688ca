#ifndef SIXWARD_APP_TIDINGS_H
#define SIXWARD_APP_TIDINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/base/counts.h"
#include "sixward/dns64/policy.h"

/* What an operator is told of the prefixes in use: one line for each change of what follows for
 * everybody, and none for what changes nothing. What a single gateway or server does has its line
 * where it is seen. */

/* Whether prefixes are in use although their gateways are dead, for want of live ones. */
enum despair {
	DESPAIR_NONE,
	DESPAIR_SOME, /* for some IPv4 ranges */
	DESPAIR_ALL
};

/* Of what there is more than there is room for. */
enum tidings_bound { TIDINGS_SOURCES, TIDINGS_PREFIXES, TIDINGS_BOUNDS };

/* What was told last. A zeroed one has told nothing. */
struct tidings {
	enum despair despair; /* the deepest of all policies */
	size_t lacking;       /* policies that have no prefix in force */
	bool is_over[TIDINGS_BOUNDS];
	struct count other_best;
};

/* What was learned, or what the checks say, has made other policies of the same config: despair and
 * its end, the lack of any prefix and its end, another one that `use: best` has gone to. */
void tidings_note_change(struct tidings *tidings, struct policy *const *before,
	struct policy *const *now, size_t count);

/* These come from another config. What it wants, who applies it tells; told here is a despair that
 * it leads to, for that nobody wants. No end of one: nothing has recovered. */
void tidings_note_config(struct tidings *tidings, struct policy *const *now, size_t count);

/* Told once, until it is no longer so. */
void tidings_note_bound(
	struct tidings *tidings, enum tidings_bound bound, bool is_over, size_t most);

/* best_gateway_changes_total. */
void tidings_add_counts(struct tidings *tidings, struct counts *counts);

#endif
