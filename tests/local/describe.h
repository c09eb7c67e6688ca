#ifndef SIXWARD_TESTS_LOCAL_DESCRIBE_H
#define SIXWARD_TESTS_LOCAL_DESCRIBE_H

#include "sixward/dns/reply.h"

/* A question of class IN. */
struct question ask(const char *name, uint16_t type);

/* "NOERROR DATA; owner TTL IN TYPE rdata; authority owner …", or "none" for NULL. Takes the
 * reply over; lent until the next call. */
const char *describe(struct reply *reply);

#endif
