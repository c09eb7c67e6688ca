#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sixward/base/mem.h"
#include "sixward/net/tcp.h"
#include "sixward/net/timer.h"

/* The kernel as it is, or one without descriptors (the linker puts this in the way). */
static struct {
	int refusals;
	int error;
	int calls;
	int sends;
	int takes_once;  /* the next send takes so many octets at most; 0 = all */
	int refuses_all; /* with this errno from then on; 0 = not */
} kernel;

int __real_accept4(int descriptor, struct sockaddr *sockaddr, socklen_t *size, int flags);
int __wrap_accept4(int descriptor, struct sockaddr *sockaddr, socklen_t *size, int flags);

int __wrap_accept4(int descriptor, struct sockaddr *sockaddr, socklen_t *size, int flags)
{
	kernel.calls++;
	if (kernel.refusals > 0) {
		kernel.refusals--;
		errno = kernel.error;
		return -1;
	}
	return __real_accept4(descriptor, sockaddr, size, flags);
}

ssize_t __real_send(int descriptor, const void *octets, size_t size, int flags);
ssize_t __wrap_send(int descriptor, const void *octets, size_t size, int flags);

ssize_t __wrap_send(int descriptor, const void *octets, size_t size, int flags)
{
	kernel.sends++;
	if (kernel.refuses_all) {
		errno = kernel.refuses_all;
		return -1;
	}
	if (kernel.takes_once && size > (size_t)kernel.takes_once)
		size = (size_t)kernel.takes_once;
	kernel.takes_once = 0;
	return __real_send(descriptor, octets, size, flags);
}

enum { OCTETS_MAX = 1 << 24, STREAMS = 200 };

/* What a stream does when it is told something. */
enum act { ACT_NOTHING, ACT_ECHO, ACT_FINISH, ACT_FREE, ACT_STOP, ACT_PAUSE, ACT_SIXTEEN };

/* One end: what it heard, in order, as letters: c(onnected) r(eceived) e(nded) x (closed). */
struct end {
	struct loop *loop;
	struct tcp *tcp;
	enum act on_connected, on_received, on_ended, on_closed;
	char story[16];
	size_t calls;
	int error;
	size_t size;
	uint8_t octets[256]; /* the first of them */
	size_t wanted;       /* stops the loop at so many octets */
	uint8_t *all;        /* so many have room here; NULL = of no interest */
};

static struct endpoint at(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(text, 0, &endpoint));
	return endpoint;
}

static void act(struct end *end, enum act what, const uint8_t *octets, size_t size)
{
	switch (what) {
	case ACT_NOTHING:
		break;
	case ACT_ECHO:
		assert_true(tcp_write(end->tcp, octets, size));
		break;
	case ACT_FINISH:
		assert_true(tcp_write(end->tcp, (const uint8_t *)"answer", 6));
		tcp_finish(end->tcp);
		assert_false(tcp_write(end->tcp, (const uint8_t *)"late", 4));
		break;
	case ACT_FREE:
		tcp_free(end->tcp);
		end->tcp = NULL;
		loop_stop(end->loop);
		break;
	case ACT_STOP:
		loop_stop(end->loop);
		break;
	case ACT_PAUSE:
		tcp_pause(end->tcp);
		break;
	case ACT_SIXTEEN:
		for (int i = 0; i < 16; i++)
			assert_true(tcp_write_message(end->tcp, (const uint8_t *)"message", 7));
		break;
	}
}

static void tell(struct end *end, char letter)
{
	if (end->calls < sizeof(end->story) - 1)
		end->story[end->calls++] = letter;
}

static void on_connected(void *owner)
{
	struct end *end = owner;

	tell(end, 'c');
	act(end, end->on_connected, NULL, 0);
}

