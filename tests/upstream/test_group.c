/* Scenarios of a group over datagrams: believing, repeating, falling back, failing over. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "sixward/upstream/peer.h"
#include "stage.h"

#include <errno.h>
#include <stdio.h>

static struct stage stage;
static struct actor *const one = &stage.actors[0];
static struct actor *const two = &stage.actors[1];
static struct actor *const three = &stage.actors[2];

/* Lets the group learn that every server answers in `ms`. */
static void warm_up(unsigned questions)
{
	for (unsigned i = 0; i < questions; i++) {
		(void)stage_answer(&stage, "warm.example", TYPE_A);
		(void)sim_run_for(stage.sim, 2000);
	}
	for (size_t i = 0; i < ACTORS_MAX; i++) {
		stage.actors[i].udp_count = 0;
		stage.actors[i].seen_count = 0;
	}
}

static void asks_as_the_protocol_wants(void **state)
{
	const struct seen *seen = &one->seen[0];

	(void)state;
	stage_open(&stage, 1, ORDER_FASTEST);
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	assert_int_equal(one->udp_count, 1);
	/* UPS-e, SEC-4035-3.2.1, R7766-6.2.3-b: no keepalive over UDP */
	assert_int_equal(seen->flags, WIRE_RD);
	assert_true(seen->has_opt && seen->has_do);
	assert_int_equal(seen->udp_size, WIRE_UDP_ADVERTISED);
	assert_false(seen->has_keepalive);
	stage_close(&stage);
}

static void believes_the_ad_of_a_trusted_server_alone(void **state)
{
	(void)state;
	/* R4035-4.6-b */
	for (unsigned trust = 0; trust < 2; trust++) {
		struct server_options server = { .trust_ad = trust };
		struct asked asked;

		stage_open(&stage, 1, ORDER_FASTEST);
		one->udp.ad = true;
		server.endpoint = one->at;
		group_set_servers(stage.group, &server, 1);
		stage_ask(&stage, &asked, "www.example", TYPE_A);
		stage_wait(&stage, &asked);
		assert_int_equal(one->seen[0].flags, WIRE_RD | (trust ? WIRE_AD : 0));
		assert_int_equal(reply_facts(asked.reply)->ad, trust);
		asked_clear(&asked);
		stage_close(&stage);
	}
}

static void waits_for_the_true_reply(void **state)
{
	/* R5452-9.1-a, R1035-7.3-a, UPR-01 to UPR-03: each field wrong in turn. */
	const struct forge forgeries[] = {
		{ .wrong_id = true },
		{ .wrong_name = true },
		{ .wrong_type = true },
		{ .wrong_class = true },
		{ .wrong_opcode = true },
		{ .is_query = true },
		{ .two_questions = true },
		{ .no_question = true },
		{ .size = 11 },
		{ .size = 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forgeries) / sizeof(forgeries[0]); i++) {
		struct asked asked;

		stage_open(&stage, 1, ORDER_FASTEST);
		one->udp = forgeries[i];
		stage_ask(&stage, &asked, "www.example", TYPE_A);
		(void)sim_run_for(stage.sim, 500);
		assert_int_equal(asked.calls, 0);
		one->udp = (struct forge){ 0 };
		stage_wait(&stage, &asked);
		assert_int_equal(asked_answer(&asked), 1);
		assert_int_equal(one->udp_count, 2);
		asked_clear(&asked);
		stage_close(&stage);
	}
}

static void ignores_replies_from_elsewhere(void **state)
{
	struct forge forge = { 0 };
	struct wire_query_form form = { .type = TYPE_A, .rclass = CLASS_IN };
	struct endpoint stranger, other_port, to;
	struct asked asked;
	struct name name;
	uint8_t query[WIRE_QUERY_MAX], out[FORGE_ROOM];
	size_t size = 0;

	(void)state;
	stage_open(&stage, 1, ORDER_FASTEST);
	one->is_silent = true;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	(void)sim_run_for(stage.sim, 10);
	assert_true(name_parse("www.example", &name));
	form.name = name.octets;
	form.id = one->seen[0].id;
	size = forge_reply(query, wire_encode_query(&form, query, sizeof(query)), &forge, 99, out);
	assert_true(endpoint_parse("198.51.100.77", 53, &stranger));
	assert_true(endpoint_parse(SIM_HOST_IPV4, one->seen[0].port, &to));
	other_port = one->at;
	other_port.port = 5353;
	/* R5452-9.1-a: all is right but where it comes from. */
	sim_send_udp(stage.sim, &stranger, &to, out, size);
	sim_send_udp(stage.sim, &other_port, &to, out, size);
	(void)sim_run_for(stage.sim, 100);
	assert_int_equal(asked.calls, 0);
	sim_send_udp(stage.sim, &one->at, &to, out, size);
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 99);
	asked_clear(&asked);
	stage_close(&stage);
}

static void accepts_the_question_in_other_letters(void **state)
{
	(void)state;
	stage_open(&stage, 1, ORDER_FASTEST);
	one->udp.upper_case = true; /* UPR-15 */
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	assert_int_equal(one->udp_count, 1);
	stage_close(&stage);
}

static void takes_data_without_recursion_available(void **state)
{
	(void)state;
	stage_open(&stage, 1, ORDER_FASTEST);
	one->udp.no_ra = true; /* UPR-13 */
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	stage_close(&stage);
}

static void asks_over_tcp_after_twenty_forgeries(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_FASTEST);
	one->forgeries = 19;
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	assert_int_equal(one->stream_count, 0);
	/* R5452-9.3-a, LIM-13: not even the true one is believed then. */
	one->forgeries = 20;
	stage_ask(&stage, &asked, "other.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 1);
	assert_int_equal(one->stream_count, 1);
	assert_true(asked.ended_ms - asked.started_ms < 20);
	asked_clear(&asked);
	stage_close(&stage);
}

