/* One loop with all its rooms. Turns settings into rooms, and files that are followed into
 * servers and records; it decides nothing about queries. */

#include "sixward/app/worker.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/app/openings.h"
#include "sixward/app/roster.h"
#include "sixward/base/entropy.h"
#include "sixward/base/mem.h"
#include "sixward/base/siphash.h"
#include "sixward/front/tcp_front.h"
#include "sixward/net/timer.h"
#include "sixward/net/udp.h"
#include "sixward/watch/files.h"
#include "sixward/watch/resolv_conf.h"

enum {
	RESOLVE_MS = 10000,    /* LIM-04 */
	BUDGET_MS = 4500,      /* LIM-03 */
	RETIRED_MS = 15000,    /* longer than anything that may still look at an old config */
	FLIGHTS_PER_QUERY = 3, /* AAAA, A and those whose clients have left */
	KEEPALIVE_UNIT_MS = 100
};

/* A file that is followed: a hosts file, or a resolv.conf of some upstreams. */
struct followed {
	struct followed *next;
	struct worker *worker;
	const char *path; /* the config's */
	bool is_hosts;
	char *text; /* NULL = not there */
	size_t size;
	struct file_watch *watch;
};

struct retired {
	struct retired *next;
	uint64_t until_ms;
	struct config *config;
};

struct worker {
	struct loop *loop;
	struct worker_common common;
	struct config *config;
	struct views views; /* the config's, with the policies of now */
	struct retired *retired;
	struct timer *retire_timer;
	struct entropy entropy;
	struct followed *followed;
	struct followed *followed_before; /* during a reload: what they said may have to stay */
	bool is_starting;                 /* files are being read for the first time */
	bool has_left_out;                /* servers, for want of room, and it was said */
	struct routes *routes;
	struct lookups *lookups;
	struct local *local;
	struct resolver *resolver;
	query_observe *observe;
	void *observer;
	struct gate *gate;
	struct openings *openings;
	struct tcp_front *tcp;
};

/* The servers of a resolv.conf, as the file stands now; not ourselves. */
static size_t on_read(void *owner, const char *path, struct endpoint *out, size_t room)
{
	const struct worker *worker = owner;
	struct endpoint found[GROUP_SERVERS_MAX];
	size_t found_count = 0;
	size_t count = 0;

	for (const struct followed *file = worker->followed; file; file = file->next) {
		if (!file->is_hosts && file->path == path && file->text)
			found_count =
				resolv_conf_read(file->text, file->size, found, GROUP_SERVERS_MAX);
	}
	for (size_t i = 0; i < found_count && count < room; i++) {
		if (!config_listens_on(worker->config, &found[i]))
			out[count++] = found[i];
	}
	return count;
}

static void fill_roster(
	struct worker *worker, const struct config_upstreams *upstreams, struct roster *roster)
{
	struct roster_terms terms = {
		.policy = worker->views.fallback, .read = on_read, .owner = worker
	};

	roster_fill(roster, upstreams, &terms);
}

/* Of all lists together; said once, until it is no longer so. */
static void note_left_out(struct worker *worker, size_t left_out)
{
	if (left_out > 0 && !worker->has_left_out && worker->common.is_first)
		log_record(LOG_WARNING,
			"too many upstream servers, or ways to them via NAT64; the last are not "
			"asked",
			LOG_FIELDS(LOG_NUMBER("left_out", left_out)));
	worker->has_left_out = left_out > 0;
}

size_t worker_upstreams(struct worker *worker, struct endpoint *out, size_t room)
{
	struct roster_terms terms = { .read = on_read, .owner = worker };
	struct roster roster;
	size_t count = 0;

	roster_fill(&roster, &worker->config->upstreams, &terms);
	while (count < roster.count && count < room) {
		out[count] = roster.servers[count].endpoint;
		count++;
	}
	return count;
}

void worker_survey(struct worker *worker, survey_visit *visit, void *owner)
{
	routes_survey(worker->routes, visit, owner);
	routes_revive(worker->routes);
}

