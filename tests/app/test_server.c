/* The server with one worker: opening, a reload that is whole or nothing, and a stop that waits. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "sixward/app/server.h"
#include "sixward/base/log.h"
#include "sixward/config/load.h"
#include "sixward/dns/wire.h"
#include "sixward/net/socket.h"
#include "sixward/net/udp.h"

#define LISTEN     "listen: [\"[2001:db8::1]:53\"]\nallow: [any]\nworkers: 1\n"
#define BOTH       "listen: [\"[2001:db8::1]:53\", \"[2001:db8::2]:53\"]\nallow: [any]\nworkers: 1\n"
#define RECORD     "records: [\"x.example. 60 IN A 198.41.0.4\"]\n"
#define NEW_PREFIX "dns64: {prefixes: [\"2001:db8:64::/96\"]}\n"

enum { FORWARDED_MAX = 16 };

struct stage {
	struct loop *loop;
	struct sim *sim;
	struct server *server;
	struct endpoint asked;
	struct endpoint client;
	struct endpoint upstream;
	struct forwarded {
		struct endpoint from;
		uint8_t octets[512];
		size_t size;
	} forwarded[FORWARDED_MAX];
	size_t forwarded_count;
	unsigned answers;
	uint8_t answer[WIRE_MESSAGE_MAX];
	size_t answer_size;
};

static struct config *config_of(const char *text)
{
	struct faults faults = { 0 };
	struct config *config = load_text(text, strlen(text), &faults);

	assert_non_null(config);
	faults_clear(&faults);
	return config;
}

static void on_answer(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	struct stage *stage = owner;

	(void)from;
	(void)to;
	stage->answers++;
	memcpy(stage->answer, octets, size);
	stage->answer_size = size;
}

/* Upstream is silent, and remembers. */
static void on_forwarded(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	struct stage *stage = owner;
	struct forwarded *forwarded = &stage->forwarded[stage->forwarded_count];

	(void)to;
	if (stage->forwarded_count == FORWARDED_MAX || size > sizeof(forwarded->octets))
		return;
	forwarded->from = *from;
	memcpy(forwarded->octets, octets, size);
	forwarded->size = size;
	stage->forwarded_count++;
}

static bool open_server(struct stage *stage, const char *text)
{
	struct config *config = config_of(text);
	bool is_open;

	stage->server = server_new(stage->loop, config, NULL);
	config_unref(config);
	is_open = server_open(stage->server);
	if (is_open)
		server_start(stage->server);
	return is_open;
}

static void stage_init(struct stage *stage)
{
	*stage = (struct stage){ .loop = loop_new() };
	stage->sim = sim_of(stage->loop);
	log_set(LOG_ERROR, LOG_FORMAT_TEXT);
	assert_true(endpoint_parse("[2001:db8::1]:53", 53, &stage->asked));
	assert_true(endpoint_parse("[2001:db8::c]:4000", 53, &stage->client));
	assert_true(endpoint_parse("192.0.2.53", 53, &stage->upstream));
	sim_serve_udp(stage->sim, &stage->client, on_answer, stage);
	sim_serve_udp(stage->sim, &stage->upstream, on_forwarded, stage);
}

static void stage_clear(struct stage *stage)
{
	server_free(stage->server);
	loop_free(stage->loop);
}

static void send_query(struct stage *stage, const char *text)
{
	struct name name;
	struct wire_query_form form = { .type = TYPE_AAAA, .rclass = CLASS_IN };
	uint8_t octets[WIRE_QUERY_MAX];

	assert_true(name_parse(text, &name));
	form.name = name.octets;
	sim_send_udp(stage->sim, &stage->client, &stage->asked, octets,
		wire_encode_query(&form, octets, sizeof(octets)));
}

static bool answer_holds(const struct stage *stage, const uint8_t *octets, size_t size)
{
	for (size_t at = 0; at + size <= stage->answer_size; at++) {
		if (memcmp(stage->answer + at, octets, size) == 0)
			return true;
	}
	return false;
}

