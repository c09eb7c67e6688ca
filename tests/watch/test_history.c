/* Tests of the last hour in samples, on a clock of the test's own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim.h"
#include "sixward/watch/history.h"

struct scene {
	struct loop *loop;
	struct history *history;
	struct outcomes workers[2];
	struct history_sample samples[HISTORY_SAMPLES];
	uint64_t end_ms;
};

static void open_scene(struct scene *scene)
{
	*scene = (struct scene){ .loop = loop_new() };
	/* What was counted before is not the history's. */
	outcomes_note(&scene->workers[0], OUTCOME_RELAYED);
	scene->history = history_new(scene->loop);
	for (size_t i = 0; i < 2; i++)
		history_add(scene->history, &scene->workers[i]);
}

static void close_scene(struct scene *scene)
{
	history_free(scene->history);
	loop_free(scene->loop);
}

static void play(struct scene *scene, uint64_t ms)
{
	(void)sim_run_for(sim_of(scene->loop), ms);
}

static void note(struct scene *scene, size_t worker, enum outcome outcome, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		outcomes_note(&scene->workers[worker], outcome);
}

static size_t find(struct scene *scene)
{
	return history_find(scene->history, scene->samples, &scene->end_ms);
}

static void samples_hold_what_ended_meanwhile_by_kind(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	assert_int_equal(find(&scene), 0);
	note(&scene, 0, OUTCOME_RELAYED, 3);
	note(&scene, 1, OUTCOME_FILTERED, 4);
	note(&scene, 1, OUTCOME_SYNTHESIZED, 2);
	play(&scene, HISTORY_SAMPLE_MS - 1);
	assert_int_equal(find(&scene), 0);
	play(&scene, 1);
	assert_int_equal(find(&scene), 1);
	assert_int_equal(scene.end_ms, SIM_START_MS + HISTORY_SAMPLE_MS);
	assert_int_equal(scene.samples[0].counts[KIND_NATIVE], 7);
	assert_int_equal(scene.samples[0].counts[KIND_SYNTHESIZED], 2);
	assert_int_equal(scene.samples[0].counts[KIND_FAILED], 0);

	note(&scene, 0, OUTCOME_LIMIT, 1);
	play(&scene, HISTORY_SAMPLE_MS);
	assert_int_equal(find(&scene), 2);
	assert_int_equal(scene.samples[1].counts[KIND_NATIVE], 0);
	assert_int_equal(scene.samples[1].counts[KIND_FAILED], 1);
	assert_int_equal(history_total(scene.history, OUTCOME_RELAYED), 4);
	close_scene(&scene);
}

static void an_hour_is_kept_and_no_more(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	for (unsigned i = 0; i < HISTORY_SAMPLES + 10; i++) {
		note(&scene, 0, OUTCOME_RECORD, i);
		play(&scene, HISTORY_SAMPLE_MS);
	}
	assert_int_equal(find(&scene), HISTORY_SAMPLES);
	for (unsigned i = 0; i < HISTORY_SAMPLES; i++)
		assert_int_equal(scene.samples[i].counts[KIND_LOCAL], i + 10);
	assert_int_equal(scene.end_ms, loop_now_ms(scene.loop));
	close_scene(&scene);
}

static void the_rate_is_that_of_the_last_seconds(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	assert_int_equal(history_rate(scene.history), 0);
	for (unsigned i = 0; i < 30; i++) {
		note(&scene, i % 2, OUTCOME_RELAYED, 5);
		play(&scene, 1000);
	}
	assert_in_range(history_rate(scene.history), 4900, 5100);
	for (unsigned i = 0; i < 20; i++) {
		note(&scene, 0, OUTCOME_DROPPED, 1);
		play(&scene, 100);
	}
	assert_in_range(history_rate(scene.history), 5400, 6600);
	play(&scene, HISTORY_RATE_MS + HISTORY_LOOK_MS);
	assert_int_equal(history_rate(scene.history), 0);
	close_scene(&scene);
}

static void the_rate_of_the_first_seconds_is_over_these_alone(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	note(&scene, 0, OUTCOME_RELAYED, 30);
	play(&scene, 3000);
	assert_int_equal(history_rate(scene.history), 10000);
	close_scene(&scene);
	history_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_hold_what_ended_meanwhile_by_kind),
		cmocka_unit_test(an_hour_is_kept_and_no_more),
		cmocka_unit_test(the_rate_is_that_of_the_last_seconds),
		cmocka_unit_test(the_rate_of_the_first_seconds_is_over_these_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
