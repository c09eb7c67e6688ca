#ifndef SIXWARD_TESTS_WORLD_H
#define SIXWARD_TESTS_WORLD_H

#include "sim.h"

#include "sixward/base/counts.h"
#include "sixward/net/loop.h"

/* What the files of the simulation share. */

struct event {
	struct event *next;
	struct event *previous;
	uint64_t at_ms;
	loop_call *call;
	loop_call *forget; /* frees the owner if the world ends first; NULL: it frees itself */
	void *owner;
};

/* What is known of an endpoint. */
struct place {
	struct place *next;
	struct endpoint at;
	sim_datagram *datagram;
	void *datagram_owner;
	sim_connecting *connecting;
	void *connecting_owner;
	int error;
	bool has_latency;
	uint64_t latency_ms;
	unsigned udp_count;
	unsigned tcp_count;
};

struct loop {
	struct sim *sim;
};

struct sim {
	struct loop loop;
	struct sim *next; /* of all the worlds */
	uint64_t now_ms;
	uint64_t wall_s; /* at SIM_START_MS */
	uint64_t latency_ms;
	struct event events; /* the anchor of a ring, earliest first */
	struct place *places;
	struct udp *udps;
	struct tcp_listener *listeners;
	struct icmp6 *icmp6s;
	int icmp6_error;
	unsigned solicitations;
	struct watched *signals;
	struct count drops;
	uint16_t next_port;
	bool is_stopping;
	unsigned live; /* things made on the loop and not freed */
};

void world_schedule(struct sim *sim, struct event *event, uint64_t delay_ms); /* or moves it */
void world_unschedule(struct event *event);
bool world_is_scheduled(const struct event *event);

struct place *world_place(struct sim *sim, const struct endpoint *at); /* made if need be */
uint64_t world_latency(struct sim *sim, const struct endpoint *a, const struct endpoint *b);

/* Whether one bound to `local` gets what is sent to `to`. */
bool world_covers(const struct endpoint *local, const struct endpoint *to);

/* Gives `local` a port if it has none. */
void world_give_port(struct sim *sim, struct endpoint *local);

/* The endpoint that a socket bound to `local` (ADDR_NONE: not bound) has towards `peer`. */
struct endpoint world_source(const struct endpoint *local, const struct endpoint *peer);

bool world_has_udp(const struct sim *sim, const struct endpoint *local, bool shared);
bool world_has_listener(const struct sim *sim, const struct endpoint *local, bool shared);

#endif
