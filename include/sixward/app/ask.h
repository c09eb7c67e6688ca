#ifndef SIXWARD_APP_ASK_H
#define SIXWARD_APP_ASK_H

#include <stdint.h>

#include "sixward/config/config.h"
#include "sixward/resolve/query.h"

/* One question to a worker of our own, in this process, by the same code as the daemon's; asked as
 * a client on loopback would ask it. Prefixes that the config has learned or checked are learned
 * first, and checked once, for ASK_SETTLE_MS at most: what does not answer then counts as dead. */

enum { ASK_SETTLE_MS = 5000 };

/* Calls `told` once, before it returns. */
void ask(struct config *config, const uint8_t *name, uint16_t type, query_observe *told,
	void *owner);

#endif
