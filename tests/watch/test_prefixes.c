/* Learning from simulated DNS64 servers: what is asked and when, what stays, what is said. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "heard.h"
#include "sim.h"
#include "sixward/base/bytes.h"
#include "sixward/dns/wire.h"
#include "sixward/watch/prefixes.h"

enum {
	SERVERS = PREFIX_SERVERS_MAX + 2,
	TIMES_MAX = 256,
	SECOND_MS = 1000,
	ANSWER_MS = 2 * SIM_LATENCY_MS,
	ROOM = 1232
};

#define PAIR_A "64:ff9b::c000:aa 64:ff9b::c000:ab"
#define PAIR_B "2001:db8:64::c000:aa 2001:db8:64::c000:ab"

struct scene;

/* A server, and what it says to whoever asks: NULL nothing, else "AAAA TTL ADDRESS…",
 * "NODATA", "NODATA TTL", "NXDOMAIN TTL" (with an SOA of that TTL), "SERVFAIL", "YXDOMAIN" or
 * "GARBAGE". */
struct server {
	struct scene *scene;
	struct endpoint at;
	const char *says;
	unsigned asked;
	uint64_t asked_ms[TIMES_MAX];
};

struct scene {
	struct loop *loop;
	struct sim *sim;
	struct entropy entropy;
	struct message_rules rules;
	struct prefixes *prefixes;
	struct counts *counts;
	struct server servers[SERVERS];
	unsigned changes;
	bool is_inside; /* of a call from above */
	bool frees;     /* when it is told */
};

static void write_soa(struct writer *out, uint32_t ttl)
{
	writer_u16(out, 0xc00c);
	writer_u16(out, TYPE_SOA);
	writer_u16(out, CLASS_IN);
	writer_u32(out, ttl);
	writer_u16(out, 2 + 20);
	writer_u16(out, 0);
	for (unsigned i = 0; i < 4; i++)
		writer_u32(out, 1);
	writer_u32(out, ttl);
}

static uint16_t write_addresses(struct writer *out, uint32_t ttl, const char *addresses)
{
	char word[64];
	uint16_t count = 0;
	int used = 0;

	for (; sscanf(addresses, "%63s%n", word, &used) == 1; addresses += used, count++) {
		struct addr addr;

		assert_true(addr_parse(word, &addr));
		writer_u16(out, 0xc00c);
		writer_u16(out, TYPE_AAAA);
		writer_u16(out, CLASS_IN);
		writer_u32(out, ttl);
		writer_u16(out, 16);
		writer_put(out, addr.octets, 16);
	}
	return count;
}

static void write_answer(struct writer *out, const struct wire *query, const char *says)
{
	static const struct rcode {
		const char *word;
		uint16_t rcode;
	} rcodes[] = {
		{ "NXDOMAIN", RCODE_NXDOMAIN },
		{ "SERVFAIL", RCODE_SERVFAIL },
		{ "YXDOMAIN", RCODE_YXDOMAIN },
	};
	uint16_t rcode = RCODE_NOERROR;
	char word[16];
	unsigned ttl = 0;
	int used = 0;
	int words = sscanf(says, "%15s%n %u%n", word, &used, &ttl, &used);
	bool is_aaaa = strcmp(word, "AAAA") == 0;

	for (size_t i = 0; i < sizeof(rcodes) / sizeof(rcodes[0]); i++) {
		if (strcmp(rcodes[i].word, word) == 0)
			rcode = rcodes[i].rcode;
	}
	writer_u16(out, query->id);
	writer_u16(out, (uint16_t)(WIRE_QR | WIRE_RD | WIRE_RA | rcode));
	writer_u16(out, 1);
	writer_u16(out, 0);
	writer_u16(out, words == 2 && !is_aaaa);
	writer_u16(out, 0);
	writer_put(out, query->question_name, query->question_size - 4);
	writer_u16(out, query->question_type);
	writer_u16(out, query->question_class);
	if (is_aaaa)
		writer_patch_u16(out, 6, write_addresses(out, ttl, says + used));
	else if (words == 2)
		write_soa(out, ttl);
	if (strcmp(word, "GARBAGE") == 0)
		writer_patch_u16(out, 6, 3);
}

