/* The door to libmicrohttpd, which runs on our loop and has no thread of its own. Knows who may
 * ask and how, nothing of what is answered. */

#define _GNU_SOURCE
#include "sixward/watch/http.h"

#include <assert.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "sixward/base/mem.h"
#include "sixward/net/listener.h"
#include "sixward/net/ready.h"
#include "sixward/net/timer.h"

enum status {
	STATUS_BAD_REQUEST = 400,
	STATUS_METHOD_NOT_ALLOWED = 405,
	STATUS_CONTENT_TOO_LARGE = 413,
	STATUS_MISDIRECTED_REQUEST = 421
};

#define TEXT_TYPE "text/plain; charset=utf-8"

/* A connection. */
struct visitor {
	struct http *http;
	struct MHD_Connection *connection; /* NULL = a free place */
	struct timer *patience;
	struct http_pending *pending; /* NULL = nothing is to be answered */
	int descriptor;
	bool is_suspended; /* the library leaves it alone until it is answered */
	bool is_given_up;
};

struct http_pending {
	struct visitor *visitor; /* NULL = it is gone */
};

struct http {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct listener *listener;
	struct ready *ready; /* of the library's own epoll */
	struct timer *run;   /* when the library has to do what that does not tell */
	struct endpoint at;
	http_handle *handle;
	void *owner;
	struct visitor visitors[HTTP_CONNECTIONS_MAX];
	struct count answered;
	struct count refused;
	struct count connections_refused;
	struct count timeouts;
};

static struct visitor *find_visitor(struct MHD_Connection *connection)
{
	return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
		->socket_context;
}

/* The library sees that both directions are shut, and closes it: it has no call for that. */
static void give_up(struct visitor *visitor)
{
	visitor->is_given_up = true;
	(void)shutdown(visitor->descriptor, SHUT_RDWR);
}

/* The library has a time-out of its own, which an octet now and then puts off for ever. */
static void on_out_of_patience(void *owner)
{
	struct visitor *visitor = owner;

	count_up(&visitor->http->timeouts);
	give_up(visitor);
}

static struct visitor *open_visitor(struct http *http, struct MHD_Connection *connection)
{
	struct visitor *visitor = http->visitors;

	while (visitor->connection) {
		visitor++;
		assert(visitor < http->visitors + HTTP_CONNECTIONS_MAX);
	}
	*visitor = (struct visitor){ .http = http, .connection = connection };
	visitor->descriptor =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	visitor->patience = timer_new(http->loop, on_out_of_patience, visitor);
	timer_start(visitor->patience, HTTP_PATIENCE_MS);
	return visitor;
}

static void close_visitor(struct visitor *visitor)
{
	if (visitor->pending)
		visitor->pending->visitor = NULL;
	timer_free(visitor->patience);
	*visitor = (struct visitor){ 0 };
}

static void on_connection(void *owner, struct MHD_Connection *connection, void **context,
	enum MHD_ConnectionNotificationCode code)
{
	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		*context = open_visitor(owner, connection);
	else
		close_visitor(*context);
}

static void on_completed(void *owner, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode code)
{
	(void)owner;
	(void)context;
	(void)code;
	timer_start(find_visitor(connection)->patience, HTTP_PATIENCE_MS);
}

static bool add_headers(struct MHD_Response *response, unsigned status, const char *type)
{
	static const char *const headers[][2] = {
		{ "Cache-Control", "no-store" },
		{ "Content-Security-Policy",
			"default-src 'none'; style-src 'unsafe-inline'; script-src "
			"'unsafe-inline'; connect-src 'self'; img-src data:" },
		{ "X-Content-Type-Options", "nosniff" },
	};

	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		if (MHD_add_response_header(response, headers[i][0], headers[i][1]) != MHD_YES)
			return false;
	}
	if (status == STATUS_METHOD_NOT_ALLOWED &&
		MHD_add_response_header(response, "Allow", "GET, HEAD") != MHD_YES)
		return false;
	return MHD_add_response_header(response, "Content-Type", type) == MHD_YES;
}

