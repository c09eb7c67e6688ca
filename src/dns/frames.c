/* A byte stream cut into messages by their two length octets. The sender decides how the
 * stream comes in pieces, so nothing is believed about them, and memory follows what has
 * arrived, never what a length claims. Knows nothing of what is in a message. */

#include "sixward/dns/frames.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/base/mem.h"
#include "sixward/dns/wire.h"

enum {
	PREFIX_SIZE = 2,
	FRAME_MAX = PREFIX_SIZE + WIRE_MESSAGE_MAX,
	ROOM_LEAST = 64,
	SHRINK_AT = 4 /* room that is so many times what is held goes back */
};

void frames_clear(struct frames *frames)
{
	free(frames->octets);
	*frames = (struct frames){ 0 };
}

size_t frames_held(const struct frames *frames)
{
	return frames->end - frames->start;
}

/* Moves what is held to the front, and makes room for `more` octets behind it. */
static void settle(struct frames *frames, size_t more)
{
	size_t held = frames_held(frames);
	size_t need = held + more;
	size_t room = need * 2;

	if (frames->start) {
		memmove(frames->octets, frames->octets + frames->start, held);
		frames->start = 0;
		frames->end = held;
	}
	/* Doubling keeps octets that come one by one cheap; beyond a whole message it would
	 * only hold memory. */
	if (room < ROOM_LEAST)
		room = ROOM_LEAST;
	if (room > FRAME_MAX)
		room = need > FRAME_MAX ? need : FRAME_MAX;
	if (need <= frames->room && frames->room / SHRINK_AT <= room)
		return;
	frames->octets = mem_resize_array(frames->octets, room, 1);
	frames->room = room;
}

void frames_add(struct frames *frames, const uint8_t *octets, size_t size)
{
	if (!size)
		return;
	if (size > frames->room - frames->end)
		settle(frames, size);
	memcpy(frames->octets + frames->end, octets, size);
	frames->end += size;
}

/* R7766-8-a: part of a message is waited for, however small the parts. */
static enum frames_state wait_for_more(struct frames *frames)
{
	if (frames_held(frames))
		settle(frames, 0);
	else
		frames_clear(frames);
	return FRAMES_WAIT;
}

enum frames_state frames_next(struct frames *frames, const uint8_t **message, size_t *size)
{
	size_t held = frames_held(frames);
	const uint8_t *prefix;
	size_t length;

	if (held < PREFIX_SIZE)
		return wait_for_more(frames);
	prefix = frames->octets + frames->start;
	length = bytes_get_u16(prefix);
	/* TCP-b, MAL-01 */
	if (length < WIRE_HEADER_SIZE)
		return FRAMES_BROKEN;
	if (held - PREFIX_SIZE < length)
		return wait_for_more(frames);
	*message = prefix + PREFIX_SIZE;
	*size = length;
	frames->start += PREFIX_SIZE + length;
	return FRAMES_MESSAGE;
}
