/* The rules of translation for some clients, asked address by address. Judges addresses only;
 * names are for those who hold the lists, replies for synth, hide and reverse. */

#include "sixward/dns64/policy.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/entropy.h"
#include "sixward/base/mem.h"

struct policy {
	atomic_uint references; /* dropped from any thread */
	uint64_t stamp;
	struct policy *base;                   /* whose settings these are; NULL = its own */
	const struct policy_options *settings; /* the base's, or `own` */
	struct policy_options own;
	struct known_prefix known[POLICY_PREFIXES_MAX];
	size_t known_count;
	struct prefix well_known; /* always ours for reverse look-ups (D64-5.3.1-a) */
};

/* A prefix that serves no range at all, against one that serves all of IPv4. */
enum { SERVES_NOT = -1, SERVES_ALL = 0 };

static const uint32_t rank_last = UINT32_MAX;

void policy_options_clear(struct policy_options *options)
{
	for (size_t i = 0; i < POLICY_PREFIXES_MAX; i++) {
		netset_clear(&options->prefixes[i].ipv4);
		free(options->prefixes[i].learn.servers);
	}
	netset_clear(&options->exclude_aaaa);
	netset_clear(&options->exclude_ipv4);
	nameset_clear(&options->exclude_names);
	nameset_clear(&options->ignore_aaaa);
	nameset_clear(&options->append_aaaa);
	nameset_clear(&options->keep_a_names);
	netset_clear(&options->keep_a_ipv4);
	memset(options, 0, sizeof(*options));
}

bool learn_source_equal(const struct learn_source *a, const struct learn_source *b)
{
	if (a->kind != b->kind || a->server_count != b->server_count)
		return false;
	for (size_t i = 0; i < a->server_count; i++) {
		if (!endpoint_equal(&a->servers[i], &b->servers[i]))
			return false;
	}
	return true;
}

static struct policy *make(void)
{
	struct policy *policy = mem_new(sizeof(*policy));
	struct entropy entropy = { 0 };

	entropy_fill(&entropy, &policy->stamp, sizeof(policy->stamp));
	atomic_init(&policy->references, 1);
	policy->well_known = prefix_well_known();
	return policy;
}

/* Has the prefix at hand, by the terms of the entry that lists it or gives it its place. */
static void know(
	struct policy *policy, const struct policy_prefix *entry, const struct prefix *prefix)
{
	assert(policy->known_count < POLICY_PREFIXES_MAX);
	policy->known[policy->known_count++] = (struct known_prefix){ .prefix = *prefix,
		.ipv4 = &entry->ipv4,
		.drain = entry->drain,
		.is_learned = entry->learn.kind != LEARN_NOT,
		.rank = rank_last };
}

struct policy *policy_new(struct policy_options *options)
{
	struct policy *policy = make();

	assert(options->prefix_count <= POLICY_PREFIXES_MAX);
	policy->own = *options;
	policy->settings = &policy->own;
	for (size_t i = 0; i < policy->own.prefix_count; i++) {
		const struct policy_prefix *entry = &policy->own.prefixes[i];

		if (entry->learn.kind == LEARN_NOT)
			know(policy, entry, &entry->prefix);
	}
	memset(options, 0, sizeof(*options));
	return policy;
}

/* Another policy by the same settings, with nothing at hand. */
static struct policy *make_beside(struct policy *policy)
{
	struct policy *other = make();

	other->base = policy_ref(policy->base ? policy->base : policy);
	other->settings = policy->settings;
	return other;
}

static bool is_known(const struct policy *policy, const struct prefix *prefix)
{
	for (size_t i = 0; i < policy->known_count; i++) {
		if (prefix_equal(&policy->known[i].prefix, prefix))
			return true;
	}
	return false;
}

static bool is_same_network(const struct network *a, const struct network *b)
{
	return a->length == b->length && addr_equal(&a->addr, &b->addr);
}

/* Whatever its suffix: nobody can learn one, and both mean the same translator. */
static bool is_listed(const struct policy_options *options, const struct prefix *prefix)
{
	for (size_t i = 0; i < options->prefix_count; i++) {
		const struct policy_prefix *entry = &options->prefixes[i];

		if (entry->learn.kind == LEARN_NOT &&
			is_same_network(&entry->prefix.network, &prefix->network))
			return true;
	}
	return false;
}

