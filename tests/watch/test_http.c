/* The door to the HTTP library, on the real net: clients are plain sockets on the same loop. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sixward/base/mem.h"
#include "sixward/net/ready.h"
#include "sixward/net/timer.h"
#include "sixward/watch/http.h"

enum {
	LIMIT_MS = 5000,   /* for what should come */
	SILENCE_MS = 50,   /* for what should not */
	PATIENCE_MS = 150, /* of whom it is tried on */
	ANSWER_MAX = 1 << 16,
	PENDING_MAX = 64,
	LARGE = 8 << 20 /* more than the kernel takes for a client that does not read */
};

static const char body[] = "well\n";

/* What stands for HTTP_PATIENCE_MS, which is too long for a test. */
static uint64_t patience_ms;

void __real_timer_start(struct timer *timer, uint64_t ms);
void __wrap_timer_start(struct timer *timer, uint64_t ms);

void __wrap_timer_start(struct timer *timer, uint64_t ms)
{
	__real_timer_start(timer, ms == HTTP_PATIENCE_MS ? patience_ms : ms);
}

/* The library as it is, or one without memory. */
static bool has_no_memory;

struct MHD_Response;
struct MHD_Response *__real_MHD_create_response_from_buffer(size_t size, void *octets, int mode);
struct MHD_Response *__wrap_MHD_create_response_from_buffer(size_t size, void *octets, int mode);

struct MHD_Response *__wrap_MHD_create_response_from_buffer(size_t size, void *octets, int mode)
{
	return has_no_memory ? NULL : __real_MHD_create_response_from_buffer(size, octets, mode);
}

/* The server. /ok and /large are answered at once, /later when the test says so. */
struct house {
	struct loop *loop;
	struct timer *limit;
	struct http *http;
	struct endpoint at;
	struct http_pending *pending[PENDING_MAX];
	size_t pending_count;
	unsigned handled;
	char path[64]; /* of the last */
	bool (*is_over)(const void *what);
	const void *what;
};

struct client {
	struct house *house;
	struct ready *ready;
	int descriptor;
	bool has_ended;
	bool was_reset;
	size_t size;
	char answer[ANSWER_MAX];
};

static void look(struct house *house)
{
	if (house->is_over && house->is_over(house->what))
		loop_stop(house->loop);
}

static void answer_well(struct http_pending *pending)
{
	http_answer(pending, 200, "text/plain", mem_copy(body, strlen(body)), strlen(body));
}

static void on_request(
	void *owner, struct http_pending *pending, const struct http_request *request)
{
	struct house *house = owner;

	house->handled++;
	(void)snprintf(house->path, sizeof(house->path), "%s", request->path);
	if (strcmp(request->path, "/later") == 0) {
		assert_true(house->pending_count < PENDING_MAX);
		house->pending[house->pending_count++] = pending;
	} else if (strcmp(request->path, "/large") == 0) {
		http_answer(pending, 200, "text/plain", mem_new(LARGE), LARGE);
	} else if (strcmp(request->path, "/empty") == 0) {
		http_answer(pending, 503, "text/plain", NULL, 0);
	} else {
		answer_well(pending);
	}
	look(house);
}

static void on_limit(void *owner)
{
	const struct house *house = owner;

	loop_stop(house->loop);
}

static void open_house(struct house *house, const char *text)
{
	struct endpoint at;
	int error = 0;

	patience_ms = LIMIT_MS;
	has_no_memory = false;
	*house = (struct house){ .loop = loop_new() };
	assert_true(endpoint_parse(text, 0, &at));
	house->limit = timer_new(house->loop, on_limit, house);
	house->http = http_new(house->loop, &at, on_request, house, &error);
	assert_non_null(house->http);
	house->at = http_local(house->http);
}

static void close_house(struct house *house)
{
	http_free(house->http);
	timer_free(house->limit);
	loop_free(house->loop);
}

/* False: it has taken too long. */
static bool run_until(
	struct house *house, bool (*is_over)(const void *what), const void *what, uint64_t limit_ms)
{
	house->is_over = is_over;
	house->what = what;
	if (!is_over || !is_over(what)) {
		__real_timer_start(house->limit, limit_ms);
		loop_run(house->loop);
		timer_stop(house->limit);
	}
	house->is_over = NULL;
	return is_over && is_over(what);
}

