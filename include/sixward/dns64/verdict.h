#ifndef SIXWARD_DNS64_VERDICT_H
#define SIXWARD_DNS64_VERDICT_H

#include <stdbool.h>

/* Facts about a request in, one verdict out: the tables of protocol.md section 5. */

enum found {
	FOUND_PENDING,  /* no word yet */
	FOUND_DATA,     /* AAAA: at least one, all usable; A: at least one that can be mapped */
	FOUND_MIXED,    /* AAAA: usable and excluded ones */
	FOUND_UNUSABLE, /* AAAA: only excluded ones; A: none that can be mapped */
	FOUND_NODATA,
	FOUND_NXDOMAIN,
	FOUND_FAILURE, /* an RCODE other than 0 and 3, lately or now; no useful answer */
	FOUND_FINAL,   /* a failure that nothing may be made of: a DNSSEC error, an alias loop */
	FOUND_LATE     /* no answer in the time there was */
};

struct facts {
	bool raw;               /* CD=1, class not IN, or DNS64 off for client, zone or name */
	bool ignores_aaaa;      /* "always synthesize" (D64-5.1.1-b) */
	bool appends;           /* synthesized AAAA follow native ones (D64-5.1.1-b) */
	bool aaaa_error_passes; /* aaaa-error: pass */
	bool aaaa_is_stale;     /* what is known of AAAA has expired (row 19) */
	enum found aaaa;
	enum found a;
};

enum verdict {
	VERDICT_WAIT,        /* for what is FOUND_PENDING */
	VERDICT_RELAY_AAAA,  /* the AAAA reply as received, or its failure */
	VERDICT_FILTER_AAAA, /* its usable records only (row 2) */
	VERDICT_SYNTHESIZE,
	VERDICT_APPEND, /* the usable AAAA, then synthesized ones (append-aaaa) */
	VERDICT_EMPTY,  /* NOERROR without AAAA, on the base of the A reply (row 4) */
	VERDICT_RELAY_A /* the A look-up's NXDOMAIN or failure (rows 8 to 10, 14, 15) */
};

/* The answer to an AAAA question. Waits only for what can still change it. */
enum verdict verdict_decide(const struct facts *facts);

/* Whether there is an answer, and A is waited for only to be appended to it. */
bool verdict_waits_to_append(const struct facts *facts);

/* Whether that answer holds at least one AAAA; false for VERDICT_WAIT. */
bool verdict_has_aaaa(const struct facts *facts, enum verdict verdict);

enum hide_verdict { HIDE_WAIT, HIDE_RELAY, HIDE_REMOVE };

/* The mirror: the answer to an A question under hide-a (rows H1 to H4). `has_a`: the A reply
 * holds A records at all, mappable or not; read only when facts->a is not FOUND_PENDING. */
enum hide_verdict verdict_decide_hide(const struct facts *facts, bool has_a, bool always);

#endif
