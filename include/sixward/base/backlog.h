#ifndef SIXWARD_BASE_BACKLOG_H
#define SIXWARD_BASE_BACKLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lines that wait to be written, in order and within a bound. */

enum { BACKLOG_SIZE = 1 << 20 };

/* The first touch of an octet is what its memory costs. */
struct backlog {
	char octets[BACKLOG_SIZE];
	size_t start;
	size_t used;
	uint64_t dropped; /* lines that there was no room for since they were last told */
};

/* A line with its end. False: it is dropped, for there is no room; so are those after it, until
 * backlog_take_dropped has said that some are missing at this place. */
bool backlog_put(struct backlog *backlog, const char *line, size_t size);

/* Moves as many whole lines as `room` holds, which is at least that of the longest; returns their
 * octets. */
size_t backlog_take(struct backlog *backlog, char *out, size_t room);

/* How many lines were dropped, once half of the room is free again: then it is time to say so. */
uint64_t backlog_take_dropped(struct backlog *backlog);

#endif
