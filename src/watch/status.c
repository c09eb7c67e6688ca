/* A snapshot as JSON. It judges nothing, and leaves nothing out. */

#define _GNU_SOURCE

#include "sixward/watch/status.h"

#include <stdio.h>

#include "sixward/base/json.h"
#include "sixward/dns/message.h"
#include "sixward/watch/summary.h"

enum { VERSION = 1 };

static const char *level_name(enum snapshot_level level)
{
	static const char *const names[] = {
		[SNAPSHOT_OK] = "ok",
		[SNAPSHOT_WARNING] = "warning",
		[SNAPSHOT_ERROR] = "error",
	};

	return names[level];
}

/* A moment of the loop's time, in seconds since 1970. */
static int64_t wall_s(const struct snapshot *snapshot, uint64_t ms)
{
	return (int64_t)snapshot->now_s - (int64_t)(snapshot->now_ms - ms) / 1000;
}

static void put_number(struct json *json, const char *key, uint64_t number)
{
	json_number(json, key, (int64_t)number);
}

/* 0 is not known. */
static void put_ms(struct json *json, const char *key, uint32_t us)
{
	if (us)
		json_decimal(json, key, us);
	else
		json_null(json, key);
}

static void put_outcomes(struct json *json, const struct snapshot *snapshot)
{
	json_open_object(json, "outcomes");
	for (unsigned i = 0; i < OUTCOME_COUNT; i++) {
		if (snapshot->outcomes[i])
			put_number(json, outcome_label((enum outcome)i), snapshot->outcomes[i]);
	}
	json_close(json);
}

static void put_history(struct json *json, const struct snapshot *snapshot)
{
	json_open_list(json, "kinds");
	for (unsigned i = 0; i < KIND_COUNT; i++)
		json_text(json, NULL, outcome_kind_label((enum outcome_kind)i));
	json_close(json);
	json_open_object(json, "history");
	put_number(json, "step_s", HISTORY_SAMPLE_MS / 1000);
	json_number(json, "end", wall_s(snapshot, snapshot->samples_end_ms));
	json_open_list(json, "samples");
	for (size_t i = 0; i < snapshot->sample_count; i++)
		json_numbers(json, NULL, snapshot->samples[i].counts, KIND_COUNT);
	json_close(json);
	json_close(json);
}

static void put_queries(struct json *json, const struct snapshot *snapshot)
{
	uint64_t total = 0;

	for (unsigned i = 0; i < OUTCOME_COUNT; i++)
		total += snapshot->outcomes[i];
	json_open_object(json, "queries");
	put_number(json, "total", total);
	json_decimal(json, "per_second", (int64_t)snapshot->rate);
	put_number(json, "in_progress", snapshot->in_progress);
	put_number(json, "tcp_connections", snapshot->tcp_connections);
	put_outcomes(json, snapshot);
	put_history(json, snapshot);
	json_close(json);
}

static void put_prefix(struct json *json, const struct snapshot_prefix *prefix)
{
	static const char *const sources[] = {
		[SOURCE_LISTED] = "listed",
		[SOURCE_DNS] = "dns",
		[SOURCE_ADVERT] = "ra",
	};
	static const char *const states[] = {
		[PULSE_UNKNOWN] = "unknown",
		[PULSE_LIVE] = "live",
		[PULSE_DEAD] = "dead",
	};
	char text[NETWORK_TEXT_MAX];

	json_open_object(json, NULL);
	json_text(json, "prefix", network_format(&prefix->prefix.network, text));
	json_text(json, "source", sources[prefix->source]);
	json_text(json, "from", prefix->from[0] ? prefix->from : NULL);
	json_text(json, "state", prefix->is_checked ? states[prefix->state] : "unchecked");
	json_switch(json, "in_use", prefix->is_used);
	json_switch(json, "drain", prefix->drain);
	put_ms(json, "latency_ms", prefix->latency_us);
	if (prefix->is_checked)
		put_number(json, "since_s", prefix->since_s);
	else
		json_null(json, "since_s");
	json_close(json);
}