static struct group_options group_options_of(
	struct worker *worker, const struct config_upstreams *upstreams, struct roster *roster)
{
	fill_roster(worker, upstreams, roster);
	return (struct group_options){ .scope = upstreams->scope,
		.order = worker->config->order,
		.rules = worker->config->rules,
		.rumours = worker->common.rumours,
		.servers = roster->servers,
		.server_count = roster->count };
}

/* Makes the routes, or brings them up to the config. */
static void build_routes(struct worker *worker)
{
	const struct config *config = worker->config;
	struct roster *rosters = mem_new_array(config->zone_count + 1, sizeof(*rosters));
	struct routes_zone *zones = mem_new_array(config->zone_count, sizeof(*zones));
	struct roster *fallback = &rosters[config->zone_count];
	struct routes_options options = { .fallback = group_options_of(
						  worker, &config->upstreams, fallback),
		.zones = zones,
		.zone_count = config->zone_count };
	size_t left_out = fallback->left_out;

	for (size_t i = 0; i < config->zone_count; i++) {
		zones[i].zone = config->zones[i].zone;
		zones[i].dns64 = config->zones[i].dns64;
		zones[i].group = group_options_of(worker, &config->zones[i].upstreams, &rosters[i]);
		left_out += rosters[i].left_out;
	}
	if (worker->routes)
		routes_update(worker->routes, &options);
	else
		worker->routes = routes_new(worker->loop, &worker->entropy, &options);
	note_left_out(worker, left_out);
	free(zones);
	free(rosters);
}

static bool has_via_nat64(const struct config_upstreams *upstreams)
{
	for (size_t i = 0; i < upstreams->count; i++) {
		if (upstreams->items[i].via_nat64)
			return true;
	}
	return false;
}

/* Returns how many were left out. */
static size_t set_servers(
	struct worker *worker, const struct config_upstreams *upstreams, bool only_via_nat64)
{
	struct group *group = routes_group(worker->routes, upstreams->scope);
	struct roster roster;

	fill_roster(worker, upstreams, &roster);
	if (group && (!only_via_nat64 || has_via_nat64(upstreams)))
		group_set_servers(group, roster.servers, roster.count);
	return roster.left_out;
}

/* Of each list; or of those that prefixes have a part in. */
static void set_all_servers(struct worker *worker, bool only_via_nat64)
{
	const struct config *config = worker->config;
	size_t left_out = set_servers(worker, &config->upstreams, only_via_nat64);

	for (size_t i = 0; i < config->zone_count; i++)
		left_out += set_servers(worker, &config->zones[i].upstreams, only_via_nat64);
	note_left_out(worker, left_out);
}

static void tell_upstreams(const struct worker *worker)
{
	if (worker->common.is_first && worker->common.upstreams_changed)
		worker->common.upstreams_changed(worker->common.owner);
}

static struct records *build_records(struct worker *worker)
{
	struct records *records = records_new();
	const char *error = NULL;

	for (size_t i = 0; i < worker->config->records.count; i++) {
		bool added = records_add(records, worker->config->records.items[i], &error);

		assert(added); /* the config was checked */
		(void)added;
	}
	for (struct followed *file = worker->followed; file; file = file->next) {
		size_t skipped = 0;

		if (!file->is_hosts || !file->text)
			continue;
		(void)records_add_hosts(records, file->text, file->size, &skipped);
		if (skipped && worker->common.is_first)
			log_warning("lines of a hosts file were left out",
				LOG_FIELDS(LOG_TEXT("file", file->path),
					LOG_NUMBER("lines", skipped)));
	}
	return records;
}

static void log_own(const struct followed *file, const struct endpoint *server)
{
	char text[ENDPOINT_TEXT_MAX];

	if (config_listens_on(file->worker->config, server))
		log_warning("a resolv.conf names this server itself; left out",
			LOG_FIELDS(LOG_TEXT("file", file->path),
				LOG_TEXT("server", endpoint_format(server, text))));
}

