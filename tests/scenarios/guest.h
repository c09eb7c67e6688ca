#ifndef SIXWARD_TESTS_SCENARIOS_GUEST_H
#define SIXWARD_TESTS_SCENARIOS_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sim.h"
#include "sixward/dns/frames.h"

/* Clients: what they sent, on which connection, and what came back. Every UDP query has a port of
 * its own. Queries and streams live until guests_free. */

struct guest_stream;

struct guest_query {
	struct guest_query *next;
	struct guest_stream *stream; /* NULL = UDP */
	struct endpoint client;      /* UDP */
	struct endpoint server;
	uint8_t *octets;
	size_t size;
	unsigned label;
	bool is_matched; /* something was said of its answer */
	uint64_t sent_ms;
	uint64_t answered_ms;
	unsigned answers;
	unsigned answers_max; /* 1, but for repeated ones */
	uint8_t *answer;      /* the first; NULL = none yet */
	size_t answer_size;
	unsigned place; /* among all answers: 1 came first */
};

struct guest_stream {
	struct guest_stream *next;
	struct guests *guests;
	unsigned number;
	struct tcp *tcp; /* NULL = closed */
	bool is_closed;  /* by the server */
	struct frames frames;
};

struct guests {
	struct loop *loop;
	struct sim *sim;
	struct guest_query *queries; /* the newest first */
	struct guest_stream *streams;
	uint16_t next_port;
	unsigned answers;
};

void guests_init(struct guests *guests, struct loop *loop);
void guests_clear(struct guests *guests);

/* `client` with port 0 gets one of its own, unless `keep_port`. */
struct guest_query *guest_send(struct guests *guests, const struct endpoint *client, bool keep_port,
	const struct endpoint *server, const uint8_t *octets, size_t size);

/* Sends a datagram once more. */
void guest_repeat(struct guests *guests, struct guest_query *query);

/* The stream of that number; NULL = there is none. */
struct guest_stream *guest_find(struct guests *guests, unsigned number);
struct guest_stream *guest_open(struct guests *guests, unsigned number,
	const struct endpoint *client, const struct endpoint *server);

/* As a message with its length; `bytewise`: one octet in a millisecond. */
struct guest_query *guest_write(
	struct guest_stream *stream, const uint8_t *octets, size_t size, bool bytewise);
void guest_write_octets(struct guest_stream *stream, const uint8_t *octets, size_t size);
void guest_close(struct guest_stream *stream, bool by_reset);

#endif
