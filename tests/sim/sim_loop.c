/* The world: its clock, its events, its places; loop, timer and socket behind their headers. */

#include "world.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/net/socket.h"
#include "sixward/net/timer.h"

struct watched {
	struct watched *next;
	int number;
	loop_signal *signal;
	void *owner;
};

struct timer {
	struct event event;
	struct sim *sim;
};

/* A call that comes once: a post or a signal. */
struct post {
	struct event event;
	struct sim *sim;
	int number; /* of the signal; 0 = a post */
	loop_call *call;
	void *owner;
};

static struct sim *worlds; /* socket_probe names no loop */

void world_schedule(struct sim *sim, struct event *event, uint64_t delay_ms)
{
	struct event *after;

	world_unschedule(event);
	event->at_ms = sim->now_ms + delay_ms;
	after = sim->events.previous;
	while (after != &sim->events && after->at_ms > event->at_ms)
		after = after->previous;
	event->previous = after;
	event->next = after->next;
	event->next->previous = event;
	after->next = event;
}

void world_unschedule(struct event *event)
{
	if (!event->next)
		return;
	event->next->previous = event->previous;
	event->previous->next = event->next;
	event->next = NULL;
	event->previous = NULL;
}

bool world_is_scheduled(const struct event *event)
{
	return event->next != NULL;
}

/* Plays the first event, if it is not later than `until_ms`. */
static bool step(struct sim *sim, uint64_t until_ms)
{
	struct event *event = sim->events.next;

	if (event == &sim->events || event->at_ms > until_ms)
		return false;
	sim->now_ms = event->at_ms;
	world_unschedule(event);
	event->call(event->owner);
	return true;
}

static bool take_stop(struct sim *sim)
{
	bool was_stopping = sim->is_stopping;

	sim->is_stopping = false;
	return was_stopping;
}

bool sim_run_for(struct sim *sim, uint64_t ms)
{
	uint64_t until_ms = sim->now_ms + ms;

	while (!sim->is_stopping && step(sim, until_ms))
		;
	if (take_stop(sim))
		return true;
	sim->now_ms = until_ms;
	return false;
}

bool sim_run_until(struct sim *sim, sim_predicate *predicate, void *owner, uint64_t limit_ms)
{
	uint64_t until_ms = sim->now_ms + limit_ms;

	while (!predicate(owner)) {
		if (take_stop(sim))
			return false;
		if (step(sim, until_ms))
			continue;
		sim->now_ms = until_ms;
		return false;
	}
	return true;
}

struct sim *sim_of(struct loop *loop)
{
	return loop->sim;
}

struct loop *loop_new(void)
{
	struct sim *sim = mem_new(sizeof(*sim));

	sim->loop.sim = sim;
	sim->now_ms = SIM_START_MS;
	sim->wall_s = SIM_START_WALL_S;
	sim->latency_ms = SIM_LATENCY_MS;
	sim->events.next = &sim->events;
	sim->events.previous = &sim->events;
	sim->next_port = 49152;
	sim->next = worlds;
	worlds = sim;
	return &sim->loop;
}

void loop_free(struct loop *loop)
{
	struct sim *sim;
	struct sim **at = &worlds;

	if (!loop)
		return;
	sim = loop->sim;
	assert(sim->live == 0);
	while (sim->events.next != &sim->events) {
		struct event *event = sim->events.next;

		world_unschedule(event);
		assert(event->forget);
		event->forget(event->owner);
	}
	while (sim->signals)
		loop_on_signal(loop, sim->signals->number, NULL, NULL);
	while (sim->places) {
		struct place *place = sim->places;

		sim->places = place->next;
		free(place);
	}
	while (*at != sim)
		at = &(*at)->next;
	*at = sim->next;
	free(sim);
}

void loop_run(struct loop *loop)
{
	struct sim *sim = loop->sim;

	while (!sim->is_stopping && step(sim, UINT64_MAX))
		;
	take_stop(sim);
}

void loop_stop(struct loop *loop)
{
	loop->sim->is_stopping = true;
}

uint64_t loop_now_ms(const struct loop *loop)
{
	return loop->sim->now_ms;
}

uint64_t loop_clock_us(const struct loop *loop)
{
	enum { US_PER_MS = 1000 };

	return loop->sim->now_ms * US_PER_MS;
}

uint64_t loop_wall_s(const struct loop *loop)
{
	return loop->sim->wall_s + (loop->sim->now_ms - SIM_START_MS) / 1000;
}

void sim_set_wall(struct sim *sim, uint64_t wall_s)
{
	sim->wall_s = wall_s - (sim->now_ms - SIM_START_MS) / 1000;
}

static void on_post(void *owner)
{
	struct post *post = owner;

	if (post->call)
		post->call(post->owner);
	for (struct watched *watched = post->sim->signals; watched; watched = watched->next) {
		if (post->number == watched->number) {
			watched->signal(watched->owner, post->number);
			break;
		}
	}
	free(post);
}

static void add_post(struct sim *sim, loop_call *call, void *owner, int number)
{
	struct post *post = mem_new(sizeof(*post));

	post->event = (struct event){ .call = on_post, .forget = free, .owner = post };
	post->sim = sim;
	post->number = number;
	post->call = call;
	post->owner = owner;
	world_schedule(sim, &post->event, 0);
}

