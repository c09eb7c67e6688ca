/* Learned prefixes: one learner for each DNS64 server, what it has taught, and when it is asked
 * next. How a server is reached is the group's affair, what its answer means discover's; who uses
 * the prefixes is not known here. */

#include "sixward/watch/prefixes.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/log.h"
#include "sixward/base/mem.h"
#include "sixward/dns64/discover.h"
#include "sixward/net/timer.h"
#include "sixward/upstream/group.h"

enum {
	ASK_MS = 10000,         /* LIM-04 */
	EARLY_MS = 10000,       /* LIM-33: before the answer expires */
	WAIT_MIN_MS = 5000,     /* LIM-33: after the first failure, and after any answer */
	RETRY_MAX_MS = 300000,  /* LIM-33 */
	WAIT_MAX_MS = 86400000, /* whatever the TTL */
	JITTER_PART = 32,       /* of a wait, so that those who began together do not stay so */
	SCOPE = 0               /* of the groups: no answer of theirs is cached */
};

/* What came of a question. */
enum result { RESULT_LEARNED, RESULT_NONE, RESULT_FAILED, RESULTS };

static const char *const result_labels[RESULTS] = {
	[RESULT_LEARNED] = "result=\"learned\"",
	[RESULT_NONE] = "result=\"none\"", /* no AAAA, or none that holds a prefix */
	[RESULT_FAILED] = "result=\"failed\"",
};

struct learner {
	struct prefixes *prefixes;
	struct endpoint server;
	struct group *group; /* of that server alone; has what is in flight */
	struct timer *timer; /* until the next question */
	uint64_t retry_ms;   /* the last wait, if no TTL said how long; else 0 */
	bool is_tried;
	bool is_logged[RESULTS]; /* since it last taught something */
	struct prefix taught[POLICY_PREFIXES_MAX];
	size_t taught_count;
};

struct prefixes {
	struct loop *loop;
	struct entropy *entropy;
	prefixes_changed *changed;
	void *owner;
	struct timer *telling; /* one call for all changes of a turn, and none out of a group's */
	struct learner *learners[PREFIX_SERVERS_MAX];
	size_t count;
	bool has_left_out; /* servers, and it was said */
	struct count results[RESULTS];
	struct count known;
};

static bool holds(const struct prefix *prefixes, size_t count, const struct prefix *prefix)
{
	for (size_t i = 0; i < count; i++) {
		if (prefix_equal(&prefixes[i], prefix))
			return true;
	}
	return false;
}

static bool is_taught_by(const struct learner *learner, const struct prefix *prefix)
{
	return holds(learner->taught, learner->taught_count, prefix);
}

/* Prefixes that several servers teach are counted once. */
static void count_known(struct prefixes *prefixes)
{
	uint64_t known = 0;

	for (size_t i = 0; i < prefixes->count; i++) {
		const struct learner *learner = prefixes->learners[i];

		for (size_t k = 0; k < learner->taught_count; k++) {
			size_t first = 0;

			while (!is_taught_by(prefixes->learners[first], &learner->taught[k]))
				first++;
			known += first == i;
		}
	}
	count_set(&prefixes->known, known);
}

static void log_server(enum log_level level, const char *words, const struct learner *learner)
{
	char server[ENDPOINT_TEXT_MAX];

	log_record(level, words,
		LOG_FIELDS(LOG_TEXT("server", endpoint_format(&learner->server, server))));
}

/* One line for each of the prefixes that the others lack. */
static void log_difference(const char *words, const struct learner *learner,
	const struct prefix *prefixes, size_t count, const struct prefix *others,
	size_t other_count)
{
	char network[NETWORK_TEXT_MAX];
	char server[ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		if (holds(others, other_count, &prefixes[i]))
			continue;
		log_record(LOG_NOTICE, words,
			LOG_FIELDS(
				LOG_TEXT("prefix", network_format(&prefixes[i].network, network)),
				LOG_TEXT("server", endpoint_format(&learner->server, server))));
	}
}

/* It teaches nothing now, which is said once (R7050-3-d). */
static void log_without(struct learner *learner, enum result result)
{
	bool has_taught = learner->taught_count > 0;

	if (learner->is_logged[result])
		return;
	learner->is_logged[result] = true;
	if (result == RESULT_NONE && has_taught)
		log_server(LOG_WARNING,
			"a server tells no NAT64 prefix any more; what it said stays", learner);
	else if (result == RESULT_NONE)
		log_server(LOG_INFO, "a server knows no NAT64 prefix", learner);
	else if (has_taught)
		log_server(LOG_WARNING,
			"a server fails to tell its NAT64 prefixes; what it said stays", learner);
	else
		log_server(LOG_WARNING, "a server fails to tell its NAT64 prefixes", learner);
}

/* The same prefixes in another order are no news: servers that shuffle their records would change
 * everybody's first prefix each time they are asked. */
