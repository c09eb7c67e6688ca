#ifndef SIXWARD_UPSTREAM_RUMOURS_H
#define SIXWARD_UPSTREAM_RUMOURS_H

#include <stdbool.h>
#include <stdint.h>

#include "sixward/base/addr.h"

/* Which servers kept silent towards some worker, for the others to know before they wait for
 * them as well. From any thread. */

enum { RUMOURS_MAX = 64 }; /* servers; the oldest rumour makes room */

struct rumours;

struct rumours *rumours_new(void);
void rumours_free(struct rumours *rumours); /* NULL is fine */

/* What was sent to the server at `sent_ms` (of any loop: their clock is one) is unanswered. */
void rumours_tell(struct rumours *rumours, const struct endpoint *endpoint, uint64_t sent_ms);

/* It answers again. */
void rumours_forget(struct rumours *rumours, const struct endpoint *endpoint);

/* Another number with each thing told; cheap. */
uint32_t rumours_edition(const struct rumours *rumours);

/* False: nothing is told of it. */
bool rumours_find(struct rumours *rumours, const struct endpoint *endpoint, uint64_t *sent_ms);

#endif
