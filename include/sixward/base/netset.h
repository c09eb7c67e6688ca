#ifndef SIXWARD_BASE_NETSET_H
#define SIXWARD_BASE_NETSET_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/base/addr.h"

/* A list of networks, asked for the longest entry that holds an address.
 * Built once, then only read. A zeroed netset is empty. */

struct netset {
	struct network *networks; /* longest first; within a length as added */
	size_t *places;           /* place of each in the order added */
	size_t count;
};

void netset_clear(struct netset *set);
void netset_add(struct netset *set, const struct network *network);

/* The caller's, to clear. */
struct netset netset_copy(const struct netset *set);

/* Adds a CIDR prefix, a single address, or one of the words loopback, link-local,
 * private (RFC 1918, fc00::/7, 100.64.0.0/10) and any (config.md, network list). */
enum network_fault netset_add_text(struct netset *set, const char *text);

bool netset_contains(const struct netset *set, const struct addr *addr);

/* The longest network that holds `addr`; `place` gets its number in the order
 * added. Among equals the first added. NULL when none does. */
const struct network *netset_find(const struct netset *set, const struct addr *addr, size_t *place);

#endif
