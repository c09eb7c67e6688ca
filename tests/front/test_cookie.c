#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sixward/base/text.h"
#include "sixward/front/cookie.h"

enum { NOW_S = 1700000000, DAY = 86400 };

static struct addr at(const char *text)
{
	struct addr addr;

	assert_true(addr_parse(text, &addr));
	return addr;
}

static void hex(const char *text, uint8_t *out)
{
	assert_true(text_to_octets(text, out, strlen(text) / 2));
}

static struct cookies *new_configured(const char *first, const char *second, uint64_t now_s)
{
	struct cookie_options options = { .enabled = true, .secret_count = second ? 2 : 1 };

	hex(first, options.secrets[0]);
	if (second)
		hex(second, options.secrets[1]);
	return cookies_new(&options, now_s);
}

#define SECRET_A "e5e973e5a6b2a43f48e7dc849e37bfcf"
#define SECRET_B "dd3bdf9344b678b185a6f5cb60fca715"
#define SECRET_C "445536bcd2513298075a5d379663c962"
#define LATER    1559741961

/* R9018-4-a: RFC 9018 appendix A. */
static void makes_the_cookies_of_the_rfc(void **state)
{
	static const struct {
		const char *secret, *client, *client_cookie;
		uint32_t time;
		const char *whole;
	} rows[] = {
		{ SECRET_A, "198.51.100.100", "2464c4abcf10c957", 1559731985,
			"2464c4abcf10c957010000005cf79f111f8130c3eee29480" },
		{ SECRET_A, "198.51.100.100", "2464c4abcf10c957", 1559734385,
			"2464c4abcf10c957010000005cf7a871d4a564a1442aca77" },
		{ SECRET_A, "203.0.113.203", "fc93fc62807ddb86", 1559734700,
			"fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e" },
		{ SECRET_C, "2001:db8:220:1:59de:d0f4:8769:82b8", "22681ab97d52c298", LATER,
			"22681ab97d52c298010000005cf7c609a6bb79d16625507a" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t secret[SIPHASH_KEY_SIZE], client_cookie[COOKIE_CLIENT_SIZE];
		uint8_t expected[COOKIE_FULL_SIZE], out[COOKIE_FULL_SIZE];
		struct addr client = at(rows[i].client);

		hex(rows[i].secret, secret);
		hex(rows[i].client_cookie, client_cookie);
		hex(rows[i].whole, expected);
		cookie_make(secret, &client, client_cookie, rows[i].time, out);
		assert_memory_equal(out, expected, sizeof(out));
	}
}

/* R9018-4-a: reserved octets are hashed as received, and zero when it is renewed. */
static void takes_reserved_octets_as_they_come(void **state)
{
	struct cookies *cookies = new_configured(SECRET_A, NULL, NOW_S);
	struct addr client = at("203.0.113.203");
	uint8_t cookie[COOKIE_FULL_SIZE], out[COOKIE_FULL_SIZE];
	const uint32_t made = 0x5cf78f71;

	(void)state;
	hex("fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5", cookie);
	assert_int_equal(cookies_check(cookies, &client, cookie, sizeof(cookie), made + 1, out),
		COOKIE_VALID);
	assert_memory_equal(out, cookie, sizeof(out));
	assert_int_equal(cookies_check(cookies, &client, cookie, sizeof(cookie), made + 1801, out),
		COOKIE_VALID);
	assert_memory_equal(out, cookie, COOKIE_CLIENT_SIZE);
	assert_memory_equal(out + COOKIE_CLIENT_SIZE, "\1\0\0\0\x5c\xf7\x96\x7a", 8);
	cookies_free(cookies);
}

/* R9018-5-a: as long as both are listed; the answer is made with the first. */
static void takes_every_listed_secret_and_makes_with_the_first(void **state)
{
	struct cookies *cookies = new_configured(SECRET_C, SECRET_B, NOW_S);
	struct addr client = at("2001:db8:220:1:59de:d0f4:8769:82b8");
	uint8_t cookie[COOKIE_FULL_SIZE], out[COOKIE_FULL_SIZE], expected[COOKIE_FULL_SIZE];

	(void)state;
	hex("22681ab97d52c298010000005cf7c57926556bd0934c72f8", cookie);
	hex("22681ab97d52c298010000005cf7c609a6bb79d16625507a", expected);
	assert_int_equal(
		cookies_check(cookies, &client, cookie, sizeof(cookie), LATER, out), COOKIE_VALID);
	assert_memory_equal(out, expected, sizeof(out));
	cookies_free(cookies);
}

/* R7873-5.2.2-a */
static void knows_the_legal_lengths(void **state)
{
	struct cookies *cookies = new_configured(SECRET_A, NULL, NOW_S);
	struct addr client = at("192.0.2.1");
	uint8_t octets[64] = { 1, 2, 3, 4, 5, 6, 7, 8, 1 };
	uint8_t out[COOKIE_FULL_SIZE];

	(void)state;
	for (size_t size = 0; size < sizeof(octets); size++) {
		enum cookie_kind kind = cookies_check(cookies, &client, octets, size, NOW_S, out);

		if (size == 8)
			assert_int_equal(kind, COOKIE_CLIENT);
		else if (size >= 16 && size <= 40)
			assert_int_equal(kind, COOKIE_INVALID);
		else
			assert_int_equal(kind, COOKIE_ILLEGAL);
	}
	cookies_free(cookies);
}

/* R7873-5.2.5-a: what is handed out is accepted, from that client alone, unchanged. */
static void a_cookie_is_good_for_its_client_alone(void **state)
{
	struct cookies *cookies = new_configured(SECRET_A, NULL, NOW_S);
	struct addr client = at("192.0.2.1"), other = at("192.0.2.2");
	uint8_t cookie[COOKIE_FULL_SIZE] = { 9, 8, 7, 6, 5, 4, 3, 2 };
	uint8_t out[COOKIE_FULL_SIZE], again[COOKIE_FULL_SIZE];

	(void)state;
	assert_int_equal(cookies_check(cookies, &client, cookie, COOKIE_CLIENT_SIZE, NOW_S, out),
		COOKIE_CLIENT);
	assert_memory_equal(out, cookie, COOKIE_CLIENT_SIZE);
	assert_int_equal(
		cookies_check(cookies, &client, out, sizeof(out), NOW_S, again), COOKIE_VALID);
	assert_memory_equal(again, out, sizeof(out));
	assert_int_equal(
		cookies_check(cookies, &other, out, sizeof(out), NOW_S, again), COOKIE_INVALID);
	for (size_t i = 0; i < 8 * sizeof(out); i++) {
		out[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(cookies_check(cookies, &client, out, sizeof(out), NOW_S, again),
			COOKIE_INVALID);
		out[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	cookies_free(cookies);
}

/* R9018-4.3-a, LIM-29, by serial number arithmetic. */
static void judges_a_cookie_by_its_age(void **state)
{
	static const struct {
		int64_t made; /* seconds from now */
		enum cookie_kind kind;
		bool is_kept;
	} rows[] = {
		{ -3601, COOKIE_INVALID, false },
		{ -3600, COOKIE_VALID, false },
		{ -1801, COOKIE_VALID, false },
		{ -1800, COOKIE_VALID, true },
		{ 0, COOKIE_VALID, true },
		{ 299, COOKIE_VALID, true },
		{ 300, COOKIE_VALID, true },
		{ 301, COOKIE_INVALID, false },
		{ INT32_MAX, COOKIE_INVALID, false },
		{ INT32_MIN, COOKIE_INVALID, false },
	};
	static const uint64_t nows[] = { NOW_S, (uint64_t)1 << 32, ((uint64_t)1 << 32) + 100 };

	(void)state;
	for (size_t n = 0; n < sizeof(nows) / sizeof(nows[0]); n++) {
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			struct cookies *cookies = new_configured(SECRET_A, NULL, nows[n]);
			struct addr client = at("2001:db8::1");
			uint8_t secret[SIPHASH_KEY_SIZE], client_cookie[COOKIE_CLIENT_SIZE] = { 5 };
			uint8_t cookie[COOKIE_FULL_SIZE], fresh[COOKIE_FULL_SIZE];
			uint8_t out[COOKIE_FULL_SIZE];

			hex(SECRET_A, secret);
			cookie_make(secret, &client, client_cookie,
				(uint32_t)((int64_t)nows[n] + rows[i].made), cookie);
			cookie_make(secret, &client, client_cookie, (uint32_t)nows[n], fresh);
			assert_int_equal(cookies_check(cookies, &client, cookie, sizeof(cookie),
						 nows[n], out),
				rows[i].kind);
			assert_memory_equal(out, rows[i].is_kept ? cookie : fresh, sizeof(out));
			cookies_free(cookies);
		}
	}
}

/* Second by second until a random secret rolls, which is when a cookie of the second before is
 * renewed: that second, and that cookie. */
static uint64_t find_roll(struct cookies *cookies, const struct addr *client, uint64_t from_s,
	uint8_t old[COOKIE_FULL_SIZE])
{
	uint8_t client_cookie[COOKIE_CLIENT_SIZE] = { 1 };
	uint8_t out[COOKIE_FULL_SIZE];

	for (uint64_t now_s = from_s + 1; now_s <= from_s + DAY; now_s++) {
		(void)cookies_check(
			cookies, client, client_cookie, sizeof(client_cookie), now_s - 1, old);
		assert_int_equal(cookies_check(cookies, client, old, COOKIE_FULL_SIZE, now_s, out),
			COOKIE_VALID);
		if (memcmp(old, out, sizeof(out)) != 0)
			return now_s;
	}
	fail();
	return 0;
}

/* LIM-29: one day less up to 40 %, and not the same for all. */
static void rolls_random_secrets(void **state)
{
	struct cookie_options options = { .enabled = true };
	uint64_t shortest = DAY, longest = 0;

	(void)state;
	for (unsigned round = 0; round < 8; round++) {
		struct cookies *cookies = cookies_new(&options, NOW_S);
		struct addr client = at("192.0.2.1");
		uint8_t old[COOKIE_FULL_SIZE];
		uint64_t life = find_roll(cookies, &client, NOW_S, old) - NOW_S;

		assert_in_range(life, DAY - DAY * 2 / 5, DAY);
		shortest = life < shortest ? life : shortest;
		longest = life > longest ? life : longest;
		cookies_free(cookies);
	}
	assert_true(shortest < longest);
}

/* LIM-29, R9018-5-a */
static void the_old_secret_holds_for_150_seconds(void **state)
{
	struct cookie_options options = { .enabled = true };
	struct cookies *cookies = cookies_new(&options, NOW_S);
	struct addr client = at("192.0.2.1");
	uint8_t old[COOKIE_FULL_SIZE], out[COOKIE_FULL_SIZE];
	uint64_t roll_s = find_roll(cookies, &client, NOW_S, old);

	(void)state;
	assert_int_equal(
		cookies_check(cookies, &client, old, sizeof(old), roll_s + 149, out), COOKIE_VALID);
	assert_memory_not_equal(out, old, sizeof(out));
	assert_int_equal(cookies_check(cookies, &client, old, sizeof(old), roll_s + 150, out),
		COOKIE_INVALID);
	cookies_free(cookies);
}

/* R9018-5-a: neither days without a query nor a clock set back make a secret live on. */
static void a_secret_ends_whatever_the_clock_does(void **state)
{
	static const int64_t jumps[] = { 2 * DAY, 40 * DAY, -(int64_t)DAY * 400 };

	(void)state;
	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct cookie_options options = { .enabled = true };
		struct cookies *cookies = cookies_new(&options, NOW_S);
		struct addr client = at("192.0.2.1");
		uint64_t then_s = (uint64_t)((int64_t)NOW_S + jumps[i]);
		uint8_t client_cookie[COOKIE_CLIENT_SIZE] = { 1 };
		uint8_t old[COOKIE_FULL_SIZE], out[COOKIE_FULL_SIZE];

		(void)cookies_check(
			cookies, &client, client_cookie, sizeof(client_cookie), NOW_S, old);
		(void)cookies_check(
			cookies, &client, client_cookie, sizeof(client_cookie), then_s, out);
		assert_memory_not_equal(old + 16, out + 16, 8);
		assert_int_equal(cookies_check(cookies, &client, out, sizeof(out), then_s, old),
			COOKIE_VALID);
		cookies_free(cookies);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_the_cookies_of_the_rfc),
		cmocka_unit_test(takes_reserved_octets_as_they_come),
		cmocka_unit_test(takes_every_listed_secret_and_makes_with_the_first),
		cmocka_unit_test(knows_the_legal_lengths),
		cmocka_unit_test(a_cookie_is_good_for_its_client_alone),
		cmocka_unit_test(judges_a_cookie_by_its_age),
		cmocka_unit_test(rolls_random_secrets),
		cmocka_unit_test(the_old_secret_holds_for_150_seconds),
		cmocka_unit_test(a_secret_ends_whatever_the_clock_does),
	};

	return cmocka_run_group_tests_name("cookie", tests, NULL, NULL);
}