static void uses_ports_and_ids_that_nobody_can_guess(void **state)
{
	enum { QUESTIONS = 1000 };
	static uint8_t ports[65536];
	unsigned distinct = 0, steps = 0;
	unsigned low_ids = 0;

	(void)state;
	memset(ports, 0, sizeof(ports));
	stage_open(&stage, 1, ORDER_FASTEST);
	for (unsigned i = 0; i < QUESTIONS; i++)
		assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	/* R5452-9.2-a */
	for (unsigned i = 0; i < QUESTIONS; i++) {
		assert_true(one->seen[i].port >= 1024);
		distinct += !ports[one->seen[i].port]++;
		low_ids += one->seen[i].id < 32768;
		steps += i && one->seen[i].id == (uint16_t)(one->seen[i - 1].id + 1);
	}
	assert_true(distinct >= 64);
	assert_true(low_ids > 400 && low_ids < 600);
	assert_true(steps < 5);
	stage_close(&stage);
}

static void replaces_worn_ports(void **state)
{
	enum { QUESTIONS = 3000 };
	static uint16_t uses[65536];
	static uint64_t first_ms[65536];
	unsigned late = 0;

	(void)state;
	memset(uses, 0, sizeof(uses));
	stage_open(&stage, 1, ORDER_FASTEST);
	for (unsigned i = 0; i < QUESTIONS; i++) {
		assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
		(void)sim_run_for(stage.sim, 40);
	}
	/* LIM-36: none lives longer than 60 s; but chance may give a number a second life. */
	for (unsigned i = 0; i < QUESTIONS; i++) {
		uint16_t port = one->seen[i].port;

		if (!uses[port]++)
			first_ms[port] = one->seen[i].at_ms;
		late += one->seen[i].at_ms - first_ms[port] > 60002;
	}
	assert_true(late < QUESTIONS / 20);
	stage_close(&stage);
}

static void never_uses_a_port_more_than_256_times(void **state)
{
	enum { TURNS = 800, PER_TURN = 32 }; /* 400 for each of 64 ports */
	static struct asked asked[PER_TURN];
	static uint16_t uses[65536];
	unsigned full = 0, over = 0;

	(void)state;
	memset(uses, 0, sizeof(uses));
	stage_open(&stage, 1, ORDER_FASTEST);
	for (unsigned turn = 0; turn < TURNS; turn++) {
		for (unsigned i = 0; i < PER_TURN; i++)
			stage_ask(&stage, &asked[i], "www.example", TYPE_A);
		(void)sim_run_for(stage.sim, 10);
		for (unsigned i = 0; i < PER_TURN; i++)
			asked_clear(&asked[i]);
	}
	for (size_t i = 0; i < one->seen_count; i++)
		uses[one->seen[i].port]++;
	for (unsigned port = 0; port < 65536; port++) {
		full += uses[port] == 256;
		over += uses[port] > 256;
	}
	/* LIM-36; but chance may give a number a second life. */
	assert_true(full > 32);
	assert_true(over < 5);
	stage_close(&stage);
}

static void keeps_aaaa_and_a_on_different_ports(void **state)
{
	enum { PAIRS = 1000 };
	static uint8_t types[65536];

	(void)state;
	memset(types, 0, sizeof(types));
	stage_open(&stage, 1, ORDER_FASTEST);
	for (unsigned i = 0; i < PAIRS; i++) {
		struct asked aaaa, a;

		stage_ask(&stage, &aaaa, "www.example", TYPE_AAAA);
		stage_ask(&stage, &a, "www.example", TYPE_A);
		stage_wait(&stage, &a);
		asked_clear(&aaaa);
		asked_clear(&a);
	}
	/* LIM-36 */
	for (size_t i = 0; i < one->seen_count; i++) {
		uint8_t type = (uint8_t)one->seen[i].type;

		assert_true(!types[one->seen[i].port] || types[one->seen[i].port] == type);
		types[one->seen[i].port] = type;
	}
	stage_close(&stage);
}

static void repeats_three_times_and_then_asks_over_tcp(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_FASTEST);
	one->is_silent = true;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	/* LIM-01, LIM-05, R9520-3.1-a: at 0, 1, 2 s; TCP at 4 s. */
	assert_int_equal(one->udp_count, 3);
	assert_int_equal(one->seen[1].at_ms - one->seen[0].at_ms, 1000);
	assert_int_equal(one->seen[2].at_ms - one->seen[1].at_ms, 1000);
	assert_int_equal(one->stream_count, 1);
	assert_in_range(one->seen[3].at_ms - one->seen[2].at_ms, 2000, 2005);
	assert_int_equal(asked_answer(&asked), 1);
	asked_clear(&asked);
	stage_close(&stage);
}

static void repeats_soon_where_the_server_is_near(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_FASTEST);
	sim_set_latency(stage.sim, &one->at, 10);
	warm_up(3);
	one->is_silent = true;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	/* LIM-02: 30, 30 and 60 ms, then TCP: 40 ms more. */
	assert_int_equal(one->udp_count, 3);
	assert_int_equal(one->seen[1].at_ms - one->seen[0].at_ms, 30);
	assert_int_equal(one->seen[2].at_ms - one->seen[1].at_ms, 30);
	assert_int_equal(asked.ended_ms - asked.started_ms, 160);
	asked_clear(&asked);
	stage_close(&stage);
}

static void takes_a_late_reply_to_any_transmission(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_FASTEST);
	one->tcp = SIM_IGNORE;
	sim_set_latency(stage.sim, &one->at, 10);
	warm_up(3);
	/* A name that takes half a second: every repeat is sent, TCP tried, and the reply to the
	 * first counts (LIM-02). */
	sim_set_latency(stage.sim, &one->at, 250);
	stage_ask(&stage, &asked, "slow.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 1);
	assert_int_equal(asked.ended_ms - asked.started_ms, 500);
	assert_int_equal(one->udp_count, 3);
	asked_clear(&asked);
	stage_close(&stage);
}

