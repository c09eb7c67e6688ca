#ifndef SIXWARD_CONFIG_SCHEMA_H
#define SIXWARD_CONFIG_SCHEMA_H

#include <stdio.h>

#include "sixward/config/config.h"
#include "sixward/config/kinds.h"

/* The tables: every setting of config.md in one row. */

/* The top of the file; its target is struct config. */
extern const struct setting schema_top[];

/* All defaults as YAML: what a file without any key means. */
void schema_write_defaults(FILE *out);

/* Reads the file's tree (NULL = empty) over the tree of the defaults into a new config, which may
 * be incomplete when there are errors among the faults. */
struct config *schema_read(
	const struct tree *file, const struct tree *defaults, struct faults *faults);

#endif
