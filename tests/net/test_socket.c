#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sixward/net/socket.h"

/* By kind. */
static int (*const open_one[])(
	const struct socket_options *) = { socket_open_udp, socket_open_listener };
static const enum socket_kind kinds[] = { SOCKET_UDP, SOCKET_LISTENER };

static struct endpoint at(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(text, 0, &endpoint));
	return endpoint;
}

static struct endpoint bound(int descriptor)
{
	struct sockaddr_storage sockaddr;
	socklen_t size = sizeof(sockaddr);

	assert_int_equal(getsockname(descriptor, (struct sockaddr *)&sockaddr, &size), 0);
	return endpoint_from_sockaddr((struct sockaddr *)&sockaddr);
}

static int get(int descriptor, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	assert_int_equal(getsockopt(descriptor, level, name, &value, &size), 0);
	return value;
}

struct wanted {
	int level, name, value;
};

/* R9715-R1-a, R2181-4.1-a. */
static void udp_sockets_have_the_options_of_their_family(void **state)
{
	static const struct {
		const char *local;
		struct wanted wanted[3];
	} rows[] = {
		{ "0.0.0.0",
			{ { IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_INTERFACE },
				{ IPPROTO_IP, IP_PKTINFO, 1 }, { SOL_SOCKET, SO_REUSEPORT, 1 } } },
		{ "::", { { IPPROTO_IPV6, IPV6_DONTFRAG, 1 }, { IPPROTO_IPV6, IPV6_V6ONLY, 1 },
				{ IPPROTO_IPV6, IPV6_RECVPKTINFO, 1 } } },
		/* What is bound to one address knows it. */
		{ "127.0.0.1",
			{ { IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_INTERFACE },
				{ IPPROTO_IP, IP_PKTINFO, 0 }, { SOL_SOCKET, SO_REUSEPORT, 1 } } },
		{ "::1", { { IPPROTO_IPV6, IPV6_DONTFRAG, 1 }, { IPPROTO_IPV6, IPV6_V6ONLY, 1 },
				 { IPPROTO_IPV6, IPV6_RECVPKTINFO, 0 } } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct socket_options options = {
			.local = at(rows[i].local), .shared = true, .tells_local = true
		};
		int descriptor = socket_open_udp(&options);

		assert_true(descriptor >= 0);
		assert_true(bound(descriptor).port != 0);
		assert_true(fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(descriptor, F_GETFL) & O_NONBLOCK);
		for (size_t k = 0; k < 3; k++) {
			const struct wanted *wanted = &rows[i].wanted[k];

			assert_int_equal(
				get(descriptor, wanted->level, wanted->name), wanted->value);
		}
		close(descriptor);
	}
}

/* R9210-4.1-a. */
static void listeners_listen_and_have_fast_open(void **state)
{
	struct socket_options options = { .local = at("::1") };
	int descriptor = socket_open_listener(&options);

	(void)state;
	assert_true(descriptor >= 0);
	assert_int_equal(get(descriptor, SOL_SOCKET, SO_ACCEPTCONN), 1);
	assert_int_equal(get(descriptor, IPPROTO_IPV6, IPV6_V6ONLY), 1);
	assert_int_equal(get(descriptor, SOL_SOCKET, SO_REUSEPORT), 0);
	assert_true(get(descriptor, IPPROTO_TCP, TCP_FASTOPEN) > 0);
	close(descriptor);
}

static void only_shared_sockets_share_an_endpoint(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct socket_options options = { .local = at("127.0.0.1"), .shared = true };
		int first = open_one[i](&options);
		int second;

		assert_true(first >= 0);
		options.local = bound(first);
		second = open_one[i](&options);
		assert_true(second >= 0);
		options.shared = false;
		assert_int_equal(open_one[i](&options), -EADDRINUSE);
		close(first);
		close(second);
	}
}

/* An address that no test beside this one takes ports of. */
#define PROBED "127.0.0.79"

static void the_probe_sees_a_server_that_shares(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct socket_options options = { .local = at(PROBED), .shared = true };
		int descriptor = open_one[i](&options);
		struct endpoint taken = bound(descriptor);

		assert_int_equal(socket_probe(kinds[i], &taken), -EADDRINUSE);
		assert_int_equal(socket_probe(kinds[1 - i], &taken), 0);
		close(descriptor);
		assert_int_equal(socket_probe(kinds[i], &taken), 0);
	}
}

static void the_probe_does_not_mind_connections_that_linger(void **state)
{
	struct socket_options options = { .local = at(PROBED) };
	int listener = socket_open_listener(&options);
	int client = socket(AF_INET, SOCK_STREAM, 0);
	struct endpoint local = bound(listener);
	struct sockaddr_storage sockaddr;
	socklen_t size = endpoint_to_sockaddr(&local, &sockaddr);
	uint8_t octet;
	int server;

	(void)state;
	assert_int_equal(connect(client, (struct sockaddr *)&sockaddr, size), 0);
	server = accept(listener, NULL, NULL);
	assert_true(server >= 0);
	close(server); /* the first to close keeps the TIME_WAIT */
	assert_int_equal(read(client, &octet, 1), 0);
	close(client);
	close(listener);
	assert_int_equal(socket_probe(SOCKET_LISTENER, &local), 0);
}

