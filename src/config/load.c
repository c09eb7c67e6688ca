/* The door to libyaml: text to our own tree, and the tree through the tables into the struct. What
 * a setting means is not known here; bad YAML of any kind becomes faults. */

#include "sixward/config/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#include "sixward/base/mem.h"
#include "sixward/config/check.h"
#include "sixward/config/schema.h"

/* One document on its way into a tree. */
struct loading {
	yaml_document_t *document;
	struct faults *faults;
	size_t nodes;
	bool has_failed;
};

static void complain(struct loading *loading, const yaml_node_t *node, const char *text)
{
	if (!loading->has_failed)
		faults_add(loading->faults, false, (unsigned)node->start_mark.line + 1,
			(unsigned)node->start_mark.column + 1, "", "%s", text);
	loading->has_failed = true;
}

static void convert(struct loading *loading, int index, unsigned depth, struct tree *out);

static void convert_list(
	struct loading *loading, const yaml_node_t *node, unsigned depth, struct tree *out)
{
	const yaml_node_item_t *first = node->data.sequence.items.start;
	size_t count = (size_t)(node->data.sequence.items.top - first);

	out->kind = TREE_LIST;
	out->items = mem_new_array(count, sizeof(*out->items));
	for (size_t i = 0; i < count && !loading->has_failed; i++)
		convert(loading, first[i], depth, &out->items[out->count++]);
}

static void convert_map(
	struct loading *loading, const yaml_node_t *node, unsigned depth, struct tree *out)
{
	const yaml_node_pair_t *first = node->data.mapping.pairs.start;
	size_t count = (size_t)(node->data.mapping.pairs.top - first);

	out->kind = TREE_MAP;
	out->items = mem_new_array(count, 2 * sizeof(*out->items));
	for (size_t i = 0; i < count && !loading->has_failed; i++) {
		convert(loading, first[i].key, depth, &out->items[out->count++]);
		convert(loading, first[i].value, depth, &out->items[out->count++]);
	}
}

/* Aliases are resolved by libyaml into references to one node, so that a small text can stand for
 * a large or endless tree: the number of nodes and the depth are bounded. */
static void convert(struct loading *loading, int index, unsigned depth, struct tree *out)
{
	const yaml_node_t *node = yaml_document_get_node(loading->document, index);

	if (depth >= LOAD_DEPTH_MAX || ++loading->nodes > LOAD_NODES_MAX) {
		complain(loading, node,
			depth >= LOAD_DEPTH_MAX ? "nested too deeply" : "there is too much of it");
		return;
	}
	out->line = (unsigned)node->start_mark.line + 1;
	out->column = (unsigned)node->start_mark.column + 1;
	switch (node->type) {
	case YAML_SEQUENCE_NODE:
		convert_list(loading, node, depth + 1, out);
		break;
	case YAML_MAPPING_NODE:
		convert_map(loading, node, depth + 1, out);
		break;
	case YAML_SCALAR_NODE:
		out->is_plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
		out->text = mem_copy_text((const char *)node->data.scalar.value);
		if (strlen(out->text) != node->data.scalar.length)
			complain(loading, node, "a text holds a NUL");
		break;
	case YAML_NO_NODE:
		break;
	}
}

/* What the many who write addresses into YAML for the first time meet. */
static void complain_of_syntax(const yaml_parser_t *parser, struct faults *faults)
{
	const yaml_mark_t *mark = &parser->problem_mark;

	if (parser->error == YAML_READER_ERROR) {
		faults_add(faults, false, 0, 0, "", "this is not UTF-8 text: %s (octet %zu)",
			parser->problem, parser->problem_offset);
		return;
	}
	faults_add(faults, false, (unsigned)mark->line + 1, (unsigned)mark->column + 1, "",
		"YAML syntax: %s%s%s. Addresses that begin or end with \":\" inside [ ], and every "
		"\"[IPV6]:PORT\", need quotes",
		parser->context ? parser->context : "", parser->context ? ", " : "",
		parser->problem ? parser->problem : "not understood");
}

/* One document to a tree; false when there is none (an empty text), or after a complaint. */
static bool load_document(yaml_parser_t *parser, struct faults *faults, struct tree *tree)
{
	struct loading loading = { .faults = faults };
	yaml_document_t document;
	bool has_root;

	if (!yaml_parser_load(parser, &document)) {
		complain_of_syntax(parser, faults);
		return false;
	}
	loading.document = &document;
	has_root = yaml_document_get_root_node(&document) != NULL;
	if (has_root)
		convert(&loading, 1, 0, tree);
	yaml_document_delete(&document);
	return has_root && !loading.has_failed;
}

/* A second document is an error. */
static void check_end(yaml_parser_t *parser, struct faults *faults)
{
	yaml_document_t document;
	const yaml_node_t *root;

	if (!yaml_parser_load(parser, &document)) {
		complain_of_syntax(parser, faults);
		return;
	}
	root = yaml_document_get_root_node(&document);
	if (root)
		faults_add(faults, false, (unsigned)root->start_mark.line + 1,
			(unsigned)root->start_mark.column + 1, "",
			"a second document; accepted: one");
	yaml_document_delete(&document);
}

static bool load_tree(const char *text, size_t size, struct faults *faults, struct tree *tree)
{
	yaml_parser_t parser;
	bool is_loaded;

	if (!yaml_parser_initialize(&parser))
		abort(); /* no memory: see base/mem */
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	is_loaded = load_document(&parser, faults, tree);
	if (is_loaded)
		check_end(&parser, faults);
	yaml_parser_delete(&parser);
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
	/* A default has no place in the file. */
	tree_forget_places(tree);
	faults_clear(&faults);
	free(text);
}

struct config *load_text(const char *text, size_t size, struct faults *faults)
{
	struct tree defaults = { 0 };
	struct tree file = { 0 };
	struct config *config = NULL;
	bool has_file;

	if (size > LOAD_SIZE_MAX) {
		faults_add(faults, false, 0, 0, "", "larger than 4 MiB");
		return NULL;
	}
	has_file = load_tree(text, size, faults, &file);
	if (!faults->errors) {
		load_defaults(&defaults);
		config = schema_read(has_file ? &file : NULL, &defaults, faults);
		if (!faults->errors)
			check_config(config, has_file ? &file : NULL, faults);
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
