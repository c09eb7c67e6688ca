/* Bounded cursors over octets, big-endian. Knows nothing of what the octets mean: the bound is
 * kept here so that whoever walks a message checks once, at the end. */

#include "sixward/base/bytes.h"

#include <assert.h>
#include <string.h>

uint16_t bytes_get_u16(const uint8_t *octets)
{
	return (uint16_t)(octets[0] << 8 | octets[1]);
}

uint32_t bytes_get_u32(const uint8_t *octets)
{
	return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
	       octets[3];
}

void bytes_put_u16(uint8_t *octets, uint16_t value)
{
	octets[0] = (uint8_t)(value >> 8);
	octets[1] = (uint8_t)value;
}

void bytes_put_u32(uint8_t *octets, uint32_t value)
{
	bytes_put_u16(octets, (uint16_t)(value >> 16));
	bytes_put_u16(octets + 2, (uint16_t)value);
}

struct reader reader_over(const uint8_t *octets, size_t size)
{
	return (struct reader){ .octets = octets, .size = size };
}

const uint8_t *reader_take(struct reader *reader, size_t size)
{
	const uint8_t *taken;

	if (reader->failed || size > reader->size - reader->at) {
		reader->failed = true;
		return NULL;
	}
	taken = reader->octets + reader->at;
	reader->at += size;
	return taken;
}

uint8_t reader_u8(struct reader *reader)
{
	const uint8_t *octets = reader_take(reader, 1);

	return octets ? octets[0] : 0;
}

uint16_t reader_u16(struct reader *reader)
{
	const uint8_t *octets = reader_take(reader, 2);

	return octets ? bytes_get_u16(octets) : 0;
}

uint32_t reader_u32(struct reader *reader)
{
	const uint8_t *octets = reader_take(reader, 4);

	return octets ? bytes_get_u32(octets) : 0;
}

size_t reader_left(const struct reader *reader)
{
	return reader->failed ? 0 : reader->size - reader->at;
}

struct writer writer_over(uint8_t *octets, size_t room)
{
	return (struct writer){ .octets = octets, .room = room };
}

/* Where to write `size` octets; NULL past the end. */
static uint8_t *claim(struct writer *writer, size_t size)
{
	uint8_t *claimed;

	if (writer->failed || size > writer->room - writer->at) {
		writer->failed = true;
		return NULL;
	}
	claimed = writer->octets + writer->at;
	writer->at += size;
	return claimed;
}

void writer_u8(struct writer *writer, uint8_t value)
{
	uint8_t *octets = claim(writer, 1);

	if (octets)
		octets[0] = value;
}

void writer_u16(struct writer *writer, uint16_t value)
{
	uint8_t *octets = claim(writer, 2);

	if (octets)
		bytes_put_u16(octets, value);
}

void writer_u32(struct writer *writer, uint32_t value)
{
	uint8_t *octets = claim(writer, 4);

	if (octets)
		bytes_put_u32(octets, value);
}

void writer_put(struct writer *writer, const void *octets, size_t size)
{
	uint8_t *claimed = claim(writer, size);

	if (claimed && size)
		memcpy(claimed, octets, size);
}

void writer_patch_u16(struct writer *writer, size_t at, uint16_t value)
{
	/* After a failure the place may never have been written, and nothing is used. */
	if (writer->failed)
		return;
	assert(writer->at >= 2 && at <= writer->at - 2);
	bytes_put_u16(writer->octets + at, value);
}
