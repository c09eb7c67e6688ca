/* However a stream is cut, the same messages come out, in order, and nothing is held at the end of
 * a message. The first octets of the input say how it is cut. */

#include "fuzz.h"

#include <string.h>

#include "sixward/dns/frames.h"

enum { CUTS = 8 };

/* A sum over the messages taken, so that two runs can be compared. */
struct taken {
	uint64_t sum;
	size_t count;
	enum frames_state state;
};

static void take_all(struct frames *frames, struct taken *taken)
{
	const uint8_t *message;
	size_t size;

	while ((taken->state = frames_next(frames, &message, &size)) == FRAMES_MESSAGE) {
		HOLDS(size >= 12 && size <= 65535);
		for (size_t i = 0; i < size; i++)
			taken->sum = taken->sum * 31 + message[i];
		taken->count++;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct frames whole = { 0 }, parts = { 0 };
	struct taken from_whole = { 0 }, from_parts = { 0 };
	const uint8_t *stream;
	size_t left;

	if (size < CUTS)
		return 0;
	stream = data + CUTS;
	left = size - CUTS;
	frames_lend(&whole, stream, left);
	take_all(&whole, &from_whole);
	for (size_t at = 0, cut = 0; at < left; cut++) {
		size_t part = (size_t)data[cut % CUTS] + 1;

		if (part > left - at)
			part = left - at;
		frames_lend(&parts, stream + at, part);
		if (data[cut % CUTS] & 1)
			frames_keep(&parts);
		take_all(&parts, &from_parts);
		at += part;
		if (from_parts.state == FRAMES_BROKEN)
			break;
	}
	HOLDS(from_whole.count == from_parts.count && from_whole.sum == from_parts.sum);
	HOLDS(from_whole.state == from_parts.state || left == 0);
	if (from_whole.state == FRAMES_WAIT)
		HOLDS(frames_held(&whole) == frames_held(&parts));
	frames_clear(&whole);
	frames_clear(&parts);
	return 0;
}
