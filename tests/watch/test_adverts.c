/* Prefixes from routers on a simulated link: whose word counts, for how long, and what is asked. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "heard.h"
#include "sim.h"
#include "sixward/watch/adverts.h"

enum { OPTION_OCTETS = 16, HEADER_OCTETS = 16, SECOND_MS = 1000 };

/* Interfaces that no machine has, so that their names are their numbers. */
#define ROUTER "fe80::1%1000001"
#define OTHER  "fe80::1%1000002"

struct scene {
	struct loop *loop;
	struct sim *sim;
	struct adverts *adverts;
	struct counts *counts;
	unsigned changes;
	bool is_inside; /* of a call from above */
	bool frees;     /* when it is told */
};

static void on_changed(void *owner)
{
	struct scene *scene = owner;

	assert_false(scene->is_inside);
	scene->changes++;
	if (!scene->frees)
		return;
	adverts_free(scene->adverts);
	scene->adverts = NULL;
}

static void open_scene(struct scene *scene)
{
	int error = 0;

	*scene = (struct scene){ .loop = loop_new(), .counts = counts_new() };
	scene->sim = sim_of(scene->loop);
	heard_begin(NULL);
	scene->is_inside = true;
	scene->adverts = adverts_new(scene->loop, on_changed, scene, &error);
	scene->is_inside = false;
	assert_non_null(scene->adverts);
	adverts_add_counts(scene->adverts, scene->counts);
}

static void close_scene(struct scene *scene)
{
	counts_free(scene->counts);
	adverts_free(scene->adverts);
	loop_free(scene->loop);
}

struct reading {
	const char *text; /* name, or name{label} */
	uint64_t value;
	bool is_found;
};

static void on_count(
	void *owner, const char *name, const char *label, const char *help, uint64_t value)
{
	struct reading *reading = owner;
	char text[128];

	assert_non_null(help);
	(void)snprintf(text, sizeof(text), label ? "%s{%s}" : "%s", name, label);
	if (strcmp(text, reading->text) != 0)
		return;
	reading->value = value;
	reading->is_found = true;
}

static uint64_t count_of(const struct scene *scene, const char *text)
{
	struct reading reading = { .text = text };

	counts_each(scene->counts, on_count, &reading);
	assert_true(reading.is_found);
	return reading.value;
}

/* An advertisement with one /96 for each text, or with none; it is there when this returns. */
static void advertise_as(struct scene *scene, const char *router, int hop_limit,
	unsigned lifetime_s, const char *const *prefixes, size_t count)
{
	uint8_t octets[HEADER_OCTETS + ADVERTS_MAX * OPTION_OCTETS] = { 134 };
	uint8_t *option = octets + HEADER_OCTETS;
	struct addr from;

	assert_true(count <= ADVERTS_MAX);
	assert_true(addr_parse(router, &from));
	for (size_t i = 0; i < count; i++, option += OPTION_OCTETS) {
		struct addr addr;

		assert_true(addr_parse(prefixes[i], &addr));
		option[0] = 38;
		option[1] = 2;
		option[2] = (uint8_t)(lifetime_s >> 8);
		option[3] = (uint8_t)lifetime_s;
		memcpy(option + 4, addr.octets, 12);
	}
	sim_advertise(scene->sim, &from, hop_limit, octets, (size_t)(option - octets));
	sim_run_for(scene->sim, SIM_LATENCY_MS);
}

static void advertise(
	struct scene *scene, const char *router, unsigned lifetime_s, const char *prefix)
{
	advertise_as(scene, router, 255, lifetime_s, &prefix, 1);
}

/* The prefixes that hold, as "A B". */
static void assert_held(const struct scene *scene, const char *expected)
{
	struct prefix held[POLICY_PREFIXES_MAX];
	size_t count = adverts_find(scene->adverts, held);
	char text[POLICY_PREFIXES_MAX * NETWORK_TEXT_MAX] = "";
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		char prefix[NETWORK_TEXT_MAX];

		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", i > 0 ? " " : "",
			network_format(&held[i].network, prefix));
	}
	assert_string_equal(text, expected);
	assert_int_equal(count_of(scene, "learned_prefixes{source=\"ra\"}"), count);
}

