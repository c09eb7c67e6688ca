/* Rules over what the network has answered: upstreams, prefixes, and the daemon. Pure: facts in,
 * findings out. */

#include "sixward/app/diagnose_network.h"

#include <stdio.h>
#include <string.h>

#include "sixward/dns/message.h"

enum {
	/* What Node.js gives a connection attempt before it tries the next address: versions 20 to
	 * 25, and from 26 on. */
	NODE_US = 250000,
	NODE_26_US = 500000,
	LIST_MAX = 512,
	SERVER_TEXT_MAX = 400
};

static void add_file_step(const struct symptoms *symptoms, struct findings *findings)
{
	findings_add_step(
		findings, "# in %s; then: systemctl reload sixward", symptoms->config_path);
}

static const char *list_prefixes(const struct prefix *prefixes, size_t count, char list[LIST_MAX])
{
	char text[NETWORK_TEXT_MAX];
	size_t used = 0;

	list[0] = '\0';
	for (size_t i = 0; i < count && used + NETWORK_TEXT_MAX + 2 < LIST_MAX; i++)
		used += (size_t)snprintf(list + used, LIST_MAX - used, "%s%s", used ? ", " : "",
			network_format(&prefixes[i].network, text));
	return list;
}

static bool is_among(const struct prefix *prefixes, size_t count, const struct prefix *prefix)
{
	for (size_t i = 0; i < count; i++) {
		if (prefix_equal(&prefixes[i], prefix))
			return true;
	}
	return false;
}

/* Whether the settings know the prefix, or have learned it. */
static bool is_known(const struct probe *probe, const struct prefix *prefix)
{
	for (size_t i = 0; i < probe->prefix_count; i++) {
		if (prefix_equal(&probe->prefixes[i].prefix, prefix))
			return true;
	}
	return false;
}

static size_t count_known(const struct probe *probe, const struct prefix *prefixes, size_t count)
{
	size_t known = 0;

	for (size_t i = 0; i < count; i++)
		known += is_known(probe, &prefixes[i]);
	return known;
}

/* Whether the policies learn from a source of that kind. */
static bool learns_from(const struct config *config, bool adverts)
{
	for (size_t i = 0; i <= config->views.count; i++) {
		const struct policy *policy =
			i ? config->views.items[i - 1].policy : config->views.fallback;
		const struct policy_options *options = policy_options(policy);

		for (size_t k = 0; k < options->prefix_count; k++) {
			enum learn_kind kind = options->prefixes[k].learn.kind;

			if (kind != LEARN_NOT && (kind == LEARN_ADVERTISEMENTS) == adverts)
				return true;
		}
	}
	return false;
}

/* "2620:fe::fe (of /run/systemd/resolve/resolv.conf)" */
static const char *describe(const struct probe_server *server, char text[SERVER_TEXT_MAX])
{
	char endpoint[ENDPOINT_TEXT_MAX];
	int used = snprintf(text, SERVER_TEXT_MAX, "%s%s",
		endpoint_format(&server->endpoint, endpoint),
		server->via_nat64 ? " via NAT64" : "");

	if (server->resolv_conf)
		used += snprintf(text + used, SERVER_TEXT_MAX - (size_t)used, " (of %.200s)",
			server->resolv_conf);
	return text;
}

static const char *zone_text(const struct probe_server *server, char text[NAME_TEXT_MAX])
{
	return server->zone ? name_format(server->zone->octets, text) : ".";
}

static void add_dig_step(const struct probe_server *server, struct findings *findings)
{
	char addr[ADDR_TEXT_MAX];
	char zone[NAME_TEXT_MAX];

	(void)addr_format(&server->endpoint.addr, addr);
	findings_add_step(findings,
		server->via_nat64 ? "dig @$(sixward map %s | head -n 1) -p %u %s SOA"
				  : "dig @%s -p %u %s SOA",
		addr, (unsigned)server->endpoint.port, zone_text(server, zone));
}

/* An answer that is none. False: it is one, and there is nothing to say. */
static bool complain_of_server(const struct symptoms *symptoms, const struct probe_server *server,
	struct findings *findings)
{
	char rcode[MESSAGE_TYPE_TEXT_MAX];
	char text[SERVER_TEXT_MAX];

