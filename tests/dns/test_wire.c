#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/dns/wire.h"

enum { ROUNDS = 20000 };

#define BYTES(literal) (const uint8_t *)(literal), sizeof(literal) - 1

/* Parts of messages. An OPT by its owner, version and RDATA. */
#define HEADER(qd, an, ns, ar) "\x12\x34\1\0\0" qd "\0" an "\0" ns "\0" ar
#define QUESTION               "\3wWw\7example\0\0\34\0\1"
#define OPT(version, length)   "\0\0\51\4\xd0\0" version "\x80\0\0" length
#define A_RECORD               "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1"
#define TSIG                   "\0\0\xfa\0\xff\0\0\0\0\0\0"
#define SIG_0                  "\0\0\30\0\xff\0\0\0\0\0\2\0\0"
#define SIG_A                  "\0\0\30\0\xff\0\0\0\0\0\2\0\1"

/* A fixed sequence that looks random (xorshift). */
static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* MAL-01 */
static void message_shorter_than_a_header_is_none(void **state)
{
	static const uint8_t octets[WIRE_HEADER_SIZE];
	struct wire wire;

	(void)state;
	for (size_t size = 0; size < WIRE_HEADER_SIZE; size++)
		assert_false(wire_view(&wire, octets, size));
	assert_true(wire_view(&wire, octets, WIRE_HEADER_SIZE));
}

static void reads_every_field_of_the_header(void **state)
{
	static const uint8_t octets[] = { 1, 2, 0xa9, 0xb3, 3, 4, 5, 6, 7, 8, 9, 10 };
	struct wire wire;

	(void)state;
	assert_true(wire_view(&wire, octets, sizeof(octets)));
	assert_int_equal(wire.id, 0x0102);
	assert_int_equal(wire.flags, 0xa9b3);
	assert_int_equal(wire_opcode(&wire), OPCODE_UPDATE);
	assert_int_equal(wire_rcode(&wire), RCODE_NXDOMAIN);
	assert_int_equal(wire.question_count, 0x0304);
	assert_int_equal(wire.record_counts[SECTION_ANSWER], 0x0506);
	assert_int_equal(wire.record_counts[SECTION_AUTHORITY], 0x0708);
	assert_int_equal(wire.record_counts[SECTION_ADDITIONAL], 0x090a);
	assert_false(wire.edns.present);
}

/* R4343-4-a: the case of the name stays. */
static void views_the_question_where_it_stands(void **state)
{
	static const char octets[] = HEADER("\1", "\0", "\0", "\0") QUESTION;
	struct wire wire;

	(void)state;
	assert_true(wire_view(&wire, BYTES(octets)));
	assert_int_equal(wire_view_question(&wire), WIRE_OK);
	assert_ptr_equal(wire.question_name, octets + WIRE_HEADER_SIZE);
	assert_int_equal(wire.question_size, 17);
	assert_int_equal(wire.question_type, TYPE_AAAA);
	assert_int_equal(wire.question_class, CLASS_IN);
	assert_int_equal(wire_view_records(&wire), WIRE_OK);
}

