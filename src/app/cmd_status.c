/* sixward status: the running daemon's state, from its http endpoint: once, or again and again.
 * What it looks like is the affair of app/status_text, and of a terminal that of app/screen. */

#define _GNU_SOURCE

#include <getopt.h>
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sixward/app/command.h"
#include "sixward/app/fetch.h"
#include "sixward/app/screen.h"
#include "sixward/app/status_text.h"
#include "sixward/config/load.h"
#include "sixward/net/socket.h"
#include "sixward/net/timer.h"

enum { AGAIN_MS = 2000, WHY_MAX = 256, HTTP_OK = 200 };

struct watching {
	struct loop *loop;
	struct endpoint peer;
	bool is_watch;
	bool is_json;
	struct fetch *fetch;
	struct timer *timer;
	char *text;        /* what was understood last; NULL = nothing yet */
	char why[WHY_MAX]; /* there is nothing newer; "" = there is */
	int status;
};

static struct sheet sheet_over(FILE *out)
{
	struct screen_look look = screen_look(stdout);

	return (struct sheet){ .out = out,
		.width = look.width,
		.is_utf8 = look.is_utf8,
		.has_colour = look.has_colour };
}

/* ---- What came of asking. */

__attribute__((format(printf, 2, 3))) static bool fail(
	struct watching *watching, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(watching->why, sizeof(watching->why), format, arguments);
	va_end(arguments);
	return false;
}

/* The text for people; false after a failure. JSON is, but for what no status has, YAML. */
static bool read_status(struct watching *watching, const struct response *response)
{
	struct faults faults = { 0 };
	struct tree tree = { 0 };
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct sheet sheet = sheet_over(out);
	bool is_read = load_tree(response->body, response->size, &faults, &tree) &&
		       status_text_write(&tree, &sheet);

	(void)fclose(out);
	tree_clear(&tree);
	faults_clear(&faults);
	if (!is_read) {
		free(text);
		return fail(watching, "what answers there has no status that is known here");
	}
	free(watching->text);
	watching->text = text;
	watching->why[0] = '\0';
	return true;
}

static bool read_response(struct watching *watching, const struct response *response)
{
	if (response->status != HTTP_OK)
		return fail(watching, "what answers there says HTTP status %u", response->status);
	if (!watching->is_json)
		return read_status(watching, response);
	(void)fwrite(response->body, 1, response->size, stdout);
	return true;
}

static bool read_fetched(struct watching *watching, const struct fetched *fetched)
{
	switch (fetched->result) {
	case FETCH_DONE:
		return read_response(watching, &fetched->response);
	case FETCH_UNREACHABLE:
		return fail(watching, "%s", socket_error_text(fetched->error));
	case FETCH_SILENT:
		return fail(watching, "no answer within %d s", FETCH_TIMEOUT_MS / 1000);
	case FETCH_GARBAGE:
		break;
	}
	return fail(watching, "what answers there does not speak HTTP");
}

/* ---- Once. */

static void print_failure(const struct watching *watching)
{
	char text[ENDPOINT_TEXT_MAX];

	(void)fprintf(stderr, "sixward status: no status from %s: %s\nTry: sixward doctor\n",
		endpoint_format(&watching->peer, text), watching->why);
}

/* ---- Again and again. */

static void on_fetched(void *owner, const struct fetched *fetched);

static void ask(struct watching *watching)
{
	watching->fetch =
		fetch_start(watching->loop, &watching->peer, "/status.json", on_fetched, watching);
}

/* What has been said by who is away now stands below the news of it. */
static char *text_away(const struct watching *watching)
{
	char peer[ENDPOINT_TEXT_MAX];
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct sheet sheet = sheet_over(out);

	sheet_put(&sheet, TONE_BAD, "%s away", sheet.is_utf8 ? "✕" : "x");
	sheet_put(&sheet, TONE_BOLD, "  no status from %s: %s; asked again every 2 s",
		endpoint_format(&watching->peer, peer), watching->why);
	sheet_end_line(&sheet);
	sheet_end_line(&sheet);
	(void)fputs(watching->text, out);
	(void)fclose(out);
	return text;
}

static void draw(const struct watching *watching)
{
	struct screen_look look = screen_look(stdout);
	char *text = watching->why[0] ? text_away(watching) : NULL;

	if (look.is_terminal)
		screen_draw(stdout, text ? text : watching->text, look.height);
	else
		(void)printf("%s\n", text ? text : watching->text);
	(void)fflush(stdout);
	free(text);
}