static bool is_as_before(const struct learner *learner, const struct prefix *found, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_taught_by(learner, &found[i]))
			return false;
	}
	return count == learner->taught_count;
}

/* R7050-3-d: all of them, in the order received, in the place of those before. */
static void learn(struct learner *learner, const struct prefix *found, size_t count)
{
	struct prefixes *prefixes = learner->prefixes;

	if (learner->taught_count > 0 &&
		(learner->is_logged[RESULT_NONE] || learner->is_logged[RESULT_FAILED]))
		log_server(LOG_NOTICE, "a server tells its NAT64 prefixes again", learner);
	memset(learner->is_logged, 0, sizeof(learner->is_logged));
	if (is_as_before(learner, found, count))
		return;
	log_difference("a NAT64 prefix was learned", learner, found, count, learner->taught,
		learner->taught_count);
	log_difference("a NAT64 prefix is told no more", learner, learner->taught,
		learner->taught_count, found, count);
	memcpy(learner->taught, found, count * sizeof(*found));
	learner->taught_count = count;
	count_known(prefixes);
	timer_start(prefixes->telling, 0);
}

/* What came of it is written down, and what was learned before stays unless there is better. */
static enum result note_reply(struct learner *learner, const struct reply *reply)
{
	struct prefix found[POLICY_PREFIXES_MAX];
	size_t count;

	if (!reply || reply_facts(reply)->kind == REPLY_RCODE)
		return RESULT_FAILED;
	count = discover_prefixes(reply, found);
	if (count == 0)
		return RESULT_NONE;
	learn(learner, found, count);
	return RESULT_LEARNED;
}

/* R7050-3-e: how long such an answer lets nobody ask again. 0 = it does not say. */
static uint64_t find_wait(const struct reply_facts *facts)
{
	uint64_t ttl_ms = (uint64_t)facts->lifetime * 1000;
	uint64_t wait_ms = ttl_ms / 2; /* of a short one */

	if (facts->kind != REPLY_DATA && !facts->has_soa)
		return 0;
	if (facts->kind != REPLY_DATA)
		wait_ms = (uint64_t)facts->negative_ttl * 1000;
	else if (ttl_ms > EARLY_MS && ttl_ms - EARLY_MS > wait_ms)
		wait_ms = ttl_ms - EARLY_MS;
	if (wait_ms < WAIT_MIN_MS)
		return WAIT_MIN_MS;
	return wait_ms < WAIT_MAX_MS ? wait_ms : WAIT_MAX_MS;
}

/* LIM-33: 5 s, then twice as long each time. */
static uint64_t back_off(struct learner *learner)
{
	uint64_t wait_ms = learner->retry_ms ? 2 * learner->retry_ms : WAIT_MIN_MS;

	learner->retry_ms = wait_ms < RETRY_MAX_MS ? wait_ms : RETRY_MAX_MS;
	return learner->retry_ms;
}

/* The next question. A denial is obeyed to its end and a little longer, all else is asked again a
 * little sooner than it could be. `facts` NULL: it failed. */
static void schedule(struct learner *learner, const struct reply_facts *facts)
{
	uint64_t wait_ms = facts ? find_wait(facts) : 0;
	bool is_denial = wait_ms > 0 && facts->kind != REPLY_DATA;
	uint32_t jitter_ms;

	if (wait_ms > 0)
		learner->retry_ms = 0;
	else
		wait_ms = back_off(learner);
	jitter_ms = entropy_below(learner->prefixes->entropy, (uint32_t)wait_ms / JITTER_PART);
	timer_start(learner->timer, is_denial ? wait_ms + jitter_ms : wait_ms - jitter_ms);
}

static void on_answer(void *owner, const struct group_result *found)
{
	struct learner *learner = owner;
	enum result result = note_reply(learner, found->reply);

	learner->is_tried = true;
	count_up(&learner->prefixes->results[result]);
	if (result != RESULT_LEARNED)
		log_without(learner, result);
	schedule(learner, result == RESULT_FAILED ? NULL : reply_facts(found->reply));
}

static void on_time(void *owner)
{
	struct learner *learner = owner;
	struct question question = discover_question();
	struct group_ask how = { .deadline_ms = loop_now_ms(learner->prefixes->loop) + ASK_MS };

	(void)group_start(learner->group, &question, &how, on_answer, learner);
}

static struct group_options group_options_of(
	const struct message_rules *rules, const struct server_options *server)
{
	return (struct group_options){ .scope = SCOPE,
		.order = ORDER_LISTED,
		.rules = *rules,
		.servers = server,
		.server_count = 1 };
}

