/* Datagrams in batches over one descriptor. It does not know what is in them. */

#define _GNU_SOURCE
#include "sixward/net/udp.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

#include "sixward/base/mem.h"

enum {
	BATCH = 64,                     /* datagrams per system call */
	ROUNDS = 4,                     /* batches from one socket before others have their turn */
	ROUNDS_LAST = 64,               /* more than its buffer holds, unless it is refilled */
	QUEUED = 1024,                  /* datagrams that wait while the kernel takes none */
	STRIDE = UDP_DATAGRAM_MAX + 64, /* not a power of two: first octets share no cache set */
	POOL = 256,
	POOL_OCTETS = 1280, /* all but the rare large answer */
	CONTROL_OCTETS = 96,
	SEGMENTS_MAX = 64, /* the kernel's own limit for UDP_SEGMENT */
	SEGMENTED_OCTETS_MAX = 60000
};

/* A datagram that waits to leave. */
struct packet {
	struct packet *next;
	uint8_t *octets;
	size_t size;
	socklen_t name_size; /* 0: whom the socket is connected to */
	bool is_pooled;
	struct addr from; /* ADDR_NONE: where the socket is bound */
	struct sockaddr_storage name;
};

union control {
	max_align_t alignment;
	uint8_t octets[CONTROL_OCTETS];
};

/* Once per loop, not per socket: a worker may have more than a hundred of them. Pages that
 * no load has needed are never touched. */
struct shared {
	struct count send_drops;
	bool is_ready;

	struct mmsghdr in[BATCH];
	struct iovec in_parts[BATCH];
	struct sockaddr_storage in_names[BATCH];
	union control in_controls[BATCH];
	uint8_t in_octets[BATCH][STRIDE];

	struct mmsghdr out[BATCH];
	unsigned out_packets[BATCH]; /* how many each of them carries */
	struct iovec out_parts[BATCH];
	union control out_controls[BATCH];

	struct packet *free;
	size_t fresh; /* packets that have never been used */
	struct packet packets[POOL];
	uint8_t octets[POOL][POOL_OCTETS];
};

struct udp {
	uv_poll_t uv;
	struct loop *loop;
	struct shared *shared;
	struct loop_turn turn;
	udp_received *received;
	udp_failed *failed;
	void *owner;
	struct endpoint local;
	int descriptor;
	int polled; /* the events that libuv watches for */
	bool is_passed;
	bool is_paused;
	int failure; /* to be told at the next safe place */
	bool tells_local;
	bool is_wildcard; /* each datagram says where it came, and where it leaves from */
	bool is_connected;
	bool is_blocked; /* the kernel's buffer is full */
	bool is_freed;
	bool can_segment;
	struct packet *first;
	struct packet **end;
	size_t queued;
};

static void reset_in(struct shared *shared, int count)
{
	for (int i = 0; i < count; i++) {
		struct msghdr *header = &shared->in[i].msg_hdr;

		header->msg_namelen = sizeof(shared->in_names[i]);
		header->msg_controllen = sizeof(shared->in_controls[i]);
		header->msg_flags = 0;
	}
}

static struct shared *find_shared(struct loop *loop)
{
	struct shared *shared = loop_shared(loop, LOOP_ROOM_UDP, sizeof(*shared));

	if (shared->is_ready)
		return shared;
	shared->is_ready = true;
	for (int i = 0; i < BATCH; i++) {
		struct msghdr *header = &shared->in[i].msg_hdr;

		shared->in_parts[i].iov_base = shared->in_octets[i];
		shared->in_parts[i].iov_len = UDP_DATAGRAM_MAX;
		header->msg_name = &shared->in_names[i];
		header->msg_iov = &shared->in_parts[i];
		header->msg_iovlen = 1;
		header->msg_control = &shared->in_controls[i];
	}
	reset_in(shared, BATCH);
	shared->fresh = POOL;
	return shared;
}

static struct packet *packet_new(struct shared *shared, size_t size)
{
	struct packet *packet = shared->free;

	if (packet && size <= POOL_OCTETS) {
		shared->free = packet->next;
		return packet;
	}
	if (shared->fresh && size <= POOL_OCTETS) {
		packet = &shared->packets[--shared->fresh];
		packet->octets = shared->octets[shared->fresh];
		packet->is_pooled = true;
		return packet;
	}
	packet = mem_new(sizeof(*packet) + size);
	packet->octets = (uint8_t *)(packet + 1);
	return packet;
}

static void packet_free(struct shared *shared, struct packet *packet)
{
	if (!packet->is_pooled) {
		free(packet);
		return;
	}
	packet->next = shared->free;
	shared->free = packet;
}

