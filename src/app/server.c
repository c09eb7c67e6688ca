/* The workers, the config in force, reload, stop in order. What is shared between workers is made
 * and freed here. */

#include "sixward/app/server.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/app/command.h"
#include "sixward/app/lookout.h"
#include "sixward/app/panel.h"
#include "sixward/app/query_log.h"
#include "sixward/app/worker.h"
#include "sixward/base/log.h"
#include "sixward/base/mem.h"
#include "sixward/front/gate.h"
#include "sixward/net/socket.h"
#include "sixward/net/timer.h"
#include "sixward/resolve/hints.h"

enum {
	STOP_MS = 2000, /* product.md: what is in progress may take so long */
	STOP_LOOK_MS = 20,
	LEAVING_MS =
		5000, /* longer than any query in progress keeps an endpoint that is given up */
	BUCKETS_MAX = 16384, /* client networks whose rate is known, of answers and of errors */
	BUCKETS_ERRORS_MAX = 1024
};

/* One worker, its loop and its thread. The first one's loop is the caller's. */
struct lane {
	struct server *server;
	struct loop *loop;
	struct worker *worker;
	struct loop_thread *thread;
	struct timer *timer; /* while stopping */
	uint64_t stop_by_ms;
	_Atomic bool is_asked; /* whether it turns, and has not answered yet */
};

struct server {
	struct loop *loop;
	struct config *config;
	struct cache *cache;
	struct claims *claims;   /* NULL: there is one worker */
	struct rumours *rumours; /* the same */
	struct hints *hints;
	struct shares *shares;
	struct cookies *cookies;
	struct limit *answers;
	struct limit *errors;
	_Atomic uint32_t queries; /* in progress, of all workers */
	struct counts *counts;
	struct lookout *lookout;
	struct recent *recent;
	struct panel *panel; /* NULL: there was no `http` so far */
	const char *path;
	uint64_t started_ms;
	struct config *before; /* the last reload; NULL = there was none */
	uint64_t before_until_ms;
	char *user; /* at the start; NULL = none */
	const struct passed *passed;
	server_applied *applied;
	void *applied_owner;
	struct lane *lanes;
	unsigned lane_count;
	bool is_stopping;
};

/* Policies on their way to every worker, and with a reload the config that they belong to; the last
 * one there frees it. */
struct reload {
	struct server *server;
	struct config *config; /* NULL: the policies alone */
	struct policy **policies;
	size_t policy_count;
	struct cookies *cookies;     /* to be used */
	struct cookies *old_cookies; /* no longer used once all have applied; NULL = none */
	unsigned workers;
	_Atomic unsigned pending;
};

struct delivery {
	struct reload *reload;
	struct lane *lane;
};

/* Where a line per query was asked for. */
static void on_query(void *owner, const struct query_observation *seen)
{
	const struct lane *lane = owner;

	query_log(seen);
	recent_note(lane->server->recent, seen, loop_now_ms(lane->loop));
}

static struct cookies *make_cookies(const struct server *server, const struct config *config)
{
	if (!config->cookies.enabled)
		return NULL;
	return cookies_new(&config->cookies, loop_wall_s(server->loop));
}

static void tell_policies(void *owner);

static size_t on_upstreams_wanted(void *owner, struct endpoint *out, size_t room)
{
	const struct server *server = owner;

	return worker_upstreams(server->lanes[0].worker, out, room);
}

static void on_upstreams(void *owner)
{
	const struct server *server = owner;

	if (server->lookout)
		lookout_note_upstreams(server->lookout);
}

static struct lookout *make_lookout(struct server *server)
{
	struct lookout_options options = { .loop = server->loop,
		.config = server->config,
		.changed = tell_policies,
		.upstreams = on_upstreams_wanted,
		.owner = server };
	struct lookout *lookout = lookout_new(&options);

	lookout_add_counts(lookout, server->counts);
	return lookout;
}

static bool has_http(const struct config *config)
{
	return config->http.addr.family != ADDR_NONE;
}

static bool keeps_names(const struct config *config)
{
	return has_http(config) && config->log_queries;
}

static struct panel *make_panel(const struct server *server, struct config *config)
{
	struct survey_lane *lanes = mem_new_array(server->lane_count, sizeof(*lanes));
	struct panel_options options = { .loop = server->loop,
		.config = config,
		.path = server->path,
		.started_ms = server->started_ms,
		.counts = server->counts,
		.cache = server->cache,
		.recent = server->recent,
		.lookout = server->lookout,
		.lanes = lanes,
		.lane_count = server->lane_count };
	struct panel *panel;

