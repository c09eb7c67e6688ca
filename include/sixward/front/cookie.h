#ifndef SIXWARD_FRONT_COOKIE_H
#define SIXWARD_FRONT_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/base/entropy.h"
#include "sixward/base/siphash.h"

/* Server cookies: check, make, roll the secret (RFC 7873, RFC 9018). Times are seconds since
 * 1970. The secrets of all workers must be the same: cookies is made once and shared, read-only
 * but for the roll, which its owner does. */

enum { COOKIE_CLIENT_SIZE = 8, COOKIE_FULL_SIZE = 24, COOKIE_SECRETS_MAX = 8 };

struct cookie_options {
	bool enabled;
	uint8_t secrets[COOKIE_SECRETS_MAX]
		       [SIPHASH_KEY_SIZE]; /* the first makes, all are accepted */
	size_t secret_count;               /* 0 = random, renewed (LIM-29) */
};

struct cookies;

struct cookies *cookies_new(const struct cookie_options *options, uint64_t now_s);
void cookies_free(struct cookies *cookies);

enum cookie_kind {
	COOKIE_ILLEGAL, /* a length that is none: FORMERR (R7873-5.2.2-a) */
	COOKIE_CLIENT,  /* a client cookie alone */
	COOKIE_INVALID, /* a server cookie that is not ours, or too old */
	COOKIE_VALID
};

/* Judges the option's octets, and writes the cookie to answer with into `out` (COOKIE_FULL_SIZE;
 * the received one while it is fresh, R9018-4.3-a) unless illegal. Safe from every thread. */
enum cookie_kind cookies_check(struct cookies *cookies, const struct addr *client,
	const uint8_t *octets, size_t size, uint64_t now_s, uint8_t out[COOKIE_FULL_SIZE]);

/* The pure half, for tests and tools: makes with one secret and time. */
void cookie_make(const uint8_t secret[SIPHASH_KEY_SIZE], const struct addr *client,
	const uint8_t client_cookie[COOKIE_CLIENT_SIZE], uint32_t time,
	uint8_t out[COOKIE_FULL_SIZE]);

#endif
