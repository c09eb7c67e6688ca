/* bench-upstream: the name server behind what is measured. It answers from the question alone
 * (zone.h), over UDP and TCP, after a delay and with losses if asked to, and counts. */

#define _GNU_SOURCE
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lane.h"
#include "stream.h"
#include "zone.h"

enum { DELAYED_MAX = 65536, EVENTS = 64, NS_PER_MS = 1000000, SECONDS = 3600, SECONDS_MAX = 86400 };

static const char text[] =
	"usage: bench-upstream --listen ADDRESS:PORT [options]\n"
	"Answers questions about s<n>, n<n> and t<n>.bench.example over UDP and TCP, on loopback.\n"
	"\n"
	"  --listen ADDRESS:PORT  in 127.0.0.0/8, or [::1]\n"
	"  --delay-ms D           answers leave after D ms (0)\n"
	"  --loss PERCENT         of the answers over UDP are not sent (0)\n"
	"  --seed N               for which of them (1)\n"
	"  --seconds S            ends by itself (3600)\n"
	"\n"
	"Prints \"ready\" once it listens; on SIGUSR1 one line of JSON that counts the questions "
	"since\n"
	"the last such line; on SIGTERM that line, and ends.\n";

/* An answer that is not due yet. They are due in the order of their questions. */
struct delayed {
	uint64_t due_ns;
	struct place peer;
	int descriptor;      /* of the TCP connection; -1: over UDP */
	unsigned generation; /* of that connection */
	size_t size;
	uint8_t octets[ZONE_ANSWER_ROOM];
};

struct counts {
	unsigned long udp, tcp, a, aaaa, other, dropped;
};

struct upstream {
	struct counts counts;
	struct streams streams;
	unsigned generations;
	int poll;
	int udp;
	uint64_t delay_ns;
	uint64_t loss_percent;
	uint64_t random;
	struct batch in, out;
	struct delayed delayed[DELAYED_MAX]; /* a ring */
	size_t first, end;                   /* never wrapped themselves */
};

static void count_question(struct counts *counts, const struct asked *asked)
{
	if (asked->wanted.type == ZONE_TYPE_A)
		counts->a++;
	else if (asked->wanted.type == ZONE_TYPE_AAAA)
		counts->aaaa++;
	else
		counts->other++;
}

static void report(struct counts *counts)
{
	printf("{\"udp\":%lu,\"tcp\":%lu,\"a\":%lu,\"aaaa\":%lu,\"other\":%lu,\"dropped\":%lu}\n",
		counts->udp, counts->tcp, counts->a, counts->aaaa, counts->other, counts->dropped);
	fflush(stdout);
	memset(counts, 0, sizeof(*counts));
}

/* The place for one more answer; NULL when there are too many. */
static struct delayed *delay(struct upstream *upstream, uint64_t received_ns)
{
	struct delayed *delayed = &upstream->delayed[upstream->end % DELAYED_MAX];

	if (upstream->end - upstream->first == DELAYED_MAX)
		return NULL;
	upstream->end++;
	delayed->due_ns = received_ns + upstream->delay_ns;
	return delayed;
}

static bool is_lost(struct upstream *upstream)
{
	if (!upstream->loss_percent ||
		random_next(&upstream->random) % 100 >= upstream->loss_percent)
		return false;
	upstream->counts.dropped++;
	return true;
}

/* Answers a datagram of the batch; returns how many answers are ready to be sent then. */
static unsigned answer_datagram(struct upstream *upstream, unsigned i, unsigned ready, uint64_t now)
{
	const uint8_t *query = upstream->in.octets[i];
	struct delayed *delayed;
	struct asked asked;

	if (!zone_view_query(&asked, query, upstream->in.headers[i].msg_len))
		return ready;
	upstream->counts.udp++;
	count_question(&upstream->counts, &asked);
	if (is_lost(upstream))
		return ready;
	if (!upstream->delay_ns) {
		upstream->out.parts[ready].iov_len =
			zone_write_answer(upstream->out.octets[ready], query, &asked, NULL);
		upstream->out.peers[ready] = upstream->in.peers[i];
		upstream->out.headers[ready].msg_hdr.msg_namelen = upstream->in.peers[i].size;
		return ready + 1;
	}
	delayed = delay(upstream, now);
	if (!delayed) {
		upstream->counts.dropped++;
		return ready;
	}
	delayed->descriptor = -1;
	delayed->peer = upstream->in.peers[i];
	delayed->size = zone_write_answer(delayed->octets, query, &asked, NULL);
	return ready;
}

static void receive_datagrams(struct upstream *upstream)
{
	unsigned count;

	do {
		uint64_t now = upstream->delay_ns ? now_ns() : 0;
		unsigned ready = 0;

		count = batch_receive(&upstream->in, upstream->udp, LANE_BATCH);
		for (unsigned i = 0; i < count; i++)
			ready = answer_datagram(upstream, i, ready, now);
		batch_send(&upstream->out, upstream->udp, ready);
	} while (count == LANE_BATCH);
}

