#ifndef SIXWARD_WATCH_ADVERTS_H
#define SIXWARD_WATCH_ADVERTS_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/base/addr.h"
#include "sixward/base/counts.h"
#include "sixward/dns64/policy.h"
#include "sixward/net/loop.h"

/* Prefixes from router advertisements (RFC 8781): kept for their lifetime, by router and prefix,
 * withdrawn with lifetime 0. Solicits at the start, three times at most, and again when the last
 * one has run out, until something is heard, so that nobody waits for the next unsolicited
 * advertisement. */

enum { ADVERTS_MAX = 32 }; /* (router, prefix) pairs; more are ignored, and counted */

struct adverts;

/* What is known has changed. Never before the call that caused it returns. */
typedef void adverts_changed(void *owner);

/* Opens the socket: before rights are given up. NULL: `*error` is a negative errno. */
struct adverts *adverts_new(struct loop *loop, adverts_changed *changed, void *owner, int *error);
void adverts_free(struct adverts *adverts); /* NULL is fine; no callback after it */

/* The prefixes that hold now, in the order in which they were first heard, each once. Returns how
 * many. */
size_t adverts_find(const struct adverts *adverts, struct prefix out[POLICY_PREFIXES_MAX]);

/* The router that first spoke of a prefix that holds now. False: none did. */
bool adverts_find_router(
	const struct adverts *adverts, const struct prefix *prefix, struct addr *router);

/* Whether an advertisement was heard, or the solicitations of the start have gone unanswered: for
 * commands that wait. */
bool adverts_are_tried(const struct adverts *adverts);

/* router_advertisements_total{result="learned"|"none"|"malformed"|"foreign"},
 * router_prefixes_ignored_total, learned_prefixes{source="ra"}. */
void adverts_add_counts(struct adverts *adverts, struct counts *counts);

#endif
