#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sixward/resolve/claims.h"

#include "sim.h"

struct waiting {
	struct claims_wait wait; /* first: it is what is posted */
	struct claims_claim claim;
	unsigned told;
};

static void on_told(void *owner)
{
	struct waiting *waiting = owner;

	waiting->told++;
}

static struct waiting waiting_on(struct loop *loop)
{
	return (struct waiting){ .wait = { .loop = loop, .call = on_told } };
}

static struct question question_of(const char *text)
{
	struct name name;

	assert_true(name_parse(text, &name));
	return question_make(name.octets, TYPE_AAAA, CLASS_IN, false);
}

static bool take(struct claims *claims, const struct question *question, struct waiting *waiting)
{
	return claims_take(
		claims, &waiting->claim, question, claims_hash(claims, question), &waiting->wait);
}

static struct reply *reply_to(const struct question *question)
{
	struct reply_draft *draft = reply_draft_new(question, RCODE_NOERROR);
	static const uint8_t address[16] = { 0x20, 1 };
	struct record record = { .type = TYPE_AAAA,
		.rclass = CLASS_IN,
		.owner = question->name.octets,
		.rdata = address,
		.rdata_size = sizeof(address) };

	reply_draft_add(draft, &record);
	return reply_draft_seal(draft);
}

/* R9520-2.3-a: one asks, the others are told what it learned, TTL 0 or not. */
static void the_first_asks_and_the_others_are_told(void **state)
{
	struct loop *loop = loop_new();
	struct claims *claims = claims_new();
	struct waiting a = waiting_on(loop), b = waiting_on(loop), c = waiting_on(loop);
	struct waiting d = waiting_on(loop);
	struct question question = question_of("x.example."), other = question_of("y.example.");
	struct reply *reply = reply_to(&question);
	struct endpoint server;

	(void)state;
	assert_true(endpoint_parse("[2001:db8::53]:53", 53, &server));
	assert_true(take(claims, &question, &a));
	assert_false(take(claims, &question, &b));
	assert_false(take(claims, &question, &c));
	assert_true(take(claims, &other, &d));
	claims_release(claims, &a.claim, reply, NULL, &server);
	assert_int_equal(b.told, 0); /* later, on its own loop */
	(void)sim_run_for(sim_of(loop), 1);
	assert_int_equal(a.told, 0);
	assert_int_equal(b.told, 1);
	assert_int_equal(c.told, 1);
	assert_ptr_equal(b.wait.reply, reply);
	assert_true(endpoint_equal(&b.wait.server, &server));
	reply_unref(b.wait.reply);
	reply_unref(c.wait.reply);

	/* It may be claimed anew. */
	assert_true(take(claims, &question, &b));
	claims_release(claims, &b.claim, NULL, NULL, NULL);
	claims_release(claims, &d.claim, NULL, NULL, NULL);
	reply_unref(reply);
	claims_free(claims);
	loop_free(loop);
}

static void a_failure_is_told_and_silence_as_none(void **state)
{
	struct failure failure = { .cause = FAILURE_TIMEOUT };
	struct question question = question_of("x.example.");
	struct loop *loop = loop_new();
	struct claims *claims = claims_new();
	struct waiting a = waiting_on(loop), b = waiting_on(loop);

	(void)state;
	assert_true(take(claims, &question, &a));
	assert_false(take(claims, &question, &b));
	claims_release(claims, &a.claim, NULL, &failure, NULL);
	(void)sim_run_for(sim_of(loop), 1);
	assert_int_equal(b.wait.failure.cause, FAILURE_TIMEOUT);
	assert_int_equal(b.wait.server.addr.family, ADDR_NONE);

	b = waiting_on(loop);
	assert_true(take(claims, &question, &a));
	assert_false(take(claims, &question, &b));
	claims_release(claims, &a.claim, NULL, NULL, NULL);
	(void)sim_run_for(sim_of(loop), 1);
	assert_int_equal(b.told, 1);
	assert_null(b.wait.reply);
	assert_int_equal(b.wait.failure.cause, FAILURE_NONE);
	claims_free(claims);
	loop_free(loop);
}

static void who_leaves_is_not_told_unless_the_word_is_on_its_way(void **state)
{
	struct question question = question_of("x.example.");
	struct loop *loop = loop_new();
	struct claims *claims = claims_new();
	struct waiting a = waiting_on(loop), b = waiting_on(loop), c = waiting_on(loop);

	(void)state;
	assert_true(take(claims, &question, &a));
	assert_false(take(claims, &question, &b));
	assert_false(take(claims, &question, &c));
	assert_true(claims_leave(&b.wait));
	claims_release(claims, &a.claim, NULL, NULL, NULL);
	assert_false(claims_leave(&c.wait));
	(void)sim_run_for(sim_of(loop), 1);
	assert_int_equal(b.told, 0);
	assert_int_equal(c.told, 1);
	claims_free(claims);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_asks_and_the_others_are_told),
		cmocka_unit_test(a_failure_is_told_and_silence_as_none),
		cmocka_unit_test(who_leaves_is_not_told_unless_the_word_is_on_its_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
