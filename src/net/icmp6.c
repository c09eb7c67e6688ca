/* Router advertisements in, router solicitations out, over one raw socket. Knows the type of a
 * message, for the kernel's filter, and no more of what is in it. */

#define _GNU_SOURCE
#include "sixward/net/icmp6.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "sixward/base/mem.h"
#include "sixward/net/timer.h"

enum {
	MESSAGE_MAX =
		2048,  /* what an ordinary link carries, and more; longer ones are left alone */
	MESSAGES = 16, /* in one turn, before others have theirs */
	CONTROL_OCTETS = 128,
	HOP_LIMIT = 255, /* RFC 4861 6.1.1: what comes from afar is told by a smaller one */
	PAUSE_MS = 1000  /* after an error, which may be there for long */
};

union control {
	max_align_t alignment;
	uint8_t octets[CONTROL_OCTETS];
};

struct icmp6 {
	uv_poll_t uv;
	struct timer *pause;
	icmp6_received *received;
	void *owner;
	int descriptor;
	bool is_freed;
	uint8_t octets[MESSAGE_MAX];
};

/* What the kernel says of a message besides its octets. */
struct arrival {
	int hop_limit; /* -1: it has not said */
	uint32_t interface;
};

static struct arrival read_arrival(struct msghdr *header)
{
	struct arrival arrival = { .hop_limit = -1 };

	for (struct cmsghdr *message = CMSG_FIRSTHDR(header); message;
		message = CMSG_NXTHDR(header, message)) {
		if (message->cmsg_level != IPPROTO_IPV6)
			continue;
		if (message->cmsg_type == IPV6_HOPLIMIT)
			memcpy(&arrival.hop_limit, CMSG_DATA(message), sizeof(arrival.hop_limit));
		if (message->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;

			memcpy(&info, CMSG_DATA(message), sizeof(info));
			arrival.interface = info.ipi6_ifindex;
		}
	}
	return arrival;
}

/* One message, if there is one; 0, or a negative errno. */
static int receive_one(struct icmp6 *icmp6)
{
	struct sockaddr_in6 name = { 0 };
	union control control;
	struct iovec part = { .iov_base = icmp6->octets, .iov_len = sizeof(icmp6->octets) };
	struct msghdr header = {
		.msg_name = &name,
		.msg_namelen = sizeof(name),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t size = recvmsg(icmp6->descriptor, &header, MSG_DONTWAIT);
	struct arrival arrival;
	struct addr from;

	if (size < 0)
		return -errno;
	arrival = read_arrival(&header);
	if ((header.msg_flags & MSG_TRUNC) || arrival.hop_limit < 0)
		return 0;
	/* It came before the filter stood. */
	if (size == 0 || icmp6->octets[0] != ND_ROUTER_ADVERT)
		return 0;
	from = addr_from_ipv6(name.sin6_addr.s6_addr);
	if (addr_is_link_local(&from))
		from.zone = arrival.interface;
	icmp6->received(icmp6->owner, &from, arrival.hop_limit, icmp6->octets, (size_t)size);
	return 0;
}

static void on_poll(uv_poll_t *uv, int status, int events)
{
	struct icmp6 *icmp6 = uv->data;
	int result = 0;

	(void)events;
	for (int i = 0; i < MESSAGES && result == 0 && !icmp6->is_freed; i++)
		result = receive_one(icmp6);
	if (icmp6->is_freed || result == -EINTR)
		return;

	/* The library may have stopped to watch already; an error that stays must not keep us
	 * busy. */
	if (status < 0 || (result < 0 && result != -EAGAIN)) {
		uv_poll_stop(&icmp6->uv);
		timer_start(icmp6->pause, PAUSE_MS);
	}
}

static void on_pause_end(void *owner)
{
	struct icmp6 *icmp6 = owner;

	uv_poll_start(&icmp6->uv, UV_READABLE, on_poll);
}

static bool set(int descriptor, int option, int value)
{
	return setsockopt(descriptor, IPPROTO_IPV6, option, &value, sizeof(value)) == 0;
}

static bool set_filter(int descriptor)
{
	struct icmp6_filter filter;

	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ND_ROUTER_ADVERT, &filter);
	return setsockopt(descriptor, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof(filter)) == 0;
}

