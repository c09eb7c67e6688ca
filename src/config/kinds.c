/* The kinds of values: each is read from the tree into its place, and shown as YAML. Knows nothing
 * of what a setting means. */

#include "sixward/config/kinds.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/base/netset.h"
#include "sixward/base/text.h"
#include "sixward/config/config.h"
#include "sixward/dns/nameset.h"

enum { INDENT = 2, FAULT_TEXT_MAX = 400, TABLE_MAX = 32, NETWORKS_MAX = 16384 };

static void __attribute__((format(printf, 3, 0)))
complain(struct reading *reading, const struct tree *node, const char *format, va_list arguments)
{
	char text[FAULT_TEXT_MAX];

	(void)vsnprintf(text, sizeof(text), format, arguments);
	faults_add(reading->faults, false, node->line, node->column, reading->path, "%s", text);
}

void reading_fault(struct reading *reading, const struct tree *node, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(reading, node, format, arguments);
	va_end(arguments);
}

void reading_fault_at(
	struct reading *reading, const struct tree *node, const char *key, const char *format, ...)
{
	const struct tree *found = tree_find(node, key);
	size_t length = strlen(reading->path);
	va_list arguments;

	if (found)
		(void)reading_enter(reading, key);
	va_start(arguments, format);
	complain(reading, found ? found : node, format, arguments);
	va_end(arguments);
	reading_leave(reading, length);
}

void reading_wrong(struct reading *reading, const struct tree *node, const char *accepted)
{
	char text[TREE_TEXT_MAX];

	reading_fault(reading, node, "found %s; accepted: %s", tree_describe(node, text), accepted);
}

void reading_wrong_at(
	struct reading *reading, const struct tree *node, const char *key, const char *accepted)
{
	const struct tree *found = tree_find(node, key);
	char text[TREE_TEXT_MAX];

	reading_fault_at(reading, node, key, "found %s; accepted: %s",
		tree_describe(found ? found : node, text), accepted);
}

const char *reading_reason(enum network_fault fault)
{
	static const char *const reasons[] = { [NETWORK_OK] = "",
		[NETWORK_BAD_TEXT] = "",
		[NETWORK_BAD_LENGTH] = ", whose length is too large",
		[NETWORK_HOST_BITS] = ", which has bits set beyond its length" };

	return reasons[fault];
}

void reading_missing(struct reading *reading, const struct tree *map, const char *key)
{
	if (!tree_find(map, key))
		reading_fault(reading, map, "the key \"%s\" is missing", key);
}

