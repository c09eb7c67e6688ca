#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sixward/base/mem.h"
#include "sixward/net/timer.h"
#include "sixward/net/udp.h"

/* The kernel as it is, or one whose buffers are full (the linker puts this in the way). */
static struct {
	int refusals; /* so many calls fail first */
	int error;
	unsigned at_most; /* headers taken per call; 0 = all */
	int calls;
	int receives;
	unsigned headers; /* of the last call */
	unsigned largest; /* parts of one header: segments */
	bool is_told_from;
} kernel;

int __real_recvmmsg(
	int descriptor, struct mmsghdr *headers, unsigned count, int flags, struct timespec *time);
int __wrap_recvmmsg(
	int descriptor, struct mmsghdr *headers, unsigned count, int flags, struct timespec *time);

int __wrap_recvmmsg(
	int descriptor, struct mmsghdr *headers, unsigned count, int flags, struct timespec *time)
{
	kernel.receives++;
	return __real_recvmmsg(descriptor, headers, count, flags, time);
}

int __real_sendmmsg(int descriptor, struct mmsghdr *headers, unsigned count, int flags);
int __wrap_sendmmsg(int descriptor, struct mmsghdr *headers, unsigned count, int flags);

int __wrap_sendmmsg(int descriptor, struct mmsghdr *headers, unsigned count, int flags)
{
	kernel.calls++;
	kernel.headers = count;
	for (unsigned i = 0; i < count; i++) {
		if (headers[i].msg_hdr.msg_controllen > 0 && headers[i].msg_hdr.msg_iovlen == 1)
			kernel.is_told_from = true;
		if (headers[i].msg_hdr.msg_iovlen > kernel.largest)
			kernel.largest = (unsigned)headers[i].msg_hdr.msg_iovlen;
	}
	if (kernel.refusals > 0) {
		kernel.refusals--;
		errno = kernel.error;
		return -1;
	}
	if (kernel.at_most != 0 && count > kernel.at_most)
		count = kernel.at_most;
	return __real_sendmmsg(descriptor, headers, count, flags);
}

enum { OCTETS_MAX = 1 << 20 };

/* One end: what it heard. */
struct end {
	struct loop *loop;
	struct udp *udp;
	int wanted; /* the loop stops after so many datagrams; 0 = never */
	int free_at;
	bool echoes;
	bool from_asked; /* echoes leave from the address that was asked */
	int count;
	bool is_cut;
	struct endpoint peer;
	struct addr local;
	size_t size; /* of all octets */
	uint8_t *octets;
	int failures;
	int failure;
};

static void on_late(void *owner)
{
	(void)owner;
	fail_msg("nothing came");
}

static void on_stop(void *owner)
{
	loop_stop(owner);
}

static void run(struct loop *loop)
{
	struct timer *late = timer_new(loop, on_late, NULL);

	timer_start(late, 5000);
	loop_run(loop);
	timer_free(late);
}

/* Lets what is under way arrive: loopback delivers within the call that sends. */
static void run_shortly(struct loop *loop)
{
	struct timer *soon = timer_new(loop, on_stop, loop);

	timer_start(soon, 10);
	loop_run(loop);
	timer_free(soon);
}

static void on_received(void *owner, const struct udp_datagram *datagram)
{
	struct end *end = owner;

	end->count++;
	end->is_cut = datagram->is_cut;
	end->peer = datagram->peer;
	end->local = datagram->local;
	assert_true(end->size + datagram->size <= OCTETS_MAX);
	memcpy(end->octets + end->size, datagram->octets, datagram->size);
	end->size += datagram->size;
	if (end->echoes)
		udp_send(end->udp, datagram->octets, datagram->size, &datagram->peer,
			end->from_asked ? &datagram->local : NULL);
	if (end->count == end->free_at) {
		udp_free(end->udp);
		end->udp = NULL;
	}
	if (end->count == end->wanted)
		loop_stop(end->loop);
}

static void on_failed(void *owner, int error)
{
	struct end *end = owner;

	end->failures++;
	end->failure = error;
	loop_stop(end->loop);
}

static struct endpoint at(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(text, 0, &endpoint));
	return endpoint;
}

static void end_open(struct end *end, struct loop *loop, const struct socket_options *options)
{
	int error = 0;

	end->loop = loop;
	end->octets = mem_new(OCTETS_MAX);
	end->udp = udp_new(loop, options, on_received, on_failed, end, &error);
	assert_non_null(end->udp);
	assert_int_equal(error, 0);
}

static void end_close(struct end *end)
{
	udp_free(end->udp);
	free(end->octets);
}

