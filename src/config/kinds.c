/* The kinds of values: each is read from the tree into its place, and shown as YAML. Knows nothing
 * of what a setting means. */

#include "sixward/config/kinds.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/base/netset.h"
#include "sixward/base/text.h"
#include "sixward/config/config.h"
#include "sixward/dns/nameset.h"

enum { INDENT = 2, FAULT_TEXT_MAX = 400 };

void reading_fault(struct reading *reading, const struct tree *node, const char *format, ...)
{
	char text[FAULT_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	faults_add(reading->faults, false, node->line, node->column, reading->path, "%s", text);
}

void reading_warning(struct reading *reading, const struct tree *node, const char *format, ...)
{
	char text[FAULT_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	faults_add(reading->faults, true, node->line, node->column, reading->path, "%s", text);
}

void reading_wrong(struct reading *reading, const struct tree *node, const char *accepted)
{
	char text[TREE_TEXT_MAX];

	reading_fault(reading, node, "found %s; accepted: %s", tree_describe(node, text), accepted);
}

size_t reading_enter(struct reading *reading, const char *key)
{
	size_t length = strlen(reading->path);

	(void)snprintf(reading->path + length, sizeof(reading->path) - length, "%s%.64s",
		length ? "." : "", key);
	return length;
}

size_t reading_enter_item(struct reading *reading, size_t index)
{
	size_t length = strlen(reading->path);

	(void)snprintf(reading->path + length, sizeof(reading->path) - length, "[%zu]", index);
	return length;
}

void reading_leave(struct reading *reading, size_t length)
{
	reading->path[length] = '\0';
}

bool reading_wants(
	struct reading *reading, const struct tree *node, enum tree_kind kind, const char *accepted)
{
	if (node->kind == kind)
		return true;
	reading_wrong(reading, node, accepted);
	return false;
}

static const struct setting *find_setting(const struct setting *table, const char *key)
{
	for (const struct setting *setting = table; setting->key; setting++) {
		if (strcmp(setting->key, key) == 0)
			return setting;
	}
	return NULL;
}

static void complain_of_key(
	struct reading *reading, const struct setting *table, const struct tree *key)
{
	const char *candidates[64];
	const char *nearest;
	size_t count = 0;

	for (const struct setting *setting = table; setting->key && count < 63; setting++)
		candidates[count++] = setting->key;
	candidates[count] = NULL;
	nearest = text_nearest(key->text, candidates);
	if (nearest)
		reading_fault(reading, key, "unknown key \"%.64s\"; did you mean \"%s\"?",
			key->text, nearest);
	else
		reading_fault(reading, key, "unknown key \"%.64s\"", key->text);
}

void reading_keys(struct reading *reading, const struct setting *table, const struct tree *node)
{
	for (size_t i = 0; i + 1 < node->count; i += 2) {
		const struct tree *key = &node->items[i];

		if (key->kind != TREE_SCALAR) {
			reading_wrong(reading, key, "a key");
			continue;
		}
		if (!find_setting(table, key->text))
			complain_of_key(reading, table, key);
		for (size_t k = 0; k < i; k += 2) {
			if (node->items[k].kind == TREE_SCALAR &&
				strcmp(node->items[k].text, key->text) == 0) {
				reading_fault(reading, key,
					"the key \"%.64s\" is there already, in line %u", key->text,
					node->items[k].line);
				break;
			}
		}
	}
}

static void read_setting(struct reading *reading, const struct setting *setting,
	const struct tree *node, const struct tree *standard, void *target)
{
	void *place = (char *)target + setting->at;
	size_t length = reading_enter(reading, setting->key);

	if (setting->kind == &kind_table) {
		if (!node || reading_wants(reading, node, TREE_MAP, kind_table.accepted))
			reading_table(reading, setting->table, node, standard, target);
	} else {
		const struct tree *found = node ? node : standard;

		if (found && tree_is_null(found)) {
			if (!setting->is_nullable)
				reading_wrong(reading, found, setting->kind->accepted);
		} else if (found) {
			setting->kind->read(reading, setting, found, place);
		}
	}
	reading_leave(reading, length);
}

void reading_table(struct reading *reading, const struct setting *table, const struct tree *node,
	const struct tree *standard, void *target)
{
	if (node)
		reading_keys(reading, table, node);
	for (const struct setting *setting = table; setting->key; setting++)
		read_setting(reading, setting, tree_find(node, setting->key),
			tree_find(standard, setting->key), target);
}

void showing_table(const struct setting *table, const void *target, FILE *out, int indent)
{
	for (const struct setting *setting = table; setting->key; setting++) {
		(void)fprintf(out, "%*s%s:", indent, "", setting->key);
		if (setting->kind == &kind_table) {
			(void)fprintf(out, "\n");
			showing_table(setting->table, target, out, indent + INDENT);
			continue;
		}
		setting->kind->show(
			setting, (const char *)target + setting->at, out, indent + INDENT);
		(void)fprintf(out, "\n");
	}
}

void showing_text(const char *text, FILE *out)
{
	(void)fputc('"', out);
	for (const char *at = text; *at; at++) {
		unsigned char octet = (unsigned char)*at;

		if (octet == '"' || octet == '\\')
			(void)fprintf(out, "\\%c", octet);
		else if (octet < 0x20 || octet == 0x7f)
			(void)fprintf(out, "\\x%02x", octet);
		else
			(void)fputc(octet, out);
	}
	(void)fputc('"', out);
}

/* Scalars: the text without quotes, or NULL with a complaint. */
static const char *scalar(
	struct reading *reading, const struct setting *setting, const struct tree *node)
{
	return reading_wants(reading, node, TREE_SCALAR, setting->kind->accepted) ? node->text
										  : NULL;
}

static void read_switch(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	const char *text = scalar(reading, setting, node);

	if (text && !text_to_switch(text, place))
		reading_wrong(reading, node, kind_switch.accepted);
}

static void show_switch(const struct setting *setting, const void *place, FILE *out, int indent)
{
	(void)setting;
	(void)indent;
	(void)fprintf(out, " %s", *(const bool *)place ? "true" : "false");
}

const struct kind kind_switch = { "true or false", read_switch, show_switch };

typedef bool text_to_amount(const char *text, uint64_t *amount);

/* A number within its row's bounds. False after a complaint. */
static bool read_amount(struct reading *reading, const struct setting *setting,
	const struct tree *node, text_to_amount *parse, uint64_t *amount)
{
	const char *text = scalar(reading, setting, node);
	uint64_t bound;

	if (!text)
		return false;
	if (!parse(text, amount)) {
		reading_wrong(reading, node, setting->kind->accepted);
		return false;
	}
	if ((setting->least && parse(setting->least, &bound) && *amount < bound) ||
		(setting->most && parse(setting->most, &bound) && *amount > bound)) {
		reading_fault(reading, node, "%s is out of range; accepted: %s to %s", text,
			setting->least ? setting->least : "0",
			setting->most ? setting->most : "any");
		return false;
	}
	return true;
}

static void read_number(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	uint64_t amount;

	if (!read_amount(reading, setting, node, text_to_number, &amount))
		return;
	if (amount > UINT32_MAX)
		reading_wrong(reading, node, kind_number.accepted);
	else
		*(uint32_t *)place = (uint32_t)amount;
}

static void show_number(const struct setting *setting, const void *place, FILE *out, int indent)
{
	(void)setting;
	(void)indent;
	(void)fprintf(out, " %" PRIu32, *(const uint32_t *)place);
}

const struct kind kind_number = { "a number", read_number, show_number };

static void read_duration(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	(void)read_amount(reading, setting, node, text_to_duration, place);
}

static void show_duration(const struct setting *setting, const void *place, FILE *out, int indent)
{
	char text[TEXT_NUMBER_MAX];

	(void)setting;
	(void)indent;
	(void)fprintf(out, " %s", text_from_duration(*(const uint64_t *)place, text));
}

const struct kind kind_duration = { "a duration with its unit, e.g. 500ms, 5s, 10m, 1h, 1d",
	read_duration, show_duration };

static void read_seconds(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	uint64_t ms;

	if (!read_amount(reading, setting, node, text_to_duration, &ms))
		return;
	if (ms % 1000 != 0 || ms / 1000 > UINT32_MAX)
		reading_wrong(reading, node, kind_seconds.accepted);
	else
		*(uint32_t *)place = (uint32_t)(ms / 1000);
}

static void show_seconds(const struct setting *setting, const void *place, FILE *out, int indent)
{
	char text[TEXT_NUMBER_MAX];

	(void)setting;
	(void)indent;
	(void)fprintf(
		out, " %s", text_from_duration((uint64_t) * (const uint32_t *)place * 1000, text));
}

const struct kind kind_seconds = { "a duration of whole seconds with its unit, e.g. 5s, 10m, 1h",
	read_seconds, show_seconds };

static void read_size(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	uint64_t amount;

	if (!read_amount(reading, setting, node, text_to_size, &amount))
		return;
	if (amount > SIZE_MAX)
		reading_wrong(reading, node, kind_size.accepted);
	else
		*(size_t *)place = (size_t)amount;
}

static void show_size(const struct setting *setting, const void *place, FILE *out, int indent)
{
	char text[TEXT_NUMBER_MAX];

	(void)setting;
	(void)indent;
	(void)fprintf(out, " %s", text_from_size(*(const size_t *)place, text));
}

const struct kind kind_size = { "a size with its unit, e.g. 64KiB, 64MiB, 1GiB", read_size,
	show_size };

static void read_choice(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	const char *text = scalar(reading, setting, node);
	char accepted[FAULT_TEXT_MAX / 2] = "";

	if (!text)
		return;
	for (unsigned i = 0; setting->choices[i]; i++) {
		if (strcmp(setting->choices[i], text) == 0) {
			*(unsigned *)place = i;
			return;
		}
		(void)snprintf(accepted + strlen(accepted), sizeof(accepted) - strlen(accepted),
			"%s%s", i ? ", " : "", setting->choices[i]);
	}
	reading_wrong(reading, node, accepted);
}

static void show_choice(const struct setting *setting, const void *place, FILE *out, int indent)
{
	(void)indent;
	(void)fprintf(out, " %s", setting->choices[*(const unsigned *)place]);
}

const struct kind kind_choice = { "one of the words", read_choice, show_choice };

static void read_text(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	const char *text = scalar(reading, setting, node);
	char **out = place;

	if (!text)
		return;
	if (text[0] == '\0') {
		reading_wrong(reading, node, kind_text.accepted);
		return;
	}
	free(*out);
	*out = mem_copy_text(text);
}

static void show_text(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const char *text = *(char *const *)place;

	(void)setting;
	(void)indent;
	(void)fputc(' ', out);
	if (text)
		showing_text(text, out);
	else
		(void)fprintf(out, "null");
}

const struct kind kind_text = { "a text", read_text, show_text };

/* Lists: each item, which must be a scalar, goes to `item`. */
typedef void read_item(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place);

static void read_items(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place, read_item *item)
{
	if (!reading_wants(reading, node, TREE_LIST, setting->kind->accepted))
		return;
	for (size_t i = 0; i < node->count; i++) {
		size_t length = reading_enter_item(reading, i);

		if (node->items[i].kind == TREE_SCALAR && !tree_is_null(&node->items[i]))
			item(reading, setting, &node->items[i], place);
		else
			reading_wrong(reading, &node->items[i], setting->kind->accepted);
		reading_leave(reading, length);
	}
}

static void read_texts_item(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct config_texts *texts = place;

	(void)reading;
	(void)setting;
	texts->items = mem_resize_array(texts->items, texts->count + 1, sizeof(char *));
	texts->items[texts->count++] = mem_copy_text(node->text);
}

static void read_texts(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	read_items(reading, setting, node, place, read_texts_item);
}

static void show_texts(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct config_texts *texts = place;

	(void)setting;
	if (!texts->count)
		(void)fprintf(out, " []");
	for (size_t i = 0; i < texts->count; i++) {
		(void)fprintf(out, "\n%*s- ", indent, "");
		showing_text(texts->items[i], out);
	}
}

const struct kind kind_texts = { "a list of texts", read_texts, show_texts };

static bool add_network(struct reading *reading, const struct setting *setting,
	const struct tree *node, struct netset *set)
{
	switch (netset_add_text(set, node->text)) {
	case NETWORK_OK:
		return true;
	case NETWORK_BAD_LENGTH:
		reading_fault(reading, node, "\"%.64s\": this prefix length is none", node->text);
		return false;
	case NETWORK_HOST_BITS:
		reading_fault(
			reading, node, "\"%.64s\" has bits set beyond its length", node->text);
		return false;
	case NETWORK_BAD_TEXT:
		break;
	}
	reading_wrong(reading, node, setting->kind->accepted);
	return false;
}

static void read_network(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	(void)add_network(reading, setting, node, place);
}

static void read_networks(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	read_items(reading, setting, node, place, read_network);
}

static void read_family(struct reading *reading, const struct setting *setting,
	const struct tree *node, struct netset *set, enum addr_family family)
{
	struct network network;

	if (network_parse(node->text, &network) == NETWORK_OK && network.addr.family != family)
		reading_wrong(reading, node, setting->kind->accepted);
	else
		(void)add_network(reading, setting, node, set);
}

static void read_network6(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	read_family(reading, setting, node, place, ADDR_IPV6);
}

static void read_network4(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	read_family(reading, setting, node, place, ADDR_IPV4);
}

static void read_networks6(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	read_items(reading, setting, node, place, read_network6);
}

static void read_networks4(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	read_items(reading, setting, node, place, read_network4);
}

static void show_networks(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct netset *set = place;
	char text[NETWORK_TEXT_MAX];

	(void)setting;
	(void)indent;
	(void)fprintf(out, " [");
	for (size_t place_at = 0; place_at < set->count; place_at++) {
		for (size_t i = 0; i < set->count; i++) {
			if (set->places[i] == place_at)
				(void)fprintf(out, "%s\"%s\"", place_at ? ", " : "",
					network_format(&set->networks[i], text));
		}
	}
	(void)fprintf(out, "]");
}

#define NETWORK_WORDS "loopback, link-local, private, any"

const struct kind kind_networks = {
	"a list of networks like 192.0.2.0/24, addresses, or the words " NETWORK_WORDS,
	read_networks, show_networks
};
const struct kind kind_networks6 = { "a list of IPv6 networks like 2001:db8::/32", read_networks6,
	show_networks };
const struct kind kind_networks4 = { "a list of IPv4 networks like 192.0.2.0/24", read_networks4,
	show_networks };

static void read_name(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct nameset *set = place;
	struct name name;

	if (!name_parse(node->text, &name)) {
		reading_wrong(reading, node, setting->kind->accepted);
		return;
	}
	(void)nameset_add(set, name.octets, set->count);
}

static void read_names(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	read_items(reading, setting, node, place, read_name);
}

struct names_in_order {
	const uint8_t **names;
};

static void on_name(void *owner, const uint8_t *name, size_t value)
{
	struct names_in_order *order = owner;

	order->names[value] = name;
}

static void show_names(const struct setting *setting, const void *place, FILE *out, int indent)
{
	const struct nameset *set = place;
	struct names_in_order order = { mem_new_array(set->count, sizeof(const uint8_t *)) };
	char text[NAME_TEXT_MAX];

	(void)setting;
	(void)indent;
	nameset_each(set, on_name, &order);
	(void)fprintf(out, " [");
	for (size_t i = 0; i < set->count; i++) {
		(void)fprintf(out, "%s", i ? ", " : "");
		showing_text(name_format(order.names[i], text), out);
	}
	(void)fprintf(out, "]");
	free(order.names);
}

const struct kind kind_names = { "a list of domain names", read_names, show_names };

const struct kind kind_table = { "a mapping", NULL, NULL };

/* What stands for "off" is in `standard`, and is all that this version takes. */
static void read_not_yet(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	(void)place;
	if (node->kind == TREE_SCALAR && strcmp(node->text, setting->standard) == 0)
		return;
	if (node->kind == TREE_LIST && node->count == 0 && strcmp(setting->standard, "[]") == 0)
		return;
	if (node->kind == TREE_SCALAR && strcmp(setting->standard, "0s") == 0 &&
		strcmp(node->text, "0") == 0)
		return;
	reading_fault(
		reading, node, "not supported in this version; accepted: %s", setting->standard);
}

static void show_not_yet(const struct setting *setting, const void *place, FILE *out, int indent)
{
	(void)place;
	(void)indent;
	(void)fprintf(out, " %s", setting->standard);
}

const struct kind kind_not_yet = { "nothing yet", read_not_yet, show_not_yet };