static void on_received(void *owner, const uint8_t *octets, size_t size)
{
	struct end *end = owner;

	tell(end, 'r');
	for (size_t i = 0; i < size && end->size + i < sizeof(end->octets); i++)
		end->octets[end->size + i] = octets[i];
	if (end->all && end->size + size <= end->wanted)
		memcpy(end->all + end->size, octets, size);
	end->size += size;
	if (end->wanted != 0 && end->size >= end->wanted)
		loop_stop(end->loop);
	act(end, end->on_received, octets, size);
}

static void on_ended(void *owner)
{
	struct end *end = owner;

	tell(end, 'e');
	act(end, end->on_ended, NULL, 0);
}

static void on_closed(void *owner, int error)
{
	struct end *end = owner;

	tell(end, 'x');
	end->error = error;
	act(end, end->on_closed, NULL, 0);
}

static const struct tcp_events events = {
	.connected = on_connected,
	.received = on_received,
	.ended = on_ended,
	.closed = on_closed,
};
static const struct tcp_options patient = { .connect_ms = 2000, .stall_ms = 5000 };

/* A listener, the streams that it took, and the loop of both. */
struct server {
	struct loop *loop;
	struct tcp_listener *listener;
	struct tcp_options options;
	struct end *ends; /* as many as may come */
	size_t room;
	size_t count;
	bool frees_stream;
	bool frees_listener;
};

static void on_accepted(void *owner, struct tcp *stream)
{
	struct server *server = owner;

	if (server->frees_stream) {
		tcp_free(stream);
	} else {
		struct end *end = &server->ends[server->count];

		assert_true(server->count < server->room);
		end->tcp = stream;
		end->loop = server->loop;
		tcp_attach(stream, &server->options, &events, end);
	}
	server->count++;
	if (server->frees_listener) {
		tcp_listener_free(server->listener);
		server->listener = NULL;
	}
}

static void server_open(struct server *server, const char *local, struct end *ends, size_t room)
{
	struct socket_options options = { .local = at(local) };
	int error = 0;

	memset(&kernel, 0, sizeof(kernel));
	server->loop = loop_new();
	if (server->options.connect_ms == 0)
		server->options = patient;
	server->ends = ends;
	server->room = room;
	server->listener = tcp_listener_new(server->loop, &options, on_accepted, server, &error);
	assert_non_null(server->listener);
}

static void server_close(struct server *server)
{
	for (size_t i = 0; i < server->room; i++)
		tcp_free(server->ends[i].tcp);
	tcp_listener_free(server->listener);
	loop_free(server->loop);
}

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

	timer_start(late, 10000);
	loop_run(loop);
	timer_free(late);
}

static void run_for(struct loop *loop, uint64_t ms)
{
	struct timer *soon = timer_new(loop, on_stop, loop);

	timer_start(soon, ms);
	loop_run(loop);
	timer_free(soon);
}

/* A client or server that is not ours: a plain socket. */
static int raw_connect(const struct endpoint *peer)
{
	struct sockaddr_storage sockaddr;
	socklen_t size = endpoint_to_sockaddr(peer, &sockaddr);
	int descriptor = socket(sockaddr.ss_family, SOCK_STREAM, 0);

	assert_true(descriptor >= 0);
	assert_int_equal(connect(descriptor, (struct sockaddr *)&sockaddr, size), 0);
	assert_int_equal(fcntl(descriptor, F_SETFL, O_NONBLOCK), 0);
	return descriptor;
}

static int raw_connect_to(const struct server *server)
{
	struct endpoint local = tcp_listener_local(server->listener);

	return raw_connect(&local);
}

static void raw_write(int descriptor, const char *text)
{
	assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
}

/* All that has come, and whether the end has. */
static size_t raw_read(int descriptor, char *text, size_t room, bool *has_ended)
{
	size_t size = 0;
	ssize_t more;

	while ((more = read(descriptor, text + size, room - size)) > 0)
		size += (size_t)more;
	*has_ended = more == 0;
	return size;
}

