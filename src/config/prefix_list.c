/* The kind of value of `dns64.prefixes`: listed prefixes, and in their midst the places of those
 * that are learned. Rules over several lists are in config/check. */

#include "sixward/config/prefix_list.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/config/endpoints.h"
#include "sixward/dns64/policy.h"

enum { INDENT = 2 };

/* learn-from */

static void read_server(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct learn_source *source = place;
	struct endpoint server;

	(void)setting;
	if (node->kind != TREE_SCALAR || tree_is_null(node)) {
		reading_wrong(reading, node, ENDPOINTS_ACCEPTED);
		return;
	}
	if (!endpoints_read(reading, node, node->text, &server))
		return;
	for (size_t i = 0; i < source->server_count; i++) {
		if (endpoint_equal(&source->servers[i], &server)) {
			reading_fault(reading, node, "this server is listed already");
			return;
		}
	}
	if (source->server_count >= PREFIX_LIST_SERVERS_MAX)
		reading_fault(
			reading, node, "there are more than %d servers", PREFIX_LIST_SERVERS_MAX);
	else
		source->servers[source->server_count++] = server;
}

static void read_learn(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct learn_source *source = place;

	if (node->kind == TREE_LIST) {
		source->kind = LEARN_SERVERS;
		source->servers = mem_new_array(PREFIX_LIST_SERVERS_MAX, sizeof(*source->servers));
		reading_entries(reading, setting, node, source, read_server);
		if (node->count == 0)
			reading_fault(reading, node, "at least one server is needed");
	} else if (node->kind == TREE_SCALAR && strcmp(node->text, "upstreams") == 0) {
		source->kind = LEARN_UPSTREAMS;
	} else if (node->kind == TREE_SCALAR && strcmp(node->text, "router-advertisements") == 0) {
		source->kind = LEARN_ADVERTISEMENTS;
	} else {
		reading_wrong(reading, node, setting->kind->accepted);
	}
}

static void show_learn(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct learn_source *source = place;
	char text[ENDPOINT_TEXT_MAX];

	(void)setting;
	(void)indent;
	switch (source->kind) {
	case LEARN_NOT:
		break;
	case LEARN_UPSTREAMS:
		(void)fprintf(out, " upstreams");
		break;
	case LEARN_ADVERTISEMENTS:
		(void)fprintf(out, " router-advertisements");
		break;
	case LEARN_SERVERS:
		for (size_t i = 0; i < source->server_count; i++)
			(void)fprintf(out, "%s\"%s\"", i ? ", " : " [",
				endpoint_format(&source->servers[i], text));
		(void)fputc(']', out);
		break;
	}
}

static const struct kind kind_learn = {
	"upstreams, router-advertisements, or a list of servers: " ENDPOINTS_ACCEPTED, read_learn,
	show_learn
};

/* prefixes */

struct prefix_item {
	char *prefix;
	char *suffix;
	struct learn_source learn;
	struct netset ipv4;
	bool drain;
};

