#ifndef SIXWARD_APP_ROSTER_H
#define SIXWARD_APP_ROSTER_H

#include <stddef.h>

#include "sixward/config/config.h"
#include "sixward/dns64/policy.h"
#include "sixward/upstream/group.h"

/* The servers that a list of `upstreams` stands for, in its order and each once: those of a
 * resolv.conf in its place, an IPv4 one via NAT64 behind each prefix in force for it. */

struct roster {
	struct server_options servers[GROUP_SERVERS_MAX];
	size_t count;
	size_t left_out; /* servers, and ways to those via NAT64, that there was no room for */
};

/* What a resolv.conf says now. Returns how many, `room` at most. */
typedef size_t roster_read(void *owner, const char *path, struct endpoint *out, size_t room);

struct roster_terms {
	const struct policy *policy; /* of the prefixes in force; NULL: none via NAT64 is listed */
	roster_read *read;
	void *owner;
};

/* Where the ways via NAT64 are too many, each such server has its first ones, so that no other
 * server is pushed out by them; then the last of the list are left out. */
void roster_fill(struct roster *roster, const struct config_upstreams *upstreams,
	const struct roster_terms *terms);

#endif
