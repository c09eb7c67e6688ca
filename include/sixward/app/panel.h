#ifndef SIXWARD_APP_PANEL_H
#define SIXWARD_APP_PANEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/app/lookout.h"
#include "sixward/app/survey.h"
#include "sixward/base/counts.h"
#include "sixward/config/config.h"
#include "sixward/resolve/cache.h"
#include "sixward/watch/recent.h"

/* What the HTTP endpoint shows of a running server: gathered when somebody asks, and answered by
 * the path. It is there only where the config has an endpoint. */

struct panel_options {
	struct loop *loop;
	struct config *config; /* a reference is taken */
	const char *path;      /* where its settings stand; borrowed */
	uint64_t started_ms;   /* the server, in the loop's time */
	const struct counts *counts;
	struct cache *cache;
	struct recent *recent;
	const struct lookout *lookout;
	const struct survey_lane *lanes; /* copied; the workers outlive it */
	size_t lane_count;
};

struct panel;

/* Keeps a history from now on, and listens nowhere. */
struct panel *panel_new(const struct panel_options *options);

/* Once no thread of a worker runs any more; what waits is told so. NULL is fine. */
void panel_free(struct panel *panel);

/* Listens at the endpoint, and no longer where it did before, if that was another. False: `*error`
 * is a negative errno, and nothing has changed. */
bool panel_listen(struct panel *panel, const struct endpoint *at, int *error);

/* Listens no more. The history goes on. */
void panel_close(struct panel *panel);

/* For a reload. */
void panel_set_config(struct panel *panel, struct config *config);

/* Its own counts, as with counts_each. */
void panel_each_count(const struct panel *panel, counts_visit *visit, void *owner);

#endif
