/* sixward doctor: this host and its network as a user of them sees them, and what to do next. */

#define _GNU_SOURCE

#include <getopt.h>
#include <stdio.h>

#include "sixward/app/command.h"
#include "sixward/app/diagnose_host.h"
#include "sixward/app/diagnose_network.h"
#include "sixward/app/diagnose_resolver.h"
#include "sixward/app/report.h"

static const struct option options[] = { { "config", required_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' }, { 0 } };

static int examine(struct config *config, const char *path, bool is_json)
{
	struct host *host = host_gather("", config->listen, config->listen_count);
	struct loop *loop = loop_new();
	struct probe *probe = probe_run(loop, config);
	struct findings *findings = findings_new();
	struct symptoms symptoms = { .config = config,
		.config_path = path ? path : COMMAND_CONFIG_PATH,
		.host = host,
		.probe = probe };
	bool is_well;

	diagnose_host(&symptoms, findings);
	diagnose_resolver(&symptoms, findings);
	diagnose_network(&symptoms, findings);
	if (is_json)
		report_json(&symptoms, findings, stdout);
	else
		report_text(findings, stdout);
	is_well =
		!findings_count(findings, LEVEL_ERROR) && !findings_count(findings, LEVEL_WARNING);
	findings_free(findings);
	probe_free(probe);
	loop_free(loop);
	host_free(host);
	return is_well ? EXIT_YES : EXIT_NO;
}

int cmd_doctor(int argc, char **argv)
{
	const char *path = NULL;
	bool is_json = false;
	struct config *config;
	int option;
	int status;

	while ((option = getopt_long(argc, argv, ":c:", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'j':
			is_json = true;
			break;
		default:
			return command_bad_option("doctor", option, argv);
		}
	}
	if (optind < argc)
		return command_usage("doctor", "unexpected argument \"%s\"", argv[optind]);
	config = command_config(path);
	if (!config)
		return EXIT_USAGE;
	log_silence(); /* whatever a line would say is a finding */
	status = examine(config, path, is_json);
	config_unref(config);
	return status;
}
