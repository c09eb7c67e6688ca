#ifndef SIXWARD_CONFIG_ENTRIES_H
#define SIXWARD_CONFIG_ENTRIES_H

#include "sixward/config/kinds.h"

/* The kinds of values that only one setting has: lists of mappings, and mappings that may be
 * `false`. The place of the first group is struct config itself, that of the second struct
 * policy_options. */

extern const struct kind kind_listen;
extern const struct kind kind_upstreams;
extern const struct kind kind_zones;
extern const struct kind kind_records;
extern const struct kind kind_cookies;
extern const struct kind kind_dns64;   /* its row's table is that of policy_options */
extern const struct kind kind_views;   /* the same table */
extern const struct kind kind_workers; /* uint32_t; auto is 0 */

extern const struct kind kind_prefixes;
extern const struct kind kind_use;        /* enum prefix_use */
extern const struct kind kind_aaaa_error; /* bool: passes */

#endif
