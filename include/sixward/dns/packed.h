#ifndef SIXWARD_DNS_PACKED_H
#define SIXWARD_DNS_PACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/reply.h"

/* A reply in as few octets as it has news in: owners as parts of the name asked for, what is usual
 * as nothing. Unpacked, it has the same records, facts, extended errors and order, letter for
 * letter (R4343-4-a). */

enum {
	PACKED_SIZE_MAX = 1024,
	PACKED_RECORDS_MAX = 64,
	PACKED_PIECES_MAX = 4,
	PACKED_PIECE_MAX = 512
};

/* A record that other replies of the same zone most likely have as well (its SOA, its NS and their
 * RRSIGs), but for section and TTL: kept apart, so that it may be kept once for all. */
struct packed_piece {
	const uint8_t *octets;
	size_t size;
};

struct packed {
	size_t size;
	size_t piece_count;
	struct packed_piece pieces[PACKED_PIECES_MAX];
	uint8_t octets[PACKED_SIZE_MAX];
	uint8_t piece_octets[PACKED_PIECES_MAX * PACKED_PIECE_MAX]; /* room for them */
};

/* `name` is the lower-cased name that the reply is for. False: it is too large to be packed. The
 * pieces lie in `packed`, which may not be moved. */
bool packed_make(struct packed *packed, const uint8_t *name, const struct reply *reply);

/* The reply anew, the caller's. Name, octets and pieces are those of packed_make, wherever they
 * were kept. */
struct reply *packed_open(const struct packed *packed, const uint8_t *name);

#endif
