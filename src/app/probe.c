/* What the network answers just now, asked by the same rooms as the daemon's. It judges nothing. */

#include "sixward/app/probe.h"

#include <stdlib.h>

#include "sixward/app/host_file.h"
#include "sixward/app/lookout.h"
#include "sixward/base/entropy.h"
#include "sixward/base/mem.h"
#include "sixward/dns64/discover.h"
#include "sixward/net/timer.h"
#include "sixward/upstream/group.h"
#include "sixward/watch/resolv_conf.h"

enum {
	LOOK_MS = 10,
	ASK_MS = PROBE_MS - 500, /* what is answered late is noted before the end */
	CHECK_MS = 2000,
	CHECK_EVERY_MS = 60000 /* never again */
};

struct probing;

/* One question to one endpoint, and where its answer is noted; NULL where it is of no interest. */
struct asking {
	struct probing *probing;
	struct group_query *query;
	uint64_t started_ms;
	struct probe_answer *answer;
	bool *has_dnssec;
	struct prefix *prefixes;
	size_t *prefix_count;
};

/* Whom a server's or a listener's questions go to; no group: not started yet. */
struct target {
	struct group *group;
	struct asking liveness;
	struct asking discovery;
};

struct probing {
	struct loop *loop;
	struct config *config;
	struct lookout *lookout;
	struct entropy entropy;
	struct timer *timer;
	uint64_t until_ms;
	size_t open; /* questions without an answer */
	struct probe *probe;
	struct target servers[PROBE_SERVERS_MAX];
	struct target listeners[PROBE_LISTENERS_MAX];
};

static enum probe_result result_of(const struct failure *failure)
{
	switch (failure->cause) {
	case FAILURE_NETWORK:
		return PROBE_UNREACHABLE;
	case FAILURE_RCODE:
		return PROBE_ERROR;
	case FAILURE_GARBAGE:
	case FAILURE_CHAIN:
		return PROBE_GARBAGE;
	case FAILURE_NO_UPSTREAM:
		return PROBE_NOT_ASKED;
	case FAILURE_NONE:
	case FAILURE_TIMEOUT:
	case FAILURE_LIMIT:
		break;
	}
	return PROBE_SILENT;
}

static bool is_signed(const struct reply *reply)
{
	for (size_t i = 0; i < reply_count(reply); i++) {
		if (reply_record(reply, i).type == TYPE_RRSIG)
			return true;
	}
	return false;
}

static void on_done(void *owner, const struct group_result *found)
{
	struct asking *asking = owner;
	struct probing *probing = asking->probing;
	const struct reply *reply = found->reply;

	asking->query = NULL;
	probing->open--;
	if (asking->answer)
		*asking->answer = (struct probe_answer){
			.result = reply ? PROBE_ANSWERED : result_of(found->failure),
			.rcode = reply ? 0 : found->failure->rcode,
			.took_ms = (uint32_t)(loop_now_ms(probing->loop) - asking->started_ms),
		};
	if (reply && asking->has_dnssec)
		*asking->has_dnssec = is_signed(reply);
	if (reply && asking->prefixes)
		*asking->prefix_count = discover_prefixes(reply, asking->prefixes);
}

static void ask_one(struct probing *probing, struct target *target, struct asking *asking,
	const struct question *question)
{
	uint64_t now_ms = loop_now_ms(probing->loop);
	struct question scoped = *question;
	struct group_ask ask = { .deadline_ms = now_ms + ASK_MS };

	if (ask.deadline_ms > probing->until_ms)
		ask.deadline_ms = probing->until_ms;
	scoped.scope = group_scope(target->group);
	asking->probing = probing;
	asking->started_ms = now_ms;
	probing->open++;
	asking->query = group_start(target->group, &scoped, &ask, on_done, asking);
}

static void make_group(struct probing *probing, struct target *target,
	const struct server_options *servers, size_t count)
{
	struct group_options options = {
		.rules = probing->config->rules, .servers = servers, .server_count = count
	};

	target->group = group_new(probing->loop, &probing->entropy, &options);
}

