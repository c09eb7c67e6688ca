#ifndef SIXWARD_CONFIG_ENDPOINTS_H
#define SIXWARD_CONFIG_ENDPOINTS_H

#include <stdbool.h>

#include "sixward/base/addr.h"
#include "sixward/config/kinds.h"

/* Endpoints in the file, for every list that holds some. What is complained of stands at the node,
 * or at its `address` where it is a mapping. */

#define ENDPOINTS_ACCEPTED "ADDRESS, \"[IPV6]:PORT\" or IPV4:PORT"

/* One that can be listened on or asked. False after a complaint. */
bool endpoints_read(struct reading *reading, const struct tree *node, const char *text,
	struct endpoint *endpoint);

/* Whether something may be reached there through NAT64, whatever the prefix; `text` is what was
 * found. False after a complaint. */
bool endpoints_check_nat64(struct reading *reading, const struct tree *node, const char *text,
	const struct addr *ipv4);

#endif
