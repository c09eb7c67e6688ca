/* Clients on the simulated net. */

#include "guest.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/base/mem.h"
#include "sixward/dns/wire.h"

enum { FIRST_PORT = 20000 };

void guests_init(struct guests *guests, struct loop *loop)
{
	*guests = (struct guests){ .loop = loop, .sim = sim_of(loop), .next_port = FIRST_PORT };
}

static void stream_end(struct guest_stream *stream)
{
	tcp_free(stream->tcp);
	stream->tcp = NULL;
	frames_clear(&stream->frames);
}

void guests_clear(struct guests *guests)
{
	while (guests->queries) {
		struct guest_query *query = guests->queries;

		guests->queries = query->next;
		free(query->octets);
		free(query->answer);
		free(query);
	}
	while (guests->streams) {
		struct guest_stream *stream = guests->streams;

		guests->streams = stream->next;
		stream_end(stream);
		free(stream);
	}
}

static struct guest_query *add_query(struct guests *guests, const uint8_t *octets, size_t size)
{
	struct guest_query *query = mem_new(sizeof(*query));

	query->octets = mem_copy(octets, size);
	query->size = size;
	query->sent_ms = loop_now_ms(guests->loop);
	query->answers_max = 1;
	query->next = guests->queries;
	guests->queries = query;
	return query;
}

static void take_answer(
	struct guests *guests, struct guest_query *query, const uint8_t *octets, size_t size)
{
	query->answers++;
	if (query->answer)
		return;
	query->answer = mem_copy(octets, size);
	query->answer_size = size;
	query->answered_ms = loop_now_ms(guests->loop);
	query->place = ++guests->answers;
}

static void on_datagram(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	struct guests *guests = owner;

	for (struct guest_query *query = guests->queries; query; query = query->next) {
		/* R2181-4.1-a, R7766-5-a: from where it was sent to. */
		if (!query->stream && endpoint_equal(&query->client, to) &&
			endpoint_equal(&query->server, from)) {
			take_answer(guests, query, octets, size);
			return;
		}
	}
}

struct guest_query *guest_send(struct guests *guests, const struct endpoint *client, bool keep_port,
	const struct endpoint *server, const uint8_t *octets, size_t size)
{
	struct guest_query *query = add_query(guests, octets, size);

	query->client = *client;
	if (!keep_port)
		query->client.port = guests->next_port++;
	query->server = *server;
	if (query->client.port != 0 && query->client.port != 53)
		sim_serve_udp(guests->sim, &query->client, on_datagram, guests);
	sim_send_udp(guests->sim, &query->client, server, octets, size);
	return query;
}

void guest_repeat(struct guests *guests, struct guest_query *query)
{
	query->answers_max++;
	sim_send_udp(guests->sim, &query->client, &query->server, query->octets, query->size);
}

/* Of queries with one id on a stream, the one whose question it is (TCP-c). */
static bool is_answer_to(const struct guest_query *query, const uint8_t *octets, size_t size)
{
	struct wire sent;
	struct wire got;

	if (!wire_view(&sent, query->octets, query->size) || !wire_view(&got, octets, size) ||
		sent.id != got.id)
		return false;
	if (got.question_count == 0 || sent.question_count == 0)
		return true;
	if (wire_view_question(&sent) != WIRE_OK || wire_view_question(&got) != WIRE_OK)
		return false;
	return sent.question_type == got.question_type &&
	       name_equal(sent.question_name, got.question_name);
}

static void on_received(void *owner, const uint8_t *octets, size_t size)
{
	struct guest_stream *stream = owner;
	struct guests *guests = stream->guests;
	const uint8_t *message = NULL;
	size_t message_size = 0;

	frames_lend(&stream->frames, octets, size);
	while (frames_next(&stream->frames, &message, &message_size) == FRAMES_MESSAGE) {
		for (struct guest_query *query = guests->queries; query; query = query->next) {
			if (query->stream == stream && !query->answer &&
				is_answer_to(query, message, message_size)) {
				take_answer(guests, query, message, message_size);
				break;
			}
		}
	}
}

static void on_ended(void *owner)
{
	struct guest_stream *stream = owner;

	stream->is_closed = true;
	stream_end(stream);
}

static void on_closed(void *owner, int error)
{
	(void)error;
	on_ended(owner);
}

static void on_connected(void *owner)
{
	(void)owner;
}

struct guest_stream *guest_find(struct guests *guests, unsigned number)
{
	struct guest_stream *stream = guests->streams;

	while (stream && stream->number != number)
		stream = stream->next;
	return stream;
}

struct guest_stream *guest_open(struct guests *guests, unsigned number,
	const struct endpoint *client, const struct endpoint *server)
{
	static const struct tcp_events events = { .connected = on_connected,
		.received = on_received,
		.ended = on_ended,
		.closed = on_closed };
	static const struct tcp_options options = { .queue_max = 8 << 20 };
	struct guest_stream *stream = mem_new(sizeof(*stream));
	struct endpoint from = *client;

	from.port = guests->next_port++;
	stream->guests = guests;
	stream->number = number;
	stream->next = guests->streams;
	guests->streams = stream;
	stream->tcp = sim_connect_tcp(guests->sim, &from, server, &options, &events, stream);
	return stream;
}

void guest_write_octets(struct guest_stream *stream, const uint8_t *octets, size_t size)
{
	if (stream->tcp)
		(void)tcp_write(stream->tcp, octets, size);
}

struct guest_query *guest_write(
	struct guest_stream *stream, const uint8_t *octets, size_t size, bool bytewise)
{
	struct guest_query *query = add_query(stream->guests, octets, size);
	uint8_t length[2];

	query->stream = stream;
	bytes_put_u16(length, (uint16_t)size);
	if (!bytewise) {
		guest_write_octets(stream, length, sizeof(length));
		guest_write_octets(stream, octets, size);
		return query;
	}
	for (size_t i = 0; i < size + 2; i++) {
		guest_write_octets(stream, i < 2 ? &length[i] : &octets[i - 2], 1);
		(void)sim_run_for(stream->guests->sim, 1);
	}
	return query;
}

void guest_close(struct guest_stream *stream, bool by_reset)
{
	if (!stream->tcp)
		return;
	if (by_reset) {
		sim_reset(stream->tcp);
		stream->tcp = NULL;
	}
	stream_end(stream);
}
