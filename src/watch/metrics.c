/* A snapshot and counts in Prometheus' text format, version 0.0.4. Knows no meaning of a count but
 * whether it only grows, which its name tells. */

#define _GNU_SOURCE

#include "sixward/watch/metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "sixward/watch/summary.h"

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text);
	size_t end_size = strlen(end);

	return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static void put_head(FILE *out, const char *name, const char *type, const char *help)
{
	(void)fprintf(out, "# HELP sixward_%s %s\n# TYPE sixward_%s %s\n", name, help, name, type);
}

/* The value of a label, in its quotes. */
static void put_label(FILE *out, const char *text)
{
	(void)fputc('"', out);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			(void)fputc('\\', out);
		if (*text == '\n')
			(void)fputs("\\n", out);
		else
			(void)fputc(*text, out);
	}
	(void)fputc('"', out);
}

/* One without labels. */
static void put_gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
	put_head(out, name, "gauge", help);
	(void)fprintf(out, "sixward_%s %" PRIu64 "\n", name, value);
}

static void put_build(FILE *out, const struct snapshot *snapshot)
{
	put_head(out, "build_info", "gauge", "the version that runs");
	(void)fputs("sixward_build_info{version=", out);
	put_label(out, snapshot->version);
	(void)fputs("} 1\n", out);
}

struct counting {
	FILE *out;
	const char *name; /* the last one */
};

/* Those of one name come together. */
static void on_count(
	void *owner, const char *name, const char *label, const char *help, uint64_t value)
{
	struct counting *counting = owner;

	if (!counting->name || strcmp(counting->name, name) != 0)
		put_head(
			counting->out, name, ends_with(name, "_total") ? "counter" : "gauge", help);
	counting->name = name;
	(void)fprintf(counting->out, "sixward_%s%s%s%s %" PRIu64 "\n", name, label ? "{" : "",
		label ? label : "", label ? "}" : "", value);
}

static void put_counts(FILE *out, const struct counts *counts)
{
	struct counting counting = { .out = out };

	if (counts)
		counts_each(counts, on_count, &counting);
}

static void begin_server(FILE *out, const char *name, const struct server_survey *server)
{
	char endpoint[ENDPOINT_TEXT_MAX];
	char zone[NAME_TEXT_MAX];

	(void)fprintf(out, "sixward_%s{server=", name);
	put_label(out, endpoint_format(&server->endpoint, endpoint));
	(void)fputs(",zone=", out);
	put_label(out, name_format(server->zone.octets, zone));
}

static void put_server_value(
	FILE *out, const char *name, const struct server_survey *server, uint64_t value)
{
	begin_server(out, name, server);
	(void)fprintf(out, "} %" PRIu64 "\n", value);
}

static void put_times(FILE *out, const struct server_survey *server)
{
	const struct reply_times *times = &server->times;
	uint64_t sum = 0;

	for (size_t i = 0; i < REPLY_TIMES_STEPS; i++) {
		uint64_t bound_ms = reply_times_bound_ms(i);

		sum += times->counts[i];
		begin_server(out, "upstream_rtt_seconds_bucket", server);
		if (bound_ms == UINT64_MAX)
			(void)fprintf(out, ",le=\"+Inf\"} %" PRIu64 "\n", sum);
		else
			(void)fprintf(
				out, ",le=\"%g\"} %" PRIu64 "\n", (double)bound_ms / 1000, sum);
	}
	begin_server(out, "upstream_rtt_seconds_sum", server);
	(void)fprintf(out, "} %" PRIu64 ".%03u\n", times->sum_ms / 1000,
		(unsigned)(times->sum_ms % 1000));
	put_server_value(out, "upstream_rtt_seconds_count", server, sum);
}

