/* The kinds of values that only one setting has: what stands in lists of mappings. The rules of
 * translation are in config/translation. */

#include "sixward/config/entries.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/base/siphash.h"
#include "sixward/base/text.h"
#include "sixward/config/config.h"
#include "sixward/config/endpoints.h"
#include "sixward/local/records.h"

enum { INDENT = 2, LISTEN_MAX = 256 };

/* An item that is a mapping by `table`, or else a scalar that stands for its first key, whose place
 * is a text at the start of `item`. */
static void read_short_entry(struct reading *reading, const struct setting *table,
	const struct tree *node, const char *accepted, void *item)
{
	if (node->kind == TREE_MAP)
		reading_table(reading, table, node, NULL, item);
	else if (node->kind == TREE_SCALAR && !tree_is_null(node))
		*(char **)item = mem_copy_text(node->text);
	else
		reading_wrong(reading, node, accepted);
}

/* listen */

struct listen_item {
	char *address;
};

static const struct setting listen_table[] = {
	{ .key = "address", .kind = &kind_text, .at = offsetof(struct listen_item, address) },
	{ .key = "tls", .kind = &kind_not_yet, .standard = "null", .is_nullable = true }, { 0 }
};

static void read_listen_item(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct config *config = place;
	struct listen_item item = { 0 };
	struct endpoint endpoint;

	(void)setting;
	read_short_entry(reading, listen_table, node, ENDPOINTS_ACCEPTED, &item);
	if (node->kind == TREE_MAP)
		reading_missing(reading, node, "address");
	if (item.address && endpoints_read(reading, node, item.address, &endpoint)) {
		if (config_lists(config, &endpoint))
			reading_fault_at(
				reading, node, "address", "this endpoint is listed already");
		else if (config->listen_count >= LISTEN_MAX)
			reading_fault(
				reading, node, "there are more than %d endpoints", LISTEN_MAX);
		else
			config->listen[config->listen_count++] = endpoint;
	}
	free(item.address);
}

static void read_listen(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct config *config = place;

	config->listen = mem_new_array(LISTEN_MAX, sizeof(*config->listen));
	reading_entries(reading, setting, node, place, read_listen_item);
	if (node->kind == TREE_LIST && node->count == 0)
		reading_fault(reading, node, "at least one endpoint is needed");
}

static void show_listen(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct config *config = place;
	char text[ENDPOINT_TEXT_MAX];

	(void)setting;
	for (size_t i = 0; i < config->listen_count; i++)
		(void)fprintf(out, "\n%*s- \"%s\"", indent, "",
			endpoint_format(&config->listen[i], text));
}

const struct kind kind_listen = { "a list of endpoints: " ENDPOINTS_ACCEPTED, read_listen,
	show_listen };

/* upstreams */

struct upstream_item {
	char *address;
	char *resolv_conf;
	bool trust_ad;
	bool via_nat64;
};

static const struct setting upstream_table[] = {
	{ .key = "address", .kind = &kind_text, .at = offsetof(struct upstream_item, address) },
	{ .key = "resolv-conf",
		.kind = &kind_text,
		.at = offsetof(struct upstream_item, resolv_conf) },
	{ .key = "trust-ad", .kind = &kind_switch, .at = offsetof(struct upstream_item, trust_ad) },
	{ .key = "tls", .kind = &kind_not_yet, .standard = "null", .is_nullable = true },
	{ .key = "via-nat64",
		.kind = &kind_switch,
		.at = offsetof(struct upstream_item, via_nat64) },
	{ 0 }
};

static void add_upstream(struct reading *reading, const struct tree *node,
	struct config_upstreams *upstreams, const struct config_upstream *item)
{
	if (upstreams->count >= GROUP_SERVERS_MAX) {
		reading_fault(reading, node, "there are more than %d upstreams", GROUP_SERVERS_MAX);
		free(item->resolv_conf);
		return;
	}
	upstreams->items =
		mem_resize_array(upstreams->items, upstreams->count + 1, sizeof(*upstreams->items));
	upstreams->items[upstreams->count++] = *item;
}

