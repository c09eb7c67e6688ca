/* A small network of upstreams, a gateway and a daemon, and what is found of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sim.h"
#include "sixward/app/probe.h"
#include "sixward/base/bytes.h"
#include "sixward/base/log.h"
#include "sixward/config/load.h"
#include "sixward/dns/wire.h"

/* A DNS server as a test wants it. */
struct server {
	struct sim *sim;
	struct endpoint at;
	uint16_t rcode;
	bool is_signed;
	const char *prefix; /* a DNS64's; NULL = it is none */
	unsigned questions;
};

static void put_head(struct writer *out, uint16_t type, uint16_t size)
{
	writer_u16(out, 0xc00c);
	writer_u16(out, type);
	writer_u16(out, CLASS_IN);
	writer_u32(out, 300);
	writer_u16(out, size);
}

static void put_soa(struct writer *out)
{
	put_head(out, TYPE_SOA, 22);
	writer_u16(out, 0); /* two names, both the root */
	for (uint32_t i = 0; i < 5; i++)
		writer_u32(out, 300);
}

static void put_signature(struct writer *out)
{
	put_head(out, TYPE_RRSIG, 23);
	writer_u16(out, TYPE_SOA);
	writer_u16(out, 8 << 8);
	writer_u32(out, 300);
	writer_u32(out, 0xf0000000);
	writer_u32(out, 0);
	writer_u16(out, 7);
	writer_u8(out, 0); /* the signer, and some signature */
	writer_u32(out, 1);
}

static void put_mapped(struct writer *out, const char *text)
{
	static const uint8_t wka[4] = { 192, 0, 0, 170 };
	struct network network;
	struct prefix prefix;
	uint8_t octets[16];

	assert_int_equal(network_parse(text, &network), NETWORK_OK);
	assert_int_equal(prefix_make(&network, NULL, &prefix), PREFIX_OK);
	prefix_embed(&prefix, wka, octets);
	put_head(out, TYPE_AAAA, sizeof(octets));
	writer_put(out, octets, sizeof(octets));
}

static void on_query(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	struct server *server = owner;
	uint8_t answer[512];
	struct writer out = writer_over(answer, sizeof(answer));
	struct wire query;
	bool is_soa;
	bool has_data;

	assert_true(wire_view(&query, octets, size));
	assert_int_equal(wire_view_question(&query), WIRE_OK);
	server->questions++;
	is_soa = query.question_type == TYPE_SOA;
	has_data = server->rcode == 0 && (is_soa || server->prefix);
	writer_u16(&out, query.id);
	writer_u16(&out, (uint16_t)(WIRE_QR | WIRE_RD | WIRE_RA | server->rcode));
	writer_u16(&out, 1);
	writer_u16(&out, (uint16_t)(!has_data ? 0 : is_soa && server->is_signed ? 2 : 1));
	writer_u32(&out, 0);
	writer_put(&out, query.question_name, query.question_size);
	if (has_data && is_soa)
		put_soa(&out);
	if (has_data && is_soa && server->is_signed)
		put_signature(&out);
	if (has_data && !is_soa)
		put_mapped(&out, server->prefix);
	assert_false(out.failed);
	sim_send_udp(server->sim, to, from, answer, out.at);
}

static void serve(struct loop *loop, struct server *server, const char *at)
{
	server->sim = sim_of(loop);
	assert_true(endpoint_parse(at, 53, &server->at));
	sim_serve_udp(server->sim, &server->at, on_query, server);
}

static enum sim_verdict on_connect(void *owner, struct tcp *stream)
{
	(void)owner;
	(void)stream;
	return SIM_REFUSE; /* by the peer behind the gateway: it is alive */
}

