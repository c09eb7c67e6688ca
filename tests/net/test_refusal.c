#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/ipv6.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sixward/base/bytes.h"
#include "sixward/net/tcp.h"
#include "sixward/net/timer.h"

/* The kernel is asked: a TUN interface in a network namespace of this test's own, whose other end
 * answers a SYN as a host or a router would. */

enum {
	PACKET_MAX = 1500,
	HEADER = 40, /* of IPv6 */
	PROTOCOL_TCP = 6,
	PROTOCOL_ICMP6 = 58,
	SYN = 2,
	RST = 4,
	ACK = 16,
	PATIENCE_MS = 10000,
	LOOK_MS = 10
};

struct packet {
	uint8_t octets[PACKET_MAX];
	size_t size;
};

static int tun = -1;

/* What answers: a segment with these flags, or else an ICMPv6 error of type 1 with this code. */
struct answer {
	uint8_t flags;
	uint8_t code;
};

static uint16_t checksum_of(const struct packet *packet)
{
	uint32_t sum = packet->octets[6] + (uint32_t)packet->size - HEADER;

	/* The pseudo-header's addresses, and all behind them. */
	for (size_t i = 8; i < packet->size; i += 2)
		sum += (uint32_t)packet->octets[i] << 8 |
		       (i + 1 < packet->size ? packet->octets[i + 1] : 0);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void start_packet(
	struct packet *out, const struct packet *syn, uint8_t protocol, size_t size)
{
	*out = (struct packet){ .octets = { 0x60 }, .size = HEADER + size };
	bytes_put_u16(out->octets + 4, (uint16_t)size);
	out->octets[6] = protocol;
	out->octets[7] = 64;
	memcpy(out->octets + 8, syn->octets + 24, 16);
	memcpy(out->octets + 24, syn->octets + 8, 16);
}

static void make_segment(struct packet *out, const struct packet *syn, uint8_t flags)
{
	uint8_t *tcp = out->octets + HEADER;

	start_packet(out, syn, PROTOCOL_TCP, 20);
	memcpy(tcp, syn->octets + HEADER + 2, 2);
	memcpy(tcp + 2, syn->octets + HEADER, 2);
	bytes_put_u32(tcp + 8, bytes_get_u32(syn->octets + HEADER + 4) + 1);
	tcp[12] = 5 << 4;
	tcp[13] = flags;
	bytes_put_u16(tcp + 14, UINT16_MAX);
	bytes_put_u16(tcp + 16, checksum_of(out));
}

static void make_error(struct packet *out, const struct packet *syn, uint8_t code)
{
	uint8_t *icmp = out->octets + HEADER;

	start_packet(out, syn, PROTOCOL_ICMP6, 8 + syn->size);
	icmp[0] = 1; /* destination unreachable */
	icmp[1] = code;
	memcpy(icmp + 8, syn->octets, syn->size);
	bytes_put_u16(icmp + 2, checksum_of(out));
}

/* The next SYN that the kernel has sent; it sends other things too. */
static void take_syn(struct packet *syn)
{
	for (int tries = 0; tries < 100; tries++) {
		struct pollfd ready = { .fd = tun, .events = POLLIN };
		ssize_t size;

		assert_int_equal(poll(&ready, 1, PATIENCE_MS), 1);
		size = read(tun, syn->octets, sizeof(syn->octets));
		assert_true(size > 0);
		syn->size = (size_t)size;
		if (syn->octets[6] == PROTOCOL_TCP && syn->octets[HEADER + 13] == SYN)
			return;
	}
	fail_msg("no SYN came");
}

static void answer_syn(const struct answer *answer)
{
	struct packet syn;
	struct packet packet;

	take_syn(&syn);
	if (answer->flags)
		make_segment(&packet, &syn, answer->flags);
	else
		make_error(&packet, &syn, answer->code);
	assert_int_equal(write(tun, packet.octets, packet.size), packet.size);
}

/* What became of a connect. */
struct story {
	struct loop *loop;
	bool is_connected;
	int error;
};

static void on_connected(void *owner)
{
	struct story *story = owner;

	story->is_connected = true;
	loop_stop(story->loop);
}

static void on_closed(void *owner, int error)
{
	struct story *story = owner;

	story->error = error;
	loop_stop(story->loop);
}

static const struct tcp_events events = { .connected = on_connected, .closed = on_closed };

static void on_late(void *owner)
{
	(void)owner;
	fail_msg("nothing came");
}

static struct story play(bool tells_icmp, const struct answer *answer)
{
	struct story story = { .loop = loop_new() };
	struct timer *late = timer_new(story.loop, on_late, NULL);
	struct tcp_options options = { .tells_icmp = tells_icmp };
	struct endpoint peer;
	struct tcp *tcp;

	assert_true(endpoint_parse("[2001:db8:64::2]:443", 0, &peer));
	tcp = tcp_connect(story.loop, &peer, &options, &events, &story);
	answer_syn(answer);
	timer_start(late, PATIENCE_MS);
	loop_run(story.loop);
	assert_in_range(tcp_connect_us(tcp), 1, 10000000);
	timer_free(late);
	tcp_free(tcp);
	loop_free(story.loop);
	return story;
}

static void a_refusal_by_icmp_is_told_from_one_by_the_peer(void **state)
{
	enum { NO_ROUTE = 0, NO_ADDRESS = 3, NO_PORT = 4 };
	static const struct {
		bool tells_icmp;
		struct answer answer;
		int error;
	} rows[] = {
		{ true, { .flags = RST | ACK }, -ECONNREFUSED },
		{ true, { .code = NO_PORT }, -EHOSTUNREACH },
		{ true, { .code = NO_ADDRESS }, -EHOSTUNREACH },
		{ true, { .code = NO_ROUTE }, -ENETUNREACH },

		/* Where it does not matter, it stays what the kernel says. */
		{ false, { .flags = RST | ACK }, -ECONNREFUSED },
		{ false, { .code = NO_PORT }, -ECONNREFUSED },
	};

	(void)state;
	if (tun < 0)
		skip();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct story story = play(rows[i].tells_icmp, &rows[i].answer);

		if (story.error != rows[i].error)
			fail_msg("row %zu: %d", i, story.error);
		assert_false(story.is_connected);
	}
}

