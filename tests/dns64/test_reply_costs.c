#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "sixward/base/bytes.h"
#include "sixward/dns/answer.h"
#include "sixward/dns/message.h"
#include "sixward/dns64/hide.h"
#include "sixward/dns64/synth.h"

/* What a miss asks the heap for: one piece for each reply, none for the octets. */

struct line {
	enum wire_section section;
	const char *text;
};

struct upstream_reply {
	const char *what;
	uint16_t type;
	uint16_t rcode;
	struct line lines[6];
};

#define OWN            "www.example.org. 300 IN "
#define RRSIG_OF(type) "RRSIG " type " 13 3 300 20380101000000 20240101000000 1 example.org. AAAA"
#define SOA            "example.org. 300 IN SOA ns.example.org. mail.example.org. 1 2 3 4 5"

static const struct upstream_reply replies[] = {
	{ "A", TYPE_A, 0, { { SECTION_ANSWER, OWN "A 192.0.2.1" } } },
	{ "A and A, with signature", TYPE_A, 0,
		{ { SECTION_ANSWER, OWN "A 192.0.2.1" }, { SECTION_ANSWER, OWN "A 192.0.2.2" },
			{ SECTION_ANSWER, OWN RRSIG_OF("A") } } },
	{ "aliases", TYPE_A, 0,
		{ { SECTION_ANSWER, OWN "CNAME a.example.net." },
			{ SECTION_ANSWER, "a.example.net. 300 IN CNAME b.example.com." },
			{ SECTION_ANSWER, "b.example.com. 300 IN A 192.0.2.1" } } },
	{ "passengers", TYPE_A, 0,
		{ { SECTION_ANSWER, OWN "A 192.0.2.1" },
			{ SECTION_AUTHORITY, "example.org. 300 IN NS ns.example.org." },
			{ SECTION_ADDITIONAL, "ns.example.org. 300 IN A 192.0.2.53" } } },
	{ "AAAA", TYPE_AAAA, 0, { { SECTION_ANSWER, OWN "AAAA 2001:db8::1" } } },
	{ "no AAAA", TYPE_AAAA, 0, { { SECTION_AUTHORITY, SOA } } },
	{ "no such name", TYPE_AAAA, RCODE_NXDOMAIN,
		{ { SECTION_AUTHORITY, SOA },
			{ SECTION_AUTHORITY, "example.org. 300 IN " RRSIG_OF("SOA") } } },
};

static const struct message_rules rules = {
	.ttl_max = 86400, .negative_ttl_max = 3600, .links_max = 16
};

static struct question make_question(uint16_t type)
{
	struct name name;

	assert_true(name_parse("www.example.org", &name));
	return question_make(name.octets, type, CLASS_IN, false);
}

static void put_line(struct writer *out, const struct line *line)
{
	static uint8_t storage[MESSAGE_RECORD_MAX];
	const char *error = "";
	struct record record;

	if (!message_parse_record(line->text, 300, &record, storage, &error))
		fail_msg("%s: %s", line->text, error);
	writer_put(out, record.owner, name_size(record.owner, NAME_SIZE_MAX));
	writer_u16(out, record.type);
	writer_u16(out, record.rclass);
	writer_u32(out, record.ttl);
	writer_u16(out, record.rdata_size);
	writer_put(out, record.rdata, record.rdata_size);
}

static size_t write_message(const struct upstream_reply *from, uint8_t *octets, size_t room)
{
	struct question question = make_question(from->type);
	struct writer out = writer_over(octets, room);
	uint16_t counts[3] = { 0 };

	writer_u16(&out, 1);
	writer_u16(&out, (uint16_t)(WIRE_QR | WIRE_RD | WIRE_RA | from->rcode));
	writer_u16(&out, 1);
	for (size_t i = 0; i < 3; i++)
		writer_u16(&out, 0);
	writer_put(&out, question.name.octets, question.name.size);
	writer_u16(&out, from->type);
	writer_u16(&out, CLASS_IN);
	for (size_t i = 0; i < 6 && from->lines[i].text; i++) {
		put_line(&out, &from->lines[i]);
		counts[from->lines[i].section]++;
	}
	for (size_t i = 0; i < 3; i++)
		writer_patch_u16(&out, 6 + 2 * i, counts[i]);
	assert_false(out.failed);
	return out.at;
}

static struct reply *decode(const struct upstream_reply *from)
{
	struct question question = make_question(from->type);
	uint8_t octets[1232];
	size_t size = write_message(from, octets, sizeof(octets));
	struct reply *reply;
	struct failure failure;

	heap.requests = 0;
	assert_int_equal(
		message_decode(octets, size, &question, &rules, &reply, &failure), MESSAGE_REPLY);
	return reply;
}

static void takes_one_piece_of_memory_for_what_upstream_said(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct reply *reply = decode(&replies[i]);

		print_message("%s\n", replies[i].what);
		assert_int_equal(heap.requests, 1);
		reply_unref(reply);
	}
}

