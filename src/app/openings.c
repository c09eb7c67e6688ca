/* The endpoints at which one worker has sockets. Knows neither what is asked there nor the other
 * workers. */

#include "sixward/app/openings.h"

#include <stdlib.h>

#include "sixward/base/mem.h"
#include "sixward/front/udp_listener.h"
#include "sixward/net/timer.h"

enum { LOOK_MS = 20 };

struct opening {
	struct opening *next;
	struct endpoint endpoint;
	struct udp_listener *udp;
};

struct openings {
	struct openings_options options;
	struct opening *listed;
	struct opening *leaving; /* with requests in progress, each of which ends in its time */
	struct timer *timer;
};

static void free_all(struct opening *opening)
{
	while (opening) {
		struct opening *next = opening->next;

		udp_listener_free(opening->udp);
		free(opening);
		opening = next;
	}
}

static void on_look(void *owner)
{
	struct openings *openings = owner;
	struct opening **at = &openings->leaving;

	while (*at) {
		struct opening *opening = *at;

		if (!udp_listener_is_idle(opening->udp)) {
			at = &opening->next;
			continue;
		}
		*at = opening->next;
		udp_listener_free(opening->udp);
		free(opening);
	}
	if (openings->leaving)
		timer_start(openings->timer, LOOK_MS);
}

struct openings *openings_new(const struct openings_options *options)
{
	struct openings *openings = mem_new(sizeof(*openings));

	openings->options = *options;
	openings->timer = timer_new(options->loop, on_look, openings);
	return openings;
}

void openings_free(struct openings *openings)
{
	if (!openings)
		return;
	free_all(openings->listed);
	free_all(openings->leaving);
	timer_free(openings->timer);
	free(openings);
}

static bool is_listed(
	const struct endpoint *endpoint, const struct endpoint *listen, size_t listen_count)
{
	for (size_t i = 0; i < listen_count; i++) {
		if (endpoint_equal(endpoint, &listen[i]))
			return true;
	}
	return false;
}

static bool is_open(const struct openings *openings, const struct endpoint *endpoint)
{
	for (const struct opening *opening = openings->listed; opening; opening = opening->next) {
		if (endpoint_equal(&opening->endpoint, endpoint))
			return true;
	}
	return false;
}

/* What came before the reload is answered from where it was asked. */
static void close_unlisted(
	struct openings *openings, const struct endpoint *listen, size_t listen_count)
{
	struct opening **at = &openings->listed;

	while (*at) {
		struct opening *opening = *at;

		if (is_listed(&opening->endpoint, listen, listen_count)) {
			at = &opening->next;
			continue;
		}
		*at = opening->next;
		tcp_front_unlisten(openings->options.tcp, &opening->endpoint);
		udp_listener_finish(opening->udp);
		opening->next = openings->leaving;
		openings->leaving = opening;
	}
	on_look(openings);
}

static int find_passed(
	const struct openings *openings, enum socket_kind kind, const struct endpoint *endpoint)
{
	return passed_find(openings->options.passed, kind, endpoint, openings->options.worker);
}

/* UDP and TCP, both or none; a negative errno. */
static int open_both(struct openings *openings, const struct endpoint *endpoint)
{
	const struct openings_options *options = &openings->options;
	/* One that leaves may be in the way: not of a socket that is shared. */
	struct udp_listener_options udp = { .endpoint = *endpoint,
		.shared = !options->is_alone || openings->leaving,
		.passed = find_passed(openings, SOCKET_UDP, endpoint) };
	struct opening *opening = mem_new(sizeof(*opening));
	int error = 0;

	opening->endpoint = *endpoint;
	opening->udp =
		udp_listener_new(options->loop, &udp, options->gate, options->resolver, &error);
	if (!opening->udp)
		goto fail;
	error = tcp_front_listen(options->tcp, endpoint, !options->is_alone,
		find_passed(openings, SOCKET_LISTENER, endpoint));
	if (error < 0)
		goto fail;
	opening->next = openings->listed;
	openings->listed = opening;
	return 0;
fail:
	udp_listener_free(opening->udp);
	free(opening);
	return error;
}

bool openings_set(struct openings *openings, const struct endpoint *listen, size_t count,
	struct endpoint *failed, int *error)
{
	bool is_complete = true;

	close_unlisted(openings, listen, count);
	for (size_t i = 0; i < count; i++) {
		int result;

		if (is_open(openings, &listen[i]))
			continue;
		result = open_both(openings, &listen[i]);
		if (result < 0) {
			*failed = listen[i];
			*error = result;
			is_complete = false;
		}
	}
	return is_complete;
}

void openings_set_gate(struct openings *openings, struct gate *gate)
{
	openings->options.gate = gate;
	for (struct opening *opening = openings->listed; opening; opening = opening->next)
		udp_listener_set_gate(opening->udp, gate);
	for (struct opening *opening = openings->leaving; opening; opening = opening->next)
		udp_listener_set_gate(opening->udp, gate);
}

void openings_quiesce(struct openings *openings)
{
	for (struct opening *opening = openings->listed; opening; opening = opening->next)
		udp_listener_quiesce(opening->udp);
}
