#ifndef SIXWARD_WATCH_HTTP_H
#define SIXWARD_WATCH_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/base/addr.h"
#include "sixward/base/counts.h"
#include "sixward/net/loop.h"

/* The door to the HTTP library: requests in, one answer to each. What is asked by anything but GET
 * and HEAD, with a body, or under the name of another host, is refused here, so that a page of a
 * stranger, whose name leads to us for a while, learns nothing (DNS rebinding). No answer may be
 * kept, or read by another site's page. */

enum {
	HTTP_CONNECTIONS_MAX = 32, /* one more is closed at once */
	HTTP_PER_ADDRESS_MAX = 8,
	HTTP_REQUEST_OCTETS = 16 * 1024, /* of a request; longer ones are refused */
	/* For a whole request to come, for its answer to be taken, and for the next to come. */
	HTTP_PATIENCE_MS = 10000
};

struct http;

/* A request that has no answer yet. */
struct http_pending;

struct http_request {
	const char *path; /* as it was sent, from the slash to the question mark */
};

/* A request that may be answered, by http_answer, at once or later. It is lent. */
typedef void http_handle(
	void *owner, struct http_pending *pending, const struct http_request *request);

/* Whether the library was there when this program was built. */
bool http_is_built(void);

/* Listens at the endpoint. NULL: `*error` is a negative errno, -ENOSYS without the library. */
struct http *http_new(
	struct loop *loop, const struct endpoint *at, http_handle *handle, void *owner, int *error);

/* Closes all connections, whatever they wait for; no request after it. NULL is fine. Not from a
 * handler. */
void http_free(struct http *http);

/* The endpoint that it listens at. */
struct endpoint http_local(const struct http *http);

/* Each pending request is answered once and is gone then; on the loop's thread, and also if its
 * client is gone, or the `http` was freed. `type` is the media type. `body` is on the heap and is
 * taken over; NULL if `size` is 0. HEAD is answered like GET: the body is left out here. */
void http_answer(
	struct http_pending *pending, unsigned status, const char *type, char *body, size_t size);

void http_add_counts(struct http *http, struct counts *counts);

#endif
