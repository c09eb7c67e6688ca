#ifndef SIXWARD_APP_SERVICE_H
#define SIXWARD_APP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/net/loop.h"

/* Being a service: the door to the service manager, what it takes from the host, and the rights
 * that it gives up. Without a manager nobody is told anything. */

/* The sockets that the manager has passed are the descriptors from here on. */
enum { SERVICE_SOCKETS_START = 3 };

/* How many they are. */
size_t service_count_sockets(void);

struct service;

struct service *service_new(struct loop *loop);
void service_free(struct service *service); /* NULL is fine */

/* What the manager cannot be told now it is told later: nobody waits for it. `status` is what it
 * shows, a line for people. */

void service_note_ready(struct service *service, const char *status); /* after a reload as well */
void service_note_reloading(struct service *service);
void service_note_stopping(struct service *service, const char *status);

/* Whether all is well just now. */
typedef bool service_is_well(void *owner);

/* Tells the manager from now on, twice in the time that it waits, that all is well, as long as that
 * is so; where it does not want to know, nothing is asked. */
void service_watch(struct service *service, service_is_well *is_well, void *owner);

/* As many open files as the host grants: one for each connection, and many ports to ask from
 * (LIM-36). What an interactive shell grants is soon used up. Before there are threads. */
void service_want_files(void);

/* Becomes the account, its groups included, for good. Nothing to do for NULL. False, with the
 * reason in the log, when that cannot be done. */
bool service_become(const char *user);

/* Whether there is such an account on this host. */
bool service_knows_user(const char *user);

#endif