/* As another process would open one: without any of our options. */
static int foreign(int family, int type, bool takes_ipv4)
{
	struct endpoint any = at(family == AF_INET ? "127.0.0.1" : takes_ipv4 ? "::" : "::1");
	struct sockaddr_storage sockaddr;
	socklen_t size = endpoint_to_sockaddr(&any, &sockaddr);
	int descriptor = socket(family, type, 0);
	int off = 0;

	assert_true(descriptor >= 0);
	if (family == AF_INET6)
		assert_int_equal(
			setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), 0);
	assert_int_equal(bind(descriptor, (struct sockaddr *)&sockaddr, size), 0);
	return descriptor;
}

static void a_socket_that_was_passed_is_used_as_if_it_were_ours(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static const int types[] = { SOCK_DGRAM, SOCK_STREAM };

	(void)state;
	for (int i = 0; i < 4; i++) {
		int passed = foreign(families[i / 2], types[i % 2], false);
		struct socket_options options = { .shared = true, .passed = passed };
		enum socket_kind kind;
		struct endpoint local;
		int descriptor;

		if (types[i % 2] == SOCK_STREAM)
			assert_int_equal(listen(passed, 1), 0);
		assert_null(socket_describe(passed, &kind, &options.local));
		assert_int_equal(kind, kinds[i % 2]);
		descriptor = open_one[kind](&options);
		assert_true(descriptor >= 0 && descriptor != passed);
		close(passed);
		local = bound(descriptor);
		assert_true(endpoint_equal(&local, &options.local));
		assert_true(fcntl(descriptor, F_GETFD) & FD_CLOEXEC);
		assert_true(fcntl(descriptor, F_GETFL) & O_NONBLOCK);
		if (families[i / 2] == AF_INET6 && kind == SOCKET_UDP)
			assert_int_equal(get(descriptor, IPPROTO_IPV6, IPV6_DONTFRAG), 1);
		close(descriptor);
	}
}

static void says_why_a_descriptor_is_nothing_to_listen_on(void **state)
{
	enum socket_kind kind;
	struct endpoint local;
	int descriptor;
	int ends[2];

	(void)state;
	assert_string_equal(socket_describe(-1, &kind, &local), "bad file descriptor");
	assert_int_equal(pipe(ends), 0);
	assert_string_equal(
		socket_describe(ends[0], &kind, &local), "socket operation on non-socket");
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends), 0);
	assert_string_equal(socket_describe(ends[0], &kind, &local), "neither UDP nor TCP");
	close(ends[0]);
	close(ends[1]);

	descriptor = socket(AF_INET, SOCK_DGRAM, 0);
	assert_string_equal(socket_describe(descriptor, &kind, &local), "not bound to a port");
	close(descriptor);
	descriptor = foreign(AF_INET6, SOCK_DGRAM, true);
	assert_non_null(strstr(socket_describe(descriptor, &kind, &local), "takes IPv4 as well"));
	close(descriptor);
	descriptor = foreign(AF_INET, SOCK_STREAM, false);
	assert_string_equal(socket_describe(descriptor, &kind, &local), "not listening");
	close(descriptor);
}

static void a_connected_socket_is_nothing_to_listen_on(void **state)
{
	int server = foreign(AF_INET, SOCK_DGRAM, false);
	int client = foreign(AF_INET, SOCK_DGRAM, false);
	struct endpoint local = bound(server);
	struct sockaddr_storage sockaddr;
	socklen_t size = endpoint_to_sockaddr(&local, &sockaddr);
	enum socket_kind kind;

	(void)state;
	assert_int_equal(connect(client, (struct sockaddr *)&sockaddr, size), 0);
	assert_string_equal(socket_describe(client, &kind, &local), "connected to a peer");
	close(client);
	close(server);
}

static void says_what_is_wrong(void **state)
{
	struct socket_options nowhere = { 0 };
	struct socket_options foreign = { .local = at("192.0.2.1") };

	(void)state;
	assert_int_equal(socket_open_udp(&nowhere), -EINVAL);
	assert_int_equal(socket_open_udp(&foreign), -EADDRNOTAVAIL);
	assert_int_equal(socket_open_listener(&foreign), -EADDRNOTAVAIL);
	assert_int_equal(socket_probe(SOCKET_UDP, &foreign.local), -EADDRNOTAVAIL);
	assert_string_equal(socket_error_text(-EADDRINUSE), "address already in use");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(udp_sockets_have_the_options_of_their_family),
		cmocka_unit_test(listeners_listen_and_have_fast_open),
		cmocka_unit_test(only_shared_sockets_share_an_endpoint),
		cmocka_unit_test(the_probe_sees_a_server_that_shares),
		cmocka_unit_test(the_probe_does_not_mind_connections_that_linger),
		cmocka_unit_test(a_socket_that_was_passed_is_used_as_if_it_were_ours),
		cmocka_unit_test(says_why_a_descriptor_is_nothing_to_listen_on),
		cmocka_unit_test(a_connected_socket_is_nothing_to_listen_on),
		cmocka_unit_test(says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
