/* Whatever an upstream sends, every question ends exactly once, by its deadline. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "stage.h"

#include <stdio.h>

enum { SERVERS = 3, ROUNDS = 120, PER_ROUND = 30, ASK_LIMIT_MS = 10000 };

static struct stage stage;
static struct asked asked[PER_ROUND];
static unsigned packets;

/* A reply that is true in most respects, with some octets changed; or no reply at all. */
static size_t spoil(const uint8_t *octets, size_t size, uint8_t *out)
{
	static const uint16_t rcodes[] = { RCODE_NOERROR, RCODE_NOERROR, RCODE_NOERROR,
		RCODE_FORMERR, RCODE_SERVFAIL, RCODE_NXDOMAIN, RCODE_REFUSED, 9, RCODE_BADVERS };
	struct forge forge = {
		.rcode = rcodes[stage_random(&stage, 9)],
		.is_truncated = stage_random(&stage, 10) == 0,
		.no_opt = stage_random(&stage, 3) == 0,
		.no_question = stage_random(&stage, 10) == 0,
		.loops = stage_random(&stage, 10) == 0,
		.has_keepalive = stage_random(&stage, 5) == 0,
		.keepalive = (uint16_t)stage_random(&stage, 3),
	};
	size_t out_size = forge_reply(octets, size, &forge, 1, out);
	unsigned changes = stage_random(&stage, 4);

	packets++;
	if (stage_random(&stage, 20) == 0)
		out_size = stage_random(&stage, (unsigned)out_size + 1);
	for (unsigned i = 0; i < changes && out_size > 2; i++) {
		/* Often past the id, so that something is left to be judged. */
		unsigned first = stage_random(&stage, 4) ? 2 : 0;
		unsigned at = first + stage_random(&stage, (unsigned)out_size - first);

		out[at] = (uint8_t)stage_random(&stage, 256);
	}
	return out_size;
}

static void on_datagram(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	unsigned count = stage_random(&stage, 4);

	(void)owner;
	for (unsigned i = 0; i < count; i++) {
		uint8_t out[FORGE_ROOM];

		sim_send_udp(stage.sim, to, from, out, spoil(octets, size, out));
	}
}

static void on_received(void *owner, const uint8_t *octets, size_t size)
{
	struct actor_stream *stream = owner;
	const uint8_t *message = NULL;
	size_t message_size = 0;

	frames_lend(&stream->frames, octets, size);
	while (frames_next(&stream->frames, &message, &message_size) == FRAMES_MESSAGE) {
		uint8_t out[FORGE_ROOM];
		unsigned what = stage_random(&stage, 12);

		size = spoil(message, message_size, out);
		if (what == 0) {
			tcp_finish(stream->tcp);
			return;
		}
		if (what == 1)
			(void)tcp_write(stream->tcp, out, size);
		else if (what > 2)
			(void)tcp_write_message(stream->tcp, out, size);
	}
}

static void on_ended(void *owner)
{
	struct actor_stream *stream = owner;

	tcp_free(stream->tcp);
	stream->tcp = NULL;
	frames_clear(&stream->frames);
}

static void on_closed(void *owner, int error)
{
	(void)error;
	on_ended(owner);
}

static enum sim_verdict on_connecting(void *owner, struct tcp *tcp)
{
	static const struct tcp_events events = {
		.received = on_received,
		.ended = on_ended,
		.closed = on_closed,
	};
	static const struct tcp_options options = { 0 };
	struct actor *actor = owner;
	enum sim_verdict verdict = (enum sim_verdict)stage_random(&stage, 6);

	if (verdict == SIM_REFUSE || verdict == SIM_IGNORE)
		return verdict;
	for (unsigned i = 0; i < STREAMS_MAX; i++) {
		if (actor->streams[i].tcp)
			continue;
		actor->streams[i] = (struct actor_stream){ .actor = actor, .tcp = tcp };
		tcp_attach(tcp, &options, &events, &actor->streams[i]);
		return SIM_ACCEPT;
	}
	return SIM_REFUSE;
}

static void ask_round(void)
{
	for (unsigned i = 0; i < PER_ROUND; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "n%u.example", i);
		if (stage_random(&stage, 4))
			stage_ask(&stage, &asked[i], name, i & 1 ? TYPE_A : TYPE_AAAA);
		else
			stage_ask_stream(&stage, &asked[i], name, TYPE_A);
	}
}

static void ends_every_question_once_whatever_comes(void **state)
{
	unsigned answered = 0, failed = 0;

	(void)state;
	stage_open(&stage, SERVERS, ORDER_FASTEST);
	for (unsigned i = 0; i < SERVERS; i++) {
		sim_serve_udp(stage.sim, &stage.actors[i].at, on_datagram, &stage.actors[i]);
		sim_serve_tcp(stage.sim, &stage.actors[i].at, on_connecting, &stage.actors[i]);
	}
	for (unsigned round = 0; round < ROUNDS; round++) {
		ask_round();
		(void)sim_run_for(stage.sim, stage_random(&stage, 200));
		/* Some lose interest. */
		for (unsigned i = 0; i < PER_ROUND; i += 7) {
			group_cancel(asked[i].query);
			asked[i].query = NULL;
		}
		(void)sim_run_for(stage.sim, ASK_LIMIT_MS);
		for (unsigned i = 0; i < PER_ROUND; i++) {
			assert_true(asked[i].calls <= 1);
			if (i % 7)
				assert_int_equal(asked[i].calls, 1);
			answered += asked[i].reply != NULL;
			failed += asked[i].calls && !asked[i].reply;
			asked_clear(&asked[i]);
		}
	}
	assert_true(packets >= 10000);
	assert_true(answered > 0 && failed > 0);
	stage_close(&stage);
}

/* Octets that resemble nothing. */
static void on_noise(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	(void)owner;
	(void)size;
	for (unsigned i = 0; i < 100; i++) {
		uint8_t out[64];
		size_t out_size = stage_random(&stage, sizeof(out));

		for (size_t k = 0; k < out_size; k++)
			out[k] = (uint8_t)stage_random(&stage, 256);
		if (out_size > 1 && stage_random(&stage, 2))
			memcpy(out, octets, 2);
		sim_send_udp(stage.sim, to, from, out, out_size);
		packets++;
	}
}

static void ends_every_question_in_pure_noise(void **state)
{
	(void)state;
	packets = 0;
	stage_open(&stage, 1, ORDER_FASTEST);
	sim_serve_udp(stage.sim, &stage.actors[0].at, on_noise, NULL);
	stage.actors[0].tcp = SIM_IGNORE;
	for (unsigned round = 0; round < 5; round++) {
		ask_round();
		(void)sim_run_for(stage.sim, ASK_LIMIT_MS);
		for (unsigned i = 0; i < PER_ROUND; i++) {
			assert_int_equal(asked[i].calls, 1);
			assert_null(asked[i].reply);
		}
	}
	assert_true(packets >= 10000);
	stage_close(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_every_question_once_whatever_comes),
		cmocka_unit_test(ends_every_question_in_pure_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
