/* Scenarios of the kept TCP connection, as a group uses it. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "stage.h"

#include <stdio.h>

enum { MANY = 50 };

static struct stage stage;
static struct actor *const one = &stage.actors[0];
static struct actor *const two = &stage.actors[1];
static struct asked many[MANY];

static void ask_many(unsigned count, bool is_stream)
{
	for (unsigned i = 0; i < count; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "n%u.example", i);
		if (is_stream)
			stage_ask_stream(&stage, &many[i], name, TYPE_A);
		else
			stage_ask(&stage, &many[i], name, TYPE_A);
	}
}

static void expect_answers(unsigned count, unsigned from)
{
	for (unsigned i = 0; i < count; i++) {
		if (!many[i].calls)
			stage_wait(&stage, &many[i]);
		assert_int_equal(many[i].calls, 1);
		assert_int_equal(asked_answer(&many[i]), from);
		asked_clear(&many[i]);
	}
}

static void asks_over_tcp_what_was_truncated(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->udp.is_truncated = true;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	/* UPS-a, UPR-05: the same server, at once. */
	assert_int_equal(asked_answer(&asked), 1);
	assert_int_equal(one->udp_count, 1);
	assert_int_equal(one->stream_count, 1);
	assert_int_equal(two->udp_count, 0);
	assert_true(asked.ended_ms - asked.started_ms < 10);
	asked_clear(&asked);
	stage_close(&stage);
}

static void takes_a_large_datagram_whole(void **state)
{
	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->udp.size = 3000;
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	assert_int_equal(one->stream_count, 0);
	stage_close(&stage);
}

static size_t oversize(const uint8_t *octets, size_t size, uint8_t *out)
{
	static const struct forge forge = { 0 };

	(void)forge_reply(octets, size, &forge, 1, out);
	return 5000;
}

static void on_oversize(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	static uint8_t out[8192];

	(void)owner;
	sim_send_udp(stage.sim, to, from, out, oversize(octets, size, out));
}

static void asks_over_tcp_what_arrived_cut(void **state)
{
	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	sim_serve_udp(stage.sim, &one->at, on_oversize, NULL);
	/* UDP-b */
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	assert_int_equal(one->stream_count, 1);
	stage_close(&stage);
}

static void asks_over_tcp_what_was_garbage(void **state)
{
	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->udp.bad_record = true;
	/* UPR-04 */
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	assert_int_equal(one->stream_count, 1);
	one->stream.bad_record = true;
	assert_int_equal(stage_answer(&stage, "other.example", TYPE_A), 2);
	two->udp.bad_record = true;
	two->stream.bad_record = true;
	stage_ask(&stage, &many[0], "third.example", TYPE_A);
	stage_wait(&stage, &many[0]);
	assert_int_equal(many[0].failure.cause, FAILURE_GARBAGE);
	stage_close(&stage);
}

static void takes_truncation_over_tcp_as_a_failure(void **state)
{
	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->udp.is_truncated = true;
	one->stream.is_truncated = true;
	/* UPR-05 */
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 2);
	assert_int_equal(one->stream_count, 1);
	stage_close(&stage);
}

static void asks_many_over_one_connection(void **state)
{
	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->udp.is_truncated = true;
	ask_many(MANY, false);
	expect_answers(MANY, 1);
	/* R7766-6.2.2-b, R7766-6.2.1-b: one connection, and no id twice. */
	assert_int_equal(one->connection_count, 1);
	assert_int_equal(one->stream_count, MANY);
	stage_close(&stage);
}

static void takes_replies_in_any_order(void **state)
{
	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->holds = MANY;
	ask_many(MANY, true);
	expect_answers(MANY, 1);
	/* R7766-6.2.1-b: all were out before the first reply; the ids differ. */
	assert_int_equal(one->connection_count, 1);
	for (unsigned i = 0; i < MANY; i++)
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(one->seen[i].id, one->seen[k].id);
	stage_close(&stage);
}

static void asks_by_stream_alone_for_a_client_of_tcp(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_FASTEST);
	for (unsigned i = 0; i < 100; i++) {
		stage_ask_stream(&stage, &asked, "www.example", TYPE_A);
		stage_wait(&stage, &asked);
		assert_int_equal(asked_answer(&asked), 1);
		asked_clear(&asked);
	}
	/* UPS-a */
	assert_int_equal(one->udp_count + two->udp_count, 0);
	assert_int_equal(one->connection_count, 1);
	stage_close(&stage);
}

