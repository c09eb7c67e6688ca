#ifndef SIXWARD_DNS_FAILURE_H
#define SIXWARD_DNS_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

/* Why a question got no useful answer (a resolution failure), and the extended
 * DNS errors (RFC 8914) that travel with answers and failures, as values. */

enum {
	EDE_TEXT_MAX = 64, /* LIM-30, octets without NUL */
	EDE_COUNT_MAX = 3
};

enum ede_code {
	EDE_OTHER = 0,
	EDE_STALE = 3,
	EDE_FORGED = 4,
	EDE_CACHED_ERROR = 13,
	EDE_NOT_READY = 14,
	EDE_PROHIBITED = 18,
	EDE_STALE_NXDOMAIN = 19,
	EDE_NOT_AUTHORITATIVE = 20,
	EDE_NOT_SUPPORTED = 21,
	EDE_NO_REACHABLE_AUTHORITY = 22,
	EDE_NETWORK_ERROR = 23,
	EDE_SYNTHESIZED = 29
};

struct ede {
	uint16_t code;
	char text[EDE_TEXT_MAX + 1];
};

struct ede_list {
	struct ede items[EDE_COUNT_MAX];
	uint8_t count;
};

/* Adds unless full or the code is there already. `text` may be NULL; cut to
 * EDE_TEXT_MAX octets at a UTF-8 boundary. */
void ede_add(struct ede_list *list, uint16_t code, const char *text);

/* The same with text that is not NUL-terminated, after `prefix` (may be ""). Octets
 * that are not UTF-8, and control octets, become '?'; NULs at the end are dropped. */
void ede_add_octets(struct ede_list *list, uint16_t code, const char *prefix, const uint8_t *octets,
	uint16_t size);

/* Codes 5 to 12, 25 and 27: the upstream's validation failed (D64-5.5-nvb). */
bool ede_is_dnssec(uint16_t code);

enum failure_cause {
	FAILURE_NONE,
	FAILURE_TIMEOUT,    /* no answer from any upstream */
	FAILURE_NETWORK,    /* unreachable, refused, reset */
	FAILURE_GARBAGE,    /* answers that could not be used */
	FAILURE_RCODE,      /* an RCODE other than 0 and 3, or a lame answer (then REFUSED) */
	FAILURE_CHAIN,      /* an alias loop, or too long a chain (D64-5.1.5-g) */
	FAILURE_LIMIT,      /* a limit of this server was hit */
	FAILURE_NO_UPSTREAM /* there is nobody to ask (yet) */
};

struct failure {
	enum failure_cause cause;
	uint16_t rcode;       /* for FAILURE_RCODE */
	struct ede_list edes; /* the upstream's, re-made with "upstream: " (R8914-3-c) */
};

/* Whether it carries a DNSSEC error: final, and never synthesized over. */
bool failure_is_dnssec(const struct failure *failure);

#endif
