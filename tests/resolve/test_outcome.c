#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sixward/dns/failure.h"
#include "sixward/resolve/outcome.h"

/* Section 13 */
static void each_outcome_has_its_extended_error(void **state)
{
	static const struct {
		enum outcome outcome;
		const char *label;
		int ede;
	} rows[] = {
		{ OUTCOME_RELAYED, "relayed", -1 },
		{ OUTCOME_SYNTHESIZED, "synthesized", EDE_SYNTHESIZED },
		{ OUTCOME_HIDDEN, "hidden", EDE_FORGED },
		{ OUTCOME_REFUSED_ACL, "refused_acl", EDE_PROHIBITED },
		{ OUTCOME_REFUSED_RD, "refused_rd", EDE_NOT_AUTHORITATIVE },
		{ OUTCOME_REFUSED_TYPE, "refused_type", EDE_NOT_SUPPORTED },
		{ OUTCOME_TIMED_OUT, "timed_out", EDE_NO_REACHABLE_AUTHORITY },
		{ OUTCOME_NETWORK, "network", EDE_NETWORK_ERROR },
		{ OUTCOME_CACHED_FAILURE, "cached_failure", EDE_CACHED_ERROR },
		{ OUTCOME_CANCELLED, "cancelled", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_string_equal(outcome_label(rows[i].outcome), rows[i].label);
		assert_int_equal(outcome_ede(rows[i].outcome), rows[i].ede);
	}
}

static void on_visit(
	void *owner, const char *name, const char *label, const char *help, uint64_t value)
{
	(void)name;
	(void)help;
	if (!strcmp(label, "outcome=\"synthesized\""))
		*(uint64_t *)owner = value;
}

static void outcomes_are_counted_by_label(void **state)
{
	struct outcomes outcomes = { 0 };
	struct counts *counts = counts_new();
	uint64_t value = 0;

	(void)state;
	outcomes_add_counts(&outcomes, counts);
	outcomes_note(&outcomes, OUTCOME_SYNTHESIZED);
	outcomes_note(&outcomes, OUTCOME_SYNTHESIZED);
	outcomes_note(&outcomes, OUTCOME_RELAYED);
	counts_each(counts, on_visit, &value);
	assert_int_equal(value, 2);
	counts_free(counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_outcome_has_its_extended_error),
		cmocka_unit_test(outcomes_are_counted_by_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
