#ifndef SIXWARD_CONFIG_PREFIX_LIST_H
#define SIXWARD_CONFIG_PREFIX_LIST_H

#include "sixward/config/kinds.h"

/* The kind of value of `dns64.prefixes`: prefixes, and where others are learned from. */

enum { PREFIX_LIST_SERVERS_MAX = 16 }; /* of one `learn-from` */

extern const struct kind kind_prefixes; /* its place is struct policy_options */

#endif
