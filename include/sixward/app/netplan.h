#ifndef SIXWARD_APP_NETPLAN_H
#define SIXWARD_APP_NETPLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/base/addr.h"

/* What netplan's files say of resolvers, by interface: /lib, /etc and /run/netplan, as netplan
 * merges them. */

enum {
	NETPLAN_LINKS_MAX = 64,
	NETPLAN_SERVERS_MAX = 16,
	NETPLAN_FAULTS_MAX = 16,
	NETPLAN_TEXT_MAX = 128
};

/* What a file may leave unsaid. */
enum netplan_switch { NETPLAN_UNSAID, NETPLAN_NO, NETPLAN_YES };

struct netplan_link {
	char name[NETPLAN_TEXT_MAX];    /* the key, which is the interface's name or a label */
	char section[NETPLAN_TEXT_MAX]; /* "ethernets" and the like */
	char file[NETPLAN_TEXT_MAX]; /* that names the servers, or else the interface; the last */
	struct endpoint servers[NETPLAN_SERVERS_MAX]; /* port 53; of all files together */
	char server_files[NETPLAN_SERVERS_MAX][NETPLAN_TEXT_MAX]; /* that name each */
	size_t server_count;
	enum netplan_switch accept_ra;
	enum netplan_switch dhcp4, dhcp6;
	enum netplan_switch dhcp4_dns, dhcp6_dns; /* use-dns of their overrides */
};

/* A file that says nothing, for it cannot be read or understood. */
struct netplan_fault {
	char file[NETPLAN_TEXT_MAX];
	char why[NETPLAN_TEXT_MAX];
	bool is_denied; /* by rights that are not ours */
};

struct netplan {
	size_t file_count;
	struct netplan_link links[NETPLAN_LINKS_MAX];
	size_t link_count;
	struct netplan_fault faults[NETPLAN_FAULTS_MAX];
	size_t fault_count;
};

/* Fills a zeroed struct in. */
void netplan_read(const char *root, struct netplan *netplan);

/* Whether router advertisements or DHCP may give the interface resolvers that no file names. */
bool netplan_link_learns(const struct netplan_link *link);

#endif