static void echoes_over_both_families(void **state)
{
	static const char *const rows[] = { "127.0.0.1", "::1" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct end served = { .on_received = ACT_ECHO };
		struct server server = { 0 };
		struct end client = { .wanted = 10 };
		struct endpoint listening;
		struct endpoint seen[3];

		server_open(&server, rows[i], &served, 1);
		listening = tcp_listener_local(server.listener);
		client.loop = server.loop;
		client.tcp = tcp_connect(server.loop, &listening, &patient, &events, &client);
		assert_true(tcp_write(client.tcp, (const uint8_t *)"hello", 5));
		assert_true(tcp_write(client.tcp, (const uint8_t *)"world", 5));
		assert_int_equal(tcp_queued(client.tcp), 10);
		assert_int_equal(client.calls, 0);
		run(server.loop);
		assert_string_equal(client.story, "cr");
		assert_string_equal(served.story, "r");
		assert_memory_equal(client.octets, "helloworld", 10);
		assert_int_equal(tcp_queued(client.tcp), 0);
		seen[0] = tcp_peer(client.tcp);
		assert_true(endpoint_equal(&seen[0], &listening));
		seen[1] = tcp_local(served.tcp);
		assert_true(endpoint_equal(&seen[1], &listening));
		seen[0] = tcp_local(client.tcp);
		seen[2] = tcp_peer(served.tcp);
		assert_true(endpoint_equal(&seen[0], &seen[2]));
		tcp_free(client.tcp);
		server_close(&server);
	}
}

static void the_writes_of_a_turn_leave_together(void **state)
{
	static const uint8_t expected[] = "\0\7message\0\7message";
	struct end served = { .on_received = ACT_SIXTEEN };
	struct server server = { 0 };
	struct end client = { .wanted = (size_t)16 * 9 };
	struct endpoint listening;

	(void)state;
	server_open(&server, "::1", &served, 1);
	listening = tcp_listener_local(server.listener);
	client.loop = server.loop;
	client.tcp = tcp_connect(server.loop, &listening, &patient, &events, &client);
	assert_true(tcp_write(client.tcp, (const uint8_t *)"go", 2));
	run(server.loop);
	assert_string_equal(client.story, "cr");
	assert_int_equal(client.size, 16 * 9);
	assert_memory_equal(client.octets, expected, sizeof(expected) - 1);
	assert_int_equal(kernel.sends, 2); /* the client's, and one for all sixteen */
	tcp_free(client.tcp);
	server_close(&server);
}

/* Two that write by turns do not mix, and each needs one call. */
static void streams_that_write_by_turns_do_not_mix(void **state)
{
	struct end served[2] = { { .calls = 0 }, { .calls = 0 } };
	struct server server = { 0 };
	int clients[2];
	bool has_ended;
	char text[64];

	(void)state;
	server_open(&server, "127.0.0.1", served, 2);
	for (int i = 0; i < 2; i++) {
		clients[i] = raw_connect_to(&server);
		run_for(server.loop, 5);
	}
	for (uint8_t i = 0; i < 4; i++) {
		const uint8_t letters[] = { (uint8_t)('a' + i), (uint8_t)('A' + i) };

		for (int k = 0; k < 2; k++)
			assert_true(tcp_write(served[k].tcp, &letters[k], 1));
	}
	for (int k = 0; k < 2; k++)
		assert_int_equal(tcp_queued(served[k].tcp), 4);
	assert_int_equal(kernel.sends, 0);
	run_for(server.loop, 5);
	assert_int_equal(kernel.sends, 2);
	for (int k = 0; k < 2; k++) {
		assert_int_equal(tcp_queued(served[k].tcp), 0);
		assert_int_equal(raw_read(clients[k], text, sizeof(text), &has_ended), 4);
		assert_memory_equal(text, k ? "ABCD" : "abcd", 4);
		close(clients[k]);
	}
	server_close(&server);
}

