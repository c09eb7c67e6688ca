#ifndef SIXWARD_WATCH_PREFIXES_H
#define SIXWARD_WATCH_PREFIXES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/base/counts.h"
#include "sixward/base/entropy.h"
#include "sixward/dns/message.h"
#include "sixward/dns64/policy.h"
#include "sixward/net/loop.h"

/* Learns NAT64 prefixes from DNS64 servers (RFC 7050, client side): asks each server for
 * ipv4only.arpa, asks again LIM-33 before the answer expires, and keeps the last good answer when a
 * server fails or says that it knows none. Each server is asked by itself, so that one of several
 * that is no DNS64 hides nothing. */

enum { PREFIX_SERVERS_MAX = 64 };

struct prefixes;

/* What some server has taught has changed. Never before the call that caused it returns. */
typedef void prefixes_changed(void *owner);

struct prefixes *prefixes_new(
	struct loop *loop, struct entropy *entropy, prefixes_changed *changed, void *owner);
void prefixes_free(struct prefixes *prefixes); /* NULL is fine; no callback after it */

/* Asks these servers from now on, the new ones at once; what those that stay have taught is kept.
 * The same server twice is one. */
void prefixes_set(struct prefixes *prefixes, const struct message_rules *rules,
	const struct endpoint *servers, size_t count);

/* What the server has taught, in the order received. Returns how many; 0 = nothing (yet), or not
 * one of the servers. */
size_t prefixes_find(const struct prefixes *prefixes, const struct endpoint *server,
	struct prefix out[POLICY_PREFIXES_MAX]);

/* The first server that has taught the prefix. False: none has. */
bool prefixes_find_server(
	const struct prefixes *prefixes, const struct prefix *prefix, struct endpoint *server);

/* Whether each server has answered or failed at least once: for commands that wait. */
bool prefixes_are_tried(const struct prefixes *prefixes);

/* prefix_learning_total{result="learned"|"none"|"failed"}, learned_prefixes{source="dns"}. */
void prefixes_add_counts(struct prefixes *prefixes, struct counts *counts);

#endif