static void open_pair(struct loop *loop, struct end *server, const char *local, struct end *client)
{
	struct socket_options listening = { .local = at(local) };
	struct socket_options connected = { 0 };

	end_open(server, loop, &listening);
	connected.peer = udp_local(server->udp);
	end_open(client, loop, &connected);
}

static void echoes_over_both_families(void **state)
{
	static const char *const rows[] = { "127.0.0.1", "::1" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct loop *loop = loop_new();
		struct end server = { .echoes = true };
		struct end client = { .wanted = 1 };

		open_pair(loop, &server, rows[i], &client);
		udp_send(client.udp, (const uint8_t *)"hello", 5, NULL, NULL);
		assert_int_equal(server.count, 0);
		run(loop);
		assert_int_equal(server.count, 1);
		assert_int_equal(server.local.family, ADDR_NONE);
		assert_int_equal(server.peer.port, udp_local(client.udp).port);
		assert_int_equal(client.size, 5);
		assert_memory_equal(client.octets, "hello", 5);
		assert_false(client.is_cut);
		end_close(&client);
		end_close(&server);
		loop_free(loop);
	}
}

/* R2181-4.1-a: a connected client hears only the address that it asked. */
static void answers_from_the_address_that_was_asked(void **state)
{
	static const struct {
		const char *bound, *asked;
		bool is_told;
	} rows[] = { { "0.0.0.0", "127.0.0.2", true }, { "0.0.0.0", "127.0.0.1", true },
		{ "[::]", "::1", true }, { "127.0.0.1", "127.0.0.1", false },
		{ "[::1]", "::1", false } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loop *loop = loop_new();
		struct end server = { .echoes = true, .from_asked = true };
		struct end client = { .wanted = 1 };
		struct socket_options listening = { .local = at(rows[i].bound),
			.tells_local = true };
		struct socket_options connected = { .peer = at(rows[i].asked) };

		end_open(&server, loop, &listening);
		connected.peer.port = udp_local(server.udp).port;
		end_open(&client, loop, &connected);
		memset(&kernel, 0, sizeof(kernel));
		udp_send(client.udp, (const uint8_t *)"who", 3, NULL, NULL);
		run(loop);
		assert_int_equal(kernel.is_told_from, rows[i].is_told);
		assert_true(addr_equal(&server.local, &connected.peer.addr));
		assert_true(endpoint_equal(&client.peer, &connected.peer));
		end_close(&client);
		end_close(&server);
		loop_free(loop);
	}
}

/* UDP-b. */
static void large_datagrams_come_whole_or_marked_as_cut(void **state)
{
	static const struct {
		size_t sent, comes;
		bool is_cut;
	} rows[] = { { 0, 0, false }, { 4096, 4096, false }, { 4097, 4096, true },
		{ 9000, 4096, true } };
	static const uint8_t octets[9000];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loop *loop = loop_new();
		struct end server = { .wanted = 1 };
		struct end client = { 0 };

		open_pair(loop, &server, "::1", &client);
		udp_send(client.udp, octets, rows[i].sent, NULL, NULL);
		run(loop);
		assert_int_equal(server.size, rows[i].comes);
		assert_int_equal(server.is_cut, rows[i].is_cut);
		end_close(&client);
		end_close(&server);
		loop_free(loop);
	}
}

enum { MANY = 200 };

/* Datagrams of sizes that make segments of all kinds: equal, a shorter last, a longer next. */
static size_t size_of(int i)
{
	static const size_t sizes[] = { 100, 100, 100, 40, 100, 120, 120, 7, 1, 1500 };

	return sizes[(size_t)i % (sizeof(sizes) / sizeof(sizes[0]))];
}

static void send_many(struct udp *udp)
{
	uint8_t octets[1500];

	for (int i = 0; i < MANY; i++) {
		memset(octets, i, sizeof(octets));
		udp_send(udp, octets, size_of(i), NULL, NULL);
	}
}

static void check_many(const struct end *end)
{
	size_t place = 0;

	assert_int_equal(end->count, MANY);
	for (int i = 0; i < MANY; i++) {
		for (size_t k = 0; k < size_of(i); k++)
			assert_int_equal(end->octets[place++], (uint8_t)i);
	}
	assert_int_equal(end->size, place);
}

