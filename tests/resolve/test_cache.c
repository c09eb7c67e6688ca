#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <assert.h>
#include <pthread.h>
#include <stdio.h>

#include "script.h"
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
	struct cache *cache = cache_of_size(MIB * 3 / 8);
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
		snprintf(answer, sizeof(answer), "60 A 192.0.2.%u", number);
		question = script_question(text);
		cache_find(work->cache, &question, i, &hit);
		if (hit.kind == CACHE_REPLY) {
			assert(reply_record(hit.reply, 0).rdata[3] == number);
			reply_unref(hit.reply);
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
					.failure_most_s = 60 });
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
		cmocka_unit_test(threads_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