static void a_connection_that_is_taken_is_no_refusal(void **state)
{
	struct answer answer = { .flags = SYN | ACK };
	struct story story;

	(void)state;
	if (tun < 0)
		skip();
	story = play(true, &answer);
	assert_true(story.is_connected);
}

/* The kernel gives an address out in its own time, which on a busy machine comes later. */
static bool is_usable(const struct in6_addr *address)
{
	struct sockaddr_in6 local = { .sin6_family = AF_INET6, .sin6_addr = *address };
	bool is_bound = false;

	for (int waited_ms = 0; !is_bound && waited_ms < PATIENCE_MS; waited_ms += LOOK_MS) {
		int descriptor = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		is_bound = bind(descriptor, (struct sockaddr *)&local, sizeof(local)) == 0;
		(void)close(descriptor);
		if (!is_bound)
			(void)poll(NULL, 0, LOOK_MS);
	}
	return is_bound;
}

/* Its address, and all in its network behind it. */
static bool raise_interface(struct ifreq *request)
{
	struct in6_ifreq address = { .ifr6_prefixlen = 64 };
	int descriptor = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool is_up;

	(void)inet_pton(AF_INET6, "2001:db8:64::1", &address.ifr6_addr);
	is_up = ioctl(descriptor, SIOCGIFINDEX, request) == 0;
	address.ifr6_ifindex = request->ifr_ifindex;
	request->ifr_flags = IFF_UP;
	is_up = is_up && ioctl(descriptor, SIOCSIFFLAGS, request) == 0 &&
		ioctl(descriptor, SIOCSIFADDR, &address) == 0;
	(void)close(descriptor);
	return is_up && is_usable(&address.ifr6_addr);
}

/* False where this process may not have a network of its own. */
static bool open_network(void)
{
	struct ifreq request = { .ifr_name = "sw-refusal" };

	request.ifr_flags = IFF_TUN | IFF_NO_PI;
	if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0)
		return false;
	tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tun >= 0 && ioctl(tun, TUNSETIFF, &request) == 0 && raise_interface(&request))
		return true;
	if (tun >= 0)
		(void)close(tun);
	tun = -1;
	return false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_by_icmp_is_told_from_one_by_the_peer),
		cmocka_unit_test(a_connection_that_is_taken_is_no_refusal),
	};
	int result;

	if (!open_network())
		print_message("no network namespace with a TUN interface to be had: %s\n",
			strerror(errno));
	result = cmocka_run_group_tests(tests, NULL, NULL);
	if (tun >= 0)
		(void)close(tun);
	return result;
}