	(void)describe(server, text);
	switch (server->answer.result) {
	case PROBE_ANSWERED:
		return false;
	case PROBE_NOT_ASKED:
		findings_add(findings, SUBJECT_UPSTREAMS,
			symptoms->probe->is_deaf ? LEVEL_NOTE : LEVEL_WARNING, "upstream-not-asked",
			"%s was not asked: no prefix is known to reach it through.", text);
		findings_add_step(findings, "# see the findings about prefixes");
		return true;
	case PROBE_SILENT:
		findings_add(findings, SUBJECT_UPSTREAMS, LEVEL_ERROR, "upstream-silent",
			"%s does not answer.", text);
		break;
	case PROBE_UNREACHABLE:
		findings_add(findings, SUBJECT_UPSTREAMS, LEVEL_ERROR, "upstream-unreachable",
			"%s cannot be reached.", text);
		break;
	case PROBE_GARBAGE:
		findings_add(findings, SUBJECT_UPSTREAMS, LEVEL_ERROR, "upstream-garbage",
			"%s answers with what is no DNS answer.", text);
		break;
	case PROBE_ERROR:
		(void)message_format_rcode(server->answer.rcode, rcode);
		findings_add(findings, SUBJECT_UPSTREAMS, LEVEL_ERROR,
			server->answer.rcode == RCODE_REFUSED ? "upstream-refused"
							      : "upstream-error",
			"%s answers with %s: it is not there for us.", text, rcode);
		break;
	}
	add_dig_step(server, findings);
	findings_add_step(findings, "# or take it out of `upstreams`");
	return true;
}

/* Another's DNS64 before ours: its answers come as if they were native. */
static void judge_dns64(const struct symptoms *symptoms, const struct probe_server *server,
	struct findings *findings)
{
	size_t known = count_known(symptoms->probe, server->prefixes, server->prefix_count);
	char text[SERVER_TEXT_MAX];
	char list[LIST_MAX];

	if (!server->prefix_count)
		return;
	(void)describe(server, text);
	(void)list_prefixes(server->prefixes, server->prefix_count, list);
	if (known == server->prefix_count) {
		findings_add(findings, SUBJECT_UPSTREAMS, LEVEL_NOTE, "upstream-dns64",
			"%s is a DNS64 itself, with our prefix (%s): what it has synthesized comes "
			"as native, whatever `check` and `hide-a` say.",
			text, list);
		findings_add_step(
			findings, "# a plain resolver serves better here, e.g. 2620:fe::fe");
		return;
	}
	findings_add(findings, SUBJECT_UPSTREAMS,
		symptoms->probe->is_deaf ? LEVEL_NOTE : LEVEL_WARNING, "upstream-dns64-other",
		"%s is a DNS64 itself, and its prefix (%s) is not ours: IPv4-only names get AAAA "
		"with its prefix, and our prefixes stay unused.",
		text, list);
	add_file_step(symptoms, findings);
	findings_add_step(findings, "upstreams: [\"2620:fe::fe\"]   # a plain resolver");
	findings_add_step(findings, "# or, if that gateway is the one to use:");
	findings_add_step(findings, "dns64:");
	findings_add_step(findings, "  prefixes: [{learn-from: upstreams}]");
}

static void judge_dnssec(const struct probe_server *server, struct findings *findings)
{
	char text[SERVER_TEXT_MAX];

	if (server->zone || server->has_dnssec)
		return;
	findings_add(findings, SUBJECT_UPSTREAMS, LEVEL_WARNING, "upstream-strips-dnssec",
		"%s leaves the DNSSEC signatures out: nobody behind it can validate.",
		describe(server, text));
	findings_add_step(findings, "# another upstream, or DNSSEC turned on there");
}

/* An IPv4 upstream on a host that has no way to it. One of a private network is behind no NAT64 of
 * others: it just does not answer. */
static void judge_family(const struct symptoms *symptoms, const struct probe_server *server,
	struct findings *findings)
{
	const struct endpoint *endpoint = &server->endpoint;
	struct prefix well_known = prefix_well_known();
	char text[ENDPOINT_TEXT_MAX];

	if (endpoint->addr.family != ADDR_IPV4 || server->via_nat64 ||
		symptoms->host->ipv4.is_there || addr_is_loopback(&endpoint->addr) ||
		server->answer.result == PROBE_ANSWERED ||
		prefix_refuses(&well_known, endpoint->addr.octets))
		return;
	findings_add(findings, SUBJECT_UPSTREAMS, LEVEL_WARNING, "upstream-ipv4",
		"%s is an IPv4 address, and this host has no IPv4 route.",
		endpoint_format(endpoint, text));
	add_file_step(symptoms, findings);
	findings_add_step(findings, "upstreams:");
	findings_add_step(findings, "  - address: %s", text);
	findings_add_step(findings, "    via-nat64: true");
}