static void asks_by_datagram_where_tcp_is_refused(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->tcp = SIM_REFUSE;
	for (unsigned i = 0; i < 10; i++) {
		stage_ask_stream(&stage, &asked, "www.example", TYPE_A);
		stage_wait(&stage, &asked);
		/* UPS-a */
		assert_int_equal(asked_answer(&asked), 1);
		assert_true(asked.ended_ms - asked.started_ms < 10);
		asked_clear(&asked);
	}
	stage_close(&stage);
}

static void does_not_wait_for_a_stream_in_doubt(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->tcp = SIM_IGNORE;
	stage_ask_stream(&stage, &asked, "first.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 1);
	assert_in_range(asked.ended_ms - asked.started_ms, 1000, 1010);
	asked_clear(&asked);
	for (unsigned i = 0; i < 100; i++) {
		(void)sim_run_for(stage.sim, 1000);
		stage_ask_stream(&stage, &asked, "next.example", TYPE_A);
		stage_wait(&stage, &asked);
		assert_int_equal(asked_answer(&asked), 1);
		/* The connection is tried beside, in the first second as much as later. */
		assert_true(i < 2 || asked.ended_ms - asked.started_ms < 10);
		asked_clear(&asked);
	}
	/* LIM-15: 1, 2, 4 … s after each attempt. */
	assert_in_range(sim_count_tcp(stage.sim, &one->at), 5, 9);
	stage_close(&stage);
}

static void backs_off_from_a_server_that_refuses(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->udp.is_truncated = true;
	one->tcp = SIM_REFUSE;
	for (unsigned i = 0; i < 300; i++) {
		stage_ask(&stage, &asked, "www.example", TYPE_A);
		stage_wait(&stage, &asked);
		assert_null(asked.reply);
		assert_int_equal(asked.failure.cause, FAILURE_NETWORK);
		(void)sim_run_for(stage.sim, 1000);
	}
	/* LIM-15: at 0, 1, 3, 7, 15, 31, 63, 123, 183, 243 s. */
	assert_in_range(sim_count_tcp(stage.sim, &one->at), 9, 11);
	one->tcp = SIM_ACCEPT;
	(void)sim_run_for(stage.sim, 60000);
	assert_int_equal(stage_answer(&stage, "back.example", TYPE_A), 1);
	stage_close(&stage);
}

static void goes_to_the_next_server_when_tcp_is_refused(void **state)
{
	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->udp.is_truncated = true;
	one->tcp = SIM_REFUSE;
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 2);
	assert_int_equal(stage_answer(&stage, "next.example", TYPE_A), 2);
	stage_close(&stage);
}

static void sends_the_keepalive_option_once_over_tcp(void **state)
{
	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	ask_many(3, true);
	expect_answers(3, 1);
	/* R7766-6.2.3-b */
	assert_true(one->seen[0].has_keepalive);
	assert_int_equal(one->seen[0].keepalive_size, 0);
	assert_false(one->seen[1].has_keepalive);
	assert_true(one->seen[1].has_opt && one->seen[1].has_do);
	assert_int_equal(one->seen[1].flags, WIRE_RD);
	stage_close(&stage);
}

