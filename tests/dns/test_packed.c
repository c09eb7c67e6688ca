#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sixward/dns/packed.h"

static const uint8_t www[] = "\3www\7example\3org";
static const uint8_t capitals[] = "\3wWw\7eXample\3org";
static const uint8_t zone[] = "\7example\3org";
static const uint8_t zone_capitals[] = "\7Example\3org";
static const uint8_t target[] = "\1t\5other\4test";
static const uint8_t target_zone[] = "\5other\4test";
static const uint8_t root[] = "";
static const uint8_t soa[] = "\1m\1r\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\1\54"; /* MINIMUM 300 */
static const uint8_t ipv4[] = { 192, 0, 2, 1, 5, 6, 7, 8 };

struct row {
	const char *what;
	uint16_t type; /* asked for */
	uint16_t rcode;
	struct record records[6];
	size_t size_most; /* packed, without pieces */
	size_t pieces;
};

#define RECORD(SECTION, TYPE, TTL, OWNER, RDATA, SIZE)                                             \
	{                                                                                          \
		.section = (SECTION), .type = (TYPE), .rclass = CLASS_IN, .ttl = (TTL),            \
		.owner = (OWNER), .rdata = (RDATA), .rdata_size = (SIZE)                           \
	}

static const struct row rows[] = {
	{ "an address", TYPE_A, 0, { RECORD(SECTION_ANSWER, TYPE_A, 300, www, ipv4, 4) }, 10, 0 },
	{ "two addresses", TYPE_A, 0,
		{ RECORD(SECTION_ANSWER, TYPE_A, 300, www, ipv4, 4),
			RECORD(SECTION_ANSWER, TYPE_A, 300, www, ipv4 + 4, 4) },
		15, 0 },
	{ "no address, and who says so", TYPE_AAAA, 0,
		{ RECORD(SECTION_AUTHORITY, TYPE_SOA, 300, zone, soa, sizeof(soa) - 1) }, 8, 1 },
	{ "no name", TYPE_AAAA, RCODE_NXDOMAIN,
		{ RECORD(SECTION_AUTHORITY, TYPE_SOA, 300, root, soa, sizeof(soa) - 1) }, 8, 1 },
	{ "nothing at all", TYPE_AAAA, 0, { { 0 } }, 4, 0 },
	{ "capitals", TYPE_A, 0, { RECORD(SECTION_ANSWER, TYPE_A, 300, capitals, ipv4, 4) }, 30,
		0 },
	{ "an alias", TYPE_A, 0,
		{ RECORD(SECTION_ANSWER, TYPE_CNAME, 60, www, target, sizeof(target)),
			RECORD(SECTION_ANSWER, TYPE_A, 300, target, ipv4, 4) },
		32, 0 },
	{ "an alias that is asked for", TYPE_CNAME, 0,
		{ RECORD(SECTION_ANSWER, TYPE_CNAME, 60, www, target, sizeof(target)) }, 32, 0 },
	{ "an alias to nothing", TYPE_A, 0,
		{ RECORD(SECTION_ANSWER, TYPE_CNAME, 60, www, target, sizeof(target)),
			RECORD(SECTION_AUTHORITY, TYPE_SOA, 30, target_zone, soa,
				sizeof(soa) - 1) },
		32, 1 },
	{ "an alias without an end", TYPE_A, 0,
		{ RECORD(SECTION_ANSWER, TYPE_CNAME, 60, www, target, sizeof(target)) }, 32, 0 },
	{ "an unknown name", TYPE_A, RCODE_YXDOMAIN,
		{ RECORD(SECTION_ANSWER, TYPE_DNAME, 60, zone, target, sizeof(target)) }, 32, 0 },
	{ "passengers", TYPE_MX, 0,
		{ RECORD(SECTION_ANSWER, TYPE_MX, 300, www, ipv4, 7),
			RECORD(SECTION_AUTHORITY, TYPE_NS, 200, zone, target, sizeof(target)),
			RECORD(SECTION_AUTHORITY, TYPE_NS, 200, zone, www, sizeof(www)),
			RECORD(SECTION_ADDITIONAL, TYPE_A, 100, target, ipv4, 4),
			RECORD(SECTION_ADDITIONAL, TYPE_AAAA, 100, zone_capitals, ipv4, 4) },
		80, 2 },
	{ "odd types and sizes", 65280, 0,
		{ RECORD(SECTION_ANSWER, 65280, 300, www, ipv4, 4),
			RECORD(SECTION_ANSWER, 65280, 300, www, ipv4, 8),
			RECORD(SECTION_ANSWER, 65280, 300, www, NULL, 0),
			RECORD(SECTION_ADDITIONAL, TYPE_A, 300, www, ipv4, 0),
			RECORD(SECTION_ADDITIONAL, TYPE_A, 300, www, ipv4, 4),
			RECORD(SECTION_ADDITIONAL, 255, 0xffffffff, www, ipv4, 1) },
		80, 0 },
};

