/* The kinds of values of the rules of translation. A view is the table of `dns64` applied once
 * more, over the top's settings. */

#include "sixward/config/translation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/dns64/policy.h"
#include "sixward/resolve/view.h"

enum { INDENT = 2, VIEWS_MAX = 1024 };

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
	{ .key = "drain", .kind = &kind_switch, .at = offsetof(struct prefix_item, drain) },
	{ .key = "learn-from", .kind = &kind_not_yet, .standard = "null", .is_nullable = true },
	{ 0 }
};

#define PREFIX_ACCEPTED "IPv6 prefixes of length 32, 40, 48, 56, 64 or 96"
#define SUFFIX_ACCEPTED "an IPv6 address of the bits after the IPv4 address"

/* ADR-2.2-a, ADR-2.2-b, D64-5.2-c. False after a complaint. */
static bool read_prefix(struct reading *reading, const struct tree *node,
	const struct prefix_item *item, struct prefix *prefix)
{
	enum prefix_fault refusal;
	struct addr suffix = { 0 };
	struct network network;
	enum network_fault fault = network_parse(item->prefix, &network);

	if (fault != NETWORK_OK) {
		reading_fault_at(reading, node, "prefix", "found \"%.64s\"%s; accepted: %s",
			item->prefix, reading_reason(fault), PREFIX_ACCEPTED);
		return false;
	}
	if (item->suffix && (!addr_parse(item->suffix, &suffix) || suffix.family != ADDR_IPV6)) {
		reading_wrong_at(reading, node, "suffix", SUFFIX_ACCEPTED);
		return false;
	}
	refusal = prefix_make(&network, item->suffix ? &suffix : NULL, prefix);
	if (refusal == PREFIX_BAD_SUFFIX)
		reading_fault_at(reading, node, "suffix", "found \"%.64s\": %s; accepted: %s",
			item->suffix, prefix_fault_text(refusal), SUFFIX_ACCEPTED);
	else if (refusal != PREFIX_OK)
		reading_fault_at(reading, node, "prefix", "found \"%.64s\": %s; accepted: %s",
			item->prefix, prefix_fault_text(refusal), PREFIX_ACCEPTED);
	return refusal == PREFIX_OK;
}

/* ADR-3.1-a: the WKP is not given ranges that it may not carry. False after a complaint. */
static bool check_ranges(struct reading *reading, const struct tree *node,
	const struct prefix *prefix, const struct netset *ipv4)
{
	const struct tree *list = tree_find(node, "ipv4");
	char text[NETWORK_TEXT_MAX];

	if (list && list->kind == TREE_LIST && list->count == 0) {
		reading_fault_at(reading, node, "ipv4",
			"at least one network is needed; without the key, all");
		return false;
	}
	for (size_t i = 0; i < ipv4->count && prefix_is_well_known(prefix); i++) {
		if (!prefix_well_known_refuses_network(&ipv4->networks[i]))
			continue;
		reading_fault_at(reading, node, "ipv4",
			"64:ff9b::/96 never carries non-global IPv4 addresses like those of %s",
			network_format(&ipv4->networks[i], text));
		return false;
	}
	return true;
}

/* The same prefix twice would give the same record twice. False after a complaint. */
static bool check_once(struct reading *reading, const struct tree *node,
	const struct prefix *prefix, const struct policy_options *options)
{
	for (size_t i = 0; i < options->prefix_count; i++) {
		if (!prefix_equal(&options->prefixes[i].prefix, prefix))
			continue;
		reading_fault_at(reading, node, "prefix", "this prefix is listed already");
		return false;
	}
	return true;
}

/* False: it was not taken. */
static bool add_prefix(struct reading *reading, const struct tree *node,
	const struct prefix_item *item, struct policy_options *options)
{
	struct policy_prefix prefix = { .ipv4 = item->ipv4, .drain = item->drain };

	if (!read_prefix(reading, node, item, &prefix.prefix) ||
		!check_ranges(reading, node, &prefix.prefix, &item->ipv4) ||
		!check_once(reading, node, &prefix.prefix, options))
		return false;
	if (options->prefix_count >= POLICY_PREFIXES_MAX) { /* LIM-21 */
		reading_fault(
			reading, node, "there are more than %d prefixes", POLICY_PREFIXES_MAX);
		return false;
	}
	options->prefixes[options->prefix_count++] = prefix;
	return true;
}

static void read_prefix_item(
	struct reading *reading, const struct tree *node, struct policy_options *options)
{
	struct prefix_item item = { 0 };

	if (node->kind == TREE_MAP) {
		reading_table(reading, prefix_table, node, NULL, &item);
		if (!tree_find(node, "learn-from"))
			reading_missing(reading, node, "prefix");
	} else if (node->kind == TREE_SCALAR && !tree_is_null(node)) {
		item.prefix = mem_copy_text(node->text);
	} else {
		reading_wrong(reading, node, kind_accepted_item(&kind_prefixes));
	}
	if (!item.prefix || !add_prefix(reading, node, &item, options))
		netset_clear(&item.ipv4);
	free(item.prefix);
	free(item.suffix);
}

