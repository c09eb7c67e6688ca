/* What is known of prefixes beyond the settings, put together: which were learned, which live, and
 * the policies that follow. Learns and checks nothing itself, and tells no worker. */

#include "sixward/app/lookout.h"

#include <stdlib.h>

#include "sixward/app/tidings.h"
#include "sixward/base/entropy.h"
#include "sixward/base/log.h"
#include "sixward/base/mem.h"
#include "sixward/net/socket.h"
#include "sixward/net/timer.h"
#include "sixward/watch/adverts.h"
#include "sixward/watch/prefixes.h"

enum { SOURCES_MAX = 64 /* distinct ones of all views; more are not asked, and said so */ };

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
	struct tidings tidings;
	uint64_t routers_by_ms; /* 0 = until they have been asked for long enough */
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

/* Every source of the config once, with nothing heard. Returns how many; `is_over`: there are more.
 */
static size_t gather_sources(
	const struct config *config, struct heard heard[SOURCES_MAX], bool *is_over)
{
	size_t count = 0;

	*is_over = false;
	for (size_t i = 0; i < count_written(config); i++) {
		const struct policy_options *options = policy_options(written(config, i));

		for (size_t k = 0; k < options->prefix_count; k++) {
			const struct learn_source *source = &options->prefixes[k].learn;

			if (source->kind == LEARN_NOT || is_among(source, heard, count))
				continue;
			*is_over = count == SOURCES_MAX;
			if (*is_over)
				return count;
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

/* Asks whom the config names. Whom several sources name is asked once (prefixes_set). */
static void set_sources(struct lookout *lookout)
{
	struct heard *heard = mem_new_array(SOURCES_MAX, sizeof(*heard));
	bool is_over;
	size_t count = gather_sources(lookout->config, heard, &is_over);
	struct endpoint *servers = mem_new_array(count * PREFIX_SERVERS_MAX, sizeof(*servers));
	size_t server_count = 0;
	bool wants_routers = false;

	for (size_t i = 0; i < count; i++) {
		server_count += servers_of(
			lookout, heard[i].source, servers + server_count, PREFIX_SERVERS_MAX);
		wants_routers = wants_routers || heard[i].source->kind == LEARN_ADVERTISEMENTS;
	}
	tidings_note_bound(&lookout->tidings, TIDINGS_SOURCES, is_over, SOURCES_MAX);
	if (wants_routers)
		listen_to_routers(lookout);
	else
		lookout->is_deaf = false;
	prefixes_set(lookout->prefixes, &lookout->config->rules, servers, server_count);
	free(servers);
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
	bool is_over;
	size_t count = gather_sources(config, heard, &is_over);

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

/* Adds those of a policy that answers may be made with. Returns how many there are then; `is_over`:
 * there would be more. */
static size_t add_checked(const struct policy *policy, struct gateway_prefix prefixes[GATEWAYS_MAX],
	size_t count, bool *is_over)
{
	const struct known_prefix *known;
	size_t known_count = policy_known(policy, &known);

	for (size_t i = 0; i < known_count && !*is_over; i++) {
		if (known[i].drain || is_among_checked(prefixes, count, &known[i]))
			continue;
		*is_over = count == GATEWAYS_MAX;
		if (!*is_over)
			prefixes[count++] = (struct gateway_prefix){ .prefix = known[i].prefix,
				.ipv4 = known[i].ipv4 };
	}
	return count;
}

static void set_gateways(struct lookout *lookout, struct policy *const *policies, size_t count)
{
	const struct policy_check *check =
		lookout->has_check ? &lookout->check : &policy_options(policies[0])->check;
	struct gateway_prefix prefixes[GATEWAYS_MAX];
	size_t prefix_count = 0;
	bool is_over = false;

	for (size_t i = 0; i < count; i++)
		prefix_count = add_checked(policies[i], prefixes, prefix_count, &is_over);
	tidings_note_bound(
		&lookout->tidings, TIDINGS_PREFIXES, is_over && check->is_on, GATEWAYS_MAX);
	gateways_set(lookout->gateways, check, prefixes, prefix_count);
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

static bool are_equal(struct policy *const *a, struct policy *const *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!policy_equal(a[i], b[i]))
			return false;
	}
	return true;
}

/* What the policies are now, with what the checks know. */
static struct policy **make_policies(struct lookout *lookout)
{
	size_t count = count_written(lookout->config);
	struct policy **policies = with_learned(lookout);

	set_gateways(lookout, policies, count);
	mark_live(lookout, policies, count);
	return policies;
}

static void take_policies(struct lookout *lookout, struct policy **policies)
{
	free_policies(lookout->policies, lookout->policy_count);
	lookout->policies = policies;
	lookout->policy_count = count_written(lookout->config);
}

static void on_news(void *owner)
{
	struct lookout *lookout = owner;
	size_t count = lookout->policy_count;
	struct policy **policies = make_policies(lookout);

	if (are_equal(policies, lookout->policies, count)) {
		free_policies(policies, count);
		return;
	}
	tidings_note_change(&lookout->tidings, lookout->policies, policies, count);
	take_policies(lookout, policies);
	lookout->changed(lookout->owner);
}

/* Another config: who applies it tells what follows from it. */
static void begin(struct lookout *lookout)
{
	set_sources(lookout);
	take_policies(lookout, make_policies(lookout));
	tidings_note_config(&lookout->tidings, lookout->policies, lookout->policy_count);
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
		log_record(LOG_ERROR,
			"router advertisements cannot be heard: that takes CAP_NET_RAW, at the "
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
	if (options->routers_ms > 0)
		lookout->routers_by_ms = loop_now_ms(options->loop) + options->routers_ms;
	lookout->changed = options->changed;
	lookout->upstreams = options->upstreams;
	lookout->owner = options->owner;
	lookout->turn = timer_new(options->loop, on_turn, lookout);
	lookout->gateways = gateways_new(options->loop, on_news, lookout);
	lookout->prefixes = prefixes_new(options->loop, &lookout->entropy, on_news, lookout);
	begin(lookout);
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
	begin(lookout);
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

static bool routers_are_tried(const struct lookout *lookout)
{
	if (!lookout->adverts || adverts_are_tried(lookout->adverts))
		return true;
	return lookout->routers_by_ms > 0 && loop_now_ms(lookout->loop) >= lookout->routers_by_ms;
}

bool lookout_is_settled(const struct lookout *lookout)
{
	return prefixes_are_tried(lookout->prefixes) && routers_are_tried(lookout) &&
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
	tidings_add_counts(&lookout->tidings, counts);
	prefixes_add_counts(lookout->prefixes, counts);
	if (lookout->adverts)
		adverts_add_counts(lookout->adverts, counts);
}
