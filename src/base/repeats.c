/* Which lines were written lately, and how often they came since. A line is itself with all its
 * fields, but for the time: what differs in a number is another line. */

#include "sixward/base/repeats.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

static void repeat_clear(struct repeat *repeat)
{
	free(repeat->octets);
	*repeat = (struct repeat){ 0 };
}

void repeats_clear(struct repeats *repeats)
{
	for (size_t i = 0; i < REPEATS_LINES; i++)
		repeat_clear(&repeats->items[i]);
	repeats->due_ms = UINT64_MAX;
}

static bool is_same(const struct repeat *repeat, const struct log_line *line)
{
	size_t size = line->used - line->start;

	return repeat->octets && size == repeat->size - repeat->start &&
	       memcmp(repeat->octets + repeat->start, line->octets + line->start, size) == 0;
}

static void begin(struct repeats *repeats, struct repeat *repeat, const struct log_line *line,
	uint64_t now_ms)
{
	*repeat = (struct repeat){ .octets = mem_copy(line->octets, line->used),
		.size = line->used,
		.start = line->start,
		.format = line->format,
		.written = 1,
		.due_ms = now_ms + REPEATS_MS };
	if (repeat->due_ms < repeats->due_ms)
		repeats->due_ms = repeat->due_ms;
}

bool repeats_hold(struct repeats *repeats, const struct log_line *line, uint64_t now_ms)
{
	struct repeat *free_one = NULL;

	for (size_t i = 0; i < REPEATS_LINES; i++) {
		struct repeat *repeat = &repeats->items[i];

		if (is_same(repeat, line)) {
			if (repeat->written < REPEATS_WRITTEN) {
				repeat->written++;
				return false;
			}
			repeat->held++;
			return true;
		}
		if (!repeat->octets && !free_one)
			free_one = repeat;
	}
	if (free_one)
		begin(repeats, free_one, line, now_ms);
	return false;
}

static void tell(const struct repeat *repeat, struct log_line *line)
{
	memcpy(line->octets, repeat->octets, repeat->size);
	line->used = repeat->size;
	line->start = repeat->start;
	line->format = repeat->format;
	log_line_add_repeats(line, repeat->held);
}

bool repeats_take(struct repeats *repeats, uint64_t now_ms, struct log_line *line)
{
	if (now_ms < repeats->due_ms)
		return false;
	repeats->due_ms = UINT64_MAX;
	for (size_t i = 0; i < REPEATS_LINES; i++) {
		struct repeat *repeat = &repeats->items[i];
		bool is_told = repeat->held > 0;

		if (!repeat->octets)
			continue;
		if (now_ms < repeat->due_ms) {
			if (repeat->due_ms < repeats->due_ms)
				repeats->due_ms = repeat->due_ms;
			continue;
		}
		if (is_told)
			tell(repeat, line);
		repeat_clear(repeat);
		if (is_told) {
			repeats->due_ms = 0; /* there may be more */
			return true;
		}
	}
	return false;
}

uint64_t repeats_due_ms(const struct repeats *repeats)
{
	return repeats->due_ms;
}
