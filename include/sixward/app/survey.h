#ifndef SIXWARD_APP_SURVEY_H
#define SIXWARD_APP_SURVEY_H

#include <stddef.h>

#include "sixward/app/host.h"
#include "sixward/app/worker.h"
#include "sixward/net/loop.h"
#include "sixward/upstream/server_survey.h"

/* Asks every worker, each on its own thread, what it knows of its upstream servers, and puts it
 * together; looks at this host as well, on a thread for itself, for its files may be slow. */

enum {
	SURVEY_WAIT_MS = 1000,    /* who has not answered by then is left out, and counted */
	SURVEY_HOST_MS = 30000,   /* how old what is known of the host may be */
	SURVEY_SERVERS_MAX = 1024 /* more are left out */
};

/* A worker and the loop that it runs on. */
struct survey_lane {
	struct loop *loop;
	struct worker *worker;
};

/* Lent; the host's stays until the next survey is done. */
struct survey_result {
	const struct server_survey *servers; /* each once, in the order of the first worker */
	size_t server_count;
	unsigned silent;         /* workers that are left out */
	const struct host *host; /* without who has which port; NULL = not known */
};

typedef void survey_done(void *owner, const struct survey_result *result);

struct survey;

/* `done` is called on `loop`. The lanes are copied. */
struct survey *survey_new(struct loop *loop, const struct survey_lane *lanes, size_t count,
	survey_done *done, void *owner);

/* Once no thread of a worker runs any more. No callback after it; NULL is fine. */
void survey_free(struct survey *survey);

/* Begins, unless one is under way: then that is the answer to this call, too. Done comes later,
 * once. */
void survey_start(struct survey *survey);

#endif
