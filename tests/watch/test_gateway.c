#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heard.h"
#include "sim.h"
#include "sixward/base/mem.h"
#include "sixward/watch/gateway.h"

enum {
	HOSTS_MAX = 8,
	CHECKS_MAX = 512,
	EVERY_MS = 10000,
	TIMEOUT_MS = 2000,
	ROUND_TRIP_MS = 2 * SIM_LATENCY_MS
};

/* The targets, and the prefixes A, B and C. */
#define T1 "1.1.1.1:443"
#define T2 "9.9.9.9:443"
#define A  "2001:db8:a::/96"
#define B  "2001:db8:b::/96"
#define C  "2001:db8:c::/96"
#define A1 "[2001:db8:a::101:101]:443"
#define A2 "[2001:db8:a::909:909]:443"
#define B1 "[2001:db8:b::101:101]:443"
#define B2 "[2001:db8:b::909:909]:443"
#define C1 "[2001:db8:c::101:101]:443"

/* A target, as it is seen through a prefix. */
struct host {
	struct loop *loop;
	struct endpoint at;
	enum sim_verdict verdict;
	size_t count; /* of the connections that came */
	uint64_t came_ms[CHECKS_MAX];
	unsigned open, most_open;
	size_t octets;
};

/* Its end of a connection. */
struct end {
	struct host *host;
	struct tcp *tcp;
};

struct scene {
	struct loop *loop;
	struct sim *sim;
	struct gateways *gateways;
	struct policy_check check;
	struct gateway_prefix prefixes[GATEWAYS_MAX + 4];
	size_t prefix_count;
	struct host hosts[HOSTS_MAX];
	unsigned told;
	bool is_inside; /* of a call from above */
	bool frees;     /* when it is told */
	struct gateway_state known[GATEWAYS_MAX];
};

static void end_free(struct end *end)
{
	end->host->open--;
	tcp_free(end->tcp);
	free(end);
}

static void on_octets(void *owner, const uint8_t *octets, size_t size)
{
	struct end *end = owner;

	(void)octets;
	end->host->octets += size;
}

static void on_ended(void *owner)
{
	end_free(owner);
}

static void on_closed(void *owner, int error)
{
	(void)error;
	end_free(owner);
}

static enum sim_verdict on_connecting(void *owner, struct tcp *stream)
{
	static const struct tcp_options options = { .connect_ms = 0 };
	static const struct tcp_events events = {
		.received = on_octets,
		.ended = on_ended,
		.closed = on_closed,
	};
	struct host *host = owner;
	struct end *end;

	assert_true(host->count < CHECKS_MAX);
	host->came_ms[host->count++] = loop_now_ms(host->loop);
	if (host->verdict != SIM_ACCEPT)
		return host->verdict;
	end = mem_new(sizeof(*end));
	*end = (struct end){ .host = host, .tcp = stream };
	tcp_attach(stream, &options, &events, end);
	host->open++;
	if (host->open > host->most_open)
		host->most_open = host->open;
	return SIM_ACCEPT;
}

static void on_changed(void *owner)
{
	struct scene *scene = owner;

	assert_false(scene->is_inside);
	scene->told++;
	if (scene->frees) {
		gateways_free(scene->gateways);
		scene->gateways = NULL;
	}
}

static struct endpoint at(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(text, 0, &endpoint));
	return endpoint;
}

static struct gateway_prefix prefix_of(const char *text)
{
	struct gateway_prefix prefix = { .ipv4 = NULL };
	struct network network;

	assert_int_equal(network_parse(text, &network), NETWORK_OK);
	assert_int_equal(prefix_make(&network, NULL, &prefix.prefix), PREFIX_OK);
	return prefix;
}

static void add_target(struct scene *scene, const char *text)
{
	scene->check.targets[scene->check.target_count++] = at(text);
}

static void add_prefix(struct scene *scene, const char *text)
{
	scene->prefixes[scene->prefix_count++] = prefix_of(text);
}

static void open_scene(struct scene *scene)
{
	*scene = (struct scene){
		.loop = loop_new(),
		.check = { .is_on = true,
			.every_ms = EVERY_MS,
			.timeout_ms = TIMEOUT_MS,
			.fail_after = 3,
			.recover_after = 2 },
	};
	scene->sim = sim_of(scene->loop);
	scene->gateways = gateways_new(scene->loop, on_changed, scene);
	heard_begin(NULL);
}

static struct host *serve(struct scene *scene, const char *text, enum sim_verdict verdict)
{
	struct host *host = scene->hosts;

	while (host->loop)
		host++;
	host->loop = scene->loop;
	host->at = at(text);
	host->verdict = verdict;
	sim_serve_tcp(scene->sim, &host->at, on_connecting, host);
	return host;
}

