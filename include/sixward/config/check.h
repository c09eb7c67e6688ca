#ifndef SIXWARD_CONFIG_CHECK_H
#define SIXWARD_CONFIG_CHECK_H

#include "sixward/config/config.h"
#include "sixward/config/faults.h"
#include "sixward/config/tree.h"

/* What no single key can know: rules across keys. */

struct check {
	const struct config *config; /* incomplete where there are errors among the faults */
	const struct tree *file;     /* gives the places; NULL = empty */
	const struct tree *defaults;
	struct faults *faults;
};

/* Adds to the faults; warnings only where there is no error. */
void check_config(const struct check *check);

#endif
