/* Bars of block characters, in eighths of a line. Where there is ASCII alone, of what has about as
 * much ink. */

#include "sixward/app/sparks.h"

#include <math.h>

enum { STEPS = 8 };

void sparks_fit(
	struct sparks *sparks, const double *values, size_t count, size_t slots, unsigned columns)
{
	if (columns > SPARKS_COLUMNS_MAX)
		columns = SPARKS_COLUMNS_MAX;
	if (columns > slots)
		columns = (unsigned)slots;
	*sparks = (struct sparks){ .columns = columns };
	for (size_t i = 0; i < count && i < slots && columns; i++) {
		size_t slot = slots - 1 - i;
		double *value = &sparks->values[slot * columns / slots];

		*value = fmax(*value, values[count - 1 - i]);
		sparks->most = fmax(sparks->most, *value);
	}
}

/* How many eighths of the row are filled. */
static unsigned steps_in_row(double share, unsigned row, unsigned rows)
{
	double below = (rows - 1 - row) * STEPS;
	double steps = round(share * rows * STEPS);

	if (share > 0 && steps < 1)
		steps = 1; /* something is never nothing */
	return (unsigned)fmin(fmax(steps - below, 0), STEPS);
}

void sparks_put_row(const struct sparks *sparks, struct sheet *sheet, enum sheet_tone tone,
	unsigned row, unsigned rows)
{
	static const char *const blocks[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const letters[] = { " ", ".", ".", ":", ":", "|", "|", "#", "#" };
	char text[SPARKS_COLUMNS_MAX * 4 + 1];
	size_t size = 0;

	for (unsigned i = 0; i < sparks->columns; i++) {
		double share = sparks->most > 0 ? sparks->values[i] / sparks->most : 0;
		unsigned steps = steps_in_row(share, row, rows);
		const char *from = sheet->is_utf8 ? blocks[steps] : letters[steps];

		while (*from)
			text[size++] = *from++;
	}
	text[size] = '\0';
	sheet_put(sheet, tone, "%s", text);
}
