#ifndef SIXWARD_NET_READY_H
#define SIXWARD_NET_READY_H

#include "sixward/net/loop.h"

/* Waits on the loop for a descriptor that is somebody else's: of another library, or a listening
 * socket. */

struct ready;

/* `call` is called in every turn in which the descriptor can be read from: something is there, or
 * its end, or an error. The descriptor stays the caller's, who keeps it open until ready_free.
 * NULL: the kernel cannot wait for it; `*error` is a negative errno. */
struct ready *ready_new(
	struct loop *loop, int descriptor, loop_call *call, void *owner, int *error);

/* NULL is fine; no call after it, also called from one. The descriptor may be closed at once. */
void ready_free(struct ready *ready);

/* No calls until it is resumed. */
void ready_pause(struct ready *ready);
void ready_resume(struct ready *ready);

#endif
