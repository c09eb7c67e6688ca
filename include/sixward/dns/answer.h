#ifndef SIXWARD_DNS_ANSWER_H
#define SIXWARD_DNS_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/reply.h"

/* A reply to the octets that a client gets. */

enum { ANSWER_COOKIE_MAX = 40, ANSWER_NSID_MAX = 128 };

/* What the response's OPT holds; a zeroed one is no OPT (R6891-6.1.1-a). */
struct answer_edns {
	bool present;
	bool dnssec_ok; /* copied from the query (R6840-5.6-a) */
	bool has_keepalive;
	uint16_t keepalive;  /* units of 100 ms (R7828-3.3.2-a) */
	uint8_t cookie_size; /* 0 = none; client and server cookie together */
	uint8_t cookie[ANSWER_COOKIE_MAX];
	const char *nsid; /* NULL = none; borrowed */
	struct ede_list edes;
};

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
};

/* Writes the whole response, compressed, with owners equal to QNAME as pointers to the
 * question (R4343-4-a). What does not fit: EDE texts go first, then additional RRsets and the
 * NS of a positive answer, then EDEs, which sets TC=1 (R8914-3-a, A-15); then the answer is
 * truncated to header, question, OPT and TC=1 (R2181-9-a). Returns the size; `*truncated`
 * (may be NULL) tells of TC. */
size_t answer_encode(const struct answer *answer, uint8_t *out, bool *truncated);

#endif
