/* Streams of the simulated world, behind the header of net/tcp. A connection is a pipe with two
 * ends; both are a `struct tcp`, whether the product or a test holds them. */

#include "world.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"

enum {
	QUEUE_MAX = 1 << 20,
	WINDOW = 1 << 16, /* octets that the peer has not read yet */
	FINISH_MS = 1000
};

struct pipe {
	struct tcp *ends[2]; /* NULL once freed */
	unsigned users;      /* ends and segments under way */
};

struct octets {
	uint8_t *octets;
	size_t size;
};

struct tcp {
	struct sim *sim;
	struct pipe *pipe;
	int side;
	struct event turn;     /* writes */
	struct event delivery; /* reads */
	struct event timer;    /* connecting, stalled or finishing */
	struct tcp_options options;
	struct tcp_events events;
	void *owner;
	struct endpoint local;
	struct endpoint peer;
	struct octets out;
	struct octets in;
	size_t flying;       /* octets sent that have not arrived */
	uint64_t connect_ms; /* when the connect began; then how long it took */
	bool is_connecting;
	bool is_attached;
	bool is_paused;
	bool is_finishing;
	bool ends_writing;
	bool has_ended_writing;
	bool has_peer_ended; /* its last segment is here */
	bool has_ended;      /* and the owner knows, or need not */
	bool is_dead;
};

struct tcp_listener {
	struct tcp_listener *next;
	struct sim *sim;
	struct endpoint local;
	bool shared;
	tcp_accepted *accepted;
	void *owner;
};

enum segment_kind { SEGMENT_CONNECT, SEGMENT_ACCEPT, SEGMENT_DATA, SEGMENT_END, SEGMENT_RESET };

struct segment {
	struct event event;
	struct pipe *pipe;
	struct endpoint from;
	struct endpoint to;
	int side; /* of the end that it goes to */
	enum segment_kind kind;
	int error; /* of a reset */
	size_t size;
	uint8_t octets[];
};

static void pipe_unref(struct pipe *pipe)
{
	if (--pipe->users == 0)
		free(pipe);
}

static void octets_add(struct octets *queue, const uint8_t *octets, size_t size)
{
	if (size == 0)
		return;
	queue->octets = mem_resize_array(queue->octets, queue->size + size, 1);
	memcpy(queue->octets + queue->size, octets, size);
	queue->size += size;
}

static void octets_drop(struct octets *queue, size_t size)
{
	queue->size -= size;
	memmove(queue->octets, queue->octets + size, queue->size);
}

static void octets_clear(struct octets *queue)
{
	free(queue->octets);
	*queue = (struct octets){ 0 };
}

static void segment_free(void *owner)
{
	struct segment *segment = owner;

	pipe_unref(segment->pipe);
	free(segment);
}

static void on_segment(void *owner);

/* `side` is the end that it goes to. */
static void send_segment(struct sim *sim, struct pipe *pipe, int side, const struct segment *header,
	const uint8_t *octets, size_t size)
{
	struct segment *segment = mem_new(sizeof(*segment) + size);

	*segment = *header;
	segment->event = (struct event){
		.call = on_segment,
		.forget = segment_free,
		.owner = segment,
	};
	segment->pipe = pipe;
	segment->side = side;
	segment->size = size;
	if (size > 0)
		memcpy(segment->octets, octets, size);
	pipe->users++;
	world_schedule(sim, &segment->event, world_latency(sim, &header->from, &header->to));
}

static void send_from(
	struct tcp *tcp, enum segment_kind kind, int error, const uint8_t *octets, size_t size)
{
	struct segment header = {
		.from = tcp->local,
		.to = tcp->peer,
		.kind = kind,
		.error = error,
	};

	send_segment(tcp->sim, tcp->pipe, 1 - tcp->side, &header, octets, size);
}

static void tell_closed(struct tcp *tcp, int error)
{
	if (tcp->is_connecting)
		tcp->connect_ms = tcp->sim->now_ms - tcp->connect_ms;
	tcp->is_dead = true;
	world_unschedule(&tcp->turn);
	world_unschedule(&tcp->delivery);
	world_unschedule(&tcp->timer);
	octets_clear(&tcp->out);
	tcp->events.closed(tcp->owner, error);
}

static void on_time(void *owner)
{
	struct tcp *tcp = owner;

	tell_closed(tcp, tcp->has_ended_writing && tcp->is_finishing ? 0 : -ETIMEDOUT);
}

/* Octets have left, or all have. */
static void judge_progress(struct tcp *tcp, size_t sent)
{
	if (tcp->out.size == 0)
		world_unschedule(&tcp->timer);
	else if (tcp->options.stall_ms != 0 && (sent > 0 || !world_is_scheduled(&tcp->timer)))
		world_schedule(tcp->sim, &tcp->timer, tcp->options.stall_ms);
}

