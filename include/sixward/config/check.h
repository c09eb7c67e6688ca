#ifndef SIXWARD_CONFIG_CHECK_H
#define SIXWARD_CONFIG_CHECK_H

#include "sixward/config/config.h"
#include "sixward/config/faults.h"
#include "sixward/config/tree.h"

/* What no single key can know: rules across keys. `file` gives the places; NULL = empty. */
void check_config(const struct config *config, const struct tree *file, struct faults *faults);

#endif