static void set(struct scene *scene)
{
	scene->is_inside = true;
	gateways_set(scene->gateways, &scene->check, scene->prefixes, scene->prefix_count);
	scene->is_inside = false;
}

static void play(struct scene *scene, uint64_t ms)
{
	(void)sim_run_for(scene->sim, ms);
}

static void close_scene(struct scene *scene)
{
	gateways_free(scene->gateways);
	play(scene, 1000);
	for (size_t i = 0; i < HOSTS_MAX; i++) {
		assert_int_equal(scene->hosts[i].open, 0);
		assert_int_equal(scene->hosts[i].octets, 0);
	}
	loop_free(scene->loop);
}

/* What is known of the one with that number. */
static const struct gateway_state *look(struct scene *scene, size_t number)
{
	size_t count = gateways_find(scene->gateways, scene->known);

	assert_true(number < count);
	return &scene->known[number];
}

static enum pulse_state state_of(struct scene *scene, size_t number)
{
	return look(scene, number)->pulse.state;
}

/* The usual scene: prefix A with one target, just checked and live. */
static struct host *open_live(struct scene *scene)
{
	struct host *host;

	open_scene(scene);
	add_target(scene, T1);
	add_prefix(scene, A);
	host = serve(scene, A1, SIM_ACCEPT);
	set(scene);
	play(scene, ROUND_TRIP_MS);
	assert_int_equal(state_of(scene, 0), PULSE_LIVE);
	return host;
}

struct wish {
	struct scene *scene;
	enum pulse_state state;
};

static bool is_so(void *owner)
{
	const struct wish *wish = owner;

	return state_of(wish->scene, 0) == wish->state;
}

/* How long it takes until the first one is in that state. */
static uint64_t wait_for(struct scene *scene, enum pulse_state state)
{
	struct wish wish = { .scene = scene, .state = state };
	uint64_t start_ms = loop_now_ms(scene->loop);

	assert_true(sim_run_until(scene->sim, is_so, &wish, 1000000));
	return loop_now_ms(scene->loop) - start_ms;
}

/* Since when the only gateway is what it is. */
static uint64_t since_ms(const struct scene *scene)
{
	struct gateway_state states[GATEWAYS_MAX];

	assert_int_equal(gateways_find(scene->gateways, states), 1);
	return states[0].since_ms;
}

static void who_connects_or_refuses_is_live(void **state)
{
	static const struct {
		enum sim_verdict verdict;
		int error;
		enum pulse_state state;
	} rows[] = {
		{ SIM_ACCEPT, 0, PULSE_LIVE },
		{ SIM_REFUSE, 0, PULSE_LIVE },
		{ SIM_ACCEPT, -ECONNREFUSED, PULSE_LIVE },
		{ SIM_IGNORE, 0, PULSE_DEAD },
		{ SIM_ACCEPT, -EHOSTUNREACH, PULSE_DEAD },
		{ SIM_ACCEPT, -ENETUNREACH, PULSE_DEAD },
		{ SIM_ACCEPT, -EACCES, PULSE_DEAD },
		{ SIM_ACCEPT, -ECONNRESET, PULSE_DEAD },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct scene scene;
		struct host *host;

		open_scene(&scene);
		add_target(&scene, T1);
		add_prefix(&scene, A);
		host = serve(&scene, A1, rows[i].verdict);
		sim_refuse(scene.sim, &host->at, rows[i].error);
		set(&scene);
		assert_int_equal(state_of(&scene, 0), PULSE_UNKNOWN);
		assert_false(gateways_are_tried(scene.gateways));
		play(&scene, 15000);
		assert_true(gateways_are_tried(scene.gateways));
		assert_int_equal(state_of(&scene, 0), rows[i].state);
		assert_int_equal(scene.told, 1);
		close_scene(&scene);
	}
}

/* The promise of the settings' defaults, whenever it happens: `every`, and the checks that fail
 * with the pauses between them. */
static void a_gateway_that_dies_is_dead_in_time(void **state)
{
	enum { STEP_MS = 97, FAILOVER_MS = EVERY_MS + 3 * TIMEOUT_MS + 2 * TIMEOUT_MS };

	(void)state;
	for (uint64_t wait_ms = 0; wait_ms < EVERY_MS; wait_ms += STEP_MS) {
		struct scene scene;
		struct host *host = open_live(&scene);
		uint64_t took_ms;

		play(&scene, wait_ms);
		host->verdict = SIM_IGNORE;
		took_ms = wait_for(&scene, PULSE_DEAD);
		assert_in_range(took_ms, 3 * TIMEOUT_MS + 2 * TIMEOUT_MS, FAILOVER_MS);

		/* The owner knows in the same millisecond. */
		play(&scene, 0);
		assert_int_equal(scene.told, 2);
		close_scene(&scene);
	}
}

