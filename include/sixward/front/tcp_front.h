#ifndef SIXWARD_FRONT_TCP_FRONT_H
#define SIXWARD_FRONT_TCP_FRONT_H

#include "sixward/front/gate.h"
#include "sixward/front/shares.h"

/* Connections to requests: pipelined, answered in any order, limited in number, idle time and
 * what they may have in progress (protocol.md 14.2). One per worker, over all its endpoints, so
 * that the idlest of them all can be found. */

enum {
	TCP_FRONT_PIPELINE_MAX = 128, /* LIM-12 */
	TCP_FRONT_STALL_MS = 10000    /* LIM-11 */
};

struct tcp_front_options {
	uint64_t idle_ms;      /* LIM-10 */
	struct shares *shares; /* LIM-09; of all workers */
	struct gate *gate;
};

struct tcp_front;

struct tcp_front *tcp_front_new(
	struct loop *loop, const struct tcp_front_options *options, struct resolver *resolver);
void tcp_front_free(struct tcp_front *front); /* closes everything at once; NULL is fine */

/* For a reload: used from now on, by connections that are open too. */
void tcp_front_set_options(struct tcp_front *front, const struct tcp_front_options *options);

/* Starts to listen; 0 or a negative errno. `shared`: other workers do so too. `passed`: a socket
 * that listens there already (net/socket); 0 = none. */
int tcp_front_listen(
	struct tcp_front *front, const struct endpoint *endpoint, bool shared, int passed);

/* Stops listening there; its connections stay, those included that just wait to be accepted. */
void tcp_front_unlisten(struct tcp_front *front, const struct endpoint *endpoint);
void tcp_front_add_counts(struct tcp_front *front, struct counts *counts);

/* Takes no more connections or queries; what is in progress is still answered. */
void tcp_front_quiesce(struct tcp_front *front);

#endif
