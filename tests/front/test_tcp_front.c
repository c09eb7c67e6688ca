#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asked.h"
#include "fake_query.h"
#include "sim.h"
#include "sixward/base/bytes.h"
#include "sixward/dns/frames.h"
#include "sixward/front/tcp_front.h"

#define SERVER "192.0.2.53:53"

enum { CLIENTS_MAX = 12, IDLE_MS = 10000 };

/* A client's end. */
struct client {
	struct scene *scene;
	struct tcp *tcp; /* NULL = closed */
	struct frames frames;
	unsigned answers;
	uint16_t ids[256]; /* of the first answers */
	size_t size;       /* of the last one */
	uint8_t octets[512];
	bool has_ended;
	int error;
};

struct scene {
	struct loop *loop;
	struct sim *sim;
	struct netset allow;
	struct outcomes outcomes;
	struct gate *gate;
	struct shares *shares;
	struct resolver resolver;
	struct tcp_front *front;
	struct counts *counts;
	struct client clients[CLIENTS_MAX];
};

static struct endpoint at(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(text, 0, &endpoint));
	return endpoint;
}

static void open_scene(struct scene *scene, uint32_t total, uint32_t per_client)
{
	struct gate_options gate = { .allow = &scene->allow, .keepalive = 100 };
	struct tcp_front_options options = { .idle_ms = IDLE_MS };
	struct endpoint server = at(SERVER);

	memset(scene, 0, sizeof(*scene));
	scene->loop = loop_new();
	scene->sim = sim_of(scene->loop);
	assert_int_equal(netset_add_text(&scene->allow, "192.0.2.0/24"), NETWORK_OK);
	scene->gate = gate_new(&gate, &scene->outcomes);
	scene->shares = shares_new(total, per_client);
	scene->resolver.answer_size = 100;
	options.gate = scene->gate;
	options.shares = scene->shares;
	scene->front = tcp_front_new(scene->loop, &options, &scene->resolver);
	scene->counts = counts_new();
	tcp_front_add_counts(scene->front, scene->counts);
	assert_int_equal(tcp_front_listen(scene->front, &server, false, 0), 0);
}

static void close_scene(struct scene *scene)
{
	tcp_front_free(scene->front);
	for (size_t i = 0; i < CLIENTS_MAX; i++) {
		tcp_free(scene->clients[i].tcp);
		frames_clear(&scene->clients[i].frames);
	}
	(void)sim_run_for(scene->sim, 1000);
	counts_free(scene->counts);
	gate_free(scene->gate);
	shares_free(scene->shares); /* asserts that all were given back */
	netset_clear(&scene->allow);
	loop_free(scene->loop);
}

static void play(struct scene *scene, uint64_t ms)
{
	(void)sim_run_for(scene->sim, ms);
}

static void on_connected(void *owner)
{
	(void)owner;
}

static void on_received(void *owner, const uint8_t *octets, size_t size)
{
	struct client *client = owner;
	const uint8_t *message;
	size_t message_size;

	frames_lend(&client->frames, octets, size);
	while (frames_next(&client->frames, &message, &message_size) == FRAMES_MESSAGE) {
		if (client->answers < 256)
			client->ids[client->answers] = bytes_get_u16(message);
		client->answers++;
		client->size = message_size;
		memcpy(client->octets, message,
			message_size < sizeof(client->octets) ? message_size
							      : sizeof(client->octets));
	}
}

static void on_ended(void *owner)
{
	struct client *client = owner;

	client->has_ended = true;
}

static void on_closed(void *owner, int error)
{
	struct client *client = owner;

	client->error = error;
	client->has_ended = true;
	tcp_free(client->tcp);
	client->tcp = NULL;
}

static struct client *connect_to(
	struct scene *scene, size_t number, const char *from, const struct endpoint *server)
{
	static const struct tcp_events events = { .connected = on_connected,
		.received = on_received,
		.ended = on_ended,
		.closed = on_closed };
	struct tcp_options options = { .connect_ms = 1000 };
	struct client *client = &scene->clients[number];
	struct endpoint local = at(from);