static void one_that_comes_back_is_live_after_two_checks_in_a_row(void **state)
{
	struct scene scene;
	struct host *host = open_live(&scene);
	uint64_t died_ms;
	size_t count;

	(void)state;
	host->verdict = SIM_IGNORE;
	(void)wait_for(&scene, PULSE_DEAD);
	died_ms = loop_now_ms(scene.loop);
	play(&scene, 60000);
	assert_int_equal(scene.told, 2);
	assert_int_equal(since_ms(&scene), died_ms);
	host->verdict = SIM_REFUSE;
	count = host->count;
	assert_in_range(wait_for(&scene, PULSE_LIVE), TIMEOUT_MS,
		EVERY_MS + TIMEOUT_MS + 2 * ROUND_TRIP_MS);
	assert_int_equal(since_ms(&scene), loop_now_ms(scene.loop));
	assert_int_equal(host->count, count + 2);
	assert_in_range(host->came_ms[count + 1] - host->came_ms[count], TIMEOUT_MS,
		TIMEOUT_MS + ROUND_TRIP_MS);
	play(&scene, 0);
	assert_int_equal(scene.told, 3);
	close_scene(&scene);
}

static void a_state_is_told_by_one_line(void **state)
{
	struct scene scene;
	struct host *host = open_live(&scene);

	(void)state;
	heard_expect("info: a NAT64 gateway answers prefix=" A " ms=2\n");
	host->verdict = SIM_IGNORE;
	play(&scene, 120000);
	heard_expect("warning: a NAT64 gateway does not answer prefix=" A
		     " failures=3 error=connection timed out\n");
	host->verdict = SIM_ACCEPT;
	sim_set_latency(scene.sim, &host->at, 20);
	play(&scene, 120000);
	heard_expect("notice: a NAT64 gateway answers again prefix=" A " ms=40\n");
	close_scene(&scene);
}

static void the_next_check_starts_within_the_interval_and_not_in_step(void **state)
{
	enum { CHECKS = 200 };
	struct scene scene;
	struct host *hosts[2];
	unsigned same_ms = 0;
	uint64_t least_ms = UINT64_MAX;
	uint64_t most_ms = 0;

	(void)state;
	open_scene(&scene);
	add_target(&scene, T1);
	add_prefix(&scene, A);
	add_prefix(&scene, B);
	hosts[0] = serve(&scene, A1, SIM_ACCEPT);
	hosts[1] = serve(&scene, B1, SIM_REFUSE);
	set(&scene);
	play(&scene, CHECKS * EVERY_MS);
	for (size_t i = 1; i < CHECKS; i++) {
		uint64_t pause_ms = hosts[0]->came_ms[i] - hosts[0]->came_ms[i - 1];

		least_ms = pause_ms < least_ms ? pause_ms : least_ms;
		most_ms = pause_ms > most_ms ? pause_ms : most_ms;
		for (size_t k = 1; k < hosts[1]->count; k++)
			same_ms += hosts[0]->came_ms[i] == hosts[1]->came_ms[k];
	}
	assert_in_range(least_ms, EVERY_MS - EVERY_MS / 10, EVERY_MS - EVERY_MS / 12);
	assert_in_range(most_ms, EVERY_MS - EVERY_MS / 60, EVERY_MS);
	assert_in_range(same_ms, 0, CHECKS / 10);

	/* The first ones were at once. */
	assert_int_equal(hosts[0]->came_ms[0], SIM_START_MS + SIM_LATENCY_MS);
	assert_int_equal(hosts[1]->came_ms[0], SIM_START_MS + SIM_LATENCY_MS);
	close_scene(&scene);
}

static void after_a_failure_the_next_check_comes_after_the_timeout(void **state)
{
	struct scene scene;
	struct host *host;

	(void)state;
	open_scene(&scene);
	add_target(&scene, T1);
	add_prefix(&scene, A);
	host = serve(&scene, A1, SIM_IGNORE);
	set(&scene);
	play(&scene, 60000);

	/* Until it is judged; then as usual, from start to start. */
	assert_int_equal(host->came_ms[1] - host->came_ms[0], 2 * TIMEOUT_MS);
	assert_int_equal(host->came_ms[2] - host->came_ms[1], 2 * TIMEOUT_MS);
	for (size_t i = 3; i < host->count; i++)
		assert_in_range(host->came_ms[i] - host->came_ms[i - 1], EVERY_MS - EVERY_MS / 10,
			EVERY_MS);
	close_scene(&scene);
}

static void checks_that_take_longer_than_the_interval_follow_each_other(void **state)
{
	struct scene scene;
	struct host *host;

	(void)state;
	open_scene(&scene);
	scene.check.every_ms = 1000;
	scene.check.timeout_ms = 5000;
	add_target(&scene, T1);
	add_prefix(&scene, A);
	host = serve(&scene, A1, SIM_IGNORE);
	set(&scene);
	play(&scene, 100000);
	assert_int_equal(host->came_ms[4] - host->came_ms[3], 5000);
	close_scene(&scene);
}