static void judge_server(const struct symptoms *symptoms, const struct probe_server *server,
	struct findings *findings)
{
	char text[SERVER_TEXT_MAX];
	size_t before = findings->count;

	judge_family(symptoms, server, findings);
	if (findings->count == before && !complain_of_server(symptoms, server, findings)) {
		judge_dns64(symptoms, server, findings);
		judge_dnssec(server, findings);
	}
	if (findings->count == before)
		findings_add(findings, SUBJECT_UPSTREAMS, LEVEL_OK, "upstream",
			"%s answers after %u ms.", describe(server, text),
			(unsigned)server->answer.took_ms);
}

static void judge_servers(const struct symptoms *symptoms, struct findings *findings)
{
	const struct probe *probe = symptoms->probe;

	for (size_t i = 0; i < probe->server_count; i++)
		judge_server(symptoms, &probe->servers[i], findings);
	if (probe->server_count)
		return;
	findings_add(findings, SUBJECT_UPSTREAMS, LEVEL_ERROR, "no-upstream",
		"There is no upstream that could be asked.");
	add_file_step(symptoms, findings);
	findings_add_step(findings, "upstreams: [\"2620:fe::fe\", \"2606:4700:4700::1111\"]");
}

static void complain_of_slowness(
	const struct probe_prefix *prefix, const char *text, struct findings *findings)
{
	bool is_worst = prefix->latency_us >= NODE_26_US;

	findings_add(findings, SUBJECT_PREFIXES, is_worst ? LEVEL_WARNING : LEVEL_NOTE,
		"prefix-slow",
		"%s carries traffic, but a TCP handshake takes %u ms. Node.js gives an address "
		"that is not the last 250 ms (500 ms from version 26 on): names that have an A "
		"record too fail there, unless `hide-a` leaves it out.",
		text, (unsigned)(prefix->latency_us / 1000));
	findings_add_step(findings, "# a nearer gateway, or hide-a: always, or for Node.js alone:");
	findings_add_step(
		findings, "NODE_OPTIONS=--network-family-autoselection-attempt-timeout=2000");
}

static void judge_prefix(const struct probe_prefix *prefix, struct findings *findings)
{
	char text[NETWORK_TEXT_MAX];

	(void)network_format(&prefix->prefix.network, text);
	if (prefix->drain) {
		findings_add(findings, SUBJECT_PREFIXES, LEVEL_OK, "prefix-drained",
			"%s is drained: answered for, and no longer used.", text);
	} else if (prefix->state == PULSE_DEAD) {
		findings_add(findings, SUBJECT_PREFIXES, LEVEL_ERROR, "prefix-dead",
			"%s carries no traffic: no TCP connection comes about through it.", text);
		findings_add_step(
			findings, "# is the gateway at work, and is there a way there and back?");
		findings_add_step(findings, "sixward map --prefix %s 1.1.1.1", text);
		findings_add_step(findings, "ping -6 ADDRESS   # that this prints");
	} else if (prefix->state == PULSE_UNKNOWN) {
		findings_add(findings, SUBJECT_PREFIXES, LEVEL_NOTE, "prefix-not-tried",
			prefix->has_targets
				? "%s was not tried to the end."
				: "%s was not tried: it may carry no target of `check`.",
			text);
		findings_add_step(findings, prefix->has_targets
						    ? "sixward doctor"
						    : "# check: {targets: [\"ADDRESS:PORT\"]} "
						      "with one that it serves");
	} else if (prefix->latency_us >= NODE_US) {
		complain_of_slowness(prefix, text, findings);
	} else {
		findings_add(findings, SUBJECT_PREFIXES, LEVEL_OK, "prefix",
			"%s carries traffic; a TCP handshake takes %u ms.", text,
			(unsigned)(prefix->latency_us / 1000));
	}
}

static void judge_learning(const struct symptoms *symptoms, struct findings *findings)
{
	const struct probe *probe = symptoms->probe;
	bool adverts = learns_from(symptoms->config, true);

	for (size_t i = 0; i < probe->prefix_count; i++) {
		if (probe->prefixes[i].is_learned)
			return;
	}
	if (!adverts && !learns_from(symptoms->config, false))
		return;
	findings_add(findings, SUBJECT_PREFIXES, probe->is_deaf ? LEVEL_NOTE : LEVEL_WARNING,
		"prefix-not-learned", "No prefix has been learned: %s.",
		!adverts         ? "no DNS64 that `learn-from` names has told one"
		: probe->is_deaf ? "router advertisements are heard by root alone"
				 : "no router advertisement has told one");
	if (adverts && probe->is_deaf)
		findings_add_step(findings, "sudo sixward doctor");
	else if (adverts)
		findings_add_step(findings, "tcpdump -vv 'icmp6 and ip6[40] == 134'   # has it a "
					    "pref64 option?");
	else
		findings_add_step(findings, "dig @SERVER ipv4only.arpa AAAA   # of learn-from");
}