static void closes_an_idle_connection(void **state)
{
	const struct {
		bool has_keepalive;
		uint16_t keepalive;
		uint64_t least_ms, most_ms;
	} rows[] = {
		/* LIM-15, R7766-6.2.3-b: before the server would. */
		{ false, 0, 19990, 20010 },
		{ true, 100, 8500, 9999 },
		{ true, 6000, 19990, 20010 },
		{ true, 0, 0, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage_open(&stage, 1, ORDER_LISTED);
		one->stream.has_keepalive = rows[i].has_keepalive;
		one->stream.keepalive = rows[i].keepalive;
		ask_many(1, true);
		expect_answers(1, 1);
		if (rows[i].least_ms) {
			(void)sim_run_for(stage.sim, rows[i].least_ms);
			assert_int_equal(one->closed_count, 0);
		}
		(void)sim_run_for(stage.sim, rows[i].most_ms - rows[i].least_ms + 5);
		assert_int_equal(one->closed_count, 1);
		ask_many(1, true);
		expect_answers(1, 1);
		assert_int_equal(one->connection_count, 2);
		stage_close(&stage);
	}
}

static void finishes_before_it_obeys_a_keepalive_of_zero(void **state)
{
	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->stream.has_keepalive = true;
	one->holds = 10;
	ask_many(10, true);
	expect_answers(10, 1);
	(void)sim_run_for(stage.sim, 10);
	/* R7766-6.2.3-b */
	assert_int_equal(one->connection_count, 1);
	assert_int_equal(one->closed_count, 1);
	assert_int_equal(one->stream_count, 10);
	stage_close(&stage);
}

static void opens_another_connection_while_one_finishes(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->stream.has_keepalive = true; /* of 0 */
	one->holds = 2;
	ask_many(3, true); /* the third is held back */
	(void)sim_run_for(stage.sim, 10);
	assert_int_equal(one->connection_count, 1);
	one->holds = 0;
	stage_ask_stream(&stage, &asked, "new.example", TYPE_A);
	stage_wait(&stage, &asked);
	/* R7766-6.2.3-b */
	assert_int_equal(one->connection_count, 2);
	assert_int_equal(many[2].calls, 0);
	asked_clear(&asked);
	expect_answers(3, 1);
	stage_close(&stage);
}

static void never_has_an_id_twice_in_flight(void **state)
{
	enum { QUESTIONS = 3000 };
	static struct asked asked[QUESTIONS];
	static uint8_t ids[65536];

	(void)state;
	memset(ids, 0, sizeof(ids));
	stage_open(&stage, 1, ORDER_LISTED);
	one->is_mute = true;
	for (unsigned i = 0; i < QUESTIONS; i++)
		stage_ask_stream(&stage, &asked[i], "www.example", TYPE_A);
	(void)sim_run_for(stage.sim, 100);
	/* R7766-6.2.1-b: by chance alone some seventy would. */
	assert_int_equal(one->seen_count, QUESTIONS);
	for (unsigned i = 0; i < QUESTIONS; i++)
		assert_int_equal(ids[one->seen[i].id]++, 0);
	stage_close(&stage);
}

static void asks_again_what_was_lost_with_a_connection(void **state)
{
	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->closes_after = 1;
	ask_many(5, true);
	expect_answers(5, 1);
	/* R7766-6.2.4-b: at most three times over TCP; those that had no luck went by UDP. */
	assert_int_equal(one->connection_count, 3);
	assert_int_equal(one->stream_count + one->udp_count, 3 + 2);
	stage_close(&stage);
}

static void forgives_the_close_of_an_idle_connection(void **state)
{
	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	for (unsigned i = 0; i < 10; i++) {
		ask_many(1, true);
		expect_answers(1, 1);
		(void)sim_run_for(stage.sim, 100);
		/* It closes while our next question is under way. */
		tcp_finish(one->streams[0].tcp);
		ask_many(1, true);
		expect_answers(1, 1);
		(void)sim_run_for(stage.sim, 100);
	}
	/* R7766-6.2.4-b */
	assert_int_equal(two->stream_count + two->udp_count + one->udp_count, 0);
	stage_close(&stage);
}

static void leaves_a_server_that_closes_without_answers(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->udp.is_truncated = true;
	one->is_mute = true;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	for (unsigned i = 0; i < 5 && !asked.calls; i++) {
		(void)sim_run_for(stage.sim, 10);
		for (unsigned k = 0; k < STREAMS_MAX; k++)
			if (one->streams[k].tcp)
				tcp_finish(one->streams[k].tcp);
	}
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 2);
	assert_int_equal(one->stream_count, 2);
	asked_clear(&asked);
	stage_close(&stage);
}

static void leaves_a_connection_that_fell_silent(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	ask_many(1, true);
	expect_answers(1, 1);
	one->is_mute = true;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	one->is_silent = true;
	(void)sim_run_for(stage.sim, 5000);
	one->is_mute = false;
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 1);
	assert_int_equal(one->connection_count, 2);
	asked_clear(&asked);
	stage_close(&stage);
}

