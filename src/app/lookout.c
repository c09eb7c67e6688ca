/* What is known of prefixes beyond the settings, put together: which were learned, which live, and
 * the policies that follow. Learns and checks nothing itself, and tells no worker. */

#include "sixward/app/lookout.h"

#include <stdio.h>
#include <stdlib.h>

#include "sixward/base/entropy.h"
#include "sixward/base/log.h"
#include "sixward/base/mem.h"
#include "sixward/net/socket.h"
#include "sixward/net/timer.h"
#include "sixward/watch/adverts.h"
#include "sixward/watch/prefixes.h"

enum { SOURCES_MAX = 64 /* distinct ones of all views; more are not asked, and said so */ };

/* Whether prefixes are in use although their gateways are dead, for want of live ones. */
enum despair {
	DESPAIR_NONE,
	DESPAIR_SOME, /* for some IPv4 ranges */
	DESPAIR_ALL
};

/* What a source has told so far. */
struct heard {
	const struct learn_source *source; /* the config's */
	struct prefix prefixes[POLICY_PREFIXES_MAX];
	size_t count;
};

struct lookout {
	struct loop *loop;
	struct config *config;
	struct policy_check check; /* instead of the config's */
	bool has_check;
	lookout_changed *changed;
	lookout_upstreams *upstreams;
	void *owner;
	struct entropy entropy;
	struct timer *turn; /* puts off what must not happen in a call from above */
	struct policy **policies;
	size_t policy_count;
	struct gateways *gateways;
	struct prefixes *prefixes;
	struct adverts *adverts; /* NULL: not wanted so far, or not to be had */
	bool is_deaf;            /* the second of these, and it was said */
	struct counts *counts;   /* NULL: nobody counts */
	enum despair despair;    /* the deepest of all policies */
	size_t lacking;          /* policies that have no prefix in force */
	struct count other_best;
};

/* The policies that the config was written with, the top's first. */
static size_t count_written(const struct config *config)
{
	return config->views.count + 1;
}

static struct policy *written(const struct config *config, size_t place)
{
	return place == 0 ? config->views.fallback : config->views.items[place - 1].policy;
}

static bool is_among(const struct learn_source *source, const struct heard *heard, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (learn_source_equal(heard[i].source, source))
			return true;
	}
	return false;
}

/* Every source of the config once, with nothing heard. Returns how many. */
static size_t gather_sources(const struct config *config, struct heard heard[SOURCES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < count_written(config); i++) {
		const struct policy_options *options = policy_options(written(config, i));

		for (size_t k = 0; k < options->prefix_count; k++) {
			const struct learn_source *source = &options->prefixes[k].learn;

			if (source->kind == LEARN_NOT || is_among(source, heard, count))
				continue;
			if (count == SOURCES_MAX) {
				log_warning("too many sources to learn prefixes from; the last are "
					    "not asked",
					LOG_FIELDS(LOG_NUMBER("most", SOURCES_MAX)));
				return count;
			}
			heard[count].source = source;
			heard[count++].count = 0;
		}
	}
	return count;
}

/* The servers that a source stands for. Returns how many. */
static size_t servers_of(const struct lookout *lookout, const struct learn_source *source,
	struct endpoint *out, size_t room)
{
	size_t count = 0;

	switch (source->kind) {
	case LEARN_UPSTREAMS:
		return lookout->upstreams(lookout->owner, out, room);
	case LEARN_SERVERS:
		while (count < source->server_count && count < room) {
			out[count] = source->servers[count];
			count++;
		}
		return count;
	case LEARN_NOT:
	case LEARN_ADVERTISEMENTS:
		return 0;
	}
	return 0;
}

static void listen_to_routers(struct lookout *lookout);

/* Asks whom the config names. */
static void set_sources(struct lookout *lookout)
{
	struct heard *heard = mem_new_array(SOURCES_MAX, sizeof(*heard));
	size_t count = gather_sources(lookout->config, heard);
	struct endpoint servers[PREFIX_SERVERS_MAX];
	size_t server_count = 0;
	bool wants_routers = false;

	for (size_t i = 0; i < count; i++) {
		server_count += servers_of(lookout, heard[i].source, servers + server_count,
			PREFIX_SERVERS_MAX - server_count);
		wants_routers = wants_routers || heard[i].source->kind == LEARN_ADVERTISEMENTS;
	}
	if (wants_routers)
		listen_to_routers(lookout);
	else
		lookout->is_deaf = false;
	prefixes_set(lookout->prefixes, &lookout->config->rules, servers, server_count);
	free(heard);
}

