#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loaded.h"
#include "sixward/config/load.h"

enum { ROUNDS = 3000, SLOW_S = 20 };

static void nothing_is_the_defaults(void **state)
{
	static const char *const texts[] = { "", "\n", "# nothing\n", "---\n", "--- \n...\n", "{}",
		"null", "~", "\xef\xbb\xbf", "%YAML 1.1\n---\n" };
	struct config *defaults = loaded_well("");
	char *expected = loaded_show(defaults);

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct config *config = loaded_well(texts[i]);
		char *found = loaded_show(config);

		assert_string_equal(found, expected);
		free(found);
		config_unref(config);
	}
	free(expected);
	config_unref(defaults);
}

/* The message for what people meet first says that quotes are needed. */
static void says_that_addresses_need_quotes(void **state)
{
	static const char *const texts[] = { "listen: [::1]", "listen: [[::1]:53]",
		"listen:\n  - [::1]:53\n", "listen: [fe80::]", "allow: [2001:db8::]",
		"upstreams: [[2001:db8::1]:53]", "listen: [2001:db8::1, ::1]",
		"upstreams:\n  - [2001:db8::1]:53\n", "listen: [2001:db8::1]:53" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		loaded_complains_of(texts[i], "quotes\n");
}

static void tells_where_the_syntax_ends(void **state)
{
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		{ "a: [b, c\n", "f:2:1: YAML syntax: " },
		{ "listen: \"x", "f:1:11: YAML syntax: " },
		{ "log:\n\tlevel: info\n", "f:2:1: YAML syntax: " },
		{ "a: b: c\n", "f:1:5: YAML syntax: " },
		{ "log: *x\n", "f:1:6: an alias without its anchor before it" },
		{ "log: &a [*a]\n", "f:1:10: an alias without its anchor before it" },
		{ "{}\n---\n{}\n", "f:2:1: a second document; accepted: one" },
		{ "--- a\n--- b\n", "f:2:1: a second document; accepted: one" },
		{ "log: {level: \"a\\0b\"}\n", "f:1:14: a text holds a NUL" },
		{ "[a, b]", "f:1:1: found a list; accepted: a mapping of settings" },
		{ "listen", "f:1:1: found \"listen\"; accepted: a mapping of settings" },
		{ "\"\"", "f:1:1: found the text \"\"; accepted: a mapping of settings" },
		{ "<<: {listen: [192.0.2.1]}\n", "f:1:1: <<: unknown key \"<<\"; accepted: " },
		{ "? [a]\n: b\n",
			"f:1:3: found a list; accepted: a key; an \"[IPV6]:PORT\" needs quotes\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains_of(rows[i].text, rows[i].complaint);
}

static void only_text_is_text(void **state)
{
	static const struct {
		const char *text;
		size_t size;
		const char *complaint;
	} rows[] = {
		{ "a\0b", 3, "f:1:2: control characters are not allowed" },
		{ "log:\n  level: \xff\n", 16, "f:2:10: invalid leading UTF-8 octet" },
		{ "# \xc3", 3, "f:1:3: incomplete UTF-8 octet sequence" },
		{ "\n\n# \xed\xa0\x80", 7, "f:3:3: invalid Unicode character" },
		{ "# \xc0\xaf", 4, "f:1:3: invalid " },
		{ "# \033[0m", 6, "f:1:3: control characters are not allowed" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *found;

		assert_null(loaded(rows[i].text, rows[i].size, &found));
		assert_int_equal(strncmp(found, rows[i].complaint, strlen(rows[i].complaint)), 0);
		assert_non_null(strstr(found, "; accepted: UTF-8 text\n"));
		free(found);
	}
}

static void anchors_stand_for_what_they_name(void **state)
{
	struct config *config = loaded_well("records: &r [\"a.test. 60 IN A 192.0.2.1\"]\n"
					    "views:\n"
					    "  - clients: &c [192.0.2.0/24]\n"
					    "    dns64: &d {ptr: false}\n"
					    "  - clients: [198.51.100.0/24]\n"
					    "    dns64: *d\n"
					    "allow: *c\n");

	(void)state;
	assert_int_equal(config->views.count, 2);
	assert_false(policy_options(config->views.items[1].policy)->ptr);
	assert_int_equal(config->allow.count, 1);
	config_unref(config);
	/* The later of two of a name. */
	config = loaded_well("identity: &a one\nuser: *a\n");
	assert_string_equal(config->user, "one");
	config_unref(config);
	config = loaded_well("identity: &a one\nuser: &a two\ncache: {size: 1MiB}\n"
			     "dnssec: {trust-anchors: *a}\n");
	assert_string_equal(config->trust_anchors, "two");
	config_unref(config);
}

/* All errors in one go. */
static void tells_every_error_at_once(void **state)
{
	(void)state;
	loaded_complains("lissten: []\n"
			 "allow: [10.0.0.0/33]\n"
			 "cache:\n"
			 "  min-ttl: 1h\n"
			 "  max-ttl: 5s\n"
			 "  size: 5\n"
			 "upstreams: [127.0.0.1]\n"
			 "allow: [any]\n"
			 "log: loud\n",
		"f:1:1: lissten: unknown key \"lissten\"; did you mean \"listen\"?\n"
		"f:2:9: allow[0]: found \"10.0.0.0/33\", whose length is too large; accepted: "
		"networks like 192.0.2.0/24, addresses, or the words loopback, link-local, "
		"private, any\n"
		"f:4:12: cache.min-ttl: found 3600s; accepted: at most cache.max-ttl, which is 5s\n"
		"f:6:9: cache.size: found \"5\"; accepted: a size with its unit, e.g. 64KiB, "
		"64MiB, 1GiB\n"
		"f:7:13: upstreams[0]: found \"127.0.0.1\", which is one of this server's own "
		"`listen` endpoints: a loop; accepted: other servers\n"
		"f:8:1: allow: the key \"allow\" is there already, in line 2\n"
		"f:9:6: log: found \"loud\"; accepted: a mapping\n");
}

static void reads_files(void **state)
{
	char path[] = "/tmp/sixward-XXXXXX";
	int descriptor = mkstemp(path);
	struct faults faults = { 0 };
	struct config *config;

	(void)state;
	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, "workers: 3\n", 11), 11);
	assert_int_equal(close(descriptor), 0);
	config = load_file(path, &faults);
	assert_non_null(config);
	assert_int_equal(config->workers, 3);
	config_unref(config);
	assert_int_equal(truncate(path, LOAD_SIZE_MAX + 1), 0);
	assert_null(load_file(path, &faults));
	assert_string_equal(faults.items[0].text, "larger than 4 MiB");
	faults_clear(&faults);
	assert_int_equal(unlink(path), 0);
	assert_null(load_file(path, &faults));
	assert_string_equal(faults.items[0].text, "No such file or directory");
	faults_clear(&faults);
	assert_null(load_file("/tmp", &faults));
	assert_string_equal(faults.items[0].text, "this is a directory");
	faults_clear(&faults);
}

/* netplan's files are none of ours, and come through the same door. */
static void any_text_is_a_tree(void **state)
{
	static const char text[] = "network: {ethernets: {eth0: {accept-ra: false}}}";
	struct faults faults = { 0 };
	struct tree tree = { 0 };

	(void)state;
	assert_true(load_tree(text, sizeof(text) - 1, &faults, &tree));
	assert_non_null(tree_find(tree_find(tree_find(&tree, "network"), "ethernets"), "eth0"));
	tree_clear(&tree);
	assert_false(load_tree("", 0, &faults, &tree));
	assert_int_equal(faults.count, 0);
	assert_false(load_tree("a: [b", 5, &faults, &tree));
	assert_int_equal(faults.errors, 1);
	tree_clear(&tree);
	faults_clear(&faults);
}

/* A text of `times` parts between a start and an end, of 4 MiB at most. */
static char *repeat(const char *start, const char *part, size_t times, const char *end)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	(void)fputs(start, out);
	/* '#' stands for the number of the part. */
	for (size_t i = 0; i < times; i++) {
		for (const char *at = part; *at; at++) {
			if (*at == '#')
				(void)fprintf(out, "%zu", i);
			else
				(void)fputc(*at, out);
		}
	}
	(void)fputs(end, out);
	assert_int_equal(fclose(out), 0);
	assert_true(size <= LOAD_SIZE_MAX);
	return text;
}