static void forget_first(struct udp *udp)
{
	struct packet *packet = udp->first;

	udp->first = packet->next;
	if (!udp->first)
		udp->end = &udp->first;
	udp->queued--;
	packet_free(udp->shared, packet);
}

/* One control message; false when there is no room, which wrong sizes above would cause. */
static struct cmsghdr *add_control(
	struct msghdr *header, union control *control, int level, int type, size_t size)
{
	struct cmsghdr *message =
		(struct cmsghdr *)(void *)(control->octets + header->msg_controllen);

	assert(header->msg_controllen + CMSG_SPACE(size) <= sizeof(*control));
	memset(message, 0, CMSG_SPACE(size));
	message->cmsg_level = level;
	message->cmsg_type = type;
	message->cmsg_len = CMSG_LEN(size);
	header->msg_control = control;
	header->msg_controllen += CMSG_SPACE(size);
	return message;
}

/* R2181-4.1-a: the answer leaves from the address that was asked, and, where that is a
 * link-local one, through the interface on which it was asked. */
static void add_from(struct msghdr *header, union control *control, const struct addr *from)
{
	if (from->family == ADDR_IPV4) {
		struct in_pktinfo info = { 0 };

		memcpy(&info.ipi_spec_dst, from->octets, 4);
		memcpy(CMSG_DATA(
			       add_control(header, control, IPPROTO_IP, IP_PKTINFO, sizeof(info))),
			&info, sizeof(info));
	} else if (from->family == ADDR_IPV6) {
		struct in6_pktinfo info = { .ipi6_ifindex = from->zone };

		memcpy(&info.ipi6_addr, from->octets, 16);
		memcpy(CMSG_DATA(add_control(
			       header, control, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(info))),
			&info, sizeof(info));
	}
}

static bool leave_alike(const struct packet *a, const struct packet *b)
{
	if (a->name_size != b->name_size || !addr_equal(&a->from, &b->from))
		return false;
	if (a->name_size == 0)
		return true;
	/* Mostly the ports differ, which come first. */
	return memcmp(&a->name, &b->name, 4) == 0 && memcmp(&a->name, &b->name, a->name_size) == 0;
}

/* How many of the packets from `packet` on can leave as the segments of one: the same way,
 * the same size, but for the last, which may be shorter. */
static unsigned count_segments(const struct udp *udp, const struct packet *packet, unsigned room)
{
	const struct packet *next = packet->next;
	size_t octets = packet->size;
	unsigned count = 1;

	if (!udp->can_segment || packet->size == 0)
		return 1;
	while (next && count < room && count < SEGMENTS_MAX) {
		octets += next->size;
		if (next->size > packet->size || next->size == 0 || octets > SEGMENTED_OCTETS_MAX)
			break;
		if (!leave_alike(next, packet))
			break;
		count++;
		if (next->size < packet->size)
			break;
		next = next->next;
	}
	return count;
}

/* Readies one header for `count` packets from `packet` on; returns the next one. */
static struct packet *fill_header(struct shared *shared, unsigned place, struct iovec *parts,
	struct packet *packet, unsigned count)
{
	struct msghdr *header = &shared->out[place].msg_hdr;
	union control *control = &shared->out_controls[place];

	header->msg_name = packet->name_size ? &packet->name : NULL;
	header->msg_namelen = packet->name_size;
	header->msg_iov = parts;
	header->msg_iovlen = count;
	header->msg_control = NULL;
	header->msg_controllen = 0;
	if (packet->from.family != ADDR_NONE)
		add_from(header, control, &packet->from);
	if (count > 1) {
		uint16_t size = (uint16_t)packet->size;

		memcpy(CMSG_DATA(add_control(
			       header, control, IPPROTO_UDP, UDP_SEGMENT, sizeof(size))),
			&size, sizeof(size));
	}
	for (unsigned i = 0; i < count; i++, packet = packet->next) {
		parts[i].iov_base = packet->octets;
		parts[i].iov_len = packet->size;
	}
	return packet;
}

/* Fills the batch from the queue; returns how many headers it took. */
static unsigned fill_out(struct udp *udp)
{
	struct shared *shared = udp->shared;
	struct packet *packet = udp->first;
	unsigned headers = 0;
	unsigned parts = 0;

	while (packet && parts < BATCH) {
		unsigned count = count_segments(udp, packet, BATCH - parts);

		packet = fill_header(shared, headers, &shared->out_parts[parts], packet, count);
		shared->out_packets[headers++] = count;
		parts += count;
	}
	return headers;
}

static void on_poll(uv_poll_t *uv, int status, int events);

static void watch(struct udp *udp)
{
	int events = (udp->is_paused ? 0 : UV_READABLE) | (udp->is_blocked ? UV_WRITABLE : 0);

	if (udp->is_freed || udp->polled == events)
		return;
	udp->polled = events;
	if (events)
		uv_poll_start(&udp->uv, events, on_poll);
	else
		uv_poll_stop(&udp->uv);
}

