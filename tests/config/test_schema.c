#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loaded.h"
#include "sixward/config/schema.h"

/* config.md, "The whole file, with its defaults", and protocol.md 19. */
static void the_defaults_are_those_of_the_reference(void **state)
{
	struct config *config = loaded_well("");
	const struct policy_options *options = policy_options(config->views.fallback);
	struct addr loopback, other;

	(void)state;
	assert_int_equal(config->listen_count, 2);
	assert_true(addr_parse("127.0.0.9", &loopback) && addr_parse("192.0.2.1", &other));
	assert_true(netset_contains(&config->allow, &loopback)); /* R5358-4-a */
	assert_false(netset_contains(&config->allow, &other));
	assert_int_equal(config->upstreams.count, 3);
	assert_int_equal(config->order, ORDER_FASTEST);
	assert_int_equal(config->zone_count, 0);
	assert_true(options->enabled && options->ptr && options->mark_synthesized);
	assert_int_equal(options->prefix_count, 1);
	assert_true(prefix_is_well_known(&options->prefixes[0].prefix));
	assert_int_equal(options->use, USE_ALL);
	assert_false(options->check.is_on);
	assert_int_equal(options->append_aaaa.count, 0); /* D64-5.1.1-b */
	assert_int_equal(options->max_aaaa, 0);
	assert_int_equal(options->exclude_aaaa.count, 5); /* D64-5.1.4-a */
	assert_false(options->aaaa_error_passes);
	assert_int_equal(options->hide_a, HIDE_A_NEVER);
	assert_int_equal(config->views.count, 0);
	assert_int_equal(config->records.count + config->hosts.count, 0);
	assert_null(config->identity);
	assert_null(config->user);
	assert_true(config->cookies.enabled);
	assert_int_equal(config->cache.size, 64 << 20);
	assert_true(config->cache.nxdomain_cut);
	assert_int_equal(config->rules.ttl_min, 0);
	assert_int_equal(config->rules.ttl_max, 86400);         /* LIM-23 */
	assert_int_equal(config->rules.negative_ttl_max, 3600); /* LIM-24 */
	assert_int_equal(config->rules.links_max, 16);          /* LIM-20 */
	assert_int_equal(config->cache.failure_first_s, 5);     /* LIM-25 */
	assert_int_equal(config->cache.failure_most_s, 60);     /* LIM-26 */
	assert_string_equal(config->trust_anchors, "/usr/share/dns/root.key");
	assert_int_equal(config->queries_max, 4096);        /* LIM-07 */
	assert_int_equal(config->tcp_connections_max, 512); /* LIM-09 */
	assert_int_equal(config->tcp_per_client_max, 64);   /* LIM-09 */
	assert_int_equal(config->tcp_idle_ms, 10000);       /* LIM-10 */
	assert_int_equal(config->rate, 0);                  /* ACL-b */
	assert_int_equal(config->log_level, LOG_INFO);
	assert_int_equal(config->log_format, LOG_FORMAT_TEXT);
	assert_false(config->log_queries);
	assert_int_equal(config->workers, 0);
	config_unref(config);
}

/* A list replaces its default, it is not added to it. */
static void a_list_replaces_its_default(void **state)
{
	struct config *config =
		loaded_well("listen: [127.0.0.1:5353]\nallow: [192.0.2.1]\n"
			    "upstreams: [192.0.2.2]\n"
			    "dns64: {prefixes: [2001:db8::/96], exclude-aaaa: []}\n");
	const struct policy_options *options = policy_options(config->views.fallback);

	(void)state;
	assert_int_equal(config->listen_count, 1);
	assert_int_equal(config->allow.count, 1);
	assert_int_equal(config->upstreams.count, 1);
	assert_int_equal(options->prefix_count, 1);
	assert_int_equal(options->exclude_aaaa.count, 0);
	config_unref(config);
}

/* R2308-5-e */
static void a_denial_lives_no_longer_than_an_answer(void **state)
{
	struct config *config = loaded_well("cache: {max-ttl: 5m, max-negative-ttl: 1h}");

	(void)state;
	assert_int_equal(config->rules.negative_ttl_max, 300);
	config_unref(config);
}

static void check_rows(const struct setting *table)
{
	for (const struct setting *row = table; row->key; row++) {
		assert_non_null(row->help);
		assert_true(row->help[0] != '\0' && row->help[strlen(row->help) - 1] != '.');
		assert_true(row->standard || row->table);
		/* Numbers have both bounds. */
		if (row->kind == &kind_number || row->kind == &kind_duration ||
			row->kind == &kind_seconds || row->kind == &kind_size)
			assert_true(row->least && row->most);
		if (row->kind == &kind_choice)
			assert_non_null(row->choices);
		for (const struct setting *other = table; other != row; other++)
			assert_string_not_equal(other->key, row->key);
		if (row->table)
			check_rows(row->table);
	}
}

static void every_row_is_whole(void **state)
{
	(void)state;
	check_rows(schema_top);
}

static const struct setting *find_row(const struct setting *table, const char *key)
{
	while (table->key && strcmp(table->key, key) != 0)
		table++;
	assert_non_null(table->key);
	return table;
}

/* What the rows of `check` say is what an empty mapping means. */
static void an_empty_check_is_that_of_the_rows(void **state)
{
	const struct setting *row = find_row(find_row(schema_top, "dns64")->table, "check");
	struct config *empty = loaded_well("dns64: {check: {}}"), *config;
	char *expected = loaded_show(empty), *found;
	char text[512] = "dns64: {check: {";

	(void)state;
	for (row = row->table; row->key; row++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s: %s, ",
			row->key, row->standard);
	strcat(text, "}}");
	config = loaded_well(text);
	found = loaded_show(config);
	assert_string_equal(found, expected);
	free(found);
	free(expected);
	config_unref(config);
	config_unref(empty);
}

/* The defaults are a file like any other. */
static void the_defaults_load_to_themselves(void **state)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct config *empty = loaded_well(""), *config;
	char *expected = loaded_show(empty), *found;

	(void)state;
	schema_write_defaults(out);
	assert_int_equal(fclose(out), 0);
	config = loaded_well(text);
	found = loaded_show(config);
	assert_string_equal(found, expected);
	free(found);
	free(expected);
	free(text);
	config_unref(config);
	config_unref(empty);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_defaults_are_those_of_the_reference),
		cmocka_unit_test(a_list_replaces_its_default),
		cmocka_unit_test(a_denial_lives_no_longer_than_an_answer),
		cmocka_unit_test(every_row_is_whole),
		cmocka_unit_test(an_empty_check_is_that_of_the_rows),
		cmocka_unit_test(the_defaults_load_to_themselves),
	};

	return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
