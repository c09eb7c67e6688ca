/* Names, questions and answers of the bench. It knows nothing of sockets or of sixward. */

#include "zone.h"

#include <string.h>
#include <strings.h>

enum {
	TYPE_SOA = 6,
	TYPE_OPT = 41,
	CLASS_IN = 1,
	POINTER = 0xc0, /* the first octet of a compression pointer */
	TTL_S = 3600,
	SHORT_TTL_S = 1,
	NXDOMAIN = 3,
	UDP_SIZE = 1232,
	OPT_SIZE = 11,
	FLAG_QR = 0x80, /* in a header's third octet */
	FLAG_TC = 0x02,
	FLAG_RD = 0x01,
	FLAG_RA = 0x80, /* in its fourth */
	NAME_MAX_OCTETS = 255,
};

static const uint8_t suffix[] = "\5bench\7example"; /* with the root at its end */

uint16_t zone_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

void zone_put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static uint8_t *put16(uint8_t *at, uint16_t value)
{
	zone_put16(at, value);
	return at + 2;
}

static uint8_t *put32(uint8_t *at, uint32_t value)
{
	return put16(put16(at, (uint16_t)(value >> 16)), (uint16_t)value);
}

static uint8_t *put_octets(uint8_t *at, const void *octets, size_t size)
{
	memcpy(at, octets, size);
	return at + size;
}

/* One to one for numbers of up to 24 bits: no two names share an address by chance. */
static uint32_t hash24(uint64_t number)
{
	uint32_t mixed = (uint32_t)(number ^ number >> 24 ^ number >> 48) & 0xffffff;

	mixed = mixed * 0x9e3779 & 0xffffff;
	mixed ^= mixed >> 12;
	return mixed * 0x85ebcb & 0xffffff;
}

/* 5.0.0.0/8 is public space, which every DNS64 server embeds in 64:ff9b::/96. */
static size_t write_ipv4(uint64_t number, uint8_t *data)
{
	put32(data, 0x05000000 | hash24(number));
	return 4;
}

static size_t write_ipv6(uint64_t number, uint8_t *data)
{
	uint8_t *at = put32(put32(data, 0x2a005ca1), 0);

	put32(put32(at, (uint32_t)(number >> 32)), (uint32_t)number);
	return ZONE_ADDRESS_MAX;
}

size_t zone_data(const struct wanted *wanted, const uint8_t *prefix, uint8_t *data)
{
	if (!wanted->kind)
		return 0;
	if (wanted->type == ZONE_TYPE_A)
		return write_ipv4(wanted->number, data);
	if (wanted->type != ZONE_TYPE_AAAA)
		return 0;
	if (wanted->kind == 'n')
		return write_ipv6(wanted->number, data);
	if (!prefix)
		return 0;
	write_ipv4(wanted->number, put_octets(data, prefix, ZONE_PREFIX));
	return ZONE_ADDRESS_MAX;
}

static uint8_t *put_opt(uint8_t *at, bool dnssec)
{
	*at++ = 0;
	at = put16(put16(at, TYPE_OPT), UDP_SIZE);
	return put16(put32(at, dnssec ? 0x8000 : 0), 0);
}

static uint8_t *put_number_label(uint8_t *at, char kind, uint64_t number)
{
	uint8_t digits[20];
	size_t count = 0;

	do {
		digits[count++] = (uint8_t)('0' + number % 10);
		number /= 10;
	} while (number);
	*at++ = (uint8_t)(count + 1);
	*at++ = (uint8_t)kind;
	while (count)
		*at++ = digits[--count];
	return at;
}

size_t zone_write_query(uint8_t *out, uint16_t id, const struct wanted *wanted, bool edns)
{
	uint8_t *at = put16(out, id);

	at = put_octets(at, "\1\0\0\1\0\0\0\0\0", 9);
	*at++ = edns;
	at = put_number_label(at, wanted->kind, wanted->number);
	at = put_octets(at, suffix, sizeof(suffix));
	at = put16(put16(at, wanted->type), CLASS_IN);
	if (edns)
		at = put_opt(at, false);
	return (size_t)(at - out);
}

