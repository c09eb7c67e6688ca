/* Numbers as people like to read them: two or three digits that matter, and a unit. */

#include "sixward/app/figures.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>

static char *unknown(char text[FIGURES_MAX])
{
	(void)snprintf(text, FIGURES_MAX, "-");
	return text;
}

char *figures_rate(double per_second, char text[FIGURES_MAX])
{
	if (isnan(per_second))
		return unknown(text);
	(void)snprintf(text, FIGURES_MAX, "%.*f",
		per_second == 0 || per_second >= 99.95 ? 0
		: per_second >= 9.995                  ? 1
						       : 2,
		per_second);
	return text;
}

char *figures_count(double count, char text[FIGURES_MAX])
{
	static const char units[] = "MGTPE";
	size_t i = 0;

	if (isnan(count))
		return unknown(text);
	if (count < 1e6) {
		(void)snprintf(text, FIGURES_MAX, "%.0f", count);
		return text;
	}
	for (count /= 1e6; count >= 999.5 && units[i + 1]; i++)
		count /= 1000;
	(void)snprintf(text, FIGURES_MAX, "%.3g %c", count, units[i]);
	return text;
}

char *figures_octets(double octets, char text[FIGURES_MAX])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB" };
	size_t i = 0;

	if (isnan(octets))
		return unknown(text);
	for (; octets >= 1023.5 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
		octets /= 1024;
	(void)snprintf(text, FIGURES_MAX, "%.*f %s", octets < 99.95 && i ? 1 : 0, octets, units[i]);
	return text;
}

char *figures_span(double seconds, char text[FIGURES_MAX])
{
	static const struct unit {
		double size;
		const char *name;
		double smaller; /* the unit that is told besides, while there are few of this */
		const char *smaller_name;
	} units[] = {
		{ 86400, "d", 3600, "h" },
		{ 3600, "h", 60, "min" },
		{ 60, "min", 0, NULL },
		{ 0, "s", 0, NULL },
	};
	const struct unit *unit = units;

	if (isnan(seconds))
		return unknown(text);
	while (seconds < unit->size)
		unit++;
	if (unit->smaller > 0 && seconds < 10 * unit->size)
		(void)snprintf(text, FIGURES_MAX, "%.0f %s %.0f %s", floor(seconds / unit->size),
			unit->name, floor(fmod(seconds, unit->size) / unit->smaller),
			unit->smaller_name);
	else
		(void)snprintf(text, FIGURES_MAX, "%.0f %s",
			unit->size > 0 ? floor(seconds / unit->size) : floor(seconds), unit->name);
	return text;
}

char *figures_ms(double ms, char text[FIGURES_MAX])
{
	if (isnan(ms))
		return unknown(text);
	if (ms >= 999.5)
		(void)snprintf(text, FIGURES_MAX, "%.1f s", ms / 1000);
	else
		(void)snprintf(text, FIGURES_MAX, "%.*f ms", ms < 9.95 ? 1 : 0, ms);
	return text;
}

char *figures_share(double share, char text[FIGURES_MAX])
{
	if (isnan(share))
		return unknown(text);
	if (share > 0 && share < 0.001)
		(void)snprintf(text, FIGURES_MAX, "< 0.1 %%");
	else
		(void)snprintf(text, FIGURES_MAX, "%.*f %%", share > 0 && share < 0.0995 ? 1 : 0,
			100 * share);
	return text;
}
