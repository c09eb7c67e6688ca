/* A whole server whose prefixes die, come back, and are learned: what its next answer holds. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sim.h"
#include "sixward/app/lookout.h"
#include "sixward/app/server.h"
#include "sixward/base/log.h"
#include "sixward/config/load.h"
#include "sixward/dns/wire.h"
#include "sixward/dns64/prefix.h"

#define SERVER  "listen: [\"[2001:db8::1]:53\"]\nallow: [any]\nworkers: 1\n"
#define RECORD  "records: [\"x.example. 3600 IN A 198.41.0.4\"]\n"
#define CHECK   "check: {targets: [\"198.41.0.9:443\"]}"
#define TWO     "prefixes: [\"2001:db8:64::/96\", \"2001:db8:65::/96\"]"
#define TEACHER "2001:db8::64"

enum {
	FAIL_OVER_MS = 10000 + 2 * 3 * 2000 + 1000, /* every + 2 x fail-after x timeout + 1 s */
	CAPPED_TTL = 60                             /* LIM-19 */
};

static const uint8_t by_first[16] = { 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x64, [12] = 198, 41, 0, 4 };
static const uint8_t by_second[16] = { 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x65, [12] = 198, 41, 0, 4 };

/* What a gateway does with a connection to the target. */
struct gate {
	struct endpoint at;
	enum sim_verdict verdict;
};

struct stage {
	struct loop *loop;
	struct sim *sim;
	struct server *server;
	struct endpoint asked;
	struct endpoint client;
	struct endpoint teacher;
	struct gate gates[2];
	struct prefix taught; /* by the teacher, a DNS64 */
	uint32_t taught_ttl;
	unsigned lessons;
	size_t upstream_queries;
	uint8_t answer[WIRE_MESSAGE_MAX];
	size_t answer_size;
};

static struct config *config_of(const char *text)
{
	struct faults faults = { 0 };
	struct config *config = load_text(text, strlen(text), &faults);

	if (!config)
		faults_print(&faults, "test", stderr);
	assert_non_null(config);
	faults_clear(&faults);
	return config;
}

static enum sim_verdict on_connect(void *owner, struct tcp *stream)
{
	const struct gate *gate = owner;

	(void)stream;
	return gate->verdict;
}

static void on_answer(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	struct stage *stage = owner;

	(void)from;
	(void)to;
	memcpy(stage->answer, octets, size);
	stage->answer_size = size;
}

static size_t put(uint8_t *out, size_t at, const void *octets, size_t size)
{
	memcpy(out + at, octets, size);
	return at + size;
}

/* ipv4only.arpa AAAA, as a DNS64 with the taught prefix answers it: the question, one record. */
static void on_lesson(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	static const uint8_t wka[4] = { 192, 0, 0, 170 };
	struct stage *stage = owner;
	uint8_t out[512];
	uint8_t address[16];
	uint8_t fixed[12] = { 0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 0, 0, 16 };
	size_t at;

	assert_true(size >= 31 && size < 256);
	stage->lessons++;
	at = put(out, 0, octets, 31); /* header and question: 12 + 15 + 4 octets */
	out[2] |= 0x80;
	out[3] = 0x80;
	memset(out + 6, 0, 6);
	if (stage->taught.network.length) {
		out[7] = 1;
		fixed[9] = (uint8_t)stage->taught_ttl;
		prefix_embed(&stage->taught, wka, address);
		at = put(out, at, fixed, sizeof(fixed));
		at = put(out, at, address, sizeof(address));
	}
	sim_send_udp(stage->sim, to, from, out, at);
}

static void parse(const char *text, uint16_t port, struct endpoint *out)
{
	assert_true(endpoint_parse(text, port, out));
}

/* The world around the server. */
static void stage_open(struct stage *stage)
{
	*stage = (struct stage){ .loop = loop_new() };
	stage->sim = sim_of(stage->loop);
	log_set(LOG_ERROR, LOG_FORMAT_TEXT);
	parse("[2001:db8::1]:53", 53, &stage->asked);
	parse("[2001:db8::c]:4000", 53, &stage->client);
	parse(TEACHER, 53, &stage->teacher);
	parse("[2001:db8:64::c629:9]:443", 443, &stage->gates[0].at);
	parse("[2001:db8:65::c629:9]:443", 443, &stage->gates[1].at);
	sim_serve_udp(stage->sim, &stage->client, on_answer, stage);
	sim_serve_udp(stage->sim, &stage->teacher, on_lesson, stage);
	for (size_t i = 0; i < 2; i++) {
		stage->gates[i].verdict = SIM_REFUSE;
		sim_serve_tcp(stage->sim, &stage->gates[i].at, on_connect, &stage->gates[i]);
	}
	stage->taught_ttl = 100;
}

static void stage_init(struct stage *stage, const char *text)
{
	struct config *config = config_of(text);

	stage_open(stage);
	stage->server = server_new(stage->loop, config, NULL);
	config_unref(config);
	assert_true(server_open(stage->server));
	server_start(stage->server);
}

