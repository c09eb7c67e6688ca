#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "sixward/base/mem.h"
#include "sixward/local/records.h"

static void add(struct records *records, const char *line)
{
	const char *error = "";

	print_message("%s\n", line);
	if (!records_add(records, line, &error))
		fail_msg("%s", error);
}

static struct records *records_of(const char *const *lines)
{
	struct records *records = records_new();

	for (; *lines; lines++)
		add(records, *lines);
	return records;
}

static const char *find(const struct records *records, const char *name, uint16_t type)
{
	struct question question = ask(name, type);

	return describe(records_find(records, &question));
}

static size_t add_hosts(struct records *records, const char *text, size_t *skipped)
{
	return records_add_hosts(records, text, strlen(text), skipped);
}

/* LOC-c */
static void answers_its_names_for_every_type_and_no_others(void **state)
{
	static const char *const lines[] = { "nas.home.arpa. 300 IN A 192.0.2.10",
		"nas.home.arpa. 300 IN A 192.0.2.11", "nas.home.arpa. 60 IN TXT \"a b\"", NULL };
	struct records *records = records_of(lines);

	(void)state;
	assert_string_equal(find(records, "NAS.home.arpa", TYPE_A),
		"NOERROR DATA; nas.home.arpa. 300 IN A 192.0.2.10; "
		"nas.home.arpa. 300 IN A 192.0.2.11");
	assert_string_equal(find(records, "nas.home.arpa", TYPE_TXT),
		"NOERROR DATA; nas.home.arpa. 60 IN TXT \"a b\"");
	assert_string_equal(find(records, "nas.home.arpa", TYPE_MX), "NOERROR NODATA");
	assert_string_equal(find(records, "nas.home.arpa", TYPE_AAAA), "NOERROR NODATA");
	assert_string_equal(find(records, "x.nas.home.arpa", TYPE_A), "none");
	assert_string_equal(find(records, "home.arpa", TYPE_A), "none");
	assert_string_equal(find(records, ".", TYPE_A), "none");
	records_free(records);
}

static void gives_all_to_any_with_each_set_together(void **state)
{
	static const char *const lines[] = { "x.example. 300 IN A 192.0.2.1",
		"x.example. 300 IN AAAA 2001:db8::1", "x.example. 300 IN A 192.0.2.2", NULL };
	struct records *records = records_of(lines);

	(void)state;
	assert_string_equal(find(records, "x.example", TYPE_ANY),
		"NOERROR DATA; x.example. 300 IN A 192.0.2.1; x.example. 300 IN A 192.0.2.2; "
		"x.example. 300 IN AAAA 2001:db8::1");
	records_free(records);
}

/* R2181-5.2-a, R2181-5-a */
static void gives_a_set_its_lowest_ttl_and_each_record_once(void **state)
{
	static const char *const lines[] = { "x.example. 300 IN A 192.0.2.1",
		"x.example. 60 IN A 192.0.2.2", "X.example. 300 IN A 192.0.2.1", NULL };
	struct records *records = records_of(lines);

	(void)state;
	assert_string_equal(find(records, "x.example", TYPE_A),
		"NOERROR DATA; x.example. 60 IN A 192.0.2.1; x.example. 60 IN A 192.0.2.2");
	records_free(records);
}

