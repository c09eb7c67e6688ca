#ifndef SIXWARD_APP_HOUR_H
#define SIXWARD_APP_HOUR_H

#include "sixward/app/sheet.h"
#include "sixward/config/tree.h"

/* The last hour as a picture on a sheet: all answers, and a line for each kind that there was. Of
 * "queries" of /status.json; nothing is written where that is not what it should be. */
void hour_put(struct sheet *sheet, const struct tree *queries);

#endif
