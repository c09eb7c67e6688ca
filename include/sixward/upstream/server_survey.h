#ifndef SIXWARD_UPSTREAM_SERVER_SURVEY_H
#define SIXWARD_UPSTREAM_SERVER_SURVEY_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/dns/name.h"
#include "sixward/upstream/reply_times.h"

/* What is known of one upstream server, by one worker or by all: a value. */

struct server_survey {
	struct name zone; /* whose names it is asked for */
	struct endpoint endpoint;
	bool via_nat64; /* the endpoint is an IPv4 server's, behind a prefix */

	bool is_held;    /* believed dead: asked now and then, to find out */
	bool is_timed;   /* it has replied */
	uint32_t rtt_us; /* of recent replies, smoothed; while is_timed */

	/* Loop times, which are the same with every worker. */
	uint64_t replied_ms; /* the last reply; 0 = none */
	uint64_t silent_ms;  /* since when it is silent, by who holds it; 0 = nobody does */

	/* Since the start. A reply that came late counts as both. */
	uint64_t questions; /* sent, repeats and probes included, over UDP and TCP */
	uint64_t replies;
	uint64_t losses; /* questions whose wait ended without a reply */

	/* The same of lately: of the last SERVER_SURVEY_LATELY questions, about. */
	uint32_t lately_questions;
	uint32_t lately_losses;
	struct reply_times times;
};

enum { SERVER_SURVEY_LATELY = 1024 };

/* Whether both are about the same server of the same zone. */
bool server_survey_matches(const struct server_survey *a, const struct server_survey *b);

/* What another worker knows of the same server is put in: counts are summed, times weighed by the
 * questions of lately, and it is held if one of them holds it and none has heard of it since: who
 * has not asked for a while knows nothing of its silence. */
void server_survey_add(struct server_survey *survey, const struct server_survey *other);

#endif
