/* Byte streams: accept, connect, a bounded write queue, an end in both directions. It knows
 * nothing of what the octets mean, but that DNS messages have their length before them. */

#define _GNU_SOURCE
#include "sixward/net/tcp.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "sixward/base/bytes.h"
#include "sixward/base/mem.h"
#include "sixward/net/listener.h"
#include "sixward/net/refusal.h"
#include "sixward/net/timer.h"

enum {
	READ_OCTETS = 1 << 16,
	GATHERED_OCTETS = 1 << 16,
	QUEUE_MAX = 1 << 20,
	PENDING_OCTETS = 1024, /* the first room for what waits */
	STALL_CHECKS = 4,      /* looks at a stalled queue per stall_ms */
	FINISH_MS = 1000
};

/* One per loop, lent to whom has something to read, and to whom has written last: streams hold
 * memory only for what the kernel does not take. */
struct shared {
	struct tcp *writer; /* whose octets are gathered; NULL = nobody's */
	size_t size;        /* of them */
	char read[READ_OCTETS];
	uint8_t gathered[GATHERED_OCTETS];
};

/* What the kernel did not take at once. */
struct write {
	uv_write_t uv;
	uint8_t *octets;
};

struct tcp {
	uv_tcp_t uv;
	struct loop *loop;
	struct shared *shared;
	struct loop_turn turn;
	struct timer *timer; /* connecting, stalled or finishing; made when first needed */
	struct tcp_options options;
	const struct tcp_events *events;
	void *owner;
	struct endpoint peer;
	uint8_t *pending; /* what could not be gathered: connecting, blocked, or too much */
	size_t pending_size;
	size_t pending_room;
	struct write *writing;
	size_t left;         /* of `writing`, when last looked at */
	uint64_t connect_ns; /* when it began; then how long it took */
	int idle_checks;
	int error; /* to be told at the end of the turn */
	int descriptor;
	bool is_connecting;
	bool is_attached;
	bool is_paused;
	bool is_reading;
	bool is_finishing;
	bool is_shut;   /* all is written and the shutdown is under way or done */
	bool has_ended; /* the peer will send no more */
	bool is_dead;   /* `closed` was told */
};

struct tcp_listener {
	struct listener *listener;
	struct loop *loop;
	tcp_accepted *accepted;
	void *owner;
};

static void on_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static bool is_freed(const struct tcp *tcp)
{
	return uv_is_closing((const uv_handle_t *)&tcp->uv) != 0;
}

static void forget_gathered(struct tcp *tcp)
{
	if (tcp->shared->writer != tcp)
		return;
	tcp->shared->writer = NULL;
	tcp->shared->size = 0;
}

static void forget_pending(struct tcp *tcp)
{
	free(tcp->pending);
	tcp->pending = NULL;
	tcp->pending_size = 0;
	tcp->pending_room = 0;
}

static void stop_reading(struct tcp *tcp)
{
	if (tcp->is_reading)
		uv_read_stop((uv_stream_t *)&tcp->uv);
	tcp->is_reading = false;
}

static void end_connecting(struct tcp *tcp)
{
	if (!tcp->is_connecting)
		return;
	tcp->is_connecting = false;
	tcp->connect_ns = uv_hrtime() - tcp->connect_ns;
}

/* Everything stops; then the owner is told, who may free. */
static void tell_closed(struct tcp *tcp, int error)
{
	end_connecting(tcp);
	tcp->is_dead = true;
	stop_reading(tcp);
	forget_gathered(tcp);
	forget_pending(tcp);
	loop_turn_remove(&tcp->turn);
	timer_free(tcp->timer);
	tcp->timer = NULL;
	tcp->events->closed(tcp->owner, error);
}

static size_t left_to_write(const struct tcp *tcp)
{
	return tcp->writing ? uv_stream_get_write_queue_size((const uv_stream_t *)&tcp->uv) : 0;
}

static void on_time(void *owner);

