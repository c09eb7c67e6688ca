#ifndef SIXWARD_FRONT_LIMIT_H
#define SIXWARD_FRONT_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/base/addr.h"

/* Token buckets per client network, /24 and /56 (ACL-b, LIM-32). A fixed number of buckets:
 * when all are in use, the one longest idle is taken over. */

struct limit;

/* `rate` per second and network, with a burst of one second; 0 = no limit. */
struct limit *limit_new(uint32_t rate, uint32_t buckets_max);
void limit_free(struct limit *limit);

/* Takes one token; false: none left. */
bool limit_take(struct limit *limit, const struct addr *client, uint64_t now_ms);

/* How many were refused for this network since its last token: for "alternately TC and drop". */
uint32_t limit_refused(const struct limit *limit, const struct addr *client);

#endif
