#ifndef SIXWARD_RESOLVE_CROWD_H
#define SIXWARD_RESOLVE_CROWD_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/base/addr.h"
#include "sixward/base/table.h"

/* How many requests in progress each client has, and whose share is the largest (MAL-29); each
 * step takes the same short time, however many there are. */

struct crowd {
	struct table clients;
	size_t *sizes;    /* by share: how many clients have it; NULL until the first joins */
	size_t sizes_max; /* the largest share that `sizes` has room for */
	size_t largest;
};

struct crowd_client;

void crowd_init(struct crowd *crowd);
void crowd_clear(struct crowd *crowd); /* after all have left */

/* One request more; what is returned leaves with it. The owner bounds the requests. */
struct crowd_client *crowd_join(struct crowd *crowd, const struct addr *addr);
void crowd_leave(struct crowd *crowd, struct crowd_client *client);

/* Whether no other client has more in progress than this one. */
bool crowd_is_largest(const struct crowd *crowd, const struct addr *addr);

#endif
