#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "script.h"
#include "sixward/base/mem.h"
#include "sixward/resolve/cache.h"

enum { MIB = 1024 * 1024, LATER_MS = 2000 };

static struct cache *cache_of_size(size_t size)
{
	return cache_new(&(struct cache_options){
		.size = size, .nxdomain_cut = true, .failure_first_s = 5, .failure_most_s = 60 });
}

static void store(struct cache *cache, const char *text, const char *answer, uint64_t now_ms)
{
	struct question question = script_question(text);
	struct script_answer made = script_answer(&question, answer);

	if (made.reply)
		cache_store(cache, &question, made.reply, now_ms);
	else
		cache_store_failure(cache, &question, &made.failure, now_ms);
	reply_unref(made.reply);
}

/* The kind, and for a reply its age: "miss", "failure", "reply 3", "cut 3". */
static const char *found(struct cache *cache, const char *text, uint64_t now_ms)
{
	static char said[32];
	struct question question = script_question(text);
	struct cache_hit hit;

	cache_find(cache, &question, now_ms, &hit);
	switch (hit.kind) {
	case CACHE_MISS:
		return "miss";
	case CACHE_FAILURE:
		return "failure";
	case CACHE_REPLY:
		break;
	}
	snprintf(said, sizeof(said), "%s %u", hit.is_cut ? "cut" : "reply", (unsigned)hit.age_s);
	reply_unref(hit.reply);
	return said;
}

struct row {
	const char *id;
	const char *question, *answer; /* stored at 0 */
	const char *asked;
	uint64_t at_ms;
	const char *found;
};

static const struct row rows[] = {
	{ "CCH-a", "A x.org", "60 A 192.0.2.1", "A x.org", 0, "reply 0" },
	{ "R4343-3-a", "A x.org", "60 A 192.0.2.1", "A X.oRg", 0, "reply 0" },
	{ "CCH-a", "A x.org", "60 A 192.0.2.1", "AAAA x.org", 0, "miss" },
	{ "CCH-a", "A x.org", "60 A 192.0.2.1", "A x.org class 3", 0, "miss" },
	{ "CCH-a", "A x.org", "60 A 192.0.2.1", "A x.org scope 2", 0, "miss" },
	{ "CCH-a", "A x.org", "60 A 192.0.2.1", "A www.x.org", 0, "miss" },
	{ "D64-5.5-c", "A x.org", "60 A 192.0.2.1", "A x.org cd", 0, "miss" },
	{ "D64-5.5-c", "A x.org cd", "60 A 192.0.2.1", "A x.org", 0, "miss" },
	{ "CCH-b", "A x.org", "5 A 192.0.2.1", "A x.org", 2000, "reply 2" },
	{ "CCH-b", "A x.org", "5 A 192.0.2.1", "A x.org", 2001, "reply 3" },
	{ "CCH-b", "A x.org", "5 A 192.0.2.1", "A x.org", 4999, "reply 5" },
	{ "CCH-b", "A x.org", "5 A 192.0.2.1", "A x.org", 5000, "miss" },
	{ "CCH-b", "A x.org", "9 CNAME y.org, 5 A 192.0.2.1", "A x.org", 5000, "miss" },
	{ "CCH-c", "A x.org", "0 A 192.0.2.1", "A x.org", 0, "miss" },
	{ "R2308-5-a", "MX x.org", "NODATA 300/60", "MX x.org", 59999, "reply 60" },
	{ "R2308-5-a", "MX x.org", "NODATA 300/60", "MX x.org", 60000, "miss" },
	{ "R2308-5-c", "MX x.org", "NODATA 300/60", "TXT x.org", 0, "miss" },
	{ "R2308-5-d", "MX x.org", "NODATA", "MX x.org", 0, "miss" },
	{ "R2308-5-d", "MX x.org", "NXDOMAIN", "MX x.org", 0, "miss" },
	{ "R2308-5-b", "AAAA x.org", "NXDOMAIN 300/60", "A x.org", 1000, "reply 1" },
	{ "R2308-5-b", "AAAA x.org", "NXDOMAIN 300/60", "A x.org", 60000, "miss" },
	{ "R2308-5-b", "AAAA x.org", "NXDOMAIN 300/60", "A x.org class 3", 0, "miss" },
	{ "R8020-2-a", "AAAA x.org", "NXDOMAIN 300/60", "A a.b.x.org", 1000, "cut 1" },
	{ "R8020-2-a", "AAAA x.org", "NXDOMAIN 300/60", "A org", 0, "miss" },
	{ "R8020-2-a", "AAAA x.org", "NXDOMAIN 300/60", "A b.x.org scope 2", 0, "miss" },
	{ "R8020-2-a", "AAAA x.org", "NXDOMAIN 300/60", "A b.x.org cd", 0, "miss" },
	{ "R8020-2-a", "NS .", "NXDOMAIN 300/60", "NS .", 0, "reply 0" },
	{ "R8020-2-a", "NS .", "NXDOMAIN 300/60", "A x.org", 0, "miss" }, /* the root exists */
	{ "R8020-2-a", "AAAA w.org", "60 CNAME x.org, NXDOMAIN 300/60", "A x.org", 0, "reply 0" },
	{ "R8020-2-a", "AAAA w.org", "60 CNAME x.org, NXDOMAIN 300/60", "A b.x.org", 0, "cut 0" },
	{ "R8020-2-a", "AAAA w.org", "60 CNAME x.org, NXDOMAIN 300/60", "A b.w.org", 0, "miss" },
	{ "R2308-2.1-a", "AAAA w.org", "60 CNAME x.org, NXDOMAIN 300/60", "AAAA w.org", 0,
		"reply 0" },
	{ "R2308-5-b", "AAAA w.org", "60 CNAME x.org, NXDOMAIN 300/60", "A w.org", 0, "miss" },
	{ "R6672-3.4-a", "A a.dn.org", "60 DNAME t.org, 60 CNAME a.t.org, 60 A 192.0.2.1",
		"A b.dn.org", 0, "miss" },
	{ "R6672-3.4-a", "A a.dn.org", "60 DNAME t.org, 60 CNAME a.t.org, 60 A 192.0.2.1",
		"A a.t.org", 0, "miss" },
	{ "R2181-5.4.1-b", "MX x.org", "60 MX m, NS, GLUE", "A ns", 0, "miss" },
	{ "CCH-f", "MX x.org", "60 MX m, NS, GLUE", "NS org", 0, "miss" },
	{ "R8482-4.1-a", "ANY x.org", "60 A 192.0.2.1, 60 TXT t", "A x.org", 0, "miss" },
	{ "R8482-4.1-a", "ANY x.org", "60 A 192.0.2.1, 60 TXT t", "ANY x.org", 0, "reply 0" },
	{ "R9520-3.2-a", "A x.org", "SERVFAIL", "A x.org", 4999, "failure" },
	{ "R9520-3.2-a", "A x.org", "TIMEOUT", "A x.org", 4999, "failure" },
	{ "R9520-3.2-a", "A x.org", "NETWORK", "A x.org", 4999, "failure" },
	{ "D64-5.1.5-g", "A x.org", "LOOP", "A x.org", 4999, "failure" },
	{ "R9520-3.2-c", "A x.org", "SERVFAIL", "A x.org", 5000, "miss" },
	{ "R9520-3.2-b", "AAAA x.org", "SERVFAIL", "A x.org", 0, "miss" },
	{ "R6840-5.9-b", "A x.org", "SERVFAIL", "A x.org cd", 0, "miss" },
};

