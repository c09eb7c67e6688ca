#ifndef SIXWARD_CONFIG_TRANSLATION_H
#define SIXWARD_CONFIG_TRANSLATION_H

#include "sixward/config/kinds.h"

/* The kinds of values of the rules of translation: `dns64`, `views` and what stands in them. */

/* Their place is struct config's views; their row's table is that of policy_options. */
extern const struct kind kind_dns64;
extern const struct kind kind_views;

/* Their place is struct policy_options, but where a type is named. */
extern const struct kind kind_prefixes;
extern const struct kind kind_use;        /* enum prefix_use */
extern const struct kind kind_aaaa_error; /* bool: passes */

#endif