static void on_datagram(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	struct server *server = owner;
	uint8_t answer[ROOM];
	struct writer out = writer_over(answer, sizeof(answer));
	struct wire query;
	struct name name;
	char text[NAME_TEXT_MAX];

	assert_true(wire_view(&query, octets, size));
	assert_int_equal(wire_view_question(&query), WIRE_OK);
	/* R7050-3-a */
	name = name_copy(query.question_name);
	name_fold(&name);
	assert_string_equal(name_format(name.octets, text), "ipv4only.arpa.");
	assert_int_equal(query.question_type, TYPE_AAAA);
	assert_int_equal(query.question_class, CLASS_IN);
	assert_int_equal(query.flags, WIRE_RD);

	assert_true(server->asked < TIMES_MAX);
	server->asked_ms[server->asked++] = loop_now_ms(server->scene->loop);
	if (!server->says)
		return;
	write_answer(&out, &query, server->says);
	assert_false(out.failed);
	sim_send_udp(server->scene->sim, to, from, answer, out.at);
}

static void on_changed(void *owner)
{
	struct scene *scene = owner;

	assert_false(scene->is_inside);
	scene->changes++;
	if (!scene->frees)
		return;
	prefixes_free(scene->prefixes);
	scene->prefixes = NULL;
}

static void open_scene(struct scene *scene)
{
	*scene = (struct scene){
		.loop = loop_new(),
		.counts = counts_new(),
		.rules = { .ttl_max = 1000000, .negative_ttl_max = 3600, .links_max = 16 },
	};
	scene->sim = sim_of(scene->loop);
	for (unsigned i = 0; i < SERVERS; i++) {
		struct server *server = &scene->servers[i];
		char text[ENDPOINT_TEXT_MAX];

		(void)snprintf(text, sizeof(text), "2001:db8::%x", i + 1);
		assert_true(endpoint_parse(text, 53, &server->at));
		server->scene = scene;
		sim_serve_udp(scene->sim, &server->at, on_datagram, server);
	}
	scene->prefixes = prefixes_new(scene->loop, &scene->entropy, on_changed, scene);
	prefixes_add_counts(scene->prefixes, scene->counts);
	heard_begin("NAT64");
}

static void close_scene(struct scene *scene)
{
	counts_free(scene->counts);
	prefixes_free(scene->prefixes);
	loop_free(scene->loop);
}

static void run(struct scene *scene, uint64_t ms)
{
	(void)sim_run_for(scene->sim, ms);
}

/* Learns from the servers from the one to before the other. */
static void learn_from(struct scene *scene, size_t begin, size_t end)
{
	struct endpoint endpoints[SERVERS];

	for (size_t i = begin; i < end; i++)
		endpoints[i] = scene->servers[i].at;
	scene->is_inside = true;
	prefixes_set(scene->prefixes, &scene->rules, endpoints + begin, end - begin);
	scene->is_inside = false;
}

static bool is_asked_again(void *owner)
{
	const struct server *server = owner;

	return server->asked > 0;
}

/* How long until it is asked once more; its answer is there, too. */
static uint64_t next_question(struct server *server)
{
	struct scene *scene = server->scene;
	uint64_t started_ms = loop_now_ms(scene->loop);
	uint64_t took_ms = 0;

	server->asked = 0;
	assert_true(sim_run_until(scene->sim, is_asked_again, server, 2 * 86400ULL * SECOND_MS));
	took_ms = loop_now_ms(scene->loop) - started_ms;
	run(scene, ANSWER_MS);
	return took_ms + ANSWER_MS;
}

