/* A kept TCP connection to one server with many questions in flight. Knows no other server, no
 * deadlines of questions, and not what a reply means. */

#include "sixward/upstream/channel.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "sixward/base/bytes.h"
#include "sixward/base/mem.h"
#include "sixward/dns/frames.h"
#include "sixward/net/tcp.h"
#include "sixward/net/timer.h"
#include "sixward/upstream/judge.h"

enum { BUCKETS = 64, FRUITLESS_MAX = 2 };

struct connection {
	struct channel *channel;
	struct connection *next; /* draining, or dead */
	struct tcp *tcp;         /* NULL = dead */
	struct timer *timer;
	struct frames frames;
	struct channel_list buckets[BUCKETS]; /* by id */
	size_t in_flight;
	uint32_t idle_ms;
	bool is_open;
	bool has_asked;    /* the keepalive option went with its first question */
	bool has_answered; /* anything, ever */
	bool has_heard;    /* anything since it was idle last */
};

struct channel {
	struct loop *loop;
	struct entropy *entropy;
	struct tally *tally;
	struct endpoint server;
	struct connection *current;  /* takes questions; NULL = none */
	struct connection *draining; /* waits for its last replies */
	struct connection *dead;     /* freed when no callback is running any more */
	struct channel_list waiting; /* for the current to open */
	struct channel_list failing;
	size_t request_count;
	unsigned callbacks; /* running */
	bool is_freed;      /* while they run */
	unsigned fruitless; /* connections in a row that closed without an answer */
	uint32_t backoff_ms;
	uint64_t retry_ms;
};

static void list_add(struct channel_list *list, struct channel_request *request)
{
	request->list = list;
	request->next = NULL;
	request->previous = list->last;
	if (list->last)
		list->last->next = request;
	else
		list->first = request;
	list->last = request;
}

static void list_remove(struct channel_request *request)
{
	struct channel_list *list = request->list;

	assert(list);
	if (request->previous)
		request->previous->next = request->next;
	else
		list->first = request->next;
	if (request->next)
		request->next->previous = request->previous;
	else
		list->last = request->previous;
	request->list = NULL;
	request->next = NULL;
	request->previous = NULL;
}

struct channel *channel_new(struct loop *loop, struct entropy *entropy, struct tally *tally,
	const struct endpoint *server)
{
	struct channel *channel = mem_new(sizeof(*channel));

	channel->loop = loop;
	channel->entropy = entropy;
	channel->tally = tally;
	channel->server = *server;
	return channel;
}

/* Lets go of what lives outside; the struct itself may still be on the stack of a callback. */
static void connection_close(struct connection *connection)
{
	struct channel *channel = connection->channel;

	if (channel->current == connection) {
		channel->current = NULL;
	} else {
		struct connection **at = &channel->draining;

		while (*at != connection)
			at = &(*at)->next;
		*at = connection->next;
	}
	tcp_free(connection->tcp);
	connection->tcp = NULL;
	timer_free(connection->timer);
	connection->timer = NULL;
	connection->next = channel->dead;
	channel->dead = connection;
}

static void sweep(struct channel *channel)
{
	while (channel->dead) {
		struct connection *connection = channel->dead;

		channel->dead = connection->next;
		frames_clear(&connection->frames);
		free(connection);
	}
	if (channel->is_freed)
		free(channel);
}

static void callback_begin(struct channel *channel)
{
	channel->callbacks++;
}

static void callback_end(struct channel *channel)
{
	if (!--channel->callbacks)
		sweep(channel);
}

static void list_forget(struct channel_list *list)
{
	while (list->first)
		list_remove(list->first);
}

void channel_free(struct channel *channel)
{
	if (!channel)
		return;
	list_forget(&channel->waiting);
	list_forget(&channel->failing);
	while (channel->current || channel->draining) {
		struct connection *connection =
			channel->current ? channel->current : channel->draining;

		for (unsigned i = 0; i < BUCKETS; i++)
			list_forget(&connection->buckets[i]);
		connection_close(connection);
	}
	channel->is_freed = true;
	if (!channel->callbacks)
		sweep(channel);
}

