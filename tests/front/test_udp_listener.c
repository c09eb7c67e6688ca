#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "asked.h"
#include "fake_query.h"
#include "sim.h"
#include "sixward/front/udp_listener.h"

#define CLIENT "192.0.2.7:4000"
#define SERVER "192.0.2.53:53"
#define NOW    HEADER(RD, "\1", "\0", "\0", "\0") "\1n\0\0\1\0\1"
#define WAIT   HEADER(RD, "\1", "\0", "\0", "\0") "\1w\0\0\1\0\1"

struct scene {
	struct loop *loop;
	struct sim *sim;
	struct netset allow;
	struct outcomes outcomes;
	struct gate *gate;
	struct resolver resolver;
	struct udp_listener *listener;
	unsigned answers;
	struct endpoint from; /* of the last answer */
	size_t size;
	uint8_t octets[WIRE_UDP_ADVERTISED];
};

static struct endpoint at(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(text, 0, &endpoint));
	return endpoint;
}

static void on_answer(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	struct scene *scene = owner;

	(void)to;
	assert_true(size <= sizeof(scene->octets));
	scene->answers++;
	scene->from = *from;
	scene->size = size;
	memcpy(scene->octets, octets, size);
}

static void open_scene(struct scene *scene, const char *endpoint)
{
	struct gate_options options = { .allow = &scene->allow };
	struct udp_listener_options listen = { .endpoint = at(endpoint) };
	struct endpoint client = at(CLIENT);
	int error = 0;

	*scene = (struct scene){ .loop = loop_new(), .resolver.answer_size = 100 };
	scene->sim = sim_of(scene->loop);
	assert_int_equal(netset_add_text(&scene->allow, "192.0.2.0/24"), NETWORK_OK);
	scene->gate = gate_new(&options, &scene->outcomes);
	scene->listener =
		udp_listener_new(scene->loop, &listen, scene->gate, &scene->resolver, &error);
	assert_non_null(scene->listener);
	sim_serve_udp(scene->sim, &client, on_answer, scene);
}

static void close_scene(struct scene *scene)
{
	udp_listener_free(scene->listener);
	gate_free(scene->gate);
	netset_clear(&scene->allow);
	loop_free(scene->loop);
}

static void send_query(
	struct scene *scene, const char *from, const char *to, const uint8_t *octets, size_t size)
{
	struct endpoint client = at(from), server = at(to);

	sim_send_udp(scene->sim, &client, &server, octets, size);
	(void)sim_run_for(scene->sim, 10);
}

static void answers_at_once_what_is_known(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, SERVER);
	send_query(&scene, CLIENT, SERVER, OCTETS(NOW));
	assert_int_equal(scene.answers, 1);
	assert_int_equal(scene.size, 100);
	assert_memory_equal(scene.octets, "\x12\x34\x81", 3);
	assert_false(scene.resolver.origin.stream);
	assert_int_equal(scene.resolver.limit, WIRE_UDP_MIN);
	close_scene(&scene);
}

/* R2181-4.1-a: from the address that was asked, also by a wildcard listener. R7766-5-a */
static void answers_from_the_address_asked(void **state)
{
	static const char *const listeners[] = { SERVER, "0.0.0.0:53" };
	struct scene scene;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct endpoint server = at(SERVER);

		open_scene(&scene, listeners[i]);
		send_query(&scene, CLIENT, SERVER, OCTETS(NOW));
		assert_true(endpoint_equal(&scene.from, &server));
		send_query(&scene, CLIENT, SERVER, OCTETS(WAIT));
		assert_int_equal(scene.answers, 1);
		fake_answer(&scene.resolver, 0);
		(void)sim_run_for(scene.sim, 10);
		assert_int_equal(scene.answers, 2);
		assert_true(endpoint_equal(&scene.from, &server));
		close_scene(&scene);
	}
}