static void finds_what_a_question_may_be_answered_with(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct row *row = &rows[i];
		struct cache *cache = cache_of_size(MIB);

		store(cache, row->question, row->answer, 0);
		print_message("%s: %s = %s; %s\n", row->id, row->question, row->answer, row->asked);
		assert_string_equal(found(cache, row->asked, row->at_ms), row->found);
		cache_free(cache);
	}
}

/* R8020-7-a */
static void cuts_nothing_when_switched_off(void **state)
{
	struct cache *cache = cache_new(&(struct cache_options){ .size = MIB });

	(void)state;
	store(cache, "AAAA x.org", "NXDOMAIN 300/60", 0);
	assert_string_equal(found(cache, "A x.org", 0), "reply 0");
	assert_string_equal(found(cache, "A b.x.org", 0), "miss");
	cache_free(cache);
}

/* R2181-5-a: never their union. */
static void a_new_answer_replaces_the_old_one(void **state)
{
	struct cache *cache = cache_of_size(MIB);
	struct question question = script_question("A x.org");
	struct cache_hit hit;

	(void)state;
	store(cache, "A x.org", "60 A 192.0.2.1, 60 A 192.0.2.2", 0);
	store(cache, "A x.org", "60 A 192.0.2.3", 5000);
	cache_find(cache, &question, 6000, &hit);
	assert_int_equal(hit.kind, CACHE_REPLY);
	assert_int_equal(hit.age_s, 1);
	assert_int_equal(reply_count(hit.reply), 1);
	assert_int_equal(cache_entries(cache), 1);
	reply_unref(hit.reply);
	cache_free(cache);
}

/* R9520-3.2-c: a success resets. */
static void an_answer_ends_a_failure(void **state)
{
	struct cache *cache = cache_of_size(MIB);

	(void)state;
	store(cache, "A x.org", "SERVFAIL", 0);
	store(cache, "A x.org", "SERVFAIL", 5100);
	assert_string_equal(found(cache, "A x.org", 15000), "failure");
	store(cache, "A x.org", "0 A 192.0.2.1", 15001);
	assert_string_equal(found(cache, "A x.org", 15001), "miss");
	store(cache, "A x.org", "SERVFAIL", 20000);
	assert_string_equal(found(cache, "A x.org", 24999), "failure");
	assert_string_equal(found(cache, "A x.org", 25000), "miss");
	cache_free(cache);
}

