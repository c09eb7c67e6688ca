#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sixward/base/wheel.h"

enum { ENTRIES = 500, ROUNDS = 20000 };

static void nothing_is_due_in_an_empty_one(void **state)
{
	static struct wheel wheel;

	(void)state;
	assert_true(wheel_next_ms(&wheel) == WHEEL_NEVER);
	wheel_turn(&wheel, 1000);
	assert_null(wheel_take(&wheel));
}

static void gives_back_what_is_due_and_not_before_its_time(void **state)
{
	/* Every level, and both sides of where one begins. */
	static const uint64_t waits[] = { 0, 1, 63, 64, 65, 4095, 4096, 4097, 262143, 262144,
		262145, 16777216, 1073741823, 1073741824, 68719476736 };
	static const uint64_t starts[] = { 0, 1, 63, 64, 4095, 262143, 123456789 };

	(void)state;
	for (size_t k = 0; k < sizeof(starts) / sizeof(starts[0]); k++) {
		for (size_t i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
			struct wheel wheel = { 0 };
			struct wheel_entry entry = { 0 };
			uint64_t due_ms = starts[k] + waits[i];

			wheel_insert(&wheel, &entry, due_ms, starts[k]);
			assert_true(wheel_has(&entry));
			assert_true(wheel_next_ms(&wheel) <= due_ms);
			if (waits[i]) {
				wheel_turn(&wheel, due_ms - 1);
				assert_null(wheel_take(&wheel));
				assert_true(wheel_next_ms(&wheel) == due_ms);
			}
			wheel_turn(&wheel, due_ms);
			assert_ptr_equal(wheel_take(&wheel), &entry);
			assert_false(wheel_has(&entry));
			assert_true(wheel_next_ms(&wheel) == WHEEL_NEVER);
		}
	}
}

static void the_earliest_comes_first_and_equal_ones_as_they_came(void **state)
{
	static const uint64_t dues[] = { 70, 5, 5000, 70, 6, 5 };
	static const size_t order[] = { 1, 5, 4, 0, 3, 2 };
	static struct wheel wheel;
	struct wheel_entry entries[6] = { 0 };

	(void)state;
	for (size_t i = 0; i < 6; i++)
		wheel_insert(&wheel, &entries[i], dues[i], 0);
	wheel_turn(&wheel, 6000);
	for (size_t i = 0; i < 6; i++)
		assert_ptr_equal(wheel_take(&wheel), &entries[order[i]]);
	assert_null(wheel_take(&wheel));
}

static void what_is_taken_out_is_not_due(void **state)
{
	static struct wheel wheel;
	struct wheel_entry waiting = { 0 };
	struct wheel_entry ready = { 0 };
	struct wheel_entry other = { 0 };

	(void)state;
	wheel_insert(&wheel, &waiting, 100, 0);
	wheel_insert(&wheel, &ready, 10, 0);
	wheel_insert(&wheel, &other, 10, 0);
	wheel_turn(&wheel, 10);
	wheel_remove(&wheel, &ready);
	wheel_remove(&wheel, &waiting);
	wheel_remove(&wheel, &waiting);
	assert_ptr_equal(wheel_take(&wheel), &other);
	wheel_turn(&wheel, 1000);
	assert_null(wheel_take(&wheel));
	assert_int_equal(wheel.count, 0);
}

static void what_is_put_in_while_it_is_emptied_waits_for_the_next_turn(void **state)
{
	static struct wheel wheel;
	struct wheel_entry entry = { 0 };

	(void)state;
	wheel_insert(&wheel, &entry, 10, 0);
	wheel_turn(&wheel, 20);
	assert_ptr_equal(wheel_take(&wheel), &entry);
	wheel_insert(&wheel, &entry, 20, 20);
	assert_null(wheel_take(&wheel));
	assert_int_equal(wheel_next_ms(&wheel), 20);
	wheel_turn(&wheel, 20);
	assert_ptr_equal(wheel_take(&wheel), &entry);
}

static void what_is_never_due_is_a_long_time_off(void **state)
{
	static struct wheel wheel;
	struct wheel_entry entry = { 0 };

	(void)state;
	wheel_insert(&wheel, &entry, UINT64_MAX, 5);
	assert_true(wheel_next_ms(&wheel) > UINT64_C(1) << 35);
	wheel_turn(&wheel, UINT64_C(1) << 40);
	assert_null(wheel_take(&wheel));
	wheel_remove(&wheel, &entry);
	assert_true(wheel_next_ms(&wheel) == WHEEL_NEVER);
}

/* The same numbers in each run. */
static uint32_t draw(uint32_t *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 8;
}

static void agrees_with_a_list_that_is_searched(void **state)
{
	static struct wheel wheel;
	static struct wheel_entry entries[ENTRIES];
	uint64_t dues[ENTRIES] = { 0 }; /* 0 = out */
	uint64_t now_ms = 1;
	uint32_t seed = 42;

	(void)state;
	for (size_t round = 0; round < ROUNDS; round++) {
		size_t at = draw(&seed) % ENTRIES;
		unsigned shift = draw(&seed) % 20;
		uint64_t least = UINT64_MAX;
		struct wheel_entry *entry;

		wheel_remove(&wheel, &entries[at]);
		dues[at] = 0;
		if (draw(&seed) % 4) {
			dues[at] = now_ms + (draw(&seed) & ((1U << shift) - 1));
			wheel_insert(&wheel, &entries[at], dues[at], now_ms);
		}
		for (size_t i = 0; i < ENTRIES; i++)
			if (dues[i] && dues[i] < least)
				least = dues[i];
		assert_true(wheel_next_ms(&wheel) <= least);
		now_ms += draw(&seed) % 50;
		wheel_turn(&wheel, now_ms);
		while ((entry = wheel_take(&wheel))) {
			assert_true(dues[entry - entries] && dues[entry - entries] <= now_ms);
			dues[entry - entries] = 0;
		}
		for (size_t i = 0; i < ENTRIES; i++)
			assert_true(!dues[i] || dues[i] > now_ms);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_due_in_an_empty_one),
		cmocka_unit_test(gives_back_what_is_due_and_not_before_its_time),
		cmocka_unit_test(the_earliest_comes_first_and_equal_ones_as_they_came),
		cmocka_unit_test(what_is_taken_out_is_not_due),
		cmocka_unit_test(what_is_put_in_while_it_is_emptied_waits_for_the_next_turn),
		cmocka_unit_test(what_is_never_due_is_a_long_time_off),
		cmocka_unit_test(agrees_with_a_list_that_is_searched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