/* What a server is asked: whether it answers for its names, and whether it is a DNS64. */
static void ask_server(
	struct probing *probing, size_t index, const struct server_options *servers, size_t count)
{
	static const uint8_t root[] = { 0 };
	struct probe_server *server = &probing->probe->servers[index];
	struct target *target = &probing->servers[index];
	const uint8_t *name = server->zone ? server->zone->octets : root;
	struct question soa = question_make(name, TYPE_SOA, CLASS_IN, false);
	struct question discover = discover_question();

	make_group(probing, target, servers, count);
	target->liveness.answer = &server->answer;
	target->liveness.has_dnssec = &server->has_dnssec;
	ask_one(probing, target, &target->liveness, &soa);
	if (server->zone)
		return;
	target->discovery.prefixes = server->prefixes;
	target->discovery.prefix_count = &server->prefix_count;
	ask_one(probing, target, &target->discovery, &discover);
}

/* An IPv4 server behind each prefix that is in force for it, once there is one. */
static void ask_via_nat64(struct probing *probing, size_t index)
{
	const struct endpoint *ipv4 = &probing->probe->servers[index].endpoint;
	const struct prefix *prefixes[POLICY_PREFIXES_MAX];
	struct server_options servers[POLICY_PREFIXES_MAX];
	size_t count = policy_prefixes_for(
		lookout_policies(probing->lookout)[0], ipv4->addr.octets, prefixes, NULL);

	for (size_t i = 0; i < count; i++) {
		uint8_t octets[16];

		prefix_embed(prefixes[i], ipv4->addr.octets, octets);
		servers[i] = (struct server_options){
			.endpoint = { .addr = addr_from_ipv6(octets), .port = ipv4->port },
		};
	}
	if (count)
		ask_server(probing, index, servers, count);
}

static void ask_servers(struct probing *probing)
{
	for (size_t i = 0; i < probing->probe->server_count; i++) {
		const struct probe_server *server = &probing->probe->servers[i];
		struct server_options options = { .endpoint = server->endpoint };

		if (probing->servers[i].group)
			continue;
		if (server->via_nat64)
			ask_via_nat64(probing, i);
		else
			ask_server(probing, i, &options, 1);
	}
}

/* A wildcard is asked over loopback. */
static struct endpoint reachable(const struct endpoint *listen)
{
	struct endpoint endpoint = *listen;

	if (addr_is_any(&listen->addr))
		(void)addr_parse(
			listen->addr.family == ADDR_IPV6 ? "::1" : "127.0.0.1", &endpoint.addr);
	return endpoint;
}

/* What the kernel writes as the source towards an own address: that address, or 127.0.0.1 towards
 * all of 127.0.0.0/8. */
static struct addr asker_of(const struct endpoint *listen)
{
	struct addr asker = reachable(listen).addr;

	if (asker.family == ADDR_IPV4 && addr_is_loopback(&asker))
		(void)addr_parse("127.0.0.1", &asker);
	return asker;
}

static void ask_listeners(struct probing *probing)
{
	struct question discover = discover_question();

	for (size_t i = 0; i < probing->probe->listener_count; i++) {
		struct probe_listener *listener = &probing->probe->listeners[i];
		struct target *target = &probing->listeners[i];
		struct server_options options = { .endpoint = reachable(&listener->endpoint) };

		make_group(probing, target, &options, 1);
		target->discovery.answer = &listener->answer;
		target->discovery.prefixes = listener->prefixes;
		target->discovery.prefix_count = &listener->prefix_count;
		ask_one(probing, target, &target->discovery, &discover);
	}
}

static void list_server(struct probe *probe, const struct probe_server *server)
{
	for (size_t i = 0; i < probe->server_count; i++) {
		const struct probe_server *other = &probe->servers[i];

		if (endpoint_equal(&other->endpoint, &server->endpoint) &&
			other->via_nat64 == server->via_nat64 && other->zone == server->zone)
			return;
	}
	if (probe->server_count < PROBE_SERVERS_MAX)
		probe->servers[probe->server_count++] = *server;
}

