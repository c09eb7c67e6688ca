#ifndef SIXWARD_FRONT_SHARES_H
#define SIXWARD_FRONT_SHARES_H

#include <stdint.h>

#include "sixward/base/addr.h"

/* How many TCP connections there are, in all and from each address (LIM-09), over all workers:
 * taken and given back as connections come and go, never per query. Safe from every thread. */

struct shares;

struct shares *shares_new(uint32_t total_max, uint32_t per_client_max);
void shares_free(struct shares *shares); /* NULL is fine */

/* For a reload: connections over a lower limit stay. */
void shares_set_limits(struct shares *shares, uint32_t total_max, uint32_t per_client_max);

enum shares_verdict { SHARES_TAKEN, SHARES_ALL_USED, SHARES_CLIENT_USED };

/* Takes one for the address, or says which limit is reached. */
enum shares_verdict shares_take(struct shares *shares, const struct addr *client);
void shares_give(struct shares *shares, const struct addr *client);

#endif
