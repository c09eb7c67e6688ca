/* The settings in force as YAML, and the reference of all settings for the manual. */

#include "sixward/config/show.h"

#include "sixward/config/schema.h"

enum { PATH_TEXT_MAX = 128 };

void show_config(const struct config *config, FILE *out)
{
	showing_table(schema_top, config, out, 0);
	(void)fputc('\n', out);
}

static char upper(char letter)
{
	return letter >= 'a' && letter <= 'z' ? (char)(letter - 'a' + 'A') : letter;
}

/* Sentences, the last without its full stop, each on a line of its own. mdoc takes a backslash as
 * its own, and a hyphen for a dash. */
static void write_sentences(const char *label, const char *text, FILE *out)
{
	(void)fprintf(out, "%s%c", label, label[0] ? text[0] : upper(text[0]));
	for (const char *at = text + 1; *at; at++) {
		if (*at == '\\')
			(void)fprintf(out, "\\e");
		else if (*at == '-')
			(void)fprintf(out, "\\-");
		else if (*at == ' ' && at[-1] == '.' && at[1] >= 'A' && at[1] <= 'Z')
			(void)fputc('\n', out);
		else
			(void)fputc(*at, out);
	}
	(void)fprintf(out, ".\n");
}

static void write_choices(const struct setting *setting, FILE *out)
{
	(void)fprintf(out, "One of");
	for (size_t i = 0; setting->choices[i]; i++)
		(void)fprintf(out, "%s %s", i ? "," : "", setting->choices[i]);
	(void)fprintf(out, ".\n");
}

static void write_setting(const struct setting *setting, const char *parent, FILE *out)
{
	(void)fprintf(out, ".It Ic %s%s%s\n", parent, parent[0] ? "." : "", setting->key);
	write_sentences("", setting->help, out);
	if (!setting->standard)
		return;
	(void)fprintf(out, ".br\n");
	if (setting->kind == &kind_not_yet)
		(void)fprintf(
			out, "Not supported in this version; only its default is accepted.\n");
	else if (setting->choices)
		write_choices(setting, out);
	else
		write_sentences("", setting->kind->accepted, out);
	if (setting->least && setting->most)
		(void)fprintf(out, "From %s to %s.\n", setting->least, setting->most);
	write_sentences("Default: ", setting->standard, out);
}

static void write_table(const struct setting *table, const char *parent, FILE *out)
{
	for (const struct setting *setting = table; setting->key; setting++) {
		char path[PATH_TEXT_MAX];

		write_setting(setting, parent, out);
		if (!setting->table || (setting->standard && !setting->is_nullable))
			continue;
		(void)snprintf(
			path, sizeof(path), "%s%s%s", parent, parent[0] ? "." : "", setting->key);
		write_table(setting->table, path, out);
	}
}

void show_reference(FILE *out)
{
	(void)fprintf(out, ".Bl -tag -width Ds\n");
	write_table(schema_top, "", out);
	(void)fprintf(out, ".El\n");
}