/* The letter and the number that the first label begins with. */
static void read_label(struct wanted *wanted, const uint8_t *label, size_t size)
{
	char kind = (char)(label[0] | 0x20);
	size_t i = 1;

	if (kind != 's' && kind != 'n' && kind != 't')
		return;
	while (i < size && label[i] >= '0' && label[i] <= '9')
		wanted->number = wanted->number * 10 + (label[i++] - '0');
	if (i > 1)
		wanted->kind = kind;
}

bool zone_view_query(struct asked *asked, const uint8_t *message, size_t size)
{
	size_t at = ZONE_HEADER;

	memset(asked, 0, sizeof(*asked));
	if (size < ZONE_HEADER + 5 || message[2] & FLAG_QR || zone_get16(message + 4) != 1)
		return false;
	while (message[at]) {
		if (message[at] >= POINTER || at - ZONE_HEADER > NAME_MAX_OCTETS)
			return false;
		/* Octets of a length are no letters: the whole suffix may be compared so. */
		if (size - at >= sizeof(suffix) && !strncasecmp((const char *)message + at,
							   (const char *)suffix, sizeof(suffix)))
			asked->zone_at = at;
		at += 1 + (size_t)message[at];
		if (at + 5 > size)
			return false;
	}
	asked->end = at + 5;
	asked->is_apex = asked->zone_at == ZONE_HEADER;
	asked->wanted.type = zone_get16(message + at + 1);
	if (asked->zone_at && !asked->is_apex)
		read_label(&asked->wanted, message + ZONE_HEADER + 1, message[ZONE_HEADER]);
	if (zone_get16(message + 10) && asked->end + OPT_SIZE <= size && !message[asked->end] &&
		zone_get16(message + asked->end + 1) == TYPE_OPT) {
		asked->has_opt = true;
		asked->wants_dnssec = message[asked->end + 7] & 0x80;
	}
	return true;
}

static uint8_t *put_header(uint8_t *at, uint16_t id, uint8_t flags, uint8_t rcode)
{
	at = put16(at, id);
	*at++ = FLAG_QR | flags;
	*at++ = FLAG_RA | rcode;
	at = put16(put16(at, 1), 0);
	return put32(at, 0);
}

static uint8_t *put_record(
	uint8_t *at, uint16_t type, uint32_t ttl, const uint8_t *data, size_t size)
{
	at = put16(put16(put16(at, POINTER << 8 | ZONE_HEADER), type), CLASS_IN);
	at = put16(put32(at, ttl), (uint16_t)size);
	return put_octets(at, data, size);
}

/* The zone's, or the root's for what is outside. */
static uint8_t *put_soa(uint8_t *at, size_t zone_at, uint32_t ttl)
{
	if (zone_at)
		at = put16(at, (uint16_t)(POINTER << 8 | zone_at));
	else
		*at++ = 0;
	at = put16(put32(put16(put16(at, TYPE_SOA), CLASS_IN), ttl), 22);
	at = put16(at, 0); /* two names: the root */
	return put32(put32(put32(put32(put32(at, 1), TTL_S), 600), 86400), ttl);
}

/* Nothing is said of names outside the zone but that there is nothing: a server that asks for the
 * root's keys, or for its name servers, has an answer at once. */
