#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>

#include "sixward/front/shares.h"

static struct addr at(const char *text)
{
	struct addr addr;

	assert_true(addr_parse(text, &addr));
	return addr;
}

/* LIM-09, R7766-6.2.2-a */
static void each_client_has_its_share_and_all_have_theirs(void **state)
{
	struct shares *shares = shares_new(3, 2);
	struct addr one = at("192.0.2.1"), two = at("2001:db8::1"), three = at("192.0.2.3");

	(void)state;
	assert_int_equal(shares_take(shares, &one), SHARES_TAKEN);
	assert_int_equal(shares_take(shares, &one), SHARES_TAKEN);
	assert_int_equal(shares_take(shares, &one), SHARES_CLIENT_USED);
	assert_int_equal(shares_take(shares, &two), SHARES_TAKEN);
	assert_int_equal(shares_take(shares, &three), SHARES_ALL_USED);
	/* A client at its own limit is told of that: room for all would not help it. */
	assert_int_equal(shares_take(shares, &one), SHARES_CLIENT_USED);
	shares_give(shares, &one);
	assert_int_equal(shares_take(shares, &three), SHARES_TAKEN);
	shares_give(shares, &one);
	shares_give(shares, &two);
	shares_give(shares, &three);
	shares_free(shares);
	shares_free(NULL);
}

static void on_count(
	void *owner, const char *name, const char *label, const char *help, uint64_t value)
{
	assert_string_equal(name, "tcp_connections");
	assert_null(label);
	(void)help;
	*(uint64_t *)owner = value;
}

static void all_that_are_taken_are_counted(void **state)
{
	struct shares *shares = shares_new(3, 2);
	struct counts *counts = counts_new();
	struct addr one = at("192.0.2.1");
	uint64_t value = 9;

	(void)state;
	shares_add_counts(shares, counts);
	for (unsigned i = 0; i < 3; i++)
		(void)shares_take(shares, &one);
	counts_each(counts, on_count, &value);
	assert_int_equal(value, 2);
	shares_give(shares, &one);
	shares_give(shares, &one);
	counts_each(counts, on_count, &value);
	assert_int_equal(value, 0);
	counts_free(counts);
	shares_free(shares);
}

static void lower_limits_leave_what_is_taken(void **state)
{
	struct shares *shares = shares_new(4, 4);
	struct addr one = at("192.0.2.1");

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(shares_take(shares, &one), SHARES_TAKEN);
	shares_set_limits(shares, 4, 2);
	assert_int_equal(shares_take(shares, &one), SHARES_CLIENT_USED);
	shares_give(shares, &one);
	assert_int_equal(shares_take(shares, &one), SHARES_CLIENT_USED);
	shares_give(shares, &one);
	assert_int_equal(shares_take(shares, &one), SHARES_TAKEN);
	shares_set_limits(shares, 1, 9);
	assert_int_equal(shares_take(shares, &one), SHARES_ALL_USED);
	shares_give(shares, &one);
	shares_give(shares, &one);
	shares_free(shares);
}

static void on_wanted(void *owner)
{
	++*(unsigned *)owner;
}

/* R7766-6.2.2-a: over the total the idlest of all members makes room, if there is one. */
static void the_member_with_the_idlest_is_told(void **state)
{
	struct shares *shares = shares_new(1, 99);
	struct addr client = at("192.0.2.1");
	unsigned told[2] = { 0 };
	struct shares_member members[2] = { { .wanted = on_wanted, .owner = &told[0] },
		{ .wanted = on_wanted, .owner = &told[1] } };

	(void)state;
	shares_join(shares, &members[0]);
	shares_join(shares, &members[1]);
	assert_int_equal(shares_take(shares, &client), SHARES_TAKEN);
	assert_false(shares_take_over(shares, &client));
	shares_publish(&members[0], 5000);
	shares_publish(&members[1], 4000);
	assert_true(shares_take_over(shares, &client));
	shares_publish(&members[1], 6000);
	assert_true(shares_take_over(shares, &client));
	assert_true(told[0] == 1 && told[1] == 1);
	shares_leave(shares, &members[0]);
	shares_publish(&members[1], SHARES_NONE_IDLE);
	assert_false(shares_take_over(shares, &client));
	shares_leave(shares, &members[1]);
	for (unsigned i = 0; i < 3; i++)
		shares_give(shares, &client);
	shares_free(shares);
}

