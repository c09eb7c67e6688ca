/* Rules over whom this host's programs ask: resolv.conf, systemd-resolved, netplan, and who has
 * our port. Pure: facts in, findings out. */

#define _GNU_SOURCE

#include "sixward/app/diagnose_resolver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DNS_PORT = 53, LIST_MAX = 512, BUDGET_S = 5 };

/* Whether who is asked there is us, by the config. */
static bool is_us(const struct symptoms *symptoms, const struct endpoint *server)
{
	const struct config *config = symptoms->config;

	for (size_t i = 0; i < config->listen_count; i++) {
		const struct endpoint *listen = &config->listen[i];

		if (endpoint_equal(listen, server))
			return true;
		if (listen->port == server->port && addr_is_any(&listen->addr) &&
			listen->addr.family == server->addr.family &&
			host_has_address(symptoms->host, &server->addr))
			return true;
	}
	return false;
}

/* What a resolv.conf can name of us; NULL when there is nothing. */
static const struct endpoint *find_own_server(const struct symptoms *symptoms)
{
	const struct config *config = symptoms->config;

	for (size_t i = 0; i < config->listen_count; i++) {
		if (config->listen[i].port == DNS_PORT)
			return &config->listen[i];
	}
	return NULL;
}

/* As a resolv.conf writes it: a wildcard is reached over loopback. */
static const char *own_text(const struct symptoms *symptoms, char text[ADDR_TEXT_MAX])
{
	const struct endpoint *own = find_own_server(symptoms);

	if (!own)
		return "::1";
	if (addr_is_any(&own->addr))
		return own->addr.family == ADDR_IPV6 ? "::1" : "127.0.0.1";
	return addr_format(&own->addr, text);
}

static size_t count_ours(
	const struct symptoms *symptoms, const struct endpoint *servers, size_t count)
{
	size_t ours = 0;

	for (size_t i = 0; i < count; i++)
		ours += is_us(symptoms, &servers[i]);
	return ours;
}

/* The servers that are not us, with commas between. */
static const char *list_others(const struct symptoms *symptoms, const struct endpoint *servers,
	size_t count, char list[LIST_MAX])
{
	char text[ADDR_TEXT_MAX];
	size_t used = 0;

	list[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		if (is_us(symptoms, &servers[i]) || used + ADDR_TEXT_MAX + 2 > LIST_MAX)
			continue;
		used += (size_t)snprintf(list + used, LIST_MAX - used, "%s%s", used ? ", " : "",
			addr_format(&servers[i].addr, text));
	}
	return list;
}

/* The interface that leads to the Internet, or a likely name. */
static const char *find_interface(const struct host *host)
{
	for (size_t i = 0; i < host->address_count; i++) {
		if (host->ipv6.is_there && addr_equal(&host->addresses[i].addr, &host->ipv6.source))
			return host->addresses[i].interface;
	}
	return host->netplan.link_count ? host->netplan.links[0].name : "eth0";
}

static void add_netplan_steps(const struct symptoms *symptoms, const char *file,
	const char *section, const char *interface, struct findings *findings)
{
	char text[ADDR_TEXT_MAX];

	findings_add_step(findings, "# in %s; then: netplan apply", file);
	findings_add_step(findings, "network:");
	findings_add_step(findings, "  %s:", section);
	findings_add_step(findings, "    %s:", interface);
	findings_add_step(
		findings, "      nameservers: {addresses: [\"%s\"]}", own_text(symptoms, text));
}

static void add_resolved_steps(const struct symptoms *symptoms, struct findings *findings)
{
	char text[ADDR_TEXT_MAX];

	findings_add_step(findings, "# in /etc/systemd/resolved.conf.d/sixward.conf; then: "
				    "systemctl restart systemd-resolved");
	findings_add_step(findings, "[Resolve]");
	findings_add_step(findings, "DNS=%s", own_text(symptoms, text));
	findings_add_step(findings, "Domains=~.");
}

/* How to have this host ask us, by what manages its resolvers. */
static void add_steps(const struct symptoms *symptoms, struct findings *findings)
{
	const struct netplan *netplan = &symptoms->host->netplan;
	const struct netplan_link *link = netplan->link_count ? &netplan->links[0] : NULL;
	const char *interface = find_interface(symptoms->host);
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < netplan->link_count; i++) {
		if (strcmp(netplan->links[i].name, interface) == 0)
			link = &netplan->links[i];
	}
	if (netplan->file_count)
		add_netplan_steps(symptoms, link ? link->file : "/etc/netplan/60-sixward.yaml",
			link ? link->section : "ethernets", link ? link->name : interface,
			findings);
	if (symptoms->host->resolved.is_there)
		add_resolved_steps(symptoms, findings);
	if (!netplan->file_count && !symptoms->host->resolved.is_there)
		findings_add_step(findings, "echo 'nameserver %s' > /etc/resolv.conf",
			own_text(symptoms, text));
}

