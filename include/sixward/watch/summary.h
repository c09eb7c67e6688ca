#ifndef SIXWARD_WATCH_SUMMARY_H
#define SIXWARD_WATCH_SUMMARY_H

#include "sixward/watch/snapshot.h"

/* What all of a snapshot comes to. Pure. */

enum { SUMMARY_MAX = 512 };

/* What the server does now, in a sentence. Returns `text`. */
char *summary_sentence(const struct snapshot *snapshot, char text[SUMMARY_MAX]);

enum snapshot_level summary_level(const struct snapshot *snapshot);

/* Why clients had better ask another server, in a line; NULL: they need not. No upstream of the top
 * works, or DNS64 is on and no prefix works. What is not known yet works. */
const char *summary_illness(const struct snapshot *snapshot);

#endif
