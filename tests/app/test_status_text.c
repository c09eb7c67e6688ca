/* /status.json as text for people. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "on_sheet.h"
#include "sixward/app/status_text.h"
#include "sixward/app/values.h"
#include "sixward/config/load.h"

#define HEAD                                                                                       \
	"{\"version\": 1, \"program\": \"sixward 0.1.0\", \"sentence\": \"Serving, \\u0041nd "     \
	"\\\"well\\\" \\/.\", \"level\": \"ok\",\n  \"uptime_s\": 279120, \"workers\": 1, "        \
	"\"listen\": [\"[::1]:53\", \"192.0.2.53:53\"]"

static const char whole[] = HEAD
	",\n"
	"\"queries\": {\"total\": 9482210, \"per_second\": 38.4, \"in_progress\": 3,\n"
	"  \"tcp_connections\": 5, \"kinds\": [\"native\", \"synthesized\", \"failed\"],\n"
	"  \"history\": {\"step_s\": 600, \"end\": 1700000000,\n"
	"    \"samples\": [[600, 0, 0], [1200, 300, 0], [1800, 600, 0]]}},\n"
	"\"prefixes\": [\n"
	"  {\"prefix\": \"64:ff9b::/96\", \"source\": \"listed\", \"from\": null, \"state\": "
	"\"dead\", \"in_use\": false, \"drain\": true, \"latency_ms\": null, \"since_s\": 94},\n"
	"  {\"prefix\": \"2001:db8::/96\", \"source\": \"dns\", \"from\": \"[::1]:5\", \"state\": "
	"\"live\", \"in_use\": true, \"drain\": false, \"latency_ms\": 23.9, \"since_s\": 10}],\n"
	"\"upstreams\": [\n"
	"  {\"server\": \"[2620:fe::fe]:53\", \"zone\": \".\", \"via_nat64\": false, \"state\": "
	"\"up\", \"rtt_ms\": 12.8, \"loss\": 0.0004, \"queries\": 12, \"replies\": 11, \"lost\": "
	"1},\n"
	"  {\"server\": \"192.0.2.1:53\", \"zone\": \"corp.example.\", \"via_nat64\": true, "
	"\"state\": \"held\", \"rtt_ms\": null, \"loss\": 1, \"queries\": 2, \"replies\": 0, "
	"\"lost\": 2}],\n"
	"\"cache\": {\"entries\": 7, \"bytes\": 16777216, \"size\": 67108864, \"hits\": 3, "
	"\"misses\": 1},\n"
	"\"recent\": [{\"when\": 1700000000, \"name\": \"a.example.\", \"type\": \"AAAA\", "
	"\"outcome\": \"timed_out\", \"prefix\": null}],\n"
	"\"warnings\": [{\"id\": \"a\", \"level\": \"warning\", \"text\": \"Look.\", \"next\": "
	"[\"do:\", \"  it\"]}, {\"id\": \"b\", \"level\": \"error\", \"text\": \"Help.\", "
	"\"next\": []}]}";

static bool write(struct on_sheet *on, const char *json)
{
	struct faults faults = { 0 };
	struct tree tree = { 0 };
	bool is_written = load_tree(json, strlen(json), &faults, &tree) &&
			  status_text_write(&tree, &on->sheet);

	tree_clear(&tree);
	faults_clear(&faults);
	return is_written;
}

static void all_of_it_is_shown(void **state)
{
	struct on_sheet on;

	(void)state;
	on_sheet_init(&on, 80, true);
	assert_true(write(&on, whole));
	assert_string_equal(on_sheet_read(&on),
		"✓ well  Serving, And \"well\" /.\n"
		"  sixward 0.1.0, up 3 d 5 h, 1 worker, listening on [::1]:53, 192.0.2.53:53\n"
		"\n"
		"✕ error  Help.\n"
		"\n"
		"▲ warning  Look.\n"
		"    do:\n"
		"      it\n"
		"\n"
		"NAT64 gateways\n"
		"  prefix         state   latency    for  source\n"
		"  64:ff9b::/96   ✕ dead        -  1 min  listed, not in use, drained\n"
		"  2001:db8::/96  ✓ live    24 ms   10 s  by DNS [::1]:5\n"
		"\n"
		"Upstreams\n"
		"  server            state     RTT     loss  queries\n"
		"  [2620:fe::fe]:53  ✓ up    13 ms  < 0.1 %       12\n"
		"  192.0.2.1:53      ✕ held      -    100 %        2  for corp.example., by NAT64\n"
		"\n"
		"Queries\n"
		"  38.4 a second, 3 in progress, 5 TCP connections, 9.48 M since the start\n"
		"       4.00/s      █\n"
		"                  ▄█\n"
		"                  ██\n"
		"                 ███\n"
		"              21:13\n"
		"  native         ▃▅█    80 %  most 3.00/s\n"
		"  synthesized     ▄█    20 %  most 1.00/s\n"
		"\n"
		"Cache\n"
		"  █████░░░░░░░░░░░░░░░ 16.0 MiB of 64.0 MiB, 7 entries, hit rate 75 %\n"
		"\n"
		"Synthesized and failed names\n"
		"  name        type  outcome    prefix      when\n"
		"  a.example.  AAAA  timed_out  -       22:13:20\n");
	on_sheet_clear(&on);
}

static void it_is_ascii_where_only_that_is_understood(void **state)
{
	struct on_sheet on;
	const char *text;

	(void)state;
	on_sheet_init(&on, 80, false);
	assert_true(write(&on, whole));
	text = on_sheet_read(&on);
	for (size_t i = 0; text[i]; i++)
		assert_true((text[i] >= ' ' && text[i] < 0x7f) || text[i] == '\n');
	assert_non_null(strstr(text, "\n  64:ff9b::/96   x dead"));
	assert_non_null(strstr(text, "  #####..............."));
	on_sheet_clear(&on);
}

static void what_is_not_there_is_said(void **state)
{
	struct on_sheet on;
	const char *text;

	(void)state;
	on_sheet_init(&on, 80, true);
	assert_true(write(&on, HEAD ", \"prefixes\": [], \"upstreams\": [], \"recent\": null,"
				    "\"cache\": {\"size\": 0}}"));
	text = on_sheet_read(&on);
	assert_non_null(strstr(text, "No NAT64 prefix is known"));
	assert_non_null(strstr(text, "There is no upstream"));
	assert_non_null(strstr(text, "It is off."));
	assert_non_null(strstr(text, "names tell who looks at what. \"log: {queries: true}\""));
	on_sheet_clear(&on);
}

static void lines_fit_the_width(void **state)
{
	(void)state;
	for (unsigned width = 40; width <= 200; width += 10) {
		struct on_sheet on;

		on_sheet_init(&on, width, true);
		assert_true(write(&on, whole));
		assert_true(on_sheet_widest(&on) <= width);
		on_sheet_clear(&on);
	}
}

static void another_version_is_not_guessed_at(void **state)
{
	static const char *const texts[] = { "{\"version\": 2}", "{\"version\": \"1\"}", "{}", "[]",
		"1", "null", "<html>" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct on_sheet on;

		on_sheet_init(&on, 80, true);
		assert_false(write(&on, texts[i]));
		assert_string_equal(on_sheet_read(&on), "");
		on_sheet_clear(&on);
	}
}

/* Each value in turn is something else: nothing is known of it then, and nothing breaks. */
static void nothing_breaks_where_something_else_stands(void **state)
{
	static const char *const others[] = { "null", "[]", "{}", "\"x\"", "-1", "1e300",
		"[[[]]]" };

	(void)state;
	for (const char *colon = strchr(whole, ':'); colon; colon = strchr(colon + 1, ':')) {
		for (size_t i = 0; colon[1] == ' ' && i < sizeof(others) / sizeof(others[0]); i++) {
			size_t before = (size_t)(colon - whole) + 2;
			size_t value = strcspn(whole + before, ",}]");
			char *text = malloc(sizeof(whole) + 16);
			struct on_sheet on;

			(void)snprintf(text, sizeof(whole) + 16, "%.*s%s%s", (int)before, whole,
				others[i], whole + before + value);
			on_sheet_init(&on, 80, true);
			(void)write(&on, text);
			on_sheet_clear(&on);
			free(text);
		}
	}
}

