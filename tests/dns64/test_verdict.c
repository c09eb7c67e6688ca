/* Every cell of protocol.md section 5, against a table written down apart from the code. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sixward/dns64/verdict.h"

enum { FOUND_COUNT = FOUND_LATE + 1, FLAGS_END = 16 };

/* One line per AAAA outcome, one letter per A outcome, both in the order of enum found.
 * W wait, R relay AAAA, F filter, S synthesize, P append, E empty, A relay A. */
static const char *const grid[FOUND_COUNT] = {
	/* A:                 PDMUNXFIL */
	[FOUND_PENDING] = "WWWWWWWWW",
	[FOUND_DATA] = "RRRRRRRRR",     /* row 1 */
	[FOUND_MIXED] = "FFFFFFFFF",    /* row 2 */
	[FOUND_UNUSABLE] = "WSSEEAAAA", /* rows 3, 4, 20; an error of A is the basis (5.1.6) */
	[FOUND_NODATA] = "WSSRRAAAA",   /* rows 5 to 10, 20 */
	[FOUND_NXDOMAIN] = "RRRRRRRRR", /* row 11 */
	[FOUND_FAILURE] = "WSSRRAAAA",  /* rows 12 to 15, 18, 20 */
	[FOUND_FINAL] = "RRRRRRRRR",    /* rows 21, 25 */
	[FOUND_LATE] = "WSSRRAAAA",     /* rows 16, 17, 20 */
};

static const char passes_line[] = "RRRRRRRRR"; /* aaaa-error: pass */

/* append-aaaa: what becomes of rows 1 and 2; the others stay as they are. */
static const char *const append_grid[FOUND_COUNT] = {
	/* A:              PDMUNXFIL */
	[FOUND_DATA] = "WPPRRRRRR",
	[FOUND_MIXED] = "WPPFFFFFF",
};

static enum verdict verdict_of(char letter)
{
	switch (letter) {
	case 'W':
		return VERDICT_WAIT;
	case 'R':
		return VERDICT_RELAY_AAAA;
	case 'F':
		return VERDICT_FILTER_AAAA;
	case 'S':
		return VERDICT_SYNTHESIZE;
	case 'P':
		return VERDICT_APPEND;
	case 'E':
		return VERDICT_EMPTY;
	default:
		assert_int_equal(letter, 'A');
		return VERDICT_RELAY_A;
	}
}

static char expected(const struct facts *f)
{
	char letter = grid[f->aaaa][f->a];

	if (f->raw)
		return f->aaaa == FOUND_PENDING ? 'W' : 'R';
	if (f->ignores_aaaa && f->a == FOUND_PENDING)
		return 'W';
	if (f->ignores_aaaa && (f->a == FOUND_DATA || f->a == FOUND_MIXED))
		return 'S';
	if (f->aaaa_error_passes && (f->aaaa == FOUND_FAILURE || f->aaaa == FOUND_LATE))
		letter = passes_line[f->a];
	if (f->appends && append_grid[f->aaaa])
		letter = append_grid[f->aaaa][f->a];
	return letter;
}

static struct facts facts_at(unsigned flags, unsigned aaaa, unsigned a)
{
	return (struct facts){
		.raw = flags & 1,
		.ignores_aaaa = flags & 2,
		.aaaa_error_passes = flags & 4,
		.appends = flags & 8,
		.aaaa = (enum found)aaaa,
		.a = (enum found)a,
	};
}

/* D64-5.1-b D64-5.1.1-a D64-5.1.1-b D64-5.1.2-a D64-5.1.2-b D64-5.1.3-a D64-5.1.4-c D64-5.1.4-d
 * D64-5.1.5-f D64-5.1.5-g D64-5.1.6-a D64-5.1.7-d D64-5.1.8-a D64-5.4-c D64-5.5-nv01
 * D64-5.5-nv11 D64-5.5-nvb D64-6.3-a ADR-3.1-a */
static void decides_every_cell_as_the_table_says(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < FLAGS_END; flags++) {
		for (unsigned aaaa = 0; aaaa < FOUND_COUNT; aaaa++) {
			for (unsigned a = 0; a < FOUND_COUNT; a++) {
				struct facts f = facts_at(flags, aaaa, a);
				enum verdict want = verdict_of(expected(&f));

				if (verdict_decide(&f) != want)
					fail_msg("flags %u aaaa %u a %u: %d, not %d", flags, aaaa,
						a, verdict_decide(&f), want);
			}
		}
	}
}