static void put_servers(FILE *out, const struct snapshot *snapshot)
{
	const struct server_survey *servers = snapshot->servers;

	if (!snapshot->server_count)
		return;
	put_head(out, "upstream_up", "gauge", "whether the server is believed to answer");
	for (size_t i = 0; i < snapshot->server_count; i++)
		put_server_value(out, "upstream_up", &servers[i], !servers[i].is_held);
	put_head(out, "upstream_sent_total", "counter", "questions sent to the server");
	for (size_t i = 0; i < snapshot->server_count; i++)
		put_server_value(out, "upstream_sent_total", &servers[i], servers[i].questions);
	put_head(out, "upstream_lost_total", "counter",
		"questions to the server that had no answer in time");
	for (size_t i = 0; i < snapshot->server_count; i++)
		put_server_value(out, "upstream_lost_total", &servers[i], servers[i].losses);
	put_head(out, "upstream_rtt_seconds", "histogram", "time until the server replied");
	for (size_t i = 0; i < snapshot->server_count; i++)
		put_times(out, &servers[i]);
}

static bool is_judged(const struct snapshot_prefix *prefix)
{
	return prefix->is_checked && prefix->state != PULSE_UNKNOWN;
}

static bool is_measured(const struct snapshot_prefix *prefix)
{
	return prefix->latency_us > 0;
}

static bool is_any(const struct snapshot_prefix *prefix)
{
	(void)prefix;
	return true;
}

static void put_up(FILE *out, const struct snapshot_prefix *prefix)
{
	(void)fprintf(out, "} %d\n", prefix->state == PULSE_LIVE);
}

static void put_latency(FILE *out, const struct snapshot_prefix *prefix)
{
	(void)fprintf(
		out, "} %u.%06u\n", prefix->latency_us / 1000000U, prefix->latency_us % 1000000U);
}

static void put_use(FILE *out, const struct snapshot_prefix *prefix)
{
	static const char *const sources[] = {
		[SOURCE_LISTED] = "listed",
		[SOURCE_DNS] = "dns",
		[SOURCE_ADVERT] = "ra",
	};

	(void)fprintf(out, ",source=\"%s\"} %d\n", sources[prefix->source], prefix->is_used);
}

static void put_prefixes(FILE *out, const struct snapshot *snapshot)
{
	static const struct {
		const char *name, *help;
		bool (*applies)(const struct snapshot_prefix *prefix);
		void (*put)(FILE *out, const struct snapshot_prefix *prefix);
	} rows[] = {
		{ "gateway_up", "whether the NAT64 gateway behind the prefix answers its checks",
			is_judged, put_up },
		{ "gateway_latency_seconds", "time of a TCP handshake through the prefix, smoothed",
			is_measured, put_latency },
		{ "prefix_in_use", "whether answers are made with the prefix", is_any, put_use },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool is_first = true;

		for (size_t k = 0; k < snapshot->prefix_count; k++) {
			const struct snapshot_prefix *prefix = &snapshot->prefixes[k];
			char text[NETWORK_TEXT_MAX];

			if (!rows[i].applies(prefix))
				continue;
			if (is_first)
				put_head(out, rows[i].name, "gauge", rows[i].help);
			is_first = false;
			(void)fprintf(out, "sixward_%s{prefix=", rows[i].name);
			put_label(out, network_format(&prefix->prefix.network, text));
			rows[i].put(out, prefix);
		}
	}
}

char *metrics_text(const struct snapshot *snapshot, const struct counts *counts,
	const struct counts *more, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	put_build(out, snapshot);
	put_gauge(out, "uptime_seconds", "since the start", snapshot->uptime_s);
	put_gauge(out, "healthy", "whether /healthz says so", !summary_illness(snapshot));
	put_gauge(out, "warnings", "what the doctor would warn of", snapshot->warning_count);
	put_gauge(out, "workers", "threads that answer", snapshot->workers);
	put_gauge(out, "workers_silent", "those that did not report in time",
		snapshot->silent_workers);
	put_gauge(
		out, "cache_size_bytes", "the most that the cache may hold", snapshot->cache_size);
	put_counts(out, counts);
	put_counts(out, more);
	put_prefixes(out, snapshot);
	put_servers(out, snapshot);
	(void)fclose(out);
	return text;
}
