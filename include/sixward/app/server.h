#ifndef SIXWARD_APP_SERVER_H
#define SIXWARD_APP_SERVER_H

#include <stdbool.h>

#include "sixward/config/config.h"
#include "sixward/net/loop.h"

/* The workers, the config in force, reload, stop in order. */

struct server;

/* Takes a reference to the config. The first worker runs on `loop`, which is the caller's. */
struct server *server_new(struct loop *loop, struct config *config);

/* Opens every socket; false after a line in the log for each that cannot be had. */
bool server_open(struct server *server);

/* Starts the other workers' threads, and says in three lines what is served. */
void server_start(struct server *server);

/* Every worker goes on with the new config; caches and sockets that stay live on. The three lines
 * are said once all do. False, and nothing changes, after a line in the log for each socket that
 * cannot be had. */
bool server_reload(struct server *server, struct config *config);

/* Finishes what is in progress, 2 s at most, then stops `loop`. */
void server_stop(struct server *server);

/* Writes every counter to the log. */
void server_log_counts(struct server *server);

/* After loop_run has returned. */
void server_free(struct server *server);

#endif