/* The numbered rows once more, each as it stands in the table. */
static void follows_the_numbered_rows(void **state)
{
	static const struct row {
		int number;
		enum found aaaa, a;
		enum verdict verdict;
	} rows[] = {
		{ 1, FOUND_DATA, FOUND_PENDING, VERDICT_RELAY_AAAA },      /* D64-5.1-a */
		{ 2, FOUND_MIXED, FOUND_PENDING, VERDICT_FILTER_AAAA },    /* D64-5.1.4-d */
		{ 3, FOUND_UNUSABLE, FOUND_DATA, VERDICT_SYNTHESIZE },     /* D64-5.1.4-a */
		{ 4, FOUND_UNUSABLE, FOUND_NODATA, VERDICT_EMPTY },        /* D64-5.1.4-c */
		{ 5, FOUND_NODATA, FOUND_DATA, VERDICT_SYNTHESIZE },       /* D64-5.1.6-a */
		{ 7, FOUND_NODATA, FOUND_NODATA, VERDICT_RELAY_AAAA },     /* D64-5.4-c */
		{ 8, FOUND_NODATA, FOUND_NXDOMAIN, VERDICT_RELAY_A },      /* D64-5.1.6-a */
		{ 9, FOUND_NODATA, FOUND_FAILURE, VERDICT_RELAY_A },       /* D64-5.1.6-a */
		{ 10, FOUND_NODATA, FOUND_LATE, VERDICT_RELAY_A },         /* D64-5.1.6-a */
		{ 11, FOUND_NXDOMAIN, FOUND_PENDING, VERDICT_RELAY_AAAA }, /* D64-5.1.2-a */
		{ 11, FOUND_NXDOMAIN, FOUND_DATA, VERDICT_RELAY_AAAA },    /* D64-5.1.2-a */
		{ 12, FOUND_FAILURE, FOUND_DATA, VERDICT_SYNTHESIZE }, /* D64-5.1.2-b, R4074-4-a */
		{ 13, FOUND_FAILURE, FOUND_NODATA, VERDICT_RELAY_AAAA },   /* D64-5.4-c */
		{ 14, FOUND_FAILURE, FOUND_NXDOMAIN, VERDICT_RELAY_A },    /* D64-5.1.6-a */
		{ 15, FOUND_FAILURE, FOUND_FAILURE, VERDICT_RELAY_A },     /* D64-5.1.6-a */
		{ 16, FOUND_LATE, FOUND_DATA, VERDICT_SYNTHESIZE },        /* D64-5.1.3-a */
		{ 17, FOUND_LATE, FOUND_NODATA, VERDICT_RELAY_AAAA },      /* D64-5.1.3-a */
		{ 17, FOUND_LATE, FOUND_NXDOMAIN, VERDICT_RELAY_A },       /* D64-5.1.3-a */
		{ 17, FOUND_LATE, FOUND_LATE, VERDICT_RELAY_A },           /* D64-5.1.3-a */
		{ 20, FOUND_UNUSABLE, FOUND_UNUSABLE, VERDICT_EMPTY },     /* ADR-3.1-a */
		{ 20, FOUND_NODATA, FOUND_UNUSABLE, VERDICT_RELAY_AAAA },  /* D64-5.1.7-d */
		{ 20, FOUND_FAILURE, FOUND_UNUSABLE, VERDICT_RELAY_AAAA }, /* ADR-3.1-a */
		{ 21, FOUND_FINAL, FOUND_PENDING, VERDICT_RELAY_AAAA },    /* D64-5.5-nvb */
		{ 21, FOUND_FINAL, FOUND_DATA, VERDICT_RELAY_AAAA },       /* D64-5.5-nvb */
		{ 25, FOUND_NODATA, FOUND_FINAL, VERDICT_RELAY_A },        /* D64-5.1.5-g */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct facts f = { .aaaa = rows[i].aaaa, .a = rows[i].a };

		if (verdict_decide(&f) != rows[i].verdict)
			fail_msg("row %d: %d", rows[i].number, verdict_decide(&f));
	}
}

/* Section 5 has no row for it: by 5.1.6 an error of the A look-up is the basis of the
 * response (D64-5.1.6-a), and no excluded AAAA leaks (D64-5.1.4-c). */
static void lets_an_error_of_a_decide_over_excluded_aaaa(void **state)
{
	static const enum found errors[] = { FOUND_NXDOMAIN, FOUND_FAILURE, FOUND_FINAL,
		FOUND_LATE };

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		struct facts f = { .aaaa = FOUND_UNUSABLE, .a = errors[i] };

		assert_int_equal(verdict_decide(&f), VERDICT_RELAY_A);
	}
}