	for (unsigned i = 0; i < server->lane_count; i++)
		lanes[i] = (struct survey_lane){ .loop = server->lanes[i].loop,
			.worker = server->lanes[i].worker };
	panel = panel_new(&options);
	free(lanes);
	return panel;
}

static unsigned count_workers(const struct config *config)
{
	return config->workers ? config->workers : loop_processors();
}

struct server *server_new(struct loop *loop, struct config *config, const struct passed *passed)
{
	struct server *server = mem_new(sizeof(*server));
	struct worker_common common;

	server->loop = loop;
	server->passed = passed;
	server->path = COMMAND_CONFIG_PATH;
	server->started_ms = loop_now_ms(loop);
	server->config = config_ref(config);
	server->user = config->user ? mem_copy_text(config->user) : NULL;
	server->lane_count = count_workers(config);
	server->cache = cache_new(&config->cache);
	server->claims = server->lane_count > 1 ? claims_new() : NULL;
	server->rumours = server->lane_count > 1 ? rumours_new() : NULL;
	server->hints = hints_new();
	server->shares = shares_new(config->tcp_connections_max, config->tcp_per_client_max);
	server->cookies = make_cookies(server, config);
	server->answers = limit_new(config->rate, BUCKETS_MAX);
	server->errors = limit_new(GATE_ERRORS_PER_SECOND, BUCKETS_ERRORS_MAX);
	server->counts = counts_new();
	server->recent = recent_new();
	recent_set(server->recent, keeps_names(config));
	server->lanes = mem_new_array(server->lane_count, sizeof(*server->lanes));
	common = (struct worker_common){ .cache = server->cache,
		.claims = server->claims,
		.rumours = server->rumours,
		.hints = server->hints,
		.shares = server->shares,
		.queries = &server->queries,
		.cookies = server->cookies,
		.answers = server->answers,
		.errors = server->errors,
		.upstreams_changed = on_upstreams,
		.owner = server,
		.passed = passed,
		.is_alone = server->lane_count == 1 };
	log_add_counts(server->counts);
	cache_add_counts(server->cache, server->counts);
	shares_add_counts(server->shares, server->counts);
	for (unsigned i = 0; i < server->lane_count; i++) {
		struct lane *lane = &server->lanes[i];

		lane->server = server;
		lane->loop = i == 0 ? loop : loop_new();
		common.number = i;
		common.is_first = i == 0;
		lane->worker = worker_new(
			lane->loop, config, &common, config->log_queries ? on_query : NULL, lane);
		worker_add_counts(lane->worker, server->counts);
	}
	server->lookout = make_lookout(server);
	return server;
}

void server_set_path(struct server *server, const char *path)
{
	server->path = path;
}

static void log_refusal(const struct endpoint *endpoint, int error)
{
	char text[ENDPOINT_TEXT_MAX];

	log_record(LOG_ERROR, "cannot listen",
		LOG_FIELDS(LOG_TEXT("endpoint", endpoint_format(endpoint, text)),
			LOG_TEXT("reason", socket_error_text(error))));
}

/* Whether a socket of our own is at the endpoint, or in its way: a wildcard takes the port of all
 * addresses of its family. */
static bool is_held(const struct config *held, const struct endpoint *endpoint)
{
	for (size_t i = 0; held && i < held->listen_count; i++) {
		const struct endpoint *other = &held->listen[i];

		if (endpoint_equal(other, endpoint))
			return true;
		if (other->port == endpoint->port && other->addr.family == endpoint->addr.family &&
			(addr_is_any(&other->addr) || addr_is_any(&endpoint->addr)))
			return true;
	}
	return false;
}

/* The same of one that was given up just now, where a query may still be in progress. */
static bool is_leaving(const struct server *server, const struct endpoint *endpoint)
{
	return loop_now_ms(server->loop) < server->before_until_ms &&
	       is_held(server->before, endpoint);
}

/* 0, or the negative errno: one that was passed is ours already. */
static int probe(const struct server *server, const struct endpoint *endpoint)
{
	static const enum socket_kind kinds[] = { SOCKET_UDP, SOCKET_LISTENER };
	int error = 0;

	for (size_t i = 0; i < 2 && error == 0; i++) {
		if (!passed_find(server->passed, kinds[i], endpoint, 0))
			error = socket_probe(kinds[i], endpoint);
	}
	return error;
}

