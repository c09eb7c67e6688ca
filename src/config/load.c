/* The door to libyaml: text to our own tree, and the tree through the tables into the struct. What
 * a setting means is not known here; bad YAML of any kind becomes faults. */

#include "sixward/config/load.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#include "sixward/base/mem.h"
#include "sixward/config/check.h"
#include "sixward/config/schema.h"

/* An anchored node, kept for the aliases that name it. */
struct anchor {
	char *name;
	struct tree tree;
};

/* One text on its way into a tree, event by event: what is too deep or too much is found while it
 * comes, before libyaml's effort or ours can grow with it. */
struct loading {
	yaml_parser_t parser;
	yaml_event_t event; /* the one at hand */
	struct faults *faults;
	const char *text;
	size_t nodes;
	size_t anchor_count;
	struct anchor anchors[LOAD_ANCHORS_MAX];
};

/* At the event at hand. Returns false. */
static bool complain(struct loading *loading, const char *text)
{
	const yaml_mark_t *mark = &loading->event.start_mark;

	faults_add(loading->faults, false, (unsigned)mark->line + 1, (unsigned)mark->column + 1, "",
		"%s", text);
	return false;
}

/* The place of an octet that is no text: libyaml tells its offset alone. */
static void complain_of_octet(const struct loading *loading)
{
	const yaml_parser_t *parser = &loading->parser;
	unsigned line = 1;
	unsigned column = 1;

	for (size_t i = 0; i < parser->problem_offset; i++) {
		column++;
		if (loading->text[i] == '\n') {
			line++;
			column = 1;
		}
	}
	faults_add(loading->faults, false, line, column, "", "%s; accepted: UTF-8 text",
		parser->problem);
}

/* With what the many who write addresses into YAML for the first time meet. */
static void complain_of_syntax(const struct loading *loading)
{
	const yaml_parser_t *parser = &loading->parser;
	const yaml_mark_t *mark = &parser->problem_mark;

	faults_add(loading->faults, false, (unsigned)mark->line + 1, (unsigned)mark->column + 1, "",
		"YAML syntax: %s%s%s. Addresses that begin or end with \":\" inside [ ], and every "
		"\"[IPV6]:PORT\", need quotes",
		parser->context ? parser->context : "", parser->context ? ", " : "",
		parser->problem ? parser->problem : "not understood");
}

/* False after a complaint. */
static bool next_event(struct loading *loading)
{
	yaml_event_delete(&loading->event);
	if (yaml_parser_parse(&loading->parser, &loading->event))
		return true;
	if (loading->parser.error == YAML_READER_ERROR)
		complain_of_octet(loading);
	else
		complain_of_syntax(loading);
	return false;
}

/* Whether one more node is within the limits; complains if it is not. */
static bool may_add(struct loading *loading, unsigned depth)
{
	if (depth >= LOAD_DEPTH_MAX)
		return complain(loading, "nested too deeply");
	if (++loading->nodes > LOAD_NODES_MAX)
		return complain(loading, "there is too much of it");
	return true;
}

static void append(struct tree *out, const struct tree *item)
{
	/* The room doubles: it is full whenever the count is a power of two. */
	if ((out->count & (out->count - 1)) == 0)
		out->items = mem_resize_array(
			out->items, out->count ? 2 * out->count : 1, sizeof(*out->items));
	out->items[out->count++] = *item;
}

/* A small text with aliases can stand for a large tree: each copy counts. */
static bool copy(struct loading *loading, const struct tree *from, unsigned depth, struct tree *out)
{
	bool is_copied = may_add(loading, depth);

	*out = *from;
	out->text = mem_copy_text(from->text);
	out->items = NULL;
	out->count = 0;
	for (size_t i = 0; i < from->count && is_copied; i++) {
		struct tree item;

		is_copied = copy(loading, &from->items[i], depth + 1, &item);
		append(out, &item);
	}
	return is_copied;
}

static bool keep_anchor(struct loading *loading, const char *name, const struct tree *tree)
{
	struct anchor *anchor;

	if (loading->anchor_count >= LOAD_ANCHORS_MAX)
		return complain(loading, "there are too many anchors");
	anchor = &loading->anchors[loading->anchor_count++];
	anchor->name = mem_copy_text(name);
	return copy(loading, tree, 0, &anchor->tree);
}

/* The latest anchor of that name is meant. An anchor around its alias is not there yet. */
static bool read_alias(struct loading *loading, unsigned depth, struct tree *out)
{
	const char *name = (const char *)loading->event.data.alias.anchor;

	for (size_t i = loading->anchor_count; i > 0; i--) {
		if (strcmp(loading->anchors[i - 1].name, name) == 0)
			return copy(loading, &loading->anchors[i - 1].tree, depth, out);
	}
	return complain(loading, "an alias without its anchor before it");
}

static bool read_scalar(struct loading *loading, struct tree *out)
{
	const yaml_event_t *event = &loading->event;

	out->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	out->text = mem_copy_text((const char *)event->data.scalar.value);
	if (strlen(out->text) != event->data.scalar.length)
		return complain(loading, "a text holds a NUL");
	return true;
}

static bool read_node(struct loading *loading, unsigned depth, struct tree *out);

static bool read_items(
	struct loading *loading, yaml_event_type_t end, unsigned depth, struct tree *out)
{
	while (next_event(loading)) {
		struct tree item = { 0 };
		bool is_read;

		if (loading->event.type == end)
			return true;
		is_read = read_node(loading, depth, &item);
		append(out, &item);
		if (!is_read)
			return false;
	}
	return false;
}