static void a_check_is_one_connection_to_each_target_and_no_octet(void **state)
{
	struct scene scene;
	struct host *hosts[2];

	(void)state;
	open_scene(&scene);
	add_target(&scene, T1);
	add_target(&scene, T2);
	add_target(&scene, T1); /* given twice */
	add_prefix(&scene, A);
	hosts[0] = serve(&scene, A1, SIM_ACCEPT);
	hosts[1] = serve(&scene, A2, SIM_ACCEPT);
	set(&scene);
	play(&scene, EVERY_MS / 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(sim_count_tcp(scene.sim, &hosts[i]->at), 1);
		assert_int_equal(hosts[i]->open, 0);
	}
	play(&scene, 100 * EVERY_MS);
	for (size_t i = 0; i < 2; i++) {
		assert_in_range(hosts[i]->count, 100, 113);
		assert_int_equal(hosts[i]->most_open, 1);
	}
	assert_int_equal(hosts[0]->count, hosts[1]->count);
	close_scene(&scene);
}

static void one_target_that_answers_is_enough(void **state)
{
	struct scene scene;
	struct host *dead;
	struct host *live;

	(void)state;
	open_scene(&scene);
	add_target(&scene, T1);
	add_target(&scene, T2);
	add_prefix(&scene, A);
	dead = serve(&scene, A1, SIM_IGNORE);
	live = serve(&scene, A2, SIM_ACCEPT);
	set(&scene);
	play(&scene, 10 * EVERY_MS);
	assert_int_equal(state_of(&scene, 0), PULSE_LIVE);
	assert_int_equal(look(&scene, 0)->pulse.latency_us, ROUND_TRIP_MS * 1000);
	assert_int_equal(scene.told, 1);
	assert_int_equal(dead->count, live->count);

	/* One that fails at once does not end the check for the other. */
	sim_refuse(scene.sim, &dead->at, -EHOSTUNREACH);
	sim_set_latency(scene.sim, &live->at, 500);
	play(&scene, 10 * EVERY_MS);
	assert_int_equal(state_of(&scene, 0), PULSE_LIVE);
	assert_int_equal(look(&scene, 0)->pulse.failures, 0);
	assert_int_equal(scene.told, 1);
	close_scene(&scene);
}

