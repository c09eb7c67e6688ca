/* bench-floor: the least that the kernel allows. Bare programs that answer rightly with the system
 * calls of a good server, and have nothing around them: no cache, no config, no defences. */

#define _GNU_SOURCE
#include "floor.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "stream.h"
#include "zone.h"

enum { EVENTS = 64, SECONDS = 3600, SECONDS_MAX = 86400 };

static const char text[] =
	"usage: bench-floor udp|tcp|forward --listen ADDRESS:PORT [options]\n"
	"Answers questions about the bench's names as a DNS64 server with 64:ff9b::/96, on "
	"loopback.\n"
	"\n"
	"  udp       answers from the name alone, over UDP\n"
	"    --segment   neighbouring answers to one client leave in one segmented send\n"
	"    --pktinfo   has the kernel tell each datagram's local address, to show the price\n"
	"  tcp       the same over TCP, one read and one write for a burst\n"
	"  forward   asks --upstream over one socket for A and AAAA at once, over UDP\n"
	"    --upstream ADDRESS:PORT\n"
	"    --aaaa-only  asks for A only where there is no AAAA\n"
	"    --retry      asks again every 25 ms\n"
	"\n"
	"  --seconds S   ends by itself (3600)\n"
	"\n"
	"Prints on SIGTERM how many questions it answered, as JSON.\n";

const uint8_t floor_prefix[ZONE_PREFIX] = { 0x00, 0x64, 0xff, 0x9b };

struct udp_floor {
	struct batch in, out;
	int descriptor;
	bool segments;
	unsigned long answers;
};

static bool is_same_peer(const struct place *one, const struct place *other)
{
	return one->size == other->size && !memcmp(&one->address, &other->address, one->size);
}

/* Makes one message of neighbours that go to one client and have one size. The answers stand in the
 * parts; returns how many messages there are. */
static unsigned gather(struct batch *out, struct mmsghdr *messages, unsigned count)
{
	unsigned made = 0;

	for (unsigned i = 0, next; i < count; i = next) {
		struct msghdr *header = &messages[made++].msg_hdr;
		struct cmsghdr *control = (struct cmsghdr *)out->controls[i].octets;
		uint16_t size = (uint16_t)out->parts[i].iov_len;

		for (next = i + 1; next < count; next++) {
			if (out->parts[next].iov_len != size ||
				!is_same_peer(&out->peers[i], &out->peers[next]))
				break;
		}
		*header = out->headers[i].msg_hdr;
		header->msg_iovlen = next - i;
		if (next - i == 1)
			continue;
		control->cmsg_level = SOL_UDP;
		control->cmsg_type = UDP_SEGMENT;
		control->cmsg_len = CMSG_LEN(sizeof(size));
		memcpy(CMSG_DATA(control), &size, sizeof(size));
		header->msg_control = control;
		header->msg_controllen = CMSG_SPACE(sizeof(size));
	}
	return made;
}

static void send_answers(struct udp_floor *udp, unsigned count)
{
	struct mmsghdr messages[LANE_BATCH];
	unsigned made, done = 0;

	if (!udp->segments) {
		batch_send(&udp->out, udp->descriptor, count);
		return;
	}
	made = gather(&udp->out, messages, count);
	while (done < made) {
		int sent = sendmmsg(udp->descriptor, messages + done, made - done, 0);

		done += sent > 0 ? (unsigned)sent : 1;
	}
}

static void answer_batch(struct udp_floor *udp)
{
	unsigned count, ready;

	do {
		ready = 0;
		count = batch_receive(&udp->in, udp->descriptor, LANE_BATCH);
		for (unsigned i = 0; i < count; i++) {
			struct asked asked;

			if (!zone_view_query(&asked, udp->in.octets[i], udp->in.headers[i].msg_len))
				continue;
			udp->out.parts[ready].iov_len = zone_write_answer(
				udp->out.octets[ready], udp->in.octets[i], &asked, floor_prefix);
			udp->out.peers[ready] = udp->in.peers[i];
			udp->out.headers[ready++].msg_hdr.msg_namelen = udp->in.peers[i].size;
		}
		udp->answers += ready;
		send_answers(udp, ready);
	} while (count == LANE_BATCH);
}

static unsigned long serve_udp(const struct floor_options *options, int poll)
{
	static struct udp_floor udp;
	struct epoll_event event;
	int one = 1;

	udp.segments = options->segments;
	udp.descriptor = place_bind(&options->listen, SOCK_DGRAM);
	batch_init(&udp.in, true, options->tells_local);
	batch_init(&udp.out, true, false);
	if (options->tells_local && options->listen.address.any.sa_family == AF_INET)
		setsockopt(udp.descriptor, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
	else if (options->tells_local)
		setsockopt(udp.descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
	lane_watch(poll, udp.descriptor, EPOLLIN, 0);
	while (!lane_stop) {
		if (lane_wait(poll, &event, 1, UINT64_MAX))
			answer_batch(&udp);
	}
	return udp.answers;
}

static void on_asked(void *owner, struct stream *stream, const uint8_t *message, size_t size)
{
	unsigned long *answers = owner;
	struct asked asked;

	if (!zone_view_query(&asked, message, size))
		return;
	stream_add(stream, zone_write_answer(stream_begin(stream, ZONE_ANSWER_ROOM), message,
				   &asked, floor_prefix));
	++*answers;
}

static unsigned long serve_tcp(const struct floor_options *options, int poll)
{
	static struct streams streams = { .asked = on_asked };
	struct epoll_event events[EVENTS];
	unsigned long answers = 0;

	streams.owner = &answers;
	streams_listen(&streams, poll, &options->listen);
	while (!lane_stop) {
		int count = lane_wait(poll, events, EVENTS, UINT64_MAX);

		for (int i = 0; i < count; i++)
			streams_event(&streams, &events[i]);
	}
	return answers;
}

static unsigned long serve(const char *what, const struct floor_options *options)
{
	int poll = epoll_create1(EPOLL_CLOEXEC);

	if (!strcmp(what, "udp"))
		return serve_udp(options, poll);
	if (!strcmp(what, "tcp"))
		return serve_tcp(options, poll);
	if (strcmp(what, "forward") != 0 || !options->upstream.size)
		usage(text, true);
	return serve_forward(options, poll);
}

int main(int argc, char **argv)
{
	int segments = 0, tells_local = 0, aaaa_only = 0, retries = 0, option;
	struct floor_options options = { .segments = false };
	unsigned seconds = SECONDS;
	const struct option known[] = { { "listen", required_argument, NULL, 'l' },
		{ "upstream", required_argument, NULL, 'u' },
		{ "seconds", required_argument, NULL, 's' },
		{ "segment", no_argument, &segments, 1 },
		{ "pktinfo", no_argument, &tells_local, 1 },
		{ "aaaa-only", no_argument, &aaaa_only, 1 }, { "retry", no_argument, &retries, 1 },
		{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };

	while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
		if (option == 'l')
			place_parse(&options.listen, optarg);
		else if (option == 'u')
			place_parse(&options.upstream, optarg);
		else if (option == 's')
			seconds = (unsigned)number_parse("seconds", optarg, 1, SECONDS_MAX);
		else if (option)
			usage(text, option != 'h');
	}
	if (optind + 1 != argc || !options.listen.size)
		usage(text, true);
	options.segments = segments;
	options.tells_local = tells_local;
	options.aaaa_only = aaaa_only;
	options.retries = retries;
	lane_open(seconds);
	printf("{\"answers\":%lu}\n", serve(argv[optind], &options));
	return 0;
}
