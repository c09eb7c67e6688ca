#ifndef SIXWARD_BASE_BYTES_H
#define SIXWARD_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bounded cursors over octets, big-endian (network order). A read or write past
 * the end sets `failed`, returns zero and changes nothing more: check once, at
 * the end. */

struct reader {
	const uint8_t *octets;
	size_t size;
	size_t at;
	bool failed;
};

struct writer {
	uint8_t *octets;
	size_t room;
	size_t at;
	bool failed;
};

struct reader reader_over(const uint8_t *octets, size_t size);
uint8_t reader_u8(struct reader *reader);
uint16_t reader_u16(struct reader *reader);
uint32_t reader_u32(struct reader *reader);

/* `size` octets lent from the buffer; NULL past the end. */
const uint8_t *reader_take(struct reader *reader, size_t size);
size_t reader_left(const struct reader *reader);

struct writer writer_over(uint8_t *octets, size_t room);
void writer_u8(struct writer *writer, uint8_t value);
void writer_u16(struct writer *writer, uint16_t value);
void writer_u32(struct writer *writer, uint32_t value);
void writer_put(struct writer *writer, const void *octets, size_t size);

/* Overwrites the 16 bits at `at`, which must have been written already. */
void writer_patch_u16(struct writer *writer, size_t at, uint16_t value);

/* Big-endian 16 and 32 bits at an address that the caller has checked. */
uint16_t bytes_get_u16(const uint8_t *octets);
uint32_t bytes_get_u32(const uint8_t *octets);
void bytes_put_u16(uint8_t *octets, uint16_t value);
void bytes_put_u32(uint8_t *octets, uint32_t value);

#endif
