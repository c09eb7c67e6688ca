#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "script.h"
#include "sixward/resolve/splice.h"

/* D64-5.1.5-d, CCH-b */
static void parts_of_different_ages_become_one_of_age_0(void **state)
{
	struct question question = script_question("A w.org");
	struct reply *first = script_reply("A w.org", "300 CNAME x.org");
	struct reply *rest = script_reply("A x.org", "60 A 192.0.2.1");
	struct aged_reply aged_first = { first, 100 };
	struct aged_reply aged_rest = { rest, 20 };
	struct reply *joined = splice_replies(&question, &aged_first, &aged_rest, 16);

	(void)state;
	assert_non_null(joined);
	assert_int_equal(reply_facts(joined)->kind, REPLY_DATA);
	assert_int_equal(reply_count(joined), 2);
	assert_int_equal(reply_record(joined, 0).type, TYPE_CNAME);
	assert_int_equal(reply_record(joined, 0).ttl, 200);
	assert_int_equal(reply_record(joined, 1).ttl, 40);
	assert_int_equal(reply_facts(joined)->lifetime, 40);
	reply_unref(first);
	reply_unref(rest);
	reply_unref(joined);
}

static void an_old_denial_has_its_time_taken_off(void **state)
{
	struct question question = script_question("A w.org");
	struct reply *first = script_reply("A w.org", "300 CNAME x.org");
	struct reply *rest = script_reply("A x.org", "NXDOMAIN 300/60");
	struct aged_reply aged_first = { first, 0 };
	struct aged_reply aged_rest = { rest, 50 };
	struct reply *joined = splice_replies(&question, &aged_first, &aged_rest, 16);

	(void)state;
	assert_int_equal(reply_facts(joined)->kind, REPLY_NXDOMAIN);
	assert_int_equal(reply_facts(joined)->negative_ttl, 10);
	reply_unref(first);
	reply_unref(rest);
	reply_unref(joined);
}

/* D64-5.1.5-g */
static void loops_and_long_chains_are_refused(void **state)
{
	struct question question = script_question("A w.org");
	struct reply *first = script_reply("A w.org", "300 CNAME x.org");
	struct reply *back = script_reply("A x.org", "300 CNAME w.org");
	struct reply *on = script_reply("A x.org", "300 CNAME y.org, 60 A 192.0.2.1");
	struct aged_reply aged_first = { first, 0 };
	struct aged_reply aged_back = { back, 0 };
	struct aged_reply aged_on = { on, 0 };
	struct reply *joined;

	(void)state;
	assert_null(splice_replies(&question, &aged_first, &aged_back, 16));
	assert_null(splice_replies(&question, &aged_first, &aged_on, 1));
	joined = splice_replies(&question, &aged_first, &aged_on, 2);
	assert_non_null(joined);
	reply_unref(joined);
	reply_unref(first);
	reply_unref(back);
	reply_unref(on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_of_different_ages_become_one_of_age_0),
		cmocka_unit_test(an_old_denial_has_its_time_taken_off),
		cmocka_unit_test(loops_and_long_chains_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