static const struct setting prefix_table[] = {
	{ .key = "prefix", .kind = &kind_text, .at = offsetof(struct prefix_item, prefix) },
	{ .key = "suffix", .kind = &kind_text, .at = offsetof(struct prefix_item, suffix) },
	{ .key = "ipv4", .kind = &kind_networks4, .at = offsetof(struct prefix_item, ipv4) },
	{ .key = "drain", .kind = &kind_switch, .at = offsetof(struct prefix_item, drain) },
	{ .key = "learn-from", .kind = &kind_learn, .at = offsetof(struct prefix_item, learn) },
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

/* ADR-3.1-a: the WKP is not given ranges that it may not carry. A learned one is still unknown.
 * False after a complaint. */
static bool check_ranges(
	struct reading *reading, const struct tree *node, const struct policy_prefix *entry)
{
	const struct tree *list = tree_find(node, "ipv4");
	char text[NETWORK_TEXT_MAX];

	if (list && list->kind == TREE_LIST && list->count == 0) {
		reading_fault_at(reading, node, "ipv4",
			"at least one network is needed; without the key, all");
		return false;
	}
	if (!prefix_is_well_known(&entry->prefix))
		return true;
	for (size_t i = 0; i < entry->ipv4.count; i++) {
		if (!prefix_well_known_refuses_network(&entry->ipv4.networks[i]))
			continue;
		reading_fault_at(reading, node, "ipv4",
			"64:ff9b::/96 never carries non-global IPv4 addresses like those of %s",
			network_format(&entry->ipv4.networks[i], text));
		return false;
	}
	return true;
}

/* The same prefix twice would give the same record twice, and so would a source. False after a
 * complaint. */
static bool check_once(struct reading *reading, const struct tree *node,
	const struct policy_prefix *entry, const struct policy_options *options)
{
	bool is_learned = entry->learn.kind != LEARN_NOT;

	for (size_t i = 0; i < options->prefix_count; i++) {
		const struct policy_prefix *other = &options->prefixes[i];

		if (!learn_source_equal(&other->learn, &entry->learn) ||
			(!is_learned && !prefix_equal(&other->prefix, &entry->prefix)))
			continue;
		reading_fault_at(reading, node, is_learned ? "learn-from" : "prefix",
			"this %s is listed already", is_learned ? "source" : "prefix");
		return false;
	}
	return true;
}

/* A source stands alone: what is learned brings its own prefix. False after a complaint. */
static bool check_alone(
	struct reading *reading, const struct tree *node, const struct prefix_item *item)
{
	if (item->prefix)
		reading_fault_at(reading, node, "prefix",
			"stands beside \"learn-from\"; accepted: one of them");
	if (item->suffix)
		reading_fault_at(reading, node, "suffix",
			"stands beside \"learn-from\", but what is learned has no suffix");
	return !item->prefix && !item->suffix;
}

/* What the item says, whose memory stays the item's. False after a complaint. */
static bool read_entry(struct reading *reading, const struct tree *node,
	const struct prefix_item *item, struct policy_prefix *entry)
{
	*entry = (struct policy_prefix){
		.learn = item->learn, .ipv4 = item->ipv4, .drain = item->drain
	};
	if (item->learn.kind != LEARN_NOT)
		return check_alone(reading, node, item);
	return item->prefix && read_prefix(reading, node, item, &entry->prefix);
}

/* Takes the entry over, or complains. */
static bool add_entry(struct reading *reading, const struct tree *node,
	const struct policy_prefix *entry, struct policy_options *options)
{
	if (!check_ranges(reading, node, entry) || !check_once(reading, node, entry, options))
		return false;
	if (options->prefix_count >= POLICY_PREFIXES_MAX) { /* LIM-21 */
		reading_fault(
			reading, node, "there are more than %d prefixes", POLICY_PREFIXES_MAX);
		return false;
	}
	options->prefixes[options->prefix_count++] = *entry;
	return true;
}

static void read_prefix_item(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct prefix_item item = { 0 };
	struct policy_prefix entry;

	if (node->kind == TREE_MAP) {
		reading_table(reading, prefix_table, node, NULL, &item);
		if (!tree_find(node, "prefix") && !tree_find(node, "learn-from"))
			reading_fault(
				reading, node, "either \"prefix\" or \"learn-from\" is needed");
	} else if (node->kind == TREE_SCALAR && !tree_is_null(node)) {
		item.prefix = mem_copy_text(node->text);
	} else {
		reading_wrong(reading, node, kind_accepted_item(setting->kind));
	}
	if (!read_entry(reading, node, &item, &entry) || !add_entry(reading, node, &entry, place)) {
		free(item.learn.servers);
		netset_clear(&item.ipv4);
	}
	free(item.prefix);
	free(item.suffix);
}

static void read_prefixes(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	reading_entries(reading, setting, node, place, read_prefix_item);
	if (node->kind == TREE_LIST && node->count == 0)
		reading_fault(reading, node, "at least one prefix is needed");
}

static void show_prefix(const struct prefix *prefix, FILE *out, int indent)
{
	static const uint8_t zero[sizeof(prefix->suffix)] = { 0 };
	struct addr suffix = addr_from_ipv6(prefix->suffix);
	char text[NETWORK_TEXT_MAX];

	(void)fprintf(out, "prefix: \"%s\"", network_format(&prefix->network, text));
	if (memcmp(prefix->suffix, zero, sizeof(zero)) != 0)
		(void)fprintf(out, "\n%*ssuffix: \"%s\"", indent, "", addr_format(&suffix, text));
}

static void show_prefixes(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct policy_options *options = place;

	(void)setting;
	for (size_t i = 0; i < options->prefix_count; i++) {
		const struct policy_prefix *entry = &options->prefixes[i];

		(void)fprintf(out, "\n%*s- ", indent, "");
		if (entry->learn.kind == LEARN_NOT) {
			show_prefix(&entry->prefix, out, indent + INDENT);
		} else {
			(void)fprintf(out, "learn-from:");
			show_learn(NULL, &entry->learn, out, 0);
		}
		if (entry->ipv4.count) {
			(void)fprintf(out, "\n%*sipv4:", indent + INDENT, "");
			kind_networks4.show(NULL, &entry->ipv4, out, 0);
		}
		if (entry->drain)
			(void)fprintf(out, "\n%*sdrain: true", indent + INDENT, "");
	}
}

const struct kind kind_prefixes = { "a list of " PREFIX_ACCEPTED
				    ", or mappings with \"prefix\" or \"learn-from\"",
	read_prefixes, show_prefixes };