static void judge_prefixes(const struct symptoms *symptoms, struct findings *findings)
{
	const struct probe *probe = symptoms->probe;

	for (size_t i = 0; i < probe->prefix_count; i++)
		judge_prefix(&probe->prefixes[i], findings);
	judge_learning(symptoms, findings);
	if (!policy_options(symptoms_policy(symptoms))->enabled) {
		findings_add(findings, SUBJECT_PREFIXES, LEVEL_NOTE, "dns64-off",
			"DNS64 is off for programs of this host.");
		findings_add_step(findings, "sixward check --show");
		return;
	}
	if (probe->in_force_count || probe->is_deaf)
		return;
	findings_add(findings, SUBJECT_PREFIXES, LEVEL_ERROR, "no-prefix",
		"No prefix is in force for this host: IPv4-only names get no address that it can "
		"use.");
	add_file_step(symptoms, findings);
	findings_add_step(findings, "dns64:");
	findings_add_step(findings, "  prefixes: [\"64:ff9b::/96\"]   # or that of your NAT64");
}

/* Whether another program than sixward has it, as far as that can be seen. */
static bool is_foreign(const struct port_use *use)
{
	return use->is_taken && use->program[0] && strcmp(use->program, "sixward") != 0;
}

/* Who has the endpoint, over UDP or TCP: another program before us, and us before nobody. NULL: it
 * is free. */
static const struct port_use *find_use(const struct host *host, const struct endpoint *endpoint)
{
	const struct port_use *found = NULL;

	for (size_t i = 0; i < host->port_count; i++) {
		const struct port_use *use = &host->ports[i];

		if (!use->is_taken || !endpoint_equal(&use->endpoint, endpoint))
			continue;
		if (!found || is_foreign(use))
			found = use;
	}
	return found;
}

static void complain_of_program(
	const struct symptoms *symptoms, const struct port_use *use, struct findings *findings)
{
	char text[ENDPOINT_TEXT_MAX];

	findings_add(findings, SUBJECT_DAEMON, LEVEL_ERROR, "port-taken",
		"%s is taken by another program: %s (process %u).",
		endpoint_format(&use->endpoint, text), use->program, (unsigned)use->pid);
	/* The kernel cuts names to 15 octets. */
	if (strncmp(use->program, "systemd-resolve", 15) == 0) {
		findings_add_step(findings, "# in /etc/systemd/resolved.conf.d/sixward.conf; "
					    "then: systemctl restart systemd-resolved");
		findings_add_step(findings, "[Resolve]");
		findings_add_step(findings, "DNSStubListener=no");
		return;
	}
	findings_add_step(findings, "systemctl status %u   # names the unit that it belongs to",
		(unsigned)use->pid);
	findings_add_step(findings, "systemctl disable --now UNIT && systemctl restart sixward");
	findings_add_step(findings, "# or another endpoint in %s", symptoms->config_path);
}

/* `reload` was forgotten, or somebody else answers. Prefixes that are checked or learned may
 * differ from one look to the next: then one in common is enough. */
static bool is_other_config(const struct symptoms *symptoms, const struct probe_listener *listener)
{
	const struct probe *probe = symptoms->probe;
	const struct policy *policy = views_find(&symptoms->config->views, &listener->asker);
	size_t known = count_known(probe, listener->prefixes, listener->prefix_count);

	if (probe->is_deaf)
		return false;
	if (!listener->prefix_count)
		return listener->in_force_count > 0 && !learns_from(symptoms->config, false) &&
		       !learns_from(symptoms->config, true);
	if (known < listener->prefix_count)
		return true;
	if (policy_ttl_max(policy) != UINT32_MAX)
		return false;
	for (size_t i = 0; i < listener->in_force_count; i++) {
		if (!is_among(listener->prefixes, listener->prefix_count, &listener->in_force[i]))
			return true;
	}
	return false;
}

static void judge_answering(const struct symptoms *symptoms, const struct probe_listener *listener,
	struct findings *findings)
{
	char text[ENDPOINT_TEXT_MAX];
	char ours[LIST_MAX];
	char theirs[LIST_MAX];

