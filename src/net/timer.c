/* Call me once, later. That the library lets go of a handle a turn late stays in here. */

#include "sixward/net/timer.h"

#include <stdlib.h>
#include <uv.h>

#include "sixward/base/mem.h"

struct timer {
	uv_timer_t uv;
	loop_call *call;
	void *owner;
};

struct timer *timer_new(struct loop *loop, loop_call *call, void *owner)
{
	struct timer *timer = mem_new(sizeof(*timer));

	uv_timer_init(loop_library(loop), &timer->uv);
	timer->uv.data = timer;
	timer->call = call;
	timer->owner = owner;
	return timer;
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void timer_free(struct timer *timer)
{
	if (timer)
		uv_close((uv_handle_t *)&timer->uv, on_closed);
}

static void on_time(uv_timer_t *uv)
{
	struct timer *timer = uv->data;

	timer->call(timer->owner);
}

void timer_start(struct timer *timer, uint64_t ms)
{
	uv_timer_start(&timer->uv, on_time, ms, 0);
}

void timer_stop(struct timer *timer)
{
	uv_timer_stop(&timer->uv);
}

bool timer_is_running(const struct timer *timer)
{
	return uv_is_active((const uv_handle_t *)&timer->uv) != 0;
}
