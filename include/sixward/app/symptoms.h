#ifndef SIXWARD_APP_SYMPTOMS_H
#define SIXWARD_APP_SYMPTOMS_H

#include "sixward/app/host.h"
#include "sixward/app/probe.h"
#include "sixward/config/config.h"

/* All that the doctor goes by. */

struct symptoms {
	const struct config *config;
	const char *config_path; /* where its settings stand, or are to stand */
	const struct host *host;
	const struct probe *probe;
};

/* The policy, as written, that programs of this host get: those who ask from loopback. */
const struct policy *symptoms_policy(const struct symptoms *symptoms);

#endif