/* MAL-09, R1035-2.3.4-a */
static void malformed_question_is_told(void **state)
{
	static const struct {
		const char *octets;
		size_t size;
		enum wire_fault fault;
	} rows[] = {
		{ "\1a\0\0\1\0\1", 7, WIRE_OK }, { "\0\0\1\0\1", 5, WIRE_OK },
		{ "", 0, WIRE_BAD_QUESTION },
		{ "\1a\0\0\1\0", 6, WIRE_BAD_QUESTION }, /* QCLASS cut off */
		{ "\1a\0\0\1", 5, WIRE_BAD_QUESTION },   /* QCLASS missing */
		{ "\1a\0", 3, WIRE_BAD_QUESTION },       /* QTYPE missing */
		{ "\1a", 2, WIRE_BAD_QUESTION },         /* name cut off */
		{ "\2a\0\0\1\0\1", 7, WIRE_BAD_QUESTION },
		{ "\xc0\0\0\1\0\1", 6, WIRE_BAD_QUESTION },   /* a pointer into the header */
		{ "\xc0\x0c\0\1\0\1", 6, WIRE_BAD_QUESTION }, /* to itself */
		{ "\1a\xc0\x0c\0\1\0\1", 8, WIRE_BAD_QUESTION },
		{ "\1a\xc0\4\0\1\0\1", 8, WIRE_BAD_QUESTION },
		{ "\x41\1a\0\0\1\0\1", 8, WIRE_BAD_QUESTION }, /* label type 01 */
		{ "\x81\1a\0\0\1\0\1", 8, WIRE_BAD_QUESTION }, /* label type 10 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t octets[64] = { 0x12, 0x34, 1, 0, 0, 1 };
		struct wire wire;

		memcpy(octets + WIRE_HEADER_SIZE, rows[i].octets, rows[i].size);
		assert_true(wire_view(&wire, octets, WIRE_HEADER_SIZE + rows[i].size));
		if (wire_view_question(&wire) != rows[i].fault)
			fail_msg("row %zu", i);
		if (rows[i].fault == WIRE_OK)
			assert_int_equal(wire.question_size, rows[i].size);
	}
}

/* R1035-2.3.4-a, MAL-09 */
static void question_name_of_255_octets_passes_and_256_does_not(void **state)
{
	static const uint8_t lasts[] = { 61, 62 };

	(void)state;
	for (size_t row = 0; row < 2; row++) {
		uint8_t octets[300] = { 0, 0, 0, 0, 0, 1 };
		size_t at = WIRE_HEADER_SIZE;
		struct wire wire;

		for (size_t i = 0; i < 4; i++) {
			uint8_t length = i < 3 ? 63 : lasts[row];

			octets[at] = length;
			memset(octets + at + 1, 'x', length);
			at += 1U + length;
		}
		octets[at + 2] = TYPE_A;
		octets[at + 4] = CLASS_IN;
		assert_true(wire_view(&wire, octets, at + 5));
		assert_int_equal(wire_view_question(&wire), row == 0 ? WIRE_OK : WIRE_BAD_QUESTION);
	}
}

/* R6891-6.1.1-c, R6891-6.1.2-a */
static void fills_in_edns_from_opt_wherever_in_additional(void **state)
{
	static const char octets[] = HEADER("\1", "\0", "\0", "\3") QUESTION A_RECORD
		"\0\0\51\2\0\5\1\xff\xff\0\7\0\1\0\3xyz" A_RECORD;
	struct wire wire;
	struct wire_option option;

	(void)state;
	assert_true(wire_view(&wire, BYTES(octets)));
	assert_int_equal(wire_view_question(&wire), WIRE_OK);
	assert_int_equal(wire_view_records(&wire), WIRE_OK);
	assert_true(wire.edns.present);
	assert_true(wire.edns.dnssec_ok);
	assert_int_equal(wire.edns.udp_size, 512);
	assert_int_equal(wire.edns.rcode_high, 5);
	assert_int_equal(wire.edns.version, 1);
	assert_int_equal(wire_rcode(&wire), 0x50);
	assert_int_equal(wire.edns.options_size, 7);
	assert_true(wire_find_option(&wire.edns, 1, &option));
	assert_int_equal(option.size, 3);
	assert_memory_equal(option.octets, "xyz", 3);

	/* A second look starts anew. */
	assert_int_equal(wire_view_records(&wire), WIRE_OK);
}

static void do_bit_alone_means_dnssec_ok(void **state)
{
	static const char octets[] =
		HEADER("\0", "\0", "\0", "\1") "\0\0\51\4\xd0\xff\0\x7f\xff\0\0";
	struct wire wire;

	(void)state;
	assert_true(wire_view(&wire, BYTES(octets)));
	assert_int_equal(wire_view_records(&wire), WIRE_OK);
	assert_true(wire.edns.present);
	assert_false(wire.edns.dnssec_ok);
	assert_int_equal(wire_rcode(&wire), 0xff0);
}

static const struct record_row {
	const uint8_t *octets;
	size_t size;
	enum wire_fault fault;
	bool has_edns;
	bool is_signed;
} record_rows[] = {
	{ BYTES(HEADER("\1", "\0", "\0", "\0") QUESTION), WIRE_OK, false, false },
	{ BYTES(HEADER("\1", "\0", "\0", "\1") QUESTION OPT("\0", "\0")), WIRE_OK, true, false },
	{ BYTES(HEADER("\1", "\1", "\0", "\1") QUESTION A_RECORD OPT("\0", "\0")), WIRE_OK, true,
		false },
	/* MAL-12: what is behind the last record is ignored. */
	{ BYTES(HEADER("\1", "\0", "\0", "\0") QUESTION "xyz"), WIRE_OK, false, false },
	{ BYTES(HEADER("\1", "\0", "\0", "\0") QUESTION OPT("\0", "\0")), WIRE_OK, false, false },
	{ BYTES(HEADER("\1", "\1", "\0", "\0") QUESTION A_RECORD "\xff"), WIRE_OK, false, false },
	/* MAL-06 to MAL-08: OPT is found without a question, and behind several. */
	{ BYTES(HEADER("\0", "\0", "\0", "\1") OPT("\0", "\0")), WIRE_OK, true, false },
	{ BYTES(HEADER("\2", "\0", "\0", "\1") QUESTION QUESTION OPT("\0", "\0")), WIRE_OK, true,
		false },
	{ BYTES(HEADER("\2", "\0", "\0", "\1") QUESTION "\xc0\x0c\0\1\0\1" OPT("\0", "\0")),
		WIRE_OK, true, false },
	{ BYTES(HEADER("\2", "\0", "\0", "\0") QUESTION), WIRE_BAD_QUESTION, false, false },
	{ BYTES(HEADER("\2", "\0", "\0", "\0") QUESTION "\1a\0\0\1\0"), WIRE_BAD_QUESTION, false,
		false },
	{ BYTES("\0\0\0\0\xff\xff\0\0\0\0\0\0" QUESTION), WIRE_BAD_QUESTION, false, false },
	/* MAL-11: counts claim more than there is. */
	{ BYTES(HEADER("\1", "\1", "\0", "\0") QUESTION), WIRE_BAD_RECORD, false, false },
	{ BYTES(HEADER("\1", "\0", "\1", "\0") QUESTION), WIRE_BAD_RECORD, false, false },
	{ BYTES(HEADER("\1", "\0", "\0", "\1") QUESTION), WIRE_BAD_RECORD, false, false },
	{ BYTES(HEADER("\1", "\1", "\1", "\0") QUESTION A_RECORD), WIRE_BAD_RECORD, false, false },
	{ BYTES("\0\0\0\0\0\1\xff\xff\xff\xff\xff\xff" QUESTION A_RECORD), WIRE_BAD_RECORD, false,
		false },
	{ BYTES(HEADER("\1", "\0", "\0", "\2") QUESTION OPT("\0", "\0")), WIRE_BAD_RECORD, true,
		false },
	/* MAL-11: a record overruns the message. */
	{ BYTES(HEADER("\1", "\1", "\0", "\0") QUESTION "\xc0\x0c\0\1\0\1\0\0\0\0\0\4\1\2\3"),
		WIRE_BAD_RECORD, false, false },
	{ BYTES(HEADER("\1", "\1", "\0", "\0") QUESTION "\xc0\x0c\0\1\0\1\0\0\0\0\0"),
		WIRE_BAD_RECORD, false, false },
	{ BYTES(HEADER("\1", "\1", "\0", "\0") QUESTION "\xc0"), WIRE_BAD_RECORD, false, false },
	{ BYTES(HEADER("\1", "\0", "\0", "\1") QUESTION OPT("\0", "\1")), WIRE_BAD_RECORD, false,
		false },
	/* MAL-11: a pointer to itself, in a loop, forwards; other label types. */
	{ BYTES(HEADER("\1", "\1", "\0", "\0") QUESTION "\xc0\x1d\0\1\0\1\0\0\0\0\0\0"),
		WIRE_BAD_RECORD, false, false },
	{ BYTES(HEADER("\1", "\1", "\0", "\0") QUESTION "\1a\xc0\x1d\0\1\0\1\0\0\0\0\0\0"),
		WIRE_BAD_RECORD, false, false },
	{ BYTES(HEADER("\1", "\1", "\0", "\0") QUESTION "\xc0\x29\0\1\0\1\0\0\0\0\0\0\0"),
		WIRE_BAD_RECORD, false, false },
	{ BYTES(HEADER("\1", "\1", "\0", "\0") QUESTION "\x41\1a\0\0\1\0\1\0\0\0\0\0\0"),
		WIRE_BAD_RECORD, false, false },
	/* R6891-6.1.1-c, MAL-13: two OPT. */
	{ BYTES(HEADER("\1", "\0", "\0", "\2") QUESTION OPT("\0", "\0") OPT("\0", "\0")),
		WIRE_BAD_OPT, true, false },
	{ BYTES(HEADER("\1", "\0", "\0", "\3") QUESTION OPT("\0", "\0") A_RECORD OPT("\0", "\0")),
		WIRE_BAD_OPT, true, false },
	{ BYTES(HEADER("\1", "\0", "\0", "\2") QUESTION OPT("\0", "\1") "x" OPT("\0", "\0")),
		WIRE_BAD_OPT, true, false },
	/* R6891-6.1.2-a, MAL-13: not at the root. */
	{ BYTES(HEADER("\1", "\0", "\0", "\1") QUESTION "\1a" OPT("\0", "\0")), WIRE_BAD_OPT, true,
		false },
	{ BYTES(HEADER("\1", "\0", "\0", "\1") QUESTION "\xc0\x18\0\51\4\xd0\0\0\0\0\0\0"),
		WIRE_BAD_OPT, true, false },
	/* MAL-13: in another section. */
	{ BYTES(HEADER("\1", "\1", "\0", "\0") QUESTION OPT("\0", "\0")), WIRE_BAD_OPT, true,
		false },
	{ BYTES(HEADER("\1", "\0", "\1", "\0") QUESTION OPT("\0", "\0")), WIRE_BAD_OPT, true,
		false },
	/* R6891-7-a, MAL-14; of any version, for that is judged first (MAL-15). */
	{ BYTES(HEADER("\1", "\0", "\0", "\1") QUESTION OPT("\0", "\1") "x"), WIRE_BAD_OPTIONS,
		true, false },
	{ BYTES(HEADER("\1", "\0", "\0", "\1") QUESTION OPT("\0", "\3") "\0\12\0"),
		WIRE_BAD_OPTIONS, true, false },
	{ BYTES(HEADER("\1", "\0", "\0", "\1") QUESTION OPT("\1", "\5") "\0\12\0\2x"),
		WIRE_BAD_OPTIONS, true, false },
	{ BYTES(HEADER("\1", "\0", "\0", "\1") QUESTION OPT("\0", "\6") "\0\12\0\0xy"),
		WIRE_BAD_OPTIONS, true, false },
	{ BYTES(HEADER("\1", "\0", "\0", "\1") QUESTION OPT("\0", "\4") "\0\12\0\0"), WIRE_OK, true,
		false },
	/* MAL-16: unknown options are fine. */
	{ BYTES(HEADER("\1", "\0", "\0", "\1") QUESTION OPT("\0", "\5") "\xfd\xe9\0\1x"), WIRE_OK,
		true, false },
	/* MAL-24: TSIG or SIG(0) as the last of additional. */
	{ BYTES(HEADER("\1", "\0", "\0", "\1") QUESTION TSIG), WIRE_OK, false, true },
	{ BYTES(HEADER("\1", "\0", "\0", "\2") QUESTION OPT("\0", "\0") TSIG), WIRE_OK, true,
		true },
	{ BYTES(HEADER("\1", "\0", "\0", "\2") QUESTION OPT("\0", "\0") SIG_0), WIRE_OK, true,
		true },
	{ BYTES(HEADER("\1", "\0", "\0", "\2") QUESTION OPT("\0", "\0") SIG_A), WIRE_OK, true,
		false },
	{ BYTES(HEADER("\1", "\0", "\0", "\2") QUESTION TSIG OPT("\0", "\0")), WIRE_OK, true,
		false },
	{ BYTES(HEADER("\1", "\0", "\1", "\0") QUESTION TSIG), WIRE_OK, false, false },
	{ BYTES(HEADER("\1", "\0", "\0", "\1") QUESTION "\0\0\30\0\xff\0\0\0\0\0\1\0"), WIRE_OK,
		false, false },
};

/* MAL-11, MAL-12, MAL-13, MAL-14, MAL-16, MAL-24, each with and without a question viewed. */
static void judges_all_records(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * sizeof(record_rows) / sizeof(record_rows[0]); i++) {
		const struct record_row *row = &record_rows[i / 2];
		uint8_t *octets = malloc(row->size); /* its end is watched by ASan */
		struct wire wire;

		memcpy(octets, row->octets, row->size);
		assert_true(wire_view(&wire, octets, row->size));
		if (i % 2 && wire.question_count)
			assert_int_equal(wire_view_question(&wire), WIRE_OK);
		if (wire_view_records(&wire) != row->fault || wire.edns.present != row->has_edns)
			fail_msg("row %zu", i / 2);
		if (row->fault == WIRE_OK && wire.is_signed != row->is_signed)
			fail_msg("row %zu: signed", i / 2);
		if (wire.edns.present)
			assert_int_equal(wire.edns.udp_size, 1232);
		free(octets);
	}
}

static void walk_gives_each_record_with_its_section(void **state)
{
	static const char octets[] = HEADER("\1", "\2", "\1", "\1") QUESTION A_RECORD
		"\3sub\xc0\x10\0\5\0\1\x80\0\0\0\0\2\xc0\x0c"
		"\7example\0\0\6\0\3\0\0\0\1\0\0" OPT("\0", "\0");
	static const struct {
		enum wire_section section;
		uint16_t type;
		uint16_t rclass;
		uint16_t rdata_size;
		uint32_t ttl;
		const char *owner;
	} rows[] = {
		{ SECTION_ANSWER, TYPE_A, CLASS_IN, 4, 300, "wWw.example." },
		{ SECTION_ANSWER, TYPE_CNAME, CLASS_IN, 2, 0x80000000, "sub.example." },
		{ SECTION_AUTHORITY, TYPE_SOA, CLASS_CH, 0, 1, "example." },
		{ SECTION_ADDITIONAL, TYPE_OPT, 1232, 0, 0x8000, "." },
	};
	struct wire wire;
	struct wire_walk walk = { 0 };
	struct wire_record record;

	(void)state;
	assert_true(wire_view(&wire, BYTES(octets)));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[NAME_TEXT_MAX];
		struct name owner;
		size_t at;

		assert_true(wire_next(&wire, &walk, &record));
		assert_int_equal(record.section, rows[i].section);
		assert_int_equal(record.type, rows[i].type);
		assert_int_equal(record.rclass, rows[i].rclass);
		assert_int_equal(record.rdata_size, rows[i].rdata_size);
		assert_int_equal(record.ttl, rows[i].ttl);
		at = record.owner_at;
		assert_true(name_read(wire.octets, wire.size, &at, &owner));
		assert_string_equal(name_format(owner.octets, text), rows[i].owner);
		assert_int_equal(record.rdata_at, at + 10);
	}
	assert_false(wire_next(&wire, &walk, &record));
	assert_int_equal(walk.at, sizeof(octets) - 1);
}

