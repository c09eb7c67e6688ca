#ifndef SIXWARD_CONFIG_CONFIG_H
#define SIXWARD_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/log.h"
#include "sixward/base/netset.h"
#include "sixward/dns/nameset.h"
#include "sixward/front/cookie.h"
#include "sixward/resolve/cache.h"
#include "sixward/resolve/view.h"
#include "sixward/upstream/routes.h"

/* Every setting in one immutable, counted struct, made by config/load from the tables of
 * config/schema. Zero is a good empty value for everything in it. */

enum { CONFIG_DNS_PORT = 53 }; /* of an endpoint without one */

/* One entry of `upstreams`: a server, or a resolv.conf whose servers stand in its place. */
struct config_upstream {
	struct server_options server; /* unless resolv_conf is set */
	char *resolv_conf;            /* path; NULL = a server */
	bool via_nat64; /* an IPv4 server, reached through the prefixes in force of the top */
};

struct config_upstreams {
	struct config_upstream *items;
	size_t count;
	uint64_t scope; /* from the zone and the entries as written: same settings, same scope */
};

struct config_zone {
	struct name zone;
	bool dns64;
	struct config_upstreams upstreams;
};

struct config_texts {
	char **items;
	size_t count;
};

struct config {
	_Atomic unsigned references;
	uint8_t stamp_key[SIPHASH_KEY_SIZE]; /* drawn at random, so that what was made under another
						config is told apart (D64-5.4-f) */

	struct endpoint *listen;
	size_t listen_count;
	struct netset allow;

	struct config_upstreams upstreams;
	enum group_order order;
	struct config_zone *zones;
	size_t zone_count;
	struct nameset zone_names;

	struct views views; /* the top's policy is the fallback */

	struct config_texts records; /* zone-file syntax, already checked */
	struct config_texts hosts;   /* paths */
	struct nameset forward_special;
	char *identity; /* NULL = refused */
	struct cookie_options cookies;

	struct cache_options cache;
	struct message_rules rules; /* TTL caps and links; trust_ad is each server's own */

	uint32_t queries_max;         /* LIM-07 */
	uint32_t tcp_connections_max; /* LIM-09 */
	uint32_t tcp_per_client_max;
	uint64_t tcp_idle_ms; /* LIM-10 */
	uint32_t rate;        /* ACL-b; 0 = no limit */

	struct endpoint http; /* ADDR_NONE = none */
	enum log_level log_level;
	enum log_format log_format;
	bool log_queries;
	char *trust_anchors; /* a path; not read before validation is there */
	uint32_t workers;    /* 0 = auto */
	char *user;          /* NULL = stay who we are */
};

/* Whether a query sent there would come back to us: one of the `listen` endpoints, a wildcard one
 * standing for every loopback address. */
bool config_listens_on(const struct config *config, const struct endpoint *endpoint);

/* Whether the endpoint is one of `listen`, to the letter. */
bool config_lists(const struct config *config, const struct endpoint *endpoint);

void config_upstreams_clear(struct config_upstreams *upstreams);
void config_texts_clear(struct config_texts *texts);

/* Zeroed, with one reference and a key; filled in by schema_read alone. */
struct config *config_new(void);
struct config *config_ref(struct config *config);
void config_unref(struct config *config); /* NULL is fine; frees what it holds with the last */

#endif
