/* What is decoded are prefixes that may be learned, each once, with lifetimes that 13 bits of 8
 * seconds can say; written as options they are decoded to the same. */

#include "fuzz.h"

#include <string.h>

#include "sixward/dns64/advert.h"

enum { HEADER_OCTETS = 16, OPTION_OCTETS = 16, LIFETIME_MAX = 65528 };

static uint8_t code_of(uint8_t length)
{
	static const uint8_t lengths[] = { 96, 64, 56, 48, 40, 32 };
	uint8_t code = 0;

	while (code < sizeof(lengths) && lengths[code] != length)
		code++;
	HOLDS(code < sizeof(lengths));
	return code;
}

static void check(const struct advert_prefix *found, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		HOLDS(prefix_may_be_learned(&found[i].prefix));
		HOLDS(found[i].lifetime_s <= LIFETIME_MAX && found[i].lifetime_s % 8 == 0);
		for (size_t k = 0; k < i; k++)
			HOLDS(!prefix_equal(&found[i].prefix, &found[k].prefix));
	}
}

static size_t encode(const struct advert_prefix *found, size_t count, uint8_t *out)
{
	memset(out, 0, HEADER_OCTETS);
	out[0] = 134;
	out += HEADER_OCTETS;
	for (size_t i = 0; i < count; i++, out += OPTION_OCTETS) {
		const struct network *network = &found[i].prefix.network;

		out[0] = 38;
		out[1] = 2;
		out[2] = (uint8_t)(found[i].lifetime_s >> 8);
		out[3] = (uint8_t)(found[i].lifetime_s | code_of(network->length));
		memcpy(out + 4, network->addr.octets, 12);
	}
	return HEADER_OCTETS + count * OPTION_OCTETS;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct advert_prefix found[POLICY_PREFIXES_MAX], again[POLICY_PREFIXES_MAX];
	uint8_t octets[HEADER_OCTETS + POLICY_PREFIXES_MAX * OPTION_OCTETS];
	size_t count, count_again;

	if (!advert_decode(data, size, found, &count)) {
		HOLDS(count == 0);
		return 0;
	}
	HOLDS(count <= POLICY_PREFIXES_MAX);
	check(found, count);
	HOLDS(advert_decode(octets, encode(found, count, octets), again, &count_again));
	HOLDS(count_again == count);
	for (size_t i = 0; i < count; i++) {
		HOLDS(prefix_equal(&found[i].prefix, &again[i].prefix));
		HOLDS(found[i].lifetime_s == again[i].lifetime_s);
	}
	return 0;
}