/* Which servers a resolv.conf means, at start and at each change. */
static void log_servers(const struct followed *file)
{
	struct endpoint found[GROUP_SERVERS_MAX];
	size_t count = resolv_conf_read(file->text, file->size, found, GROUP_SERVERS_MAX);
	char *list = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&list, &size);
	char text[ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < count; i++)
		(void)fprintf(out, "%s%s", i ? " " : "", endpoint_format(&found[i], text));
	(void)fclose(out);
	log_info("upstreams of a resolv.conf",
		LOG_FIELDS(LOG_TEXT("file", file->path), LOG_TEXT("servers", list)));
	free(list);
	for (size_t i = 0; i < count; i++)
		log_own(file, &found[i]);
}

/* A resolv.conf that is gone, or being written anew, or says nothing: what it said last stays, for
 * old servers are better than none. A hosts file that is gone takes its names along. */
static bool is_useful(const struct followed *file, const char *text, size_t size)
{
	struct endpoint found;

	return file->is_hosts || (text && resolv_conf_read(text, size, &found, 1) > 0);
}

static void take_text(struct followed *file, const char *text, size_t size)
{
	free(file->text);
	file->text = text ? mem_copy(text, size) : NULL;
	file->size = size;
}

static void log_file(const struct followed *file, const char *text, bool is_kept, const char *why)
{
	const struct worker *worker = file->worker;

	if (!worker->common.is_first)
		return;
	if (!text)
		log_warning(is_kept ? "a file that is followed cannot be read; what it said stays"
				    : "a file that is followed cannot be read",
			LOG_FIELDS(LOG_TEXT("file", file->path), LOG_TEXT("reason", why)));
	else if (is_kept)
		log_warning("a resolv.conf names no server; what it said stays",
			LOG_FIELDS(LOG_TEXT("file", file->path)));
	else if (!file->is_hosts)
		log_servers(file);
	else if (!worker->is_starting)
		log_info("a file that is followed has changed",
			LOG_FIELDS(LOG_TEXT("file", file->path)));
}

/* D64-5.4-f: of the config and of what its hosts files say, the same with every worker. */
static uint64_t stamp_of(const struct worker *worker)
{
	const uint8_t *key = worker->config->stamp_key;
	uint64_t parts[2] = { 0 };

	for (const struct followed *file = worker->followed; file; file = file->next) {
		if (!file->is_hosts)
			continue;
		parts[1] = file->text ? siphash(key, file->text, file->size) : 0;
		parts[0] = siphash(key, parts, sizeof(parts));
	}
	return siphash(key, parts, sizeof(parts));
}

static struct resolver_parts parts_of(const struct worker *worker)
{
	return (struct resolver_parts){ .loop = worker->loop,
		.lookups = worker->lookups,
		.routes = worker->routes,
		.local = worker->local,
		.views = &worker->views,
		.cache = worker->common.cache,
		.hints = worker->common.hints,
		.stamp = stamp_of(worker),
		.queries_max = worker->config->queries_max,
		.queries = worker->common.queries,
		.budget_ms = BUDGET_MS,
		.observe = worker->observe,
		.observer = worker->observer };
}

static void on_file(void *owner, const char *text, size_t size, const char *why)
{
	struct followed *file = owner;
	struct worker *worker = file->worker;
	struct resolver_parts parts;
	bool is_kept = file->text && !is_useful(file, text, size);

	if (!is_kept)
		take_text(file, text, size);
	log_file(file, text, is_kept, why);
	if (worker->is_starting || is_kept)
		return;
	if (file->is_hosts) {
		local_set_records(worker->local, build_records(worker));
		parts = parts_of(worker);
		resolver_set_parts(worker->resolver, &parts);
		return;
	}
	set_all_servers(worker, false);
	tell_upstreams(worker);
}

static void follow(struct worker *worker, const char *path, bool is_hosts)
{
	struct followed *file = mem_new(sizeof(*file));
	struct followed **end = &worker->followed;

	while (*end)
		end = &(*end)->next;
	*end = file;
	file->worker = worker;
	file->path = path;
	file->is_hosts = is_hosts;
	for (const struct followed *old = worker->followed_before; old && !is_hosts;
		old = old->next) {
		if (!old->is_hosts && strcmp(old->path, path) == 0)
			take_text(file, old->text, old->size);
	}
	file->watch = file_watch_new(worker->loop, path, on_file, file);
}

