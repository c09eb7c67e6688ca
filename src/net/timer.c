/* Call me once, later. One timer of the library stands for all of a loop: most of what is waited
 * for comes in time, so that to start and to stop must be cheap. That the library lets go of a
 * handle a turn late stays in here. */

#include "sixward/net/timer.h"

#include <stdlib.h>
#include <uv.h>

#include "sixward/base/mem.h"
#include "sixward/base/wheel.h"

/* Of a loop, while it has timers. */
struct driver {
	uv_timer_t uv;
	struct wheel wheel;
	struct loop *loop;
	size_t timers;     /* that were made, running or not */
	uint64_t armed_ms; /* when the library calls; may be too early */
	bool is_calling;
};

/* What the loop keeps for this room. */
struct shared {
	struct driver *driver;
};

struct timer {
	struct wheel_entry entry; /* first: it is what the wheel gives back */
	struct driver *driver;
	loop_call *call;
	void *owner;
};

static struct shared *find_shared(struct loop *loop)
{
	return loop_shared(loop, LOOP_ROOM_TIMER, sizeof(struct shared));
}

static struct driver *find_driver(struct loop *loop)
{
	struct shared *shared = find_shared(loop);

	if (shared->driver)
		return shared->driver;
	shared->driver = mem_new(sizeof(*shared->driver));
	shared->driver->loop = loop;
	shared->driver->armed_ms = WHEEL_NEVER;
	shared->driver->uv.data = shared->driver;
	uv_timer_init(loop_library(loop), &shared->driver->uv);
	return shared->driver;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* The last timer is gone, and the loop may go too. */
static void driver_close(struct driver *driver)
{
	find_shared(driver->loop)->driver = NULL;
	uv_close((uv_handle_t *)&driver->uv, on_closed);
}

static void on_time(uv_timer_t *uv);

static void arm(struct driver *driver, uint64_t at_ms)
{
	uint64_t now_ms = loop_now_ms(driver->loop);

	driver->armed_ms = at_ms;
	if (at_ms == WHEEL_NEVER)
		uv_timer_stop(&driver->uv);
	else
		uv_timer_start(&driver->uv, on_time, at_ms > now_ms ? at_ms - now_ms : 0, 0);
}

static void on_time(uv_timer_t *uv)
{
	struct driver *driver = uv->data;
	struct wheel_entry *entry;

	driver->is_calling = true;
	driver->timers++; /* stays while it calls */
	wheel_turn(&driver->wheel, loop_now_ms(driver->loop));
	while ((entry = wheel_take(&driver->wheel))) {
		struct timer *timer = (struct timer *)(void *)entry;

		timer->call(timer->owner);
	}
	driver->is_calling = false;
	if (--driver->timers)
		arm(driver, wheel_next_ms(&driver->wheel));
	else
		driver_close(driver);
}

struct timer *timer_new(struct loop *loop, loop_call *call, void *owner)
{
	struct timer *timer = mem_new(sizeof(*timer));

	timer->driver = find_driver(loop);
	timer->driver->timers++;
	timer->call = call;
	timer->owner = owner;
	return timer;
}

void timer_free(struct timer *timer)
{
	struct driver *driver;

	if (!timer)
		return;
	driver = timer->driver;
	timer_stop(timer);
	free(timer);
	if (!--driver->timers)
		driver_close(driver);
}

void timer_start(struct timer *timer, uint64_t ms)
{
	struct driver *driver = timer->driver;
	uint64_t now_ms = loop_now_ms(driver->loop);
	uint64_t due_ms = ms < WHEEL_NEVER - now_ms ? now_ms + ms : WHEEL_NEVER;

	wheel_remove(&driver->wheel, &timer->entry);
	wheel_insert(&driver->wheel, &timer->entry, due_ms, now_ms);
	/* Armed for an earlier time, it will see then. */
	if (due_ms < driver->armed_ms && !driver->is_calling)
		arm(driver, due_ms);
}

void timer_stop(struct timer *timer)
{
	struct driver *driver = timer->driver;

	wheel_remove(&driver->wheel, &timer->entry);
	/* Nothing to wait for must not keep the loop running. */
	if (!driver->wheel.count && driver->armed_ms != WHEEL_NEVER && !driver->is_calling)
		arm(driver, WHEEL_NEVER);
}

bool timer_is_running(const struct timer *timer)
{
	return wheel_has(&timer->entry);
}
