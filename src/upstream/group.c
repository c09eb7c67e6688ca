/* A group of upstreams as those above see it: its servers, its questions in flight and their
 * memory, its end. How a question finds its answer is search's affair. */

#include "sixward/upstream/group.h"

#include <assert.h>
#include <stdlib.h>

#include "sixward/base/mem.h"
#include "sixward/upstream/search.h"

static_assert((int)GROUP_TRIES_MAX == (int)SEARCH_TRIES_MAX, "two names of one limit");

enum {
	SPARE_MAX = 512, /* what some hundred misses at once take */
	REVIVAL_MS = 4000
};

struct group_query {
	struct search search;
	struct group *group;
	group_done *done;
	void *owner;
	struct group_query **list; /* that it is on */
	struct group_query *next, *previous;
};

struct group {
	uint64_t scope;
	struct loop *loop;
	struct entropy *entropy;
	struct search_terms terms;
	struct peer *peers[GROUP_SERVERS_MAX];
	struct tally own_tally;
	struct group_query *active;    /* somebody waits for them */
	struct group_query *lingering; /* their answers were given */
	struct group_query *spare;     /* kept for the next question */
	struct group_query *revival;   /* NULL: none is in flight */
	size_t active_count;
	size_t spare_count;
	bool is_retired;
};

static void list_add(struct group_query **list, struct group_query *query)
{
	query->list = list;
	query->previous = NULL;
	query->next = *list;
	if (*list)
		(*list)->previous = query;
	*list = query;
}

static void list_remove(struct group_query *query)
{
	if (query->previous)
		query->previous->next = query->next;
	else
		*query->list = query->next;
	if (query->next)
		query->next->previous = query->previous;
}

static struct peer *find_peer(
	struct peer *const *peers, size_t count, const struct server_options *server)
{
	for (size_t i = 0; i < count; i++)
		if (endpoint_equal(&peers[i]->endpoint, &server->endpoint))
			return peers[i];
	return NULL;
}

void group_set_servers(struct group *group, const struct server_options *servers, size_t count)
{
	struct peer *peers[GROUP_SERVERS_MAX];
	size_t peer_count = 0;

	for (size_t i = 0; i < count && peer_count < GROUP_SERVERS_MAX; i++) {
		struct peer *peer = find_peer(group->peers, group->terms.peer_count, &servers[i]);

		if (find_peer(peers, peer_count, &servers[i]))
			continue;
		if (peer)
			(void)peer_ref(peer);
		else
			peer = peer_new(group->loop, group->entropy, group->terms.tally,
				&servers[i].endpoint, servers[i].trust_ad);
		peer->trust_ad = servers[i].trust_ad;
		peer->via_nat64 = servers[i].via_nat64;
		peers[peer_count++] = peer;
	}
	for (size_t i = 0; i < group->terms.peer_count; i++)
		peer_unref(group->peers[i]);
	for (size_t i = 0; i < peer_count; i++)
		group->peers[i] = peers[i];
	group->terms.peer_count = peer_count;
	group->terms.until_measure = 1;
	group->terms.heard = 0; /* new ones have heard nothing */
}

void group_set_options(struct group *group, const struct group_options *options)
{
	group->terms.rules = options->rules;
	group->terms.by_speed = options->order == ORDER_FASTEST;
	group_set_servers(group, options->servers, options->server_count);
}

struct group *group_new(
	struct loop *loop, struct entropy *entropy, const struct group_options *options)
{
	struct group *group = mem_new(sizeof(*group));

	group->scope = options->scope;
	group->loop = loop;
	group->entropy = entropy;
	group->terms = (struct search_terms){
		.loop = loop,
		.tally = options->tally ? options->tally : &group->own_tally,
		.rumours = options->rumours,
		.peers = group->peers,
	};
	group_set_options(group, options);
	return group;
}

static void query_free(struct group_query *query)
{
	search_clear(&query->search);
	free(query);
}

static void free_all(struct group_query **list)
{
	while (*list) {
		struct group_query *query = *list;

		*list = query->next;
		query_free(query);
	}
}

void group_free(struct group *group)
{
	if (!group)
		return;
	free_all(&group->active);
	free_all(&group->lingering);
	free_all(&group->spare);
	for (size_t i = 0; i < group->terms.peer_count; i++)
		peer_unref(group->peers[i]);
	free(group);
}