/* As much as fits; returns how much. */
static size_t send_out(struct tcp *tcp)
{
	const struct tcp *peer = tcp->pipe->ends[1 - tcp->side];
	size_t used = tcp->flying + (peer ? peer->in.size : 0);
	size_t size = used < WINDOW ? WINDOW - used : 0;

	if (size > tcp->out.size)
		size = tcp->out.size;
	if (size > 0) {
		send_from(tcp, SEGMENT_DATA, 0, tcp->out.octets, size);
		tcp->flying += size;
		octets_drop(&tcp->out, size);
	}
	judge_progress(tcp, size);
	return size;
}

static void on_turn(void *owner)
{
	struct tcp *tcp = owner;
	size_t size;

	if (tcp->is_dead || tcp->is_connecting || tcp->has_ended_writing)
		return;
	size = send_out(tcp);
	if (size > 0 && tcp->out.size == 0 && !tcp->ends_writing && tcp->events.drained) {
		tcp->events.drained(tcp->owner);
		return;
	}
	if (tcp->out.size > 0 || !tcp->ends_writing)
		return;
	send_from(tcp, SEGMENT_END, 0, NULL, 0);
	tcp->has_ended_writing = true;
	if (!tcp->is_finishing)
		return;
	if (tcp->has_ended)
		tell_closed(tcp, 0);
	else
		world_schedule(tcp->sim, &tcp->timer, FINISH_MS);
}

static void wake(struct tcp *tcp)
{
	if (tcp && !tcp->is_dead)
		world_schedule(tcp->sim, &tcp->turn, 0);
}

static void end_reading(struct tcp *tcp)
{
	tcp->has_ended = true;
	if (!tcp->is_finishing)
		tcp->events.ended(tcp->owner);
	else if (tcp->has_ended_writing)
		tell_closed(tcp, 0);
}

static void on_delivery(void *owner)
{
	struct tcp *tcp = owner;
	struct pipe *pipe = tcp->pipe;
	int side = tcp->side;
	struct octets in = tcp->in;

	if (tcp->is_dead || tcp->is_connecting || (tcp->is_paused && !tcp->is_finishing))
		return;
	pipe->users++;
	tcp->in = (struct octets){ 0 };
	if (in.size > 0) {
		wake(pipe->ends[1 - side]);
		if (!tcp->is_finishing)
			tcp->events.received(tcp->owner, in.octets, in.size);
	}
	octets_clear(&in);
	if (pipe->ends[side] == tcp && !tcp->is_dead && tcp->has_peer_ended && !tcp->has_ended &&
		(!tcp->is_paused || tcp->is_finishing))
		end_reading(tcp);
	pipe_unref(pipe);
}

static struct tcp *tcp_new(struct sim *sim, struct pipe *pipe, int side)
{
	struct tcp *tcp = mem_new(sizeof(*tcp));

	tcp->sim = sim;
	tcp->pipe = pipe;
	tcp->side = side;
	tcp->turn = (struct event){ .call = on_turn, .owner = tcp };
	tcp->delivery = (struct event){ .call = on_delivery, .owner = tcp };
	tcp->timer = (struct event){ .call = on_time, .owner = tcp };
	pipe->ends[side] = tcp;
	pipe->users++;
	sim->live++;
	return tcp;
}

/* Without a word to the other end. */
static void release(struct tcp *tcp)
{
	world_unschedule(&tcp->turn);
	world_unschedule(&tcp->delivery);
	world_unschedule(&tcp->timer);
	octets_clear(&tcp->in);
	octets_clear(&tcp->out);
	tcp->pipe->ends[tcp->side] = NULL;
	wake(tcp->pipe->ends[1 - tcp->side]); /* its octets need not fit any more */
	pipe_unref(tcp->pipe);
	tcp->sim->live--;
	free(tcp);
}

static struct tcp_listener *find_listener(struct sim *sim, const struct endpoint *to, bool is_exact)
{
	for (struct tcp_listener *listener = sim->listeners; listener; listener = listener->next) {
		if (is_exact && addr_is_any(&listener->local.addr))
			continue;
		if (world_covers(&listener->local, to))
			return listener;
	}
	return NULL;
}

static void answer_connect(const struct segment *syn, struct sim *sim, int error)
{
	struct segment header = {
		.from = syn->to,
		.to = syn->from,
		.kind = error != 0 ? SEGMENT_RESET : SEGMENT_ACCEPT,
		.error = error,
	};

	send_segment(sim, syn->pipe, 0, &header, NULL, 0);
}

