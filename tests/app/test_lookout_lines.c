/* What an operator reads of prefixes: one line for each change of what is used, and none for what
 * changes nothing. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "sixward/app/lookout.h"
#include "sixward/base/log.h"
#include "sixward/config/load.h"

#define SERVER "listen: [\"[2001:db8::1]:53\"]\nallow: [any]\nupstreams: [\"2001:db8::53\"]\n"
#define CHECK  "check: {targets: [\"198.41.0.9:443\", \"10.0.0.9:443\"]}"
#define ROUTER "fe80::1%1000001"
#define TOTAL  "error: no NAT64 gateway answers its checks; the prefixes are used all the same\n"
#define PARTIAL                                                                                    \
	"error: no NAT64 gateway of some IPv4 ranges answers its checks; their prefixes are used " \
	"all the same\n"
#define OVER "notice: no dead NAT64 gateway is in use any more\n"
#define NONE "warning: no prefix is in force any more: names with IPv4 only get no AAAA\n"
#define SOME "notice: a prefix is in force\n"
#define DEAF                                                                                       \
	"error: router advertisements cannot be heard: that takes CAP_NET_RAW, at the start of "   \
	"the program\n"
#define MANY_SOURCES  "warning: too many sources to learn prefixes from; the last are not asked\n"
#define MANY_PREFIXES "warning: too many prefixes in all views; the last are not checked\n"
#define FASTER        "notice: another NAT64 gateway is the fastest prefix="

enum { MINUTE_MS = 60000, GATES = 4 };

/* The log's lines that are the lookout's own (the linker puts this in the way). */
static char lines[2048];

static int refused; /* why no socket can be had for router advertisements; 0 = it can */

void __wrap_log_write(enum log_level level, const char *words, const struct log_field *fields);
void __wrap_log_record(enum log_level level, const char *words, const struct log_field *fields);

static void add_line(
	const char *mark, enum log_level level, const char *words, const struct log_field *fields)
{
	static const char *const own[] = { "no ", "a prefix is", "another ", "router ",
		"too many " };
	static const char *const names[] = { [LOG_ERROR] = "error",
		[LOG_WARNING] = "warning",
		[LOG_NOTICE] = "notice",
		[LOG_INFO] = "info" };
	bool has_prefix = fields && strcmp(fields->key, "prefix") == 0;
	size_t at = strlen(lines);

	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (strncmp(words, own[i], strlen(own[i])) == 0)
			(void)snprintf(lines + at, sizeof(lines) - at, "%s%s: %s%s%s\n", mark,
				names[level], words, has_prefix ? " prefix=" : "",
				has_prefix ? fields->text : "");
	}
}

/* One that may be held back. */
void __wrap_log_write(enum log_level level, const char *words, const struct log_field *fields)
{
	add_line("~", level, words, fields);
}

void __wrap_log_record(enum log_level level, const char *words, const struct log_field *fields)
{
	add_line("", level, words, fields);
}

/* What the gateways of a prefix do with a connection to a target. */
struct gate {
	struct endpoint at;
	enum sim_verdict verdict;
};

struct scene {
	struct loop *loop;
	struct sim *sim;
	struct lookout *lookout;
	struct gate gates[GATES];
	unsigned changes;
};

static enum sim_verdict on_connect(void *owner, struct tcp *stream)
{
	const struct gate *gate = owner;

	(void)stream;
	return gate->verdict;
}

static void on_changed(void *owner)
{
	((struct scene *)owner)->changes++;
}

static size_t on_upstreams(void *owner, struct endpoint *out, size_t room)
{
	(void)owner;
	(void)out;
	(void)room;
	return 0;
}

static struct config *config_of(const char *text)
{
	struct faults faults = { 0 };
	struct config *config = load_text(text, strlen(text), &faults);

	faults_print(&faults, "test", stderr);
	faults_clear(&faults);
	assert_non_null(config);
	return config;
}

