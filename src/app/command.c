/* What the commands have in common. */

#define _GNU_SOURCE

#include "sixward/app/command.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sixward/config/load.h"

struct config *command_load(const char *path, struct faults *faults, const char **file)
{
	if (!path && access(COMMAND_CONFIG_PATH, F_OK) == 0)
		path = COMMAND_CONFIG_PATH;
	*file = path ? path : "defaults";
	return path ? load_file(path, faults) : load_text("", 0, faults);
}

struct config *command_config(const char *path)
{
	struct faults faults = { 0 };
	const char *file;
	struct config *config = command_load(path, &faults, &file);

	faults_print(&faults, file, stderr);
	faults_clear(&faults);
	return config;
}

int command_usage(const char *name, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)fprintf(stderr, "sixward %s: ", name);
	(void)vfprintf(stderr, format, arguments);
	(void)fprintf(stderr, "\nTry: sixward --help\n");
	va_end(arguments);
	return EXIT_USAGE;
}

int command_bad_option(const char *name, int answer, char **argv)
{
	const char *word = argv[optind - 1];

	if (answer == ':')
		return command_usage(name, "%s wants a value", word);
	/* Known, so that it is the value that nobody wants; or unknown and of one letter, which
	 * may stand in the middle of a word that getopt is not done with. */
	if (optopt && strncmp(word, "--", 2) == 0)
		return command_usage(name, "%s: takes no value", word);
	if (optopt)
		return command_usage(name, "unknown option -%c", optopt);
	return command_usage(name, "unknown option %s", word);
}