static void keeps_no_replies_but_failures_at_size_0(void **state)
{
	struct cache *cache = cache_of_size(0);

	(void)state;
	store(cache, "A x.org", "60 A 192.0.2.1", 0);
	store(cache, "A y.org", "NXDOMAIN 60/60", 0);
	store(cache, "A z.org", "SERVFAIL", 0);
	assert_string_equal(found(cache, "A x.org", 0), "miss");
	assert_string_equal(found(cache, "A y.org", 0), "miss");
	assert_string_equal(found(cache, "A z.org", 0), "failure");
	assert_int_equal(cache_entries(cache), 0);
	cache_free(cache);
}

/* CCH-g: bounded, and what is asked for again outlives a scan. */
static void a_flood_of_names_evicts_itself(void **state)
{
	struct cache *cache = cache_of_size(MIB);
	char text[64];

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "A popular%u.org", i);
		store(cache, text, "3600 A 192.0.2.1", 0);
		assert_string_equal(found(cache, text, 0), "reply 0");
	}
	for (unsigned i = 0; i < 50000; i++) {
		snprintf(text, sizeof(text), "A n%u.flood.org", i);
		store(cache, text, "3600 A 192.0.2.1", 0);
		assert_true(cache_octets(cache) <= MIB);
		if (i % 1000)
			continue;
		for (unsigned k = 0; k < 100; k++) {
			snprintf(text, sizeof(text), "A popular%u.org", k);
			assert_string_equal(found(cache, text, 0), "reply 0");
		}
	}
	assert_true(cache_octets(cache) > MIB / 2);
	assert_true(cache_entries(cache) > 1000);
	cache_free(cache);
}

/* CCH-g: what nobody can be served goes before what is still asked for. */
static void what_ran_out_goes_first(void **state)
{
	struct cache *cache = cache_of_size(MIB / 2);
	char text[64];
	unsigned left = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "A short%u.org", i);
		store(cache, text, "1 A 192.0.2.1", 0);
		found(cache, text, 0);
		snprintf(text, sizeof(text), "A long%u.org", i);
		store(cache, text, "3600 A 192.0.2.1", 0);
		found(cache, text, 0);
	}
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "A later%u.org", i);
		store(cache, text, "3600 A 192.0.2.1", LATER_MS);
	}
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "A long%u.org", i);
		left += found(cache, text, LATER_MS)[0] == 'r';
	}
	assert_true(left > 900);
	cache_free(cache);
}

static void a_smaller_size_evicts_at_once(void **state)
{
	struct cache *cache = cache_of_size(MIB);
	char text[64];

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		snprintf(text, sizeof(text), "A n%u.org", i);
		store(cache, text, "3600 A 192.0.2.1", 0);
		found(cache, text, 0);
	}
	assert_true(cache_octets(cache) > MIB / 4);
	cache_set_options(cache, &(struct cache_options){ .size = MIB / 8 });
	assert_true(cache_octets(cache) <= MIB / 8);
	cache_set_options(cache, &(struct cache_options){ .size = 0 });
	assert_int_equal(cache_entries(cache), 0);
	cache_free(cache);
}

static void counts_what_it_is_asked(void **state)
{
	struct cache *cache = cache_of_size(MIB);
	struct counts *counts = counts_new();

	(void)state;
	cache_add_counts(cache, counts);
	store(cache, "A x.org", "60 A 192.0.2.1", 0);
	found(cache, "A x.org", 0);
	assert_int_equal(cache_entries(cache), 1);
	assert_true(cache_octets(cache) > 100);
	counts_free(counts);
	cache_free(cache);
}

/* R8767: what is found stale, "none" or the age. */

static struct cache *cache_with(uint32_t stale_s, bool prefetch)
{
	return cache_new(&(struct cache_options){ .size = MIB,
		.nxdomain_cut = true,
		.failure_first_s = 5,
		.failure_most_s = 60,
		.stale_s = stale_s,
		.prefetch = prefetch });
}

/* What its first record says, too. */
static const char *stale(struct cache *cache, const char *text, uint64_t now_ms)
{
	static char said[32];
	struct question question = script_question(text);
	struct record record;
	struct cache_hit hit;

	if (!cache_find_stale(cache, &question, now_ms, &hit))
		return "none";
	record = reply_record(hit.reply, 0);
	if (reply_facts(hit.reply)->kind == REPLY_NXDOMAIN)
		snprintf(said, sizeof(said), "denied");
	else if (record.type == TYPE_A)
		snprintf(said, sizeof(said), "A %u", record.rdata[3]);
	else
		snprintf(said, sizeof(said), "TYPE%u", record.type);
	reply_unref(hit.reply);
	return said;
}

struct stale_row {
	const char *id;
	const char *question, *answer; /* stored at 0 */
	const char *then, *other;      /* stored at 3 s */
	const char *asked;
	uint64_t at_ms;
	const char *stale;
};