static void follow_upstreams(struct worker *worker, const struct config_upstreams *upstreams)
{
	for (size_t i = 0; i < upstreams->count; i++) {
		if (upstreams->items[i].resolv_conf)
			follow(worker, upstreams->items[i].resolv_conf, false);
	}
}

static void unfollow(struct followed *files)
{
	while (files) {
		struct followed *file = files;

		files = file->next;
		file_watch_free(file->watch);
		free(file->text);
		free(file);
	}
}

/* Reads all files of the config once; they are followed from now on. */
static void follow_files(struct worker *worker)
{
	const struct config *config = worker->config;

	worker->is_starting = true;
	follow_upstreams(worker, &config->upstreams);
	for (size_t i = 0; i < config->zone_count; i++)
		follow_upstreams(worker, &config->zones[i].upstreams);
	for (size_t i = 0; i < config->hosts.count; i++)
		follow(worker, config->hosts.items[i], true);
	worker->is_starting = false;
}

static struct local *build_local(struct worker *worker)
{
	const struct config *config = worker->config;
	struct local_options options = { .forward_special = &config->forward_special,
		.zones = &config->zone_names,
		.identity = config->identity };

	return local_new(&options, build_records(worker));
}

static struct gate *build_gate(struct worker *worker)
{
	const struct config *config = worker->config;
	struct gate_options options = { .allow = &config->allow,
		.listeners = config->listen,
		.listener_count = config->listen_count,
		.cookies = worker->common.cookies,
		.identity = config->identity,
		.answers = worker->common.answers,
		.errors = worker->common.errors,
		.keepalive = (uint16_t)(config->tcp_idle_ms / KEEPALIVE_UNIT_MS) };

	return gate_new(&options, resolver_outcomes(worker->resolver));
}

static struct lookups_terms terms_of(const struct worker *worker)
{
	const struct config *config = worker->config;

	return (struct lookups_terms){ .local = worker->local,
		.links_max = config->rules.links_max,
		.flights_max = config->queries_max * FLIGHTS_PER_QUERY };
}

static struct tcp_front_options tcp_options_of(const struct worker *worker)
{
	return (struct tcp_front_options){ .idle_ms = worker->config->tcp_idle_ms,
		.shares = worker->common.shares,
		.gate = worker->gate };
}

static void free_retired(struct retired *retired)
{
	while (retired) {
		struct retired *next = retired->next;

		config_unref(retired->config);
		free(retired);
		retired = next;
	}
}

/* The newest comes first: behind one that has to go, all have. */
static void on_retire_time(void *owner)
{
	struct worker *worker = owner;
	uint64_t now_ms = loop_now_ms(worker->loop);
	struct retired **at = &worker->retired;
	uint64_t next_ms = 0;

	while (*at && (*at)->until_ms > now_ms) {
		next_ms = (*at)->until_ms;
		at = &(*at)->next;
	}
	free_retired(*at);
	*at = NULL;
	if (next_ms)
		timer_start(worker->retire_timer, next_ms - now_ms);
}

static struct openings *build_openings(const struct worker *worker)
{
	struct openings_options options = { .loop = worker->loop,
		.gate = worker->gate,
		.resolver = worker->resolver,
		.tcp = worker->tcp,
		.passed = worker->common.passed,
		.worker = worker->common.number,
		.is_alone = worker->common.is_alone };

	return openings_new(&options);
}