static void loses_no_question_where_replies_are_lost(void **state)
{
	enum { QUESTIONS = 1000 };
	static struct asked asked;

	(void)state;
	/* goals.md M7: with one upstream, and the same with two. */
	for (unsigned servers = 1; servers <= 2; servers++) {
		unsigned slow = 0, median = 0, sent = 0;

		stage_open(&stage, servers, ORDER_FASTEST);
		sim_set_latency(stage.sim, NULL, 10);
		warm_up(6);
		one->percent = 20;
		two->percent = 20;
		for (unsigned i = 0; i < QUESTIONS; i++) {
			stage_ask(&stage, &asked, "www.example", TYPE_A);
			stage_wait(&stage, &asked);
			assert_non_null(asked.reply);
			slow += asked.ended_ms - asked.started_ms > 170;
			median += asked.ended_ms - asked.started_ms <= 20;
			asked_clear(&asked);
		}
		sent = one->udp_count + one->stream_count + two->udp_count + two->stream_count;
		assert_true(slow <= QUESTIONS / 100);
		assert_true(median >= QUESTIONS / 2);
		/* 1.35 each: 2.7 for AAAA and A together. */
		assert_true(sent <= QUESTIONS * 135 / 100);
		stage_close(&stage);
	}
}

static void asks_another_before_the_same_again(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->is_silent = true;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	/* R1035-4.2.1-a */
	assert_int_equal(asked_answer(&asked), 2);
	assert_int_equal(one->udp_count, 1);
	assert_int_equal(two->udp_count, 1);
	assert_int_equal(asked.ended_ms - asked.started_ms, 1002);
	asked_clear(&asked);
	stage_close(&stage);
}

static void does_not_wait_twice_for_a_dead_server(void **state)
{
	enum group_order orders[] = { ORDER_LISTED, ORDER_FASTEST };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct asked asked;

		stage_open(&stage, 2, orders[k]);
		one->is_silent = true;
		one->tcp = SIM_IGNORE;
		assert_int_equal(stage_answer(&stage, "first.example", TYPE_A), 2);
		/* R2308-7.2-a: for an hour no question waits for it. */
		for (unsigned i = 0; i < 720; i++) {
			stage_ask(&stage, &asked, "www.example", TYPE_A);
			stage_wait(&stage, &asked);
			assert_int_equal(asked_answer(&asked), 2);
			assert_int_equal(asked.ended_ms - asked.started_ms, 2);
			asked_clear(&asked);
			(void)sim_run_for(stage.sim, 5000);
		}
		/* LIM-17: it is probed about once a minute, with one datagram. */
		assert_in_range(one->udp_count, 50, 70);
		stage_close(&stage);
	}
}

static struct group *group_of_a_worker(enum group_order order, struct rumours *rumours)
{
	const struct server_options servers[] = { { .endpoint = one->at },
		{ .endpoint = two->at } };
	const struct group_options options = {
		.scope = 7,
		.order = order,
		.rules = { .ttl_max = 86400, .negative_ttl_max = 3600, .links_max = 16 },
		.servers = servers,
		.server_count = 2,
		.rumours = rumours,
	};

	return group_new(stage.loop, &stage.entropy, &options);
}

/* Quick to say no is not fast: it is asked after the others, and tried again later. */
static void a_server_that_only_refuses_is_not_the_fastest(void **state)
{
	(void)state;
	stage_open(&stage, 2, ORDER_FASTEST);
	sim_set_latency(stage.sim, &two->at, 20);
	for (unsigned i = 0; i < 20; i++)
		(void)stage_answer(&stage, "measure.example", TYPE_A);
	one->udp.rcode = RCODE_REFUSED;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 2);
	one->udp_count = 0;
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 2);
	assert_true(one->udp_count <= 1); /* a measurement now and then */

	one->udp.rcode = RCODE_NOERROR;
	(void)sim_run_for(stage.sim, PEER_USELESS_FOR_MS);
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	stage_close(&stage);
}

static void does_not_wait_for_what_another_worker_found_dead(void **state)
{
	enum group_order orders[] = { ORDER_LISTED, ORDER_FASTEST };

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct rumours *rumours = rumours_new();
		struct group *workers[2];
		struct asked asked;
		uint64_t sent_ms = 0;

		stage_open(&stage, 2, orders[k]);
		group_free(stage.group);
		workers[0] = group_of_a_worker(orders[k], rumours);
		workers[1] = group_of_a_worker(orders[k], rumours);
		one->is_silent = true;
		one->tcp = SIM_IGNORE;
		stage.group = workers[0];
		assert_int_equal(stage_answer(&stage, "first.example", TYPE_A), 2);

		stage.group = workers[1];
		for (unsigned i = 0; i < 2; i++) {
			stage_ask(&stage, &asked, "www.example", TYPE_A);
			stage_wait(&stage, &asked);
			assert_int_equal(asked_answer(&asked), 2);
			assert_int_equal(asked.ended_ms - asked.started_ms, 2);
			asked_clear(&asked);
		}
		/* Each finds out for itself that it is back, and says so. */
		one->is_silent = false;
		(void)sim_run_for(stage.sim, 6000);
		assert_true(rumours_find(rumours, &one->at, &sent_ms));
		for (unsigned i = 0; i < 2; i++) {
			stage.group = workers[i];
			(void)stage_answer(&stage, "third.example", TYPE_A);
			(void)sim_run_for(stage.sim, 100);
			assert_false(rumours_find(rumours, &one->at, &sent_ms));
			if (orders[k] == ORDER_LISTED)
				assert_int_equal(stage_answer(&stage, "fourth.example", TYPE_A), 1);
		}
		group_free(workers[0]);
		stage_close(&stage);
		rumours_free(rumours);
	}
}

static void believes_its_own_eyes_before_a_rumour(void **state)
{
	struct rumours *rumours = rumours_new();

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	group_free(stage.group);
	stage.group = group_of_a_worker(ORDER_LISTED, rumours);
	assert_int_equal(stage_answer(&stage, "first.example", TYPE_A), 1);
	rumours_tell(rumours, &one->at, loop_now_ms(stage.loop) - 1);
	assert_int_equal(stage_answer(&stage, "second.example", TYPE_A), 1);
	(void)sim_run_for(stage.sim, 100);
	rumours_tell(rumours, &one->at, loop_now_ms(stage.loop));
	assert_int_equal(stage_answer(&stage, "third.example", TYPE_A), 2);
	stage_close(&stage);
	rumours_free(rumours);
}

