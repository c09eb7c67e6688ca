/* What no single key can know: rules across keys. */

#include "sixward/config/check.h"

#include <stdbool.h>

/* The place of a top key, for complaints; a default has none. */
static struct tree place_of(const struct tree *file, const char *key)
{
	const struct tree *found = tree_find(file, key);

	return found ? (struct tree){ .line = found->line, .column = found->column }
		     : (struct tree){ 0 };
}

/* The place of item `index` of a list. */
static struct tree place_of_item(const struct tree *list, size_t index)
{
	if (!list || list->kind != TREE_LIST || index >= list->count)
		return (struct tree){ 0 };
	return (struct tree){ .line = list->items[index].line,
		.column = list->items[index].column };
}

/* UPS-d: what is sent to ourselves comes back for ever. */
static void check_loop(const struct config *config, const struct config_upstreams *upstreams,
	const struct tree *list, const char *path, struct faults *faults)
{
	for (size_t i = 0; i < upstreams->count; i++) {
		const struct config_upstream *item = &upstreams->items[i];
		struct tree place = place_of_item(list, i);
		char text[ENDPOINT_TEXT_MAX];

		if (item->resolv_conf || !config_listens_on(config, &item->server.endpoint))
			continue;
		faults_add(faults, false, place.line, place.column, path,
			"%s is one of this server's own `listen` endpoints: a loop",
			endpoint_format(&item->server.endpoint, text));
	}
}

static void check_loops(const struct config *config, const struct tree *file, struct faults *faults)
{
	const struct tree *zones = tree_find(file, "zones");

	check_loop(config, &config->upstreams, tree_find(file, "upstreams"), "upstreams", faults);
	for (size_t i = 0; i < config->zone_count; i++) {
		const struct tree *zone = zones && i < zones->count ? &zones->items[i] : NULL;

		check_loop(config, &config->zones[i].upstreams, tree_find(zone, "upstreams"),
			"zones.upstreams", faults);
	}
}

/* A server that listens to the world and refuses it: not an error, but seldom meant. */
static void check_allow(const struct config *config, const struct tree *file, struct faults *faults)
{
	struct tree place = place_of(file, "listen");
	bool listens_beyond = false;

	for (size_t i = 0; i < config->listen_count; i++)
		listens_beyond = listens_beyond || !addr_is_loopback(&config->listen[i].addr);
	if (!listens_beyond)
		return;
	for (size_t i = 0; i < config->allow.count; i++) {
		if (!addr_is_loopback(&config->allow.networks[i].addr))
			return;
	}
	faults_add(faults, true, place.line, place.column, "listen",
		"`listen` goes beyond loopback, but `allow` lets only loopback ask");
}

static void check_ttls(const struct config *config, const struct tree *file, struct faults *faults)
{
	struct tree place = place_of(file, "cache");

	if (config->rules.ttl_min > config->rules.ttl_max)
		faults_add(faults, false, place.line, place.column, "cache.min-ttl",
			"is above max-ttl");
}

static void check_upstreams(
	const struct config *config, const struct tree *file, struct faults *faults)
{
	struct tree place = place_of(file, "upstreams");

	if (!config->upstreams.count)
		faults_add(faults, true, place.line, place.column, "upstreams",
			"is empty: only local names will be answered");
}

void check_config(const struct config *config, const struct tree *file, struct faults *faults)
{
	check_loops(config, file, faults);
	check_allow(config, file, faults);
	check_ttls(config, file, faults);
	check_upstreams(config, file, faults);
}