	client->scene = scene;
	client->tcp = sim_connect_tcp(scene->sim, &local, server, &options, &events, client);
	play(scene, 5);
	return client;
}

static struct client *connect_from(struct scene *scene, size_t number, const char *from)
{
	struct endpoint server = at(SERVER);

	return connect_to(scene, number, from, &server);
}

static struct client *connect_one(struct scene *scene, size_t number)
{
	char from[32];

	(void)snprintf(from, sizeof(from), "192.0.2.%zu:4000", number + 1);
	return connect_from(scene, number, from);
}

/* A query with its length; the kind is the fake's letter. */
static size_t write_query(uint8_t *out, uint16_t id, char kind)
{
	static const uint8_t query[] = "\0\24" HEADER(RD, "\1", "\0", "\0", "\0") "\1n\0\0\1\0\1";

	memcpy(out, query, sizeof(query) - 1);
	out[1] = sizeof(query) - 1 - 2;
	bytes_put_u16(out + 2, id);
	out[15] = (uint8_t)kind;
	return sizeof(query) - 1;
}

static void ask(struct client *client, uint16_t id, char kind)
{
	uint8_t octets[64];

	assert_true(tcp_write(client->tcp, octets, write_query(octets, id, kind)));
}

struct sought {
	const char *text;
	uint64_t value;
};

static void on_count(
	void *owner, const char *name, const char *label, const char *help, uint64_t value)
{
	struct sought *sought = owner;
	char text[64];

	(void)help;
	(void)snprintf(text, sizeof(text), "%s{%s}", name, label ? label : "");
	if (strcmp(text, sought->text) == 0)
		sought->value = value;
}

static uint64_t count_of(struct scene *scene, const char *text)
{
	struct sought sought = { .text = text, .value = UINT64_MAX };

	counts_each(scene->counts, on_count, &sought);
	return sought.value;
}

/* R7766-6.2.1.1-a: 100 queries in one segment, 100 answers. */
static void answers_all_that_is_pipelined(void **state)
{
	struct scene scene;
	struct client *client;
	uint8_t octets[100 * 64];
	size_t size = 0;

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_one(&scene, 0);
	for (uint16_t id = 0; id < 100; id++)
		size += write_query(octets + size, id, id % 2 ? 'w' : 'n');
	assert_true(tcp_write(client->tcp, octets, size));
	play(&scene, 20);
	assert_int_equal(client->answers, 50);
	assert_int_equal(scene.resolver.waiting_count, 50);
	assert_true(scene.resolver.origin.stream);
	assert_int_equal(scene.resolver.limit, WIRE_MESSAGE_MAX);
	while (scene.resolver.waiting_count)
		fake_answer(&scene.resolver, 0);
	play(&scene, 20);
	assert_int_equal(client->answers, 100);
	close_scene(&scene);
}

/* R7766-7-a, TCP-c: out of order, and two of one id. */
static void answers_as_soon_as_it_can(void **state)
{
	struct scene scene;
	struct client *client;

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_one(&scene, 0);
	ask(client, 1, 'w');
	ask(client, 2, 'n');
	ask(client, 1, 'w');
	play(&scene, 20);
	fake_answer(&scene.resolver, 1);
	play(&scene, 20);
	fake_answer(&scene.resolver, 0);
	play(&scene, 20);
	assert_int_equal(client->answers, 3);
	assert_int_equal(client->ids[0], 2);
	assert_int_equal(client->ids[1], 1);
	assert_int_equal(client->ids[2], 1);
	close_scene(&scene);
}

/* R7766-8-a */
static void takes_messages_in_any_pieces(void **state)
{
	struct scene scene;
	struct client *client;
	uint8_t octets[64];
	size_t size;

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_one(&scene, 0);
	size = write_query(octets, 7, 'n');
	for (size_t i = 0; i < size; i++) {
		assert_int_equal(client->answers, 0);
		assert_true(tcp_write(client->tcp, octets + i, 1));
		play(&scene, 5);
	}
	assert_int_equal(client->answers, 1);
	close_scene(&scene);
}