/* R7050-8.2-a, ADR-3.1-a, ADR-nsp-a: what may not be connected to is not, whatever it was told. */
static void targets_that_the_prefix_may_not_carry_are_left_out(void **state)
{
	static const struct {
		const char *prefix;
		const char *target;
		const char *at;
		bool is_tried;
	} rows[] = {
		{ A, T1, A1, true },
		{ A, "10.0.0.1:80", "[2001:db8:a::a00:1]:80", true },
		{ A, "127.0.0.1:80", "[2001:db8:a::7f00:1]:80", false },
		{ A, "192.0.0.170:80", "[2001:db8:a::c000:aa]:80", false },
		{ A, "192.0.0.171:80", "[2001:db8:a::c000:ab]:80", false },
		{ A, "192.0.0.172:80", "[2001:db8:a::c000:ac]:80", true },
		{ A, "[2001:db8::1]:80", "[2001:db8:a::2001:db8]:80", false },
		{ "64:ff9b::/96", T1, "[64:ff9b::101:101]:443", true },
		{ "64:ff9b::/96", "10.0.0.1:80", "[64:ff9b::a00:1]:80", false },
		{ "64:ff9b::/96", "192.0.0.170:80", "[64:ff9b::c000:aa]:80", false },
		{ "2001:db8:100::/40", T1, "[2001:db8:101:101:1::]:443", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct endpoint through = at(rows[i].at);
		struct scene scene;

		open_scene(&scene);
		add_target(&scene, rows[i].target);
		add_prefix(&scene, rows[i].prefix);
		set(&scene);
		assert_int_equal(gateways_are_tried(scene.gateways), !rows[i].is_tried);
		play(&scene, 60000);
		assert_int_equal(sim_count_tcp(scene.sim, &through) > 0, rows[i].is_tried);
		assert_int_equal(look(&scene, 0)->has_targets, rows[i].is_tried);
		assert_int_equal(
			state_of(&scene, 0), rows[i].is_tried ? PULSE_DEAD : PULSE_UNKNOWN);
		assert_int_equal(scene.told, rows[i].is_tried);
		close_scene(&scene);
	}
}

static void only_targets_within_the_ranges_are_tried(void **state)
{
	struct endpoint inside = at("[2001:db8:a::a00:1]:80");
	struct endpoint outside = at(A1);
	struct netset ranges = { 0 };
	struct netset none = { 0 };
	struct scene scene;

	(void)state;
	open_scene(&scene);
	assert_int_equal(netset_add_text(&ranges, "10.0.0.0/8"), NETWORK_OK);
	add_target(&scene, T1);
	add_target(&scene, "10.0.0.1:80");
	add_prefix(&scene, A);
	add_prefix(&scene, B);
	scene.prefixes[0].ipv4 = &ranges;
	scene.prefixes[1].ipv4 = &none; /* all */
	set(&scene);
	play(&scene, TIMEOUT_MS);
	assert_int_equal(sim_count_tcp(scene.sim, &inside), 1);
	assert_int_equal(sim_count_tcp(scene.sim, &outside), 0);
	outside = at(B1);
	assert_int_equal(sim_count_tcp(scene.sim, &outside), 1);

	/* The same prefix twice, of two views say, has the ranges of both. */
	add_prefix(&scene, A);
	set(&scene);
	assert_int_equal(gateways_find(scene.gateways, scene.known), 2);
	play(&scene, TIMEOUT_MS);
	outside = at(A1);
	assert_int_equal(sim_count_tcp(scene.sim, &inside), 2);
	assert_int_equal(sim_count_tcp(scene.sim, &outside), 1);
	close_scene(&scene);
	netset_clear(&ranges);
}

static void a_reload_keeps_what_is_known_of_those_that_stay(void **state)
{
	struct scene scene;
	struct host *host = open_live(&scene);
	uint64_t due_ms;

	/* B joins before it, and is checked at once; A goes on as it would have. */
	(void)state;
	due_ms = host->came_ms[0] + EVERY_MS;
	play(&scene, EVERY_MS / 2);
	scene.prefix_count = 0;
	add_prefix(&scene, B);
	add_prefix(&scene, A);
	(void)serve(&scene, B1, SIM_REFUSE);
	set(&scene);
	assert_int_equal(state_of(&scene, 0), PULSE_UNKNOWN);
	assert_int_equal(state_of(&scene, 1), PULSE_LIVE);
	assert_int_equal(look(&scene, 0)->rank, 1);
	assert_int_equal(look(&scene, 1)->rank, 0);
	assert_false(gateways_are_tried(scene.gateways));
	play(&scene, ROUND_TRIP_MS);
	assert_int_equal(state_of(&scene, 0), PULSE_LIVE);
	assert_true(gateways_are_tried(scene.gateways));
	assert_int_equal(host->count, 1);
	play(&scene, due_ms - loop_now_ms(scene.loop));
	assert_int_equal(host->count, 2);
	assert_in_range(host->came_ms[1], due_ms - EVERY_MS / 10, due_ms);

	/* Twice the same is nothing new. */
	set(&scene);
	set(&scene);
	assert_int_equal(state_of(&scene, 0), PULSE_LIVE);
	play(&scene, EVERY_MS / 2);
	assert_int_equal(host->count, 2);
	close_scene(&scene);
}

static void other_targets_are_tried_at_once(void **state)
{
	struct endpoint other = at(A2);
	struct scene scene;
	struct host *host = open_live(&scene);

	(void)state;
	add_target(&scene, T2);
	set(&scene);
	play(&scene, ROUND_TRIP_MS);
	assert_int_equal(state_of(&scene, 0), PULSE_LIVE);
	assert_int_equal(host->count, 2);
	assert_int_equal(sim_count_tcp(scene.sim, &other), 1);

	/* In another order they are the same. */
	scene.check.targets[0] = at(T2);
	scene.check.targets[1] = at(T1);
	set(&scene);
	assert_int_equal(state_of(&scene, 0), PULSE_LIVE);

	assert_int_equal(host->count, 2);

	/* The same address at another port is another one. */
	scene.check.targets[0] = at("9.9.9.9:53");
	set(&scene);
	play(&scene, ROUND_TRIP_MS);
	assert_int_equal(host->count, 3);

	/* Nothing is known of one that cannot be checked. */
	scene.check.target_count = 0;
	set(&scene);
	assert_int_equal(state_of(&scene, 0), PULSE_UNKNOWN);
	close_scene(&scene);
}

static void who_is_dead_stays_so_with_other_targets(void **state)
{
	struct scene scene;
	struct host *host = open_live(&scene);
	struct host *other = serve(&scene, A2, SIM_IGNORE);
	uint64_t died_ms;

	(void)state;
	host->verdict = SIM_IGNORE;
	(void)wait_for(&scene, PULSE_DEAD);
	died_ms = loop_now_ms(scene.loop);
	play(&scene, TIMEOUT_MS);
	scene.check.targets[0] = at(T2);
	set(&scene);
	assert_int_equal(state_of(&scene, 0), PULSE_DEAD);
	play(&scene, EVERY_MS);
	assert_int_equal(state_of(&scene, 0), PULSE_DEAD);
	assert_int_equal(since_ms(&scene), died_ms);
	assert_in_range(other->count, 1, 2);

	/* One that answers by them is back as soon as it would be otherwise. */
	other->verdict = SIM_ACCEPT;
	scene.check.targets[0] = at(T1);
	set(&scene);
	scene.check.targets[0] = at(T2);
	set(&scene);
	assert_in_range(wait_for(&scene, PULSE_LIVE), TIMEOUT_MS, TIMEOUT_MS + 2 * ROUND_TRIP_MS);
	close_scene(&scene);
}

/* What this host lacks is no news of a gateway, neither bad nor good. */
static void a_check_that_lacks_descriptors_or_memory_is_unjudged(void **state)
{
	static const int errors[] = { -EMFILE, -ENFILE, -ENOBUFS, -ENOMEM };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct scene scene;
		struct host *host = open_live(&scene);

		heard_begin(NULL);
		sim_refuse(scene.sim, &host->at, errors[i]);
		play(&scene, 3 * EVERY_MS);
		assert_int_equal(state_of(&scene, 0), PULSE_LIVE);
		assert_int_equal(look(&scene, 0)->pulse.failures, 0);
		assert_int_equal(scene.told, 1);
		assert_non_null(strstr(heard, "~warning: a NAT64 gateway could not be checked "
					      "prefix=" A " error="));

		/* It is tried again soon. */
		sim_refuse(scene.sim, &host->at, 0);
		host->count = 0;
		play(&scene, TIMEOUT_MS + ROUND_TRIP_MS);
		assert_int_equal(host->count, 1);
		play(&scene, 2 * TIMEOUT_MS);
		assert_int_equal(host->count, 1);
		close_scene(&scene);
	}
}

