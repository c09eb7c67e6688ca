#ifndef SIXWARD_NET_UDP_H
#define SIXWARD_NET_UDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/base/counts.h"
#include "sixward/net/loop.h"
#include "sixward/net/socket.h"

/* Datagrams over one descriptor, taken and sent in batches (design.md, 7): what is sent
 * in one turn leaves together at its end. */

enum { UDP_DATAGRAM_MAX = 4096 }; /* UDP-b: larger ones arrive cut, with is_cut set */

struct udp_datagram {
	const uint8_t *octets; /* lent until the callback returns */
	size_t size;
	bool is_cut;
	struct endpoint peer;
	struct addr local; /* the address it was sent to; ADDR_NONE if that was not asked for */
};

typedef void udp_received(void *owner, const struct udp_datagram *datagram);

/* A connected socket learned that its peer cannot be reached (negative errno), by ICMP or
 * at a send. May free the socket. */
typedef void udp_failed(void *owner, int error);

struct udp;

/* NULL, with a negative errno in `*error`, if the socket cannot be had. `failed` may be NULL. */
struct udp *udp_new(struct loop *loop, const struct socket_options *options, udp_received *received,
	udp_failed *failed, void *owner, int *error);
void udp_free(
	struct udp *udp); /* NULL is fine; sends what is queued; may be called from its callbacks */

/* The endpoint that it is bound to. */
struct endpoint udp_local(const struct udp *udp);

/* Queues a copy. `peer` NULL on a connected socket; `from` NULL, or the address that it
 * shall leave from (R2181-4.1-a), which matters where the socket is bound to a wildcard. What the
 * kernel refuses is dropped and counted. */
void udp_send(struct udp *udp, const uint8_t *octets, size_t size, const struct endpoint *peer,
	const struct addr *from);

/* Reads no more: what comes waits in the socket, for another who has it too. What is sent leaves as
 * before. */
void udp_pause(struct udp *udp);

/* Takes what has come so far, before it returns, and nothing comes any more, as if nobody were
 * there; what is sent leaves as before. A socket that is shared may take the place. To a socket
 * that was passed it goes on coming, for others have it too, and waits there. Not from its
 * callbacks. */
void udp_finish(struct udp *udp);

/* Counts of all the sockets of this loop; valid while the loop lives. */
void udp_add_counts(struct loop *loop, struct counts *counts);

#endif
