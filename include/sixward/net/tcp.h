#ifndef SIXWARD_NET_TCP_H
#define SIXWARD_NET_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/net/loop.h"
#include "sixward/net/socket.h"

/* Byte streams: accept, connect, a bounded write queue, an end in both directions. Writes
 * of one turn leave together. No callback comes before the call that caused it returns,
 * and none after tcp_free; every callback may free the stream. The tables of events are
 * borrowed for as long as the stream lives. */

struct tcp;

struct tcp_events {
	void (*connected)(void *owner); /* of tcp_connect; NULL for accepted ones */
	void (*received)(void *owner, const uint8_t *octets, size_t size); /* lent */
	void (*ended)(void *owner); /* the peer will send no more (half-close, TCP-d) */

	/* Something was queued, and all of it has been handed to the kernel, by another way than
	 * tcp_flush. NULL = not of interest. */
	void (*drained)(void *owner);

	/* The stream is dead (negative errno: refused, reset, timed out, write stall), or 0:
	 * tcp_finish is done. The owner still frees it. */
	void (*closed)(void *owner, int error);
};

struct tcp_options {
	uint64_t connect_ms; /* LIM-14 */
	uint64_t stall_ms; /* queued octets that make no way for so long: closed (LIM-11); 0 = never
			    */
	size_t queue_max;  /* octets that may wait to be written; 0 = 1 MiB */
	bool tells_icmp;   /* a connect that an ICMP error refused, not the peer with a RST, is
			    * closed with -EHOSTUNREACH instead of -ECONNREFUSED (refusal_is_reset) */
};

/* Starts to connect; a failure comes as `closed`. */
struct tcp *tcp_connect(struct loop *loop, const struct endpoint *peer,
	const struct tcp_options *options, const struct tcp_events *events, void *owner);
void tcp_free(struct tcp *tcp); /* closes at once; NULL is fine */

/* How long the connect took, in microseconds: for who was told `connected`, or `closed` by a
 * failure of it. */
uint64_t tcp_connect_us(const struct tcp *tcp);

/* Queues a copy. False, and nothing queued, when it would pass queue_max, after tcp_finish, and
 * once the stream is dead. */
bool tcp_write(struct tcp *tcp, const uint8_t *octets, size_t size);

/* The same for a DNS message, with its two length octets before it. */
bool tcp_write_message(struct tcp *tcp, const uint8_t *octets, size_t size);
size_t tcp_queued(const struct tcp *tcp);

/* Hands what is queued to the kernel now, as far as it takes it, instead of at the end of the turn:
 * for who knows that nothing more comes. A failure is told later. */
void tcp_flush(struct tcp *tcp);

/* Back-pressure (TCP-a): stops and resumes `received` and `ended`. */
void tcp_pause(struct tcp *tcp);
void tcp_resume(struct tcp *tcp);

/* Writes what is queued, shuts down, waits shortly for the peer, then calls `closed` with 0. */
void tcp_finish(struct tcp *tcp);

struct endpoint tcp_peer(const struct tcp *tcp);
struct endpoint tcp_local(const struct tcp *tcp);

/* Sets who is told; for a stream just accepted. */
void tcp_attach(struct tcp *tcp, const struct tcp_options *options, const struct tcp_events *events,
	void *owner);

/* A new stream: attach it, or free it, before returning. */
typedef void tcp_accepted(void *owner, struct tcp *stream);

struct tcp_listener;

struct tcp_listener *tcp_listener_new(struct loop *loop, const struct socket_options *options,
	tcp_accepted *accepted, void *owner, int *error);
void tcp_listener_free(struct tcp_listener *listener);

/* Accepts what has connected so far, before it returns: for who stops to listen, which would reset
 * it. Not from its callback. */
void tcp_listener_drain(struct tcp_listener *listener);
struct endpoint tcp_listener_local(const struct tcp_listener *listener);

#endif