void reading_not_yet(struct reading *reading, const struct tree *node, const char *accepted)
{
	char text[TREE_TEXT_MAX];

	reading_fault(reading, node, "not supported in this version: found %s; accepted: %s",
		tree_describe(node, text), accepted);
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

/* An unknown key: told with the nearest one, or with all there are. */
static void complain_of_key(
	struct reading *reading, const struct setting *table, const struct tree *key)
{
	const char *candidates[TABLE_MAX + 1] = { NULL };
	char accepted[FAULT_TEXT_MAX - 100] = "";
	const char *nearest;
	size_t length;

	for (size_t i = 0; table[i].key; i++) {
		assert(i < TABLE_MAX);
		candidates[i] = table[i].key;
		(void)snprintf(accepted + strlen(accepted), sizeof(accepted) - strlen(accepted),
			"%s%s", i ? ", " : "", table[i].key);
	}
	nearest = text_nearest(key->text, candidates);
	length = reading_enter(reading, key->text);
	if (nearest)
		reading_fault(reading, key, "unknown key \"%.64s\"; did you mean \"%s\"?",
			key->text, nearest);
	else
		reading_fault(
			reading, key, "unknown key \"%.64s\"; accepted: %s", key->text, accepted);
	reading_leave(reading, length);
}

void reading_keys(struct reading *reading, const struct setting *table, const struct tree *node)
{
	const struct tree *seen[TABLE_MAX] = { NULL };

	for (size_t i = 0; i + 1 < node->count && !faults_are_full(reading->faults); i += 2) {
		const struct tree *key = &node->items[i];
		const struct setting *setting;
		size_t length;

		if (key->kind != TREE_SCALAR) {
			reading_wrong(reading, key, "a key; an \"[IPV6]:PORT\" needs quotes");
			continue;
		}
		setting = find_setting(table, key->text);
		if (!setting) {
			complain_of_key(reading, table, key);
		} else if (!seen[setting - table]) {
			seen[setting - table] = key;
		} else {
			length = reading_enter(reading, key->text);
			reading_fault(reading, key, "the key \"%s\" is there already, in line %u",
				key->text, seen[setting - table]->line);
			reading_leave(reading, length);
		}
	}
}

static void read_setting(struct reading *reading, const struct setting *setting,
	const struct tree *node, const struct tree *standard, void *target)
{
	void *place = (char *)target + setting->at;
	size_t length = reading_enter(reading, setting->key);

	if (setting->is_top_only && reading->is_view) {
		if (node)
			reading_fault(
				reading, node, "stands at the top only, and holds for every view");
	} else if (setting->kind == &kind_table) {
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

void showing_setting(const struct setting *setting, const void *target, FILE *out, int indent)
{
	(void)fprintf(out, "%*s%s:", indent, "", setting->key);
	if (setting->kind == &kind_table) {
		(void)fputc('\n', out);
		showing_table(setting->table, target, out, indent + INDENT);
	} else {
		setting->kind->show(
			setting, (const char *)target + setting->at, out, indent + INDENT);
	}
}

void showing_table(const struct setting *table, const void *target, FILE *out, int indent)
{
	for (const struct setting *setting = table; setting->key; setting++) {
		if (setting != table)
			(void)fputc('\n', out);
		showing_setting(setting, target, out, indent);
	}
}

/* The character of valid UTF-8 at `at`, and its octets. */
static uint32_t read_character(const unsigned char *at, size_t *size)
{
	uint32_t character = at[0];

	*size = 1;
	if (character < 0x80)
		return character;
	*size = character >= 0xf0 ? 4 : character >= 0xe0 ? 3 : 2;
	character &= 0x7fU >> *size;
	for (size_t i = 1; i < *size; i++)
		character = character << 6 | (at[i] & 0x3fU);
	return character;
}

/* Controls and line breaks, which a quoted text cannot hold or would fold. */
static bool needs_escape(uint32_t character)
{
	return character < 0x20 || (character >= 0x7f && character < 0xa0) || character == 0x2028 ||
	       character == 0x2029 || character == 0xfeff || (character & 0xfffe) == 0xfffe;
}

void showing_text(const char *text, FILE *out)
{
	size_t size;

	(void)fputc('"', out);
	for (const unsigned char *at = (const unsigned char *)text; *at; at += size) {
		uint32_t character = read_character(at, &size);

		if (character == '"' || character == '\\')
			(void)fprintf(out, "\\%c", (int)character);
		else if (needs_escape(character))
			(void)fprintf(out, "\\U%08" PRIx32, character);
		else
			(void)fwrite(at, 1, size, out);
	}
	(void)fputc('"', out);
}

/* The text of a scalar, or NULL with a complaint. */
static const char *scalar(
	struct reading *reading, const struct setting *setting, const struct tree *node)
{
	return reading_wants(reading, node, TREE_SCALAR, setting->kind->accepted) ? node->text
										  : NULL;
}

/* The same where quotes would make it a text, which is of another type. */
static const char *plain_scalar(
	struct reading *reading, const struct setting *setting, const struct tree *node)
{
	if (node->kind == TREE_SCALAR && node->is_plain)
		return node->text;
	reading_wrong(reading, node, setting->kind->accepted);
	return NULL;
}

static void read_switch(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	const char *text = plain_scalar(reading, setting, node);

	if (text && !text_to_switch(text, place))
		reading_wrong(reading, node, setting->kind->accepted);
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
	const struct tree *node, const char *text, text_to_amount *parse, uint64_t *amount)
{
	uint64_t least = 0;
	uint64_t most = UINT64_MAX;
	bool has_bounds;
	char accepted[64];

	if (!text)
		return false;
	if (!parse(text, amount)) {
		reading_wrong(reading, node, setting->kind->accepted);
		return false;
	}
	has_bounds = parse(setting->least, &least) && parse(setting->most, &most);
	assert(has_bounds);
	if (*amount >= least && *amount <= most)
		return true;
	(void)snprintf(accepted, sizeof(accepted), "%s to %s", setting->least, setting->most);
	reading_wrong(reading, node, accepted);
	return false;
}

static void read_number(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	const char *text = plain_scalar(reading, setting, node);
	uint64_t amount;

	if (read_amount(reading, setting, node, text, text_to_number, &amount))
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
	const char *text = scalar(reading, setting, node);

	(void)read_amount(reading, setting, node, text, text_to_duration, place);
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
	const char *text = scalar(reading, setting, node);
	uint64_t ms;

	if (!read_amount(reading, setting, node, text, text_to_duration, &ms))
		return;
	if (ms % 1000 != 0)
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
	const char *text = scalar(reading, setting, node);
	uint64_t amount;

	if (read_amount(reading, setting, node, text, text_to_size, &amount))
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
	uint64_t most;

	if (!text)
		return;
	if (text[0] == '\0' ||
		(setting->most && text_to_number(setting->most, &most) && strlen(text) > most)) {
		reading_fault(reading, node, "found a text of %zu octets; accepted: 1 to %s",
			strlen(text), setting->most ? setting->most : "any number");
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

const char *kind_accepted_item(const struct kind *kind)
{
	static const char list[] = "a list of ";

	assert(strncmp(kind->accepted, list, sizeof(list) - 1) == 0);
	return kind->accepted + sizeof(list) - 1;
}

static void read_list(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place, reading_entry *entry, bool scalars_only)
{
	if (!reading_wants(reading, node, TREE_LIST, setting->kind->accepted))
		return;
	for (size_t i = 0; i < node->count && !faults_are_full(reading->faults); i++) {
		const struct tree *one = &node->items[i];
		size_t length = reading_enter_item(reading, i);

		if (++reading->items > READING_ITEMS_MAX) {
			reading_fault(reading, one, "too much of lists, each view's counted anew");
			reading_leave(reading, length);
			return;
		}
		if (!scalars_only || (one->kind == TREE_SCALAR && !tree_is_null(one)))
			entry(reading, setting, one, place);
		else
			reading_wrong(reading, one, kind_accepted_item(setting->kind));
		reading_leave(reading, length);
	}
}

void reading_entries(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place, reading_entry *entry)
{
	read_list(reading, setting, node, place, entry, false);
}

static void read_items(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place, reading_entry *item)
{
	read_list(reading, setting, node, place, item, true);
}

static void read_texts_item(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct config_texts *texts = place;

	if (node->text[0] == '\0')
		reading_wrong(reading, node, kind_accepted_item(setting->kind));
	else
		texts->items[texts->count++] = mem_copy_text(node->text);
}

static void read_texts(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct config_texts *texts = place;

	texts->items = mem_new_array(node->count, sizeof(*texts->items));
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

static void complain_of_network(struct reading *reading, const struct setting *setting,
	const struct tree *node, enum network_fault fault)
{
	char text[TREE_TEXT_MAX];

	reading_fault(reading, node, "found %s%s; accepted: %s", tree_describe(node, text),
		reading_reason(fault), kind_accepted_item(setting->kind));
}

static void read_network(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place)
{
	struct netset *set = place;
	enum network_fault fault;

	/* They are searched one by one. */
	if (set->count >= NETWORKS_MAX) {
		reading_fault(reading, node, "there are more than %d networks", NETWORKS_MAX);
		return;
	}
	fault = netset_add_text(set, node->text);
	if (fault != NETWORK_OK)
		complain_of_network(reading, setting, node, fault);
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
	enum network_fault fault = network_parse(node->text, &network);

	if (fault != NETWORK_OK || network.addr.family != family)
		complain_of_network(reading, setting, node, fault);
	else
		read_network(reading, setting, node, set);
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
		reading_wrong(reading, node, kind_accepted_item(setting->kind));
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
	reading_not_yet(reading, node, setting->standard);
}

static void show_not_yet(const struct setting *setting, const void *place, FILE *out, int indent)
{
	(void)place;
	(void)indent;
	(void)fprintf(out, " %s", setting->standard);
}

const struct kind kind_not_yet = { "nothing yet", read_not_yet, show_not_yet };