/* Ignored AAAA: A first, without a wait; then the rows, and they may wait (D64-5.1.1-b). */
static void synthesizes_at_once_where_aaaa_are_ignored(void **state)
{
	struct facts f = { .ignores_aaaa = true, .a = FOUND_DATA };

	(void)state;
	assert_int_equal(verdict_decide(&f), VERDICT_SYNTHESIZE);
	f.aaaa = FOUND_DATA;
	assert_int_equal(verdict_decide(&f), VERDICT_SYNTHESIZE);
	f.a = FOUND_PENDING;
	assert_int_equal(verdict_decide(&f), VERDICT_WAIT);
	f.a = FOUND_NODATA;
	assert_int_equal(verdict_decide(&f), VERDICT_RELAY_AAAA);
	f.aaaa = FOUND_PENDING;
	assert_int_equal(verdict_decide(&f), VERDICT_WAIT);
}

/* D64-5.1.1-b: real ones first, then synthetic ones; without an A the real ones as ever. Nothing
 * else changes, least of all that a name which does not exist stays so. */
static void appends_where_the_switch_says_so(void **state)
{
	static const struct row {
		bool raw, ignores_aaaa;
		enum found aaaa, a;
		enum verdict verdict;
		bool waits_to_append;
	} rows[] = {
		{ false, false, FOUND_DATA, FOUND_PENDING, VERDICT_WAIT, true },
		{ false, false, FOUND_MIXED, FOUND_PENDING, VERDICT_WAIT, true },
		{ false, false, FOUND_DATA, FOUND_DATA, VERDICT_APPEND, false },
		{ false, false, FOUND_MIXED, FOUND_DATA, VERDICT_APPEND, false },
		{ false, false, FOUND_DATA, FOUND_NXDOMAIN, VERDICT_RELAY_AAAA, false },
		{ false, false, FOUND_MIXED, FOUND_LATE, VERDICT_FILTER_AAAA, false },
		{ false, false, FOUND_PENDING, FOUND_DATA, VERDICT_WAIT, false },
		{ false, false, FOUND_PENDING, FOUND_PENDING, VERDICT_WAIT, false },
		{ false, false, FOUND_NODATA, FOUND_PENDING, VERDICT_WAIT, false },
		{ false, false, FOUND_UNUSABLE, FOUND_DATA, VERDICT_SYNTHESIZE, false },
		{ false, false, FOUND_NXDOMAIN, FOUND_DATA, VERDICT_RELAY_AAAA, false },
		/* ignore-aaaa goes before it, CD=1 and exclude-names before both. */
		{ false, true, FOUND_DATA, FOUND_DATA, VERDICT_SYNTHESIZE, false },
		{ false, true, FOUND_DATA, FOUND_PENDING, VERDICT_WAIT, false },
		{ true, false, FOUND_DATA, FOUND_DATA, VERDICT_RELAY_AAAA, false },
		{ true, false, FOUND_DATA, FOUND_PENDING, VERDICT_RELAY_AAAA, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct facts f = { .appends = true,
			.raw = rows[i].raw,
			.ignores_aaaa = rows[i].ignores_aaaa,
			.aaaa = rows[i].aaaa,
			.a = rows[i].a };

		print_message("line %zu\n", i);
		assert_int_equal(verdict_decide(&f), rows[i].verdict);
		assert_int_equal(verdict_waits_to_append(&f), rows[i].waits_to_append);
	}
}

static void knows_which_answers_hold_aaaa(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < FLAGS_END; flags++) {
		for (unsigned aaaa = 0; aaaa < FOUND_COUNT; aaaa++) {
			for (unsigned a = 0; a < FOUND_COUNT; a++) {
				struct facts f = facts_at(flags, aaaa, a);
				char letter = expected(&f);
				bool native = aaaa == FOUND_DATA || aaaa == FOUND_MIXED ||
					      aaaa == FOUND_UNUSABLE;
				bool want = letter == 'F' || letter == 'S' || letter == 'P' ||
					    (letter == 'R' && native);

				assert_int_equal(verdict_has_aaaa(&f, verdict_decide(&f)), want);
			}
		}
	}
}

