#ifndef SIXWARD_APP_DIAGNOSE_HOST_H
#define SIXWARD_APP_DIAGNOSE_HOST_H

#include "sixward/app/findings.h"
#include "sixward/app/symptoms.h"

/* Facts in, findings out: this host's addresses and routes. Pure. */

void diagnose_host(const struct symptoms *symptoms, struct findings *findings);

#endif
