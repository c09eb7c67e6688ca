/* Tests of what we believe of a server: waits, percentile, doubt, hold. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sixward/upstream/health.h"

static void note_replies(struct health *health, unsigned count, uint64_t rtt_ms)
{
	for (unsigned i = 0; i < count; i++)
		(void)health_note_reply(health, rtt_ms, 1000);
}

static void waits_a_second_for_an_unknown_server(void **state)
{
	struct health health = { 0 };

	(void)state;
	/* LIM-01; the second wait like the first, then twice, at most four seconds. */
	assert_int_equal(health_wait_ms(&health, 1), 1000);
	assert_int_equal(health_wait_ms(&health, 2), 1000);
	assert_int_equal(health_wait_ms(&health, 3), 2000);
}

static void waits_by_the_95th_percentile(void **state)
{
	/* LIM-02 */
	const struct {
		unsigned slow, fast;
		uint64_t slow_ms, fast_ms;
		uint32_t waits[3];
	} rows[] = {
		{ 0, 1, 0, 20, { 30, 30, 60 } },
		{ 0, 64, 0, 20, { 30, 30, 60 } },
		{ 0, 64, 0, 0, { 20, 20, 40 } },
		{ 0, 64, 0, 21, { 32, 32, 64 } },
		{ 3, 61, 200, 20, { 30, 30, 60 } },    /* three of 64 are below 5 % */
		{ 4, 60, 200, 20, { 300, 300, 600 } }, /* the 61st of 64 */
		{ 1, 18, 200, 20, { 300, 300, 600 } }, /* 95 % of 19 is more than 18 */
		{ 1, 19, 200, 20, { 30, 30, 60 } },
		{ 64, 64, 900, 10, { 20, 20, 40 } }, /* the old are forgotten */
		{ 0, 64, 0, 3000, { 4000, 4000, 4000 } },
		{ 0, 64, 0, 100000, { 4000, 4000, 4000 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct health health = { 0 };

		note_replies(&health, rows[i].slow, rows[i].slow_ms);
		note_replies(&health, rows[i].fast, rows[i].fast_ms);
		for (unsigned k = 0; k < 3; k++)
			assert_int_equal(health_wait_ms(&health, k + 1), rows[i].waits[k]);
	}
}

/* The percentile is kept, not counted anew each time: it must be the same. */
static void keeps_the_percentile_right(void **state)
{
	struct health health = { 0 };
	uint32_t random = 1;

	(void)state;
	for (unsigned i = 0; i < 2000; i++) {
		unsigned at_most = 0, least_rank = 0;
		uint16_t value = 0;

		random = random * 1664525U + 1013904223U;
		(void)health_note_reply(&health, (random >> 24) % (i % 300 + 1), 1);
		value = health.percentile_ms;
		for (unsigned k = 0; k < health.sample_count; k++)
			at_most += health.samples_ms[k] <= value;
		for (unsigned k = 0; k < health.sample_count; k++)
			least_rank += health.samples_ms[k] < value;
		assert_true(at_most * 100 >= health.sample_count * 95U);
		assert_true(least_rank * 100 < health.sample_count * 95U);
	}
}

static void doubles_the_wait_while_repeats_are_needless(void **state)
{
	struct health health = { 0 };

	(void)state;
	note_replies(&health, 64, 20);
	for (unsigned i = 0; i < 57; i++)
		health_note_repeat(&health, false);
	for (unsigned i = 0; i < 6; i++)
		health_note_repeat(&health, true);
	assert_int_equal(health_wait_ms(&health, 1), 30);
	health_note_repeat(&health, true); /* 7 of 64: more than one in ten (LIM-02) */
	assert_int_equal(health_wait_ms(&health, 1), 60);
	assert_int_equal(health_wait_ms(&health, 3), 120);
	for (unsigned i = 0; i < 58; i++)
		health_note_repeat(&health, false);
	assert_int_equal(health_wait_ms(&health, 1), 30);
}

static void doubts_at_the_first_loss_and_holds_when_silence_is_certain(void **state)
{
	struct health health = { 0 };

	(void)state;
	/* R2308-7.2-a */
	assert_false(health_note_loss(&health, 10000, 11000));
	assert_int_equal(health.state, HEALTH_DOUBTED);
	assert_false(health_note_loss(&health, 11000, 11900));
	assert_false(health_note_loss(&health, 11500, 11950)); /* three, but in a short time */
	assert_int_equal(health.state, HEALTH_DOUBTED);
	assert_true(health_note_loss(&health, 11000, 12000));
	assert_int_equal(health.state, HEALTH_HELD);
	assert_false(health_note_loss(&health, 12000, 14000)); /* told once */

	assert_true(health_note_reply(&health, 20, 14001));
	assert_int_equal(health.state, HEALTH_GOOD);
	assert_false(health_note_reply(&health, 20, 14002));
}

static void does_not_count_a_loss_while_others_are_answered(void **state)
{
	struct health health = { 0 };

	(void)state;
	(void)health_note_reply(&health, 20, 1005);
	assert_false(health_note_loss(&health, 1000, 1030));
	assert_int_equal(health.state, HEALTH_GOOD);
	assert_false(health_note_loss(&health, 1006, 1036));
	assert_int_equal(health.state, HEALTH_DOUBTED);
}

static void holds_at_once_what_cannot_be_reached(void **state)
{
	struct health health = { 0 };

	(void)state;
	assert_true(health_note_error(&health, 1000));
	assert_int_equal(health.state, HEALTH_HELD);
	assert_false(health_note_error(&health, 1001));
	assert_int_equal(health.hold_until_ms, 6000);
}

static void doubles_the_hold_up_to_a_minute(void **state)
{
	static const uint32_t holds_ms[] = { 5000, 10000, 20000, 40000, 60000, 60000 };
	struct health health = { 0 };
	uint64_t now_ms = 1000;

	(void)state;
	/* LIM-17: only losses after the hold make it longer. */
	for (size_t i = 0; i < sizeof(holds_ms) / sizeof(holds_ms[0]); i++) {
		(void)health_note_error(&health, now_ms);
		(void)health_note_error(&health, now_ms + 1);
		(void)health_note_loss(&health, now_ms, now_ms + 2);
		assert_int_equal(health.hold_ms, holds_ms[i]);
		assert_false(health_wants_probe(&health, now_ms + holds_ms[i] - 1));
		now_ms += holds_ms[i];
		assert_true(health_wants_probe(&health, now_ms));
	}
	(void)health_note_reply(&health, 1, now_ms);
	assert_false(health_wants_probe(&health, now_ms + 100000));
	(void)health_note_error(&health, now_ms);
	assert_int_equal(health.hold_ms, 5000);
}

static void sends_one_probe_for_each_hold(void **state)
{
	struct health health = { 0 };

	(void)state;
	(void)health_note_loss(&health, 0, 1000);
	assert_true(health_wants_probe(&health, 6000));
	health_note_probe(&health, 6000);
	assert_false(health_wants_probe(&health, 6001));
	/* Silent once more: then it is no longer a mere doubt. */
	assert_true(health_note_loss(&health, 6000, 7000));
	assert_true(health_wants_probe(&health, 16000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_a_second_for_an_unknown_server),
		cmocka_unit_test(waits_by_the_95th_percentile),
		cmocka_unit_test(keeps_the_percentile_right),
		cmocka_unit_test(doubles_the_wait_while_repeats_are_needless),
		cmocka_unit_test(doubts_at_the_first_loss_and_holds_when_silence_is_certain),
		cmocka_unit_test(does_not_count_a_loss_while_others_are_answered),
		cmocka_unit_test(holds_at_once_what_cannot_be_reached),
		cmocka_unit_test(doubles_the_hold_up_to_a_minute),
		cmocka_unit_test(sends_one_probe_for_each_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