static void values_that_are_something_else_are_not_known(void **state)
{
	static const char json[] =
		"{\"n\": 1.5, \"z\": null, \"t\": \"7\", \"y\": true, \"l\": [1, 2]}";
	struct faults faults = { 0 };
	struct tree tree = { 0 };

	(void)state;
	assert_true(load_tree(json, strlen(json), &faults, &tree));
	assert_true(values_number(&tree, "n") == 1.5);
	assert_true(isnan(values_number(&tree, "t")));
	assert_true(isnan(values_number(&tree, "z")));
	assert_true(isnan(values_number(&tree, "l")));
	assert_true(isnan(values_number(NULL, "n")));
	assert_string_equal(values_show(&tree, "t"), "7");
	assert_string_equal(values_show(&tree, "z"), "-");
	assert_null(values_text(&tree, "l"));
	assert_true(values_is_true(&tree, "y"));
	assert_false(values_is_true(&tree, "t"));
	assert_int_equal(values_count(tree_find(&tree, "l")), 2);
	assert_int_equal(values_count(&tree), 0);
	assert_int_equal(values_count(NULL), 0);
	tree_clear(&tree);
	faults_clear(&faults);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_of_it_is_shown),
		cmocka_unit_test(it_is_ascii_where_only_that_is_understood),
		cmocka_unit_test(what_is_not_there_is_said),
		cmocka_unit_test(lines_fit_the_width),
		cmocka_unit_test(another_version_is_not_guessed_at),
		cmocka_unit_test(nothing_breaks_where_something_else_stands),
		cmocka_unit_test(values_that_are_something_else_are_not_known),
	};

	(void)setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