static void many_leave_in_batches_and_arrive_in_order(void **state)
{
	static const struct {
		unsigned at_most;
		int refusals, error;
	} rows[] = {
		{ 0, 0, 0 }, { 1, 0, 0 },
		{ 3, 1, EAGAIN }, /* kept, and sent when the kernel takes more */
		{ 0, 2, EINTR },
		{ 0, 1, EIO }, /* a device without segments: never again, nothing lost */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loop *loop = loop_new();
		struct end server = { .echoes = true };
		struct end client = { .wanted = MANY };

		memset(&kernel, 0, sizeof(kernel));
		open_pair(loop, &server, "127.0.0.1", &client);
		kernel.at_most = rows[i].at_most;
		kernel.refusals = rows[i].refusals;
		kernel.error = rows[i].error;
		send_many(client.udp);
		run(loop);
		assert_true(rows[i].at_most != 0 || kernel.calls < MANY / 4);
		assert_true(kernel.largest > 1);
		check_many(&server);
		check_many(&client);
		end_close(&client);
		end_close(&server);
		loop_free(loop);
	}
	memset(&kernel, 0, sizeof(kernel));
}

enum { BURST = 32 };

/* Sockets that are not ours: they add no system call of ours. */
static void send_burst(const struct end *server, int *descriptors, int clients)
{
	struct endpoint local = udp_local(server->udp);
	struct sockaddr_storage sockaddr;
	socklen_t size = endpoint_to_sockaddr(&local, &sockaddr);

	for (int i = 0; i < BURST; i++) {
		if (i < clients) {
			descriptors[i] = socket(sockaddr.ss_family, SOCK_DGRAM, 0);
			assert_return_code(
				connect(descriptors[i], (struct sockaddr *)&sockaddr, size), errno);
		}
		assert_int_equal(send(descriptors[i % clients], "query", 5, 0), 5);
	}
}

static void check_burst(int *descriptors, int clients)
{
	char octets[8];

	for (int i = 0; i < BURST; i++)
		assert_int_equal(
			recv(descriptors[i % clients], octets, sizeof(octets), MSG_DONTWAIT), 5);
	for (int i = 0; i < clients; i++)
		close(descriptors[i]);
}

/* Goals M1, M1g: of 32 datagrams that are there, two system calls; answers to one client leave
 * as the segments of one. */
static void a_burst_takes_one_call_in_and_one_out(void **state)
{
	static const struct {
		const char *local;
		int clients;
		unsigned headers;
	} rows[] = { { "127.0.0.1", BURST, BURST }, { "::1", BURST, BURST }, { "127.0.0.1", 1, 1 },
		{ "::1", 1, 1 }, { "0.0.0.0", 1, 1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loop *loop = loop_new();
		struct end server = { .echoes = true, .from_asked = true, .wanted = BURST };
		struct socket_options listening = { .local = at(rows[i].local),
			.tells_local = true };
		int descriptors[BURST];

		end_open(&server, loop, &listening);
		send_burst(&server, descriptors, rows[i].clients);
		memset(&kernel, 0, sizeof(kernel));
		run(loop);
		assert_int_equal(kernel.receives, 1);
		assert_int_equal(kernel.calls, 1);
		assert_int_equal(kernel.headers, rows[i].headers);
		check_burst(descriptors, rows[i].clients);
		end_close(&server);
		loop_free(loop);
	}
	memset(&kernel, 0, sizeof(kernel));
}

static void on_count(
	void *owner, const char *name, const char *label, const char *help, uint64_t value)
{
	(void)label;
	(void)help;
	assert_string_equal(name, "udp_send_drops_total");
	*(uint64_t *)owner = value;
}

static uint64_t drops_of(struct loop *loop)
{
	struct counts *counts = counts_new();
	uint64_t drops = 0;

	udp_add_counts(loop, counts);
	counts_each(counts, on_count, &drops);
	counts_free(counts);
	return drops;
}

static void what_waits_for_a_full_kernel_is_bounded_and_the_rest_counted(void **state)
{
	struct loop *loop = loop_new();
	struct end server = { 0 };
	struct end client = { 0 };

	(void)state;
	open_pair(loop, &server, "127.0.0.1", &client);
	kernel.refusals = 1;
	kernel.error = EAGAIN;
	for (int i = 0; i < 2000; i++)
		udp_send(client.udp, (const uint8_t *)"x", 1, NULL, NULL);
	assert_int_equal(kernel.calls, 1);
	assert_int_equal(drops_of(loop), 2000 - 1024);
	end_close(&client);
	assert_int_equal(drops_of(loop), 2000);
	end_close(&server);
	loop_free(loop);
	memset(&kernel, 0, sizeof(kernel));
}

/* R9715-R1-a: refused by the kernel instead of cut in fragments. */
static void one_that_is_too_large_is_dropped_and_counted(void **state)
{
	static const char *const rows[] = { "127.0.0.1", "::1" };
	static const uint8_t octets[70000];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct loop *loop = loop_new();
		struct end server = { .wanted = 1 };
		struct end client = { 0 };

		open_pair(loop, &server, rows[i], &client);
		udp_send(client.udp, octets, sizeof(octets), NULL, NULL);
		udp_send(client.udp, octets, 9, NULL, NULL);
		run(loop);
		assert_int_equal(server.size, 9);
		assert_int_equal(drops_of(loop), 1);
		assert_int_equal(client.failures, 0);
		end_close(&client);
		end_close(&server);
		loop_free(loop);
	}
}

