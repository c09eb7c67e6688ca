/* The names of what asking upstream counts. Knows nothing of how it is done. */

#include "sixward/upstream/tally.h"

#include <stddef.h>

void tally_add(const struct tally *tally, struct counts *counts)
{
	const struct {
		const char *name, *label, *help;
		const struct count *count;
	} rows[] = {
		{ "upstream_questions_total", "transport=\"udp\"", "questions sent to upstreams",
			&tally->udp },
		{ "upstream_questions_total", "transport=\"tcp\"", "questions sent to upstreams",
			&tally->stream },
		{ "upstream_repeats_total", NULL, "questions sent once more to the same upstream",
			&tally->repeats },
		{ "upstream_probes_total", NULL,
			"questions sent to learn of an upstream's state or speed", &tally->probes },
		{ "upstream_replies_total", NULL, "replies that matched a question",
			&tally->replies },
		{ "upstream_mismatches_total", NULL, "replies that matched no question",
			&tally->mismatches },
		{ "upstream_truncated_total", NULL, "replies that were cut", &tally->truncated },
		{ "upstream_garbage_total", NULL, "replies that could not be understood",
			&tally->garbage },
		{ "upstream_errors_total", NULL, "replies that are an error", &tally->errors },
		{ "upstream_held_total", NULL, "times that an upstream was held as dead",
			&tally->held },
		{ "upstream_failures_total", NULL, "questions that no upstream answered",
			&tally->failures },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		counts_add(counts, rows[i].name, rows[i].label, rows[i].help, rows[i].count);
}
