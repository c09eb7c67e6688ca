#ifndef SIXWARD_BASE_ADDR_H
#define SIXWARD_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Addresses, endpoints and networks as values. Octets are in network order,
 * ports in host order. */

enum addr_family { ADDR_NONE, ADDR_IPV4, ADDR_IPV6 };

struct addr {
	enum addr_family family;
	uint32_t zone;      /* interface index of a link-local IPv6 address; 0 = none */
	uint8_t octets[16]; /* IPv4 uses the first four */
};

struct endpoint {
	struct addr addr;
	uint16_t port;
};

struct network {
	struct addr addr; /* bits beyond `length` are zero */
	uint8_t length;   /* in bits: 0 to 32, 0 to 128 */
};

enum {
	ADDR_TEXT_MAX = 64,     /* with zone and NUL */
	ENDPOINT_TEXT_MAX = 72, /* "[addr%zone]:port" and NUL */
	NETWORK_TEXT_MAX = 72
};

size_t addr_size(const struct addr *addr);  /* 0, 4 or 16 */
uint8_t addr_bits(const struct addr *addr); /* 0, 32 or 128 */
struct addr addr_from_ipv4(const uint8_t octets[4]);
struct addr addr_from_ipv6(const uint8_t octets[16]);
bool addr_equal(const struct addr *a, const struct addr *b);
bool addr_is_loopback(const struct addr *addr);
bool addr_is_any(const struct addr *addr);       /* 0.0.0.0 or :: */
bool addr_is_multicast(const struct addr *addr); /* multicast, or 255.255.255.255 */
bool addr_is_link_local(const struct addr *addr);

/* IPv4 or IPv6 text; IPv6 may carry %zone, a name or number of an interface.
 * Nothing else around it. False leaves `addr` as it was. */
bool addr_parse(const char *text, struct addr *addr);

/* RFC 5952 text (ADR-2.4-a) with %zone, into ADDR_TEXT_MAX octets. Returns `text`. */
char *addr_format(const struct addr *addr, char text[ADDR_TEXT_MAX]);

/* ADDRESS, [IPV6]:PORT or IPV4:PORT; a bare address gets `default_port`. */
bool endpoint_parse(const char *text, uint16_t default_port, struct endpoint *endpoint);
char *endpoint_format(const struct endpoint *endpoint, char text[ENDPOINT_TEXT_MAX]);
bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);

/* To and from the kernel's form; returns the size used, and leaves the rest as it is. From an
 * unknown family: ADDR_NONE. An IPv4-mapped IPv6 sockaddr becomes the IPv4 endpoint. */
socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *out);
struct endpoint endpoint_from_sockaddr(const struct sockaddr *sockaddr);

enum network_fault { NETWORK_OK, NETWORK_BAD_TEXT, NETWORK_BAD_LENGTH, NETWORK_HOST_BITS };

/* ADDRESS/LENGTH, or a bare address as the whole length. */
enum network_fault network_parse(const char *text, struct network *network);
char *network_format(const struct network *network, char text[NETWORK_TEXT_MAX]);
bool network_contains(const struct network *network, const struct addr *addr);

/* The address with all bits beyond `length` zero, as a network. */
struct network network_around(const struct addr *addr, uint8_t length);

#endif
