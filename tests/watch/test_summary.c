/* Tests of what a snapshot comes to: tables of what there is, and what is said of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sixward/watch/summary.h"

enum { SERVERS_MAX = 4, PREFIXES_MAX = 4 };

struct scene {
	struct snapshot snapshot;
	struct server_survey servers[SERVERS_MAX];
	struct snapshot_prefix prefixes[PREFIXES_MAX];
};

/* "+" a server of the root that is up, "-" one that is held; "p" and "m" the same of a zone. */
static void add_server(struct scene *scene, char kind)
{
	struct server_survey *server = &scene->servers[scene->snapshot.server_count++];
	bool is_root = kind == '+' || kind == '-';

	assert_true(name_parse(is_root ? "." : "corp.example", &server->zone));
	server->is_held = kind == '-' || kind == 'm';
}

/* "l" live, "d" dead, "?" not judged yet, "u" not checked: all in use; "x" dead and not in use,
 * "r" drained, "v" in use by a view alone. */
static void add_prefix(struct scene *scene, char kind)
{
	struct snapshot_prefix *prefix = &scene->prefixes[scene->snapshot.prefix_count];
	struct network network;

	assert_int_equal(
		network_parse(scene->snapshot.prefix_count++ ? "2001:db8:64::/96" : "64:ff9b::/96",
			&network),
		NETWORK_OK);
	assert_int_equal(prefix_make(&network, NULL, &prefix->prefix), PREFIX_OK);
	prefix->is_checked = kind == 'l' || kind == 'd' || kind == '?' || kind == 'x';
	prefix->state = kind == 'l'                  ? PULSE_LIVE
			: kind == 'd' || kind == 'x' ? PULSE_DEAD
						     : PULSE_UNKNOWN;
	prefix->drain = kind == 'r';
	prefix->is_used = kind != 'x' && kind != 'r';
	prefix->is_top = prefix->is_used && kind != 'v';
}

static void set(struct scene *scene, const char *servers, const char *prefixes)
{
	*scene = (struct scene){ .snapshot = { .workers = 2, .is_dns64 = true } };
	scene->snapshot.servers = scene->servers;
	scene->snapshot.prefixes = scene->prefixes;
	for (; *servers; servers++)
		add_server(scene, *servers);
	for (; *prefixes; prefixes++)
		add_prefix(scene, *prefixes);
}