/* D64-5.3.3-a: hide-a, rows H1 to H4. */
static void hides_a_by_rows_h1_to_h4(void **state)
{
	static const struct row {
		const char *number;
		bool always, has_a;
		enum found aaaa, a;
		enum hide_verdict verdict;
	} rows[] = {
		{ "H1", true, true, FOUND_PENDING, FOUND_DATA, HIDE_REMOVE },
		{ "H1", true, true, FOUND_NXDOMAIN, FOUND_UNUSABLE, HIDE_REMOVE },
		{ "H1", true, false, FOUND_PENDING, FOUND_PENDING, HIDE_WAIT },
		{ "H2", false, true, FOUND_DATA, FOUND_DATA, HIDE_REMOVE },     /* row 1 */
		{ "H2", false, true, FOUND_DATA, FOUND_UNUSABLE, HIDE_REMOVE }, /* row 1 */
		{ "H2", false, true, FOUND_MIXED, FOUND_DATA, HIDE_REMOVE },    /* row 2 */
		{ "H2", false, true, FOUND_UNUSABLE, FOUND_DATA, HIDE_REMOVE }, /* row 3 */
		{ "H2", false, true, FOUND_NODATA, FOUND_DATA, HIDE_REMOVE },   /* rows 5, 6 */
		{ "H2", false, true, FOUND_FAILURE, FOUND_DATA, HIDE_REMOVE },  /* row 12 */
		{ "H2", false, true, FOUND_LATE, FOUND_DATA, HIDE_REMOVE },     /* row 16 */
		{ "H2", false, true, FOUND_PENDING, FOUND_DATA, HIDE_WAIT },
		{ "H3", false, true, FOUND_NODATA, FOUND_UNUSABLE, HIDE_RELAY },   /* row 20 */
		{ "H3", false, true, FOUND_UNUSABLE, FOUND_UNUSABLE, HIDE_RELAY }, /* row 20 */
		{ "H3", false, true, FOUND_NXDOMAIN, FOUND_DATA, HIDE_RELAY },     /* row 11 */
		{ "H3", false, true, FOUND_FINAL, FOUND_DATA, HIDE_RELAY },        /* row 21 */
		{ "H3", false, true, FOUND_FAILURE, FOUND_UNUSABLE, HIDE_RELAY },  /* row 13 */
		{ "H4", false, false, FOUND_DATA, FOUND_NODATA, HIDE_RELAY },
		{ "H4", true, false, FOUND_PENDING, FOUND_NXDOMAIN, HIDE_RELAY },
		{ "H4", false, false, FOUND_PENDING, FOUND_FAILURE, HIDE_RELAY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct facts f = { .aaaa = rows[i].aaaa, .a = rows[i].a };

		if (verdict_decide_hide(&f, rows[i].has_a, rows[i].always) != rows[i].verdict)
			fail_msg("row %s, line %zu", rows[i].number, i);
	}
}

static enum hide_verdict expected_hide(const struct facts *f, bool has_a, bool always)
{
	char letter = expected(f);

	if (f->a == FOUND_PENDING)
		return HIDE_WAIT;
	if (!has_a)
		return HIDE_RELAY;
	if (always)
		return HIDE_REMOVE;
	if (letter == 'W')
		return HIDE_WAIT;
	if (letter == 'F' || letter == 'S' || letter == 'P')
		return HIDE_REMOVE;
	if (letter == 'R' &&
		(f->aaaa == FOUND_DATA || f->aaaa == FOUND_MIXED || f->aaaa == FOUND_UNUSABLE))
		return HIDE_REMOVE;
	return HIDE_RELAY;
}

static void mirrors_every_cell_for_hidden_a(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 4 * FLAGS_END; flags++) {
		bool has_a = flags & FLAGS_END;
		bool always = flags & 2 * FLAGS_END;

		for (unsigned cell = 0; cell < FOUND_COUNT * FOUND_COUNT; cell++) {
			struct facts f = facts_at(flags, cell / FOUND_COUNT, cell % FOUND_COUNT);

			assert_int_equal(verdict_decide_hide(&f, has_a, always),
				expected_hide(&f, has_a, always));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decides_every_cell_as_the_table_says),
		cmocka_unit_test(follows_the_numbered_rows),
		cmocka_unit_test(lets_an_error_of_a_decide_over_excluded_aaaa),
		cmocka_unit_test(synthesizes_at_once_where_aaaa_are_ignored),
		cmocka_unit_test(appends_where_the_switch_says_so),
		cmocka_unit_test(knows_which_answers_hold_aaaa),
		cmocka_unit_test(hides_a_by_rows_h1_to_h4),
		cmocka_unit_test(mirrors_every_cell_for_hidden_a),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
