#ifndef SIXWARD_BASE_REPEATS_H
#define SIXWARD_BASE_REPEATS_H

#include "sixward/base/log_line.h"

/* Lines that were written lately, so that the same one is not written for ever. A zeroed struct
 * knows none. */

enum {
	REPEATS_LINES = 64,  /* told apart at once; what is beyond them is written as it comes */
	REPEATS_MS = 10000,  /* from the first of a line until it is told how often it came */
	REPEATS_WRITTEN = 3, /* of each line within that time: what is down, up and down again is
				seen to be so */
};

struct repeat {
	char *octets; /* NULL: free */
	size_t size;
	size_t start;
	enum log_format format;
	unsigned written;
	uint64_t held;
	uint64_t due_ms;
};

struct repeats {
	struct repeat items[REPEATS_LINES];
	uint64_t due_ms; /* of the first of them; 0 = to be looked for */
};

void repeats_clear(struct repeats *repeats);

/* Whether the line, which is new otherwise, is held back and counted. */
bool repeats_hold(struct repeats *repeats, const struct log_line *line, uint64_t now_ms);

/* One line that was held back, and with its count, once its time is over; false: none. To be called
 * until it says so. */
bool repeats_take(struct repeats *repeats, uint64_t now_ms, struct log_line *line);

/* When there may be something to take; UINT64_MAX = never. */
uint64_t repeats_due_ms(const struct repeats *repeats);

#endif
