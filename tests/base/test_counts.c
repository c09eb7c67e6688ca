#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sixward/base/counts.h"

static void on_count(
	void *owner, const char *name, const char *label, const char *help, uint64_t value)
{
	char *list = owner;
	size_t size = strlen(list);

	(void)snprintf(list + size, 1000 - size, "%s{%s} %llu (%s)\n", name, label ? label : "",
		(unsigned long long)value, help);
}

static void counts_up_and_is_set(void **state)
{
	struct count count = { 0 };

	(void)state;
	assert_int_equal(count_read(&count), 0);
	count_up(&count);
	count_up(&count);
	count_up_by(&count, (uint64_t)1 << 40);
	assert_true(count_read(&count) == ((uint64_t)1 << 40) + 2);
	count_set(&count, 7);
	assert_int_equal(count_read(&count), 7);
}

static void entries_come_in_order_by_name_with_workers_summed(void **state)
{
	struct counts *counts = counts_new();
	struct count hits[2] = { 0 }, relayed[2] = { 0 }, failed = { 0 };
	char list[1000] = "";

	(void)state;
	counts_add(counts, "cache_hits_total", NULL, "from the cache", &hits[0]);
	counts_add(counts, "queries_total", "outcome=\"relayed\"", "by outcome", &relayed[0]);
	counts_add(counts, "queries_total", "outcome=\"failed\"", "by outcome", &failed);
	counts_add(counts, "cache_hits_total", NULL, "from the cache", &hits[1]);
	counts_add(counts, "queries_total", "outcome=\"relayed\"", "by outcome", &relayed[1]);
	counts_add(counts, "cache_bytes", NULL, "held", &failed);
	counts_add(counts, "queries_total", NULL, "all", &failed);
	count_up_by(&hits[0], 3);
	count_up_by(&hits[1], 4);
	count_up_by(&relayed[0], 10);
	count_up_by(&relayed[1], 20);
	count_up(&failed);
	assert_int_equal(counts_sum(counts, "queries_total"), 32);
	assert_int_equal(counts_sum(counts, "queries"), 0);
	counts_each(counts, on_count, list);
	assert_string_equal(list, "cache_hits_total{} 7 (from the cache)\n"
				  "queries_total{outcome=\"relayed\"} 30 (by outcome)\n"
				  "queries_total{outcome=\"failed\"} 1 (by outcome)\n"
				  "queries_total{} 1 (all)\n"
				  "cache_bytes{} 1 (held)\n");
	counts_free(counts);
}

static void names_are_told_apart_by_text_not_by_place(void **state)
{
	struct counts *counts = counts_new();
	char here[] = "drops", there[] = "drops", a[] = "x=\"1\"", b[] = "x=\"1\"";
	struct count one = { 0 };
	char list[1000] = "";

	(void)state;
	count_set(&one, 5);
	counts_add(counts, here, a, "dropped", &one);
	counts_add(counts, there, b, "dropped", &one);
	counts_each(counts, on_count, list);
	assert_string_equal(list, "drops{x=\"1\"} 10 (dropped)\n");
	counts_free(counts);
	counts_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_up_and_is_set),
		cmocka_unit_test(entries_come_in_order_by_name_with_workers_summed),
		cmocka_unit_test(names_are_told_apart_by_text_not_by_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
