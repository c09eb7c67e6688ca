#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sixward/watch/pulse.h"

static const struct pulse_rules usual = { .fail_after = 3, .recover_after = 2 };

static bool note(struct pulse *pulse, const struct pulse_rules *rules, char check)
{
	if (check == '+')
		return pulse_note_success(pulse, rules, 1000);
	return pulse_note_failure(pulse, rules);
}

static void believes_what_checks_in_a_row_say(void **state)
{
	/* A check per letter: + or -. After each, the state: u(nknown), l(ive) or d(ead), a capital
	 * where the call says that it has changed; and o(pen) where the next one comes soon. */
	static const struct {
		struct pulse_rules rules;
		const char *checks, *states, *open;
	} rows[] = {
		{ { 3, 2 }, "+++", "Lll", "..." },

		/* Live by the first success, dead by the third failure in a row. */
		{ { 3, 2 }, "--+", "uuL", "oo." },
		{ { 3, 2 }, "---", "uuD", "oo." },
		{ { 3, 2 }, "----", "uuDd", "oo.." },
		{ { 3, 2 }, "+---", "LllD", ".oo." },
		{ { 3, 2 }, "+--+--+---", "LllllllllD", ".oo.oo.oo." },

		/* Back by the second success in a row. */
		{ { 3, 2 }, "---++", "uuDdL", "oo.o." },
		{ { 3, 2 }, "---+-+", "uuDddd", "oo.o.o" },
		{ { 3, 2 }, "---++--+---", "uuDdLlllllD", "oo.o.oo.oo." },

		/* The least that there is; 0 is as 1. */
		{ { 1, 1 }, "+-+-", "LDLD", "...." },
		{ { 1, 1 }, "-+-+", "DLDL", "...." },
		{ { 0, 0 }, "+-+-", "LDLD", "...." },
		{ { 1, 3 }, "-+++", "DddL", ".oo." },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pulse pulse = { 0 };
		char states[16] = { 0 };
		char open[16] = { 0 };

		assert_true(pulse_is_open(&pulse));
		for (size_t at = 0; rows[i].checks[at]; at++) {
			bool has_changed = note(&pulse, &rows[i].rules, rows[i].checks[at]);

			states[at] = (has_changed ? "ULD" : "uld")[pulse.state];
			open[at] = pulse_is_open(&pulse) ? 'o' : '.';
		}
		assert_string_equal(states, rows[i].states);
		assert_string_equal(open, rows[i].open);
	}
}

static void counts_in_a_row_do_not_come_round(void **state)
{
	struct pulse live = { .state = PULSE_LIVE, .successes = UINT32_MAX };
	struct pulse dead = { .state = PULSE_DEAD, .failures = UINT32_MAX };

	(void)state;
	assert_false(pulse_note_success(&live, &usual, 1));
	assert_int_equal(live.successes, UINT32_MAX);
	assert_false(pulse_note_failure(&dead, &usual));
	assert_int_equal(dead.failures, UINT32_MAX);
}