static void open_scene(struct scene *scene, const char *text)
{
	static const char *const gates[GATES] = { "[2001:db8:64::c629:9]:443",
		"[2001:db8:65::c629:9]:443", "[2001:db8:a::a00:9]:443", "[2001:db8:b::a00:9]:443" };
	struct config *config = config_of(text);

	*scene = (struct scene){ .loop = loop_new() };
	scene->sim = sim_of(scene->loop);
	sim_refuse_icmp6(scene->sim, refused);
	for (size_t i = 0; i < GATES; i++) {
		scene->gates[i].verdict = SIM_REFUSE;
		assert_true(endpoint_parse(gates[i], 443, &scene->gates[i].at));
		sim_serve_tcp(scene->sim, &scene->gates[i].at, on_connect, &scene->gates[i]);
	}
	lines[0] = '\0';
	scene->lookout = lookout_new(&(struct lookout_options){ .loop = scene->loop,
		.config = config,
		.changed = on_changed,
		.upstreams = on_upstreams,
		.owner = scene });
	config_unref(config);
}

static void close_scene(struct scene *scene)
{
	lookout_free(scene->lookout);
	loop_free(scene->loop);
}

/* The lines since the last look. */
static void expect_lines(struct scene *scene, uint64_t ms, const char *wanted)
{
	(void)sim_run_for(scene->sim, ms);
	assert_string_equal(lines, wanted);
	lines[0] = '\0';
}

static void the_fastest_of_those_that_live_is_told_when_it_is_another(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, SERVER "dns64: {prefixes: [\"2001:db8:64::/96\", \"2001:db8:65::/96\"], "
				  "use: best, " CHECK "}\n");
	expect_lines(&scene, MINUTE_MS, "");
	sim_set_latency(scene.sim, &scene.gates[0].at, 100);
	expect_lines(&scene, 5 * MINUTE_MS, FASTER "2001:db8:65::/96\n");
	sim_set_latency(scene.sim, &scene.gates[1].at, 100);
	expect_lines(&scene, 5 * MINUTE_MS, "");
	/* Who dies has its own line. */
	scene.gates[1].verdict = SIM_IGNORE;
	expect_lines(&scene, MINUTE_MS, "");
	close_scene(&scene);
}

static void who_is_the_fastest_is_not_told_where_all_are_used(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, SERVER
		"dns64: {prefixes: [\"2001:db8:64::/96\", \"2001:db8:65::/96\"], " CHECK "}\n");
	sim_set_latency(scene.sim, &scene.gates[0].at, 100);
	expect_lines(&scene, 5 * MINUTE_MS, "");
	close_scene(&scene);
}

/* config.md: "all are used" holds within a range, and is said loudly. */
static void dead_gateways_in_use_are_told_for_all_or_for_some_ranges(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene,
		SERVER "dns64: {prefixes: [\"2001:db8:64::/96\", {prefix: \"2001:db8:a::/96\", "
		       "ipv4: [10.0.0.0/8]}], " CHECK "}\n");
	scene.gates[2].verdict = SIM_IGNORE;
	expect_lines(&scene, MINUTE_MS, PARTIAL);
	scene.gates[0].verdict = SIM_IGNORE;
	expect_lines(&scene, MINUTE_MS, TOTAL);
	scene.gates[0].verdict = SIM_REFUSE;
	expect_lines(&scene, MINUTE_MS, PARTIAL);
	scene.gates[2].verdict = SIM_REFUSE;
	expect_lines(&scene, MINUTE_MS, OVER);
	close_scene(&scene);
}

/* A router's word for 2001:db8:64::/96, in units of 8 s. */
static void advertise(struct scene *scene, uint16_t units)
{
	uint8_t message[32] = { 134, [16] = 38, 2, (uint8_t)(units >> 5), (uint8_t)(units << 3),
		0x20, 0x01, 0x0d, 0xb8, 0x00, 0x64 };
	struct addr router;

	assert_true(addr_parse(ROUTER, &router));
	sim_advertise(scene->sim, &router, 255, message, sizeof(message));
}

/* config.md: while none is known, the log says so. */
static void the_last_prefix_that_goes_is_told(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, SERVER "dns64: {prefixes: [{learn-from: router-advertisements}]}\n");
	expect_lines(&scene, MINUTE_MS, "");
	advertise(&scene, 100);
	expect_lines(&scene, MINUTE_MS, SOME);
	advertise(&scene, 100);
	expect_lines(&scene, 15 * MINUTE_MS, NONE);
	advertise(&scene, 100);
	expect_lines(&scene, MINUTE_MS, SOME);
	close_scene(&scene);
}