/* What the library has no memory for is not answered. */
static void answer(
	struct visitor *visitor, unsigned status, const char *type, char *body, size_t size)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(size, body, MHD_RESPMEM_MUST_FREE);

	timer_start(visitor->patience, HTTP_PATIENCE_MS);
	if (!response) {
		free(body);
		give_up(visitor);
		return;
	}
	if (!add_headers(response, status, type) ||
		MHD_queue_response(visitor->connection, status, response) != MHD_YES)
		give_up(visitor);
	MHD_destroy_response(response);
}

void http_answer(
	struct http_pending *pending, unsigned status, const char *type, char *body, size_t size)
{
	struct visitor *visitor = pending->visitor;

	free(pending);
	if (!visitor) {
		free(body);
		return;
	}
	visitor->pending = NULL;
	count_up(&visitor->http->answered);
	answer(visitor, status, type, body, size);
	if (!visitor->is_suspended)
		return;
	visitor->is_suspended = false;
	MHD_resume_connection(visitor->connection);
	timer_start(visitor->http->run, 0); /* its epoll does not tell */
}

/* What of a request's header is looked at. */
struct header {
	const char *host; /* the last */
	unsigned hosts;
	bool has_body;
};

static enum MHD_Result on_field(
	void *owner, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct header *header = owner;

	(void)kind;
	if (!value)
		value = "";
	if (strcasecmp(name, "Host") == 0) {
		header->host = value;
		header->hosts++;
	}
	if (strcasecmp(name, "Transfer-Encoding") == 0 ||
		(strcasecmp(name, "Content-Length") == 0 && strcmp(value, "0") != 0))
		header->has_body = true;
	return MHD_YES;
}

/* A name can be led to any address, by whoever owns it; only what needs no asking is believed. Any
 * port is right, for one may be forwarded to ours. */
static bool is_ours(const char *host, const struct endpoint *at)
{
	static const char local_name[] = "localhost";
	const char *port = host + sizeof(local_name) - 1;
	char text[ENDPOINT_TEXT_MAX];
	struct endpoint endpoint;

	if (strncasecmp(host, local_name, sizeof(local_name) - 1) == 0 &&
		(*port == '\0' || *port == ':')) {
		(void)snprintf(text, sizeof(text), "127.0.0.1%s", port);
		host = text;
	}
	if (!endpoint_parse(host, 1, &endpoint))
		return false;
	/* Browsers leave the zone out. */
	endpoint.addr.zone = at->addr.zone;
	return addr_is_loopback(&endpoint.addr) || addr_is_any(&at->addr) ||
	       addr_equal(&endpoint.addr, &at->addr);
}

/* A status, and the words for it; 0 = it may be answered. */
static unsigned judge(const struct http *http, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char **words)
{
	struct header header = { 0 };

	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, on_field, &header);
	*words = "a path, and one Host, are wanted\n";
	if (path[0] != '/' || header.hosts > 1 ||
		(header.hosts == 0 && strcmp(version, "HTTP/1.0") != 0))
		return STATUS_BAD_REQUEST;
	*words = "not a name of this host: ask by its address, or for localhost\n";
	if (header.hosts == 1 && !is_ours(header.host, &http->at))
		return STATUS_MISDIRECTED_REQUEST;
	*words = "GET and HEAD alone\n";
	if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
		return STATUS_METHOD_NOT_ALLOWED;
	*words = "no body is wanted\n";
	if (header.has_body)
		return STATUS_CONTENT_TOO_LARGE;
	return 0;
}

static void hand_over(struct visitor *visitor, const char *path)
{
	struct http *http = visitor->http;
	struct http_request request = { .path = path };

	timer_stop(visitor->patience); /* with us */
	visitor->pending = mem_new(sizeof(*visitor->pending));
	visitor->pending->visitor = visitor;
	http->handle(http->owner, visitor->pending, &request);
	if (!visitor->pending)
		return;
	visitor->is_suspended = true;
	MHD_suspend_connection(visitor->connection);
}

static void refuse(struct visitor *visitor, unsigned status, const char *words)
{
	count_up(&visitor->http->refused);
	answer(visitor, status, TEXT_TYPE, mem_copy_text(words), strlen(words));
}

/* Called twice: when the header has come, and when all has; and again and again for one without an
 * answer. The library closes a connection that is answered at the first, so that a body that is not
 * wanted is not waited for. */
