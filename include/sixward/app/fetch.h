#ifndef SIXWARD_APP_FETCH_H
#define SIXWARD_APP_FETCH_H

#include "sixward/app/response.h"
#include "sixward/base/addr.h"
#include "sixward/net/loop.h"

/* One GET of HTTP/1.1 to an endpoint, over a connection of its own. */

enum { FETCH_SIZE_MAX = 4 * 1024 * 1024, FETCH_TIMEOUT_MS = 3000 };

enum fetch_result {
	FETCH_DONE,        /* a response, of whatever status */
	FETCH_UNREACHABLE, /* no connection */
	FETCH_SILENT,      /* no whole response in time */
	FETCH_GARBAGE,     /* no HTTP, cut off, or larger than FETCH_SIZE_MAX */
};

struct fetched {
	enum fetch_result result;
	int error; /* negative errno, of what is unreachable */
	struct response response;
};

/* What is fetched is lent until the call returns. `path` is borrowed until then. */
typedef void fetch_done(void *owner, const struct fetched *fetched);

struct fetch;

struct fetch *fetch_start(struct loop *loop, const struct endpoint *peer, const char *path,
	fetch_done *done, void *owner);
void fetch_cancel(struct fetch *fetch); /* NULL is fine */

#endif
