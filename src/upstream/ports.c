/* Connected sockets to one server on random ports. Knows nothing of messages: those who wait
 * at a port are links to it. */

#include "sixward/upstream/ports.h"

#include <errno.h>
#include <stdlib.h>

#include "sixward/base/mem.h"
#include "sixward/net/timer.h"

struct lane {
	struct port *ports[PORTS_LANE_MAX];
	uint16_t numbers[PORTS_LANE_MAX]; /* of them, side by side: every miss looks here */
	size_t count;
	struct port *shared; /* by the questions of this turn */
	uint64_t shared_ms;
	unsigned shared_count;
};

enum { PORT_CLASSES = 1024 };

struct ports {
	struct ports_options options;
	uint8_t open[PORT_CLASSES]; /* ports by their number's rest, 64 at most; retired ones too */
	struct lane lanes[PORTS_LANES];
	struct port *retired; /* bounded by those who wait at them */
	struct timer *timer;  /* closes old ones when questions have ceased */
};

static bool is_worn(const struct port *port, uint64_t now_ms)
{
	return port->uses >= PORT_USES_MAX || now_ms - port->opened_ms >= PORT_AGE_MAX;
}

static void on_age(void *owner)
{
	struct ports *ports = owner;
	uint64_t now_ms = loop_now_ms(ports->options.loop);
	size_t left = 0;

	for (unsigned i = 0; i < PORTS_LANES; i++) {
		struct lane *lane = &ports->lanes[i];

		for (size_t k = lane->count; k-- > 0;)
			if (is_worn(lane->ports[k], now_ms))
				port_retire(lane->ports[k]);
		left += lane->count;
	}
	if (left)
		timer_start(ports->timer, PORT_AGE_MAX);
}

struct ports *ports_new(const struct ports_options *options)
{
	struct ports *ports = mem_new(sizeof(*ports));

	ports->options = *options;
	ports->timer = timer_new(options->loop, on_age, ports);
	return ports;
}

static void port_free(struct port *port)
{
	port->ports->open[port->number % PORT_CLASSES]--;
	udp_free(port->udp);
	port->udp = NULL;
	if (port->is_held)
		port->is_freed = true;
	else
		free(port);
}

void ports_free(struct ports *ports)
{
	if (!ports)
		return;
	for (unsigned i = 0; i < PORTS_LANES; i++)
		for (size_t k = 0; k < ports->lanes[i].count; k++)
			port_free(ports->lanes[i].ports[k]);
	while (ports->retired) {
		struct port *port = ports->retired;

		ports->retired = port->next;
		port_free(port);
	}
	timer_free(ports->timer);
	free(ports);
}

const struct endpoint *ports_server(const struct ports *ports)
{
	return &ports->options.server;
}

struct entropy *ports_entropy(struct ports *ports)
{
	return ports->options.entropy;
}

struct tally *ports_tally(struct ports *ports)
{
	return ports->options.tally;
}

/* R5452-9.2-a: the port is ours to choose, from all that need no rights. */
static struct udp *open_socket(struct ports *ports, struct port *port, int *error)
{
	enum { FIRST = 1024, TRIES = 8 };
	struct socket_options options = { .peer = ports->options.server };
	struct udp *udp = NULL;

	options.local.addr.family = ports->options.server.addr.family;
	for (unsigned i = 0; i < TRIES && !udp; i++) {
		options.local.port =
			(uint16_t)(FIRST + entropy_below(ports->options.entropy, 65536 - FIRST));
		udp = udp_new(ports->options.loop, &options, ports->options.received,
			ports->options.failed, port, error);
		if (!udp && *error != -EADDRINUSE)
			return NULL;
	}
	if (udp)
		return udp;
	/* Crowded: the kernel finds one. */
	options.local.addr.family = ADDR_NONE;
	options.local.port = 0;
	return udp_new(ports->options.loop, &options, ports->options.received,
		ports->options.failed, port, error);
}