static const uint8_t by_well_known[16] = { 0x00, 0x64, 0xff, 0x9b, [12] = 198, 41, 0, 4 };
static const uint8_t by_new[16] = { 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x64, [12] = 198, 41, 0, 4 };

static void expect_answer(struct stage *stage, const uint8_t address[16])
{
	unsigned before = stage->answers;

	send_query(stage, "x.example");
	assert_false(sim_run_for(stage->sim, 10));
	assert_int_equal(stage->answers, before + 1);
	assert_true(answer_holds(stage, address, 16));
}

static void does_not_open_where_another_is(void **state)
{
	struct stage stage;
	struct socket_options options = { 0 };
	struct udp *other;
	int error = 0;

	(void)state;
	stage_init(&stage);
	options.local = stage.asked;
	other = udp_new(stage.loop, &options, NULL, NULL, NULL, &error);
	assert_non_null(other);
	assert_false(open_server(&stage, LISTEN));
	udp_free(other);
	stage_clear(&stage);
}

static void a_reload_is_used_by_the_next_query(void **state)
{
	struct stage stage;
	struct config *config = config_of(LISTEN RECORD NEW_PREFIX);

	(void)state;
	stage_init(&stage);
	assert_true(open_server(&stage, LISTEN RECORD));
	expect_answer(&stage, by_well_known);
	assert_true(server_reload(stage.server, config));
	expect_answer(&stage, by_new);
	config_unref(config);
	stage_clear(&stage);
}

/* However often it is told to: what nothing can look at any more is let go. */
static void reloads_do_not_pile_up_old_configs(void **state)
{
	struct stage stage;
	struct config *first = config_of(LISTEN RECORD);

	(void)state;
	stage_init(&stage);
	assert_true(open_server(&stage, LISTEN RECORD));
	assert_true(server_reload(stage.server, first));
	for (unsigned i = 0; i < 20; i++) {
		struct config *config = config_of(LISTEN RECORD NEW_PREFIX);

		(void)sim_run_for(stage.sim, 1000);
		assert_true(server_reload(stage.server, config));
		config_unref(config);
	}
	(void)sim_run_for(stage.sim, 1000);
	assert_int_equal(first->references, 1);
	config_unref(first);
	stage_clear(&stage);
}

static void a_reload_without_all_its_sockets_is_none(void **state)
{
	struct stage stage;
	struct socket_options options = { 0 };
	struct config *config = config_of(BOTH RECORD NEW_PREFIX);
	struct udp *other;
	int error = 0;

	(void)state;
	stage_init(&stage);
	assert_true(endpoint_parse("[2001:db8::2]:53", 53, &options.local));
	other = udp_new(stage.loop, &options, NULL, NULL, NULL, &error);
	assert_non_null(other);
	assert_true(open_server(&stage, LISTEN RECORD));
	assert_false(server_reload(stage.server, config));
	expect_answer(&stage, by_well_known);

	udp_free(other);
	assert_true(server_reload(stage.server, config));
	expect_answer(&stage, by_new);
	stage.asked = options.local;
	expect_answer(&stage, by_new);
	config_unref(config);
	stage_clear(&stage);
}

static void on_applied(void *owner)
{
	unsigned *applied = owner;

	(*applied)++;
}

static void tells_when_a_reload_is_done_and_not_when_it_is_refused(void **state)
{
	struct stage stage;
	struct config *config = config_of(LISTEN RECORD);
	unsigned applied = 0;

	(void)state;
	stage_init(&stage);
	assert_true(open_server(&stage, LISTEN));
	server_on_applied(stage.server, on_applied, &applied);
	assert_true(server_reload(stage.server, config));
	assert_int_equal(applied, 0);
	(void)sim_run_for(stage.sim, 10);
	assert_int_equal(applied, 1);
	config_unref(config);
	stage_clear(&stage);
}