/* Within the jitter, of which a part is the way there and back. */
static void expect_about(uint64_t ms, uint64_t from_s, uint64_t to_s)
{
	assert_in_range(ms, from_s * SECOND_MS - from_s * SECOND_MS / 32,
		to_s * SECOND_MS + 2 * (uint64_t)ANSWER_MS);
}

static void expect_taught(const struct scene *scene, size_t server, const char *want)
{
	struct prefix found[POLICY_PREFIXES_MAX];
	size_t count = prefixes_find(scene->prefixes, &scene->servers[server].at, found);
	char text[1024] = "";
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		char network[NETWORK_TEXT_MAX];

		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i ? " " : "",
			network_format(&found[i].network, network));
	}
	assert_string_equal(text, want);
}

/* 0: nobody has taught it. */
static void expect_teacher(const struct scene *scene, const char *text, size_t number)
{
	struct network network;
	struct prefix prefix;
	struct endpoint server;

	assert_int_equal(network_parse(text, &network), NETWORK_OK);
	assert_int_equal(prefix_make(&network, NULL, &prefix), PREFIX_OK);
	assert_int_equal(prefixes_find_server(scene->prefixes, &prefix, &server), number > 0);
	if (number)
		assert_true(endpoint_equal(&server, &scene->servers[number - 1].at));
}

struct reading {
	const char *label;
	uint64_t value;
	bool is_found;
};

static void on_count(
	void *owner, const char *name, const char *label, const char *help, uint64_t value)
{
	struct reading *reading = owner;

	assert_non_null(help);
	if (strcmp(label, reading->label) != 0)
		return;
	assert_string_equal(
		name, strstr(label, "source") ? "learned_prefixes" : "prefix_learning_total");
	reading->value = value;
	reading->is_found = true;
}

static void expect_count(const struct scene *scene, const char *label, uint64_t want)
{
	struct reading reading = { .label = label };

	counts_each(scene->counts, on_count, &reading);
	assert_true(reading.is_found);
	assert_int_equal(reading.value, want);
}

/* R7050-3-a R7050-3-d: what one that is no DNS64 says hides nothing. */
static void asks_each_server_by_itself(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	scene.servers[0].says = "NODATA 60";
	scene.servers[1].says = "AAAA 60 " PAIR_A;
	scene.servers[2].says = "AAAA 60 " PAIR_B " " PAIR_A;
	learn_from(&scene, 0, 3);
	run(&scene, SECOND_MS);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(scene.servers[i].asked, 1);
	expect_taught(&scene, 0, "");
	expect_taught(&scene, 1, "64:ff9b::/96");
	expect_taught(&scene, 2, "2001:db8:64::/96 64:ff9b::/96");
	expect_taught(&scene, 3, "");
	expect_teacher(&scene, "64:ff9b::/96", 2);
	expect_teacher(&scene, "2001:db8:64::/96", 3);
	expect_teacher(&scene, "2001:db8:65::/96", 0);
	assert_int_equal(scene.changes, 1);
	expect_count(&scene, "result=\"learned\"", 2);
	expect_count(&scene, "result=\"none\"", 1);
	expect_count(&scene, "result=\"failed\"", 0);
	expect_count(&scene, "source=\"dns\"", 2);
	close_scene(&scene);
}

struct wait {
	const char *says;
	uint64_t from_s, to_s;
};

static void expect_waits(const struct wait *waits, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct scene scene;

		open_scene(&scene);
		scene.servers[0].says = waits[i].says;
		learn_from(&scene, 0, 1);
		run(&scene, ANSWER_MS);
		for (unsigned k = 0; k < 3; k++) {
			uint64_t took_ms = next_question(&scene.servers[0]);

			assert_in_range(took_ms, waits[i].from_s * SECOND_MS,
				waits[i].to_s * SECOND_MS + 2 * (uint64_t)ANSWER_MS);
		}
		close_scene(&scene);
	}
}

