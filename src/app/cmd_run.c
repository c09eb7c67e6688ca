/* sixward run: signals to server calls. */

#define _GNU_SOURCE

#include <getopt.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "sixward/app/command.h"
#include "sixward/app/passed.h"
#include "sixward/app/server.h"
#include "sixward/app/service.h"
#include "sixward/base/log.h"

struct running {
	struct server *server;
	struct service *service;
	const char *path; /* -c, or NULL */
};

static void tell_ready(void *owner)
{
	const struct running *running = owner;
	char *status = server_describe(running->server);

	service_note_ready(running->service, status);
	free(status);
}

static bool is_well(void *owner)
{
	const struct running *running = owner;

	return server_is_turning(running->server);
}

static void on_stop(void *owner, int number)
{
	struct running *running = owner;

	log_notice("stopping", LOG_FIELDS(LOG_TEXT("signal", number == SIGINT ? "INT" : "TERM")));
	service_note_stopping(running->service, "Finishing what is in progress");
	server_stop(running->server);
}

/* Each complaint as a line of the log, in its format. */
static void log_faults(const struct faults *faults, const char *file)
{
	for (size_t i = 0; i < faults->count; i++) {
		const struct fault *fault = &faults->items[i];

		log_record(fault->is_warning ? LOG_WARNING : LOG_ERROR, "configuration",
			LOG_FIELDS(LOG_TEXT("file", file), LOG_NUMBER("line", fault->line),
				LOG_NUMBER("column", fault->column), LOG_TEXT("key", fault->path),
				LOG_TEXT("reason", fault->text)));
	}
}

static void refuse_reload(const struct running *running, const char *words)
{
	log_record(LOG_ERROR, words, NULL);
	service_note_ready(running->service, words);
}

/* A file with errors changes nothing. */
static void on_reload(void *owner, int number)
{
	struct running *running = owner;
	struct faults faults = { 0 };
	const char *file;
	struct config *config;

	(void)number;
	service_note_reloading(running->service);
	config = command_load(running->path, &faults, &file);
	log_faults(&faults, file);
	faults_clear(&faults);
	if (!config)
		refuse_reload(running, "the configuration has errors; the one in force stays");
	else if (!server_reload(running->server, config))
		refuse_reload(running, "the configuration cannot be used; the one in force stays");
	config_unref(config);
}

static void on_counts(void *owner, int number)
{
	struct running *running = owner;

	(void)number;
	server_log_counts(running->server);
}

static void run(struct running *running, struct loop *loop)
{
	loop_on_signal(loop, SIGTERM, on_stop, running);
	loop_on_signal(loop, SIGINT, on_stop, running);
	loop_on_signal(loop, SIGHUP, on_reload, running);
	loop_on_signal(loop, SIGUSR1, on_counts, running);
	server_on_applied(running->server, tell_ready, running);
	server_start(running->server);
	tell_ready(running);
	service_watch(running->service, is_well, running);
	loop_run(loop);
	loop_on_signal(loop, SIGTERM, NULL, NULL);
	loop_on_signal(loop, SIGINT, NULL, NULL);
	loop_on_signal(loop, SIGHUP, NULL, NULL);
	loop_on_signal(loop, SIGUSR1, NULL, NULL);
}

static struct passed *take_sockets(const struct config *config)
{
	return passed_new(SERVICE_SOCKETS_START, service_count_sockets(), config->listen,
		config->listen_count);
}

static int serve(struct config *config, const char *path)
{
	struct passed *passed = take_sockets(config);
	struct loop *loop = loop_new();
	struct running running = { .path = path,
		.service = service_new(loop),
		.server = server_new(loop, config, passed) };
	int status = EXIT_NO;

	if (path)
		server_set_path(running.server, path);
	service_want_files();
	if (server_open(running.server) && service_become(config->user)) {
		log_start(); /* by the account that the process has become */
		run(&running, loop);
		status = EXIT_YES;
	}
	server_free(running.server);
	service_free(running.service);
	passed_free(passed);
	loop_free(loop);
	log_flush();
	return status;
}

static const struct option options[] = { { "config", required_argument, NULL, 'c' }, { 0 } };

int cmd_run(int argc, char **argv)
{
	struct faults faults = { 0 };
	const char *path = NULL;
	const char *file;
	struct config *config;
	int option;
	int status;

	while ((option = getopt_long(argc, argv, ":c:", options, NULL)) != -1) {
		if (option != 'c')
			return command_bad_option("run", option, argv);
		path = optarg;
	}
	if (optind < argc)
		return command_usage("run", "unexpected argument \"%s\"", argv[optind]);
	config = command_load(path, &faults, &file);
	if (config) {
		log_set(config->log_level, config->log_format);
		log_faults(&faults, file);
	} else {
		faults_print(&faults, file, stderr);
	}
	faults_clear(&faults);
	if (!config)
		return EXIT_USAGE;
	status = serve(config, path);
	config_unref(config);
	return status;
}