static const struct stale_row stale_rows[] = {
	{ "R8767-4-a", "A x.org", "5 A 192.0.2.1", NULL, NULL, "A x.org", 5000, "A 1" },
	{ "R8767-4-a", "A x.org", "5 A 192.0.2.1", NULL, NULL, "A x.org", 104999, "A 1" },
	{ "R8767-5-a", "A x.org", "5 A 192.0.2.1", NULL, NULL, "A x.org", 105000, "none" },
	{ "R8767-4-a", "A x.org", "5 A 192.0.2.1", NULL, NULL, "AAAA x.org", 5000, "none" },
	{ "R8767-4-a", "A x.org", "5 A 192.0.2.1", NULL, NULL, "A x.org scope 2", 5000, "none" },
	{ "R2308-5-b", "A x.org", "NXDOMAIN 5/5", NULL, NULL, "MX x.org", 9000, "denied" },
	{ "R8767-4-a", "A x.org", "NXDOMAIN 5/5", NULL, NULL, "MX a.x.org", 9000, "none" },
	{ "R8767-4-c", "A x.org", "2 A 192.0.2.1", "A x.org", "1 A 192.0.2.2", "A x.org", 9000,
		"A 2" },
	{ "R8767-4-c", "A x.org", "2 A 192.0.2.1", "A x.org", "NXDOMAIN 5/5", "A x.org", 9000,
		"denied" },
	{ "R8767-4-c", "A x.org", "2 A 192.0.2.1", "MX x.org", "NXDOMAIN 5/5", "A x.org", 9000,
		"denied" },
	{ "R8767-4-c", "A x.org", "NXDOMAIN 2/2", "A x.org", "1 A 192.0.2.2", "A x.org", 9000,
		"A 2" },
	{ "R8767-4-c", "A x.org", "NXDOMAIN 2/2", "A x.org", "1 A 192.0.2.2", "MX x.org", 9000,
		"none" },
	{ "R8767-4-c", "A x.org", "2 A 192.0.2.1", "A x.org", "SERVFAIL", "A x.org", 9000, "A 1" },
	{ "R8767-4-c", "A x.org", "2 A 192.0.2.1", "A x.org", "RCODE 6", "A x.org", 9000, "A 1" },
	{ "R8767-6-a", "A x.org", "0 A 192.0.2.1", NULL, NULL, "A x.org", 1, "none" },
	{ "R8767-6-a", "A x.org", "2 A 192.0.2.1", "A x.org", "0 A 192.0.2.2", "A x.org", 9000,
		"none" },
	{ "R8767-4-c", "A x.org", "2 A 192.0.2.1", "A x.org", "NODATA", "A x.org", 9000, "none" },
	{ "R8767-4-c", "A x.org", "2 A 192.0.2.1", "A x.org", "NXDOMAIN", "A x.org", 9000, "none" },
	/* A CNAME drives out other types, and the reverse. */
	{ "R8767-7-a", "A x.org", "2 A 192.0.2.1", "AAAA x.org",
		"2 CNAME y.org, 2 AAAA 2001:db8::1", "A x.org", 9000, "none" },
	{ "R8767-7-a", "A x.org", "60 A 192.0.2.1", "AAAA x.org",
		"2 CNAME y.org, 2 AAAA 2001:db8::1", "A x.org", 70000, "none" },
	{ "R8767-7-a", "A x.org", "60 A 192.0.2.1", "CNAME x.org", "2 CNAME y.org", "A x.org",
		70000, "none" },
	{ "R8767-7-a", "A x.org", "60 CNAME y.org, 60 A 192.0.2.1", "AAAA x.org",
		"2 AAAA 2001:db8::1", "A x.org", 70000, "none" },
	{ "R8767-7-a", "A x.org", "2 CNAME y.org, 2 A 192.0.2.1", "AAAA x.org", "NODATA 60/60",
		"A x.org", 9000, "none" },
	{ "R8767-7-a", "A x.org", "60 A 192.0.2.1", "TXT x.org", "9 TXT t", "A x.org", 70000,
		"A 1" },
	{ "R8767-7-a", "A x.org", "60 A 192.0.2.1", "DS x.org", "NODATA 60/60", "A x.org", 70000,
		"A 1" },
	/* Servers that disagree only about what is not there. */
	{ "R8767-7-a", "A x.org", "60 CNAME y.org, 60 A 192.0.2.1", "AAAA x.org", "NODATA 60/60",
		"A x.org", 70000, "TYPE5" },
};

static void finds_what_has_expired_for_those_in_need(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(stale_rows) / sizeof(*stale_rows); i++) {
		const struct stale_row *row = &stale_rows[i];
		struct cache *cache = cache_with(100, false);

		print_message("%s: %s = %s; %s; %s\n", row->id, row->question, row->answer,
			row->other ? row->other : "", row->asked);
		store(cache, row->question, row->answer, 0);
		if (row->then)
			store(cache, row->then, row->other, 3000);
		assert_string_equal(stale(cache, row->asked, row->at_ms), row->stale);
		/* Never for anybody else. */
		assert_true(found(cache, row->asked, row->at_ms)[0] != 'r');
		cache_free(cache);
	}
}

static void finds_nothing_stale_when_switched_off(void **state)
{
	struct cache *cache = cache_with(0, false);

	(void)state;
	store(cache, "A x.org", "5 A 192.0.2.1", 0);
	assert_string_equal(stale(cache, "A x.org", 5000), "none");
	cache_free(cache);
}

