/* Tests of whether a message answers a question, and what it means. */

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "forge.h"
#include "sixward/upstream/judge.h"

static struct question example(void)
{
	struct name name;

	assert_true(name_parse("www.example.org", &name));
	return question_make(name.octets, TYPE_A, CLASS_IN, false);
}

static size_t ask(const struct question *question, uint8_t out[WIRE_QUERY_MAX])
{
	struct wire_query_form form = {
		.name = question->name.octets,
		.type = question->type,
		.rclass = question->rclass,
		.id = 4711,
		.edns = true,
	};

	return wire_encode_query(&form, out, WIRE_QUERY_MAX);
}

static void believes_only_what_matches_in_every_field(void **state)
{
	/* R5452-9.1-a, R1035-7.3-a, UPR-01, UPR-02, UPR-03, UPR-15; ids are told apart where
	 * the waiting ones are. */
	const struct {
		struct forge forge;
		enum judge_match match;
	} rows[] = {
		{ { 0 }, JUDGE_MATCH },
		{ { .upper_case = true }, JUDGE_MATCH },
		{ { .is_truncated = true }, JUDGE_MATCH },
		{ { .no_ra = true, .no_opt = true }, JUDGE_MATCH },
		{ { .rcode = RCODE_REFUSED }, JUDGE_MATCH },
		{ { .bad_record = true }, JUDGE_MATCH },
		{ { .is_query = true }, JUDGE_MISMATCH },
		{ { .wrong_name = true }, JUDGE_MISMATCH },
		{ { .wrong_type = true }, JUDGE_MISMATCH },
		{ { .wrong_class = true }, JUDGE_MISMATCH },
		{ { .wrong_opcode = true }, JUDGE_MISMATCH },
		{ { .two_questions = true }, JUDGE_MISMATCH },
		{ { .size = 12 }, JUDGE_MISMATCH },
		{ { .size = 20 }, JUDGE_MISMATCH },
		{ { .no_question = true }, JUDGE_MISMATCH },
		{ { .no_question = true, .rcode = RCODE_NXDOMAIN }, JUDGE_MISMATCH },
		{ { .no_question = true, .rcode = RCODE_FORMERR }, JUDGE_ERROR_ONLY },
		{ { .no_question = true, .rcode = RCODE_SERVFAIL }, JUDGE_ERROR_ONLY },
		{ { .no_question = true, .rcode = RCODE_NOTIMP }, JUDGE_ERROR_ONLY },
		{ { .no_question = true, .rcode = RCODE_REFUSED }, JUDGE_ERROR_ONLY },
		{ { .no_question = true, .rcode = RCODE_BADVERS }, JUDGE_ERROR_ONLY },
		{ { .no_question = true, .rcode = RCODE_YXDOMAIN }, JUDGE_MISMATCH },
	};
	struct question question = example();
	uint8_t query[WIRE_QUERY_MAX];
	size_t query_size = ask(&question, query);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t out[FORGE_ROOM];
		size_t size = forge_reply(query, query_size, &rows[i].forge, 1, out);
		struct wire wire;

		assert_true(wire_view(&wire, out, size));
		assert_int_equal(judge_match(&wire, &question), rows[i].match);
	}
}

