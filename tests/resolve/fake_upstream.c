/* A stand-in for the upstream room: programmed answers, counted questions. */

#include "fake_upstream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"
#include "sixward/base/mem.h"
#include "sixward/net/timer.h"

enum { ZONES_MAX = 8, LINES_MAX = 64, ASKED_MAX = 256 };

struct group {
	struct routes *routes;
	uint64_t scope;
};

struct line {
	struct question question;
	char *answer;
	uint64_t delay_ms;
};

struct zone {
	struct name name;
	struct route route;
	struct group group;
};

struct routes {
	struct loop *loop;
	struct zone zones[ZONES_MAX]; /* the first is for every name */
	size_t zone_count;
	struct line lines[LINES_MAX];
	size_t line_count;
	struct question asked[ASKED_MAX];
	unsigned asked_count;
	bool last_stream;
	bool is_own;
	uint8_t tries; /* until an answer comes */
	unsigned tried;
};

struct group_query {
	struct timer *timer;
	struct script_answer answer;
	uint8_t tries;
	group_done *done;
	void *owner;
};

struct routes *fake_new(struct loop *loop)
{
	struct routes *routes = mem_new(sizeof(*routes));

	routes->loop = loop;
	routes->tries = 1;
	fake_add_zone(routes, ".", 1, true);
	return routes;
}

void fake_add_zone(struct routes *routes, const char *name, uint64_t scope, bool dns64)
{
	struct zone *zone = &routes->zones[routes->zone_count++];

	assert(routes->zone_count <= ZONES_MAX);
	zone->name = script_name(name);
	zone->group = (struct group){ .routes = routes, .scope = scope };
	zone->route = (struct route){ .group = &zone->group, .dns64 = dns64 };
}

void fake_remove_zone(struct routes *routes, uint64_t scope)
{
	assert(routes->zones[routes->zone_count - 1].group.scope == scope);
	routes->zone_count--;
}

static bool is_same(const struct question *a, const struct question *b)
{
	return a->type == b->type && name_equal(a->name.octets, b->name.octets);
}

static struct line *find_line(struct routes *routes, const struct question *question)
{
	for (size_t i = 0; i < routes->line_count; i++) {
		if (is_same(&routes->lines[i].question, question))
			return &routes->lines[i];
	}
	return NULL;
}

void fake_says_after(struct routes *routes, uint64_t delay_ms, const char *text)
{
	const char *equals = strstr(text, " = ");
	char question[512] = { 0 };
	struct question asked;
	struct line *line;

	assert(equals && (size_t)(equals - text) < sizeof(question));
	memcpy(question, text, (size_t)(equals - text));
	asked = script_question(question);
	line = find_line(routes, &asked);
	if (!line) {
		assert(routes->line_count < LINES_MAX);
		line = &routes->lines[routes->line_count++];
	}
	free(line->answer);
	*line = (struct line){
		.question = asked, .answer = mem_copy_text(equals + 3), .delay_ms = delay_ms
	};
}

void fake_says(struct routes *routes, const char *line)
{
	fake_says_after(routes, FAKE_DELAY_MS, line);
}

void fake_forget(struct routes *routes)
{
	for (size_t i = 0; i < routes->line_count; i++)
		free(routes->lines[i].answer);
	memset(routes->lines, 0, sizeof(routes->lines));
	routes->line_count = 0;
	routes->asked_count = 0;
}

unsigned fake_asked(const struct routes *routes, const char *question)
{
	struct question wanted;
	unsigned count = 0;

	if (!question)
		return routes->asked_count;
	wanted = script_question(question);
	for (unsigned i = 0; i < routes->asked_count; i++) {
		if (is_same(&routes->asked[i], &wanted))
			count++;
	}
	return count;
}

const struct question *fake_last_question(const struct routes *routes)
{
	assert(routes->asked_count);
	return &routes->asked[routes->asked_count - 1];
}

bool fake_last_stream(const struct routes *routes)
{
	return routes->last_stream;
}

void fake_set_tries(struct routes *routes, uint8_t tries)
{
	routes->tries = tries;
}

unsigned fake_tried(const struct routes *routes)
{
	return routes->tried;
}

void fake_set_own(struct routes *routes, bool is_own)
{
	routes->is_own = is_own;
}

/* The headers that it stands behind. */

void routes_free(struct routes *routes)
{
	fake_forget(routes);
	free(routes);
}

const struct route *routes_find(const struct routes *routes, const struct question *question)
{
	const struct zone *best = &routes->zones[0];
	const uint8_t *name = question->name.octets;

	if (question->type == TYPE_DS)
		name = name_parent(name);
	for (size_t i = 1; i < routes->zone_count; i++) {
		const struct zone *zone = &routes->zones[i];

		if (name_is_under(name, zone->name.octets) && zone->name.size > best->name.size)
			best = zone;
	}
	return &best->route;
}

void routes_set_scope(const struct routes *routes, struct question *question)
{
	question->scope = group_scope(routes_find(routes, question)->group);
}

struct group *routes_group(const struct routes *routes, uint64_t scope)
{
	for (size_t i = 0; i < routes->zone_count; i++) {
		if (routes->zones[i].group.scope == scope)
			return routes->zones[i].route.group;
	}
	return NULL;
}

bool routes_is_own(struct routes *routes, uint16_t id, uint16_t source_port, const uint8_t *name,
	uint16_t type)
{
	(void)id;
	(void)source_port;
	(void)name;
	(void)type;
	return routes->is_own;
}

uint64_t group_scope(const struct group *group)
{
	return group->scope;
}

static void on_answer(void *owner)
{
	struct group_query *query = owner;
	struct script_answer answer = query->answer;
	uint8_t tries = query->tries;
	group_done *done = query->done;
	void *next_owner = query->owner;
	struct endpoint server;

	(void)endpoint_parse(FAKE_SERVER, 53, &server);

	timer_free(query->timer);
	free(query);
	done(next_owner, &(struct group_result){ .reply = answer.reply,
				 .failure = answer.reply ? NULL : &answer.failure,
				 .server = answer.is_silent ? NULL : &server,
				 .tries = tries });
	reply_unref(answer.reply);
}

struct group_query *group_start(struct group *group, const struct question *question,
	const struct group_ask *ask, group_done *done, void *owner)
{
	struct routes *routes = group->routes;
	struct group_query *query = mem_new(sizeof(*query));
	const struct line *line = find_line(routes, question);
	uint64_t left_ms = ask->deadline_ms - loop_now_ms(routes->loop);
	uint64_t delay_ms = left_ms;

	assert(routes->asked_count < ASKED_MAX);
	routes->asked[routes->asked_count++] = *question;
	routes->last_stream = ask->stream;
	query->tries = routes->tries < ask->tries_max ? routes->tries : ask->tries_max;
	routes->tried += query->tries;
	query->done = done;
	query->owner = owner;
	query->answer = script_answer(question, line ? line->answer : "SILENT");
	if (query->tries < routes->tries && line && !query->answer.is_silent) {
		reply_unref(query->answer.reply); /* the one that would answer is not asked */
		query->answer = script_answer(question, "SERVFAIL");
	}
	if (line && !query->answer.is_silent && line->delay_ms < left_ms)
		delay_ms = line->delay_ms;
	query->timer = timer_new(routes->loop, on_answer, query);
	timer_start(query->timer, delay_ms);
	return query;
}

void group_cancel(struct group_query *query)
{
	if (!query)
		return;
	timer_free(query->timer);
	reply_unref(query->answer.reply);
	free(query);
}