/* Ourselves are none of our upstreams. */
static void list_resolv_conf(
	const struct config *config, const char *path, const struct name *zone, struct probe *probe)
{
	struct endpoint found[PROBE_SERVERS_MAX];
	size_t size;
	char *text = host_file_read("", path, &size, NULL);
	size_t count = text ? resolv_conf_read(text, size, found, PROBE_SERVERS_MAX) : 0;

	for (size_t i = 0; i < count; i++) {
		if (!config_listens_on(config, &found[i]))
			list_server(probe,
				&(struct probe_server){
					.endpoint = found[i], .zone = zone, .resolv_conf = path });
	}
	free(text);
}

static void list_upstreams(const struct config *config, const struct config_upstreams *upstreams,
	const struct name *zone, struct probe *probe)
{
	for (size_t i = 0; i < upstreams->count; i++) {
		const struct config_upstream *item = &upstreams->items[i];

		if (item->resolv_conf)
			list_resolv_conf(config, item->resolv_conf, zone, probe);
		else
			list_server(
				probe, &(struct probe_server){ .endpoint = item->server.endpoint,
					       .via_nat64 = item->via_nat64,
					       .zone = zone });
	}
}

static void list_all(const struct config *config, struct probe *probe)
{
	list_upstreams(config, &config->upstreams, NULL, probe);
	for (size_t i = 0; i < config->zone_count; i++)
		list_upstreams(config, &config->zones[i].upstreams, &config->zones[i].zone, probe);
	for (size_t i = 0; i < config->listen_count && i < PROBE_LISTENERS_MAX; i++)
		probe->listeners[probe->listener_count++] =
			(struct probe_listener){ .endpoint = config->listen[i],
				.asker = asker_of(&config->listen[i]) };
}

/* For `learn-from: upstreams`. */
static size_t on_upstreams_wanted(void *owner, struct endpoint *out, size_t room)
{
	const struct probe *probe = ((struct probing *)owner)->probe;
	size_t count = 0;

	for (size_t i = 0; i < probe->server_count && count < room; i++) {
		if (!probe->servers[i].zone && !probe->servers[i].via_nat64)
			out[count++] = probe->servers[i].endpoint;
	}
	return count;
}

static void on_policies(void *owner)
{
	ask_servers(owner);
}

/* The end is when all is known, or the time is over. */
static void on_look(void *owner)
{
	struct probing *probing = owner;

	probing->probe->is_settled = lookout_is_settled(probing->lookout);
	if ((probing->probe->is_settled && !probing->open) ||
		loop_now_ms(probing->loop) >= probing->until_ms)
		loop_stop(probing->loop);
	else
		timer_start(probing->timer, LOOK_MS);
}

/* Each prefix is tried once, whether the config has `check` or not, and with its targets if it
 * has. */
static struct policy_check check_once(const struct config *config)
{
	static const char *const standard[] = { "1.1.1.1:443", "9.9.9.9:443" };
	struct policy_check check = policy_options(config->views.fallback)->check;

	if (!check.is_on || !check.target_count) {
		for (size_t i = 0; i < sizeof(standard) / sizeof(standard[0]); i++)
			(void)endpoint_parse(standard[i], 443, &check.targets[i]);
		check.target_count = sizeof(standard) / sizeof(standard[0]);
	}
	check.is_on = true;
	check.every_ms = CHECK_EVERY_MS;
	check.timeout_ms = CHECK_MS;
	check.fail_after = 1;
	check.recover_after = 1;
	return check;
}

static void start_lookout(struct probing *probing)
{
	struct policy_check check = check_once(probing->config);
	struct lookout_options options = { .loop = probing->loop,
		.config = probing->config,
		.check = &check,
		.changed = on_policies,
		.upstreams = on_upstreams_wanted,
		.owner = probing };

	probing->lookout = lookout_new(&options);
}

static void note_prefix(struct probe *probe, const struct known_prefix *known)
{
	for (size_t i = 0; i < probe->prefix_count; i++) {
		if (prefix_equal(&probe->prefixes[i].prefix, &known->prefix))
			return;
	}
	if (probe->prefix_count < PROBE_PREFIXES_MAX)
		probe->prefixes[probe->prefix_count++] =
			(struct probe_prefix){ .prefix = known->prefix,
				.is_learned = known->is_learned,
				.drain = known->drain };
}

