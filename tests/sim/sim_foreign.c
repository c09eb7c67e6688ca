/* Descriptors of other libraries: this world has none. */

#include <errno.h>
#include <stddef.h>

#include "sixward/net/listener.h"
#include "sixward/net/ready.h"

struct ready *ready_new(struct loop *loop, int descriptor, loop_call *call, void *owner, int *error)
{
	(void)loop;
	(void)descriptor;
	(void)call;
	(void)owner;
	*error = -ENOSYS;
	return NULL;
}

void ready_free(struct ready *ready)
{
	(void)ready;
}

struct listener *listener_new(struct loop *loop, const struct socket_options *options,
	listener_accepted *accepted, void *owner, int *error)
{
	(void)loop;
	(void)options;
	(void)accepted;
	(void)owner;
	*error = -ENOSYS;
	return NULL;
}

void listener_free(struct listener *listener)
{
	(void)listener;
}

struct endpoint listener_local(const struct listener *listener)
{
	(void)listener;
	return (struct endpoint){ 0 };
}
