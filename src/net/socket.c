/* Descriptors with the right options. It knows nothing of loops. */

#define _GNU_SOURCE
#include "sixward/net/socket.h"

#include <errno.h>
#include <fcntl.h>
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

/* It may be in blocking mode, but for its other holder as well: nobody who shares it waits in it.
 */
static int duplicate(int passed)
{
	int descriptor = fcntl(passed, F_DUPFD_CLOEXEC, 0);
	int flags;

	if (descriptor < 0)
		return -errno;
	flags = fcntl(descriptor, F_GETFL);
	if (flags >= 0 && fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) == 0)
		return descriptor;
	close(descriptor);
	return -EBADF;
}

/* IPv4 and IPv6 have sockets of their own, so that neither shows up mapped in the other. */
static int open_socket(const struct socket_options *options, int family, int type)
{
	int descriptor;
	int error;

	if (family == AF_UNSPEC)
		return -EINVAL;
	if (options->passed)
		return duplicate(options->passed);
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

static int bind_to(int descriptor, const struct socket_options *options)
{
	struct sockaddr_storage sockaddr;
	socklen_t size;
	int error = 0;

	if (options->passed || options->local.addr.family == ADDR_NONE)
		return 0;
	if (options->shared)
		error = set(descriptor, SOL_SOCKET, SO_REUSEPORT, 1);
	if (error < 0)
		return error;
	size = endpoint_to_sockaddr(&options->local, &sockaddr);
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
	int descriptor = open_socket(options, family, SOCK_DGRAM);
	int error = 0;

	if (descriptor < 0)
		return descriptor;
	forbid_fragments(descriptor, family);
	if (options->peer.addr.family == ADDR_NONE)
		set(descriptor, SOL_SOCKET, SO_RCVBUF, RECEIVE_OCTETS);
	/* What is bound to one address is asked nowhere else. */
	if (options->tells_local && addr_is_any(&options->local.addr))
		error = tell_local(descriptor, family);
	if (error == 0)
		error = bind_to(descriptor, options);
	if (error == 0)
		error = connect_to(descriptor, &options->peer);
	if (error == 0)
		return descriptor;
	close(descriptor);
	return error;
}

int socket_open_listener(const struct socket_options *options)
{
	int descriptor = open_socket(options, family_of(options), SOCK_STREAM);
	int error;

	if (descriptor < 0)
		return descriptor;

	/* Connections of an earlier process that linger are no reason to refuse the port. */
	error = set(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
	if (error == 0)
		error = bind_to(descriptor, options);
	set(descriptor, IPPROTO_TCP, TCP_FASTOPEN, FAST_OPENS); /* R9210-4.1-a: if there is one */
	if (error == 0 && !options->passed && listen(descriptor, BACKLOG) != 0)
		error = -errno;
	if (error == 0)
		return descriptor;
	close(descriptor);
	return error;
}

int socket_probe(enum socket_kind kind, const struct endpoint *local)
{
	struct socket_options options = { .local = *local };
	int descriptor =
		kind == SOCKET_UDP ? socket_open_udp(&options) : socket_open_listener(&options);

	if (descriptor < 0)
		return descriptor;
	close(descriptor);
	return 0;
}

/* -1 when it has no such option. */
static int get(int descriptor, int level, int name)
{
	int value = -1;
	socklen_t size = sizeof(value);

	return getsockopt(descriptor, level, name, &value, &size) == 0 ? value : -1;
}

const char *socket_describe(int descriptor, enum socket_kind *kind, struct endpoint *local)
{
	struct sockaddr_storage sockaddr = { 0 };
	struct sockaddr_storage peer;
	socklen_t size = sizeof(sockaddr);
	int type = get(descriptor, SOL_SOCKET, SO_TYPE);

	if (getsockname(descriptor, (struct sockaddr *)&sockaddr, &size) != 0)
		return uv_strerror(-errno);
	*local = endpoint_from_sockaddr((const struct sockaddr *)&sockaddr);
	if (local->addr.family == ADDR_NONE || (type != SOCK_DGRAM && type != SOCK_STREAM))
		return "neither UDP nor TCP";
	if (local->port == 0)
		return "not bound to a port";
	/* Clients over IPv4 would show up mapped, and be others than those of `allow`. */
	if (local->addr.family == ADDR_IPV6 && addr_is_any(&local->addr) &&
		get(descriptor, IPPROTO_IPV6, IPV6_V6ONLY) != 1)
		return "takes IPv4 as well (BindIPv6Only=ipv6-only is missing)";
	size = sizeof(peer);
	if (getpeername(descriptor, (struct sockaddr *)&peer, &size) == 0)
		return "connected to a peer";
	if (type == SOCK_STREAM && get(descriptor, SOL_SOCKET, SO_ACCEPTCONN) != 1)
		return "not listening";
	*kind = type == SOCK_DGRAM ? SOCKET_UDP : SOCKET_LISTENER;
	return NULL;
}

const char *socket_error_text(int error)
{
	return uv_strerror(error);
}
