#ifndef SIXWARD_NET_TIMER_H
#define SIXWARD_NET_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/net/loop.h"

/* Call me once, later. */

struct timer;

struct timer *timer_new(struct loop *loop, loop_call *call, void *owner);
void timer_free(struct timer *timer); /* NULL is fine; no call after it */

/* Calls once in `ms` milliseconds, never before this returns; started again, the
 * earlier time is forgotten. */
void timer_start(struct timer *timer, uint64_t ms);
void timer_stop(struct timer *timer);
bool timer_is_running(const struct timer *timer);

#endif
