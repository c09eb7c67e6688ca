/* Server cookies (RFC 7873, RFC 9018). Pure but for the secrets, which roll by the time that
 * it is told, behind a lock that is taken only while they are copied. */

#include "sixward/front/cookie.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/base/mem.h"

/* LIM-29, seconds. */
enum {
	SECRET_LIFE = 86400, /* less up to 40 %, so that servers do not roll together */
	SECRET_LIFE_CUT = SECRET_LIFE * 2 / 5,
	OLD_SECRET_LIFE = 150,
	AGE_PAST = 3600,
	AGE_AHEAD = 300,
	AGE_RENEW = 1800
};

enum { SERVER_MIN = 8, SERVER_MAX = 32, VERSION = 1, HASH_AT = 16 };

struct cookies {
	struct cookie_options options;
	pthread_mutex_t lock; /* over the random secrets and their times */
	struct entropy entropy;
	uint8_t current[SIPHASH_KEY_SIZE];
	uint8_t previous[SIPHASH_KEY_SIZE];
	uint64_t roll_s;         /* when the current secret has served */
	uint64_t previous_end_s; /* until when the previous one is accepted */
};

static void roll(struct cookies *cookies, uint64_t now_s)
{
	entropy_fill(&cookies->entropy, cookies->current, sizeof(cookies->current));
	cookies->roll_s =
		now_s + SECRET_LIFE - entropy_below(&cookies->entropy, SECRET_LIFE_CUT + 1);
}

struct cookies *cookies_new(const struct cookie_options *options, uint64_t now_s)
{
	struct cookies *cookies = mem_new(sizeof(*cookies));

	cookies->options = *options;
	pthread_mutex_init(&cookies->lock, NULL);
	roll(cookies, now_s);
	return cookies;
}

void cookies_free(struct cookies *cookies)
{
	if (!cookies)
		return;
	pthread_mutex_destroy(&cookies->lock);
	free(cookies);
}

/* The secrets to accept now, the one that makes first. R9018-5-a: rolled, and the previous one
 * accepted for a while. */
static size_t secrets_now(
	struct cookies *cookies, uint64_t now_s, uint8_t out[COOKIE_SECRETS_MAX][SIPHASH_KEY_SIZE])
{
	size_t count = 1;

	if (cookies->options.secret_count) {
		memcpy(out, cookies->options.secrets, sizeof(cookies->options.secrets));
		return cookies->options.secret_count;
	}
	pthread_mutex_lock(&cookies->lock);
	/* A clock set back must not make a secret live on. */
	if (now_s >= cookies->roll_s || cookies->roll_s - now_s > SECRET_LIFE) {
		memcpy(cookies->previous, cookies->current, sizeof(cookies->previous));
		cookies->previous_end_s = cookies->roll_s + OLD_SECRET_LIFE;
		roll(cookies, now_s);
	}
	memcpy(out[0], cookies->current, SIPHASH_KEY_SIZE);
	if (now_s < cookies->previous_end_s && cookies->previous_end_s - now_s <= OLD_SECRET_LIFE) {
		memcpy(out[1], cookies->previous, SIPHASH_KEY_SIZE);
		count = 2;
	}
	pthread_mutex_unlock(&cookies->lock);
	return count;
}

/* R9018-4-a: client cookie, version, reserved and time as they stand in `cookie`, then the
 * client's address. */
static void hash_into(const uint8_t secret[SIPHASH_KEY_SIZE], const struct addr *client,
	const uint8_t *cookie, uint8_t out[8])
{
	uint8_t input[HASH_AT + 16];
	size_t size = addr_size(client);

	memcpy(input, cookie, HASH_AT);
	memcpy(input + HASH_AT, client->octets, size);
	siphash_put(siphash(secret, input, HASH_AT + size), out);
}

void cookie_make(const uint8_t secret[SIPHASH_KEY_SIZE], const struct addr *client,
	const uint8_t client_cookie[COOKIE_CLIENT_SIZE], uint32_t time,
	uint8_t out[COOKIE_FULL_SIZE])
{
	memmove(out, client_cookie, COOKIE_CLIENT_SIZE);
	memset(out + COOKIE_CLIENT_SIZE, 0, 4);
	out[COOKIE_CLIENT_SIZE] = VERSION;
	bytes_put_u32(out + COOKIE_CLIENT_SIZE + 4, time);
	hash_into(secret, client, out, out + HASH_AT);
}

/* Without a branch that depends on where they differ. */
static bool is_same(const uint8_t *a, const uint8_t *b, size_t size)
{
	uint8_t difference = 0;

	for (size_t i = 0; i < size; i++)
		difference = (uint8_t)(difference | (a[i] ^ b[i]));
	return difference == 0;
}

/* R9018-4.3-a, by serial number arithmetic (RFC 1982): seconds since the cookie was made. */
static int32_t age_of(const uint8_t *cookie, uint64_t now_s)
{
	return (int32_t)((uint32_t)now_s - bytes_get_u32(cookie + COOKIE_CLIENT_SIZE + 4));
}

/* The number of the secret that a full cookie was made with; `count` if with none. */
static size_t find_secret(uint8_t secrets[COOKIE_SECRETS_MAX][SIPHASH_KEY_SIZE], size_t count,
	const struct addr *client, const uint8_t *cookie)
{
	uint8_t hash[8];
	size_t i;

	for (i = 0; i < count; i++) {
		hash_into(secrets[i], client, cookie, hash);
		if (is_same(hash, cookie + HASH_AT, sizeof(hash)))
			break;
	}
	return i;
}

enum cookie_kind cookies_check(struct cookies *cookies, const struct addr *client,
	const uint8_t *octets, size_t size, uint64_t now_s, uint8_t out[COOKIE_FULL_SIZE])
{
	uint8_t secrets[COOKIE_SECRETS_MAX][SIPHASH_KEY_SIZE];
	enum cookie_kind kind = size == COOKIE_CLIENT_SIZE ? COOKIE_CLIENT : COOKIE_INVALID;
	size_t count;
	size_t found;
	int32_t age;

	/* R7873-5.2.2-a: 8, or 16 to 40. */
	if (size != COOKIE_CLIENT_SIZE &&
		(size < COOKIE_CLIENT_SIZE + SERVER_MIN || size > COOKIE_CLIENT_SIZE + SERVER_MAX))
		return COOKIE_ILLEGAL;
	count = secrets_now(cookies, now_s, secrets);
	/* R9018-4-a */
	if (size == COOKIE_FULL_SIZE && octets[COOKIE_CLIENT_SIZE] == VERSION) {
		age = age_of(octets, now_s);
		found = find_secret(secrets, count, client, octets);
		if (found < count && age <= AGE_PAST && age >= -AGE_AHEAD)
			kind = COOKIE_VALID;
		/* Fresh, and made with the secret that makes: sent back as it is. */
		if (kind == COOKIE_VALID && found == 0 && age <= AGE_RENEW) {
			memcpy(out, octets, COOKIE_FULL_SIZE);
			return kind;
		}
	}
	cookie_make(secrets[0], client, octets, (uint32_t)now_s, out);
	return kind;
}
