/* Connections to requests (protocol.md 14.2). A connection's state is what it holds: octets not
 * yet a message, queries in progress, octets not yet written. */

#include "sixward/front/tcp_front.h"

#include <errno.h>
#include <stdlib.h>

#include "sixward/base/mem.h"
#include "sixward/dns/frames.h"
#include "sixward/net/tcp.h"
#include "sixward/net/timer.h"

enum {
	QUEUE_HIGH = 64 * 1024, /* octets not read by the peer until its queries wait (TCP-a) */
	QUEUE_MAX = 1024 * 1024 /* answers to all that was in progress by then add up to more only
				 * for a peer that asks for huge ones and does not read */
};

/* Connections by how long they are quiet, the longest first. */
struct ranks {
	struct connection *first, *last;
};

struct connection {
	struct tcp_front *front;
	struct tcp *tcp;
	struct origin origin;
	struct frames frames;
	struct query_list list;
	struct ranks *ranks; /* the front's idle or busy ones */
	struct connection *previous, *next;
	uint64_t quiet_since_ms; /* a full message came, or the last answer left */
	bool has_ended;          /* the peer sends no more (TCP-d) */
	bool is_closing;         /* nothing more is read; what is queued still leaves */
};

struct listening {
	struct listening *next;
	struct endpoint endpoint;
	struct tcp_listener *listener;
};

struct tcp_front {
	struct loop *loop;
	struct tcp_front_options options;
	struct resolver *resolver;
	struct listening *listening;
	struct ranks idle; /* nothing in progress, nothing to be written */
	struct ranks busy;
	struct timer *timer; /* when the idlest connection has been so for too long */
	struct shares_member member;
	bool is_quiet;
	struct count accepted;
	struct count refused_client;
	struct count refused_total;
	struct count closed_idlest;
	struct count closed_idle;
	struct count closed_stalled;
	/* One message at a time is answered at once, so one buffer is enough. */
	uint8_t out[WIRE_MESSAGE_MAX];
};

static void leave_ranks(struct connection *connection)
{
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		connection->ranks->first = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	else
		connection->ranks->last = connection->previous;
}

static void join_ranks(struct connection *connection, struct ranks *ranks)
{
	connection->ranks = ranks;
	connection->previous = ranks->last;
	connection->next = NULL;
	if (ranks->last)
		ranks->last->next = connection;
	else
		ranks->first = connection;
	ranks->last = connection;
}

/* Tells the other workers how long the idlest of ours is quiet. */
static void publish(struct tcp_front *front)
{
	shares_publish(&front->member,
		front->idle.first ? front->idle.first->quiet_since_ms : SHARES_NONE_IDLE);
}

static struct ranks *ranks_of(const struct connection *connection)
{
	bool is_idle = connection->list.count == 0 && tcp_queued(connection->tcp) == 0;

	return is_idle ? &connection->front->idle : &connection->front->busy;
}

/* What an event has brought, and when. */
struct taken {
	uint64_t now_ms;
	uint64_t wall_s;
	bool is_active; /* a whole message, or an answer: R7766-6.2.3-a, parts do not count */
	enum frames_state state;
};

static struct taken begin(const struct connection *connection)
{
	const struct loop *loop = connection->front->loop;

	return (struct taken){ .now_ms = loop_now_ms(loop), .wall_s = loop_wall_s(loop) };
}

/* After every event: among the idle or the busy ones; who comes there is quiet from now on. */
static void settle(struct connection *connection, const struct taken *taken)
{
	struct ranks *ranks = ranks_of(connection);

	if (!taken->is_active && ranks == connection->ranks)
		return;
	connection->quiet_since_ms = taken->now_ms;
	if (ranks != connection->ranks || connection->next) {
		leave_ranks(connection);
		join_ranks(connection, ranks);
	}
	publish(connection->front);
}

