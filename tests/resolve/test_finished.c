#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/resolve/finished.h"

enum { NOW_MS = 1000000, NAME_OCTETS = 17, QUESTION_OCTETS = NAME_OCTETS + 4 };

static const char *const lower = "\3www\7example\3org";
static const char *const mixed = "\3wWw\7ExAmple\3orG";

/* One client: what it asks with. */
struct client {
	const char *name; /* of the question, in its letters */
	uint16_t id;
	uint16_t flags;
	size_t limit;
	struct answer_edns edns;
	uint8_t query[WIRE_HEADER_SIZE + QUESTION_OCTETS];
	struct wire wire;
};

static const struct client plain = {
	.name = "\3www\7example\3org", .id = 0x1234, .flags = WIRE_RD, .limit = 512
};

static void ask(struct client *client, uint16_t type)
{
	uint8_t *question = client->query + WIRE_HEADER_SIZE;

	bytes_put_u16(client->query, client->id);
	bytes_put_u16(client->query + 2, client->flags);
	bytes_put_u16(client->query + 4, 1);
	memcpy(question, client->name, NAME_OCTETS);
	bytes_put_u16(question + NAME_OCTETS, type);
	bytes_put_u16(question + NAME_OCTETS + 2, CLASS_IN);
	assert_true(wire_view(&client->wire, client->query, sizeof(client->query)));
	assert_int_equal(wire_view_question(&client->wire), WIRE_OK);
}

/* What it is answered of. */
struct source {
	struct reply *reply;
	struct ede_list edes;
	uint16_t type;
	uint16_t flags; /* AA, AD */
	uint32_t age_s;
};

static struct answer answer_to(const struct client *client, const struct source *source)
{
	return (struct answer){
		.id = client->id,
		.rcode = reply_facts(source->reply)->rcode,
		.flags =
			(uint16_t)((client->flags & (WIRE_RD | WIRE_CD)) | WIRE_RA | source->flags),
		.question = client->wire.question_name,
		.question_size = client->wire.question_size,
		.reply = source->reply,
		.age_s = source->age_s,
		.keep_dnssec = client->edns.dnssec_ok,
		.question_type = source->type,
		.limit = client->limit,
		.edns = client->edns,
		.edes = &source->edes,
	};
}

static struct finished_key key_of(const struct client *client, const struct source *source)
{
	return (struct finished_key){
		.stamp = 7, .type = source->type, .dnssec_ok = client->edns.dnssec_ok
	};
}

/* Made for this client; NULL when it is not to be kept. */
static struct finished *make(struct client *client, const struct source *source)
{
	uint8_t octets[WIRE_MESSAGE_MAX];
	struct finished_key key;
	struct answer answer;
	enum answer_fit fit;
	size_t size;

	ask(client, source->type);
	key = key_of(client, source);
	answer = answer_to(client, source);
	size = answer_encode(&answer, octets, &fit);
	assert_int_equal(fit, ANSWER_WHOLE);
	return finished_new(&key, &answer, OUTCOME_RELAYED, octets, size, NOW_MS);
}

/* A copy of what was made for `first`. */
static void take_for(
	const struct client *first, const struct source *source, union finished_copy *copy)
{
	struct client maker = *first;
	struct finished *finished = make(&maker, source);

	assert_non_null(finished);
	memset(copy, 0xaa, sizeof(*copy));
	finished_take(finished, copy);
	finished_free(finished);
}

static size_t write_to(struct client *client, const struct source *source,
	const union finished_copy *copy, uint64_t now_ms, uint8_t *out)
{
	ask(client, source->type);
	return finished_write(copy, &client->wire, &client->edns, client->limit, now_ms, out);
}

static void assert_same(
	struct client *client, const struct source *source, const union finished_copy *copy)
{
	uint8_t anew[WIRE_MESSAGE_MAX];
	uint8_t again[WIRE_MESSAGE_MAX];
	size_t size = write_to(client, source, copy, NOW_MS, again);
	struct answer answer = answer_to(client, source);

	assert_int_equal(size, answer_encode(&answer, anew, NULL));
	assert_memory_equal(again, anew, size);
}

static struct reply_draft *drafted(uint16_t type, uint16_t rcode)
{
	struct question question = question_make((const uint8_t *)lower, type, CLASS_IN, false);

