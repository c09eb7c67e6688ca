/* What several workers know of a server, as one. Knows no worker and no server. */

#include "sixward/upstream/server_survey.h"

bool server_survey_matches(const struct server_survey *a, const struct server_survey *b)
{
	return endpoint_equal(&a->endpoint, &b->endpoint) &&
	       name_equal(a->zone.octets, b->zone.octets);
}

/* A worker that asks more knows more; one that has asked nothing lately still knows something. */
static uint64_t weight_of(const struct server_survey *survey)
{
	return survey->is_timed ? (uint64_t)survey->lately_questions + 1 : 0;
}

static uint32_t mean_rtt_us(const struct server_survey *a, const struct server_survey *b)
{
	uint64_t weight = weight_of(a) + weight_of(b);

	if (!weight)
		return 0;
	return (uint32_t)((a->rtt_us * weight_of(a) + b->rtt_us * weight_of(b)) / weight);
}

static uint64_t later(uint64_t a_ms, uint64_t b_ms)
{
	return a_ms > b_ms ? a_ms : b_ms;
}

void server_survey_add(struct server_survey *survey, const struct server_survey *other)
{
	survey->rtt_us = mean_rtt_us(survey, other);
	survey->replied_ms = later(survey->replied_ms, other->replied_ms);
	survey->silent_ms = later(survey->silent_ms, other->silent_ms);
	survey->is_held = survey->silent_ms && survey->silent_ms >= survey->replied_ms;
	survey->is_timed = survey->is_timed || other->is_timed;
	survey->questions += other->questions;
	survey->replies += other->replies;
	survey->losses += other->losses;
	survey->lately_questions += other->lately_questions;
	survey->lately_losses += other->lately_losses;
	reply_times_add(&survey->times, &other->times);
}
