#ifndef SIXWARD_CONFIG_KINDS_H
#define SIXWARD_CONFIG_KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sixward/base/addr.h"
#include "sixward/config/faults.h"
#include "sixward/config/tree.h"

/* The kinds of values that a setting can have: how each is read from the tree into its place, and
 * shown as YAML. */

/* Where in the file we are, for complaints. */
struct reading {
	struct faults *faults;
	char path[256];
	const struct tree *file;     /* the whole document; NULL = empty */
	const struct tree *defaults; /* the same of the defaults */
	size_t items;                /* of lists, read so far */
	bool is_view;                /* the settings of a view, not the top's */
};

/* Views read the top's lists again: a small file must not become a large config. */
enum { READING_ITEMS_MAX = 1000000 };

struct setting;

struct kind {
	const char *accepted; /* for people: "a duration, e.g. 500ms, 5s" */

	/* Reads into `place`, or complains. */
	void (*read)(struct reading *reading, const struct setting *setting,
		const struct tree *node, void *place);

	/* Writes the value, in flow style but for nested tables, with no end of line. */
	void (*show)(const struct setting *setting, const void *place, FILE *out, int indent);
};

/* One row: a key, its kind, its place in the struct that its table fills, its default in YAML. */
struct setting {
	const char *key;
	const struct kind *kind;
	size_t at;
	const char *standard; /* NULL for a table */
	const char *least;    /* of numbers, durations and sizes */
	const char *most;     /* the same; of a text its octets, NULL = no bound */
	const char *help;
	const struct setting *table; /* of kind_table: ends with a NULL key */
	const char *const *choices;  /* of kind_choice: ends with NULL; the value is its number */
	bool is_nullable;            /* null is a value: the zeroed place */
	bool is_top_only;            /* of dns64: no view may name it */
};

extern const struct kind kind_switch;    /* bool */
extern const struct kind kind_number;    /* uint32_t */
extern const struct kind kind_duration;  /* uint64_t, ms */
extern const struct kind kind_seconds;   /* uint32_t, s */
extern const struct kind kind_size;      /* size_t, octets */
extern const struct kind kind_choice;    /* an enum, as unsigned */
extern const struct kind kind_text;      /* char * */
extern const struct kind kind_texts;     /* struct config_texts */
extern const struct kind kind_networks;  /* struct netset */
extern const struct kind kind_networks6; /* the same, IPv6 only */
extern const struct kind kind_networks4; /* the same, IPv4 only */
extern const struct kind kind_names;     /* struct nameset */
extern const struct kind kind_table;   /* a mapping read by setting->table, into the same struct */
extern const struct kind kind_not_yet; /* no place: only its default is accepted, as off */

/* What is accepted of an item, of a kind that is "a list of ...". */
const char *kind_accepted_item(const struct kind *kind);

/* Complains at the node, under the reading's path. */
void reading_fault(struct reading *reading, const struct tree *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The same at the value of the node's key, if it is a mapping that has it. */
void reading_fault_at(struct reading *reading, const struct tree *node, const char *key,
	const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same complaints everywhere: what was found, what is accepted. */
void reading_wrong(struct reading *reading, const struct tree *node, const char *accepted);
void reading_wrong_at(
	struct reading *reading, const struct tree *node, const char *key, const char *accepted);
void reading_not_yet(struct reading *reading, const struct tree *node, const char *accepted);
void reading_missing(struct reading *reading, const struct tree *map, const char *key);

/* What is wrong with a network, to stand behind what was found; "" = it is none. */
const char *reading_reason(enum network_fault fault);

/* Goes down by a key or an index; returns the length to come back to. */
size_t reading_enter(struct reading *reading, const char *key);
size_t reading_enter_item(struct reading *reading, size_t index);
void reading_leave(struct reading *reading, size_t length);

/* False, with a complaint, unless the node is of that kind. */
bool reading_wants(struct reading *reading, const struct tree *node, enum tree_kind kind,
	const char *accepted);

/* Reads a mapping by a table into `target`; keys that `node` does not have are taken from
 * `standard` (both may be NULL). Unknown and duplicate keys are complained of. */
void reading_table(struct reading *reading, const struct setting *table, const struct tree *node,
	const struct tree *standard, void *target);

/* Only the first half of that: complains of unknown and duplicate keys. */
void reading_keys(struct reading *reading, const struct setting *table, const struct tree *node);

/* The items of a list, one by one, each told its place; they may be mappings, too. */
typedef void reading_entry(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place);
void reading_entries(struct reading *reading, const struct setting *setting,
	const struct tree *node, void *place, reading_entry *entry);

/* Writes "key: value", indented, without the end of the last line. */
void showing_setting(const struct setting *setting, const void *target, FILE *out, int indent);

/* Writes a mapping in block style, each line indented, the last without its end. */
void showing_table(const struct setting *table, const void *target, FILE *out, int indent);

/* A scalar in quotes. */
void showing_text(const char *text, FILE *out);

#endif
