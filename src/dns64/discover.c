/* RFC 7050 as seen by who asks: the addresses of ipv4only.arpa, and where in them the well-known
 * ones stand. Octets of one reply only; who was asked, and when to ask again, is not known here. */

#include "sixward/dns64/discover.h"

#include <string.h>

#include "sixward/dns64/ipv4only.h"

/* An address can hold well-known ones at two places, no more, for they do not overlap. For so many
 * of those the other address is looked for: a reply has room for thousands. */
enum { SEARCHES_MAX = 4 * POLICY_PREFIXES_MAX };

static const uint8_t lengths[] = { 32, 40, 48, 56, 64, 96 };

enum { LENGTHS = sizeof(lengths) };

/* The address taken as one of that Pref64::/n, whether or not there can be such a prefix. */
struct reading {
	struct prefix prefix;
	const uint8_t *other; /* the well-known address that it does not hold */
};

/* R7050-3-b: whether a well-known address stands where that length has it. Octet 8 is zero then,
 * and what stands behind is not looked at (ADR-2.2-d). */
static bool reading_find(const uint8_t address[16], uint8_t length, struct reading *reading)
{
	struct addr addr = addr_from_ipv6(address);
	uint8_t ipv4[4];

	reading->prefix = (struct prefix){ .network = network_around(&addr, length) };
	if (!prefix_extract(&reading->prefix, address, ipv4))
		return false;
	for (size_t i = 0; i < 2; i++) {
		if (memcmp(ipv4, ipv4only_addresses[i], sizeof(ipv4)) == 0) {
			reading->other = ipv4only_addresses[1 - i];
			return true;
		}
	}
	return false;
}

static bool is_address(const struct record *record)
{
	return record->section == SECTION_ANSWER && record->type == TYPE_AAAA &&
	       record->rdata_size == 16;
}

/* Whether the reply has the second address of the pair: the same prefix with the other one. */
static bool has_other(const struct reply *reply, const struct reading *reading)
{
	for (size_t i = 0; i < reply_count(reply); i++) {
		struct record record = reply_record(reply, i);
		uint8_t ipv4[4];

		if (is_address(&record) && prefix_extract(&reading->prefix, record.rdata, ipv4) &&
			memcmp(ipv4, reading->other, sizeof(ipv4)) == 0)
			return true;
	}
	return false;
}

/* R7050-3-c: those of which the pair's second address says the same. */
static size_t keep_confirmed(const struct reply *reply, struct reading *readings, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (has_other(reply, &readings[i]))
			readings[kept++] = readings[i];
	}
	return kept;
}

/* The one prefix that the address was made with, if that can be told. `searches` are left. */
static bool find_prefix(const struct reply *reply, const uint8_t address[16], size_t *searches,
	struct prefix *prefix)
{
	struct reading readings[LENGTHS];
	size_t count = 0;

	for (size_t i = 0; i < LENGTHS; i++)
		count += reading_find(address, lengths[i], &readings[count]);
	if (count > 1 && *searches > 0) {
		--*searches;
		count = keep_confirmed(reply, readings, count);
	}
	return count == 1 && prefix_make(&readings[0].prefix.network, NULL, prefix) == PREFIX_OK &&
	       prefix_may_be_learned(prefix);
}

static bool holds(const struct prefix *prefixes, size_t count, const struct prefix *prefix)
{
	for (size_t i = 0; i < count; i++) {
		if (prefix_equal(&prefixes[i], prefix))
			return true;
	}
	return false;
}

struct question discover_question(void)
{
	return question_make((const uint8_t *)"\10ipv4only\4arpa", TYPE_AAAA, CLASS_IN, false);
}

/* R7050-3-d: in the order received. */
size_t discover_prefixes(const struct reply *reply, struct prefix out[POLICY_PREFIXES_MAX])
{
	size_t searches = SEARCHES_MAX;
	size_t count = 0;

	for (size_t i = 0; i < reply_count(reply) && count < POLICY_PREFIXES_MAX; i++) {
		struct record record = reply_record(reply, i);
		struct prefix prefix;

		if (is_address(&record) && find_prefix(reply, record.rdata, &searches, &prefix) &&
			!holds(out, count, &prefix))
			out[count++] = prefix;
	}
	return count;
}