static void stage_clear(struct stage *stage)
{
	server_free(stage->server);
	loop_free(stage->loop);
}

static void teach(struct stage *stage, const char *text)
{
	struct network network;

	assert_int_equal(network_parse(text, &network), NETWORK_OK);
	assert_int_equal(prefix_make(&network, NULL, &stage->taught), PREFIX_OK);
}

static void ask_for(struct stage *stage, const char *text)
{
	struct wire_query_form form = { .type = TYPE_AAAA, .rclass = CLASS_IN };
	uint8_t octets[WIRE_QUERY_MAX];
	struct name name;

	assert_true(name_parse(text, &name));
	form.name = name.octets;
	stage->answer_size = 0;
	sim_send_udp(stage->sim, &stage->client, &stage->asked, octets,
		wire_encode_query(&form, octets, sizeof(octets)));
	(void)sim_run_for(stage->sim, 10);
	assert_int_not_equal(stage->answer_size, 0);
}

static bool answer_holds(const struct stage *stage, const uint8_t address[16])
{
	for (size_t at = 0; at + 16 <= stage->answer_size; at++) {
		if (memcmp(stage->answer + at, address, 16) == 0)
			return true;
	}
	return false;
}

static void expect(struct stage *stage, bool first, bool second)
{
	ask_for(stage, "x.example");
	assert_int_equal(answer_holds(stage, by_first), first);
	assert_int_equal(answer_holds(stage, by_second), second);
}

/* D64-5.2-d */
static void a_dead_gateway_is_gone_from_the_next_answer_and_comes_back(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, SERVER RECORD "dns64: {" TWO ", " CHECK "}\n");
	expect(&stage, true, true);
	(void)sim_run_for(stage.sim, 60000);
	expect(&stage, true, true);
	stage.gates[0].verdict = SIM_IGNORE;
	(void)sim_run_for(stage.sim, FAIL_OVER_MS);
	expect(&stage, false, true);
	stage.gates[0].verdict = SIM_REFUSE;
	(void)sim_run_for(stage.sim, FAIL_OVER_MS);
	expect(&stage, true, true);
	stage_clear(&stage);
}

static void when_all_are_dead_all_are_used(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, SERVER RECORD "dns64: {" TWO ", " CHECK "}\n");
	stage.gates[0].verdict = SIM_IGNORE;
	stage.gates[1].verdict = SIM_IGNORE;
	(void)sim_run_for(stage.sim, 2 * FAIL_OVER_MS);
	expect(&stage, true, true);
	stage.gates[1].verdict = SIM_REFUSE;
	(void)sim_run_for(stage.sim, FAIL_OVER_MS);
	expect(&stage, false, true);
	stage_clear(&stage);
}

/* D64-5.2-d, LIM-19 */
static void answers_are_kept_for_a_minute_at_most_while_gateways_are_checked(void **state)
{
	static const uint8_t ttl_and_size[6] = { 0, 0, 0, CAPPED_TTL, 0, 16 };
	struct stage stage;
	bool is_capped = false;

	(void)state;
	stage_init(&stage, SERVER RECORD "dns64: {" TWO ", " CHECK "}\n");
	ask_for(&stage, "x.example");
	for (size_t at = 0; at + 6 <= stage.answer_size; at++)
		is_capped = is_capped || memcmp(stage.answer + at, ttl_and_size, 6) == 0;
	assert_true(is_capped);
	stage_clear(&stage);
}

static void a_learned_prefix_is_used_and_followed(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage, SERVER RECORD "dns64: {prefixes: [{learn-from: [\"" TEACHER "\"]}]}\n");
	expect(&stage, false, false);
	teach(&stage, "2001:db8:64::/96");
	(void)sim_run_for(stage.sim, 400000);
	expect(&stage, true, false);
	teach(&stage, "2001:db8:65::/96");
	(void)sim_run_for(stage.sim, 101000);
	expect(&stage, false, true);
	stage_clear(&stage);
}

static void what_was_learned_outlives_a_reload(void **state)
{
	const char *text = SERVER RECORD "dns64: {prefixes: [{learn-from: [\"" TEACHER "\"]}]}\n";
	struct config *config = config_of(text);
	struct stage stage;

	(void)state;
	stage_init(&stage, text);
	teach(&stage, "2001:db8:64::/96");
	(void)sim_run_for(stage.sim, 400000);
	expect(&stage, true, false);
	stage.taught = (struct prefix){ 0 };
	assert_true(server_reload(stage.server, config));
	expect(&stage, true, false);
	config_unref(config);
	stage_clear(&stage);
}

/* A view has the top's sources, and its clients what was learned. */
static void views_use_what_was_learned(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage,
		SERVER RECORD "dns64: {prefixes: [{learn-from: [\"" TEACHER "\"]}]}\n"
			      "views: [{clients: [\"2001:db8::/64\"], dns64: {ptr: false}}]\n");
	teach(&stage, "2001:db8:64::/96");
	(void)sim_run_for(stage.sim, 400000);
	expect(&stage, true, false);
	stage_clear(&stage);
}