static void what_is_flushed_leaves_at_once(void **state)
{
	struct end served = { .calls = 0 };
	struct server server = { 0 };
	bool has_ended;
	char text[64];
	int client;

	(void)state;
	server_open(&server, "::1", &served, 1);
	client = raw_connect_to(&server);
	run_for(server.loop, 5);
	assert_true(tcp_write(served.tcp, (const uint8_t *)"one", 3));
	tcp_flush(served.tcp);
	assert_int_equal(tcp_queued(served.tcp), 0);
	assert_int_equal(raw_read(client, text, sizeof(text), &has_ended), 3);

	/* The kernel takes a part of it: the rest comes in order, and behind it what is next. */
	kernel.takes_once = 2;
	assert_true(tcp_write(served.tcp, (const uint8_t *)"two", 3));
	tcp_flush(served.tcp);
	assert_true(tcp_write(served.tcp, (const uint8_t *)"three", 5));
	tcp_flush(served.tcp);
	run_for(server.loop, 5);
	assert_int_equal(tcp_queued(served.tcp), 0);
	assert_int_equal(raw_read(client, text, sizeof(text), &has_ended), 8);
	assert_memory_equal(text, "twothree", 8);
	close(client);
	server_close(&server);
}

static void a_flush_that_fails_is_told_later(void **state)
{
	struct end served = { .on_closed = ACT_FREE };
	struct server server = { 0 };
	int client;

	(void)state;
	server_open(&server, "127.0.0.1", &served, 1);
	client = raw_connect_to(&server);
	run_for(server.loop, 5);
	kernel.refuses_all = EPIPE;
	assert_true(tcp_write(served.tcp, (const uint8_t *)"answer", 6));
	tcp_flush(served.tcp);
	assert_string_equal(served.story, "");
	assert_false(tcp_write(served.tcp, (const uint8_t *)"answer", 6));
	tcp_flush(served.tcp);
	run(server.loop);
	assert_string_equal(served.story, "x");
	assert_int_equal(served.error, -EPIPE);
	close(client);
	server_close(&server);
}

/* More than can be gathered, in pieces of all sizes, keeps its order. */
static void much_keeps_its_order(void **state)
{
	static const size_t sizes[] = { 65535, 1, 65000, 700, 65535, 12, 40000, 40000 };
	static uint8_t octets[UINT16_MAX];
	struct end served = { .calls = 0 };
	struct server server = { 0 };
	struct end client = { .calls = 0 };
	struct endpoint listening;
	uint8_t *all = NULL;
	size_t at = 0;

	(void)state;
	server_open(&server, "127.0.0.1", &served, 1);
	listening = tcp_listener_local(server.listener);
	client.loop = server.loop;
	client.tcp = tcp_connect(server.loop, &listening, &patient, &events, &client);
	run_for(server.loop, 5);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		memset(octets, (int)i, sizes[i]);
		assert_true(tcp_write_message(served.tcp, octets, sizes[i]));
		client.wanted += sizes[i] + 2;
	}
	client.all = all = mem_new(client.wanted);
	run(server.loop);
	assert_int_equal(client.size, client.wanted);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(all[at] << 8 | all[at + 1], sizes[i]);
		assert_int_equal(all[at + 2], i);
		assert_int_equal(all[at + 1 + sizes[i]], i);
		at += sizes[i] + 2;
	}
	tcp_free(client.tcp);
	server_close(&server);
	free(all);
}

static void a_connect_fails_later_and_with_its_reason(void **state)
{
	/* Nobody listens; or the address alone is not enough, which the kernel says at once. */
	static const struct {
		const char *peer;
		int error;
	} rows[] = { { "127.0.0.1:1", -ECONNREFUSED }, { "[::1]:1", -ECONNREFUSED },
		{ "[fe80::1]:1", -EINVAL } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loop *loop = loop_new();
		struct end client = { .loop = loop, .on_closed = ACT_FREE };
		struct endpoint peer = at(rows[i].peer);

		client.tcp = tcp_connect(loop, &peer, &patient, &events, &client);
		assert_int_equal(client.calls, 0);
		run(loop);
		assert_string_equal(client.story, "x");
		assert_int_equal(client.error, rows[i].error);
		assert_null(client.tcp);
		loop_free(loop);
	}
}

