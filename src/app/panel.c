/* The pages behind the HTTP endpoint: what is known of the server, gathered into a snapshot, and
 * who waits for it. Knows the paths; neither how a page is written nor how it travels. */

#include "sixward/app/panel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/app/checkup.h"
#include "sixward/base/mem.h"
#include "sixward/watch/history.h"
#include "sixward/watch/http.h"
#include "sixward/watch/metrics.h"
#include "sixward/watch/page.h"
#include "sixward/watch/status.h"
#include "sixward/watch/summary.h"

enum { PREFIXES_MAX = 256 }; /* shown; more are left out */

#define TEXT_TYPE "text/plain; charset=utf-8"

struct page;

/* A request that waits for the survey. */
struct waiting {
	struct waiting *next;
	struct http_pending *pending;
	const struct page *page;
};

struct panel {
	struct loop *loop;
	struct config *config;
	const char *path;
	const struct counts *counts;
	struct cache *cache;
	struct recent *recent;
	const struct lookout *lookout;
	size_t lane_count;
	uint64_t started_ms;
	struct history *history;
	struct survey *survey;
	struct waiting *waiting; /* as many as there are connections, at most */
	struct http *http;       /* NULL = listens nowhere */
	struct endpoint at;
	struct counts *http_counts; /* of this `http` */
};

static void answer_text(struct http_pending *pending, unsigned status, const char *text)
{
	size_t size = strlen(text) + sizeof("\n");
	char *body = mem_new(size);

	(void)snprintf(body, size, "%s\n", text);
	http_answer(pending, status, TEXT_TYPE, body, size - 1);
}

static void show_status(
	const struct panel *panel, const struct snapshot *snapshot, struct http_pending *pending)
{
	size_t size;
	char *body = status_json(snapshot, &size);

	(void)panel;
	http_answer(pending, 200, "application/json", body, size);
}

static void show_metrics(
	const struct panel *panel, const struct snapshot *snapshot, struct http_pending *pending)
{
	size_t size;
	char *body = metrics_text(snapshot, panel->counts, panel->http_counts, &size);

	http_answer(pending, 200, METRICS_TYPE, body, size);
}

static void show_health(
	const struct panel *panel, const struct snapshot *snapshot, struct http_pending *pending)
{
	const char *illness = summary_illness(snapshot);

	(void)panel;
	answer_text(pending, illness ? 503 : 200, illness ? illness : "ok");
}

/* What is made of a snapshot. */
static const struct page {
	const char *path;
	void (*show)(const struct panel *panel, const struct snapshot *snapshot,
		struct http_pending *pending);
} pages[] = {
	{ "/status.json", show_status },
	{ "/metrics", show_metrics },
	{ "/healthz", show_health },
};

static void fill_counts(const struct panel *panel, struct snapshot *snapshot)
{
	const struct counts *counts = panel->counts;

	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		snapshot->outcomes[i] = history_total(panel->history, (enum outcome)i);
	snapshot->rate = history_rate(panel->history);
	snapshot->sample_count =
		history_find(panel->history, snapshot->samples, &snapshot->samples_end_ms);
	snapshot->in_progress = counts_sum(counts, "queries_in_progress");
	snapshot->tcp_connections = counts_sum(counts, "tcp_connections");
	snapshot->cache_entries = cache_entries(panel->cache);
	snapshot->cache_bytes = cache_octets(panel->cache);
	snapshot->cache_size = panel->config->cache.size;
	snapshot->cache_hits = counts_sum(counts, "cache_hits_total");
	snapshot->cache_misses = counts_sum(counts, "cache_asked_total") - snapshot->cache_hits;
}

static void fill(const struct panel *panel, const struct survey_result *result,
	struct snapshot_prefix prefixes[PREFIXES_MAX], struct snapshot *snapshot)
{
	const struct policy *top = lookout_policies(panel->lookout)[0];

	snapshot->program = "sixward " SIXWARD_VERSION;
	snapshot->version = SIXWARD_VERSION;
	snapshot->now_s = loop_wall_s(panel->loop);
	snapshot->now_ms = loop_now_ms(panel->loop);
	snapshot->uptime_s = (snapshot->now_ms - panel->started_ms) / 1000;
	snapshot->workers = (unsigned)panel->lane_count;
	snapshot->silent_workers = result->silent;
	snapshot->listen = panel->config->listen;
	snapshot->listen_count = panel->config->listen_count;
	fill_counts(panel, snapshot);
	snapshot->is_dns64 = policy_options(top)->enabled;
	snapshot->prefixes = prefixes;
	snapshot->prefix_count = lookout_show(panel->lookout, prefixes, PREFIXES_MAX);
	snapshot->servers = result->servers;
	snapshot->server_count = result->server_count;
	snapshot->has_recent = panel->config->log_queries;
	if (snapshot->has_recent)
		snapshot->recent_count = recent_find(panel->recent, snapshot->recent);
}

