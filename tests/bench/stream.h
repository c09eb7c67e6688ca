#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lane.h"

/* DNS messages over TCP: what has been read is taken apart, what is to be sent is gathered, so that
 * a burst is one read and one write. */

enum { STREAM_IN = 16384, STREAM_OUT = 65536, STREAMS_MAX = 4096 };

/* The octets are touched only as far as they are needed. */
struct stream {
	int descriptor;
	unsigned generation; /* another connection has another */
	size_t have;         /* octets read */
	size_t taken;        /* of these, before the next message */
	size_t filled;       /* octets to be sent */
	uint8_t in[STREAM_IN];
	uint8_t out[STREAM_OUT];
};

/* One read. False when the peer has closed. */
bool stream_read(struct stream *stream);

/* The next whole message, lent until the next read; NULL if none is there. */
const uint8_t *stream_next(struct stream *stream, size_t *size);

/* Where a message of at most room octets may be written; NULL if there is no place before a write.
 * stream_add then says how long it is. */
uint8_t *stream_begin(struct stream *stream, size_t room);
void stream_add(struct stream *stream, size_t size);

/* One write. What the kernel doesn't take stays; false when the connection is broken. */
bool stream_write(struct stream *stream);

/* Connections that were accepted, and what is asked over them. */
typedef void stream_asked(void *owner, struct stream *stream, const uint8_t *message, size_t size);

struct streams {
	int poll;
	int listener;
	stream_asked *asked; /* may answer at once, with stream_begin and stream_add */
	void *owner;
	struct stream *streams[STREAMS_MAX]; /* by descriptor */
};

/* Events have the descriptor as their tag. */
void streams_listen(struct streams *streams, int poll, const struct place *place);

/* True if the event was of the listener or of a connection. */
bool streams_event(struct streams *streams, const struct epoll_event *event);

#endif
