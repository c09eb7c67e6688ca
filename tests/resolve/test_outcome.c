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
		const char *label;
		enum outcome outcome;
		int ede;
	} rows[] = {
		{ "relayed", OUTCOME_RELAYED, -1 },
		{ "synthesized", OUTCOME_SYNTHESIZED, EDE_SYNTHESIZED },
		{ "hidden", OUTCOME_HIDDEN, EDE_FORGED },
		{ "refused_acl", OUTCOME_REFUSED_ACL, EDE_PROHIBITED },
		{ "refused_rd", OUTCOME_REFUSED_RD, EDE_NOT_AUTHORITATIVE },
		{ "refused_type", OUTCOME_REFUSED_TYPE, EDE_NOT_SUPPORTED },
		{ "timed_out", OUTCOME_TIMED_OUT, EDE_NO_REACHABLE_AUTHORITY },
		{ "network", OUTCOME_NETWORK, EDE_NETWORK_ERROR },
		{ "no_upstream", OUTCOME_NO_UPSTREAM, EDE_NOT_READY },
		{ "cached_failure", OUTCOME_CACHED_FAILURE, EDE_CACHED_ERROR },
		{ "cancelled", OUTCOME_CANCELLED, -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_string_equal(outcome_label(rows[i].outcome), rows[i].label);
		assert_int_equal(outcome_ede(rows[i].outcome), rows[i].ede);
	}
}

static void each_outcome_is_of_a_kind(void **state)
{
	static const struct {
		enum outcome outcome;
		enum outcome_kind kind;
		const char *label;
	} rows[] = {
		{ OUTCOME_RELAYED, KIND_NATIVE, "native" },
		{ OUTCOME_SYNTHESIZED, KIND_SYNTHESIZED, "synthesized" },
		{ OUTCOME_REVERSED, KIND_SYNTHESIZED, "synthesized" },
		{ OUTCOME_HIDDEN, KIND_NEGATIVE, "negative" },
		{ OUTCOME_IPV4ONLY, KIND_LOCAL, "local" },
		{ OUTCOME_LIMIT, KIND_FAILED, "failed" },
		{ OUTCOME_RATE_LIMITED, KIND_REFUSED, "refused" },
		{ OUTCOME_CANCELLED, KIND_REFUSED, "refused" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(outcome_kind(rows[i].outcome), rows[i].kind);
		assert_string_equal(outcome_kind_label(rows[i].kind), rows[i].label);
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
	assert_int_equal(outcomes_read(&outcomes, OUTCOME_SYNTHESIZED), 2);
	counts_free(counts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_outcome_has_its_extended_error),
		cmocka_unit_test(each_outcome_is_of_a_kind),
		cmocka_unit_test(outcomes_are_counted_by_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