static void rest(struct house *house)
{
	(void)run_until(house, NULL, NULL, SILENCE_MS);
}

static void on_readable(void *owner)
{
	struct client *client = owner;
	char *at = client->answer + client->size;
	size_t room = sizeof(client->answer) - 1 - client->size;
	ssize_t size;

	if (room == 0) {
		ready_pause(client->ready);
		return;
	}
	size = recv(client->descriptor, at, room, MSG_DONTWAIT);
	if (size < 0 && errno == EAGAIN)
		return;
	if (size <= 0) {
		client->has_ended = true;
		client->was_reset = size < 0;
		ready_pause(client->ready);
	} else {
		client->size += (size_t)size;
	}
	look(client->house);
}

static void open_client_from(struct client *client, struct house *house, const char *from)
{
	struct endpoint local = { 0 };
	struct sockaddr_storage sockaddr;
	socklen_t size;
	int error = 0;

	*client = (struct client){ .house = house };
	assert_true(endpoint_parse(from, 0, &local));
	size = endpoint_to_sockaddr(&local, &sockaddr);
	client->descriptor = socket(sockaddr.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(client->descriptor >= 0);
	assert_int_equal(bind(client->descriptor, (struct sockaddr *)&sockaddr, size), 0);
	size = endpoint_to_sockaddr(&house->at, &sockaddr);
	assert_int_equal(connect(client->descriptor, (struct sockaddr *)&sockaddr, size), 0);
	client->ready = ready_new(house->loop, client->descriptor, on_readable, client, &error);
	assert_non_null(client->ready);
}

static void open_client(struct client *client, struct house *house)
{
	open_client_from(client, house, house->at.addr.family == ADDR_IPV6 ? "::1" : "127.0.0.1");
}

static void close_client(struct client *client)
{
	ready_free(client->ready);
	close(client->descriptor);
}

static void say_octets(const struct client *client, const char *octets, size_t size)
{
	assert_int_equal(send(client->descriptor, octets, size, MSG_NOSIGNAL), (ssize_t)size);
}

static void say(const struct client *client, const char *text)
{
	say_octets(client, text, strlen(text));
}

static void ask(const struct client *client, const char *path)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", path);
	say(client, text);
}

static bool has_ended(const void *what)
{
	const struct client *client = what;

	return client->has_ended;
}

static bool has_body(const void *what)
{
	const struct client *client = what;

	return client->size >= strlen(body) &&
	       strcmp(client->answer + client->size - strlen(body), body) == 0;
}

static bool has_pending(const void *what)
{
	const struct house *house = what;

	return house->pending_count > 0;
}

static void await_pending(struct house *house)
{
	assert_true(run_until(house, has_pending, house, LIMIT_MS));
}

static void await_body(struct client *client)
{
	assert_true(run_until(client->house, has_body, client, LIMIT_MS));
}

static void await_end(struct client *client)
{
	assert_true(run_until(client->house, has_ended, client, LIMIT_MS));
}

static bool says(const struct client *client, const char *text)
{
	return strstr(client->answer, text) != NULL;
}

static unsigned status_of(const struct client *client)
{
	unsigned status = 0;

	(void)sscanf(client->answer, "HTTP/1.1 %u", &status);
	return status;
}

static void forget(struct client *client)
{
	client->size = 0;
	memset(client->answer, 0, sizeof(client->answer));
}

/* The status of the answer to `text` alone, which ends the connection; 0 = there is none. */
static unsigned try(struct house *house, const char *text)
{
	static struct client client;
	unsigned status;

	open_client(&client, house);
	say(&client, text);
	await_end(&client);
	status = status_of(&client);
	close_client(&client);
	return status;
}

static struct client client;
static struct client others[HTTP_CONNECTIONS_MAX + HTTP_PER_ADDRESS_MAX];

static void answers_and_keeps_the_connection(void **state)
{
	struct house house;

	(void)state;
	open_house(&house, "::1");
	open_client(&client, &house);
	for (size_t i = 0; i < 3; i++) {
		forget(&client);
		ask(&client, i == 1 ? "/ok?t=%201" : "/ok");
		await_body(&client);
		assert_int_equal(status_of(&client), 200);
		assert_string_equal(house.path, "/ok");
		assert_int_equal(house.handled, i + 1);
	}
	assert_false(client.has_ended);
	close_client(&client);
	close_house(&house);
}

