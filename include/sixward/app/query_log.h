#ifndef SIXWARD_APP_QUERY_LOG_H
#define SIXWARD_APP_QUERY_LOG_H

#include "sixward/resolve/query.h"

/* The line of the log that a query gets where lines per query were asked for. */
void query_log(const struct query_observation *seen);

#endif
