#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sixward/base/entropy.h"

/* As if the kernel had given `numbers`: what they become can be foretold. */
static struct entropy of(const uint32_t *numbers, size_t count)
{
	struct entropy entropy = { .left = count * sizeof(*numbers) };

	memcpy(entropy.octets + sizeof(entropy.octets) - entropy.left, numbers, entropy.left);
	return entropy;
}

static void a_zeroed_source_is_ready_and_no_two_are_alike(void **state)
{
	static const uint8_t zero[32];
	struct entropy a = { 0 }, b = { 0 };
	uint8_t from_a[32] = { 0 }, from_b[32] = { 0 };

	(void)state;
	entropy_fill(&a, from_a, sizeof(from_a));
	entropy_fill(&b, from_b, sizeof(from_b));
	assert_memory_not_equal(from_a, zero, sizeof(zero));
	assert_memory_not_equal(from_a, from_b, sizeof(from_a));
	assert_int_equal(a.left, sizeof(a.octets) - 32);
}

/* Each of these octets stays zero by chance once in 2^64. */
static void fills_more_than_one_read_gives(void **state)
{
	struct entropy entropy = { 0 };
	uint8_t out[8][1500];

	(void)state;
	memset(out, 0, sizeof(out));
	for (size_t i = 0; i < 8; i++)
		entropy_fill(&entropy, out[i], sizeof(out[i]));
	for (size_t at = 0; at < sizeof(out[0]); at++) {
		uint8_t any = 0;

		for (size_t i = 0; i < 8; i++)
			any |= out[i][at];
		assert_true(any != 0);
	}
}

static void what_was_handed_out_is_not_kept(void **state)
{
	const uint32_t numbers[] = { 0xa1b2c3d4, 0x11111111 };
	struct entropy entropy = of(numbers, 2);

	(void)state;
	assert_true(entropy_u32(&entropy) == 0xa1b2c3d4);
	for (size_t i = 0; i < sizeof(entropy.octets) - entropy.left; i++)
		assert_int_equal(entropy.octets[i], 0);
	assert_int_equal(entropy_u16(&entropy), 0x1111);
	assert_int_equal(entropy.left, 2);
}

static void numbers_below_a_bound_have_no_bias(void **state)
{
	/* 2^32 mod 3 = 1: of all numbers only 0 must be skipped; for 2^31 + 1 nearly half. */
	static const struct row {
		uint32_t bound, numbers[3], result;
	} rows[] = {
		{ 3, { 0, 0, 5 }, 2 },
		{ 3, { 1, 9, 9 }, 1 },
		{ 3, { UINT32_MAX, 9, 9 }, 0 },
		{ 0x80000001, { 0x7ffffffe, 0x7fffffff, 9 }, 0x7fffffff },
		{ 0x80000001, { 0, UINT32_MAX, 9 }, 0x7ffffffe },
		{ 256, { 0, 9, 9 }, 0 },
		{ 256, { 0x1ff, 9, 9 }, 0xff },
		{ 1, { 7, 9, 9 }, 0 },
		{ UINT32_MAX, { 0, UINT32_MAX - 1, 9 }, UINT32_MAX - 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct entropy entropy = of(rows[i].numbers, 3);

		assert_true(entropy_below(&entropy, rows[i].bound) == rows[i].result);
	}
}

static void every_number_below_a_bound_comes(void **state)
{
	struct entropy entropy = { 0 };
	unsigned int seen[5] = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 1000; i++) {
		uint32_t number = entropy_below(&entropy, 5);

		assert_true(number < 5);
		seen[number]++;
	}
	for (size_t i = 0; i < 5; i++)
		assert_in_range(seen[i], 80, 320);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_zeroed_source_is_ready_and_no_two_are_alike),
		cmocka_unit_test(fills_more_than_one_read_gives),
		cmocka_unit_test(what_was_handed_out_is_not_kept),
		cmocka_unit_test(numbers_below_a_bound_have_no_bias),
		cmocka_unit_test(every_number_below_a_bound_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
