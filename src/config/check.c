/* What no single key can know: rules across keys. They are asked of the tree where the place
 * matters, so that they hold beside other errors of the file too. */

#include "sixward/config/check.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "sixward/watch/http.h"

enum { PATH_TEXT_MAX = 128, TEXT_MAX = 256 };

/* The file's node of a key, else that of the defaults. */
static const struct tree *find(const struct check *check, const char *key)
{
	const struct tree *found = tree_find(check->file, key);

	return found ? found : tree_find(check->defaults, key);
}

static size_t count_items(const struct tree *list)
{
	return list && list->kind == TREE_LIST ? list->count : 0;
}

/* A way over the entries of all lists of one kind: the top's, and then those that stand in zones or
 * views. What is looked for in large mappings is looked for once. */
struct walk {
	const char *outer; /* the key that the lists' own stands below; NULL = none */
	const char *key;
	const char *others_key;    /* "zones" or "views" */
	const struct tree *others; /* these */
	const struct tree *list;   /* the one at hand; NULL = it is not written there */
	size_t number; /* of that list: 0 = the top's, else the zone's or view's plus 1 */
	size_t next;
	/* The entry at hand: */
	const struct tree *node;
	size_t item;
	char path[PATH_TEXT_MAX];
};

static const struct tree *find_below(const struct walk *walk, const struct tree *tree)
{
	return tree_find(walk->outer ? tree_find(tree, walk->outer) : tree, walk->key);
}

static struct walk start(
	const struct check *check, const char *outer, const char *key, const char *others_key)
{
	struct walk walk = { .outer = outer, .key = key, .others_key = others_key };

	walk.others = find(check, others_key);
	walk.list = find_below(&walk, check->file);
	if (!walk.list)
		walk.list = find_below(&walk, check->defaults);
	return walk;
}

static struct walk walk_upstreams(const struct check *check)
{
	return start(check, NULL, "upstreams", "zones");
}

static struct walk walk_prefixes(const struct check *check)
{
	return start(check, "dns64", "prefixes", "views");
}

static void write_path(struct walk *walk)
{
	char others[PATH_TEXT_MAX / 2] = "";

	if (walk->number)
		(void)snprintf(
			others, sizeof(others), "%s[%zu].", walk->others_key, walk->number - 1);
	(void)snprintf(walk->path, sizeof(walk->path), "%s%s%s%s[%zu]", others,
		walk->outer ? walk->outer : "", walk->outer ? "." : "", walk->key, walk->item);
}

/* To the next entry. False: there is none. */
static bool walk_on(struct walk *walk)
{
	while (walk->next >= count_items(walk->list)) {
		if (walk->number >= count_items(walk->others))
			return false;
		walk->list = find_below(walk, &walk->others->items[walk->number++]);
		walk->next = 0;
	}
	walk->item = walk->next++;
	walk->node = &walk->list->items[walk->item];
	write_path(walk);
	return true;
}