static bool is_stub(const struct host_servers *servers)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (host_is_resolved_stub(&servers->items[i].addr))
			return true;
	}
	return false;
}

/* Ids of what is said of a list of servers. */
struct wording {
	const char *all, *some, *none;
	const char *who; /* asks them */
};

static void judge_servers(const struct symptoms *symptoms, const struct host_servers *servers,
	const struct wording *wording, struct findings *findings)
{
	size_t ours = count_ours(symptoms, servers->items, servers->count);
	char list[LIST_MAX];

	(void)list_others(symptoms, servers->items, servers->count, list);
	if (ours && ours == servers->count) {
		findings_add(findings, SUBJECT_RESOLVER, LEVEL_OK, wording->all,
			"%s this server, and no other.", wording->who);
		return;
	}
	if (ours)
		findings_add(findings, SUBJECT_RESOLVER, LEVEL_WARNING, wording->some,
			"%s this server and others: %s. Nothing is synthesized in what those "
			"answer.",
			wording->who, list);
	else
		findings_add(findings, SUBJECT_RESOLVER, LEVEL_WARNING, wording->none,
			"%s %s, and not this server.", wording->who, *list ? list : "nobody");
	add_steps(symptoms, findings);
}

/* A server that a resolv.conf can name in vain: an address of this host where we are not. */
static void judge_unheard(const struct symptoms *symptoms, struct findings *findings)
{
	const struct host_servers *servers = &symptoms->host->resolv_conf;
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < servers->count; i++) {
		const struct endpoint *server = &servers->items[i];

		if (is_us(symptoms, server) || host_is_resolved_stub(&server->addr) ||
			!host_has_address(symptoms->host, &server->addr))
			continue;
		(void)addr_format(&server->addr, text);
		findings_add(findings, SUBJECT_RESOLVER, LEVEL_WARNING, "resolv-conf-not-listened",
			"/etc/resolv.conf names %s, an address of this host that is not among "
			"`listen`.",
			text);
		findings_add_step(findings,
			"# in %s, beside what is there; then: systemctl reload sixward",
			symptoms->config_path);
		findings_add_step(findings, "listen:");
		findings_add_step(findings,
			server->addr.family == ADDR_IPV6 ? "  - \"[%s]:53\"" : "  - \"%s:53\"",
			text);
	}
}

/* The number behind "NAME:" in the options; `otherwise` when it is not there. */
static long option_number(const struct host *host, const char *name, long otherwise)
{
	const char *at = strstr(host->resolv_options, name);

	return at ? strtol(at + strlen(name), NULL, 10) : otherwise;
}

static bool has_option(const struct host *host, const char *name)
{
	size_t length = strlen(name);
	const char *at = host->resolv_options;

	while ((at = strstr(at, name)) != NULL) {
		bool begins = at == host->resolv_options || at[-1] == ' ';

		if (begins && (at[length] == ' ' || at[length] == '\0'))
			return true;
		at += length;
	}
	return false;
}

static void judge_options(const struct host *host, struct findings *findings)
{
	long timeout = option_number(host, "timeout:", 5);
	long attempts = option_number(host, "attempts:", 2);

	if (has_option(host, "no-aaaa")) {
		findings_add(findings, SUBJECT_RESOLVER, LEVEL_ERROR, "resolv-conf-no-aaaa",
			"/etc/resolv.conf has `options no-aaaa`: glibc asks for no AAAA, so that "
			"there is nothing to synthesize.");
		findings_add_step(
			findings, "# take it out of /etc/resolv.conf, or of what writes it");
	}
	if (timeout >= 0 && timeout < BUDGET_S && attempts >= 0 && timeout * attempts < BUDGET_S) {
		findings_add(findings, SUBJECT_RESOLVER, LEVEL_NOTE, "resolv-conf-timeout",
			"/etc/resolv.conf has programs give up after %ld s: sixward may need 4.5 s "
			"where an upstream has just died.",
			timeout * attempts);
		findings_add_step(findings, "options timeout:5 attempts:2");
	}
}

/* Who is asked first, and, where that is systemd-resolved, whom it asks. */
static void judge_resolv_conf(const struct symptoms *symptoms, struct findings *findings)
{
	static const struct wording plain = { "resolv-conf", "resolv-conf-mixed",
		"resolv-conf-others", "/etc/resolv.conf names" };
	static const struct wording behind = { "resolved", "resolved-mixed", "resolved-others",
		"Programs ask systemd-resolved, which asks" };
	const struct host *host = symptoms->host;
	bool stub = is_stub(&host->resolv_conf);

	if (!host->resolv_conf.count && !stub) {
		findings_add(findings, SUBJECT_RESOLVER, LEVEL_WARNING, "resolv-conf-empty",
			host->resolv_conf.is_there
				? "/etc/resolv.conf names no server."
				: "/etc/resolv.conf is not there, or cannot be read.");
		add_steps(symptoms, findings);
	} else if (!stub) {
		judge_servers(symptoms, &host->resolv_conf, &plain, findings);
		judge_unheard(symptoms, findings);
	}
	if (stub && !host->resolved.is_there) {
		findings_add(findings, SUBJECT_RESOLVER, LEVEL_ERROR, "resolved-not-running",
			"/etc/resolv.conf names systemd-resolved, which does not run.");
		findings_add_step(findings, "systemctl enable --now systemd-resolved");
	} else if (stub || host->nss_asks_resolved) {
		judge_servers(symptoms, &host->resolved, &behind, findings);
	}
	judge_options(host, findings);
}