static void sends_one_datagram_as_a_probe(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	warm_up(3);
	one->is_silent = true;
	one->tcp = SIM_IGNORE;
	assert_int_equal(stage_answer(&stage, "first.example", TYPE_A), 2);
	(void)sim_run_for(stage.sim, 6000);
	one->udp_count = 0;
	/* However long the other takes. */
	sim_set_latency(stage.sim, &two->at, 300);
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 2);
	assert_int_equal(one->udp_count, 1);
	asked_clear(&asked);
	stage_close(&stage);
}

static void hears_a_probe_that_takes_longer_than_the_answer(void **state)
{
	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	sim_set_latency(stage.sim, &one->at, 100);
	warm_up(3);
	one->is_silent = true;
	one->tcp = SIM_IGNORE;
	assert_int_equal(stage_answer(&stage, "first.example", TYPE_A), 2);
	one->is_silent = false;
	(void)sim_run_for(stage.sim, 6000);
	assert_int_equal(stage_answer(&stage, "second.example", TYPE_A), 2);
	(void)sim_run_for(stage.sim, 300);
	assert_int_equal(stage_answer(&stage, "third.example", TYPE_A), 1);
	stage_close(&stage);
}

static void waits_for_the_probe_when_nothing_else_is_left(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	warm_up(3);
	one->is_silent = true;
	one->tcp = SIM_IGNORE;
	assert_int_equal(stage_answer(&stage, "first.example", TYPE_A), 2);
	(void)sim_run_for(stage.sim, 6000);
	one->is_silent = false;
	sim_set_latency(stage.sim, &one->at, 400);
	sim_set_latency(stage.sim, &two->at, 100);
	two->udp.rcode = RCODE_SERVFAIL;
	two->stream.rcode = RCODE_SERVFAIL;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 1);
	asked_clear(&asked);
	stage_close(&stage);
}

static void asks_a_held_server_rather_than_fail(void **state)
{
	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	sim_refuse(stage.sim, &one->at, -ECONNREFUSED);
	assert_int_equal(stage_answer(&stage, "first.example", TYPE_A), 2);
	sim_refuse(stage.sim, &one->at, 0);
	two->udp.bad_record = true;
	two->stream.bad_record = true;
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	stage_close(&stage);
}

static void asks_over_tcp_where_datagrams_are_refused(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	sim_refuse(stage.sim, &one->at, -ECONNREFUSED);
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	(void)sim_run_for(stage.sim, 2);
	sim_refuse(stage.sim, &one->at, 0);
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 1);
	assert_int_equal(one->stream_count, 1);
	asked_clear(&asked);
	stage_close(&stage);
}

static void takes_a_server_listed_twice_as_one(void **state)
{
	struct server_options servers[2] = { { .trust_ad = false } };
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	servers[0].endpoint = servers[1].endpoint = one->at;
	group_set_servers(stage.group, NULL, 0);
	group_set_servers(stage.group, servers, 2);
	one->is_silent = true;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(one->udp_count, 3); /* R9520-3.1-a */
	asked_clear(&asked);
	stage_close(&stage);
}

static void takes_no_for_an_answer_while_another_is_silent(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	warm_up(3);
	one->is_silent = true;
	one->tcp = SIM_IGNORE;
	two->udp.rcode = RCODE_SERVFAIL;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked.failure.rcode, RCODE_SERVFAIL);
	/* Well within a client's patience, once the silent one has had its chances. */
	assert_true(asked.ended_ms - asked.started_ms < 1500);
	assert_int_equal(one->udp_count, 3);
	stage_close(&stage);
}

static void returns_to_the_first_when_it_is_back(void **state)
{
	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->is_silent = true;
	one->tcp = SIM_IGNORE;
	assert_int_equal(stage_answer(&stage, "first.example", TYPE_A), 2);
	one->is_silent = false;
	assert_int_equal(stage_answer(&stage, "second.example", TYPE_A), 2);
	(void)sim_run_for(stage.sim, 6000);
	/* R2308-7.2-a: the probe goes along with a real question, then it is used again. */
	(void)stage_answer(&stage, "third.example", TYPE_A);
	(void)sim_run_for(stage.sim, 100);
	assert_int_equal(stage_answer(&stage, "fourth.example", TYPE_A), 1);
	stage_close(&stage);
}

static void answers_once_one_of_two_dead_servers_is_back(void **state)
{
	struct asked asked;

	(void)state;
	for (unsigned which = 0; which < 2; which++) {
		struct actor *back = &stage.actors[which];

		stage_open(&stage, 2, ORDER_FASTEST);
		for (unsigned i = 0; i < 2; i++) {
			stage.actors[i].is_silent = true;
			stage.actors[i].tcp = SIM_IGNORE;
		}
		for (unsigned i = 0; i < 4; i++) {
			stage_ask(&stage, &asked, "lost.example", TYPE_A);
			stage_wait(&stage, &asked);
			assert_null(asked.reply);
			assert_int_equal(asked.failure.cause, FAILURE_TIMEOUT);
			assert_true(asked.ended_ms - asked.started_ms <= 10000);
		}
		/* If all are held, none counts as held (R2308-7.2-a). */
		back->is_silent = false;
		stage_ask(&stage, &asked, "new.example", TYPE_A);
		stage_wait(&stage, &asked);
		assert_int_equal(asked_answer(&asked), which + 1);
		assert_true(asked.ended_ms - asked.started_ms < 4500);
		asked_clear(&asked);
		stage_close(&stage);
	}
}

