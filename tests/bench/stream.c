/* Messages over TCP for the programs of the bench. It doesn't look into them. */

#define _GNU_SOURCE
#include "stream.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "zone.h"

enum { LENGTH = 2 }; /* octets before each message */

bool stream_read(struct stream *stream)
{
	ssize_t count;

	if (stream->taken == stream->have) {
		stream->taken = 0;
		stream->have = 0;
	}
	if (stream->taken) {
		stream->have -= stream->taken;
		memmove(stream->in, stream->in + stream->taken, stream->have);
		stream->taken = 0;
	}
	count = read(stream->descriptor, stream->in + stream->have, STREAM_IN - stream->have);
	if (count < 0)
		return errno == EAGAIN || errno == EINTR;
	stream->have += (size_t)count;
	return count > 0;
}

const uint8_t *stream_next(struct stream *stream, size_t *size)
{
	size_t left = stream->have - stream->taken;
	const uint8_t *at = stream->in + stream->taken;

	if (left < LENGTH || left - LENGTH < zone_get16(at))
		return NULL;
	*size = zone_get16(at);
	stream->taken += LENGTH + *size;
	return at + LENGTH;
}

uint8_t *stream_begin(struct stream *stream, size_t room)
{
	if (STREAM_OUT - stream->filled < LENGTH + room)
		return NULL;
	return stream->out + stream->filled + LENGTH;
}

void stream_add(struct stream *stream, size_t size)
{
	zone_put16(stream->out + stream->filled, (uint16_t)size);
	stream->filled += LENGTH + size;
}

bool stream_write(struct stream *stream)
{
	ssize_t count;

	if (!stream->filled)
		return true;
	count = write(stream->descriptor, stream->out, stream->filled);
	if (count < 0)
		return errno == EAGAIN || errno == EINTR;
	stream->filled -= (size_t)count;
	if (stream->filled)
		memmove(stream->out, stream->out + count, stream->filled);
	return true;
}

static void accept_stream(struct streams *streams)
{
	int descriptor = accept4(streams->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	struct stream *stream;
	int one = 1;

	if (descriptor < 0)
		return;
	if (descriptor >= STREAMS_MAX) {
		close(descriptor);
		return;
	}
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		die("no memory");
	setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	stream->descriptor = descriptor;
	streams->streams[descriptor] = stream;
	lane_watch(streams->poll, descriptor, EPOLLIN, (uint64_t)descriptor);
}

static void drop_stream(struct streams *streams, struct stream *stream)
{
	streams->streams[stream->descriptor] = NULL;
	close(stream->descriptor);
	free(stream);
}

void streams_listen(struct streams *streams, int poll, const struct place *place)
{
	streams->poll = poll;
	streams->listener = place_bind(place, SOCK_STREAM);
	lane_watch(poll, streams->listener, EPOLLIN, (uint64_t)streams->listener);
}

/* A client that doesn't take its answers is not read from, and what is read at once may have no
 * more answers than there is room for. */
bool streams_event(struct streams *streams, const struct epoll_event *event)
{
	size_t descriptor = (size_t)event->data.u64;
	struct stream *stream = descriptor < STREAMS_MAX ? streams->streams[descriptor] : NULL;
	const uint8_t *message;
	bool was_blocked;
	size_t size;

	if (descriptor == (size_t)streams->listener) {
		accept_stream(streams);
		return true;
	}
	if (!stream)
		return false;
	was_blocked = stream->filled > 0;
	if (!was_blocked && !stream_read(stream)) {
		drop_stream(streams, stream);
		return true;
	}
	while (stream_begin(stream, ZONE_ANSWER_ROOM) && (message = stream_next(stream, &size)))
		streams->asked(streams->owner, stream, message, size);
	if (!stream_write(stream))
		drop_stream(streams, stream);
	else if (was_blocked != (stream->filled > 0))
		lane_watch(streams->poll, stream->descriptor, stream->filled ? EPOLLOUT : EPOLLIN,
			descriptor);
	return true;
}
