#ifndef SIXWARD_NET_SOCKET_H
#define SIXWARD_NET_SOCKET_H

#include <stdbool.h>

#include "sixward/base/addr.h"

/* Descriptors with the right options: non-blocking, close-on-exec, IPv6 only on IPv6,
 * no fragments (R9715-R1-a), the address asked is told (R2181-4.1-a). All return a
 * descriptor or a negative errno. */

struct socket_options {
	struct endpoint local; /* ADDR_NONE = not bound */
	struct endpoint peer;  /* ADDR_NONE = not connected */
	bool shared;           /* SO_REUSEPORT: one socket per worker */
	bool tells_local;      /* IP_PKTINFO, IPV6_RECVPKTINFO where it is bound to a wildcard */

	/* A socket that another process has opened and bound to `local`: a duplicate of it takes
	 * the place of a new one. 0 = none. */
	int passed;
};

/* What listens: datagrams, or connections. */
enum socket_kind { SOCKET_UDP, SOCKET_LISTENER };

int socket_open_udp(const struct socket_options *options);

/* A listening socket with TCP Fast Open where there is one (R9210-4.1-a). */
int socket_open_listener(const struct socket_options *options);

/* Whether the endpoint could be taken by this process alone: 0, or the negative errno.
 * SO_REUSEPORT would let a second server in without a word. */
int socket_probe(enum socket_kind kind, const struct endpoint *local);

/* What a descriptor is that another process has opened, for `passed`; NULL, or else the reason
 * why it is nothing to listen on, as words. IPv6 sockets that take IPv4 as well are not. */
const char *socket_describe(int descriptor, enum socket_kind *kind, struct endpoint *local);

/* "address already in use" and the like. */
const char *socket_error_text(int error);

#endif
