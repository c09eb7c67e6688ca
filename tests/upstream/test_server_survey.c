/* Tests of what several workers know of one server, put together. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sixward/upstream/server_survey.h"

static struct server_survey survey_of(const char *server, const char *zone)
{
	struct server_survey survey = { 0 };

	assert_true(endpoint_parse(server, 53, &survey.endpoint));
	assert_true(name_parse(zone, &survey.zone));
	return survey;
}

static void a_server_is_the_same_by_endpoint_and_zone(void **state)
{
	struct server_survey one = survey_of("192.0.2.1", "Example.");
	struct server_survey same = survey_of("192.0.2.1:53", "example");
	struct server_survey port = survey_of("192.0.2.1:54", "example");
	struct server_survey zone = survey_of("192.0.2.1", ".");

	(void)state;
	assert_true(server_survey_matches(&one, &same));
	assert_false(server_survey_matches(&one, &port));
	assert_false(server_survey_matches(&one, &zone));
}

static void counts_are_summed(void **state)
{
	struct server_survey all = {
		.questions = 5, .replies = 4, .losses = 1, .lately_questions = 5, .lately_losses = 1
	};
	struct server_survey one = { .questions = 50,
		.replies = 40,
		.losses = 10,
		.lately_questions = 50,
		.lately_losses = 10 };

	(void)state;
	reply_times_note(&one.times, 7);
	server_survey_add(&all, &one);
	assert_int_equal(all.questions, 55);
	assert_int_equal(all.replies, 44);
	assert_int_equal(all.losses, 11);
	assert_int_equal(all.lately_questions, 55);
	assert_int_equal(all.lately_losses, 11);
	assert_int_equal(reply_times_count(&all.times), 1);
}

static void times_are_weighed_by_the_questions_of_lately(void **state)
{
	const struct {
		bool a_timed, b_timed;
		uint32_t a_us, b_us, a_asked, b_asked, mean_us;
	} rows[] = {
		{ false, false, 0, 0, 9, 9, 0 },
		{ true, false, 5000, 0, 0, 99, 5000 },
		{ false, true, 0, 5000, 99, 0, 5000 },
		{ true, true, 1000, 3000, 9, 9, 2000 },
		{ true, true, 1000, 5000, 29, 9, 2000 },
		{ true, true, 1000, 3000, 0, 0, 2000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct server_survey a = { .is_timed = rows[i].a_timed,
			.rtt_us = rows[i].a_us,
			.lately_questions = rows[i].a_asked };
		struct server_survey b = { .is_timed = rows[i].b_timed,
			.rtt_us = rows[i].b_us,
			.lately_questions = rows[i].b_asked };

		server_survey_add(&a, &b);
		assert_int_equal(a.rtt_us, rows[i].mean_us);
		assert_int_equal(a.is_timed, rows[i].a_timed || rows[i].b_timed);
	}
}

static void it_is_held_while_nobody_has_heard_of_it_since(void **state)
{
	enum { NEVER = 0 };
	const struct {
		uint64_t a_replied_ms, a_silent_ms, b_replied_ms, b_silent_ms;
		bool is_held;
	} rows[] = {
		{ NEVER, NEVER, NEVER, NEVER, false },
		{ NEVER, NEVER, 100, NEVER, false },
		{ NEVER, NEVER, 100, 200, true },
		{ NEVER, NEVER, NEVER, 200, true },
		{ 100, NEVER, 150, NEVER, false },
		/* Who asked before the silence began knows nothing of it. */
		{ 100, NEVER, 90, 200, true },
		{ 300, NEVER, 90, 200, false },
		{ 90, 200, 100, NEVER, true },
		{ 90, 200, 300, NEVER, false },
		{ 90, 200, 100, 300, true },
		{ 90, 400, 350, NEVER, true },
		{ 200, NEVER, 90, 200, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct server_survey a = { .replied_ms = rows[i].a_replied_ms,
			.silent_ms = rows[i].a_silent_ms,
			.is_held = rows[i].a_silent_ms > 0 };
		struct server_survey b = { .replied_ms = rows[i].b_replied_ms,
			.silent_ms = rows[i].b_silent_ms,
			.is_held = rows[i].b_silent_ms > 0 };

		server_survey_add(&a, &b);
		assert_int_equal(a.is_held, rows[i].is_held);
	}
}

/* In whatever order they are put together. */
static void of_three_the_last_word_counts(void **state)
{
	const struct server_survey holds = { .is_held = true, .silent_ms = 200, .replied_ms = 90 };
	const struct server_survey has_heard = { .replied_ms = 300 };
	const struct server_survey knows_nothing = { 0 };
	struct server_survey one = holds;
	struct server_survey other = knows_nothing;

	(void)state;
	server_survey_add(&one, &has_heard);
	server_survey_add(&one, &knows_nothing);
	server_survey_add(&other, &has_heard);
	server_survey_add(&other, &holds);
	assert_false(one.is_held);
	assert_false(other.is_held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_is_the_same_by_endpoint_and_zone),
		cmocka_unit_test(counts_are_summed),
		cmocka_unit_test(times_are_weighed_by_the_questions_of_lately),
		cmocka_unit_test(it_is_held_while_nobody_has_heard_of_it_since),
		cmocka_unit_test(of_three_the_last_word_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