/* LIM-12, TCP-a: nothing is dropped, it only waits. */
static void reads_no_more_than_it_may_have_in_progress(void **state)
{
	enum { ALL = 3 * TCP_FRONT_PIPELINE_MAX };
	struct scene scene;
	struct client *client;

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_one(&scene, 0);
	for (uint16_t id = 0; id < ALL; id++)
		ask(client, id, 'w');
	play(&scene, 100);
	assert_int_equal(scene.resolver.waiting_count, TCP_FRONT_PIPELINE_MAX);
	for (unsigned i = 0; i < 10; i++)
		fake_answer(&scene.resolver, 0);
	play(&scene, 100);
	assert_int_equal(client->answers, 10);
	assert_int_equal(scene.resolver.waiting_count, TCP_FRONT_PIPELINE_MAX);
	for (unsigned i = 0; i < ALL - 10; i++) {
		fake_answer(&scene.resolver, 0);
		play(&scene, 5);
	}
	assert_int_equal(client->answers, ALL);
	assert_int_equal(scene.resolver.started, ALL);
	close_scene(&scene);
}

/* TCP-a: a client that asks for more than it reads is not read either, and served on when it
 * reads again. */
static void waits_for_a_slow_reader(void **state)
{
	enum { ALL = 40 };
	struct scene scene;
	struct client *client;

	(void)state;
	open_scene(&scene, 9, 9);
	scene.resolver.answer_size = 30000;
	client = connect_one(&scene, 0);
	tcp_pause(client->tcp);
	for (uint16_t id = 0; id < ALL; id++)
		ask(client, id, 'n');
	play(&scene, 5000);
	assert_in_range(scene.resolver.started, 3, 10);
	tcp_resume(client->tcp);
	play(&scene, 1000);
	assert_int_equal(client->answers, ALL);
	assert_int_equal(count_of(&scene, "tcp_closed_total{reason=\"stalled\"}"), 0);
	close_scene(&scene);
}

/* TCP-a, LIM-11 */
static void closes_a_client_that_never_reads(void **state)
{
	struct scene scene;
	struct client *client;

	(void)state;
	open_scene(&scene, 9, 9);
	scene.resolver.answer_size = 60000;
	client = connect_one(&scene, 0);
	tcp_pause(client->tcp);
	for (uint16_t id = 0; id < 10; id++)
		ask(client, id, 'n');
	play(&scene, TCP_FRONT_STALL_MS - 100);
	assert_int_equal(count_of(&scene, "tcp_closed_total{reason=\"stalled\"}"), 0);
	play(&scene, 200);
	assert_int_equal(count_of(&scene, "tcp_closed_total{reason=\"stalled\"}"), 1);
	/* Its share is free again: see close_scene. */
	close_scene(&scene);
}

/* The answers to what was in progress are bounded too. */
static void bounds_what_waits_to_be_written(void **state)
{
	struct scene scene;
	struct client *client;
	size_t answered = 0;

	(void)state;
	open_scene(&scene, 9, 9);
	scene.resolver.answer_size = 65535;
	client = connect_one(&scene, 0);
	tcp_pause(client->tcp);
	for (uint16_t id = 0; id < TCP_FRONT_PIPELINE_MAX; id++)
		ask(client, id, 'w');
	play(&scene, 20);
	for (; scene.resolver.waiting_count; answered++)
		fake_answer(&scene.resolver, 0);
	assert_in_range(answered, 15, 17);
	assert_int_equal(scene.resolver.cancelled, TCP_FRONT_PIPELINE_MAX - answered);
	assert_int_equal(count_of(&scene, "tcp_closed_total{reason=\"stalled\"}"), 1);
	close_scene(&scene);
}

/* R7766-6.2.3-a, LIM-10: also for the first message. */
static void closes_the_idle(void **state)
{
	struct scene scene;
	struct client *silent, *talker;

	(void)state;
	open_scene(&scene, 9, 9);
	silent = connect_one(&scene, 0);
	talker = connect_one(&scene, 1);
	play(&scene, IDLE_MS - 1000);
	ask(talker, 1, 'n');
	play(&scene, 900);
	assert_false(silent->has_ended);
	play(&scene, 200);
	assert_true(silent->has_ended);
	assert_false(talker->has_ended);
	play(&scene, IDLE_MS);
	assert_true(talker->has_ended);
	assert_int_equal(count_of(&scene, "tcp_closed_total{reason=\"idle\"}"), 2);
	close_scene(&scene);
}