/* MAL-11: counts claim nearly 200000 records; the smallest there are end at the size. */
static void work_is_bounded_by_the_size_of_the_message(void **state)
{
	uint8_t *octets = calloc(1, WIRE_MESSAGE_MAX);
	struct wire_walk walk = { 0 };
	struct wire_record record;
	struct wire wire;

	(void)state;
	memset(octets + 6, 0xff, 6);
	assert_true(wire_view(&wire, octets, WIRE_MESSAGE_MAX));
	while (wire_next(&wire, &walk, &record))
		;
	assert_int_equal(walk.index, (WIRE_MESSAGE_MAX - WIRE_HEADER_SIZE) / 11);
	assert_int_equal(wire_view_records(&wire), WIRE_BAD_RECORD);
	free(octets);
}

static void options_are_walked_to_the_first_fault(void **state)
{
	static const char octets[] = "\0\3\0\0\0\12\0\2ab\0\12\0\1c\0\13\0";
	struct wire_edns edns = {
		.present = true,
		.options = (const uint8_t *)octets,
		.options_size = sizeof(octets) - 1,
	};
	struct wire_option option;
	size_t at = 0;

	(void)state;
	assert_true(wire_next_option(&edns, &at, &option));
	assert_int_equal(option.code, OPTION_NSID);
	assert_int_equal(option.size, 0);
	assert_true(wire_next_option(&edns, &at, &option));
	assert_true(wire_next_option(&edns, &at, &option));
	assert_int_equal(option.code, OPTION_COOKIE);
	assert_memory_equal(option.octets, "c", 1);
	assert_false(wire_next_option(&edns, &at, &option));
	assert_int_equal(at, 15);

	/* R7873-5.2.2-a: the first cookie counts. */
	assert_true(wire_find_option(&edns, OPTION_COOKIE, &option));
	assert_int_equal(option.size, 2);
	assert_memory_equal(option.octets, "ab", 2);
	assert_false(wire_find_option(&edns, OPTION_KEEPALIVE, &option));
	edns = (struct wire_edns){ 0 };
	assert_false(wire_find_option(&edns, OPTION_NSID, &option));
}