static enum MHD_Result on_request(void *owner, struct MHD_Connection *connection, const char *path,
	const char *method, const char *version, const char *octets, size_t *size, void **context)
{
	struct visitor *visitor = find_visitor(connection);
	bool is_whole = *context != NULL;
	const char *words;
	unsigned status;

	(void)octets;
	*size = 0; /* nothing is left of a body, for there is none */
	*context = visitor;
	if (visitor->is_given_up)
		return MHD_NO;
	status = is_whole ? 0 : judge(owner, connection, path, method, version, &words);
	if (status)
		refuse(visitor, status, words);
	else if (is_whole)
		hand_over(visitor, path);
	return visitor->is_given_up ? MHD_NO : MHD_YES;
}

/* Paths are compared as they are. */
static size_t on_unescape(void *owner, struct MHD_Connection *connection, char *text)
{
	(void)owner;
	(void)connection;
	return strlen(text);
}

static void on_run(void *owner)
{
	struct http *http = owner;
	MHD_UNSIGNED_LONG_LONG wait_ms;

	timer_stop(http->run);
	(void)MHD_run(http->daemon);
	/* Never within this turn: others have theirs. */
	if (MHD_get_timeout(http->daemon, &wait_ms) == MHD_YES)
		timer_start(http->run, wait_ms > 0 ? wait_ms : 1);
}

/* Full, the library closes it. */
static void on_accepted(void *owner, int descriptor, const struct endpoint *peer)
{
	struct http *http = owner;
	struct sockaddr_storage sockaddr;
	socklen_t size = endpoint_to_sockaddr(peer, &sockaddr);

	if (MHD_add_connection(http->daemon, descriptor, (struct sockaddr *)&sockaddr, size) !=
		MHD_YES)
		count_up(&http->connections_refused);
}

static struct MHD_Daemon *start(struct http *http)
{
	return MHD_start_daemon(
		(unsigned)MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0,
		NULL, NULL, on_request, http, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
		(unsigned)HTTP_PER_ADDRESS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)HTTP_REQUEST_OCTETS, MHD_OPTION_NOTIFY_CONNECTION, on_connection, http,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_UNESCAPE_CALLBACK,
		on_unescape, http, MHD_OPTION_END);
}

bool http_is_built(void)
{
	return true;
}

struct http *http_new(
	struct loop *loop, const struct endpoint *at, http_handle *handle, void *owner, int *error)
{
	struct socket_options options = { .local = *at };
	struct http *http = mem_new(sizeof(*http));

	http->loop = loop;
	http->handle = handle;
	http->owner = owner;
	http->run = timer_new(loop, on_run, http);
	/* First, for it is what may well fail. */
	http->listener = listener_new(loop, &options, on_accepted, http, error);
	if (!http->listener)
		goto fail;
	http->at = listener_local(http->listener);
	errno = ENOMEM;
	http->daemon = start(http);
	if (!http->daemon) {
		*error = -errno;
		goto fail;
	}
	http->ready = ready_new(loop,
		MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, on_run, http,
		error);
	if (!http->ready)
		goto fail;
	return http;
fail:
	http_free(http);
	return NULL;
}

void http_free(struct http *http)
{
	if (!http)
		return;
	listener_free(http->listener);
	ready_free(http->ready);
	timer_free(http->run);
	/* The library ends none that is suspended. */
	for (size_t i = 0; i < HTTP_CONNECTIONS_MAX; i++) {
		if (http->visitors[i].is_suspended)
			MHD_resume_connection(http->visitors[i].connection);
	}
	if (http->daemon)
		MHD_stop_daemon(http->daemon);
	free(http);
}

struct endpoint http_local(const struct http *http)
{
	return http->at;
}

void http_add_counts(struct http *http, struct counts *counts)
{
	counts_add(counts, "http_requests_total", "result=\"answered\"",
		"requests over HTTP, by what came of them", &http->answered);
	counts_add(counts, "http_requests_total", "result=\"refused\"",
		"requests over HTTP, by what came of them", &http->refused);
	counts_add(counts, "http_connections_refused_total", NULL, "HTTP connections over a limit",
		&http->connections_refused);
	counts_add(counts, "http_timeouts_total", NULL,
		"HTTP connections closed that were silent or slow", &http->timeouts);
}