/* R1034-3.6.2-a */
static void follows_aliases_within_the_records(void **state)
{
	static const char *const lines[] = { "www.example. 300 IN CNAME Web.example.",
		"web.example. 60 IN CNAME host.example.", "host.example. 30 IN A 192.0.2.1",
		"out.example. 300 IN CNAME www.example.net.", NULL };
	struct records *records = records_of(lines);
	struct question question = ask("www.example", TYPE_AAAA);
	struct reply *reply;
	char text[NAME_TEXT_MAX];

	(void)state;
	assert_string_equal(find(records, "www.example", TYPE_A),
		"NOERROR DATA; www.example. 300 IN CNAME Web.example.; "
		"web.example. 60 IN CNAME host.example.; host.example. 30 IN A 192.0.2.1");
	assert_string_equal(find(records, "www.example", TYPE_CNAME),
		"NOERROR DATA; www.example. 300 IN CNAME Web.example.");
	assert_string_equal(find(records, "www.example", TYPE_ANY),
		"NOERROR DATA; www.example. 300 IN CNAME Web.example.");
	assert_string_equal(find(records, "www.example", TYPE_RRSIG), "NOERROR NODATA");
	assert_string_equal(find(records, "out.example", TYPE_A),
		"NOERROR CHAIN; out.example. 300 IN CNAME www.example.net.");

	/* The last name is ours, so there is nothing to ask anyone (LOC-c). */
	reply = records_find(records, &question);
	assert_int_equal(reply_facts(reply)->kind, REPLY_NODATA);
	assert_int_equal(reply_facts(reply)->links, 2);
	assert_false(reply_facts(reply)->has_soa);
	assert_string_equal(name_format(reply_terminal(reply), text), "host.example.");
	reply_unref(reply);
	records_free(records);
}

static void takes_a_star_as_a_name_like_any(void **state)
{
	static const char *const lines[] = { "*.example. 300 IN A 192.0.2.1", NULL };
	struct records *records = records_of(lines);

	(void)state;
	assert_string_equal(find(records, "x.example", TYPE_A), "none");
	assert_string_equal(
		find(records, "*.example", TYPE_A), "NOERROR DATA; *.example. 300 IN A 192.0.2.1");
	records_free(records);
}

static void takes_any_type_and_a_missing_ttl(void **state)
{
	static const char *const lines[] = { "x.example. TYPE65280 \\# 3 010203",
		"x.example. MX 10 mail.example.", "x.example. 5 IN HTTPS 1 . alpn=h2", NULL };
	struct records *records = records_of(lines);

	(void)state;
	assert_string_equal(find(records, "x.example", 65280),
		"NOERROR DATA; x.example. 600 IN TYPE65280 \\# 3 010203");
	assert_string_equal(find(records, "x.example", TYPE_MX),
		"NOERROR DATA; x.example. 600 IN MX 10 mail.example.");
	assert_non_null(strstr(find(records, "x.example", 65), "NOERROR DATA; x.example. 5 IN "));
	records_free(records);
}

static void refuses_what_cannot_stand_and_says_why(void **state)
{
	static const char *const lines[] = { "alias.example. 300 IN CNAME a.example.",
		"a.example. 300 IN CNAME b.example.", "b.example. 300 IN CNAME c.example.",
		"host.example. 300 IN A 192.0.2.1", NULL };
	static const struct {
		const char *line, *error;
	} rows[] = {
		{ "alias.example. 300 IN CNAME other.example.", "a second CNAME at this name" },
		{ "alias.example. 300 IN A 192.0.2.1",
			"the name has a CNAME, so it can have no other record" },
		{ "host.example. 300 IN CNAME a.example.",
			"the name has other records, so it can have no CNAME" },
		{ "c.example. 300 IN CNAME ALIAS.example.", "this CNAME closes a circle" },
		{ "self.example. 300 IN CNAME self.example.", "this CNAME closes a circle" },
		{ "x.example. 300 CH TXT a", "class must be IN" },
		{ "x.example. 300 IN TYPE255 \\# 0", "no record can have this type" },
		{ "x.example. 300 IN DNAME y.example.",
			"a DNAME would rewrite names below it, which records do not answer" },
	};
	struct records *records = records_of(lines);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *error = "";

		print_message("%s\n", rows[i].line);
		assert_false(records_add(records, rows[i].line, &error));
		assert_string_equal(error, rows[i].error);
	}
	/* Nothing of these was kept. */
	assert_string_equal(find(records, "x.example", TYPE_A), "none");
	assert_string_equal(find(records, "c.example", TYPE_A), "none");
	records_free(records);
}