/* What all servers of a source have told, each after the other. */
static void hear_servers(const struct lookout *lookout, struct heard *heard)
{
	struct endpoint servers[PREFIX_SERVERS_MAX];
	size_t server_count = servers_of(lookout, heard->source, servers, PREFIX_SERVERS_MAX);

	for (size_t i = 0; i < server_count; i++) {
		struct prefix found[POLICY_PREFIXES_MAX];
		size_t count = prefixes_find(lookout->prefixes, &servers[i], found);

		for (size_t k = 0; k < count && heard->count < POLICY_PREFIXES_MAX; k++)
			heard->prefixes[heard->count++] = found[k];
	}
}

static void hear(const struct lookout *lookout, struct heard *heard)
{
	if (heard->source->kind != LEARN_ADVERTISEMENTS)
		hear_servers(lookout, heard);
	else if (lookout->adverts)
		heard->count = adverts_find(lookout->adverts, heard->prefixes);
}

/* The written policies with what was learned; the caller's references, in an array of its own. */
static struct policy **with_learned(const struct lookout *lookout)
{
	const struct config *config = lookout->config;
	struct policy **policies = mem_new_array(count_written(config), sizeof(struct policy *));
	struct heard *heard = mem_new_array(SOURCES_MAX, sizeof(*heard));
	struct learned *learned = mem_new_array(SOURCES_MAX, sizeof(*learned));
	size_t count = gather_sources(config, heard);

	for (size_t i = 0; i < count; i++) {
		hear(lookout, &heard[i]);
		learned[i] = (struct learned){ .source = heard[i].source,
			.prefixes = heard[i].prefixes,
			.count = heard[i].count };
	}
	for (size_t i = 0; i < count_written(config); i++)
		policies[i] = policy_with_learned(written(config, i), learned, count);
	free(learned);
	free(heard);
	return policies;
}

static bool are_the_same(const struct netset *a, const struct netset *b)
{
	for (size_t i = 0; i < a->count && a->count == b->count; i++) {
		if (a->networks[i].length != b->networks[i].length ||
			!addr_equal(&a->networks[i].addr, &b->networks[i].addr))
			return false;
	}
	return a->count == b->count;
}

/* Views have most of their prefixes from the top. */
static bool is_among_checked(
	const struct gateway_prefix *prefixes, size_t count, const struct known_prefix *known)
{
	for (size_t i = 0; i < count; i++) {
		if (prefix_equal(&prefixes[i].prefix, &known->prefix) &&
			are_the_same(prefixes[i].ipv4, known->ipv4))
			return true;
	}
	return false;
}

/* Adds those of a policy that answers may be made with. Returns how many there are then. */
static size_t add_checked(
	const struct policy *policy, struct gateway_prefix prefixes[GATEWAYS_MAX], size_t count)
{
	const struct known_prefix *known;
	size_t known_count = policy_known(policy, &known);

	for (size_t i = 0; i < known_count; i++) {
		if (known[i].drain || is_among_checked(prefixes, count, &known[i]))
			continue;
		if (count == GATEWAYS_MAX) {
			log_warning("too many prefixes in all views; the last are not checked",
				LOG_FIELDS(LOG_NUMBER("most", GATEWAYS_MAX)));
			return count;
		}
		prefixes[count++] =
			(struct gateway_prefix){ .prefix = known[i].prefix, .ipv4 = known[i].ipv4 };
	}
	return count;
}

static void set_gateways(struct lookout *lookout, struct policy *const *policies, size_t count)
{
	const struct policy_check *check = &policy_options(policies[0])->check;
	struct gateway_prefix prefixes[GATEWAYS_MAX];
	size_t prefix_count = 0;

	for (size_t i = 0; i < count; i++)
		prefix_count = add_checked(policies[i], prefixes, prefix_count);
	gateways_set(lookout->gateways, lookout->has_check ? &lookout->check : check, prefixes,
		prefix_count);
}