/* The first file that names a server that is not us; NULL = none does. */
static const char *find_others_file(
	const struct symptoms *symptoms, const struct netplan_link *link)
{
	for (size_t i = 0; i < link->server_count; i++) {
		if (!is_us(symptoms, &link->servers[i]))
			return link->server_files[i];
	}
	return NULL;
}

/* netplan puts the lists of all files together: a later one takes nothing back. */
static void judge_netplan_link(
	const struct symptoms *symptoms, const struct netplan_link *link, struct findings *findings)
{
	const char *file = find_others_file(symptoms, link);
	char list[LIST_MAX];

	if (!file)
		return;
	findings_add(findings, SUBJECT_RESOLVER, LEVEL_WARNING, "netplan-others",
		"netplan gives %s the resolvers %s (%s).", link->name,
		list_others(symptoms, link->servers, link->server_count, list), file);
	if (strstr(file, "cloud-init")) {
		findings_add_step(
			findings, "# cloud-init writes that file anew, unless told not to:");
		findings_add_step(findings, "echo 'network: {config: disabled}' > "
					    "/etc/cloud/cloud.cfg.d/99-disable-network-config.cfg");
	}
	if (count_ours(symptoms, link->servers, link->server_count))
		findings_add_step(findings,
			"# take them out of %s, for the lists of all files are put together; "
			"then: netplan apply",
			file);
	else
		add_netplan_steps(symptoms, file, link->section, link->name, findings);
}

/* netplan has no switch for the resolvers in router advertisements alone. */
static void judge_netplan_learning(const struct netplan_link *link, struct findings *findings)
{
	bool dhcp4 = link->dhcp4 == NETPLAN_YES && link->dhcp4_dns != NETPLAN_NO;
	bool dhcp6 = link->dhcp6 == NETPLAN_YES && link->dhcp6_dns != NETPLAN_NO;
	bool adverts = link->accept_ra != NETPLAN_NO;

	if (!netplan_link_learns(link))
		return;
	findings_add(findings, SUBJECT_RESOLVER, LEVEL_NOTE, "netplan-may-add",
		"Resolvers of others may be added to those of %s by%s%s%s%s.", link->name,
		dhcp4 || dhcp6 ? " DHCP" : "", (dhcp4 || dhcp6) && adverts ? " and" : "",
		adverts ? " router advertisements" : "",
		adverts ? " (`accept-ra: false` keeps these out, and wants static addresses)" : "");
	findings_add_step(findings, "# in %s, at %s; then: netplan apply", link->file, link->name);
	if (dhcp4)
		findings_add_step(findings, "dhcp4-overrides: {use-dns: false}");
	if (dhcp6)
		findings_add_step(findings, "dhcp6-overrides: {use-dns: false}");
	if (adverts)
		findings_add_step(findings, "accept-ra: false");
}

static void judge_netplan(const struct symptoms *symptoms, struct findings *findings)
{
	const struct netplan *netplan = &symptoms->host->netplan;

	for (size_t i = 0; i < netplan->fault_count; i++) {
		const struct netplan_fault *fault = &netplan->faults[i];

		findings_add(findings, SUBJECT_RESOLVER, LEVEL_NOTE, "netplan-unread",
			"%s says nothing here: %s", fault->file, fault->why);
		findings_add_step(
			findings, "%s", fault->is_denied ? "sudo sixward doctor" : "netplan get");
	}
	for (size_t i = 0; i < netplan->link_count; i++)
		judge_netplan_link(symptoms, &netplan->links[i], findings);
	for (size_t i = 0; i < netplan->link_count; i++)
		judge_netplan_learning(&netplan->links[i], findings);
}

static void judge_listen(const struct symptoms *symptoms, struct findings *findings)
{
	if (find_own_server(symptoms))
		return;
	findings_add(findings, SUBJECT_RESOLVER, LEVEL_WARNING, "listen-not-53",
		"No endpoint of `listen` is on port 53, and resolv.conf can name no other port.");
	findings_add_step(
		findings, "# in %s; then: systemctl restart sixward", symptoms->config_path);
	findings_add_step(findings, "listen: [\"[::1]:53\", \"127.0.0.1:53\"]");
}

void diagnose_resolver(const struct symptoms *symptoms, struct findings *findings)
{
	judge_listen(symptoms, findings);
	judge_resolv_conf(symptoms, findings);
	judge_netplan(symptoms, findings);
}
