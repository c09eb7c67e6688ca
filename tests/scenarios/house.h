#ifndef SIXWARD_TESTS_SCENARIOS_HOUSE_H
#define SIXWARD_TESTS_SCENARIOS_HOUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "sixward/net/loop.h"

/* The server under test, listening at HOUSE_IPV6 and HOUSE_IPV4, with what a scenario does not say
 * of its config filled in. */

#define HOUSE_IPV6 "2001:db8::53"
#define HOUSE_IPV4 "192.0.2.53"

struct house;

/* `yaml` holds whole top-level keys. NULL, with the faults on `out`, when it is no config. */
struct house *house_new(struct loop *loop, const char *yaml, unsigned upstreams, FILE *out);
bool house_reload(struct house *house, const char *yaml, unsigned upstreams, FILE *out);
void house_free(struct house *house);

#endif
