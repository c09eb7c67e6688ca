#ifndef SIXWARD_RESOLVE_FINISHED_H
#define SIXWARD_RESOLVE_FINISHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/answer.h"
#include "sixward/dns/wire.h"
#include "sixward/resolve/outcome.h"

/* A finished answer (design.md, 4; D64-5.4-f): the records of an answer as they were sent, with
 * the places of their TTLs, to be sent again to whoever asks the same in the same way. Kept by the
 * cache beside the facts that it was made of, and gone with either of them. What is the client's
 * own (id, flags, the question's letters, OPT) is put in anew each time. */

enum { FINISHED_OCTETS_MAX = 1232, FINISHED_TTLS_MAX = 64 };

/* What an answer depends on besides the facts. */
struct finished_key {
	uint64_t stamp; /* of settings, own records, and live prefixes: never reused for others */
	uint16_t type;
	bool dnssec_ok; /* DNSSEC records are kept */
	bool wants_ad;
};

/* One piece of memory, for the cache to copy. */
struct finished {
	uint64_t until_ms; /* a TTL has run out: not used from then on; may be set earlier */
	uint64_t made_ms;
	uint64_t stamp;
	uint16_t type;
	bool dnssec_ok : 1;
	bool wants_ad : 1;
	bool is_lower_case : 1; /* for questions without capitals: records lean on its letters */
	uint8_t outcome;
	uint8_t edes_size; /* the extended errors as options */
	uint8_t ttl_count;
	uint16_t flags; /* AA, AD and the RCODE */
	uint16_t counts[3];
	uint16_t records_size;
	uint8_t octets[]; /* places of the TTLs (u16, from the first record), records, EDEs */
};

/* Takes the answer apart that answer_encode wrote, whole, for `answer`, into `octets`. NULL when it
 * is not one to keep: too large, an extended RCODE, or of no time (a TTL of 0, no record at all);
 * or one whose records would be written otherwise for other letters of the question. */
struct finished *finished_new(const struct finished_key *key, const struct answer *answer,
	enum outcome outcome, const uint8_t *octets, size_t size, uint64_t now_ms);
void finished_free(struct finished *finished); /* NULL is fine */
bool finished_is_for(const struct finished *finished, const struct finished_key *key);

/* Memory that it holds, in octets. */
size_t finished_memory(const struct finished *finished);

/* A copy on the stack, taken under the cache's lock and written out after it. */
union finished_copy {
	struct finished finished;
	uint8_t room[sizeof(struct finished) + (size_t)FINISHED_TTLS_MAX * 2 + FINISHED_OCTETS_MAX +
		     OPT_EDES_MAX];
};
void finished_take(const struct finished *finished, union finished_copy *copy);

/* The response to `query`, whose question it is for, with the finished records, aged to `now_ms`
 * (rounded up at each step, so at most one second more than anew: CCH-b). Returns its size; 0 when
 * it has to be made anew: beyond `limit`, too old, or asked in other letters. */
size_t finished_write(const union finished_copy *copy, const struct wire *query,
	const struct answer_edns *edns, size_t limit, uint64_t now_ms, uint8_t *out);

#endif
