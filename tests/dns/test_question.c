#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sixward/dns/question.h"
#include "sixward/dns/wire.h"

static struct question ask(const char *text, uint16_t type, uint16_t rclass, bool cd)
{
	struct name name;

	assert_true(name_parse(text, &name));
	return question_make(name.octets, type, rclass, cd);
}

static void question_holds_the_name_in_lower_case(void **state)
{
	struct question question = ask("WwW.Example\\221", TYPE_AAAA, CLASS_IN, true);

	(void)state;
	assert_int_equal(question.name.size, 14);
	assert_memory_equal(question.name.octets, "\3www\10example\335", 14);
	assert_int_equal(question.type, TYPE_AAAA);
	assert_int_equal(question.rclass, CLASS_IN);
	assert_true(question.cd);
	assert_true(question.scope == 0);
}

/* CCH-a: each field is part of the key, and the case of letters is not. */
static void questions_differ_by_name_type_class_cd_and_scope(void **state)
{
	struct question base = ask("www.example", TYPE_A, CLASS_IN, false);
	struct question same = ask("WWW.eXample.", TYPE_A, CLASS_IN, false);
	struct question others[] = {
		ask("example", TYPE_A, CLASS_IN, false),
		ask("wwx.example", TYPE_A, CLASS_IN, false),
		ask("www\\.example", TYPE_A, CLASS_IN, false),
		ask("www.example.www.example", TYPE_A, CLASS_IN, false),
		ask(".", TYPE_A, CLASS_IN, false),
		ask("www.example", TYPE_AAAA, CLASS_IN, false),
		ask("www.example", TYPE_A << 8, CLASS_IN, false),
		ask("www.example", TYPE_A, CLASS_CH, false),
		ask("www.example", TYPE_A, CLASS_IN, true),
		base,
		base,
	};
	size_t count = sizeof(others) / sizeof(others[0]);
	struct table table;

	(void)state;
	others[count - 1].scope = 1;
	others[count - 2].scope = (uint64_t)1 << 32;
	table_init(&table, 0);
	assert_true(question_equal(&base, &same));
	assert_true(question_hash(&table, &base) == question_hash(&table, &same));
	for (size_t i = 0; i < count; i++) {
		if (question_equal(&base, &others[i]) || question_equal(&others[i], &base))
			fail_msg("other %zu is equal", i);
		if (question_hash(&table, &base) == question_hash(&table, &others[i]))
			fail_msg("other %zu has the same hash", i);
	}
	table_clear(&table);
}

static void tables_hash_under_their_own_key(void **state)
{
	struct question question = ask("example", TYPE_A, CLASS_IN, false);
	struct table one;
	struct table other;

	(void)state;
	table_init(&one, 0);
	table_init(&other, 0);
	assert_true(question_hash(&one, &question) != question_hash(&other, &question));
	table_clear(&one);
	table_clear(&other);
}

static void hashes_names_of_the_full_length(void **state)
{
	struct name name = { .size = NAME_SIZE_MAX };
	struct question question;
	struct question other;
	struct table table;

	(void)state;
	for (size_t i = 0; i < NAME_SIZE_MAX - 1; i++)
		name.octets[i] = i % 2 ? 'a' : 1;
	question = question_make(name.octets, 65535, 65535, true);
	question.scope = UINT64_MAX;
	other = question;
	other.name.octets[NAME_SIZE_MAX - 2] = 'b';
	table_init(&table, 0);
	assert_true(question_hash(&table, &question) != question_hash(&table, &other));
	table_clear(&table);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(question_holds_the_name_in_lower_case),
		cmocka_unit_test(questions_differ_by_name_type_class_cd_and_scope),
		cmocka_unit_test(tables_hash_under_their_own_key),
		cmocka_unit_test(hashes_names_of_the_full_length),
	};

	return cmocka_run_group_tests_name("question", tests, NULL, NULL);
}