/* UPS-e, SEC-4035-3.2.1, R6891-6.2.3-b, R7766-6.2.3-b */
static void encodes_upstream_queries(void **state)
{
	static const struct {
		struct wire_query_form form;
		const uint8_t *octets;
		size_t size;
	} rows[] = {
		{ { .type = TYPE_AAAA, .rclass = CLASS_IN },
			BYTES("\xbe\xef\1\0\0\1\0\0\0\0\0\0\1a\0\0\34\0\1") },
		{ { .type = 65280, .rclass = CLASS_CH, .cd = true },
			BYTES("\xbe\xef\1\x10\0\1\0\0\0\0\0\0\1a\0\xff\0\0\3") },
		{ { .type = TYPE_A, .rclass = CLASS_IN, .ad = true, .keepalive = true },
			BYTES("\xbe\xef\1\x20\0\1\0\0\0\0\0\0\1a\0\0\1\0\1") },
		{ { .type = TYPE_A, .rclass = CLASS_IN, .edns = true },
			BYTES("\xbe\xef\1\0\0\1\0\0\0\0\0\1\1a\0\0\1\0\1"
			      "\0\0\51\4\xd0\0\0\x80\0\0\0") },
		{ { .type = TYPE_A, .rclass = CLASS_IN, .edns = true, .keepalive = true },
			BYTES("\xbe\xef\1\0\0\1\0\0\0\0\0\1\1a\0\0\1\0\1"
			      "\0\0\51\4\xd0\0\0\x80\0\0\4\0\13\0\0") },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wire_query_form form = rows[i].form;
		uint8_t out[WIRE_QUERY_MAX];

		form.id = 0xbeef;
		form.name = (const uint8_t *)"\1a";
		assert_int_equal(wire_encode_query(&form, out, sizeof(out)), rows[i].size);
		assert_memory_equal(out, rows[i].octets, rows[i].size);
	}
}

