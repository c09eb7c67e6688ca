#ifndef SIXWARD_FRONT_GATE_H
#define SIXWARD_FRONT_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/netset.h"
#include "sixward/front/cookie.h"
#include "sixward/front/limit.h"
#include "sixward/resolve/query.h"

/* Admit, refuse or drop, before any memory is spent on a request: form, access list, rate
 * (protocol.md 16 and 17.1, in its order of checks). */

struct gate_options {
	const struct netset *allow;
	const struct endpoint *listeners; /* our own: MAL-03 */
	size_t listener_count;
	struct cookies *cookies; /* NULL = the option is ignored */
	const char *identity;    /* NSID; NULL = none */
	struct limit *answers;   /* ACL-b; NULL = no limit */
	struct limit *errors;    /* LIM-32; the same */
	uint16_t keepalive;      /* units of 100 ms, for TCP responses (R7828-3.3.2-a) */
};

struct gate;

/* The options' pointers are borrowed. */
struct gate *gate_new(const struct gate_options *options, struct outcomes *outcomes);
void gate_free(struct gate *gate);

enum { GATE_ERRORS_PER_SECOND = 20 /* LIM-32 */ };

enum gate_verdict {
	GATE_ADMIT,            /* `request` is filled in */
	GATE_ANSWER,           /* `*size` octets are in `out`: a refusal, an error, a cookie */
	GATE_ANSWER_AND_CLOSE, /* the same; TCP then closes (R5358-4-b) */
	GATE_DROP,
	GATE_CLOSE /* TCP: framing is lost, or nothing to answer to (MAL-01) */
};

/* Judges one message. The request's origin and list are the caller's to fill in before, the rest
 * is filled in here. `wire` is the caller's, filled in, and borrowed by the request. `out` has room
 * for WIRE_UDP_MIN octets. */
enum gate_verdict gate_judge(struct gate *gate, const uint8_t *octets, size_t size, uint64_t now_ms,
	uint64_t wall_s, struct wire *wire, struct request *request, uint8_t *out,
	size_t *size_out);

#endif