/* R7766-6.2.3-a: only a full message counts; TCP-b: a long prefix waits for the idle time. */
static void closes_the_slow_drip(void **state)
{
	struct scene scene;
	struct client *client;
	uint8_t octet = 0xff;

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_one(&scene, 0);
	for (unsigned second = 0; !client->has_ended; second++) {
		assert_true(second < 11);
		(void)tcp_write(client->tcp, &octet, 1);
		play(&scene, 1000);
	}
	assert_int_equal(count_of(&scene, "tcp_closed_total{reason=\"idle\"}"), 1);
	close_scene(&scene);
}

/* R7766-6.2.3-a: idle is nothing outstanding. */
static void whoever_waits_for_an_answer_is_not_idle(void **state)
{
	struct scene scene;
	struct client *client;

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_one(&scene, 0);
	ask(client, 1, 'w');
	play(&scene, 3 * IDLE_MS);
	assert_false(client->has_ended);
	fake_answer(&scene.resolver, 0);
	play(&scene, IDLE_MS - 100);
	assert_int_equal(client->answers, 1);
	assert_false(client->has_ended);
	play(&scene, 200);
	assert_true(client->has_ended);
	close_scene(&scene);
}

/* R7766-6.2.2-a, LIM-09: the idlest makes room, but not one that waits for an answer. */
static void the_idlest_makes_room(void **state)
{
	struct scene scene;
	struct client *clients[3], *fourth, *fifth;

	(void)state;
	open_scene(&scene, 3, 3);
	for (size_t i = 0; i < 3; i++)
		clients[i] = connect_one(&scene, i);
	ask(clients[0], 1, 'w');
	play(&scene, 100);
	ask(clients[1], 1, 'n');
	play(&scene, 100);
	fourth = connect_one(&scene, 3);
	play(&scene, 20);
	assert_true(clients[2]->has_ended);
	assert_false(clients[0]->has_ended || clients[1]->has_ended || fourth->has_ended);
	ask(fourth, 1, 'w');
	ask(clients[1], 2, 'w');
	play(&scene, 20);
	fifth = connect_one(&scene, 4);
	play(&scene, 20);
	assert_true(fifth->has_ended);
	assert_int_equal(count_of(&scene, "tcp_closed_total{reason=\"idlest\"}"), 1);
	assert_int_equal(count_of(&scene, "tcp_refused_total{limit=\"total\"}"), 1);
	assert_int_equal(count_of(&scene, "tcp_accepted_total{}"), 4);
	close_scene(&scene);
}

/* R7766-6.2.2-a, with several workers: the idlest is found wherever it is. */
static void the_idlest_of_another_worker_makes_room(void **state)
{
	struct endpoint elsewhere = at("192.0.2.251:53");
	struct client *first, *second, *third;
	struct tcp_front_options options;
	struct tcp_front *other;
	struct scene scene;

	(void)state;
	open_scene(&scene, 2, 2);
	options = (struct tcp_front_options){
		.idle_ms = IDLE_MS, .gate = scene.gate, .shares = scene.shares
	};
	other = tcp_front_new(scene.loop, &options, &scene.resolver);
	assert_int_equal(tcp_front_listen(other, &elsewhere, false, 0), 0);

	first = connect_one(&scene, 0);
	play(&scene, 100);
	second = connect_one(&scene, 1);
	play(&scene, 100);
	third = connect_to(&scene, 2, "192.0.2.3:4000", &elsewhere);
	play(&scene, 20);
	assert_true(first->has_ended);
	assert_false(second->has_ended || third->has_ended);
	assert_int_equal(count_of(&scene, "tcp_closed_total{reason=\"idlest\"}"), 1);
	tcp_front_free(other);
	close_scene(&scene);
}