static void sends_at_most_three_datagrams_to_each_server(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 4, ORDER_LISTED);
	for (unsigned i = 0; i < 4; i++) {
		stage.actors[i].is_silent = true;
		stage.actors[i].is_mute = true;
	}
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	/* R9520-3.1-a, R1123-6.1.3.3-a, LIM-05, LIM-06: three servers of the four. */
	assert_int_equal(one->udp_count, 3);
	assert_int_equal(two->udp_count, 3);
	assert_int_equal(three->udp_count, 3);
	assert_int_equal(stage.actors[3].udp_count, 0);
	assert_int_equal(asked.failure.cause, FAILURE_TIMEOUT);
	assert_int_equal(asked.ended_ms - asked.started_ms, 10000);
	for (unsigned i = 0; i < 3; i++)
		assert_true(stage.actors[i].stream_count <= 3);
	stage_close(&stage);
}

/* R1123-6.1.3.3-a, LIM-08: what one part of an alias chain leaves to the next. */
static void makes_no_more_tries_than_it_is_given(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 4, ORDER_LISTED);
	for (unsigned i = 0; i < 4; i++)
		stage.actors[i].udp.rcode = RCODE_SERVFAIL;
	stage.tries_max = 2;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked.failure.cause, FAILURE_RCODE);
	assert_int_equal(asked.tries, 2);
	assert_int_equal(one->udp_count + two->udp_count, 2);
	assert_int_equal(three->udp_count, 0);
	/* UPS-a: no try is left for the stream. */
	one->udp.rcode = RCODE_NOERROR;
	one->udp.is_truncated = true;
	stage.tries_max = 1;
	stage_ask(&stage, &asked, "large.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked.failure.cause, FAILURE_LIMIT);
	assert_int_equal(asked.tries, 1);
	stage.tries_max = 2;
	stage_ask(&stage, &asked, "large.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked.tries, 2);
	assert_int_equal(asked_answer(&asked), 1);
	asked_clear(&asked);
	stage_close(&stage);
}

static void goes_to_the_next_server_when_one_is_unreachable(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	sim_refuse(stage.sim, &one->at, -ECONNREFUSED);
	/* R2308-7.2-a */
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 2);
	assert_int_equal(asked.ended_ms - asked.started_ms, 4);
	asked_clear(&asked);
	assert_int_equal(stage_answer(&stage, "again.example", TYPE_A), 2);
	assert_int_equal(sim_count_udp(stage.sim, &one->at), 1);
	stage_close(&stage);
}

static void fails_at_once_when_all_are_unreachable(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	sim_refuse(stage.sim, &one->at, -ECONNREFUSED);
	sim_refuse(stage.sim, &two->at, -EHOSTUNREACH);
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked.failure.cause, FAILURE_NETWORK);
	assert_true(asked.ended_ms - asked.started_ms < 50);
	stage_close(&stage);
}

static void tells_whose_word_it_was(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 3, ORDER_LISTED);
	one->udp.rcode = RCODE_SERVFAIL;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_true(endpoint_equal(&asked.server, &two->at));
	asked_clear(&asked);
	/* Where all fail, the last that said so; the third one says nothing. */
	two->udp.rcode = RCODE_REFUSED;
	three->is_silent = true;
	three->tcp = SIM_IGNORE;
	stage_ask(&stage, &asked, "other.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked.failure.cause, FAILURE_RCODE);
	assert_true(endpoint_equal(&asked.server, &two->at));
	group_set_servers(stage.group, &(struct server_options){ .endpoint = three->at }, 1);
	stage_ask(&stage, &asked, "silent.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked.failure.cause, FAILURE_TIMEOUT);
	assert_int_equal(asked.server.addr.family, ADDR_NONE);
	stage_close(&stage);
}

static void asks_each_server_once_that_answers_with_an_error(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 3, ORDER_LISTED);
	/* UPS-b */
	one->udp.rcode = RCODE_SERVFAIL;
	two->udp.rcode = RCODE_REFUSED;
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 3);
	three->udp.rcode = RCODE_NOTIMP;
	three->udp.ede = 22;
	stage_ask(&stage, &asked, "other.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked.failure.cause, FAILURE_RCODE);
	assert_int_equal(asked.failure.rcode, RCODE_SERVFAIL);
	assert_int_equal(asked.failure.edes.count, 1);
	assert_int_equal(one->udp_count, 2);
	assert_int_equal(two->udp_count, 2);
	assert_int_equal(three->udp_count, 2);
	assert_true(asked.ended_ms - asked.started_ms < 10);
	stage_close(&stage);
}

static void takes_a_dnssec_failure_as_final(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->udp.rcode = RCODE_SERVFAIL;
	one->udp.ede = 6;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	/* UPS-b */
	assert_true(failure_is_dnssec(&asked.failure));
	assert_int_equal(two->udp_count, 0);
	stage_close(&stage);
}

static void passes_on_yxdomain(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->udp.rcode = RCODE_YXDOMAIN;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	/* UPS-c */
	assert_non_null(asked.reply);
	assert_int_equal(reply_facts(asked.reply)->kind, REPLY_RCODE);
	assert_int_equal(two->udp_count, 0);
	asked_clear(&asked);
	stage_close(&stage);
}

static void reports_a_loop_of_aliases(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->udp.loops = true;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked.failure.cause, FAILURE_CHAIN);
	stage_close(&stage);
}

static void goes_on_after_an_error_without_a_question(void **state)
{
	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->udp.rcode = RCODE_REFUSED;
	one->udp.no_question = true;
	/* UPR-02 */
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 2);
	assert_int_equal(one->udp_count, 1);
	stage_close(&stage);
}

static void asks_without_edns_where_it_is_not_known(void **state)
{
	const struct forge dislikes[] = {
		{ .rcode = RCODE_FORMERR, .no_opt = true },
		{ .rcode = RCODE_NOTIMP, .no_opt = true },
		{ .rcode = RCODE_FORMERR, .no_opt = true, .no_question = true },
		{ .rcode = RCODE_BADVERS },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(dislikes) / sizeof(dislikes[0]); i++) {
		struct asked asked;

		stage_open(&stage, 1, ORDER_FASTEST);
		one->udp = dislikes[i];
		stage_ask(&stage, &asked, "www.example", TYPE_A);
		(void)sim_run_for(stage.sim, 2);
		one->udp = (struct forge){ 0 };
		stage_wait(&stage, &asked);
		asked_clear(&asked);
		/* R6891-6.2.2-a, LIM-16: remembered for a quarter of an hour. */
		assert_int_equal(one->udp_count, 2);
		assert_true(one->seen[0].has_opt);
		assert_false(one->seen[1].has_opt);
		(void)stage_answer(&stage, "second.example", TYPE_A);
		assert_false(one->seen[2].has_opt);
		(void)sim_run_for(stage.sim, 15 * 60 * 1000);
		(void)stage_answer(&stage, "third.example", TYPE_A);
		assert_true(one->seen[3].has_opt);
		stage_close(&stage);
	}
}

