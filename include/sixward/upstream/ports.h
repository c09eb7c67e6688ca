#ifndef SIXWARD_UPSTREAM_PORTS_H
#define SIXWARD_UPSTREAM_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/base/entropy.h"
#include "sixward/net/loop.h"
#include "sixward/net/udp.h"
#include "sixward/upstream/tally.h"

/* Connected sockets to one server, on ports that nobody outside can guess (R5452-9.2-a,
 * LIM-36). Opened as questions ask for them, used by a few at once, replaced after limited
 * use. Whoever waits at a port for a reply is kept here, and understood by exchange. */

enum {
	PORTS_MAX = 128,
	PORTS_LANES = 2, /* each with half of the ports: AAAA and A of a request never share one */
	PORTS_LANE_MAX = PORTS_MAX / PORTS_LANES,
	PORT_USES_MAX = 256,
	PORT_AGE_MAX = 60000, /* ms */
	PORT_SHARED_MAX = 32, /* questions of one turn that leave from one port */
	PORT_BUCKETS = 16
};

struct exchange;
struct ports;

struct port {
	struct ports *ports;
	struct udp *udp;
	struct exchange *waiting[PORT_BUCKETS]; /* by id */
	size_t waiting_count;
	uint64_t opened_ms;
	uint16_t number;
	uint16_t uses;
	bool is_retired; /* gone once nobody waits at it */
	bool is_held;
	bool is_freed;     /* while held */
	struct port *next; /* of the retired */
};

struct ports_options {
	struct loop *loop;
	struct entropy *entropy;
	struct tally *tally; /* all borrowed */
	struct endpoint server;
	udp_received *received; /* with the port as owner */
	udp_failed *failed;
};

struct ports *ports_new(const struct ports_options *options);

/* Whoever waits is forgotten, not told; may be called from the ports' callbacks. NULL is fine. */
void ports_free(struct ports *ports);
const struct endpoint *ports_server(const struct ports *ports);
struct entropy *ports_entropy(struct ports *ports);
struct tally *ports_tally(struct ports *ports);

/* A port of that lane for one question. NULL, and a negative errno in `*error`, if none can be
 * had. */
struct port *ports_take(struct ports *ports, unsigned lane, uint64_t now_ms, int *error);

/* Takes a port out of use; it goes when nobody waits at it. */
void port_retire(struct port *port);

/* One waits less; may free the port. */
void port_leave(struct port *port);

/* Between them the struct stays, whatever is freed: for a walk along those who wait. */
void port_hold(struct port *port);
void port_release(struct port *port);

/* The open port of that number; NULL if there is none. */
struct port *ports_find(const struct ports *ports, uint16_t number);

#endif