static void longest_query_fits_and_reads_back(void **state)
{
	uint8_t name[NAME_SIZE_MAX] = { 0 };
	struct wire_query_form form = {
		.name = name,
		.type = TYPE_AAAA,
		.rclass = CLASS_IN,
		.cd = true,
		.edns = true,
		.keepalive = true,
	};
	uint8_t out[WIRE_QUERY_MAX];
	struct wire_option option;
	struct wire wire;

	(void)state;
	for (size_t i = 0; i < NAME_SIZE_MAX - 1; i++)
		name[i] = i % 2 ? 0 : 1; /* labels of one zero octet */
	assert_int_equal(wire_encode_query(&form, out, sizeof(out)), WIRE_QUERY_MAX);
	assert_true(wire_view(&wire, out, sizeof(out)));
	assert_int_equal(wire_view_question(&wire), WIRE_OK);
	assert_memory_equal(wire.question_name, name, NAME_SIZE_MAX);
	assert_int_equal(wire_view_records(&wire), WIRE_OK);
	assert_true(wire.edns.dnssec_ok);
	assert_int_equal(wire.edns.udp_size, WIRE_UDP_ADVERTISED);
	assert_true(wire_find_option(&wire.edns, OPTION_KEEPALIVE, &option));
	assert_int_equal(option.size, 0);
}

