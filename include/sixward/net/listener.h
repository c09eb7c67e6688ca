#ifndef SIXWARD_NET_LISTENER_H
#define SIXWARD_NET_LISTENER_H

#include "sixward/base/addr.h"
#include "sixward/net/loop.h"
#include "sixward/net/socket.h"

/* A listening socket that gives descriptors: what net/tcp makes streams of, and what a library
 * wants that serves them itself. */

struct listener;

/* A connection, with its descriptor: non-blocking, close-on-exec, the owner's from now on. May free
 * the listener. */
typedef void listener_accepted(void *owner, int descriptor, const struct endpoint *peer);

/* NULL, with a negative errno in `*error`, if the socket cannot be had. */
struct listener *listener_new(struct loop *loop, const struct socket_options *options,
	listener_accepted *accepted, void *owner, int *error);
void listener_free(struct listener *listener); /* NULL is fine; nobody is accepted after it */

/* Tells the connections that have come so far, before it returns: for who stops to listen, which
 * ends those that wait. Not from its callback. */
void listener_drain(struct listener *listener);

/* The endpoint that it is bound to. */
struct endpoint listener_local(const struct listener *listener);

#endif