static struct reply *reply_of(const struct row *row, const struct question *question)
{
	struct reply_draft *draft = reply_draft_new(question, row->rcode);

	for (size_t i = 0; i < 6 && row->records[i].owner; i++)
		reply_draft_add(draft, &row->records[i]);
	return reply_draft_seal(draft);
}

static void assert_same_record(const struct record *a, const struct record *b)
{
	size_t owner_size = name_size(a->owner, NAME_SIZE_MAX);

	assert_int_equal(a->section, b->section);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->rclass, b->rclass);
	assert_int_equal(a->ttl, b->ttl);
	assert_int_equal(a->rdata_size, b->rdata_size);
	assert_int_equal(owner_size, name_size(b->owner, NAME_SIZE_MAX));
	assert_memory_equal(a->owner, b->owner, owner_size);
	if (a->rdata_size)
		assert_memory_equal(a->rdata, b->rdata, a->rdata_size);
}

static void assert_same(const struct reply *a, const struct reply *b)
{
	const struct reply_facts *first = reply_facts(a);
	const struct reply_facts *second = reply_facts(b);
	size_t size = name_size(reply_terminal(a), NAME_SIZE_MAX);

	assert_int_equal(first->kind, second->kind);
	assert_int_equal(first->rcode, second->rcode);
	assert_int_equal(first->ad, second->ad);
	assert_int_equal(first->has_soa, second->has_soa);
	assert_int_equal(first->links, second->links);
	assert_int_equal(first->negative_ttl, second->negative_ttl);
	assert_int_equal(first->lifetime, second->lifetime);
	assert_int_equal(size, name_size(reply_terminal(b), NAME_SIZE_MAX));
	assert_memory_equal(reply_terminal(a), reply_terminal(b), size);
	assert_memory_equal(reply_edes(a), reply_edes(b), sizeof(struct ede_list));
	assert_int_equal(reply_count(a), reply_count(b));
	for (size_t i = 0; i < reply_count(a); i++) {
		struct record one = reply_record(a, i);
		struct record other = reply_record(b, i);

		assert_same_record(&one, &other);
	}
}

/* Packs, moves the octets elsewhere as a cache would, opens, compares. */
static void assert_survives(const struct question *question, const struct reply *reply)
{
	struct packed packed;
	struct packed elsewhere = { 0 };
	struct name name = name_copy(question->name.octets);
	uint8_t *pieces[PACKED_PIECES_MAX];
	struct reply *again;

	assert_true(packed_make(&packed, question->name.octets, reply));
	elsewhere.size = packed.size;
	elsewhere.piece_count = packed.piece_count;
	memcpy(elsewhere.octets, packed.octets, packed.size);
	for (size_t i = 0; i < packed.piece_count; i++) {
		pieces[i] = malloc(packed.pieces[i].size); /* to the octet, for sanitizers */
		memcpy(pieces[i], packed.pieces[i].octets, packed.pieces[i].size);
		elsewhere.pieces[i] = (struct packed_piece){ pieces[i], packed.pieces[i].size };
	}
	again = packed_open(&elsewhere, name.octets);
	for (size_t i = 0; i < packed.piece_count; i++)
		free(pieces[i]);
	assert_same(again, reply);
	reply_unref(again);
}

/* R4343-4-a */
static void is_opened_as_it_was_packed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct question question = question_make(www, row->type, CLASS_IN, false);
		struct reply *reply = reply_of(row, &question);
		struct packed packed;

		print_message("%s\n", row->what);
		assert_survives(&question, reply);
		assert_true(packed_make(&packed, question.name.octets, reply));
		assert_in_range(packed.size, 1, row->size_most);
		assert_int_equal(packed.piece_count, row->pieces);
		reply_unref(reply);
	}
}

