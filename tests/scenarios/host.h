#ifndef SIXWARD_TESTS_SCENARIOS_HOST_H
#define SIXWARD_TESTS_SCENARIOS_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sixward/net/loop.h"

/* The server under test, listening at HOST_IPV6 and HOST_IPV4, with what a scenario does not say of
 * its config filled in. */

#define HOST_IPV6 "2001:db8::53"
#define HOST_IPV4 "192.0.2.53"

struct host;

/* `yaml` holds whole top-level keys. NULL, with the faults on `out`, when it is no config. */
struct host *host_new(struct loop *loop, const char *yaml, unsigned upstreams, FILE *out);
bool host_reload(struct host *host, const char *yaml, unsigned upstreams, FILE *out);
void host_free(struct host *host);

#endif
