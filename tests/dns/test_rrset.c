#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "sixward/dns/rrset.h"

/* Few records are told apart in one way and many in another; both must find the same. */

enum { ROUNDS = 20000, OTHERS = RRSETS_INLINE + 1, MOST = RRSETS_INLINE, RDATA_MOST = 8 };

static const uint8_t *const owners[] = {
	(const uint8_t *)"\3www\7example\3org",
	(const uint8_t *)"\3WWW\7example\3org", /* the same name */
	(const uint8_t *)"\3wwv\7example\3org", /* the same size */
	(const uint8_t *)"\7example\3org",
	(const uint8_t *)"",
};
enum { OWNERS = sizeof(owners) / sizeof(owners[0]) };

static struct record records[MOST + OTHERS];
static uint8_t storage[MOST][RDATA_MOST];

static uint32_t draw(uint64_t *state, uint32_t bound)
{
	*state = *state * 6364136223846793005U + 1442695040888963407U;
	return (uint32_t)(*state >> 33) % bound;
}

static void draw_record(uint64_t *seed, size_t place)
{
	static const uint16_t types[] = { TYPE_A, TYPE_NS, TYPE_CNAME, TYPE_RRSIG, TYPE_RRSIG };
	/* One octet says what an RRSIG covers, another is a letter or not. */
	static const uint8_t octets[][RDATA_MOST] = { { 0, TYPE_A, 'x' }, { 0, TYPE_A, 'X' },
		{ 0, TYPE_NS, 'x' }, { 0, TYPE_CNAME, 'y' }, { 0 } };
	struct record *record = &records[place];

	memcpy(storage[place], octets[draw(seed, 5)], RDATA_MOST);
	*record = (struct record){ .section = (enum wire_section)draw(seed, 3),
		.type = types[draw(seed, 5)],
		.rclass = draw(seed, 9) ? CLASS_IN : CLASS_ANY,
		.ttl = draw(seed, 4),
		.owner = owners[draw(seed, OWNERS)],
		.rdata = storage[place],
		.rdata_size = (uint16_t)(1 + draw(seed, 4)) };
}

/* What is nobody else's makes many of few. */
static void add_others(size_t count)
{
	for (size_t i = 0; i < OTHERS; i++)
		records[count + i] = (struct record){ .section = SECTION_ADDITIONAL,
			.type = TYPE_TXT,
			.rclass = CLASS_IN,
			.owner = (const uint8_t *)"\6others" };
}

/* Both may be none. */
static void assert_same_set(const struct rrset *a, const struct rrset *b)
{
	assert_int_equal(!a, !b);
	if (!a || !b)
		return;
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->data_count, b->data_count);
	assert_int_equal(a->ttl, b->ttl);
	assert_int_equal(a->place, b->place);
	for (size_t i = 0; i < a->count; i++)
		assert_ptr_equal(a->members[i].record, b->members[i].record);
}

static void assert_same_found(const struct rrsets *few, const struct rrsets *many)
{
	for (int section = SECTION_ANSWER; section <= SECTION_ADDITIONAL; section++) {
		for (size_t i = 0; i < OWNERS; i++) {
			size_t a_count;
			size_t b_count;
			const struct rrset *a =
				rrsets_find(few, (enum wire_section)section, owners[i], &a_count);
			const struct rrset *b =
				rrsets_find(many, (enum wire_section)section, owners[i], &b_count);

			assert_int_equal(a_count, b_count);
			for (size_t j = 0; j < a_count; j++)
				assert_same_set(&a[j], &b[j]);
		}
	}
}

static void finds_the_same_sets_in_few_records_as_in_many(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		size_t count = draw(&seed, MOST + 1);
		struct rrsets few;
		struct rrsets many;

		for (size_t i = 0; i < count; i++)
			draw_record(&seed, i);
		add_others(count);
		rrsets_init(&few, records, count);
		rrsets_init(&many, records, count + OTHERS);
		for (size_t i = 0; i < count; i++)
			assert_same_set(few.by_place[i], many.by_place[i]);
		assert_same_found(&few, &many);
		rrsets_clear(&few);
		rrsets_clear(&many);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_same_sets_in_few_records_as_in_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
