/* The one list of ways in which a request can end. Knows no request. */

#include "sixward/resolve/outcome.h"

static const struct row {
	const char *label;
	const char *metric;
	int ede;
} rows[] = {
#define OUTCOME_ROW(name, text, code)                                                              \
	[OUTCOME_##name] = { .label = (text), .metric = "outcome=\"" text "\"", .ede = (code) },
	OUTCOMES(OUTCOME_ROW)
#undef OUTCOME_ROW
};

const char *outcome_label(enum outcome outcome)
{
	return rows[outcome].label;
}

int outcome_ede(enum outcome outcome)
{
	return rows[outcome].ede;
}

void outcomes_note(struct outcomes *outcomes, enum outcome outcome)
{
	count_up(&outcomes->counts[outcome]);
}

void outcomes_add_counts(const struct outcomes *outcomes, struct counts *counts)
{
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		counts_add(counts, "queries", rows[i].metric,
			"client queries by the way they ended", &outcomes->counts[i]);
}
