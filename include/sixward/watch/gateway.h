#ifndef SIXWARD_WATCH_GATEWAY_H
#define SIXWARD_WATCH_GATEWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/counts.h"
#include "sixward/dns64/policy.h"
#include "sixward/net/loop.h"
#include "sixward/watch/pulse.h"

/* Checks NAT64 gateways: a TCP connection to each target through each prefix, on a timer with
 * jitter. One target that connects or refuses (a RST that came through) is a live gateway; silence,
 * unreachable, or an ICMP error that a router made is not. A check for which this host lacks
 * descriptors or memory says nothing of a gateway. At most one connection per prefix, target and
 * check at any time. Knows no policy but the values it is given. */

enum { GATEWAYS_MAX = 64 }; /* of all views; more are not checked, and said so */

struct gateways;

/* A prefix that is to be checked, and the IPv4 ranges that it serves (borrowed; empty = all). A
 * target outside of the ranges, or one that the prefix may not carry (prefix_refuses), is not
 * tried through it; one without any target is never judged, and stays PULSE_UNKNOWN. */
struct gateway_prefix {
	struct prefix prefix;
	const struct netset *ipv4;
};

/* What is known of one. */
struct gateway_state {
	uint64_t since_ms; /* when it came to that state, in the loop's time */
	struct pulse pulse;
	struct prefix prefix;
	uint8_t rank;     /* 0 = the best (pulse_rank) */
	bool has_targets; /* false: it cannot be checked */
};

/* A check has changed a state or the order: for the owner to make new policies. Never before the
 * call that caused it returns; several changes of one turn are told once. What gateways_set itself
 * changes is there to be read when it returns, and not told. */
typedef void gateways_changed(void *owner);

struct gateways *gateways_new(struct loop *loop, gateways_changed *changed, void *owner);
void gateways_free(struct gateways *gateways); /* NULL is fine; no callback after it */

/* Checks these from now on, the new ones at once; what is known of those that stay is kept, and a
 * check of them that is under way goes on. One that stays with other targets keeps what is known,
 * and is checked at once. The same prefix twice is one, with the ranges of both. `check->is_on`
 * false or no prefix: nothing is checked, and nothing known. */
void gateways_set(struct gateways *gateways, const struct policy_check *check,
	const struct gateway_prefix *prefixes, size_t count);

/* What is known, in the order of the prefixes given, each once. Returns how many. */
size_t gateways_find(const struct gateways *gateways, struct gateway_state out[GATEWAYS_MAX]);

/* Whether each prefix that has targets is judged, or was tried at least once: for commands that
 * wait for one round of checks. */
bool gateways_are_tried(const struct gateways *gateways);

/* gateway_checks_total{result="answered"|"failed"|"unjudged"} (the last: this host had not what a
 * connection takes), gateway_changes_total{to="live"|"dead"} (the first success of an unknown one
 * changes nothing for anyone), gateways{state=…}. */
void gateways_add_counts(struct gateways *gateways, struct counts *counts);

#endif
