#ifndef SIXWARD_FRONT_LIMIT_H
#define SIXWARD_FRONT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/base/addr.h"

/* Token buckets per client network, /24 and /56 (ACL-b, LIM-32), over all workers. A fixed number
 * of buckets: when all are in use, the one longest idle is taken over. Safe from every thread. */

struct limit;

/* `rate` per second and network, with a burst of one second; 0 = no limit. */
struct limit *limit_new(uint32_t rate, uint32_t buckets_max);
void limit_free(struct limit *limit); /* NULL is fine */

/* For a reload: another rate begins with full buckets. */
void limit_set_rate(struct limit *limit, uint32_t rate);

/* Takes a token: 0. None left: how often the network has been refused since its last one, this
 * time included, for "alternately TC and drop". */
uint32_t limit_take(struct limit *limit, const struct addr *client, uint64_t now_ms);

#endif
