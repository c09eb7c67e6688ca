/* Which endpoints connect, which refuse and which keep silent: all at once, and without a word. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "sim.h"
#include "sixward/app/reach.h"

enum { TIMEOUT_MS = 2000 };

/* A server that accepts, and counts what comes then. */
struct server {
	struct tcp *stream;
	size_t received;
	unsigned ends;
};

static void on_received(void *owner, const uint8_t *octets, size_t size)
{
	struct server *server = owner;

	(void)octets;
	server->received += size;
}

static void on_ended(void *owner)
{
	struct server *server = owner;

	server->ends++;
}

static void on_closed(void *owner, int error)
{
	(void)owner;
	(void)error;
}

static const struct tcp_events server_events = {
	.received = on_received, .ended = on_ended, .closed = on_closed
};

static enum sim_verdict on_connecting(void *owner, struct tcp *stream)
{
	static const struct tcp_options options = { 0 };
	struct server *server = owner;

	server->stream = stream;
	tcp_attach(stream, &options, &server_events, server);
	return SIM_ACCEPT;
}

static struct reach reach_of(const char *text)
{
	struct reach reach = { 0 };

	assert_true(endpoint_parse(text, 443, &reach.peer));
	return reach;
}

static void serve(struct loop *loop, const struct reach *at, struct server *server, uint64_t ms)
{
	sim_serve_tcp(sim_of(loop), &at->peer, on_connecting, server);
	sim_set_latency(sim_of(loop), &at->peer, ms);
}

static void tells_who_connects_who_refuses_and_who_is_silent(void **state)
{
	struct loop *loop = loop_new();
	struct server server = { 0 };
	struct reach tries[] = { reach_of("2001:db8::1"), reach_of("2001:db8::2"),
		reach_of("2001:db8::3") };

	(void)state;
	serve(loop, &tries[0], &server, 10);
	sim_refuse(sim_of(loop), &tries[1].peer, -ECONNREFUSED);
	reach_try(loop, tries, 3, TIMEOUT_MS);
	assert_int_equal(tries[0].result, REACH_CONNECTED);
	assert_int_equal(tries[0].error, 0);
	assert_in_range(tries[0].took_ms, 11, 21);
	assert_int_equal(tries[1].result, REACH_REFUSED);
	assert_int_equal(tries[1].error, -ECONNREFUSED);
	assert_int_equal(tries[1].took_ms, 2 * SIM_LATENCY_MS);
	assert_int_equal(tries[2].result, REACH_SILENT);
	assert_int_equal(tries[2].took_ms, TIMEOUT_MS);
	tcp_free(server.stream);
	loop_free(loop);
}

static void sends_nothing_and_closes_at_once(void **state)
{
	struct loop *loop = loop_new();
	struct server server = { 0 };
	struct reach one = reach_of("[2001:db8::1]:8443");

	(void)state;
	serve(loop, &one, &server, SIM_LATENCY_MS);
	reach_try(loop, &one, 1, TIMEOUT_MS);
	assert_int_equal(one.result, REACH_CONNECTED);
	(void)sim_run_for(sim_of(loop), 100);
	assert_int_equal(server.received, 0);
	assert_int_equal(server.ends, 1);
	tcp_free(server.stream);
	loop_free(loop);
}

static void all_are_tried_at_once(void **state)
{
	struct loop *loop = loop_new();
	struct reach tries[REACH_MAX];
	uint64_t start = loop_now_ms(loop);

	(void)state;
	for (size_t i = 0; i < REACH_MAX; i++) {
		tries[i] = reach_of("2001:db8::1");
		tries[i].peer.port = (uint16_t)(1000 + i);
	}
	reach_try(loop, tries, REACH_MAX, TIMEOUT_MS);
	for (size_t i = 0; i < REACH_MAX; i++) {
		assert_int_equal(tries[i].result, REACH_SILENT);
		assert_int_equal(sim_count_tcp(sim_of(loop), &tries[i].peer), 1);
	}
	assert_int_equal(loop_now_ms(loop) - start, TIMEOUT_MS);
	loop_free(loop);
}

static void is_done_when_each_has_its_result(void **state)
{
	struct loop *loop = loop_new();
	struct reach tries[] = { reach_of("2001:db8::1"), reach_of("2001:db8::2") };
	uint64_t start = loop_now_ms(loop);

	(void)state;
	sim_refuse(sim_of(loop), &tries[0].peer, -ECONNREFUSED);
	sim_refuse(sim_of(loop), &tries[1].peer, -ECONNREFUSED);
	reach_try(loop, tries, 2, TIMEOUT_MS);
	assert_int_equal(loop_now_ms(loop) - start, 2 * SIM_LATENCY_MS);
	loop_free(loop);
}

static const struct error_row {
	int error;
	enum reach_result want;
} error_rows[] = {
	{ -ECONNREFUSED, REACH_REFUSED },
	{ -ECONNRESET, REACH_REFUSED },
	{ -ENETUNREACH, REACH_NO_ROUTE },
	{ -EADDRNOTAVAIL, REACH_NO_ROUTE },
	{ -EAFNOSUPPORT, REACH_NO_ROUTE },
	{ -EHOSTUNREACH, REACH_UNREACHABLE },
	{ -EACCES, REACH_UNREACHABLE },
	{ -EPERM, REACH_UNREACHABLE },
	{ -ETIMEDOUT, REACH_SILENT },
};

static void errors_say_what_is_in_the_way(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(error_rows) / sizeof(error_rows[0]); i++) {
		struct loop *loop = loop_new();
		struct reach one = reach_of("2001:db8::1");

		sim_refuse(sim_of(loop), &one.peer, error_rows[i].error);
		reach_try(loop, &one, 1, TIMEOUT_MS);
		assert_int_equal(one.result, error_rows[i].want);
		assert_int_equal(one.error, error_rows[i].error);
		loop_free(loop);
	}
}

static void none_is_none(void **state)
{
	struct loop *loop = loop_new();

	(void)state;
	reach_try(loop, NULL, 0, TIMEOUT_MS);
	assert_int_equal(reach_sort(NULL, 0), 0);
	loop_free(loop);
}

static void the_fastest_come_first_and_the_rest_stay_in_order(void **state)
{
	static const uint16_t want[] = { 4, 2, 6, 1, 3, 5 };
	struct reach tries[] = {
		{ .peer.port = 1, .result = REACH_REFUSED, .took_ms = 1 },
		{ .peer.port = 2, .result = REACH_CONNECTED, .took_ms = 20 },
		{ .peer.port = 3, .result = REACH_SILENT, .took_ms = 2000 },
		{ .peer.port = 4, .result = REACH_CONNECTED, .took_ms = 10 },
		{ .peer.port = 5, .result = REACH_NO_ROUTE },
		{ .peer.port = 6, .result = REACH_CONNECTED, .took_ms = 20 },
	};

	(void)state;
	assert_int_equal(reach_sort(tries, 6), 3);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(tries[i].peer.port, want[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_who_connects_who_refuses_and_who_is_silent),
		cmocka_unit_test(sends_nothing_and_closes_at_once),
		cmocka_unit_test(all_are_tried_at_once),
		cmocka_unit_test(is_done_when_each_has_its_result),
		cmocka_unit_test(errors_say_what_is_in_the_way),
		cmocka_unit_test(none_is_none),
		cmocka_unit_test(the_fastest_come_first_and_the_rest_stay_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