/* LIM-09: one address does not push out others. */
static void one_address_has_its_share(void **state)
{
	struct scene scene;
	struct client *first, *third;

	(void)state;
	open_scene(&scene, 9, 2);
	first = connect_from(&scene, 0, "192.0.2.1:1");
	(void)connect_from(&scene, 1, "192.0.2.1:2");
	third = connect_from(&scene, 2, "192.0.2.1:3");
	play(&scene, 20);
	assert_true(third->has_ended);
	assert_false(first->has_ended);
	assert_int_equal(count_of(&scene, "tcp_refused_total{limit=\"client\"}"), 1);
	close_scene(&scene);
}

/* TCP-d */
static void answers_after_a_half_close(void **state)
{
	struct scene scene;
	struct client *client;

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_one(&scene, 0);
	ask(client, 1, 'w');
	ask(client, 2, 'n');
	sim_half_close(client->tcp);
	play(&scene, 100);
	assert_int_equal(client->answers, 1);
	assert_false(client->has_ended);
	fake_answer(&scene.resolver, 0);
	play(&scene, 100);
	assert_int_equal(client->answers, 2);
	assert_true(client->has_ended);
	close_scene(&scene);
}

/* TCP-d: also where it was at its limit, and where it asked nothing. */
static void a_half_close_loses_nothing(void **state)
{
	enum { ALL = TCP_FRONT_PIPELINE_MAX + 20 };
	struct scene scene;
	struct client *client, *mute;

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_one(&scene, 0);
	mute = connect_one(&scene, 1);
	for (uint16_t id = 0; id < ALL; id++)
		ask(client, id, 'w');
	sim_half_close(client->tcp);
	sim_half_close(mute->tcp);
	play(&scene, 100);
	assert_true(mute->has_ended);
	for (unsigned i = 0; i < ALL; i++) {
		assert_true(scene.resolver.waiting_count > 0);
		fake_answer(&scene.resolver, 0);
		play(&scene, 5);
	}
	play(&scene, 100);
	assert_int_equal(client->answers, ALL);
	assert_true(client->has_ended);
	close_scene(&scene);
}

/* R7766-6.2.4-a */
static void forgets_the_queries_of_who_is_gone(void **state)
{
	struct scene scene;
	struct client *client;

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_one(&scene, 0);
	for (uint16_t id = 0; id < 50; id++)
		ask(client, id, 'w');
	play(&scene, 20);
	sim_reset(client->tcp);
	client->tcp = NULL;
	play(&scene, 20);
	assert_int_equal(scene.resolver.cancelled, 50);
	assert_int_equal(scene.resolver.waiting_count, 0);
	close_scene(&scene);
}

/* TCP-b, MAL-01 */
static void a_broken_frame_closes(void **state)
{
	struct scene scene;

	(void)state;
	for (uint8_t length = 0; length < WIRE_HEADER_SIZE; length++) {
		uint8_t octets[2 + WIRE_HEADER_SIZE] = { 0, length };
		struct client *client;

		open_scene(&scene, 9, 9);
		client = connect_one(&scene, 0);
		ask(client, 1, 'w');
		assert_true(tcp_write(client->tcp, octets, sizeof(octets)));
		play(&scene, 20);
		assert_true(client->has_ended);
		assert_int_equal(scene.resolver.cancelled, 1);
		close_scene(&scene);
	}
}

/* MAL-05, R5358-4-b: the refusal arrives, then it closes. */
static void refuses_strangers_and_closes(void **state)
{
	struct scene scene;
	struct client *client;
	char text[ASKED_TEXT_MAX];

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_from(&scene, 0, "198.51.100.1:4000");
	ask(client, 0x1234, 'n');
	ask(client, 0x1234, 'n');
	play(&scene, 100);
	assert_int_equal(client->answers, 1);
	assert_string_equal(
		asked_describe(client->octets, client->size, text), "REFUSED rd question");
	assert_true(client->has_ended);
	assert_int_equal(scene.resolver.started, 0);
	close_scene(&scene);
}

