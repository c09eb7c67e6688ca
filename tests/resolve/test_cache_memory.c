#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/base/mem.h"
#include "sixward/resolve/cache.h"

/* What the heap holds for a name of which everything is kept: goals.md, M5. */

enum { NAMES = 100000, TTL_S = 300, MIB = 1024 * 1024, MOST = 256, MOST_OF_FACTS = 192 };

static const uint8_t zone[] = "\5bench\7example";
static const uint8_t soa[] = "\2ns\5bench\7example\0\4root\5bench\7example\0"
			     "\0\0\0\1\0\0\16\20\0\0\2\130\0\1\121\200\0\0\1\54";

/* "n0012345.bench.example.", as long as those of the benchmark. */
static struct question question_of(unsigned number, uint16_t type)
{
	char text[64];
	struct name name;

	snprintf(text, sizeof(text), "n%07u.bench.example", number);
	assert_true(name_parse(text, &name));
	return question_make(name.octets, type, CLASS_IN, false);
}

static void store(struct cache *cache, const struct question *question, uint16_t type,
	const uint8_t *owner, const void *rdata, size_t size)
{
	struct reply_draft *draft = reply_draft_new(question, RCODE_NOERROR);
	struct reply *reply;

	reply_draft_add(
		draft, &(struct record){
			       .section = type == TYPE_SOA ? SECTION_AUTHORITY : SECTION_ANSWER,
			       .type = type,
			       .rclass = CLASS_IN,
			       .ttl = TTL_S,
			       .owner = owner,
			       .rdata = rdata,
			       .rdata_size = (uint16_t)size,
		       });
	reply = reply_draft_seal(draft);
	cache_store(cache, question, reply, 0);
	reply_unref(reply);
}

static void store_facts(struct cache *cache, unsigned number)
{
	struct question aaaa = question_of(number, TYPE_AAAA);
	struct question a = question_of(number, TYPE_A);
	uint8_t ipv4[4];

	bytes_put_u32(ipv4, number);
	store(cache, &aaaa, TYPE_SOA, zone, soa, sizeof(soa) - 1);
	store(cache, &a, TYPE_A, a.name.octets, ipv4, sizeof(ipv4));
}

/* One AAAA, and the extended error that says where it is from. */
static void keep_finished(struct cache *cache, unsigned number)
{
	enum { PLACES = 2, RECORDS = 28, EDES = 6 };
	struct question question = question_of(number, TYPE_AAAA);
	struct finished *finished = mem_new(sizeof(*finished) + PLACES + RECORDS + EDES);
	struct cache_hit hit;

	finished->until_ms = TTL_S * UINT64_C(1000);
	finished->type = TYPE_AAAA;
	finished->ttl_count = 1;
	finished->records_size = RECORDS;
	finished->edes_size = EDES;
	cache_find(cache, &question, 1, &hit);
	assert_int_equal(hit.kind, CACHE_REPLY);
	reply_unref(hit.reply);
	cache_keep_finished(cache, &question, hit.edition, finished, 1);
}

static bool is_found(struct cache *cache, unsigned number, uint16_t type)
{
	struct question question = question_of(number, type);
	struct cache_hit hit;

	cache_find(cache, &question, 1, &hit);
	reply_unref(hit.reply);
	return hit.kind == CACHE_REPLY;
}

/* By the heap's own account, where it keeps one: sanitizers bring another heap. */
static size_t heap_octets(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static void assert_held(struct cache *cache, size_t heap_before, size_t most)
{
	size_t account = cache_octets(cache) / NAMES;
	size_t heap = heap_octets();

	print_message("%zu octets a name", account);
	assert_in_range(account, 1, most);
	if (heap != heap_before) {
		heap = (heap - heap_before) / NAMES;
		print_message(", %zu of the heap's", heap);
		assert_in_range(heap, 1, most);
		/* True, but for what the shards have while empty. */
		assert_in_range(heap, account, account + 2);
	}
	print_message("\n");
}

static void a_name_takes_few_octets(void **state)
{
	size_t heap_before = heap_octets();
	struct cache *cache = cache_new(&(struct cache_options){ .size = (size_t)64 * MIB });
	union finished_copy copy;

	(void)state;
	for (unsigned i = 0; i < NAMES; i++)
		store_facts(cache, i);
	assert_held(cache, heap_before, MOST_OF_FACTS);
	for (unsigned i = 0; i < NAMES; i++)
		keep_finished(cache, i);
	assert_held(cache, heap_before, MOST);
	assert_int_equal(cache_entries(cache), NAMES * 2);
	for (unsigned i = 0; i < NAMES; i++) {
		struct question question = question_of(i, TYPE_AAAA);
		struct finished_key key = { .type = TYPE_AAAA };

		assert_true(is_found(cache, i, TYPE_AAAA) && is_found(cache, i, TYPE_A));
		assert_true(cache_find_finished(cache, &question, &key, 1, &copy));
	}
	cache_free(cache);
	if (heap_octets() != heap_before)
		assert_true(heap_octets() < heap_before + MIB);
}

/* What every worker of a small machine has before its first question. */
static void an_empty_cache_takes_little(void **state)
{
	size_t heap_before = heap_octets();
	struct cache *cache = cache_new(&(struct cache_options){ .size = (size_t)64 * MIB });

	(void)state;
	assert_true(heap_octets() - heap_before < (size_t)48 * 1024);
	cache_free(cache);
}

/* R9520-3.2-d, CCH-g: also those that are not replies. */
static void failures_are_on_the_account(void **state)
{
	struct cache *cache = cache_new(
		&(struct cache_options){ .size = MIB, .failure_first_s = 5, .failure_most_s = 60 });
	const struct failure failure = { .cause = FAILURE_TIMEOUT };

	(void)state;
	for (unsigned i = 0; i < 10000; i++) {
		struct question question = question_of(i, TYPE_A);

		cache_store_failure(cache, &question, &failure, 0);
		store_facts(cache, i);
		assert_true(cache_octets(cache) <= MIB);
	}
	assert_true(cache_octets(cache) > MIB / 2);
	cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_takes_few_octets),
		cmocka_unit_test(an_empty_cache_takes_little),
		cmocka_unit_test(failures_are_on_the_account),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