static void put_server(struct json *json, const struct server_survey *server)
{
	char endpoint[ENDPOINT_TEXT_MAX];
	char zone[NAME_TEXT_MAX];

	json_open_object(json, NULL);
	json_text(json, "server", endpoint_format(&server->endpoint, endpoint));
	json_text(json, "zone", name_format(server->zone.octets, zone));
	json_switch(json, "via_nat64", server->via_nat64);
	json_text(json, "state", server->is_held ? "held" : "up");
	if (server->is_timed)
		json_decimal(json, "rtt_ms", server->rtt_us);
	else
		json_null(json, "rtt_ms");
	if (server->lately_questions)
		json_decimal(json, "loss",
			(int64_t)server->lately_losses * 1000 / server->lately_questions);
	else
		json_null(json, "loss");
	put_number(json, "queries", server->questions);
	put_number(json, "replies", server->replies);
	put_number(json, "lost", server->losses);
	json_close(json);
}

static void put_cache(struct json *json, const struct snapshot *snapshot)
{
	json_open_object(json, "cache");
	put_number(json, "entries", snapshot->cache_entries);
	put_number(json, "bytes", snapshot->cache_bytes);
	put_number(json, "size", snapshot->cache_size);
	put_number(json, "hits", snapshot->cache_hits);
	put_number(json, "misses", snapshot->cache_misses);
	json_close(json);
}

static void put_name(
	struct json *json, const struct snapshot *snapshot, const struct recent_name *recent)
{
	char name[NAME_TEXT_MAX];
	char type[MESSAGE_TYPE_TEXT_MAX];
	char prefix[NETWORK_TEXT_MAX];

	json_open_object(json, NULL);
	json_number(json, "when", wall_s(snapshot, recent->at_ms));
	json_text(json, "name", name_format(recent->name.octets, name));
	json_text(json, "type", message_format_type(recent->type, type));
	json_text(json, "outcome", outcome_label(recent->outcome));
	json_text(json, "prefix",
		recent->has_prefix ? network_format(&recent->prefix.network, prefix) : NULL);
	json_close(json);
}

static void put_recent(struct json *json, const struct snapshot *snapshot)
{
	if (!snapshot->has_recent) {
		json_null(json, "recent");
		return;
	}
	json_open_list(json, "recent");
	for (size_t i = 0; i < snapshot->recent_count; i++)
		put_name(json, snapshot, &snapshot->recent[i]);
	json_close(json);
}

static void put_warning(struct json *json, const struct snapshot_warning *warning)
{
	json_open_object(json, NULL);
	json_text(json, "id", warning->id);
	json_text(json, "level", level_name(warning->level));
	json_text(json, "text", warning->text);
	json_open_list(json, "next");
	for (size_t i = 0; i < warning->step_count; i++)
		json_text(json, NULL, warning->steps[i]);
	json_close(json);
	json_close(json);
}

static void put_head(struct json *json, const struct snapshot *snapshot)
{
	char sentence[SUMMARY_MAX];
	char endpoint[ENDPOINT_TEXT_MAX];

	put_number(json, "version", VERSION);
	json_text(json, "program", snapshot->program);
	json_text(json, "sentence", summary_sentence(snapshot, sentence));
	json_text(json, "level", level_name(summary_level(snapshot)));
	put_number(json, "now", snapshot->now_s);
	put_number(json, "uptime_s", snapshot->uptime_s);
	put_number(json, "workers", snapshot->workers);
	put_number(json, "silent_workers", snapshot->silent_workers);
	json_open_list(json, "listen");
	for (size_t i = 0; i < snapshot->listen_count; i++)
		json_text(json, NULL, endpoint_format(&snapshot->listen[i], endpoint));
	json_close(json);
}

char *status_json(const struct snapshot *snapshot, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	struct json json = json_over(out);

	json_open_object(&json, NULL);
	put_head(&json, snapshot);
	put_queries(&json, snapshot);
	json_open_list(&json, "prefixes");
	for (size_t i = 0; i < snapshot->prefix_count; i++)
		put_prefix(&json, &snapshot->prefixes[i]);
	json_close(&json);
	json_open_list(&json, "upstreams");
	for (size_t i = 0; i < snapshot->server_count; i++)
		put_server(&json, &snapshot->servers[i]);
	json_close(&json);
	put_cache(&json, snapshot);
	put_recent(&json, snapshot);
	json_open_list(&json, "warnings");
	for (size_t i = 0; i < snapshot->warning_count; i++)
		put_warning(&json, &snapshot->warnings[i]);
	json_close(&json);
	json_close(&json);
	(void)fclose(out);
	return text;
}