/* What is no good news. The findings keep the texts. */
static size_t list_warnings(
	const struct findings *findings, struct snapshot_warning warnings[FINDINGS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		if (finding->level != LEVEL_WARNING && finding->level != LEVEL_ERROR)
			continue;
		warnings[count++] = (struct snapshot_warning){
			.id = finding->id,
			.level = finding->level == LEVEL_ERROR ? SNAPSHOT_ERROR : SNAPSHOT_WARNING,
			.text = finding->text,
			.steps = finding->steps,
			.step_count = finding->step_count,
		};
	}
	return count;
}

static void show_all(struct panel *panel, const struct snapshot *snapshot)
{
	while (panel->waiting) {
		struct waiting *waiting = panel->waiting;

		panel->waiting = waiting->next;
		waiting->page->show(panel, snapshot, waiting->pending);
		free(waiting);
	}
}

static void on_survey(void *owner, const struct survey_result *result)
{
	struct panel *panel = owner;
	struct snapshot *snapshot = mem_new(sizeof(*snapshot));
	struct snapshot_prefix *prefixes = mem_new_array(PREFIXES_MAX, sizeof(*prefixes));
	struct snapshot_warning *warnings = mem_new_array(FINDINGS_MAX, sizeof(*warnings));
	struct findings *findings = NULL;

	fill(panel, result, prefixes, snapshot);
	if (result->host) {
		findings = checkup(panel->config, panel->path, result->host, snapshot);
		snapshot->warnings = warnings;
		snapshot->warning_count = list_warnings(findings, warnings);
	}
	show_all(panel, snapshot);
	findings_free(findings);
	free(warnings);
	free(prefixes);
	free(snapshot);
}

static const struct page *find_page(const char *path)
{
	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
		if (strcmp(pages[i].path, path) == 0)
			return &pages[i];
	}
	return NULL;
}

static void on_request(
	void *owner, struct http_pending *pending, const struct http_request *request)
{
	struct panel *panel = owner;
	const struct page *page = find_page(request->path);
	struct waiting *waiting;

	if (strcmp(request->path, "/") == 0) {
		http_answer(pending, 200, "text/html; charset=utf-8",
			mem_copy(page_html, page_html_size), page_html_size);
		return;
	}
	if (!page) {
		answer_text(pending, 404, "not found");
		return;
	}
	waiting = mem_new(sizeof(*waiting));
	waiting->pending = pending;
	waiting->page = page;
	waiting->next = panel->waiting;
	panel->waiting = waiting;
	survey_start(panel->survey);
}

struct panel *panel_new(const struct panel_options *options)
{
	struct panel *panel = mem_new(sizeof(*panel));

	panel->loop = options->loop;
	panel->config = config_ref(options->config);
	panel->path = options->path;
	panel->counts = options->counts;
	panel->cache = options->cache;
	panel->recent = options->recent;
	panel->lookout = options->lookout;
	panel->lane_count = options->lane_count;
	panel->started_ms = options->started_ms;
	panel->history = history_new(options->loop);
	for (size_t i = 0; i < options->lane_count; i++)
		history_add(panel->history,
			resolver_outcomes(worker_resolver(options->lanes[i].worker)));
	panel->survey =
		survey_new(options->loop, options->lanes, options->lane_count, on_survey, panel);
	return panel;
}

void panel_free(struct panel *panel)
{
	if (!panel)
		return;
	panel_close(panel);
	survey_free(panel->survey);
	while (panel->waiting) {
		struct waiting *waiting = panel->waiting;

		panel->waiting = waiting->next;
		answer_text(waiting->pending, 503, "stopping");
		free(waiting);
	}
	history_free(panel->history);
	config_unref(panel->config);
	free(panel);
}

bool panel_listen(struct panel *panel, const struct endpoint *at, int *error)
{
	struct http *http;

	if (panel->http && endpoint_equal(&panel->at, at))
		return true;
	http = http_new(panel->loop, at, on_request, panel, error);
	if (!http)
		return false;
	panel_close(panel);
	panel->http = http;
	panel->at = *at;
	panel->http_counts = counts_new();
	http_add_counts(http, panel->http_counts);
	return true;
}

void panel_close(struct panel *panel)
{
	http_free(panel->http);
	panel->http = NULL;
	counts_free(panel->http_counts);
	panel->http_counts = NULL;
}

void panel_set_config(struct panel *panel, struct config *config)
{
	config_unref(panel->config);
	panel->config = config_ref(config);
}

void panel_each_count(const struct panel *panel, counts_visit *visit, void *owner)
{
	if (panel->http_counts)
		counts_each(panel->http_counts, visit, owner);
}
