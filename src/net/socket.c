/* Descriptors with the right options. It knows nothing of loops. */

#define _GNU_SOURCE
#include "sixward/net/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

enum {
	RECEIVE_OCTETS = 1 << 20, /* a burst from many clients; the kernel may grant less */
	BACKLOG = 1024,
	FAST_OPENS = 256
};

static int set(int descriptor, int level, int name, int value)
{
	return setsockopt(descriptor, level, name, &value, sizeof(value)) == 0 ? 0 : -errno;
}

static int family_of(const struct socket_options *options)
{
	enum addr_family family = options->local.addr.family;

	if (family == ADDR_NONE)
		family = options->peer.addr.family;
	return family == ADDR_IPV4 ? AF_INET : family == ADDR_IPV6 ? AF_INET6 : AF_UNSPEC;
}

/* IPv4 and IPv6 have sockets of their own, so that neither shows up mapped in the other. */
static int open_socket(int family, int type)
{
	int descriptor;
	int error;

	if (family == AF_UNSPEC)
		return -EINVAL;
	descriptor = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (descriptor < 0)
		return -errno;
	if (family == AF_INET)
		return descriptor;
	error = set(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (error == 0)
		return descriptor;
	close(descriptor);
	return error;
}

static int bind_to(int descriptor, const struct endpoint *local)
{
	struct sockaddr_storage sockaddr;
	socklen_t size;

	if (local->addr.family == ADDR_NONE)
		return 0;
	size = endpoint_to_sockaddr(local, &sockaddr);
	return bind(descriptor, (struct sockaddr *)&sockaddr, size) == 0 ? 0 : -errno;
}

static int connect_to(int descriptor, const struct endpoint *peer)
{
	struct sockaddr_storage sockaddr;
	socklen_t size;

	if (peer->addr.family == ADDR_NONE)
		return 0;
	size = endpoint_to_sockaddr(peer, &sockaddr);
	return connect(descriptor, (struct sockaddr *)&sockaddr, size) == 0 ? 0 : -errno;
}

/* R9715-R1-a: what does not fit is refused here and never cut in fragments. For IPv4 the limit
 * is the interface's own: no path MTU is learned, so none can be forged; DF stays off, so that
 * a narrow path further on can still be passed. Kernels without the options send as ever. */
static void forbid_fragments(int descriptor, int family)
{
	if (family == AF_INET)
		set(descriptor, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_INTERFACE);
	else
		set(descriptor, IPPROTO_IPV6, IPV6_DONTFRAG, 1);
}

/* R2181-4.1-a. */
static int tell_local(int descriptor, int family)
{
	if (family == AF_INET)
		return set(descriptor, IPPROTO_IP, IP_PKTINFO, 1);
	return set(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
}

int socket_open_udp(const struct socket_options *options)
{
	int family = family_of(options);
	int descriptor = open_socket(family, SOCK_DGRAM);
	int error = 0;

	if (descriptor < 0)
		return descriptor;
	forbid_fragments(descriptor, family);
	if (options->peer.addr.family == ADDR_NONE)
		set(descriptor, SOL_SOCKET, SO_RCVBUF, RECEIVE_OCTETS);
	if (options->shared)
		error = set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
	/* What is bound to one address is asked nowhere else. */
	if (error == 0 && options->tells_local && addr_is_any(&options->local.addr))
		error = tell_local(descriptor, family);
	if (error == 0)
		error = bind_to(descriptor, &options->local);
	if (error == 0)
		error = connect_to(descriptor, &options->peer);
	if (error == 0)
		return descriptor;
	close(descriptor);
	return error;
}

int socket_open_listener(const struct socket_options *options)
{
	int descriptor = open_socket(family_of(options), SOCK_STREAM);
	int error;

	if (descriptor < 0)
		return descriptor;

	/* Connections of an earlier process that linger are no reason to refuse the port. */
	error = set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
	if (error == 0 && options->shared)
		error = set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
	if (error == 0)
		error = bind_to(descriptor, &options->local);
	set(descriptor, IPPROTO_TCP, TCP_FASTOPEN, FAST_OPENS); /* R9210-4.1-a: if there is one */
	if (error == 0 && listen(descriptor, BACKLOG) != 0)
		error = -errno;
	if (error == 0)
		return descriptor;
	close(descriptor);
	return error;
}

int socket_probe(const struct endpoint *local)
{
	struct socket_options options = { .local = *local };
	int descriptor = socket_open_udp(&options);

	if (descriptor < 0)
		return descriptor;
	close(descriptor);
	descriptor = socket_open_listener(&options);
	if (descriptor < 0)
		return descriptor;
	close(descriptor);
	return 0;
}

const char *socket_error_text(int error)
{
	return uv_strerror(error);
}
