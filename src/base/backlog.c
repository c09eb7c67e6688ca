/* A ring of lines. Knows nothing of who writes them, nor of what makes that slow. */

#include "sixward/base/backlog.h"

#include <assert.h>
#include <string.h>

bool backlog_put(struct backlog *backlog, const char *line, size_t size)
{
	size_t at = (backlog->start + backlog->used) % BACKLOG_SIZE;
	size_t first = size < BACKLOG_SIZE - at ? size : BACKLOG_SIZE - at;

	if (backlog->dropped || size > BACKLOG_SIZE - backlog->used) {
		backlog->dropped++;
		return false;
	}
	memcpy(backlog->octets + at, line, first);
	memcpy(backlog->octets, line + first, size - first);
	backlog->used += size;
	return true;
}

static void copy(const struct backlog *backlog, char *out, size_t size)
{
	size_t first = BACKLOG_SIZE - backlog->start;

	if (first > size)
		first = size;
	memcpy(out, backlog->octets + backlog->start, first);
	memcpy(out + first, backlog->octets, size - first);
}

size_t backlog_take(struct backlog *backlog, char *out, size_t room)
{
	size_t size = backlog->used < room ? backlog->used : room;

	copy(backlog, out, size);
	if (size < backlog->used) {
		while (size && out[size - 1] != '\n')
			size--;
		assert(size); /* no line is longer than the room */
	}
	backlog->used -= size;
	/* From the beginning whenever that can be, so that little memory is touched. */
	backlog->start = backlog->used ? (backlog->start + size) % BACKLOG_SIZE : 0;
	return size;
}

uint64_t backlog_take_dropped(struct backlog *backlog)
{
	uint64_t dropped = backlog->dropped;

	if (backlog->used > BACKLOG_SIZE / 2)
		return 0;
	backlog->dropped = 0;
	return dropped;
}
