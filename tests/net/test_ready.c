#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "sixward/net/ready.h"
#include "sixward/net/timer.h"

enum { LIMIT_MS = 3000, SILENCE_MS = 50 };

/* The reading end of a pipe that is waited for. */
struct watch {
	struct loop *loop;
	struct ready *ready;
	struct timer *limit;
	int pipe[2];
	unsigned calls;
	unsigned wanted;
	bool reads;
	bool frees;
	char last;
	ssize_t size;
};

static void on_limit(void *owner)
{
	const struct watch *watch = owner;

	loop_stop(watch->loop);
}

static void on_ready(void *owner)
{
	struct watch *watch = owner;

	watch->calls++;
	if (watch->reads)
		watch->size = read(watch->pipe[0], &watch->last, 1);
	if (watch->frees) {
		ready_free(watch->ready);
		watch->ready = NULL;
	}
	if (watch->calls == watch->wanted)
		loop_stop(watch->loop);
}

static void open_watch(struct watch *watch)
{
	int error = 0;

	*watch = (struct watch){ .loop = loop_new() };
	assert_int_equal(pipe(watch->pipe), 0);
	watch->limit = timer_new(watch->loop, on_limit, watch);
	watch->ready = ready_new(watch->loop, watch->pipe[0], on_ready, watch, &error);
	assert_non_null(watch->ready);
}

/* Until so many calls in all have come, or it takes too long. */
static void run_until(struct watch *watch, unsigned calls, uint64_t limit_ms)
{
	watch->wanted = calls;
	timer_start(watch->limit, limit_ms);
	loop_run(watch->loop);
}

static void close_watch(struct watch *watch)
{
	ready_free(watch->ready);
	timer_free(watch->limit);
	loop_free(watch->loop);
	close(watch->pipe[0]);
	close(watch->pipe[1]);
}

static void put(const struct watch *watch, const char *text, size_t size)
{
	assert_int_equal(write(watch->pipe[1], text, size), (ssize_t)size);
}

static void calls_as_long_as_something_is_there(void **state)
{
	struct watch watch;

	(void)state;
	open_watch(&watch);
	run_until(&watch, 1, SILENCE_MS);
	assert_int_equal(watch.calls, 0);
	put(&watch, "a", 1);
	run_until(&watch, 3, LIMIT_MS);
	assert_int_equal(watch.calls, 3);
	watch.reads = true;
	run_until(&watch, 4, LIMIT_MS);
	assert_int_equal(watch.calls, 4);
	assert_int_equal(watch.last, 'a');
	run_until(&watch, 5, SILENCE_MS);
	assert_int_equal(watch.calls, 4);
	close_watch(&watch);
}

static void an_end_is_to_be_read_too(void **state)
{
	struct watch watch;

	(void)state;
	open_watch(&watch);
	watch.reads = true;
	watch.size = -1;
	close(watch.pipe[1]);
	watch.pipe[1] = -1;
	run_until(&watch, 1, LIMIT_MS);
	assert_int_equal(watch.calls, 1);
	assert_int_equal(watch.size, 0);
	close_watch(&watch);
}

static void pauses_and_resumes(void **state)
{
	struct watch watch;

	(void)state;
	open_watch(&watch);
	put(&watch, "a", 1);
	ready_pause(watch.ready);
	run_until(&watch, 1, SILENCE_MS);
	assert_int_equal(watch.calls, 0);
	ready_resume(watch.ready);
	run_until(&watch, 1, LIMIT_MS);
	assert_int_equal(watch.calls, 1);
	close_watch(&watch);
}

static void may_be_freed_when_it_calls(void **state)
{
	struct watch watch;

	(void)state;
	open_watch(&watch);
	watch.frees = true;
	put(&watch, "ab", 2);
	run_until(&watch, 1, LIMIT_MS);
	assert_null(watch.ready);
	run_until(&watch, 2, SILENCE_MS);
	assert_int_equal(watch.calls, 1);
	close_watch(&watch);
}

/* The same number may be another file's at once. */
static void the_descriptor_may_be_closed_at_once(void **state)
{
	struct watch watch;
	int error = 0;

	(void)state;
	open_watch(&watch);
	put(&watch, "a", 1);
	ready_free(watch.ready);
	close(watch.pipe[0]);
	close(watch.pipe[1]);
	assert_int_equal(pipe(watch.pipe), 0);
	watch.ready = ready_new(watch.loop, watch.pipe[0], on_ready, &watch, &error);
	assert_non_null(watch.ready);
	run_until(&watch, 1, SILENCE_MS);
	assert_int_equal(watch.calls, 0);
	put(&watch, "b", 1);
	run_until(&watch, 1, LIMIT_MS);
	assert_int_equal(watch.calls, 1);
	close_watch(&watch);
}

static void says_what_cannot_be_waited_for(void **state)
{
	char path[] = "/tmp/sixward-XXXXXX";
	struct loop *loop = loop_new();
	int file = mkstemp(path);
	int error = 0;

	(void)state;
	assert_true(file >= 0);
	assert_null(ready_new(loop, file, on_ready, NULL, &error));
	assert_int_equal(error, -EPERM);
	close(file);
	(void)unlink(path);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_as_long_as_something_is_there),
		cmocka_unit_test(an_end_is_to_be_read_too),
		cmocka_unit_test(pauses_and_resumes),
		cmocka_unit_test(may_be_freed_when_it_calls),
		cmocka_unit_test(the_descriptor_may_be_closed_at_once),
		cmocka_unit_test(says_what_cannot_be_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