static void silence_of_one_target_says_nothing_while_another_was_not_tried(void **state)
{
	struct scene scene;
	struct host *untried;

	(void)state;
	open_scene(&scene);
	add_target(&scene, T1);
	add_target(&scene, T2);
	add_prefix(&scene, A);
	(void)serve(&scene, A1, SIM_IGNORE);
	untried = serve(&scene, A2, SIM_ACCEPT);
	sim_refuse(scene.sim, &untried->at, -EMFILE);
	set(&scene);
	play(&scene, 3 * EVERY_MS);
	assert_int_equal(state_of(&scene, 0), PULSE_UNKNOWN);
	assert_true(gateways_are_tried(scene.gateways));

	/* Until the first one alone is enough. */
	scene.hosts[0].verdict = SIM_ACCEPT;
	play(&scene, 2 * TIMEOUT_MS + ROUND_TRIP_MS);
	assert_int_equal(state_of(&scene, 0), PULSE_LIVE);
	close_scene(&scene);
}

static void other_times_apply_at_once_where_no_check_is_under_way(void **state)
{
	struct scene scene;
	struct host *host;

	(void)state;
	open_scene(&scene);
	scene.check.every_ms = 3600000;
	add_target(&scene, T1);
	add_prefix(&scene, A);
	host = serve(&scene, A1, SIM_ACCEPT);
	set(&scene);
	play(&scene, 60000);
	assert_int_equal(host->count, 1);
	scene.check.every_ms = EVERY_MS;
	set(&scene);
	play(&scene, ROUND_TRIP_MS);
	assert_int_equal(host->count, 2);

	/* One that is under way ends by its own timeout, and is judged by the new rules. */
	host->verdict = SIM_IGNORE;
	play(&scene, host->came_ms[1] + EVERY_MS - loop_now_ms(scene.loop));
	assert_int_equal(host->count, 3);
	scene.check.timeout_ms = 100;
	scene.check.fail_after = 1;
	set(&scene);
	play(&scene, host->came_ms[2] + TIMEOUT_MS - SIM_LATENCY_MS - 1 - loop_now_ms(scene.loop));
	assert_int_equal(state_of(&scene, 0), PULSE_LIVE);
	play(&scene, 1);
	assert_int_equal(state_of(&scene, 0), PULSE_DEAD);
	assert_int_equal(host->count, 3);
	close_scene(&scene);
}

