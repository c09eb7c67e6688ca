/* What a question to an upstream costs: calls of the kernel and of libuv, requests for memory. On
 * the real net; the linker puts the counters in the way. */

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
#include <uv.h>

#include "heap.h"
#include "sixward/base/bytes.h"
#include "sixward/dns/wire.h"
#include "sixward/net/timer.h"
#include "sixward/net/udp.h"
#include "sixward/upstream/group.h"

enum { MISSES = 32, QUESTIONS = 2 * MISSES, ROUNDS_MAX = 400, NAME_AT = 12, REPLY_MAX = 512 };

static struct {
	size_t sends;
	size_t receives;
	size_t sockets;
	size_t polls;
	size_t alarms;
} counted;

int __real_sendmmsg(int descriptor, struct mmsghdr *headers, unsigned count, int flags);
int __wrap_sendmmsg(int descriptor, struct mmsghdr *headers, unsigned count, int flags);
int __real_recvmmsg(int descriptor, struct mmsghdr *headers, unsigned count, int flags,
	struct timespec *timeout);
int __wrap_recvmmsg(int descriptor, struct mmsghdr *headers, unsigned count, int flags,
	struct timespec *timeout);
int __real_socket(int domain, int type, int protocol);
int __wrap_socket(int domain, int type, int protocol);
int __real_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb call);
int __wrap_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb call);
int __real_uv_timer_start(uv_timer_t *handle, uv_timer_cb call, uint64_t ms, uint64_t repeat);
int __wrap_uv_timer_start(uv_timer_t *handle, uv_timer_cb call, uint64_t ms, uint64_t repeat);

int __wrap_sendmmsg(int descriptor, struct mmsghdr *headers, unsigned count, int flags)
{
	counted.sends++;
	return __real_sendmmsg(descriptor, headers, count, flags);
}

int __wrap_recvmmsg(int descriptor, struct mmsghdr *headers, unsigned count, int flags,
	struct timespec *timeout)
{
	counted.receives++;
	return __real_recvmmsg(descriptor, headers, count, flags, timeout);
}

int __wrap_socket(int domain, int type, int protocol)
{
	counted.sockets++;
	return __real_socket(domain, type, protocol);
}

int __wrap_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb call)
{
	counted.polls++;
	return __real_uv_poll_start(handle, events, call);
}

int __wrap_uv_timer_start(uv_timer_t *handle, uv_timer_cb call, uint64_t ms, uint64_t repeat)
{
	counted.alarms++;
	return __real_uv_timer_start(handle, call, ms, repeat);
}

struct scene {
	struct loop *loop;
	struct timer *timer;
	struct entropy entropy;
	struct group *group;
	int upstream; /* a socket that this test reads and answers itself */
	unsigned asked;
	size_t done;
	size_t datagrams; /* that came to the upstream */
};

static void on_stop(void *owner)
{
	struct scene *scene = owner;

	loop_stop(scene->loop);
}

static void scene_open(struct scene *scene)
{
	struct socket_options options = { 0 };
	struct server_options server = { 0 };
	struct group_options terms = { .servers = &server, .server_count = 1 };
	struct sockaddr_storage bound = { 0 };
	socklen_t size = sizeof(bound);

	*scene = (struct scene){ .loop = loop_new() };
	assert_true(endpoint_parse("127.0.0.1", 0, &options.local));
	scene->upstream = socket_open_udp(&options);
	assert_true(scene->upstream >= 0);
	assert_int_equal(getsockname(scene->upstream, (struct sockaddr *)&bound, &size), 0);
	server.endpoint = endpoint_from_sockaddr((struct sockaddr *)&bound);
	scene->timer = timer_new(scene->loop, on_stop, scene);
	scene->group = group_new(scene->loop, &scene->entropy, &terms);
}

static void scene_close(struct scene *scene)
{
	group_free(scene->group);
	timer_free(scene->timer);
	close(scene->upstream);
	loop_free(scene->loop);
}

static void on_done(void *owner, const struct group_result *result)
{
	struct scene *scene = owner;

	assert_non_null(result->reply);
	assert_int_equal(result->tries, 1);
	if (++scene->done == QUESTIONS)
		loop_stop(scene->loop);
}

