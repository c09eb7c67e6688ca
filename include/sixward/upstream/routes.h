#ifndef SIXWARD_UPSTREAM_ROUTES_H
#define SIXWARD_UPSTREAM_ROUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/dns/nameset.h"
#include "sixward/upstream/group.h"

/* Which group for which question: that of the longest zone that covers its name, else the
 * default. A DS at the top of a zone belongs to the parent, and is asked for there (RFC 4035
 * 3.1.4.1). */

struct route {
	struct group *group;
	bool dns64; /* false: answers of this zone are never synthesized */
};

struct routes_zone {
	struct name zone;
	bool dns64;
	struct group_options group;
};

struct routes_options {
	struct group_options fallback; /* `upstreams` */
	const struct routes_zone *zones;
	size_t zone_count;
};

struct routes;

struct routes *routes_new(
	struct loop *loop, struct entropy *entropy, const struct routes_options *options);

/* For a reload: groups of the same scope go on with what they know, by the new options; the
 * others retire. */
void routes_update(struct routes *routes, const struct routes_options *options);

/* All questions have ended or were cancelled before. */
void routes_free(struct routes *routes);

/* By name and type. Never NULL; good until the next update. */
const struct route *routes_find(const struct routes *routes, const struct question *question);

/* Fills in whom the question is to be asked of. */
void routes_set_scope(const struct routes *routes, struct question *question);

/* The group with that scope; NULL if there is none (any more). */
struct group *routes_group(const struct routes *routes, uint64_t scope);

/* Each server of each group, once, with the first zone that is asked of it: the fallback's, which
 * is the root, then the others in the order given. */
void routes_survey(const struct routes *routes, survey_visit *visit, void *owner);

/* Each group whose servers are all held sees whether one is back (group_revive). */
void routes_revive(struct routes *routes);

/* UPS-d, over all groups. */
bool routes_is_own(struct routes *routes, uint16_t id, uint16_t source_port, const uint8_t *name,
	uint16_t type);
void routes_add_counts(struct routes *routes, struct counts *counts);

#endif
