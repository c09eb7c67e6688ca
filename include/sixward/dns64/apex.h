#ifndef SIXWARD_DNS64_APEX_H
#define SIXWARD_DNS64_APEX_H

#include <stdint.h>

#include "sixward/dns/reply.h"

/* What a zone of our own has at its top, with the zone's name as primary server. */

/* `zone ttl IN SOA zone nobody.invalid. 1 3600 1200 604800 minimum` (R6303-3-b). */
struct apex {
	const uint8_t *zone;
	uint32_t ttl_s;
	uint32_t minimum_s;
};

void apex_add_soa(const struct apex *apex, enum wire_section section, struct reply_draft *draft);

/* `zone ttl IN NS zone`, as the answer. */
void apex_add_ns(const struct apex *apex, struct reply_draft *draft);

#endif