static void on_fetched(void *owner, const struct fetched *fetched)
{
	struct watching *watching = owner;
	bool is_first = !watching->text;
	bool is_read = read_fetched(watching, fetched);

	watching->fetch = NULL;
	if (!is_read && is_first) {
		watching->status = EXIT_NO;
		loop_stop(watching->loop);
		return;
	}
	if (!watching->is_watch) {
		(void)fputs(watching->text ? watching->text : "", stdout);
		loop_stop(watching->loop);
		return;
	}
	if (is_first && screen_look(stdout).is_terminal)
		screen_open(stdout);
	draw(watching);
	if (ferror(stdout))
		loop_stop(watching->loop);
	else
		timer_start(watching->timer, AGAIN_MS);
}

static void on_again(void *owner)
{
	ask(owner);
}

static void on_stop(void *owner, int number)
{
	struct watching *watching = owner;

	(void)number;
	loop_stop(watching->loop);
}

static void on_resized(void *owner, int number)
{
	const struct watching *watching = owner;

	(void)number;
	if (watching->text)
		draw(watching);
}

/* The shell gets its own screen while this is stopped. */
static void on_suspended(void *owner, int number)
{
	const struct watching *watching = owner;

	(void)number;
	if (watching->text)
		screen_close(stdout);
	(void)kill(getpid(), SIGSTOP);
	if (!watching->text)
		return;
	screen_open(stdout);
	draw(watching);
}

static void listen_to_signals(struct watching *watching, bool on)
{
	static const struct {
		loop_signal *signal;
		int number;
		bool of_terminal;
	} signals[] = {
		{ on_stop, SIGINT, false },
		{ on_stop, SIGTERM, false },
		{ on_resized, SIGWINCH, true },
		{ on_suspended, SIGTSTP, true },
	};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		if (!signals[i].of_terminal || screen_look(stdout).is_terminal)
			loop_on_signal(watching->loop, signals[i].number,
				on ? signals[i].signal : NULL, watching);
	}
}

/* ---- The command. */

static int show(struct watching *watching)
{
	watching->loop = loop_new();
	watching->timer = timer_new(watching->loop, on_again, watching);
	if (watching->is_watch)
		listen_to_signals(watching, true);
	ask(watching);
	loop_run(watching->loop);
	if (watching->is_watch)
		listen_to_signals(watching, false);
	if (watching->is_watch && watching->text && screen_look(stdout).is_terminal)
		screen_close(stdout);
	if (watching->status != EXIT_YES)
		print_failure(watching);
	fetch_cancel(watching->fetch);
	timer_free(watching->timer);
	loop_free(watching->loop);
	free(watching->text);
	return watching->status;
}

/* One that listens at every address is asked at loopback. */
static struct endpoint peer_of(const struct endpoint *listener)
{
	struct endpoint peer = *listener;

	if (addr_is_any(&peer.addr))
		(void)addr_parse(peer.addr.family == ADDR_IPV4 ? "127.0.0.1" : "::1", &peer.addr);
	return peer;
}

static const struct option options[] = { { "config", required_argument, NULL, 'c' },
	{ "watch", no_argument, NULL, 'w' }, { "json", no_argument, NULL, 'j' }, { 0 } };

/* False after a complaint. */
static bool read_options(int argc, char **argv, const char **path, struct watching *watching)
{
	int option;

	while ((option = getopt_long(argc, argv, ":c:", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			*path = optarg;
			break;
		case 'w':
			watching->is_watch = true;
			break;
		case 'j':
			watching->is_json = true;
			break;
		default:
			(void)command_bad_option("status", option, argv);
			return false;
		}
	}
	if (optind < argc)
		(void)command_usage("status", "unexpected argument \"%s\"", argv[optind]);
	else if (watching->is_watch && watching->is_json)
		(void)command_usage("status", "--json is told once, without --watch");
	else
		return true;
	return false;
}

int cmd_status(int argc, char **argv)
{
	struct watching watching = { .status = EXIT_YES };
	const char *path = NULL;
	struct config *config;

	if (!read_options(argc, argv, &path, &watching))
		return EXIT_USAGE;
	config = command_config(path);
	if (!config)
		return EXIT_USAGE;
	watching.peer = peer_of(&config->http);
	config_unref(config);
	if (watching.peer.addr.family == ADDR_NONE) {
		(void)fprintf(stderr,
			"sixward status: the configuration has no http endpoint to ask\n"
			"Try: http: \"[::1]:8064\" in %s, and a reload of the daemon\n",
			path ? path : COMMAND_CONFIG_PATH);
		return EXIT_NO;
	}
	(void)setlocale(LC_CTYPE, "");
	return show(&watching);
}