static void open_gateway(struct loop *loop, const char *target)
{
	struct endpoint at;

	assert_true(endpoint_parse(target, 443, &at));
	sim_serve_tcp(sim_of(loop), &at, on_connect, NULL);
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

static void assert_prefix(const struct prefix *prefix, const char *wanted)
{
	char text[NETWORK_TEXT_MAX];

	assert_string_equal(network_format(&prefix->network, text), wanted);
}

static void each_upstream_is_asked_for_itself(void **state)
{
	struct config *config = config_of(
		"upstreams: [2001:db8::1, 2001:db8::2, 2001:db8::3, 2001:db8::4, 2001:db8::1]\n"
		"zones: [{zone: corp.example, upstreams: [2001:db8::1]}]");
	struct server plain = { .is_signed = true };
	struct server dns64 = { .prefix = "2001:db8:64::/96" };
	struct server refuses = { .rcode = RCODE_REFUSED };
	struct loop *loop = loop_new();
	struct probe *probe;

	(void)state;
	serve(loop, &plain, "2001:db8::1");
	serve(loop, &dns64, "2001:db8::2");
	serve(loop, &refuses, "2001:db8::3");
	probe = probe_run(loop, config);
	assert_int_equal(probe->server_count, 5);
	assert_int_equal(probe->servers[0].answer.result, PROBE_ANSWERED);
	assert_in_range(probe->servers[0].answer.took_ms, 1, 50);
	assert_true(probe->servers[0].has_dnssec);
	assert_int_equal(probe->servers[0].prefix_count, 0);
	assert_int_equal(probe->servers[1].answer.result, PROBE_ANSWERED);
	assert_false(probe->servers[1].has_dnssec);
	assert_int_equal(probe->servers[1].prefix_count, 1);
	assert_prefix(&probe->servers[1].prefixes[0], "2001:db8:64::/96");
	assert_int_equal(probe->servers[2].answer.result, PROBE_ERROR);
	assert_int_equal(probe->servers[2].answer.rcode, RCODE_REFUSED);
	assert_int_equal(probe->servers[3].answer.result, PROBE_SILENT);
	assert_non_null(probe->servers[4].zone);
	assert_int_equal(probe->servers[4].answer.result, PROBE_ANSWERED);
	probe_free(probe);
	loop_free(loop);
	config_unref(config);
}

static void nobody_is_waited_for_longer_than_the_bound(void **state)
{
	struct config *config = config_of("upstreams: [2001:db8::1]");
	struct loop *loop = loop_new();
	uint64_t before_ms = loop_now_ms(loop);
	struct probe *probe = probe_run(loop, config);

	(void)state;
	assert_true(loop_now_ms(loop) - before_ms <= PROBE_MS);
	assert_int_equal(probe->servers[0].answer.result, PROBE_SILENT);
	assert_int_equal(probe->listeners[0].answer.result, PROBE_SILENT);
	assert_int_equal(probe->prefixes[0].state, PULSE_DEAD);
	probe_free(probe);
	loop_free(loop);
	config_unref(config);
}

static void prefixes_are_tried_with_check_and_without(void **state)
{
	static const struct {
		const char *yaml, *target;
	} rows[] = {
		{ "dns64: {prefixes: [\"2001:db8:64::/96\", \"2001:db8:65::/96\"]}",
			"[2001:db8:64::101:101]:443" },
		{ "dns64: {prefixes: [\"2001:db8:64::/96\", \"2001:db8:65::/96\"], check: {}}",
			"[2001:db8:64::909:909]:443" },
		{ "dns64: {prefixes: [\"2001:db8:64::/96\", \"2001:db8:65::/96\"], "
		  "check: {targets: [\"198.41.0.9:99\"]}}",
			"[2001:db8:64::c629:9]:99" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct config *config = config_of(rows[i].yaml);
		struct loop *loop = loop_new();
		struct probe *probe;

		open_gateway(loop, rows[i].target);
		probe = probe_run(loop, config);
		assert_true(probe->is_settled);
		assert_int_equal(probe->prefix_count, 2);
		assert_int_equal(probe->prefixes[0].state, PULSE_LIVE);
		assert_in_range(probe->prefixes[0].latency_us, 1, 50000);
		assert_int_equal(probe->prefixes[1].state, PULSE_DEAD);
		assert_int_equal(probe->in_force_count, 1);
		assert_prefix(&probe->in_force[0], "2001:db8:64::/96");
		probe_free(probe);
		loop_free(loop);
		config_unref(config);
	}
}

static void what_is_learned_is_tried_too(void **state)
{
	struct config *config = config_of("upstreams: [2001:db8::2]\n"
					  "dns64: {prefixes: [{learn-from: upstreams}]}");
	struct server dns64 = { .prefix = "2001:db8:64::/96" };
	struct loop *loop = loop_new();
	struct probe *probe;

	(void)state;
	serve(loop, &dns64, "2001:db8::2");
	open_gateway(loop, "[2001:db8:64::101:101]:443");
	probe = probe_run(loop, config);
	assert_int_equal(probe->prefix_count, 1);
	assert_true(probe->prefixes[0].is_learned);
	assert_int_equal(probe->prefixes[0].state, PULSE_LIVE);
	assert_int_equal(probe->in_force_count, 1);
	probe_free(probe);
	loop_free(loop);
	config_unref(config);
}

static void an_ipv4_upstream_is_asked_through_the_prefix(void **state)
{
	static const struct {
		const char *prefixes;
		enum probe_result wanted;
	} rows[] = {
		{ "[\"2001:db8:64::/96\"]", PROBE_ANSWERED },
		{ "[{learn-from: [\"2001:db8::2\"]}]", PROBE_ANSWERED },
		{ "[{learn-from: [\"2001:db8::3\"]}]", PROBE_NOT_ASKED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct server teacher = { .prefix = "2001:db8:64::/96" };
		struct server upstream = { .is_signed = true };
		struct loop *loop = loop_new();
		struct config *config;
		struct probe *probe;
		char yaml[256];

		(void)snprintf(yaml, sizeof(yaml),
			"upstreams: [{address: 198.41.0.53, via-nat64: true}]\n"
			"dns64: {prefixes: %s}",
			rows[i].prefixes);
		config = config_of(yaml);
		serve(loop, &teacher, "2001:db8::2");
		serve(loop, &upstream, "2001:db8:64::c629:35");
		probe = probe_run(loop, config);
		assert_int_equal(probe->server_count, 1);
		assert_true(probe->servers[0].via_nat64);
		assert_int_equal(probe->servers[0].answer.result, rows[i].wanted);
		probe_free(probe);
		loop_free(loop);
		config_unref(config);
	}
}

/* A wildcard is asked over loopback. */
static void the_daemon_is_asked_where_it_listens(void **state)
{
	struct config *config = config_of("listen: [\"[::]:53\", \"127.0.0.1:53\"]\nallow: [any]\n"
					  "upstreams: [2001:db8::1]");
	struct server daemon = { .prefix = "2001:db8:64::/96" };
	struct loop *loop = loop_new();
	struct endpoint dead;
	struct probe *probe;

	(void)state;
	serve(loop, &daemon, "[::1]:53");
	assert_true(endpoint_parse("127.0.0.1:53", 53, &dead));
	sim_refuse(sim_of(loop), &dead, -ECONNREFUSED);
	probe = probe_run(loop, config);
	assert_int_equal(probe->listener_count, 2);
	assert_int_equal(probe->listeners[0].answer.result, PROBE_ANSWERED);
	assert_int_equal(probe->listeners[0].prefix_count, 1);
	assert_prefix(&probe->listeners[0].prefixes[0], "2001:db8:64::/96");
	assert_int_equal(probe->listeners[1].answer.result, PROBE_UNREACHABLE);
	probe_free(probe);
	loop_free(loop);
	config_unref(config);
}

/* Each by the view of the address that it is asked from. */
static void what_a_listener_should_say_is_its_askers(void **state)
{
	static const struct {
		const char *asker, *prefix;
	} wanted[] = {
		{ "::1", "2001:db8:64::/96" },
		{ "127.0.0.1", "2001:db8:65::/96" },
		{ "127.0.0.1", "2001:db8:65::/96" },
		{ "2001:db8::1", "2001:db8:66::/96" },
	};
	struct config *config = config_of(
		"listen: [\"[::]:53\", \"127.0.0.1:53\", \"127.0.0.53:54\", "
		"\"[2001:db8::1]:53\"]\nallow: [any]\nupstreams: [2001:db8::2]\n"
		"dns64: {prefixes: [\"2001:db8:64::/96\"]}\n"
		"views:\n"
		"  - {clients: [127.0.0.1], dns64: {prefixes: [\"2001:db8:65::/96\"]}}\n"
		"  - {clients: [\"2001:db8::1\"], dns64: {prefixes: [\"2001:db8:66::/96\"]}}\n");
	struct loop *loop = loop_new();
	struct probe *probe;

	(void)state;
	probe = probe_run(loop, config);
	assert_int_equal(probe->in_force_count, 1);
	assert_prefix(&probe->in_force[0], "2001:db8:64::/96");
	assert_int_equal(probe->listener_count, 4);
	for (size_t i = 0; i < probe->listener_count; i++) {
		const struct probe_listener *listener = &probe->listeners[i];
		struct addr asker;

		assert_true(addr_parse(wanted[i].asker, &asker));
		assert_true(addr_equal(&listener->asker, &asker));
		assert_int_equal(listener->in_force_count, 1);
		assert_prefix(&listener->in_force[0], wanted[i].prefix);
	}
	probe_free(probe);
	loop_free(loop);
	config_unref(config);
}

static int on_setup(void **state)
{
	(void)state;
	log_silence();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_upstream_is_asked_for_itself),
		cmocka_unit_test(nobody_is_waited_for_longer_than_the_bound),
		cmocka_unit_test(prefixes_are_tried_with_check_and_without),
		cmocka_unit_test(what_is_learned_is_tried_too),
		cmocka_unit_test(an_ipv4_upstream_is_asked_through_the_prefix),
		cmocka_unit_test(the_daemon_is_asked_where_it_listens),
		cmocka_unit_test(what_a_listener_should_say_is_its_askers),
	};

	return cmocka_run_group_tests(tests, on_setup, NULL);
}