/* R8781-4-a */
/* NULL: nobody speaks of the prefix. */
static void assert_router(const struct scene *scene, const char *text, const char *expected)
{
	struct network network;
	struct prefix prefix;
	struct addr router;
	struct addr wanted;

	assert_int_equal(network_parse(text, &network), NETWORK_OK);
	assert_int_equal(prefix_make(&network, NULL, &prefix), PREFIX_OK);
	assert_int_equal(adverts_find_router(scene->adverts, &prefix, &router), expected != NULL);
	if (!expected)
		return;
	assert_true(addr_parse(expected, &wanted));
	router.zone = wanted.zone;
	assert_true(addr_equal(&router, &wanted));
}

static void a_prefix_holds_for_its_lifetime(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	assert_held(&scene, "");
	advertise(&scene, ROUTER, 1800, "64:ff9b::");
	assert_held(&scene, "64:ff9b::/96");
	assert_int_equal(scene.changes, 1);
	sim_run_for(scene.sim, 1800 * SECOND_MS - 1);
	assert_held(&scene, "64:ff9b::/96");
	sim_run_for(scene.sim, 1);
	assert_held(&scene, "");
	assert_int_equal(scene.changes, 2);
	heard_expect("notice: prefix learned from a router prefix=64:ff9b::/96 router=fe80::1 "
		     "interface=1000001 lifetime=1800\n"
		     "notice: prefix from a router has ended prefix=64:ff9b::/96 router=fe80::1 "
		     "interface=1000001 reason=expired\n");
	close_scene(&scene);
}

static void what_is_said_again_holds_longer_and_is_no_change(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	advertise(&scene, ROUTER, 600, "2001:db8:64::");
	sim_run_for(scene.sim, 500 * SECOND_MS);
	advertise(&scene, ROUTER, 600, "2001:db8:64::");
	sim_run_for(scene.sim, 599 * SECOND_MS);
	assert_held(&scene, "2001:db8:64::/96");
	assert_int_equal(scene.changes, 1);
	/* or shorter */
	advertise(&scene, ROUTER, 8, "2001:db8:64::");
	sim_run_for(scene.sim, 8 * SECOND_MS);
	assert_held(&scene, "");
	assert_int_equal(scene.changes, 2);
	close_scene(&scene);
}

/* R8781-4-a: lifetime 0 */
static void a_router_takes_back_what_it_has_said(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	advertise(&scene, ROUTER, 1800, "2001:db8:64::");
	advertise(&scene, ROUTER, 0, "2001:db8:64::");
	assert_held(&scene, "");
	assert_int_equal(scene.changes, 2);
	assert_non_null(strstr(heard, "reason=withdrawn\n"));
	advertise(&scene, ROUTER, 0, "2001:db8:64::"); /* what nobody holds */
	assert_int_equal(scene.changes, 2);

	/* It was no loss: nobody asks for it. */
	sim_run_for(scene.sim, 3600 * SECOND_MS);
	assert_int_equal(sim_count_solicitations(scene.sim), 1);
	close_scene(&scene);
}

static void a_prefix_holds_while_any_router_says_so(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	advertise(&scene, ROUTER, 600, "2001:db8:a::");
	advertise(&scene, OTHER, 1800, "2001:db8:b::");
	advertise(&scene, OTHER, 1800, "2001:db8:a::");
	assert_held(&scene, "2001:db8:a::/96 2001:db8:b::/96");
	assert_router(&scene, "2001:db8:a::/96", ROUTER);
	assert_router(&scene, "2001:db8:b::/96", OTHER);
	assert_int_equal(scene.changes, 2);
	sim_run_for(scene.sim, 601 * SECOND_MS); /* the first router's word has run out */
	assert_held(&scene, "2001:db8:a::/96 2001:db8:b::/96");
	advertise(&scene, ROUTER, 0, "2001:db8:a::"); /* and is not the other's */
	assert_held(&scene, "2001:db8:a::/96 2001:db8:b::/96");
	assert_int_equal(scene.changes, 2);
	assert_router(&scene, "2001:db8:a::/96", OTHER);
	advertise(&scene, OTHER, 0, "2001:db8:a::");
	assert_held(&scene, "2001:db8:b::/96");
	assert_router(&scene, "2001:db8:a::/96", NULL);
	assert_int_equal(scene.changes, 3);
	close_scene(&scene);
}