static void says_how_an_answer_may_be_used(void **state)
{
	static const char *const lines[] = { "\r\nContent-Type: text/plain\r\n",
		"\r\nContent-Length: 5\r\n", "\r\nCache-Control: no-store\r\n",
		"\r\nX-Content-Type-Options: nosniff\r\n",
		"\r\nContent-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; "
		"script-src 'unsafe-inline'; connect-src 'self'; img-src data:\r\n" };
	struct house house;

	(void)state;
	open_house(&house, "::1");
	open_client(&client, &house);
	ask(&client, "/ok");
	await_body(&client);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_true(says(&client, lines[i]));
	assert_false(says(&client, "Access-Control"));
	close_client(&client);
	close_house(&house);
}

static void leaves_the_body_out_for_head(void **state)
{
	struct house house;

	(void)state;
	open_house(&house, "::1");
	open_client(&client, &house);
	say(&client, "HEAD /ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	await_end(&client);
	assert_int_equal(status_of(&client), 200);
	assert_true(says(&client, "\r\nContent-Length: 5\r\n"));
	assert_string_equal(client.answer + client.size - 4, "\r\n\r\n");
	close_client(&client);
	close_house(&house);
}

static void speaks_http_1_0(void **state)
{
	struct house house;

	(void)state;
	open_house(&house, "127.0.0.1");
	open_client(&client, &house);
	say(&client, "GET /ok HTTP/1.0\r\n\r\n");
	await_end(&client);
	assert_int_equal(status_of(&client), 200);
	assert_true(has_body(&client));
	close_client(&client);
	open_client(&client, &house);
	say(&client, "GET /ok HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	await_body(&client);
	rest(&house);
	assert_false(client.has_ended);
	close_client(&client);
	close_house(&house);
}

static void believes_only_names_that_lead_nowhere_else(void **state)
{
	static const struct {
		const char *at;
		const char *host;
		unsigned status;
	} rows[] = {
		{ "::1", "localhost", 200 },
		{ "::1", "LocalHost:8064", 200 },
		{ "::1", "[::1]:8064", 200 },
		{ "::1", "[::1]", 200 },
		{ "::1", "[0:0::1]:1", 200 },
		{ "::1", "127.0.0.1", 200 },
		{ "::1", "127.1.2.3:9000", 200 },
		{ "::1", "evil.example", 421 },
		{ "::1", "evil.example:8064", 421 },
		{ "::1", "localhost.evil.example", 421 },
		{ "::1", "localhost1", 421 },
		{ "::1", "localhost:8064.evil.example", 421 },
		{ "::1", "127.0.0.1.evil.example", 421 },
		{ "::1", "localhost:80@evil.example", 421 },
		{ "::1", "", 421 },
		{ "::1", "[2001:db8::1]:8064", 421 },
		{ "::1", "192.0.2.1", 421 },
		{ "::1", "[::1", 421 },
		{ "::1",
			"localhost:0000000000000000000000000000000000000000000000000000000000000000"
			"0000000000000000000000000000000000000000000000000000.evil.example",
			421 },
		{ "127.0.0.1", "[::1]", 200 },
		/* By which addresses it is reached is not known. */
		{ "::", "[2001:db8::1]:8064", 200 },
		{ "::", "evil.example", 421 },
	};
	struct house house;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];

		open_house(&house, rows[i].at);
		if (addr_is_any(&house.at.addr))
			house.at.addr.octets[15] = 1;
		(void)snprintf(text, sizeof(text),
			"GET /ok HTTP/1.1\r\nhost: %s\r\nConnection: close\r\n\r\n", rows[i].host);
		assert_int_equal(try(&house, text), rows[i].status);
		assert_int_equal(house.handled, rows[i].status == 200);
		close_house(&house);
	}
}