static struct policy *make_policy(void)
{
	struct policy_options options = { .enabled = true, .prefix_count = 1 };
	struct addr addr = { .family = ADDR_IPV6, .octets = { 0x20, 0x01, 0x0d, 0xb8, 0, 0x64 } };
	struct network network = network_around(&addr, 96);

	assert_int_equal(prefix_make(&network, NULL, &options.prefixes[0].prefix), PREFIX_OK);
	return policy_new(&options);
}

/* Nobody keeps an answer: it is made, written and gone. */
static void assert_made_with_one_piece(struct reply *made)
{
	static const uint8_t question[] = "\3www\7example\3org\0\0\34\0\1";
	uint8_t out[1232];
	struct answer answer = { .question = question,
		.question_size = sizeof(question) - 1,
		.question_type = TYPE_AAAA,
		.reply = made,
		.limit = sizeof(out),
		.edns = { .present = true } };

	assert_non_null(made);
	assert_int_equal(heap.requests, 1);
	heap.requests = 0;
	assert_true(answer_encode(&answer, out, NULL) > WIRE_HEADER_SIZE);
	assert_int_equal(heap.requests, 0);
	reply_unref(made);
}

static void takes_one_piece_of_memory_for_an_answer_and_none_to_write_it(void **state)
{
	struct question aaaa = make_question(TYPE_AAAA);
	struct policy *policy = make_policy();

	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct aged_reply aged = { .reply = decode(&replies[i]), .age_s = 1 };
		struct aged_reply none = { 0 };
		size_t hidden;

		print_message("%s\n", replies[i].what);
		heap.requests = 0;
		if (replies[i].type == TYPE_A)
			assert_made_with_one_piece(synth_aaaa(&aaaa, &aged, 600, policy));
		else if (reply_facts(aged.reply)->kind == REPLY_DATA)
			assert_made_with_one_piece(synth_filter(&aaaa, &aged, policy));
		else
			assert_made_with_one_piece(synth_cap_denial(&aaaa, &aged, 3));
		heap.requests = 0;
		assert_made_with_one_piece(synth_empty(&aaaa, &aged));
		heap.requests = 0;
		if (replies[i].type == TYPE_A)
			assert_made_with_one_piece(hide_a(&aaaa, &aged, &none, policy, &hidden));
		reply_unref((struct reply *)(uintptr_t)aged.reply);
	}
	policy_unref(policy);
}

static void takes_one_piece_of_memory_to_append(void **state)
{
	struct question aaaa = make_question(TYPE_AAAA);
	struct policy *policy = make_policy();

	(void)state;
	for (size_t i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
		struct aged_reply native = { .reply = decode(&replies[4]) };
		struct aged_reply a = { .reply = decode(&replies[i]) };

		print_message("%s\n", replies[i].what);
		heap.requests = 0;
		if (replies[i].type == TYPE_A)
			assert_made_with_one_piece(synth_append(&aaaa, &native, &a, policy));
		reply_unref((struct reply *)(uintptr_t)native.reply);
		reply_unref((struct reply *)(uintptr_t)a.reply);
	}
	policy_unref(policy);
}

/* Each A of a miss is asked for its prefixes, whatever was learned and marked. */
static void takes_no_memory_to_choose_prefixes(void **state)
{
	static const uint8_t ipv4[4] = { 198, 41, 0, 4 };
	const struct prefix *out[POLICY_PREFIXES_MAX];
	struct prefix well_known = prefix_well_known();
	struct live_prefix live = { .prefix = well_known, .is_dead = true };
	struct policy_options options = { .enabled = true, .prefix_count = 2, .use = USE_BEST };
	struct learned learned = { .prefixes = &well_known, .count = 1 };
	struct policy *written;
	struct policy *taught;
	struct policy *marked;

	(void)state;
	options.prefixes[0].learn.kind = LEARN_UPSTREAMS;
	options.prefixes[1].learn.kind = LEARN_ADVERTISEMENTS;
	heap.requests = 0;
	written = policy_new(&options);
	assert_int_equal(heap.requests, 1);
	learned.source = &policy_options(written)->prefixes[1].learn;
	taught = policy_with_learned(written, &learned, 1);
	marked = policy_with_live(taught, &live, 1);
	assert_int_equal(heap.requests, 3);
	heap.requests = 0;
	assert_int_equal(policy_prefixes_for(marked, ipv4, out, NULL), 1);
	assert_int_equal(policy_in_force(marked, out), 1);
	assert_int_equal(policy_ttl_max(marked), POLICY_TTL_MAX);
	assert_int_equal(heap.requests, 0);
	policy_unref(written);
	policy_unref(taught);
	policy_unref(marked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_one_piece_of_memory_for_what_upstream_said),
		cmocka_unit_test(takes_one_piece_of_memory_for_an_answer_and_none_to_write_it),
		cmocka_unit_test(takes_one_piece_of_memory_to_append),
		cmocka_unit_test(takes_no_memory_to_choose_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
