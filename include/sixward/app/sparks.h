#ifndef SIXWARD_APP_SPARKS_H
#define SIXWARD_APP_SPARKS_H

#include "sixward/app/sheet.h"

/* Values over time as bars of block characters, the newest to the right. */

enum { SPARKS_COLUMNS_MAX = 120 };

struct sparks {
	double values[SPARKS_COLUMNS_MAX];
	unsigned columns;
	double most; /* of the values: as high as the bars are */
};

/* `count` values stand for the newest of `slots` moments, which all have to fit into `columns`: of
 * moments that share one, the largest is shown. */
void sparks_fit(
	struct sparks *sparks, const double *values, size_t count, size_t slots, unsigned columns);

/* One row of bars that are `rows` high; row 0 is the top. */
void sparks_put_row(const struct sparks *sparks, struct sheet *sheet, enum sheet_tone tone,
	unsigned row, unsigned rows);

#endif
