#ifndef SIXWARD_FRONT_UDP_LISTENER_H
#define SIXWARD_FRONT_UDP_LISTENER_H

#include "sixward/front/gate.h"

/* Datagrams to requests, answers back from the address that was asked. */

struct udp_listener_options {
	struct endpoint endpoint;
	bool shared; /* another worker has the same endpoint */
	int passed;  /* a socket that is bound there already (net/socket); 0 = none */
};

struct udp_listener;

/* NULL, with a negative errno in `*error`. */
struct udp_listener *udp_listener_new(struct loop *loop, const struct udp_listener_options *options,
	struct gate *gate, struct resolver *resolver, int *error);
void udp_listener_free(struct udp_listener *listener); /* its requests end without answers */

/* For a reload: the socket lives on. */
void udp_listener_set_gate(struct udp_listener *listener, struct gate *gate);

/* For stopping in order: takes no more queries; those in progress are still answered. */
void udp_listener_quiesce(struct udp_listener *listener);

/* For an endpoint that is given up: takes the queries that have come so far, and no more. All have
 * been answered once it is idle. */
void udp_listener_finish(struct udp_listener *listener);
bool udp_listener_is_idle(const struct udp_listener *listener);

#endif
