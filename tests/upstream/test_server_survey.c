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

static void it_is_held_if_all_who_have_an_opinion_hold_it(void **state)
{
	enum { NONE, UP, HELD };
	const struct {
		int a, b, both;
	} rows[] = {
		{ NONE, NONE, NONE },
		{ NONE, UP, UP },
		{ NONE, HELD, HELD },
		{ UP, NONE, UP },
		{ UP, UP, UP },
		{ UP, HELD, UP },
		{ HELD, NONE, HELD },
		{ HELD, UP, UP },
		{ HELD, HELD, HELD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct server_survey a = { .has_opinion = rows[i].a, .is_held = rows[i].a == HELD };
		struct server_survey b = { .has_opinion = rows[i].b, .is_held = rows[i].b == HELD };

		server_survey_add(&a, &b);
		assert_int_equal(a.has_opinion, rows[i].both != NONE);
		assert_int_equal(a.is_held, rows[i].both == HELD);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_is_the_same_by_endpoint_and_zone),
		cmocka_unit_test(counts_are_summed),
		cmocka_unit_test(times_are_weighed_by_the_questions_of_lately),
		cmocka_unit_test(it_is_held_if_all_who_have_an_opinion_hold_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
