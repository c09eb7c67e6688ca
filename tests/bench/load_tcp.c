/* bench-load over TCP: on each connection a burst in one write, and the next when all of it is
 * answered. A connection that the server closes is opened again; what was asked on it is lost. */

#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "load.h"
#include "stream.h"

enum { EVENTS = 256, SCAN_NS = 50000000, CONNECT_MS = 5000 };

struct crowd {
	struct load *load;
	int poll;
	unsigned each; /* questions in a burst */
	struct stream *streams[CLIENTS_MAX];
	unsigned under_way[CLIENTS_MAX];
};

static void on_lost(void *owner, unsigned client)
{
	struct crowd *crowd = owner;

	crowd->under_way[client]--;
}

static void open_stream(struct crowd *crowd, unsigned client)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	struct pollfd ready = { .events = POLLOUT };

	if (!stream)
		die("no memory");
	stream->descriptor = place_connect(&crowd->load->options.server, SOCK_STREAM);
	ready.fd = stream->descriptor;
	if (poll(&ready, 1, CONNECT_MS) != 1 || ready.revents & (POLLERR | POLLHUP))
		die("the server takes no connection");
	crowd->streams[client] = stream;
	lane_watch(crowd->poll, stream->descriptor, EPOLLIN, client);
}

static void reopen_stream(struct crowd *crowd, unsigned client)
{
	close(crowd->streams[client]->descriptor);
	free(crowd->streams[client]);
	open_stream(crowd, client);
}

static void ask_burst(struct crowd *crowd, unsigned client)
{
	struct load *load = crowd->load;
	struct stream *stream = crowd->streams[client];
	uint64_t now = now_ns();

	while (crowd->under_way[client] < crowd->each && load_may_ask(load, now)) {
		uint8_t *out = stream_begin(stream, ZONE_QUERY_MAX);

		if (!out)
			break;
		stream_add(stream, load_ask(load, load_pick(load), client, now, out));
		crowd->under_way[client]++;
	}
	if (!stream_write(stream))
		reopen_stream(crowd, client);
}

static void receive(struct crowd *crowd, unsigned client)
{
	struct stream *stream = crowd->streams[client];
	const uint8_t *message;
	uint64_t now;
	size_t size;

	if (!stream_read(stream)) {
		reopen_stream(crowd, client);
		return;
	}
	now = now_ns();
	while ((message = stream_next(stream, &size))) {
		if (load_answered(crowd->load, client, message, size, now))
			crowd->under_way[client]--;
	}
}

static void open_crowd(struct crowd *crowd, struct load *load)
{
	unsigned clients = load->options.clients;

	crowd->load = load;
	if (crowd->poll)
		return;
	crowd->poll = epoll_create1(EPOLL_CLOEXEC);
	crowd->each = load->options.outstanding / clients;
	for (unsigned client = 0; client < clients; client++)
		open_stream(crowd, client);
}

/* Until no question is left, or a signal. */
static void ask_all(struct crowd *crowd)
{
	struct load *load = crowd->load;
	struct epoll_event events[EVENTS];

	while (!lane_stop) {
		uint64_t now = now_ns();
		int count;

		for (unsigned client = 0; client < load->options.clients; client++) {
			if (!crowd->under_way[client] && load_may_ask(load, now))
				ask_burst(crowd, client);
		}
		if (!load->under_way && !load_may_ask(load, now))
			break;
		count = lane_wait(crowd->poll, events, EVENTS, SCAN_NS);
		for (int i = 0; i < count; i++)
			receive(crowd, (unsigned)events[i].data.u64);
		now = now_ns();
		if (now - load->scan_ns > SCAN_NS)
			load_give_up(load, now, on_lost, crowd);
	}
}

void load_run_tcp(struct load *load)
{
	static struct crowd crowd;

	open_crowd(&crowd, load);
	ask_all(&crowd);
}

void load_run_idle(struct load *load)
{
	static struct crowd crowd;

	open_crowd(&crowd, load);
	ask_all(&crowd);
	puts("held");
	fflush(stdout);
	while (!lane_stop)
		lane_wait(crowd.poll, &(struct epoll_event){ .events = 0 }, 1, UINT64_MAX);
}