static void one_message_is_one_change(void **state)
{
	static const char *const both[] = { "2001:db8:a::", "2001:db8:b::" };
	struct scene scene;

	(void)state;
	open_scene(&scene);
	advertise_as(&scene, ROUTER, 255, 1800, both, 2);
	assert_held(&scene, "2001:db8:a::/96 2001:db8:b::/96");
	assert_int_equal(scene.changes, 1);
	sim_run_for(scene.sim, 1800 * SECOND_MS);
	assert_held(&scene, "");
	assert_int_equal(scene.changes, 2);
	close_scene(&scene);
}

/* RFC 4861 6.1.2 */
static void only_routers_on_the_link_are_heard(void **state)
{
	static const char *const prefix[] = { "2001:db8:64::" };
	static const uint8_t malformed[] = { 134, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
	struct scene scene;
	struct addr from;

	(void)state;
	open_scene(&scene);
	advertise_as(&scene, ROUTER, 254, 1800, prefix, 1);
	advertise_as(&scene, "2001:db8::1", 255, 1800, prefix, 1);
	assert_true(addr_parse(ROUTER, &from));
	sim_advertise(scene.sim, &from, 255, malformed, sizeof(malformed));
	sim_run_for(scene.sim, SIM_LATENCY_MS);
	assert_held(&scene, "");
	assert_false(adverts_are_tried(scene.adverts));
	assert_int_equal(count_of(&scene, "router_advertisements_total{result=\"foreign\"}"), 2);
	assert_int_equal(count_of(&scene, "router_advertisements_total{result=\"malformed\"}"), 1);
	advertise_as(&scene, ROUTER, 255, 0, NULL, 0);
	assert_int_equal(count_of(&scene, "router_advertisements_total{result=\"none\"}"), 1);
	advertise(&scene, ROUTER, 1800, "2001:db8:64::");
	assert_int_equal(count_of(&scene, "router_advertisements_total{result=\"learned\"}"), 1);
	assert_int_equal(scene.changes, 1);
	close_scene(&scene);
}

static void asks_at_once_and_three_times_at_most(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	assert_int_equal(sim_count_solicitations(scene.sim), 1);
	sim_run_for(scene.sim, 4 * SECOND_MS - 1);
	assert_int_equal(sim_count_solicitations(scene.sim), 1);
	sim_run_for(scene.sim, 1);
	assert_int_equal(sim_count_solicitations(scene.sim), 2);
	sim_run_for(scene.sim, 4 * SECOND_MS);
	assert_int_equal(sim_count_solicitations(scene.sim), 3);
	sim_run_for(scene.sim, 4 * SECOND_MS - 1);
	assert_false(adverts_are_tried(scene.adverts));
	sim_run_for(scene.sim, 1);
	assert_true(adverts_are_tried(scene.adverts));
	sim_run_for(scene.sim, 3600 * SECOND_MS);
	assert_int_equal(sim_count_solicitations(scene.sim), 3);
	assert_int_equal(scene.changes, 0);

	/* What comes later unasked is taken. */
	advertise(&scene, ROUTER, 1800, "2001:db8:64::");
	assert_held(&scene, "2001:db8:64::/96");
	close_scene(&scene);
}

static void asks_no_more_once_it_has_heard_one(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	sim_run_for(scene.sim, 4 * SECOND_MS);
	advertise_as(&scene, ROUTER, 255, 0, NULL, 0);
	assert_true(adverts_are_tried(scene.adverts));
	sim_run_for(scene.sim, 3600 * SECOND_MS);
	assert_int_equal(sim_count_solicitations(scene.sim), 2);
	close_scene(&scene);
}

static void asks_again_with_back_off_when_the_last_one_has_run_out(void **state)
{
	static const unsigned at_s[] = { 0, 4, 12, 28, 60, 124, 252, 508, 808, 1108 };
	struct scene scene;
	uint64_t start_ms;

	(void)state;
	open_scene(&scene);
	advertise(&scene, ROUTER, 600, "2001:db8:a::");
	advertise(&scene, OTHER, 800, "2001:db8:b::");
	start_ms = loop_now_ms(scene.loop) + 800 * SECOND_MS;
	sim_run_for(scene.sim, 800 * SECOND_MS - 1);
	assert_held(&scene, "2001:db8:b::/96");
	assert_int_equal(sim_count_solicitations(scene.sim), 1);
	for (size_t i = 0; i < sizeof(at_s) / sizeof(at_s[0]); i++) {
		uint64_t due_ms = start_ms + (uint64_t)at_s[i] * SECOND_MS;

		sim_run_for(scene.sim, due_ms - 1 - loop_now_ms(scene.loop));
		assert_int_equal(sim_count_solicitations(scene.sim), 1 + i);
		sim_run_for(scene.sim, 1);
		assert_int_equal(sim_count_solicitations(scene.sim), 2 + i);
	}
	assert_true(adverts_are_tried(scene.adverts));
	advertise(&scene, OTHER, 800, "2001:db8:b::");
	sim_run_for(scene.sim, 799 * SECOND_MS);
	assert_int_equal(sim_count_solicitations(scene.sim), 11);
	close_scene(&scene);
}

static void what_there_is_no_room_for_is_counted(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	for (unsigned i = 0; i < ADVERTS_MAX + 2; i++) {
		char router[ADDR_TEXT_MAX];

		(void)snprintf(router, sizeof(router), "fe80::%x%%1000001", i + 1);
		advertise(&scene, router, 1800, "2001:db8:a::");
	}
	assert_int_equal(count_of(&scene, "router_prefixes_ignored_total"), 2);
	assert_held(&scene, "2001:db8:a::/96");
	advertise(&scene, ROUTER, 1800, "2001:db8:b::");
	assert_held(&scene, "2001:db8:a::/96");
	assert_int_equal(count_of(&scene, "router_prefixes_ignored_total"), 3);

	/* Those that are there are heard on; one that ends makes room. */
	advertise(&scene, ROUTER, 0, "2001:db8:a::");
	advertise(&scene, ROUTER, 1800, "2001:db8:b::");
	assert_held(&scene, "2001:db8:a::/96 2001:db8:b::/96");
	close_scene(&scene);
}

static void finds_no_more_prefixes_than_a_policy_takes(void **state)
{
	struct scene scene;
	struct prefix out[POLICY_PREFIXES_MAX];

	(void)state;
	open_scene(&scene);
	for (unsigned i = 0; i < POLICY_PREFIXES_MAX + 4; i++) {
		char prefix[ADDR_TEXT_MAX];

		(void)snprintf(prefix, sizeof(prefix), "2001:db8:%x::", i + 1);
		advertise(&scene, ROUTER, 1800, prefix);
	}
	assert_int_equal(adverts_find(scene.adverts, out), POLICY_PREFIXES_MAX);
	assert_int_equal(out[15].network.addr.octets[5], 16);
	close_scene(&scene);
}

static void may_be_freed_when_it_tells(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene);
	counts_free(scene.counts);
	scene.counts = NULL;
	scene.frees = true;
	advertise(&scene, ROUTER, 1800, "2001:db8:64::");
	assert_null(scene.adverts);
	sim_run_for(scene.sim, 3600 * SECOND_MS);
	assert_int_equal(scene.changes, 1);
	close_scene(&scene);

	open_scene(&scene);
	advertise(&scene, ROUTER, 1800, "2001:db8:64::");
	counts_free(scene.counts);
	scene.counts = NULL;
	scene.frees = true;
	sim_run_for(scene.sim, 3600 * SECOND_MS);
	assert_null(scene.adverts);
	assert_int_equal(scene.changes, 2);
	close_scene(&scene);
}

static void says_why_it_cannot_be_had(void **state)
{
	struct loop *loop = loop_new();
	int error = 0;

	(void)state;
	sim_refuse_icmp6(sim_of(loop), -EPERM);
	assert_null(adverts_new(loop, on_changed, NULL, &error));
	assert_int_equal(error, -EPERM);
	adverts_free(NULL);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_holds_for_its_lifetime),
		cmocka_unit_test(what_is_said_again_holds_longer_and_is_no_change),
		cmocka_unit_test(a_router_takes_back_what_it_has_said),
		cmocka_unit_test(a_prefix_holds_while_any_router_says_so),
		cmocka_unit_test(one_message_is_one_change),
		cmocka_unit_test(only_routers_on_the_link_are_heard),
		cmocka_unit_test(asks_at_once_and_three_times_at_most),
		cmocka_unit_test(asks_no_more_once_it_has_heard_one),
		cmocka_unit_test(asks_again_with_back_off_when_the_last_one_has_run_out),
		cmocka_unit_test(what_there_is_no_room_for_is_counted),
		cmocka_unit_test(finds_no_more_prefixes_than_a_policy_takes),
		cmocka_unit_test(may_be_freed_when_it_tells),
		cmocka_unit_test(says_why_it_cannot_be_had),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
