/* What this machine has and is told. It judges nothing: see the rooms of rules. */

#define _GNU_SOURCE

#include "sixward/app/host.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sixward/app/host_file.h"
#include "sixward/base/mem.h"
#include "sixward/net/socket.h"
#include "sixward/watch/resolv_conf.h"

static const char BLANKS[] = " \t\r";
static const char RESOLVED_CONF[] = "/run/systemd/resolve/resolv.conf";
static const char RESOLVED_SOCKET[] = "/run/systemd/resolve/io.systemd.Resolve";

static uint8_t mask_length(const struct sockaddr *mask)
{
	struct endpoint endpoint;
	uint8_t length = 0;

	if (!mask)
		return 0;
	endpoint = endpoint_from_sockaddr(mask);
	for (size_t i = 0; i < addr_size(&endpoint.addr); i++)
		length += (uint8_t)__builtin_popcount(endpoint.addr.octets[i]);
	return length;
}

static void gather_addresses(struct host *host)
{
	struct ifaddrs *all = NULL;

	if (getifaddrs(&all) != 0)
		return;
	for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
		struct host_address *address = &host->addresses[host->address_count];
		struct endpoint endpoint;

		if (!at->ifa_addr || !(at->ifa_flags & IFF_UP) ||
			host->address_count == HOST_ADDRESSES_MAX)
			continue;
		endpoint = endpoint_from_sockaddr(at->ifa_addr);
		if (endpoint.addr.family == ADDR_NONE)
			continue;
		(void)snprintf(address->interface, sizeof(address->interface), "%s", at->ifa_name);
		address->addr = endpoint.addr;
		address->length = mask_length(at->ifa_netmask);
		address->is_loopback = (at->ifa_flags & IFF_LOOPBACK) != 0;
		host->address_count++;
	}
	freeifaddrs(all);
}

/* A connected datagram socket has asked the kernel for a route, and nobody else. */
static struct host_route find_route(const char *public)
{
	struct host_route route = { 0 };
	struct socket_options options = { 0 };
	struct sockaddr_storage local;
	socklen_t size = sizeof(local);
	int descriptor;

	(void)endpoint_parse(public, 53, &options.peer);
	descriptor = socket_open_udp(&options);
	if (descriptor < 0)
		return route;
	if (getsockname(descriptor, (struct sockaddr *)&local, &size) == 0) {
		route.is_there = true;
		route.source = endpoint_from_sockaddr((struct sockaddr *)&local).addr;
	}
	close(descriptor);
	return route;
}

static void read_servers(const char *root, const char *path, struct host_servers *servers)
{
	size_t size;
	char *text = host_file_read(root, path, &size, NULL);

	if (!text)
		return;
	servers->is_there = true;
	servers->count = resolv_conf_read(text, size, servers->items, HOST_SERVERS_MAX);
	free(text);
}

/* The words behind `keyword`, of each line that begins with it; with one blank between. */
static void gather_words(char *text, const char *keyword, char out[HOST_TEXT_MAX])
{
	size_t used = 0;
	char *lines = NULL;

	for (char *line = strtok_r(text, "\n", &lines); line; line = strtok_r(NULL, "\n", &lines)) {
		char *words = NULL;
		const char *word = strtok_r(line, BLANKS, &words);

		if (!word || strcmp(word, keyword) != 0)
			continue;
		while ((word = strtok_r(NULL, BLANKS, &words)) != NULL &&
			used + strlen(word) + 2 < HOST_TEXT_MAX)
			used += (size_t)snprintf(
				out + used, HOST_TEXT_MAX - used, "%s%s", used ? " " : "", word);
	}
}

static void read_words(
	const char *root, const char *path, const char *keyword, char out[HOST_TEXT_MAX])
{
	size_t size;
	char *text = host_file_read(root, path, &size, NULL);

	if (text)
		gather_words(text, keyword, out);
	free(text);
}

static bool is_taken(const char *root, const char *endpoint)
{
	struct port_use use = { 0 };

	(void)endpoint_parse(endpoint, 53, &use.endpoint);
	port_use_find(root, &use, 1);
	return use.is_taken;
}

/* Its files stay when systemd-resolved ends. What ends with it is the stub, which it may do
 * without, and the socket that nss-resolve asks, which old ones do without. */
static bool does_resolved_run(const char *root)
{
	size_t size;
	char *sockets = host_file_read(root, "/proc/self/net/unix", &size, NULL);
	bool has_socket = sockets && strstr(sockets, RESOLVED_SOCKET);

	free(sockets);
	return has_socket || is_taken(root, "127.0.0.53");
}

/* "hosts: files resolve [!UNAVAIL=return] dns" */
static bool asks_resolved_first(const char *root)
{
	char sources[HOST_TEXT_MAX] = "";
	char *rest = NULL;

	read_words(root, "/etc/nsswitch.conf", "hosts:", sources);
	for (const char *word = strtok_r(sources, " ", &rest); word;
		word = strtok_r(NULL, " ", &rest)) {
		if (strcmp(word, "resolve") == 0)
			return true;
		if (strcmp(word, "dns") == 0)
			return false;
	}
	return false;
}

static void gather_ports(
	struct host *host, const char *root, const struct endpoint *listen, size_t count)
{
	for (size_t i = 0; i < count && host->port_count + 2 <= PORT_USE_MAX; i++) {
		host->ports[host->port_count++] = (struct port_use){ .endpoint = listen[i] };
		host->ports[host->port_count++] =
			(struct port_use){ .endpoint = listen[i], .is_tcp = true };
	}
	port_use_find(root, host->ports, host->port_count);
}

struct host *host_gather(const char *root, const struct endpoint *listen, size_t listen_count)
{
	struct host *host = mem_new(sizeof(*host));

	host->is_root = geteuid() == 0;
	gather_addresses(host);
	host->ipv6 = find_route("2001:4860:4860::8888");
	host->ipv4 = find_route("1.1.1.1");
	read_servers(root, "/etc/resolv.conf", &host->resolv_conf);
	(void)host_file_link(root, "/etc/resolv.conf", host->resolv_link);
	read_words(root, "/etc/resolv.conf", "options", host->resolv_options);
	read_servers(root, RESOLVED_CONF, &host->resolved);
	if (host->resolved.is_there && !does_resolved_run(root))
		host->resolved = (struct host_servers){ 0 };
	host->nss_asks_resolved = host->resolved.is_there && asks_resolved_first(root);
	netplan_read(root, &host->netplan);
	gather_ports(host, root, listen, listen_count);
	return host;
}

void host_free(struct host *host)
{
	free(host);
}

bool host_has_address(const struct host *host, const struct addr *addr)
{
	if (addr_is_loopback(addr))
		return true;
	for (size_t i = 0; i < host->address_count; i++) {
		if (addr_equal(&host->addresses[i].addr, addr))
			return true;
	}
	return false;
}

bool host_is_resolved_stub(const struct addr *addr)
{
	static const uint8_t stubs[2][4] = { { 127, 0, 0, 53 }, { 127, 0, 0, 54 } };

	return addr->family == ADDR_IPV4 &&
	       (memcmp(addr->octets, stubs[0], 4) == 0 || memcmp(addr->octets, stubs[1], 4) == 0);
}