/* R8767-5-a: a recheck every 30 s, and more rarely if it goes on. */
static void a_failure_is_held_longer_over_stale_data(void **state)
{
	struct cache *cache = cache_with(1000, false);

	(void)state;
	store(cache, "A x.org", "5 A 192.0.2.1", 0);
	store(cache, "A x.org", "TIMEOUT", 10000);
	assert_string_equal(found(cache, "A x.org", 39999), "failure");
	assert_string_equal(found(cache, "A x.org", 40000), "miss");
	store(cache, "A x.org", "TIMEOUT", 40000);
	assert_string_equal(found(cache, "A x.org", 99999), "failure");
	assert_string_equal(found(cache, "A x.org", 100000), "miss");
	store(cache, "AAAA x.org", "TIMEOUT", 10000);
	assert_string_equal(found(cache, "AAAA x.org", 15000), "miss");
	cache_free(cache);
}

/* Whether that hit said to refresh, or that it was popular. */
static bool told(struct cache *cache, const char *text, uint64_t now_ms, bool *is_popular)
{
	struct question question = script_question(text);
	struct cache_hit hit;

	cache_find(cache, &question, now_ms, &hit);
	assert_int_equal(hit.kind, CACHE_REPLY);
	reply_unref(hit.reply);
	if (is_popular)
		*is_popular = hit.is_popular;
	return hit.wants_refresh;
}

/* LIM-37, CCH-g */
static void tells_once_that_what_is_popular_is_near_its_end(void **state)
{
	struct cache *cache = cache_with(0, true);
	bool is_popular;

	(void)state;
	store(cache, "A x.org", "100 A 192.0.2.1", 0);
	assert_false(told(cache, "A x.org", 89000, &is_popular));
	assert_false(is_popular);
	assert_false(told(cache, "A x.org", 89999, &is_popular));
	assert_true(is_popular);
	assert_true(told(cache, "A x.org", 90000, NULL));
	assert_false(told(cache, "A x.org", 90000, NULL));
	/* Hits are counted anew. */
	store(cache, "A x.org", "100 A 192.0.2.1", 91000);
	assert_false(told(cache, "A x.org", 185000, NULL));
	assert_true(told(cache, "A x.org", 185000, NULL));
	/* A second at least, and a denial as well. */
	store(cache, "A y.org", "NXDOMAIN 4/4", 0);
	assert_false(told(cache, "A y.org", 2999, NULL));
	assert_false(told(cache, "A y.org", 2999, NULL));
	assert_true(told(cache, "MX y.org", 3000, NULL));
	/* But not whoever is below it. */
	store(cache, "A z.org", "NXDOMAIN 4/4", 0);
	for (unsigned i = 0; i < 3; i++)
		assert_false(told(cache, "A a.z.org", 3500, NULL));
	cache_free(cache);
}

static void tells_nothing_of_a_near_end_when_switched_off(void **state)
{
	struct cache *cache = cache_with(0, false);

	(void)state;
	store(cache, "A x.org", "100 A 192.0.2.1", 0);
	for (unsigned i = 0; i < 3; i++)
		assert_false(told(cache, "A x.org", 95000, NULL));
	cache_free(cache);
}

/* Finished answers of no records: what they say is not the cache's business. */

static uint64_t edition(struct cache *cache, const char *text, uint64_t now_ms)
{
	struct question question = script_question(text);
	struct cache_hit hit;

	cache_find(cache, &question, now_ms, &hit);
	assert_int_equal(hit.kind, CACHE_REPLY);
	reply_unref(hit.reply);
	return hit.edition;
}

static void keep(struct cache *cache, const char *text, uint64_t edition, uint64_t stamp,
	uint64_t made_ms, uint64_t until_ms)
{
	struct question question = script_question(text);
	struct finished *finished = mem_new(sizeof(*finished) + 9);

	finished->type = question.type;
	finished->stamp = stamp;
	finished->made_ms = made_ms;
	finished->until_ms = until_ms;
	finished->records_size = 9;
	memcpy(finished->octets, "nine octs", 9);
	cache_keep_finished(cache, &question, edition, finished, made_ms);
}

static bool has_finished(struct cache *cache, const char *text, uint64_t stamp, uint64_t now_ms)
{
	struct question question = script_question(text);
	struct finished_key key = { .stamp = stamp, .type = question.type };
	union finished_copy copy;

	if (!cache_find_finished(cache, &question, &key, now_ms, &copy))
		return false;
	assert_int_equal(copy.finished.stamp, stamp);
	assert_int_equal(copy.finished.type, question.type);
	assert_memory_equal(copy.finished.octets, "nine octs", 9);
	return true;
}

static const char nodata[] = "NODATA 50/50";

