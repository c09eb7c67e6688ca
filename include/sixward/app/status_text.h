#ifndef SIXWARD_APP_STATUS_TEXT_H
#define SIXWARD_APP_STATUS_TEXT_H

#include "sixward/app/sheet.h"
#include "sixward/config/tree.h"

/* What /status.json says, as text for people; times are those of the TZ. Whatever is missing in it,
 * or is not what it should be, is not known, and shows as "-". False, and nothing is written: it is
 * no status, or of a version that is not known here. */
bool status_text_write(const struct tree *status, struct sheet *sheet);

#endif
