#ifndef SIXWARD_BASE_SIPHASH_H
#define SIXWARD_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-2-4 with a 128-bit key; the result as the little-endian number of the
 * reference, whose octets siphash_put writes in the order RFC 9018 hashes them. */

enum { SIPHASH_KEY_SIZE = 16 };

uint64_t siphash(const uint8_t key[SIPHASH_KEY_SIZE], const void *octets, size_t size);

/* SipHash-1-3, for tables: enough where nobody outside sees a hash. */
uint64_t siphash_fast(const uint8_t key[SIPHASH_KEY_SIZE], const void *octets, size_t size);
void siphash_put(uint64_t hash, uint8_t out[8]);

#endif
