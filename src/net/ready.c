/* Waits on the loop for a descriptor that is somebody else's. Does not know what is read from it.
 */

#include "sixward/net/ready.h"

#include <stdlib.h>
#include <uv.h>

#include "sixward/base/mem.h"

struct ready {
	uv_poll_t uv;
	loop_call *call;
	void *owner;
};

static void on_poll(uv_poll_t *uv, int status, int events)
{
	struct ready *ready = uv->data;

	(void)events;
	/* The library no longer watches what had an error; whoever reads it gets to know. */
	if (status < 0)
		ready_resume(ready);
	ready->call(ready->owner);
}

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

struct ready *ready_new(struct loop *loop, int descriptor, loop_call *call, void *owner, int *error)
{
	struct ready *ready = mem_new(sizeof(*ready));
	int result = uv_poll_init(loop_library(loop), &ready->uv, descriptor);

	if (result < 0) {
		free(ready);
		*error = result;
		return NULL;
	}
	ready->uv.data = ready;
	ready->call = call;
	ready->owner = owner;
	ready_resume(ready);
	return ready;
}

void ready_free(struct ready *ready)
{
	if (ready)
		uv_close((uv_handle_t *)&ready->uv, on_closed);
}

void ready_pause(struct ready *ready)
{
	uv_poll_stop(&ready->uv);
}

void ready_resume(struct ready *ready)
{
	uv_poll_start(&ready->uv, UV_READABLE, on_poll);
}