/* R7766-6.2.4-a: pending answers are not sent. */
static void close_now(struct connection *connection)
{
	leave_ranks(connection);
	publish(connection->front);
	query_list_cancel(&connection->list);
	shares_give(connection->front->options.shares, &connection->origin.client.addr);
	tcp_free(connection->tcp);
	frames_clear(&connection->frames);
	free(connection);
}

/* Those quiet since then or earlier. */
static size_t close_quiet(struct ranks *ranks, uint64_t since_ms)
{
	struct connection *next;
	size_t count = 0;

	for (struct connection *one = ranks->first; one && one->quiet_since_ms <= since_ms;
		one = next) {
		next = one->next;
		close_now(one);
		count++;
	}
	return count;
}

/* Nothing more is read or answered; closes when what is queued has left. */
static void finish(struct connection *connection)
{
	connection->is_closing = true;
	query_list_cancel(&connection->list);
	tcp_finish(connection->tcp);
}

/* False: the peer reads too slowly for what it asks, and the connection is gone. */
static bool write_answer(struct connection *connection, const uint8_t *octets, size_t size)
{
	if (tcp_write_message(connection->tcp, octets, size))
		return true;
	count_up(&connection->front->closed_stalled);
	close_now(connection);
	return false;
}

static bool take_messages(struct connection *connection, struct taken *taken);
static void go_on(struct connection *connection, const struct taken *taken);

static void on_answer(void *owner, const struct origin *origin, const uint8_t *octets, size_t size)
{
	struct connection *connection = owner;
	struct taken taken = begin(connection);

	(void)origin;
	taken.is_active = true;
	if (write_answer(connection, octets, size) && take_messages(connection, &taken))
		go_on(connection, &taken);
}

/* False: the connection is gone. */
static bool start(struct connection *connection, struct request *request)
{
	struct tcp_front *front = connection->front;
	size_t size = 0;

	switch (query_start(front->resolver, request, front->out, &size, on_answer, connection)) {
	case QUERY_ANSWERED:
		return write_answer(connection, front->out, size);
	case QUERY_WAITS:
	case QUERY_DROPPED:
		break;
	}
	return true;
}

/* One whole message. False: the connection is gone. */
static bool judge(struct connection *connection, const uint8_t *octets, size_t size,
	const struct taken *taken)
{
	struct tcp_front *front = connection->front;
	struct request request;
	struct wire wire;
	size_t answer_size = 0;

	request.origin = connection->origin;
	request.list = &connection->list;
	switch (gate_judge(front->options.gate, octets, size, taken->now_ms, taken->wall_s, &wire,
		&request, front->out, &answer_size)) {
	case GATE_ADMIT:
		return start(connection, &request);
	case GATE_ANSWER:
		return write_answer(connection, front->out, answer_size);
	case GATE_ANSWER_AND_CLOSE:
		if (!write_answer(connection, front->out, answer_size))
			return false;
		finish(connection);
		return true;
	case GATE_DROP:
		return true;
	case GATE_CLOSE:
		break;
	}
	close_now(connection);
	return false;
}

/* Whether it takes another message (TCP-a). */
static bool has_room(const struct connection *connection)
{
	return !connection->is_closing && !connection->front->is_quiet &&
	       connection->list.count < TCP_FRONT_PIPELINE_MAX &&
	       tcp_queued(connection->tcp) < QUEUE_HIGH;
}

/* As many as there is room for. False: the connection is gone. */
static bool take_messages(struct connection *connection, struct taken *taken)
{
	const uint8_t *octets;
	size_t size;

	taken->state = FRAMES_MESSAGE;
	while (has_room(connection)) {
		taken->state = frames_next(&connection->frames, &octets, &size);
		if (taken->state != FRAMES_MESSAGE)
			break;
		taken->is_active = true;
		if (!judge(connection, octets, size, taken))
			return false;
	}
	return true;
}

