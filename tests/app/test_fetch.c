/* One GET, to servers of every kind, on a net with its own clock. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "sixward/app/fetch.h"

struct scene {
	struct loop *loop;
	struct endpoint peer;
	/* The server. */
	enum sim_verdict verdict;
	const char *says; /* NULL = nothing */
	bool hangs_up;
	bool floods;
	struct tcp *stream;
	char asked[512];
	/* What came of it. */
	struct fetch *fetch;
	unsigned told;
	enum fetch_result result;
	int error;
	unsigned status;
	char *body;
};

static void on_asked(void *owner, const uint8_t *octets, size_t size)
{
	static const uint8_t flood[64 * 1024];
	struct scene *scene = owner;

	(void)snprintf(scene->asked, sizeof(scene->asked), "%.*s", (int)size, (const char *)octets);
	if (scene->says)
		assert_true(tcp_write(
			scene->stream, (const uint8_t *)scene->says, strlen(scene->says)));
	for (size_t i = 0; scene->floods && i < FETCH_SIZE_MAX / sizeof(flood) + 1; i++)
		(void)tcp_write(scene->stream, flood, sizeof(flood));
	if (scene->hangs_up)
		tcp_finish(scene->stream);
}

static void on_server_ended(void *owner)
{
	(void)owner;
}

static void on_server_closed(void *owner, int error)
{
	(void)owner;
	(void)error;
}

static enum sim_verdict on_connecting(void *owner, struct tcp *stream)
{
	static const struct tcp_events events = {
		.received = on_asked, .ended = on_server_ended, .closed = on_server_closed
	};
	static const struct tcp_options options = { .queue_max = 8 * 1024 * 1024 };
	struct scene *scene = owner;

	if (scene->verdict != SIM_ACCEPT)
		return scene->verdict;
	scene->stream = stream;
	tcp_attach(stream, &options, &events, scene);
	return SIM_ACCEPT;
}

static void on_fetched(void *owner, const struct fetched *fetched)
{
	struct scene *scene = owner;

	scene->fetch = NULL;
	scene->told++;
	scene->result = fetched->result;
	scene->error = fetched->error;
	scene->status = fetched->response.status;
	if (fetched->response.body)
		scene->body = strdup(fetched->response.body);
}

/* The server's part is in the scene. Plays until all is told. */
static void play(struct scene *scene)
{
	scene->loop = loop_new();
	assert_true(endpoint_parse("[::1]:8064", 0, &scene->peer));
	sim_serve_tcp(sim_of(scene->loop), &scene->peer, on_connecting, scene);
	scene->fetch = fetch_start(scene->loop, &scene->peer, "/status.json", on_fetched, scene);
	assert_int_equal(scene->told, 0);
	(void)sim_run_for(sim_of(scene->loop), 2 * FETCH_TIMEOUT_MS);
}

static void clear(struct scene *scene)
{
	fetch_cancel(scene->fetch);
	tcp_free(scene->stream);
	loop_free(scene->loop);
	free(scene->body);
}

static void a_response_is_told_as_soon_as_it_is_whole(void **state)
{
	struct scene scene = { .says = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" };

	(void)state;
	play(&scene);
	assert_int_equal(scene.told, 1);
	assert_int_equal(scene.result, FETCH_DONE);
	assert_int_equal(scene.status, 200);
	assert_string_equal(scene.body, "{}");
	assert_string_equal(scene.asked,
		"GET /status.json HTTP/1.1\r\nHost: [::1]:8064\r\nConnection: close\r\n\r\n");
	clear(&scene);
}

static void a_response_may_end_with_its_connection(void **state)
{
	struct scene scene = { .says = "HTTP/1.1 503 no\r\n\r\nbye", .hangs_up = true };

	(void)state;
	play(&scene);
	assert_int_equal(scene.told, 1);
	assert_int_equal(scene.result, FETCH_DONE);
	assert_int_equal(scene.status, 503);
	assert_string_equal(scene.body, "bye");
	clear(&scene);
}

static void each_trouble_has_its_name(void **state)
{
	static const struct row {
		struct scene scene;
		enum fetch_result result;
		int error;
	} rows[] = {
		{ { .verdict = SIM_REFUSE }, FETCH_UNREACHABLE, -ECONNREFUSED },
		{ { .verdict = SIM_IGNORE }, FETCH_SILENT, 0 },
		{ { .says = NULL }, FETCH_SILENT, 0 },
		{ { .says = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab" }, FETCH_SILENT, 0 },
		{ { .says = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", .hangs_up = true },
			FETCH_GARBAGE, 0 },
		{ { .hangs_up = true }, FETCH_GARBAGE, 0 },
		{ { .says = "220 mail ready\r\n\r\n" }, FETCH_GARBAGE, 0 },
		{ { .says = "HTTP/1.1 200 OK\r\n\r\n", .floods = true }, FETCH_GARBAGE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene = rows[i].scene;

		play(&scene);
		assert_int_equal(scene.told, 1);
		assert_int_equal(scene.result, rows[i].result);
		if (rows[i].error)
			assert_int_equal(scene.error, rows[i].error);
		assert_null(scene.body);
		clear(&scene);
	}
}

static void nothing_is_told_after_it_is_cancelled(void **state)
{
	struct scene scene = { .says = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}" };

	(void)state;
	scene.loop = loop_new();
	assert_true(endpoint_parse("[::1]:8064", 0, &scene.peer));
	sim_serve_tcp(sim_of(scene.loop), &scene.peer, on_connecting, &scene);
	scene.fetch = fetch_start(scene.loop, &scene.peer, "/", on_fetched, &scene);
	fetch_cancel(scene.fetch);
	fetch_cancel(NULL);
	scene.fetch = NULL;
	(void)sim_run_for(sim_of(scene.loop), 2 * FETCH_TIMEOUT_MS);
	assert_int_equal(scene.told, 0);
	clear(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_response_is_told_as_soon_as_it_is_whole),
		cmocka_unit_test(a_response_may_end_with_its_connection),
		cmocka_unit_test(each_trouble_has_its_name),
		cmocka_unit_test(nothing_is_told_after_it_is_cancelled),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