/* Ranks are left out where they choose nothing: a policy is another one by what it does alone. */
static struct policy *mark(struct policy *policy, const struct gateway_state *states, size_t count)
{
	bool has_ranks = policy_options(policy)->use == USE_BEST;
	struct live_prefix live[GATEWAYS_MAX];

	for (size_t i = 0; i < count; i++)
		live[i] = (struct live_prefix){ .prefix = states[i].prefix,
			.is_dead = states[i].pulse.state == PULSE_DEAD,
			.rank = has_ranks ? states[i].rank : 0 };
	return policy_with_live(policy, live, count);
}

/* Each policy with what the checks have found, in its place. */
static void mark_live(const struct lookout *lookout, struct policy **policies, size_t count)
{
	struct gateway_state states[GATEWAYS_MAX];
	size_t state_count = gateways_find(lookout->gateways, states);

	for (size_t i = 0; i < count; i++) {
		struct policy *marked = mark(policies[i], states, state_count);

		policy_unref(policies[i]);
		policies[i] = marked;
	}
}

static void free_policies(struct policy **policies, size_t count)
{
	for (size_t i = 0; i < count; i++)
		policy_unref(policies[i]);
	free(policies);
}

static bool are_equal(
	struct policy *const *a, size_t a_count, struct policy *const *b, size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++) {
		if (!policy_equal(a[i], b[i]))
			return false;
	}
	return true;
}

static enum despair despair_of(const struct policy *policy)
{
	const struct known_prefix *known;
	size_t count = policy_known(policy, &known);
	bool uses_dead = false;
	bool uses_live = false;

	for (size_t i = 0; i < count; i++) {
		if (!policy_uses(policy, &known[i]))
			continue;
		uses_dead = uses_dead || known[i].is_dead;
		uses_live = uses_live || !known[i].is_dead;
	}
	if (!uses_dead)
		return DESPAIR_NONE;
	return uses_live ? DESPAIR_SOME : DESPAIR_ALL;
}

/* config.md: when all are dead, all are used, loudly. */
static void note_despair(struct lookout *lookout)
{
	enum despair despair = DESPAIR_NONE;

	for (size_t i = 0; i < lookout->policy_count; i++) {
		enum despair one = despair_of(lookout->policies[i]);

		despair = one > despair ? one : despair;
	}
	if (despair == lookout->despair)
		return;
	lookout->despair = despair;
	switch (despair) {
	case DESPAIR_NONE:
		log_notice("no dead NAT64 gateway is in use any more", NULL);
		break;
	case DESPAIR_SOME:
		log_error("no NAT64 gateway of some IPv4 ranges answers its checks; their prefixes "
			  "are used all the same",
			NULL);
		break;
	case DESPAIR_ALL:
		log_error("no NAT64 gateway answers its checks; the prefixes are used all the same",
			NULL);
		break;
	}
}

static size_t count_lacking(const struct lookout *lookout)
{
	size_t count = 0;

	for (size_t i = 0; i < lookout->policy_count; i++) {
		const struct prefix *in_force[POLICY_PREFIXES_MAX];
		const struct policy *policy = lookout->policies[i];

		count += policy_options(policy)->enabled && !policy_in_force(policy, in_force);
	}
	return count;
}

/* config.md: while no prefix is known, loudly. Of what a config leads to, who applies it tells. */
static void note_lack(struct lookout *lookout)
{
	size_t before = lookout->lacking;

	lookout->lacking = count_lacking(lookout);
	if (lookout->lacking > before)
		log_warning(
			"no prefix is in force any more: names with IPv4 only get no AAAA", NULL);
	else if (lookout->lacking < before && lookout->lacking == 0)
		log_notice("a prefix is in force", NULL);
}

/* The prefix that `use: best` has gone to, where nothing but the order of the live ones is another:
 * what was learned, or has died, has its own line. NULL: none. */