/* Whether another program has one of the endpoints that are not in `held`: SO_REUSEPORT would let
 * this one in beside it without a word. */
static bool are_free(
	const struct server *server, const struct config *config, const struct config *held)
{
	bool all = true;

	for (size_t i = 0; i < config->listen_count; i++) {
		int error;

		if (is_held(held, &config->listen[i]) || is_leaving(server, &config->listen[i]))
			continue;
		error = probe(server, &config->listen[i]);
		if (error < 0) {
			log_refusal(&config->listen[i], error);
			all = false;
		}
	}
	return all;
}

/* Where the config has an endpoint for HTTP, it is open, or nothing has changed. */
static bool open_http(struct server *server, struct config *config)
{
	int error = 0;

	if (!has_http(config))
		return true;
	if (!server->panel)
		server->panel = make_panel(server, config);
	if (panel_listen(server->panel, &config->http, &error))
		return true;
	log_refusal(&config->http, error);
	return false;
}

/* What is shown follows the config. */
static void apply_to_panel(struct server *server)
{
	recent_set(server->recent, keeps_names(server->config));
	if (!server->panel)
		return;
	panel_set_config(server->panel, server->config);
	if (!has_http(server->config))
		panel_close(server->panel);
}

bool server_open(struct server *server)
{
	struct endpoint failed;
	int error = 0;

	if (!are_free(server, server->config, NULL))
		return false;
	for (unsigned i = 0; i < server->lane_count; i++) {
		if (!worker_listen(server->lanes[i].worker, &failed, &error)) {
			log_refusal(&failed, error);
			return false;
		}
	}
	return open_http(server, server->config);
}

static void on_thread(void *owner)
{
	struct lane *lane = owner;

	loop_run(lane->loop);
}

static char *list_listen(const struct config *config)
{
	char text[ENDPOINT_TEXT_MAX];
	char *list = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&list, &size);

	for (size_t i = 0; i < config->listen_count; i++)
		(void)fprintf(out, "%s%s", i ? " " : "", endpoint_format(&config->listen[i], text));
	(void)fclose(out);
	return list;
}

static char *list_upstreams(const struct config *config)
{
	char text[ENDPOINT_TEXT_MAX];
	char *list = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&list, &size);

	for (size_t i = 0; i < config->upstreams.count; i++) {
		const struct config_upstream *item = &config->upstreams.items[i];

		(void)fprintf(out, "%s%s", i ? " " : "",
			item->resolv_conf ? item->resolv_conf
					  : endpoint_format(&item->server.endpoint, text));
	}
	(void)fclose(out);
	return list;
}

/* NULL: none in force. */
static char *list_prefixes(const struct policy *policy)
{
	const struct prefix *prefixes[POLICY_PREFIXES_MAX];
	size_t count = policy_in_force(policy, prefixes);
	char text[NETWORK_TEXT_MAX];
	char *list = NULL;
	size_t size = 0;
	FILE *out;

	if (!count)
		return NULL;
	out = open_memstream(&list, &size);
	for (size_t i = 0; i < count; i++)
		(void)fprintf(
			out, "%s%s", i ? " " : "", network_format(&prefixes[i]->network, text));
	(void)fclose(out);
	return list;
}

/* The three lines: what is served, where queries go, with which prefixes. */
static void log_purpose(const struct config *config, const struct policy *policy, unsigned workers)
{
	char *listen = list_listen(config);
	char *upstreams = list_upstreams(config);
	char *prefixes = list_prefixes(policy);

	log_record(LOG_NOTICE, "serving",
		LOG_FIELDS(LOG_TEXT("listen", listen), LOG_NUMBER("workers", workers)));
	log_record(LOG_NOTICE, "forwarding",
		LOG_FIELDS(
			LOG_TEXT("upstreams", upstreams), LOG_NUMBER("zones", config->zone_count)));
	if (!policy_options(policy)->enabled)
		log_record(LOG_NOTICE, "DNS64 is off", NULL);
	else if (!prefixes)
		log_record(LOG_WARNING, "no prefix is in force: names with IPv4 only get no AAAA",
			NULL);
	else
		log_record(LOG_NOTICE, "synthesizing", LOG_FIELDS(LOG_TEXT("prefixes", prefixes)));
	free(listen);
	free(upstreams);
	free(prefixes);
}