/* A descriptor, or a negative errno. */
static int open_socket(void)
{
	int descriptor = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6);

	if (descriptor < 0)
		return -errno;
	if (!set_filter(descriptor) || !set(descriptor, IPV6_RECVHOPLIMIT, 1) ||
		!set(descriptor, IPV6_RECVPKTINFO, 1) ||
		!set(descriptor, IPV6_MULTICAST_HOPS, HOP_LIMIT) ||
		!set(descriptor, IPV6_UNICAST_HOPS, HOP_LIMIT)) {
		int error = -errno;

		close(descriptor);
		return error;
	}
	return descriptor;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

struct icmp6 *icmp6_new(struct loop *loop, icmp6_received *received, void *owner, int *error)
{
	int descriptor = open_socket();
	struct icmp6 *icmp6;
	int result;

	if (descriptor < 0) {
		*error = descriptor;
		return NULL;
	}
	icmp6 = mem_new(sizeof(*icmp6));
	result = uv_poll_init(loop_library(loop), &icmp6->uv, descriptor);
	if (result < 0) {
		close(descriptor);
		free(icmp6);
		*error = result;
		return NULL;
	}
	icmp6->uv.data = icmp6;
	icmp6->pause = timer_new(loop, on_pause_end, icmp6);
	icmp6->received = received;
	icmp6->owner = owner;
	icmp6->descriptor = descriptor;
	uv_poll_start(&icmp6->uv, UV_READABLE, on_poll);
	return icmp6;
}

void icmp6_free(struct icmp6 *icmp6)
{
	if (!icmp6)
		return;
	icmp6->is_freed = true;
	timer_free(icmp6->pause);
	uv_close((uv_handle_t *)&icmp6->uv, on_closed);
	close(icmp6->descriptor); /* the library no longer watches it */
}

/* RFC 4861 4.1, without our link-layer address: a router that answers to us alone asks for it. */
static void solicit_from(int descriptor, const struct in6_addr *source, uint32_t interface)
{
	struct nd_router_solicit solicitation = { .nd_rs_type = ND_ROUTER_SOLICIT };
	struct sockaddr_in6 routers = {
		.sin6_family = AF_INET6,
		.sin6_addr = { .s6_addr = { 0xff, 0x02, [15] = 0x02 } },
		.sin6_scope_id = interface,
	};
	struct in6_pktinfo info = { .ipi6_addr = *source, .ipi6_ifindex = interface };
	union control control = { .octets = { 0 } };
	struct iovec part = { .iov_base = &solicitation, .iov_len = sizeof(solicitation) };
	struct msghdr header = {
		.msg_name = &routers,
		.msg_namelen = sizeof(routers),
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(info)),
	};
	struct cmsghdr *message = CMSG_FIRSTHDR(&header);

	message->cmsg_level = IPPROTO_IPV6;
	message->cmsg_type = IPV6_PKTINFO;
	message->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(message), &info, sizeof(info));
	(void)sendmsg(descriptor, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The link-local address of an interface that routers may be on; false for all else. */
static bool find_source(const struct ifaddrs *entry, struct in6_addr *source)
{
	enum { NEEDED = IFF_UP | IFF_RUNNING | IFF_MULTICAST };
	struct sockaddr_in6 name;

	if ((entry->ifa_flags & (NEEDED | IFF_LOOPBACK)) != NEEDED)
		return false;
	if (!entry->ifa_addr || entry->ifa_addr->sa_family != AF_INET6)
		return false;
	memcpy(&name, entry->ifa_addr, sizeof(name));
	*source = name.sin6_addr;
	return IN6_IS_ADDR_LINKLOCAL(&name.sin6_addr);
}

void icmp6_solicit(struct icmp6 *icmp6)
{
	struct ifaddrs *all;
	uint32_t last = 0;

	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *entry = all; entry; entry = entry->ifa_next) {
		struct in6_addr source;
		uint32_t interface;

		if (!find_source(entry, &source))
			continue;
		/* The addresses of an interface stand together. */
		interface = if_nametoindex(entry->ifa_name);
		if (interface != 0 && interface != last)
			solicit_from(icmp6->descriptor, &source, interface);
		last = interface;
	}
	freeifaddrs(all);
}