/* R7050-3-e LIM-33 */
static void asks_again_before_the_answer_expires(void **state)
{
	static const struct wait waits[] = {
		{ "AAAA 60 " PAIR_A, 48, 50 },
		{ "AAAA 300 " PAIR_A, 280, 290 },
		{ "AAAA 3600 " PAIR_A, 3477, 3590 },
		{ "AAAA 20 " PAIR_A, 9, 10 },
		{ "AAAA 12 " PAIR_A, 5, 6 },
		{ "AAAA 8 " PAIR_A, 4, 5 },
		{ "AAAA 0 " PAIR_A, 4, 5 },
		{ "AAAA 604800 " PAIR_A, 83700, 86400 },
		/* As long as an answer without any prefix lasts. */
		{ "AAAA 60 2001:db8::1", 48, 50 },
	};

	(void)state;
	expect_waits(waits, sizeof(waits) / sizeof(waits[0]));
}

/* R7050-3-e: never before the negative TTL. */
static void does_not_ask_again_while_a_denial_lasts(void **state)
{
	static const struct wait waits[] = {
		{ "NODATA 60", 60, 62 },
		{ "NXDOMAIN 60", 60, 62 },
		{ "NXDOMAIN 300", 300, 310 },
		{ "NODATA 86400", 3600, 3713 }, /* LIM-24 */
		{ "NODATA 1", 5, 6 },
	};

	(void)state;
	expect_waits(waits, sizeof(waits) / sizeof(waits[0]));
}

/* LIM-33: 5 s, twice as long each time, 300 s at most; an answer begins anew. */
static void asks_less_and_less_often_while_it_fails(void **state)
{
	static const char *const failures[] = { "SERVFAIL", "YXDOMAIN", "NODATA" };
	static const uint64_t waits_s[] = { 5, 10, 20, 40, 80, 160, 300, 300 };

	(void)state;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		struct scene scene;
		struct server *server = &scene.servers[0];

		open_scene(&scene);
		server->says = failures[i];
		learn_from(&scene, 0, 1);
		run(&scene, ANSWER_MS);
		for (size_t k = 0; k < sizeof(waits_s) / sizeof(waits_s[0]); k++)
			expect_about(next_question(server), waits_s[k], waits_s[k]);
		server->says = "AAAA 60 " PAIR_A;
		(void)next_question(server);
		server->says = failures[i];
		(void)next_question(server);
		expect_about(next_question(server), 5, 5);
		close_scene(&scene);
	}
}

/* R7050-3-e LIM-04 LIM-33: like any query, for 10 s; then as after other failures. */
static void repeats_what_was_lost(void **state)
{
	struct scene scene;
	struct server *server = &scene.servers[0];

	(void)state;
	open_scene(&scene);
	learn_from(&scene, 0, 1);
	run(&scene, 9 * SECOND_MS);
	assert_in_range(server->asked, 2, 3);
	assert_false(prefixes_are_tried(scene.prefixes));
	run(&scene, 2 * SECOND_MS);
	assert_true(prefixes_are_tried(scene.prefixes));
	expect_count(&scene, "result=\"failed\"", 1);
	server->says = "AAAA 60 " PAIR_A;
	run(&scene, 5 * SECOND_MS);
	expect_taught(&scene, 0, "64:ff9b::/96");
	close_scene(&scene);
}

/* Those that begin together go apart. */
static void servers_are_not_asked_in_step(void **state)
{
	struct scene scene;
	bool differs = false;

	(void)state;
	open_scene(&scene);
	for (size_t i = 0; i < 8; i++)
		scene.servers[i].says = "AAAA 3600 " PAIR_A;
	learn_from(&scene, 0, 8);
	run(&scene, 3600 * SECOND_MS);
	for (size_t i = 1; i < 8; i++) {
		assert_in_range(scene.servers[i].asked, 2, 3);
		differs |= scene.servers[i].asked_ms[1] != scene.servers[0].asked_ms[1];
	}
	assert_true(differs);
	close_scene(&scene);
}

