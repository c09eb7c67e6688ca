#ifndef SIXWARD_DNS64_SYNTH_H
#define SIXWARD_DNS64_SYNTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/reply.h"
#include "sixward/dns64/aged.h"
#include "sixward/dns64/policy.h"

/* How an answer is made of facts. Every reply returned is the caller's and has age 0: the
 * age of the facts is taken off its TTLs. `question` is the client's AAAA question. */

enum { SYNTH_TTL_WITHOUT_SOA = 600 }; /* LIM-18 */

/* Whether any A of the reply can be mapped (else rows 20: as A NODATA). */
bool synth_can(const struct reply *a, const struct policy *policy);

/* How many AAAA of the reply are usable and how many excluded. */
struct synth_usable {
	size_t usable;
	size_t excluded;
};
struct synth_usable synth_usable(const struct reply *aaaa, const struct policy *policy);

/* The TTL that the AAAA half allows: what is left of its negative TTL, 600 s without SOA or
 * without an answer, for excluded AAAA their own at most (rows 3, 5, 6, 12, 16).
 * `aaaa->reply` NULL: failed or late. */
uint32_t synth_ttl_limit(const struct aged_reply *aaaa, const struct policy *policy);

/* Row 26: the A reply's chain, its A records replaced by AAAA with one TTL, its authority and
 * additional; no RRSIG(A). NULL when none can be mapped. */
struct reply *synth_aaaa(const struct question *question, const struct aged_reply *a,
	uint32_t ttl_limit_s, const struct policy *policy);

/* append-aaaa, where rows 1 and 2 have a mappable A: the AAAA reply's chain, its usable AAAA, those
 * of the A that are not among them as synth_aaaa orders them (max-aaaa bounds these alone), and its
 * authority and additional. One RRset: the AAAA reply's last name, and one TTL, the least of both,
 * of synth_ttl_limit and of policy_ttl_max; no RRSIG(AAAA). NULL when there is nothing to append.
 */
struct reply *synth_append(const struct question *question, const struct aged_reply *aaaa,
	const struct aged_reply *a, const struct policy *policy);

/* Row 2: less the excluded AAAA and the RRSIG. */
struct reply *synth_filter(const struct question *question, const struct aged_reply *aaaa,
	const struct policy *policy);

/* Rows 4 and 20 over 3: NOERROR, chain kept, no A and no AAAA, SOA of the A reply if any. */
struct reply *synth_empty(const struct question *question, const struct aged_reply *a);

/* LIM-35: no TTL of the denial above `ttl_s`, the SOA's MINIMUM too. */
struct reply *synth_cap_denial(
	const struct question *question, const struct aged_reply *aaaa, uint32_t ttl_s);

#endif
