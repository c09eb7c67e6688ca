#ifndef SIXWARD_APP_OPENINGS_H
#define SIXWARD_APP_OPENINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/app/passed.h"
#include "sixward/front/gate.h"
#include "sixward/front/tcp_front.h"

/* The endpoints of `listen` at which one worker has sockets, UDP and TCP at each. One that is
 * listed no more takes nothing new, and goes once all that has come there is answered: a reload
 * loses no query. */

struct openings;

/* All borrowed. */
struct openings_options {
	struct loop *loop;
	struct gate *gate;
	struct resolver *resolver;
	struct tcp_front *tcp;
	const struct passed *passed; /* NULL = every socket is opened here */
	unsigned worker;             /* its number, for sockets that were passed */
	bool is_alone;               /* no other worker has sockets at the same endpoints */
};

struct openings *openings_new(const struct openings_options *options);
void openings_free(struct openings *openings); /* NULL is fine; before the TCP front */

/* Opens what is listed and not open yet, and closes the others: sockets that stay keep what is in
 * them. False: `*failed` and `*error` (negative errno) say what could not be had; the others are
 * open. */
bool openings_set(struct openings *openings, const struct endpoint *listen, size_t count,
	struct endpoint *failed, int *error);

/* For a reload. */
void openings_set_gate(struct openings *openings, struct gate *gate);

/* No more datagrams are taken; what is in progress is still answered. */
void openings_quiesce(struct openings *openings);

#endif
