#ifndef SIXWARD_APP_ASK_H
#define SIXWARD_APP_ASK_H

#include <stdint.h>

#include "sixward/config/config.h"
#include "sixward/resolve/query.h"

/* Questions to a worker of our own, in this process, by the same code as the daemon's; asked as a
 * client on loopback would ask them. Prefixes that the config has learned or checked are learned
 * first, and checked once, for ASK_SETTLE_MS at most, and routers that say nothing are waited for
 * about a second. */

enum { ASK_SETTLE_MS = 5000 };

struct asker;

/* Takes a reference to the config; returns once prefixes are learned and checked. */
struct asker *asker_new(struct config *config);
void asker_free(struct asker *asker);

/* Calls `told` once, before it returns. */
void asker_ask(
	struct asker *asker, const uint8_t *name, uint16_t type, query_observe *told, void *owner);

/* Of one who has a single question. */
void ask(struct config *config, const uint8_t *name, uint16_t type, query_observe *told,
	void *owner);

#endif