/* Both questions of a miss. */
static void ask(struct scene *scene)
{
	static const uint16_t types[] = { TYPE_AAAA, TYPE_A };
	struct group_ask terms = { .deadline_ms = loop_now_ms(scene->loop) + 10000 };
	uint8_t name[] = { 3, 0, 0, 0, 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0 };

	for (unsigned i = 1, rest = scene->asked++; i <= 3; i++, rest /= 26)
		name[i] = (uint8_t)('a' + rest % 26);
	for (size_t i = 0; i < 2; i++) {
		struct question question = question_make(name, types[i], CLASS_IN, false);

		(void)group_start(scene->group, &question, &terms, on_done, scene);
	}
}

/* An address for the question, in place. */
static size_t answer(uint8_t *octets, size_t size)
{
	struct wire wire;
	struct writer out = { .octets = octets, .room = REPLY_MAX };
	size_t length;

	assert_true(wire_view(&wire, octets, size));
	assert_int_equal(wire_view_question(&wire), WIRE_OK);
	octets[2] = 0x81; /* QR, RD */
	octets[3] = 0x80; /* RA */
	octets[7] = 1;    /* an answer */
	octets[11] = 0;   /* no OPT */
	out.at = NAME_AT + wire.question_size;
	length = wire.question_type == TYPE_A ? 4 : 16;
	writer_u16(&out, 0xc000 | NAME_AT);
	writer_u16(&out, wire.question_type);
	writer_u16(&out, CLASS_IN);
	writer_u16(&out, 0);
	writer_u16(&out, 300);
	writer_u16(&out, (uint16_t)length);
	for (size_t i = 0; i < length; i++)
		writer_u8(&out, 0x20);
	return out.at;
}

static void answer_all(struct scene *scene)
{
	uint8_t octets[REPLY_MAX];
	struct sockaddr_storage from;
	socklen_t from_size = sizeof(from);
	ssize_t size;

	while ((size = recvfrom(scene->upstream, octets, sizeof(octets), MSG_DONTWAIT,
			(struct sockaddr *)&from, &from_size)) > 0) {
		size_t length = answer(octets, (size_t)size);

		scene->datagrams++;
		assert_int_equal(sendto(scene->upstream, octets, length, 0,
					 (struct sockaddr *)&from, from_size),
			(ssize_t)length);
		from_size = sizeof(from);
	}
}

/* So many misses in one turn, until all are answered. */
static void play(struct scene *scene)
{
	scene->done = 0;
	scene->datagrams = 0;
	for (size_t i = 0; i < MISSES; i++)
		ask(scene);
	timer_start(scene->timer, 0);
	loop_run(scene->loop); /* they leave */
	answer_all(scene);
	loop_run(scene->loop);
	assert_int_equal(scene->done, QUESTIONS);
}

/* goals.md, M2: what is sent in a turn leaves together, and its replies are taken together. A
 * port for AAAA, one for A (LIM-36). */
static void misses_of_a_turn_share_the_calls_of_the_kernel(void **state)
{
	struct scene scene;

	(void)state;
	scene_open(&scene);
	/* Until all ports are open, and memory for so many misses has been seen. */
	for (size_t i = 0; i < ROUNDS_MAX; i++) {
		memset(&counted, 0, sizeof(counted));
		memset(&heap, 0, sizeof(heap));
		play(&scene);
		if (i > 100 && !counted.sockets)
			break;
	}
	assert_int_equal(counted.sockets, 0);
	assert_int_equal(scene.datagrams, QUESTIONS); /* M4, M7: nothing needless */
	assert_int_equal(counted.sends, 2);
	assert_int_equal(counted.receives, 2);
	assert_int_equal(counted.polls, 0);
	assert_true(counted.alarms <= 4);           /* not one per question */
	assert_int_equal(heap.requests, QUESTIONS); /* the replies that are kept */
	scene_close(&scene);
}

/* LIM-36: a port is replaced after 256 questions; that is all that opens one. */
static void a_socket_serves_many_questions(void **state)
{
	enum { ROUNDS = 256 };
	struct scene scene;
	size_t sockets;

	(void)state;
	scene_open(&scene);
	for (size_t i = 0; i < ROUNDS_MAX; i++)
		play(&scene);
	memset(&counted, 0, sizeof(counted));
	for (size_t i = 0; i < ROUNDS; i++)
		play(&scene);
	sockets = counted.sockets;
	assert_true(sockets > 0);
	assert_true(sockets <= (size_t)ROUNDS * QUESTIONS / 256 * 3 / 2);
	assert_true(counted.polls <= sockets);
	scene_close(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(misses_of_a_turn_share_the_calls_of_the_kernel),
		cmocka_unit_test(a_socket_serves_many_questions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