char *server_describe(const struct server *server)
{
	char *listen = list_listen(server->config);
	char *upstreams = list_upstreams(server->config);
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)fprintf(out, "Answering on %s, asking %s", listen, upstreams);
	(void)fclose(out);
	free(listen);
	free(upstreams);
	return text;
}

void server_start(struct server *server)
{
	for (unsigned i = 1; i < server->lane_count; i++)
		server->lanes[i].thread = loop_thread_start(on_thread, &server->lanes[i]);
	log_purpose(server->config, lookout_policies(server->lookout)[0], server->lane_count);
}

static void on_applied(void *owner)
{
	const struct server *server = owner;

	if (server->applied)
		server->applied(server->applied_owner);
}

/* On the thread of the last worker to apply it. */
static void reload_end(struct reload *reload)
{
	if (reload->config) {
		log_purpose(reload->config, reload->policies[0], reload->workers);
		loop_post(reload->server->loop, on_applied, reload->server);
	}
	for (size_t i = 0; i < reload->policy_count; i++)
		policy_unref(reload->policies[i]);
	free(reload->policies);
	cookies_free(reload->old_cookies);
	config_unref(reload->config);
	free(reload);
}

static void apply(struct lane *lane, struct reload *reload)
{
	struct worker *worker = lane->worker;
	struct endpoint failed;
	int error = 0;

	worker_apply(worker, reload->config, reload->policies, reload->cookies);
	worker_set_observer(worker, reload->config->log_queries ? on_query : NULL, lane);
	if (!worker_listen(worker, &failed, &error))
		log_refusal(&failed, error);
}

static void on_delivery(void *owner)
{
	struct delivery *delivery = owner;
	struct reload *reload = delivery->reload;
	struct lane *lane = delivery->lane;

	free(delivery);
	if (reload->config)
		apply(lane, reload);
	else
		worker_set_policies(lane->worker, reload->policies);
	if (atomic_fetch_sub(&reload->pending, 1) == 1)
		reload_end(reload);
}

/* To every worker, with the policies of now. */
static void hand_out(struct server *server, struct reload *reload)
{
	struct policy *const *policies = lookout_policies(server->lookout);

	reload->policy_count = server->config->views.count + 1;
	reload->policies = mem_new_array(reload->policy_count, sizeof(struct policy *));
	for (size_t i = 0; i < reload->policy_count; i++)
		reload->policies[i] = policy_ref(policies[i]);
	reload->server = server;
	reload->workers = server->lane_count;
	reload->pending = server->lane_count;
	for (unsigned i = 0; i < server->lane_count; i++) {
		struct delivery *delivery = mem_new(sizeof(*delivery));

		delivery->reload = reload;
		delivery->lane = &server->lanes[i];
		loop_post(delivery->lane->loop, on_delivery, delivery);
	}
}

/* Other prefixes are known or alive than before. */
static void tell_policies(void *owner)
{
	struct server *server = owner;

	if (!server->is_stopping)
		hand_out(server, mem_new(sizeof(struct reload)));
}

static bool is_same_cookies(const struct cookie_options *a, const struct cookie_options *b)
{
	return a->enabled == b->enabled && a->secret_count == b->secret_count &&
	       memcmp(a->secrets, b->secrets, sizeof(a->secrets)) == 0;
}

static bool has_other_workers(const struct server *server, const struct config *config)
{
	return count_workers(config) != server->lane_count;
}

static bool has_other_user(const struct server *server, const struct config *config)
{
	if (!config->user || !server->user)
		return config->user != server->user;
	return strcmp(config->user, server->user) != 0;
}

/* Settings that a reload cannot change, for they are about threads that run and rights that are
 * gone; sixward.yaml(5) lists them. */
static const struct fixed {
	const char *key;
	bool (*differs)(const struct server *server, const struct config *config);
} fixed_settings[] = {
	{ "workers", has_other_workers },
	{ "user", has_other_user },
};

static void warn_of_fixed(const struct server *server, const struct config *config)
{
	for (size_t i = 0; i < sizeof(fixed_settings) / sizeof(fixed_settings[0]); i++) {
		if (fixed_settings[i].differs(server, config))
			log_record(LOG_WARNING, "a setting changes at the next start only",
				LOG_FIELDS(LOG_TEXT("key", fixed_settings[i].key)));
	}
}

