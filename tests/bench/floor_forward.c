/* bench-floor forward: one socket for the clients, one for the upstream, a ring of the questions
 * under way, and the octets of each answer. */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "floor.h"

enum {
	FLIGHTS = 32768, /* an upstream id is a flight's number, and a bit for AAAA */
	QUESTION_MAX = 259,
	RETRY_NS = 25000000,
	PATIENCE_NS = 1000000000,
	PATIENCE_TIMES = 5,
	BATCH_OUT = LANE_BATCH / 2, /* clients' datagrams, each of which may be two questions */
};

/* What is known of a question, as bits. */
enum { ASKED_A = 1, ASKED_AAAA = 2, KNOWN_NO_AAAA = 4, KNOWN_A = 8 };

struct flight {
	struct place peer;
	uint64_t due_ns; /* when it is asked again */
	uint64_t end_ns; /* when it is given up */
	uint16_t client_id;
	uint16_t type;
	uint16_t question_size; /* 0: none under way */
	uint8_t bits;
	uint8_t mapped[ZONE_ADDRESS_MAX]; /* the A record's address with the prefix before it */
	uint8_t question[QUESTION_MAX];
};

struct forward {
	const struct floor_options *options;
	int clients, upstream;
	unsigned next; /* flights are taken in turn */
	unsigned oldest;
	unsigned ready_up, ready_down;
	unsigned long answers;
	struct batch in, up, down;
	struct flight flights[FLIGHTS];
};

static void flush_up(struct forward *forward)
{
	batch_send(&forward->up, forward->upstream, forward->ready_up);
	forward->ready_up = 0;
}

static void flush_down(struct forward *forward)
{
	batch_send(&forward->down, forward->clients, forward->ready_down);
	forward->ready_down = 0;
}

static const uint8_t asking[] = { 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 }; /* a header after its id */

static void ask_upstream(struct forward *forward, struct flight *flight, uint16_t type)
{
	uint8_t *out = forward->up.octets[forward->ready_up];
	uint16_t id = (uint16_t)((flight - forward->flights) << 1 | (type == ZONE_TYPE_AAAA));

	zone_put16(out, id);
	memcpy(out + 2, asking, sizeof(asking));
	memcpy(out + ZONE_HEADER, flight->question, flight->question_size);
	zone_put16(out + ZONE_HEADER + flight->question_size - 4, type);
	forward->up.parts[forward->ready_up++].iov_len =
		ZONE_HEADER + (size_t)flight->question_size;
	flight->bits |= type == ZONE_TYPE_A ? ASKED_A : ASKED_AAAA;
	if (forward->ready_up == LANE_BATCH)
		flush_up(forward);
}

static void answer(struct forward *forward, struct flight *flight, uint8_t rcode,
	const uint8_t *data, size_t size)
{
	unsigned i = forward->ready_down++;

	forward->down.parts[i].iov_len = zone_write_record(forward->down.octets[i],
		flight->client_id, flight->question, flight->question_size, rcode, data, size);
	forward->down.peers[i] = flight->peer;
	forward->down.headers[i].msg_hdr.msg_namelen = flight->peer.size;
	flight->question_size = 0;
	forward->answers++;
	if (forward->ready_down == LANE_BATCH)
		flush_down(forward);
}

static void take_question(struct forward *forward, unsigned i, uint64_t now)
{
	const uint8_t *query = forward->in.octets[i];
	struct flight *flight = &forward->flights[forward->next % FLIGHTS];
	struct asked asked;

	if (!zone_view_query(&asked, query, forward->in.headers[i].msg_len))
		return;
	if (asked.end - ZONE_HEADER > QUESTION_MAX)
		return;
	forward->next++;
	flight->peer = forward->in.peers[i];
	flight->due_ns = now + RETRY_NS;
	flight->end_ns = now + (uint64_t)PATIENCE_NS * PATIENCE_TIMES;
	flight->client_id = zone_get16(query);
	flight->type = asked.wanted.type;
	flight->question_size = (uint16_t)(asked.end - ZONE_HEADER);
	flight->bits = 0;
	memcpy(flight->question, query + ZONE_HEADER, flight->question_size);
	ask_upstream(forward, flight, flight->type);
	if (flight->type == ZONE_TYPE_AAAA && !forward->options->aaaa_only)
		ask_upstream(forward, flight, ZONE_TYPE_A);
}

static bool is_for(const struct flight *flight, const uint8_t *reply, size_t size)
{
	return flight->question_size && size >= ZONE_HEADER + (size_t)flight->question_size &&
	       !memcmp(reply + ZONE_HEADER, flight->question, flight->question_size - 4U);
}

