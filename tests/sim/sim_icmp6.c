/* Router advertisements of the simulated world, behind the header of net/icmp6. */

#include "world.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/net/icmp6.h"

struct icmp6 {
	struct icmp6 *next;
	struct sim *sim;
	icmp6_received *received;
	void *owner;
};

/* An advertisement under way. */
struct advertisement {
	struct event event;
	struct sim *sim;
	struct addr from;
	int hop_limit;
	size_t size;
	uint8_t octets[];
};

static void on_arrival(void *owner)
{
	struct advertisement *message = owner;
	const struct icmp6 *next;

	/* One that is told may free itself. */
	for (const struct icmp6 *icmp6 = message->sim->icmp6s; icmp6; icmp6 = next) {
		next = icmp6->next;
		icmp6->received(icmp6->owner, &message->from, message->hop_limit, message->octets,
			message->size);
	}
	free(message);
}

void sim_advertise(
	struct sim *sim, const struct addr *from, int hop_limit, const uint8_t *octets, size_t size)
{
	struct advertisement *message = mem_new(sizeof(*message) + size);

	message->event = (struct event){ .call = on_arrival, .forget = free, .owner = message };
	message->sim = sim;
	message->from = *from;
	message->hop_limit = hop_limit;
	message->size = size;
	if (size > 0)
		memcpy(message->octets, octets, size);
	world_schedule(sim, &message->event, sim->latency_ms);
}

void sim_refuse_icmp6(struct sim *sim, int error)
{
	sim->icmp6_error = error;
}

unsigned sim_count_solicitations(const struct sim *sim)
{
	return sim->solicitations;
}

struct icmp6 *icmp6_new(struct loop *loop, icmp6_received *received, void *owner, int *error)
{
	struct sim *sim = loop->sim;
	struct icmp6 *icmp6;

	if (sim->icmp6_error != 0) {
		*error = sim->icmp6_error;
		return NULL;
	}
	icmp6 = mem_new(sizeof(*icmp6));
	icmp6->sim = sim;
	icmp6->received = received;
	icmp6->owner = owner;
	icmp6->next = sim->icmp6s;
	sim->icmp6s = icmp6;
	sim->live++;
	return icmp6;
}

void icmp6_free(struct icmp6 *icmp6)
{
	struct icmp6 **at;

	if (!icmp6)
		return;
	at = &icmp6->sim->icmp6s;
	while (*at != icmp6)
		at = &(*at)->next;
	*at = icmp6->next;
	icmp6->sim->live--;
	free(icmp6);
}

void icmp6_solicit(struct icmp6 *icmp6)
{
	icmp6->sim->solicitations++;
}