void group_retire(struct group *group)
{
	group_cancel(group->revival);
	group->revival = NULL;
	group->is_retired = true;
	if (!group->active_count)
		group_free(group);
}

uint64_t group_scope(const struct group *group)
{
	return group->scope;
}

void group_survey(const struct group *group, const uint8_t *zone, survey_visit *visit, void *owner)
{
	for (size_t i = 0; i < group->terms.peer_count; i++) {
		struct server_survey survey = peer_survey(group->peers[i]);

		survey.zone = name_copy(zone);
		visit(owner, &survey);
	}
}

static struct group_query *query_new(struct group *group)
{
	struct group_query *query = group->spare;

	if (query) {
		list_remove(query);
		group->spare_count--;
		return query;
	}
	query = mem_new(sizeof(*query));
	query->group = group;
	search_init(&query->search, &group->terms);
	return query;
}

/* Off its list, and kept if few are. */
static void recycle(struct group_query *query)
{
	struct group *group = query->group;

	list_remove(query);
	if (group->spare_count >= SPARE_MAX) {
		query_free(query);
		return;
	}
	list_add(&group->spare, query);
	group->spare_count++;
}

/* Nobody waits for it any more; a retired group goes with its last. */
static void leave(struct group_query *query, bool lingers)
{
	struct group *group = query->group;

	group->active_count--;
	if (!lingers || group->is_retired) {
		search_cancel(&query->search);
		recycle(query);
	} else {
		list_remove(query);
		list_add(&group->lingering, query);
	}
	if (group->is_retired && !group->active_count)
		group_free(group);
}

static void on_done(void *owner, const struct search_result *found)
{
	struct group_query *query = owner;
	group_done *done = query->done;
	void *asker = query->owner;
	struct group_result result = {
		.reply = found->reply,
		.failure = found->reply ? NULL : &found->failure,
		.server = found->server.addr.family == ADDR_NONE ? NULL : &found->server,
		.tries = found->tries,
	};

	leave(query, found->lingers);
	done(asker, &result);
}

static void on_rested(void *owner)
{
	recycle(owner);
}

struct group_query *group_start(struct group *group, const struct question *question,
	const struct group_ask *ask, group_done *done, void *owner)
{
	struct group_query *query = query_new(group);
	struct search_ask search = {
		.question = question,
		.deadline_ms = ask->deadline_ms,
		.is_stream = ask->stream,
		.tries_max = ask->tries_max ? ask->tries_max : GROUP_TRIES_MAX,
		.done = on_done,
		.rested = on_rested,
		.owner = query,
	};

	assert(!group->is_retired);
	query->done = done;
	query->owner = owner;
	search.is_refused = group->active_count >= GROUP_QUERIES_MAX;
	list_add(&group->active, query);
	group->active_count++;
	search_start(&query->search, &search);
	return query;
}

void group_cancel(struct group_query *query)
{
	if (!query)
		return;
	search_cancel(&query->search);
	leave(query, false);
}

bool group_is_own(
	struct group *group, uint16_t id, uint16_t source_port, const uint8_t *name, uint16_t type)
{
	for (size_t i = 0; i < group->terms.peer_count; i++)
		if (peer_note_own(
			    group->peers[i], id, source_port, name, type, loop_now_ms(group->loop)))
			return true;
	return false;
}

/* Held, all of them, and one of them for long enough. */
static bool is_due(const struct group *group)
{
	uint64_t now_ms = loop_now_ms(group->loop);
	bool is_over = false;

	for (size_t i = 0; i < group->terms.peer_count; i++) {
		if (!peer_survey(group->peers[i]).is_held)
			return false;
		is_over = is_over || peer_candidate(group->peers[i], now_ms).wants_probe;
	}
	return is_over;
}

/* What it has found out, the servers' health knows. */
static void on_revived(void *owner, const struct group_result *result)
{
	struct group *group = owner;

	(void)result;
	group->revival = NULL;
}

void group_revive(struct group *group, const uint8_t *zone)
{
	struct question question = question_make(zone, TYPE_SOA, CLASS_IN, false);
	struct group_ask ask = { .deadline_ms = loop_now_ms(group->loop) + REVIVAL_MS };

	if (!group->revival && is_due(group))
		group->revival = group_start(group, &question, &ask, on_revived, group);
}
