/* sixward check: the file's errors and warnings, and the settings in force. */

#define _GNU_SOURCE

#include <getopt.h>
#include <stdio.h>

#include "sixward/app/command.h"
#include "sixward/app/service.h"
#include "sixward/config/show.h"

static const struct option options[] = { { "config", required_argument, NULL, 'c' },
	{ "show", no_argument, NULL, 's' }, { "reference", no_argument, NULL, 'r' }, { 0 } };

/* What only this host can tell, and another may tell otherwise: no error of the file. */
static void look_at_host(const struct config *config, struct faults *faults)
{
	if (config->user && !service_knows_user(config->user))
		faults_add(faults, true, 0, 0, "user",
			"found \"%s\", but this host has no such account: started as root, "
			"sixward would refuse to run",
			config->user);
}

static struct config *check(const char *path)
{
	struct faults faults = { 0 };
	const char *file;
	struct config *config = command_load(path, &faults, &file);

	if (config)
		look_at_host(config, &faults);
	faults_print(&faults, file, stderr);
	faults_clear(&faults);
	return config;
}

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
	config = check(path);
	if (!config)
		return EXIT_USAGE;
	if (shows)
		show_config(config, stdout);
	config_unref(config);
	return EXIT_YES;
}
