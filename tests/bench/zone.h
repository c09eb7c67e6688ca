#ifndef BENCH_ZONE_H
#define BENCH_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The zone bench.example, in which an answer is a pure function of the question, so that who asks
 * can check every one. s<n>: an A record and no AAAA. n<n>: both. t<n>: as s<n>, with a TTL of 1.
 * Nothing of sixward is used here, so that a fault of its own can't stand on both sides. */

enum {
	ZONE_TYPE_A = 1,
	ZONE_TYPE_AAAA = 28,
	ZONE_QUESTION_MAX = 48, /* octets of a question about a name with a number */
	ZONE_QUERY_MAX = 80,    /* octets of a query that zone_write_query makes */
	ZONE_ANSWER_ROOM = 384, /* octets that an answer may need */
	ZONE_HEADER = 12,       /* octets of a DNS header */
	ZONE_ADDRESS_MAX = 16,  /* octets of an AAAA record's data */
	ZONE_PREFIX = 12,       /* octets of a /96 */
	ZONE_NOERROR = 0,
	ZONE_SERVFAIL = 2,
};

/* A name with a number, and a type. */
struct wanted {
	uint64_t number;
	uint16_t type; /* ZONE_TYPE_… */
	char kind;     /* 's', 'n' or 't' */
};

/* A query's question, as found. */
struct asked {
	struct wanted wanted; /* kind is 0 if the name is none with a number */
	size_t end;           /* of the question in the message */
	size_t zone_at; /* where bench.example begins in the message; 0 if it isn't below it */
	bool is_apex;   /* bench.example itself */
	bool has_opt;
	bool wants_dnssec; /* the DO bit of its OPT */
};

/* Octets of the data that answer wanted: 4 or 16; 0 if there are none. prefix: ZONE_PREFIX octets
 * for what a DNS64 server says, NULL for what the zone itself says. */
size_t zone_data(const struct wanted *wanted, const uint8_t *prefix, uint8_t *data);

/* Returns the octets written, at most ZONE_QUERY_MAX. */
size_t zone_write_query(uint8_t *out, uint16_t id, const struct wanted *wanted, bool edns);

/* False if the message is no query with one plain question. */
bool zone_view_query(struct asked *asked, const uint8_t *message, size_t size);

/* The answer to a query that zone_view_query took; out has ZONE_ANSWER_ROOM octets. */
size_t zone_write_answer(
	uint8_t *out, const uint8_t *query, const struct asked *asked, const uint8_t *prefix);

/* An answer with one record of the question's type, or none if data_size is 0. question: that of
 * the query, after the header. */
size_t zone_write_record(uint8_t *out, uint16_t id, const uint8_t *question, size_t question_size,
	uint8_t rcode, const uint8_t *data, size_t data_size);

/* What is wrong with the answer to a question; NULL if it is right: question the same to the letter
 * case, NOERROR, not truncated, one record and that with this data. */
const char *zone_judge(const uint8_t *message, size_t size, const uint8_t *question,
	size_t question_size, const uint8_t *data, size_t data_size);

/* The first answer record of that type in a reply to a question of that size: its data's octets,
 * and where they are; NULL if there is none. */
const uint8_t *zone_find_data(const uint8_t *message, size_t size, size_t question_size,
	uint16_t type, size_t *data_size);

/* Two octets, the higher first. */
uint16_t zone_get16(const uint8_t *at);
void zone_put16(uint8_t *at, uint16_t value);

#endif
