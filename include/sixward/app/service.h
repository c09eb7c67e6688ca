#ifndef SIXWARD_APP_SERVICE_H
#define SIXWARD_APP_SERVICE_H

#include <stdbool.h>

/* Being a service: what it takes from the host, and the rights that it gives up. */

/* As many open files as the host grants: one for each connection, and many ports to ask from
 * (LIM-36). What an interactive shell grants is soon used up. Before there are threads. */
void service_want_files(void);

/* Becomes the account, its groups included, for good. Nothing to do for NULL. False, with the
 * reason in the log, when that cannot be done. */
bool service_become(const char *user);

#endif