static size_t count_listed(const struct policy_options *options)
{
	size_t count = 0;

	for (size_t i = 0; i < options->prefix_count; i++)
		count += options->prefixes[i].learn.kind == LEARN_NOT;
	return count;
}

/* What was learned from the entry's source; NULL = nothing. */
static const struct learned *find_learned(
	const struct policy_prefix *entry, const struct learned *learned, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (learned[i].count > 0 && learn_source_equal(learned[i].source, &entry->learn))
			return &learned[i];
	}
	return NULL;
}

static bool is_advertised(
	const struct policy_prefix *entry, const struct learned *learned, size_t count)
{
	return entry->learn.kind == LEARN_ADVERTISEMENTS && find_learned(entry, learned, count);
}

/* Each source that is not advertised before `at` takes the place of the next. Returns the place
 * that is free then. */
static size_t make_way(const struct policy_prefix **entries, size_t at,
	const struct learned *learned, size_t count)
{
	for (size_t k = at; k-- > 0;) {
		if (entries[k]->learn.kind == LEARN_NOT)
			continue;
		if (is_advertised(entries[k], learned, count))
			break;
		entries[at] = entries[k];
		at = k;
	}
	return at;
}

/* R9872-3-a: which entry stands in the place of each. What router advertisements said goes before
 * what other sources did; where they said nothing, none steps aside; what is listed stays. Returns
 * how many there are. */
static size_t order_entries(const struct policy_options *options, const struct learned *learned,
	size_t count, const struct policy_prefix *out[POLICY_PREFIXES_MAX])
{
	size_t entry_count = options->prefix_count;

	for (size_t i = 0; i < entry_count; i++) {
		const struct policy_prefix *entry = &options->prefixes[i];
		size_t at = i;

		if (is_advertised(entry, learned, count))
			at = make_way(out, i, learned, count);
		out[at] = entry;
	}
	return entry_count;
}

/* Of one source as many as there is room for. Returns the room that is left. */
static size_t know_learned(struct policy *policy, const struct policy_prefix *entry,
	const struct learned *learned, size_t room)
{
	for (size_t i = 0; learned && i < learned->count && room > 0; i++) {
		const struct prefix *prefix = &learned->prefixes[i];

		if (is_listed(policy->settings, prefix) || is_known(policy, prefix))
			continue;
		know(policy, entry, prefix);
		room--;
	}
	return room;
}

bool policy_equal(const struct policy *a, const struct policy *b)
{
	if (a->settings != b->settings)
		return false;
	if (!a->settings->enabled)
		return true;
	if (a->known_count != b->known_count)
		return false;
	for (size_t i = 0; i < a->known_count; i++) {
		const struct known_prefix *one = &a->known[i];
		const struct known_prefix *other = &b->known[i];

		if (!prefix_equal(&one->prefix, &other->prefix) || one->ipv4 != other->ipv4 ||
			one->drain != other->drain || one->is_dead != other->is_dead ||
			one->rank != other->rank)
			return false;
	}
	return true;
}

/* The new one, unless it is no other than the old. */
static struct policy *take_if_other(struct policy *made, struct policy *old)
{
	if (!policy_equal(made, old))
		return made;
	policy_unref(made);
	return policy_ref(old);
}

/* LIM-21: what is listed has its room, wherever it stands; what is learned shares the rest. */
struct policy *policy_with_learned(
	struct policy *policy, const struct learned *learned, size_t count)
{
	const struct policy_options *options = policy->settings;
	const struct policy_prefix *entries[POLICY_PREFIXES_MAX];
	size_t room = POLICY_PREFIXES_MAX - count_listed(options);
	size_t entry_count = order_entries(options, learned, count, entries);
	struct policy *made = make_beside(policy);

	for (size_t i = 0; i < entry_count; i++) {
		const struct policy_prefix *entry = entries[i];

		if (entry->learn.kind == LEARN_NOT)
			know(made, entry, &entry->prefix);
		else
			room = know_learned(made, entry, find_learned(entry, learned, count), room);
	}
	return take_if_other(made, policy);
}

/* Ranks choose nothing but the best: where none is chosen, another order is no other policy. */
struct policy *policy_with_live(struct policy *policy, const struct live_prefix *live, size_t count)
{
	bool has_ranks = policy->settings->use == USE_BEST;
	struct policy *made = make_beside(policy);

