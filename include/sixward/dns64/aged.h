#ifndef SIXWARD_DNS64_AGED_H
#define SIXWARD_DNS64_AGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/reply.h"

/* A reply that is `age_s` seconds old, and how its records go into a new reply of age 0. */

struct aged_reply {
	const struct reply *reply; /* NULL = none */
	uint32_t age_s;
};

/* What is left of a TTL of the reply; 0 when it ran out. */
uint32_t aged_ttl(const struct aged_reply *aged, uint32_t ttl_s);

/* A record of the reply with what is left of its TTL. */
struct record aged_record(const struct aged_reply *aged, size_t index);

/* Whether the record is of the RRset of `type`, class IN, in which the reply's chain ends. */
bool aged_is_data(const struct aged_reply *aged, const struct record *record, uint16_t type);

/* Whether the record is an RRSIG that covers `type`. */
bool aged_signs(const struct record *record, uint16_t type);

/* What is copied into a draft is lent: the reply must live until the draft is sealed.
 *
 * The answer section without `type` and without its signatures: the alias chain. */
void aged_copy_chain(const struct aged_reply *aged, uint16_t type, struct reply_draft *draft);

/* Authority and additional as they are, less what ran out of time. */
void aged_copy_rest(const struct aged_reply *aged, struct reply_draft *draft);

/* The SOA of a denial and its signature; nothing when the reply denies nothing, has none, or
 * is none. */
void aged_copy_soa(const struct aged_reply *aged, struct reply_draft *draft);

/* The extended errors that came with it. */
void aged_copy_edes(const struct aged_reply *aged, struct reply_draft *draft);

#endif
