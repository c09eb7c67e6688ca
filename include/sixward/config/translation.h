#ifndef SIXWARD_CONFIG_TRANSLATION_H
#define SIXWARD_CONFIG_TRANSLATION_H

#include "sixward/config/kinds.h"

/* The kinds of values of the rules of translation: `dns64`, `views` and what stands in them. */

/* Their place is struct config's views; their row's table is that of policy_options. */
extern const struct kind kind_dns64;
extern const struct kind kind_views;

extern const struct kind kind_check;      /* struct policy_check; its row's table is that */
extern const struct kind kind_targets;    /* struct policy_check */
extern const struct kind kind_aaaa_error; /* bool: passes */

#endif