/* Reads on, but only when it could take more. */
static void go_on(struct connection *connection, const struct taken *taken)
{
	settle(connection, taken);
	if (taken->state == FRAMES_BROKEN) { /* TCP-b */
		close_now(connection);
		return;
	}
	if (connection->is_closing)
		return;
	if (connection->has_ended) {
		if (taken->state == FRAMES_WAIT && connection->list.count == 0)
			finish(connection);
		return;
	}
	if (has_room(connection))
		tcp_resume(connection->tcp);
	else
		tcp_pause(connection->tcp);
}

static void on_received(void *owner, const uint8_t *octets, size_t size)
{
	struct connection *connection = owner;
	struct taken taken = begin(connection);

	if (connection->is_closing || connection->front->is_quiet)
		return;
	frames_lend(&connection->frames, octets, size);
	if (!take_messages(connection, &taken))
		return;
	frames_keep(&connection->frames);
	/* The answers to what was read leave in one write. Where there was no room for all, it is
	 * at the end of the turn, so that others have theirs. */
	if (taken.state == FRAMES_WAIT)
		tcp_flush(connection->tcp);
	go_on(connection, &taken);
}

static void on_ended(void *owner)
{
	struct connection *connection = owner;
	struct taken taken = begin(connection);

	connection->has_ended = true;
	if (take_messages(connection, &taken))
		go_on(connection, &taken);
}

static void on_drained(void *owner)
{
	struct connection *connection = owner;
	struct taken taken = begin(connection);

	if (take_messages(connection, &taken))
		go_on(connection, &taken);
}

static void on_closed(void *owner, int error)
{
	struct connection *connection = owner;

	/* LIM-11 */
	if (error == -ETIMEDOUT)
		count_up(&connection->front->closed_stalled);
	close_now(connection);
}

static const struct tcp_events events = {
	.received = on_received, .ended = on_ended, .drained = on_drained, .closed = on_closed
};

/* R7766-6.2.2-a: over the total the idlest makes room; where all wait for something, the one that
 * has waited longest, for room was promised. */
static void on_close_idlest(void *owner)
{
	struct tcp_front *front = owner;
	struct connection *connection = front->idle.first ? front->idle.first : front->busy.first;

	shares_note_closed(front->options.shares);
	if (!connection)
		return;
	count_up(&front->closed_idlest);
	close_now(connection);
}

/* From the thread of another worker. */
static void on_wanted(void *owner)
{
	struct tcp_front *front = owner;

	loop_post(front->loop, on_close_idlest, front);
}

static bool take_share(struct tcp_front *front, const struct addr *client)
{
	switch (shares_take(front->options.shares, client)) {
	case SHARES_TAKEN:
		return true;
	case SHARES_CLIENT_USED:
		count_up(&front->refused_client);
		return false;
	case SHARES_ALL_USED:
		break;
	}
	if (shares_take_over(front->options.shares, client))
		return true;
	count_up(&front->refused_total);
	return false;
}

static void watch_idle(struct tcp_front *front);

static void on_accepted(void *owner, struct tcp *stream)
{
	struct tcp_options options = { .stall_ms = TCP_FRONT_STALL_MS, .queue_max = QUEUE_MAX };
	struct origin origin = { .client = tcp_peer(stream), .stream = true };
	struct tcp_front *front = owner;
	struct connection *connection;

	if (front->is_quiet || !take_share(front, &origin.client.addr)) {
		tcp_free(stream);
		return;
	}
	count_up(&front->accepted);
	connection = mem_new(sizeof(*connection));
	connection->front = front;
	connection->tcp = stream;
	connection->origin = origin;
	connection->origin.local = tcp_local(stream).addr;
	connection->quiet_since_ms = loop_now_ms(front->loop);
	tcp_attach(stream, &options, &events, connection);
	join_ranks(connection, &front->idle);
	publish(front);
	watch_idle(front);
}

