#ifndef SIXWARD_UPSTREAM_JUDGE_H
#define SIXWARD_UPSTREAM_JUDGE_H

#include <stdbool.h>

#include "sixward/dns/message.h"
#include "sixward/dns/question.h"
#include "sixward/dns/wire.h"

/* Whether a message answers a question, and what it means for the search that asked it. Pure;
 * protocol.md 11 and 17.2. */

enum judge_match {
	JUDGE_MISMATCH,  /* ignore it, wait on (UPR-01, UPR-03) */
	JUDGE_MATCH,     /* header and question match */
	JUDGE_ERROR_ONLY /* an error without the question: a hint (UPR-02) */
};

/* `wire` has its header viewed, and its id and source match. Views its question, and records
 * where they matter. */
enum judge_match judge_match(struct wire *wire, const struct question *question);

enum judge_result {
	JUDGE_REPLY,     /* useful: ends the search (UPS-b) */
	JUDGE_FINAL,     /* SERVFAIL with a DNSSEC error: ends it too */
	JUDGE_ERROR,     /* another RCODE, lame, or a looping chain: next server */
	JUDGE_GARBAGE,   /* over UDP first the same server's stream (UPR-04), else next server */
	JUDGE_TRUNCATED, /* UPS-a: the same server's stream */
	JUDGE_NO_EDNS    /* the same server without OPT (R6891-6.2.2-a) */
};

struct judge_case {
	const struct wire *wire; /* as judge_match left it */
	const struct question *question;
	const struct message_rules *rules;
	bool is_error_only;
	bool is_cut;    /* larger than the buffer (UDP-b) */
	bool is_stream; /* it came over TCP */
	bool had_edns;  /* the question was sent with OPT */
};

/* `*reply` is the caller's with JUDGE_REPLY, else NULL; `*failure` is filled in for all but
 * JUDGE_REPLY. */
enum judge_result judge_reply(
	const struct judge_case *matter, struct reply **reply, struct failure *failure);

/* Adds what another server's failure was: the cause that tells most stays, with its RCODE and
 * the EDEs of all. */
void judge_merge(struct failure *failure, const struct failure *other);

#endif