static void keeps_finished_answers_beside_their_facts(void **state)
{
	struct cache *cache = cache_with(0, false);
	struct question question = script_question("AAAA x.org");
	union finished_copy copy;
	uint64_t of;

	(void)state;
	store(cache, "AAAA x.org", nodata, 0);
	store(cache, "A x.org", "100 A 192.0.2.1", 0);
	of = edition(cache, "A x.org", 0);
	assert_int_equal(of, edition(cache, "AAAA x.org", 0));
	keep(cache, "AAAA x.org", of, 7, 1000, 200000);
	assert_int_equal(of, edition(cache, "A x.org", 0)); /* it is no fact */
	assert_true(has_finished(cache, "AAAA x.org", 7, 1000));
	assert_false(has_finished(cache, "AAAA x.org", 8, 1000));
	assert_false(has_finished(cache, "A x.org", 7, 1000));
	assert_false(has_finished(cache, "AAAA y.org", 7, 1000));
	assert_false(has_finished(cache, "AAAA x.org cd", 7, 1000));
	assert_false(cache_find_finished(cache, &question,
		&(struct finished_key){ .stamp = 7, .type = TYPE_AAAA, .dnssec_ok = true }, 1000,
		&copy));
	assert_false(cache_find_finished(cache, &question,
		&(struct finished_key){ .stamp = 7, .type = TYPE_AAAA, .wants_ad = true }, 1000,
		&copy));
	/* D64-5.4-f: as long as each fact that it may be made of. */
	assert_true(has_finished(cache, "AAAA x.org", 7, 49999));
	assert_false(has_finished(cache, "AAAA x.org", 7, 50000));
	/* Until its own end, if that comes first. */
	keep(cache, "A x.org", of, 7, 1000, 3000);
	assert_true(has_finished(cache, "A x.org", 7, 2999));
	assert_false(has_finished(cache, "A x.org", 7, 3000));
	cache_free(cache);
}

/* Only facts of the types that it can be made of are of interest. */
static void other_types_do_not_end_a_finished_answer(void **state)
{
	struct cache *cache = cache_with(0, false);

	(void)state;
	store(cache, "MX x.org", "100 MX m", 0);
	store(cache, "A x.org", "5 A 192.0.2.1", 0);
	keep(cache, "MX x.org", edition(cache, "MX x.org", 0), 7, 0, 200000);
	assert_true(has_finished(cache, "MX x.org", 7, 99999));
	assert_false(has_finished(cache, "MX x.org", 7, 100000));
	cache_free(cache);
}

static void a_new_fact_ends_finished_answers(void **state)
{
	static const char *const answers[] = { "100 A 192.0.2.2", "0 A 192.0.2.2", "NODATA 5/5",
		"NXDOMAIN 5/5", "NODATA" };

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(*answers); i++) {
		struct cache *cache = cache_with(0, false);
		uint64_t of;

		store(cache, "AAAA x.org", nodata, 0);
		store(cache, "A x.org", "100 A 192.0.2.1", 0);
		of = edition(cache, "AAAA x.org", 0);
		keep(cache, "AAAA x.org", of, 7, 0, 200000);
		assert_true(has_finished(cache, "AAAA x.org", 7, 1000));
		store(cache, "A x.org", answers[i], 1000);
		assert_false(has_finished(cache, "AAAA x.org", 7, 1000));
		assert_true(edition(cache, "AAAA x.org", 1000) != of);
		/* One that was made of the old facts meanwhile is not kept. */
		keep(cache, "AAAA x.org", of, 7, 0, 200000);
		assert_false(has_finished(cache, "AAAA x.org", 7, 1000));
		cache_free(cache);
	}
}

static void the_oldest_of_too_many_finished_answers_goes(void **state)
{
	struct cache *cache = cache_with(0, false);
	uint64_t of;

	(void)state;
	store(cache, "A x.org", "100 A 192.0.2.1", 0);
	of = edition(cache, "A x.org", 0);
	for (unsigned i = 1; i <= 5; i++)
		keep(cache, "A x.org", of, i, i, 100000);
	for (unsigned i = 1; i <= 5; i++)
		assert_int_equal(has_finished(cache, "A x.org", i, 10), i > 1);
	/* The same again takes its own place. */
	keep(cache, "A x.org", of, 3, 20, 100000);
	assert_true(has_finished(cache, "A x.org", 2, 20));
	keep(cache, "A x.org", of, 6, 21, 100000);
	assert_false(has_finished(cache, "A x.org", 2, 21));
	assert_true(has_finished(cache, "A x.org", 3, 21));
	cache_free(cache);
}

/* LIM-37: a hit by a finished answer is one, and it gives way where a refresh is to be told. */
static void a_finished_answer_does_not_hide_a_near_end(void **state)
{
	struct cache *cache = cache_with(0, true);
	uint64_t of;

	(void)state;
	store(cache, "A x.org", "100 A 192.0.2.1", 0);
	of = edition(cache, "A x.org", 0);
	keep(cache, "A x.org", of, 7, 0, 100000);
	assert_true(has_finished(cache, "A x.org", 7, 89999));
	assert_false(has_finished(cache, "A x.org", 7, 90000));
	assert_true(told(cache, "A x.org", 90000, NULL));
	keep(cache, "A x.org", of, 7, 90000, 100000);
	assert_true(has_finished(cache, "A x.org", 7, 99999));
	assert_false(has_finished(cache, "A x.org", 7, 100000));
	cache_free(cache);
}

