#ifndef SIXWARD_LOCAL_RECORDS_H
#define SIXWARD_LOCAL_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "sixward/dns/reply.h"

/* Records of the configuration and of hosts files, to replies (LOC-c). A name of theirs is
 * answered here for every type; names below it are not ours by that, and an owner name that
 * begins with `*` is that name and no other. */

enum {
	RECORDS_TTL = 600,         /* s, where none is given, and of hosts entries (LIM-28) */
	RECORDS_LINKS_MAX = 16,    /* LIM-20 */
	RECORDS_PER_NAME_MAX = 256 /* so that a name's answer stays one that can be sent */
};

struct records;

struct records *records_new(void);
void records_free(struct records *records);

/* One record of class IN in zone-file syntax; false with what is wrong in `*error` (static text).
 * The same record again is fine; a CNAME beside other records, one that closes a circle, and a
 * DNAME are not. */
bool records_add(struct records *records, const char *line, const char **error);

/* The text of one hosts(5) file: addresses with names, forward and reverse; the first entry of
 * an address gives its PTR (TTL 600, LIM-28). Of a line that does not parse, what is wrong is left
 * out, and the line counted. Returns how many entries, pairs of address and name, were taken. */
size_t records_add_hosts(struct records *records, const char *text, size_t size, size_t *skipped);

/* The answer, following aliases within these records; NULL: the name is not ours. A CNAME that
 * leads elsewhere gives kind REPLY_CHAIN. NODATA comes without an SOA. A chain of more than
 * RECORDS_LINKS_MAX links gives REPLY_RCODE with SERVFAIL (D64-5.1.5-g). */
struct reply *records_find(const struct records *records, const struct question *question);

/* Visits every name, in no order; it stays where it is until records_free. */
typedef void records_visit(void *owner, const uint8_t *name);
void records_each(const struct records *records, records_visit *visit, void *owner);

#endif
