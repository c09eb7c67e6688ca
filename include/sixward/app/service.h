#ifndef SIXWARD_APP_SERVICE_H
#define SIXWARD_APP_SERVICE_H

#include <stdbool.h>

/* Being a service: giving up rights. */

/* Becomes the account, its groups included, for good. Nothing to do for NULL. False, with the
 * reason in the log, when that cannot be done. */
bool service_become(const char *user);

#endif
