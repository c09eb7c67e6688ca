/* SipHash (Aumasson, Bernstein), written from its description. Knows nothing of who keeps
 * the key. */

#include "sixward/base/siphash.h"

#include <stdbool.h>

/* In registers: it runs for every question. */
struct state {
	uint64_t v0, v1, v2, v3;
};

/* Little-endian; written out, so that it becomes one load where the processor is. */
static inline uint64_t get_u64(const uint8_t *in)
{
	return (uint64_t)in[0] | (uint64_t)in[1] << 8 | (uint64_t)in[2] << 16 |
	       (uint64_t)in[3] << 24 | (uint64_t)in[4] << 32 | (uint64_t)in[5] << 40 |
	       (uint64_t)in[6] << 48 | (uint64_t)in[7] << 56;
}

static inline uint64_t rotate(uint64_t value, unsigned bits)
{
	return value << bits | value >> (64 - bits);
}

static inline void round_once(struct state *s)
{
	s->v0 += s->v1;
	s->v2 += s->v3;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v1;
	s->v0 += s->v3;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 = rotate(s->v2, 32);
}

static inline void absorb(struct state *s, uint64_t word, unsigned rounds)
{
	s->v3 ^= word;
	for (unsigned i = 0; i < rounds; i++)
		round_once(s);
	s->v0 ^= word;
}

/* The last octets, fewer than eight; with those before them there may be enough for one load. */
static inline uint64_t get_rest(const uint8_t *in, size_t size, bool has_eight)
{
	uint64_t value = 0;

	if (size > 0 && has_eight)
		return get_u64(in + size - 8) >> (64 - 8 * size);
	while (size > 0)
		value = value << 8 | in[--size];
	return value;
}

/* So many rounds for each word, and so many in the end: constants, where it is inlined. */
static inline uint64_t hash(const uint8_t key[SIPHASH_KEY_SIZE], const uint8_t *in, size_t size,
	unsigned word_rounds, unsigned end_rounds)
{
	uint64_t k0 = get_u64(key);
	uint64_t k1 = get_u64(key + 8);
	struct state s = { k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573 };
	size_t left = size;

	for (; left >= 8; left -= 8, in += 8)
		absorb(&s, get_u64(in), word_rounds);
	absorb(&s, get_rest(in, left, size >= 8) | (uint64_t)(size & 0xff) << 56, word_rounds);
	s.v2 ^= 0xff;
	for (unsigned i = 0; i < end_rounds; i++)
		round_once(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t siphash(const uint8_t key[SIPHASH_KEY_SIZE], const void *octets, size_t size)
{
	return hash(key, octets, size, 2, 4);
}

uint64_t siphash_fast(const uint8_t key[SIPHASH_KEY_SIZE], const void *octets, size_t size)
{
	return hash(key, octets, size, 1, 3);
}

void siphash_put(uint64_t hash, uint8_t out[8])
{
	for (unsigned i = 0; i < 8; i++)
		out[i] = (uint8_t)(hash >> (8 * i));
}
