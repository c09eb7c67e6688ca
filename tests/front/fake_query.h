#ifndef SIXWARD_TESTS_FRONT_FAKE_QUERY_H
#define SIXWARD_TESTS_FRONT_FAKE_QUERY_H

#include "sixward/resolve/query.h"

/* A stand-in behind resolve/query.h. The first letter of the name asked says what becomes of a
 * query: n(ow), w(ait) until the test answers, d(rop). An answer is the query's header with QR,
 * then octets up to its size. */

enum { FAKE_WAITING_MAX = 512 };

struct resolver {
	size_t answer_size; /* at least a header */
	size_t started;
	size_t cancelled;
	size_t waiting_count;
	struct query *waiting[FAKE_WAITING_MAX]; /* in the order started */
	struct origin origin;                    /* of the last one */
	size_t limit;
};

/* Answers the waiting one with that number; those behind it move up. */
void fake_answer(struct resolver *resolver, size_t number);

#endif
