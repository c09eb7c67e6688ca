#ifndef SIXWARD_APP_PASSED_H
#define SIXWARD_APP_PASSED_H

#include <stddef.h>

#include "sixward/base/addr.h"
#include "sixward/net/socket.h"

/* Sockets that the service manager has opened and passed on, found by where they are bound. They
 * stay open for as long as the table lives, whatever is listened on just now: the manager would not
 * let us open them anew. */

struct passed;

/* Takes the descriptors from `first` on over. What is nothing to listen on, and what is at none of
 * the endpoints, is closed, with a warning in the log. */
struct passed *passed_new(
	int first, size_t count, const struct endpoint *listen, size_t listen_count);
void passed_free(struct passed *passed); /* NULL is fine */

/* The socket at the endpoint for this worker, borrowed; 0 = none. Where several are at the same
 * endpoint the workers have them in turn; where they are fewer than the workers, workers share one,
 * and whoever wakes first takes what is in it. `passed` may be NULL. */
int passed_find(const struct passed *passed, enum socket_kind kind, const struct endpoint *endpoint,
	unsigned worker);

#endif
