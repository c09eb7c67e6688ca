#ifndef SIXWARD_DNS_WIRE_H
#define SIXWARD_DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/name.h"
#include "sixward/dns/numbers.h"

/* A bounded view over one raw message: header, question, EDNS and records, without
 * allocation. Views borrow the octets. */

enum {
	WIRE_HEADER_SIZE = 12,
	WIRE_MESSAGE_MAX = 65535,
	WIRE_UDP_MIN = 512,        /* UDP-a */
	WIRE_UDP_ADVERTISED = 1232 /* LIM-22 */
};

enum wire_section { SECTION_ANSWER, SECTION_AUTHORITY, SECTION_ADDITIONAL };

struct wire_edns {
	bool present;
	bool dnssec_ok;
	uint8_t version;
	uint8_t rcode_high; /* upper 8 bits of the extended RCODE */
	uint16_t udp_size;  /* as received */
	const uint8_t *options;
	size_t options_size;
};

struct wire {
	const uint8_t *octets;
	size_t size;
	uint16_t id;
	uint16_t flags; /* the whole second word: flags, opcode, RCODE */
	uint16_t question_count;
	uint16_t record_counts[3]; /* by section */

	/* After wire_view_question. */
	const uint8_t *question_name; /* in the message, uncompressed */
	size_t question_size;         /* name, type and class */
	uint16_t question_type;
	uint16_t question_class;

	/* After wire_view_records. */
	struct wire_edns edns;
	bool is_signed; /* a TSIG, or a SIG(0), closes the additional section */
};

struct wire_record {
	enum wire_section section;
	size_t owner_at; /* may be compressed: name_read */
	size_t rdata_at;
	uint32_t ttl;
	uint16_t type;
	uint16_t rclass;
	uint16_t rdata_size;
};

enum wire_fault {
	WIRE_OK,
	WIRE_BAD_QUESTION, /* MAL-09 */
	WIRE_BAD_RECORD,   /* MAL-11 */
	WIRE_BAD_OPT,      /* two, owner not the root, or in the wrong section: MAL-13 */
	WIRE_BAD_OPTIONS   /* an option beyond RDLEN: MAL-14; edns is filled in all the same */
};

/* Reads the header alone; false when there are fewer than 12 octets. */
bool wire_view(struct wire *wire, const uint8_t *octets, size_t size);
uint8_t wire_opcode(const struct wire *wire);

/* The RCODE with the upper bits of a present OPT. */
uint16_t wire_rcode(const struct wire *wire);

/* Reads the first question; question_count is at least 1. */
enum wire_fault wire_view_question(struct wire *wire);

/* Walks all records behind the question(s) once, bounds checked, and fills `edns`.
 * Octets behind the last record are ignored (MAL-12). */
enum wire_fault wire_view_records(struct wire *wire);

/* The next record: `*at` starts as 0; false at the end or at a fault. */
struct wire_walk {
	size_t at;
	uint32_t index;
};
bool wire_next(const struct wire *wire, struct wire_walk *walk, struct wire_record *record);

/* wire_view_records that writes the first `room` records down: `walk->index` of them; wire_next
 * goes on behind them. */
enum wire_fault wire_list_records(
	struct wire *wire, struct wire_record *records, size_t room, struct wire_walk *walk);

struct wire_option {
	uint16_t code;
	uint16_t size;
	const uint8_t *octets;
};

/* The option at `*at` of the OPT (starts at 0); false at the end or at a fault. */
bool wire_next_option(const struct wire_edns *edns, size_t *at, struct wire_option *option);

/* The first option with that code. */
bool wire_find_option(const struct wire_edns *edns, uint16_t code, struct wire_option *option);

struct wire_query_form {
	const uint8_t *name;
	uint16_t type;
	uint16_t rclass;
	uint16_t id;
	bool cd;
	bool ad;        /* R4035-4.6-b: ask a trusted upstream for its AD bit */
	bool edns;      /* OPT with DO=1 and WIRE_UDP_ADVERTISED (SEC-4035-3.2.1) */
	bool keepalive; /* R7766-6.2.3-b: TCP only */
};

/* An upstream query: RD=1, Z=0, one question (UPS-e). Returns its size; `room` is at
 * least WIRE_QUERY_MAX. */
enum { WIRE_QUERY_MAX = WIRE_HEADER_SIZE + NAME_SIZE_MAX + 4 + 11 + 4 };
size_t wire_encode_query(const struct wire_query_form *form, uint8_t *out, size_t room);

#endif
