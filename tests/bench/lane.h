#ifndef BENCH_LANE_H
#define BENCH_LANE_H

#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>

/* Sockets on loopback, datagrams in batches, waiting, and how the bench's programs end. */

enum {
	LANE_BATCH = 64,    /* datagrams per system call */
	LANE_OCTETS = 1408, /* of a datagram */
	LANE_CONTROL = 64,  /* octets of control data with one */
};

/* An address of loopback and a port. */
struct place {
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} address;
	socklen_t size;
};

/* Datagrams on their way in or out. Several hundred KiB. */
struct batch {
	struct mmsghdr headers[LANE_BATCH];
	struct iovec parts[LANE_BATCH];
	struct place peers[LANE_BATCH];
	union {
		size_t alignment;
		uint8_t octets[LANE_CONTROL];
	} controls[LANE_BATCH];
	uint8_t octets[LANE_BATCH][LANE_OCTETS];
};

/* Prints a line on stderr and ends the process with 1. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* Prints the text, and ends the process with 0, or with 1 and on stderr if it's for a mistake. */
void usage(const char *text, bool is_mistake) __attribute__((noreturn));

/* A number of an option's argument; the process ends if it is none or out of bounds. */
uint64_t number_parse(const char *option, const char *text, uint64_t least, uint64_t most);

/* "127.0.0.1:53" or "[::1]:53"; the process ends for anything that isn't loopback. */
void place_parse(struct place *place, const char *text);

/* Sockets that don't block; the process ends if there is none. type: SOCK_… */
int place_bind(const struct place *place, int type);
int place_connect(const struct place *place, int type);

/* SIGTERM, SIGINT and the end of that many seconds set lane_stop, SIGUSR1 sets lane_report. Signals
 * come only while lane_wait waits, so none is missed between a look and a wait. */
extern volatile sig_atomic_t lane_stop;
extern volatile sig_atomic_t lane_report;
void lane_open(unsigned seconds);

/* Waits with the precision of nanoseconds; UINT64_MAX is for ever. Returns the events: 0 after a
 * signal or in the end. */
int lane_wait(int poll, struct epoll_event *events, int room, uint64_t wait_ns);
void lane_watch(int poll, int descriptor, uint32_t events, uint64_t tag);

/* CLOCK_MONOTONIC. */
uint64_t now_ns(void);

/* has_peers: for a socket that isn't connected. Once per batch; has_control: room for control data
 * of what is received. */
void batch_init(struct batch *batch, bool has_peers, bool has_control);

/* The datagrams that are there, at most `most`; sizes are in headers[].msg_len. */
unsigned batch_receive(struct batch *batch, int descriptor, unsigned most);

/* Sends the first `count`, whose sizes are in parts[].iov_len. What the kernel refuses is lost, as
 * datagrams are. */
void batch_send(struct batch *batch, int descriptor, unsigned count);

/* splitmix64: numbers that look random, from a state that any value may begin. */
uint64_t random_next(uint64_t *state);

#endif