/* R4035-4.6-b: what may change on its way cannot be believed. */
static bool may_trust(const struct upstream_item *item, const struct config_upstream *upstream)
{
	return !item->trust_ad ||
	       (!item->resolv_conf && addr_is_loopback(&upstream->server.endpoint.addr));
}

static void check_via_nat64(struct reading *reading, const struct tree *node,
	const struct upstream_item *item, const struct config_upstream *upstream)
{
	const struct addr *addr = &upstream->server.endpoint.addr;

	if (item->resolv_conf || addr->family != ADDR_IPV4)
		reading_wrong_at(reading, node, "via-nat64",
			"false, for only an IPv4 address is reached through NAT64");
	else
		(void)endpoints_check_nat64(reading, node, item->address, addr);
}

static void read_upstream_item(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct config_upstream upstream = { 0 };
	struct upstream_item item = { 0 };

	read_short_entry(reading, upstream_table, node, kind_accepted_item(setting->kind), &item);
	if (node->kind == TREE_MAP &&
		!tree_find(node, "address") == !tree_find(node, "resolv-conf"))
		reading_fault(reading, node, "either \"address\" or \"resolv-conf\" is needed");
	else if (item.resolv_conf || (item.address && endpoints_read(reading, node, item.address,
							      &upstream.server.endpoint))) {
		upstream.server.trust_ad = item.trust_ad;
		if (!may_trust(&item, &upstream))
			reading_wrong_at(reading, node, "trust-ad",
				"false, for only an address of loopback can be believed");
		upstream.via_nat64 = item.via_nat64;
		if (item.via_nat64)
			check_via_nat64(reading, node, &item, &upstream);
		upstream.resolv_conf = mem_copy_text(item.resolv_conf);
		add_upstream(reading, node, place, &upstream);
	}
	free(item.address);
	free(item.resolv_conf);
}

static void show_upstream(const struct config_upstream *item, FILE *out)
{
	char text[ENDPOINT_TEXT_MAX];

	if (item->resolv_conf) {
		(void)fprintf(out, "resolv-conf: ");
		showing_text(item->resolv_conf, out);
		return;
	}
	(void)endpoint_format(&item->server.endpoint, text);
	if (item->server.trust_ad)
		(void)fprintf(out, "{address: \"%s\", trust-ad: true}", text);
	else if (item->via_nat64)
		(void)fprintf(out, "{address: \"%s\", via-nat64: true}", text);
	else
		(void)fprintf(out, "\"%s\"", text);
}

static void show_upstreams(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct config_upstreams *upstreams = place;

	(void)setting;
	if (!upstreams->count)
		(void)fprintf(out, " []");
	for (size_t i = 0; i < upstreams->count; i++) {
		(void)fprintf(out, "\n%*s- ", indent, "");
		show_upstream(&upstreams->items[i], out);
	}
}

/* Same zone and same entries, same scope: what is cached stays good over a reload. */
static uint64_t scope_of(const char *zone, const struct config_upstreams *upstreams)
{
	static const uint8_t key[SIPHASH_KEY_SIZE] = "sixward's scopes";
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	uint64_t scope;

	(void)fprintf(out, "%s", zone);
	show_upstreams(NULL, upstreams, out, 0);
	(void)fclose(out);
	scope = siphash(key, text, size);
	free(text);
	return scope;
}

static void read_upstreams(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct config_upstreams *upstreams = place;

	reading_entries(reading, setting, node, upstreams, read_upstream_item);
	upstreams->scope = scope_of(".", upstreams);
}

const struct kind kind_upstreams = { "a list of endpoints (" ENDPOINTS_ACCEPTED
				     ") or mappings with \"address\" or \"resolv-conf\"",
	read_upstreams, show_upstreams };

