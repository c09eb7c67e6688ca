/* /status.json as text for people: the terminal's counterpart of the status page. It asks nobody
 * and reads no clock; how text gets into a line is the sheet's affair. */

#define _GNU_SOURCE

#include "sixward/app/status_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sixward/app/figures.h"
#include "sixward/app/grid.h"
#include "sixward/app/hour.h"
#include "sixward/app/values.h"

enum { VERSION = 1, RECENT_SHOWN = 20, BAR = 20 };

/* A word of the status with its sign, in UTF-8 and in ASCII. */
struct mark {
	const char *key;
	enum sheet_tone tone;
	const char *sign;
	const char *ascii;
	const char *word;
};

static const struct mark marks[] = {
	{ "ok", TONE_GOOD, "✓", "+", "well" },
	{ "warning", TONE_WARNING, "▲", "!", "warning" },
	{ "error", TONE_BAD, "✕", "x", "error" },
	{ "live", TONE_GOOD, "✓", "+", "live" },
	{ "dead", TONE_BAD, "✕", "x", "dead" },
	{ "unknown", TONE_PLAIN, "?", "?", "not known yet" },
	{ "unchecked", TONE_PLAIN, "·", "-", "not checked" },
	{ "up", TONE_GOOD, "✓", "+", "up" },
	{ "held", TONE_BAD, "✕", "x", "held" },
	{ NULL, TONE_PLAIN, "?", "?", "-" },
};

static const struct mark *mark_at(const struct tree *map, const char *key)
{
	const char *text = values_show(map, key);
	const struct mark *mark = marks;

	while (mark->key && strcmp(mark->key, text) != 0)
		mark++;
	return mark;
}

/* ---- Onto the sheet. */

static const char *sign_of(const struct sheet *sheet, const struct mark *mark)
{
	return sheet->is_utf8 ? mark->sign : mark->ascii;
}

static void put_title(struct sheet *sheet, const char *title)
{
	sheet_end_line(sheet);
	sheet_put(sheet, TONE_BOLD, "%s", title);
	sheet_end_line(sheet);
}

static void put_mark(struct sheet *sheet, const struct mark *mark)
{
	sheet_put(sheet, mark->tone, "%s %s", sign_of(sheet, mark), mark->word);
}

static void add_mark(struct grid *grid, const struct sheet *sheet, const struct mark *mark)
{
	grid_add(grid, mark->tone, "%s %s", sign_of(sheet, mark), mark->word);
}

/* "sixward 0.1.0, up 3 d 5 h, 2 workers, listening on [::1]:53" */
static void put_about(struct sheet *sheet, const struct tree *status)
{
	const struct tree *listen = tree_find(status, "listen");
	double count = values_number(status, "workers");
	char span[FIGURES_MAX];
	char workers[FIGURES_MAX];
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)fprintf(out, "%s, up %s, %s worker%s", values_show(status, "program"),
		figures_span(values_number(status, "uptime_s"), span),
		figures_count(count, workers), count == 1 ? "" : "s");
	for (size_t i = 0; i < values_count(listen); i++) {
		if (listen->items[i].kind == TREE_SCALAR)
			(void)fprintf(
				out, "%s%s", i ? ", " : ", listening on ", listen->items[i].text);
	}
	(void)fclose(out);
	sheet_go_to(sheet, 2);
	sheet_put_words(sheet, TONE_FAINT, 2, text);
	sheet_end_line(sheet);
	free(text);
}

static void put_head(struct sheet *sheet, const struct tree *status)
{
	put_mark(sheet, mark_at(status, "level"));
	sheet_put(sheet, TONE_PLAIN, "  ");
	sheet_put_words(sheet, TONE_BOLD, 2, values_show(status, "sentence"));
	sheet_end_line(sheet);
	put_about(sheet, status);
}

static void put_warning(struct sheet *sheet, const struct tree *warning)
{
	const struct tree *next = tree_find(warning, "next");

	sheet_end_line(sheet);
	put_mark(sheet, mark_at(warning, "level"));
	sheet_put(sheet, TONE_PLAIN, "  ");
	sheet_put_words(sheet, TONE_PLAIN, 2, values_show(warning, "text"));
	sheet_end_line(sheet);
	for (size_t i = 0; i < values_count(next); i++) {
		if (next->items[i].kind != TREE_SCALAR)
			continue;
		sheet_go_to(sheet, 4);
		sheet_put_whole(sheet, next->items[i].text);
		sheet_end_line(sheet);
	}
}

