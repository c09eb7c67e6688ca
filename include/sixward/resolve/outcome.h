#ifndef SIXWARD_RESOLVE_OUTCOME_H
#define SIXWARD_RESOLVE_OUTCOME_H

#include "sixward/base/counts.h"

/* The one list of ways in which a client's request can end (design.md, 11): metric label,
 * which is the log's word too, the extended DNS error that goes with it (-1 = none, or the fact's
 * own), and what kind of answer it is. Nothing answers a client without one. */

#define OUTCOMES(X)                                                                                \
	/* name label EDE kind */                                                                  \
	X(RELAYED, "relayed", -1, NATIVE)                                                          \
	X(FILTERED, "filtered", -1, NATIVE)                                                        \
	X(SYNTHESIZED, "synthesized", 29, SYNTHESIZED)                                             \
	X(EMPTY, "empty", -1, NEGATIVE)                                                            \
	X(HIDDEN, "hidden", 4, NEGATIVE)                                                           \
	X(REVERSED, "reversed", 29, SYNTHESIZED)                                                   \
	X(IPV4ONLY, "ipv4only", -1, LOCAL)                                                         \
	X(STALE, "stale", 3, NATIVE)                                                               \
	X(STALE_NXDOMAIN, "stale_nxdomain", 19, NEGATIVE)                                          \
	X(NXDOMAIN_CUT, "nxdomain_cut", 29, NEGATIVE)                                              \
	X(RECORD, "record", -1, LOCAL)                                                             \
	X(SPECIAL, "special", -1, LOCAL)                                                           \
	X(CHAOS, "chaos", -1, LOCAL)                                                               \
	X(TIMED_OUT, "timed_out", 22, FAILED)                                                      \
	X(NETWORK, "network", 23, FAILED)                                                          \
	X(NO_UPSTREAM, "no_upstream", 14, FAILED)                                                  \
	X(UPSTREAM_ERROR, "upstream_error", 22, FAILED)                                            \
	X(GARBAGE, "garbage", 0, FAILED)                                                           \
	X(CHAIN, "chain", 0, FAILED)                                                               \
	X(CACHED_FAILURE, "cached_failure", 13, FAILED)                                            \
	X(OVERLOAD, "overload", 0, FAILED)                                                         \
	X(LIMIT, "limit", 0, FAILED)                                                               \
	X(REFUSED_ACL, "refused_acl", 18, REFUSED)                                                 \
	X(REFUSED_RD, "refused_rd", 20, REFUSED)                                                   \
	X(REFUSED_TYPE, "refused_type", 21, REFUSED)                                               \
	X(REFUSED_SIGNED, "refused_signed", 21, REFUSED)                                           \
	X(REFUSED_CHAOS, "refused_chaos", -1, REFUSED)                                             \
	X(NOTIMP, "notimp", -1, REFUSED)                                                           \
	X(FORMERR, "formerr", -1, REFUSED)                                                         \
	X(BADVERS, "badvers", -1, REFUSED)                                                         \
	X(BADCOOKIE, "badcookie", -1, REFUSED)                                                     \
	X(COOKIE, "cookie", -1, LOCAL)                                                             \
	X(RATE_LIMITED, "rate_limited", -1, REFUSED)                                               \
	X(DROPPED, "dropped", -1, REFUSED)                                                         \
	X(CANCELLED, "cancelled", -1, REFUSED)

/* For a picture: what clients get, and from where. */
enum outcome_kind {
	KIND_NATIVE,      /* what upstream said, be it that there is nothing */
	KIND_SYNTHESIZED, /* made of IPv4 answers */
	KIND_NEGATIVE,    /* that there is nothing, concluded here */
	KIND_LOCAL,       /* known here, nobody was asked */
	KIND_FAILED,      /* SERVFAIL */
	KIND_REFUSED,     /* not admitted, or given up by the client */
	KIND_COUNT
};

enum outcome {
#define OUTCOME_NAME(name, label, ede, kind) OUTCOME_##name,
	OUTCOMES(OUTCOME_NAME)
#undef OUTCOME_NAME
};

enum { OUTCOME_COUNT = OUTCOME_CANCELLED + 1 };

const char *outcome_label(enum outcome outcome);
int outcome_ede(enum outcome outcome);
enum outcome_kind outcome_kind(enum outcome outcome);
const char *outcome_kind_label(enum outcome_kind kind);

struct outcomes {
	struct count counts[OUTCOME_COUNT];
};

void outcomes_note(struct outcomes *outcomes, enum outcome outcome);
uint64_t outcomes_read(const struct outcomes *outcomes, enum outcome outcome); /* any thread */
void outcomes_add_counts(const struct outcomes *outcomes, struct counts *counts);

#endif