static void what_works_is_told_by_servers_and_prefixes(void **state)
{
	static const struct {
		const char *servers, *prefixes;
		enum snapshot_level level;
		const char *illness;
	} rows[] = {
		{ "+", "u", SNAPSHOT_OK, NULL },
		{ "+", "l", SNAPSHOT_OK, NULL },
		{ "+", "?", SNAPSHOT_OK, NULL },
		{ "++p", "llr", SNAPSHOT_OK, NULL },
		{ "+-", "l", SNAPSHOT_WARNING, NULL },
		{ "+m", "l", SNAPSHOT_WARNING, NULL },
		{ "+", "lx", SNAPSHOT_WARNING, NULL },
		{ "+", "du", SNAPSHOT_WARNING, NULL },
		{ "+", "d?", SNAPSHOT_WARNING, NULL },
		{ "--p", "l", SNAPSHOT_ERROR, "no upstream answers" },
		{ "", "l", SNAPSHOT_ERROR, "there is no upstream" },
		{ "p", "l", SNAPSHOT_ERROR, "there is no upstream" },
		{ "+", "", SNAPSHOT_ERROR, "no NAT64 prefix is known" },
		{ "+", "r", SNAPSHOT_ERROR, "no NAT64 prefix is known" },
		{ "+", "v", SNAPSHOT_ERROR, "no NAT64 prefix is known" },
		{ "+", "dd", SNAPSHOT_ERROR, "no NAT64 gateway answers" },
		{ "-", "d", SNAPSHOT_ERROR, "no upstream answers" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;
		const char *illness;

		set(&scene, rows[i].servers, rows[i].prefixes);
		illness = summary_illness(&scene.snapshot);
		if (rows[i].illness) {
			assert_non_null(illness);
			assert_string_equal(illness, rows[i].illness);
		} else {
			assert_null(illness);
		}
		assert_int_equal(summary_level(&scene.snapshot), rows[i].level);
	}
}

static void without_dns64_prefixes_are_no_matter(void **state)
{
	struct scene scene;

	(void)state;
	set(&scene, "+", "");
	scene.snapshot.is_dns64 = false;
	assert_null(summary_illness(&scene.snapshot));
	assert_int_equal(summary_level(&scene.snapshot), SNAPSHOT_OK);
}

static void what_is_missing_is_a_warning_and_no_illness(void **state)
{
	struct scene scene;

	(void)state;
	set(&scene, "", "l");
	scene.snapshot.silent_workers = 2;
	assert_null(summary_illness(&scene.snapshot));
	assert_int_equal(summary_level(&scene.snapshot), SNAPSHOT_WARNING);
	set(&scene, "+", "l");
	scene.snapshot.warning_count = 1;
	assert_int_equal(summary_level(&scene.snapshot), SNAPSHOT_WARNING);
}

static void a_sentence_tells_what_it_does(void **state)
{
	static const struct {
		uint64_t rate;
		const char *servers, *prefixes;
		bool is_dns64;
		unsigned silent;
		size_t warnings;
		const char *sentence;
	} rows[] = {
		{ 12400, "++", "u", true, 0, 0,
			"Serving 12 queries a second; both upstreams answer; IPv4-only names get "
			"addresses in 64:ff9b::/96." },
		{ 0, "+", "llx", true, 0, 0,
			"Serving, and nobody asks just now; the upstream answers; IPv4-only names "
			"get addresses in 2 prefixes; 2 of 3 NAT64 gateways answer." },
		{ 999, "+-p", "l?", true, 0, 1,
			"Serving less than one query a second; 2 of 3 upstreams answer; IPv4-only "
			"names get addresses in 2 prefixes; the NAT64 gateway answers; 1 NAT64 "
			"gateway is being checked; 1 warning." },
		{ 1000, "--+", "", false, 0, 0,
			"Serving 1 query a second; 1 of 3 upstreams answers; DNS64 is off." },
		{ 1600, "---", "", true, 1, 0,
			"Serving 2 queries a second; none of 3 upstreams answers; no NAT64 prefix "
			"is known, and IPv4-only names get no address; 1 of 2 workers does not "
			"report." },
		{ 2000, "", "v", false, 2, 2,
			"Serving 2 queries a second; there is no upstream; IPv4-only names get "
			"addresses in 64:ff9b::/96; DNS64 is off but for some clients; 2 of 2 "
			"workers do not report; 2 warnings." },
		{ 2000, "-", "dd", true, 0, 0,
			"Serving 2 queries a second; the upstream does not answer; IPv4-only "
			"names get addresses in 2 prefixes; none of 2 NAT64 gateways answers." },
		{ 2000, "+++", "??", true, 0, 0,
			"Serving 2 queries a second; all 3 upstreams answer; IPv4-only names get "
			"addresses in 2 prefixes; 2 NAT64 gateways are being checked." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;
		char text[SUMMARY_MAX];

		set(&scene, rows[i].servers, rows[i].prefixes);
		scene.snapshot.rate = rows[i].rate;
		scene.snapshot.is_dns64 = rows[i].is_dns64;
		scene.snapshot.silent_workers = rows[i].silent;
		scene.snapshot.warning_count = rows[i].warnings;
		assert_string_equal(summary_sentence(&scene.snapshot, text), rows[i].sentence);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_works_is_told_by_servers_and_prefixes),
		cmocka_unit_test(without_dns64_prefixes_are_no_matter),
		cmocka_unit_test(what_is_missing_is_a_warning_and_no_illness),
		cmocka_unit_test(a_sentence_tells_what_it_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