static void keeps_ad_and_extended_errors(void **state)
{
	struct question question = question_make(www, TYPE_A, CLASS_IN, false);
	struct reply_draft *draft = reply_draft_new(&question, 0);
	struct reply *reply;

	(void)state;
	reply_draft_set_ad(draft);
	reply_draft_add_ede(draft, &(struct ede){ .code = 4, .text = "forged" });
	reply_draft_add_ede(draft, &(struct ede){ .code = 65535 });
	reply_draft_add(draft, &rows[0].records[0]);
	reply = reply_draft_seal(draft);
	assert_survives(&question, reply);
	reply_unref(reply);
}

static void says_no_to_what_is_large(void **state)
{
	static const uint8_t zeros[PACKED_SIZE_MAX];
	struct question question = question_make(www, TYPE_TXT, CLASS_IN, false);
	struct reply_draft *draft = reply_draft_new(&question, 0);
	struct record record = RECORD(SECTION_ANSWER, TYPE_TXT, 300, www, zeros, sizeof(zeros));
	struct packed packed;
	struct reply *reply;

	(void)state;
	reply_draft_add(draft, &record);
	reply = reply_draft_seal(draft);
	assert_false(packed_make(&packed, question.name.octets, reply));
	reply_unref(reply);

	draft = reply_draft_new(&question, 0);
	for (unsigned i = 0; i <= PACKED_RECORDS_MAX; i++) {
		uint8_t text[] = { 1, (uint8_t)i };

		record.rdata = text;
		record.rdata_size = sizeof(text);
		reply_draft_add(draft, &record);
	}
	reply = reply_draft_seal(draft);
	assert_false(packed_make(&packed, question.name.octets, reply));
	reply_unref(reply);
}

/* Of records of every make, by a number that says which. */

enum { ROUNDS = 20000 };

static uint32_t draw(uint64_t *state, uint32_t bound)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33) % bound;
}

static struct record draw_record(uint64_t *state, uint8_t *storage)
{
	static const uint8_t *const owners[] = { www, www, www, zone, root, capitals, zone_capitals,
		target, target, target_zone };
	static const uint16_t types[] = { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_SOA, TYPE_NS,
		TYPE_RRSIG, TYPE_TXT, TYPE_DNAME, 254, 255, 256, 65280 };
	static const uint32_t ttls[] = { 0, 1, 127, 128, 300, 300, 16384, 0xffffffff };
	struct record record = {
		.section = (enum wire_section)draw(state, 3),
		.type = types[draw(state, 12)],
		.rclass = draw(state, 8) ? CLASS_IN : (uint16_t)draw(state, 65536),
		.ttl = ttls[draw(state, 8)],
		.owner = owners[draw(state, 10)],
		.rdata_size = (uint16_t)draw(state, 40),
		.rdata = storage,
	};
	const uint8_t *alias = owners[draw(state, 10)];

	for (size_t i = 0; i < 40; i++)
		storage[i] = (uint8_t)draw(state, 4);
	if (record.type == TYPE_CNAME || record.type == TYPE_DNAME) {
		record.rdata = alias;
		record.rdata_size = (uint16_t)name_size(alias, NAME_SIZE_MAX);
	} else if (record.type == TYPE_A && draw(state, 4)) {
		record.rdata_size = 4;
	}
	return record;
}

static void survives_whatever_the_records_are(void **state)
{
	static const uint16_t asked[] = { TYPE_A, TYPE_AAAA, TYPE_CNAME, TYPE_ANY };
	static const uint16_t rcodes[] = { 0, 0, RCODE_NXDOMAIN, RCODE_YXDOMAIN };
	uint64_t seed = 1;

	(void)state;
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct question question =
			question_make(www, asked[draw(&seed, 4)], CLASS_IN, false);
		struct reply_draft *draft = reply_draft_new(&question, rcodes[draw(&seed, 4)]);
		struct reply *reply;

		for (uint32_t left = draw(&seed, 9); left; left--) {
			uint8_t storage[40];
			struct record record = draw_record(&seed, storage);

			reply_draft_add(draft, &record);
		}
		reply = reply_draft_seal(draft);
		assert_survives(&question, reply);
		reply_unref(reply);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_opened_as_it_was_packed),
		cmocka_unit_test(keeps_ad_and_extended_errors),
		cmocka_unit_test(says_no_to_what_is_large),
		cmocka_unit_test(survives_whatever_the_records_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