/* LIM-14: a listener whose queue is full drops what else comes. */
static void a_connect_that_gets_no_answer_times_out(void **state)
{
	struct loop *loop = loop_new();
	struct end client = { .loop = loop, .on_closed = ACT_STOP };
	struct tcp_options options = { .connect_ms = 30 };
	struct sockaddr_storage sockaddr;
	struct endpoint peer = at("127.0.0.1");
	socklen_t size = endpoint_to_sockaddr(&peer, &sockaddr);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int first;
	uint64_t start_ms;

	(void)state;
	assert_int_equal(bind(listener, (struct sockaddr *)&sockaddr, size), 0);
	assert_int_equal(listen(listener, 0), 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&sockaddr, &size), 0);
	peer = endpoint_from_sockaddr((struct sockaddr *)&sockaddr);
	first = raw_connect(&peer);
	start_ms = loop_now_ms(loop);
	client.tcp = tcp_connect(loop, &peer, &options, &events, &client);
	run(loop);
	assert_string_equal(client.story, "x");
	assert_int_equal(client.error, -ETIMEDOUT);
	assert_true(loop_now_ms(loop) >= start_ms + 30);
	assert_in_range(tcp_connect_us(client.tcp), 29000, 9000000);
	tcp_free(client.tcp);
	close(first);
	close(listener);
	loop_free(loop);
}

/* TCP-d: a client that has said all still gets its answer. */
static void a_half_closed_stream_still_carries_the_answer(void **state)
{
	struct end served = { .on_ended = ACT_FINISH, .on_closed = ACT_FREE };
	struct server server = { 0 };
	bool has_ended = false;
	char text[64];
	int client;

	(void)state;
	server_open(&server, "127.0.0.1", &served, 1);
	client = raw_connect_to(&server);
	raw_write(client, "query");
	shutdown(client, SHUT_WR);
	run(server.loop);
	assert_string_equal(served.story, "rex");
	assert_int_equal(served.error, 0);
	assert_int_equal(raw_read(client, text, sizeof(text), &has_ended), 6);
	assert_memory_equal(text, "answer", 6);
	assert_true(has_ended);
	close(client);
	server_close(&server);
}

/* The client goes on to send, as pipelining ones do: unread, that would reset the stream. */
static void to_finish_does_not_reset_a_client_that_still_sends(void **state)
{
	struct end served = { .on_received = ACT_FINISH, .on_closed = ACT_FREE };
	struct server server = { 0 };
	bool has_ended = false;
	char text[64];
	int client;

	(void)state;
	server_open(&server, "127.0.0.1", &served, 1);
	client = raw_connect_to(&server);
	raw_write(client, "query");
	run_for(server.loop, 10);
	raw_write(client, "another");
	run_for(server.loop, 10);
	raw_write(client, "and another");
	assert_string_equal(served.story, "r");
	assert_int_equal(raw_read(client, text, sizeof(text), &has_ended), 6);
	assert_memory_equal(text, "answer", 6);
	assert_true(has_ended);
	close(client);
	run(server.loop);
	assert_string_equal(served.story, "rx");
	assert_int_equal(served.error, 0);
	server_close(&server);
}

static void to_finish_waits_for_the_peer_but_not_for_long(void **state)
{
	struct end served = { .on_received = ACT_FINISH, .on_closed = ACT_FREE };
	struct server server = { 0 };
	uint64_t start_ms;
	int client;

	(void)state;
	server_open(&server, "::1", &served, 1);
	client = raw_connect_to(&server);
	raw_write(client, "query");
	start_ms = loop_now_ms(server.loop);
	run(server.loop);
	assert_string_equal(served.story, "rx");
	assert_int_equal(served.error, 0);
	assert_in_range(loop_now_ms(server.loop) - start_ms, 900, 3000);
	close(client);
	server_close(&server);
}

