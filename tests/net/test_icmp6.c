/* Router advertisements and solicitations on wires of the test's own, in a network namespace of its
 * own: the far end of each is a file of the test. Skipped, in words, where there can be none. */

#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sixward/base/bytes.h"
#include "sixward/net/icmp6.h"
#include "sixward/net/timer.h"

enum {
	ETHERNET_OCTETS = 14,
	IPV6_OCTETS = 40,
	ICMP6_AT = ETHERNET_OCTETS + IPV6_OCTETS,
	FRAME_MAX = 9100,
	MTU = 9000,
	LIMIT_MS = 3000,  /* for what should come */
	SILENCE_MS = 200, /* for what should not */
	NOBODY = 65534
};

/* The kernel as it is, or one that has no memory (the linker puts this in the way). */
static struct {
	int refusals;
	int calls;
} kernel;

ssize_t __real_recvmsg(int descriptor, struct msghdr *header, int flags);
ssize_t __wrap_recvmsg(int descriptor, struct msghdr *header, int flags);

ssize_t __wrap_recvmsg(int descriptor, struct msghdr *header, int flags)
{
	kernel.calls++;
	if (kernel.refusals > 0) {
		kernel.refusals--;
		errno = ENOMEM;
		return -1;
	}
	return __real_recvmsg(descriptor, header, flags);
}

/* An interface, and its wire's far end. */
struct wire {
	int descriptor;
	uint32_t index;
	char name[IFNAMSIZ];
};

static struct wire wires[2];
static const char *why_not; /* there is no namespace */

static bool write_setting(const char *name, const char *value)
{
	char path[128];
	int descriptor;
	bool is_written;

	(void)snprintf(path, sizeof(path), "/proc/sys/net/ipv6/conf/default/%s", name);
	descriptor = open(path, O_WRONLY | O_CLOEXEC);
	is_written = descriptor >= 0 && write(descriptor, value, strlen(value)) > 0;
	if (descriptor >= 0)
		close(descriptor);
	return is_written;
}

static void set_up(const struct wire *wire, bool is_up)
{
	int descriptor = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };

	assert_true(descriptor >= 0);
	memcpy(request.ifr_name, wire->name, sizeof(request.ifr_name));
	request.ifr_mtu = MTU;
	assert_int_equal(ioctl(descriptor, SIOCSIFMTU, &request), 0);
	assert_int_equal(ioctl(descriptor, SIOCGIFFLAGS, &request), 0);
	if (is_up)
		request.ifr_flags |= IFF_UP;
	else
		request.ifr_flags &= (short)~IFF_UP;
	assert_int_equal(ioctl(descriptor, SIOCSIFFLAGS, &request), 0);
	close(descriptor);
}

static bool open_wire(struct wire *wire)
{
	struct ifreq request = { .ifr_name = "sw-ra%d" };

	wire->descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (wire->descriptor < 0)
		return false;
	request.ifr_flags = IFF_TAP | IFF_NO_PI;
	if (ioctl(wire->descriptor, TUNSETIFF, &request) != 0)
		return false;
	memcpy(wire->name, request.ifr_name, sizeof(wire->name));
	wire->index = if_nametoindex(wire->name);
	set_up(wire, true);
	return wire->index != 0;
}

/* Addresses are to be there at once, and the kernel is to ask no routers of its own. */
static const char *enter_namespace(void)
{
	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return "no network namespace can be made";
	if (!write_setting("accept_dad", "0") || !write_setting("router_solicitations", "0"))
		return "the settings of a network namespace cannot be written";
	if (!open_wire(&wires[0]) || !open_wire(&wires[1]))
		return "/dev/net/tun cannot be used";
	return NULL;
}

static void need_wires(void)
{
	static bool is_tried;

	if (!is_tried)
		why_not = enter_namespace();
	is_tried = true;
	if (!why_not)
		return;
	print_message("skipped: %s\n", why_not);
	skip();
}