/* Errors before warnings. */
static void put_warnings(struct sheet *sheet, const struct tree *warnings)
{
	for (int errors = 1; errors >= 0; errors--) {
		for (size_t i = 0; i < values_count(warnings); i++) {
			const struct tree *warning = &warnings->items[i];

			if ((strcmp(values_show(warning, "level"), "error") == 0) == errors)
				put_warning(sheet, warning);
		}
	}
}

static void put_queries(struct sheet *sheet, const struct tree *queries)
{
	char rate[FIGURES_MAX];
	char progress[FIGURES_MAX];
	char connections[FIGURES_MAX];
	char total[FIGURES_MAX];

	put_title(sheet, "Queries");
	sheet_put(sheet, TONE_PLAIN, "  ");
	sheet_put(
		sheet, TONE_ACCENT, "%s", figures_rate(values_number(queries, "per_second"), rate));
	sheet_put(sheet, TONE_PLAIN,
		" a second, %s in progress, %s TCP connections, %s since the start",
		figures_count(values_number(queries, "in_progress"), progress),
		figures_count(values_number(queries, "tcp_connections"), connections),
		figures_count(values_number(queries, "total"), total));
	sheet_end_line(sheet);
	hour_put(sheet, queries);
}

/* ---- Tables. */

static void write_grid(struct sheet *sheet, struct grid *grid)
{
	grid_write(grid, sheet, 2);
	grid_clear(grid);
}

static void add_source(struct grid *grid, const struct tree *prefix)
{
	const char *source = values_show(prefix, "source");
	const char *from = values_text(prefix, "from");

	if (strcmp(source, "dns") == 0)
		source = "by DNS";
	else if (strcmp(source, "ra") == 0)
		source = "router";
	grid_add(grid, TONE_PLAIN, "%s%s%s%s%s", source, from ? " " : "", from ? from : "",
		values_is_true(prefix, "in_use") ? "" : ", not in use",
		values_is_true(prefix, "drain") ? ", drained" : "");
}

static void put_gateways(struct sheet *sheet, const struct tree *prefixes)
{
	static const struct grid_column columns[] = { { "prefix", false, false },
		{ "state", false, false }, { "latency", true, false }, { "for", true, false },
		{ "source", false, true } };
	char text[FIGURES_MAX];
	struct grid grid;

	put_title(sheet, "NAT64 gateways");
	if (!values_count(prefixes)) {
		sheet_put(sheet, TONE_PLAIN,
			"  No NAT64 prefix is known: nothing can be synthesized.");
		sheet_end_line(sheet);
		return;
	}
	grid_init(&grid, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < prefixes->count; i++) {
		const struct tree *prefix = &prefixes->items[i];

		grid_add(&grid, TONE_PLAIN, "%s", values_show(prefix, "prefix"));
		add_mark(&grid, sheet, mark_at(prefix, "state"));
		grid_add(&grid, TONE_PLAIN, "%s",
			figures_ms(values_number(prefix, "latency_ms"), text));
		grid_add(&grid, TONE_PLAIN, "%s",
			figures_span(values_number(prefix, "since_s"), text));
		add_source(&grid, prefix);
	}
	write_grid(sheet, &grid);
}

static void add_upstream(struct grid *grid, const struct sheet *sheet, const struct tree *upstream)
{
	const char *zone = values_show(upstream, "zone");
	bool is_root = strcmp(zone, ".") == 0;
	bool via_nat64 = values_is_true(upstream, "via_nat64");
	double loss = values_number(upstream, "loss");
	char text[FIGURES_MAX];

	grid_add(grid, TONE_PLAIN, "%s", values_show(upstream, "server"));
	add_mark(grid, sheet, mark_at(upstream, "state"));
	grid_add(grid, TONE_PLAIN, "%s", figures_ms(values_number(upstream, "rtt_ms"), text));
	grid_add(grid, loss >= 0.05 ? TONE_WARNING : TONE_PLAIN, "%s", figures_share(loss, text));
	grid_add(grid, TONE_PLAIN, "%s", figures_count(values_number(upstream, "queries"), text));
	grid_add(grid, TONE_PLAIN, "%s%s%s%s", is_root ? "" : "for ", is_root ? "" : zone,
		!is_root && via_nat64 ? ", " : "", via_nat64 ? "by NAT64" : "");
}