static void start_timer(struct tcp *tcp, uint64_t ms)
{
	if (!tcp->timer)
		tcp->timer = timer_new(tcp->loop, on_time, tcp);
	timer_start(tcp->timer, ms);
}

static void stop_timer(struct tcp *tcp)
{
	if (tcp->timer)
		timer_stop(tcp->timer);
}

static void watch_stall(struct tcp *tcp)
{
	if (tcp->options.stall_ms == 0)
		return;
	start_timer(tcp, (tcp->options.stall_ms + STALL_CHECKS - 1) / STALL_CHECKS);
}

/* LIM-11: not one octet has left for stall_ms. */
static void judge_stall(struct tcp *tcp)
{
	size_t left = left_to_write(tcp);

	tcp->idle_checks = left < tcp->left ? 0 : tcp->idle_checks + 1;
	tcp->left = left;
	if (tcp->idle_checks >= STALL_CHECKS)
		tell_closed(tcp, -ETIMEDOUT);
	else
		watch_stall(tcp);
}

static void on_time(void *owner)
{
	struct tcp *tcp = owner;

	if (tcp->is_connecting)
		tell_closed(tcp, -ETIMEDOUT); /* LIM-14 */
	else if (tcp->is_shut)
		tell_closed(tcp, 0);
	else
		judge_stall(tcp);
}

static void on_room(uv_handle_t *handle, size_t size, uv_buf_t *buffer)
{
	struct tcp *tcp = handle->data;

	(void)size;
	*buffer = uv_buf_init(tcp->shared->read, sizeof(tcp->shared->read));
}

static void end_reading(struct tcp *tcp)
{
	tcp->has_ended = true;
	stop_reading(tcp);
	if (!tcp->is_finishing)
		tcp->events->ended(tcp->owner); /* TCP-d: what is queued is still written */
	else if (tcp->is_shut)
		tell_closed(tcp, 0);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct tcp *tcp = stream->data;

	if (is_freed(tcp) || tcp->is_dead || size == 0)
		return;
	if (size == UV_EOF)
		end_reading(tcp);
	else if (size < 0)
		tell_closed(tcp, tcp->is_shut ? 0 : (int)size);
	else if (!tcp->is_finishing)
		tcp->events->received(tcp->owner, (const uint8_t *)buffer->base, (size_t)size);
}

static void start_reading(struct tcp *tcp)
{
	int result;

	if (tcp->is_reading || tcp->is_connecting || tcp->has_ended || tcp->is_dead)
		return;
	if (tcp->is_paused && !tcp->is_finishing)
		return;
	result = uv_read_start((uv_stream_t *)&tcp->uv, on_room, on_read);
	tcp->is_reading = result == 0;
	if (result == 0)
		return;
	tcp->error = result;
	loop_turn_add(tcp->loop, &tcp->turn);
}

static void on_shut(uv_shutdown_t *request, int status)
{
	struct tcp *tcp = request->handle->data;

	free(request);
	if (is_freed(tcp) || tcp->is_dead)
		return;
	if (status < 0)
		tell_closed(tcp, status);
	else if (tcp->has_ended)
		tell_closed(tcp, 0);
	else
		start_timer(tcp, FINISH_MS);
}

/* The peer's last octets are read and thrown away: left unread they would turn our close
 * into a reset, which destroys an answer on its way. */
static void shut(struct tcp *tcp)
{
	uv_shutdown_t *request = mem_new(sizeof(*request));
	int result;

	stop_timer(tcp);
	result = uv_shutdown(request, (uv_stream_t *)&tcp->uv, on_shut);
	if (result < 0) {
		free(request);
		tell_closed(tcp, result);
	} else {
		tcp->is_shut = true;
	}
}

static void end_turn(struct tcp *tcp);

static void on_written(uv_write_t *request, int status)
{
	struct tcp *tcp = request->handle->data;
	struct write *write = request->data;

	free(write->octets);
	free(write);
	if (is_freed(tcp) || tcp->is_dead)
		return;
	tcp->writing = NULL;
	stop_timer(tcp);
	if (status < 0)
		tell_closed(tcp, status);
	else
		end_turn(tcp);
}

