#ifndef SIXWARD_LOCAL_RECORDS_H
#define SIXWARD_LOCAL_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/dns/reply.h"

/* Records of the configuration and of hosts files, to replies (LOC-c). A name of theirs is
 * answered here for every type; names below it are not ours by that. */

struct records;

struct records *records_new(void);
void records_free(struct records *records);

/* One record in zone-file syntax; false with what is wrong in `*error` (static text). */
bool records_add(struct records *records, const char *line, const char **error);

/* The text of one hosts(5) file: addresses with names, forward and reverse; the first entry of
 * an address gives its PTR (TTL 600, LIM-28). Lines that do not parse are left out and counted.
 * Returns how many entries were taken. */
size_t records_add_hosts(struct records *records, const char *text, size_t size, size_t *skipped);

/* The answer, following aliases within these records; NULL: the name is not ours. A CNAME that
 * leads elsewhere gives kind REPLY_CHAIN. NODATA comes without an SOA. */
struct reply *records_find(const struct records *records, const struct question *question);

#endif