	memcpy(made->known, policy->known, sizeof(made->known));
	made->known_count = policy->known_count;
	for (size_t i = 0; i < made->known_count; i++) {
		struct known_prefix *known = &made->known[i];

		known->is_dead = false;
		known->rank = rank_last;
		for (size_t k = 0; k < count; k++) {
			if (!prefix_equal(&live[k].prefix, &known->prefix))
				continue;
			known->is_dead = live[k].is_dead;
			known->rank = has_ranks ? live[k].rank : rank_last;
		}
	}
	return take_if_other(made, policy);
}

size_t policy_known(const struct policy *policy, const struct known_prefix **known)
{
	*known = policy->known;
	return policy->settings->enabled ? policy->known_count : 0;
}

uint32_t policy_ttl_max(const struct policy *policy)
{
	const struct policy_options *options = policy->settings;

	if (options->check.is_on)
		return POLICY_TTL_MAX;
	for (size_t i = 0; i < options->prefix_count; i++) {
		if (options->prefixes[i].learn.kind != LEARN_NOT)
			return POLICY_TTL_MAX;
	}
	return UINT32_MAX;
}

struct policy *policy_ref(struct policy *policy)
{
	atomic_fetch_add_explicit(&policy->references, 1, memory_order_relaxed);
	return policy;
}

void policy_unref(struct policy *policy)
{
	if (!policy)
		return;
	if (atomic_fetch_sub_explicit(&policy->references, 1, memory_order_acq_rel) != 1)
		return;
	policy_unref(policy->base);
	policy_options_clear(&policy->own);
	free(policy);
}

const struct policy_options *policy_options(const struct policy *policy)
{
	return policy->settings;
}

uint64_t policy_stamp(const struct policy *policy)
{
	return policy->stamp;
}

/* Whether the prefix lists exactly this range; `range` NULL asks for all of IPv4, which an
 * empty list means as well. */
static bool serves_range(const struct known_prefix *prefix, const struct network *range)
{
	if (prefix->ipv4->count == 0)
		return !range || range->length == SERVES_ALL;
	for (size_t i = 0; i < prefix->ipv4->count; i++) {
		const struct network *network = &prefix->ipv4->networks[i];

		if (network->addr.family != ADDR_IPV4)
			continue;
		if (!range && network->length == SERVES_ALL)
			return true;
		if (range && is_same_network(network, range))
			return true;
	}
	return false;
}

/* Sets of known prefixes: bit n for the n-th. */
static uint32_t bit(size_t place)
{
	return (uint32_t)1 << place;
}

static size_t find_best(const struct policy *policy, uint32_t among)
{
	size_t best = policy->known_count;

	for (size_t i = 0; i < policy->known_count; i++) {
		if (!(among & bit(i)))
			continue;
		if (best == policy->known_count || policy->known[i].rank < policy->known[best].rank)
			best = i;
	}
	return best;
}

/* Of the prefixes of one range those that are used: the live ones, or all where none is, and what
 * `use` leaves of them. */
static uint32_t narrow(const struct policy *policy, uint32_t serving)
{
	uint32_t live = 0;
	uint32_t among;

	for (size_t i = 0; i < policy->known_count; i++) {
		if ((serving & bit(i)) && !policy->known[i].is_dead)
			live |= bit(i);
	}
	among = live ? live : serving;
	switch (policy->settings->use) {
	case USE_ALL:
		return among;
	case USE_FIRST:
		return among & ~(among - 1);
	case USE_BEST:
		return among ? bit(find_best(policy, among)) : 0;
	}
	return among;
}

/* The prefixes used for a range. What is drained stands aside for the next, and for wider ranges.
 */
static uint32_t used_for_range(const struct policy *policy, const struct network *range)
{
	uint32_t serving = 0;

	for (size_t i = 0; i < policy->known_count; i++) {
		if (!policy->known[i].drain && serves_range(&policy->known[i], range))
			serving |= bit(i);
	}
	return narrow(policy, serving);
}

/* The prefixes used for a range that is not all of IPv4. */
static uint32_t used_for_parts(const struct policy *policy)
{
	uint32_t used = 0;

	for (size_t i = 0; i < policy->known_count; i++) {
		const struct netset *ipv4 = policy->known[i].ipv4;

		for (size_t k = 0; k < ipv4->count; k++) {
			if (ipv4->networks[k].addr.family == ADDR_IPV4)
				used |= used_for_range(policy, &ipv4->networks[k]);
		}
	}
	return used;
}

