/* The settings in force as YAML, and the reference of all settings for the manual. */

#include "sixward/config/show.h"

#include <string.h>

#include "sixward/config/schema.h"

void show_config(const struct config *config, FILE *out)
{
	showing_table(schema_top, config, out, 0);
}

/* mdoc takes a backslash, and a dot at the start of a line, as its own. */
static void write_mdoc(const char *text, FILE *out)
{
	for (const char *at = text; *at; at++) {
		if (*at == '\\')
			(void)fprintf(out, "\\e");
		else if (*at == '-')
			(void)fprintf(out, "\\-");
		else
			(void)fputc(*at, out);
	}
}

static void write_sentence(const char *label, const char *text, FILE *out)
{
	(void)fprintf(out, "%s ", label);
	write_mdoc(text, out);
	(void)fprintf(out, ".\n");
}

static void write_setting(const struct setting *setting, const char *parent, FILE *out)
{
	(void)fprintf(out, ".It Ic %s%s%s\n", parent, parent[0] ? "." : "", setting->key);
	(void)fputc((setting->help[0] >= 'a' && setting->help[0] <= 'z')
			    ? setting->help[0] - 'a' + 'A'
			    : setting->help[0],
		out);
	write_mdoc(setting->help + 1, out);
	(void)fprintf(out, ".\n");
	if (!setting->standard)
		return;
	(void)fprintf(out, ".br\n");
	if (strcmp(setting->kind->accepted, "nothing yet") == 0) {
		(void)fprintf(
			out, "Not supported in this version; only its default is accepted.\n");
	} else if (setting->choices) {
		(void)fprintf(out, "One of");
		for (size_t i = 0; setting->choices[i]; i++) {
			(void)fprintf(out, "%s ", i ? "," : "");
			write_mdoc(setting->choices[i], out);
		}
		(void)fprintf(out, ".\n");
	} else {
		char first = setting->kind->accepted[0];

		(void)fputc(first >= 'a' && first <= 'z' ? first - 'a' + 'A' : first, out);
		write_sentence("", setting->kind->accepted + 1, out);
	}
	if (setting->least && setting->most)
		(void)fprintf(out, "From %s to %s.\n", setting->least, setting->most);
	write_sentence("Default:", setting->standard, out);
}

static void write_table(const struct setting *table, const char *parent, FILE *out)
{
	for (const struct setting *setting = table; setting->key; setting++) {
		write_setting(setting, parent, out);
		if (setting->table && !setting->standard)
			write_table(setting->table, setting->key, out);
	}
}

void show_reference(FILE *out)
{
	(void)fprintf(out, ".Bl -tag -width Ds\n");
	write_table(schema_top, "", out);
	(void)fprintf(out, ".El\n");
}