/* LIM-37: whoever was answered so is counted, also when the answer is there no more. */
static void hits_by_finished_answers_make_a_fact_popular(void **state)
{
	struct cache *cache = cache_with(0, true);

	(void)state;
	for (unsigned count = 1; count <= 2; count++) {
		store(cache, "AAAA x.org", "NODATA 100/100", 0);
		store(cache, "A x.org", "100 A 192.0.2.1", 0);
		store(cache, "MX x.org", "100 MX m", 0);
		keep(cache, "AAAA x.org", edition(cache, "AAAA x.org", 0), 7, 0, 100000);
		if (count == 2)
			assert_true(has_finished(cache, "AAAA x.org", 7, 0));
		keep(cache, "AAAA x.org", edition(cache, "MX x.org", 0), 7, 0, 100000);
		/* This hit, and those by the finished one. */
		assert_int_equal(told(cache, "A x.org", 95000, NULL), count == 2);
	}
	assert_true(told(cache, "MX x.org", 95000, NULL));
	cache_free(cache);
}

/* Large ones are kept as they are, and go with their name. */
static void keeps_large_replies_too(void **state)
{
	struct cache *cache = cache_with(0, false);
	struct question question = script_question("A x.org");
	size_t before = cache_octets(cache);
	struct cache_hit hit;

	(void)state;
	store(cache, "A x.org", "MANY 500", 0);
	assert_true(cache_octets(cache) > before + (size_t)500 * 4);
	cache_find(cache, &question, 0, &hit);
	assert_int_equal(reply_count(hit.reply), 500);
	reply_unref(hit.reply);
	store(cache, "A x.org", "9 A 192.0.2.1", 0);
	assert_true(cache_octets(cache) < before + 500);
	cache_free(cache);
}

/* CCH-g: whoever asks for all types of a name drives out what they asked before. */
static void a_name_has_no_room_for_every_type(void **state)
{
	struct cache *cache = cache_with(0, false);
	struct question question = script_question("A x.org");
	struct cache_hit hit;
	unsigned left = 0;

	(void)state;
	for (uint16_t type = 1000; type < 1100; type++) {
		struct reply *reply;

		question.type = type;
		reply = script_answer(&question, "NODATA 50/50").reply;
		cache_store(cache, &question, reply, type);
		reply_unref(reply);
		cache_find(cache, &question, type, &hit);
		assert_int_equal(hit.kind, CACHE_REPLY);
		reply_unref(hit.reply);
	}
	for (question.type = 1000; question.type < 1100; question.type++) {
		cache_find(cache, &question, 1100, &hit);
		left += hit.kind == CACHE_REPLY;
		reply_unref(hit.reply);
	}
	assert_int_equal(left, cache_entries(cache));
	assert_int_equal(left, 16);
	cache_free(cache);
}

/* An SOA is one piece for all names below it, in each shard. */
static void the_records_of_a_zone_are_kept_once(void **state)
{
	struct cache *cache = cache_with(0, false);
	size_t before = cache_octets(cache);
	char text[64];
	size_t one;

	(void)state;
	store(cache, "A a1000.x.org", "NODATA 50/50", 0);
	one = cache_octets(cache) - before;
	for (unsigned i = 1001; i < 3000; i++) {
		snprintf(text, sizeof(text), "A a%u.x.org", i);
		store(cache, text, "NODATA 50/50", 0);
	}
	assert_true(cache_octets(cache) - before < one * 2000 / 4 * 3);
	/* And goes with the last of them; slots stay. */
	for (unsigned i = 1000; i < 3000; i++) {
		snprintf(text, sizeof(text), "A a%u.x.org", i);
		store(cache, text, "0 A 192.0.2.1", 0);
	}
	assert_int_equal(cache_entries(cache), 0);
	assert_true(cache_octets(cache) - before < (size_t)2000 * 2 * sizeof(void *));
	cache_free(cache);
}

/* CCH-g: stale data goes before live data that nobody asked for. */
static void stale_data_goes_first(void **state)
{
	struct cache *cache =
		cache_new(&(struct cache_options){ .size = MIB / 8 * 5, .stale_s = 1000 });
	char text[64];
	unsigned left = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "A long%u.org", i);
		store(cache, text, "3600 A 192.0.2.1", 0);
		snprintf(text, sizeof(text), "A short%u.org", i);
		store(cache, text, "1 A 192.0.2.1", 0);
		found(cache, text, 0);
		snprintf(text, sizeof(text), "A brief%u.org", i);
		store(cache, text, "1 A 192.0.2.1", 0);
	}
	for (unsigned i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "A later%u.org", i);
		store(cache, text, "3600 A 192.0.2.1", LATER_MS);
	}
	for (unsigned i = 0; i < 1000; i++) {
		snprintf(text, sizeof(text), "A long%u.org", i);
		left += found(cache, text, LATER_MS)[0] == 'r';
	}
	assert_true(left > 900);
	cache_free(cache);
}

