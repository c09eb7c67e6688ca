#ifndef SIXWARD_APP_LOOKOUT_H
#define SIXWARD_APP_LOOKOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/counts.h"
#include "sixward/config/config.h"
#include "sixward/net/loop.h"
#include "sixward/watch/gateway.h"
#include "sixward/watch/snapshot.h"

/* What is known of prefixes beyond the settings, kept up for a config: asks DNS64 servers, hears
 * routers, checks gateways, and makes the policies that follow. One for all workers; starts only
 * what the config uses. */

struct lookout;

/* Other policies follow from what is known now. Never before the call that caused it returns. */
typedef void lookout_changed(void *owner);

/* The upstream servers of the config's `upstreams` that are asked directly (not via NAT64), those
 * of a followed resolv.conf included; for `learn-from: upstreams`. Returns how many. */
typedef size_t lookout_upstreams(void *owner, struct endpoint *out, size_t room);

struct lookout_options {
	struct loop *loop;
	struct config *config;            /* a reference is taken */
	const struct policy_check *check; /* instead of the config's; NULL = the config's. Copied */
	uint32_t routers_ms; /* who is silent for so long has no word: for commands. 0 = a router
				has as long as it is asked */
	lookout_changed *changed;
	lookout_upstreams *upstreams;
	void *owner;
};

/* Opens the socket for router advertisements, where the config wants them: before rights are given
 * up. A failure is a line in the log, and they are not heard. */
struct lookout *lookout_new(const struct lookout_options *options);
void lookout_free(struct lookout *lookout); /* NULL is fine; no callback after it */

/* For a reload: what is known of sources and prefixes that stay is kept. */
void lookout_apply(struct lookout *lookout, struct config *config);

/* The upstream servers have changed (a resolv.conf). */
void lookout_note_upstreams(struct lookout *lookout);

/* The policies of now, in the place of the config's: the top's first, then each view's. Borrowed,
 * until the next change. */
struct policy *const *lookout_policies(const struct lookout *lookout);

/* Whether each source was asked and each gateway checked at least once: for commands that wait for
 * one round. */
bool lookout_is_settled(const struct lookout *lookout);

/* Whether router advertisements are wanted and cannot be heard, for want of rights. */
bool lookout_is_deaf(const struct lookout *lookout);

/* What the checks have found, in the order of the prefixes. Returns how many. */
size_t lookout_gateways(const struct lookout *lookout, struct gateway_state out[GATEWAYS_MAX]);

/* The prefixes of all policies as they are shown, each once, in order. Returns how many. */
size_t lookout_show(const struct lookout *lookout, struct snapshot_prefix *out, size_t room);

void lookout_add_counts(struct lookout *lookout, struct counts *counts);

#endif
