/* What a client over TCP costs: calls of the kernel, requests for memory. On the real net, with a
 * stand-in for resolve/query; the linker puts the counters in the way. */

#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asked.h"
#include "fake_query.h"
#include "heap.h"
#include "sixward/base/bytes.h"
#include "sixward/front/tcp_front.h"
#include "sixward/net/timer.h"

enum { BURST = 16, BURSTS = 20, CLIENTS = 100, CLIENT_OCTETS_MAX = 768 };

static struct {
	struct loop *loop; /* stops after a send */
	size_t sends;
} counted;

ssize_t __real_send(int descriptor, const void *octets, size_t size, int flags);
ssize_t __wrap_send(int descriptor, const void *octets, size_t size, int flags);

ssize_t __wrap_send(int descriptor, const void *octets, size_t size, int flags)
{
	counted.sends++;
	loop_stop(counted.loop);
	return __real_send(descriptor, octets, size, flags);
}

struct scene {
	struct loop *loop;
	struct timer *timer;
	struct netset allow;
	struct outcomes outcomes;
	struct gate *gate;
	struct shares *shares;
	struct resolver resolver;
	struct tcp_front *front;
	struct endpoint server;
};

static void on_late(void *owner)
{
	(void)owner;
	fail_msg("no answer");
}

/* Until so many writes were made, in whole turns. */
static void run_until_sent(struct scene *scene, size_t sends)
{
	timer_start(scene->timer, 10000);
	while (counted.sends < sends)
		loop_run(scene->loop);
	timer_stop(scene->timer);
}

static void count_anew(struct scene *scene)
{
	memset(&counted, 0, sizeof(counted));
	memset(&heap, 0, sizeof(heap));
	counted.loop = scene->loop;
}

/* A port that is free, of an address that no other test beside this one uses. */
static struct endpoint find_place(void)
{
	struct sockaddr_storage sockaddr;
	struct endpoint place;
	socklen_t size;
	int descriptor = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(endpoint_parse("127.0.0.79", 0, &place));
	size = endpoint_to_sockaddr(&place, &sockaddr);
	assert_int_equal(bind(descriptor, (struct sockaddr *)&sockaddr, size), 0);
	assert_int_equal(getsockname(descriptor, (struct sockaddr *)&sockaddr, &size), 0);
	close(descriptor);
	return endpoint_from_sockaddr((struct sockaddr *)&sockaddr);
}

static void open_scene(struct scene *scene)
{
	struct gate_options gate = { .allow = &scene->allow, .keepalive = 100 };
	struct tcp_front_options options = { .idle_ms = 10000 };

	memset(scene, 0, sizeof(*scene));
	scene->loop = loop_new();
	scene->timer = timer_new(scene->loop, on_late, NULL);
	count_anew(scene);
	assert_int_equal(netset_add_text(&scene->allow, "127.0.0.0/8"), NETWORK_OK);
	scene->gate = gate_new(&gate, &scene->outcomes);
	scene->shares = shares_new(CLIENTS, CLIENTS);
	scene->resolver.answer_size = 90;
	options.gate = scene->gate;
	options.shares = scene->shares;
	scene->front = tcp_front_new(scene->loop, &options, &scene->resolver);
	scene->server = find_place();
	assert_int_equal(tcp_front_listen(scene->front, &scene->server, false, 0), 0);
}

static void close_scene(struct scene *scene)
{
	tcp_front_free(scene->front);
	gate_free(scene->gate);
	shares_free(scene->shares);
	netset_clear(&scene->allow);
	timer_free(scene->timer);
	loop_free(scene->loop);
}

static int connect_one(const struct scene *scene)
{
	struct sockaddr_storage sockaddr;
	socklen_t size = endpoint_to_sockaddr(&scene->server, &sockaddr);
	int descriptor = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(connect(descriptor, (struct sockaddr *)&sockaddr, size), 0);
	return descriptor;
}

static void ask(int descriptor, unsigned times)
{
	static const uint8_t query[] = "\0\24" HEADER(RD, "\1", "\0", "\0", "\0") "\1n\0\0\1\0\1";
	uint8_t octets[BURST * sizeof(query)];
	size_t size = 0;

	for (unsigned i = 0; i < times; i++) {
		memcpy(octets + size, query, sizeof(query) - 1);
		octets[size + 1] = sizeof(query) - 1 - 2;
		size += sizeof(query) - 1;
	}
	assert_int_equal(write(descriptor, octets, size), size);
}

static void assert_answers(const struct scene *scene, int descriptor, size_t times)
{
	uint8_t octets[4096];
	size_t wanted = times * (2 + scene->resolver.answer_size);

	assert_int_equal(recv(descriptor, octets, sizeof(octets), MSG_DONTWAIT), wanted);
}

/* One write for a burst, and no memory. */
static void a_burst_is_one_write_and_no_allocation(void **state)
{
	struct scene scene;
	int client;

	(void)state;
	open_scene(&scene);
	client = connect_one(&scene);
	ask(client, BURST);
	run_until_sent(&scene, 1);
	assert_answers(&scene, client, BURST);
	count_anew(&scene);
	for (size_t i = 0; i < BURSTS; i++) {
		ask(client, BURST);
		run_until_sent(&scene, i + 1);
		assert_answers(&scene, client, BURST);
	}
	assert_int_equal(counted.sends, BURSTS);
	assert_int_equal(heap.requests, 0);
	close(client);
	close_scene(&scene);
}

/* A client that has been answered and waits; the kernel's memory is not counted. */
static void a_connection_is_held_in_less_than_a_kilobyte(void **state)
{
	struct scene scene;
	int clients[CLIENTS];

	(void)state;
	open_scene(&scene);
	clients[0] = connect_one(&scene);
	ask(clients[0], 1);
	run_until_sent(&scene, 1);
	count_anew(&scene);
	for (int i = 1; i < CLIENTS; i++) {
		clients[i] = connect_one(&scene);
		ask(clients[i], 1);
	}
	run_until_sent(&scene, CLIENTS - 1);
	for (int i = 0; i < CLIENTS; i++)
		assert_answers(&scene, clients[i], 1);
	assert_true(heap.requests >= CLIENTS - 1); /* it does count */
	assert_in_range(heap.octets, 1, (CLIENTS - 1) * CLIENT_OCTETS_MAX);
	for (int i = 0; i < CLIENTS; i++)
		close(clients[i]);
	close_scene(&scene);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_is_one_write_and_no_allocation),
		cmocka_unit_test(a_connection_is_held_in_less_than_a_kilobyte),
	};

	return cmocka_run_group_tests_name("tcp_costs", tests, NULL, NULL);
}
