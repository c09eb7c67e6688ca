#ifndef SIXWARD_UPSTREAM_EXCHANGE_H
#define SIXWARD_UPSTREAM_EXCHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/dns/question.h"
#include "sixward/dns/wire.h"
#include "sixward/upstream/ports.h"

/* One question in one datagram to one server, with a port and an id of its own, and the one
 * reply that matches it. Every repeat is another exchange, so that a reply tells which of them
 * it answers. Knows no waits: whoever asks says when to give up. */

enum { EXCHANGE_MISMATCHES_MAX = 20 }; /* LIM-13 */

enum exchange_result {
	EXCHANGE_MATCHED,
	EXCHANGE_ERROR_ONLY,  /* an error reply without the question (UPR-02) */
	EXCHANGE_FORGED,      /* too many mismatches (R5452-9.3-a) */
	EXCHANGE_UNREACHABLE, /* by ICMP */
	EXCHANGE_LOOPED       /* it came back to us as a query (UPS-d) */
};

struct exchange;

/* It is over, and the struct the caller's again. `wire` is lent, and NULL but for the first two;
 * `is_cut`: larger than the buffer. With EXCHANGE_LOOPED it comes from inside exchange_note_own,
 * and must call nobody back. */
typedef void exchange_done(void *owner, struct exchange *exchange, enum exchange_result result,
	const struct wire *wire, bool is_cut);

/* The caller's memory; zeroed is not in flight. */
struct exchange {
	struct exchange *next; /* with the same bucket */
	struct port *port;     /* NULL = not in flight */
	const struct question *question;
	uint8_t *mismatches;
	exchange_done *done;
	void *owner;
	uint64_t sent_ms;
	uint16_t id;
};

struct exchange_ask {
	const struct question *question; /* borrowed while in flight */
	bool ad;                         /* R4035-4.6-b */
	bool edns;
	uint8_t *mismatches; /* counted together for all repeats; borrowed */
	exchange_done *done;
	void *owner;
};

/* Ports for exchanges with that server; all but `server` is borrowed. */
struct ports *exchange_ports_new(struct loop *loop, struct entropy *entropy, struct tally *tally,
	const struct endpoint *server);

/* Sends. False, and nothing will come, when there is no socket: a negative errno in `*error`. */
bool exchange_start(struct exchange *exchange, struct ports *ports, const struct exchange_ask *ask,
	uint64_t now_ms, int *error);
void exchange_cancel(struct exchange *exchange); /* one that is not in flight is fine */

/* Whether a question with that id and source port is in flight; then it ends as looped. */
bool exchange_note_own(
	struct ports *ports, uint16_t id, uint16_t source_port, const uint8_t *name, uint16_t type);

#endif
