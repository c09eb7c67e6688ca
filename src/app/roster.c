/* A list of upstreams as servers, within the room that there is. Knows no file and no socket, and
 * not what the servers are asked. */

#include "sixward/app/roster.h"

static void add(struct roster *roster, const struct server_options *server)
{
	for (size_t i = 0; i < roster->count; i++) {
		if (endpoint_equal(&roster->servers[i].endpoint, &server->endpoint))
			return;
	}
	if (roster->count < GROUP_SERVERS_MAX)
		roster->servers[roster->count++] = *server;
	else
		roster->left_out++;
}

static void add_resolv_conf(
	struct roster *roster, const struct roster_terms *terms, const char *path)
{
	struct endpoint found[GROUP_SERVERS_MAX];
	size_t count = terms->read(terms->owner, path, found, GROUP_SERVERS_MAX);

	for (size_t i = 0; i < count; i++)
		add(roster, &(struct server_options){ .endpoint = found[i] });
}

static void add_via_nat64(struct roster *roster, const struct policy *policy,
	const struct endpoint *ipv4, size_t most)
{
	const struct prefix *prefixes[POLICY_PREFIXES_MAX];
	size_t count = policy_prefixes_for(policy, ipv4->addr.octets, prefixes, NULL);

	for (size_t i = 0; i < count; i++) {
		struct server_options server = { .endpoint = *ipv4, .via_nat64 = true };
		uint8_t octets[16];

		if (i == most) {
			roster->left_out += count - most;
			return;
		}
		prefix_embed(prefixes[i], ipv4->addr.octets, octets);
		server.endpoint.addr = addr_from_ipv6(octets);
		add(roster, &server);
	}
}

/* `ways`: via NAT64, to each server that is reached so; 0 = these are passed over. */
static void fill(struct roster *roster, const struct config_upstreams *upstreams,
	const struct roster_terms *terms, size_t ways)
{
	roster->count = 0;
	roster->left_out = 0;
	for (size_t i = 0; i < upstreams->count; i++) {
		const struct config_upstream *item = &upstreams->items[i];

		if (item->resolv_conf)
			add_resolv_conf(roster, terms, item->resolv_conf);
		else if (!item->via_nat64)
			add(roster, &item->server);
		else if (ways > 0)
			add_via_nat64(roster, terms->policy, &item->server.endpoint, ways);
	}
}

static size_t count_via_nat64(const struct config_upstreams *upstreams)
{
	size_t count = 0;

	for (size_t i = 0; i < upstreams->count; i++)
		count += upstreams->items[i].via_nat64;
	return count;
}

/* `upstream-order: listed` wants them in order, so the room of the others is known before the
 * first is listed. */
void roster_fill(struct roster *roster, const struct config_upstreams *upstreams,
	const struct roster_terms *terms)
{
	size_t via_nat64 = terms->policy ? count_via_nat64(upstreams) : 0;
	size_t ways;

	fill(roster, upstreams, terms, 0);
	if (via_nat64 == 0)
		return;
	ways = (GROUP_SERVERS_MAX - roster->count) / via_nat64;
	fill(roster, upstreams, terms, ways > 0 ? ways : 1);
}
