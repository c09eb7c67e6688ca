#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "describe.h"
#include "sixward/local/local.h"

#define SOA(zone)                                                                                  \
	"; authority " zone " 10800 IN SOA " zone " nobody.invalid. 1 3600 1200 604800 10800"

static const struct local_options nothing;

static void fill(struct nameset *set, const char *const *names)
{
	for (; names && *names; names++) {
		struct name name;

		assert_true(name_parse(*names, &name));
		assert_true(nameset_add(set, name.octets, 0));
	}
}

static struct records *records_of(const char *const *lines)
{
	struct records *records = records_new();
	const char *error;

	for (; *lines; lines++)
		assert_true(records_add(records, *lines, &error));
	return records;
}

static const char *special(const struct local *local, const char *name, uint16_t type)
{
	struct question question = ask(name, type);

	return describe(local_special(local, &question, false));
}

static const char *record(const struct local *local, const char *name, uint16_t type)
{
	struct question question = ask(name, type);

	return describe(local_record(local, &question));
}

/* LOC-a */
static void sends_upstream_what_a_rule_for_the_same_or_a_deeper_name_claims(void **state)
{
	static const struct {
		const char *zone, *forward_special; /* NULL = none */
		const char *name;
		bool is_ours;
	} rows[] = {
		{ NULL, NULL, "x.test", true },
		{ "test", NULL, "x.test", false },
		{ "test", NULL, "test", false },
		{ "TEST", NULL, "a.b.test", false },
		{ "lan.test", NULL, "x.lan.test", false },
		{ "lan.test", NULL, "lan.test", false },
		{ "lan.test", NULL, "x.test", true },
		{ "lan.test", NULL, "test", true },
		{ "test", NULL, "x.invalid", true },
		{ "168.192.in-addr.arpa", NULL, "1.0.168.192.in-addr.arpa", false },
		{ "0.168.192.in-addr.arpa", NULL, "1.1.168.192.in-addr.arpa", true },
		{ "20.172.in-addr.arpa", NULL, "1.0.20.172.in-addr.arpa", false },
		{ "20.172.in-addr.arpa", NULL, "1.0.21.172.in-addr.arpa", true },

		/* A rule for more than the special zone does not claim it. */
		{ "arpa", NULL, "nas.home.arpa", true },
		{ "172.in-addr.arpa", NULL, "1.0.20.172.in-addr.arpa", true },
		{ ".", NULL, "x.onion", true },

		/* forward-special does. */
		{ NULL, "test", "x.test", false },
		{ NULL, "test", "x.invalid", true },
		{ NULL, "lan.test", "x.lan.test", false },
		{ NULL, "lan.test", "x.test", true },
		{ NULL, "in-addr.arpa", "1.0.0.10.in-addr.arpa", false },
		{ NULL, "in-addr.arpa", "nas.home.arpa", true },
		{ NULL, ".", "x.onion", false },
		{ NULL, ".", "localhost", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct nameset zones = { 0 }, forward_special = { 0 };
		struct local_options options = { .zones = &zones,
			.forward_special = &forward_special };
		struct local *local;

		fill(&zones, (const char *const[]){ rows[i].zone, NULL });
		fill(&forward_special, (const char *const[]){ rows[i].forward_special, NULL });
		local = local_new(&options, NULL);
		print_message("%zu: %s\n", i, rows[i].name);
		if (rows[i].is_ours)
			assert_string_not_equal(special(local, rows[i].name, TYPE_A), "none");
		else
			assert_string_equal(special(local, rows[i].name, TYPE_A), "none");
		local_free(local);
		nameset_clear(&zones);
		nameset_clear(&forward_special);
	}
}

/* RFC 8020: what has names below it that are answered elsewhere exists */
static void denies_no_name_above_a_record_or_a_rule(void **state)
{
	static const char *const lines[] = { "nas.lan.home.arpa. 300 IN A 192.0.2.1",
		"1.0.168.192.in-addr.arpa. 300 IN PTR nas.lan.home.arpa.",
		"www.example. 300 IN A 192.0.2.2", "zz.home.arpa. 300 IN A 192.0.2.3", NULL };
	static const char *const rules[] = { "a.Corp.test", "example.com", NULL };
	struct nameset zones = { 0 }, forward_special = { 0 };
	struct local_options options = { .zones = &zones, .forward_special = &forward_special };
	struct local *local;

	(void)state;
	fill(&zones, rules);
	fill(&forward_special, (const char *const[]){ "b.c.local", NULL });
	local = local_new(&options, records_of(lines));

	assert_string_equal(
		special(local, "lan.home.arpa", TYPE_A), "NOERROR NODATA" SOA("home.arpa."));
	assert_string_equal(
		special(local, "x.lan.home.arpa", TYPE_A), "NXDOMAIN NXDOMAIN" SOA("home.arpa."));
	assert_string_equal(
		special(local, "an.home.arpa", TYPE_A), "NXDOMAIN NXDOMAIN" SOA("home.arpa."));
	assert_string_equal(
		special(local, "zzz.home.arpa", TYPE_A), "NXDOMAIN NXDOMAIN" SOA("home.arpa."));
	assert_string_equal(special(local, "0.168.192.in-addr.arpa", TYPE_PTR),
		"NOERROR NODATA" SOA("168.192.in-addr.arpa."));
	assert_string_equal(special(local, "2.0.168.192.in-addr.arpa", TYPE_PTR),
		"NXDOMAIN NXDOMAIN" SOA("168.192.in-addr.arpa."));
	assert_string_equal(special(local, "corp.test", TYPE_A), "NOERROR NODATA" SOA("test."));
	assert_string_equal(special(local, "test", TYPE_A), "NOERROR NODATA" SOA("test."));
	assert_string_equal(special(local, "c.local", TYPE_A), "NOERROR NODATA" SOA("local."));
	assert_string_equal(
		special(local, "x.invalid", TYPE_A), "NXDOMAIN NXDOMAIN" SOA("invalid."));

	/* And what has names below it that the caller answers. */
	{
		struct question question = ask("corp.onion", TYPE_A);

		assert_string_equal(describe(local_special(local, &question, true)),
			"NOERROR NODATA" SOA("onion."));
	}

	/* With other records the names of the old ones are forgotten. */
	local_set_records(local, NULL);
	assert_string_equal(
		special(local, "lan.home.arpa", TYPE_A), "NXDOMAIN NXDOMAIN" SOA("home.arpa."));
	assert_string_equal(special(local, "corp.test", TYPE_A), "NOERROR NODATA" SOA("test."));
	local_free(local);
	nameset_clear(&zones);
	nameset_clear(&forward_special);
}

/* LOC-c; R8880-7.2.1-a and D64-5.3.1-h ask here by the same two calls */
static void answers_from_the_records_it_was_given_last(void **state)
{
	static const char *const first[] = { "a.example. 300 IN A 192.0.2.1", NULL };
	static const char *const second[] = { "b.example. 300 IN A 192.0.2.2", NULL };
	struct local *local = local_new(&nothing, NULL);

	(void)state;
	assert_string_equal(record(local, "a.example", TYPE_A), "none");
	local_set_records(local, records_of(first));
	assert_string_equal(
		record(local, "a.example", TYPE_A), "NOERROR DATA; a.example. 300 IN A 192.0.2.1");
	local_set_records(local, records_of(second));
	assert_string_equal(record(local, "a.example", TYPE_A), "none");
	assert_string_equal(
		record(local, "b.example", TYPE_A), "NOERROR DATA; b.example. 300 IN A 192.0.2.2");
	assert_string_equal(record(local, "b.example", TYPE_MX), "NOERROR NODATA");
	local_free(local);
}

/* D64-5.3.1-h: a v4 name in a zone of ours goes nowhere */
static void keeps_private_reverse_names_here(void **state)
{
	struct local *local = local_new(&nothing, NULL);

	(void)state;
	assert_string_equal(special(local, "1.0.0.10.in-addr.arpa", TYPE_PTR),
		"NXDOMAIN NXDOMAIN" SOA("10.in-addr.arpa."));
	assert_string_equal(special(local, "170.0.0.192.in-addr.arpa", TYPE_PTR), "none");
	local_free(local);
}

/* LOC-07: forwarded "even if the zone has a local server" */
static void leaves_ds_of_home_arpa_alone_whatever_is_configured(void **state)
{
	static const char *const lines[] = { "home.arpa. 300 IN A 192.0.2.1", NULL };
	struct local *local = local_new(&nothing, records_of(lines));

	(void)state;
	assert_string_equal(record(local, "home.arpa", TYPE_DS), "none");
	assert_string_equal(special(local, "home.arpa", TYPE_DS), "none");
	assert_string_equal(
		record(local, "home.arpa", TYPE_A), "NOERROR DATA; home.arpa. 300 IN A 192.0.2.1");
	local_free(local);
}

/* D64-5.1-b, MAL-26: names mean something in class IN only */
static void leaves_other_classes_alone(void **state)
{
	static const char *const lines[] = { "x.example. 300 IN A 192.0.2.1", NULL };
	struct local *local = local_new(&nothing, records_of(lines));
	struct question ours = ask("x.example", TYPE_A), special_name = ask("localhost", TYPE_A);

	(void)state;
	ours.rclass = CLASS_HS;
	special_name.rclass = CLASS_ANY;
	assert_null(local_record(local, &ours));
	assert_null(local_special(local, &special_name, false));
	local_free(local);
}

static const char *chaos(
	const struct local *local, const char *name, uint16_t type, uint16_t rclass)
{
	struct question question = ask(name, type);

	question.rclass = rclass;
	return describe(local_chaos(local, &question));
}

/* MAL-25 */
static void tells_its_identity_only_where_it_was_given_one(void **state)
{
	struct local_options options = { .identity = "ns1" };
	struct local *named = local_new(&options, NULL);
	struct local *nameless = local_new(&nothing, NULL);

	(void)state;
	assert_string_equal(chaos(named, "id.server", TYPE_TXT, CLASS_CH),
		"NOERROR DATA; id.server. 0 CH TXT \\# 4 036e7331");
	assert_string_equal(chaos(named, "HOSTNAME.bind", TYPE_TXT, CLASS_CH),
		"NOERROR DATA; hostname.bind. 0 CH TXT \\# 4 036e7331");
	assert_string_equal(chaos(named, "id.server", TYPE_ANY, CLASS_CH),
		"NOERROR DATA; id.server. 0 CH TXT \\# 4 036e7331");
	assert_string_equal(chaos(named, "version.bind", TYPE_TXT, CLASS_CH), "none");
	assert_string_equal(chaos(named, "version.server", TYPE_TXT, CLASS_CH), "none");
	assert_string_equal(chaos(named, "id.server", TYPE_A, CLASS_CH), "none");
	assert_string_equal(chaos(named, "id.server", TYPE_TXT, CLASS_IN), "none");
	assert_string_equal(chaos(named, "x.id.server", TYPE_TXT, CLASS_CH), "none");
	assert_string_equal(chaos(nameless, "id.server", TYPE_TXT, CLASS_CH), "none");
	local_free(named);
	local_free(nameless);
}

static void splits_a_long_identity_into_strings(void **state)
{
	char identity[301] = "";
	struct local_options options = { .identity = identity };
	struct local *local = local_new(&options, NULL);
	struct question question = ask("id.server", TYPE_TXT);
	struct reply *reply;
	struct record txt;

	(void)state;
	question.rclass = CLASS_CH;
	reply = local_chaos(local, &question);
	assert_int_equal(reply_record(reply, 0).rdata_size, 1);
	reply_unref(reply);

	memset(identity, 'n', sizeof(identity) - 1);
	reply = local_chaos(local, &question);
	txt = reply_record(reply, 0);
	assert_int_equal(txt.rdata_size, 302);
	assert_int_equal(txt.rdata[0], 255);
	assert_int_equal(txt.rdata[256], 45);
	reply_unref(reply);
	local_free(local);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_upstream_what_a_rule_for_the_same_or_a_deeper_name_claims),
		cmocka_unit_test(denies_no_name_above_a_record_or_a_rule),
		cmocka_unit_test(answers_from_the_records_it_was_given_last),
		cmocka_unit_test(keeps_private_reverse_names_here),
		cmocka_unit_test(leaves_ds_of_home_arpa_alone_whatever_is_configured),
		cmocka_unit_test(leaves_other_classes_alone),
		cmocka_unit_test(tells_its_identity_only_where_it_was_given_one),
		cmocka_unit_test(splits_a_long_identity_into_strings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