static void answers_in_the_order_of_knowing(void **state)
{
	uint8_t second[] = WAIT;
	struct scene scene;

	(void)state;
	open_scene(&scene, SERVER);
	second[1] = 0x35;
	send_query(&scene, CLIENT, SERVER, OCTETS(WAIT));
	send_query(&scene, CLIENT, SERVER, second, sizeof(second) - 1);
	fake_answer(&scene.resolver, 1);
	(void)sim_run_for(scene.sim, 10);
	assert_memory_equal(scene.octets, "\x12\x35", 2);
	fake_answer(&scene.resolver, 0);
	(void)sim_run_for(scene.sim, 10);
	assert_memory_equal(scene.octets, "\x12\x34", 2);
	assert_int_equal(scene.answers, 2);
	close_scene(&scene);
}

/* R5358-4-a, MAL-01, MAL-05 */
static void what_the_gate_refuses_starts_no_query(void **state)
{
	struct endpoint outside = at("198.51.100.7:9");
	struct scene scene;
	char text[ASKED_TEXT_MAX];

	(void)state;
	open_scene(&scene, SERVER);
	sim_serve_udp(scene.sim, &outside, on_answer, &scene);
	send_query(&scene, CLIENT, SERVER, OCTETS("short"));
	assert_int_equal(scene.answers, 0);
	send_query(&scene, "198.51.100.7:9", SERVER, OCTETS(NOW));
	assert_int_equal(scene.answers, 1);
	assert_string_equal(asked_describe(scene.octets, scene.size, text), "REFUSED rd question");
	assert_int_equal(scene.resolver.started, 0);
	send_query(
		&scene, CLIENT, SERVER, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") "\1d\0\0\1\0\1"));
	assert_int_equal(scene.resolver.started, 1);
	assert_int_equal(scene.answers, 1);
	close_scene(&scene);
}

static void ends_its_requests_with_itself(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, SERVER);
	send_query(&scene, CLIENT, SERVER, OCTETS(WAIT));
	close_scene(&scene);
	assert_int_equal(scene.resolver.cancelled, 1);
	assert_int_equal(scene.answers, 0);
}

static void answers_what_is_in_progress_when_it_stops(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, SERVER);
	send_query(&scene, CLIENT, SERVER, OCTETS(WAIT));
	udp_listener_quiesce(scene.listener);
	send_query(&scene, CLIENT, SERVER, OCTETS(NOW));
	assert_int_equal(scene.answers, 0);
	fake_answer(&scene.resolver, 0);
	(void)sim_run_for(scene.sim, 10);
	assert_int_equal(scene.answers, 1);
	close_scene(&scene);
}

static void a_reload_brings_another_gate(void **state)
{
	struct gate_options options = { 0 };
	struct netset nobody = { 0 };
	struct scene scene;
	struct gate *other;
	char text[ASKED_TEXT_MAX];

	(void)state;
	open_scene(&scene, SERVER);
	options.allow = &nobody;
	other = gate_new(&options, &scene.outcomes);
	udp_listener_set_gate(scene.listener, other);
	send_query(&scene, CLIENT, SERVER, OCTETS(NOW));
	assert_string_equal(asked_describe(scene.octets, scene.size, text), "REFUSED rd question");
	close_scene(&scene);
	gate_free(other);
}

static void says_why_it_cannot_listen(void **state)
{
	struct udp_listener_options listen = { .endpoint = at(SERVER) };
	struct scene scene;
	int error = 0;

	(void)state;
	open_scene(&scene, SERVER);
	assert_null(udp_listener_new(scene.loop, &listen, scene.gate, &scene.resolver, &error));
	assert_int_equal(error, -EADDRINUSE);
	udp_listener_free(NULL);
	close_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_at_once_what_is_known),
		cmocka_unit_test(answers_from_the_address_asked),
		cmocka_unit_test(answers_in_the_order_of_knowing),
		cmocka_unit_test(what_the_gate_refuses_starts_no_query),
		cmocka_unit_test(ends_its_requests_with_itself),
		cmocka_unit_test(answers_what_is_in_progress_when_it_stops),
		cmocka_unit_test(a_reload_brings_another_gate),
		cmocka_unit_test(says_why_it_cannot_listen),
	};

	return cmocka_run_group_tests_name("udp_listener", tests, NULL, NULL);
}
