#ifndef SIXWARD_APP_SERVER_H
#define SIXWARD_APP_SERVER_H

#include <stdbool.h>

#include "sixward/app/passed.h"
#include "sixward/config/config.h"
#include "sixward/net/loop.h"

/* The workers, the config in force, reload, stop in order. */

struct server;

/* Takes a reference to the config. The first worker runs on `loop`, which is the caller's.
 * `passed`: sockets that are used in the place of new ones; NULL = none; outlives the server. */
struct server *server_new(struct loop *loop, struct config *config, const struct passed *passed);

/* Where the settings stand, for people; borrowed. */
void server_set_path(struct server *server, const char *path);

/* Opens every socket; false after a line in the log for each that cannot be had. */
bool server_open(struct server *server);

/* Starts the other workers' threads, and says in three lines what is served. */
void server_start(struct server *server);

/* Every worker goes on with the new config; caches and sockets that stay live on. The three lines
 * are said once all do, and `applied` is called after that. False, and nothing changes, after a
 * line in the log for each socket that cannot be had. */
bool server_reload(struct server *server, struct config *config);

typedef void server_applied(void *owner);

/* Who is told, on the first worker's loop, that a reload is done. */
void server_on_applied(struct server *server, server_applied *applied, void *owner);

/* Whether the loop of every worker has turned since the call before; one that has not is named in
 * the log. On the first worker's loop. */
bool server_is_turning(struct server *server);

/* What is served, in a line for people, which the caller frees. */
char *server_describe(const struct server *server);

/* Finishes what is in progress, 2 s at most, then stops `loop`. */
void server_stop(struct server *server);

/* Writes every counter to the log. */
void server_log_counts(struct server *server);

/* After loop_run has returned. */
void server_free(struct server *server);

#endif
