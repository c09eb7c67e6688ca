/* Sockets, signals and the clock for the programs of the bench. It knows nothing of DNS. */

#define _GNU_SOURCE
#include "lane.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER_OCTETS = 4 << 20, NS_PER_S = 1000000000, BACKLOG = 1024 };

volatile sig_atomic_t lane_stop;
volatile sig_atomic_t lane_report;

void die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs(program_invocation_short_name, stderr);
	fputs(": ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(1);
}

void usage(const char *text, bool is_mistake)
{
	fputs(text, is_mistake ? stderr : stdout);
	exit(is_mistake);
}

uint64_t number_parse(const char *option, const char *text, uint64_t least, uint64_t most)
{
	char *end;
	uint64_t value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || value < least || value > most)
		die("--%s: %s is no number from %llu to %llu", option, text,
			(unsigned long long)least, (unsigned long long)most);
	return value;
}

void place_parse(struct place *place, const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[64];
	size_t size;
	in_port_t port;

	if (!colon || (size_t)(colon - text) >= sizeof(host))
		die("%s is no ADDRESS:PORT", text);
	memset(place, 0, sizeof(*place));
	port = htons((in_port_t)number_parse("port", colon + 1, 1, 65535));
	size = (size_t)(colon - text);
	memcpy(host, text, size);
	host[size] = '\0';
	if (!strcmp(host, "[::1]")) {
		place->address.v6.sin6_family = AF_INET6;
		place->address.v6.sin6_addr = in6addr_loopback;
		place->address.v6.sin6_port = port;
		place->size = sizeof(place->address.v6);
		return;
	}
	place->address.v4.sin_family = AF_INET;
	place->address.v4.sin_port = port;
	place->size = sizeof(place->address.v4);
	if (inet_pton(AF_INET, host, &place->address.v4.sin_addr) != 1 ||
		ntohl(place->address.v4.sin_addr.s_addr) >> 24 != IN_LOOPBACKNET)
		die("%s is not in 127.0.0.0/8 and not [::1]: the bench stays on loopback", text);
}

static int open_socket(const struct place *place, int type)
{
	int descriptor =
		socket(place->address.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int one = 1;
	int octets = BUFFER_OCTETS;

	if (descriptor < 0)
		die("socket: %s", strerror(errno));
	if (type == SOCK_STREAM) {
		setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
		setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		return descriptor;
	}
	/* The bench must not lose what it measures; without the right, as much as one may have. */
	if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof(octets)))
		setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &octets, sizeof(octets));
	return descriptor;
}

int place_bind(const struct place *place, int type)
{
	int descriptor = open_socket(place, type);

	if (bind(descriptor, &place->address.any, place->size))
		die("bind: %s", strerror(errno));
	if (type == SOCK_STREAM && listen(descriptor, BACKLOG))
		die("listen: %s", strerror(errno));
	return descriptor;
}

int place_connect(const struct place *place, int type)
{
	int descriptor = open_socket(place, type);

	if (connect(descriptor, &place->address.any, place->size) && errno != EINPROGRESS)
		die("connect: %s", strerror(errno));
	return descriptor;
}

static void on_signal(int number)
{
	if (number == SIGUSR1)
		lane_report = 1;
	else
		lane_stop = 1;
}

void lane_open(unsigned seconds)
{
	static const int numbers[] = { SIGTERM, SIGINT, SIGALRM, SIGUSR1 };
	struct sigaction action = { .sa_handler = on_signal };
	struct rlimit files;
	sigset_t blocked;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		sigaction(numbers[i], &action, NULL);
		sigaddset(&blocked, numbers[i]);
	}
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		setrlimit(RLIMIT_NOFILE, &files);
	}
	prctl(PR_SET_TIMERSLACK, 1UL); /* ns; delays are measured to some µs */
	alarm(seconds);
}

int lane_wait(int poll, struct epoll_event *events, int room, uint64_t wait_ns)
{
	struct timespec wait = { (time_t)(wait_ns / NS_PER_S), (long)(wait_ns % NS_PER_S) };
	sigset_t none;
	int count;

	sigemptyset(&none);
	count = epoll_pwait2(poll, events, room, wait_ns == UINT64_MAX ? NULL : &wait, &none);
	if (count >= 0)
		return count;
	if (errno != EINTR)
		die("epoll_pwait2: %s", strerror(errno));
	return 0;
}

void lane_watch(int poll, int descriptor, uint32_t events, uint64_t tag)
{
	struct epoll_event event = { .events = events, .data.u64 = tag };

	if (epoll_ctl(poll, EPOLL_CTL_MOD, descriptor, &event) &&
		epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event))
		die("epoll_ctl: %s", strerror(errno));
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

void batch_init(struct batch *batch, bool has_peers, bool has_control)
{
	for (unsigned i = 0; i < LANE_BATCH; i++) {
		struct msghdr *header = &batch->headers[i].msg_hdr;

		batch->parts[i].iov_base = batch->octets[i];
		batch->parts[i].iov_len = LANE_OCTETS;
		header->msg_iov = &batch->parts[i];
		header->msg_iovlen = 1;
		if (has_peers)
			header->msg_name = &batch->peers[i].address;
		if (has_control)
			header->msg_control = &batch->controls[i];
	}
}

unsigned batch_receive(struct batch *batch, int descriptor, unsigned most)
{
	int count;

	for (unsigned i = 0; i < most; i++) {
		struct msghdr *header = &batch->headers[i].msg_hdr;

		header->msg_namelen = header->msg_name ? sizeof(batch->peers[i].address) : 0;
		header->msg_controllen = header->msg_control ? LANE_CONTROL : 0;
	}
	count = recvmmsg(descriptor, batch->headers, most, MSG_DONTWAIT, NULL);
	for (int i = 0; i < count; i++)
		batch->peers[i].size = batch->headers[i].msg_hdr.msg_namelen;
	return count > 0 ? (unsigned)count : 0;
}

void batch_send(struct batch *batch, int descriptor, unsigned count)
{
	unsigned done = 0;

	while (done < count) {
		int sent = sendmmsg(descriptor, batch->headers + done, count - done, 0);

		done += sent > 0 ? (unsigned)sent : 1;
	}
}

uint64_t random_next(uint64_t *state)
{
	uint64_t mixed = *state += 0x9e3779b97f4a7c15;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9;
	mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
	return mixed ^ mixed >> 31;
}
