/* Every AAAA that is synthesized carries an A of the reply that it came from, with a TTL within the
 * limit; and the A records themselves are gone. Appended to native AAAA they come behind them, and
 * the native ones stay in their order. */

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

/* The next usable AAAA of the reply from `*at` on. */
static const uint8_t *next_usable(const struct reply *aaaa, const struct policy *policy, size_t *at)
{
	struct aged_reply fresh = { .reply = aaaa };

	while (*at < reply_count(aaaa)) {
		struct record record = reply_record(aaaa, (*at)++);

		if (aged_is_data(&fresh, &record, TYPE_AAAA) && record.rdata_size == 16 &&
			!policy_excludes_aaaa(policy, record.rdata))
			return record.rdata;
	}
	return NULL;
}

static void check_appended(const struct reply *made, const struct reply *aaaa,
	const struct reply *a, const struct policy *policy)
{
	struct aged_reply fresh = { .reply = made };
	uint32_t most = policy_options(policy)->max_aaaa;
	size_t appended = reply_data_count(made, TYPE_AAAA) - synth_usable(aaaa, policy).usable;
	uint32_t ttl = UINT32_MAX;
	size_t native_at = 0;

	HOLDS(appended > 0 && (most == 0 || appended <= most));
	for (size_t i = 0; i < reply_count(made); i++) {
		struct record record = reply_record(made, i);
		const uint8_t *native;
		uint8_t ipv4[4];

		HOLDS(record.section != SECTION_ANSWER || !aged_signs(&record, TYPE_AAAA));
		if (!aged_is_data(&fresh, &record, TYPE_AAAA))
			continue;
		HOLDS(ttl == UINT32_MAX || record.ttl == ttl);
		ttl = record.ttl;
		HOLDS(ttl <= SYNTH_TTL_WITHOUT_SOA);
		native = next_usable(aaaa, policy, &native_at);
		if (native) {
			HOLDS(memcmp(native, record.rdata, 16) == 0);
			continue;
		}
		HOLDS(policy_extract(policy, record.rdata, ipv4, NULL));
		HOLDS(has_a(a, ipv4));
	}
}

/* The octets once more, or their second half, as an AAAA reply to append the A to. */
static void append(const uint8_t *data, size_t size, const struct question *question,
	const struct aged_reply *a, const struct policy *policy)
{
	size_t start = size > 0 && data[0] & 16 ? size / 2 : 0;
	struct reader reader = reader_over(data + start, size - start);
	struct reply *reply = fuzz_reply(&reader, question);
	struct aged_reply aaaa = { .reply = reply };
	struct reply *made = synth_append(question, &aaaa, a, policy);

	if (made) {
		HOLDS(synth_usable(reply, policy).usable > 0 && synth_can(a->reply, policy));
		check_appended(made, reply, a->reply, policy);
	}
	reply_unref(made);
	reply_unref(reply);
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
	append(data, size, &aaaa, &aged, policy);
	reply_unref(reply);
	policy_unref(policy);
	return 0;
}
