#ifndef SIXWARD_CONFIG_ENTRIES_H
#define SIXWARD_CONFIG_ENTRIES_H

#include "sixward/config/kinds.h"

/* The kinds of values that only one setting has: lists of mappings, what may be `false`,
 * and others with a word or a form of their own. */

extern const struct kind kind_listen;    /* its place is struct config */
extern const struct kind kind_upstreams; /* struct config_upstreams */
extern const struct kind kind_zones;     /* its place is struct config */
extern const struct kind kind_records;   /* struct config_texts */
extern const struct kind kind_cookies;   /* struct cookie_options */
extern const struct kind kind_http;      /* struct endpoint */
extern const struct kind kind_workers;   /* uint32_t; auto is 0 */

#endif