/* Nobody who reloads is told twice, nor at each change of a resolv.conf. */
static void who_may_not_hear_routers_is_told_once(void **state)
{
	static const char *const text =
		SERVER "dns64: {prefixes: [\"2001:db8:64::/96\", {learn-from: "
		       "router-advertisements}]}\n";
	struct config *config = config_of(text);
	struct config *other = config_of(SERVER);
	struct scene scene;

	(void)state;
	refused = -EPERM;
	open_scene(&scene, text);
	assert_true(lookout_is_deaf(scene.lookout));
	lookout_apply(scene.lookout, config);
	lookout_note_upstreams(scene.lookout);
	expect_lines(&scene, MINUTE_MS, DEAF);
	lookout_apply(scene.lookout, other);
	assert_false(lookout_is_deaf(scene.lookout));
	lookout_apply(scene.lookout, config);
	expect_lines(&scene, MINUTE_MS, DEAF);
	refused = 0;
	config_unref(other);
	config_unref(config);
	close_scene(&scene);
}

static void what_a_reload_takes_is_not_told_here(void **state)
{
	struct config *config =
		config_of(SERVER "dns64: {prefixes: [{learn-from: router-advertisements}]}\n");
	struct scene scene;

	(void)state;
	open_scene(&scene, SERVER "dns64: {prefixes: [\"2001:db8:64::/96\"]}\n");
	lookout_apply(scene.lookout, config);
	expect_lines(&scene, MINUTE_MS, "");
	advertise(&scene, 100);
	expect_lines(&scene, MINUTE_MS, SOME);
	config_unref(config);
	close_scene(&scene);
}

/* Where checks end, what they have found does too. */
static void a_reload_without_checks_takes_the_dead_back(void **state)
{
	static const char *const text =
		SERVER "dns64: {prefixes: [\"2001:db8:64::/96\", \"2001:db8:65::/96\"]}\n";
	struct config *config = config_of(text);
	const struct prefix *in_force[POLICY_PREFIXES_MAX];
	struct scene scene;

	(void)state;
	open_scene(&scene, SERVER
		"dns64: {prefixes: [\"2001:db8:64::/96\", \"2001:db8:65::/96\"], " CHECK "}\n");
	scene.gates[0].verdict = SIM_IGNORE;
	(void)sim_run_for(scene.sim, MINUTE_MS);
	assert_int_equal(policy_in_force(lookout_policies(scene.lookout)[0], in_force), 1);
	lookout_apply(scene.lookout, config);
	assert_int_equal(policy_in_force(lookout_policies(scene.lookout)[0], in_force), 2);
	config_unref(config);
	close_scene(&scene);
}

/* Nothing has recovered where nobody looks any more; what a reload leaves no way around is told. */
static void a_reload_ends_no_despair_and_may_begin_one(void **state)
{
	static const char *const both = SERVER
		"dns64: {prefixes: [\"2001:db8:64::/96\", \"2001:db8:65::/96\"], " CHECK "}\n";
	struct config *unchecked = config_of(SERVER "dns64: {prefixes: [\"2001:db8:64::/96\"]}\n");
	struct config *dead =
		config_of(SERVER "dns64: {prefixes: [\"2001:db8:64::/96\"], " CHECK "}\n");
	struct config *checked = config_of(both);
	struct scene scene;

	(void)state;
	open_scene(&scene, both);
	scene.gates[0].verdict = SIM_IGNORE;
	expect_lines(&scene, MINUTE_MS, "");
	lookout_apply(scene.lookout, dead);
	expect_lines(&scene, MINUTE_MS, TOTAL);
	lookout_apply(scene.lookout, unchecked);
	expect_lines(&scene, MINUTE_MS, "");
	lookout_apply(scene.lookout, dead);
	expect_lines(&scene, MINUTE_MS, TOTAL);
	lookout_apply(scene.lookout, checked);
	expect_lines(&scene, MINUTE_MS, "");
	scene.gates[1].verdict = SIM_IGNORE;
	expect_lines(&scene, MINUTE_MS, TOTAL);
	scene.gates[1].verdict = SIM_REFUSE;
	expect_lines(&scene, MINUTE_MS, OVER);
	config_unref(unchecked);
	config_unref(dead);
	config_unref(checked);
	close_scene(&scene);
}

/* So many views, each with a dozen entries of its own: two numbers between these texts. */
static struct config *config_of_views(const char *before, const char *after, unsigned views)
{
	enum { ENTRIES = 12 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct config *config;

