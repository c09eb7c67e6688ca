/* Every AAAA that is synthesized carries an A of the reply that it came from, with a TTL within the
 * limit; and the A records themselves are gone. */

#include "fuzz.h"

#include <string.h>

#include "octets_to_reply.h"
#include "sixward/dns64/hide.h"
#include "sixward/dns64/synth.h"

static struct policy *make_policy(uint8_t flags)
{
	static const uint8_t lengths[] = { 32, 40, 48, 56, 64, 96 };
	struct policy_options options = { .enabled = true, .max_aaaa = flags >> 6 };
	struct addr addr = { .family = ADDR_IPV6, .octets = { 0x20, 0x01, 0x0d, 0xb8 } };
	struct network network;

	options.prefix_count = 2;
	network = network_around(&addr, lengths[flags % 6]);
	HOLDS(prefix_make(&network, NULL, &options.prefixes[0].prefix) == PREFIX_OK);
	options.prefixes[1].prefix = prefix_well_known();
	options.use = flags & 8 ? USE_FIRST : USE_ALL;
	(void)netset_add_text(&options.keep_a_ipv4, "10.0.0.0/8");
	return policy_new(&options);
}

static bool has_a(const struct reply *reply, const uint8_t ipv4[4])
{
	for (size_t i = 0; i < reply_count(reply); i++) {
		struct record record = reply_record(reply, i);

		if (record.type == TYPE_A && memcmp(record.rdata, ipv4, 4) == 0)
			return true;
	}
	return false;
}

static void check(const struct reply *synthesized, const struct reply *a,
	const struct policy *policy, uint32_t limit_s)
{
	HOLDS(reply_data_count(synthesized, TYPE_AAAA) > 0);
	for (size_t i = 0; i < reply_count(synthesized); i++) {
		struct record record = reply_record(synthesized, i);
		uint8_t ipv4[4];

		if (record.section != SECTION_ANSWER)
			break;
		HOLDS(record.type != TYPE_A);
		if (record.type != TYPE_AAAA)
			continue;
		HOLDS(record.ttl <= limit_s);
		HOLDS(policy_extract(policy, record.rdata, ipv4, NULL));
		HOLDS(has_a(a, ipv4));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader reader = reader_over(data, size);
	struct policy *policy = make_policy(reader_u8(&reader));
	const struct name *name = fuzz_name(reader_u8(&reader));
	uint32_t limit_s = reader_u16(&reader);
	struct question aaaa = question_make(name->octets, TYPE_AAAA, CLASS_IN, false);
	struct question a = question_make(name->octets, TYPE_A, CLASS_IN, false);
	struct aged_reply aged = { .age_s = reader_u8(&reader) };
	struct aged_reply none = { 0 };
	struct reply *made;
	size_t hidden = 0;

	struct reply *reply = fuzz_reply(&reader, &a);

	aged.reply = reply;
	if (aged.age_s > reply_facts(reply)->lifetime)
		aged.age_s = reply_facts(reply)->lifetime;
	made = synth_aaaa(&aaaa, &aged, limit_s, policy);
	HOLDS(!made == !synth_can(reply, policy));
	if (made)
		check(made, reply, policy, limit_s);
	reply_unref(made);
	made = hide_a(&a, &aged, &none, policy, &hidden);
	HOLDS(!made == !hidden);
	if (made)
		HOLDS(reply_data_count(made, TYPE_A) + hidden == reply_data_count(reply, TYPE_A));
	reply_unref(made);
	reply_unref(reply);
	policy_unref(policy);
	return 0;
}