static void watch_idle(struct tcp_front *front)
{
	uint64_t now_ms = loop_now_ms(front->loop);
	uint64_t due_ms = now_ms + front->options.idle_ms;

	if ((!front->idle.first && !front->busy.first) || timer_is_running(front->timer))
		return;
	if (front->idle.first)
		due_ms = front->idle.first->quiet_since_ms + front->options.idle_ms;
	timer_start(front->timer, due_ms > now_ms ? due_ms - now_ms : 1);
}

/* Closes what was idle for too long. A connection with something in progress is not idle. */
static void on_idle_time(void *owner)
{
	struct tcp_front *front = owner;
	uint64_t now_ms = loop_now_ms(front->loop);

	if (now_ms >= front->options.idle_ms)
		count_up_by(&front->closed_idle,
			close_quiet(&front->idle, now_ms - front->options.idle_ms));
	watch_idle(front);
}

struct tcp_front *tcp_front_new(
	struct loop *loop, const struct tcp_front_options *options, struct resolver *resolver)
{
	struct tcp_front *front = mem_new(sizeof(*front));

	front->loop = loop;
	front->options = *options;
	front->resolver = resolver;
	front->timer = timer_new(loop, on_idle_time, front);
	front->member = (struct shares_member){ .wanted = on_wanted, .owner = front };
	shares_join(options->shares, &front->member);
	return front;
}

void tcp_front_free(struct tcp_front *front)
{
	if (!front)
		return;
	while (front->listening)
		tcp_front_unlisten(front, &front->listening->endpoint);
	(void)close_quiet(&front->idle, UINT64_MAX);
	(void)close_quiet(&front->busy, UINT64_MAX);
	shares_leave(front->options.shares, &front->member);
	timer_free(front->timer);
	free(front);
}

void tcp_front_set_options(struct tcp_front *front, const struct tcp_front_options *options)
{
	front->options = *options;
	timer_stop(front->timer);
	watch_idle(front);
}

int tcp_front_listen(
	struct tcp_front *front, const struct endpoint *endpoint, bool shared, int passed)
{
	struct socket_options socket = { .local = *endpoint, .shared = shared, .passed = passed };
	struct listening *listening;
	struct tcp_listener *listener;
	int error = 0;

	listener = tcp_listener_new(front->loop, &socket, on_accepted, front, &error);
	if (!listener)
		return error;
	listening = mem_new(sizeof(*listening));
	listening->endpoint = *endpoint;
	listening->listener = listener;
	listening->next = front->listening;
	front->listening = listening;
	return 0;
}

void tcp_front_unlisten(struct tcp_front *front, const struct endpoint *endpoint)
{
	for (struct listening **at = &front->listening; *at; at = &(*at)->next) {
		struct listening *listening = *at;

		if (!endpoint_equal(&listening->endpoint, endpoint))
			continue;
		*at = listening->next;
		if (!front->is_quiet)
			tcp_listener_drain(listening->listener);
		tcp_listener_free(listening->listener);
		free(listening);
		return;
	}
}

void tcp_front_add_counts(struct tcp_front *front, struct counts *counts)
{
	counts_add(counts, "tcp_accepted_total", NULL, "connections of clients", &front->accepted);
	counts_add(counts, "tcp_refused_total", "limit=\"client\"", "connections over a limit",
		&front->refused_client);
	counts_add(counts, "tcp_refused_total", "limit=\"total\"", "connections over a limit",
		&front->refused_total);
	counts_add(counts, "tcp_closed_total", "reason=\"idle\"", "connections closed by this side",
		&front->closed_idle);
	counts_add(counts, "tcp_closed_total", "reason=\"idlest\"",
		"connections closed by this side", &front->closed_idlest);
	counts_add(counts, "tcp_closed_total", "reason=\"stalled\"",
		"connections closed by this side", &front->closed_stalled);
}

void tcp_front_quiesce(struct tcp_front *front)
{
	front->is_quiet = true;
	while (front->listening)
		tcp_front_unlisten(front, &front->listening->endpoint);
}
