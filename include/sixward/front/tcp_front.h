#ifndef SIXWARD_FRONT_TCP_FRONT_H
#define SIXWARD_FRONT_TCP_FRONT_H

#include "sixward/front/gate.h"

/* Connections to requests: pipelined, answered in any order, limited in number, idle time and
 * what they may have in progress (protocol.md 14.2). One per worker, over all its endpoints, so
 * that the limits hold for all of them together. */

struct tcp_front_options {
	const struct endpoint *endpoints; /* borrowed for the call */
	size_t endpoint_count;
	bool shared;
	uint32_t connections_max; /* this worker's share of LIM-09 */
	uint32_t per_client_max;  /* from one address (LIM-09) */
	uint64_t idle_ms;         /* LIM-10 */
	uint64_t stall_ms;        /* LIM-11 */
	uint32_t pipeline_max;    /* LIM-12 */
};

struct tcp_front;

/* NULL, with a negative errno in `*error` and the endpoint that failed in `*failed`. */
struct tcp_front *tcp_front_new(struct loop *loop, const struct tcp_front_options *options,
	struct gate *gate, struct resolver *resolver, int *error, struct endpoint *failed);
void tcp_front_free(struct tcp_front *front);

/* For a reload: endpoints that stay keep their sockets, connections live on. False as above:
 * then nothing has changed. */
bool tcp_front_set_options(struct tcp_front *front, const struct tcp_front_options *options,
	struct gate *gate, int *error, struct endpoint *failed);
void tcp_front_add_counts(struct tcp_front *front, struct counts *counts);

/* Takes no more connections or queries; what is in progress is still answered. */
void tcp_front_quiesce(struct tcp_front *front);

#endif
