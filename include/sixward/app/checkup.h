#ifndef SIXWARD_APP_CHECKUP_H
#define SIXWARD_APP_CHECKUP_H

#include "sixward/app/findings.h"
#include "sixward/app/host.h"
#include "sixward/config/config.h"
#include "sixward/watch/snapshot.h"

/* What the doctor would say of a running server, by what that knows already: nobody is asked. Its
 * rules are the doctor's. */

/* Everything is lent. `path`: where the settings stand. */
struct findings *checkup(const struct config *config, const char *path, const struct host *host,
	const struct snapshot *snapshot);

#endif