static void keeps_edns_where_only_the_question_is_disliked(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 1, ORDER_FASTEST);
	one->udp = (struct forge){ .rcode = RCODE_FORMERR, .no_opt = true };
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_int_equal(asked.failure.rcode, RCODE_FORMERR);
	assert_int_equal(one->udp_count, 2);
	one->udp = (struct forge){ 0 };
	(void)stage_answer(&stage, "second.example", TYPE_A);
	assert_true(one->seen[2].has_opt);
	stage_close(&stage);
}

static void prefers_the_fastest(void **state)
{
	unsigned counts[3] = { 0 };

	(void)state;
	stage_open(&stage, 3, ORDER_FASTEST);
	sim_set_latency(stage.sim, &one->at, 50);
	sim_set_latency(stage.sim, &two->at, 5);
	sim_set_latency(stage.sim, &three->at, 20);
	warm_up(10);
	for (unsigned i = 0; i < 320; i++) {
		struct asked asked;

		stage_ask(&stage, &asked, "www.example", TYPE_A);
		stage_wait(&stage, &asked);
		/* Nobody waits for those that are only measured. */
		assert_int_equal(asked.ended_ms - asked.started_ms, 10);
		counts[asked_answer(&asked) - 1]++;
		asked_clear(&asked);
	}
	assert_int_equal(counts[1], 320);
	assert_in_range(one->udp_count + three->udp_count, 5, 20);
	/* And it notices when another becomes the fastest. */
	sim_set_latency(stage.sim, &two->at, 80);
	for (unsigned i = 0; i < 40; i++) {
		(void)stage_answer(&stage, "www.example", TYPE_A);
		(void)sim_run_for(stage.sim, 500);
	}
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 3);
	stage_close(&stage);
}

static void sends_to_the_first_listed_alone(void **state)
{
	(void)state;
	stage_open(&stage, 3, ORDER_LISTED);
	for (unsigned i = 0; i < 100; i++)
		assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	assert_int_equal(two->udp_count + three->udp_count, 0);
	stage_close(&stage);
}

static void notices_its_own_question_coming_back(void **state)
{
	struct asked asked;
	struct name name, other;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->is_silent = true;
	stage_ask(&stage, &asked, "Www.Example", TYPE_A);
	(void)sim_run_for(stage.sim, 5);
	assert_true(name_parse("wWw.example", &name));
	assert_true(name_parse("wwx.example", &other));
	/* UPS-d: id, question and source port, all of them. */
	assert_false(group_is_own(stage.group, (uint16_t)(one->seen[0].id + 1), one->seen[0].port,
		name.octets, TYPE_A));
	assert_false(group_is_own(stage.group, one->seen[0].id, (uint16_t)(one->seen[0].port ^ 1),
		name.octets, TYPE_A));
	assert_false(group_is_own(
		stage.group, one->seen[0].id, one->seen[0].port, other.octets, TYPE_A));
	assert_false(group_is_own(
		stage.group, one->seen[0].id, one->seen[0].port, name.octets, TYPE_AAAA));
	assert_true(
		group_is_own(stage.group, one->seen[0].id, one->seen[0].port, name.octets, TYPE_A));
	assert_int_equal(asked.calls, 0);
	/* It loops: the next one is asked now, and first from now on. */
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 2);
	assert_true(asked.ended_ms - asked.started_ms < 10);
	asked_clear(&asked);
	assert_int_equal(stage_answer(&stage, "next.example", TYPE_A), 2);
	assert_int_equal(one->udp_count, 1);
	stage_close(&stage);
}

static void calls_nobody_back_from_inside_the_loop_guard(void **state)
{
	struct asked asked;
	struct name name;

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	/* Nothing is left to try: TCP was refused just now. */
	one->udp.is_truncated = true;
	one->tcp = SIM_REFUSE;
	assert_int_equal(stage_answer(&stage, "first.example", TYPE_A), 0);
	one->is_silent = true;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	(void)sim_run_for(stage.sim, 5);
	assert_true(name_parse("www.example", &name));
	assert_true(
		group_is_own(stage.group, one->seen[1].id, one->seen[1].port, name.octets, TYPE_A));
	assert_int_equal(asked.calls, 0); /* UPS-d */
	stage_wait(&stage, &asked);
	assert_int_equal(asked.failure.cause, FAILURE_NETWORK);
	stage_close(&stage);
}

/* UPS-d: when that is the only upstream there is nothing to wait for, nor over TCP. */
static void fails_at_once_when_its_only_server_is_itself(void **state)
{
	struct asked asked;
	struct name name;

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->is_silent = true;
	one->tcp = SIM_IGNORE;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	(void)sim_run_for(stage.sim, 5);
	assert_true(name_parse("www.example", &name));
	assert_true(
		group_is_own(stage.group, one->seen[0].id, one->seen[0].port, name.octets, TYPE_A));
	stage_wait(&stage, &asked);
	assert_int_equal(asked.failure.cause, FAILURE_NETWORK);
	assert_true(asked.ended_ms - asked.started_ms < 10);
	stage_close(&stage);
}

static void fails_when_it_knows_no_server(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 0, ORDER_FASTEST);
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_wait(&stage, &asked);
	assert_null(asked.reply);
	assert_int_equal(asked.failure.cause, FAILURE_NO_UPSTREAM);
	stage_close(&stage);
}