static void says_what_is_wrong_with_a_line_that_does_not_parse(void **state)
{
	static const char *const lines[] = { "", "x.example.", "x.example. 300 IN A 192.0.2",
		"x.example. 300 IN NOTYPE a", "x..example. 300 IN A 192.0.2.1" };
	struct records *records = records_new();

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *error = NULL;

		print_message("%s\n", lines[i]);
		assert_false(records_add(records, lines[i], &error));
		assert_non_null(error);
	}
	records_free(records);
}

static void add_links(struct records *records, int from, int to)
{
	for (int i = from; i < to; i++) {
		char line[96];

		snprintf(line, sizeof(line), "n%d.example. 300 IN CNAME n%d.example.", i, i + 1);
		add(records, line);
	}
}

/* D64-5.1.5-g, LIM-20 */
static void fails_over_a_chain_that_is_too_long(void **state)
{
	struct records *records = records_new();
	const char *error = "";

	(void)state;
	add_links(records, 0, 16);
	add(records, "n16.example. 300 IN A 192.0.2.1");
	assert_memory_equal(find(records, "n0.example", TYPE_A), "NOERROR DATA", 12);
	assert_false(records_add(records, "m.example. 300 IN CNAME n0.example.", &error));
	assert_string_equal(error, "this CNAME makes a chain of more than 16");
	records_free(records);

	records = records_new();
	add_links(records, 0, 17);
	assert_string_equal(find(records, "n0.example", TYPE_A), "SERVFAIL RCODE");
	records_free(records);
}

static void bounds_the_records_of_a_name(void **state)
{
	struct records *records = records_new();
	const char *error = "";
	char line[96];

	(void)state;
	for (int i = 0; i <= RECORDS_PER_NAME_MAX; i++) {
		snprintf(line, sizeof(line), "x.example. 300 IN A 192.0.%d.%d", i / 250, i % 250);
		if (!records_add(records, line, &error))
			assert_int_equal(i, RECORDS_PER_NAME_MAX);
	}
	assert_string_equal(error, "a name may have 256 records");
	records_free(records);
}

static void answers_no_other_class(void **state)
{
	static const char *const lines[] = { "x.example. 300 IN A 192.0.2.1", NULL };
	struct records *records = records_of(lines);
	struct question question = ask("x.example", TYPE_A);

	(void)state;
	question.rclass = CLASS_CH;
	assert_null(records_find(records, &question));
	records_free(records);
}

/* LOC-c, LIM-28: TTL 600 */
static void reads_hosts_forward_and_reverse(void **state)
{
	static const char text[] = "# comment\n"
				   "192.0.2.10\tnas.lan  NAS # the box\r\n"
				   "\n"
				   "  2001:db8::a nas.lan\n"
				   "192.0.2.10 later.lan#comment\n"
				   "192.0.2.100 last";
	struct records *records = records_new();
	size_t skipped;

	(void)state;
	assert_int_equal(add_hosts(records, text, &skipped), 5);
	assert_int_equal(skipped, 0);
	assert_string_equal(
		find(records, "nas.lan", TYPE_A), "NOERROR DATA; nas.lan. 600 IN A 192.0.2.10");
	assert_string_equal(find(records, "nas.lan", TYPE_AAAA),
		"NOERROR DATA; nas.lan. 600 IN AAAA 2001:db8::a");
	assert_string_equal(find(records, "nas", TYPE_A), "NOERROR DATA; nas. 600 IN A 192.0.2.10");
	assert_string_equal(find(records, "nas", TYPE_AAAA), "NOERROR NODATA");
	assert_string_equal(
		find(records, "later.lan", TYPE_A), "NOERROR DATA; later.lan. 600 IN A 192.0.2.10");
	assert_string_equal(
		find(records, "last", TYPE_A), "NOERROR DATA; last. 600 IN A 192.0.2.100");
	assert_string_equal(find(records, "10.2.0.192.in-addr.arpa", TYPE_PTR),
		"NOERROR DATA; 10.2.0.192.in-addr.arpa. 600 IN PTR nas.lan.");
	assert_string_equal(find(records, "100.2.0.192.in-addr.arpa", TYPE_PTR),
		"NOERROR DATA; 100.2.0.192.in-addr.arpa. 600 IN PTR last.");
	assert_string_equal(
		find(records,
			"a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
			TYPE_PTR),
		"NOERROR DATA; "
		"a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa. "
		"600 IN PTR nas.lan.");
	assert_string_equal(find(records, "x.nas.lan", TYPE_A), "none");
	records_free(records);
}

