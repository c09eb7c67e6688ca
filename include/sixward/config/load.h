#ifndef SIXWARD_CONFIG_LOAD_H
#define SIXWARD_CONFIG_LOAD_H

#include <stddef.h>

#include "sixward/config/config.h"
#include "sixward/config/faults.h"
#include "sixward/config/tree.h"

/* The door to libyaml: YAML through the tables of settings into the struct, with every rule of
 * config.md. Bad input of any kind gives faults, never more. */

enum {
	LOAD_SIZE_MAX = 4 * 1024 * 1024,
	LOAD_DEPTH_MAX = 16,
	LOAD_NODES_MAX = 500000, /* aliases count for all that they stand for */
	LOAD_ANCHORS_MAX = 256
};

/* The caller's reference; NULL when there is an error among the faults. Empty text gives the
 * defaults. */
struct config *load_text(const char *text, size_t size, struct faults *faults);

/* The same from a file; a file that cannot be read is a fault. */
struct config *load_file(const char *path, struct faults *faults);

/* Any YAML text as a tree, which the caller zeroes before and clears after. False: it is empty, or
 * there is an error among the faults, and the tree is not to be looked at. */
bool load_tree(const char *text, size_t size, struct faults *faults, struct tree *tree);

#endif