/* What a walk over any message must hold: each part inside, one behind the other. */
static void assert_walk(const struct wire *wire, enum wire_fault fault)
{
	struct wire_walk walk = { 0 };
	struct wire_record record;
	unsigned int total = 0;
	size_t before = WIRE_HEADER_SIZE;

	for (size_t i = 0; i < 3; i++)
		total += wire->record_counts[i];
	while (wire_next(wire, &walk, &record)) {
		struct name owner;
		size_t at = record.owner_at;

		assert_in_range(at, before, wire->size);
		assert_true(name_read(wire->octets, wire->size, &at, &owner));
		assert_int_equal(record.rdata_at, at + 10);
		assert_int_equal(walk.at, record.rdata_at + record.rdata_size);
		before = walk.at;
	}
	assert_in_range(before, WIRE_HEADER_SIZE, wire->size);
	if (fault == WIRE_OK || fault == WIRE_BAD_OPT || fault == WIRE_BAD_OPTIONS)
		assert_int_equal(walk.index, total);
	else
		assert_true(walk.index < total || fault == WIRE_BAD_QUESTION);
}

static void any_message_is_judged_inside_its_bounds(void **state)
{
	unsigned int faults[WIRE_BAD_OPTIONS + 1] = { 0 };
	uint32_t seed = 0x3173;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		const struct record_row *row =
			&record_rows[next(&seed) % (sizeof(record_rows) / sizeof(record_rows[0]))];
		size_t size = row->size;
		uint8_t *octets;
		struct wire wire;
		enum wire_fault fault;

		if (next(&seed) % 4 == 0)
			size = next(&seed) % (size + 1);
		octets = malloc(size + 1);
		memcpy(octets, row->octets, size);
		for (size_t flips = next(&seed) % 4; flips && size; flips--)
			octets[next(&seed) % size] =
				(uint8_t)(next(&seed) % 2 ? next(&seed) : next(&seed) % 4);
		octets = realloc(octets, size ? size : 1);
		if (wire_view(&wire, octets, size)) {
			if (wire.question_count && wire_view_question(&wire) == WIRE_OK)
				assert_int_equal(name_size(wire.question_name, NAME_SIZE_MAX) + 4,
					wire.question_size);
			fault = wire_view_records(&wire);
			faults[fault]++;
			assert_walk(&wire, fault);
			if (wire.edns.present)
				assert_in_range(wire.edns.options - octets, WIRE_HEADER_SIZE + 11,
					size - wire.edns.options_size);
		}
		free(octets);
	}
	for (size_t i = 0; i <= WIRE_BAD_OPTIONS; i++)
		assert_in_range(faults[i], 100, ROUNDS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(message_shorter_than_a_header_is_none),
		cmocka_unit_test(reads_every_field_of_the_header),
		cmocka_unit_test(views_the_question_where_it_stands),
		cmocka_unit_test(malformed_question_is_told),
		cmocka_unit_test(question_name_of_255_octets_passes_and_256_does_not),
		cmocka_unit_test(fills_in_edns_from_opt_wherever_in_additional),
		cmocka_unit_test(do_bit_alone_means_dnssec_ok),
		cmocka_unit_test(judges_all_records),
		cmocka_unit_test(walk_gives_each_record_with_its_section),
		cmocka_unit_test(work_is_bounded_by_the_size_of_the_message),
		cmocka_unit_test(options_are_walked_to_the_first_fault),
		cmocka_unit_test(encodes_upstream_queries),
		cmocka_unit_test(longest_query_fits_and_reads_back),
		cmocka_unit_test(any_message_is_judged_inside_its_bounds),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
