#ifndef SIXWARD_NET_ICMP6_H
#define SIXWARD_NET_ICMP6_H

#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/net/loop.h"

/* Router advertisements from the wire, and router solicitations to it: one raw ICMPv6 socket,
 * filtered in the kernel. Opening it wants CAP_NET_RAW; using it does not. */

struct icmp6;

/* An advertisement came: its ICMPv6 octets, lent; from whom (with the interface as zone) and with
 * which hop limit (RFC 4861: 255, or it came from afar). */
typedef void icmp6_received(
	void *owner, const struct addr *from, int hop_limit, const uint8_t *octets, size_t size);

/* NULL: `*error` is a negative errno (-EPERM without the right). */
struct icmp6 *icmp6_new(struct loop *loop, icmp6_received *received, void *owner, int *error);
void icmp6_free(struct icmp6 *icmp6); /* NULL is fine; no callback after it, also called from one */

/* Sends a router solicitation on every interface that is up, knows multicast and has a link-local
 * address; loopback not. What cannot be sent is let be. */
void icmp6_solicit(struct icmp6 *icmp6);

#endif
