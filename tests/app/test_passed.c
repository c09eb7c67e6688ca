/* Sockets that were passed, on this machine's net: they are found by where they are bound. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sixward/app/passed.h"
#include "sixward/base/log.h"

enum { FIRST = 100 }; /* where the test puts what is passed */

static struct endpoint at(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(text, 0, &endpoint));
	return endpoint;
}

/* Opens a socket at descriptor `number`, and tells where it is. */
static struct endpoint put(int number, enum socket_kind kind, const struct endpoint *local)
{
	struct socket_options options = { .local = *local, .shared = true };
	struct endpoint endpoint;
	int descriptor =
		kind == SOCKET_UDP ? socket_open_udp(&options) : socket_open_listener(&options);

	assert_true(descriptor >= 0);
	assert_int_equal(dup2(descriptor, number), number);
	close(descriptor);
	assert_null(socket_describe(number, &kind, &endpoint));
	return endpoint;
}

static bool is_open(int descriptor)
{
	return fcntl(descriptor, F_GETFD) >= 0;
}

static void is_found_by_where_it_is_bound_and_by_its_kind(void **state)
{
	struct endpoint listen[2] = { at("127.0.0.1"), at("::1") };
	struct passed *passed;

	(void)state;
	listen[0] = put(FIRST, SOCKET_UDP, &listen[0]);
	listen[1] = put(FIRST + 1, SOCKET_LISTENER, &listen[1]);
	passed = passed_new(FIRST, 2, listen, 2);
	for (unsigned worker = 0; worker < 3; worker++) {
		assert_int_equal(passed_find(passed, SOCKET_UDP, &listen[0], worker), FIRST);
		assert_int_equal(passed_find(passed, SOCKET_LISTENER, &listen[0], worker), 0);
		assert_int_equal(
			passed_find(passed, SOCKET_LISTENER, &listen[1], worker), FIRST + 1);
		assert_int_equal(passed_find(passed, SOCKET_UDP, &listen[1], worker), 0);
	}
	passed_free(passed);
	assert_false(is_open(FIRST) || is_open(FIRST + 1));
}

static void workers_have_those_at_one_endpoint_in_turn(void **state)
{
	struct endpoint listen = at("127.0.0.1");
	struct passed *passed;

	(void)state;
	listen = put(FIRST, SOCKET_UDP, &listen);
	put(FIRST + 1, SOCKET_UDP, &listen);
	passed = passed_new(FIRST, 2, &listen, 1);
	assert_int_equal(passed_find(passed, SOCKET_UDP, &listen, 0), FIRST);
	assert_int_equal(passed_find(passed, SOCKET_UDP, &listen, 1), FIRST + 1);
	assert_int_equal(passed_find(passed, SOCKET_UDP, &listen, 2), FIRST);
	passed_free(passed);
}

static void what_is_nowhere_or_nothing_to_listen_on_is_closed(void **state)
{
	struct endpoint listen = at("127.0.0.1");
	struct endpoint elsewhere;
	struct passed *passed;
	int ends[2];

	(void)state;
	log_silence();
	elsewhere = put(FIRST, SOCKET_UDP, &listen);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[0], FIRST + 1), FIRST + 1);
	close(ends[0]);
	close(ends[1]);
	listen = put(FIRST + 2, SOCKET_LISTENER, &listen);
	passed = passed_new(FIRST, 3, &listen, 1);
	assert_false(is_open(FIRST) || is_open(FIRST + 1));
	assert_int_equal(passed_find(passed, SOCKET_UDP, &elsewhere, 0), 0);
	assert_int_equal(passed_find(passed, SOCKET_LISTENER, &listen, 0), FIRST + 2);
	passed_free(passed);
}

static void where_nothing_was_passed_nothing_is_found(void **state)
{
	struct endpoint listen = at("127.0.0.1");
	struct passed *passed = passed_new(FIRST, 0, &listen, 1);

	(void)state;
	assert_int_equal(passed_find(passed, SOCKET_UDP, &listen, 0), 0);
	assert_int_equal(passed_find(NULL, SOCKET_UDP, &listen, 0), 0);
	passed_free(passed);
	passed_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_found_by_where_it_is_bound_and_by_its_kind),
		cmocka_unit_test(workers_have_those_at_one_endpoint_in_turn),
		cmocka_unit_test(what_is_nowhere_or_nothing_to_listen_on_is_closed),
		cmocka_unit_test(where_nothing_was_passed_nothing_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
