/* Which server next: a choice among values. Knows neither servers nor questions. */

#include "sixward/upstream/pick.h"

static bool all_held(const struct pick_candidate *candidates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (candidates[i].state != HEALTH_HELD)
			return false;
	return true;
}

static bool is_better(const struct pick_candidate *a, const struct pick_candidate *b, bool by_speed)
{
	if (a->state != b->state)
		return a->state < b->state;
	if (!by_speed)
		return false;
	if (a->is_known != b->is_known)
		return a->is_known;
	return a->is_known && a->smoothed < b->smoothed;
}

size_t pick_find(
	const struct pick_candidate *candidates, size_t count, bool by_speed, bool desperate)
{
	bool takes_held = desperate || all_held(candidates, count);
	size_t best = PICK_NONE;

	for (size_t i = 0; i < count; i++) {
		const struct pick_candidate *candidate = &candidates[i];

		if (candidate->is_tried || (candidate->state == HEALTH_HELD && !takes_held))
			continue;
		if (best == PICK_NONE || is_better(candidate, &candidates[best], by_speed))
			best = i;
	}
	return best;
}

size_t pick_find_probe(const struct pick_candidate *candidates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!candidates[i].is_tried && candidates[i].wants_probe)
			return i;
	return PICK_NONE;
}

static bool is_less_known(const struct pick_candidate *a, const struct pick_candidate *b)
{
	if (a->is_known != b->is_known)
		return !a->is_known;
	return a->replied_ms < b->replied_ms;
}

size_t pick_find_unmeasured(const struct pick_candidate *candidates, size_t count)
{
	size_t best = PICK_NONE;

	for (size_t i = 0; i < count; i++) {
		if (candidates[i].is_tried || candidates[i].state != HEALTH_GOOD)
			continue;
		if (best == PICK_NONE || is_less_known(&candidates[i], &candidates[best]))
			best = i;
	}
	return best;
}