struct worker *worker_new(struct loop *loop, struct config *config,
	const struct worker_common *common, query_observe *observe, void *observer)
{
	struct worker *worker = mem_new(sizeof(*worker));
	struct lookups_options lookups = {
		.loop = loop,
		.cache = common->cache,
		.claims = common->claims,
		.resolve_ms = RESOLVE_MS,
	};
	struct resolver_parts parts;
	struct tcp_front_options tcp;

	worker->loop = loop;
	worker->common = *common;
	worker->config = config_ref(config);
	views_copy(&config->views, NULL, &worker->views);
	worker->observe = observe;
	worker->observer = observer;
	worker->retire_timer = timer_new(loop, on_retire_time, worker);
	follow_files(worker);
	build_routes(worker);
	worker->local = build_local(worker);
	lookups.routes = worker->routes;
	lookups.terms = terms_of(worker);
	worker->lookups = lookups_new(&lookups);
	parts = parts_of(worker);
	worker->resolver = resolver_new(&parts);
	worker->gate = build_gate(worker);
	tcp = tcp_options_of(worker);
	worker->tcp = tcp_front_new(loop, &tcp, worker->resolver);
	worker->openings = build_openings(worker);
	return worker;
}

void worker_free(struct worker *worker)
{
	if (!worker)
		return;
	openings_free(worker->openings);
	tcp_front_free(worker->tcp);
	gate_free(worker->gate);
	resolver_free(worker->resolver);
	lookups_free(worker->lookups);
	routes_free(worker->routes);
	local_free(worker->local);
	unfollow(worker->followed);
	timer_free(worker->retire_timer);
	free_retired(worker->retired);
	views_clear(&worker->views);
	config_unref(worker->config);
	free(worker);
}

bool worker_listen(struct worker *worker, struct endpoint *failed, int *error)
{
	const struct config *config = worker->config;

	return openings_set(worker->openings, config->listen, config->listen_count, failed, error);
}

/* Queries in progress hold the policies that they began with. */
static void set_views(struct worker *worker, struct policy *const *policies)
{
	views_clear(&worker->views);
	views_copy(&worker->config->views, policies, &worker->views);
}

void worker_apply(struct worker *worker, struct config *config, struct policy *const *policies,
	struct cookies *cookies)
{
	struct retired *retired = mem_new(sizeof(*retired));
	struct local *old_local = worker->local;
	struct gate *old_gate = worker->gate;
	struct lookups_terms terms;
	struct resolver_parts parts;
	struct tcp_front_options tcp;

	retired->config = worker->config;
	retired->next = worker->retired;
	retired->until_ms = loop_now_ms(worker->loop) + RETIRED_MS;
	worker->retired = retired;
	if (!timer_is_running(worker->retire_timer))
		timer_start(worker->retire_timer, RETIRED_MS);

	worker->config = config_ref(config);
	set_views(worker, policies);
	worker->common.cookies = cookies;
	worker->followed_before = worker->followed;
	worker->followed = NULL;
	follow_files(worker);
	unfollow(worker->followed_before);
	worker->followed_before = NULL;
	build_routes(worker);
	worker->local = build_local(worker);
	terms = terms_of(worker);
	lookups_set_terms(worker->lookups, &terms);
	parts = parts_of(worker);
	resolver_set_parts(worker->resolver, &parts);
	local_free(old_local);
	worker->gate = build_gate(worker);
	openings_set_gate(worker->openings, worker->gate);
	tcp = tcp_options_of(worker);
	tcp_front_set_options(worker->tcp, &tcp);
	gate_free(old_gate);
	tell_upstreams(worker);
}

void worker_set_policies(struct worker *worker, struct policy *const *policies)
{
	set_views(worker, policies);
	set_all_servers(worker, true);
}

void worker_set_observer(struct worker *worker, query_observe *observe, void *observer)
{
	struct resolver_parts parts;

	worker->observe = observe;
	worker->observer = observer;
	parts = parts_of(worker);
	resolver_set_parts(worker->resolver, &parts);
}

void worker_quiesce(struct worker *worker)
{
	openings_quiesce(worker->openings);
	tcp_front_quiesce(worker->tcp);
}

struct resolver *worker_resolver(struct worker *worker)
{
	return worker->resolver;
}

void worker_add_counts(struct worker *worker, struct counts *counts)
{
	resolver_add_counts(worker->resolver, counts);
	lookups_add_counts(worker->lookups, counts);
	routes_add_counts(worker->routes, counts);
	tcp_front_add_counts(worker->tcp, counts);
	udp_add_counts(worker->loop, counts);
}
