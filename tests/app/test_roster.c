/* Which servers a list of upstreams comes to, when there is room for all and when there is not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/app/roster.h"
#include "sixward/config/load.h"

enum { TEXT_MAX = 4096 };

/* What the resolv.conf says: servers with these last numbers. */
struct file {
	unsigned first, count;
};

static size_t on_read(void *owner, const char *path, struct endpoint *out, size_t room)
{
	const struct file *file = owner;
	size_t count = 0;

	assert_string_equal(path, "/etc/resolv.conf");
	while (count < file->count && count < room) {
		char text[ENDPOINT_TEXT_MAX];

		(void)snprintf(text, sizeof(text), "2001:db8:f::%x", file->first + (unsigned)count);
		assert_true(endpoint_parse(text, 53, &out[count]));
		count++;
	}
	return count;
}

/* So many prefixes, and upstreams given by letters: (d)irect, (v)ia NAT64, (f)ile; numbered by
 * their places. */
static struct config *config_of(const char *upstreams, unsigned prefixes)
{
	struct faults faults = { 0 };
	struct config *config;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	(void)fprintf(out, "dns64: {prefixes: [");
	for (unsigned i = 0; i < prefixes; i++)
		(void)fprintf(out, "%s\"2001:db8:%x::/96\"", i ? ", " : "", i + 0x100);
	(void)fprintf(out, "]}\nupstreams:\n");
	for (unsigned i = 0; upstreams[i]; i++) {
		if (upstreams[i] == 'f')
			(void)fprintf(out, "  - resolv-conf: /etc/resolv.conf\n");
		else if (upstreams[i] == 'v')
			(void)fprintf(out, "  - {address: 198.41.0.%u, via-nat64: true}\n", i + 1);
		else
			(void)fprintf(out, "  - \"2001:db8:d::%x\"\n", i + 1);
	}
	(void)fclose(out);
	config = load_text(text, size, &faults);
	if (!config)
		faults_print(&faults, "test", stderr);
	assert_non_null(config);
	faults_clear(&faults);
	free(text);
	return config;
}

/* Which kinds come after each other, and how many of each: "d1 v16 f3". */
static const char *kinds_of(const struct roster *roster, char text[TEXT_MAX])
{
	size_t used = 0;
	unsigned run = 0;

	text[0] = '\0';
	for (size_t i = 0; i < roster->count; i++) {
		const struct server_options *server = &roster->servers[i];
		char kind = server->via_nat64                         ? 'v'
			    : server->endpoint.addr.octets[5] == 0x0f ? 'f'
								      : 'd';
		bool goes_on = i + 1 < roster->count && kind != 'd' &&
			       roster->servers[i + 1].via_nat64 == server->via_nat64 &&
			       roster->servers[i + 1].endpoint.addr.octets[15] ==
				       server->endpoint.addr.octets[15];

		run++;
		if (goes_on)
			continue;
		used += (size_t)snprintf(
			text + used, TEXT_MAX - used, "%s%c%u", used ? " " : "", kind, run);
		run = 0;
	}
	return text;
}

static void servers_come_in_the_order_of_the_list(void **state)
{
	static const struct {
		const char *upstreams;
		unsigned prefixes;
		struct file file;
		const char *wanted;
		size_t left_out;
	} rows[] = {
		{ "ddd", 1, { 0, 0 }, "d1 d1 d1", 0 },
		{ "dvd", 2, { 0, 0 }, "d1 v2 d1", 0 },
		{ "dfv", 3, { 1, 2 }, "d1 f1 f1 v3", 0 },
		/* The same once more adds nothing. */
		{ "dff", 1, { 1, 2 }, "d1 f1 f1", 0 },
		/* Just enough room, and one place too few. */
		{ "vvvv", 16, { 0, 0 }, "v16 v16 v16 v16", 0 },
		{ "vvvvd", 16, { 0, 0 }, "v15 v15 v15 v15 d1", 4 },
		{ "dvvvvd", 16, { 0, 0 }, "d1 v15 v15 v15 v15 d1", 4 },
		{ "vfv", 16, { 1, 56 }, NULL, 24 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *config = config_of(rows[i].upstreams, rows[i].prefixes);
		struct file file = rows[i].file;
		struct roster_terms terms = {
			.policy = config->views.fallback, .read = on_read, .owner = &file
		};
		struct roster roster;
		char text[TEXT_MAX];

		roster_fill(&roster, &config->upstreams, &terms);
		if (rows[i].wanted)
			assert_string_equal(kinds_of(&roster, text), rows[i].wanted);
		assert_int_equal(roster.left_out, rows[i].left_out);
		assert_true(roster.count <= GROUP_SERVERS_MAX);
		config_unref(config);
	}
}

/* Nobody who is asked directly is pushed out by many ways to others. */
static void the_last_are_left_out_where_one_way_each_is_too_many(void **state)
{
	struct config *config = config_of("vfd", 16);
	struct file file = { .first = 1, .count = 63 };
	struct roster_terms terms = {
		.policy = config->views.fallback, .read = on_read, .owner = &file
	};
	struct roster roster;

	(void)state;
	roster_fill(&roster, &config->upstreams, &terms);
	assert_int_equal(roster.count, GROUP_SERVERS_MAX);
	assert_true(roster.servers[0].via_nat64);
	assert_int_equal(roster.left_out, 15 + 1);
	config_unref(config);
}

static void without_a_policy_none_is_reached_via_nat64(void **state)
{
	struct config *config = config_of("vdv", 2);
	struct roster_terms terms = { .read = on_read };
	struct roster roster;

	(void)state;
	roster_fill(&roster, &config->upstreams, &terms);
	assert_int_equal(roster.count, 1);
	assert_int_equal(roster.left_out, 0);
	config_unref(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_come_in_the_order_of_the_list),
		cmocka_unit_test(the_last_are_left_out_where_one_way_each_is_too_many),
		cmocka_unit_test(without_a_policy_none_is_reached_via_nat64),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