static void read_prefixes(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	if (!reading_wants(reading, node, TREE_LIST, setting->kind->accepted))
		return;
	if (node->count == 0)
		reading_fault(reading, node, "at least one prefix is needed");
	for (size_t i = 0; i < node->count && !faults_are_full(reading->faults); i++) {
		size_t length = reading_enter_item(reading, i);

		read_prefix_item(reading, &node->items[i], place);
		reading_leave(reading, length);
	}
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

const struct kind kind_prefixes = { "a list of " PREFIX_ACCEPTED ", or mappings with \"prefix\"",
	read_prefixes, show_prefixes };

static void read_use(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	if (node->kind == TREE_SCALAR && strcmp(node->text, "best") == 0)
		reading_not_yet(reading, node, "all, first");
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

static struct policy *read_policy(struct reading *reading, const struct setting *setting,
	const struct tree *node, const struct tree *standard)
{
	struct policy_options options = { 0 };

	if (!tree_is_false(node) && reading_wants(reading, node, TREE_MAP, kind_dns64.accepted)) {
		options.enabled = true;
		reading_table(reading, setting->table, node, standard, &options);
	}
	return policy_new(&options);
}

static void read_dns64(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	views_set_fallback(
		place, read_policy(reading, setting, node, tree_find(reading->defaults, "dns64")));
}

static void show_policy(
	const struct setting *setting, const struct policy *policy, FILE *out, int indent)
{
	const struct policy_options *options = policy_options(policy);

	if (!options->enabled) {
		(void)fprintf(out, " false");
		return;
	}
	(void)fputc('\n', out);
	showing_table(setting->table, options, out, indent);
}

static void show_dns64(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct views *views = place;

	show_policy(setting, views->fallback, out, indent);
}

const struct kind kind_dns64 = { "false, or a mapping", read_dns64, show_dns64 };

static const struct setting view_table[] = { { .key = "clients", .kind = &kind_networks },
	{ .key = "dns64", .kind = &kind_dns64 }, { 0 } };

static void read_clients(struct reading *reading, const struct tree *node, struct netset *clients)
{
	const struct tree *list = tree_find(node, "clients");
	size_t length = reading_enter(reading, "clients");

	if (list)
		kind_networks.read(reading, &view_table[0], list, clients);
	reading_leave(reading, length);
	if (list && list->kind == TREE_LIST && list->count == 0)
		reading_fault_at(reading, node, "clients", "at least one network is needed");
}

/* `standard` is what a view takes over for the keys that it does not name. */
static void read_view(struct reading *reading, const struct setting *setting,
	const struct tree *node, const struct tree *standard, struct views *views)
{
	const struct tree *dns64 = tree_find(node, "dns64");
	struct netset clients = { 0 };
	size_t length;

	if (!reading_wants(reading, node, TREE_MAP, kind_accepted_item(&kind_views)))
		return;
	if (views->count >= VIEWS_MAX) {
		reading_fault(reading, node, "there are more than %d views", VIEWS_MAX);
		return;
	}
	reading_keys(reading, view_table, node);
	reading_missing(reading, node, "clients");
	read_clients(reading, node, &clients);
	if (!dns64) {
		views_add(views, &clients, policy_ref(views->fallback));
		return;
	}
	length = reading_enter(reading, "dns64");
	views_add(views, &clients, read_policy(reading, setting, dns64, standard));
	reading_leave(reading, length);
}

/* The top's settings: those of the file, else the defaults. The children are borrowed; free its
 * items alone. */
static struct tree top_of(const struct reading *reading, const struct setting *table)
{
	const struct tree *file = tree_find(reading->file, "dns64");
	const struct tree *defaults = tree_find(reading->defaults, "dns64");
	struct tree top = { .kind = TREE_MAP };

	assert(defaults && defaults->kind == TREE_MAP);
	top.items = mem_new_array(defaults->count, sizeof(*top.items));
	for (size_t i = 0; table[i].key; i++) {
		const struct tree *found = tree_find(file, table[i].key);

		top.items[top.count++] = defaults->items[2 * i];
		top.items[top.count++] = found ? *found : defaults->items[2 * i + 1];
	}
	return top;
}

/* A view's mapping replaces only the keys it names. */
static void read_views(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct views *views = place;
	struct tree top;

	if (!reading_wants(reading, node, TREE_LIST, setting->kind->accepted))
		return;
	/* After a complaint about the top's mapping there is none. */
	if (!views->fallback)
		views_set_fallback(views, policy_new(&(struct policy_options){ 0 }));
	top = top_of(reading, setting->table);
	for (size_t i = 0; i < node->count && !faults_are_full(reading->faults); i++) {
		size_t length = reading_enter_item(reading, i);

		read_view(reading, setting, &node->items[i], &top, views);
		reading_leave(reading, length);
	}
	free(top.items);
}

static void show_views(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct views *views = place;

	if (!views->count)
		(void)fprintf(out, " []");
	for (size_t i = 0; i < views->count; i++) {
		(void)fprintf(out, "\n%*s- clients:", indent, "");
		kind_networks.show(setting, &views->items[i].clients, out, indent);
		(void)fprintf(out, "\n%*sdns64:", indent + INDENT, "");
		show_policy(setting, views->items[i].policy, out, indent + 2 * INDENT);
	}
}

const struct kind kind_views = { "a list of mappings with \"clients\" and \"dns64\"", read_views,
	show_views };