static void prefixes_come_and_go_while_a_check_is_under_way(void **state)
{
	struct endpoint through_a = at(A1);
	struct endpoint through_b = at(B1);
	struct scene scene;

	(void)state;
	open_scene(&scene);
	add_target(&scene, T1);
	add_prefix(&scene, A);
	set(&scene);
	play(&scene, TIMEOUT_MS / 2);

	/* B comes: A's check goes on. */
	add_prefix(&scene, B);
	set(&scene);
	play(&scene, TIMEOUT_MS / 2);
	assert_int_equal(sim_count_tcp(scene.sim, &through_a), 1);
	assert_int_equal(sim_count_tcp(scene.sim, &through_b), 1);
	assert_int_equal(look(&scene, 0)->pulse.failures, 1);
	assert_int_equal(look(&scene, 1)->pulse.failures, 0);

	/* B goes while its first check is under way, then all of them. */
	scene.prefix_count = 1;
	set(&scene);
	play(&scene, TIMEOUT_MS + 1);
	assert_int_equal(gateways_find(scene.gateways, scene.known), 1);
	assert_int_equal(sim_count_tcp(scene.sim, &through_a), 2);
	scene.check.is_on = false;
	set(&scene);
	assert_int_equal(gateways_find(scene.gateways, scene.known), 0);
	assert_true(gateways_are_tried(scene.gateways));
	play(&scene, 60000);
	assert_int_equal(sim_count_tcp(scene.sim, &through_a), 2);
	assert_int_equal(sim_count_tcp(scene.sim, &through_b), 1);
	assert_int_equal(scene.told, 0);

	/* And on again, as if for the first time. */
	scene.check.is_on = true;
	set(&scene);
	play(&scene, 1);
	assert_int_equal(state_of(&scene, 0), PULSE_UNKNOWN);
	assert_int_equal(sim_count_tcp(scene.sim, &through_a), 3);
	close_scene(&scene); /* while its check is under way */
}

static void the_owner_may_free_when_told(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	add_target(&scene, T1);
	add_prefix(&scene, A);
	add_prefix(&scene, B);
	(void)serve(&scene, A1, SIM_ACCEPT);
	(void)serve(&scene, B1, SIM_IGNORE);
	scene.frees = true;
	set(&scene);
	play(&scene, 60000);
	assert_null(scene.gateways);
	assert_int_equal(scene.told, 1);
	close_scene(&scene);
	gateways_free(NULL);
}

static void changes_of_one_turn_are_told_once(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	add_target(&scene, T1);
	add_prefix(&scene, A);
	add_prefix(&scene, B);
	add_prefix(&scene, C);
	(void)serve(&scene, A1, SIM_ACCEPT);
	(void)serve(&scene, B1, SIM_REFUSE);
	(void)serve(&scene, C1, SIM_ACCEPT);
	set(&scene);
	play(&scene, ROUND_TRIP_MS);
	assert_int_equal(scene.told, 1);
	close_scene(&scene);
}

static void the_fastest_one_becomes_the_best(void **state)
{
	struct scene scene;
	struct host *hosts[3];

	(void)state;
	open_scene(&scene);
	add_target(&scene, T1);
	add_prefix(&scene, A);
	add_prefix(&scene, B);
	add_prefix(&scene, C);
	hosts[0] = serve(&scene, A1, SIM_ACCEPT);
	hosts[1] = serve(&scene, B1, SIM_ACCEPT);
	hosts[2] = serve(&scene, C1, SIM_IGNORE);
	sim_set_latency(scene.sim, &hosts[0]->at, 10);
	sim_set_latency(scene.sim, &hosts[1]->at, 10);
	set(&scene);
	play(&scene, 60000);
	assert_int_equal(look(&scene, 0)->rank, 0);
	assert_int_equal(look(&scene, 1)->rank, 1);
	assert_int_equal(look(&scene, 2)->rank, 2);
	scene.told = 0;

	/* 20 ms against 40: told once, when the smoothed one has come so far. */
	sim_set_latency(scene.sim, &hosts[0]->at, 20);
	play(&scene, 600000);
	assert_int_equal(look(&scene, 0)->rank, 1);
	assert_int_equal(look(&scene, 1)->rank, 0);
	assert_int_equal(scene.told, 1);
	assert_in_range(look(&scene, 0)->pulse.latency_us, 39000, 40000);
	assert_int_equal(look(&scene, 1)->pulse.latency_us, 20000);

	/* Alike again: nobody moves. */
	sim_set_latency(scene.sim, &hosts[0]->at, 10);
	play(&scene, 600000);
	assert_int_equal(look(&scene, 1)->rank, 0);
	assert_int_equal(scene.told, 1);

	/* A reload keeps it so. */
	set(&scene);
	assert_int_equal(look(&scene, 1)->rank, 0);
	close_scene(&scene);
}

static void more_than_the_most_are_left_out_and_said_so(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	for (unsigned i = 0; i < GATEWAYS_MAX + 2; i++) {
		char text[32];

		(void)snprintf(text, sizeof(text), "2001:db8:%x::/96", i + 1);
		add_prefix(&scene, text);
	}
	add_prefix(&scene, "2001:db8:1::/96"); /* which is among the first */
	add_target(&scene, T1);
	set(&scene);
	assert_int_equal(gateways_find(scene.gateways, scene.known), GATEWAYS_MAX);
	heard_expect("~warning: too many NAT64 prefixes to check; some are used "
		     "unchecked checked=64 unchecked=2\n");

	/* Once, until it is no longer so. */
	heard_begin(NULL);
	set(&scene);
	heard_expect("");
	scene.prefix_count = 1;
	set(&scene);
	scene.prefix_count = GATEWAYS_MAX + 1;
	set(&scene);
	heard_expect("~warning: too many NAT64 prefixes to check; some are used "
		     "unchecked checked=64 unchecked=1\n");
	play(&scene, TIMEOUT_MS);
	assert_true(gateways_are_tried(scene.gateways));
	close_scene(&scene);
}

