#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "sixward/front/limit.h"

enum { START_MS = 5000 };

static struct addr at(const char *text)
{
	struct addr addr;

	assert_true(addr_parse(text, &addr));
	return addr;
}

static unsigned take_many(struct limit *limit, const char *client, unsigned times, uint64_t now_ms)
{
	struct addr addr = at(client);
	unsigned taken = 0;

	for (unsigned i = 0; i < times; i++)
		taken += limit_take(limit, &addr, now_ms) == 0 ? 1 : 0;
	return taken;
}

/* ACL-b, LIM-32 */
static void gives_a_second_of_burst_and_then_the_rate(void **state)
{
	struct limit *limit = limit_new(10, 16);

	(void)state;
	assert_int_equal(take_many(limit, "192.0.2.1", 100, START_MS), 10);
	assert_int_equal(take_many(limit, "192.0.2.1", 100, START_MS + 99), 0);
	assert_int_equal(take_many(limit, "192.0.2.1", 100, START_MS + 100), 1);
	assert_int_equal(take_many(limit, "192.0.2.1", 100, START_MS + 350), 2);
	assert_int_equal(take_many(limit, "192.0.2.1", 100, START_MS + 400), 1);
	assert_int_equal(take_many(limit, "192.0.2.1", 100, START_MS + 3600000), 10);
	limit_free(limit);
}

static void a_clock_that_is_behind_gives_nothing(void **state)
{
	struct limit *limit = limit_new(10, 16);

	(void)state;
	assert_int_equal(take_many(limit, "192.0.2.1", 100, START_MS), 10);
	assert_int_equal(take_many(limit, "192.0.2.1", 100, START_MS - 1000), 0);
	assert_int_equal(take_many(limit, "192.0.2.1", 100, START_MS), 0);
	limit_free(limit);
}

/* ACL-b: /24 and /56 share a bucket, their neighbours do not. */
static void networks_share_a_bucket(void **state)
{
	static const struct {
		const char *first, *second;
		bool is_same;
	} rows[] = {
		{ "192.0.2.0", "192.0.2.255", true },
		{ "192.0.2.255", "192.0.3.0", false },
		{ "2001:db8:1:200::", "2001:db8:1:2ff:ffff::1", true },
		{ "2001:db8:1:2ff::", "2001:db8:1:300::", false },
		{ "192.0.2.1", "c000:201::", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct limit *limit = limit_new(1, 16);

		assert_int_equal(take_many(limit, rows[i].first, 1, START_MS), 1);
		assert_int_equal(
			take_many(limit, rows[i].second, 1, START_MS), rows[i].is_same ? 0 : 1);
		limit_free(limit);
	}
}

static void counts_refusals_since_the_last_token(void **state)
{
	struct limit *limit = limit_new(1, 16);
	struct addr client = at("192.0.2.1");

	(void)state;
	assert_int_equal(limit_take(limit, &client, START_MS), 0);
	for (unsigned i = 1; i < 5; i++)
		assert_int_equal(limit_take(limit, &client, START_MS), i);
	assert_int_equal(limit_take(limit, &client, START_MS + 1000), 0);
	assert_int_equal(limit_take(limit, &client, START_MS + 1000), 1);
	limit_free(limit);
}

static void the_bucket_longest_idle_is_taken_over(void **state)
{
	struct limit *limit = limit_new(2, 3);

	(void)state;
	assert_int_equal(take_many(limit, "192.0.1.1", 3, START_MS), 2);
	assert_int_equal(take_many(limit, "192.0.2.1", 3, START_MS), 2);
	assert_int_equal(take_many(limit, "192.0.3.1", 3, START_MS), 2);
	/* Used again, so the second is now the one longest idle. */
	assert_int_equal(take_many(limit, "192.0.1.1", 1, START_MS), 0);
	assert_int_equal(take_many(limit, "192.0.4.1", 3, START_MS), 2);
	assert_int_equal(take_many(limit, "192.0.1.1", 1, START_MS), 0);
	assert_int_equal(take_many(limit, "192.0.3.1", 1, START_MS), 0);
	assert_int_equal(take_many(limit, "192.0.4.1", 1, START_MS), 0);
	assert_int_equal(take_many(limit, "192.0.2.1", 3, START_MS), 2);
	limit_free(limit);
}

static void no_rate_is_no_limit(void **state)
{
	struct limit *limit = limit_new(0, 16);

	(void)state;
	assert_int_equal(take_many(limit, "192.0.2.1", 1000, START_MS), 1000);
	limit_free(limit);
	limit_free(NULL);
}

static void a_reload_changes_the_rate(void **state)
{
	struct limit *limit = limit_new(0, 16);

	(void)state;
	limit_set_rate(limit, 3);
	assert_int_equal(take_many(limit, "192.0.2.1", 9, START_MS), 3);
	limit_set_rate(limit, 3);
	assert_int_equal(take_many(limit, "192.0.2.1", 9, START_MS), 0);
	limit_set_rate(limit, 5);
	assert_int_equal(take_many(limit, "192.0.2.1", 9, START_MS), 5);
	limit_set_rate(limit, 0);
	assert_int_equal(take_many(limit, "192.0.2.1", 9, START_MS), 9);
	limit_free(limit);
}

enum { THREADS = 4, TAKES = 5000, RATE = 7000 };

static void *on_thread(void *owner)
{
	struct addr client = { .family = ADDR_IPV4, .octets = { 192, 0, 2, 1 } };
	uintptr_t taken = 0;

	for (unsigned i = 0; i < TAKES; i++)
		taken += limit_take(owner, &client, START_MS) == 0 ? 1 : 0;
	return (void *)taken;
}

static void threads_share_what_there_is(void **state)
{
	struct limit *limit = limit_new(RATE, 16);
	pthread_t threads[THREADS];
	uintptr_t taken = 0;

	(void)state;
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, on_thread, limit), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		void *result;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		taken += (uintptr_t)result;
	}
	assert_int_equal(taken, RATE);
	limit_free(limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_a_second_of_burst_and_then_the_rate),
		cmocka_unit_test(a_clock_that_is_behind_gives_nothing),
		cmocka_unit_test(networks_share_a_bucket),
		cmocka_unit_test(counts_refusals_since_the_last_token),
		cmocka_unit_test(the_bucket_longest_idle_is_taken_over),
		cmocka_unit_test(no_rate_is_no_limit),
		cmocka_unit_test(a_reload_changes_the_rate),
		cmocka_unit_test(threads_share_what_there_is),
	};

	return cmocka_run_group_tests_name("limit", tests, NULL, NULL);
}
