#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sixward/dns/nameset.h"

enum { NAMES = 200, ROUNDS = 5000 };

/* A fixed sequence that looks random (xorshift). */
static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static struct name name_of(const char *text)
{
	struct name name;

	assert_true(name_parse(text, &name));
	return name;
}

/* Few letters and labels, so that names meet. */
static struct name random_name(uint32_t *seed)
{
	struct name name = { 0 };
	size_t used = 0;

	for (size_t labels = next(seed) % 6; labels; labels--) {
		name.octets[used++] = 1;
		name.octets[used++] = (uint8_t)("aAbB."[next(seed) % 5]);
	}
	name.size = (uint8_t)(used + 1);
	return name;
}

static void empty_set_covers_nothing(void **state)
{
	struct nameset set = { 0 };
	struct name root = name_of(".");
	struct name name = name_of("example");

	(void)state;
	assert_false(nameset_covers(&set, root.octets));
	assert_null(nameset_find(&set, name.octets, NULL));
	nameset_clear(&set);
	nameset_clear(&set);
}

static void finds_the_longest_name_that_covers(void **state)
{
	static const char *const listed[] = { "example", "a.Example", "x.b.a.example", "test",
		"in.x\\.y" };
	static const struct {
		const char *name;
		const char *found; /* NULL = none */
		size_t value;
	} rows[] = {
		{ "example", "example.", 0 },
		{ "EXAMPLE", "EXAMPLE.", 0 },
		{ "b.example", "example.", 0 },
		{ "A.example", "A.example.", 1 },
		{ "b.a.example", "a.example.", 1 },
		{ "x.b.a.example", "x.b.a.example.", 2 },
		{ "w.x.b.A.example", "x.b.A.example.", 2 },
		{ "1.2.3.4.5.6.7.8.9.test", "test.", 3 },
		{ "in.x\\.y", "in.x\\.y.", 4 },
		{ "in.x.y", NULL, 0 },
		{ "x\\.y", NULL, 0 },
		{ "notest", NULL, 0 },
		{ "test.org", NULL, 0 },
		{ ".", NULL, 0 },
	};
	struct nameset set = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(listed) / sizeof(listed[0]); i++) {
		struct name name = name_of(listed[i]);

		assert_true(nameset_add(&set, name.octets, i));
	}
	assert_int_equal(set.count, 5);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct name name = name_of(rows[i].name);
		char text[NAME_TEXT_MAX];
		size_t value = 77;
		const uint8_t *found = nameset_find(&set, name.octets, &value);

		if ((found != NULL) != (rows[i].found != NULL))
			fail_msg("%s", rows[i].name);
		assert_int_equal(nameset_covers(&set, name.octets), found != NULL);
		if (!found) {
			assert_int_equal(value, 77);
			continue;
		}
		assert_in_range(found - name.octets, 0, name.size);
		assert_string_equal(name_format(found, text), rows[i].found);
		assert_int_equal(value, rows[i].value);
		assert_ptr_equal(nameset_find(&set, name.octets, NULL), found);
	}
	nameset_clear(&set);
}

static void root_covers_every_name(void **state)
{
	struct nameset set = { 0 };
	struct name root = name_of(".");
	struct name name = name_of("a.example");
	size_t value = 0;

	(void)state;
	assert_true(nameset_add(&set, root.octets, 9));
	assert_true(nameset_covers(&set, root.octets));
	assert_ptr_equal(nameset_find(&set, name.octets, &value), name.octets + 10);
	assert_int_equal(value, 9);
	nameset_clear(&set);
}

static void first_value_stays_when_a_name_comes_again(void **state)
{
	struct nameset set = { 0 };
	struct name name = name_of("Example");
	struct name again = name_of("eXample");
	size_t value = 0;

	(void)state;
	assert_true(nameset_add(&set, name.octets, 1));
	assert_false(nameset_add(&set, again.octets, 2));
	assert_int_equal(set.count, 1);
	assert_non_null(nameset_find(&set, again.octets, &value));
	assert_int_equal(value, 1);
	nameset_clear(&set);
	assert_true(nameset_add(&set, again.octets, 2));
	assert_non_null(nameset_find(&set, name.octets, &value));
	assert_int_equal(value, 2);
	nameset_clear(&set);
}

struct seen {
	unsigned int values[3];
};

static void on_visit(void *owner, const uint8_t *name, size_t value)
{
	static const char *const names[] = { "\1a", "\1B\1a", "" };
	struct seen *seen = owner;

	assert_in_range(value, 0, 2);
	assert_string_equal((const char *)name, names[value]);
	seen->values[value]++;
}

static void each_visits_every_name_once_as_it_was_added(void **state)
{
	static const char *const listed[] = { "a", "B.a", "." };
	struct nameset set = { 0 };
	struct seen seen = { 0 };

	(void)state;
	nameset_each(&set, on_visit, &seen);
	assert_int_equal(seen.values[0], 0);
	for (size_t i = 0; i < 3; i++) {
		struct name name = name_of(listed[i]);

		assert_true(nameset_add(&set, name.octets, i));
	}
	nameset_each(&set, on_visit, &seen);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(seen.values[i], 1);
	nameset_clear(&set);
}

/* Against a list that is searched from end to end. */
static void finds_what_a_plain_search_finds(void **state)
{
	static struct name listed[NAMES];
	struct nameset set = { 0 };
	uint32_t seed = 0x5e7;
	size_t found_count = 0;

	(void)state;
	for (size_t i = 0; i < NAMES; i++) {
		bool is_new = true;

		do {
			listed[i] = random_name(&seed);
		} while (listed[i].size < 7);
		for (size_t j = 0; j < i; j++) {
			if (name_equal(listed[i].octets, listed[j].octets))
				is_new = false;
		}
		assert_int_equal(nameset_add(&set, listed[i].octets, i), is_new);
	}
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct name name = random_name(&seed);
		size_t best = SIZE_MAX;
		size_t value = SIZE_MAX;
		const uint8_t *found = nameset_find(&set, name.octets, &value);

		for (size_t i = 0; i < NAMES; i++) {
			if (name_is_under(name.octets, listed[i].octets) &&
				(best == SIZE_MAX || listed[i].size > listed[best].size))
				best = i;
		}
		assert_int_equal(value, best);
		if (!found)
			continue;
		found_count++;
		assert_true(name_equal(found, listed[best].octets));
		assert_ptr_equal(found, name.octets + name.size - listed[best].size);
	}
	assert_in_range(found_count, ROUNDS / 10, ROUNDS - ROUNDS / 10);
	nameset_clear(&set);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_set_covers_nothing),
		cmocka_unit_test(finds_the_longest_name_that_covers),
		cmocka_unit_test(root_covers_every_name),
		cmocka_unit_test(first_value_stays_when_a_name_comes_again),
		cmocka_unit_test(each_visits_every_name_once_as_it_was_added),
		cmocka_unit_test(finds_what_a_plain_search_finds),
	};

	return cmocka_run_group_tests_name("nameset", tests, NULL, NULL);
}