static const char *anchor_of(const yaml_event_t *event)
{
	const yaml_char_t *name = NULL;

	if (event->type == YAML_SCALAR_EVENT)
		name = event->data.scalar.anchor;
	else if (event->type == YAML_SEQUENCE_START_EVENT)
		name = event->data.sequence_start.anchor;
	else if (event->type == YAML_MAPPING_START_EVENT)
		name = event->data.mapping_start.anchor;
	return (const char *)name;
}

/* The node that starts with the event at hand. */
static bool read_node(struct loading *loading, unsigned depth, struct tree *out)
{
	yaml_event_type_t type = loading->event.type;
	char *anchor;
	bool is_read;

	if (type == YAML_ALIAS_EVENT)
		return read_alias(loading, depth, out);
	if (!may_add(loading, depth))
		return false;
	out->line = (unsigned)loading->event.start_mark.line + 1;
	out->column = (unsigned)loading->event.start_mark.column + 1;
	anchor = mem_copy_text(anchor_of(&loading->event));
	if (type == YAML_SEQUENCE_START_EVENT) {
		out->kind = TREE_LIST;
		is_read = read_items(loading, YAML_SEQUENCE_END_EVENT, depth + 1, out);
	} else if (type == YAML_MAPPING_START_EVENT) {
		out->kind = TREE_MAP;
		is_read = read_items(loading, YAML_MAPPING_END_EVENT, depth + 1, out);
	} else {
		is_read = read_scalar(loading, out);
	}
	if (is_read && anchor)
		is_read = keep_anchor(loading, anchor, out);
	free(anchor);
	return is_read;
}

/* To the event behind the one at hand, which can be no other than that. */
static bool skip_event(struct loading *loading, yaml_event_type_t type)
{
	assert(loading->event.type == type);
	return next_event(loading);
}

/* One document to a tree, and nothing behind it. False when there is none (an empty text), or
 * after a complaint. */
static bool read_stream(struct loading *loading, struct tree *tree)
{
	if (!next_event(loading) || !skip_event(loading, YAML_STREAM_START_EVENT))
		return false;
	if (loading->event.type == YAML_STREAM_END_EVENT)
		return false;
	if (!skip_event(loading, YAML_DOCUMENT_START_EVENT) || !read_node(loading, 0, tree))
		return false;
	if (!next_event(loading) || !skip_event(loading, YAML_DOCUMENT_END_EVENT))
		return false;
	if (loading->event.type != YAML_STREAM_END_EVENT)
		return complain(loading, "a second document; accepted: one");
	return true;
}

bool load_tree(const char *text, size_t size, struct faults *faults, struct tree *tree)
{
	struct loading *loading;
	bool is_loaded;

	if (size > LOAD_SIZE_MAX) {
		faults_add(faults, false, 0, 0, "", "larger than 4 MiB");
		return false;
	}
	loading = mem_new(sizeof(*loading));
	loading->faults = faults;
	loading->text = text;
	if (!yaml_parser_initialize(&loading->parser))
		abort(); /* no memory: see base/mem */
	yaml_parser_set_input_string(&loading->parser, (const unsigned char *)text, size);
	is_loaded = read_stream(loading, tree);
	for (size_t i = 0; i < loading->anchor_count; i++) {
		tree_clear(&loading->anchors[i].tree);
		free(loading->anchors[i].name);
	}
	yaml_event_delete(&loading->event);
	yaml_parser_delete(&loading->parser);
	free(loading);
	return is_loaded;
}

static void load_defaults(struct tree *tree)
{
	struct faults faults = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	schema_write_defaults(out);
	(void)fclose(out);
	(void)load_tree(text, size, &faults, tree);
	assert(!faults.count);
	tree_forget_places(tree);
	free(text);
}

struct config *load_text(const char *text, size_t size, struct faults *faults)
{
	struct config *config = NULL;
	struct tree defaults = { 0 };
	struct tree file = { 0 };
	bool has_file;

	has_file = load_tree(text, size, faults, &file);
	if (!faults->errors) {
		load_defaults(&defaults);
		config = schema_read(has_file ? &file : NULL, &defaults, faults);
		check_config(&(struct check){ .config = config,
			.file = has_file ? &file : NULL,
			.defaults = &defaults,
			.faults = faults });
	}
	tree_clear(&file);
	tree_clear(&defaults);
	if (faults->errors) {
		config_unref(config);
		return NULL;
	}
	return config;
}

static struct config *refuse(struct faults *faults, const char *reason)
{
	faults_add(faults, false, 0, 0, "", "%s", reason);
	return NULL;
}

struct config *load_file(const char *path, struct faults *faults)
{
	struct config *config;
	struct stat status;
	FILE *file;
	char *text;
	size_t size;

	if (stat(path, &status) != 0)
		return refuse(faults, strerror(errno));
	if (S_ISDIR(status.st_mode))
		return refuse(faults, "this is a directory");
	file = fopen(path, "re");
	if (!file)
		return refuse(faults, strerror(errno));
	/* Read to its end rather than by its size: /dev/stdin and the like are fine. */
	text = mem_new(LOAD_SIZE_MAX + 1);
	size = fread(text, 1, LOAD_SIZE_MAX + 1, file);
	if (ferror(file))
		config = refuse(faults, strerror(errno));
	else
		config = load_text(text, size, faults);
	(void)fclose(file);
	free(text);
	return config;
}
