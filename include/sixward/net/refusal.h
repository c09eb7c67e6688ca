#ifndef SIXWARD_NET_REFUSAL_H
#define SIXWARD_NET_REFUSAL_H

#include <stdbool.h>

/* Who refused a connection: the peer with a RST, or a router or firewall with an ICMP error. The
 * kernel gives ECONNREFUSED for both. */

/* Asked of a TCP socket whose connect ended in ECONNREFUSED, before it is closed. Where the kernel
 * does not tell (not Linux), it was the peer. */
bool refusal_is_reset(int descriptor);

#endif
