/* The kinds of values that only one setting has: what stands in a list of mappings, and where a
 * mapping may be `false`. */

#include "sixward/config/entries.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/base/siphash.h"
#include "sixward/base/text.h"
#include "sixward/config/config.h"
#include "sixward/local/records.h"

enum { DNS_PORT = 53, INDENT = 2, WORKERS_MAX = 256, RECORD_TTL = 3600 };

#define ENDPOINT_ACCEPTED "ADDRESS, \"[IPV6]:PORT\" or IPV4:PORT"

/* False after a complaint. */
static bool read_endpoint(struct reading *reading, const struct tree *node, const char *text,
	struct endpoint *endpoint)
{
	if (endpoint_parse(text, DNS_PORT, endpoint))
		return true;
	reading_wrong(reading, node, ENDPOINT_ACCEPTED);
	return false;
}

/* An item that may be a scalar, or a mapping in which the same stands under `key`; the scalar's
 * node, or NULL with a complaint. */
static const struct tree *scalar_of(
	struct reading *reading, const struct tree *node, const char *key, const char *accepted)
{
	const struct tree *found = node->kind == TREE_MAP ? tree_find(node, key) : node;

	if (!found) {
		reading_fault(reading, node, "the key \"%s\" is missing", key);
		return NULL;
	}
	if (found->kind != TREE_SCALAR || tree_is_null(found)) {
		reading_wrong(reading, found, accepted);
		return NULL;
	}
	return found;
}

/* The items of a list, one by one; each is told its place. */
typedef void read_entry(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place);

static void read_entries(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place, read_entry *entry)
{
	if (!reading_wants(reading, node, TREE_LIST, setting->kind->accepted))
		return;
	for (size_t i = 0; i < node->count; i++) {
		size_t length = reading_enter_item(reading, i);

		entry(reading, setting, &node->items[i], place);
		reading_leave(reading, length);
	}
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
	const struct tree *address = scalar_of(reading, node, "address", setting->kind->accepted);
	struct listen_item item = { 0 };
	struct config *config = place;
	struct endpoint endpoint;

	if (node->kind == TREE_MAP)
		reading_table(reading, listen_table, node, NULL, &item);
	free(item.address);
	if (!address || !read_endpoint(reading, address, address->text, &endpoint))
		return;
	if (config_lists(config, &endpoint)) {
		reading_fault(reading, address, "this endpoint is listed already");
		return;
	}
	if (addr_is_link_local(&endpoint.addr) && endpoint.addr.family == ADDR_IPV6 &&
		!endpoint.addr.zone) {
		reading_fault(reading, address,
			"a link-local address needs its interface, like fe80::1%%eth0");
		return;
	}
	config->listen =
		mem_resize_array(config->listen, config->listen_count + 1, sizeof(*config->listen));
	config->listen[config->listen_count++] = endpoint;
}