/* The second worker's loop is a world that nobody plays. */
static void notices_a_worker_that_does_not_go_on(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage);
	assert_true(open_server(&stage, "listen: [\"[2001:db8::1]:53\"]\nworkers: 2\n"));
	log_silence();
	assert_true(server_is_turning(stage.server));
	assert_false(server_is_turning(stage.server));
	assert_false(server_is_turning(stage.server));
	stage_clear(&stage);

	stage_init(&stage);
	assert_true(open_server(&stage, LISTEN));
	for (unsigned i = 0; i < 3; i++)
		assert_true(server_is_turning(stage.server));
	stage_clear(&stage);
}

static void says_in_a_line_what_it_does(void **state)
{
	struct stage stage;
	char *text;

	(void)state;
	stage_init(&stage);
	assert_true(open_server(&stage, BOTH "upstreams: [2001:db8::53]\n"));
	text = server_describe(stage.server);
	assert_string_equal(text, "Answering on [2001:db8::1]:53 [2001:db8::2]:53, asking "
				  "[2001:db8::53]:53");
	free(text);
	stage_clear(&stage);
}

static void stops_at_once_when_nothing_is_in_progress(void **state)
{
	struct stage stage;
	uint64_t begin_ms;

	(void)state;
	stage_init(&stage);
	assert_true(open_server(&stage, LISTEN RECORD));
	expect_answer(&stage, by_well_known);
	begin_ms = loop_now_ms(stage.loop);
	server_stop(stage.server);
	assert_true(sim_run_for(stage.sim, 5000));
	assert_true(loop_now_ms(stage.loop) - begin_ms < 100);
	stage_clear(&stage);
}

/* NXDOMAIN is the query with QR, RA and RCODE 3. */
static void answer_all(struct stage *stage)
{
	for (size_t i = 0; i < stage->forwarded_count; i++) {
		struct forwarded *forwarded = &stage->forwarded[i];

		forwarded->octets[2] |= 0x80;
		forwarded->octets[3] |= 0x83;
		sim_send_udp(stage->sim, &stage->upstream, &forwarded->from, forwarded->octets,
			forwarded->size);
	}
	stage->forwarded_count = 0;
}

#define UPSTREAM "upstreams: [192.0.2.53]\n"

static void an_endpoint_that_is_given_up_answers_what_was_asked_there(void **state)
{
	struct stage stage;
	struct config *one = config_of(LISTEN UPSTREAM);
	struct config *both = config_of(BOTH UPSTREAM);

	(void)state;
	stage_init(&stage);
	assert_true(open_server(&stage, BOTH UPSTREAM));
	assert_true(endpoint_parse("[2001:db8::2]:53", 53, &stage.asked));
	send_query(&stage, "y.example");
	assert_false(sim_run_for(stage.sim, 10));
	assert_true(server_reload(stage.server, one));
	assert_false(sim_run_for(stage.sim, 500));
	send_query(&stage, "z.example");
	assert_false(sim_run_for(stage.sim, 10));
	assert_int_equal(stage.forwarded_count, 2);
	answer_all(&stage);
	assert_false(sim_run_for(stage.sim, 100));
	assert_int_equal(stage.answers, 1);

	/* It is free again, for us and for others. */
	assert_int_equal(socket_probe(SOCKET_UDP, &stage.asked), 0);
	assert_true(server_reload(stage.server, both));
	assert_false(sim_run_for(stage.sim, 10));
	send_query(&stage, "z.example");
	assert_false(sim_run_for(stage.sim, 10));
	answer_all(&stage);
	assert_false(sim_run_for(stage.sim, 10));
	assert_int_equal(stage.answers, 2);
	config_unref(one);
	config_unref(both);
	stage_clear(&stage);
}

