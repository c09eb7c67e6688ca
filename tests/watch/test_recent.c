/* Tests of the names that are kept for a while. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "sixward/watch/recent.h"

static struct question question_of(const char *text)
{
	struct name name;

	assert_true(name_parse(text, &name));
	return question_make(name.octets, TYPE_AAAA, CLASS_IN, false);
}

static void note(struct recent *recent, const char *name, enum outcome outcome, uint64_t now_ms)
{
	struct question question = question_of(name);
	struct query_observation observation = { .question = &question, .outcome = outcome };

	recent_note(recent, &observation, now_ms);
}

static void assert_name(const struct recent_name *recent, const char *expected)
{
	char text[NAME_TEXT_MAX];

	assert_string_equal(name_format(recent->name.octets, text), expected);
}

static void keeps_what_was_synthesized_or_failed_the_newest_first(void **state)
{
	struct recent *recent = recent_new();
	struct recent_name names[RECENT_MAX];

	(void)state;
	recent_set(recent, true);
	note(recent, "native.example", OUTCOME_RELAYED, 1);
	note(recent, "four.example", OUTCOME_SYNTHESIZED, 2);
	note(recent, "local.example", OUTCOME_RECORD, 3);
	note(recent, "refused.example", OUTCOME_REFUSED_ACL, 4);
	note(recent, "late.example", OUTCOME_TIMED_OUT, 5);
	assert_int_equal(recent_find(recent, names), 2);
	assert_name(&names[0], "late.example.");
	assert_int_equal(names[0].outcome, OUTCOME_TIMED_OUT);
	assert_int_equal(names[0].at_ms, 5);
	assert_int_equal(names[0].type, TYPE_AAAA);
	assert_name(&names[1], "four.example.");
	recent_free(recent);
	recent_free(NULL);
}

static void keeps_nothing_while_it_is_off(void **state)
{
	struct recent *recent = recent_new();
	struct recent_name names[RECENT_MAX];

	(void)state;
	note(recent, "a.example", OUTCOME_SYNTHESIZED, 1);
	assert_int_equal(recent_find(recent, names), 0);
	recent_set(recent, true);
	note(recent, "b.example", OUTCOME_SYNTHESIZED, 2);
	recent_set(recent, false);
	note(recent, "c.example", OUTCOME_SYNTHESIZED, 3);
	recent_set(recent, true);
	assert_int_equal(recent_find(recent, names), 0);
	note(recent, "d.example", OUTCOME_SYNTHESIZED, 4);
	assert_int_equal(recent_find(recent, names), 1);
	assert_name(&names[0], "d.example.");
	recent_free(recent);
}

static void the_oldest_makes_room(void **state)
{
	struct recent *recent = recent_new();
	struct recent_name names[RECENT_MAX];

	(void)state;
	recent_set(recent, true);
	for (unsigned i = 0; i < RECENT_MAX + 7; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "n%u.example", i);
		note(recent, text, OUTCOME_OVERLOAD, i);
	}
	assert_int_equal(recent_find(recent, names), RECENT_MAX);
	assert_name(&names[0], "n56.example.");
	assert_name(&names[RECENT_MAX - 1], "n7.example.");
	recent_free(recent);
}

static void tells_the_prefix_that_was_used(void **state)
{
	struct question question = question_of("www.example");
	struct query_observation observation = { .question = &question,
		.outcome = OUTCOME_SYNTHESIZED };
	struct recent *recent = recent_new();
	struct recent_name names[RECENT_MAX];
	struct prefix prefix = prefix_well_known();

	(void)state;
	recent_set(recent, true);
	recent_note(recent, &observation, 1);
	observation.prefix = &prefix;
	recent_note(recent, &observation, 2);
	assert_int_equal(recent_find(recent, names), 2);
	assert_true(names[0].has_prefix);
	assert_true(prefix_equal(&names[0].prefix, &prefix));
	assert_false(names[1].has_prefix);
	recent_free(recent);
}

static void *on_thread(void *owner)
{
	for (unsigned i = 0; i < 2000; i++)
		note(owner, "thread.example", OUTCOME_SYNTHESIZED, i);
	return NULL;
}

static void workers_may_note_while_it_is_read_and_turned_off(void **state)
{
	struct recent *recent = recent_new();
	struct recent_name names[RECENT_MAX];
	pthread_t threads[2];

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, on_thread, recent), 0);
	for (unsigned i = 0; i < 500; i++) {
		size_t count;

		recent_set(recent, i % 7 > 0);
		count = recent_find(recent, names);
		for (size_t k = 0; k < count; k++)
			assert_name(&names[k], "thread.example.");
	}
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	recent_free(recent);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_what_was_synthesized_or_failed_the_newest_first),
		cmocka_unit_test(keeps_nothing_while_it_is_off),
		cmocka_unit_test(the_oldest_makes_room),
		cmocka_unit_test(tells_the_prefix_that_was_used),
		cmocka_unit_test(workers_may_note_while_it_is_read_and_turned_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
