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
	struct policy_options options;
	struct prefix well_known; /* always ours for reverse look-ups (D64-5.3.1-a) */
};

/* A prefix that serves no range at all, against one that serves all of IPv4. */
enum { SERVES_NOT = -1, SERVES_ALL = 0 };

void policy_options_clear(struct policy_options *options)
{
	for (size_t i = 0; i < POLICY_PREFIXES_MAX; i++)
		netset_clear(&options->prefixes[i].ipv4);
	netset_clear(&options->exclude_aaaa);
	netset_clear(&options->exclude_ipv4);
	nameset_clear(&options->exclude_names);
	nameset_clear(&options->ignore_aaaa);
	nameset_clear(&options->keep_a_names);
	netset_clear(&options->keep_a_ipv4);
	memset(options, 0, sizeof(*options));
}

struct policy *policy_new(struct policy_options *options)
{
	struct policy *policy = mem_new(sizeof(*policy));
	struct entropy entropy = { 0 };

	entropy_fill(&entropy, &policy->stamp, sizeof(policy->stamp));
	assert(options->prefix_count <= POLICY_PREFIXES_MAX);
	atomic_init(&policy->references, 1);
	policy->options = *options;
	policy->well_known = prefix_well_known();
	memset(options, 0, sizeof(*options));
	return policy;
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
	policy_options_clear(&policy->options);
	free(policy);
}

const struct policy_options *policy_options(const struct policy *policy)
{
	return &policy->options;
}

uint64_t policy_stamp(const struct policy *policy)
{
	return policy->stamp;
}

/* Whether the prefix lists exactly this range; `range` NULL asks for all of IPv4, which an
 * empty list means as well. */
static bool serves_range(const struct policy_prefix *prefix, const struct network *range)
{
	if (prefix->ipv4.count == 0)
		return !range || range->length == SERVES_ALL;
	for (size_t i = 0; i < prefix->ipv4.count; i++) {
		const struct network *network = &prefix->ipv4.networks[i];

		if (network->addr.family != ADDR_IPV4)
			continue;
		if (!range && network->length == SERVES_ALL)
			return true;
		if (range && network->length == range->length &&
			addr_equal(&network->addr, &range->addr))
			return true;
	}
	return false;
}

/* Whether the prefix is used for a range that it serves: not drained, and under `use: first`
 * no other one before it. What is drained stands aside for the next, and for wider ranges. */
static bool is_used_for_range(
	const struct policy_options *options, size_t place, const struct network *range)
{
	if (options->prefixes[place].drain || !serves_range(&options->prefixes[place], range))
		return false;
	for (size_t i = 0; i < place && options->use == USE_FIRST; i++) {
		if (!options->prefixes[i].drain && serves_range(&options->prefixes[i], range))
			return false;
	}
	return true;
}

static bool is_used_for_a_part(const struct policy_options *options, size_t place)
{
	const struct netset *ipv4 = &options->prefixes[place].ipv4;

	for (size_t i = 0; i < ipv4->count; i++) {
		if (ipv4->networks[i].addr.family == ADDR_IPV4 &&
			is_used_for_range(options, place, &ipv4->networks[i]))
			return true;
	}
	return false;
}

size_t policy_in_force(const struct policy *policy, const struct prefix *out[POLICY_PREFIXES_MAX])
{
	const struct policy_options *options = &policy->options;
	size_t count = 0;

	if (!options->enabled)
		return 0;
	for (size_t i = 0; i < options->prefix_count; i++) {
		if (is_used_for_range(options, i, NULL))
			out[count++] = &options->prefixes[i].prefix;
	}
	for (size_t i = 0; i < options->prefix_count; i++) {
		if (!is_used_for_range(options, i, NULL) && is_used_for_a_part(options, i))
			out[count++] = &options->prefixes[i].prefix;
	}
	return count;
}

/* The length of the prefix's most specific range that holds the address. */
static int serves_address(const struct policy_prefix *prefix, const struct addr *addr)
{
	const struct network *network;

	if (prefix->drain)
		return SERVES_NOT;
	if (prefix->ipv4.count == 0)
		return SERVES_ALL;
	network = netset_find(&prefix->ipv4, addr, NULL);
	return network ? network->length : SERVES_NOT;
}

/* D64-5-a, D64-5.1.7-d: the most specific range wins, and `use` narrows within it. */
static size_t find_prefixes(const struct policy_options *options, const struct addr *addr,
	const struct prefix *out[POLICY_PREFIXES_MAX])
{
	int serves[POLICY_PREFIXES_MAX];
	int most = SERVES_NOT;
	size_t count = 0;

	for (size_t i = 0; i < options->prefix_count; i++) {
		serves[i] = serves_address(&options->prefixes[i], addr);
		if (serves[i] > most)
			most = serves[i];
	}
	if (most == SERVES_NOT)
		return 0;
	for (size_t i = 0; i < options->prefix_count; i++) {
		if (serves[i] != most)
			continue;
		out[count++] = &options->prefixes[i].prefix;
		if (options->use == USE_FIRST)
			break;
	}
	return count;
}

size_t policy_prefixes_for(const struct policy *policy, const uint8_t ipv4[4],
	const struct prefix *out[POLICY_PREFIXES_MAX], const char **why)
{
	const struct policy_options *options = &policy->options;
	struct addr addr = addr_from_ipv4(ipv4);
	const char *reason = "no prefix in force serves this address";
	size_t found = 0;
	size_t count = 0;

	if (!options->enabled)
		reason = "DNS64 is off";
	else if (netset_contains(&options->exclude_ipv4, &addr))
		reason = "the address is in exclude-ipv4";
	else
		found = find_prefixes(options, &addr, out);

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
	return policy->options.enabled && netset_contains(&policy->options.exclude_aaaa, &addr);
}

/* D64-5.3.1-a. Among prefixes within one another the longest says where the address stands. */
bool policy_extract(const struct policy *policy, const uint8_t address[16], uint8_t ipv4[4],
	const struct prefix **prefix)
{
	const struct policy_options *options = &policy->options;
	const struct prefix *best = NULL;
	uint8_t found[4];

	if (!options->enabled)
		return false;
	if (prefix_extract(&policy->well_known, address, ipv4))
		best = &policy->well_known;
	for (size_t i = 0; i < options->prefix_count; i++) {
		const struct prefix *one = &options->prefixes[i].prefix;

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