	return reply_draft_new(&question, rcode);
}

static void add(struct reply_draft *draft, enum wire_section section, const char *owner,
	uint16_t type, uint32_t ttl, const void *rdata, size_t size)
{
	struct record record = {
		.section = section,
		.type = type,
		.rclass = CLASS_IN,
		.rdata_size = (uint16_t)size,
		.ttl = ttl,
		.owner = (const uint8_t *)owner,
		.rdata = rdata,
	};

	reply_draft_add(draft, &record);
}

static void add_aaaa(struct reply_draft *draft, const char *owner, uint32_t ttl, uint8_t last)
{
	uint8_t rdata[16] = { 0x20, 1, 0xd, 0xb8, [15] = last };

	add(draft, SECTION_ANSWER, owner, TYPE_AAAA, ttl, rdata, sizeof(rdata));
}

/* Two addresses, and signatures of both sections. */
static struct source addresses(void)
{
	static const uint8_t rrsig[24] = { 0, TYPE_AAAA };
	static const uint8_t rrsig_ns[24] = { 0, TYPE_A };
	static const uint8_t a[4] = { 192, 0, 2, 1 };
	struct reply_draft *draft = drafted(TYPE_AAAA, RCODE_NOERROR);
	struct source source = { .type = TYPE_AAAA };

	add_aaaa(draft, lower, 300, 1);
	add_aaaa(draft, lower, 300, 2);
	add(draft, SECTION_ANSWER, lower, TYPE_RRSIG, 300, rrsig, sizeof(rrsig));
	add(draft, SECTION_ADDITIONAL, "\2ns\7example\3org", TYPE_A, 120, a, sizeof(a));
	add(draft, SECTION_ADDITIONAL, "\2ns\7example\3org", TYPE_RRSIG, 120, rrsig_ns,
		sizeof(rrsig_ns));
	source.reply = reply_draft_seal(draft);
	return source;
}

static struct source synthesized(void)
{
	struct reply_draft *draft = drafted(TYPE_AAAA, RCODE_NOERROR);
	struct source source = { .type = TYPE_AAAA };

	add_aaaa(draft, lower, 60, 1);
	source.reply = reply_draft_seal(draft);
	ede_add(&source.edes, EDE_SYNTHESIZED, "DNS64");
	ede_add(&source.edes, 6, "upstream: bogus");
	return source;
}

static struct source denied(void)
{
	static const uint8_t soa[] = "\2ns\7example\3org\0\2ht\7example\3org\0"
				     "\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\100";
	struct reply_draft *draft = drafted(TYPE_AAAA, RCODE_NXDOMAIN);
	struct source source = { .type = TYPE_AAAA, .flags = WIRE_AD };

	add(draft, SECTION_AUTHORITY, "\7example\3org", TYPE_SOA, 64, soa, sizeof(soa) - 1);
	source.reply = reply_draft_seal(draft);
	return source;
}

/* D64-5.4-a, D64-5.4-f, R6891-6.1.1-a, R8914-2-a: id, RD, CD, the letters of the question, and
 * every option are the client's own, whoever it was made for. */
static void one_made_for_another_client_is_the_one_made_anew(void **state)
{
	struct source sources[] = { addresses(), synthesized(), denied() };
	const struct client makers[] = { plain,
		{ .name = lower,
			.id = 1,
			.flags = WIRE_RD | WIRE_CD,
			.limit = 1232,
			.edns = { .present = true, .cookie_size = 24, .nsid = "other" } } };
	const struct client clients[] = { plain, { .name = lower, .id = 0xffff, .limit = 512 },
		{ .name = lower, .flags = WIRE_RD | WIRE_CD, .limit = 65535 },
		{ .name = lower, .limit = 512, .edns = { .present = true } },
		{ .name = lower,
			.limit = 512,
			.edns = { .present = true, .cookie_size = 24, .cookie = { 1, 2, 3 } } },
		{ .name = lower, .limit = 512, .edns = { .present = true, .nsid = "here" } },
		{ .name = lower,
			.limit = 65535,
			.edns = { .present = true, .has_keepalive = true, .keepalive = 99 } },
		{ .name = lower,
			.limit = 1232,
			.edns = { .present = true,
				.has_keepalive = true,
				.keepalive = 1,
				.cookie_size = 24,
				.cookie = { 9 },
				.nsid = "here" } } };

	(void)state;
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		for (size_t k = 0; k < 2; k++) {
			union finished_copy copy;

			take_for(&makers[k], &sources[i], &copy);
			for (size_t n = 0; n < sizeof(clients) / sizeof(clients[0]); n++) {
				struct client client = clients[n];

				assert_same(&client, &sources[i], &copy);
			}
		}
		reply_unref(sources[i].reply);
	}
}