static void knows_what_follows_from_a_reply(void **state)
{
	const struct {
		struct forge forge;
		bool is_stream, is_cut, no_edns;
		enum judge_result result;
		enum failure_cause cause;
		uint16_t rcode;
	} rows[] = {
		{ { 0 }, .result = JUDGE_REPLY },
		{ { .no_opt = true }, .result = JUDGE_REPLY },
		/* UPR-13: without recursion, and data all the same. */
		{ { .no_ra = true }, .result = JUDGE_REPLY },
		/* UPS-c */
		{ { .rcode = RCODE_YXDOMAIN }, .result = JUDGE_REPLY },
		{ { .rcode = RCODE_NXDOMAIN }, .result = JUDGE_REPLY },
		/* UPS-b */
		{ { .rcode = RCODE_SERVFAIL }, .result = JUDGE_ERROR, .cause = FAILURE_RCODE,
			.rcode = RCODE_SERVFAIL },
		{ { .rcode = RCODE_SERVFAIL, .ede = 6 }, .result = JUDGE_FINAL,
			.cause = FAILURE_RCODE, .rcode = RCODE_SERVFAIL },
		{ { .rcode = RCODE_SERVFAIL, .ede = 22 }, .result = JUDGE_ERROR,
			.cause = FAILURE_RCODE, .rcode = RCODE_SERVFAIL },
		{ { .rcode = RCODE_REFUSED }, .result = JUDGE_ERROR, .cause = FAILURE_RCODE,
			.rcode = RCODE_REFUSED },
		{ { .rcode = RCODE_BADCOOKIE }, .result = JUDGE_ERROR, .cause = FAILURE_RCODE,
			.rcode = RCODE_BADCOOKIE },
		/* R6891-6.2.2-a */
		{ { .rcode = RCODE_FORMERR, .no_opt = true }, .result = JUDGE_NO_EDNS,
			.cause = FAILURE_RCODE, .rcode = RCODE_FORMERR },
		{ { .rcode = RCODE_NOTIMP, .no_opt = true }, .result = JUDGE_NO_EDNS,
			.cause = FAILURE_RCODE, .rcode = RCODE_NOTIMP },
		{ { .rcode = RCODE_FORMERR, .no_opt = true, .no_question = true },
			.result = JUDGE_NO_EDNS, .cause = FAILURE_RCODE, .rcode = RCODE_FORMERR },
		{ { .rcode = RCODE_BADVERS }, .result = JUDGE_NO_EDNS, .cause = FAILURE_RCODE,
			.rcode = RCODE_BADVERS },
		{ { .rcode = RCODE_FORMERR }, .result = JUDGE_ERROR, .cause = FAILURE_RCODE,
			.rcode = RCODE_FORMERR },
		{ { .rcode = RCODE_SERVFAIL, .no_opt = true }, .result = JUDGE_ERROR,
			.cause = FAILURE_RCODE, .rcode = RCODE_SERVFAIL },
		{ { .rcode = RCODE_FORMERR, .no_opt = true }, .no_edns = true,
			.result = JUDGE_ERROR, .cause = FAILURE_RCODE, .rcode = RCODE_FORMERR },
		/* UPR-02 */
		{ { .rcode = RCODE_REFUSED, .no_question = true }, .result = JUDGE_ERROR,
			.cause = FAILURE_RCODE, .rcode = RCODE_REFUSED },
		/* UPR-05, UDP-b */
		{ { .is_truncated = true }, .result = JUDGE_TRUNCATED, .cause = FAILURE_GARBAGE },
		{ { 0 }, .is_cut = true, .result = JUDGE_TRUNCATED, .cause = FAILURE_GARBAGE },
		{ { .is_truncated = true }, .is_stream = true, .result = JUDGE_GARBAGE,
			.cause = FAILURE_GARBAGE },
		/* UPR-04 */
		{ { .bad_record = true }, .result = JUDGE_GARBAGE, .cause = FAILURE_GARBAGE },
		{ { .loops = true }, .result = JUDGE_ERROR, .cause = FAILURE_CHAIN,
			.rcode = RCODE_SERVFAIL },
	};
	const struct message_rules rules = {
		.ttl_max = 86400, .negative_ttl_max = 3600, .links_max = 16
	};
	struct question question = example();
	uint8_t query[WIRE_QUERY_MAX];
	size_t query_size = ask(&question, query);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t out[FORGE_ROOM];
		size_t size = forge_reply(query, query_size, &rows[i].forge, 1, out);
		struct reply *reply = NULL;
		struct failure failure;
		struct wire wire;
		enum judge_match match = JUDGE_MISMATCH;

		assert_true(wire_view(&wire, out, size));
		match = judge_match(&wire, &question);
		assert_int_not_equal(match, JUDGE_MISMATCH);
		assert_int_equal(judge_reply(
					 &(struct judge_case){
						 .wire = &wire,
						 .question = &question,
						 .rules = &rules,
						 .is_error_only = match == JUDGE_ERROR_ONLY,
						 .is_cut = rows[i].is_cut,
						 .is_stream = rows[i].is_stream,
						 .had_edns = !rows[i].no_edns,
					 },
					 &reply, &failure),
			rows[i].result);
		assert_int_equal(reply != NULL, rows[i].result == JUDGE_REPLY);
		if (!reply) {
			assert_int_equal(failure.cause, rows[i].cause);
			assert_int_equal(failure.rcode, rows[i].rcode);
		}
		reply_unref(reply);
	}
}

static void tells_the_most_telling_failure_of_many(void **state)
{
	const struct failure timeout = { .cause = FAILURE_TIMEOUT };
	const struct failure network = { .cause = FAILURE_NETWORK };
	const struct failure garbage = { .cause = FAILURE_GARBAGE };
	const struct failure chain = { .cause = FAILURE_CHAIN };
	const struct failure refused = { .cause = FAILURE_RCODE,
		.rcode = RCODE_REFUSED,
		.edes = { .items = { { .code = 18 } }, .count = 1 } };
	const struct failure servfail = { .cause = FAILURE_RCODE,
		.rcode = RCODE_SERVFAIL,
		.edes = { .items = { { .code = 22 }, { .code = 18 } }, .count = 2 } };
	const struct {
		const struct failure *parts[3];
		enum failure_cause cause;
		uint16_t rcode;
		uint8_t edes;
	} rows[] = {
		{ { &timeout }, FAILURE_TIMEOUT, 0, 0 },
		{ { &timeout, &network }, FAILURE_NETWORK, 0, 0 },
		{ { &network, &timeout }, FAILURE_NETWORK, 0, 0 },
		{ { &timeout, &refused, &timeout }, FAILURE_RCODE, RCODE_REFUSED, 1 },
		{ { &garbage, &network }, FAILURE_GARBAGE, 0, 0 },
		{ { &refused, &servfail }, FAILURE_RCODE, RCODE_SERVFAIL, 2 },
		{ { &servfail, &refused }, FAILURE_RCODE, RCODE_SERVFAIL, 2 },
		{ { &servfail, &chain }, FAILURE_CHAIN, 0, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct failure failure = { .cause = FAILURE_NONE };

		for (size_t k = 0; k < 3 && rows[i].parts[k]; k++)
			judge_merge(&failure, rows[i].parts[k]);
		assert_int_equal(failure.cause, rows[i].cause);
		assert_int_equal(failure.edes.count, rows[i].edes);
		if (failure.cause == FAILURE_RCODE)
			assert_int_equal(failure.rcode, rows[i].rcode);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(believes_only_what_matches_in_every_field),
		cmocka_unit_test(knows_what_follows_from_a_reply),
		cmocka_unit_test(tells_the_most_telling_failure_of_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
