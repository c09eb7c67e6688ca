/* The last hour in bars. It knows what the status says of it; how bars are drawn is the affair of
 * app/sparks. */

#define _GNU_SOURCE

#include "sixward/app/hour.h"

#include <math.h>
#include <string.h>
#include <time.h>

#include "sixward/app/figures.h"
#include "sixward/app/sparks.h"
#include "sixward/app/values.h"

enum {
	HOUR_S = 3600,
	STEP_MIN_S = 10,
	SAMPLES_MAX = HOUR_S / STEP_MIN_S,
	KINDS_MAX = 16,
	LABEL = 14, /* columns before a picture */
	ROWS = 4
};

struct hour {
	const struct tree *kinds;
	const struct tree *samples;
	size_t kind_count;
	size_t count;
	size_t slots;
	double step_s;
	double end;
};

static bool read_hour(const struct tree *queries, struct hour *hour)
{
	const struct tree *history = tree_find(queries, "history");

	hour->kinds = tree_find(queries, "kinds");
	hour->samples = tree_find(history, "samples");
	hour->step_s = values_number(history, "step_s");
	hour->end = values_number(history, "end");
	hour->kind_count = values_count(hour->kinds);
	hour->count = values_count(hour->samples);
	if (hour->kind_count > KINDS_MAX || hour->count > SAMPLES_MAX || isnan(hour->end))
		return false;
	if (!(hour->step_s >= STEP_MIN_S && hour->step_s <= HOUR_S))
		return false;
	hour->slots = (size_t)(HOUR_S / hour->step_s);
	return true;
}

/* Per second, in each sample; `kind` beyond the last: of all kinds. Returns how many in all. */
static double read_rates(const struct hour *hour, size_t kind, double rates[SAMPLES_MAX])
{
	double total = 0;

	for (size_t i = 0; i < hour->count; i++) {
		const struct tree *sample = &hour->samples->items[i];
		double sum = 0;

		for (size_t k = 0; k < values_count(sample) && k < hour->kind_count; k++) {
			double number = values_number_of(&sample->items[k]);

			if ((k == kind || kind >= hour->kind_count) && !isnan(number))
				sum += number;
		}
		rates[i] = sum / hour->step_s;
		total += sum;
	}
	return total;
}

static enum sheet_tone tone_of_kind(const char *kind)
{
	if (strcmp(kind, "synthesized") == 0)
		return TONE_ACCENT;
	if (strcmp(kind, "failed") == 0)
		return TONE_BAD;
	return strcmp(kind, "refused") == 0 ? TONE_WARNING : TONE_PLAIN;
}

static void put_time(struct sheet *sheet, double seconds)
{
	time_t time = (time_t)seconds;
	struct tm parts;
	char text[FIGURES_MAX];

	if (!localtime_r(&time, &parts) || !strftime(text, sizeof(text), "%H:%M", &parts))
		text[0] = '\0';
	sheet_put(sheet, TONE_FAINT, "%s", text);
}

/* Where the picture begins, and its middle and its end as far as there is room for them. */
static void put_axis(struct sheet *sheet, const struct hour *hour, unsigned columns)
{
	enum { TIME = 5 };

	sheet_go_to(sheet, LABEL);
	put_time(sheet, hour->end - HOUR_S);
	if (columns >= 4 * TIME) {
		sheet_go_to(sheet, LABEL + (columns - TIME) / 2);
		put_time(sheet, hour->end - HOUR_S / 2.0);
	}
	if (columns > 2 * TIME) {
		sheet_go_to(sheet, LABEL + columns - TIME);
		put_time(sheet, hour->end);
	}
	sheet_end_line(sheet);
}

static void put_bars(struct sheet *sheet, const struct sparks *sparks)
{
	char most[FIGURES_MAX];

	for (unsigned row = 0; row < ROWS; row++) {
		if (row == 0)
			sheet_put(sheet, TONE_FAINT, "  %*s/s", LABEL - 5,
				figures_rate(sparks->most, most));
		sheet_go_to(sheet, LABEL);
		sparks_put_row(sparks, sheet, TONE_PLAIN, row, ROWS);
		sheet_end_line(sheet);
	}
}

/* One line: a kind's picture by a scale of its own, and its part of all. */
static void put_kind(
	struct sheet *sheet, const struct hour *hour, size_t kind, unsigned columns, double all)
{
	double rates[SAMPLES_MAX];
	const struct tree *label = &hour->kinds->items[kind];
	double total = read_rates(hour, kind, rates);
	struct sparks sparks;
	char share[FIGURES_MAX];
	char most[FIGURES_MAX];

	if (label->kind != TREE_SCALAR || total == 0)
		return;
	sparks_fit(&sparks, rates, hour->count, hour->slots, columns);
	sheet_go_to(sheet, 2);
	sheet_put_cut(sheet, tone_of_kind(label->text), LABEL - 3, label->text);
	sheet_go_to(sheet, LABEL);
	sparks_put_row(&sparks, sheet, tone_of_kind(label->text), 0, 1);
	sheet_put(sheet, TONE_PLAIN, " %7s", figures_share(total / all, share));
	sheet_put(sheet, TONE_FAINT, "  most %s/s", figures_rate(sparks.most, most));
	sheet_end_line(sheet);
}

void hour_put(struct sheet *sheet, const struct tree *queries)
{
	enum { BEHIND = 26, COLUMNS_MIN = 10 }; /* shares and the like */

	double rates[SAMPLES_MAX];
	unsigned columns = sheet->width > LABEL + BEHIND + COLUMNS_MIN
				   ? sheet->width - LABEL - BEHIND
				   : COLUMNS_MIN;
	struct hour hour;
	struct sparks sparks;
	double all;

	if (!read_hour(queries, &hour))
		return;
	all = read_rates(&hour, KINDS_MAX, rates);
	sparks_fit(&sparks, rates, hour.count, hour.slots, columns);
	if (all == 0) {
		sheet_put(sheet, TONE_FAINT, "  No answer in the last hour that was counted yet.");
		sheet_end_line(sheet);
		return;
	}
	put_bars(sheet, &sparks);
	put_axis(sheet, &hour, sparks.columns);
	for (size_t i = 0; i < hour.kind_count; i++)
		put_kind(sheet, &hour, i, columns, all);
}