/* TCP-a, LIM-11. */
static void a_peer_that_does_not_read_fills_the_queue_and_is_closed(void **state)
{
	struct end served = { .on_closed = ACT_STOP };
	struct server server = { .options = { .connect_ms = 1, .stall_ms = 40 } };
	uint8_t *much = mem_new(OCTETS_MAX);
	uint64_t start_ms;
	size_t queued;
	int client;

	(void)state;
	server.options.queue_max = OCTETS_MAX;
	server_open(&server, "127.0.0.1", &served, 1);
	client = raw_connect_to(&server);
	run_for(server.loop, 5);
	assert_true(tcp_write(served.tcp, much, OCTETS_MAX));
	assert_false(tcp_write(served.tcp, much, 1));
	assert_false(tcp_write_message(served.tcp, much, 1));
	start_ms = loop_now_ms(server.loop);
	run_for(server.loop, 10);
	queued = tcp_queued(served.tcp);
	assert_in_range(queued, 1, OCTETS_MAX - 1);
	assert_true(tcp_write(served.tcp, much, 1));
	assert_int_equal(tcp_queued(served.tcp), queued + 1);
	run(server.loop);
	assert_string_equal(served.story, "x");
	assert_int_equal(served.error, -ETIMEDOUT);
	assert_true(loop_now_ms(server.loop) >= start_ms + 40);
	assert_false(tcp_write(served.tcp, much, 1));
	close(client);
	server_close(&server);
	free(much);
}

/* A client that reads a little every few milliseconds. */
struct slow {
	struct timer *timer;
	int descriptor;
	size_t size;
	size_t reads;
	uint8_t octets[1 << 19];
};

static void on_slow(void *owner)
{
	struct slow *slow = owner;
	ssize_t more = read(slow->descriptor, slow->octets, sizeof(slow->octets));

	slow->reads++;
	if (more > 0)
		slow->size += (size_t)more;
	timer_start(slow->timer, 10);
}

static void a_slow_reader_is_not_stalled(void **state)
{
	struct end served = { .on_closed = ACT_STOP };
	struct server server = { .options = { .connect_ms = 1, .stall_ms = 200 } };
	struct slow *slow = mem_new(sizeof(*slow));
	uint8_t *much = mem_new(OCTETS_MAX);

	(void)state;
	server.options.queue_max = OCTETS_MAX;
	server_open(&server, "127.0.0.1", &served, 1);
	slow->descriptor = raw_connect_to(&server);
	slow->timer = timer_new(server.loop, on_slow, slow);
	run_for(server.loop, 5);
	assert_true(tcp_write(served.tcp, much, OCTETS_MAX));
	tcp_finish(served.tcp);
	timer_start(slow->timer, 10);
	run(server.loop);
	assert_int_equal(served.error, 0);
	assert_true(slow->reads > 20);
	on_slow(slow);
	assert_int_equal(slow->size, OCTETS_MAX);
	timer_free(slow->timer);
	close(slow->descriptor);
	server_close(&server);
	free(much);
	free(slow);
}

/* TCP-a. */
static void a_paused_stream_hears_nothing_until_resumed(void **state)
{
	struct end served = { .on_received = ACT_PAUSE, .on_ended = ACT_STOP };
	struct server server = { 0 };
	int client;

	(void)state;
	server_open(&server, "::1", &served, 1);
	client = raw_connect_to(&server);
	raw_write(client, "one");
	run_for(server.loop, 10);
	raw_write(client, "two");
	close(client);
	run_for(server.loop, 10);
	assert_string_equal(served.story, "r");
	served.on_received = ACT_NOTHING;
	tcp_resume(served.tcp);
	assert_string_equal(served.story, "r");
	run(server.loop);
	assert_string_equal(served.story, "rre");
	assert_memory_equal(served.octets, "onetwo", 6);
	server_close(&server);
}

