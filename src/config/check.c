/* What no single key can know: rules across keys. They are asked of the tree where the place
 * matters, so that they hold beside other errors of the file too. */

#include "sixward/config/check.h"

#include <stdbool.h>
#include <stdio.h>

/* The file's node of a key, else that of the defaults. */
static const struct tree *find(const struct check *check, const char *key)
{
	const struct tree *found = tree_find(check->file, key);

	return found ? found : tree_find(check->defaults, key);
}

/* UPS-d: what is sent to ourselves comes back for ever. */
static void check_loop(const struct check *check, const struct tree *item, const char *path)
{
	const struct tree *address = item->kind == TREE_MAP ? tree_find(item, "address") : item;
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

static void check_list(const struct check *check, const struct tree *list, const char *path)
{
	for (size_t i = 0; list && list->kind == TREE_LIST && i < list->count; i++) {
		char item_path[64];

		(void)snprintf(item_path, sizeof(item_path), "%s[%zu]", path, i);
		check_loop(check, &list->items[i], item_path);
	}
}

static void check_loops(const struct check *check)
{
	const struct tree *zones = find(check, "zones");

	check_list(check, find(check, "upstreams"), "upstreams");
	for (size_t i = 0; zones->kind == TREE_LIST && i < zones->count; i++) {
		char path[48];

		(void)snprintf(path, sizeof(path), "zones[%zu].upstreams", i);
		check_list(check, tree_find(&zones->items[i], "upstreams"), path);
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

static void warn_of_upstreams(const struct check *check)
{
	const struct tree *upstreams = find(check, "upstreams");

	if (!check->config->upstreams.count)
		faults_add(check->faults, true, upstreams->line, upstreams->column, "upstreams",
			"is empty: only local names will be answered");
}

void check_config(const struct check *check)
{
	check_loops(check);
	check_ttls(check);
	if (check->faults->errors)
		return;
	warn_of_allow(check);
	warn_of_upstreams(check);
}
