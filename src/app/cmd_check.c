/* sixward check: the file's errors and warnings, and the settings in force. */

#define _GNU_SOURCE

#include <getopt.h>
#include <stdio.h>

#include "sixward/app/command.h"
#include "sixward/config/show.h"

static const struct option options[] = { { "config", required_argument, NULL, 'c' },
	{ "show", no_argument, NULL, 's' }, { "reference", no_argument, NULL, 'r' }, { 0 } };

int cmd_check(int argc, char **argv)
{
	const char *path = NULL;
	bool shows = false;
	struct config *config;
	int option;

	while ((option = getopt_long(argc, argv, ":c:", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 's':
			shows = true;
			break;
		case 'r': /* for the manual */
			show_reference(stdout);
			return EXIT_YES;
		default:
			return command_bad_option("check", option, argv);
		}
	}
	if (optind < argc)
		return command_usage("check", "unexpected argument \"%s\"", argv[optind]);
	config = command_config(path);
	if (!config)
		return EXIT_USAGE;
	if (shows)
		show_config(config, stdout);
	config_unref(config);
	return EXIT_YES;
}