/* A connect has arrived where somebody may listen. */
static void meet(struct sim *sim, const struct segment *syn)
{
	const struct place *place = world_place(sim, &syn->to);
	const struct tcp_listener *listener = find_listener(sim, &syn->to, true);
	enum sim_verdict verdict = SIM_ACCEPT;
	struct tcp *tcp;

	if (place->error != 0) {
		answer_connect(syn, sim, place->error);
		return;
	}
	if (!listener && !place->connecting)
		listener = find_listener(sim, &syn->to, false);
	if (!listener && !place->connecting)
		return;
	tcp = tcp_new(sim, syn->pipe, 1);
	tcp->local = syn->to;
	tcp->peer = syn->from;
	if (listener) {
		/* As a kernel does: the owner may free it at once, and the end comes behind. */
		answer_connect(syn, sim, 0);
		listener->accepted(listener->owner, tcp);
		return;
	}
	verdict = place->connecting(place->connecting_owner, tcp);
	if (verdict != SIM_ACCEPT)
		release(tcp);
	if (verdict != SIM_IGNORE)
		answer_connect(syn, sim, verdict == SIM_REFUSE ? -ECONNREFUSED : 0);
}

static void take_data(struct tcp *tcp, const struct segment *segment)
{
	octets_add(&tcp->in, segment->octets, segment->size);
	world_unschedule(&tcp->delivery);
	on_delivery(tcp);
}

static void arrive(struct tcp *tcp, const struct segment *segment)
{
	switch (segment->kind) {
	case SEGMENT_CONNECT:
		break;
	case SEGMENT_ACCEPT:
		tcp->is_connecting = false;
		tcp->connect_ms = tcp->sim->now_ms - tcp->connect_ms;
		world_unschedule(&tcp->timer);
		world_schedule(tcp->sim, &tcp->turn, 0);
		tcp->events.connected(tcp->owner);
		break;
	case SEGMENT_DATA:
		take_data(tcp, segment);
		break;
	case SEGMENT_END:
		tcp->has_peer_ended = true;
		world_unschedule(&tcp->delivery);
		on_delivery(tcp);
		break;
	case SEGMENT_RESET:
		tell_closed(tcp, tcp->is_finishing && tcp->has_ended_writing ? 0 : segment->error);
		break;
	}
}

static void on_segment(void *owner)
{
	struct segment *segment = owner;
	struct tcp *sender = segment->pipe->ends[1 - segment->side];
	struct tcp *tcp = segment->pipe->ends[segment->side];

	if (sender && segment->kind == SEGMENT_DATA)
		sender->flying -= segment->size;
	if (segment->kind == SEGMENT_CONNECT && sender)
		meet(sender->sim, segment);
	else if (tcp && !tcp->is_dead)
		arrive(tcp, segment);
	else if (sender && (segment->kind == SEGMENT_DATA || segment->kind == SEGMENT_ACCEPT)) {
		/* Written to one that is gone, or taken from one that no longer waits. */
		struct segment header = {
			.from = segment->to,
			.to = segment->from,
			.kind = SEGMENT_RESET,
			.error = -ECONNRESET,
		};

		send_segment(sender->sim, segment->pipe, 1 - segment->side, &header, NULL, 0);
	}
	segment_free(segment);
}

void tcp_attach(struct tcp *tcp, const struct tcp_options *options, const struct tcp_events *events,
	void *owner)
{
	tcp->options = *options;
	tcp->events = *events;
	tcp->owner = owner;
	tcp->is_attached = true;
}

struct tcp *sim_connect_tcp(struct sim *sim, const struct endpoint *from, const struct endpoint *to,
	const struct tcp_options *options, const struct tcp_events *events, void *owner)
{
	struct tcp *tcp = tcp_new(sim, mem_new(sizeof(struct pipe)), 0);

	tcp->local = *from;
	tcp->peer = *to;
	tcp->is_connecting = true;
	tcp->connect_ms = sim->now_ms;
	tcp_attach(tcp, options, events, owner);
	world_place(sim, to)->tcp_count++;
	send_from(tcp, SEGMENT_CONNECT, 0, NULL, 0);
	if (options->connect_ms != 0)
		world_schedule(sim, &tcp->timer, options->connect_ms);
	return tcp;
}

struct tcp *tcp_connect(struct loop *loop, const struct endpoint *peer,
	const struct tcp_options *options, const struct tcp_events *events, void *owner)
{
	struct endpoint local = { 0 };

	world_give_port(loop->sim, &local);
	local = world_source(&local, peer);
	return sim_connect_tcp(loop->sim, &local, peer, options, events, owner);
}

uint64_t tcp_connect_us(const struct tcp *tcp)
{
	return tcp->connect_ms * 1000;
}