/* At the value of the entry's key; NULL = at the entry. */
static void __attribute__((format(printf, 5, 6))) complain(const struct check *check,
	bool is_warning, const struct walk *at, const char *key, const char *format, ...)
{
	const struct tree *node = key ? tree_find(at->node, key) : at->node;
	char path[PATH_TEXT_MAX + TREE_TEXT_MAX];
	char text[TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	(void)snprintf(path, sizeof(path), "%s%s%.64s", at->path, key ? "." : "", key ? key : "");
	faults_add(check->faults, is_warning, node->line, node->column, path, "%s", text);
}

/* UPS-d: what is sent to ourselves comes back for ever. */
static void check_loop(const struct check *check, const struct tree *address, const char *path)
{
	struct endpoint endpoint;

	if (!address || address->kind != TREE_SCALAR ||
		!endpoint_parse(address->text, CONFIG_DNS_PORT, &endpoint) ||
		!config_listens_on(check->config, &endpoint))
		return;
	faults_add(check->faults, false, address->line, address->column, path,
		"found \"%s\", which is one of this server's own `listen` endpoints: a loop; "
		"accepted: other servers",
		address->text);
}

static bool is_via_nat64(const struct tree *item)
{
	const struct tree *via = tree_find(item, "via-nat64");

	return via && tree_is_true(via);
}

static void check_upstreams(const struct check *check)
{
	bool is_off = tree_is_false(find(check, "dns64"));
	struct walk at = walk_upstreams(check);

	while (walk_on(&at)) {
		bool is_map = at.node->kind == TREE_MAP;

		check_loop(check, is_map ? tree_find(at.node, "address") : at.node, at.path);
		if (is_off && is_via_nat64(at.node))
			complain(check, false, &at, "via-nat64",
				"found \"true\", but `dns64` is false: there is no prefix to reach "
				"it through");
	}
}

/* Whether some of `upstreams` may be asked while no prefix is known. */
static bool has_direct_upstream(const struct check *check)
{
	const struct tree *list = find(check, "upstreams");

	for (size_t i = 0; i < count_items(list); i++) {
		if (!is_via_nat64(&list->items[i]))
			return true;
	}
	return !list || list->kind != TREE_LIST; /* complained of already */
}

static void check_sources(const struct check *check)
{
	bool has_direct = has_direct_upstream(check);
	struct walk at = walk_prefixes(check);

	while (walk_on(&at)) {
		const struct tree *learn = tree_find(at.node, "learn-from");

		if (learn && learn->kind == TREE_SCALAR && !has_direct &&
			strcmp(learn->text, "upstreams") == 0)
			complain(check, false, &at, "learn-from",
				"found \"upstreams\", but none of `upstreams` is reached without "
				"a prefix: nothing would ever be learned; accepted: other sources");
		for (size_t i = 0; i < count_items(learn); i++) {
			char path[PATH_TEXT_MAX + TREE_TEXT_MAX];

			(void)snprintf(path, sizeof(path), "%s.learn-from[%zu]", at.path, i);
			check_loop(check, &learn->items[i], path);
		}
	}
}

static void check_ttls(const struct check *check)
{
	const struct message_rules *rules = &check->config->rules;
	const struct tree *least = tree_find(tree_find(check->file, "cache"), "min-ttl");

	/* 0: the other one was not understood. */
	if (!least || !rules->ttl_max || rules->ttl_min <= rules->ttl_max)
		return;
	faults_add(check->faults, false, least->line, least->column, "cache.min-ttl",
		"found %us; accepted: at most cache.max-ttl, which is %us", rules->ttl_min,
		rules->ttl_max);
}

/* One socket takes the port of an address, or of all. */
static bool collide(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && a->addr.family == b->addr.family &&
	       (addr_equal(&a->addr, &b->addr) || addr_is_any(&a->addr) || addr_is_any(&b->addr));
}

static void check_http(const struct check *check)
{
	const struct config *config = check->config;
	const struct tree *http = find(check, "http");
	char text[ENDPOINT_TEXT_MAX];

	if (config->http.addr.family == ADDR_NONE)
		return;
	if (!http_is_built())
		faults_add(check->faults, false, http->line, http->column, "http",
			"this program was built without the library for it (libmicrohttpd); "
			"accepted: null");
	for (size_t i = 0; i < config->listen_count; i++) {
		if (collide(&config->http, &config->listen[i]))
			faults_add(check->faults, false, http->line, http->column, "http",
				"its port is taken by %s, of `listen`; accepted: another one",
				endpoint_format(&config->listen[i], text));
	}
}

/* A server that listens to the world and refuses it: not an error, but seldom meant. */
static void warn_of_allow(const struct check *check)
{
	const struct config *config = check->config;
	const struct tree *listen = find(check, "listen");
	bool listens_beyond = false;

	for (size_t i = 0; i < config->listen_count; i++)
		listens_beyond = listens_beyond || !addr_is_loopback(&config->listen[i].addr);
	for (size_t i = 0; i < config->allow.count; i++) {
		if (!addr_is_loopback(&config->allow.networks[i].addr))
			return;
	}
	if (listens_beyond)
		faults_add(check->faults, true, listen->line, listen->column, "listen",
			"`listen` goes beyond loopback, but `allow` lets only loopback ask");
}

static void warn_of_http(const struct check *check)
{
	const struct endpoint *endpoint = &check->config->http;
	const struct tree *http = find(check, "http");

	if (endpoint->addr.family != ADDR_NONE && !addr_is_loopback(&endpoint->addr))
		faults_add(check->faults, true, http->line, http->column, "http",
			"goes beyond loopback: whoever can reach it can read what it shows");
}

static void warn_of_upstreams(const struct check *check)
{
	const struct tree *upstreams = find(check, "upstreams");

	if (!check->config->upstreams.count)
		faults_add(check->faults, true, upstreams->line, upstreams->column, "upstreams",
			"is empty: only local names will be answered");
}

/* What the list of prefixes at hand belongs to. Good where there is no error. */
static const struct policy_options *options_of(const struct check *check, const struct walk *at)
{
	const struct views *views = &check->config->views;

	return policy_options(
		at->number == 0 ? views->fallback : views->items[at->number - 1].policy);
}

static bool asks_beyond(const struct config_upstreams *upstreams)
{
	for (size_t i = 0; i < upstreams->count; i++) {
		const struct config_upstream *item = &upstreams->items[i];

		if (item->resolv_conf ||
			(!item->via_nat64 && !addr_is_loopback(&item->server.endpoint.addr)))
			return true;
	}
	return false;
}

/* Whether what is learned there passes a network in the clear. */
static bool can_be_forged(const struct check *check, const struct learn_source *learn)
{
	for (size_t i = 0; i < learn->server_count; i++) {
		if (!addr_is_loopback(&learn->servers[i].addr))
			return true;
	}
	return learn->kind == LEARN_UPSTREAMS && asks_beyond(&check->config->upstreams);
}

/* R7050-3.1-a: once, at the first. */
static void warn_of_forgery(const struct check *check)
{
	struct walk at = walk_prefixes(check);

	while (walk_on(&at)) {
		if (!can_be_forged(check, &options_of(check, &at)->prefixes[at.item].learn))
			continue;
		complain(check, true, &at, "learn-from",
			"asks over plain DNS beyond this host: whoever can forge an answer can "
			"steer the traffic to IPv4");
		return;
	}
}

/* Of a learned prefix only its ranges are known. */
static bool has_target(const struct policy_prefix *prefix, const struct policy_check *check)
{
	for (size_t i = 0; i < check->target_count; i++) {
		const struct addr *target = &check->targets[i].addr;

		if ((!prefix->ipv4.count || netset_contains(&prefix->ipv4, target)) &&
			!prefix_refuses(&prefix->prefix, target->octets))
			return true;
	}
	return false;
}

static void warn_of_unchecked(const struct check *check)
{
	struct walk at = walk_prefixes(check);

	while (walk_on(&at)) {
		const struct policy_options *options = options_of(check, &at);
		const struct policy_prefix *prefix = &options->prefixes[at.item];

		if (options->check.is_on && !prefix->drain && !has_target(prefix, &options->check))
			complain(check, true, &at, NULL,
				"leads to none of dns64.check.targets: it cannot be checked, and "
				"is always used");
	}
}

/* Why no prefix leads there; NULL = one does, or may once it is learned. */
static const char *why_unreached(const struct policy *policy, const struct addr *ipv4)
{
	const struct policy_options *options = policy_options(policy);
	const struct prefix *prefixes[POLICY_PREFIXES_MAX];
	const char *why = NULL;

	for (size_t i = 0; i < options->prefix_count; i++) {
		const struct policy_prefix *prefix = &options->prefixes[i];

		if (prefix->learn.kind != LEARN_NOT && !prefix->drain &&
			(!prefix->ipv4.count || netset_contains(&prefix->ipv4, ipv4)))
			return NULL;
	}
	(void)policy_prefixes_for(policy, ipv4->octets, prefixes, &why);
	return why;
}

static void warn_of_unreached(const struct check *check)
{
	const struct config *config = check->config;
	struct walk at = walk_upstreams(check);

	while (walk_on(&at)) {
		const struct config_upstreams *upstreams =
			at.number == 0 ? &config->upstreams
				       : &config->zones[at.number - 1].upstreams;
		const struct config_upstream *item = &upstreams->items[at.item];
		const char *why = NULL;

		if (item->via_nat64)
			why = why_unreached(config->views.fallback, &item->server.endpoint.addr);
		if (why)
			complain(check, true, &at, "via-nat64", "cannot be reached: %s", why);
	}
}

void check_config(const struct check *check)
{
	check_upstreams(check);
	check_sources(check);
	check_ttls(check);
	check_http(check);
	if (check->faults->errors)
		return;
	warn_of_allow(check);
	warn_of_http(check);
	warn_of_upstreams(check);
	warn_of_forgery(check);
	warn_of_unchecked(check);
	warn_of_unreached(check);
}
