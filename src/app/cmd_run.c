/* sixward run: signals to server calls. */

#define _GNU_SOURCE

#include <getopt.h>
#include <signal.h>
#include <stddef.h>

#include "sixward/app/command.h"
#include "sixward/app/server.h"
#include "sixward/app/service.h"
#include "sixward/base/log.h"

struct running {
	struct server *server;
	const char *path; /* -c, or NULL */
};

static void on_stop(void *owner, int number)
{
	struct running *running = owner;

	log_notice("stopping", LOG_FIELDS(LOG_TEXT("signal", number == SIGINT ? "INT" : "TERM")));
	server_stop(running->server);
}

/* A file with errors changes nothing. */
static void on_reload(void *owner, int number)
{
	struct running *running = owner;
	struct config *config = command_config(running->path);

	(void)number;
	if (!config) {
		log_error("the configuration has errors; the one in force stays", NULL);
		return;
	}
	log_notice("reloading", NULL);
	server_reload(running->server, config);
	config_unref(config);
}

static void on_counts(void *owner, int number)
{
	struct running *running = owner;

	(void)number;
	server_log_counts(running->server);
}

static int serve(struct config *config, const char *path)
{
	struct loop *loop = loop_new();
	struct running running = { .path = path, .server = server_new(loop, config) };
	int status = EXIT_NO;

	if (server_open(running.server) && service_become(config->user)) {
		loop_on_signal(loop, SIGTERM, on_stop, &running);
		loop_on_signal(loop, SIGINT, on_stop, &running);
		loop_on_signal(loop, SIGHUP, on_reload, &running);
		loop_on_signal(loop, SIGUSR1, on_counts, &running);
		server_start(running.server);
		loop_run(loop);
		loop_on_signal(loop, SIGTERM, NULL, NULL);
		loop_on_signal(loop, SIGINT, NULL, NULL);
		loop_on_signal(loop, SIGHUP, NULL, NULL);
		loop_on_signal(loop, SIGUSR1, NULL, NULL);
		status = EXIT_YES;
	}
	server_free(running.server);
	loop_free(loop);
	log_flush();
	return status;
}

static const struct option options[] = { { "config", required_argument, NULL, 'c' }, { 0 } };

int cmd_run(int argc, char **argv)
{
	const char *path = NULL;
	struct config *config;
	int option;
	int status;

	while ((option = getopt_long(argc, argv, ":c:", options, NULL)) != -1) {
		if (option != 'c')
			return command_usage("run",
				option == ':' ? "%s wants a value" : "unknown option %s",
				argv[optind - 1]);
		path = optarg;
	}
	if (optind < argc)
		return command_usage("run", "unexpected argument \"%s\"", argv[optind]);
	config = command_config(path);
	if (!config)
		return EXIT_USAGE;
	log_set(config->log_level, config->log_format);
	status = serve(config, path);
	config_unref(config);
	return status;
}
