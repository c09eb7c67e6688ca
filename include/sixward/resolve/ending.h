#ifndef SIXWARD_RESOLVE_ENDING_H
#define SIXWARD_RESOLVE_ENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/dns64/policy.h"
#include "sixward/dns64/reverse.h"
#include "sixward/resolve/fact.h"
#include "sixward/resolve/outcome.h"

/* What a client is to be told, made of the facts of its request. */

enum plan {
	PLAN_RELAY,  /* what is found goes out as it is */
	PLAN_AAAA,   /* section 5, rows 1 to 26: `other` is the A look-up */
	PLAN_A,      /* rows H1 to H4: `other` is the AAAA look-up, unless hide-a is always */
	PLAN_REVERSE /* section 8: `main` is the PTR look-up of the in-addr.arpa name */
};

struct inquiry {
	struct question question; /* the client's */
	enum plan plan;           /* follows from question and policy, never from events */
	bool is_exempt;           /* PLAN_A: the AAAA question would be answered raw */
	bool ignores_aaaa;        /* D64-5.1.1-b */
	bool appends;             /* the same: append-aaaa */
	bool wants_ad;            /* AD=1 or DO=1 in the query */
	bool stream;
	bool is_over;                /* time is up: nothing is waited for any more */
	const struct policy *policy; /* borrowed */
	struct reverse reverse;      /* PLAN_REVERSE */
	struct fact main;
	struct fact other;
};

struct ending {
	enum outcome outcome;
	uint16_t rcode;
	bool has_aa;
	bool has_ad;
	struct reply *reply; /* NULL: an error */
	uint32_t age_s;
	struct ede_list edes;
};

/* Whether both AAAA and A are to be known; and whether AAAA waits until A is known. */
bool inquiry_has_other(const struct inquiry *inquiry);
bool inquiry_is_patient(const struct inquiry *inquiry);

/* Whether AAAA is known, and A alone is waited for, to be appended to it. */
bool inquiry_waits_to_append(const struct inquiry *inquiry);

/* The facts by type; NULL where the plan has none. */
struct fact *inquiry_aaaa(struct inquiry *inquiry);

/* False: what is known does not decide it yet. `ending` is cleared by the caller. */
bool ending_decide(const struct inquiry *inquiry, struct ending *ending);

/* That the synthesized addresses of the ending's reply lie in, the first of them; borrowed from the
 * policy. NULL: it has none. */
const struct prefix *ending_prefix(const struct inquiry *inquiry, const struct ending *ending);

/* Data of our own: AA=1 (R1035-4.1.1-c). Takes the reply over. */
void ending_be_local(struct ending *ending, enum outcome outcome, struct reply *reply);

/* An error without a reply, with the outcome's own extended error, and `text` for it. */
void ending_be_error(struct ending *ending, enum outcome outcome, uint16_t rcode, const char *text);
void ending_clear(struct ending *ending);

#endif