static void arm(struct connection *connection)
{
	timer_start(connection->timer,
		connection->in_flight ? CHANNEL_SILENCE_MS : connection->idle_ms);
}

/* Takes it off whatever list it is on. */
static void detach(struct channel_request *request)
{
	list_remove(request);
	if (request->connection)
		request->connection->in_flight--;
	request->connection = NULL;
	request->channel->request_count--;
	request->channel = NULL;
}

static void end(
	struct channel_request *request, enum channel_result result, const struct wire *wire)
{
	detach(request);
	request->done(request->owner, request, result, wire);
}

/* Tells all on the failing list; the channel may be freed by any of them. */
static void fail_all(struct channel *channel, enum channel_result result)
{
	while (!channel->is_freed && channel->failing.first)
		end(channel->failing.first, result, NULL);
}

static struct channel_request *find(const struct connection *connection, uint16_t id)
{
	struct channel_request *request = connection->buckets[id % BUCKETS].first;

	while (request && request->id != id)
		request = request->next;
	return request;
}

/* R7766-6.2.1-b: no id twice among those in flight on a connection. There are fewer requests
 * than ids, by far. */
static uint16_t draw_id(const struct connection *connection)
{
	uint16_t id = entropy_u16(connection->channel->entropy);

	while (find(connection, id))
		id = entropy_u16(connection->channel->entropy);
	return id;
}

/* False when the stream takes no more for now. */
static bool send_request(struct connection *connection, struct channel_request *request)
{
	struct channel *channel = connection->channel;
	const struct question *question = request->question;
	uint8_t octets[WIRE_QUERY_MAX];
	struct wire_query_form form = {
		.name = question->name.octets,
		.type = question->type,
		.rclass = question->rclass,
		.id = draw_id(connection),
		.cd = question->cd,
		.ad = request->ad,
		.edns = request->edns,
		/* R7766-6.2.3-b: once a connection, of length 0. */
		.keepalive = request->edns && !connection->has_asked,
	};

	if (!tcp_write_message(
		    connection->tcp, octets, wire_encode_query(&form, octets, sizeof(octets))))
		return false;
	connection->has_asked |= form.keepalive;
	count_up(&channel->tally->stream);
	list_remove(request);
	request->id = form.id;
	request->sends++;
	request->sent_ms = loop_now_ms(channel->loop);
	request->connection = connection;
	list_add(&connection->buckets[form.id % BUCKETS], request);
	if (!connection->in_flight++) {
		connection->has_heard = false;
		arm(connection);
	}
	return true;
}

static void send_waiting(struct connection *connection)
{
	struct channel *channel = connection->channel;

	while (channel->waiting.first && send_request(connection, channel->waiting.first))
		;
}

static void on_connected(void *owner)
{
	struct connection *connection = owner;

	connection->is_open = true;
	arm(connection);
	send_waiting(connection);
}

static void back_off(struct channel *channel)
{
	channel->backoff_ms = channel->backoff_ms ? channel->backoff_ms * 2 : CHANNEL_BACKOFF_MS;
	if (channel->backoff_ms > CHANNEL_BACKOFF_MAX)
		channel->backoff_ms = CHANNEL_BACKOFF_MAX;
	channel->retry_ms = loop_now_ms(channel->loop) + channel->backoff_ms;
}

static void open_connection(struct channel *channel);

static void move_all(struct channel_list *from, struct channel_list *to)
{
	while (from->first) {
		struct channel_request *request = from->first;

		list_remove(request);
		list_add(to, request);
	}
}