static void freed_in_the_middle_of_a_batch_the_rest_is_dropped(void **state)
{
	struct loop *loop = loop_new();
	struct end server = { .echoes = true, .free_at = 3, .wanted = 3 };
	struct end client = { 0 };

	(void)state;
	open_pair(loop, &server, "127.0.0.1", &client);
	send_many(client.udp);
	run(loop);
	assert_int_equal(server.count, 3);
	assert_null(server.udp);

	/* What it had queued was still sent. */
	run_shortly(loop);
	assert_int_equal(client.count, 3);
	assert_int_equal(server.count, 3);
	end_close(&client);
	end_close(&server);
	loop_free(loop);
}

static void what_is_queued_leaves_when_freed(void **state)
{
	struct loop *loop = loop_new();
	struct end server = { .wanted = 1 };
	struct end client = { 0 };

	(void)state;
	open_pair(loop, &server, "::1", &client);
	udp_send(client.udp, (const uint8_t *)"last", 4, NULL, NULL);
	end_close(&client);
	run(loop);
	assert_int_equal(server.size, 4);
	end_close(&server);
	loop_free(loop);
}

static void a_connected_socket_hears_of_refusals_and_goes_on(void **state)
{
	static const char *const rows[] = { "127.0.0.1", "::1" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct loop *loop = loop_new();
		struct end server = { .echoes = true };
		struct end client = { .wanted = 2 };
		struct socket_options again = { 0 };

		open_pair(loop, &server, rows[i], &client);
		again.local = udp_local(server.udp);
		end_close(&server);
		udp_send(client.udp, (const uint8_t *)"one", 3, NULL, NULL);
		run(loop);
		assert_int_equal(client.failures, 1);
		assert_int_equal(client.failure, -ECONNREFUSED);

		/* A pending error does not cost the next datagram. */
		udp_send(client.udp, (const uint8_t *)"two", 3, NULL, NULL);
		udp_send(client.udp, (const uint8_t *)"three", 5, NULL, NULL);
		run(loop);
		assert_int_equal(client.failures, 2);
		end_open(&server, loop, &again);
		udp_send(client.udp, (const uint8_t *)"four", 4, NULL, NULL);
		udp_send(client.udp, (const uint8_t *)"five", 4, NULL, NULL);
		while (client.count < 2)
			run(loop);
		assert_memory_equal(client.octets, "fourfive", 8);
		end_close(&client);
		end_close(&server);
		loop_free(loop);
	}
}

static void on_failed_free(void *owner, int error)
{
	struct end *end = owner;

	end->failure = error;
	udp_free(end->udp);
	end->udp = NULL;
	loop_stop(end->loop);
}

static void may_be_freed_when_told_of_a_failed_send(void **state)
{
	struct loop *loop = loop_new();
	struct end server = { 0 };
	struct end client = { .loop = loop };
	struct socket_options connected = { 0 };
	int error = 0;

	(void)state;
	open_pair(loop, &server, "127.0.0.1", &client);
	connected.peer = udp_local(server.udp);
	end_close(&client);
	client = (struct end){ .loop = loop };
	client.udp = udp_new(loop, &connected, on_received, on_failed_free, &client, &error);
	kernel.refusals = 1;
	kernel.error = ENETUNREACH;
	udp_send(client.udp, (const uint8_t *)"x", 1, NULL, NULL);
	assert_int_equal(client.failure, 0);
	run(loop);
	assert_int_equal(client.failure, -ENETUNREACH);
	assert_null(client.udp);
	end_close(&server);
	loop_free(loop);
}

/* Each address has a wildcard and an exact socket, of which the last is another's as well. */
static const struct row {
	const char *bound, *asked;
	bool is_passed;
} finishing[] = { { "127.0.0.1", "127.0.0.1", false }, { "::1", "::1", false },
	{ "0.0.0.0", "127.0.0.2", false }, { "[::]", "::1", false }, { "[::]", "::1", true },
	{ "127.0.0.1", "127.0.0.1", true } };