/* The last good answer stays until there is another good one. */
static void keeps_what_it_has_learned(void **state)
{
	static const char *const others[] = { "NODATA 60", "NXDOMAIN 60", "NODATA", "SERVFAIL",
		"YXDOMAIN", "GARBAGE", NULL, "AAAA 60 2001:db8::1",
		"AAAA 60 fe80::c000:aa ::ffff:192.0.0.170" };

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct scene scene;
		struct server *server = &scene.servers[0];

		open_scene(&scene);
		server->says = "AAAA 60 " PAIR_A;
		learn_from(&scene, 0, 1);
		run(&scene, SECOND_MS);
		server->says = others[i];
		run(&scene, 600 * SECOND_MS);
		assert_true(server->asked > 2);
		expect_taught(&scene, 0, "64:ff9b::/96");
		assert_int_equal(scene.changes, 1);
		expect_count(&scene, "result=\"learned\"", 1);
		expect_count(&scene, "source=\"dns\"", 1);
		server->says = "AAAA 60 " PAIR_B;
		run(&scene, 400 * SECOND_MS);
		expect_taught(&scene, 0, "2001:db8:64::/96");
		assert_int_equal(scene.changes, 2);
		close_scene(&scene);
	}
}

/* Prefixes are told as often as they change, not as often as they are received. */
static void tells_of_changes_alone(void **state)
{
	struct scene scene;
	struct server *server = &scene.servers[0];

	(void)state;
	open_scene(&scene);
	server->says = "AAAA 60 " PAIR_A " " PAIR_B;
	learn_from(&scene, 0, 1);
	run(&scene, 600 * SECOND_MS);
	assert_int_equal(scene.changes, 1);
	expect_taught(&scene, 0, "64:ff9b::/96 2001:db8:64::/96");
	heard_expect("notice: a NAT64 prefix was learned prefix=64:ff9b::/96 "
		     "server=[2001:db8::1]:53\n"
		     "notice: a NAT64 prefix was learned prefix=2001:db8:64::/96 "
		     "server=[2001:db8::1]:53\n");
	/* R7050-3-d: the order is the one received first; a server that shuffles changes nothing.
	 */
	server->says = "AAAA 60 " PAIR_B " " PAIR_A;
	run(&scene, 600 * SECOND_MS);
	assert_int_equal(scene.changes, 1);
	expect_taught(&scene, 0, "64:ff9b::/96 2001:db8:64::/96");
	heard_expect("");
	server->says = "AAAA 60 2001:db8:1:c000:0:aa00:: " PAIR_A;
	run(&scene, 600 * SECOND_MS);
	assert_int_equal(scene.changes, 2);
	expect_taught(&scene, 0, "2001:db8:1::/48 64:ff9b::/96");
	heard_expect("notice: a NAT64 prefix was learned prefix=2001:db8:1::/48 "
		     "server=[2001:db8::1]:53\n"
		     "notice: a NAT64 prefix is told no more prefix=2001:db8:64::/96 "
		     "server=[2001:db8::1]:53\n");
	close_scene(&scene);
}

/* R7050-3-d: one line for each state, however often it is found. */
static void says_once_that_there_is_nothing(void **state)
{
	struct scene scene;
	struct server *server = &scene.servers[0];

	(void)state;
	open_scene(&scene);
	server->says = "NODATA 60";
	learn_from(&scene, 0, 1);
	run(&scene, 600 * SECOND_MS);
	heard_expect("info: a server knows no NAT64 prefix server=[2001:db8::1]:53\n");
	server->says = "SERVFAIL";
	run(&scene, 600 * SECOND_MS);
	heard_expect(
		"warning: a server fails to tell its NAT64 prefixes server=[2001:db8::1]:53\n");
	server->says = "AAAA 60 2001:db8::1";
	run(&scene, 600 * SECOND_MS);
	heard_expect("");
	assert_int_equal(scene.changes, 0);
	close_scene(&scene);
}