void loop_post(struct loop *loop, loop_call *call, void *owner)
{
	add_post(loop->sim, call, owner, 0);
}

void sim_raise(struct sim *sim, int number)
{
	add_post(sim, NULL, NULL, number);
}

void loop_on_signal(struct loop *loop, int number, loop_signal *signal, void *owner)
{
	struct watched **at = &loop->sim->signals;
	struct watched *watched;

	while (*at && (*at)->number != number)
		at = &(*at)->next;
	watched = *at;
	if (watched && !signal) {
		*at = watched->next;
		free(watched);
		return;
	}
	if (!signal)
		return;
	if (!watched) {
		watched = mem_new(sizeof(*watched));
		*at = watched;
	}
	watched->number = number;
	watched->signal = signal;
	watched->owner = owner;
}

struct loop_thread *loop_thread_start(loop_call *call, void *owner)
{
	call(owner);
	return NULL;
}

void loop_thread_join(struct loop_thread *thread)
{
	(void)thread;
}

unsigned loop_processors(void)
{
	return 1;
}

struct timer *timer_new(struct loop *loop, loop_call *call, void *owner)
{
	struct timer *timer = mem_new(sizeof(*timer));

	timer->sim = loop->sim;
	timer->event = (struct event){ .call = call, .owner = owner };
	timer->sim->live++;
	return timer;
}

void timer_free(struct timer *timer)
{
	if (!timer)
		return;
	world_unschedule(&timer->event);
	timer->sim->live--;
	free(timer);
}

void timer_start(struct timer *timer, uint64_t ms)
{
	world_schedule(timer->sim, &timer->event, ms);
}

void timer_stop(struct timer *timer)
{
	world_unschedule(&timer->event);
}

bool timer_is_running(const struct timer *timer)
{
	return world_is_scheduled(&timer->event);
}

struct place *world_place(struct sim *sim, const struct endpoint *at)
{
	struct place *place = sim->places;

	while (place && !endpoint_equal(&place->at, at))
		place = place->next;
	if (place)
		return place;
	place = mem_new(sizeof(*place));
	place->at = *at;
	place->next = sim->places;
	sim->places = place;
	return place;
}

uint64_t world_latency(struct sim *sim, const struct endpoint *a, const struct endpoint *b)
{
	const struct place *place = world_place(sim, a);

	if (!place->has_latency)
		place = world_place(sim, b);
	return place->has_latency ? place->latency_ms : sim->latency_ms;
}

void sim_set_latency(struct sim *sim, const struct endpoint *at, uint64_t ms)
{
	struct place *place;

	if (!at) {
		sim->latency_ms = ms;
		return;
	}
	place = world_place(sim, at);
	place->has_latency = true;
	place->latency_ms = ms;
}

void sim_refuse(struct sim *sim, const struct endpoint *at, int error)
{
	world_place(sim, at)->error = error;
}

unsigned sim_count_udp(struct sim *sim, const struct endpoint *to)
{
	return world_place(sim, to)->udp_count;
}

unsigned sim_count_tcp(struct sim *sim, const struct endpoint *to)
{
	return world_place(sim, to)->tcp_count;
}

bool world_covers(const struct endpoint *local, const struct endpoint *to)
{
	if (local->port != to->port || local->addr.family != to->addr.family)
		return false;
	return addr_is_any(&local->addr) || addr_equal(&local->addr, &to->addr);
}

void world_give_port(struct sim *sim, struct endpoint *local)
{
	if (local->port != 0)
		return;
	local->port = sim->next_port;
	sim->next_port = sim->next_port == UINT16_MAX ? 49152 : (uint16_t)(sim->next_port + 1);
}

struct endpoint world_source(const struct endpoint *local, const struct endpoint *peer)
{
	struct endpoint source = *local;
	bool parsed = true;

	if (local->addr.family != ADDR_NONE && !addr_is_any(&local->addr))
		return source;
	if (addr_is_loopback(&peer->addr))
		source.addr = peer->addr;
	else
		parsed = addr_parse(peer->addr.family == ADDR_IPV4 ? SIM_HOST_IPV4 : SIM_HOST_IPV6,
			&source.addr);
	assert(parsed);
	return source;
}

int socket_probe(enum socket_kind kind, const struct endpoint *local)
{
	for (const struct sim *sim = worlds; sim; sim = sim->next) {
		if (kind == SOCKET_UDP ? world_has_udp(sim, local, false)
				       : world_has_listener(sim, local, false))
			return -EADDRINUSE;
	}
	return 0;
}

/* Nobody hands sockets over here. */
const char *socket_describe(int descriptor, enum socket_kind *kind, struct endpoint *local)
{
	(void)descriptor;
	(void)kind;
	(void)local;
	return "not in this world";
}

const char *socket_error_text(int error)
{
	switch (error) {
	case -EADDRINUSE:
		return "address already in use";
	case -ECONNREFUSED:
		return "connection refused";
	case -ECONNRESET:
		return "connection reset by peer";
	case -ETIMEDOUT:
		return "connection timed out";
	case -EINVAL:
		return "invalid argument";
	default:
		return "another error";
	}
}

int socket_open_udp(const struct socket_options *options)
{
	(void)options;
	return -ENOSYS;
}

int socket_open_listener(const struct socket_options *options)
{
	(void)options;
	return -ENOSYS;
}