/* R2181-4.1-a holds for the last answers too. */
static void one_that_finishes_takes_what_has_come_and_still_answers_from_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(finishing) / sizeof(finishing[0]); i++) {
		struct loop *loop = loop_new();
		struct end server = { .from_asked = true };
		struct end client = { .wanted = 1 };
		struct socket_options listening = { .local = at(finishing[i].bound),
			.tells_local = true };
		struct socket_options connected = { .peer = at(finishing[i].asked) };
		int passed = socket_open_udp(&listening);

		assert_true(passed >= 0);
		if (finishing[i].is_passed)
			listening.passed = passed;
		end_open(&server, loop, &listening);
		connected.peer.port = udp_local(server.udp).port;
		end_open(&client, loop, &connected);
		udp_send(client.udp, (const uint8_t *)"one", 3, NULL, NULL);
		udp_send(client.udp, (const uint8_t *)"two", 3, NULL, NULL);
		end_close(&client); /* sends */
		end_open(&client, loop, &connected);
		assert_int_equal(server.count, 0);
		udp_finish(server.udp);
		assert_int_equal(server.count, 2);

		udp_send(client.udp, (const uint8_t *)"late", 4, NULL, NULL);
		run_shortly(loop);
		assert_int_equal(server.count, 2);
		assert_int_equal(client.failures, finishing[i].is_passed ? 0 : 1);

		client.peer = udp_local(client.udp);
		udp_send(server.udp, (const uint8_t *)"answer", 6, &client.peer,
			server.local.family == ADDR_NONE ? NULL : &server.local);
		run(loop);
		assert_int_equal(client.count, 1);
		assert_memory_equal(client.octets, "answer", 6);
		assert_true(endpoint_equal(&client.peer, &connected.peer));
		end_close(&client);
		end_close(&server);
		close(passed);
		loop_free(loop);
	}
}

static void what_comes_to_one_that_pauses_waits_for_another(void **state)
{
	struct loop *loop = loop_new();
	struct socket_options listening = { .local = at("127.0.0.1") };
	struct end server = { 0 };
	struct end other = { .wanted = 1 };
	struct end client = { 0 };

	(void)state;
	listening.passed = socket_open_udp(&listening);
	assert_true(listening.passed >= 0);
	end_open(&server, loop, &listening);
	udp_pause(server.udp);
	end_open(&client, loop, &(struct socket_options){ .peer = udp_local(server.udp) });
	udp_send(client.udp, (const uint8_t *)"hello", 5, NULL, NULL);
	run_shortly(loop);
	assert_int_equal(server.count, 0);
	end_open(&other, loop, &listening);
	end_close(&server);
	run(loop);
	assert_int_equal(other.count, 1);
	end_close(&other);
	end_close(&client);
	close(listening.passed);
	loop_free(loop);
}

static void says_why_there_is_no_socket(void **state)
{
	struct loop *loop = loop_new();
	struct end server = { 0 };
	struct end client = { 0 };
	struct socket_options taken = { 0 };
	int error = 0;

	(void)state;
	/* An address that no other test beside this one takes ports of. */
	open_pair(loop, &server, "127.0.0.77", &client);
	taken.local = udp_local(server.udp);
	assert_null(udp_new(loop, &taken, on_received, NULL, NULL, &error));
	assert_int_equal(error, -EADDRINUSE);
	udp_free(NULL);
	end_close(&client);
	end_close(&server);

	/* Freed is free at once. */
	assert_int_equal(socket_probe(SOCKET_UDP, &taken.local), 0);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echoes_over_both_families),
		cmocka_unit_test(answers_from_the_address_that_was_asked),
		cmocka_unit_test(large_datagrams_come_whole_or_marked_as_cut),
		cmocka_unit_test(many_leave_in_batches_and_arrive_in_order),
		cmocka_unit_test(a_burst_takes_one_call_in_and_one_out),
		cmocka_unit_test(what_waits_for_a_full_kernel_is_bounded_and_the_rest_counted),
		cmocka_unit_test(one_that_is_too_large_is_dropped_and_counted),
		cmocka_unit_test(freed_in_the_middle_of_a_batch_the_rest_is_dropped),
		cmocka_unit_test(what_is_queued_leaves_when_freed),
		cmocka_unit_test(a_connected_socket_hears_of_refusals_and_goes_on),
		cmocka_unit_test(may_be_freed_when_told_of_a_failed_send),
		cmocka_unit_test(
			one_that_finishes_takes_what_has_come_and_still_answers_from_there),
		cmocka_unit_test(what_comes_to_one_that_pauses_waits_for_another),
		cmocka_unit_test(says_why_there_is_no_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
