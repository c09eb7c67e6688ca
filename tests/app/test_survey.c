/* What workers know is asked of each and put together; one that does not answer holds nobody up. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sim.h"
#include "sixward/app/survey.h"

enum { LANES = 3, SERVERS_MAX = 4 };

/* A worker of the test's own, behind the real one's header. */
struct worker {
	const char *servers[SERVERS_MAX];
	unsigned surveys;
};

struct scene {
	struct loop *loops[LANES]; /* each has its own clock */
	struct worker workers[LANES];
	struct survey *survey;
	unsigned calls;
	struct survey_result result;
	struct server_survey servers[SERVERS_MAX];
};

void __wrap_worker_survey(struct worker *worker, survey_visit *visit, void *owner);

void __wrap_worker_survey(struct worker *worker, survey_visit *visit, void *owner)
{
	worker->surveys++;
	for (size_t i = 0; i < SERVERS_MAX && worker->servers[i]; i++) {
		struct server_survey server = { .questions = 10 };

		assert_true(endpoint_parse(worker->servers[i], 53, &server.endpoint));
		assert_true(name_parse(".", &server.zone));
		visit(owner, &server);
	}
}

static void on_done(void *owner, const struct survey_result *result)
{
	struct scene *scene = owner;

	scene->calls++;
	scene->result = *result;
	assert_true(result->server_count <= SERVERS_MAX);
	for (size_t i = 0; i < result->server_count; i++)
		scene->servers[i] = result->servers[i];
}

static void open_scene(struct scene *scene)
{
	struct survey_lane lanes[LANES];

	*scene = (struct scene){ .calls = 0 };
	for (size_t i = 0; i < LANES; i++) {
		scene->loops[i] = loop_new();
		scene->workers[i] = (struct worker){ .servers = { "192.0.2.1", "192.0.2.2" } };
		lanes[i] = (struct survey_lane){ .loop = scene->loops[i],
			.worker = &scene->workers[i] };
	}
	scene->survey = survey_new(scene->loops[0], lanes, LANES, on_done, scene);
}

static void close_scene(struct scene *scene)
{
	survey_free(scene->survey);
	for (size_t i = 0; i < LANES; i++)
		loop_free(scene->loops[i]);
}

/* Lets the loops of these lanes turn, in order. */
static void turn(struct scene *scene, size_t first, size_t last)
{
	for (size_t i = first; i <= last; i++)
		(void)sim_run_for(sim_of(scene->loops[i]), 0);
}

static void expect_server(const struct scene *scene, size_t place, const char *text, uint64_t asked)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(text, 53, &endpoint));
	assert_true(endpoint_equal(&scene->servers[place].endpoint, &endpoint));
	assert_int_equal(scene->servers[place].questions, asked);
}

static void what_all_know_is_put_together(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	/* In the middle of a reload. */
	scene.workers[2].servers[0] = "192.0.2.2";
	scene.workers[2].servers[1] = "192.0.2.3";
	survey_start(scene.survey);
	assert_int_equal(scene.calls, 0);
	turn(&scene, 0, 2);
	assert_int_equal(scene.calls, 0);
	turn(&scene, 0, 0);
	assert_int_equal(scene.calls, 1);
	assert_int_equal(scene.result.silent, 0);
	assert_int_equal(scene.result.server_count, 3);
	expect_server(&scene, 0, "192.0.2.1", 20);
	expect_server(&scene, 1, "192.0.2.2", 30);
	expect_server(&scene, 2, "192.0.2.3", 10);
	assert_non_null(scene.result.host);
	assert_int_equal(scene.result.host->port_count, 0);

	/* Once. */
	(void)sim_run_for(sim_of(scene.loops[0]), 2 * (uint64_t)SURVEY_WAIT_MS);
	assert_int_equal(scene.calls, 1);
	close_scene(&scene);
}

static void those_who_ask_meanwhile_share_it(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	for (unsigned i = 0; i < 5; i++) {
		survey_start(scene.survey);
		turn(&scene, 0, 1);
	}
	turn(&scene, 2, 2);
	turn(&scene, 0, 0);
	assert_int_equal(scene.calls, 1);
	for (size_t i = 0; i < LANES; i++)
		assert_int_equal(scene.workers[i].surveys, 1);
	survey_start(scene.survey);
	turn(&scene, 0, 2);
	turn(&scene, 0, 0);
	assert_int_equal(scene.calls, 2);
	expect_server(&scene, 0, "192.0.2.1", 30);
	close_scene(&scene);
}

static void one_that_does_not_answer_is_left_out_and_counted(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	for (unsigned i = 1; i < 4; i++) {
		survey_start(scene.survey);
		turn(&scene, 0, 1);
		(void)sim_run_for(sim_of(scene.loops[0]), SURVEY_WAIT_MS - 1);
		assert_int_equal(scene.calls, i - 1);
		(void)sim_run_for(sim_of(scene.loops[0]), 1);
		assert_int_equal(scene.calls, i);
		assert_int_equal(scene.result.silent, 1);
		expect_server(&scene, 0, "192.0.2.1", 20);
	}

	/* It was asked once, and its late answer is of no survey. */
	turn(&scene, 2, 2);
	assert_int_equal(scene.workers[2].surveys, 1);
	turn(&scene, 0, 0);
	assert_int_equal(scene.calls, 3);
	survey_start(scene.survey);
	turn(&scene, 0, 2);
	turn(&scene, 0, 0);
	assert_int_equal(scene.calls, 4);
	assert_int_equal(scene.result.silent, 0);
	expect_server(&scene, 0, "192.0.2.1", 30);
	close_scene(&scene);
}

static void a_late_answer_to_the_last_survey_counts_in_this_one(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	survey_start(scene.survey);
	turn(&scene, 0, 1);
	(void)sim_run_for(sim_of(scene.loops[0]), SURVEY_WAIT_MS);
	assert_int_equal(scene.result.silent, 1);
	survey_start(scene.survey);
	turn(&scene, 0, 2);
	turn(&scene, 0, 0);
	assert_int_equal(scene.calls, 2);
	assert_int_equal(scene.result.silent, 0);
	assert_int_equal(scene.workers[2].surveys, 1);
	close_scene(&scene);
}

/* Wherever it is interrupted: the sanitizers look on. */
static void may_be_freed_at_any_time(void **state)
{
	(void)state;
	for (unsigned stage = 0; stage < 4; stage++) {
		struct scene scene;

		open_scene(&scene);
		survey_start(scene.survey);
		if (stage > 0)
			turn(&scene, 0, 0);
		if (stage > 1)
			turn(&scene, 1, 2);
		if (stage > 2)
			(void)sim_run_for(sim_of(scene.loops[0]), SURVEY_WAIT_MS);
		close_scene(&scene);
		assert_int_equal(scene.calls, stage > 2);
	}
	survey_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_all_know_is_put_together),
		cmocka_unit_test(those_who_ask_meanwhile_share_it),
		cmocka_unit_test(one_that_does_not_answer_is_left_out_and_counted),
		cmocka_unit_test(a_late_answer_to_the_last_survey_counts_in_this_one),
		cmocka_unit_test(may_be_freed_at_any_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
