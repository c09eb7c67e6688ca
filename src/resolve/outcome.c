/* The one list of ways in which a request can end. Knows no request. */

#include "sixward/resolve/outcome.h"

static const struct row {
	const char *label;
	const char *metric;
	int ede;
	enum outcome_kind kind;
} rows[] = {
#define OUTCOME_ROW(name, text, code, sort)                                                        \
	[OUTCOME_##name] = { .label = (text),                                                      \
		.metric = "outcome=\"" text "\"",                                                  \
		.ede = (code),                                                                     \
		.kind = KIND_##sort },
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

enum outcome_kind outcome_kind(enum outcome outcome)
{
	return rows[outcome].kind;
}

const char *outcome_kind_label(enum outcome_kind kind)
{
	static const char *const labels[KIND_COUNT] = {
		[KIND_NATIVE] = "native",
		[KIND_SYNTHESIZED] = "synthesized",
		[KIND_NEGATIVE] = "negative",
		[KIND_LOCAL] = "local",
		[KIND_FAILED] = "failed",
		[KIND_REFUSED] = "refused",
	};

	return labels[kind];
}

void outcomes_note(struct outcomes *outcomes, enum outcome outcome)
{
	count_up(&outcomes->counts[outcome]);
}

uint64_t outcomes_read(const struct outcomes *outcomes, enum outcome outcome)
{
	return count_read(&outcomes->counts[outcome]);
}

void outcomes_add_counts(const struct outcomes *outcomes, struct counts *counts)
{
	for (size_t i = 0; i < OUTCOME_COUNT; i++)
		counts_add(counts, "queries_total", rows[i].metric,
			"client queries by the way they ended", &outcomes->counts[i]);
}