static struct learner *learner_new(struct prefixes *prefixes, const struct message_rules *rules,
	const struct endpoint *endpoint)
{
	struct learner *learner = mem_new(sizeof(*learner));
	struct server_options server = { .endpoint = *endpoint };
	struct group_options options = group_options_of(rules, &server);

	learner->prefixes = prefixes;
	learner->server = *endpoint;
	learner->group = group_new(prefixes->loop, prefixes->entropy, &options);
	learner->timer = timer_new(prefixes->loop, on_time, learner);
	on_time(learner);
	return learner;
}

static void learner_set_rules(struct learner *learner, const struct message_rules *rules)
{
	struct server_options server = { .endpoint = learner->server };
	struct group_options options = group_options_of(rules, &server);

	group_set_options(learner->group, &options);
}

static void learner_free(struct learner *learner)
{
	if (!learner)
		return;
	group_free(learner->group);
	timer_free(learner->timer);
	free(learner);
}

static struct learner *find(
	struct learner *const *learners, size_t count, const struct endpoint *server, size_t *at)
{
	for (size_t i = 0; i < count; i++) {
		if (!learners[i] || !endpoint_equal(&learners[i]->server, server))
			continue;
		*at = i;
		return learners[i];
	}
	return NULL;
}

/* The learner of that server out of those before, if there was one. */
static struct learner *take(struct prefixes *prefixes, const struct message_rules *rules,
	const struct endpoint *server, struct learner **before, size_t before_count)
{
	size_t at = 0;
	struct learner *learner = find(before, before_count, server, &at);

	if (!learner)
		return learner_new(prefixes, rules, server);
	before[at] = NULL;
	learner_set_rules(learner, rules);
	return learner;
}

void prefixes_set(struct prefixes *prefixes, const struct message_rules *rules,
	const struct endpoint *servers, size_t count)
{
	struct learner *before[PREFIX_SERVERS_MAX];
	size_t before_count = prefixes->count;
	size_t left_out = 0;
	size_t at;

	memcpy(before, prefixes->learners, sizeof(before));
	prefixes->count = 0;
	for (size_t i = 0; i < count; i++) {
		if (find(prefixes->learners, prefixes->count, &servers[i], &at))
			continue;
		if (prefixes->count < PREFIX_SERVERS_MAX)
			prefixes->learners[prefixes->count++] =
				take(prefixes, rules, &servers[i], before, before_count);
		else
			left_out++;
	}
	for (size_t i = 0; i < before_count; i++)
		learner_free(before[i]);
	count_known(prefixes);
	if (left_out > 0 && !prefixes->has_left_out)
		log_warning("too many servers to learn NAT64 prefixes from; some are left out",
			LOG_FIELDS(LOG_NUMBER("left_out", left_out)));
	prefixes->has_left_out = left_out > 0;
}

size_t prefixes_find(const struct prefixes *prefixes, const struct endpoint *server,
	struct prefix out[POLICY_PREFIXES_MAX])
{
	size_t at;
	const struct learner *learner = find(prefixes->learners, prefixes->count, server, &at);

	if (!learner)
		return 0;
	memcpy(out, learner->taught, learner->taught_count * sizeof(*out));
	return learner->taught_count;
}

bool prefixes_find_server(
	const struct prefixes *prefixes, const struct prefix *prefix, struct endpoint *server)
{
	for (size_t i = 0; i < prefixes->count; i++) {
		if (!is_taught_by(prefixes->learners[i], prefix))
			continue;
		*server = prefixes->learners[i]->server;
		return true;
	}
	return false;
}

bool prefixes_are_tried(const struct prefixes *prefixes)
{
	for (size_t i = 0; i < prefixes->count; i++) {
		if (!prefixes->learners[i]->is_tried)
			return false;
	}
	return true;
}

void prefixes_add_counts(struct prefixes *prefixes, struct counts *counts)
{
	for (size_t i = 0; i < RESULTS; i++)
		counts_add(counts, "prefix_learning_total", result_labels[i],
			"questions for the prefixes of a DNS64 server, by what came of them",
			&prefixes->results[i]);
	counts_add(counts, "learned_prefixes", "source=\"dns\"",
		"prefixes that were learned and hold now", &prefixes->known);
}

static void on_telling(void *owner)
{
	struct prefixes *prefixes = owner;

	prefixes->changed(prefixes->owner);
}

struct prefixes *prefixes_new(
	struct loop *loop, struct entropy *entropy, prefixes_changed *changed, void *owner)
{
	struct prefixes *prefixes = mem_new(sizeof(*prefixes));

	prefixes->loop = loop;
	prefixes->entropy = entropy;
	prefixes->changed = changed;
	prefixes->owner = owner;
	prefixes->telling = timer_new(loop, on_telling, prefixes);
	return prefixes;
}

void prefixes_free(struct prefixes *prefixes)
{
	if (!prefixes)
		return;
	for (size_t i = 0; i < prefixes->count; i++)
		learner_free(prefixes->learners[i]);
	timer_free(prefixes->telling);
	free(prefixes);
}