/* How many may be over the total until room is made, is bounded. */
static void no_more_are_told_than_make_room(void **state)
{
	struct shares *shares = shares_new(1, 99);
	struct addr client = at("192.0.2.1");
	unsigned told = 0, taken = 0;
	struct shares_member member = { .wanted = on_wanted, .owner = &told };

	(void)state;
	shares_join(shares, &member);
	shares_publish(&member, 1);
	for (unsigned i = 0; i < 50; i++)
		taken += shares_take_over(shares, &client) ? 1 : 0;
	assert_in_range(taken, 1, 16);
	assert_int_equal(told, taken);
	shares_note_closed(shares);
	assert_true(shares_take_over(shares, &client));
	assert_false(shares_take_over(shares, &client));
	shares_leave(shares, &member);
	for (unsigned i = 0; i < taken + 1; i++)
		shares_give(shares, &client);
	shares_free(shares);
}

enum { THREADS = 4, ROUNDS = 5000, TOTAL = 6, EACH = 3 };

struct crowd {
	struct shares *shares;
	pthread_mutex_t lock;
	unsigned now, most; /* taken at a time, as this test counts */
};

static void note(struct crowd *crowd, int change)
{
	pthread_mutex_lock(&crowd->lock);
	crowd->now += (unsigned)change;
	if (crowd->now > crowd->most)
		crowd->most = crowd->now;
	pthread_mutex_unlock(&crowd->lock);
}

static void *on_thread(void *owner)
{
	struct crowd *crowd = owner;
	struct addr clients[2] = { { .family = ADDR_IPV4, .octets = { 192, 0, 2, 1 } },
		{ .family = ADDR_IPV4, .octets = { 192, 0, 2, 2 } } };
	uintptr_t taken = 0;

	for (unsigned i = 0; i < ROUNDS; i++) {
		const struct addr *client = &clients[i % 2];

		if (shares_take(crowd->shares, client) != SHARES_TAKEN)
			continue;
		note(crowd, 1);
		taken++;
		note(crowd, -1);
		shares_give(crowd->shares, client);
	}
	return (void *)taken;
}

static void threads_never_have_more_than_there_is(void **state)
{
	struct crowd crowd = { .shares = shares_new(TOTAL, EACH) };
	struct addr client = at("192.0.2.1");
	pthread_t threads[THREADS];
	uintptr_t taken = 0;

	(void)state;
	pthread_mutex_init(&crowd.lock, NULL);
	for (unsigned i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, on_thread, &crowd), 0);
	for (unsigned i = 0; i < THREADS; i++) {
		void *result;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		taken += (uintptr_t)result;
	}
	assert_true(taken > 0 && crowd.most <= TOTAL);
	/* All were given back: everything can be taken again. */
	for (unsigned i = 0; i < EACH; i++)
		assert_int_equal(shares_take(crowd.shares, &client), SHARES_TAKEN);
	for (unsigned i = 0; i < EACH; i++)
		shares_give(crowd.shares, &client);
	pthread_mutex_destroy(&crowd.lock);
	shares_free(crowd.shares);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_client_has_its_share_and_all_have_theirs),
		cmocka_unit_test(all_that_are_taken_are_counted),
		cmocka_unit_test(lower_limits_leave_what_is_taken),
		cmocka_unit_test(the_member_with_the_idlest_is_told),
		cmocka_unit_test(no_more_are_told_than_make_room),
		cmocka_unit_test(threads_never_have_more_than_there_is),
	};

	return cmocka_run_group_tests_name("shares", tests, NULL, NULL);
}