static uint16_t checksum(const uint8_t *frame, size_t size)
{
	const uint8_t *addresses = frame + ETHERNET_OCTETS + 8;
	uint32_t sum = (uint32_t)size + 58;

	for (size_t i = 0; i < 32; i += 2)
		sum += bytes_get_u16(addresses + i);
	for (size_t i = 0; i < size; i++)
		sum += (uint32_t)frame[ICMP6_AT + i] << (i % 2 == 0 ? 8 : 0);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* From fe80::1 to all nodes: `size` octets of ICMPv6 that begin with the type. */
static void put_on(const struct wire *wire, uint8_t type, uint8_t hop_limit, size_t size)
{
	static const uint8_t ethernet[] = { 0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 0x86, 0xdd };
	static const uint8_t from[16] = { 0xfe, 0x80, [15] = 1 };
	static const uint8_t to[16] = { 0xff, 0x02, [15] = 1 };
	uint8_t frame[FRAME_MAX] = { 0 };
	uint8_t *ipv6 = frame + ETHERNET_OCTETS;

	memcpy(frame, ethernet, sizeof(ethernet));
	ipv6[0] = 0x60;
	bytes_put_u16(ipv6 + 4, (uint16_t)size);
	ipv6[6] = 58;
	ipv6[7] = hop_limit;
	memcpy(ipv6 + 8, from, 16);
	memcpy(ipv6 + 24, to, 16);
	frame[ICMP6_AT] = type;
	frame[ICMP6_AT + 4] = 64;
	bytes_put_u16(frame + ICMP6_AT + 2, checksum(frame, size));
	assert_int_equal(write(wire->descriptor, frame, ICMP6_AT + size), ICMP6_AT + size);
}

/* The next solicitation on the wire; false if none comes. */
static bool await_solicitation(
	const struct wire *wire, uint8_t frame[FRAME_MAX], size_t *size, int limit_ms)
{
	struct pollfd wait = { .fd = wire->descriptor, .events = POLLIN };

	while (poll(&wait, 1, limit_ms) > 0) {
		ssize_t got = read(wire->descriptor, frame, FRAME_MAX);

		if (got > ICMP6_AT && bytes_get_u16(frame + 12) == 0x86dd &&
			frame[ETHERNET_OCTETS + 6] == 58 && frame[ICMP6_AT] == 133) {
			*size = (size_t)got - ICMP6_AT;
			return true;
		}
	}
	return false;
}

/* Who listens, and what was heard. */
struct ear {
	struct loop *loop;
	struct icmp6 *icmp6;
	struct timer *limit;
	unsigned wanted; /* the loop stops after so many */
	unsigned count;
	unsigned count_at_post;
	bool posts; /* at the first */
	bool frees; /* at the first */
	struct addr from;
	int hop_limit;
	size_t size;
	uint8_t first;
};

static void on_post(void *owner)
{
	struct ear *ear = owner;

	ear->count_at_post = ear->count;
}

static void on_received(
	void *owner, const struct addr *from, int hop_limit, const uint8_t *octets, size_t size)
{
	struct ear *ear = owner;

	ear->count++;
	ear->from = *from;
	ear->hop_limit = hop_limit;
	ear->size = size;
	ear->first = octets[0];
	if (ear->posts && ear->count == 1)
		loop_post(ear->loop, on_post, ear);
	if (ear->frees) {
		icmp6_free(ear->icmp6);
		ear->icmp6 = NULL;
	}
	if (ear->count == ear->wanted)
		loop_stop(ear->loop);
}

static void on_limit(void *owner)
{
	struct ear *ear = owner;

	loop_stop(ear->loop);
}

static void open_ear(struct ear *ear)
{
	int error = 0;

	*ear = (struct ear){ .loop = loop_new() };
	ear->limit = timer_new(ear->loop, on_limit, ear);
	ear->icmp6 = icmp6_new(ear->loop, on_received, ear, &error);
	assert_non_null(ear->icmp6);
	kernel.calls = 0;
}

/* Until so many in all were heard, or it takes too long. */
static void listen_for(struct ear *ear, unsigned count, uint64_t limit_ms)
{
	ear->wanted = count;
	timer_start(ear->limit, limit_ms);
	loop_run(ear->loop);
}

static void close_ear(struct ear *ear)
{
	icmp6_free(ear->icmp6);
	timer_free(ear->limit);
	loop_free(ear->loop);
}

/* The exit status of a process without rights: 0 if it was told so. */
static int try_without_rights(void)
{
	struct loop *loop;
	int error = 0;

	if (geteuid() == 0 && setresuid(NOBODY, NOBODY, NOBODY) != 0)
		return 2;
	loop = loop_new();
	if (icmp6_new(loop, on_received, NULL, &error))
		return 3;
	loop_free(loop);
	return error == -EPERM ? 0 : 4;
}

static void says_that_the_right_is_missing(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		_exit(try_without_rights());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void hears_an_advertisement_from_whom_and_how_far(void **state)
{
	static const uint8_t router[16] = { 0xfe, 0x80, [15] = 1 };
	struct ear ear;

	(void)state;
	need_wires();
	open_ear(&ear);
	for (size_t i = 0; i < 2; i++) {
		put_on(&wires[i], 134, i == 0 ? 255 : 64, 16 + 8 * i);
		listen_for(&ear, ear.count + 1, LIMIT_MS);
		assert_int_equal(ear.count, i + 1);
		assert_int_equal(ear.first, 134);
		assert_int_equal(ear.hop_limit, i == 0 ? 255 : 64);
		assert_int_equal(ear.size, 16 + 8 * i);
		assert_int_equal(ear.from.family, ADDR_IPV6);
		assert_int_equal(ear.from.zone, wires[i].index);
		assert_memory_equal(ear.from.octets, router, 16);
	}
	close_ear(&ear);
}

static void hears_nothing_else_and_nothing_too_long(void **state)
{
	static const uint8_t others[] = { 1, 128, 129, 133, 135, 136, 137, 200 };
	struct ear ear;

	(void)state;
	need_wires();
	open_ear(&ear);
	for (size_t i = 0; i < sizeof(others); i++)
		put_on(&wires[0], others[i], 255, 32);
	put_on(&wires[0], 134, 255, 4000);
	put_on(&wires[0], 134, 255, 1460);
	listen_for(&ear, 1, LIMIT_MS);
	assert_int_equal(ear.size, 1460);
	assert_int_equal(kernel.calls, 3); /* with the empty one: the rest was kept from us */
	listen_for(&ear, 2, SILENCE_MS);
	assert_int_equal(ear.count, 1);
	close_ear(&ear);
}

static void a_flood_leaves_others_their_turn(void **state)
{
	enum { FLOOD = 60, TURN = 16 };
	struct ear ear;

	(void)state;
	need_wires();
	open_ear(&ear);
	ear.posts = true;
	for (unsigned i = 0; i < FLOOD; i++)
		put_on(&wires[0], 134, 255, 16);
	listen_for(&ear, FLOOD, LIMIT_MS);
	assert_int_equal(ear.count, FLOOD);
	assert_in_range(ear.count_at_post, 1, 2 * TURN);
	close_ear(&ear);
}

static void an_error_does_not_keep_it_busy(void **state)
{
	struct ear ear;
	uint64_t start_ms;

	(void)state;
	need_wires();
	open_ear(&ear);
	kernel.refusals = 1;
	start_ms = loop_now_ms(ear.loop);
	put_on(&wires[0], 134, 255, 16);
	listen_for(&ear, 1, LIMIT_MS);
	assert_int_equal(ear.count, 1);
	assert_in_range(kernel.calls, 2, 3);
	assert_in_range(loop_now_ms(ear.loop) - start_ms, 900, LIMIT_MS);
	close_ear(&ear);
}

static void may_be_freed_when_it_hears(void **state)
{
	struct ear ear;

	(void)state;
	need_wires();
	open_ear(&ear);
	ear.frees = true;
	put_on(&wires[0], 134, 255, 16);
	put_on(&wires[0], 134, 255, 16);
	listen_for(&ear, 1, LIMIT_MS);
	assert_int_equal(ear.count, 1);
	assert_null(ear.icmp6);
	listen_for(&ear, 2, SILENCE_MS);
	assert_int_equal(ear.count, 1);
	close_ear(&ear);
}

/* RFC 4861 4.1 and 6.1.1: what routers take for a solicitation. */
static void asks_the_routers_of_every_interface(void **state)
{
	static const uint8_t ethernet[] = { 0x33, 0x33, 0, 0, 0, 2 };
	static const uint8_t to[16] = { 0xff, 0x02, [15] = 2 };
	static const uint8_t zero[4];
	struct ear ear;

	(void)state;
	need_wires();
	open_ear(&ear);
	icmp6_solicit(ear.icmp6);
	for (size_t i = 0; i < 2; i++) {
		uint8_t frame[FRAME_MAX];
		const uint8_t *ipv6 = frame + ETHERNET_OCTETS;
		size_t size;

		assert_true(await_solicitation(&wires[i], frame, &size, LIMIT_MS));
		assert_memory_equal(frame, ethernet, sizeof(ethernet));
		assert_int_equal(bytes_get_u16(ipv6 + 4), 8);
		assert_int_equal(size, 8);
		assert_int_equal(ipv6[7], 255);
		assert_int_equal(bytes_get_u16(ipv6 + 8), 0xfe80);
		assert_memory_equal(ipv6 + 24, to, 16);
		assert_int_equal(frame[ICMP6_AT + 1], 0);
		assert_int_equal(checksum(frame, size), 0);
		assert_memory_equal(frame + ICMP6_AT + 4, zero, 4);
		assert_false(await_solicitation(&wires[i], frame, &size, SILENCE_MS));
	}
	close_ear(&ear);
}

static void asks_nobody_where_an_interface_is_down(void **state)
{
	uint8_t frame[FRAME_MAX];
	struct ear ear;
	size_t size;

	(void)state;
	need_wires();
	open_ear(&ear);
	set_up(&wires[0], false);
	icmp6_solicit(ear.icmp6);
	assert_true(await_solicitation(&wires[1], frame, &size, LIMIT_MS));
	assert_false(await_solicitation(&wires[0], frame, &size, SILENCE_MS));
	set_up(&wires[0], true);
	close_ear(&ear);
}

int main(void)
{
	/* The first one before the namespace, for in there it has all rights. */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_that_the_right_is_missing),
		cmocka_unit_test(hears_an_advertisement_from_whom_and_how_far),
		cmocka_unit_test(hears_nothing_else_and_nothing_too_long),
		cmocka_unit_test(a_flood_leaves_others_their_turn),
		cmocka_unit_test(an_error_does_not_keep_it_busy),
		cmocka_unit_test(may_be_freed_when_it_hears),
		cmocka_unit_test(asks_the_routers_of_every_interface),
		cmocka_unit_test(asks_nobody_where_an_interface_is_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
