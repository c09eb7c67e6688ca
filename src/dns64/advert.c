/* RFC 8781: PREF64 options of a router advertisement. Octets only; what a router may say, and for
 * how long it holds, is judged by others. */

#include "sixward/dns64/advert.h"

#include "sixward/base/bytes.h"

enum {
	ROUTER_ADVERTISEMENT = 134,
	HEADER_OCTETS = 16,
	UNIT_OCTETS = 8, /* of the lengths of options */
	OPTION_PREF64 = 38,
	PREF64_UNITS = 2,
	PREFIX_OCTETS = 12,
	CODE_BITS = 7 /* below the lifetime, which is so counted in units of 8 s */
};

/* R8781-4-a: the prefix length codes. */
static const uint8_t lengths[] = { 96, 64, 56, 48, 40, 32 };

/* False: the option is ignored. */
static bool decode_option(struct reader *body, struct advert_prefix *out)
{
	uint16_t scaled = reader_u16(body);
	const uint8_t *octets = reader_take(body, PREFIX_OCTETS);
	uint8_t address[16] = { 0 };
	struct network network;
	struct addr addr;

	if (!octets || (scaled & CODE_BITS) >= sizeof(lengths))
		return false;
	for (size_t i = 0; i < PREFIX_OCTETS; i++)
		address[i] = octets[i];
	addr = addr_from_ipv6(address);
	network = network_around(&addr, lengths[scaled & CODE_BITS]);
	out->lifetime_s = scaled & ~(uint32_t)CODE_BITS;
	return prefix_make(&network, NULL, &out->prefix) == PREFIX_OK &&
	       prefix_may_be_learned(&out->prefix);
}

/* Of one prefix that is there twice the last word holds; what does not fit is ignored. */
static void keep(struct advert_prefix *out, size_t *count, const struct advert_prefix *prefix)
{
	size_t at = 0;

	while (at < *count && !prefix_equal(&out[at].prefix, &prefix->prefix))
		at++;
	if (at == POLICY_PREFIXES_MAX)
		return;
	out[at] = *prefix;
	if (at == *count)
		(*count)++;
}

bool advert_decode(const uint8_t *octets, size_t size,
	struct advert_prefix out[POLICY_PREFIXES_MAX], size_t *count)
{
	struct reader reader = reader_over(octets, size);
	uint8_t type = reader_u8(&reader);
	uint8_t code = reader_u8(&reader);

	*count = 0;
	if (!reader_take(&reader, HEADER_OCTETS - 2) || type != ROUTER_ADVERTISEMENT || code != 0)
		return false;
	while (reader_left(&reader) > 0) {
		uint8_t option = reader_u8(&reader);
		uint8_t units = reader_u8(&reader);
		size_t rest = (size_t)units * UNIT_OCTETS - 2;
		const uint8_t *body = units > 0 ? reader_take(&reader, rest) : NULL;
		struct advert_prefix prefix;
		struct reader inner;

		if (!body)
			goto malformed;
		inner = reader_over(body, rest);
		if (option == OPTION_PREF64 && units == PREF64_UNITS &&
			decode_option(&inner, &prefix))
			keep(out, count, &prefix);
	}
	return true;
malformed:
	*count = 0;
	return false;
}