static void on_asked(void *owner, struct stream *stream, const uint8_t *message, size_t size)
{
	struct upstream *upstream = owner;
	struct delayed *delayed;
	struct asked asked;

	if (!zone_view_query(&asked, message, size))
		return;
	upstream->counts.tcp++;
	count_question(&upstream->counts, &asked);
	if (!upstream->delay_ns) {
		stream_add(stream, zone_write_answer(stream_begin(stream, ZONE_ANSWER_ROOM),
					   message, &asked, NULL));
		return;
	}
	delayed = delay(upstream, now_ns());
	if (!delayed)
		return;
	if (!stream->generation)
		stream->generation = ++upstream->generations;
	delayed->descriptor = stream->descriptor;
	delayed->generation = stream->generation;
	delayed->size = zone_write_answer(delayed->octets, message, &asked, NULL);
}

static void send_delayed_stream(struct upstream *upstream, const struct delayed *delayed)
{
	struct stream *stream = upstream->streams.streams[delayed->descriptor];
	uint8_t *out;

	if (!stream || stream->generation != delayed->generation)
		return;
	out = stream_begin(stream, delayed->size);
	if (!out)
		return;
	memcpy(out, delayed->octets, delayed->size);
	stream_add(stream, delayed->size);
	/* A broken connection is found by the read that follows. */
	stream_write(stream);
}

/* Sends what is due, and returns how long the next has to wait. */
static uint64_t send_due(struct upstream *upstream)
{
	unsigned ready = 0;
	uint64_t now;

	if (upstream->first == upstream->end)
		return UINT64_MAX;
	now = now_ns();
	while (upstream->first < upstream->end && ready < LANE_BATCH) {
		const struct delayed *delayed = &upstream->delayed[upstream->first % DELAYED_MAX];

		if (delayed->due_ns > now)
			break;
		upstream->first++;
		if (delayed->descriptor >= 0) {
			send_delayed_stream(upstream, delayed);
			continue;
		}
		memcpy(upstream->out.octets[ready], delayed->octets, delayed->size);
		upstream->out.parts[ready].iov_len = delayed->size;
		upstream->out.peers[ready] = delayed->peer;
		upstream->out.headers[ready].msg_hdr.msg_namelen = delayed->peer.size;
		ready++;
	}
	batch_send(&upstream->out, upstream->udp, ready);
	if (upstream->first == upstream->end)
		return UINT64_MAX;
	now = now_ns();
	if (upstream->delayed[upstream->first % DELAYED_MAX].due_ns <= now)
		return 0;
	return upstream->delayed[upstream->first % DELAYED_MAX].due_ns - now;
}

static void serve(struct upstream *upstream)
{
	struct epoll_event events[EVENTS];

	while (!lane_stop) {
		int count = lane_wait(upstream->poll, events, EVENTS, send_due(upstream));

		for (int i = 0; i < count; i++) {
			if (!streams_event(&upstream->streams, &events[i]))
				receive_datagrams(upstream);
		}
		if (lane_report) {
			lane_report = 0;
			report(&upstream->counts);
		}
	}
	report(&upstream->counts);
}

int main(int argc, char **argv)
{
	static const struct option options[] = { { "listen", required_argument, NULL, 'l' },
		{ "delay-ms", required_argument, NULL, 'd' },
		{ "loss", required_argument, NULL, 'o' }, { "seed", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' }, { "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 } };
	static struct upstream upstream = { .random = 1 };
	struct place place = { .size = 0 };
	unsigned seconds = SECONDS;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'l')
			place_parse(&place, optarg);
		else if (option == 'd')
			upstream.delay_ns = number_parse("delay-ms", optarg, 0, 10000) * NS_PER_MS;
		else if (option == 'o')
			upstream.loss_percent = number_parse("loss", optarg, 0, 100);
		else if (option == 'r')
			upstream.random = number_parse("seed", optarg, 0, UINT64_MAX);
		else if (option == 's')
			seconds = (unsigned)number_parse("seconds", optarg, 1, SECONDS_MAX);
		else
			usage(text, option != 'h');
	}
	if (!place.size || optind < argc)
		usage(text, true);
	lane_open(seconds);
	batch_init(&upstream.in, true, false);
	batch_init(&upstream.out, true, false);
	upstream.poll = epoll_create1(EPOLL_CLOEXEC);
	upstream.udp = place_bind(&place, SOCK_DGRAM);
	lane_watch(upstream.poll, upstream.udp, EPOLLIN, (uint64_t)upstream.udp);
	upstream.streams.asked = on_asked;
	upstream.streams.owner = &upstream;
	streams_listen(&upstream.streams, upstream.poll, &place);
	puts("ready");
	fflush(stdout);
	serve(&upstream);
	return 0;
}
