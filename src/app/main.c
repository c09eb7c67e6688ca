/* The table of commands. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sixward/app/command.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *arguments;
	const char *help;
} commands[] = {
	{ "run", cmd_run, "[-c FILE]", "serve, in the foreground; the command when none is given" },
	{ "check", cmd_check, "[-c FILE] [--show]",
		"print every error and warning of the file; --show: the settings in force" },
	{ "map", cmd_map, "[-c FILE] [--prefix P] ADDRESS...", "IPv4 to mapped IPv6 addresses" },
	{ "unmap", cmd_unmap, "[-c FILE] [--prefix P] ADDRESS...",
		"mapped IPv6 to IPv4 addresses" },
	{ "lookup", cmd_lookup, "[-c FILE] NAME [TYPE]", "resolve once, and say why" },
	{ "curl", cmd_curl, "[-c FILE] [--no-check] HOST[:PORT]...",
		"the --resolve arguments that let curl reach a host, tried beforehand" },
	{ "doctor", cmd_doctor, "[-c FILE] [--json]",
		"look at this host and its network, and say what to do" },
	{ "status", cmd_status, "[-c FILE] [--watch] [--json]",
		"what the running daemon does, from its http endpoint" },
};

enum { COMMAND_COUNT = sizeof(commands) / sizeof(commands[0]) };

static int print_help(void)
{
	(void)printf("sixward: a DNS64 forwarding resolver\n\nusage: sixward [COMMAND] ...\n\n");
	for (size_t i = 0; i < COMMAND_COUNT; i++)
		(void)printf("  %-7s %s\n          %s\n", commands[i].name, commands[i].arguments,
			commands[i].help);
	(void)printf("\nFILE is " COMMAND_CONFIG_PATH " when there is one, else the defaults are "
		     "used.\nSee sixward(8) and sixward.yaml(5).\n");
	return EXIT_YES;
}

static int run(int argc, char **argv)
{
	const char *first = argc > 1 ? argv[1] : "run";

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return print_help();
		if (strcmp(argv[i], "--version") == 0) {
			(void)printf("sixward " SIXWARD_VERSION "\n");
			return EXIT_YES;
		}
	}
	if (argc < 2 || first[0] == '-')
		return cmd_run(argc, argv);
	for (size_t i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, first) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	(void)fprintf(stderr, "sixward: unknown command \"%s\"\nTry: sixward --help\n", first);
	return EXIT_USAGE;
}

/* Where the caller has closed it, a socket of ours would become it, and the log be sent to
 * somebody. */
static void fill_stderr(void)
{
	int descriptor;

	if (fcntl(STDERR_FILENO, F_GETFD) >= 0)
		return;
	descriptor = open("/dev/null", O_WRONLY);
	if (descriptor < 0 || descriptor == STDERR_FILENO)
		return;
	(void)dup2(descriptor, STDERR_FILENO);
	(void)close(descriptor);
}

int main(int argc, char **argv)
{
	int status;

	fill_stderr();
	status = run(argc, argv);

	/* A result that nobody got is a failure. */
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	(void)fprintf(stderr, "sixward: what was found could not be written\n");
	return status == EXIT_YES ? EXIT_NO : status;
}
