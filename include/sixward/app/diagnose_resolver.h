#ifndef SIXWARD_APP_DIAGNOSE_RESOLVER_H
#define SIXWARD_APP_DIAGNOSE_RESOLVER_H

#include "sixward/app/findings.h"
#include "sixward/app/symptoms.h"

/* Facts in, findings out: whom its programs ask: resolv.conf, systemd-resolved, netplan. Pure. */

void diagnose_resolver(const struct symptoms *symptoms, struct findings *findings);

#endif
