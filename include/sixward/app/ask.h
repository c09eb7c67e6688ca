#ifndef SIXWARD_APP_ASK_H
#define SIXWARD_APP_ASK_H

#include <stdint.h>

#include "sixward/config/config.h"
#include "sixward/resolve/query.h"

/* One question to a worker of our own, in this process, by the same code as the daemon's; asked as
 * a client on loopback would ask it. */

/* Calls `told` once, before it returns. */
void ask(struct config *config, const uint8_t *name, uint16_t type, query_observe *told,
	void *owner);

#endif