static void uses_tcp_first_where_datagrams_never_arrive(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->is_silent = true;
	for (unsigned i = 0; i < 3; i++) {
		stage_ask(&stage, &asked, "first.example", TYPE_A);
		stage_wait(&stage, &asked);
		asked_clear(&asked);
	}
	/* R2308-7.2-a: the state is per transport. */
	for (unsigned i = 0; i < 100; i++) {
		stage_ask(&stage, &asked, "www.example", TYPE_A);
		stage_wait(&stage, &asked);
		assert_int_equal(asked_answer(&asked), 1);
		assert_true(asked.ended_ms - asked.started_ms < 10);
		asked_clear(&asked);
		(void)sim_run_for(stage.sim, 2000);
	}
	one->is_silent = false;
	(void)sim_run_for(stage.sim, 60000);
	for (unsigned i = 0; i < 3; i++)
		(void)stage_answer(&stage, "back.example", TYPE_A);
	one->stream_count = 0;
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	assert_int_equal(one->stream_count, 0);
	stage_close(&stage);
}

static void drops_edns_over_tcp_too(void **state)
{
	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->stream = (struct forge){ .rcode = RCODE_FORMERR, .no_opt = true };
	stage_ask_stream(&stage, &many[0], "www.example", TYPE_A);
	stage_wait(&stage, &many[0]);
	/* R6891-6.2.2-a */
	assert_true(one->seen[0].has_opt);
	assert_false(one->seen[1].has_opt);
	assert_int_equal(many[0].failure.rcode, RCODE_FORMERR);
	stage_close(&stage);
}

static void survives_broken_frames(void **state)
{
	static const uint8_t broken[] = { 0, 3, 1, 2, 3 };
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->udp.is_truncated = true;
	one->is_mute = true;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	for (unsigned i = 0; i < 5 && !asked.calls; i++) {
		(void)sim_run_for(stage.sim, 10);
		for (unsigned k = 0; k < STREAMS_MAX; k++)
			if (one->streams[k].tcp)
				(void)tcp_write(one->streams[k].tcp, broken, sizeof(broken));
	}
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 2);
	asked_clear(&asked);
	stage_close(&stage);
}

static void frees_itself_in_the_middle_of_things(void **state)
{
	(void)state;
	/* At every point of a busy exchange, the group goes: nothing is told or lost. */
	for (unsigned ms = 0; ms < 12; ms++) {
		stage_open(&stage, 2, ORDER_LISTED);
		one->udp.is_truncated = true;
		one->closes_after = 3;
		ask_many(10, false);
		(void)sim_run_for(stage.sim, ms);
		for (unsigned i = 0; i < 10; i++)
			if (many[i].calls)
				asked_clear(&many[i]);
		stage_close(&stage);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_over_tcp_what_was_truncated),
		cmocka_unit_test(takes_a_large_datagram_whole),
		cmocka_unit_test(asks_over_tcp_what_arrived_cut),
		cmocka_unit_test(asks_over_tcp_what_was_garbage),
		cmocka_unit_test(takes_truncation_over_tcp_as_a_failure),
		cmocka_unit_test(asks_many_over_one_connection),
		cmocka_unit_test(takes_replies_in_any_order),
		cmocka_unit_test(asks_by_stream_alone_for_a_client_of_tcp),
		cmocka_unit_test(asks_by_datagram_where_tcp_is_refused),
		cmocka_unit_test(does_not_wait_for_a_stream_in_doubt),
		cmocka_unit_test(backs_off_from_a_server_that_refuses),
		cmocka_unit_test(goes_to_the_next_server_when_tcp_is_refused),
		cmocka_unit_test(sends_the_keepalive_option_once_over_tcp),
		cmocka_unit_test(closes_an_idle_connection),
		cmocka_unit_test(finishes_before_it_obeys_a_keepalive_of_zero),
		cmocka_unit_test(opens_another_connection_while_one_finishes),
		cmocka_unit_test(never_has_an_id_twice_in_flight),
		cmocka_unit_test(asks_again_what_was_lost_with_a_connection),
		cmocka_unit_test(forgives_the_close_of_an_idle_connection),
		cmocka_unit_test(leaves_a_server_that_closes_without_answers),
		cmocka_unit_test(leaves_a_connection_that_fell_silent),
		cmocka_unit_test(uses_tcp_first_where_datagrams_never_arrive),
		cmocka_unit_test(drops_edns_over_tcp_too),
		cmocka_unit_test(survives_broken_frames),
		cmocka_unit_test(frees_itself_in_the_middle_of_things),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
