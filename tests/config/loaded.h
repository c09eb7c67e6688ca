#ifndef SIXWARD_TESTS_CONFIG_LOADED_H
#define SIXWARD_TESTS_CONFIG_LOADED_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/config/config.h"

/* Configurations from texts, and what is complained of them. */

/* Loads the text; NULL if there are errors. `*complaints` (may be NULL) is what faults_print
 * writes for a file "f", to be freed. */
struct config *loaded(const char *text, size_t size, char **complaints);

/* The same of a text that must be without any complaint. */
struct config *loaded_well(const char *text);

/* Fails unless exactly these complaints are made, and nothing is loaded but with warnings alone. */
void loaded_complains(const char *text, const char *complaints);

/* Fails unless one line of the complaints holds all of `line`. */
void loaded_complains_of(const char *text, const char *line);

/* What `check --show` prints, to be freed. */
char *loaded_show(const struct config *config);

/* What http_is_built says. */
extern bool loaded_has_http;

#endif
