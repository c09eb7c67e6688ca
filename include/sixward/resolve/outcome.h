#ifndef SIXWARD_RESOLVE_OUTCOME_H
#define SIXWARD_RESOLVE_OUTCOME_H

#include "sixward/base/counts.h"

/* The one list of ways in which a client's request can end (design.md, 11): metric label,
 * which is the log's word too, and the extended DNS error that goes with it (-1 = none, or the
 * fact's own). Nothing answers a client without one. */

#define OUTCOMES(X)                                                                                \
	/* name            label               EDE */                                              \
	X(RELAYED, "relayed", -1)                                                                  \
	X(FILTERED, "filtered", -1)                                                                \
	X(SYNTHESIZED, "synthesized", 29)                                                          \
	X(EMPTY, "empty", -1)                                                                      \
	X(HIDDEN, "hidden", 4)                                                                     \
	X(REVERSED, "reversed", 29)                                                                \
	X(IPV4ONLY, "ipv4only", -1)                                                                \
	X(STALE, "stale", 3)                                                                       \
	X(STALE_NXDOMAIN, "stale_nxdomain", 19)                                                    \
	X(NXDOMAIN_CUT, "nxdomain_cut", 29)                                                        \
	X(RECORD, "record", -1)                                                                    \
	X(SPECIAL, "special", -1)                                                                  \
	X(CHAOS, "chaos", -1)                                                                      \
	X(TIMED_OUT, "timed_out", 22)                                                              \
	X(NETWORK, "network", 23)                                                                  \
	X(NO_UPSTREAM, "no_upstream", 14)                                                          \
	X(UPSTREAM_ERROR, "upstream_error", 22)                                                    \
	X(GARBAGE, "garbage", 0)                                                                   \
	X(CHAIN, "chain", 0)                                                                       \
	X(CACHED_FAILURE, "cached_failure", 13)                                                    \
	X(OVERLOAD, "overload", 0)                                                                 \
	X(LIMIT, "limit", 0)                                                                       \
	X(REFUSED_ACL, "refused_acl", 18)                                                          \
	X(REFUSED_RD, "refused_rd", 20)                                                            \
	X(REFUSED_TYPE, "refused_type", 21)                                                        \
	X(REFUSED_SIGNED, "refused_signed", 21)                                                    \
	X(REFUSED_CHAOS, "refused_chaos", -1)                                                      \
	X(NOTIMP, "notimp", -1)                                                                    \
	X(FORMERR, "formerr", -1)                                                                  \
	X(BADVERS, "badvers", -1)                                                                  \
	X(BADCOOKIE, "badcookie", -1)                                                              \
	X(COOKIE, "cookie", -1)                                                                    \
	X(RATE_LIMITED, "rate_limited", -1)                                                        \
	X(DROPPED, "dropped", -1)                                                                  \
	X(CANCELLED, "cancelled", -1)

enum outcome {
#define OUTCOME_NAME(name, label, ede) OUTCOME_##name,
	OUTCOMES(OUTCOME_NAME)
#undef OUTCOME_NAME
};

enum { OUTCOME_COUNT = OUTCOME_CANCELLED + 1 };

const char *outcome_label(enum outcome outcome);
int outcome_ede(enum outcome outcome);

struct outcomes {
	struct count counts[OUTCOME_COUNT];
};

void outcomes_note(struct outcomes *outcomes, enum outcome outcome);
void outcomes_add_counts(const struct outcomes *outcomes, struct counts *counts);

#endif