static void keeps_what_it_knows_of_servers_that_stay(void **state)
{
	struct server_options servers[2];
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->is_silent = true;
	one->tcp = SIM_IGNORE;
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 2);
	servers[0] = (struct server_options){ .endpoint = one->at };
	servers[1] = (struct server_options){ .endpoint = two->at };
	group_set_servers(stage.group, servers, 2);
	assert_int_equal(stage_answer(&stage, "next.example", TYPE_A), 2);
	assert_int_equal(one->udp_count, 1);

	/* A question in flight to a server that goes is answered all the same. */
	stage_ask(&stage, &asked, "late.example", TYPE_A);
	group_set_servers(stage.group, servers, 1);
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 2);
	asked_clear(&asked);
	stage_close(&stage);
}

static void calls_nobody_back_after_a_cancel(void **state)
{
	struct asked asked, other;

	(void)state;
	stage_open(&stage, 1, ORDER_FASTEST);
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_ask(&stage, &other, "other.example", TYPE_A);
	group_cancel(asked.query);
	group_cancel(NULL);
	stage_wait(&stage, &other);
	(void)sim_run_for(stage.sim, 20000);
	assert_int_equal(asked.calls, 0);
	asked_clear(&other);
	/* And with the group free, nor by those in flight. */
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	stage_close(&stage);
	assert_int_equal(asked.calls, 0);
}

static void retires_with_its_last_question(void **state)
{
	struct asked asked;

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	one->is_silent = true;
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	group_retire(stage.group);
	stage.group = NULL;
	stage_wait(&stage, &asked);
	assert_int_equal(asked_answer(&asked), 2);
	asked_clear(&asked);
	stage_close(&stage); /* which finds nothing left on the loop */

	stage_open(&stage, 1, ORDER_LISTED);
	stage_ask(&stage, &asked, "www.example", TYPE_A);
	group_retire(stage.group);
	stage.group = NULL;
	group_cancel(asked.query);
	stage_close(&stage);
}

static void refuses_more_than_it_can_hold(void **state)
{
	static struct asked asked[GROUP_QUERIES_MAX + 1];
	struct asked *last = &asked[GROUP_QUERIES_MAX];

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	sim_serve_udp(stage.sim, &one->at, NULL, NULL);
	for (size_t i = 0; i <= GROUP_QUERIES_MAX; i++)
		stage_ask(&stage, &asked[i], "www.example", TYPE_A);
	stage_wait(&stage, last);
	assert_int_equal(last->failure.cause, FAILURE_LIMIT);
	assert_int_equal(last->ended_ms, last->started_ms);
	stage_close(&stage);
}

static void on_survey(void *owner, const struct server_survey *survey)
{
	struct server_survey **next = owner;

	*(*next)++ = *survey;
}

static void survey(struct server_survey surveys[ACTORS_MAX])
{
	group_survey(stage.group, (const uint8_t *)"", on_survey, &surveys);
}

static void knows_how_its_servers_have_done(void **state)
{
	struct server_survey surveys[ACTORS_MAX];

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	survey(surveys);
	assert_true(endpoint_equal(&surveys[0].endpoint, &one->at));
	assert_true(surveys[0].is_timed && !surveys[0].is_held);
	assert_int_equal(surveys[0].questions, one->udp_count);
	assert_int_equal(surveys[0].replies, 5);
	assert_int_equal(surveys[0].losses, 0);
	assert_int_equal(reply_times_count(&surveys[0].times), 5);

	/* Over TCP as well. */
	one->udp.is_truncated = true;
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	survey(surveys);
	assert_int_equal(surveys[0].questions, one->udp_count + one->stream_count);
	assert_int_equal(surveys[0].replies, 7);
	stage_close(&stage);
}

static void knows_which_of_its_servers_are_silent(void **state)
{
	struct server_survey surveys[ACTORS_MAX];

	(void)state;
	stage_open(&stage, 2, ORDER_LISTED);
	warm_up(3);
	one->is_silent = true;
	one->tcp = SIM_IGNORE;
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 2);
		(void)sim_run_for(stage.sim, 2000);
	}
	survey(surveys);
	assert_true(surveys[0].is_held);
	(void)sim_run_for(stage.sim, 10000);
	survey(surveys);
	assert_int_equal(surveys[0].losses, surveys[0].questions - surveys[0].replies);
	assert_int_equal(surveys[0].lately_losses, surveys[0].losses);
	assert_true(surveys[0].questions > surveys[0].replies);
	assert_true(!surveys[1].is_held && surveys[1].losses == 0);
	stage_close(&stage);
}

/* A network that lets only TCP through is no reason to call the server dead. */
static void knows_a_server_by_its_streams_where_it_has_nothing_else(void **state)
{
	struct server_survey surveys[ACTORS_MAX];

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->is_silent = true;
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	survey(surveys);
	assert_true(!surveys[0].is_held && surveys[0].is_timed);
	assert_true(surveys[0].losses > 0);
	stage_close(&stage);
}

/* A balancer that asks for our health sends no question until we are well again. */
static void finds_out_that_a_server_is_back_while_nobody_asks(void **state)
{
	struct server_survey surveys[ACTORS_MAX];
	unsigned asked;

	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->is_silent = true;
	one->tcp = SIM_REFUSE;
	group_revive(stage.group, (const uint8_t *)"");
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 0);
	survey(surveys);
	assert_true(surveys[0].is_held);

	/* Not while it is held, and not twice at once. */
	asked = one->udp_count;
	group_revive(stage.group, (const uint8_t *)"");
	(void)sim_run_for(stage.sim, 100);
	assert_int_equal(one->udp_count, asked);
	(void)sim_run_for(stage.sim, HEALTH_HOLD_MAX);
	one->is_silent = false;
	for (unsigned i = 0; i < 3; i++)
		group_revive(stage.group, (const uint8_t *)"\7example");
	(void)sim_run_for(stage.sim, 100);
	assert_int_equal(one->udp_count, asked + 1);
	assert_int_equal(one->seen[one->seen_count - 1].type, TYPE_SOA);
	survey(surveys);
	assert_false(surveys[0].is_held);
	group_revive(stage.group, (const uint8_t *)"");
	(void)sim_run_for(stage.sim, 100);
	assert_int_equal(one->udp_count, asked + 1);
	stage_close(&stage);
}

