/* Datagrams of the simulated world, behind the header of net/udp. */

#include "world.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/net/udp.h"

enum { DATAGRAM_MAX = 65507 };

struct udp {
	struct udp *next;
	struct sim *sim;
	struct endpoint local;
	struct endpoint peer; /* ADDR_NONE: not connected */
	bool shared;
	bool tells_local;
	bool is_deaf; /* paused or finished */
	udp_received *received;
	udp_failed *failed;
	void *owner;
};

/* A datagram under way. */
struct packet {
	struct event event;
	struct sim *sim;
	struct endpoint from;
	struct endpoint to;
	int error; /* on its way back, with the news */
	size_t size;
	uint8_t octets[];
};

static bool is_connected(const struct udp *udp)
{
	return udp->peer.addr.family != ADDR_NONE;
}

/* Connected ones come before the others, exactly bound ones before the rest. */
static struct udp *find_udp(struct sim *sim, const struct packet *packet, bool is_exact)
{
	struct udp *found = NULL;

	for (struct udp *udp = sim->udps; udp; udp = udp->next) {
		if (udp->is_deaf || !world_covers(&udp->local, &packet->to))
			continue;
		if (is_exact && addr_is_any(&udp->local.addr))
			continue;
		if (!is_connected(udp))
			found = found ? found : udp;
		else if (endpoint_equal(&udp->peer, &packet->from))
			return udp;
	}
	return found;
}

static void on_news(void *owner)
{
	struct packet *packet = owner;

	for (struct udp *udp = packet->sim->udps; udp; udp = udp->next) {
		if (!world_covers(&udp->local, &packet->from))
			continue;
		if (!endpoint_equal(&udp->peer, &packet->to))
			continue;
		if (udp->failed)
			udp->failed(udp->owner, packet->error);
		break;
	}
	free(packet);
}

static void give(struct udp *udp, const struct packet *packet)
{
	struct udp_datagram datagram = {
		.octets = packet->octets,
		.size = packet->size,
		.peer = packet->from,
	};

	if (datagram.size > UDP_DATAGRAM_MAX) {
		datagram.size = UDP_DATAGRAM_MAX;
		datagram.is_cut = true;
	}
	if (udp->tells_local)
		datagram.local = packet->to.addr;
	udp->received(udp->owner, &datagram);
}

static void on_arrival(void *owner)
{
	struct packet *packet = owner;
	struct sim *sim = packet->sim;
	const struct place *place = world_place(sim, &packet->to);
	struct udp *udp = find_udp(sim, packet, true);

	if (place->error != 0) {
		packet->error = place->error;
		packet->event.call = on_news;
		world_schedule(sim, &packet->event, world_latency(sim, &packet->to, &packet->from));
		return;
	}
	if (!udp && !place->datagram)
		udp = find_udp(sim, packet, false);
	if (udp)
		give(udp, packet);
	else if (place->datagram)
		place->datagram(place->datagram_owner, &packet->from, &packet->to, packet->octets,
			packet->size);
	free(packet);
}

void sim_send_udp(struct sim *sim, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	struct packet *packet = mem_new(sizeof(*packet) + size);

	packet->event = (struct event){ .call = on_arrival, .forget = free, .owner = packet };
	packet->sim = sim;
	packet->from = *from;
	packet->to = *to;
	packet->size = size;
	if (size > 0)
		memcpy(packet->octets, octets, size);
	world_schedule(sim, &packet->event, world_latency(sim, from, to));
}

void sim_serve_udp(struct sim *sim, const struct endpoint *at, sim_datagram *datagram, void *owner)
{
	struct place *place = world_place(sim, at);

	place->datagram = datagram;
	place->datagram_owner = owner;
}

bool world_has_udp(const struct sim *sim, const struct endpoint *local, bool shared)
{
	for (const struct udp *udp = sim->udps; udp; udp = udp->next) {
		if (!world_covers(&udp->local, local) && !world_covers(local, &udp->local))
			continue;
		if (!udp->shared || !shared)
			return true;
	}
	return false;
}

struct udp *udp_new(struct loop *loop, const struct socket_options *options, udp_received *received,
	udp_failed *failed, void *owner, int *error)
{
	struct sim *sim = loop->sim;
	struct endpoint local = options->local;
	struct udp *udp;

	if (local.addr.family == ADDR_NONE)
		local.addr.family = options->peer.addr.family; /* the family's any */
	if (local.addr.family == ADDR_NONE) {
		*error = -EINVAL;
		return NULL;
	}
	if (local.port != 0 && world_has_udp(sim, &local, options->shared)) {
		*error = -EADDRINUSE;
		return NULL;
	}
	do {
		local.port = options->local.port;
		world_give_port(sim, &local);
	} while (options->local.port == 0 && world_has_udp(sim, &local, false));
	udp = mem_new(sizeof(*udp));
	udp->sim = sim;
	udp->local = local;
	udp->peer = options->peer;
	udp->shared = options->shared;
	udp->tells_local = options->tells_local;
	udp->received = received;
	udp->failed = failed;
	udp->owner = owner;
	udp->next = sim->udps;
	sim->udps = udp;
	sim->live++;
	return udp;
}

void udp_free(struct udp *udp)
{
	struct udp **at;

	if (!udp)
		return;
	at = &udp->sim->udps;
	while (*at != udp)
		at = &(*at)->next;
	*at = udp->next;
	udp->sim->live--;
	free(udp);
}

void udp_pause(struct udp *udp)
{
	udp->is_deaf = true;
}

/* Here everything that has come has been told. */
void udp_finish(struct udp *udp)
{
	udp->is_deaf = true;
	udp->shared = true;
}

struct endpoint udp_local(const struct udp *udp)
{
	return udp->local;
}

void udp_send(struct udp *udp, const uint8_t *octets, size_t size, const struct endpoint *peer,
	const struct addr *from)
{
	struct endpoint source;

	assert(peer || is_connected(udp));
	if (!peer)
		peer = &udp->peer;
	if (size > DATAGRAM_MAX) {
		count_up(&udp->sim->drops);
		return;
	}
	source = world_source(&udp->local, peer);
	if (from && from->family != ADDR_NONE)
		source.addr = *from;
	world_place(udp->sim, peer)->udp_count++;
	sim_send_udp(udp->sim, &source, peer, octets, size);
}

void udp_add_counts(struct loop *loop, struct counts *counts)
{
	counts_add(counts, "udp_send_drops_total", NULL,
		"datagrams that the kernel refused to send", &loop->sim->drops);
}
