#ifndef SIXWARD_APP_DIAGNOSE_NETWORK_H
#define SIXWARD_APP_DIAGNOSE_NETWORK_H

#include "sixward/app/findings.h"
#include "sixward/app/symptoms.h"

/* Facts in, findings out: upstreams, prefixes and the daemon. Pure. */

void diagnose_network(const struct symptoms *symptoms, struct findings *findings);

#endif
