/* A byte stream cut into messages by their two length octets. The sender decides how the
 * stream comes in pieces, so nothing is believed about them, and memory follows what has
 * arrived, never what a length claims. Knows nothing of what is in a message. */

#include "sixward/dns/frames.h"

#include <assert.h>
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

static size_t own_size(const struct frames *frames)
{
	return frames->end - frames->start;
}

size_t frames_held(const struct frames *frames)
{
	return own_size(frames) + frames->lent_size;
}

/* Moves what is held to the front, and makes room for `more` octets behind it. */
static void settle(struct frames *frames, size_t more)
{
	size_t held = own_size(frames);
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

/* Copies so many of the lent octets. */
static void copy(struct frames *frames, size_t size)
{
	if (!size)
		return;
	if (size > frames->room - frames->end)
		settle(frames, size);
	memcpy(frames->octets + frames->end, frames->lent, size);
	frames->end += size;
	frames->lent += size;
	frames->lent_size -= size;
}

void frames_keep(struct frames *frames)
{
	copy(frames, frames->lent_size);
	frames->lent = NULL;
}

void frames_lend(struct frames *frames, const uint8_t *octets, size_t size)
{
	assert(!frames->lent_size);
	frames->lent = octets;
	frames->lent_size = size;
}

/* Whether a whole message is there, behind its prefix. */
static enum frames_state look(const uint8_t *octets, size_t size, size_t *length)
{
	if (size < PREFIX_SIZE)
		return FRAMES_WAIT;
	*length = bytes_get_u16(octets);
	/* TCP-b, MAL-01 */
	if (*length < WIRE_HEADER_SIZE)
		return FRAMES_BROKEN;
	return size - PREFIX_SIZE < *length ? FRAMES_WAIT : FRAMES_MESSAGE;
}

/* Copies what the first message held still lacks, or what there is of it. */
static void complete(struct frames *frames)
{
	size_t whole = PREFIX_SIZE;
	size_t held;

	if (own_size(frames) < PREFIX_SIZE && frames->lent_size)
		copy(frames, 1);
	held = own_size(frames);
	if (held >= PREFIX_SIZE)
		whole += bytes_get_u16(frames->octets + frames->start);
	if (held < whole)
		copy(frames, whole - held < frames->lent_size ? whole - held : frames->lent_size);
}

/* R7766-8-a: part of a message is waited for, however small the parts. */
static enum frames_state wait_for_more(struct frames *frames)
{
	frames_keep(frames);
	if (frames->room > 0 && own_size(frames))
		settle(frames, 0);
	else if (frames->room > 0)
		frames_clear(frames);
	return FRAMES_WAIT;
}

static enum frames_state next_held(struct frames *frames, const uint8_t **message, size_t *size)
{
	const uint8_t *first;
	enum frames_state state;

	complete(frames);
	first = frames->octets + frames->start;
	state = look(first, own_size(frames), size);
	if (state == FRAMES_WAIT)
		return wait_for_more(frames);
	if (state == FRAMES_MESSAGE) {
		*message = first + PREFIX_SIZE;
		frames->start += PREFIX_SIZE + *size;
	}
	return state;
}

enum frames_state frames_next(struct frames *frames, const uint8_t **message, size_t *size)
{
	enum frames_state state;

	if (own_size(frames))
		return next_held(frames, message, size);
	state = look(frames->lent, frames->lent_size, size);
	if (state == FRAMES_WAIT)
		return wait_for_more(frames);
	if (state == FRAMES_MESSAGE) {
		*message = frames->lent + PREFIX_SIZE;
		frames->lent += PREFIX_SIZE + *size;
		frames->lent_size -= PREFIX_SIZE + *size;
	}
	return state;
}