static void put_upstreams(struct sheet *sheet, const struct tree *upstreams)
{
	static const struct grid_column columns[] = { { "server", false, false },
		{ "state", false, false }, { "RTT", true, false }, { "loss", true, false },
		{ "queries", true, false }, { "", false, true } };
	struct grid grid;

	put_title(sheet, "Upstreams");
	if (!values_count(upstreams)) {
		sheet_put(sheet, TONE_PLAIN,
			"  There is no upstream: only what is known here is answered.");
		sheet_end_line(sheet);
		return;
	}
	grid_init(&grid, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < upstreams->count; i++)
		add_upstream(&grid, sheet, &upstreams->items[i]);
	write_grid(sheet, &grid);
}

static void put_bar(struct sheet *sheet, double share)
{
	for (unsigned i = 0; i < BAR; i++) {
		if (i < round(share * BAR))
			sheet_put(sheet, TONE_ACCENT, "%s", sheet->is_utf8 ? "█" : "#");
		else
			sheet_put(sheet, TONE_FAINT, "%s", sheet->is_utf8 ? "░" : ".");
	}
}

static void put_cache(struct sheet *sheet, const struct tree *cache)
{
	double bytes = values_number(cache, "bytes");
	double size = values_number(cache, "size");
	double hits = values_number(cache, "hits");
	char used[FIGURES_MAX];
	char room[FIGURES_MAX];
	char rate[FIGURES_MAX];
	char entries[FIGURES_MAX];

	put_title(sheet, "Cache");
	sheet_put(sheet, TONE_PLAIN, "  ");
	if (size == 0) {
		sheet_put(sheet, TONE_PLAIN, "It is off.");
	} else {
		put_bar(sheet, bytes <= size ? bytes / size : 0);
		sheet_put(sheet, TONE_PLAIN, " %s of %s, %s entries, hit rate %s",
			figures_octets(bytes, used), figures_octets(size, room),
			figures_count(values_number(cache, "entries"), entries),
			figures_share(hits / (hits + values_number(cache, "misses")), rate));
	}
	sheet_end_line(sheet);
}

static void add_recent(struct grid *grid, const struct tree *name)
{
	const char *outcome = values_show(name, "outcome");
	double when = values_number(name, "when");
	time_t time = isnan(when) ? 0 : (time_t)when;
	struct tm parts;
	char text[FIGURES_MAX] = "-";

	if (localtime_r(&time, &parts))
		(void)strftime(text, sizeof(text), "%H:%M:%S", &parts);
	grid_add(grid, TONE_PLAIN, "%s", values_show(name, "name"));
	grid_add(grid, TONE_PLAIN, "%s", values_show(name, "type"));
	grid_add(grid, strcmp(outcome, "synthesized") == 0 ? TONE_PLAIN : TONE_BAD, "%s", outcome);
	grid_add(grid, TONE_PLAIN, "%s", values_show(name, "prefix"));
	grid_add(grid, TONE_FAINT, "%s", text);
}

static void put_recent(struct sheet *sheet, const struct tree *recent)
{
	static const struct grid_column columns[] = { { "name", false, true },
		{ "type", false, false }, { "outcome", false, false }, { "prefix", false, false },
		{ "when", true, false } };
	struct grid grid;

	put_title(sheet, "Synthesized and failed names");
	if (!values_count(recent)) {
		sheet_put(sheet, TONE_PLAIN, "  ");
		sheet_put_words(sheet, TONE_FAINT, 2,
			recent && recent->kind == TREE_LIST ? "None yet."
							    : "Not kept: names tell who looks at "
							      "what. \"log: {queries: true}\" in "
							      "the configuration shows them here.");
		sheet_end_line(sheet);
		return;
	}
	grid_init(&grid, columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < recent->count && i < RECENT_SHOWN; i++)
		add_recent(&grid, &recent->items[i]);
	write_grid(sheet, &grid);
}

bool status_text_write(const struct tree *status, struct sheet *sheet)
{
	if (values_number(status, "version") != VERSION)
		return false;
	put_head(sheet, status);
	put_warnings(sheet, tree_find(status, "warnings"));
	put_gateways(sheet, tree_find(status, "prefixes"));
	put_upstreams(sheet, tree_find(status, "upstreams"));
	put_queries(sheet, tree_find(status, "queries"));
	put_cache(sheet, tree_find(status, "cache"));
	put_recent(sheet, tree_find(status, "recent"));
	return true;
}
