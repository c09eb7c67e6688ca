/* A replies without the A records that a host cannot use (rows H1 and H2). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "reply_text.h"
#include "sixward/dns/wire.h"
#include "sixward/dns64/hide.h"

static struct policy *keeping(const char *networks)
{
	struct policy_options options = options_of("2001:db8:64::/96\n");

	if (networks)
		assert_int_equal(netset_add_text(&options.keep_a_ipv4, networks), NETWORK_OK);
	return policy_new(&options);
}

static const struct row {
	const char *kept; /* keep-a-ipv4 */
	const char *a, *denial, *want;
	size_t hidden;
} rows[] = {
	/* All hidden: empty, with the SOA of the AAAA denial, aged; nothing of the A reply but
	 * its chain. */
	{ NULL,
		"AN www.example.org. 70 CNAME x.example.org.\n"
		"AN www.example.org. 70 RRSIG CNAME\n"
		"AN x.example.org. 60 A 192.0.2.1\n"
		"AN x.example.org. 60 A 192.0.2.2\n"
		"AN x.example.org. 60 RRSIG A\n"
		"AU example.org. 60 NS ns.example.org.\n"
		"AD ns.example.org. 60 A 192.0.2.9\n",
		"AU example.org. 300 SOA ns. h. 1 2 3 4 50\n"
		"AU example.org. 300 RRSIG SOA\n"
		"AU x.example.org. 60 NSEC proof\n",
		"AN www.example.org. 60 CNAME x.example.org.\n"
		"AN www.example.org. 60 RRSIG CNAME\n"
		"AU example.org. 30 SOA ns. h. 1 2 3 4 50\n"
		"AU example.org. 30 RRSIG SOA\n",
		2 },
	/* A denial without an SOA, a native AAAA, no denial at all. */
	{ NULL, "AN www.example.org. 60 A 192.0.2.1\n", "", "", 1 },
	{ NULL, "AN www.example.org. 60 A 192.0.2.1\n",
		"AN www.example.org. 60 AAAA 2001:db8::1\nAU example.org. 60 SOA n. h. 1 2 3 4 5\n",
		"", 1 },
	{ NULL, "AN www.example.org. 60 A 192.0.2.1\n", NULL, "", 1 },
	/* Kept: some, then the rest of the reply stays, but no RRSIG(A); all. */
	{ "100.64.0.0/10",
		"AN www.example.org. 60 A 192.0.2.1\n"
		"AN www.example.org. 60 A 100.64.1.2\n"
		"AN www.example.org. 60 RRSIG A\n"
		"AU example.org. 60 NS ns.example.org.\n"
		"AU example.org. 9 RRSIG NS\n"
		"AD ns.example.org. 60 A 192.0.2.9\n"
		"AD old.example.org. 9 A 192.0.2.9\n",
		"AU example.org. 300 SOA ns. h. 1 2 3 4 50\n",
		"AN www.example.org. 50 A 100.64.1.2\n"
		"AD ns.example.org. 50 A 192.0.2.9\n",
		1 },
	{ "100.64.0.0/10", "AN www.example.org. 60 A 100.64.1.2\nAN www.example.org. 60 RRSIG A\n",
		NULL, NULL, 0 },
	/* H4: no A at the end of the chain. */
	{ NULL, "AU example.org. 300 SOA ns. h. 1 2 3 4 50\nAD a.example.org. 9 A 192.0.2.1\n",
		NULL, NULL, 0 },
};

/* D64-5.3.3-a */
static void leaves_out_what_is_not_kept(void **state)
{
	struct question question = question_of("www.example.org", TYPE_A);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy *policy = keeping(rows[i].kept);
		struct reply *a = reply_of("www.example.org", TYPE_A, RCODE_NOERROR, rows[i].a);
		struct reply *denial = rows[i].denial ? reply_of("www.example.org", TYPE_AAAA,
								RCODE_NOERROR, rows[i].denial)
						      : NULL;
		struct aged_reply a_fact = aged(a, 10);
		struct aged_reply denial_fact = aged(denial, 20);
		size_t hidden = 99;
		struct reply *made = hide_a(&question, &a_fact, &denial_fact, policy, &hidden);

		assert_int_equal(hidden, rows[i].hidden);
		assert_int_equal(made != NULL, hidden > 0);
		if (made)
			expect_reply(made, RCODE_NOERROR, rows[i].want);
		reply_unref(a);
		reply_unref(denial);
		policy_unref(policy);
	}
}

/* The EDEs of the A reply stay; EDE 4 is added with the outcome (EDE-02). */
static void keeps_the_extended_errors(void **state)
{
	struct question question = question_of("www.example.org", TYPE_A);
	struct policy *policy = keeping(NULL);
	struct reply_draft *draft = reply_draft_new(&question, RCODE_NOERROR);
	struct ede_list edes = { 0 };
	uint8_t ipv4[4] = { 192, 0, 2, 1 };
	struct record record = { .type = TYPE_A,
		.rclass = CLASS_IN,
		.ttl = 60,
		.rdata_size = 4,
		.rdata = ipv4,
		.owner = question.name.octets };
	struct reply *a;
	struct reply *made;
	struct aged_reply fact;
	size_t hidden;

	(void)state;
	ede_add(&edes, EDE_NETWORK_ERROR, "upstream: one server is down");
	reply_draft_add_ede(draft, &edes.items[0]);
	reply_draft_add(draft, &record);
	a = reply_draft_seal(draft);
	fact = aged(a, 0);
	made = hide_a(&question, &fact, NULL, policy, &hidden);
	assert_int_equal(reply_edes(made)->count, 1);
	assert_int_equal(reply_edes(made)->items[0].code, EDE_NETWORK_ERROR);
	reply_unref(made);
	reply_unref(a);
	policy_unref(policy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_out_what_is_not_kept),
		cmocka_unit_test(keeps_the_extended_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