/* MAL-02: dropped, and the connection lives. */
static void what_is_dropped_does_not_close(void **state)
{
	static const uint8_t response[] = "\0\14" HEADER("\x81\0", "\0", "\0", "\0", "\0");
	struct scene scene;
	struct client *client;

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_one(&scene, 0);
	assert_true(tcp_write(client->tcp, response, sizeof(response) - 1));
	ask(client, 3, 'd');
	ask(client, 4, 'n');
	play(&scene, 20);
	assert_int_equal(client->answers, 1);
	assert_int_equal(client->ids[0], 4);
	assert_false(client->has_ended);
	close_scene(&scene);
}

static void a_reload_changes_the_idle_time_of_open_connections(void **state)
{
	struct tcp_front_options options = { .idle_ms = 2000 };
	struct scene scene;
	struct client *client;

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_one(&scene, 0);
	options.gate = scene.gate;
	options.shares = scene.shares;
	tcp_front_set_options(scene.front, &options);
	play(&scene, 1900);
	assert_false(client->has_ended);
	play(&scene, 200);
	assert_true(client->has_ended);
	close_scene(&scene);
}

static void its_connections_outlive_a_listener(void **state)
{
	struct endpoint server = at(SERVER);
	struct scene scene;
	struct client *client;

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_one(&scene, 0);
	tcp_front_unlisten(scene.front, &server);
	tcp_front_unlisten(scene.front, &server);
	ask(client, 1, 'n');
	play(&scene, 20);
	assert_int_equal(client->answers, 1);
	assert_int_equal(tcp_front_listen(scene.front, &server, false, 0), 0);
	assert_int_equal(tcp_front_listen(scene.front, &server, false, 0), -EADDRINUSE);
	close_scene(&scene);
}

static void answers_what_is_in_progress_when_it_stops(void **state)
{
	struct scene scene;
	struct client *client, *late;

	(void)state;
	open_scene(&scene, 9, 9);
	client = connect_one(&scene, 0);
	for (uint16_t id = 0; id < TCP_FRONT_PIPELINE_MAX + 5; id++)
		ask(client, id, 'w');
	play(&scene, 20);
	tcp_front_quiesce(scene.front);
	late = connect_one(&scene, 1);
	ask(client, 2, 'n');
	play(&scene, 20);
	while (scene.resolver.waiting_count)
		fake_answer(&scene.resolver, 0);
	play(&scene, 20);
	assert_int_equal(client->answers, TCP_FRONT_PIPELINE_MAX);
	assert_int_equal(scene.resolver.started, TCP_FRONT_PIPELINE_MAX);
	assert_int_equal(late->answers, 0);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_all_that_is_pipelined),
		cmocka_unit_test(answers_as_soon_as_it_can),
		cmocka_unit_test(takes_messages_in_any_pieces),
		cmocka_unit_test(reads_no_more_than_it_may_have_in_progress),
		cmocka_unit_test(waits_for_a_slow_reader),
		cmocka_unit_test(closes_a_client_that_never_reads),
		cmocka_unit_test(bounds_what_waits_to_be_written),
		cmocka_unit_test(closes_the_idle),
		cmocka_unit_test(closes_the_slow_drip),
		cmocka_unit_test(whoever_waits_for_an_answer_is_not_idle),
		cmocka_unit_test(the_idlest_makes_room),
		cmocka_unit_test(the_idlest_of_another_worker_makes_room),
		cmocka_unit_test(one_address_has_its_share),
		cmocka_unit_test(answers_after_a_half_close),
		cmocka_unit_test(a_half_close_loses_nothing),
		cmocka_unit_test(forgets_the_queries_of_who_is_gone),
		cmocka_unit_test(a_broken_frame_closes),
		cmocka_unit_test(refuses_strangers_and_closes),
		cmocka_unit_test(what_is_dropped_does_not_close),
		cmocka_unit_test(a_reload_changes_the_idle_time_of_open_connections),
		cmocka_unit_test(its_connections_outlive_a_listener),
		cmocka_unit_test(answers_what_is_in_progress_when_it_stops),
	};

	return cmocka_run_group_tests_name("tcp_front", tests, NULL, NULL);
}
