#ifndef SIXWARD_CONFIG_SHOW_H
#define SIXWARD_CONFIG_SHOW_H

#include <stdio.h>

#include "sixward/config/config.h"

/* The settings in force, defaults included, as YAML that load_text reads to the same settings.
 * Features that are not in this version show as off. */
void show_config(const struct config *config, FILE *out);

/* The reference of all settings for sixward.yaml(5), in mdoc, from the same tables. */
void show_reference(FILE *out);

#endif
