#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sixward/dns/name.h"

enum { ROUNDS = 20000 };

/* A fixed sequence that looks random (xorshift). */
static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static struct name name_of(const char *text)
{
	struct name name;

	if (!name_parse(text, &name))
		fail_msg("not a name: %s", text);
	return name;
}

/* Any legal name: any octets, any lengths up to the limits. */
static struct name random_name(uint32_t *seed)
{
	struct name name = { 0 };
	size_t limit = 1 + next(seed) % NAME_SIZE_MAX;
	size_t used = 0;

	for (;;) {
		size_t length = 1 + next(seed) % (next(seed) % 2 ? NAME_LABEL_MAX : 5);

		if (used + 1 + length + 1 > limit)
			break;
		name.octets[used++] = (uint8_t)length;
		for (; length; length--)
			name.octets[used++] = (uint8_t)next(seed);
	}
	name.octets[used++] = 0;
	name.size = (uint8_t)used;
	return name;
}

/* R1035-2.3.4-a */
static void size_is_that_of_legal_names_only(void **state)
{
	static const struct {
		const char *octets;
		size_t available;
		size_t size;
	} rows[] = {
		{ "", 1, 1 },
		{ "", 0, 0 },
		{ "\1a", 3, 3 },
		{ "\1a", 2, 0 }, /* the root is cut off */
		{ "\1a", 1, 0 },
		{ "\3ab", 3, 0 },
		{ "\1a\0\1b", 6, 3 },  /* what follows is not its own */
		{ "\1\0\0", 3, 3 },    /* a zero octet in a label */
		{ "\1a\300\0", 4, 0 }, /* MAL-09: a pointer */
		{ "\100a", 66, 0 },    /* MAL-09: label type 01 */
		{ "\101\0", 3, 0 },
		{ "\200a", 3, 0 }, /* MAL-09: label type 10 */
		{ "\277a", 3, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t octets[80] = { 0 };

		memcpy(octets, rows[i].octets, rows[i].available <= 6 ? rows[i].available : 2);
		assert_int_equal(name_size(octets, rows[i].available), rows[i].size);
	}
}

/* R1035-2.3.4-a: a name of three labels of 63 and one of `last` octets. */
static size_t put_long_name(uint8_t *out, size_t last)
{
	size_t used = 0;

	for (size_t i = 0; i < 4; i++) {
		size_t length = i < 3 ? NAME_LABEL_MAX : last;

		out[used++] = (uint8_t)length;
		memset(out + used, 'x', length);
		used += length;
	}
	out[used++] = 0;
	return used;
}

/* R1035-2.3.4-a */
static void name_of_255_octets_passes_and_256_does_not(void **state)
{
	uint8_t octets[300];
	struct name name;
	size_t at = 0;

	(void)state;
	assert_int_equal(put_long_name(octets, 61), 255);
	assert_int_equal(name_size(octets, sizeof(octets)), 255);
	assert_int_equal(name_size(octets, 254), 0);
	assert_true(name_read(octets, sizeof(octets), &at, &name));
	assert_int_equal(at, 255);
	assert_int_equal(name.size, 255);

	at = 0;
	assert_int_equal(put_long_name(octets, 62), 256);
	assert_int_equal(name_size(octets, sizeof(octets)), 0);
	assert_false(name_read(octets, sizeof(octets), &at, &name));
	assert_false(name_skip(octets, sizeof(octets), &at));
	assert_int_equal(at, 0);
}

static void reads_names_through_pointers_that_lead_backwards(void **state)
{
	/* 0: example. 9: www + 0. 15: pointer to 9. 17: pointer to 15. 19: a + pointer to 17 */
	static const uint8_t message[] = "\7example\0\3www\300\0\300\11\300\17\1a\300\21";
	static const struct {
		size_t at;
		size_t behind;
		const char *name;
	} rows[] = {
		{ 0, 9, "example" },
		{ 9, 15, "www.example" },
		{ 15, 17, "www.example" },
		{ 17, 19, "www.example" },
		{ 19, 23, "a.www.example" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct name wanted = name_of(rows[i].name);
		struct name name;
		size_t at = rows[i].at;
		size_t skipped = rows[i].at;

		assert_true(name_read(message, sizeof(message) - 1, &at, &name));
		assert_int_equal(at, rows[i].behind);
		assert_int_equal(name.size, wanted.size);
		assert_memory_equal(name.octets, wanted.octets, wanted.size);
		assert_true(name_skip(message, sizeof(message) - 1, &skipped));
		assert_int_equal(skipped, at);
	}
}

/* MAL-11 */
static void pointers_that_loop_or_lead_forwards_are_no_name(void **state)
{
	static const struct {
		const char *octets;
		size_t size;
		size_t at;
	} rows[] = {
		{ "\300\0", 2, 0 },       /* to itself */
		{ "\300\2\0", 3, 0 },     /* forwards */
		{ "\300\2\300\0", 4, 0 }, /* two that circle */
		{ "\300\2\300\0", 4, 2 },
		{ "\1a\300\0", 4, 0 },                /* to its own start */
		{ "\1a\1b\300\2", 6, 0 },             /* into itself */
		{ "\300\4\0\0\1a\0\0\300\0", 10, 8 }, /* back, then forwards */
		{ "\1a\300\4\1b\300\0", 8, 4 },       /* circles by two backward looking steps */
		{ "\300", 1, 0 },                     /* cut off */
		{ "\1a\300", 3, 0 },
		{ "\300\377", 2, 0 }, /* behind the message */
		{ "\0\100a", 3, 1 },  /* label type 01 */
		{ "\0\200a", 3, 1 },
		{ "\100\300\0", 3, 1 }, /* label type 01 behind a pointer */
		{ "\1a", 2, 0 },
		{ "\2a", 2, 0 },
		{ "", 0, 0 },
		{ "\0", 1, 1 },
		{ "\0", 1, 70000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const uint8_t *octets = (const uint8_t *)rows[i].octets;
		struct name name;
		size_t at = rows[i].at;

		if (name_read(octets, rows[i].size, &at, &name))
			fail_msg("row %zu was read", i);
		assert_false(name_skip(octets, rows[i].size, &at));
		assert_int_equal(at, rows[i].at);
	}
}

/* MAL-11: pointers to pointers all lead backwards, and would cost thousands of steps. */
static void chains_of_bare_pointers_are_cut(void **state)
{
	uint8_t message[4096] = { 0 };
	struct name name;
	size_t at;

	(void)state;
	for (size_t i = 2; i < sizeof(message); i += 2) {
		message[i] = (uint8_t)(0xc0 | (i - 2) >> 8);
		message[i + 1] = (uint8_t)(i - 2);
	}
	at = 256; /* 128 pointers */
	assert_true(name_read(message, sizeof(message), &at, &name));
	assert_int_equal(name.size, 1);
	at = 258;
	assert_false(name_read(message, sizeof(message), &at, &name));
	at = sizeof(message) - 2;
	assert_false(name_skip(message, sizeof(message), &at));
}

/* The most that a real name can use: a pointer behind each of its labels. */
static void name_with_a_pointer_behind_each_label_is_read(void **state)
{
	uint8_t message[1024] = { 0 };
	struct name name;
	size_t at = 1;

	(void)state;
	for (size_t i = 0; i < 127; i++) {
		size_t before = i ? at - 4 : 0;

		message[at] = 1;
		message[at + 1] = 'a';
		message[at + 2] = (uint8_t)(0xc0 | before >> 8);
		message[at + 3] = (uint8_t)before;
		at += 4;
	}
	message[at] = (uint8_t)(0xc0 | (at - 4) >> 8);
	message[at + 1] = (uint8_t)(at - 4);
	assert_true(name_read(message, sizeof(message), &at, &name));
	assert_int_equal(name.size, 255);
	assert_int_equal(name_labels(name.octets), 127);
}

static void reading_any_octets_gives_a_legal_name_or_none(void **state)
{
	uint32_t seed = 0x5eed;
	unsigned int read = 0;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint8_t message[64];
		size_t size = 1 + next(&seed) % sizeof(message);
		size_t at = next(&seed) % size;
		size_t start = at;
		size_t skipped = at;
		struct name name;
		bool good;

		for (size_t i = 0; i < size; i++) {
			uint32_t kind = next(&seed) % 8;

			message[i] = (uint8_t)(kind < 5   ? next(&seed) % 4
					       : kind < 7 ? 0xc0
							  : next(&seed));
		}
		good = name_read(message, size, &at, &name);
		assert_int_equal(name_skip(message, size, &skipped), good);
		assert_int_equal(skipped, at);
		if (!good) {
			assert_int_equal(at, start);
			continue;
		}
		assert_in_range(at, start + 1, size);
		assert_int_equal(name_size(name.octets, sizeof(name.octets)), name.size);
		read++;
	}
	assert_in_range(read, ROUNDS / 10, ROUNDS);
}

/* R4343-3-a */
static void compares_ascii_letters_without_case_and_nothing_else(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		bool equal;
	} rows[] = {
		{ "Example.ORG", "eXAMPLE.org.", true },
		{ ".", ".", true },
		{ ".", "a", false },
		{ "a", "b", false },
		{ "a.b", "a\\.b", false },
		{ "ab", "a.b", false },
		{ "a", "a.a", false },
		{ "a.a", "a", false },
		{ "\\221", "\\253", false }, /* 0xdd, 0xfd */
		{ "\\192", "\\224", false },
		{ "\\064", "\\096", false }, /* next to A and a */
		{ "\\091", "\\123", false }, /* next to Z and z */
		{ "\\065\\090", "az", true },
		{ "\\000", "\\032", false },
		{ "\\000a", "\\000A", true },
		{ "\\000a", "\\000b", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct name a = name_of(rows[i].a);
		struct name b = name_of(rows[i].b);

		if (name_equal(a.octets, b.octets) != rows[i].equal ||
			name_equal(b.octets, a.octets) != rows[i].equal)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

/* R4343-3-a */
static void folding_changes_a_to_z_alone(void **state)
{
	(void)state;
	for (unsigned int octet = 0; octet < 256; octet++) {
		struct name name = { .size = 3, .octets = { 1, (uint8_t)octet, 0 } };
		bool upper = octet >= 'A' && octet <= 'Z';

		name_fold(&name);
		assert_int_equal(name.octets[0], 1);
		assert_int_equal(name.octets[1], upper ? octet + 32 : octet);
		assert_int_equal(name.octets[2], 0);
	}
}

static void name_is_under_itself_and_what_it_ends_with(void **state)
{
	static const struct {
		const char *name;
		const char *ancestor;
		bool under;
	} rows[] = {
		{ "a.example", "example", true }, { "A.EXAMPLE", "example", true },
		{ "example", "example", true }, { "example", ".", true }, { ".", ".", true },
		{ ".", "example", false }, { "example", "a.example", false },
		{ "anexample", "example", false }, { "a.b.example", "c.example", false },
		{ "x\\007example", "example", false }, /* the octets match, the labels do not */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct name name = name_of(rows[i].name);
		struct name ancestor = name_of(rows[i].ancestor);

		if (name_is_under(name.octets, ancestor.octets) != rows[i].under)
			fail_msg("%s under %s", rows[i].name, rows[i].ancestor);
	}
}

static void labels_are_counted_and_cut_from_the_front(void **state)
{
	struct name name = name_of("a.bc.example");
	struct name root = name_of(".");

	(void)state;
	assert_int_equal(name_labels(name.octets), 3);
	assert_int_equal(name_labels(root.octets), 0);
	assert_true(name_is_root(root.octets));
	assert_false(name_is_root(name.octets));
	assert_ptr_equal(name_parent(name.octets), name.octets + 2);
	assert_ptr_equal(name_parent(root.octets), root.octets);
	assert_ptr_equal(name_last(name.octets, 3), name.octets);
	assert_ptr_equal(name_last(name.octets, 2), name.octets + 2);
	assert_ptr_equal(name_last(name.octets, 1), name.octets + 5);
	assert_ptr_equal(name_last(name.octets, 0), name.octets + 13);
}

static void copy_holds_the_name_and_its_size(void **state)
{
	struct name name = name_of("wWw.example");
	struct name copy = name_copy(name.octets);
	struct name rest = name_copy(name.octets + 4);

	(void)state;
	assert_int_equal(copy.size, 13);
	assert_memory_equal(copy.octets, "\3wWw\7example", 13);
	assert_int_equal(rest.size, 9);
	assert_memory_equal(rest.octets, "\7example", 9);
}

/* R6672-2.2-a */
static void dname_rewrites_only_whole_labels_below_its_owner(void **state)
{
	static const struct {
		const char *name;
		const char *owner;
		const char *target;
		const char *result; /* NULL = not below */
	} rows[] = {
		/* The vectors of RFC 6672 2.2. */
		{ "com.", "example.com.", "example.net.", NULL },
		{ "example.com.", "example.com.", "example.net.", NULL },
		{ "a.example.com.", "example.com.", "example.net.", "a.example.net." },
		{ "a.b.example.com.", "example.com.", "example.net.", "a.b.example.net." },
		{ "ab.example.com.", "b.example.com.", "example.net.", NULL },
		{ "foo.example.com.", "example.com.", "example.net.", "foo.example.net." },
		{ "a.x.example.com.", "x.example.com.", "example.net.", "a.example.net." },
		{ "a.example.com.", "example.com.", "y.example.net.", "a.y.example.net." },
		{ "cyc.example.com.", "example.com.", "example.com.", "cyc.example.com." },
		{ "shortloop.x.x.", "x.", ".", "shortloop.x." },
		{ "shortloop.x.", "x.", ".", "shortloop." },
		/* Case, and the root as owner. */
		{ "A.EXAMPLE.com.", "example.COM.", "Example.Net.", "A.Example.Net." },
		{ "a.b.", ".", "c.", "a.b.c." },
		{ ".", ".", "c.", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct name name = name_of(rows[i].name);
		struct name owner = name_of(rows[i].owner);
		struct name target = name_of(rows[i].target);
		char text[NAME_TEXT_MAX];
		struct name out = { 0 };

		if (!rows[i].result) {
			assert_int_equal(
				name_rewrite(name.octets, owner.octets, target.octets, &out),
				NAME_NOT_BELOW);
			assert_int_equal(out.size, 0);
			continue;
		}
		assert_int_equal(name_rewrite(name.octets, owner.octets, target.octets, &out),
			NAME_REWRITTEN);
		assert_int_equal(name_size(out.octets, sizeof(out.octets)), out.size);
		assert_string_equal(name_format(out.octets, text), rows[i].result);

		/* In place. */
		assert_int_equal(name_rewrite(name.octets, owner.octets, target.octets, &name),
			NAME_REWRITTEN);
		assert_string_equal(name_format(name.octets, text), rows[i].result);
	}
}

/* R6672-2.2-a */
static void rewriting_tells_of_names_that_get_too_long(void **state)
{
	struct name name = name_of("12345.x");
	struct name owner = name_of("x");
	struct name out = { 0 };
	uint8_t target[300];

	(void)state;
	assert_int_equal(put_long_name(target, 55), 249);
	assert_int_equal(name_rewrite(name.octets, owner.octets, target, &out), NAME_REWRITTEN);
	assert_int_equal(out.size, 255);
	assert_int_equal(put_long_name(target, 56), 250);
	assert_int_equal(name_rewrite(name.octets, owner.octets, target, &out), NAME_TOO_LONG);
}

static void parses_presentation_format(void **state)
{
	static const struct {
		const char *text;
		const char *octets; /* NULL = no name */
		size_t size;
	} rows[] = {
		{ ".", "", 1 },
		{ "a", "\1a", 3 },
		{ "a.", "\1a", 3 },
		{ "a.bc", "\1a\2bc", 6 },
		{ "a\\.b.c", "\3a.b\1c", 7 },
		{ "\\\\", "\1\\", 3 },
		{ "\\000\\255", "\2\0\377", 4 },
		{ "\\065b", "\2Ab", 4 },
		{ "_dns.a-b", "\4_dns\3a-b", 10 },
		{ "\\ ", "\1 ", 3 },
		{ "\303\244", "\2\303\244", 4 },
		{ "a\\.", "\2a.", 4 },
		{ "", NULL, 0 },
		{ "..", NULL, 0 },
		{ ".a", NULL, 0 },
		{ "a..b", NULL, 0 },
		{ "a..", NULL, 0 },
		{ "a b", NULL, 0 },
		{ " a", NULL, 0 },
		{ "a\n", NULL, 0 },
		{ "a\177", NULL, 0 },
		{ "\\", NULL, 0 },
		{ "a\\", NULL, 0 },
		{ "\\1", NULL, 0 },
		{ "\\12", NULL, 0 },
		{ "\\12x", NULL, 0 },
		{ "\\256", NULL, 0 },
		{ "\\999", NULL, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct name name = { .size = 77 };

		if (name_parse(rows[i].text, &name) != (rows[i].octets != NULL))
			fail_msg("row %zu: %s", i, rows[i].text);
		if (!rows[i].octets) {
			assert_int_equal(name.size, 77);
			continue;
		}
		assert_int_equal(name.size, rows[i].size);
		assert_memory_equal(name.octets, rows[i].octets, rows[i].size);
	}
}

/* R1035-2.3.4-a */
static void parse_knows_the_limits_of_labels_and_names(void **state)
{
	char text[300];
	struct name name;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[63] = '\0';
	assert_true(name_parse(text, &name));
	assert_int_equal(name.size, 65);
	text[63] = 'a';
	text[64] = '\0';
	assert_false(name_parse(text, &name));

	/* Labels of 63, 63, 63 and 61: 255 octets. */
	memset(text, 'a', sizeof(text));
	text[63] = text[127] = text[191] = '.';
	text[253] = '\0';
	assert_true(name_parse(text, &name));
	assert_int_equal(name.size, 255);
	text[253] = '.';
	text[254] = '\0';
	assert_true(name_parse(text, &name));
	text[253] = 'a';
	assert_false(name_parse(text, &name));
	text[253] = '.';
	text[254] = 'a';
	text[255] = '\0';
	assert_false(name_parse(text, &name));

	/* 127 labels, and one more. */
	for (size_t i = 0; i < 128; i++) {
		text[2 * i] = 'a';
		text[2 * i + 1] = '.';
	}
	text[254] = '\0';
	assert_true(name_parse(text, &name));
	assert_int_equal(name_labels(name.octets), 127);
	text[254] = 'a';
	text[255] = '\0';
	assert_false(name_parse(text, &name));
}

static void formats_what_has_a_meaning_with_escapes(void **state)
{
	static const struct {
		const char *octets;
		const char *text;
	} rows[] = {
		{ "", "." },
		{ "\3wWw\1a", "wWw.a." },
		{ "\3a.b", "a\\.b." },
		{ "\1\\", "\\\\." },
		{ "\3 \t\177", "\\032\\009\\127." },
		{ "\2\377\200", "\\255\\128." },
		{ "\7\"();@$_", "\\\"\\(\\)\\;\\@\\$_." },
	};
	char text[NAME_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_string_equal(
			name_format((const uint8_t *)rows[i].octets, text), rows[i].text);
	assert_string_equal(name_format((const uint8_t *)"\2\0a", text), "\\000a.");
}

static void every_name_comes_back_from_its_text(void **state)
{
	uint32_t seed = 0xda7a;
	size_t longest = 0;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct name name = random_name(&seed);
		char text[NAME_TEXT_MAX];
		struct name back;

		assert_int_equal(name_size(name.octets, sizeof(name.octets)), name.size);
		assert_ptr_equal(name_format(name.octets, text), text);
		assert_true(name_parse(text, &back));
		assert_int_equal(back.size, name.size);
		assert_memory_equal(back.octets, name.octets, name.size);
		assert_true(name_equal(back.octets, name.octets));

		/* Without the last dot it is the same name. */
		if (name.size > 1) {
			text[strlen(text) - 1] = '\0';
			assert_true(name_parse(text, &back));
			assert_true(name_equal(back.octets, name.octets));
		}
		name_fold(&back);
		assert_true(name_equal(back.octets, name.octets));
		if (name.size > longest)
			longest = name.size;
	}
	assert_int_equal(longest, NAME_SIZE_MAX);
}

static void rewriting_any_name_keeps_front_and_takes_the_target(void **state)
{
	uint32_t seed = 0xbeef;
	unsigned int rewritten = 0;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		struct name name = random_name(&seed);
		struct name target = random_name(&seed);
		size_t labels = name_labels(name.octets);
		size_t kept = labels ? next(&seed) % (labels + 1) : 0;
		const uint8_t *owner = name_last(name.octets, labels - kept);
		size_t sum = (size_t)(owner - name.octets) + target.size;
		enum name_rewrite wanted = !kept                 ? NAME_NOT_BELOW
					   : sum > NAME_SIZE_MAX ? NAME_TOO_LONG
								 : NAME_REWRITTEN;
		struct name out;

		assert_int_equal(name_rewrite(name.octets, owner, target.octets, &out), wanted);
		if (wanted != NAME_REWRITTEN)
			continue;
		rewritten++;
		assert_int_equal(out.size, sum);
		assert_int_equal(name_size(out.octets, sizeof(out.octets)), sum);
		assert_true(name_is_under(out.octets, target.octets));
		assert_int_equal(name_labels(out.octets), kept + name_labels(target.octets));
	}
	assert_in_range(rewritten, ROUNDS / 10, ROUNDS);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(size_is_that_of_legal_names_only),
		cmocka_unit_test(name_of_255_octets_passes_and_256_does_not),
		cmocka_unit_test(reads_names_through_pointers_that_lead_backwards),
		cmocka_unit_test(pointers_that_loop_or_lead_forwards_are_no_name),
		cmocka_unit_test(chains_of_bare_pointers_are_cut),
		cmocka_unit_test(name_with_a_pointer_behind_each_label_is_read),
		cmocka_unit_test(reading_any_octets_gives_a_legal_name_or_none),
		cmocka_unit_test(compares_ascii_letters_without_case_and_nothing_else),
		cmocka_unit_test(folding_changes_a_to_z_alone),
		cmocka_unit_test(name_is_under_itself_and_what_it_ends_with),
		cmocka_unit_test(labels_are_counted_and_cut_from_the_front),
		cmocka_unit_test(copy_holds_the_name_and_its_size),
		cmocka_unit_test(dname_rewrites_only_whole_labels_below_its_owner),
		cmocka_unit_test(rewriting_tells_of_names_that_get_too_long),
		cmocka_unit_test(parses_presentation_format),
		cmocka_unit_test(parse_knows_the_limits_of_labels_and_names),
		cmocka_unit_test(formats_what_has_a_meaning_with_escapes),
		cmocka_unit_test(every_name_comes_back_from_its_text),
		cmocka_unit_test(rewriting_any_name_keeps_front_and_takes_the_target),
	};

	return cmocka_run_group_tests_name("name", tests, NULL, NULL);
}