size_t zone_write_answer(
	uint8_t *out, const uint8_t *query, const struct asked *asked, const uint8_t *prefix)
{
	uint32_t ttl = asked->wanted.kind == 't' ? SHORT_TTL_S : TTL_S;
	bool exists = asked->wanted.kind || asked->is_apex || !asked->zone_at;
	uint8_t data[ZONE_ADDRESS_MAX];
	size_t size = zone_data(&asked->wanted, prefix, data);
	uint8_t *at = put_header(
		out, zone_get16(query), query[2] & FLAG_RD, exists ? ZONE_NOERROR : NXDOMAIN);

	at = put_octets(at, query + ZONE_HEADER, asked->end - ZONE_HEADER);
	if (size) {
		at = put_record(at, asked->wanted.type, ttl, data, size);
		zone_put16(out + 6, 1);
	} else {
		at = put_soa(at, asked->zone_at, ttl);
		zone_put16(out + 8, 1);
	}
	if (asked->has_opt) {
		at = put_opt(at, asked->wants_dnssec);
		zone_put16(out + 10, 1);
	}
	return (size_t)(at - out);
}

size_t zone_write_record(uint8_t *out, uint16_t id, const uint8_t *question, size_t question_size,
	uint8_t rcode, const uint8_t *data, size_t data_size)
{
	uint8_t *at = put_header(out, id, FLAG_RD, rcode);

	at = put_octets(at, question, question_size);
	if (data_size) {
		at = put_record(
			at, zone_get16(question + question_size - 4), TTL_S, data, data_size);
		zone_put16(out + 6, 1);
	}
	return (size_t)(at - out);
}

/* The octets after a name, or NULL if it doesn't end before the message does. */
static const uint8_t *skip_name(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at && *at < POINTER)
		at += 1 + (size_t)*at;
	if (at >= end)
		return NULL;
	at += *at ? 2 : 1;
	return at <= end ? at : NULL;
}

const uint8_t *zone_find_data(
	const uint8_t *message, size_t size, size_t question_size, uint16_t type, size_t *data_size)
{
	const uint8_t *end = message + size;
	const uint8_t *at = message + ZONE_HEADER + question_size;

	if (size < ZONE_HEADER + question_size)
		return NULL;
	for (unsigned left = zone_get16(message + 6); left; left--) {
		at = skip_name(at, end);
		if (!at || end - at < 10 || end - at - 10 < zone_get16(at + 8))
			return NULL;
		*data_size = zone_get16(at + 8);
		if (zone_get16(at) == type)
			return at + 10;
		at += 10 + *data_size;
	}
	return NULL;
}

/* The record's owner: a pointer to the question's name, or that name again. */
static bool is_owner(const uint8_t *at, const uint8_t *question, size_t question_size)
{
	if (at[0] == POINTER)
		return at[1] == ZONE_HEADER;
	return !memcmp(at, question, question_size - 4);
}

const char *zone_judge(const uint8_t *message, size_t size, const uint8_t *question,
	size_t question_size, const uint8_t *data, size_t data_size)
{
	static const char *const rcodes[16] = { NULL, "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",
		"REFUSED", "rcode 6", "rcode 7", "rcode 8", "rcode 9", "rcode 10", "rcode 11",
		"rcode 12", "rcode 13", "rcode 14", "rcode 15" };
	const uint8_t *found;
	size_t found_size = 0;

	if (size < ZONE_HEADER + question_size || zone_get16(message + 4) != 1)
		return "no question";
	if (!(message[2] & FLAG_QR))
		return "no reply";
	if (rcodes[message[3] & 0xf])
		return rcodes[message[3] & 0xf];
	if (message[2] & FLAG_TC)
		return "truncated";
	if (memcmp(message + ZONE_HEADER, question, question_size) != 0)
		return "another question";
	if (zone_get16(message + 6) != 1)
		return zone_get16(message + 6) ? "more than one record" : "no record";
	found = zone_find_data(message, size, question_size,
		zone_get16(question + question_size - 4), &found_size);
	if (!found)
		return "no record of the type";
	if (!is_owner(message + ZONE_HEADER + question_size, question, question_size))
		return "a record of another name";
	if (found_size != data_size || memcmp(found, data, data_size) != 0)
		return "another address";
	return NULL;
}