/* What was in flight is asked again, or fails when it has been sent often enough. */
static void give_back(struct connection *connection)
{
	struct channel *channel = connection->channel;
	/* R7766-6.2.4-b: the close of an idle connection crossed with our questions. */
	bool is_innocent = connection->has_answered && !connection->has_heard;

	for (unsigned i = 0; i < BUCKETS; i++) {
		struct channel_request *request = NULL;

		while ((request = connection->buckets[i].first)) {
			list_remove(request);
			request->connection = NULL;
			if (is_innocent)
				request->sends--;
			list_add(request->sends < CHANNEL_SENDS_MAX ? &channel->waiting
								    : &channel->failing,
				request);
		}
	}
	connection->in_flight = 0;
}

/* The connection is lost, or could not be made. */
static void lose(struct connection *connection, enum channel_result result)
{
	struct channel *channel = connection->channel;
	bool is_current = channel->current == connection;
	bool was_asked = connection->in_flight > 0;

	callback_begin(channel);
	if (is_current && !connection->is_open) {
		channel->fruitless = FRUITLESS_MAX;
	} else if (was_asked && !connection->has_answered) {
		channel->fruitless++;
	}
	give_back(connection);
	connection_close(connection);
	if (channel->fruitless >= FRUITLESS_MAX && is_current) {
		back_off(channel);
		move_all(&channel->waiting, &channel->failing);
	} else if (channel->waiting.first && !channel->current) {
		open_connection(channel);
	} else if (channel->current && channel->current->is_open) {
		send_waiting(channel->current);
	}
	fail_all(channel, result);
	callback_end(channel);
}

static void on_closed(void *owner, int error)
{
	lose(owner, error == -ETIMEDOUT ? CHANNEL_TIMEOUT : CHANNEL_NETWORK);
}

/* It will send no more, so what is in flight will not be answered. */
static void on_ended(void *owner)
{
	lose(owner, CHANNEL_NETWORK);
}

static void on_timer(void *owner)
{
	struct connection *connection = owner;

	if (connection->in_flight)
		lose(connection, CHANNEL_TIMEOUT);
	else
		lose(connection, CHANNEL_NETWORK); /* idle: nobody is told */
}

/* Takes no more questions; replies to those in flight still count. */
static void drain(struct connection *connection)
{
	struct channel *channel = connection->channel;
	struct connection *last = NULL;
	unsigned count = 0;

	if (channel->current != connection)
		return;
	for (struct connection *at = channel->draining; at; at = at->next) {
		last = at;
		count++;
	}
	channel->current = NULL;
	connection->next = channel->draining;
	channel->draining = connection;
	/* In a turn of its own: losing calls back. */
	if (count >= CHANNEL_DRAINING_MAX)
		timer_start(last->timer, 0);
}

/* R7828: units of 100 ms; close before the server does. */
static void obey_keepalive(struct connection *connection, struct wire *wire)
{
	struct wire_option option;
	uint32_t idle_ms = 0;

	if (!wire->record_counts[SECTION_ADDITIONAL] || wire_view_records(wire) != WIRE_OK)
		return;
	if (!wire_find_option(&wire->edns, OPTION_KEEPALIVE, &option) || option.size != 2)
		return;
	idle_ms = bytes_get_u16(option.octets) * 90U;
	connection->idle_ms = idle_ms < CHANNEL_IDLE_MS ? idle_ms : CHANNEL_IDLE_MS;
	if (!idle_ms)
		drain(connection);
}

static void take_message(struct connection *connection, const uint8_t *octets, size_t size)
{
	struct channel *channel = connection->channel;
	struct channel_request *request = NULL;
	enum judge_match match = JUDGE_MISMATCH;
	struct wire wire;

	if (wire_view(&wire, octets, size))
		request = find(connection, wire.id);
	if (request)
		match = judge_match(&wire, request->question);
	if (match == JUDGE_MISMATCH) {
		count_up(&channel->tally->mismatches);
		return;
	}
	connection->has_answered = true;
	channel->fruitless = 0;
	channel->backoff_ms = 0;
	obey_keepalive(connection, &wire);
	end(request, match == JUDGE_MATCH ? CHANNEL_MATCHED : CHANNEL_ERROR_ONLY, &wire);
}

