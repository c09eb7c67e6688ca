/* A listening socket that gives descriptors. Knows nothing of what becomes of them. */

#define _GNU_SOURCE
#include "sixward/net/listener.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sixward/base/mem.h"
#include "sixward/net/ready.h"
#include "sixward/net/timer.h"

enum {
	ACCEPTS = 64, /* per turn, so that others have theirs */
	ACCEPTS_LAST = 4096,
	PAUSE_MS = 100
};

struct listener {
	struct ready *ready;
	struct timer *pause;
	struct endpoint local;
	listener_accepted *accepted;
	void *owner;
	int descriptor;
	bool is_accepting; /* a callback may be under way */
	bool is_freed;     /* from one: the memory goes when it is over */
};

/* 0 or a negative errno. */
static int accept_one(struct listener *listener)
{
	struct sockaddr_storage sockaddr = { 0 };
	socklen_t size = sizeof(sockaddr);
	int descriptor = accept4(listener->descriptor, (struct sockaddr *)&sockaddr, &size,
		SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct endpoint peer;

	if (descriptor < 0)
		return -errno;
	peer = endpoint_from_sockaddr((const struct sockaddr *)&sockaddr);
	listener->accepted(listener->owner, descriptor, &peer);
	return 0;
}

/* Without descriptors or memory the connection stays in the kernel's queue, and the socket
 * readable; one that has an error may have it for long. Looking again at once would be all that
 * this thread does. Anything else is about that one connection, which is gone. */
static bool needs_pause(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM ||
	       error == -EBADF || error == -EINVAL || error == -ENOTSOCK;
}

static void accept_all(struct listener *listener, int most)
{
	int error = 0;

	listener->is_accepting = true;
	for (int i = 0; i < most && !listener->is_freed; i++) {
		error = accept_one(listener);
		if (error == -EAGAIN || error == -EWOULDBLOCK || needs_pause(error))
			break;
	}
	listener->is_accepting = false;
	if (listener->is_freed) {
		free(listener);
	} else if (needs_pause(error)) {
		ready_pause(listener->ready);
		timer_start(listener->pause, PAUSE_MS);
	}
}

static void on_ready(void *owner)
{
	accept_all(owner, ACCEPTS);
}

void listener_drain(struct listener *listener)
{
	accept_all(listener, ACCEPTS_LAST);
}

static void on_pause_over(void *owner)
{
	struct listener *listener = owner;

	ready_resume(listener->ready);
}

static struct endpoint find_endpoint(int descriptor)
{
	struct sockaddr_storage sockaddr = { 0 };
	socklen_t size = sizeof(sockaddr);

	getsockname(descriptor, (struct sockaddr *)&sockaddr, &size);
	return endpoint_from_sockaddr((const struct sockaddr *)&sockaddr);
}

struct listener *listener_new(struct loop *loop, const struct socket_options *options,
	listener_accepted *accepted, void *owner, int *error)
{
	int descriptor = socket_open_listener(options);
	struct listener *listener;

	if (descriptor < 0) {
		*error = descriptor;
		return NULL;
	}
	listener = mem_new(sizeof(*listener));
	listener->ready = ready_new(loop, descriptor, on_ready, listener, error);
	if (!listener->ready) {
		close(descriptor);
		free(listener);
		return NULL;
	}
	listener->pause = timer_new(loop, on_pause_over, listener);
	listener->local = find_endpoint(descriptor);
	listener->accepted = accepted;
	listener->owner = owner;
	listener->descriptor = descriptor;
	return listener;
}

void listener_free(struct listener *listener)
{
	if (!listener)
		return;
	timer_free(listener->pause);
	ready_free(listener->ready);
	close(listener->descriptor);
	listener->is_freed = true;
	if (!listener->is_accepting)
		free(listener);
}

struct endpoint listener_local(const struct listener *listener)
{
	return listener->local;
}
