#ifndef SIXWARD_DNS_MESSAGE_H
#define SIXWARD_DNS_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/reply.h"

/* The door to ldns: upstream messages taken apart, and presentation format. */

struct message_rules {
	uint32_t ttl_min;          /* s; 0 = none (CCH-d) */
	uint32_t ttl_max;          /* LIM-23 */
	uint32_t negative_ttl_max; /* LIM-24 */
	uint8_t links_max;         /* LIM-20 */
	bool trust_ad;
};

enum message_result {
	MESSAGE_REPLY,   /* RCODE 0, 3 or 6: `*reply` is the caller's */
	MESSAGE_RCODE,   /* another RCODE: `*failure` says which, with the upstream's EDEs */
	MESSAGE_LAME,    /* a referral, or RA=0 without data, chain, or an AA=1 denial with SOA */
	MESSAGE_GARBAGE, /* UPR-04, UPR-08, UPR-09 */
	MESSAGE_LOOP     /* the chain loops or is too long (D64-5.1.5-g) */
};

/* Takes a whole response apart, whose header and question matched already and whose TC is
 * 0, and puts it in order: chain followed from QNAME, a CNAME made for a DNAME without one
 * (D64-5.1.5-e), what is off the chain dropped (UPR-07), TTLs levelled and capped. */
enum message_result message_decode(const uint8_t *octets, size_t size,
	const struct question *question, const struct message_rules *rules, struct reply **reply,
	struct failure *failure);

/* One record in zone-file syntax ("name ttl class type rdata", TTL and class may be missing:
 * `default_ttl`, IN). Owner and RDATA are stored in `storage`, which has room for
 * MESSAGE_RECORD_MAX. On error false, and `*error` says what is wrong (static text). */
enum { MESSAGE_RECORD_MAX = NAME_SIZE_MAX + 65535 };
bool message_parse_record(const char *line, uint32_t default_ttl, struct record *record,
	uint8_t *storage, const char **error);

/* A record in presentation format; the caller frees the text. Never NULL: what ldns cannot
 * print comes in RFC 3597 form. */
char *message_format_record(const struct record *record);

/* "AAAA", "TYPE65280" and back. `text` gets MESSAGE_TYPE_TEXT_MAX octets. */
enum { MESSAGE_TYPE_TEXT_MAX = 16 };
bool message_parse_type(const char *text, uint16_t *type);
char *message_format_type(uint16_t type, char text[MESSAGE_TYPE_TEXT_MAX]);

/* "NOERROR", … or "RCODE17"; `text` as above. */
char *message_format_rcode(uint16_t rcode, char text[MESSAGE_TYPE_TEXT_MAX]);

#endif