static void note_gateway(struct probe *probe, const struct gateway_state *gateway)
{
	for (size_t i = 0; i < probe->prefix_count; i++) {
		struct probe_prefix *prefix = &probe->prefixes[i];

		if (!prefix_equal(&prefix->prefix, &gateway->prefix))
			continue;
		prefix->has_targets = gateway->has_targets;
		prefix->state = gateway->pulse.state;
		prefix->latency_us = gateway->pulse.latency_us;
	}
}

/* The policy for who asks from there: that of the same view as in the config. */
static const struct policy *policy_for(const struct probing *probing, const struct addr *asker)
{
	const struct views *views = &probing->config->views;
	const struct policy *written = views_find(views, asker);

	for (size_t i = 0; i < views->count; i++) {
		if (views->items[i].policy == written)
			return lookout_policies(probing->lookout)[i + 1];
	}
	return lookout_policies(probing->lookout)[0];
}

static size_t note_in_force(const struct probing *probing, const struct addr *asker,
	struct prefix out[POLICY_PREFIXES_MAX])
{
	const struct prefix *in_force[POLICY_PREFIXES_MAX];
	size_t count = policy_in_force(policy_for(probing, asker), in_force);

	for (size_t i = 0; i < count; i++)
		out[i] = *in_force[i];
	return count;
}

/* Each listener's for itself: ::1, 127.0.0.1 and an address of an interface may be of three views.
 */
static void note_all_in_force(const struct probing *probing)
{
	struct probe *probe = probing->probe;
	struct addr loopback;

	(void)addr_parse("::1", &loopback);
	probe->in_force_count = note_in_force(probing, &loopback, probe->in_force);
	for (size_t i = 0; i < probe->listener_count; i++) {
		struct probe_listener *listener = &probe->listeners[i];

		listener->in_force_count =
			note_in_force(probing, &listener->asker, listener->in_force);
	}
}

static void note_prefixes(const struct probing *probing)
{
	struct policy *const *policies = lookout_policies(probing->lookout);
	struct gateway_state gateways[GATEWAYS_MAX];
	size_t gateway_count = lookout_gateways(probing->lookout, gateways);
	struct probe *probe = probing->probe;

	for (size_t i = 0; i <= probing->config->views.count; i++) {
		const struct known_prefix *known;
		size_t count = policy_known(policies[i], &known);

		for (size_t k = 0; k < count; k++)
			note_prefix(probe, &known[k]);
	}
	for (size_t i = 0; i < gateway_count; i++)
		note_gateway(probe, &gateways[i]);
	probe->is_deaf = lookout_is_deaf(probing->lookout);
	note_all_in_force(probing);
}

static void free_target(struct target *target)
{
	group_cancel(target->liveness.query);
	group_cancel(target->discovery.query);
	group_free(target->group);
}

static void free_probing(struct probing *probing)
{
	for (size_t i = 0; i < PROBE_SERVERS_MAX; i++)
		free_target(&probing->servers[i]);
	for (size_t i = 0; i < PROBE_LISTENERS_MAX; i++)
		free_target(&probing->listeners[i]);
	lookout_free(probing->lookout);
	timer_free(probing->timer);
	free(probing);
}

struct probe *probe_run(struct loop *loop, struct config *config)
{
	struct probing *probing = mem_new(sizeof(*probing));
	struct probe *probe = mem_new(sizeof(*probe));

	probing->loop = loop;
	probing->config = config;
	probing->probe = probe;
	probing->until_ms = loop_now_ms(loop) + PROBE_MS;
	probing->timer = timer_new(probing->loop, on_look, probing);
	list_all(config, probe);
	start_lookout(probing);
	ask_servers(probing);
	ask_listeners(probing);
	timer_start(probing->timer, LOOK_MS);
	loop_run(probing->loop);
	note_prefixes(probing);
	free_probing(probing);
	return probe;
}

void probe_free(struct probe *probe)
{
	free(probe);
}
