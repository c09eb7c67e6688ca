/* Rules over this host's addresses and routes. Pure: facts in, findings out. */

#include "sixward/app/diagnose_host.h"

#include <string.h>

static bool lies_in(const struct addr *addr, const char *text)
{
	struct network network;

	return network_parse(text, &network) == NETWORK_OK && network_contains(&network, addr);
}

static void judge_ipv6(const struct host *host, struct findings *findings)
{
	char text[ADDR_TEXT_MAX];

	if (!host->ipv6.is_there) {
		findings_add(findings, SUBJECT_HOST, LEVEL_ERROR, "no-ipv6-route",
			"There is no IPv6 route to the Internet: neither upstreams nor what "
			"sixward "
			"answers with can be reached.");
		findings_add_step(findings, "ip -6 address show scope global");
		findings_add_step(findings, "ip -6 route show default");
		findings_add_step(findings, "# by router advertisements, or, in netplan, of the "
					    "interface:");
		findings_add_step(
			findings, "routes: [{to: \"::/0\", via: \"fe80::1\", on-link: true}]");
		return;
	}
	(void)addr_format(&host->ipv6.source, text);
	findings_add(findings, SUBJECT_HOST, LEVEL_OK, "ipv6-route",
		"There is an IPv6 route, from %s.", text);
	if (!lies_in(&host->ipv6.source, "fc00::/7"))
		return;
	findings_add(findings, SUBJECT_HOST, LEVEL_NOTE, "ipv6-unique-local",
		"IPv6 leaves from %s, a unique local address: it reaches the Internet only where "
		"somebody on the way translates it.",
		text);
	findings_add_step(findings, "ip -6 address show scope global");
}

static bool begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool is_tailscale(const struct host_address *address)
{
	return begins_with(address->interface, "tailscale") ||
	       lies_in(&address->addr, "100.64.0.0/10");
}

static bool is_overlay(const struct host_address *address)
{
	return is_tailscale(address) || begins_with(address->interface, "wg") ||
	       begins_with(address->interface, "zt");
}

/* What is reached by its A alone stays so. */
static void add_keep_steps(const struct host_address *address, struct findings *findings)
{
	struct network network = network_around(&address->addr, address->length);
	char text[NETWORK_TEXT_MAX];

	if (is_tailscale(address)) {
		findings_add_step(findings, "  keep-a-names: [ts.net]");
		findings_add_step(findings, "  keep-a-ipv4: [100.64.0.0/10]");
		return;
	}
	findings_add_step(findings, "  keep-a-ipv4: [%s]   # or the whole network behind %s",
		network_format(&network, text), address->interface);
}

/* What is in the file is in force with the next reload. */
static void add_file_steps(const struct symptoms *symptoms, struct findings *findings)
{
	findings_add_step(
		findings, "# in %s; then: systemctl reload sixward", symptoms->config_path);
	findings_add_step(findings, "dns64:");
}

static void complain_of_trap(const struct symptoms *symptoms, const struct host_address *address,
	struct findings *findings)
{
	char text[ADDR_TEXT_MAX];

	findings_add(findings, SUBJECT_HOST, LEVEL_WARNING, "ipv4-without-route",
		"%s has the IPv4 address %s, and there is no IPv4 route to the Internet. Programs "
		"believe in IPv4 now, and take A records that lead nowhere: Node.js, npm, corepack "
		"and yarn fail as soon as a connection over NAT64 takes longer than 250 ms "
		"(ETIMEDOUT, ENETUNREACH, \"Error when performing the request\"), old ones at "
		"once.",
		address->interface, addr_format(&address->addr, text));
	add_file_steps(symptoms, findings);
	findings_add_step(
		findings, "  hide-a: always   # if-aaaa leaves names without AAAA their A");
	add_keep_steps(address, findings);
}

/* Hidden is hidden, but what is reached by its A alone should not be. */
static void judge_hidden(const struct symptoms *symptoms, const struct host_address *address,
	struct findings *findings)
{
	const struct policy_options *options = policy_options(symptoms_policy(symptoms));
	char text[ADDR_TEXT_MAX];

	(void)addr_format(&address->addr, text);
	if (!is_overlay(address) || netset_contains(&options->keep_a_ipv4, &address->addr)) {
		findings_add(findings, SUBJECT_HOST, LEVEL_OK, "ipv4-hidden",
			"%s has the IPv4 address %s without an IPv4 route; A records are hidden.",
			address->interface, text);
		return;
	}
	findings_add(findings, SUBJECT_HOST, LEVEL_NOTE, "overlay-hidden",
		"%s has the IPv4 address %s without an IPv4 route. A records are hidden, those of "
		"its own network included.",
		address->interface, text);
	add_file_steps(symptoms, findings);
	add_keep_steps(address, findings);
}

/* Whether the interface has an address before this one that says all the same. */
static bool is_told(const struct host *host, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (host->addresses[i].addr.family == ADDR_IPV4 &&
			strcmp(host->addresses[i].interface, host->addresses[index].interface) ==
				0 &&
			!addr_is_link_local(&host->addresses[i].addr))
			return true;
	}
	return false;
}

/* Loopback does not count for getaddrinfo (AI_ADDRCONFIG), and link-local leads nowhere anyway. */
static bool is_trap(const struct host *host, size_t index)
{
	const struct host_address *address = &host->addresses[index];

	return address->addr.family == ADDR_IPV4 && !address->is_loopback &&
	       !addr_is_loopback(&address->addr) && !addr_is_link_local(&address->addr) &&
	       !is_told(host, index);
}

static void judge_ipv4(const struct symptoms *symptoms, struct findings *findings)
{
	const struct policy_options *options = policy_options(symptoms_policy(symptoms));
	const struct host *host = symptoms->host;
	char text[ADDR_TEXT_MAX];
	size_t traps = 0;

	if (host->ipv4.is_there) {
		findings_add(findings, SUBJECT_HOST, LEVEL_OK, "ipv4-route",
			"There is an IPv4 route too, from %s.",
			addr_format(&host->ipv4.source, text));
		return;
	}
	for (size_t i = 0; i < host->address_count; i++) {
		if (!is_trap(host, i))
			continue;
		traps++;
		if (options->enabled && options->hide_a != HIDE_A_NEVER)
			judge_hidden(symptoms, &host->addresses[i], findings);
		else
			complain_of_trap(symptoms, &host->addresses[i], findings);
	}
	if (!traps)
		findings_add(findings, SUBJECT_HOST, LEVEL_OK, "ipv6-only",
			"There is no IPv4 address that a program could believe in.");
}

void diagnose_host(const struct symptoms *symptoms, struct findings *findings)
{
	judge_ipv6(symptoms->host, findings);
	judge_ipv4(symptoms, findings);
}
