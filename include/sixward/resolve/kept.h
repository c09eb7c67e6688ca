#ifndef SIXWARD_RESOLVE_KEPT_H
#define SIXWARD_RESOLVE_KEPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/table.h"
#include "sixward/dns/packed.h"
#include "sixward/resolve/finished.h"

/* All that is kept for one name (of one class, CD and scope), in one piece of memory: facts of
 * every type, and finished answers. The cache's, which holds its lock. */

enum {
	KEPT_FACTS_MAX = 16, /* whoever asks for every type of a name gets no more memory */
	KEPT_FINISHED_MAX = 4,
	KEPT_HITS_MAX = 3
};

enum kept_kind { KEPT_PACKED, KEPT_REPLY, KEPT_FINISHED };

/* Stands every four octets in `octets`, behind the name. */
struct kept_item {
	uint16_t size; /* of all of it */
	uint8_t kind : 2;
	uint8_t hits : 2;     /* since stored, as far as KEPT_HITS_MAX */
	uint8_t is_told : 1;  /* that it wants to be refreshed */
	uint8_t is_alias : 1; /* there is a CNAME at the name */
	uint8_t is_data : 1;
	uint8_t piece_count;
};

/* Behind it pointers to its pieces, then a packed reply; or a pointer to a reply. */
struct kept_fact {
	struct kept_item item;
	uint16_t type;
	uint16_t stored_high; /* of the milliseconds when it was stored, */
	uint32_t stored_low;
	uint32_t lifetime_s;
};

/* One piece, for all facts that have it. */
struct kept_piece {
	struct table_link link;
	uint32_t references;
	uint32_t size;
	uint8_t octets[];
};

struct kept {
	struct table_link link;
	struct kept *newer, *older; /* in the order stored */
	uint64_t scope;
	uint32_t edition; /* of its facts */
	uint16_t room;    /* for octets */
	uint16_t used;
	uint16_t rclass;
	uint8_t name_size;
	uint8_t cd : 1;
	uint8_t is_visited : 1; /* since the hand passed */
	uint8_t octets[];       /* the name, then items */
};

/* Memory of its own for a name and so many octets of items, zeroed; and what the heap holds
 * for it. The largest that there may be is KEPT_OCTETS_MAX. */
enum { KEPT_OCTETS_MAX = 48 * 1024 };
size_t kept_octets(size_t name_size, size_t items_size);
struct kept *kept_new(size_t octets);
size_t kept_memory(const struct kept *kept);

/* Takes over all that `from` has; links are the cache's. */
void kept_move(struct kept *kept, struct kept *from);

/* Items one after the other: NULL before the first and behind the last. Facts may be changed. */
struct kept_item *kept_next(struct kept *kept, const struct kept_item *item);
struct kept_fact *kept_fact(struct kept_item *item); /* NULL: it is a finished answer */
struct kept_fact *kept_find(struct kept *kept, uint16_t type);

/* What items take, each. */
size_t kept_step(size_t size);

/* Room for one at the end, which there must be; the caller fills it. */
void *kept_append(struct kept *kept, size_t size);

/* Returns what comes after it, for going on. */
struct kept_item *kept_remove(struct kept *kept, struct kept_item *item);

void kept_set_stored(struct kept_fact *fact, uint64_t now_ms);
uint64_t kept_stored_ms(const struct kept_fact *fact);
uint64_t kept_end_ms(const struct kept_fact *fact);

/* LIM-37: from when on it is near its end. */
uint64_t kept_refresh_ms(const struct kept_fact *fact);
bool kept_is_live(struct kept *kept, uint64_t now_ms); /* any of its facts */

/* Whether a fact of type `fact` may go into an answer to `asked`: of AAAA and A both do. */
bool kept_concerns(uint16_t fact, uint16_t asked);

/* The pieces, packed octets and the reply of a fact; its size with those. */
size_t kept_fact_size(size_t pointers, size_t octets);
struct kept_piece *kept_piece(const struct kept_fact *fact, size_t index);
void kept_set_piece(struct kept_fact *fact, size_t index, const struct kept_piece *piece);
uint8_t *kept_packed(struct kept_fact *fact, size_t *size);
struct reply *kept_reply(const struct kept_fact *fact); /* NULL: it is packed */
void kept_set_reply(struct kept_fact *fact, const struct reply *reply);

/* R2308-5-b: the NXDOMAIN of a name stands under a type that nobody can ask for (MAL-21), and so
 * answers all. */
enum { KEPT_TYPE_DENIED = TYPE_OPT };

#endif