static void leaves_out_and_counts_hosts_lines_that_do_not_parse(void **state)
{
	static const struct {
		const char *text;
		size_t taken, skipped;
	} rows[] = {
		{ "", 0, 0 },
		{ "\n \t\r\n#\n", 0, 0 },
		{ "192.0.2.1\n", 0, 1 },
		{ "192.0.2.1 # only a comment\n", 0, 1 },
		{ "192.0.2.256 a\n", 0, 1 },
		{ "name 192.0.2.1\n", 0, 1 },
		{ "fe80::1%lo a\n", 0, 1 },
		{ "fe80::1%1 a\n192.0.2.1 a\n", 1, 1 },
		{ "0.0.0.0 0.0.0.0\n", 0, 1 },
		{ "192.0.2.1 a..b c\n", 1, 1 },
		{ "192.0.2.1 good b\\032d <x> also_good\n", 2, 1 },
		{ "192.0.2.1 .\n", 0, 1 },
		{ "192.0.2.1 m\xc3\xbcller\n", 0, 1 },
		{ "\xef\xbb\xbf"
		  "192.0.2.1 a\n",
			1, 0 },
		{ "192.0.2.1 a\n192.0.2.1 a\n", 2, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct records *records = records_new();
		size_t skipped = 99;

		print_message("%s\n", rows[i].text);
		assert_int_equal(add_hosts(records, rows[i].text, &skipped), rows[i].taken);
		assert_int_equal(skipped, rows[i].skipped);
		records_free(records);
	}
}

static void reads_no_octet_beyond_the_hosts_text(void **state)
{
	struct records *records = records_new();
	static const char line[] = "192.0.2.1 a\0b c 192.0.2.2";
	char *text = mem_copy(line, sizeof(line) - 1);
	char *long_line = mem_new(70000);
	size_t skipped;

	(void)state;
	assert_int_equal(records_add_hosts(records, text, sizeof(line) - 1, &skipped), 1);
	assert_int_equal(skipped, 1);
	assert_string_equal(find(records, "c", TYPE_A), "NOERROR DATA; c. 600 IN A 192.0.2.1");
	assert_string_equal(find(records, "a", TYPE_A), "none");

	memset(long_line, 'a', 70000);
	for (size_t i = 0; i < 10; i++)
		long_line[i] = "192.0.2.3 "[i];
	assert_int_equal(records_add_hosts(records, long_line, 70000, &skipped), 0);
	assert_int_equal(skipped, 1);
	memset(long_line, '1', 10);
	assert_int_equal(records_add_hosts(records, long_line, 70000, &skipped), 0);
	assert_int_equal(skipped, 1);
	free(long_line);
	free(text);
	records_free(records);
}

static void lets_the_configuration_come_before_hosts(void **state)
{
	static const char *const lines[] = { "1.2.0.192.in-addr.arpa. 300 IN PTR chosen.example.",
		"alias.lan. 300 IN CNAME other.example.", NULL };
	struct records *records = records_of(lines);
	size_t skipped;

	(void)state;
	assert_int_equal(
		add_hosts(records, "192.0.2.1 first.lan\n192.0.2.2 alias.lan\n", &skipped), 1);
	assert_int_equal(skipped, 1);
	assert_string_equal(find(records, "1.2.0.192.in-addr.arpa", TYPE_PTR),
		"NOERROR DATA; 1.2.0.192.in-addr.arpa. 300 IN PTR chosen.example.");
	assert_string_equal(find(records, "alias.lan", TYPE_A),
		"NOERROR CHAIN; alias.lan. 300 IN CNAME other.example.");
	assert_string_equal(find(records, "2.2.0.192.in-addr.arpa", TYPE_PTR), "none");
	records_free(records);
}

/* LOC-03: localhost keeps ::1 beside a file that knows 127.0.0.1 alone */
static void leaves_localhost_its_two_addresses(void **state)
{
	struct records *records = records_new();
	size_t skipped;

	(void)state;
	assert_int_equal(
		add_hosts(records, "127.0.0.1 localhost box\n192.0.2.1 x.localhost\n", &skipped),
		3);
	assert_int_equal(skipped, 0);
	assert_string_equal(find(records, "localhost", TYPE_A), "none");
	assert_string_equal(find(records, "box", TYPE_A), "NOERROR DATA; box. 600 IN A 127.0.0.1");
	assert_string_equal(find(records, "1.0.0.127.in-addr.arpa", TYPE_PTR),
		"NOERROR DATA; 1.0.0.127.in-addr.arpa. 600 IN PTR localhost.");
	assert_string_equal(find(records, "x.localhost", TYPE_A),
		"NOERROR DATA; x.localhost. 600 IN A 192.0.2.1");
	records_free(records);
}

static void on_name(void *owner, const uint8_t *name)
{
	size_t *count = owner;

	assert_true(name_labels(name) > 0);
	++*count;
}

static void reads_a_long_hosts_file(void **state)
{
	enum { LINES = 100000, LINE_SIZE = 64 };
	struct records *records = records_new();
	char *text = mem_new_array(LINES, LINE_SIZE);
	size_t size = 0, skipped, count = 0;

	(void)state;
	for (int i = 0; i < LINES; i++)
		size += (size_t)snprintf(
			text + size, LINE_SIZE, "0.0.0.0 ads-%d.tracker-%d.example\n", i, i % 999);
	assert_int_equal(records_add_hosts(records, text, size, &skipped), LINES);
	assert_int_equal(skipped, 0);
	assert_string_equal(find(records, "ads-77777.tracker-854.example", TYPE_A),
		"NOERROR DATA; ads-77777.tracker-854.example. 600 IN A 0.0.0.0");
	records_each(records, on_name, &count);
	assert_int_equal(count, LINES + 1);
	free(text);
	records_free(records);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_its_names_for_every_type_and_no_others),
		cmocka_unit_test(gives_all_to_any_with_each_set_together),
		cmocka_unit_test(gives_a_set_its_lowest_ttl_and_each_record_once),
		cmocka_unit_test(follows_aliases_within_the_records),
		cmocka_unit_test(takes_a_star_as_a_name_like_any),
		cmocka_unit_test(takes_any_type_and_a_missing_ttl),
		cmocka_unit_test(refuses_what_cannot_stand_and_says_why),
		cmocka_unit_test(says_what_is_wrong_with_a_line_that_does_not_parse),
		cmocka_unit_test(fails_over_a_chain_that_is_too_long),
		cmocka_unit_test(bounds_the_records_of_a_name),
		cmocka_unit_test(answers_no_other_class),
		cmocka_unit_test(reads_hosts_forward_and_reverse),
		cmocka_unit_test(leaves_out_and_counts_hosts_lines_that_do_not_parse),
		cmocka_unit_test(reads_no_octet_beyond_the_hosts_text),
		cmocka_unit_test(lets_the_configuration_come_before_hosts),
		cmocka_unit_test(leaves_localhost_its_two_addresses),
		cmocka_unit_test(reads_a_long_hosts_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