void tcp_free(struct tcp *tcp)
{
	if (!tcp)
		return;

	/* What was not read resets the stream, as a kernel does. */
	if (!tcp->is_connecting && tcp->in.size > 0)
		send_from(tcp, SEGMENT_RESET, -ECONNRESET, NULL, 0);
	else if (!tcp->is_connecting && !tcp->has_ended_writing)
		send_from(tcp, SEGMENT_END, 0, NULL, 0);
	release(tcp);
}

void sim_reset(struct tcp *stream)
{
	send_from(stream, SEGMENT_RESET, -ECONNRESET, NULL, 0);
	release(stream);
}

void sim_half_close(struct tcp *stream)
{
	stream->ends_writing = true;
	wake(stream);
}

static bool has_room(const struct tcp *tcp, size_t size)
{
	size_t max = tcp->options.queue_max != 0 ? tcp->options.queue_max : QUEUE_MAX;

	return !tcp->is_dead && !tcp->ends_writing && size <= max && tcp->out.size <= max - size;
}

bool tcp_write(struct tcp *tcp, const uint8_t *octets, size_t size)
{
	if (!has_room(tcp, size))
		return false;
	octets_add(&tcp->out, octets, size);
	if (!world_is_scheduled(&tcp->turn))
		wake(tcp);
	return true;
}

bool tcp_write_message(struct tcp *tcp, const uint8_t *octets, size_t size)
{
	uint8_t length[2] = { (uint8_t)(size >> 8), (uint8_t)size };

	assert(size <= UINT16_MAX);
	if (!has_room(tcp, size + sizeof(length)))
		return false;
	return tcp_write(tcp, length, sizeof(length)) && tcp_write(tcp, octets, size);
}

void tcp_flush(struct tcp *tcp)
{
	if (tcp->is_dead || tcp->is_connecting || tcp->ends_writing)
		return;
	(void)send_out(tcp);
	if (tcp->out.size == 0)
		world_unschedule(&tcp->turn);
}

size_t tcp_queued(const struct tcp *tcp)
{
	return tcp->out.size;
}

void tcp_pause(struct tcp *tcp)
{
	tcp->is_paused = true;
}

void tcp_resume(struct tcp *tcp)
{
	tcp->is_paused = false;
	if (!tcp->is_dead)
		world_schedule(tcp->sim, &tcp->delivery, 0);
}

void tcp_finish(struct tcp *tcp)
{
	if (tcp->is_finishing)
		return;
	tcp->is_finishing = true;
	tcp->ends_writing = true;
	wake(tcp);
	tcp_resume(tcp);
}

struct endpoint tcp_peer(const struct tcp *tcp)
{
	return tcp->peer;
}

struct endpoint tcp_local(const struct tcp *tcp)
{
	return tcp->local;
}

bool world_has_listener(const struct sim *sim, const struct endpoint *local, bool shared)
{
	for (const struct tcp_listener *listener = sim->listeners; listener;
		listener = listener->next) {
		if (!world_covers(&listener->local, local) &&
			!world_covers(local, &listener->local))
			continue;
		if (!listener->shared || !shared)
			return true;
	}
	return false;
}

struct tcp_listener *tcp_listener_new(struct loop *loop, const struct socket_options *options,
	tcp_accepted *accepted, void *owner, int *error)
{
	struct sim *sim = loop->sim;
	struct endpoint local = options->local;
	struct tcp_listener *listener;

	if (local.addr.family == ADDR_NONE) {
		*error = -EINVAL;
		return NULL;
	}
	world_give_port(sim, &local);
	if (world_has_listener(sim, &local, options->shared)) {
		*error = -EADDRINUSE;
		return NULL;
	}
	listener = mem_new(sizeof(*listener));
	listener->sim = sim;
	listener->local = local;
	listener->shared = options->shared;
	listener->accepted = accepted;
	listener->owner = owner;
	listener->next = sim->listeners;
	sim->listeners = listener;
	sim->live++;
	return listener;
}

void tcp_listener_free(struct tcp_listener *listener)
{
	struct tcp_listener **at;

	if (!listener)
		return;
	at = &listener->sim->listeners;
	while (*at != listener)
		at = &(*at)->next;
	*at = listener->next;
	listener->sim->live--;
	free(listener);
}

/* Nothing waits here. */
void tcp_listener_drain(struct tcp_listener *listener)
{
	(void)listener;
}

struct endpoint tcp_listener_local(const struct tcp_listener *listener)
{
	return listener->local;
}

void sim_serve_tcp(
	struct sim *sim, const struct endpoint *at, sim_connecting *connecting, void *owner)
{
	struct place *place = world_place(sim, at);

	place->connecting = connecting;
	place->connecting_owner = owner;
}