static void warns_once_of_a_server_that_has_taught(void **state)
{
	struct scene scene;
	struct server *server = &scene.servers[0];

	(void)state;
	open_scene(&scene);
	server->says = "AAAA 60 " PAIR_A;
	learn_from(&scene, 0, 1);
	run(&scene, SECOND_MS);
	heard_begin("NAT64");
	for (unsigned i = 0; i < 2; i++) {
		server->says = "SERVFAIL";
		run(&scene, 600 * SECOND_MS);
		heard_expect(
			"warning: a server fails to tell its NAT64 prefixes; what it said stays "
			"server=[2001:db8::1]:53\n");
		server->says = "NXDOMAIN 60";
		run(&scene, 600 * SECOND_MS);
		heard_expect("warning: a server tells no NAT64 prefix any more; what it said stays "
			     "server=[2001:db8::1]:53\n");
		server->says = "AAAA 60 " PAIR_A;
		run(&scene, 600 * SECOND_MS);
		heard_expect("notice: a server tells its NAT64 prefixes again "
			     "server=[2001:db8::1]:53\n");
	}
	assert_int_equal(scene.changes, 1);
	close_scene(&scene);
}

static void keeps_the_servers_that_stay(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	for (size_t i = 0; i < 3; i++)
		scene.servers[i].says = "AAAA 3600 " PAIR_A;
	learn_from(&scene, 0, 2);
	run(&scene, SECOND_MS);
	assert_int_equal(scene.changes, 1);
	learn_from(&scene, 1, 3);
	expect_taught(&scene, 0, "");
	expect_taught(&scene, 1, "64:ff9b::/96");
	expect_taught(&scene, 2, "");
	assert_false(prefixes_are_tried(scene.prefixes));
	run(&scene, SECOND_MS);
	expect_taught(&scene, 2, "64:ff9b::/96");
	assert_true(prefixes_are_tried(scene.prefixes));
	assert_int_equal(scene.changes, 2);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(scene.servers[i].asked, 1);
	run(&scene, 3600 * SECOND_MS);
	assert_int_equal(scene.servers[0].asked, 1);
	assert_true(scene.servers[1].asked > 1);
	expect_count(&scene, "source=\"dns\"", 1);
	learn_from(&scene, 0, 0);
	expect_taught(&scene, 1, "");
	expect_count(&scene, "source=\"dns\"", 0);
	assert_true(prefixes_are_tried(scene.prefixes));
	close_scene(&scene);
}

static void goes_by_the_new_rules(void **state)
{
	struct scene scene;
	struct server *server = &scene.servers[0];

	(void)state;
	open_scene(&scene);
	scene.rules.ttl_max = 60;
	server->says = "AAAA 3600 " PAIR_A;
	learn_from(&scene, 0, 1);
	run(&scene, ANSWER_MS);
	expect_about(next_question(server), 50, 50);
	scene.rules.ttl_max = 600;
	learn_from(&scene, 0, 1);
	expect_about(next_question(server), 50, 50);
	expect_about(next_question(server), 590, 590);
	close_scene(&scene);
}

static void takes_the_same_server_once(void **state)
{
	struct scene scene;
	struct endpoint twice[2];

	(void)state;
	open_scene(&scene);
	scene.servers[0].says = "AAAA 60 " PAIR_A;
	twice[0] = scene.servers[0].at;
	twice[1] = scene.servers[0].at;
	prefixes_set(scene.prefixes, &scene.rules, twice, 2);
	run(&scene, SECOND_MS);
	assert_int_equal(scene.servers[0].asked, 1);
	close_scene(&scene);
}