	(void)endpoint_format(&listener->endpoint, text);
	if (!is_other_config(symptoms, listener)) {
		findings_add(findings, SUBJECT_DAEMON, LEVEL_OK, "daemon",
			"The daemon answers at %s after %u ms.", text,
			(unsigned)listener->answer.took_ms);
		return;
	}
	(void)list_prefixes(listener->in_force, listener->in_force_count, ours);
	(void)list_prefixes(listener->prefixes, listener->prefix_count, theirs);
	findings_add(findings, SUBJECT_DAEMON, LEVEL_WARNING, "daemon-other-prefixes",
		"What answers at %s uses other prefixes (%s) than %s says (%s).", text,
		*theirs ? theirs : "none", symptoms->config_path, *ours ? ours : "none");
	findings_add_step(findings, "systemctl reload sixward");
	findings_add_step(findings, "journalctl -u sixward -n 20");
}

/* Somebody has the port, and does not answer as we would. */
static void judge_mute(const struct probe_listener *listener, const struct port_use *use,
	struct findings *findings)
{
	char rcode[MESSAGE_TYPE_TEXT_MAX];
	char text[ENDPOINT_TEXT_MAX];
	char asker[ADDR_TEXT_MAX];

	(void)endpoint_format(&listener->endpoint, text);
	if (listener->answer.result == PROBE_ERROR) {
		findings_add(findings, SUBJECT_DAEMON, LEVEL_WARNING, "daemon-refuses",
			"What answers at %s answers this host with %s.", text,
			message_format_rcode(listener->answer.rcode, rcode));
		findings_add_step(findings, "sixward check --show   # does `allow` hold %s?",
			addr_format(&listener->asker, asker));
		return;
	}
	findings_add(findings, SUBJECT_DAEMON, LEVEL_ERROR, "daemon-silent",
		"%s is taken, and does not answer.", text);
	if (use && use->program[0])
		findings_add_step(findings, "systemctl restart sixward");
	else
		findings_add_step(findings, "sudo ss -lntup 'sport = :%u'",
			(unsigned)listener->endpoint.port);
}

/* Nobody has it, and nobody answers there. */
static bool is_deserted(const struct symptoms *symptoms, const struct probe_listener *listener)
{
	return !find_use(symptoms->host, &listener->endpoint) &&
	       listener->answer.result != PROBE_ANSWERED && listener->answer.result != PROBE_ERROR;
}

static void judge_listener(const struct symptoms *symptoms, const struct probe_listener *listener,
	struct findings *findings)
{
	const struct port_use *use = find_use(symptoms->host, &listener->endpoint);
	char text[ENDPOINT_TEXT_MAX];

	if (is_deserted(symptoms, listener)) {
		findings_add(findings, SUBJECT_DAEMON, LEVEL_ERROR, "not-listening",
			"Nobody listens at %s, which is one of `listen`.",
			endpoint_format(&listener->endpoint, text));
		findings_add_step(findings, "systemctl restart sixward");
		findings_add_step(findings, "journalctl -u sixward -n 20");
	} else if (use && is_foreign(use)) {
		complain_of_program(symptoms, use, findings);
	} else if (listener->answer.result == PROBE_ANSWERED) {
		judge_answering(symptoms, listener, findings);
	} else {
		judge_mute(listener, use, findings);
	}
}

static void judge_daemon(const struct symptoms *symptoms, struct findings *findings)
{
	const struct probe *probe = symptoms->probe;
	char text[ENDPOINT_TEXT_MAX];
	char list[LIST_MAX] = "";
	size_t deserted = 0;
	size_t used = 0;

	for (size_t i = 0; i < probe->listener_count; i++) {
		if (!is_deserted(symptoms, &probe->listeners[i]))
			continue;
		deserted++;
		if (used + ENDPOINT_TEXT_MAX + 2 < LIST_MAX)
			used += (size_t)snprintf(list + used, LIST_MAX - used, "%s%s",
				used ? ", " : "",
				endpoint_format(&probe->listeners[i].endpoint, text));
	}
	if (deserted && deserted == probe->listener_count) {
		findings_add(findings, SUBJECT_DAEMON, LEVEL_ERROR, "not-running",
			"The daemon does not run, or by another configuration: nobody listens at "
			"%s.",
			list);
		findings_add_step(findings, "systemctl enable --now sixward");
		findings_add_step(findings, "journalctl -u sixward -n 20");
		return;
	}
	for (size_t i = 0; i < probe->listener_count; i++)
		judge_listener(symptoms, &probe->listeners[i], findings);
}

void diagnose_network(const struct symptoms *symptoms, struct findings *findings)
{
	judge_daemon(symptoms, findings);
	judge_servers(symptoms, findings);
	judge_prefixes(symptoms, findings);
}