size_t policy_in_force(const struct policy *policy, const struct prefix *out[POLICY_PREFIXES_MAX])
{
	uint32_t for_all;
	uint32_t for_parts;
	size_t count = 0;

	if (!policy->settings->enabled)
		return 0;
	for_all = used_for_range(policy, NULL);
	for_parts = used_for_parts(policy) & ~for_all;
	for (size_t i = 0; i < policy->known_count; i++) {
		if (for_all & bit(i))
			out[count++] = &policy->known[i].prefix;
	}
	for (size_t i = 0; i < policy->known_count; i++) {
		if (for_parts & bit(i))
			out[count++] = &policy->known[i].prefix;
	}
	return count;
}

bool policy_uses(const struct policy *policy, const struct known_prefix *known)
{
	const struct prefix *prefixes[POLICY_PREFIXES_MAX];
	size_t count = policy_in_force(policy, prefixes);

	for (size_t i = 0; i < count; i++) {
		if (prefixes[i] == &known->prefix)
			return true;
	}
	return false;
}

/* The length of the prefix's most specific range that holds the address. */
static int serves_address(const struct known_prefix *prefix, const struct addr *addr)
{
	const struct network *network;

	if (prefix->drain)
		return SERVES_NOT;
	if (prefix->ipv4->count == 0)
		return SERVES_ALL;
	network = netset_find(prefix->ipv4, addr, NULL);
	return network ? network->length : SERVES_NOT;
}

/* D64-5-a, D64-5.1.7-d: the most specific range wins, and what is live and `use` narrow within it;
 * a wider range never stands in. */
static size_t find_prefixes(const struct policy *policy, const struct addr *addr,
	const struct prefix *out[POLICY_PREFIXES_MAX])
{
	int most = SERVES_NOT;
	uint32_t serving = 0;
	size_t count = 0;

	for (size_t i = 0; i < policy->known_count; i++) {
		int serves = serves_address(&policy->known[i], addr);

		if (serves == SERVES_NOT || serves < most)
			continue;
		if (serves > most)
			serving = 0;
		most = serves;
		serving |= bit(i);
	}
	serving = narrow(policy, serving);
	for (size_t i = 0; i < policy->known_count; i++) {
		if (serving & bit(i))
			out[count++] = &policy->known[i].prefix;
	}
	return count;
}

size_t policy_prefixes_for(const struct policy *policy, const uint8_t ipv4[4],
	const struct prefix *out[POLICY_PREFIXES_MAX], const char **why)
{
	const struct policy_options *options = policy->settings;
	struct addr addr = addr_from_ipv4(ipv4);
	const char *reason = "no prefix in force serves this address";
	size_t found = 0;
	size_t count = 0;

	if (!options->enabled)
		reason = "DNS64 is off";
	else if (netset_contains(&options->exclude_ipv4, &addr))
		reason = "the address is in exclude-ipv4";
	else
		found = find_prefixes(policy, &addr, out);

	/* ADR-3.1-a, ADR-nsp-a. After the choice, not before it: an address that the prefix in
	 * force may not carry must not bring one back that `use` took out of force. */
	for (size_t i = 0; i < found; i++) {
		const char *refusal = prefix_refuses(out[i], ipv4);

		if (refusal)
			reason = refusal;
		else
			out[count++] = out[i];
	}
	if (why)
		*why = count == 0 ? reason : NULL;
	return count;
}

bool policy_excludes_aaaa(const struct policy *policy, const uint8_t address[16])
{
	struct addr addr = addr_from_ipv6(address);

	/* D64-5.1.4-a, D64-5.1.4-g: nothing is excluded but what is listed. */
	return policy->settings->enabled && netset_contains(&policy->settings->exclude_aaaa, &addr);
}

/* D64-5.3.1-a. Among prefixes within one another the longest says where the address stands; the
 * WKP is a listed one where it is listed. */
bool policy_extract(const struct policy *policy, const uint8_t address[16], uint8_t ipv4[4],
	const struct prefix **prefix)
{
	const struct prefix *best = NULL;
	uint8_t found[4];

	if (!policy->settings->enabled)
		return false;
	for (size_t i = 0; i <= policy->known_count; i++) {
		const struct prefix *one =
			i < policy->known_count ? &policy->known[i].prefix : &policy->well_known;

		if (best && best->network.length >= one->network.length)
			continue;
		if (!prefix_extract(one, address, found))
			continue;
		memcpy(ipv4, found, sizeof(found));
		best = one;
	}
	if (best && prefix)
		*prefix = best;
	return best != NULL;
}