struct reading {
	const char *name;
	const char *label;
	uint64_t value;
};

static void on_count(
	void *owner, const char *name, const char *label, const char *help, uint64_t value)
{
	struct reading *reading = owner;

	(void)help;
	if (strcmp(name, reading->name) == 0 && strcmp(label, reading->label) == 0)
		reading->value = value;
}

static uint64_t read_count(const struct counts *counts, const char *name, const char *label)
{
	struct reading reading = { .name = name, .label = label, .value = UINT64_MAX };

	counts_each(counts, on_count, &reading);
	return reading.value;
}

static void checks_changes_and_states_are_counted(void **state)
{
	struct counts *counts = counts_new();
	struct scene scene;
	struct host *host = open_live(&scene);

	(void)state;
	gateways_add_counts(scene.gateways, counts);
	add_prefix(&scene, B); /* where nobody is */
	set(&scene);
	assert_int_equal(read_count(counts, "gateways", "state=\"live\""), 1);
	assert_int_equal(read_count(counts, "gateways", "state=\"unknown\""), 1);
	assert_int_equal(read_count(counts, "gateway_changes_total", "to=\"live\""), 0);
	host->verdict = SIM_IGNORE;
	play(&scene, 60000);
	assert_int_equal(read_count(counts, "gateways", "state=\"dead\""), 2);
	assert_int_equal(read_count(counts, "gateway_changes_total", "to=\"dead\""), 2);
	assert_int_equal(read_count(counts, "gateway_checks_total", "result=\"answered\""), 1);
	host->verdict = SIM_REFUSE;
	play(&scene, 20000);
	assert_int_equal(read_count(counts, "gateways", "state=\"live\""), 1);
	assert_int_equal(read_count(counts, "gateway_changes_total", "to=\"live\""), 1);
	assert_in_range(read_count(counts, "gateway_checks_total", "result=\"failed\""), 10, 30);
	assert_int_equal(read_count(counts, "gateway_checks_total", "result=\"unjudged\""), 0);
	sim_refuse(scene.sim, &host->at, -EMFILE);
	play(&scene, EVERY_MS);
	assert_in_range(read_count(counts, "gateway_checks_total", "result=\"unjudged\""), 1, 6);
	scene.prefix_count = 1;
	set(&scene);
	assert_int_equal(read_count(counts, "gateways", "state=\"dead\""), 0);
	close_scene(&scene);
	counts_free(counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_connects_or_refuses_is_live),
		cmocka_unit_test(a_gateway_that_dies_is_dead_in_time),
		cmocka_unit_test(one_that_comes_back_is_live_after_two_checks_in_a_row),
		cmocka_unit_test(a_state_is_told_by_one_line),
		cmocka_unit_test(the_next_check_starts_within_the_interval_and_not_in_step),
		cmocka_unit_test(after_a_failure_the_next_check_comes_after_the_timeout),
		cmocka_unit_test(checks_that_take_longer_than_the_interval_follow_each_other),
		cmocka_unit_test(a_check_is_one_connection_to_each_target_and_no_octet),
		cmocka_unit_test(one_target_that_answers_is_enough),
		cmocka_unit_test(targets_that_the_prefix_may_not_carry_are_left_out),
		cmocka_unit_test(only_targets_within_the_ranges_are_tried),
		cmocka_unit_test(a_reload_keeps_what_is_known_of_those_that_stay),
		cmocka_unit_test(other_targets_are_tried_at_once),
		cmocka_unit_test(who_is_dead_stays_so_with_other_targets),
		cmocka_unit_test(a_check_that_lacks_descriptors_or_memory_is_unjudged),
		cmocka_unit_test(silence_of_one_target_says_nothing_while_another_was_not_tried),
		cmocka_unit_test(other_times_apply_at_once_where_no_check_is_under_way),
		cmocka_unit_test(prefixes_come_and_go_while_a_check_is_under_way),
		cmocka_unit_test(the_owner_may_free_when_told),
		cmocka_unit_test(changes_of_one_turn_are_told_once),
		cmocka_unit_test(the_fastest_one_becomes_the_best),
		cmocka_unit_test(more_than_the_most_are_left_out_and_said_so),
		cmocka_unit_test(checks_changes_and_states_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