static void retires_while_it_finds_out(void **state)
{
	(void)state;
	stage_open(&stage, 1, ORDER_LISTED);
	one->is_silent = true;
	one->tcp = SIM_REFUSE;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 0);
	(void)sim_run_for(stage.sim, HEALTH_HOLD_MAX);
	group_revive(stage.group, (const uint8_t *)"");
	group_retire(stage.group);
	stage.group = NULL;
	(void)sim_run_for(stage.sim, 10000);
	stage_close(&stage);
}

static void forgets_old_losses(void **state)
{
	struct peer peer = { 0 };

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		peer_note_question(&peer);
		peer_note_unanswered(&peer);
	}
	for (unsigned i = 0; i < 8 * SERVER_SURVEY_LATELY; i++)
		peer_note_question(&peer);
	assert_int_equal(peer.losses, 100);
	assert_int_equal(peer.questions, 100 + 8 * SERVER_SURVEY_LATELY);
	assert_int_equal(peer.lately_losses, 0);
	assert_in_range(peer.lately_questions, SERVER_SURVEY_LATELY / 2, SERVER_SURVEY_LATELY);
}

static void closes_its_ports_when_questions_cease(void **state)
{
	(void)state;
	stage_open(&stage, 1, ORDER_FASTEST);
	for (unsigned i = 0; i < 100; i++)
		(void)stage_answer(&stage, "www.example", TYPE_A);
	/* Ends only if nothing goes on for ever. */
	loop_run(stage.loop);
	assert_int_equal(stage_answer(&stage, "www.example", TYPE_A), 1);
	stage_close(&stage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asks_as_the_protocol_wants),
		cmocka_unit_test(believes_the_ad_of_a_trusted_server_alone),
		cmocka_unit_test(waits_for_the_true_reply),
		cmocka_unit_test(ignores_replies_from_elsewhere),
		cmocka_unit_test(accepts_the_question_in_other_letters),
		cmocka_unit_test(takes_data_without_recursion_available),
		cmocka_unit_test(asks_over_tcp_after_twenty_forgeries),
		cmocka_unit_test(uses_ports_and_ids_that_nobody_can_guess),
		cmocka_unit_test(replaces_worn_ports),
		cmocka_unit_test(never_uses_a_port_more_than_256_times),
		cmocka_unit_test(keeps_aaaa_and_a_on_different_ports),
		cmocka_unit_test(repeats_three_times_and_then_asks_over_tcp),
		cmocka_unit_test(repeats_soon_where_the_server_is_near),
		cmocka_unit_test(takes_a_late_reply_to_any_transmission),
		cmocka_unit_test(loses_no_question_where_replies_are_lost),
		cmocka_unit_test(asks_another_before_the_same_again),
		cmocka_unit_test(does_not_wait_twice_for_a_dead_server),
		cmocka_unit_test(a_server_that_only_refuses_is_not_the_fastest),
		cmocka_unit_test(does_not_wait_for_what_another_worker_found_dead),
		cmocka_unit_test(believes_its_own_eyes_before_a_rumour),
		cmocka_unit_test(sends_one_datagram_as_a_probe),
		cmocka_unit_test(hears_a_probe_that_takes_longer_than_the_answer),
		cmocka_unit_test(waits_for_the_probe_when_nothing_else_is_left),
		cmocka_unit_test(asks_a_held_server_rather_than_fail),
		cmocka_unit_test(asks_over_tcp_where_datagrams_are_refused),
		cmocka_unit_test(takes_a_server_listed_twice_as_one),
		cmocka_unit_test(takes_no_for_an_answer_while_another_is_silent),
		cmocka_unit_test(returns_to_the_first_when_it_is_back),
		cmocka_unit_test(answers_once_one_of_two_dead_servers_is_back),
		cmocka_unit_test(sends_at_most_three_datagrams_to_each_server),
		cmocka_unit_test(makes_no_more_tries_than_it_is_given),
		cmocka_unit_test(goes_to_the_next_server_when_one_is_unreachable),
		cmocka_unit_test(fails_at_once_when_all_are_unreachable),
		cmocka_unit_test(tells_whose_word_it_was),
		cmocka_unit_test(asks_each_server_once_that_answers_with_an_error),
		cmocka_unit_test(takes_a_dnssec_failure_as_final),
		cmocka_unit_test(passes_on_yxdomain),
		cmocka_unit_test(reports_a_loop_of_aliases),
		cmocka_unit_test(goes_on_after_an_error_without_a_question),
		cmocka_unit_test(asks_without_edns_where_it_is_not_known),
		cmocka_unit_test(keeps_edns_where_only_the_question_is_disliked),
		cmocka_unit_test(prefers_the_fastest),
		cmocka_unit_test(sends_to_the_first_listed_alone),
		cmocka_unit_test(notices_its_own_question_coming_back),
		cmocka_unit_test(calls_nobody_back_from_inside_the_loop_guard),
		cmocka_unit_test(fails_at_once_when_its_only_server_is_itself),
		cmocka_unit_test(fails_when_it_knows_no_server),
		cmocka_unit_test(keeps_what_it_knows_of_servers_that_stay),
		cmocka_unit_test(calls_nobody_back_after_a_cancel),
		cmocka_unit_test(retires_with_its_last_question),
		cmocka_unit_test(refuses_more_than_it_can_hold),
		cmocka_unit_test(closes_its_ports_when_questions_cease),
		cmocka_unit_test(knows_how_its_servers_have_done),
		cmocka_unit_test(knows_which_of_its_servers_are_silent),
		cmocka_unit_test(knows_a_server_by_its_streams_where_it_has_nothing_else),
		cmocka_unit_test(finds_out_that_a_server_is_back_while_nobody_asks),
		cmocka_unit_test(retires_while_it_finds_out),
		cmocka_unit_test(forgets_old_losses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
