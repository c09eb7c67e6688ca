#ifndef SIXWARD_DNS_ANSWER_H
#define SIXWARD_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/opt.h"
#include "sixward/dns/reply.h"

/* A reply to the octets that a client gets. */

struct answer {
	uint16_t id;
	uint8_t opcode;
	uint16_t rcode; /* extended; above 15 without OPT becomes SERVFAIL (R6891-ext-a) */
	uint16_t flags; /* of AA, TC, RD, RA, AD, CD: enum wire_flag; QR is added, and TC where it
			   is found out */
	const uint8_t *question; /* name, type, class as the client sent them; NULL = none */
	size_t question_size;
	const struct reply *reply; /* NULL = no records */
	uint32_t age_s;            /* since the reply arrived: taken off every TTL (CCH-b) */
	bool keep_dnssec;          /* DO=1; otherwise DNSSEC records go, but not `question_type` */
	uint16_t question_type;
	size_t limit; /* octets: the client's payload size or 65535; room must be at least as large
		       */
	struct answer_edns edns;
	const struct ede_list *edes; /* NULL = none; sent where there is an OPT */
};

/* How much of it the limit let through. */
enum answer_fit {
	ANSWER_WHOLE,
	ANSWER_REDUCED, /* without what an answer is good without */
	ANSWER_CUT      /* TC=1 */
};

/* Writes the whole response, compressed, with owners equal to QNAME as pointers to the
 * question (R4343-4-a). What does not fit: EDE texts go first, then additional RRsets and the
 * NS of a positive answer, then EDEs, which sets TC=1 (R8914-3-a, A-15); then the answer is
 * truncated to header, question, OPT and TC=1 (R2181-9-a). Returns the size; `fit` may
 * be NULL. */
size_t answer_encode(const struct answer *answer, uint8_t *out, enum answer_fit *fit);

/* R3597-4-a: whether names in RDATA of that type are compressed. */
bool answer_compresses(uint16_t type);

#endif