static void refuses_what_is_no_plain_question(void **state)
{
	static const struct {
		const char *text;
		unsigned status;
	} rows[] = {
		{ "GET /ok HTTP/1.1\r\n\r\n", 400 },
		{ "GET /ok HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400 },
		{ "GET /ok HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400 },
		{ "GET http://localhost/ok HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
		{ "GET ok HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
		{ "POST /ok HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi", 405 },
		{ "PUT /ok HTTP/1.1\r\nHost: localhost\r\n\r\n", 405 },
		{ "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400 },
		{ "OPTIONS /ok HTTP/1.1\r\nHost: localhost\r\n\r\n", 405 },
		{ "get /ok HTTP/1.1\r\nHost: localhost\r\n\r\n", 405 },
		{ "GET /ok HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nhi", 413 },
		/* The next ones' bodies never come. */
		{ "GET /ok HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n", 413 },
		{ "GET /ok HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
		  "Expect: 100-continue\r\n\r\n",
			413 },
		{ "GET /ok HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
			413 },
		{ "GET /ok HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
		  "Content-Length: 0\r\n\r\n0\r\n\r\n",
			413 },
		{ "GET /ok HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400 },
		{ "POST /ok HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421 },
		{ "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505 },
	};
	struct house house;

	(void)state;
	open_house(&house, "::1");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(try(&house, rows[i].text), rows[i].status);
	assert_int_equal(house.handled, 0);
	close_house(&house);
}

static void says_which_methods_there_are(void **state)
{
	struct house house;

	(void)state;
	open_house(&house, "::1");
	open_client(&client, &house);
	say(&client, "DELETE /ok HTTP/1.1\r\nHost: localhost\r\n\r\n");
	await_end(&client);
	assert_int_equal(status_of(&client), 405);
	assert_true(says(&client, "\r\nAllow: GET, HEAD\r\n"));
	close_client(&client);
	close_house(&house);
}

/* The octets of a body that is not wanted are not the next request. */
static void a_body_is_no_request(void **state)
{
	struct house house;

	(void)state;
	open_house(&house, "::1");
	open_client(&client, &house);
	say(&client, "GET /ok HTTP/1.1\r\nHost: localhost\r\nContent-Length: 44\r\n\r\n"
		     "GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n");
	await_end(&client);
	assert_int_equal(status_of(&client), 413);
	assert_int_equal(house.handled, 0);
	close_client(&client);
	close_house(&house);
}

static void hands_over_a_path_as_it_was_sent(void **state)
{
	struct house house;

	(void)state;
	open_house(&house, "::1");
	open_client(&client, &house);
	ask(&client, "/%2e%2e/a%00b+c?d=e#f");
	await_body(&client);
	assert_string_equal(house.path, "/%2e%2e/a%00b+c");
	close_client(&client);
	close_house(&house);
}

static void refuses_what_is_too_long(void **state)
{
	static char text[2 * HTTP_REQUEST_OCTETS];
	static const char line[] = "GET /ok HTTP/1.1\r\nHost: localhost\r\nX: ";
	struct house house;

	(void)state;
	open_house(&house, "::1");
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, line, strlen(line));
	assert_int_equal(try(&house, text), 431);
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "GET /", 5);
	assert_int_equal(try(&house, text), 414);
	assert_int_equal(house.handled, 0);
	close_house(&house);
}

/* Whatever the length is at which a request just fits, or an answer just does not. */
static void is_not_upset_by_any_length(void **state)
{
	static char text[HTTP_REQUEST_OCTETS + 64];
	static const char line[] =
		"GET /ok HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nX: ";
	struct house house;

	(void)state;
	open_house(&house, "::1");
	patience_ms = PATIENCE_MS;
	for (size_t size = 14000; size < HTTP_REQUEST_OCTETS + 32; size += 97) {
		unsigned status;

		memset(text, 'a', sizeof(text));
		memcpy(text, line, strlen(line));
		memcpy(text + size, "\r\n\r\n", 5);
		status = try(&house, text);
		assert_true(status == 200 || status == 431 || status == 0);
	}
	close_house(&house);
}

static void is_not_upset_by_noise(void **state)
{
	static const char *const rows[] = { "\r\n\r\n\r\n", "\n", "GET\r\n\r\n", " / \r\n\r\n",
		"\x16\x03\x01\x02", "GET / HTTP/1.1\r\n: \r\n\r\n",
		"GET / HTTP/1.1\r\nHost: localhost\r\n x\r\n\tx\r\n\r\n",
		"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", "GET / HTTP/1.1\r\nHost\r\n\r\n" };
	static const char zeros[] = "GET /\0 HTTP/1.1\r\nHost: local\0host\r\n\r\n";
	struct house house;

	(void)state;
	open_house(&house, "::1");
	patience_ms = PATIENCE_MS;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		open_client(&client, &house);
		say(&client, rows[i]);
		assert_int_equal(shutdown(client.descriptor, SHUT_WR), 0);
		await_end(&client);
		close_client(&client);
	}
	open_client(&client, &house);
	say_octets(&client, zeros, sizeof(zeros) - 1);
	assert_int_equal(shutdown(client.descriptor, SHUT_WR), 0);
	await_end(&client);
	close_client(&client);
	close_house(&house);
}

/* nc -N and the like. */
static void answers_who_has_said_all(void **state)
{
	static const char *const paths[] = { "/ok", "/later" };
	struct house house;

	(void)state;
	open_house(&house, "::1");
	patience_ms = PATIENCE_MS;
	for (size_t i = 0; i < 2; i++) {
		open_client(&client, &house);
		ask(&client, paths[i]);
		assert_int_equal(shutdown(client.descriptor, SHUT_WR), 0);
		if (i == 1) {
			await_pending(&house);
			rest(&house);
			answer_well(house.pending[0]);
		}
		await_end(&client);
		assert_true(has_body(&client));
		close_client(&client);
	}
	close_house(&house);
}

static void an_answer_may_come_later(void **state)
{
	struct house house;

	(void)state;
	open_house(&house, "::1");
	patience_ms = PATIENCE_MS;
	open_client(&client, &house);
	for (size_t i = 0; i < 2; i++) {
		forget(&client);
		ask(&client, "/later");
		await_pending(&house);
		(void)run_until(&house, NULL, NULL, i == 0 ? 2 * PATIENCE_MS : SILENCE_MS);
		assert_int_equal(client.size, 0);
		assert_false(client.has_ended);
		answer_well(house.pending[0]);
		house.pending_count = 0;
		await_body(&client);
		assert_int_equal(status_of(&client), 200);
	}
	close_client(&client);
	close_house(&house);
}

static void one_that_waits_holds_up_nobody(void **state)
{
	struct house house;

	(void)state;
	open_house(&house, "::1");
	open_client(&client, &house);
	open_client(&others[0], &house);
	ask(&client, "/later");
	await_pending(&house);
	ask(&others[0], "/ok");
	await_body(&others[0]);
	assert_int_equal(client.size, 0);
	answer_well(house.pending[0]);
	await_body(&client);
	close_client(&client);
	close_client(&others[0]);
	close_house(&house);
}

static void an_answer_may_be_empty(void **state)
{
	struct house house;

	(void)state;
	open_house(&house, "::1");
	assert_int_equal(try(&house, "GET /empty HTTP/1.0\r\n\r\n"), 503);
	close_house(&house);
}

static void answers_in_the_order_of_the_questions(void **state)
{
	static const char requests[] = "GET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n"
				       "GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n"
				       "GET /empty HTTP/1.1\r\nHost: localhost\r\n\r\n"
				       "GET /ok HTTP/1.1\r\nHost: localhost\r\n"
				       "Connection: close\r\n\r\n";
	struct house house;
	const char *at;

	(void)state;
	open_house(&house, "::1");
	open_client(&client, &house);
	say(&client, requests);
	await_pending(&house);
	rest(&house);
	assert_int_equal(house.handled, 2);
	answer_well(house.pending[0]);
	await_end(&client);
	assert_int_equal(house.handled, 4);
	at = strstr(client.answer + 1, "HTTP/1.1 200");
	assert_non_null(at);
	at = strstr(at, "HTTP/1.1 503");
	assert_non_null(at);
	assert_non_null(strstr(at, "HTTP/1.1 200"));
	close_client(&client);
	close_house(&house);
}

static void the_client_may_be_gone_before_its_answer(void **state)
{
	struct house house;

	(void)state;
	open_house(&house, "::1");
	for (size_t i = 0; i < 2; i++) {
		static const struct linger reset = { .l_onoff = 1 };

		open_client(&client, &house);
		ask(&client, "/later");
		await_pending(&house);
		if (i == 1)
			assert_int_equal(setsockopt(client.descriptor, SOL_SOCKET, SO_LINGER,
						 &reset, sizeof(reset)),
				0);
		close_client(&client);
		rest(&house);
		answer_well(house.pending[0]);
		house.pending_count = 0;
		rest(&house);
	}
	open_client(&client, &house);
	ask(&client, "/ok");
	await_body(&client);
	close_client(&client);
	close_house(&house);
}

static void pending_requests_outlive_it(void **state)
{
	struct house house;

	(void)state;
	open_house(&house, "::1");
	for (size_t i = 0; i < 4; i++) {
		open_client(&others[i], &house);
		ask(&others[i], "/later");
	}
	while (house.pending_count < 4)
		rest(&house);
	answer_well(house.pending[3]); /* and not given to the library yet */
	http_free(house.http);
	house.http = NULL;
	for (size_t i = 0; i < 3; i++)
		answer_well(house.pending[i]);
	for (size_t i = 0; i < 4; i++) {
		await_end(&others[i]);
		assert_int_equal(others[i].size, 0);
		close_client(&others[i]);
	}
	close_house(&house);
}

static void may_be_freed_in_the_middle_of_an_answer(void **state)
{
	struct house house;

	(void)state;
	open_house(&house, "::1");
	open_client(&client, &house);
	ready_pause(client.ready);
	ask(&client, "/large");
	rest(&house);
	assert_int_equal(house.handled, 1);
	http_free(house.http);
	house.http = NULL;
	close_client(&client);
	close_house(&house);
}

static void bounds_the_connections_of_an_address(void **state)
{
	struct house house;
	unsigned ended = 0;

	(void)state;
	open_house(&house, "::1");
	for (size_t i = 0; i < 40; i++)
		open_client(&others[i], &house);
	rest(&house);
	for (size_t i = 0; i < 40; i++)
		ended += others[i].has_ended;
	assert_int_equal(ended, 40 - HTTP_PER_ADDRESS_MAX);
	for (size_t i = 0; i < HTTP_PER_ADDRESS_MAX; i++) {
		assert_false(others[i].has_ended);
		ask(&others[i], "/ok");
		await_body(&others[i]);
	}
	for (size_t i = 0; i < 40; i++)
		close_client(&others[i]);
	rest(&house);
	open_client(&client, &house);
	ask(&client, "/ok");
	await_body(&client);
	close_client(&client);
	close_house(&house);
}

static void bounds_all_connections(void **state)
{
	struct house house;
	unsigned ended = 0;

	(void)state;
	open_house(&house, "127.0.0.1");
	for (unsigned i = 0; i < 40; i++) {
		char from[ADDR_TEXT_MAX];

		(void)snprintf(from, sizeof(from), "127.0.0.%u", 1 + i / HTTP_PER_ADDRESS_MAX);
		open_client_from(&others[i], &house, from);
	}
	rest(&house);
	for (size_t i = 0; i < 40; i++) {
		ended += others[i].has_ended;
		if (!others[i].has_ended)
			ask(&others[i], "/later");
	}
	rest(&house);
	assert_int_equal(ended, 40 - HTTP_CONNECTIONS_MAX);
	assert_int_equal(house.pending_count, HTTP_CONNECTIONS_MAX);
	for (size_t i = 0; i < house.pending_count; i++)
		answer_well(house.pending[i]);
	for (size_t i = 0; i < 40; i++) {
		if (!others[i].has_ended)
			await_body(&others[i]);
		close_client(&others[i]);
	}
	rest(&house);
	open_client(&client, &house);
	ask(&client, "/ok");
	await_body(&client);
	close_client(&client);
	close_house(&house);
}

/* An octet now and then is no reason to wait for ever; nor is silence. */
static void waits_for_a_request_only_so_long(void **state)
{
	static const char text[] = "GET /ok HTTP/1.1\r\nHost: localhost\r\nX: aaaaaaaaaaaaaaaaaaaa";
	struct house house;
	uint64_t start_ms;

	(void)state;
	open_house(&house, "::1");
	patience_ms = PATIENCE_MS;
	open_client(&client, &house);
	open_client(&others[0], &house);
	start_ms = loop_now_ms(house.loop);
	for (size_t i = 0; i < strlen(text) && !client.has_ended; i++) {
		(void)send(client.descriptor, text + i, 1, MSG_NOSIGNAL);
		(void)run_until(&house, has_ended, &client, 10);
	}
	assert_true(client.has_ended);
	assert_in_range(loop_now_ms(house.loop) - start_ms, PATIENCE_MS - 1, LIMIT_MS);
	assert_int_equal(house.handled, 0);
	await_end(&others[0]);
	close_client(&client);
	close_client(&others[0]);
	close_house(&house);
}

static void waits_for_the_next_request_only_so_long(void **state)
{
	struct house house;

	(void)state;
	open_house(&house, "::1");
	patience_ms = PATIENCE_MS;
	open_client(&client, &house);
	for (size_t i = 0; i < 4; i++) {
		(void)run_until(&house, NULL, NULL, PATIENCE_MS / 2);
		forget(&client);
		ask(&client, "/ok");
		await_body(&client);
	}
	assert_false(client.has_ended);
	await_end(&client);
	close_client(&client);
	close_house(&house);
}

static void waits_for_a_reader_only_so_long_and_serves_others(void **state)
{
	struct house house;
	bool is_closed = false;

	(void)state;
	open_house(&house, "::1");
	patience_ms = PATIENCE_MS;
	open_client(&client, &house);
	ready_pause(client.ready);
	ask(&client, "/large");
	rest(&house);
	open_client(&others[0], &house);
	ask(&others[0], "/ok");
	await_body(&others[0]);
	close_client(&others[0]);
	(void)run_until(&house, NULL, NULL, 2 * PATIENCE_MS);
	for (size_t size = 0; !is_closed;) {
		ssize_t more = recv(client.descriptor, client.answer, ANSWER_MAX, MSG_DONTWAIT);

		is_closed = more <= 0;
		size += more > 0 ? (size_t)more : 0;
		assert_true(size < LARGE);
		assert_false(more < 0 && errno == EAGAIN);
	}
	close_client(&client);
	close_house(&house);
}

static void reads_what_was_sent_in_pieces(void **state)
{
	static const char text[] = "GET /ok HTTP/1.1\r\nHost: localhost\r\n\r\n";
	struct house house;

	(void)state;
	open_house(&house, "::1");
	open_client(&client, &house);
	for (size_t i = 0; i < strlen(text); i++) {
		say_octets(&client, text + i, 1);
		(void)run_until(&house, NULL, NULL, 1);
	}
	await_body(&client);
	close_client(&client);
	close_house(&house);
}

static void ends_what_there_is_no_memory_to_answer(void **state)
{
	static const char *const rows[] = { "GET /ok HTTP/1.0\r\n\r\n",
		"PUT /ok HTTP/1.0\r\n\r\n" };
	struct house house;

	(void)state;
	open_house(&house, "::1");
	has_no_memory = true;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(try(&house, rows[i]), 0);
	assert_int_equal(house.handled, 1);
	open_client(&client, &house);
	ask(&client, "/later");
	await_pending(&house);
	answer_well(house.pending[0]);
	await_end(&client);
	assert_int_equal(client.size, 0);
	close_client(&client);
	has_no_memory = false;
	assert_int_equal(try(&house, rows[0]), 200);
	close_house(&house);
}

static void an_endpoint_in_use_is_told(void **state)
{
	struct house house;
	int error = 0;

	(void)state;
	open_house(&house, "::1");
	assert_null(http_new(house.loop, &house.at, on_request, &house, &error));
	assert_int_equal(error, -EADDRINUSE);
	close_house(&house);
}

/* Connections of the one before linger. */
static void another_may_take_its_place_at_once(void **state)
{
	struct house house;
	int error = 0;

	(void)state;
	open_house(&house, "::1");
	open_client(&client, &house);
	ask(&client, "/ok");
	await_body(&client);
	http_free(house.http);
	house.http = http_new(house.loop, &house.at, on_request, &house, &error);
	assert_non_null(house.http);
	await_end(&client);
	close_client(&client);
	open_client(&client, &house);
	ask(&client, "/ok");
	await_body(&client);
	close_client(&client);
	close_house(&house);
}

struct sums {
	uint64_t answered, refused, connections, timeouts;
};

static void on_count(
	void *owner, const char *name, const char *label, const char *help, uint64_t value)
{
	struct sums *sums = owner;

	(void)help;
	if (strcmp(name, "http_connections_refused_total") == 0)
		sums->connections = value;
	else if (strcmp(name, "http_timeouts_total") == 0)
		sums->timeouts = value;
	else if (strcmp(label, "result=\"answered\"") == 0)
		sums->answered = value;
	else
		sums->refused = value;
}

static void counts_what_it_does(void **state)
{
	struct counts *counts = counts_new();
	struct sums sums = { 0 };
	struct house house;

	(void)state;
	open_house(&house, "::1");
	patience_ms = PATIENCE_MS;
	http_add_counts(house.http, counts);
	assert_int_equal(try(&house, "GET /ok HTTP/1.0\r\n\r\n"), 200);
	assert_int_equal(try(&house, "GET /ok HTTP/1.0\r\n\r\n"), 200);
	assert_int_equal(try(&house, "PUT /ok HTTP/1.0\r\n\r\n"), 405);
	for (size_t i = 0; i <= HTTP_PER_ADDRESS_MAX; i++)
		open_client(&others[i], &house);
	await_end(&others[0]);
	counts_each(counts, on_count, &sums);
	assert_int_equal(sums.answered, 2);
	assert_int_equal(sums.refused, 1);
	assert_int_equal(sums.connections, 1);
	assert_in_range(sums.timeouts, 1, HTTP_PER_ADDRESS_MAX);
	for (size_t i = 0; i <= HTTP_PER_ADDRESS_MAX; i++)
		close_client(&others[i]);
	close_house(&house);
	counts_free(counts);
}

/* Nobody asks, and nobody is called: the loop has nothing to do. */
static void sleeps_while_nobody_asks(void **state)
{
	struct house house;
	clock_t start;

	(void)state;
	open_house(&house, "::1");
	open_client(&client, &house);
	ask(&client, "/later");
	await_pending(&house);
	start = clock();
	(void)run_until(&house, NULL, NULL, 10 * SILENCE_MS);
	assert_in_range((clock() - start) * 1000 / CLOCKS_PER_SEC, 0, 5 * SILENCE_MS);
	answer_well(house.pending[0]);
	await_body(&client);
	close_client(&client);
	close_house(&house);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_and_keeps_the_connection),
		cmocka_unit_test(says_how_an_answer_may_be_used),
		cmocka_unit_test(leaves_the_body_out_for_head),
		cmocka_unit_test(speaks_http_1_0),
		cmocka_unit_test(believes_only_names_that_lead_nowhere_else),
		cmocka_unit_test(refuses_what_is_no_plain_question),
		cmocka_unit_test(says_which_methods_there_are),
		cmocka_unit_test(a_body_is_no_request),
		cmocka_unit_test(hands_over_a_path_as_it_was_sent),
		cmocka_unit_test(refuses_what_is_too_long),
		cmocka_unit_test(is_not_upset_by_any_length),
		cmocka_unit_test(is_not_upset_by_noise),
		cmocka_unit_test(reads_what_was_sent_in_pieces),
		cmocka_unit_test(answers_who_has_said_all),
		cmocka_unit_test(an_answer_may_come_later),
		cmocka_unit_test(one_that_waits_holds_up_nobody),
		cmocka_unit_test(an_answer_may_be_empty),
		cmocka_unit_test(answers_in_the_order_of_the_questions),
		cmocka_unit_test(the_client_may_be_gone_before_its_answer),
		cmocka_unit_test(pending_requests_outlive_it),
		cmocka_unit_test(may_be_freed_in_the_middle_of_an_answer),
		cmocka_unit_test(bounds_the_connections_of_an_address),
		cmocka_unit_test(bounds_all_connections),
		cmocka_unit_test(waits_for_a_request_only_so_long),
		cmocka_unit_test(waits_for_the_next_request_only_so_long),
		cmocka_unit_test(waits_for_a_reader_only_so_long_and_serves_others),
		cmocka_unit_test(ends_what_there_is_no_memory_to_answer),
		cmocka_unit_test(an_endpoint_in_use_is_told),
		cmocka_unit_test(another_may_take_its_place_at_once),
		cmocka_unit_test(counts_what_it_does),
		cmocka_unit_test(sleeps_while_nobody_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
