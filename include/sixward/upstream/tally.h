#ifndef SIXWARD_UPSTREAM_TALLY_H
#define SIXWARD_UPSTREAM_TALLY_H

#include "sixward/base/counts.h"

/* What asking upstream counts. One per worker; groups that come and go write to the same. */

struct tally {
	struct count udp;        /* datagrams sent, repeats included */
	struct count stream;     /* questions sent over TCP */
	struct count repeats;    /* of the datagrams: to a server that this question was sent to */
	struct count replies;    /* that matched a question */
	struct count mismatches; /* that matched none (R5452-9.1-a) */
	struct count truncated;
	struct count garbage;  /* could not be understood */
	struct count errors;   /* RCODEs that are no answer, and lame answers */
	struct count probes;   /* datagrams sent to learn whether, or how fast, a server answers */
	struct count held;     /* times that a server was held as dead */
	struct count failures; /* questions that ended without an answer */
};

void tally_add(const struct tally *tally, struct counts *counts);

#endif
