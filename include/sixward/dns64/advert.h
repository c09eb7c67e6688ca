#ifndef SIXWARD_DNS64_ADVERT_H
#define SIXWARD_DNS64_ADVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns64/policy.h"
#include "sixward/dns64/prefix.h"

/* PREF64 options of a router advertisement (RFC 8781), from the octets of an ICMPv6 message. */

struct advert_prefix {
	struct prefix prefix;
	uint32_t lifetime_s; /* 0 = to be used no more */
};

/* False: not a router advertisement, or one that is malformed and to be ignored as a whole
 * (RFC 4861 6.1.2, as far as it can be told from the message alone). `count` 0: it has no such
 * option, or none that is understood (R8781-4-a). */
bool advert_decode(const uint8_t *octets, size_t size,
	struct advert_prefix out[POLICY_PREFIXES_MAX], size_t *count);

#endif