static const struct prefix *find_other_best(const struct policy *before, const struct policy *now)
{
	const struct known_prefix *old;
	const struct known_prefix *new;
	size_t count = policy_known(before, &old);

	if (policy_options(before) != policy_options(now) || policy_options(now)->use != USE_BEST ||
		policy_known(now, &new) != count)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (!prefix_equal(&old[i].prefix, &new[i].prefix) ||
			old[i].is_dead != new[i].is_dead)
			return NULL;
	}
	for (size_t i = 0; i < count; i++) {
		if (policy_uses(now, &new[i]) && !policy_uses(before, &old[i]))
			return &new[i].prefix;
	}
	return NULL;
}

/* Views have most of their prefixes from the top, and are told of with it. */
static void note_best(struct lookout *lookout, struct policy *const *policies, size_t count)
{
	const struct prefix *best = NULL;
	char text[NETWORK_TEXT_MAX];

	for (size_t i = 0; i < count && count == lookout->policy_count && !best; i++)
		best = find_other_best(lookout->policies[i], policies[i]);
	if (!best)
		return;
	count_up(&lookout->other_best);
	log_notice("another NAT64 gateway is the fastest",
		LOG_FIELDS(LOG_TEXT("prefix", network_format(&best->network, text))));
}

/* Makes the policies of now. True: they are others than before. */
static bool rebuild(struct lookout *lookout)
{
	size_t count = count_written(lookout->config);
	struct policy **policies = with_learned(lookout);
	bool is_other;

	set_gateways(lookout, policies, count);
	mark_live(lookout, policies, count);
	is_other = !are_equal(policies, count, lookout->policies, lookout->policy_count);
	if (!is_other) {
		free_policies(policies, count);
		return false;
	}
	note_best(lookout, policies, count);
	free_policies(lookout->policies, lookout->policy_count);
	lookout->policies = policies;
	lookout->policy_count = count;
	note_despair(lookout);
	return true;
}

static void on_news(void *owner)
{
	struct lookout *lookout = owner;

	if (!rebuild(lookout))
		return;
	note_lack(lookout);
	lookout->changed(lookout->owner);
}

static void on_turn(void *owner)
{
	struct lookout *lookout = owner;

	set_sources(lookout);
	on_news(lookout);
}

static void listen_to_routers(struct lookout *lookout)
{
	int error = 0;

	if (lookout->adverts)
		return;
	lookout->adverts = adverts_new(lookout->loop, on_news, lookout, &error);
	if (!lookout->adverts && !lookout->is_deaf)
		log_error("router advertisements cannot be heard: that takes CAP_NET_RAW, at the "
			  "start of the program",
			LOG_FIELDS(LOG_TEXT("reason", socket_error_text(error))));
	else if (lookout->adverts && lookout->counts)
		adverts_add_counts(lookout->adverts, lookout->counts);
	lookout->is_deaf = !lookout->adverts;
}

struct lookout *lookout_new(const struct lookout_options *options)
{
	struct lookout *lookout = mem_new(sizeof(*lookout));

	lookout->loop = options->loop;
	lookout->config = config_ref(options->config);
	lookout->has_check = options->check != NULL;
	if (options->check)
		lookout->check = *options->check;
	lookout->changed = options->changed;
	lookout->upstreams = options->upstreams;
	lookout->owner = options->owner;
	lookout->turn = timer_new(options->loop, on_turn, lookout);
	lookout->gateways = gateways_new(options->loop, on_news, lookout);
	lookout->prefixes = prefixes_new(options->loop, &lookout->entropy, on_news, lookout);
	set_sources(lookout);
	(void)rebuild(lookout);
	lookout->lacking = count_lacking(lookout);
	return lookout;
}

void lookout_free(struct lookout *lookout)
{
	if (!lookout)
		return;
	timer_free(lookout->turn);
	adverts_free(lookout->adverts);
	prefixes_free(lookout->prefixes);
	gateways_free(lookout->gateways);
	free_policies(lookout->policies, lookout->policy_count);
	config_unref(lookout->config);
	free(lookout);
}

void lookout_apply(struct lookout *lookout, struct config *config)
{
	struct config *old = lookout->config;

	lookout->config = config_ref(config);
	set_sources(lookout);
	(void)rebuild(lookout);
	lookout->lacking = count_lacking(lookout);
	config_unref(old);
}

