#ifndef SIXWARD_APP_REACH_H
#define SIXWARD_APP_REACH_H

#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/net/loop.h"

/* Whether endpoints can be reached over TCP just now: connects to all of them at once, closes what
 * connects at once, and sends nothing. */

enum { REACH_MAX = 64, REACH_TIMEOUT_MS = 2000 };

enum reach_result {
	REACH_SILENT, /* nothing came back within the timeout */
	REACH_CONNECTED,
	REACH_REFUSED,     /* there is somebody, but not at this port */
	REACH_NO_ROUTE,    /* this host knows no way there, or a router says that it does not */
	REACH_UNREACHABLE, /* somebody on the way says that it cannot or may not be reached */
};

struct reach {
	struct endpoint peer; /* the caller's; the rest is filled in */
	enum reach_result result;
	int error; /* negative errno; 0 = connected */
	uint64_t took_ms;
};

/* Tries all, REACH_MAX at most, and returns when each has its result. Runs the loop, which has to
 * be fresh: what else is on it runs as well. */
void reach_try(struct loop *loop, struct reach *tries, size_t count, uint64_t timeout_ms);

/* Puts what connected first, the fastest first of all, and leaves the rest in order behind it.
 * Returns how many connected. */
size_t reach_sort(struct reach *tries, size_t count);

#endif