/* zones */

struct zone_item {
	char *zone;
	struct config_upstreams upstreams;
	bool dns64;
};

static const struct setting zone_table[] = {
	{ .key = "zone", .kind = &kind_text, .at = offsetof(struct zone_item, zone) },
	{ .key = "upstreams",
		.kind = &kind_upstreams,
		.at = offsetof(struct zone_item, upstreams) },
	{ .key = "dns64", .kind = &kind_switch, .at = offsetof(struct zone_item, dns64) }, { 0 }
};

/* The zone's name into the set of all. False after a complaint. */
static bool add_zone_name(struct reading *reading, const struct tree *node, struct config *config,
	const char *text, struct name *name)
{
	if (!name_parse(text, name)) {
		reading_wrong_at(reading, node, "zone", "a domain name");
		return false;
	}
	if (!nameset_add(&config->zone_names, name->octets, config->zone_count)) {
		reading_fault_at(reading, node, "zone", "this zone is listed already");
		return false;
	}
	name_fold(name);
	return true;
}

static void read_zone_item(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct zone_item item = { .dns64 = true };
	struct config *config = place;
	const struct tree *list = tree_find(node, "upstreams");
	struct config_zone zone = { 0 };
	char text[NAME_TEXT_MAX];

	if (!reading_wants(reading, node, TREE_MAP, kind_accepted_item(setting->kind)))
		return;
	reading_table(reading, zone_table, node, NULL, &item);
	reading_missing(reading, node, "zone");
	reading_missing(reading, node, "upstreams");
	if (list && list->kind == TREE_LIST && list->count == 0)
		reading_fault_at(reading, node, "upstreams", "at least one upstream is needed");
	if (item.zone && add_zone_name(reading, node, config, item.zone, &zone.zone)) {
		zone.dns64 = item.dns64;
		zone.upstreams = item.upstreams;
		zone.upstreams.scope =
			scope_of(name_format(zone.zone.octets, text), &zone.upstreams);
		config->zones[config->zone_count++] = zone;
	} else {
		config_upstreams_clear(&item.upstreams);
	}
	free(item.zone);
}

static void read_zones(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct config *config = place;

	config->zones = mem_new_array(node->count, sizeof(*config->zones));
	reading_entries(reading, setting, node, place, read_zone_item);
}

static void show_zones(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct config *config = place;
	char text[NAME_TEXT_MAX];

	(void)setting;
	if (!config->zone_count)
		(void)fprintf(out, " []");
	for (size_t i = 0; i < config->zone_count; i++) {
		const struct config_zone *zone = &config->zones[i];

		(void)fprintf(out, "\n%*s- zone: ", indent, "");
		showing_text(name_format(zone->zone.octets, text), out);
		(void)fprintf(out, "\n%*sdns64: %s\n%*supstreams:", indent + INDENT, "",
			zone->dns64 ? "true" : "false", indent + INDENT, "");
		show_upstreams(NULL, &zone->upstreams, out, indent + 2 * INDENT);
	}
}

const struct kind kind_zones = { "a list of mappings with \"zone\" and \"upstreams\"", read_zones,
	show_zones };

/* records */

static void read_records(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct records *records = records_new();
	struct config_texts *texts = place;

	kind_texts.read(reading, setting, node, texts);
	for (size_t i = 0; node->kind == TREE_LIST && i < node->count; i++) {
		const struct tree *item = &node->items[i];
		const char *error = NULL;
		char text[TREE_TEXT_MAX];
		size_t length;

		if (faults_are_full(reading->faults))
			break;
		if (item->kind != TREE_SCALAR || tree_is_null(item) || item->text[0] == '\0')
			continue;
		length = reading_enter_item(reading, i);
		if (!records_add(records, item->text, &error))
			reading_fault(reading, item, "found %s: %s; accepted: %s",
				tree_describe(item, text), error,
				kind_accepted_item(setting->kind));
		reading_leave(reading, length);
	}
	records_free(records);
}