	assert_non_null(out);
	(void)fprintf(
		out, "%sdns64: {prefixes: [\"2001:db8:64::/96\"], %s}\nviews:\n", SERVER, CHECK);
	for (unsigned i = 0; i < views; i++) {
		(void)fprintf(out, "  - {clients: [\"2001:db8:%x::/48\"], dns64: {prefixes: [", i);
		for (unsigned k = 0; k < ENTRIES; k++)
			(void)fprintf(out, "%s%s%x:%x%s", k ? ", " : "", before, i, k, after);
		(void)fprintf(out, "]}}\n");
	}
	(void)fclose(out);
	config = config_of(text);
	free(text);
	return config;
}

static void what_is_left_out_is_told_once(void **state)
{
	static const struct {
		const char *before, *after, *wanted;
	} rows[] = {
		{ "{learn-from: [\"::1:", "\"]}", MANY_SOURCES },
		{ "\"2001:db8:", "::/96\"", MANY_PREFIXES },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *few = config_of_views(rows[i].before, rows[i].after, 2);
		struct config *many = config_of_views(rows[i].before, rows[i].after, 7);
		struct scene scene;

		open_scene(&scene, SERVER);
		lookout_apply(scene.lookout, many);
		lookout_note_upstreams(scene.lookout);
		expect_lines(&scene, 1, rows[i].wanted);
		lookout_apply(scene.lookout, many);
		expect_lines(&scene, 1, "");
		lookout_apply(scene.lookout, few);
		expect_lines(&scene, 1, "");
		lookout_apply(scene.lookout, many);
		expect_lines(&scene, 1, rows[i].wanted);
		config_unref(few);
		config_unref(many);
		close_scene(&scene);
	}
}

static void on_question(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	unsigned *count = owner;

	(void)from;
	(void)to;
	(void)octets;
	(void)size;
	++*count;
}

/* Sources that share their servers, but for one each: more than there is room for, each counted as
 * often as it is named, and few enough that none is left out. */
static void servers_of_several_sources_are_counted_once(void **state)
{
	enum { VIEWS = 4 };
	struct config *config = config_of_views(
		"{learn-from: [\"::2\", \"::3\", \"::4\", \"::5\", \"::1:", "\"]}", VIEWS);
	struct endpoint last;
	unsigned asked = 0;
	struct scene scene;

	(void)state;
	open_scene(&scene, SERVER);
	assert_true(endpoint_parse("[::1:3:b]:53", 53, &last));
	sim_serve_udp(scene.sim, &last, on_question, &asked);
	lookout_apply(scene.lookout, config);
	(void)sim_run_for(scene.sim, MINUTE_MS);
	assert_true(asked > 0);
	config_unref(config);
	close_scene(&scene);
}

/* Commands cannot wait until a host without routers is sure that there are none. */
static void who_is_in_a_hurry_waits_for_routers_that_long(void **state)
{
	static const struct {
		uint32_t routers_ms;
		uint64_t settled_ms;
	} rows[] = { { 0, 12000 }, { 1000, 1000 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *config = config_of(
			SERVER "dns64: {prefixes: [{learn-from: router-advertisements}]}\n");
		struct loop *loop = loop_new();
		struct lookout *lookout = lookout_new(&(struct lookout_options){ .loop = loop,
			.config = config,
			.routers_ms = rows[i].routers_ms,
			.changed = on_changed,
			.upstreams = on_upstreams });

		(void)sim_run_for(sim_of(loop), rows[i].settled_ms - 1);
		assert_false(lookout_is_settled(lookout));
		(void)sim_run_for(sim_of(loop), 1);
		assert_true(lookout_is_settled(lookout));
		lookout_free(lookout);
		loop_free(loop);
		config_unref(config);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_fastest_of_those_that_live_is_told_when_it_is_another),
		cmocka_unit_test(who_is_the_fastest_is_not_told_where_all_are_used),
		cmocka_unit_test(dead_gateways_in_use_are_told_for_all_or_for_some_ranges),
		cmocka_unit_test(the_last_prefix_that_goes_is_told),
		cmocka_unit_test(who_may_not_hear_routers_is_told_once),
		cmocka_unit_test(what_a_reload_takes_is_not_told_here),
		cmocka_unit_test(a_reload_without_checks_takes_the_dead_back),
		cmocka_unit_test(a_reload_ends_no_despair_and_may_begin_one),
		cmocka_unit_test(what_is_left_out_is_told_once),
		cmocka_unit_test(servers_of_several_sources_are_counted_once),
		cmocka_unit_test(who_is_in_a_hurry_waits_for_routers_that_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