static void the_latency_is_smoothed(void **state)
{
	static const struct {
		uint32_t samples_us[3]; /* 0 at the end = no more */
		uint32_t latency_us;
	} rows[] = {
		{ { 20000 }, 20000 },
		{ { 20000, 28000 }, 21000 },
		{ { 20000, 12000 }, 19000 },
		{ { 20000, 28000, 13000 }, 20000 },
		{ { UINT32_MAX, UINT32_MAX, UINT32_MAX }, UINT32_MAX },
		{ { 1, 1, 1 }, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pulse pulse = { 0 };

		for (size_t k = 0; k < 3 && rows[i].samples_us[k]; k++)
			(void)pulse_note_success(&pulse, &usual, rows[i].samples_us[k]);
		assert_int_equal(pulse.latency_us, rows[i].latency_us);
	}
}

static void no_time_at_all_was_measured_too(void **state)
{
	struct pulse pulse = { 0 };

	(void)state;
	(void)pulse_note_success(&pulse, &usual, 0);
	assert_int_equal(pulse.latency_us, 1);
}

static void a_failure_leaves_the_latency_and_death_forgets_it(void **state)
{
	struct pulse pulse = { 0 };

	(void)state;
	(void)pulse_note_success(&pulse, &usual, 20000);
	(void)pulse_note_failure(&pulse, &usual);
	assert_int_equal(pulse.latency_us, 20000);
	(void)pulse_note_failure(&pulse, &usual);
	assert_true(pulse_note_failure(&pulse, &usual));
	assert_int_equal(pulse.latency_us, 0);

	/* A new beginning: the first sample as it is. */
	(void)pulse_note_success(&pulse, &usual, 90000);
	assert_int_equal(pulse.latency_us, 90000);
	assert_true(pulse_note_success(&pulse, &usual, 10000));
	assert_int_equal(pulse.latency_us, 80000);
}

/* One letter per pulse: its name is its number. */
static void read_order(const char *text, uint8_t *order)
{
	for (size_t i = 0; text[i]; i++)
		order[i] = (uint8_t)(text[i] - '0');
}

static void the_clearly_faster_one_comes_first(void **state)
{
	enum { DEAD = -1 };
	static const struct {
		int latency_ms[4]; /* 0 = never measured */
		const char *before, *after;
	} rows[] = {
		{ { 20 }, "0", "0" },
		{ { 20, 15 }, "01", "10" },  /* by a quarter and by the margin: both just so */
		{ { 20, 16 }, "01", "01" },  /* not by a quarter */
		{ { 8, 4 }, "01", "01" },    /* not by the margin */
		{ { 6, 1 }, "01", "10" },    /* by the margin, and more than a quarter */
		{ { 100, 76 }, "01", "01" }, /* by the margin, but not by a quarter */
		{ { 100, 75 }, "01", "10" }, /* by both */
		{ { 100, 75 }, "10", "10" }, /* already there */
		{ { 10, 20, 30 }, "210", "012" },
		{ { 10, 20, 30, 40 }, "3210", "0123" },

		/* 2 is faster than 0, and no more than like 1, which does not keep it from the
		   front. */
		{ { 20, 17, 14 }, "012", "201" },

		/* Never measured: behind what was, and like each other. */
		{ { 0, 0 }, "01", "01" },
		{ { 0, 0 }, "10", "10" },
		{ { 0, 500 }, "01", "10" },
		{ { 0, 500, 0, 20 }, "0123", "3102" },

		/* Dead ones come last, behind what was never measured too. */
		{ { DEAD, 20 }, "01", "10" },
		{ { DEAD, 0 }, "01", "10" },
		{ { DEAD, DEAD }, "10", "10" },
		{ { 20, DEAD, 10 }, "012", "201" },
		{ { DEAD, 20, DEAD, 10 }, "0123", "3102" },
		{ { 40, DEAD, 20, 10 }, "0123", "3201" },
		{ { DEAD, DEAD, 0, 9 }, "0123", "3201" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t count = (uint8_t)strlen(rows[i].before);
		struct pulse pulses[4] = { 0 };
		uint8_t order[4] = { 0 };
		uint8_t after[4] = { 0 };
		bool changes = strcmp(rows[i].before, rows[i].after) != 0;

		for (size_t k = 0; k < count; k++) {
			int ms = rows[i].latency_ms[k];

			pulses[k].state = ms == DEAD ? PULSE_DEAD
					  : ms > 0   ? PULSE_LIVE
						     : PULSE_UNKNOWN;
			pulses[k].latency_us = ms > 0 ? (uint32_t)ms * 1000 : 0;
		}
		read_order(rows[i].before, order);
		read_order(rows[i].after, after);
		assert_int_equal(pulse_rank(pulses, order, count), changes);
		assert_memory_equal(order, after, count);
		assert_false(pulse_rank(pulses, order, count));
	}
}

/* The same numbers in each run. */
static uint32_t draw(uint32_t *seed, uint32_t bound)
{
	*seed = *seed * 1664525 + 1013904223;
	return (*seed >> 8) % bound;
}

static void two_that_are_alike_never_change_places(void **state)
{
	enum { STEPS = 200000, LEAST_US = 2000, MOST_US = 300000, STEP_US = 2000 };
	struct pulse pulses[2] = { 0 };
	uint8_t order[2] = { 0, 1 };
	uint32_t seed = 1;
	uint32_t here_us = 30000;
	unsigned leads[2] = { 0 }; /* how often each was the faster one */

	/* The way to both wanders up and down; each sample is off by a tenth of it at most. */
	(void)state;
	for (unsigned i = 0; i < STEPS; i++) {
		here_us += draw(&seed, STEP_US + 1);
		here_us = here_us > LEAST_US + STEP_US / 2 ? here_us - STEP_US / 2 : LEAST_US;
		here_us = here_us < MOST_US ? here_us : MOST_US;
		for (unsigned k = 0; k < 2; k++)
			(void)pulse_note_success(&pulses[k], &usual,
				here_us - here_us / 10 + draw(&seed, here_us / 5));
		leads[pulses[1].latency_us < pulses[0].latency_us]++;
		assert_false(pulse_rank(pulses, order, 2));
	}
	assert_in_range(leads[1], STEPS / 3, STEPS * 2 / 3);
}

static void one_that_becomes_clearly_faster_wins_once(void **state)
{
	struct pulse pulses[2] = { 0 };
	uint8_t order[2] = { 0, 1 };
	uint32_t seed = 1;
	unsigned changes = 0;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		uint32_t first_us = i < 10000 ? 30000 : 60000;

		(void)pulse_note_success(&pulses[0], &usual, first_us + draw(&seed, 3000));
		(void)pulse_note_success(&pulses[1], &usual, 30000 + draw(&seed, 3000));
		if (pulse_rank(pulses, order, 2))
			changes++;
	}
	assert_int_equal(changes, 1);
	assert_int_equal(order[0], 1);
}

/* An outage of the best one is one switch, not two. */
static void one_that_comes_back_is_best_only_if_it_is_clearly_faster(void **state)
{
	static const struct {
		uint32_t before_us, after_us;
		uint8_t best;
	} rows[] = {
		{ 20000, 20000, 1 }, /* as it was */
		{ 20000, 16000, 1 }, /* a little faster */
		{ 20000, 9000, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct pulse pulses[2] = { { 0 } };
		uint8_t order[2] = { 0, 1 };

		for (size_t k = 0; k < 2; k++)
			(void)pulse_note_success(&pulses[k], &usual, rows[i].before_us);
		assert_false(pulse_rank(pulses, order, 2));
		while (!pulse_note_failure(&pulses[0], &usual))
			assert_false(pulse_rank(pulses, order, 2));
		assert_true(pulse_rank(pulses, order, 2));
		assert_int_equal(order[0], 1);
		while (!pulse_note_success(&pulses[0], &usual, rows[i].after_us))
			assert_false(pulse_rank(pulses, order, 2));
		(void)pulse_rank(pulses, order, 2);
		assert_int_equal(order[0], rows[i].best);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(believes_what_checks_in_a_row_say),
		cmocka_unit_test(counts_in_a_row_do_not_come_round),
		cmocka_unit_test(the_latency_is_smoothed),
		cmocka_unit_test(no_time_at_all_was_measured_too),
		cmocka_unit_test(a_failure_leaves_the_latency_and_death_forgets_it),
		cmocka_unit_test(the_clearly_faster_one_comes_first),
		cmocka_unit_test(two_that_are_alike_never_change_places),
		cmocka_unit_test(one_that_becomes_clearly_faster_wins_once),
		cmocka_unit_test(one_that_comes_back_is_best_only_if_it_is_clearly_faster),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