static void show_records(const struct setting *setting, const void *place, FILE *out, int indent)
{
	kind_texts.show(setting, place, out, indent);
}

const struct kind kind_records = {
	"a list of records in zone-file syntax, like \"nas.home.arpa. 300 IN A 192.0.2.10\"",
	read_records, show_records
};

/* cookies */

/* A secret is never told. */
static void read_secret(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct cookie_options *cookies = place;

	(void)setting;
	if (cookies->secret_count >= COOKIE_SECRETS_MAX)
		reading_fault(reading, node, "there are more than %d secrets", COOKIE_SECRETS_MAX);
	else if (node->kind != TREE_SCALAR ||
		 !text_to_octets(
			 node->text, cookies->secrets[cookies->secret_count], SIPHASH_KEY_SIZE))
		reading_fault(reading, node, "this is no secret; accepted: 32 hex digits");
	else
		cookies->secret_count++;
}

static void read_secrets(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	reading_entries(reading, setting, node, place, read_secret);
}

static void show_secrets(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct cookie_options *cookies = place;

	(void)setting;
	(void)indent;
	(void)fprintf(out, " [");
	for (size_t i = 0; i < cookies->secret_count; i++) {
		(void)fprintf(out, "%s\"", i ? ", " : "");
		for (size_t k = 0; k < SIPHASH_KEY_SIZE; k++)
			(void)fprintf(out, "%02x", cookies->secrets[i][k]);
		(void)fputc('"', out);
	}
	(void)fputc(']', out);
}

static const struct kind kind_secrets = { "a list of secrets of 32 hex digits", read_secrets,
	show_secrets };

static const struct setting cookies_table[] = { { .key = "secrets", .kind = &kind_secrets },
	{ 0 } };

static void read_cookies(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct cookie_options *cookies = place;

	if (tree_is_false(node) || !reading_wants(reading, node, TREE_MAP, setting->kind->accepted))
		return;
	cookies->enabled = true;
	reading_table(reading, cookies_table, node, NULL, cookies);
}

static void show_cookies(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct cookie_options *cookies = place;

	(void)setting;
	if (cookies->enabled) {
		(void)fputc('\n', out);
		showing_table(cookies_table, cookies, out, indent);
	} else {
		(void)fprintf(out, " false");
	}
}

const struct kind kind_cookies = { "false, or a mapping with \"secrets\"", read_cookies,
	show_cookies };

/* http */

/* A port has to be named: none is everybody's. */
static void read_http(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct endpoint endpoint;

	(void)setting;
	if (node->kind != TREE_SCALAR || !endpoint_parse(node->text, 0, &endpoint) ||
		endpoint.port == 0)
		reading_wrong(reading, node, kind_http.accepted);
	else if (endpoints_read(reading, node, node->text, &endpoint))
		*(struct endpoint *)place = endpoint;
}

static void show_http(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct endpoint *endpoint = place;
	char text[ENDPOINT_TEXT_MAX];

	(void)setting;
	(void)indent;
	if (endpoint->addr.family == ADDR_NONE)
		(void)fprintf(out, " null");
	else
		(void)fprintf(out, " \"%s\"", endpoint_format(endpoint, text));
}

const struct kind kind_http = { "\"[IPV6]:PORT\" or IPV4:PORT", read_http, show_http };

/* workers */

static void read_workers(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	if (node->kind == TREE_SCALAR && strcmp(node->text, "auto") == 0)
		*(uint32_t *)place = 0;
	else
		kind_number.read(reading, setting, node, place);
}

static void show_workers(const struct setting *setting, const void *place, FILE *out, int indent)
{
	if (*(const uint32_t *)place)
		kind_number.show(setting, place, out, indent);
	else
		(void)fprintf(out, " auto");
}

const struct kind kind_workers = { "auto, or a number", read_workers, show_workers };
