#ifndef SIXWARD_DNS_OPT_H
#define SIXWARD_DNS_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/failure.h"

/* The OPT record of a response, to its octets (protocol.md 12). */

enum {
	ANSWER_COOKIE_MAX = 40,
	ANSWER_NSID_MAX = 128,
	OPT_EDES_MAX = EDE_COUNT_MAX * (4 + 2 + EDE_TEXT_MAX)
};

/* What it holds besides extended errors; a zeroed one is no OPT (R6891-6.1.1-a). The cookie is
 * read only as far as `cookie_size`. */
struct answer_edns {
	bool present;
	bool dnssec_ok; /* copied from the query (R6840-5.6-a) */
	bool has_keepalive;
	uint16_t keepalive;  /* units of 100 ms (R7828-3.3.2-a) */
	uint8_t cookie_size; /* 0 = none; client and server cookie together */
	const char *nsid;    /* NULL = none; borrowed */
	uint8_t cookie[ANSWER_COOKIE_MAX];
};

/* How much of the extended errors goes along (R8914-3-a). */
enum ede_level { EDES_WHOLE, EDES_CODES, EDES_NONE };

/* As options, at most OPT_EDES_MAX octets. `edes` may be NULL. */
size_t opt_size_edes(const struct ede_list *edes, enum ede_level level);
size_t opt_encode_edes(const struct ede_list *edes, enum ede_level level, uint8_t *out);

/* With that many octets of extended errors; 0 without OPT. */
size_t opt_size(const struct answer_edns *edns, size_t edes_size);

/* `rcode` gives its upper bits. Writes and returns opt_size octets. */
size_t opt_encode(const struct answer_edns *edns, uint16_t rcode, const uint8_t *edes,
	size_t edes_size, uint8_t *out);

#endif
