#ifndef SIXWARD_WATCH_RESOLV_CONF_H
#define SIXWARD_WATCH_RESOLV_CONF_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/base/addr.h"

/* The nameserver lines of a resolv.conf(5) text, in order, port 53; lines that do not parse are
 * skipped. Returns how many were written to `out`, at most `most`. */
size_t resolv_conf_read(const char *text, size_t size, struct endpoint *out, size_t most);

#endif