/* R6840-5.6-a, SEC-4035-3.2.1-b */
static void with_and_without_dnssec_are_two(void **state)
{
	struct source source = addresses();
	struct client with = plain;
	union finished_copy copy;

	(void)state;
	with.edns = (struct answer_edns){ .present = true, .dnssec_ok = true };
	take_for(&plain, &source, &copy);
	assert_int_equal(copy.finished.ttl_count, 3);
	take_for(&with, &source, &copy);
	assert_int_equal(copy.finished.ttl_count, 5);
	with.id = 5;
	assert_same(&with, &source, &copy);
	reply_unref(source.reply);
}

/* D64-5.4-a: addresses do not care for the letters of the question. R3597-3-a: names in RDATA, as
 * those of an SOA, do, for they are compressed against it. */
static void other_letters_are_sent_back_as_they_came(void **state)
{
	struct source address = addresses();
	struct source denial = denied();
	uint8_t out[WIRE_MESSAGE_MAX];
	struct client client = plain;
	union finished_copy copy;

	(void)state;
	client.name = mixed;
	take_for(&plain, &address, &copy);
	assert_same(&client, &address, &copy);
	take_for(&client, &address, &copy);
	assert_same(&client, &address, &copy);
	assert_null(make(&client, &denial));
	take_for(&plain, &denial, &copy);
	assert_int_equal(write_to(&client, &denial, &copy, NOW_MS, out), 0);
	reply_unref(address.reply);
	reply_unref(denial.reply);
}

/* UDP-a, R8914-3-a: what does not fit whole is made anew, which knows what to leave out. */
static void what_does_not_fit_is_made_anew(void **state)
{
	static const uint8_t text[256] = { 255 };
	struct reply_draft *draft = drafted(TYPE_TXT, RCODE_NOERROR);
	struct source source = { .type = TYPE_TXT };
	struct client client = plain;
	union finished_copy copy;
	uint8_t out[WIRE_MESSAGE_MAX];

	(void)state;
	/* 33 octets of head, and two records of 268; with OPT and the error 586. */
	add(draft, SECTION_ANSWER, lower, TYPE_TXT, 60, text, sizeof(text));
	add(draft, SECTION_ANSWER, lower, TYPE_TXT, 60, "\1a", 2);
	add(draft, SECTION_ANSWER, lower, TYPE_TXT, 60, text + 1, 255);
	source.reply = reply_draft_seal(draft);
	ede_add(&source.edes, EDE_OTHER, "text");
	client.limit = 1232;
	take_for(&client, &source, &copy);
	client.limit = 33 + 268 + 14 + 267;
	assert_same(&client, &source, &copy);
	client.limit--;
	assert_int_equal(write_to(&client, &source, &copy, NOW_MS, out), 0);
	client.limit = 33 + 268 + 14 + 267 + 11 + 10;
	client.edns.present = true;
	assert_same(&client, &source, &copy);
	client.limit--;
	assert_int_equal(write_to(&client, &source, &copy, NOW_MS, out), 0);
	reply_unref(source.reply);
}

static uint32_t ttl_of(const uint8_t *octets, size_t size, size_t index)
{
	struct wire_walk walk = { 0 };
	struct wire_record record;
	struct wire wire;

	assert_true(wire_view(&wire, octets, size));
	do
		assert_true(wire_next(&wire, &walk, &record));
	while (index--);
	return record.ttl;
}

/* CCH-b: never above what an answer made now would say, and one second below it at most. Made of
 * facts that were 2.3 s old. */
