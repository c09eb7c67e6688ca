#ifndef SIXWARD_BASE_WHEEL_H
#define SIXWARD_BASE_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Things with a due time, put in and taken out again at a price that does not grow with their
 * number: most of what is waited for comes before its time is up. */

enum { WHEEL_LEVELS = 7, WHEEL_SLOTS = 64 };

#define WHEEL_NEVER UINT64_MAX

/* The owner's memory, while it is in. A zeroed one is out. */
struct wheel_entry {
	struct wheel_entry *next, *previous;
	uint64_t due_ms;
	uint16_t place; /* 0 = out */
};

struct wheel_slot {
	struct wheel_entry *first, *last;
};

/* A zeroed one is empty. */
struct wheel {
	uint64_t now_ms;
	size_t count;
	uint64_t filled[WHEEL_LEVELS]; /* slots that are not empty, a bit each */
	struct wheel_slot slots[WHEEL_LEVELS][WHEEL_SLOTS];
	struct wheel_slot ready; /* due, and not taken yet */
};

/* `now_ms` never goes back. What is due already waits for the next turn of the wheel. */
void wheel_insert(struct wheel *wheel, struct wheel_entry *entry, uint64_t due_ms, uint64_t now_ms);
void wheel_remove(struct wheel *wheel, struct wheel_entry *entry); /* one that is out is fine */
bool wheel_has(const struct wheel_entry *entry);

/* Turns it: what is due by then becomes ready, the earliest first. */
void wheel_turn(struct wheel *wheel, uint64_t now_ms);

/* The next that is ready, taken out; NULL when there is none. */
struct wheel_entry *wheel_take(struct wheel *wheel);

/* When to turn it again; not after the earliest due time, and WHEEL_NEVER if nothing is in. */
uint64_t wheel_next_ms(const struct wheel *wheel);

#endif
