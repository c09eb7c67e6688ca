#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sixward/net/listener.h"
#include "sixward/net/timer.h"

/* What happens without descriptors or memory is seen in test_tcp. */

enum { LIMIT_MS = 3000, SILENCE_MS = 50, CLIENTS = 100 };

struct house {
	struct loop *loop;
	struct listener *listener;
	struct timer *limit;
	unsigned count;
	unsigned wanted;
	bool frees;
	int descriptor; /* of the last */
	struct endpoint peer;
};

static void on_limit(void *owner)
{
	const struct house *house = owner;

	loop_stop(house->loop);
}

static void on_accepted(void *owner, int descriptor, const struct endpoint *peer)
{
	struct house *house = owner;

	if (house->count++ > 0)
		close(house->descriptor);
	house->descriptor = descriptor;
	house->peer = *peer;
	if (house->frees) {
		listener_free(house->listener);
		house->listener = NULL;
	}
	if (house->count == house->wanted)
		loop_stop(house->loop);
}

static void open_house(struct house *house, const char *text)
{
	struct socket_options options = { 0 };
	int error = 0;

	*house = (struct house){ .loop = loop_new(), .descriptor = -1 };
	assert_true(endpoint_parse(text, 0, &options.local));
	house->limit = timer_new(house->loop, on_limit, house);
	house->listener = listener_new(house->loop, &options, on_accepted, house, &error);
	assert_non_null(house->listener);
}

static void run_until(struct house *house, unsigned count, uint64_t limit_ms)
{
	house->wanted = count;
	timer_start(house->limit, limit_ms);
	loop_run(house->loop);
}

static void close_house(struct house *house)
{
	listener_free(house->listener);
	timer_free(house->limit);
	loop_free(house->loop);
	close(house->descriptor);
}

/* A client, and the endpoint that it is at. */
static int visit(const struct house *house, struct endpoint *from)
{
	struct endpoint to = listener_local(house->listener);
	struct sockaddr_storage sockaddr;
	socklen_t size = endpoint_to_sockaddr(&to, &sockaddr);
	int client = socket(sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(client >= 0);
	assert_int_equal(connect(client, (struct sockaddr *)&sockaddr, size), 0);
	size = sizeof(sockaddr);
	assert_int_equal(getsockname(client, (struct sockaddr *)&sockaddr, &size), 0);
	*from = endpoint_from_sockaddr((struct sockaddr *)&sockaddr);
	return client;
}

static void gives_a_descriptor_and_says_whose_it_is(void **state)
{
	static const char *const texts[] = { "::1", "127.0.0.1" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct house house;
		struct endpoint from;
		int client;

		open_house(&house, texts[i]);
		client = visit(&house, &from);
		run_until(&house, 1, LIMIT_MS);
		assert_int_equal(house.count, 1);
		assert_true(endpoint_equal(&house.peer, &from));
		assert_true(fcntl(house.descriptor, F_GETFL) & O_NONBLOCK);
		assert_true(fcntl(house.descriptor, F_GETFD) & FD_CLOEXEC);
		close(client);
		close_house(&house);
	}
}

static void gives_all_that_come_at_once(void **state)
{
	struct house house;
	struct endpoint from;
	int clients[CLIENTS];

	(void)state;
	open_house(&house, "::1");
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i] = visit(&house, &from);
	run_until(&house, CLIENTS, LIMIT_MS);
	assert_int_equal(house.count, CLIENTS);
	run_until(&house, CLIENTS + 1, SILENCE_MS);
	assert_int_equal(house.count, CLIENTS);
	for (size_t i = 0; i < CLIENTS; i++)
		close(clients[i]);
	close_house(&house);
}

static void may_be_freed_while_it_accepts(void **state)
{
	struct house house;
	struct endpoint from;
	int clients[2];

	(void)state;
	open_house(&house, "::1");
	house.frees = true;
	for (size_t i = 0; i < 2; i++)
		clients[i] = visit(&house, &from);
	run_until(&house, 2, SILENCE_MS);
	assert_int_equal(house.count, 1);
	for (size_t i = 0; i < 2; i++)
		close(clients[i]);
	close_house(&house);
}

static void who_has_connected_before_it_stops_is_accepted(void **state)
{
	struct house house;
	struct endpoint from;
	int clients[CLIENTS];

	(void)state;
	open_house(&house, "::1");
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i] = visit(&house, &from);
	assert_int_equal(house.count, 0);
	listener_drain(house.listener);
	assert_int_equal(house.count, CLIENTS);
	for (size_t i = 0; i < CLIENTS; i++)
		close(clients[i]);
	close_house(&house);
}

static void says_that_an_endpoint_is_in_use(void **state)
{
	struct house house;
	struct socket_options options = { 0 };
	int error = 0;

	(void)state;
	open_house(&house, "::1");
	options.local = listener_local(house.listener);
	assert_int_not_equal(options.local.port, 0);
	assert_null(listener_new(house.loop, &options, on_accepted, &house, &error));
	assert_int_equal(error, -EADDRINUSE);
	close_house(&house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_a_descriptor_and_says_whose_it_is),
		cmocka_unit_test(gives_all_that_come_at_once),
		cmocka_unit_test(may_be_freed_while_it_accepts),
		cmocka_unit_test(who_has_connected_before_it_stops_is_accepted),
		cmocka_unit_test(says_that_an_endpoint_is_in_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
