/* What the commands have in common. */

#include "sixward/app/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "sixward/config/load.h"

struct config *command_config(const char *path)
{
	struct faults faults = { 0 };
	struct config *config;
	const char *file = path;

	if (!path && access(COMMAND_CONFIG_PATH, F_OK) == 0)
		file = COMMAND_CONFIG_PATH;
	config = file ? load_file(file, &faults) : load_text("", 0, &faults);
	faults_print(&faults, file ? file : "defaults", stderr);
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