static void on_changed(void *owner)
{
	(void)owner;
}

/* Each prefix once, in order: "PREFIX source from state", and what it is used for. */
static void expect_shown(const struct lookout *lookout, const char *expected)
{
	static const char *const sources[] = { "listed", "dns", "ra" };
	static const char *const states[] = { "unknown", "live", "dead" };
	struct snapshot_prefix shown[8];
	size_t count = lookout_show(lookout, shown, 8);
	char list[1024] = "";
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		char text[NETWORK_TEXT_MAX];

		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s %s %s %s%s%s%s\n",
			network_format(&shown[i].prefix.network, text), sources[shown[i].source],
			shown[i].from[0] ? shown[i].from : "-",
			shown[i].is_checked ? states[shown[i].state] : "unchecked",
			shown[i].is_used ? " used" : "", shown[i].is_top ? " top" : "",
			shown[i].drain ? " drain" : "");
	}
	assert_string_equal(list, expected);
}

static void prefixes_are_shown_with_all_that_is_known_of_them(void **state)
{
	struct config *config = config_of(
		SERVER "dns64: {prefixes: [\"2001:db8:64::/96\", {learn-from: [\"" TEACHER "\"]}, "
		       "{prefix: \"2001:db8:66::/96\", drain: true}], " CHECK "}\n"
		       "views: [{clients: [\"2001:db8::/64\"], dns64: {prefixes: "
		       "[\"2001:db8:66::/96\", \"2001:db8:64::/96\"]}}]\n");
	struct snapshot_prefix first;
	struct lookout *lookout;
	struct stage stage;

	(void)state;
	stage_open(&stage);
	teach(&stage, "2001:db8:65::/96");
	lookout = lookout_new(&(struct lookout_options){
		.loop = stage.loop, .config = config, .changed = on_changed });
	expect_shown(lookout, "2001:db8:64::/96 listed - unknown used top\n"
			      "2001:db8:66::/96 listed - unknown used\n");
	stage.gates[1].verdict = SIM_IGNORE;
	(void)sim_run_for(stage.sim, FAIL_OVER_MS);
	expect_shown(lookout, "2001:db8:64::/96 listed - live used top\n"
			      "2001:db8:65::/96 dns [" TEACHER "]:53 dead\n"
			      "2001:db8:66::/96 listed - dead\n");
	assert_int_equal(lookout_show(lookout, &first, 1), 1);
	assert_true(first.latency_us > 0);
	assert_in_range(first.since_s, FAIL_OVER_MS / 1000 - 1, FAIL_OVER_MS / 1000);
	lookout_free(lookout);
	config_unref(config);
	loop_free(stage.loop);
}

static void on_upstream(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	struct stage *stage = owner;

	(void)from;
	(void)to;
	(void)octets;
	(void)size;
	stage->upstream_queries++;
}

static unsigned asks_via(struct stage *stage, const char *endpoint)
{
	struct endpoint at;
	unsigned before;

	parse(endpoint, 53, &at);
	before = sim_count_udp(stage->sim, &at);
	return before;
}

static void an_upstream_via_nat64_follows_the_live_prefix(void **state)
{
	struct wire_query_form form = { .type = TYPE_TXT, .rclass = CLASS_IN };
	uint8_t octets[WIRE_QUERY_MAX];
	struct endpoint behind_second;
	struct stage stage;
	struct name name;

	(void)state;
	stage_init(&stage, SERVER "upstreams: [{address: 198.41.0.53, via-nat64: true}]\n"
				  "dns64: {use: first, " TWO ", " CHECK "}\n");
	parse("2001:db8:65::c629:35", 53, &behind_second);
	sim_serve_udp(stage.sim, &behind_second, on_upstream, &stage);
	stage.gates[0].verdict = SIM_IGNORE;
	(void)sim_run_for(stage.sim, FAIL_OVER_MS);
	assert_int_equal(stage.upstream_queries, 0);
	assert_true(name_parse("y.example", &name));
	form.name = name.octets;
	sim_send_udp(stage.sim, &stage.client, &stage.asked, octets,
		wire_encode_query(&form, octets, sizeof(octets)));
	(void)sim_run_for(stage.sim, 50);
	assert_int_not_equal(stage.upstream_queries, 0);
	assert_int_equal(asks_via(&stage, "2001:db8:64::c629:35"), 0);
	server_stop(stage.server);
	(void)sim_run_for(stage.sim, 3000);
	stage_clear(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dead_gateway_is_gone_from_the_next_answer_and_comes_back),
		cmocka_unit_test(when_all_are_dead_all_are_used),
		cmocka_unit_test(answers_are_kept_for_a_minute_at_most_while_gateways_are_checked),
		cmocka_unit_test(a_learned_prefix_is_used_and_followed),
		cmocka_unit_test(what_was_learned_outlives_a_reload),
		cmocka_unit_test(views_use_what_was_learned),
		cmocka_unit_test(an_upstream_via_nat64_follows_the_live_prefix),
		cmocka_unit_test(prefixes_are_shown_with_all_that_is_known_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
