/* One GET: a connection, a question, the octets of an answer, and an end in time. What they mean as
 * HTTP is the affair of app/response. */

#include "sixward/app/fetch.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/net/tcp.h"
#include "sixward/net/timer.h"

enum { REQUEST_MAX = 512, OCTETS_MAX = FETCH_SIZE_MAX + RESPONSE_HEAD_MAX };

struct fetch {
	struct tcp *tcp;
	struct timer *timer;
	struct endpoint peer;
	const char *path;
	char *octets;
	size_t size;
	fetch_done *done;
	void *owner;
};

void fetch_cancel(struct fetch *fetch)
{
	if (!fetch)
		return;
	tcp_free(fetch->tcp);
	timer_free(fetch->timer);
	free(fetch->octets);
	free(fetch);
}

static void end(struct fetch *fetch, struct fetched *fetched)
{
	fetch_done *done = fetch->done;
	void *owner = fetch->owner;

	fetch_cancel(fetch);
	done(owner, fetched);
	response_clear(&fetched->response);
}

/* Ends it as soon as the octets say how. */
static void look(struct fetch *fetch, bool is_ended)
{
	struct fetched fetched = { .result = FETCH_DONE };

	switch (response_parse(fetch->octets, fetch->size, is_ended, &fetched.response)) {
	case RESPONSE_PARTIAL:
		return;
	case RESPONSE_WHOLE:
		break;
	case RESPONSE_GARBAGE:
		fetched.result = FETCH_GARBAGE;
		break;
	}
	end(fetch, &fetched);
}

static void on_connected(void *owner)
{
	struct fetch *fetch = owner;
	char host[ENDPOINT_TEXT_MAX];
	char request[REQUEST_MAX];
	int size = snprintf(request, sizeof(request),
		"GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", fetch->path,
		endpoint_format(&fetch->peer, host));

	assert(size > 0 && size < REQUEST_MAX); /* the path is ours */
	(void)tcp_write(fetch->tcp, (const uint8_t *)request, (size_t)size);
}

static void on_received(void *owner, const uint8_t *octets, size_t size)
{
	struct fetch *fetch = owner;

	if (size > OCTETS_MAX - fetch->size) {
		end(fetch, &(struct fetched){ .result = FETCH_GARBAGE });
		return;
	}
	fetch->octets = mem_resize_array(fetch->octets, fetch->size + size, 1);
	memcpy(fetch->octets + fetch->size, octets, size);
	fetch->size += size;
	look(fetch, false);
}

static void on_ended(void *owner)
{
	look(owner, true);
}

static void on_closed(void *owner, int error)
{
	struct fetch *fetch = owner;
	struct fetched fetched = { .result = FETCH_UNREACHABLE, .error = error };

	if (fetch->size || !error)
		fetched.result = FETCH_GARBAGE;
	else if (error == -ETIMEDOUT)
		fetched.result = FETCH_SILENT;
	end(fetch, &fetched);
}

static void on_late(void *owner)
{
	end(owner, &(struct fetched){ .result = FETCH_SILENT });
}

struct fetch *fetch_start(struct loop *loop, const struct endpoint *peer, const char *path,
	fetch_done *done, void *owner)
{
	static const struct tcp_events events = { .connected = on_connected,
		.received = on_received,
		.ended = on_ended,
		.closed = on_closed };
	static const struct tcp_options options = { .connect_ms = FETCH_TIMEOUT_MS };
	struct fetch *fetch = mem_new(sizeof(*fetch));

	fetch->peer = *peer;
	fetch->path = path;
	fetch->done = done;
	fetch->owner = owner;
	fetch->octets = mem_new(0);
	fetch->timer = timer_new(loop, on_late, fetch);
	timer_start(fetch->timer, FETCH_TIMEOUT_MS);
	fetch->tcp = tcp_connect(loop, peer, &options, &events, fetch);
	return fetch;
}
