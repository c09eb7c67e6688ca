#ifndef SIXWARD_FRONT_SHARES_H
#define SIXWARD_FRONT_SHARES_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/base/counts.h"

/* How many TCP connections there are, in all and from each address (LIM-09), over all workers:
 * taken and given back as connections come and go, never per query. Safe from every thread. */

struct shares;

#define SHARES_NONE_IDLE UINT64_MAX

/* One worker's connections among all. The owner's memory, between shares_join and shares_leave. */
struct shares_member {
	struct shares_member *next;
	_Atomic uint64_t quiet_since_ms; /* of its idlest connection */

	/* The idlest must make room: called on any thread, and sees to it that the member closes
	 * one on its own, and then calls shares_note_closed, once. */
	void (*wanted)(void *owner);
	void *owner;
};

struct shares *shares_new(uint32_t total_max, uint32_t per_client_max);
void shares_free(struct shares *shares); /* NULL is fine */

/* For a reload: connections over a lower limit stay. */
void shares_set_limits(struct shares *shares, uint32_t total_max, uint32_t per_client_max);

enum shares_verdict { SHARES_TAKEN, SHARES_ALL_USED, SHARES_CLIENT_USED };

/* Takes one for the address, or says which limit is reached. */
enum shares_verdict shares_take(struct shares *shares, const struct addr *client);

/* R7766-6.2.2-a, when all are used: takes one for the address in place of the idlest connection of
 * all members, which is told. False when none is idle, or too many have been told already. */
bool shares_take_over(struct shares *shares, const struct addr *client);
void shares_note_closed(struct shares *shares);
void shares_join(struct shares *shares, struct shares_member *member);
void shares_leave(struct shares *shares, struct shares_member *member);

/* By the member's own thread: the loop's time since when its idlest is quiet. */
void shares_publish(struct shares_member *member, uint64_t quiet_since_ms);
void shares_give(struct shares *shares, const struct addr *client);

void shares_add_counts(const struct shares *shares, struct counts *counts);

#endif
