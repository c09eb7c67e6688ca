#ifndef SIXWARD_NET_LOOP_H
#define SIXWARD_NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The loop, its clock, its signals, its thread. One loop belongs to one thread; but
 * for loop_post and loop_stop, everything made on a loop is used on its thread alone.
 * net is a seam: tests link a simulated one behind these headers, with its own clock. */

struct loop;

typedef void loop_call(void *owner);

/* Ends the process when the kernel has no descriptors for it. SIGPIPE is ignored from then on. */
struct loop *loop_new(void);

/* Everything made on the loop must have been freed before. What was posted and has not run
 * is forgotten. */
void loop_free(struct loop *loop);

/* Runs until loop_stop, or until nothing is left that could happen (signals alone are
 * nothing). A loop_stop before loop_run ends that run at once. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop); /* from any thread */

/* Monotonic milliseconds, as of the start of this turn of the loop. */
uint64_t loop_now_ms(const struct loop *loop);

/* Monotonic microseconds, exactly now: for what is compared with another process's clock
 * (CLOCK_MONOTONIC), never for intervals of ours. */
uint64_t loop_clock_us(const struct loop *loop);

/* Seconds since 1970 UTC: for server cookies, never for intervals. */
uint64_t loop_wall_s(const struct loop *loop);

/* Runs `call` on the loop's thread in a later turn, in the order posted. From any thread. */
void loop_post(struct loop *loop, loop_call *call, void *owner);

typedef void loop_signal(void *owner, int number);

/* Calls `signal` at each delivery of the signal; replaces the one before; NULL stops. */
void loop_on_signal(struct loop *loop, int number, loop_signal *signal, void *owner);

/* A thread for a second loop. */
struct loop_thread;
struct loop_thread *loop_thread_start(loop_call *call, void *owner);
void loop_thread_join(struct loop_thread *thread); /* waits, then frees it */

/* Processors that this process may use, at least 1. */
unsigned loop_processors(void);

/* What follows is for the rooms of net alone: the simulated one does not have it. */

void *loop_library(struct loop *loop); /* the library's own loop */

enum loop_room { LOOP_ROOM_UDP, LOOP_ROOM_TCP, LOOP_ROOM_TIMER, LOOP_ROOMS };

/* Memory that a room has once per loop: made, zeroed, at the first call, freed with the loop. */
void *loop_shared(struct loop *loop, enum loop_room room, size_t size);

/* One call at the end of the turn, before the loop waits again. Zeroed, it is not queued. */
struct loop_turn {
	struct loop_turn *next;
	struct loop_turn *previous;
	loop_call *call;
	void *owner;
};

void loop_turn_add(struct loop *loop, struct loop_turn *turn); /* twice is once */
void loop_turn_remove(struct loop_turn *turn);                 /* not queued is fine */

#endif
