/* A simulated world with a group under test and a few programmable upstreams. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "stage.h"

#include <stdio.h>
#include <stdlib.h>

enum { ASK_MS = 10000 };

unsigned stage_random(struct stage *stage, unsigned bound)
{
	stage->random = stage->random * 1664525U + 1013904223U;
	return (stage->random >> 8) % bound;
}

static uint8_t number_of(const struct actor *actor)
{
	return (uint8_t)(actor - actor->stage->actors + 1);
}

static void note(
	struct actor *actor, const uint8_t *octets, size_t size, uint16_t port, bool is_stream)
{
	struct wire wire;
	struct wire_option option;
	struct seen *seen = &actor->seen[actor->seen_count];

	assert_true(actor->seen_count < SEEN_MAX);
	actor->seen_count++;
	assert_true(wire_view(&wire, octets, size));
	assert_int_equal(wire.question_count, 1);
	assert_int_equal(wire_view_question(&wire), WIRE_OK);
	assert_int_equal(wire_view_records(&wire), WIRE_OK);
	*seen = (struct seen){
		.at_ms = loop_now_ms(actor->stage->loop),
		.id = wire.id,
		.port = port,
		.type = wire.question_type,
		.flags = wire.flags,
		.is_stream = is_stream,
		.has_opt = wire.edns.present,
		.has_do = wire.edns.dnssec_ok,
		.udp_size = wire.edns.udp_size,
		.has_keepalive = wire.edns.present &&
				 wire_find_option(&wire.edns, OPTION_KEEPALIVE, &option),
	};
	if (seen->has_keepalive)
		seen->keepalive_size = option.size;
	memcpy(seen->name, wire.question_name, sizeof(seen->name));
}

static void on_datagram(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	struct actor *actor = owner;
	struct stage *stage = actor->stage;
	uint8_t out[FORGE_ROOM];
	size_t out_size = 0;

	note(actor, octets, size, from->port, false);
	actor->udp_count++;
	if (actor->is_silent)
		return;
	if (actor->loses) {
		actor->loses--;
		return;
	}
	if (actor->percent && stage_random(stage, 100) < actor->percent)
		return;
	for (unsigned i = 0; i < actor->forgeries; i++) {
		struct forge forged = { .wrong_id = true };

		out_size = forge_reply(octets, size, &forged, 66, out);
		sim_send_udp(stage->sim, to, from, out, out_size);
	}
	if (actor->only_forgeries)
		return;
	out_size = forge_reply(octets, size, &actor->udp, number_of(actor), out);
	sim_send_udp(stage->sim, to, from, out, out_size);
}

static void stream_close(struct actor_stream *stream)
{
	tcp_free(stream->tcp);
	stream->tcp = NULL;
	frames_clear(&stream->frames);
}

static void answer(struct actor_stream *stream, const uint8_t *octets, size_t size)
{
	struct actor *actor = stream->actor;
	uint8_t out[FORGE_ROOM];
	size_t out_size = forge_reply(octets, size, &actor->stream, number_of(actor), out);

	assert_true(tcp_write_message(stream->tcp, out, out_size));
	stream->answered++;
}

static void hold(struct actor_stream *stream, const uint8_t *octets, size_t size)
{
	struct actor *actor = stream->actor;

	assert_true(actor->held_count < HELD_MAX && size <= WIRE_QUERY_MAX);
	memcpy(actor->held[actor->held_count], octets, size);
	actor->held_sizes[actor->held_count++] = size;
	if (actor->held_count < actor->holds)
		return;
	while (actor->held_count) {
		actor->held_count--;
		answer(stream, actor->held[actor->held_count],
			actor->held_sizes[actor->held_count]);
	}
}

static void on_stream_received(void *owner, const uint8_t *octets, size_t size)
{
	struct actor_stream *stream = owner;
	struct actor *actor = stream->actor;
	const uint8_t *message = NULL;
	size_t message_size = 0;

	frames_lend(&stream->frames, octets, size);
	while (frames_next(&stream->frames, &message, &message_size) == FRAMES_MESSAGE) {
		note(actor, message, message_size, tcp_peer(stream->tcp).port, true);
		actor->stream_count++;
		if (actor->is_mute)
			continue;
		if (actor->holds)
			hold(stream, message, message_size);
		else
			answer(stream, message, message_size);
		if (actor->closes_after && stream->answered == actor->closes_after) {
			tcp_finish(stream->tcp);
			return;
		}
	}
}

static void on_stream_ended(void *owner)
{
	struct actor_stream *stream = owner;

	stream->actor->closed_count++;
	stream_close(stream);
}

static void on_stream_closed(void *owner, int error)
{
	(void)error;
	on_stream_ended(owner);
}

static enum sim_verdict on_connecting(void *owner, struct tcp *tcp)
{
	static const struct tcp_events events = {
		.received = on_stream_received,
		.ended = on_stream_ended,
		.closed = on_stream_closed,
	};
	static const struct tcp_options options = { 0 };
	struct actor *actor = owner;
	struct actor_stream *stream = actor->streams;

	if (actor->tcp != SIM_ACCEPT)
		return actor->tcp;
	while (stream->tcp) {
		stream++;
		assert_true(stream < actor->streams + STREAMS_MAX);
	}
	actor->connection_count++;
	*stream = (struct actor_stream){ .actor = actor, .tcp = tcp };
	tcp_attach(tcp, &options, &events, stream);
	return SIM_ACCEPT;
}

void stage_open(struct stage *stage, size_t actors, enum group_order order)
{
	struct server_options servers[ACTORS_MAX];
	struct group_options options = {
		.scope = 7,
		.order = order,
		.rules = { .ttl_max = 86400, .negative_ttl_max = 3600, .links_max = 16 },
		.servers = servers,
		.server_count = actors,
	};

	memset(stage, 0, sizeof(*stage));
	stage->loop = loop_new();
	stage->sim = sim_of(stage->loop);
	stage->random = 1;
	for (size_t i = 0; i < actors; i++) {
		struct actor *actor = &stage->actors[i];
		char text[ENDPOINT_TEXT_MAX];

		(void)snprintf(text, sizeof(text), "198.51.100.%u:53", (unsigned)i + 1);
		actor->stage = stage;
		assert_true(endpoint_parse(text, 53, &actor->at));
		sim_serve_udp(stage->sim, &actor->at, on_datagram, actor);
		sim_serve_tcp(stage->sim, &actor->at, on_connecting, actor);
		servers[i] = (struct server_options){ .endpoint = actor->at };
	}
	stage->group = group_new(stage->loop, &stage->entropy, &options);
}

void stage_close(struct stage *stage)
{
	group_free(stage->group);
	for (size_t i = 0; i < ACTORS_MAX; i++)
		for (size_t k = 0; k < STREAMS_MAX; k++)
			if (stage->actors[i].streams[k].tcp)
				stream_close(&stage->actors[i].streams[k]);
	loop_free(stage->loop);
}

static void on_done(void *owner, const struct group_result *result)
{
	struct asked *asked = owner;

	asked->calls++;
	asked->tries = result->tries;
	asked->query = NULL;
	assert_true((result->reply == NULL) == (result->failure != NULL));
	if (result->reply)
		asked->reply = reply_ref(result->reply);
	else
		asked->failure = *result->failure;
	asked->server = result->server ? *result->server : (struct endpoint){ 0 };
}

static void ask(
	struct stage *stage, struct asked *asked, const char *text, uint16_t type, bool is_stream)
{
	struct group_ask how = {
		.deadline_ms = loop_now_ms(stage->loop) + ASK_MS,
		.stream = is_stream,
		.tries_max = stage->tries_max,
	};
	struct question question;
	struct name name;

	assert_true(name_parse(text, &name));
	question = question_make(name.octets, type, CLASS_IN, false);
	memset(asked, 0, sizeof(*asked));
	asked->started_ms = loop_now_ms(stage->loop);
	asked->query = group_start(stage->group, &question, &how, on_done, asked);
	assert_int_equal(asked->calls, 0);
}

void stage_ask(struct stage *stage, struct asked *asked, const char *name, uint16_t type)
{
	ask(stage, asked, name, type, false);
}

void stage_ask_stream(struct stage *stage, struct asked *asked, const char *name, uint16_t type)
{
	ask(stage, asked, name, type, true);
}

void asked_clear(struct asked *asked)
{
	reply_unref(asked->reply);
	asked->reply = NULL;
}

static bool has_ended(void *owner)
{
	const struct asked *asked = owner;

	return asked->calls > 0;
}

void stage_wait(struct stage *stage, struct asked *asked)
{
	assert_true(sim_run_until(stage->sim, has_ended, asked, ASK_MS));
	asked->ended_ms = loop_now_ms(stage->loop);
	assert_int_equal(asked->calls, 1);
}

unsigned asked_answer(const struct asked *asked)
{
	struct record record;

	if (!asked->reply || !reply_count(asked->reply))
		return 0;
	record = reply_record(asked->reply, 0);
	return record.rdata[record.rdata_size - 1];
}

unsigned stage_answer(struct stage *stage, const char *name, uint16_t type)
{
	struct asked asked;
	unsigned from = 0;

	stage_ask(stage, &asked, name, type);
	stage_wait(stage, &asked);
	from = asked_answer(&asked);
	asked_clear(&asked);
	return from;
}
