/* The struct of all settings, and its end. */

#include "sixward/config/config.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "sixward/base/entropy.h"
#include "sixward/base/mem.h"

void config_upstreams_clear(struct config_upstreams *upstreams)
{
	for (size_t i = 0; i < upstreams->count; i++)
		free(upstreams->items[i].resolv_conf);
	free(upstreams->items);
	*upstreams = (struct config_upstreams){ 0 };
}

void config_texts_clear(struct config_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		free(texts->items[i]);
	free(texts->items);
	*texts = (struct config_texts){ 0 };
}

bool config_lists(const struct config *config, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < config->listen_count; i++) {
		if (endpoint_equal(&config->listen[i], endpoint))
			return true;
	}
	return false;
}

/* The addresses of this host that need no look to be known for the same. */
static bool is_here(const struct addr *addr)
{
	return addr_is_any(addr) || addr_is_loopback(addr);
}

bool config_listens_on(const struct config *config, const struct endpoint *endpoint)
{
	for (size_t i = 0; i < config->listen_count; i++) {
		const struct endpoint *listen = &config->listen[i];

		if (endpoint_equal(listen, endpoint))
			return true;
		/* A wildcard is every address; asking it is asking loopback. */
		if (listen->port == endpoint->port &&
			listen->addr.family == endpoint->addr.family && is_here(&listen->addr) &&
			is_here(&endpoint->addr) &&
			(addr_is_any(&listen->addr) || addr_is_any(&endpoint->addr)))
			return true;
	}
	return false;
}

struct config *config_new(void)
{
	struct config *config = mem_new(sizeof(*config));
	struct entropy entropy = { 0 };

	config->references = 1;
	entropy_fill(&entropy, config->stamp_key, sizeof(config->stamp_key));
	return config;
}

struct config *config_ref(struct config *config)
{
	atomic_fetch_add(&config->references, 1);
	return config;
}

void config_unref(struct config *config)
{
	if (!config || atomic_fetch_sub(&config->references, 1) > 1)
		return;
	free(config->listen);
	netset_clear(&config->allow);
	config_upstreams_clear(&config->upstreams);
	for (size_t i = 0; i < config->zone_count; i++)
		config_upstreams_clear(&config->zones[i].upstreams);
	free(config->zones);
	nameset_clear(&config->zone_names);
	views_clear(&config->views);
	config_texts_clear(&config->records);
	config_texts_clear(&config->hosts);
	nameset_clear(&config->forward_special);
	free(config->identity);
	free(config->trust_anchors);
	free(config->user);
	free(config);
}