static void on_received(void *owner, const uint8_t *octets, size_t size)
{
	struct connection *connection = owner;
	struct channel *channel = connection->channel;
	enum frames_state state = FRAMES_WAIT;
	const uint8_t *message = NULL;
	size_t message_size = 0;

	callback_begin(channel);
	connection->has_heard = true;
	frames_lend(&connection->frames, octets, size);
	while (connection->tcp) {
		state = frames_next(&connection->frames, &message, &message_size);
		if (state != FRAMES_MESSAGE)
			break;
		take_message(connection, message, message_size);
	}
	if (connection->tcp) {
		if (state == FRAMES_BROKEN)
			lose(connection, CHANNEL_NETWORK);
		else if (!connection->in_flight && channel->current != connection)
			connection_close(connection);
		else
			arm(connection);
	}
	if (!channel->is_freed && channel->current && channel->current->is_open)
		send_waiting(channel->current);
	callback_end(channel);
}

static void open_connection(struct channel *channel)
{
	static const struct tcp_events events = {
		.connected = on_connected,
		.received = on_received,
		.ended = on_ended,
		.closed = on_closed,
	};
	struct tcp_options options = {
		.connect_ms = CHANNEL_CONNECT_MS,
		.stall_ms = CHANNEL_SILENCE_MS,
	};
	struct connection *connection = mem_new(sizeof(*connection));

	connection->channel = channel;
	connection->idle_ms = CHANNEL_IDLE_MS;
	connection->timer = timer_new(channel->loop, on_timer, connection);
	connection->tcp =
		tcp_connect(channel->loop, &channel->server, &options, &events, connection);
	channel->current = connection;
}

bool channel_start(
	struct channel *channel, struct channel_request *request, const struct channel_ask *ask)
{
	assert(!request->list);
	if (channel->request_count >= CHANNEL_REQUESTS_MAX || channel_is_refusing(channel))
		return false;
	*request = (struct channel_request){
		.channel = channel,
		.question = ask->question,
		.done = ask->done,
		.owner = ask->owner,
		.sent_ms = loop_now_ms(channel->loop),
		.ad = ask->ad,
		.edns = ask->edns,
	};
	channel->request_count++;
	list_add(&channel->waiting, request);
	if (!channel->current)
		open_connection(channel);
	else if (channel->current->is_open)
		send_waiting(channel->current);
	return true;
}

void channel_cancel(struct channel_request *request)
{
	struct connection *connection = NULL;

	if (!request->list)
		return;
	connection = request->connection;
	detach(request);
	if (connection && !connection->in_flight)
		arm(connection);
}

bool channel_is_open(const struct channel *channel)
{
	return channel->current && channel->current->is_open;
}

bool channel_is_doubtful(const struct channel *channel)
{
	return channel->backoff_ms > 0;
}

bool channel_is_refusing(const struct channel *channel)
{
	return !channel->current && channel->backoff_ms &&
	       loop_now_ms(channel->loop) < channel->retry_ms;
}

static bool is_own(const struct connection *connection, uint16_t id, uint16_t source_port,
	const uint8_t *name, uint16_t type)
{
	const struct channel_request *request = NULL;

	if (!connection->is_open || tcp_local(connection->tcp).port != source_port)
		return false;
	request = find(connection, id);
	return request && request->question->type == type &&
	       name_equal(name, request->question->name.octets);
}

bool channel_has_own(const struct channel *channel, uint16_t id, uint16_t source_port,
	const uint8_t *name, uint16_t type)
{
	if (channel->current && is_own(channel->current, id, source_port, name, type))
		return true;
	for (const struct connection *at = channel->draining; at; at = at->next)
		if (is_own(at, id, source_port, name, type))
			return true;
	return false;
}
