#ifndef SIXWARD_APP_COMMAND_H
#define SIXWARD_APP_COMMAND_H

#include "sixward/config/config.h"
#include "sixward/config/faults.h"

/* What the commands have in common: exit statuses, and the configuration they start from. */

enum { EXIT_YES = 0, EXIT_NO = 1, EXIT_USAGE = 2 };

#define COMMAND_CONFIG_PATH "/etc/sixward/sixward.yaml"

/* The config of `path`; NULL stands for COMMAND_CONFIG_PATH if there is one, else the defaults.
 * NULL when there are errors among the faults. `*file`: what the faults are about, as words. */
struct config *command_load(const char *path, struct faults *faults, const char **file);

/* The same with the faults on stderr. */
struct config *command_config(const char *path);

/* "sixward NAME: …" on stderr; returns EXIT_USAGE. */
int command_usage(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The complaint about what getopt_long has just answered with ':' or '?'. */
int command_bad_option(const char *name, int answer, char **argv);

/* The commands: arguments without "sixward" and with the command's name as argv[0]. */
int cmd_run(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_map(int argc, char **argv);
int cmd_unmap(int argc, char **argv);
int cmd_lookup(int argc, char **argv);
int cmd_curl(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_status(int argc, char **argv);

#endif