/* Neither libyaml's effort nor ours grows faster than the text. The bound is far above what any of
 * them takes, and far below what a quadratic one would. */
static void no_text_is_slow(void **state)
{
	static const struct {
		const char *start, *part;
		size_t times;
		const char *end;
		const char *complaint; /* NULL = it is fine */
	} rows[] = {
		{ "", "[", 4000000, "", "nested too deeply" },
		{ "", "{", 4000000, "", "nested too deeply" },
		{ "", "- ", 2000000, "", "nested too deeply" },
		{ "", "? ", 2000000, "", "nested too deeply" },
		{ "", "[? a, ", 600000, "", "nested too deeply" },
		{ "", ":", 4000000, "", "YAML syntax" },
		{ "hosts:\n", "- &a# x\n", 250000, "", "there are too many anchors" },
		{ "hosts: [&a x", ", *a", 1000000, "]", "there is too much of it" },
		{ "hosts: [", "a,", 1500000, "]", "there is too much of it" },
		{ "", "k#: 1\n", 240000, "", "there are more" },
		{ "", "log: 1\n", 240000, "", "there are more" },
		{ "dns64:\n", " k#: 1\n", 900, "views: [{clients: [any], dns64: {ptr: 1}}]",
			"unknown key" },
		{ "views:\n", "- {clients: [any], dns64: {ptr: true}}\n", 50000, "",
			"there are more than 1024 views" },
		{ "allow: [", "1.0.0.0/8,", 16000, "1.1.1.1]", NULL },
		{ "allow: [", "1.0.0.0/8,", 300000, "]", "there are more than 16384 networks" },
		{ "listen:\n", "- 127.0.0.1:#\n", 60000, "",
			"listen[257]: there are more than 256 endpoints" },
		{ "upstreams:\n", "- {resolv-conf: f#}\n", 60000, "",
			"there are more than 64 upstreams" },
		{ "dns64: {prefixes: [{learn-from: [", "127.0.0.2,", 400000, "]}]}",
			"this server is listed already" },
		{ "dns64: {prefixes: [{learn-from: [", "127.0.0.2:#,", 60000, "]}]}",
			"there are more than 16 servers" },
		{ "dns64: {prefixes: [", "{learn-from: [127.0.0.2]},", 60000, "]}",
			"this source is listed already" },
		{ "dns64: {check: {targets: [", "1.1.1.1:#,", 60000, "]}}",
			"there are more than 8 targets" },
		{ "dns64: {check: {}}\nviews:\n",
			"- {clients: [any], dns64: {prefixes: [{learn-from: [127.0.0.2], ipv4: "
			"[10.0.0.0/8]}]}}\n",
			1024, "", "it cannot be checked" },
		{ "zones:\n", "- {zone: n#, upstreams: [192.0.2.1]}\n", 20000, "", NULL },
		{ "forward-special: [", "n#,", 200000, "]", NULL },
		{ "hosts:\n", "- f#\n", 200000, "", NULL },
		{ "identity: \"", "x", 4000000, "\"", "accepted: 1 to 128" },
		{ "#", "#", 500000, "", NULL },
		{ "a: |\n", " x\n", 1000000, "", "unknown key" },
		{ "a: b\n", "  c\n", 1000000, "", "unknown key" },
		{ "", "%TAG ! x\n", 400000, "", "YAML syntax" },
		{ "\"", "\\", 4000000, "", "YAML syntax" },
		{ "a:\n", "\t- b\n", 500000, "", "YAML syntax" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = repeat(rows[i].start, rows[i].part, rows[i].times, rows[i].end);
		clock_t before = clock();
		char *found;
		struct config *config = loaded(text, strlen(text), &found);

		if ((clock() - before) / CLOCKS_PER_SEC >= SLOW_S)
			fail_msg("%s... takes too long", rows[i].part);
		if (rows[i].complaint && !strstr(found, rows[i].complaint))
			fail_msg("%s...: \"%.200s\"", rows[i].part, found);
		if (!rows[i].complaint)
			assert_string_equal(found, "");
		free(found);
		free(text);
		config_unref(config);
	}
}

/* Every view has lists of its own. */
static void views_do_not_multiply_lists(void **state)
{
	char *names = repeat("dns64: {exclude-names: [", "n#,", 5000, "]}\nviews:\n");
	char *text = repeat(names, "- {clients: [any], dns64: {ptr: true}}\n", 1000, "");
	char *found;

	(void)state;
	assert_null(loaded(text, strlen(text), &found));
	assert_non_null(strstr(found, "too much of lists, each view's counted anew"));
	free(found);
	free(text);
	free(names);
}

/* Nine of nine of nine: some hundred octets for billions of nodes. */
static void a_bomb_of_aliases_is_too_much(void **state)
{
	char text[4096] = "a: &a [x, x, x, x, x, x, x, x, x]\n";
	char *found;

	(void)state;
	for (char name = 'b'; name < 'm'; name++) {
		size_t size = strlen(text);

		(void)snprintf(text + size, sizeof(text) - size,
			"%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", name, name,
			name - 1, name - 1, name - 1, name - 1, name - 1, name - 1, name - 1,
			name - 1, name - 1);
	}
	assert_null(loaded(text, strlen(text), &found));
	assert_non_null(strstr(found, "there is too much of it"));
	free(found);
	/* Deep rather than wide. */
	(void)snprintf(text, sizeof(text), "a: &a0 [x]\n");
	for (unsigned i = 1; i < 60; i++) {
		size_t size = strlen(text);

		(void)snprintf(text + size, sizeof(text) - size, "b%u: &a%u [*a%u]\n", i, i, i - 1);
	}
	assert_null(loaded(text, strlen(text), &found));
	assert_non_null(strstr(found, "nested too deeply"));
	free(found);
}

/* A fixed sequence that looks random (xorshift). */
static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static const char whole[] =
	"listen: [\"[::1]:53\", {address: 127.0.0.2:5353}]\nallow: &n [any, \"10.0.0.0/8\"]\n"
	"upstreams:\n  - 192.0.2.1\n  - {address: \"127.0.0.1:5335\", trust-ad: true}\n"
	"  - resolv-conf: /etc/resolv.conf\nupstream-order: listed\nzones:\n"
	"- {zone: \"a.test\", upstreams: [192.0.2.2], dns64: false}\ndns64:\n"
	"  prefixes: [\"2001:db8::/96\", {prefix: \"2001:db8:1::/48\", suffix: \"::1\", ipv4: "
	"[10.0.0.0/8], drain: true}]\n  use: first\n  exclude-names: [x, \"*.y\"]\nviews:\n"
	"  - clients: *n\n    dns64: {hide-a: always}\nrecords: ['a.test. 60 IN A 192.0.2.1']\n"
	"hosts: [/etc/hosts]\nidentity: \"\\u00e9\\x01\"\ncookies: {secrets: "
	"[000102030405060708090a0b0c0d0e0f]}\ncache: {size: 0, min-ttl: 1s}\nlog:\n  level: "
	"debug\nworkers: 2\nuser: ~\n";

/* Cut off anywhere, or with octets changed: faults or a config, whose show loads again. */
static void no_octets_do_harm(void **state)
{
	uint32_t seed = 64;

	(void)state;
	config_unref(loaded_well(whole));
	for (unsigned round = 0; round < ROUNDS; round++) {
		char octets[sizeof(whole)];
		size_t size = sizeof(whole) - 1;
		struct config *config;

		memcpy(octets, whole, sizeof(whole));
		if (round < size)
			size = round;
		for (unsigned i = round < size ? 0 : next(&seed) % 4; i > 0; i--)
			octets[next(&seed) % size] =
				next(&seed) % 2 ? (char)next(&seed)
						: "\n\t :[]{}&*-?!|>'\"%#,0"[next(&seed) % 22];
		config = loaded(octets, size, NULL);
		if (config) {
			char *shown = loaded_show(config);

			config_unref(loaded(shown, strlen(shown), NULL));
			free(shown);
		}
		config_unref(config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_the_defaults),
		cmocka_unit_test(says_that_addresses_need_quotes),
		cmocka_unit_test(tells_where_the_syntax_ends),
		cmocka_unit_test(only_text_is_text),
		cmocka_unit_test(anchors_stand_for_what_they_name),
		cmocka_unit_test(tells_every_error_at_once),
		cmocka_unit_test(reads_files),
		cmocka_unit_test(any_text_is_a_tree),
		cmocka_unit_test(no_text_is_slow),
		cmocka_unit_test(views_do_not_multiply_lists),
		cmocka_unit_test(a_bomb_of_aliases_is_too_much),
		cmocka_unit_test(no_octets_do_harm),
	};

	return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
