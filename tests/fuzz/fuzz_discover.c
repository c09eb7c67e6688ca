/* What is found are prefixes that may be learned, each once, and of each there is an address in the
 * reply that holds a well-known one by it. What is found is found again in what they would tell. */

#include "fuzz.h"

#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/dns64/discover.h"
#include "sixward/dns64/ipv4only.h"

enum { ADDRESSES_MAX = 4096 };

static void add(struct reply_draft *draft, const uint8_t address[16])
{
	struct record record = { .section = SECTION_ANSWER,
		.type = TYPE_AAAA,
		.rclass = CLASS_IN,
		.rdata_size = 16,
		.ttl = 60,
		.owner = draft->question->name.octets,
		.rdata = address };

	reply_draft_add(draft, &record);
}

/* An octet says where a well-known address is put into the sixteen that follow, or that they stay
 * as they are. */
static void add_read(struct reply_draft *draft, struct reader *reader)
{
	static const uint8_t lengths[] = { 32, 40, 48, 56, 64, 96 };
	uint8_t how = reader_u8(reader);
	uint8_t address[16];
	struct prefix prefix = { 0 };

	for (size_t i = 0; i < sizeof(address); i++)
		address[i] = reader_u8(reader);
	if (how % 8 < sizeof(lengths)) {
		struct addr addr = addr_from_ipv6(address);

		prefix.network = network_around(&addr, lengths[how % 8]);
		memcpy(prefix.suffix, address, sizeof(address));
		prefix_embed(&prefix, ipv4only_addresses[how / 8 % 2], address);
	}
	add(draft, address);
}

static bool is_told(const struct reply *reply, const struct prefix *prefix)
{
	for (size_t i = 0; i < reply_count(reply); i++) {
		uint8_t ipv4[4];

		if (prefix_extract(prefix, reply_record(reply, i).rdata, ipv4) &&
			(memcmp(ipv4, ipv4only_addresses[0], 4) == 0 ||
				memcmp(ipv4, ipv4only_addresses[1], 4) == 0))
			return true;
	}
	return false;
}

static void check(const struct reply *reply, const struct prefix *found, size_t count)
{
	HOLDS(count <= POLICY_PREFIXES_MAX);
	for (size_t i = 0; i < count; i++) {
		struct prefix made;

		HOLDS(prefix_make(&found[i].network, NULL, &made) == PREFIX_OK);
		HOLDS(prefix_equal(&made, &found[i]));
		HOLDS(prefix_may_be_learned(&found[i]));
		HOLDS(is_told(reply, &found[i]));
		for (size_t k = 0; k < i; k++)
			HOLDS(!prefix_equal(&found[i], &found[k]));
	}
}

/* A DNS64 that has this prefix alone. */
static void check_told_back(const struct question *question, const struct prefix *prefix)
{
	struct reply_draft *draft = reply_draft_new(question, RCODE_NOERROR);
	struct prefix found[POLICY_PREFIXES_MAX];
	struct reply *reply;

	for (size_t n = 0; n < 2; n++) {
		uint8_t address[16];

		prefix_embed(prefix, ipv4only_addresses[n], address);
		add(draft, address);
	}
	reply = reply_draft_seal(draft);
	HOLDS(discover_prefixes(reply, found) == 1);
	HOLDS(prefix_equal(&found[0], prefix));
	reply_unref(reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct question question = discover_question();
	struct reader reader = reader_over(data, size);
	struct reply_draft *draft = reply_draft_new(&question, RCODE_NOERROR);
	struct prefix found[POLICY_PREFIXES_MAX];
	struct reply *reply;
	size_t count;

	for (size_t i = 0; i < ADDRESSES_MAX && reader_left(&reader) > 0; i++)
		add_read(draft, &reader);
	reply = reply_draft_seal(draft);
	count = discover_prefixes(reply, found);
	check(reply, found, count);
	for (size_t i = 0; i < count; i++)
		check_told_back(&question, &found[i]);
	reply_unref(reply);
	return 0;
}
