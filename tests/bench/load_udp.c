/* bench-load over UDP: many clients with a socket each, that ask in turn; or few, that ask in
 * bursts. */

#define _GNU_SOURCE
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load.h"

enum {
	BURST = 32,
	EVENTS = 256,
	RECEIVE = 8, /* at once from one of many clients */
	NS_PER_S = 1000000000,
	SCAN_NS = 50000000, /* how often the lost are looked for, at least */
};

struct crowd {
	struct load *load;
	int poll;
	int descriptors[CLIENTS_MAX];
	unsigned under_way[CLIENTS_MAX];
	unsigned next;        /* the client whose turn it is */
	uint64_t next_due_ns; /* when the next question is due, at a fixed rate */
	uint64_t begin_ns;
	uint64_t asked;
	struct batch in;
	uint8_t out[BURST][ZONE_QUERY_MAX];
};

static void on_lost(void *owner, unsigned client)
{
	struct crowd *crowd = owner;

	crowd->under_way[client]--;
}

static void receive(struct crowd *crowd, unsigned client, unsigned most)
{
	uint64_t now = now_ns();
	unsigned count;

	do {
		count = batch_receive(&crowd->in, crowd->descriptors[client], most);
		for (unsigned i = 0; i < count; i++) {
			if (load_answered(crowd->load, client, crowd->in.octets[i],
				    crowd->in.headers[i].msg_len, now))
				crowd->under_way[client]--;
		}
	} while (count == most);
}

/* One question of the next client: neighbours in the server's queue are never of the same. */
static void ask_in_turn(struct crowd *crowd, uint64_t now)
{
	unsigned client = crowd->next++ % crowd->load->options.clients;
	size_t size = load_ask(crowd->load, load_pick(crowd->load), client, now, crowd->out[0]);

	crowd->under_way[client]++;
	/* What the kernel refuses is lost, as it is on a network. */
	if (send(crowd->descriptors[client], crowd->out[0], size, 0) < 0)
		return;
}

/* Returns how long it may be until there is more to ask. */
static uint64_t ask_at_rate(struct crowd *crowd)
{
	const struct load *load = crowd->load;
	uint64_t now = now_ns();

	while (load_may_ask(load, now)) {
		uint64_t due = crowd->begin_ns + crowd->asked * NS_PER_S / load->options.rate;

		if (due > now)
			return due - now;
		crowd->asked++;
		ask_in_turn(crowd, now);
		now = now_ns();
	}
	return SCAN_NS;
}

/* A name of as many digits: segments of one send have one size. */
static uint64_t pick_alike(struct load *load, uint64_t first)
{
	uint64_t low = 1, high, least = load->options.offset;
	uint64_t most = least + load->options.names - 1;

	while (low <= first / 10)
		low *= 10;
	high = low * 10 - 1;
	if (low == 1)
		low = 0;
	low = low < least ? least : low;
	high = high > most ? most : high;
	return low + random_next(&load->random) % (high - low + 1);
}

static void send_segments(
	int descriptor, uint8_t (*out)[ZONE_QUERY_MAX], size_t size, unsigned count)
{
	union {
		size_t alignment;
		uint8_t octets[CMSG_SPACE(sizeof(uint16_t))];
	} control = { 0 };
	struct iovec parts[BURST];
	struct msghdr header = { .msg_iov = parts,
		.msg_iovlen = count,
		.msg_control = &control,
		.msg_controllen = sizeof(control.octets) };
	struct cmsghdr *segment = CMSG_FIRSTHDR(&header);
	uint16_t segment_size = (uint16_t)size;

	segment->cmsg_level = SOL_UDP;
	segment->cmsg_type = UDP_SEGMENT;
	segment->cmsg_len = CMSG_LEN(sizeof(segment_size));
	memcpy(CMSG_DATA(segment), &segment_size, sizeof(segment_size));
	for (unsigned i = 0; i < count; i++)
		parts[i] = (struct iovec){ out[i], size };
	if (sendmsg(descriptor, &header, 0) < 0)
		die("UDP_SEGMENT: a kernel that has it is needed");
}

static void ask_burst(struct crowd *crowd, unsigned client, unsigned burst)
{
	struct load *load = crowd->load;
	uint64_t first = load_pick(load), now = now_ns();
	unsigned count = 0;
	size_t size = 0;

	while (count < burst && load_may_ask(load, now)) {
		uint64_t number = count ? pick_alike(load, first) : first;

		size = load_ask(load, number, client, now, crowd->out[count++]);
	}
	crowd->under_way[client] += count;
	if (count)
		send_segments(crowd->descriptors[client], crowd->out, size, count);
}

/* A client asks its next burst when it has room for the whole of it. */
static void ask_bursts(struct crowd *crowd)
{
	const struct options *options = &crowd->load->options;
	unsigned each = options->outstanding / options->clients;
	unsigned burst = each < BURST ? each : BURST;

	for (unsigned client = 0; client < options->clients; client++) {
		while (crowd->under_way[client] + burst <= each &&
			load_may_ask(crowd->load, now_ns()))
			ask_burst(crowd, client, burst);
	}
}

static uint64_t ask(struct crowd *crowd)
{
	const struct load *load = crowd->load;
	uint64_t now;

	if (!load->is_warming && load->options.mode == MODE_BURST) {
		ask_bursts(crowd);
		return SCAN_NS;
	}
	if (!load->is_warming && load->options.rate)
		return ask_at_rate(crowd);
	now = now_ns();
	while (load_may_ask(load, now)) {
		ask_in_turn(crowd, now);
		/* Where latency is measured the clock is read for every question. */
		if (load->options.mode == MODE_LATENCY)
			now = now_ns();
	}
	return SCAN_NS;
}

void load_run_udp(struct load *load)
{
	static struct crowd crowd;
	struct epoll_event events[EVENTS];
	unsigned most = load->options.mode == MODE_BURST ? LANE_BATCH : RECEIVE;

	crowd.load = load;
	crowd.begin_ns = now_ns();
	if (!crowd.poll) {
		crowd.poll = epoll_create1(EPOLL_CLOEXEC);
		batch_init(&crowd.in, false, false);
		for (unsigned i = 0; i < load->options.clients; i++) {
			crowd.descriptors[i] = place_connect(&load->options.server, SOCK_DGRAM);
			lane_watch(crowd.poll, crowd.descriptors[i], EPOLLIN, i);
		}
	}
	while (!lane_stop) {
		uint64_t wait_ns = ask(&crowd), now;
		int count;

		if (!load->under_way && !load_may_ask(load, now_ns()))
			break;
		count = lane_wait(
			crowd.poll, events, EVENTS, wait_ns < SCAN_NS ? wait_ns : SCAN_NS);
		for (int i = 0; i < count; i++)
			receive(&crowd, (unsigned)events[i].data.u64, most);
		now = now_ns();
		if (now - load->scan_ns > SCAN_NS)
			load_give_up(load, now, on_lost, &crowd);
	}
}
