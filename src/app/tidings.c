/* What an operator is told of the prefixes in use, and what was told before. Compares policies; why
 * they are what they are is not known here. */

#include "sixward/app/tidings.h"

#include "sixward/base/log.h"

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

static enum despair deepest_of(struct policy *const *policies, size_t count)
{
	enum despair despair = DESPAIR_NONE;

	for (size_t i = 0; i < count; i++) {
		enum despair one = despair_of(policies[i]);

		despair = one > despair ? one : despair;
	}
	return despair;
}

/* config.md: when all are dead, all are used, loudly. */
static void tell_despair(enum despair despair)
{
	switch (despair) {
	case DESPAIR_NONE:
		log_record(LOG_NOTICE, "no dead NAT64 gateway is in use any more", NULL);
		break;
	case DESPAIR_SOME:
		log_record(LOG_ERROR,
			"no NAT64 gateway of some IPv4 ranges answers its checks; their prefixes "
			"are used all the same",
			NULL);
		break;
	case DESPAIR_ALL:
		log_record(LOG_ERROR,
			"no NAT64 gateway answers its checks; the prefixes are used all the same",
			NULL);
		break;
	}
}

static size_t count_lacking(struct policy *const *policies, size_t count)
{
	size_t lacking = 0;

	for (size_t i = 0; i < count; i++) {
		const struct prefix *in_force[POLICY_PREFIXES_MAX];

		lacking += policy_options(policies[i])->enabled &&
			   !policy_in_force(policies[i], in_force);
	}
	return lacking;
}

/* config.md: while no prefix is known, loudly. */
static void tell_lack(size_t before, size_t lacking)
{
	if (lacking > before)
		log_record(LOG_WARNING,
			"no prefix is in force any more: names with IPv4 only get no AAAA", NULL);
	else if (lacking < before && lacking == 0)
		log_record(LOG_NOTICE, "a prefix is in force", NULL);
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
static void tell_best(struct tidings *tidings, struct policy *const *before,
	struct policy *const *now, size_t count)
{
	const struct prefix *best = NULL;
	char text[NETWORK_TEXT_MAX];

	for (size_t i = 0; i < count && !best; i++)
		best = find_other_best(before[i], now[i]);
	if (!best)
		return;
	count_up(&tidings->other_best);
	log_record(LOG_NOTICE, "another NAT64 gateway is the fastest",
		LOG_FIELDS(LOG_TEXT("prefix", network_format(&best->network, text))));
}

void tidings_note_change(struct tidings *tidings, struct policy *const *before,
	struct policy *const *now, size_t count)
{
	enum despair despair = deepest_of(now, count);
	size_t lacking = count_lacking(now, count);

	tell_best(tidings, before, now, count);
	if (despair != tidings->despair)
		tell_despair(despair);
	tell_lack(tidings->lacking, lacking);
	tidings->despair = despair;
	tidings->lacking = lacking;
}

void tidings_note_config(struct tidings *tidings, struct policy *const *now, size_t count)
{
	enum despair despair = deepest_of(now, count);

	if (despair != DESPAIR_NONE && despair != tidings->despair)
		tell_despair(despair);
	tidings->despair = despair;
	tidings->lacking = count_lacking(now, count);
}

void tidings_note_bound(
	struct tidings *tidings, enum tidings_bound bound, bool is_over, size_t most)
{
	static const char *const words[TIDINGS_BOUNDS] = {
		[TIDINGS_SOURCES] = "too many sources to learn prefixes from; the last are not "
				    "asked",
		[TIDINGS_PREFIXES] = "too many prefixes in all views; the last are not checked",
	};

	if (is_over && !tidings->is_over[bound])
		log_record(LOG_WARNING, words[bound], LOG_FIELDS(LOG_NUMBER("most", most)));
	tidings->is_over[bound] = is_over;
}

void tidings_add_counts(struct tidings *tidings, struct counts *counts)
{
	counts_add(counts, "best_gateway_changes_total", NULL,
		"times that another live NAT64 gateway became the fastest, and the one in use",
		&tidings->other_best);
}