static void read_listen(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	read_entries(reading, setting, node, place, read_listen_item);
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

const struct kind kind_listen = { "a list of endpoints: " ENDPOINT_ACCEPTED, read_listen,
	show_listen };

/* upstreams */

struct upstream_item {
	char *address;
	char *resolv_conf;
	bool trust_ad;
};

static const struct setting upstream_table[] = {
	{ .key = "address", .kind = &kind_text, .at = offsetof(struct upstream_item, address) },
	{ .key = "resolv-conf",
		.kind = &kind_text,
		.at = offsetof(struct upstream_item, resolv_conf) },
	{ .key = "trust-ad", .kind = &kind_switch, .at = offsetof(struct upstream_item, trust_ad) },
	{ .key = "tls", .kind = &kind_not_yet, .standard = "null", .is_nullable = true },
	{ .key = "via-nat64", .kind = &kind_not_yet, .standard = "false" }, { 0 }
};

static void add_upstream(struct reading *reading, const struct tree *node,
	struct config_upstreams *upstreams, struct config_upstream *item)
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

static void read_upstream_mapping(
	struct reading *reading, const struct tree *node, struct config_upstreams *upstreams)
{
	struct config_upstream upstream = { 0 };
	struct upstream_item item = { 0 };

	reading_table(reading, upstream_table, node, NULL, &item);
	if (!item.address == !item.resolv_conf) {
		reading_fault(reading, node, "either \"address\" or \"resolv-conf\" is needed");
	} else if (item.resolv_conf && item.trust_ad) {
		reading_fault(reading, tree_find(node, "trust-ad"),
			"needs an address of loopback, which a resolv-conf cannot promise");
	} else if (item.resolv_conf) {
		upstream.resolv_conf = item.resolv_conf;
		item.resolv_conf = NULL;
		add_upstream(reading, node, upstreams, &upstream);
	} else if (read_endpoint(reading, tree_find(node, "address"), item.address,
			   &upstream.server.endpoint)) {
		upstream.server.trust_ad = item.trust_ad;
		if (item.trust_ad && !addr_is_loopback(&upstream.server.endpoint.addr))
			reading_fault(reading, tree_find(node, "trust-ad"),
				"only an upstream on loopback can be believed without TLS");
		add_upstream(reading, node, upstreams, &upstream);
	}
	free(item.address);
	free(item.resolv_conf);
}

static void read_upstream_item(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct config_upstreams *upstreams = place;
	struct config_upstream upstream = { 0 };

	if (node->kind == TREE_MAP) {
		read_upstream_mapping(reading, node, upstreams);
		return;
	}
	if (node->kind != TREE_SCALAR || tree_is_null(node)) {
		reading_wrong(reading, node, setting->kind->accepted);
		return;
	}
	if (read_endpoint(reading, node, node->text, &upstream.server.endpoint))
		add_upstream(reading, node, upstreams, &upstream);
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

	read_entries(reading, setting, node, upstreams, read_upstream_item);
	upstreams->scope = scope_of(".", upstreams);
}

const struct kind kind_upstreams = { "a list of endpoints (" ENDPOINT_ACCEPTED
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

static void read_zone_item(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct zone_item item = { .dns64 = true };
	struct config *config = place;
	struct config_zone zone;
	char text[NAME_TEXT_MAX];

	if (!reading_wants(reading, node, TREE_MAP, setting->kind->accepted))
		return;
	reading_table(reading, zone_table, node, NULL, &item);
	zone = (struct config_zone){ .upstreams = item.upstreams, .dns64 = item.dns64 };
	if (!item.zone) {
		reading_fault(reading, node, "the key \"zone\" is missing");
	} else if (!name_parse(item.zone, &zone.zone)) {
		reading_wrong(reading, tree_find(node, "zone"), "a domain name");
	} else if (!nameset_add(&config->zone_names, zone.zone.octets, config->zone_count)) {
		reading_fault(reading, tree_find(node, "zone"), "this zone is listed already");
	} else {
		name_fold(&zone.zone);
		zone.upstreams.scope =
			scope_of(name_format(zone.zone.octets, text), &zone.upstreams);
		config->zones = mem_resize_array(
			config->zones, config->zone_count + 1, sizeof(*config->zones));
		config->zones[config->zone_count++] = zone;
		zone.upstreams = (struct config_upstreams){ 0 };
	}
	if (!item.upstreams.count)
		reading_fault(reading, node, "at least one upstream is needed");
	config_upstreams_clear(&zone.upstreams);
	free(item.zone);
}

static void read_zones(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	read_entries(reading, setting, node, place, read_zone_item);
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
	struct config *config = place;

	kind_texts.read(reading, setting, node, &config->records);
	for (size_t i = 0; node->kind == TREE_LIST && i < node->count; i++) {
		const char *error = NULL;
		size_t length;

		if (node->items[i].kind != TREE_SCALAR || tree_is_null(&node->items[i]))
			continue;
		length = reading_enter_item(reading, i);
		if (!records_add(records, node->items[i].text, &error))
			reading_fault(reading, &node->items[i], "\"%.80s\": %s",
				node->items[i].text, error);
		reading_leave(reading, length);
	}
	records_free(records);
}

static void show_records(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct config *config = place;

	kind_texts.show(setting, &config->records, out, indent);
}

const struct kind kind_records = {
	"a list of records in zone-file syntax, like \"nas.home.arpa. 300 IN A 192.0.2.10\"",
	read_records, show_records
};

/* cookies */

static const struct setting cookies_table[] = { { .key = "secrets", .kind = &kind_texts, .at = 0 },
	{ 0 } };

static void read_cookies(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct cookie_options *cookies = &((struct config *)place)->cookies;
	const struct tree *list = tree_find(node, "secrets");
	struct config_texts secrets = { 0 };

	if (node->kind == TREE_SCALAR && strcmp(node->text, "false") == 0)
		return;
	if (!reading_wants(reading, node, TREE_MAP, setting->kind->accepted))
		return;
	cookies->enabled = true;
	reading_table(reading, cookies_table, node, NULL, &secrets);
	if (secrets.count > COOKIE_SECRETS_MAX)
		reading_fault(reading, list, "there are more than %d secrets", COOKIE_SECRETS_MAX);
	for (size_t i = 0; i < secrets.count && i < COOKIE_SECRETS_MAX; i++) {
		/* Not shown: it is a secret. */
		if (!text_to_octets(secrets.items[i], cookies->secrets[i], SIPHASH_KEY_SIZE))
			reading_fault(reading, list, "secret %zu is not 32 hex digits", i + 1);
		else
			cookies->secret_count = i + 1;
	}
	config_texts_clear(&secrets);
}

static void show_cookies(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct cookie_options *cookies = &((const struct config *)place)->cookies;

	(void)setting;
	if (!cookies->enabled) {
		(void)fprintf(out, " false");
		return;
	}
	(void)fprintf(out, "\n%*ssecrets: [", indent, "");
	for (size_t i = 0; i < cookies->secret_count; i++) {
		(void)fprintf(out, "%s\"", i ? ", " : "");
		for (size_t k = 0; k < SIPHASH_KEY_SIZE; k++)
			(void)fprintf(out, "%02x", cookies->secrets[i][k]);
		(void)fprintf(out, "\"");
	}
	(void)fprintf(out, "]");
}

const struct kind kind_cookies = { "false, or a mapping with \"secrets\"", read_cookies,
	show_cookies };

/* workers */

static void read_workers(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	uint64_t number;

	if (!reading_wants(reading, node, TREE_SCALAR, setting->kind->accepted))
		return;
	if (strcmp(node->text, "auto") == 0)
		*(uint32_t *)place = 0;
	else if (!text_to_number(node->text, &number) || number < 1 || number > WORKERS_MAX)
		reading_wrong(reading, node, setting->kind->accepted);
	else
		*(uint32_t *)place = (uint32_t)number;
}

static void show_workers(const struct setting *setting, const void *place, FILE *out, int indent)
{
	if (*(const uint32_t *)place)
		kind_number.show(setting, place, out, indent);
	else
		(void)fprintf(out, " auto");
}

const struct kind kind_workers = { "auto, or 1 to 256", read_workers, show_workers };

/* dns64.prefixes */

struct prefix_item {
	char *prefix;
	char *suffix;
	struct netset ipv4;
	bool drain;
};

static const struct setting prefix_table[] = {
	{ .key = "prefix", .kind = &kind_text, .at = offsetof(struct prefix_item, prefix) },
	{ .key = "suffix", .kind = &kind_text, .at = offsetof(struct prefix_item, suffix) },
	{ .key = "ipv4", .kind = &kind_networks4, .at = offsetof(struct prefix_item, ipv4) },
	{ .key = "drain", .kind = &kind_switch, .at = offsetof(struct prefix_item, drain) }, { 0 }
};

#define PREFIX_ACCEPTED "an IPv6 prefix of length 32, 40, 48, 56, 64 or 96"

/* ADR-2.2-a, ADR-2.2-b. False after a complaint. */
static bool read_prefix(struct reading *reading, const struct tree *node,
	const struct tree *suffix_node, const struct prefix_item *item, struct prefix *prefix)
{
	struct addr suffix = { 0 };
	struct network network;
	enum prefix_fault fault;

	switch (network_parse(item->prefix, &network)) {
	case NETWORK_OK:
		break;
	case NETWORK_HOST_BITS:
		reading_fault(
			reading, node, "\"%.64s\" has bits set beyond its length", item->prefix);
		return false;
	case NETWORK_BAD_LENGTH:
	case NETWORK_BAD_TEXT:
		reading_wrong(reading, node, PREFIX_ACCEPTED);
		return false;
	}
	if (item->suffix && (!addr_parse(item->suffix, &suffix) || suffix.family != ADDR_IPV6)) {
		reading_wrong(reading, suffix_node, "an IPv6 address with the suffix's bits");
		return false;
	}
	fault = prefix_make(&network, item->suffix ? &suffix : NULL, prefix);
	if (fault == PREFIX_OK)
		return true;
	reading_fault(reading, fault == PREFIX_BAD_SUFFIX ? suffix_node : node,
		"\"%.64s\": %s; accepted: " PREFIX_ACCEPTED, item->prefix,
		prefix_fault_text(fault));
	return false;
}

/* ADR-3.1-a: the WKP is not given ranges that it may not carry. */
static bool check_ranges(struct reading *reading, const struct tree *node,
	const struct prefix *prefix, const struct netset *ipv4)
{
	char text[NETWORK_TEXT_MAX];

	if (!prefix_is_well_known(prefix))
		return true;
	for (size_t i = 0; i < ipv4->count; i++) {
		if (!prefix_well_known_refuses_network(&ipv4->networks[i]))
			continue;
		reading_fault(reading, node,
			"64:ff9b::/96 never carries non-global IPv4 addresses like those of %s",
			network_format(&ipv4->networks[i], text));
		return false;
	}
	return true;
}

static void add_prefix(struct reading *reading, const struct tree *node,
	const struct prefix_item *item, struct policy_options *options)
{
	struct policy_prefix *prefix = &options->prefixes[options->prefix_count];
	const struct tree *at = node->kind == TREE_MAP ? tree_find(node, "prefix") : node;

	if (options->prefix_count >= POLICY_PREFIXES_MAX) {
		reading_fault(
			reading, node, "there are more than %d prefixes", POLICY_PREFIXES_MAX);
		return;
	}
	if (!read_prefix(reading, at, tree_find(node, "suffix"), item, &prefix->prefix))
		return;
	if (!check_ranges(reading, tree_find(node, "ipv4"), &prefix->prefix, &item->ipv4))
		return;
	prefix->ipv4 = item->ipv4;
	prefix->drain = item->drain;
	options->prefix_count++;
}

static void read_prefix_item(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct policy_options *options = place;
	size_t count = options->prefix_count;
	struct prefix_item item = { 0 };
	const struct tree *learned = tree_find(node, "learn-from");

	if (learned) {
		reading_fault(reading, learned, "learn-from is not supported in this version");
		return;
	}
	if (!scalar_of(reading, node, "prefix", setting->kind->accepted))
		return;
	if (node->kind == TREE_MAP)
		reading_table(reading, prefix_table, node, NULL, &item);
	else
		item.prefix = mem_copy_text(node->text);
	if (item.prefix)
		add_prefix(reading, node, &item, options);
	if (options->prefix_count == count)
		netset_clear(&item.ipv4);
	free(item.prefix);
	free(item.suffix);
}

static void read_prefixes(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	read_entries(reading, setting, node, place, read_prefix_item);
	if (node->kind == TREE_LIST && node->count == 0)
		reading_fault(reading, node, "at least one prefix is needed");
}

static void show_prefixes(const struct setting *setting, const void *place, FILE *out, int indent)
{
	static const uint8_t zero[16] = { 0 };
	const struct policy_options *options = place;
	char text[NETWORK_TEXT_MAX];

	(void)setting;
	for (size_t i = 0; i < options->prefix_count; i++) {
		const struct policy_prefix *prefix = &options->prefixes[i];
		struct addr suffix = addr_from_ipv6(prefix->prefix.suffix);

		(void)fprintf(out, "\n%*s- prefix: \"%s\"", indent, "",
			network_format(&prefix->prefix.network, text));
		if (memcmp(prefix->prefix.suffix, zero, sizeof(zero)) != 0)
			(void)fprintf(out, "\n%*ssuffix: \"%s\"", indent + INDENT, "",
				addr_format(&suffix, text));
		if (prefix->ipv4.count) {
			(void)fprintf(out, "\n%*sipv4:", indent + INDENT, "");
			kind_networks4.show(NULL, &prefix->ipv4, out, 0);
		}
		if (prefix->drain)
			(void)fprintf(out, "\n%*sdrain: true", indent + INDENT, "");
	}
}

const struct kind kind_prefixes = { "a list of prefixes (" PREFIX_ACCEPTED
				    ") or mappings with \"prefix\"",
	read_prefixes, show_prefixes };

static void read_use(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	if (node->kind == TREE_SCALAR && strcmp(node->text, "best") == 0)
		reading_fault(reading, node,
			"best is not supported in this version; accepted: all, first");
	else
		kind_choice.read(reading, setting, node, place);
}

static void show_use(const struct setting *setting, const void *place, FILE *out, int indent)
{
	kind_choice.show(setting, place, out, indent);
}

const struct kind kind_use = { "all or first", read_use, show_use };

static void read_aaaa_error(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	unsigned choice = 0;

	kind_choice.read(reading, setting, node, &choice);
	*(bool *)place = choice == 1;
}

static void show_aaaa_error(const struct setting *setting, const void *place, FILE *out, int indent)
{
	unsigned choice = *(const bool *)place ? 1 : 0;

	kind_choice.show(setting, &choice, out, indent);
}

const struct kind kind_aaaa_error = { "synthesize or pass", read_aaaa_error, show_aaaa_error };

/* dns64 and views */

static bool is_false(const struct tree *node)
{
	return node->kind == TREE_SCALAR && strcmp(node->text, "false") == 0;
}

static struct policy *read_policy(struct reading *reading, const struct setting *setting,
	const struct tree *node, const struct tree *standard)
{
	struct policy_options options = { 0 };

	if (!is_false(node) && reading_wants(reading, node, TREE_MAP, "false, or a mapping")) {
		options.enabled = true;
		reading_table(reading, setting->table, node, standard, &options);
	}
	return policy_new(&options);
}

static void read_dns64(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct config *config = place;

	views_set_fallback(&config->views,
		read_policy(reading, setting, node, tree_find(reading->defaults, "dns64")));
}

static void show_policy(
	const struct setting *setting, const struct policy *policy, FILE *out, int indent)
{
	const struct policy_options *options = policy_options(policy);

	if (!options->enabled) {
		(void)fprintf(out, " false");
		return;
	}
	(void)fprintf(out, "\n");
	showing_table(setting->table, options, out, indent);
}

static void show_dns64(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct config *config = place;

	show_policy(setting, config->views.fallback, out, indent);
}

const struct kind kind_dns64 = { "false, or a mapping", read_dns64, show_dns64 };

/* The keys of `over`, and those of `under` that it does not have; children are borrowed. */
static struct tree overlay(const struct tree *over, const struct tree *under)
{
	size_t over_count = over && over->kind == TREE_MAP ? over->count : 0;
	struct tree merged = { .kind = TREE_MAP };

	merged.items = mem_new_array(over_count + under->count, sizeof(*merged.items));
	if (over_count)
		memcpy(merged.items, over->items, over_count * sizeof(*merged.items));
	merged.count = over_count;
	for (size_t i = 0; i + 1 < under->count; i += 2) {
		if (tree_find(over_count ? over : NULL, under->items[i].text))
			continue;
		merged.items[merged.count++] = under->items[i];
		merged.items[merged.count++] = under->items[i + 1];
	}
	return merged;
}

struct view_item {
	struct netset clients;
};

static const struct setting view_table[] = {
	{ .key = "clients", .kind = &kind_networks, .at = offsetof(struct view_item, clients) },
	{ .key = "dns64", .kind = &kind_dns64 }, /* read by read_view_item */
	{ 0 }
};

static void read_clients(struct reading *reading, const struct tree *node, struct netset *clients)
{
	const struct tree *list = tree_find(node, "clients");
	size_t length;

	if (!list) {
		reading_fault(reading, node, "the key \"clients\" is missing");
		return;
	}
	length = reading_enter(reading, "clients");
	kind_networks.read(reading, &view_table[0], list, clients);
	if (list->kind == TREE_LIST && list->count == 0)
		reading_fault(reading, list, "at least one network is needed");
	reading_leave(reading, length);
}

/* A view's mapping replaces only the keys it names; the others are the top's. */
static void read_view_item(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct tree merged =
		overlay(tree_find(reading->file, "dns64"), tree_find(reading->defaults, "dns64"));
	const struct tree *dns64 = tree_find(node, "dns64");
	struct netset clients = { 0 };
	struct config *config = place;
	struct policy *policy = NULL;

	if (reading_wants(reading, node, TREE_MAP, setting->kind->accepted)) {
		reading_keys(reading, view_table, node);
		read_clients(reading, node, &clients);
		if (dns64) {
			size_t length = reading_enter(reading, "dns64");

			policy = read_policy(reading, setting, dns64, &merged);
			reading_leave(reading, length);
		} else {
			policy = policy_ref(config->views.fallback);
		}
		views_add(&config->views, &clients, policy);
	}
	free(merged.items);
}

static void read_views(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	read_entries(reading, setting, node, place, read_view_item);
}

static void show_views(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct config *config = place;

	if (!config->views.count)
		(void)fprintf(out, " []");
	for (size_t i = 0; i < config->views.count; i++) {
		(void)fprintf(out, "\n%*s- clients:", indent, "");
		kind_networks.show(setting, &config->views.items[i].clients, out, indent);
		(void)fprintf(out, "\n%*sdns64:", indent + INDENT, "");
		show_policy(setting, config->views.items[i].policy, out, indent + 2 * INDENT);
	}
}

const struct kind kind_views = { "a list of mappings with \"clients\" and \"dns64\"", read_views,
	show_views };
