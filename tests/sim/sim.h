#ifndef SIXWARD_TESTS_SIM_H
#define SIXWARD_TESTS_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/net/loop.h"
#include "sixward/net/tcp.h"

/* A simulated net behind the headers of net: link sim_dep in the place of net_dep.
 *
 * Each loop is a world of its own, with its own clock, which stands at SIM_START_MS and moves
 * only from event to event, in no time: hours of back-off play in microseconds, and the same
 * test gives the same run. Events of one millisecond come in the order in which they were
 * asked for. loop_run runs the world until loop_stop or until nothing is left;
 * a test rather uses sim_run_for and sim_run_until.
 *
 * Every address is in the world. Whatever is made with udp_new, tcp_connect or
 * tcp_listener_new, by the product or by the test, can reach whatever else is there, SIM_LATENCY_MS
 * later per direction. A test plays the rest: servers with sim_serve_udp and sim_serve_tcp,
 * clients with sim_send_udp (their endpoint served, to catch the answers) and
 * sim_connect_tcp. The ends of a test's streams are ordinary `struct tcp`: tcp_write,
 * tcp_pause (a peer that does not read), tcp_finish and tcp_free are its tools.
 *
 * A socket bound to 0.0.0.0 or :: takes what comes to its port at any address of the family;
 * what it sends, unless told `from`, comes from SIM_HOST_IPV4 or SIM_HOST_IPV6 (from loopback
 * to loopback). Sockets of which the test has the exact endpoint served come before those.
 *
 * Descriptors of other libraries (net/ready, net/listener) are not to be had.
 *
 * loop_free asserts that everything made on the loop was freed. Threads: loop_thread_start runs
 * its call at once, on the spot. */

struct sim;

enum { SIM_START_MS = 1000000, SIM_START_WALL_S = 1700000000, SIM_LATENCY_MS = 1 };

#define SIM_HOST_IPV4 "192.0.2.250"
#define SIM_HOST_IPV6 "2001:db8::250"

struct sim *sim_of(struct loop *loop);

/* Plays all that happens in the next `ms`, the last millisecond included. Ends early at a
 * loop_stop (true if there was one). */
bool sim_run_for(struct sim *sim, uint64_t ms);

/* Plays until `predicate` says so, which is asked before each event and at the end; false if
 * it has not within `limit_ms`, or if loop_stop came first. */
typedef bool sim_predicate(void *owner);
bool sim_run_until(struct sim *sim, sim_predicate *predicate, void *owner, uint64_t limit_ms);

/* loop_wall_s as of now; it goes on with the clock. */
void sim_set_wall(struct sim *sim, uint64_t wall_s);

/* A signal, as if delivered to the process; told in the next event. */
void sim_raise(struct sim *sim, int number);

/* One way, for all that comes from or goes to the endpoint; `at` NULL: for all that has none
 * of its own. */
void sim_set_latency(struct sim *sim, const struct endpoint *at, uint64_t ms);

/* What is sent to `at` fails with a negative errno one round trip later: connected UDP
 * sockets are told through `failed`, connects end in `closed`. 0 ends it. Where nobody listens
 * and nothing is refused, datagrams and connects are lost. */
void sim_refuse(struct sim *sim, const struct endpoint *at, int error);

/* A datagram came to `to`. The octets are lent. */
typedef void sim_datagram(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size);

/* Datagrams to `at` go to the callback: a server, or a client that waits for its answer. It
 * replaces the one before; NULL ends it. */
void sim_serve_udp(struct sim *sim, const struct endpoint *at, sim_datagram *datagram, void *owner);

/* Sends a datagram from anywhere to anywhere. */
void sim_send_udp(struct sim *sim, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size);

/* What a test's server says to a connect. SIM_ACCEPT: it attached `stream` (tcp_attach), keeps it
 * and frees it later. Otherwise it leaves `stream` alone: refused, or the SYN is lost. */
enum sim_verdict { SIM_ACCEPT, SIM_REFUSE, SIM_IGNORE };
typedef enum sim_verdict sim_connecting(void *owner, struct tcp *stream);
void sim_serve_tcp(
	struct sim *sim, const struct endpoint *at, sim_connecting *connecting, void *owner);

/* tcp_connect from an endpoint of the test's choice. */
struct tcp *sim_connect_tcp(struct sim *sim, const struct endpoint *from, const struct endpoint *to,
	const struct tcp_options *options, const struct tcp_events *events, void *owner);

/* Says that no more octets come, and goes on to receive (what `nc -N` does). */
void sim_half_close(struct tcp *stream);

/* Frees the stream with a reset: the other end is closed with ECONNRESET. */
void sim_reset(struct tcp *stream);

/* Datagrams sent with udp_send to the endpoint, and connects started to it, since the start. */
unsigned sim_count_udp(struct sim *sim, const struct endpoint *to);
unsigned sim_count_tcp(struct sim *sim, const struct endpoint *to);

/* A router's advertisement, to all that were made with icmp6_new: `octets` are the ICMPv6 message,
 * copied; `from` has the interface as its zone. */
void sim_advertise(struct sim *sim, const struct addr *from, int hop_limit, const uint8_t *octets,
	size_t size);

/* Calls of icmp6_solicit since the start. */
unsigned sim_count_solicitations(const struct sim *sim);

/* icmp6_new fails with a negative errno; 0 ends it. */
void sim_refuse_icmp6(struct sim *sim, int error);

#endif