static struct port *open_port(struct ports *ports, uint64_t now_ms, int *error)
{
	struct port *port = mem_new(sizeof(*port));

	port->ports = ports;
	port->opened_ms = now_ms;
	port->udp = open_socket(ports, port, error);
	if (!port->udp) {
		free(port);
		return NULL;
	}
	port->number = udp_local(port->udp).port;
	ports->open[port->number % PORT_CLASSES]++;
	if (!timer_is_running(ports->timer))
		timer_start(ports->timer, PORT_AGE_MAX);
	return port;
}

static struct port *choose(struct ports *ports, struct lane *lane, uint64_t now_ms, int *error)
{
	struct port *port = NULL;

	if (lane->count == PORTS_LANE_MAX) {
		port = lane->ports[entropy_below(ports->options.entropy, PORTS_LANE_MAX)];
		if (!is_worn(port, now_ms))
			return port;
		port_retire(port);
	}
	port = open_port(ports, now_ms, error);
	if (port) {
		lane->numbers[lane->count] = port->number;
		lane->ports[lane->count++] = port;
		return port;
	}
	/* Out of descriptors: those there are must do. */
	if (!lane->count)
		return NULL;
	return lane->ports[entropy_below(ports->options.entropy, (uint32_t)lane->count)];
}

struct port *ports_take(struct ports *ports, unsigned lane_number, uint64_t now_ms, int *error)
{
	struct lane *lane = &ports->lanes[lane_number];

	/* LIM-36: the questions of one turn may leave from one port, and their replies be taken
	 * in one batch. */
	if (!lane->shared || lane->shared_ms != now_ms || lane->shared_count >= PORT_SHARED_MAX ||
		is_worn(lane->shared, now_ms)) {
		lane->shared = choose(ports, lane, now_ms, error);
		lane->shared_ms = now_ms;
		lane->shared_count = 0;
	}
	if (!lane->shared)
		return NULL;
	lane->shared_count++;
	lane->shared->uses++;
	return lane->shared;
}

static void forget(struct lane *lane, const struct port *port)
{
	if (lane->shared == port)
		lane->shared = NULL;
	for (size_t i = 0; i < lane->count; i++) {
		if (lane->ports[i] != port)
			continue;
		lane->count--;
		lane->ports[i] = lane->ports[lane->count];
		lane->numbers[i] = lane->numbers[lane->count];
		return;
	}
}

/* A retired port lingers until nobody waits at it. */
static void let_go(struct port *port)
{
	struct port **at = &port->ports->retired;

	if (!port->is_retired || port->waiting_count || port->is_held)
		return;
	while (*at != port)
		at = &(*at)->next;
	*at = port->next;
	port_free(port);
}

void port_retire(struct port *port)
{
	struct ports *ports = port->ports;

	if (port->is_retired)
		return;
	for (unsigned i = 0; i < PORTS_LANES; i++)
		forget(&ports->lanes[i], port);
	port->is_retired = true;
	port->next = ports->retired;
	ports->retired = port;
	let_go(port);
}

void port_leave(struct port *port)
{
	port->waiting_count--;
	let_go(port);
}

void port_hold(struct port *port)
{
	port->is_held = true;
}

void port_release(struct port *port)
{
	port->is_held = false;
	if (port->is_freed)
		free(port);
	else
		let_go(port);
}

static struct port *find_in(const struct lane *lane, uint16_t number)
{
	for (size_t i = 0; i < lane->count; i++)
		if (lane->numbers[i] == number)
			return lane->ports[i];
	return NULL;
}

struct port *ports_find(const struct ports *ports, uint16_t number)
{
	/* Each miss asks this, and hardly ever does a client's port come near one of ours. */
	if (!ports->open[number % PORT_CLASSES])
		return NULL;
	for (unsigned i = 0; i < PORTS_LANES; i++) {
		struct port *port = find_in(&ports->lanes[i], number);

		if (port)
			return port;
	}
	for (struct port *port = ports->retired; port; port = port->next)
		if (port->number == number)
			return port;
	return NULL;
}