static void a_reset_is_told(void **state)
{
	struct end served = { .on_closed = ACT_STOP };
	struct server server = { 0 };
	const struct linger at_once = { .l_onoff = 1 };
	int client;

	(void)state;
	server_open(&server, "127.0.0.1", &served, 1);
	client = raw_connect_to(&server);
	run_for(server.loop, 5);
	setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	close(client);
	run(server.loop);
	assert_string_equal(served.story, "x");
	assert_int_equal(served.error, -ECONNRESET);
	tcp_finish(served.tcp);
	server_close(&server);
}

static void every_callback_may_free(void **state)
{
	static const struct end rows[] = {
		{ .on_received = ACT_FREE },
		{ .on_ended = ACT_FREE },
		{ .on_received = ACT_FINISH, .on_closed = ACT_FREE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct end served = rows[i];
		struct server server = { 0 };
		int client;

		server_open(&server, "127.0.0.1", &served, 1);
		client = raw_connect_to(&server);
		raw_write(client, "query");
		shutdown(client, SHUT_WR);
		run(server.loop);
		assert_null(served.tcp);
		close(client);
		server_close(&server);
	}
}

static void a_stream_may_be_freed_with_octets_queued_or_still_connecting(void **state)
{
	struct end served = { .on_ended = ACT_STOP, .on_closed = ACT_STOP };
	struct end client = { .on_connected = ACT_FREE };
	struct server server = { 0 };
	uint8_t *much = mem_new(OCTETS_MAX);
	struct endpoint listening;

	(void)state;
	server.options = patient;
	server.options.queue_max = OCTETS_MAX;
	server_open(&server, "127.0.0.1", &served, 1);
	listening = tcp_listener_local(server.listener);
	client.loop = server.loop;
	tcp_free(tcp_connect(server.loop, &listening, &patient, &events, &client));
	tcp_free(NULL);
	client.tcp = tcp_connect(server.loop, &listening, &server.options, &events, &client);
	assert_true(tcp_write(client.tcp, much, OCTETS_MAX));
	server.frees_stream = true;
	run(server.loop);
	assert_null(client.tcp);

	/* In the middle of a write. */
	client = (struct end){ .loop = server.loop };
	client.tcp = tcp_connect(server.loop, &listening, &server.options, &events, &client);
	server.frees_stream = false;
	server.count = 0;
	run_for(server.loop, 5);
	tcp_pause(served.tcp);
	assert_true(tcp_write(client.tcp, much, OCTETS_MAX));
	run_for(server.loop, 5);
	assert_true(tcp_queued(client.tcp) > 0);
	tcp_free(client.tcp);
	server_close(&server);
	free(much);
}

static void a_listener_may_be_freed_while_it_accepts(void **state)
{
	struct server server = { .frees_stream = true, .frees_listener = true };
	struct end none = { 0 };
	struct endpoint listening;
	int clients[2];

	(void)state;
	/* An address that no other test beside this one takes ports of. */
	server_open(&server, "127.0.0.78", &none, 1);
	listening = tcp_listener_local(server.listener);
	for (int i = 0; i < 2; i++)
		clients[i] = raw_connect(&listening);
	loop_run(server.loop);
	assert_int_equal(server.count, 1);
	assert_int_equal(socket_probe(SOCKET_LISTENER, &listening), 0);
	for (int i = 0; i < 2; i++)
		close(clients[i]);
	server_close(&server);
}

static void without_descriptors_it_pauses_and_does_not_spin(void **state)
{
	static const struct {
		int error;
		int calls; /* with the one that says that nobody else waits */
		uint64_t least_ms;
	} rows[] = { { EMFILE, 3, 90 }, { ENOMEM, 3, 90 }, { ECONNABORTED, 3, 0 },
		{ EINTR, 3, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct end served = { .on_received = ACT_STOP };
		struct server server = { 0 };
		uint64_t start_ms;
		int client;

		server_open(&server, "::1", &served, 1);
		kernel.refusals = 1;
		kernel.error = rows[i].error;
		client = raw_connect_to(&server);
		raw_write(client, "query");
		start_ms = loop_now_ms(server.loop);
		run(server.loop);
		assert_int_equal(kernel.calls, rows[i].calls);
		assert_true(loop_now_ms(server.loop) >= start_ms + rows[i].least_ms);
		close(client);
		server_close(&server);
	}
}

static void says_why_it_cannot_listen(void **state)
{
	struct end none = { 0 };
	struct server server = { 0 };
	struct socket_options taken = { 0 };
	int error = 0;

	(void)state;
	server_open(&server, "127.0.0.1", &none, 1);
	taken.local = tcp_listener_local(server.listener);
	assert_null(tcp_listener_new(server.loop, &taken, on_accepted, &server, &error));
	assert_int_equal(error, -EADDRINUSE);
	server_close(&server);
}

/* Runs until the story of each is this, or five seconds are over. */
static void run_until_all_tell(struct loop *loop, const struct end *ends, const char *story)
{
	int told = 0;

	for (int turns = 0; turns < 500 && told < STREAMS; turns++) {
		run_for(loop, 10);
		for (told = 0; told < STREAMS && strcmp(ends[told].story, story) == 0;)
			told++;
	}
}

/* A client that has been served and waits costs next to nothing (no buffer of its own). The
 * sanitizers' own allocator does not say; then this is only a test of many streams. */
static void an_idle_stream_costs_less_than_a_kilobyte(void **state)
{
	struct end *ends = mem_new_array(STREAMS, sizeof(*ends));
	struct server server = { 0 };
	int clients[STREAMS];
	size_t before;
	char text[8];

	(void)state;
	server_open(&server, "127.0.0.1", ends, STREAMS);
	for (int i = 0; i < STREAMS; i++) {
		ends[i].on_received = ACT_ECHO;
		clients[i] = raw_connect_to(&server);
		raw_write(clients[i], "query");
	}
	before = mallinfo2().uordblks;
	run_until_all_tell(server.loop, ends, "r");
	assert_int_equal(server.count, STREAMS);
	for (int i = 0; i < STREAMS; i++)
		assert_int_equal(read(clients[i], text, sizeof(text)), 5);

	/* Less the one buffer of the loop. */
	assert_true(mallinfo2().uordblks <= before + (1 << 16) + (size_t)STREAMS * 1024);
	for (int i = 0; i < STREAMS; i++)
		close(clients[i]);
	run_until_all_tell(server.loop, ends, "re");
	assert_string_equal(ends[STREAMS - 1].story, "re");
	server_close(&server);
	free(ends);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(echoes_over_both_families),
		cmocka_unit_test(the_writes_of_a_turn_leave_together),
		cmocka_unit_test(streams_that_write_by_turns_do_not_mix),
		cmocka_unit_test(what_is_flushed_leaves_at_once),
		cmocka_unit_test(a_flush_that_fails_is_told_later),
		cmocka_unit_test(much_keeps_its_order),
		cmocka_unit_test(a_connect_fails_later_and_with_its_reason),
		cmocka_unit_test(a_connect_that_gets_no_answer_times_out),
		cmocka_unit_test(a_half_closed_stream_still_carries_the_answer),
		cmocka_unit_test(to_finish_does_not_reset_a_client_that_still_sends),
		cmocka_unit_test(to_finish_waits_for_the_peer_but_not_for_long),
		cmocka_unit_test(a_peer_that_does_not_read_fills_the_queue_and_is_closed),
		cmocka_unit_test(a_slow_reader_is_not_stalled),
		cmocka_unit_test(a_paused_stream_hears_nothing_until_resumed),
		cmocka_unit_test(a_reset_is_told),
		cmocka_unit_test(every_callback_may_free),
		cmocka_unit_test(a_stream_may_be_freed_with_octets_queued_or_still_connecting),
		cmocka_unit_test(a_listener_may_be_freed_while_it_accepts),
		cmocka_unit_test(without_descriptors_it_pauses_and_does_not_spin),
		cmocka_unit_test(says_why_it_cannot_listen),
		cmocka_unit_test(an_idle_stream_costs_less_than_a_kilobyte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