/* After a send of the first header failed: true if it may be tried again. */
static bool judge_refusal(struct udp *udp, int error, bool is_retry)
{
	if (error == EINTR)
		return true;
	if (error == EAGAIN || error == EWOULDBLOCK) {
		udp->is_blocked = true;
		return false;
	}

	/* An ICMP message about an earlier datagram: this one was not even tried. */
	if (error == ECONNREFUSED && !is_retry) {
		udp->failure = -error;
		return true;
	}

	/* Not every interface can; then never again on this socket. */
	if (udp->shared->out_packets[0] > 1) {
		udp->can_segment = false;
		return true;
	}

	/* R9715-R1-a: one that is too large says nothing about the peer. */
	if (udp->is_connected && error != EMSGSIZE)
		udp->failure = -error;
	count_up(&udp->shared->send_drops);
	forget_first(udp);
	return true;
}

/* Hands the queue to the kernel, as far as it takes it. */
static void flush(struct udp *udp)
{
	bool is_retry = false;

	loop_turn_remove(&udp->turn);
	while (udp->first) {
		unsigned headers = fill_out(udp);
		int sent = sendmmsg(udp->descriptor, udp->shared->out, headers, MSG_DONTWAIT);

		for (int i = 0; i < sent; i++) {
			for (unsigned k = 0; k < udp->shared->out_packets[i]; k++)
				forget_first(udp);
		}
		if (sent > 0) {
			is_retry = false;
			continue;
		}
		if (!judge_refusal(udp, errno, is_retry))
			break;
		is_retry = true;
	}
	watch(udp);
}

static void tell_failure(struct udp *udp)
{
	int failure = udp->failure;

	udp->failure = 0;
	if (failure != 0 && udp->failed && !udp->is_freed)
		udp->failed(udp->owner, failure);
}

static void on_turn(void *owner)
{
	struct udp *udp = owner;

	if (!udp->is_blocked)
		flush(udp);
	tell_failure(udp);
}

static struct addr find_local(const struct msghdr *header)
{
	struct msghdr copy = *header;

	for (struct cmsghdr *message = CMSG_FIRSTHDR(&copy); message;
		message = CMSG_NXTHDR(&copy, message)) {
		if (message->cmsg_level == IPPROTO_IP && message->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			uint8_t octets[4];

			memcpy(&info, CMSG_DATA(message), sizeof(info));
			memcpy(octets, &info.ipi_addr, 4);
			return addr_from_ipv4(octets);
		}
		if (message->cmsg_level == IPPROTO_IPV6 && message->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;
			struct addr addr;

			memcpy(&info, CMSG_DATA(message), sizeof(info));
			addr = addr_from_ipv6(info.ipi6_addr.s6_addr);
			if (addr_is_link_local(&addr))
				addr.zone = info.ipi6_ifindex;
			return addr;
		}
	}
	return (struct addr){ 0 };
}

static void take(struct udp *udp, int place)
{
	const struct mmsghdr *in = &udp->shared->in[place];
	struct udp_datagram datagram;

	datagram.octets = udp->shared->in_octets[place];
	datagram.size = in->msg_len;
	datagram.is_cut = (in->msg_hdr.msg_flags & MSG_TRUNC) != 0; /* UDP-b */
	datagram.peer = endpoint_from_sockaddr((struct sockaddr *)&udp->shared->in_names[place]);
	if (udp->tells_local && udp->is_wildcard)
		datagram.local = find_local(&in->msg_hdr);
	else if (udp->tells_local)
		datagram.local = udp->local.addr;
	else
		datagram.local = (struct addr){ 0 };
	udp->received(udp->owner, &datagram);
}

static void receive(struct udp *udp, int rounds)
{
	struct shared *shared = udp->shared;

	for (int round = 0; round < rounds && !udp->is_freed; round++) {
		int count = recvmmsg(udp->descriptor, shared->in, BATCH, MSG_DONTWAIT, NULL);

		if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (count < 0) {
			if (udp->is_connected && errno != EINTR)
				udp->failure = -errno;
			tell_failure(udp);
			continue;
		}

		/* Freed in the middle: the rest of the batch is dropped. */
		for (int i = 0; i < count && !udp->is_freed; i++)
			take(udp, i);
		reset_in(shared, count);
		if (!udp->is_freed)
			on_turn(udp);
		if (count < BATCH)
			return;
	}
}