/* What the kernel did not take is libuv's; `octets` is what is to be freed afterwards. */
static void wait_to_write(struct tcp *tcp, uint8_t *octets, size_t done, size_t size)
{
	struct write *write = mem_new(sizeof(*write));
	uv_buf_t rest = uv_buf_init((char *)octets + done, (unsigned)(size - done));

	write->uv.data = write;
	write->octets = octets;
	tcp->error = uv_write(&write->uv, (uv_stream_t *)&tcp->uv, &rest, 1, on_written);
	if (tcp->error < 0) {
		free(write->octets);
		free(write);
		return;
	}
	tcp->writing = write;
	tcp->left = left_to_write(tcp);
	tcp->idle_checks = 0;
	watch_stall(tcp);
}

/* How much of it the kernel takes. */
static size_t try_to_write(struct tcp *tcp, const uint8_t *octets, size_t size)
{
	ssize_t done;

	do
		done = send(tcp->descriptor, octets, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (done < 0 && errno == EINTR);
	if (done < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		tcp->error = -errno;
	return done < 0 ? 0 : (size_t)done;
}

/* Hands on what is queued. Calls nobody: `error` says what went wrong. */
static void flush(struct tcp *tcp)
{
	struct shared *shared = tcp->shared;
	size_t done;

	if (tcp->is_connecting || tcp->writing || tcp->error != 0)
		return;
	if (shared->writer == tcp) {
		done = try_to_write(tcp, shared->gathered, shared->size);
		if (tcp->error == 0 && done < shared->size)
			wait_to_write(tcp, mem_copy(shared->gathered + done, shared->size - done),
				0, shared->size - done);
		forget_gathered(tcp);
	} else if (tcp->pending_size > 0) {
		done = try_to_write(tcp, tcp->pending, tcp->pending_size);
		if (tcp->error == 0 && done < tcp->pending_size) {
			wait_to_write(tcp, tcp->pending, done, tcp->pending_size);
			tcp->pending = NULL;
		}
		forget_pending(tcp);
	}
	if (tcp->error != 0)
		loop_turn_add(tcp->loop, &tcp->turn);
}

/* All that the turn has written, at once; then whoever waited for that is told. */
static void end_turn(struct tcp *tcp)
{
	flush(tcp);
	if (tcp->error != 0)
		tell_closed(tcp, tcp->error);
	else if (tcp->is_connecting || tcp->writing)
		return;
	else if (tcp->is_finishing && !tcp->is_shut)
		shut(tcp);
	else if (!tcp->is_finishing && tcp->events->drained)
		tcp->events->drained(tcp->owner); /* TCP-a */
}

static void on_turn(void *owner)
{
	end_turn(owner);
}

static struct tcp *tcp_new(struct loop *loop)
{
	struct tcp *tcp = mem_new(sizeof(*tcp));

	uv_tcp_init(loop_library(loop), &tcp->uv);
	tcp->uv.data = tcp;
	tcp->loop = loop;
	tcp->shared = loop_shared(loop, LOOP_ROOM_TCP, sizeof(*tcp->shared));
	tcp->turn = (struct loop_turn){ .call = on_turn, .owner = tcp };
	return tcp;
}

static int refined(const struct tcp *tcp, int error)
{
	if (error != -ECONNREFUSED || !tcp->options.tells_icmp)
		return error;
	return refusal_is_reset(tcp->descriptor) ? error : -EHOSTUNREACH;
}

static void on_connected(uv_connect_t *request, int status)
{
	struct tcp *tcp = request->handle->data;

	free(request);
	if (is_freed(tcp) || tcp->is_dead)
		return;
	end_connecting(tcp);
	stop_timer(tcp);
	uv_fileno((const uv_handle_t *)&tcp->uv, &tcp->descriptor);
	if (status < 0) {
		tell_closed(tcp, refined(tcp, status));
		return;
	}
	uv_tcp_nodelay(&tcp->uv, 1);
	start_reading(tcp);
	loop_turn_add(tcp->loop, &tcp->turn); /* what was written before */
	tcp->events->connected(tcp->owner);
}

struct tcp *tcp_connect(struct loop *loop, const struct endpoint *peer,
	const struct tcp_options *options, const struct tcp_events *events, void *owner)
{
	struct tcp *tcp = tcp_new(loop);
	uv_connect_t *request = mem_new(sizeof(*request));
	struct sockaddr_storage sockaddr;

	tcp->peer = *peer;
	tcp->is_connecting = true;
	tcp->connect_ns = uv_hrtime();
	tcp_attach(tcp, options, events, owner);
	endpoint_to_sockaddr(peer, &sockaddr);
	tcp->error =
		uv_tcp_connect(request, &tcp->uv, (const struct sockaddr *)&sockaddr, on_connected);
	if (tcp->error != 0) {
		free(request);
		loop_turn_add(loop, &tcp->turn);
	} else if (options->connect_ms != 0)
		start_timer(tcp, options->connect_ms);
	return tcp;
}

void tcp_attach(struct tcp *tcp, const struct tcp_options *options, const struct tcp_events *events,
	void *owner)
{
	tcp->options = *options;
	tcp->events = events;
	tcp->owner = owner;
	tcp->is_attached = true;
	start_reading(tcp);
}

void tcp_free(struct tcp *tcp)
{
	if (!tcp)
		return;
	loop_turn_remove(&tcp->turn);
	timer_free(tcp->timer);
	tcp->timer = NULL;
	forget_gathered(tcp);
	forget_pending(tcp);
	uv_close((uv_handle_t *)&tcp->uv, on_closed);
}

uint64_t tcp_connect_us(const struct tcp *tcp)
{
	enum { NS_PER_US = 1000 };

	return tcp->connect_ns / NS_PER_US;
}

static size_t gathered(const struct tcp *tcp)
{
	return tcp->shared->writer == tcp ? tcp->shared->size : 0;
}

size_t tcp_queued(const struct tcp *tcp)
{
	return gathered(tcp) + tcp->pending_size + left_to_write(tcp);
}

/* Room of its own. */
static uint8_t *pend(struct tcp *tcp, size_t size)
{
	size_t room = tcp->pending_room != 0 ? tcp->pending_room : PENDING_OCTETS;
	uint8_t *octets;

	while (room < tcp->pending_size + size)
		room *= 2;
	if (room != tcp->pending_room) {
		tcp->pending = mem_resize_array(tcp->pending, room, 1);
		tcp->pending_room = room;
	}
	octets = tcp->pending + tcp->pending_size;
	tcp->pending_size += size;
	return octets;
}

/* Another writes now: what was gathered gets room of its own, and still leaves in one write. */
static void move_out(struct tcp *tcp)
{
	struct shared *shared = tcp->shared;

	memcpy(pend(tcp, shared->size), shared->gathered, shared->size);
	forget_gathered(tcp);
}

/* Room among what is gathered, which becomes this stream's; or NULL. */
static uint8_t *gather(struct tcp *tcp, size_t size)
{
	struct shared *shared = tcp->shared;
	uint8_t *octets;

	if (size > GATHERED_OCTETS - gathered(tcp))
		flush(tcp);
	if (tcp->is_connecting || tcp->writing || tcp->pending_size > 0 || tcp->error != 0 ||
		size > GATHERED_OCTETS)
		return NULL;
	if (shared->writer && shared->writer != tcp)
		move_out(shared->writer);
	shared->writer = tcp;
	octets = shared->gathered + shared->size;
	shared->size += size;
	return octets;
}

/* Room for `size` octets more, or NULL. */
static uint8_t *reserve(struct tcp *tcp, size_t size)
{
	size_t max = tcp->options.queue_max != 0 ? tcp->options.queue_max : QUEUE_MAX;
	struct shared *shared = tcp->shared;
	size_t queued;
	uint8_t *octets;

	if (tcp->is_dead || tcp->is_finishing || tcp->error != 0)
		return NULL;
	/* Whoever wrote last goes on, as in a burst of answers: nothing of it waits elsewhere. */
	if (shared->writer == tcp && size <= GATHERED_OCTETS - shared->size &&
		shared->size + size <= max) {
		octets = shared->gathered + shared->size;
		shared->size += size;
		return octets;
	}
	queued = tcp_queued(tcp);
	if (queued > max || size > max - queued)
		return NULL;
	octets = gather(tcp, size);
	loop_turn_add(tcp->loop, &tcp->turn);
	return octets ? octets : pend(tcp, size);
}

void tcp_flush(struct tcp *tcp)
{
	if (tcp->is_dead || tcp->is_finishing)
		return;
	flush(tcp);
	if (tcp->error == 0 && !tcp->is_connecting)
		loop_turn_remove(&tcp->turn);
}

bool tcp_write(struct tcp *tcp, const uint8_t *octets, size_t size)
{
	uint8_t *room = reserve(tcp, size);

	if (!room)
		return false;
	if (size > 0)
		memcpy(room, octets, size);
	return true;
}

bool tcp_write_message(struct tcp *tcp, const uint8_t *octets, size_t size)
{
	uint8_t *room;

	assert(size <= UINT16_MAX);
	room = reserve(tcp, size + 2);
	if (!room)
		return false;
	bytes_put_u16(room, (uint16_t)size);
	if (size > 0)
		memcpy(room + 2, octets, size);
	return true;
}

void tcp_pause(struct tcp *tcp)
{
	tcp->is_paused = true;
	if (!tcp->is_finishing)
		stop_reading(tcp);
}

void tcp_resume(struct tcp *tcp)
{
	tcp->is_paused = false;
	start_reading(tcp);
}

void tcp_finish(struct tcp *tcp)
{
	if (tcp->is_finishing || tcp->is_dead)
		return;
	tcp->is_finishing = true;
	start_reading(tcp);
	loop_turn_add(tcp->loop, &tcp->turn);
}

struct endpoint tcp_peer(const struct tcp *tcp)
{
	return tcp->peer;
}

struct endpoint tcp_local(const struct tcp *tcp)
{
	struct sockaddr_storage sockaddr = { 0 };
	int size = sizeof(sockaddr);

	uv_tcp_getsockname(&tcp->uv, (struct sockaddr *)&sockaddr, &size);
	return endpoint_from_sockaddr((const struct sockaddr *)&sockaddr);
}

static void on_accepted(void *owner, int descriptor, const struct endpoint *peer)
{
	struct tcp_listener *listener = owner;
	struct tcp *tcp = tcp_new(listener->loop);

	if (uv_tcp_open(&tcp->uv, descriptor) < 0) {
		close(descriptor);
		tcp_free(tcp);
		return;
	}
	tcp->descriptor = descriptor;
	uv_tcp_nodelay(&tcp->uv, 1);
	tcp->peer = *peer;
	listener->accepted(listener->owner, tcp);
	assert(tcp->is_attached || is_freed(tcp));
}

struct tcp_listener *tcp_listener_new(struct loop *loop, const struct socket_options *options,
	tcp_accepted *accepted, void *owner, int *error)
{
	struct tcp_listener *listener = mem_new(sizeof(*listener));

	listener->listener = listener_new(loop, options, on_accepted, listener, error);
	if (!listener->listener) {
		free(listener);
		return NULL;
	}
	listener->loop = loop;
	listener->accepted = accepted;
	listener->owner = owner;
	return listener;
}

void tcp_listener_free(struct tcp_listener *listener)
{
	if (!listener)
		return;
	listener_free(listener->listener);
	free(listener);
}

void tcp_listener_drain(struct tcp_listener *listener)
{
	listener_drain(listener->listener);
}

struct endpoint tcp_listener_local(const struct tcp_listener *listener)
{
	return listener_local(listener->listener);
}
