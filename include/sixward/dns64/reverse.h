#ifndef SIXWARD_DNS64_REVERSE_H
#define SIXWARD_DNS64_REVERSE_H

#include "sixward/dns/reply.h"
#include "sixward/dns64/policy.h"
#include "sixward/dns64/synth.h"

/* Reverse look-ups below our prefixes (protocol.md section 8): ip6.arpa to in-addr.arpa. */

enum { REVERSE_TTL_MAX = 600 }; /* LIM-28 */

enum reverse_kind {
	REVERSE_NONE,     /* no prefix matches: an ordinary query (D64-5.3.1-f) */
	REVERSE_ASK,      /* a full name: ask for `ipv4_name` PTR, then reverse_answer */
	REVERSE_IPV4ONLY, /* Pref64 + 192.0.0.170 or .171: PTR ipv4only.arpa (R8880-7.2.1-a) */
	REVERSE_NODATA,   /* another type, the apex or an empty non-terminal (D64-5.3.1-g) */
	REVERSE_NXDOMAIN  /* more than 32 nibbles, bad labels, u not zero */
};

struct reverse {
	enum reverse_kind kind;
	struct name ipv4_name; /* 33.2.0.192.in-addr.arpa */
	struct name zone;      /* the reverse zone of the prefix, for the SOA */
};

/* Judges the name of a question of class IN against every prefix of ours and the WKP. */
struct reverse reverse_find(const struct policy *policy, const struct question *question);

/* Whether the name is one above such a reverse zone, and so exists, whoever answers it. */
bool reverse_is_above(const struct policy *policy, const uint8_t *name);

/* The local answer for REVERSE_IPV4ONLY, REVERSE_NODATA and REVERSE_NXDOMAIN. */
struct reply *reverse_local(const struct question *question, const struct reverse *reverse);

/* D64-5.3.1-c, -d: the answer from the PTR look-up of the in-addr.arpa name: CNAME and PTR; PTR
 * alone where that name is an alias; the same denial with the SOA of the zone, for as long as
 * the denial itself holds. NULL: the look-up gave no answer (`ptr->reply` is NULL) or an RCODE
 * other than 0 and 3, which is a failure: SERVFAIL. */
struct reply *reverse_answer(const struct question *question, const struct reverse *reverse,
	const struct aged_reply *ptr);

#endif
