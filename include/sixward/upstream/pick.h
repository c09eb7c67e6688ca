#ifndef SIXWARD_UPSTREAM_PICK_H
#define SIXWARD_UPSTREAM_PICK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/upstream/health.h"

/* Which server next, given what we believe of each. */

struct pick_candidate {
	enum health_state state;
	bool is_known;       /* its speed is */
	bool is_tried;       /* by this question */
	bool wants_probe;    /* its hold is over */
	uint32_t smoothed;   /* response time, any unit */
	uint64_t replied_ms; /* last reply; 0 = none */
};

#define PICK_NONE SIZE_MAX

/* The best that this question has not tried: those that answer before those that are silent,
 * then the fastest (`by_speed`) or the first listed. Held ones only if `desperate`, or if all
 * are held, for then none counts as held (R2308-7.2-a). PICK_NONE if there is none. */
size_t pick_find(
	const struct pick_candidate *candidates, size_t count, bool by_speed, bool desperate);

/* An untried one whose hold is over, to be asked beside the one picked. */
size_t pick_find_probe(const struct pick_candidate *candidates, size_t count);

/* An untried one that answers, to be measured beside the one picked: one of unknown speed, else
 * the one not heard of for longest. */
size_t pick_find_unmeasured(const struct pick_candidate *candidates, size_t count);

#endif
