#ifndef SIXWARD_DNS_CHAIN_H
#define SIXWARD_DNS_CHAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/question.h"
#include "sixward/dns/rrset.h"

/* The records of one response put in order: the alias chain from QNAME (each DNAME before its
 * CNAME), the RRset asked for, authority, additional; each RRset with its RRSIGs. */

enum chain_result {
	CHAIN_FINE,
	CHAIN_CONFLICT, /* UPR-08 */
	CHAIN_LOOP      /* or more links than allowed (D64-5.1.5-g) */
};

struct chain_made;

struct chain {
	struct record *records;
	size_t count;
	const uint8_t *terminal; /* the last name; lent by the question or by a record */
	uint32_t links;
	uint16_t rcode; /* as given, or YXDOMAIN (D64-5.1.5-e) */
	bool has_data;  /* the RRset asked for is there */
	struct chain_made *made;
	struct record first_records[RRSETS_INLINE];
};

/* A chain may not be moved once it is made. For records of our own making: nothing is dropped but
 * duplicates, nothing is judged. */
void chain_arrange(struct chain *chain, const struct question *question, uint16_t rcode,
	const struct record *records, size_t count);

/* For records from outside. Also drops what the question did not ask for (UPR-07, UPR-10,
 * R2308-2.1-b), and makes the CNAME that a DNAME lacks (D64-5.1.5-e). */
enum chain_result chain_scrub(struct chain *chain, const struct question *question, uint16_t rcode,
	const struct record *records, size_t count, uint8_t links_max);

/* Accepts a chain whose `records` and `made` are NULL. The records it was made of are not its own.
 */
void chain_clear(struct chain *chain);

#endif