static void ttls_age(void **state)
{
	static const uint64_t after_ms[] = { 1, 699, 700, 701, 999, 1000, 1001, 1700, 1701, 59000,
		117000, 117699 };
	struct source source = addresses();
	struct client client = plain;
	union finished_copy copy;

	(void)state;
	source.age_s = 3;
	take_for(&plain, &source, &copy);
	for (size_t i = 0; i < sizeof(after_ms) / sizeof(after_ms[0]); i++) {
		uint8_t out[WIRE_MESSAGE_MAX];
		size_t size = write_to(&client, &source, &copy, NOW_MS + after_ms[i], out);
		uint32_t age_s = (uint32_t)((2300 + after_ms[i] + 999) / 1000);

		if (after_ms[i] >= 117000) {
			assert_int_equal(size, 0);
			continue;
		}
		for (size_t k = 0; k < 3; k++) {
			uint32_t anew = (k < 2 ? 300 : 120) - age_s;

			assert_in_range(ttl_of(out, size, k), anew - 1, anew);
		}
	}
	reply_unref(source.reply);
}

/* The clock of another worker may be a turn behind. */
static void a_clock_that_is_behind_is_no_age(void **state)
{
	struct source source = addresses();
	struct client client = plain;
	uint8_t out[WIRE_MESSAGE_MAX];
	union finished_copy copy;
	size_t size;

	(void)state;
	take_for(&plain, &source, &copy);
	size = write_to(&client, &source, &copy, NOW_MS - 20, out);
	assert_int_equal(ttl_of(out, size, 0), 300);
	reply_unref(source.reply);
}

/* R2308-5-a, CCH-c: a TTL of 0 is for those who wait; nothing at all says nothing of how long. */
static void what_has_no_time_is_not_kept(void **state)
{
	struct reply_draft *draft = drafted(TYPE_AAAA, RCODE_NOERROR);
	struct source source = { .type = TYPE_AAAA };
	struct client client = plain;

	(void)state;
	source.reply = reply_draft_seal(draft);
	assert_null(make(&client, &source));
	reply_unref(source.reply);
	source = addresses();
	source.age_s = 120;
	assert_null(make(&client, &source));
	source.age_s = 119;
	finished_free(make(&client, &source));
	reply_unref(source.reply);
}

static void many_records_are_not_kept(void **state)
{
	struct client client = plain;
	struct reply_draft *draft = drafted(TYPE_A, RCODE_NOERROR);
	struct source source = { .type = TYPE_A };
	uint8_t a[4] = { 192, 0, 2 };

	(void)state;
	client.limit = 65535;
	for (a[3] = 0; a[3] < FINISHED_TTLS_MAX + 1; a[3]++)
		add(draft, SECTION_ANSWER, lower, TYPE_A, 60, a, sizeof(a));
	source.reply = reply_draft_seal(draft);
	assert_null(make(&client, &source));
	reply_unref(source.reply);
}

/* The stamp stands for settings, own records and live prefixes. */
static void one_is_for_its_key_alone(void **state)
{
	struct source source = addresses();
	struct client client = plain;
	struct finished *finished = make(&client, &source);
	struct finished_key key = key_of(&plain, &source);

	(void)state;
	assert_true(finished_is_for(finished, &key));
	key.stamp++;
	assert_false(finished_is_for(finished, &key));
	key = key_of(&plain, &source);
	key.type = TYPE_A;
	assert_false(finished_is_for(finished, &key));
	key = key_of(&plain, &source);
	key.dnssec_ok = true;
	assert_false(finished_is_for(finished, &key));
	key = key_of(&plain, &source);
	key.wants_ad = true;
	assert_false(finished_is_for(finished, &key));
	assert_int_equal(
		finished_memory(finished), sizeof(struct finished) + 3 * (2 + 12) + 2 * 16 + 4 + 3);
	finished_free(finished);
	reply_unref(source.reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_made_for_another_client_is_the_one_made_anew),
		cmocka_unit_test(with_and_without_dnssec_are_two),
		cmocka_unit_test(other_letters_are_sent_back_as_they_came),
		cmocka_unit_test(what_does_not_fit_is_made_anew),
		cmocka_unit_test(ttls_age),
		cmocka_unit_test(a_clock_that_is_behind_is_no_age),
		cmocka_unit_test(what_has_no_time_is_not_kept),
		cmocka_unit_test(many_records_are_not_kept),
		cmocka_unit_test(one_is_for_its_key_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
