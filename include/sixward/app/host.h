#ifndef SIXWARD_APP_HOST_H
#define SIXWARD_APP_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/app/netplan.h"
#include "sixward/app/port_use.h"
#include "sixward/base/addr.h"

/* What this machine has and is told, without judgement: addresses, routes, and whom its programs
 * ask. Nothing is sent, nothing is changed, and whatever is missing or malformed is just not known.
 */

enum {
	HOST_ADDRESSES_MAX = 256,
	HOST_SERVERS_MAX = 16,
	HOST_INTERFACE_MAX = 16,
	HOST_TEXT_MAX = 512
};

struct host_address {
	char interface[HOST_INTERFACE_MAX];
	struct addr addr;
	uint8_t length; /* of its network */
	bool is_loopback;
};

/* The way to the Internet over one family. */
struct host_route {
	bool is_there;
	struct addr source; /* that would be used */
};

struct host_servers {
	bool is_there; /* the file */
	struct endpoint items[HOST_SERVERS_MAX];
	size_t count;
};

struct host {
	bool is_root;
	struct host_address addresses[HOST_ADDRESSES_MAX]; /* of interfaces that are up */
	size_t address_count;
	struct host_route ipv6;
	struct host_route ipv4;

	struct host_servers resolv_conf;
	char resolv_link[HOST_TEXT_MAX];    /* where /etc/resolv.conf leads; "" = it is no link */
	char resolv_options[HOST_TEXT_MAX]; /* words of its `options` lines, one blank between */
	struct host_servers resolved; /* whom systemd-resolved asks; not there = it does not run */
	bool nss_asks_resolved; /* nsswitch.conf: getaddrinfo asks systemd-resolved before DNS */
	struct netplan netplan;

	struct port_use ports[PORT_USE_MAX]; /* of the endpoints given: UDP and TCP of each */
	size_t port_count;
};

/* `root` stands before the paths of files; "" = this host. Addresses and routes are this host's in
 * any case. */
struct host *host_gather(const char *root, const struct endpoint *listen, size_t listen_count);
void host_free(struct host *host); /* NULL is fine */

/* Whether the address is one of this host's own, loopback included. */
bool host_has_address(const struct host *host, const struct addr *addr);

/* Whether the address is where systemd-resolved listens. */
bool host_is_resolved_stub(const struct addr *addr);

#endif
