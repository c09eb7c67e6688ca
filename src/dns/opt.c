/* The OPT record of a response, to its octets. Knows the options that we send, and their order;
 * not when they are sent, nor what a message has room for. */

#include "sixward/dns/opt.h"

#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/dns/wire.h"

enum { OPT_SIZE = 11, OPTION_HEAD = 4, EDE_HEAD = 2, EDNS_DO = 0x8000 };

static size_t size_text(const struct ede *ede, enum ede_level level)
{
	return level == EDES_WHOLE ? strlen(ede->text) : 0;
}

size_t opt_size_edes(const struct ede_list *edes, enum ede_level level)
{
	size_t size = 0;

	if (!edes || level == EDES_NONE)
		return 0;
	for (size_t i = 0; i < edes->count; i++)
		size += OPTION_HEAD + EDE_HEAD + size_text(&edes->items[i], level);
	return size;
}

static uint8_t *put_option(uint8_t *out, uint16_t code, const void *octets, size_t size)
{
	bytes_put_u16(out, code);
	bytes_put_u16(out + 2, (uint16_t)size);
	memcpy(out + OPTION_HEAD, octets, size);
	return out + OPTION_HEAD + size;
}

size_t opt_encode_edes(const struct ede_list *edes, enum ede_level level, uint8_t *out)
{
	uint8_t *at = out;

	if (!edes || level == EDES_NONE)
		return 0;
	for (size_t i = 0; i < edes->count; i++) {
		const struct ede *ede = &edes->items[i];
		uint8_t value[EDE_HEAD + EDE_TEXT_MAX];
		size_t size = size_text(ede, level);

		/* R8914-2-a: the text has no NUL. */
		bytes_put_u16(value, ede->code);
		memcpy(value + EDE_HEAD, ede->text, size);
		at = put_option(at, OPTION_EDE, value, EDE_HEAD + size);
	}
	return (size_t)(at - out);
}

size_t opt_size(const struct answer_edns *edns, size_t edes_size)
{
	size_t size = OPT_SIZE + edes_size;

	if (!edns->present)
		return 0;
	if (edns->cookie_size > 0)
		size += OPTION_HEAD + (size_t)edns->cookie_size;
	if (edns->nsid)
		size += OPTION_HEAD + strnlen(edns->nsid, ANSWER_NSID_MAX);
	if (edns->has_keepalive)
		size += OPTION_HEAD + 2;
	return size;
}

size_t opt_encode(const struct answer_edns *edns, uint16_t rcode, const uint8_t *edes,
	size_t edes_size, uint8_t *out)
{
	uint32_t extended = (uint32_t)(rcode >> 4) << 24;
	uint8_t *at = out + OPT_SIZE;

	if (!edns->present)
		return 0; /* R6891-6.1.1-a */
	out[0] = 0;       /* the root */
	bytes_put_u16(out + 1, TYPE_OPT);
	bytes_put_u16(out + 3, WIRE_UDP_ADVERTISED);                        /* R6891-6.2.3-b */
	bytes_put_u32(out + 5, extended | (edns->dnssec_ok ? EDNS_DO : 0)); /* R6840-5.6-a */
	if (edns->cookie_size > 0)
		at = put_option(at, OPTION_COOKIE, edns->cookie, edns->cookie_size);
	if (edns->nsid)
		at = put_option(at, OPTION_NSID, edns->nsid, strnlen(edns->nsid, ANSWER_NSID_MAX));
	if (edns->has_keepalive) {
		uint8_t keepalive[2];

		bytes_put_u16(keepalive, edns->keepalive);
		at = put_option(at, OPTION_KEEPALIVE, keepalive, sizeof(keepalive));
	}
	memcpy(at, edes, edes_size);
	at += edes_size;
	bytes_put_u16(out + OPT_SIZE - 2, (uint16_t)(at - out - OPT_SIZE));
	return (size_t)(at - out);
}