static void leaves_out_servers_beyond_its_limit(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	for (size_t i = 0; i < SERVERS; i++)
		scene.servers[i].says = "AAAA 60 " PAIR_A;
	learn_from(&scene, 0, SERVERS);
	heard_expect("~warning: too many servers to learn NAT64 prefixes from; some are left out "
		     "left_out=2\n");

	/* Said once. */
	learn_from(&scene, 0, SERVERS);
	heard_expect("");
	run(&scene, SECOND_MS);
	for (size_t i = 0; i < SERVERS; i++)
		assert_int_equal(scene.servers[i].asked, i < PREFIX_SERVERS_MAX);
	assert_int_equal(scene.changes, 1);
	expect_count(&scene, "source=\"dns\"", 1);
	close_scene(&scene);
}

/* LIM-21 */
static void keeps_no_more_prefixes_than_there_is_room_for(void **state)
{
	struct scene scene;
	struct prefix found[POLICY_PREFIXES_MAX];
	char says[ROOM] = "AAAA 60";

	(void)state;
	open_scene(&scene);
	for (unsigned i = 0; i < POLICY_PREFIXES_MAX + 4; i++) {
		size_t at = strlen(says);

		(void)snprintf(says + at, sizeof(says) - at, " 2001:db8:%x::c000:aa", i);
	}
	scene.servers[0].says = says;
	learn_from(&scene, 0, 1);
	run(&scene, SECOND_MS);
	assert_int_equal(
		prefixes_find(scene.prefixes, &scene.servers[0].at, found), POLICY_PREFIXES_MAX);
	close_scene(&scene);
}

static void may_be_freed_with_questions_in_flight(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	scene.servers[0].says = "AAAA 60 " PAIR_A;
	learn_from(&scene, 0, 2);
	run(&scene, SIM_LATENCY_MS);
	assert_int_equal(scene.servers[0].asked, 1);
	prefixes_free(scene.prefixes);
	scene.prefixes = NULL;
	run(&scene, 60 * SECOND_MS);
	assert_int_equal(scene.changes, 0);
	heard_expect("");
	close_scene(&scene);
}

static void forgets_a_server_with_its_question_in_flight(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	scene.servers[0].says = "AAAA 60 " PAIR_A;
	learn_from(&scene, 0, 1);
	run(&scene, SIM_LATENCY_MS);
	learn_from(&scene, 0, 0);
	run(&scene, 60 * SECOND_MS);
	assert_int_equal(scene.servers[0].asked, 1);
	assert_int_equal(scene.changes, 0);
	expect_count(&scene, "result=\"learned\"", 0);
	close_scene(&scene);
}

static void may_be_freed_by_whom_it_tells(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	scene.servers[0].says = "AAAA 60 " PAIR_A;
	scene.frees = true;
	learn_from(&scene, 0, 2);
	run(&scene, 600 * SECOND_MS);
	assert_int_equal(scene.changes, 1);
	assert_null(scene.prefixes);
	prefixes_free(NULL);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_each_server_by_itself),
		cmocka_unit_test(asks_again_before_the_answer_expires),
		cmocka_unit_test(does_not_ask_again_while_a_denial_lasts),
		cmocka_unit_test(asks_less_and_less_often_while_it_fails),
		cmocka_unit_test(repeats_what_was_lost),
		cmocka_unit_test(servers_are_not_asked_in_step),
		cmocka_unit_test(keeps_what_it_has_learned),
		cmocka_unit_test(tells_of_changes_alone),
		cmocka_unit_test(says_once_that_there_is_nothing),
		cmocka_unit_test(warns_once_of_a_server_that_has_taught),
		cmocka_unit_test(keeps_the_servers_that_stay),
		cmocka_unit_test(goes_by_the_new_rules),
		cmocka_unit_test(takes_the_same_server_once),
		cmocka_unit_test(leaves_out_servers_beyond_its_limit),
		cmocka_unit_test(keeps_no_more_prefixes_than_there_is_room_for),
		cmocka_unit_test(may_be_freed_with_questions_in_flight),
		cmocka_unit_test(forgets_a_server_with_its_question_in_flight),
		cmocka_unit_test(may_be_freed_by_whom_it_tells),
	};

	return cmocka_run_group_tests_name("prefixes", tests, NULL, NULL);
}