/* What is still in progress there is in nobody's way. */
static void an_endpoint_that_was_given_up_may_come_back_at_once(void **state)
{
	struct stage stage;
	struct config *one = config_of(LISTEN UPSTREAM);
	struct config *both = config_of(BOTH UPSTREAM);

	(void)state;
	stage_init(&stage);
	assert_true(open_server(&stage, BOTH UPSTREAM));
	assert_true(endpoint_parse("[2001:db8::2]:53", 53, &stage.asked));
	send_query(&stage, "y.example");
	assert_false(sim_run_for(stage.sim, 10));
	assert_true(server_reload(stage.server, one));
	assert_false(sim_run_for(stage.sim, 10));
	assert_true(server_reload(stage.server, both));
	assert_false(sim_run_for(stage.sim, 10));
	stage.answers = 0;
	stage.forwarded_count = 0;
	send_query(&stage, "z.example");
	assert_false(sim_run_for(stage.sim, 10));
	answer_all(&stage);
	assert_false(sim_run_for(stage.sim, 10));
	assert_int_equal(stage.answers, 1);
	config_unref(one);
	config_unref(both);
	stage_clear(&stage);
}

static void answers_what_is_in_progress_before_it_stops(void **state)
{
	struct stage stage;
	uint64_t begin_ms;

	(void)state;
	stage_init(&stage);
	assert_true(open_server(&stage, LISTEN "upstreams: [192.0.2.53]\n"));
	send_query(&stage, "y.example");
	assert_false(sim_run_for(stage.sim, 10));
	assert_int_equal(stage.forwarded_count, 2);
	begin_ms = loop_now_ms(stage.loop);
	server_stop(stage.server);
	assert_false(sim_run_for(stage.sim, 500));
	assert_int_equal(stage.answers, 0);

	answer_all(&stage);
	assert_true(sim_run_for(stage.sim, 1400));
	assert_true(loop_now_ms(stage.loop) - begin_ms < 2000);
	assert_int_equal(stage.answers, 1);
	stage_clear(&stage);
}

static void waits_two_seconds_and_no_longer(void **state)
{
	struct stage stage;
	uint64_t begin_ms;

	(void)state;
	stage_init(&stage);
	assert_true(open_server(&stage, LISTEN "upstreams: [192.0.2.53]\n"));
	send_query(&stage, "y.example");
	assert_false(sim_run_for(stage.sim, 10));
	begin_ms = loop_now_ms(stage.loop);
	server_stop(stage.server);
	server_stop(stage.server);
	assert_true(sim_run_for(stage.sim, 5000));
	assert_in_range(loop_now_ms(stage.loop) - begin_ms, 2000, 2050);
	stage_clear(&stage);
}

static void takes_no_more_queries_while_it_stops(void **state)
{
	struct stage stage;

	(void)state;
	stage_init(&stage);
	assert_true(open_server(&stage, LISTEN RECORD "upstreams: [192.0.2.53]\n"));
	send_query(&stage, "y.example");
	assert_false(sim_run_for(stage.sim, 10));
	server_stop(stage.server);
	assert_false(sim_run_for(stage.sim, 10));
	send_query(&stage, "x.example");
	assert_true(sim_run_for(stage.sim, 5000));
	assert_int_equal(stage.answers, 0);
	stage_clear(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(does_not_open_where_another_is),
		cmocka_unit_test(a_reload_is_used_by_the_next_query),
		cmocka_unit_test(reloads_do_not_pile_up_old_configs),
		cmocka_unit_test(a_reload_without_all_its_sockets_is_none),
		cmocka_unit_test(tells_when_a_reload_is_done_and_not_when_it_is_refused),
		cmocka_unit_test(notices_a_worker_that_does_not_go_on),
		cmocka_unit_test(says_in_a_line_what_it_does),
		cmocka_unit_test(stops_at_once_when_nothing_is_in_progress),
		cmocka_unit_test(an_endpoint_that_is_given_up_answers_what_was_asked_there),
		cmocka_unit_test(an_endpoint_that_was_given_up_may_come_back_at_once),
		cmocka_unit_test(answers_what_is_in_progress_before_it_stops),
		cmocka_unit_test(waits_two_seconds_and_no_longer),
		cmocka_unit_test(takes_no_more_queries_while_it_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