/* Whatever was done to it, what has left is off the account. */
static void the_account_is_even_when_all_has_left(void **state)
{
	static const char *const answers[] = { "9 A 192.0.2.1", "NODATA 9/9", "NXDOMAIN 99/99",
		"9 CNAME y.org, NXDOMAIN 9/9", "9 CNAME y.org, 9 A 192.0.2.1", "MANY 300",
		"0 A 192.0.2.1", "NODATA 9/9, NS, NSEC", "9 TXT t, NS, GLUE", "EDE 4 x, 9 TXT t" };
	static const char *const types[] = { "A", "AAAA", "TXT", "CNAME" };
	struct cache *cache = cache_with(5, true);
	size_t before = cache_octets(cache);
	uint32_t seed = 1;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		struct question question;
		struct cache_hit hit;
		char text[64];

		seed = seed * 1664525 + 1013904223;
		snprintf(
			text, sizeof(text), "%s n%u.x.org", types[seed >> 30], (seed >> 16) % 2000);
		store(cache, text, answers[(seed >> 8) % 10], i);
		question = script_question(text);
		cache_find(cache, &question, i, &hit);
		if (hit.kind == CACHE_REPLY && !hit.is_cut)
			keep(cache, text, hit.edition, seed >> 29, i, i + 2000);
		reply_unref(hit.reply);
		assert_true(cache_octets(cache) <= MIB);
	}
	cache_set_options(cache, &(struct cache_options){ .size = 0 });
	assert_int_equal(cache_entries(cache), 0);
	/* Slots stay, eight more or twice as many. */
	assert_int_equal((cache_octets(cache) - before) % (8 * sizeof(void *)), 0);
	assert_true(cache_octets(cache) - before < MIB / 16);
	cache_free(cache);
}

enum { THREADS = 4, ROUNDS = 5000, NAMES = 200 };

struct work {
	pthread_t thread;
	struct cache *cache;
	unsigned seed;
};

/* All names get an A whose last octet says which name it is. */
static void *on_work(void *owner)
{
	struct work *work = owner;

	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned number = (i * 7 + work->seed * 13) % NAMES;
		char text[64];
		char answer[64];
		struct question question;
		struct cache_hit hit;

		snprintf(text, sizeof(text), "A n%u.org", number);
		snprintf(answer, sizeof(answer), "%u A 192.0.2.%u", i % 50 ? 60 : 1, number);
		question = script_question(text);
		if (cache_find_stale(work->cache, &question, i, &hit))
			reply_unref(hit.reply);
		cache_find(work->cache, &question, i, &hit);
		if (hit.kind == CACHE_REPLY) {
			assert(reply_record(hit.reply, 0).rdata[3] == number);
			reply_unref(hit.reply);
			keep(work->cache, text, hit.edition, number, i, UINT64_MAX);
			has_finished(work->cache, text, number, i);
		} else if (number % 10) {
			store(work->cache, text, answer, i);
		} else {
			store(work->cache, text, "SERVFAIL", i);
		}
		if (i % 500 == 0)
			cache_set_options(work->cache,
				&(struct cache_options){ .size = i % 1000 ? 32 * 1024 : MIB,
					.nxdomain_cut = true,
					.failure_first_s = 5,
					.failure_most_s = 60,
					.stale_s = 60,
					.prefetch = true });
	}
	return NULL;
}

static void threads_share_it(void **state)
{
	struct cache *cache = cache_of_size(MIB);
	struct work work[THREADS];

	(void)state;
	for (unsigned i = 0; i < THREADS; i++) {
		work[i] = (struct work){ .cache = cache, .seed = i };
		assert_int_equal(pthread_create(&work[i].thread, NULL, on_work, &work[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(work[i].thread, NULL);
	assert_true(cache_entries(cache) > 0);
	cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_a_question_may_be_answered_with),
		cmocka_unit_test(cuts_nothing_when_switched_off),
		cmocka_unit_test(a_new_answer_replaces_the_old_one),
		cmocka_unit_test(an_answer_ends_a_failure),
		cmocka_unit_test(keeps_no_replies_but_failures_at_size_0),
		cmocka_unit_test(a_flood_of_names_evicts_itself),
		cmocka_unit_test(what_ran_out_goes_first),
		cmocka_unit_test(a_smaller_size_evicts_at_once),
		cmocka_unit_test(counts_what_it_is_asked),
		cmocka_unit_test(finds_what_has_expired_for_those_in_need),
		cmocka_unit_test(finds_nothing_stale_when_switched_off),
		cmocka_unit_test(a_failure_is_held_longer_over_stale_data),
		cmocka_unit_test(tells_once_that_what_is_popular_is_near_its_end),
		cmocka_unit_test(tells_nothing_of_a_near_end_when_switched_off),
		cmocka_unit_test(keeps_finished_answers_beside_their_facts),
		cmocka_unit_test(other_types_do_not_end_a_finished_answer),
		cmocka_unit_test(a_new_fact_ends_finished_answers),
		cmocka_unit_test(the_oldest_of_too_many_finished_answers_goes),
		cmocka_unit_test(a_finished_answer_does_not_hide_a_near_end),
		cmocka_unit_test(hits_by_finished_answers_make_a_fact_popular),
		cmocka_unit_test(keeps_large_replies_too),
		cmocka_unit_test(a_name_has_no_room_for_every_type),
		cmocka_unit_test(the_records_of_a_zone_are_kept_once),
		cmocka_unit_test(stale_data_goes_first),
		cmocka_unit_test(the_account_is_even_when_all_has_left),
		cmocka_unit_test(threads_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
