#ifndef SIXWARD_UPSTREAM_CHANNEL_H
#define SIXWARD_UPSTREAM_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/base/entropy.h"
#include "sixward/dns/question.h"
#include "sixward/dns/wire.h"
#include "sixward/net/loop.h"
#include "sixward/upstream/tally.h"

/* A kept TCP connection to one server with many questions in flight: opened when asked,
 * pipelined, answers in any order (R7766-6.2.2-b, R7766-6.2.1-b), closed when idle. What is lost
 * with a connection is asked again on a new one. */

enum {
	CHANNEL_CONNECT_MS = 2000, /* LIM-14 */
	CHANNEL_IDLE_MS = 20000,   /* LIM-15 */
	CHANNEL_BACKOFF_MS = 1000, /* LIM-15 */
	CHANNEL_BACKOFF_MAX = 60000,
	CHANNEL_SILENCE_MS = 4000, /* questions out and not an octet back: a dead connection */
	CHANNEL_SENDS_MAX = 3,     /* LIM-05 */
	CHANNEL_REQUESTS_MAX = 8192,
	CHANNEL_DRAINING_MAX = 4 /* connections that only wait for their last replies */
};

enum channel_result {
	CHANNEL_MATCHED,
	CHANNEL_ERROR_ONLY, /* an error reply without the question (UPR-02) */
	CHANNEL_TIMEOUT,    /* connecting took too long, or it fell silent */
	CHANNEL_NETWORK     /* refused, reset, unreachable, closed without answers */
};

struct channel;
struct channel_request;
struct connection;

/* It is over, and the struct the caller's again. `wire` is lent; NULL but for the first two. */
typedef void channel_done(void *owner, struct channel_request *request, enum channel_result result,
	const struct wire *wire);

struct channel_list {
	struct channel_request *first, *last;
};

/* The caller's memory; zeroed is not in flight. */
struct channel_request {
	struct channel_request *next, *previous;
	struct channel_list *list; /* NULL = not in flight */
	struct channel *channel;
	struct connection *connection; /* NULL = not sent (again) yet */
	const struct question *question;
	channel_done *done;
	void *owner;
	uint64_t sent_ms;
	uint16_t id;
	uint8_t sends;
	bool ad;
	bool edns;
};

struct channel_ask {
	const struct question *question; /* borrowed while in flight */
	bool ad;
	bool edns;
	channel_done *done;
	void *owner;
};

/* Does not connect yet. All but `server` is borrowed. */
struct channel *channel_new(struct loop *loop, struct entropy *entropy, struct tally *tally,
	const struct endpoint *server);

/* Requests are forgotten, not told; may be called from their callbacks. NULL is fine. */
void channel_free(struct channel *channel);

/* False, and nothing will come, during the back-off after a failure, or with too many. */
bool channel_start(
	struct channel *channel, struct channel_request *request, const struct channel_ask *ask);
void channel_cancel(struct channel_request *request); /* one not in flight is fine */

/* A connection stands. */
bool channel_is_open(const struct channel *channel);

/* The last attempt to connect, or to get an answer, failed. */
bool channel_is_doubtful(const struct channel *channel);

/* The back-off is running. */
bool channel_is_refusing(const struct channel *channel);

/* UPS-d over TCP. */
bool channel_has_own(const struct channel *channel, uint16_t id, uint16_t source_port,
	const uint8_t *name, uint16_t type);

#endif