void lookout_note_upstreams(struct lookout *lookout)
{
	timer_start(lookout->turn, 0);
}

struct policy *const *lookout_policies(const struct lookout *lookout)
{
	return lookout->policies;
}

bool lookout_is_settled(const struct lookout *lookout)
{
	return prefixes_are_tried(lookout->prefixes) &&
	       (!lookout->adverts || adverts_are_tried(lookout->adverts)) &&
	       gateways_are_tried(lookout->gateways);
}

bool lookout_is_deaf(const struct lookout *lookout)
{
	return lookout->is_deaf;
}

size_t lookout_gateways(const struct lookout *lookout, struct gateway_state out[GATEWAYS_MAX])
{
	return gateways_find(lookout->gateways, out);
}

/* Who has told it. */
static void show_source(const struct lookout *lookout, struct snapshot_prefix *shown)
{
	struct endpoint server;
	struct addr router;

	if (lookout->adverts && adverts_find_router(lookout->adverts, &shown->prefix, &router)) {
		router.zone = 0;
		shown->source = SOURCE_ADVERT;
		(void)addr_format(&router, shown->from);
	} else if (prefixes_find_server(lookout->prefixes, &shown->prefix, &server)) {
		shown->source = SOURCE_DNS;
		(void)endpoint_format(&server, shown->from);
	}
}

/* The place of the prefix among those shown; `count` if it is not. */
static size_t find_shown(
	const struct snapshot_prefix *shown, size_t count, const struct prefix *prefix)
{
	size_t place = 0;

	while (place < count && !prefix_equal(&shown[place].prefix, prefix))
		place++;
	return place;
}

/* What one policy has at hand. Returns how many there are then. */
static size_t show_policy(const struct lookout *lookout, size_t number, struct snapshot_prefix *out,
	size_t room, size_t count)
{
	const struct policy *policy = lookout->policies[number];
	const struct known_prefix *known;
	size_t known_count = policy_options(policy)->enabled ? policy_known(policy, &known) : 0;

	for (size_t i = 0; i < known_count; i++) {
		size_t place = find_shown(out, count, &known[i].prefix);
		bool is_used = policy_uses(policy, &known[i]);

		if (place == room)
			break;
		if (place == count) {
			out[count++] = (struct snapshot_prefix){ .prefix = known[i].prefix,
				.drain = true };
			if (known[i].is_learned)
				show_source(lookout, &out[place]);
		}
		out[place].drain = out[place].drain && known[i].drain;
		out[place].is_used = out[place].is_used || is_used;
		out[place].is_top = out[place].is_top || (is_used && number == 0);
	}
	return count;
}

static void show_gateways(const struct lookout *lookout, struct snapshot_prefix *out, size_t count)
{
	struct gateway_state states[GATEWAYS_MAX];
	size_t state_count = gateways_find(lookout->gateways, states);

	for (size_t i = 0; i < state_count; i++) {
		size_t place = find_shown(out, count, &states[i].prefix);

		if (place == count || !states[i].has_targets)
			continue;
		out[place].is_checked = true;
		out[place].state = states[i].pulse.state;
		out[place].latency_us = states[i].pulse.latency_us;
		out[place].since_s = (loop_now_ms(lookout->loop) - states[i].since_ms) / 1000;
	}
}

size_t lookout_show(const struct lookout *lookout, struct snapshot_prefix *out, size_t room)
{
	size_t count = 0;

	for (size_t i = 0; i < lookout->policy_count; i++)
		count = show_policy(lookout, i, out, room, count);
	show_gateways(lookout, out, count);
	return count;
}

void lookout_add_counts(struct lookout *lookout, struct counts *counts)
{
	lookout->counts = counts;
	gateways_add_counts(lookout->gateways, counts);
	counts_add(counts, "best_gateway_changes_total", NULL,
		"times that another live NAT64 gateway became the fastest, and the one in use",
		&lookout->other_best);
	prefixes_add_counts(lookout->prefixes, counts);
	if (lookout->adverts)
		adverts_add_counts(lookout->adverts, counts);
}