/* An A record that has come for a question about AAAA: the data is kept as it will be answered. */
static void note_a(struct flight *flight, const uint8_t *data, size_t size)
{
	flight->bits |= KNOWN_A;
	memcpy(flight->mapped, floor_prefix, ZONE_PREFIX);
	memcpy(flight->mapped + ZONE_PREFIX, data, size);
}

static void take_reply(struct forward *forward, unsigned i)
{
	const uint8_t *reply = forward->in.octets[i], *data;
	size_t size = forward->in.headers[i].msg_len, data_size = 0;
	struct flight *flight;
	uint16_t type;

	if (size < ZONE_HEADER)
		return;
	flight = &forward->flights[zone_get16(reply) >> 1];
	if (!is_for(flight, reply, size))
		return;
	type = zone_get16(reply + ZONE_HEADER + flight->question_size - 4);
	data = zone_find_data(reply, size, flight->question_size, type, &data_size);
	if (type == flight->type && (data || type != ZONE_TYPE_AAAA)) {
		answer(forward, flight, reply[3] & 0xf, data, data ? data_size : 0);
		return;
	}
	if (type == ZONE_TYPE_A && data && data_size == 4) {
		note_a(flight, data, data_size);
	} else if (type == ZONE_TYPE_AAAA) {
		flight->bits |= KNOWN_NO_AAAA;
		if (!(flight->bits & ASKED_A))
			ask_upstream(forward, flight, ZONE_TYPE_A);
	} else {
		answer(forward, flight, reply[3] & 0xf, NULL, 0);
		return;
	}
	if ((flight->bits & KNOWN_NO_AAAA) && (flight->bits & KNOWN_A))
		answer(forward, flight, ZONE_NOERROR, flight->mapped, ZONE_ADDRESS_MAX);
}

static void ask_again(struct forward *forward, struct flight *flight, uint64_t now)
{
	flight->due_ns = now + RETRY_NS;
	if ((flight->bits & ASKED_AAAA) && !(flight->bits & KNOWN_NO_AAAA))
		ask_upstream(forward, flight, ZONE_TYPE_AAAA);
	if ((flight->bits & ASKED_A) && !(flight->bits & KNOWN_A))
		ask_upstream(forward, flight, ZONE_TYPE_A);
}

/* Asks again what is due, and returns how long to wait. A floor may look at all that are under way,
 * for retries are measured at low rates. */
static uint64_t retry_due(struct forward *forward)
{
	uint64_t now, soonest = UINT64_MAX;

	if (!forward->options->retries)
		return UINT64_MAX;
	now = now_ns();
	if (forward->next - forward->oldest > FLIGHTS)
		forward->oldest = forward->next - FLIGHTS;
	while (forward->oldest != forward->next &&
		!forward->flights[forward->oldest % FLIGHTS].question_size)
		forward->oldest++;
	for (unsigned i = forward->oldest; i != forward->next; i++) {
		struct flight *flight = &forward->flights[i % FLIGHTS];

		if (!flight->question_size)
			continue;
		if (flight->end_ns <= now)
			answer(forward, flight, ZONE_SERVFAIL, NULL, 0);
		else if (flight->due_ns <= now)
			ask_again(forward, flight, now);
		if (flight->question_size && flight->due_ns < soonest)
			soonest = flight->due_ns;
	}
	flush_up(forward);
	flush_down(forward);
	return soonest == UINT64_MAX ? soonest : soonest - now;
}

static void receive(struct forward *forward, bool is_upstream)
{
	unsigned most = is_upstream ? LANE_BATCH : BATCH_OUT, count;

	do {
		uint64_t now = forward->options->retries ? now_ns() : 0;

		count = batch_receive(
			&forward->in, is_upstream ? forward->upstream : forward->clients, most);
		for (unsigned i = 0; i < count; i++) {
			if (is_upstream)
				take_reply(forward, i);
			else
				take_question(forward, i, now);
		}
		flush_up(forward);
		flush_down(forward);
	} while (count == most);
}

unsigned long serve_forward(const struct floor_options *options, int poll)
{
	static struct forward forward;
	struct epoll_event events[2];

	forward.options = options;
	forward.clients = place_bind(&options->listen, SOCK_DGRAM);
	forward.upstream = place_connect(&options->upstream, SOCK_DGRAM);
	batch_init(&forward.in, true, false);
	batch_init(&forward.up, false, false);
	batch_init(&forward.down, true, false);
	lane_watch(poll, forward.clients, EPOLLIN, false);
	lane_watch(poll, forward.upstream, EPOLLIN, true);
	while (!lane_stop) {
		int count = lane_wait(poll, events, 2, retry_due(&forward));

		for (int i = 0; i < count; i++)
			receive(&forward, events[i].data.u64);
	}
	return forward.answers;
}