static void on_poll(uv_poll_t *uv, int status, int events)
{
	struct udp *udp = uv->data;

	/* libuv says EBADF for a pending error, and has stopped watching: receiving fetches it. */
	if (status < 0) {
		udp->polled = 0;
		watch(udp);
	}
	if (events & UV_WRITABLE) {
		udp->is_blocked = false;
		on_turn(udp);
	}
	if (!udp->is_freed && !udp->is_paused && (status < 0 || (events & UV_READABLE)))
		receive(udp, ROUNDS);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static struct endpoint find_endpoint(int descriptor)
{
	struct sockaddr_storage sockaddr = { 0 };
	socklen_t size = sizeof(sockaddr);

	getsockname(descriptor, (struct sockaddr *)&sockaddr, &size);
	return endpoint_from_sockaddr((struct sockaddr *)&sockaddr);
}

struct udp *udp_new(struct loop *loop, const struct socket_options *options, udp_received *received,
	udp_failed *failed, void *owner, int *error)
{
	int descriptor = socket_open_udp(options);
	struct udp *udp;
	int result;

	if (descriptor < 0) {
		*error = descriptor;
		return NULL;
	}
	udp = mem_new(sizeof(*udp));
	result = uv_poll_init(loop_library(loop), &udp->uv, descriptor);
	if (result < 0) {
		close(descriptor);
		free(udp);
		*error = result;
		return NULL;
	}
	udp->uv.data = udp;
	udp->loop = loop;
	udp->shared = find_shared(loop);
	udp->turn = (struct loop_turn){ .call = on_turn, .owner = udp };
	udp->received = received;
	udp->failed = failed;
	udp->owner = owner;
	udp->descriptor = descriptor;
	udp->is_passed = options->passed != 0;
	udp->local = find_endpoint(descriptor);
	udp->tells_local = options->tells_local;
	udp->is_wildcard = addr_is_any(&udp->local.addr);
	udp->is_connected = options->peer.addr.family != ADDR_NONE;
	udp->can_segment = true;
	udp->end = &udp->first;
	watch(udp);
	return udp;
}

void udp_free(struct udp *udp)
{
	if (!udp)
		return;
	udp->is_freed = true;
	if (!udp->is_blocked)
		flush(udp);
	while (udp->first) {
		count_up(&udp->shared->send_drops);
		forget_first(udp);
	}
	loop_turn_remove(&udp->turn);
	uv_close((uv_handle_t *)&udp->uv, on_closed);
	close(udp->descriptor); /* the port is free at once; libuv no longer watches it */
}

void udp_pause(struct udp *udp)
{
	udp->is_paused = true;
	watch(udp);
}

/* The kernel brings a connected socket nothing but what comes from its peer, and it never sends to
 * itself. To whom a datagram goes is said with each, connected or not. */
static bool connect_to_itself(const struct udp *udp)
{
	struct endpoint self = udp->local;
	struct sockaddr_storage sockaddr;
	socklen_t size;

	if (udp->is_wildcard && self.addr.family == ADDR_IPV6)
		self.addr.octets[15] = 1;
	else if (udp->is_wildcard)
		self.addr = addr_from_ipv4((const uint8_t[]){ 127, 0, 0, 1 });
	size = endpoint_to_sockaddr(&self, &sockaddr);
	return connect(udp->descriptor, (const struct sockaddr *)&sockaddr, size) == 0;
}

void udp_finish(struct udp *udp)
{
	int on = 1;

	if (udp->is_passed || !connect_to_itself(udp))
		udp->is_paused = true;
	else
		setsockopt(udp->descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
	receive(udp, ROUNDS_LAST);
	watch(udp);
}

struct endpoint udp_local(const struct udp *udp)
{
	return udp->local;
}

void udp_send(struct udp *udp, const uint8_t *octets, size_t size, const struct endpoint *peer,
	const struct addr *from)
{
	struct packet *packet;

	assert(peer || udp->is_connected);
	if (udp->queued >= QUEUED) {
		count_up(&udp->shared->send_drops);
		return;
	}
	packet = packet_new(udp->shared, size);
	packet->next = NULL;
	packet->size = size;
	packet->name_size = peer ? endpoint_to_sockaddr(peer, &packet->name) : 0;
	/* R2181-4.1-a; what is bound to one address leaves from no other. */
	packet->from = from && udp->is_wildcard ? *from : (struct addr){ 0 };
	memcpy(packet->octets, octets, size);
	*udp->end = packet;
	udp->end = &packet->next;
	udp->queued++;
	if (udp->is_blocked)
		return;

	/* What a full batch could not bring away is told at the end of the turn. */
	if (udp->queued >= BATCH)
		flush(udp);
	loop_turn_add(udp->loop, &udp->turn);
}

void udp_add_counts(struct loop *loop, struct counts *counts)
{
	counts_add(counts, "udp_send_drops_total", NULL,
		"datagrams that the kernel refused to send", &find_shared(loop)->send_drops);
}
