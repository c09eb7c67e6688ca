/* Tests of the metrics as text. The format as a whole is tried on the running server
 * (tests/integration/test_status.py). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sixward/watch/metrics.h"

static struct prefix prefix_of(const char *text)
{
	struct network network;
	struct prefix prefix;

	assert_int_equal(network_parse(text, &network), NETWORK_OK);
	assert_int_equal(prefix_make(&network, NULL, &prefix), PREFIX_OK);
	return prefix;
}

static struct snapshot *make_snapshot(void)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));

	assert_non_null(snapshot);
	snapshot->program = "sixward 1.2.3";
	snapshot->version = "1.2.3";
	snapshot->workers = 2;
	return snapshot;
}

static void what_is_always_there(void **state)
{
	struct snapshot *snapshot = make_snapshot();
	size_t size = 0;
	char *text;

	(void)state;
	snapshot->uptime_s = 77;
	snapshot->cache_size = 1000;
	snapshot->silent_workers = 1;
	text = metrics_text(snapshot, NULL, NULL, &size);
	assert_int_equal(size, strlen(text));
	assert_string_equal(text,
		"# HELP sixward_build_info the version that runs\n"
		"# TYPE sixward_build_info gauge\n"
		"sixward_build_info{version=\"1.2.3\"} 1\n"
		"# HELP sixward_uptime_seconds since the start\n"
		"# TYPE sixward_uptime_seconds gauge\n"
		"sixward_uptime_seconds 77\n"
		"# HELP sixward_healthy whether /healthz says so\n"
		"# TYPE sixward_healthy gauge\n"
		"sixward_healthy 0\n"
		"# HELP sixward_warnings what the doctor would warn of\n"
		"# TYPE sixward_warnings gauge\n"
		"sixward_warnings 0\n"
		"# HELP sixward_workers threads that answer\n"
		"# TYPE sixward_workers gauge\n"
		"sixward_workers 2\n"
		"# HELP sixward_workers_silent those that did not report in time\n"
		"# TYPE sixward_workers_silent gauge\n"
		"sixward_workers_silent 1\n"
		"# HELP sixward_cache_size_bytes the most that the cache may hold\n"
		"# TYPE sixward_cache_size_bytes gauge\n"
		"sixward_cache_size_bytes 1000\n");
	free(text);
	free(snapshot);
}

static void assert_holds(const struct snapshot *snapshot, const struct counts *counts,
	const struct counts *more, const char *part)
{
	size_t size = 0;
	char *text = metrics_text(snapshot, counts, more, &size);
	const char *at = strstr(text, part);

	if (!at)
		print_error("%s\nis not in\n%s", part, text);
	assert_non_null(at);
	assert_null(strstr(at + 1, part));
	free(text);
}

static void counts_are_counters_or_gauges_by_their_names(void **state)
{
	struct snapshot *snapshot = make_snapshot();
	struct counts *counts = counts_new();
	struct counts *more = counts_new();
	struct count one = { 0 }, two = { 0 };

	(void)state;
	count_set(&one, 1);
	count_set(&two, UINT64_MAX);
	counts_add(counts, "queries_total", "outcome=\"relayed\"", "queries", &one);
	counts_add(counts, "in_progress", NULL, "that wait", &one);
	counts_add(counts, "queries_total", "outcome=\"failed\"", "queries", &two);
	counts_add(more, "http_requests_total", NULL, "requests", &one);
	assert_holds(snapshot, counts, more,
		"# HELP sixward_queries_total queries\n"
		"# TYPE sixward_queries_total counter\n"
		"sixward_queries_total{outcome=\"relayed\"} 1\n"
		"sixward_queries_total{outcome=\"failed\"} 18446744073709551615\n"
		"# HELP sixward_in_progress that wait\n"
		"# TYPE sixward_in_progress gauge\n"
		"sixward_in_progress 1\n"
		"# HELP sixward_http_requests_total requests\n"
		"# TYPE sixward_http_requests_total counter\n"
		"sixward_http_requests_total 1\n");
	counts_free(counts);
	counts_free(more);
	free(snapshot);
}

static void gateways_are_told_where_they_are_judged(void **state)
{
	struct snapshot *snapshot = make_snapshot();
	struct snapshot_prefix prefixes[] = {
		{ .prefix = prefix_of("64:ff9b::/96"),
			.is_checked = true,
			.state = PULSE_LIVE,
			.latency_us = 1012345,
			.is_used = true },
		{ .prefix = prefix_of("2001:db8:1::/96"),
			.source = SOURCE_DNS,
			.is_checked = true,
			.state = PULSE_DEAD },
		{ .prefix = prefix_of("2001:db8:2::/96"),
			.source = SOURCE_ADVERT,
			.is_checked = true,
			.is_used = true },
		{ .prefix = prefix_of("2001:db8:3::/96"), .is_used = true },
	};

	(void)state;
	snapshot->prefixes = prefixes;
	snapshot->prefix_count = 4;
	assert_holds(snapshot, NULL, NULL,
		"# TYPE sixward_gateway_up gauge\n"
		"sixward_gateway_up{prefix=\"64:ff9b::/96\"} 1\n"
		"sixward_gateway_up{prefix=\"2001:db8:1::/96\"} 0\n"
		"# HELP sixward_gateway_latency_seconds time of a TCP handshake through the "
		"prefix, smoothed\n"
		"# TYPE sixward_gateway_latency_seconds gauge\n"
		"sixward_gateway_latency_seconds{prefix=\"64:ff9b::/96\"} 1.012345\n"
		"# HELP sixward_prefix_in_use whether answers are made with the prefix\n"
		"# TYPE sixward_prefix_in_use gauge\n"
		"sixward_prefix_in_use{prefix=\"64:ff9b::/96\",source=\"listed\"} 1\n"
		"sixward_prefix_in_use{prefix=\"2001:db8:1::/96\",source=\"dns\"} 0\n"
		"sixward_prefix_in_use{prefix=\"2001:db8:2::/96\",source=\"ra\"} 1\n"
		"sixward_prefix_in_use{prefix=\"2001:db8:3::/96\",source=\"listed\"} 1\n");
	free(snapshot);
}

#define SERVER "server=\"192.0.2.1:53\",zone=\"a\\\\\\\"b.example.\""

/* Quotes and backslashes of a zone's name stay inside of the label. */
static void servers_are_told_with_a_histogram(void **state)
{
	struct snapshot *snapshot = make_snapshot();
	struct server_survey server = { .is_held = true, .questions = 9, .losses = 2 };

	(void)state;
	assert_true(endpoint_parse("192.0.2.1", 53, &server.endpoint));
	assert_true(name_parse("a\\\"b.example", &server.zone));
	reply_times_note(&server.times, 1);
	reply_times_note(&server.times, 30);
	reply_times_note(&server.times, 5000);
	snapshot->servers = &server;
	snapshot->server_count = 1;
	assert_holds(snapshot, NULL, NULL, "\nsixward_upstream_up{" SERVER "} 0\n");
	assert_holds(snapshot, NULL, NULL, "\nsixward_upstream_sent_total{" SERVER "} 9\n");
	assert_holds(snapshot, NULL, NULL, "\nsixward_upstream_lost_total{" SERVER "} 2\n");
	assert_holds(snapshot, NULL, NULL,
		"# TYPE sixward_upstream_rtt_seconds histogram\n"
		"sixward_upstream_rtt_seconds_bucket{" SERVER ",le=\"0.001\"} 1\n"
		"sixward_upstream_rtt_seconds_bucket{" SERVER ",le=\"0.002\"} 1\n"
		"sixward_upstream_rtt_seconds_bucket{" SERVER ",le=\"0.005\"} 1\n"
		"sixward_upstream_rtt_seconds_bucket{" SERVER ",le=\"0.01\"} 1\n"
		"sixward_upstream_rtt_seconds_bucket{" SERVER ",le=\"0.02\"} 1\n"
		"sixward_upstream_rtt_seconds_bucket{" SERVER ",le=\"0.05\"} 2\n"
		"sixward_upstream_rtt_seconds_bucket{" SERVER ",le=\"0.1\"} 2\n"
		"sixward_upstream_rtt_seconds_bucket{" SERVER ",le=\"0.2\"} 2\n"
		"sixward_upstream_rtt_seconds_bucket{" SERVER ",le=\"0.5\"} 2\n"
		"sixward_upstream_rtt_seconds_bucket{" SERVER ",le=\"1\"} 2\n"
		"sixward_upstream_rtt_seconds_bucket{" SERVER ",le=\"2\"} 2\n"
		"sixward_upstream_rtt_seconds_bucket{" SERVER ",le=\"4\"} 2\n"
		"sixward_upstream_rtt_seconds_bucket{" SERVER ",le=\"+Inf\"} 3\n"
		"sixward_upstream_rtt_seconds_sum{" SERVER "} 5.031\n"
		"sixward_upstream_rtt_seconds_count{" SERVER "} 3\n");
	free(snapshot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_always_there),
		cmocka_unit_test(counts_are_counters_or_gauges_by_their_names),
		cmocka_unit_test(gateways_are_told_where_they_are_judged),
		cmocka_unit_test(servers_are_told_with_a_histogram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
