/* What a running server knows, in the terms of the doctor's facts. Judges nothing itself. */

#include "sixward/app/checkup.h"

#include "sixward/app/diagnose_host.h"
#include "sixward/app/diagnose_network.h"
#include "sixward/app/diagnose_resolver.h"
#include "sixward/base/mem.h"

/* As in the settings, where it stands as the IPv4 address that it is. */
static struct endpoint endpoint_of(const struct server_survey *server, const struct policy *policy)
{
	struct endpoint endpoint = server->endpoint;
	uint8_t ipv4[4];

	if (server->via_nat64 && policy_extract(policy, endpoint.addr.octets, ipv4, NULL))
		endpoint.addr = addr_from_ipv4(ipv4);
	return endpoint;
}

/* What an ordinary question cannot tell is taken for well. */
static void add_server(
	struct probe *probe, const struct server_survey *server, const struct policy *policy)
{
	if (probe->server_count == PROBE_SERVERS_MAX)
		return;
	probe->servers[probe->server_count++] = (struct probe_server){
		.endpoint = endpoint_of(server, policy),
		.via_nat64 = server->via_nat64,
		.zone = name_is_root(server->zone.octets) ? NULL : &server->zone,
		.answer = { .result = server->is_held ? PROBE_SILENT : PROBE_ANSWERED,
			.took_ms = server->rtt_us / 1000 },
		.has_dnssec = true,
	};
}

static void add_prefix(struct probe *probe, const struct snapshot_prefix *prefix)
{
	if (prefix->is_top && probe->in_force_count < POLICY_PREFIXES_MAX)
		probe->in_force[probe->in_force_count++] = prefix->prefix;
	if (probe->prefix_count == PROBE_PREFIXES_MAX)
		return;
	probe->prefixes[probe->prefix_count++] = (struct probe_prefix){
		.prefix = prefix->prefix,
		.is_learned = prefix->source != SOURCE_LISTED,
		.drain = prefix->drain,
		.has_targets = prefix->is_checked,
		.state = prefix->state,
		.latency_us = prefix->latency_us,
	};
}

struct findings *checkup(const struct config *config, const char *path, const struct host *host,
	const struct snapshot *snapshot)
{
	struct probe *probe = mem_new(sizeof(*probe));
	struct symptoms symptoms = {
		.config = config, .config_path = path, .host = host, .probe = probe
	};
	struct findings *findings = findings_new();

	probe->is_settled = true;
	for (size_t i = 0; i < snapshot->server_count; i++)
		add_server(probe, &snapshot->servers[i], config->views.fallback);
	for (size_t i = 0; i < snapshot->prefix_count; i++)
		add_prefix(probe, &snapshot->prefixes[i]);
	diagnose_host(&symptoms, findings);
	diagnose_resolver(&symptoms, findings);
	diagnose_network(&symptoms, findings);
	probe_free(probe);
	return findings;
}