bool server_reload(struct server *server, struct config *config)
{
	struct reload *reload;

	if (server->is_stopping)
		return true;
	if (!are_free(server, config, server->config) || !open_http(server, config))
		return false;
	reload = mem_new(sizeof(*reload));
	reload->config = config_ref(config);
	if (!is_same_cookies(&config->cookies, &server->config->cookies)) {
		reload->old_cookies = server->cookies;
		server->cookies = make_cookies(server, config);
	}
	reload->cookies = server->cookies;
	warn_of_fixed(server, config);

	config_unref(server->before);
	server->before = server->config;
	server->before_until_ms = loop_now_ms(server->loop) + LEAVING_MS;
	server->config = config_ref(config);
	log_set(config->log_level, config->log_format);
	cache_set_options(server->cache, &config->cache);
	shares_set_limits(server->shares, config->tcp_connections_max, config->tcp_per_client_max);
	limit_set_rate(server->answers, config->rate);
	lookout_apply(server->lookout, config);
	apply_to_panel(server);
	hand_out(server, reload);
	return true;
}

void server_on_applied(struct server *server, server_applied *applied, void *owner)
{
	server->applied = applied;
	server->applied_owner = owner;
}

static void on_asked(void *owner)
{
	struct lane *lane = owner;

	atomic_store(&lane->is_asked, false);
}

/* The first worker's loop turns, or this would not run. */
bool server_is_turning(struct server *server)
{
	bool all = true;

	for (unsigned i = 1; i < server->lane_count; i++) {
		struct lane *lane = &server->lanes[i];

		if (atomic_exchange(&lane->is_asked, true)) {
			log_error("a worker does not go on", LOG_FIELDS(LOG_NUMBER("worker", i)));
			all = false;
		} else {
			loop_post(lane->loop, on_asked, lane);
		}
	}
	return all;
}

/* A query of one worker may wait for what another has asked: all go on until the last has ended. */
static void on_stop_look(void *owner)
{
	struct lane *lane = owner;

	if (lane->server->queries == 0 || loop_now_ms(lane->loop) >= lane->stop_by_ms)
		loop_stop(lane->loop);
	else
		timer_start(lane->timer, STOP_LOOK_MS);
}

static void on_stop(void *owner)
{
	struct lane *lane = owner;

	worker_quiesce(lane->worker);
	lane->stop_by_ms = loop_now_ms(lane->loop) + STOP_MS;
	lane->timer = timer_new(lane->loop, on_stop_look, lane);
	timer_start(lane->timer, STOP_LOOK_MS);
}

void server_stop(struct server *server)
{
	if (server->is_stopping)
		return;
	server->is_stopping = true;
	if (server->panel)
		panel_close(server->panel);
	for (unsigned i = 0; i < server->lane_count; i++)
		loop_post(server->lanes[i].loop, on_stop, &server->lanes[i]);
}

static void on_count(
	void *owner, const char *name, const char *label, const char *help, uint64_t value)
{
	char text[128];
	size_t at = 0;

	(void)owner;
	(void)help;
	(void)snprintf(text, sizeof(text), "%s%s%s%s", name, label ? "{" : "", label ? label : "",
		label ? "}" : "");
	/* In a line of the log, quotes would only be escaped. */
	for (size_t i = 0; text[i] != '\0'; i++) {
		if (text[i] != '"')
			text[at++] = text[i];
	}
	text[at] = '\0';
	log_record(LOG_NOTICE, "count",
		LOG_FIELDS(LOG_TEXT("name", text), LOG_NUMBER("value", value)));
}

void server_log_counts(struct server *server)
{
	counts_each(server->counts, on_count, NULL);
	if (server->panel)
		panel_each_count(server->panel, on_count, NULL);
}

void server_free(struct server *server)
{
	if (!server)
		return;
	for (unsigned i = 0; i < server->lane_count; i++) {
		if (server->lanes[i].thread)
			loop_thread_join(server->lanes[i].thread);
	}
	panel_free(server->panel);
	lookout_free(server->lookout);
	for (unsigned i = 0; i < server->lane_count; i++) {
		struct lane *lane = &server->lanes[i];

		timer_free(lane->timer);
		worker_free(lane->worker);
		if (i > 0)
			loop_free(lane->loop);
	}
	free(server->lanes);
	counts_free(server->counts);
	recent_free(server->recent);
	cookies_free(server->cookies);
	limit_free(server->answers);
	limit_free(server->errors);
	shares_free(server->shares);
	claims_free(server->claims);
	rumours_free(server->rumours);
	hints_free(server->hints);
	cache_free(server->cache);
	config_unref(server->before);
	config_unref(server->config);
	free(server->user);
	free(server);
}
