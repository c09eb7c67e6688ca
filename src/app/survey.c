/* Questions to all workers, and their answers put together. A worker's list is its thread's while
 * it is asked, and the survey's at any other time. */

#include "sixward/app/survey.h"

#include <stdbool.h>
#include <stdlib.h>

#include "sixward/base/mem.h"
#include "sixward/net/timer.h"

enum { ROOM_STEP = 16 };

/* Servers in a list that grows. */
struct roll {
	struct server_survey *items;
	size_t count;
	size_t room;
};

/* What one worker is asked. */
struct inquest {
	struct survey *survey;
	struct survey_lane lane;
	bool is_out;   /* has not come back, maybe not since an earlier survey */
	bool is_heard; /* has come back in this survey */
	struct roll roll;
};

struct survey {
	struct loop *loop;
	survey_done *done;
	void *owner;
	struct timer *timer; /* runs while a survey is under way */
	struct inquest *inquests;
	size_t count;
	struct roll all;
	struct host *host; /* as last seen; NULL = not yet */
	uint64_t host_ms;
	struct loop_thread *looker; /* while somebody looks at the host */
	bool is_looking;
	struct host *seen; /* the looker's, while it looks */
};

static void roll_add(struct roll *roll, const struct server_survey *server)
{
	if (roll->count == SURVEY_SERVERS_MAX)
		return;
	if (roll->count == roll->room) {
		roll->room += ROOM_STEP;
		roll->items = mem_resize_array(roll->items, roll->room, sizeof(*roll->items));
	}
	roll->items[roll->count++] = *server;
}

/* Workers have much the same lists: `place` is where it is likely to be. */
static void roll_merge(struct roll *roll, const struct server_survey *server, size_t place)
{
	if (place < roll->count && server_survey_matches(&roll->items[place], server)) {
		server_survey_add(&roll->items[place], server);
		return;
	}
	for (size_t i = 0; i < roll->count; i++) {
		if (!server_survey_matches(&roll->items[i], server))
			continue;
		server_survey_add(&roll->items[i], server);
		return;
	}
	roll_add(roll, server);
}

static void finish(struct survey *survey)
{
	struct survey_result result = { .host = survey->host };

	timer_stop(survey->timer);
	survey->all.count = 0;
	for (size_t i = 0; i < survey->count; i++) {
		const struct inquest *inquest = &survey->inquests[i];

		if (!inquest->is_heard) {
			result.silent++;
			continue;
		}
		for (size_t k = 0; k < inquest->roll.count; k++)
			roll_merge(&survey->all, &inquest->roll.items[k], k);
	}
	result.servers = survey->all.items;
	result.server_count = survey->all.count;
	survey->done(survey->owner, &result);
}

static void finish_if_complete(struct survey *survey)
{
	if (!timer_is_running(survey->timer) || survey->is_looking)
		return;
	for (size_t i = 0; i < survey->count; i++) {
		if (!survey->inquests[i].is_heard)
			return;
	}
	finish(survey);
}

static void on_late(void *owner)
{
	finish(owner);
}

static void on_server(void *owner, const struct server_survey *server)
{
	roll_add(owner, server);
}

/* On the survey's loop. */
static void on_answer(void *owner)
{
	struct inquest *inquest = owner;

	inquest->is_out = false;
	inquest->is_heard = true;
	finish_if_complete(inquest->survey);
}

/* On the worker's loop. */
static void on_question(void *owner)
{
	struct inquest *inquest = owner;

	inquest->roll.count = 0;
	worker_survey(inquest->lane.worker, on_server, &inquest->roll);
	loop_post(inquest->survey->loop, on_answer, inquest);
}

/* On the survey's loop. */
static void on_seen(void *owner)
{
	struct survey *survey = owner;

	loop_thread_join(survey->looker);
	survey->looker = NULL;
	survey->is_looking = false;
	host_free(survey->host);
	survey->host = survey->seen;
	survey->seen = NULL;
	survey->host_ms = loop_now_ms(survey->loop);
	finish_if_complete(survey);
}

/* On the looker's thread. */
static void on_look(void *owner)
{
	struct survey *survey = owner;

	survey->seen = host_gather("", NULL, 0);
	/* The rights that were given up have been used before. */
	survey->seen->is_root = true;
	loop_post(survey->loop, on_seen, survey);
}

static void look_at_host(struct survey *survey)
{
	uint64_t age_ms = loop_now_ms(survey->loop) - survey->host_ms;

	if (survey->is_looking || (survey->host && age_ms < SURVEY_HOST_MS))
		return;
	survey->is_looking = true;
	survey->looker = loop_thread_start(on_look, survey);
}

struct survey *survey_new(struct loop *loop, const struct survey_lane *lanes, size_t count,
	survey_done *done, void *owner)
{
	struct survey *survey = mem_new(sizeof(*survey));

	survey->loop = loop;
	survey->done = done;
	survey->owner = owner;
	survey->timer = timer_new(loop, on_late, survey);
	survey->inquests = mem_new_array(count, sizeof(*survey->inquests));
	survey->count = count;
	for (size_t i = 0; i < count; i++)
		survey->inquests[i] = (struct inquest){ .survey = survey, .lane = lanes[i] };
	return survey;
}

void survey_free(struct survey *survey)
{
	if (!survey)
		return;
	loop_thread_join(survey->looker);
	timer_free(survey->timer);
	for (size_t i = 0; i < survey->count; i++)
		free(survey->inquests[i].roll.items);
	free(survey->inquests);
	free(survey->all.items);
	host_free(survey->host);
	host_free(survey->seen);
	free(survey);
}

void survey_start(struct survey *survey)
{
	if (timer_is_running(survey->timer))
		return;
	timer_start(survey->timer, SURVEY_WAIT_MS);
	for (size_t i = 0; i < survey->count; i++) {
		struct inquest *inquest = &survey->inquests[i];

		inquest->is_heard = false;
		if (inquest->is_out)
			continue;
		inquest->is_out = true;
		loop_post(inquest->lane.loop, on_question, inquest);
	}
	look_at_host(survey);
}
