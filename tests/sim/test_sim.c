#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim.h"
#include "sixward/net/icmp6.h"
#include "sixward/net/tcp.h"
#include "sixward/net/timer.h"
#include "sixward/net/udp.h"

#define SERVER "198.51.100.1:53"
#define CLIENT "192.0.2.7:4000"

static struct endpoint at(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(text, 0, &endpoint));
	return endpoint;
}

/* What happened, in order, as text. */
struct story {
	struct loop *loop;
	struct tcp *tcp;
	struct tcp *other; /* the test's own server end */
	enum sim_verdict verdict;
	char text[512];
};

static void note(struct story *story, const char *words)
{
	size_t size = strlen(story->text);
	int64_t ms = (int64_t)loop_now_ms(story->loop) - SIM_START_MS;
	int more = snprintf(story->text + size, sizeof(story->text) - size, "%s%lld %s",
		size > 0 ? ", " : "", (long long)ms, words);

	assert_true(more > 0 && (size_t)more < sizeof(story->text) - size);
}

static void note_octets(struct story *story, const char *words, const uint8_t *octets, size_t size)
{
	char line[128];

	assert_true(snprintf(line, sizeof(line), "%s %.*s", words, (int)size,
			    (const char *)octets) > 0);
	note(story, line);
}

static void note_error(struct story *story, const char *words, int error)
{
	char line[64];

	assert_true(snprintf(line, sizeof(line), "%s%s%s", words, error != 0 ? " " : "",
			    error != 0 ? strerror(-error) : "") > 0);
	note(story, line);
}

struct call {
	struct story *story;
	const char *words;
	struct timer *timer;
};

static void on_call(void *owner)
{
	struct call *call = owner;

	note(call->story, call->words);
}

static void on_post_another(void *owner)
{
	struct call *call = owner;

	note(call->story, call->words);
	call->words = "another";
	loop_post(call->story->loop, on_call, call);
}

static void timers_and_posts_come_in_order(void **state)
{
	struct story story = { .loop = loop_new() };
	struct sim *sim = sim_of(story.loop);
	struct call calls[] = { { &story, "a", NULL }, { &story, "b", NULL }, { &story, "c", NULL },
		{ &story, "d", NULL } };
	struct call post = { &story, "post", NULL };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		calls[i].timer = timer_new(story.loop, on_call, &calls[i]);
	timer_start(calls[0].timer, 50);
	timer_start(calls[1].timer, 20);
	timer_start(calls[2].timer, 50);
	timer_start(calls[3].timer, 1);
	timer_start(calls[0].timer, 50); /* again: now after c */
	timer_stop(calls[3].timer);
	loop_post(story.loop, on_post_another, &post);
	assert_false(sim_run_for(sim, 49));
	assert_int_equal(loop_now_ms(story.loop), SIM_START_MS + 49);
	assert_string_equal(story.text, "0 post, 0 another, 20 b");
	assert_true(timer_is_running(calls[2].timer));
	loop_run(story.loop);
	assert_string_equal(story.text, "0 post, 0 another, 20 b, 50 c, 50 a");
	assert_false(timer_is_running(calls[2].timer));
	for (size_t i = 0; i < 4; i++)
		timer_free(calls[i].timer);
	loop_free(story.loop);
}

static void on_signal(void *owner, int number)
{
	struct story *story = owner;

	assert_int_equal(number, SIGHUP);
	note(story, "signal");
	loop_stop(story->loop);
}

static void the_wall_clock_signals_and_stops_are_the_tests(void **state)
{
	struct story story = { .loop = loop_new() };
	struct sim *sim = sim_of(story.loop);

	(void)state;
	assert_int_equal(loop_wall_s(story.loop), SIM_START_WALL_S);
	sim_run_for(sim, 2500);
	assert_int_equal(loop_wall_s(story.loop), SIM_START_WALL_S + 2);
	sim_set_wall(sim, 42);
	sim_run_for(sim, 1000);
	assert_int_equal(loop_wall_s(story.loop), 43);
	loop_on_signal(story.loop, SIGHUP, on_signal, &story);
	sim_raise(sim, SIGHUP);
	sim_raise(sim, SIGUSR1);
	assert_true(sim_run_for(sim, 10));
	assert_false(sim_run_for(sim, 10));
	assert_string_equal(story.text, "3500 signal");
	loop_free(story.loop);
}

static void on_datagram(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	struct story *story = owner;

	note_octets(story, "server", octets, size);
	sim_send_udp(sim_of(story->loop), to, from, (const uint8_t *)"pong", 4);
}

static void on_answer(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	char text[ENDPOINT_TEXT_MAX];

	(void)to;
	note_octets(owner, endpoint_format(from, text), octets, size);
}

struct bound {
	struct story *story;
	struct udp *udp;
};

static void on_received(void *owner, const struct udp_datagram *datagram)
{
	struct bound *bound = owner;

	note_octets(bound->story, "udp", datagram->octets, datagram->size);
	if (datagram->local.family != ADDR_NONE)
		udp_send(bound->udp, datagram->octets, datagram->size, &datagram->peer,
			&datagram->local);
}

static void on_failed(void *owner, int error)
{
	const struct bound *bound = owner;

	note_error(bound->story, "failed", error);
}

static void a_connected_socket_asks_a_server_of_the_test(void **state)
{
	struct story story = { .loop = loop_new() };
	struct sim *sim = sim_of(story.loop);
	struct endpoint server = at(SERVER);
	struct socket_options options = { .peer = server };
	struct bound bound = { .story = &story };
	int error = 0;

	(void)state;
	bound.udp = udp_new(story.loop, &options, on_received, on_failed, &bound, &error);
	udp_send(bound.udp, (const uint8_t *)"lost", 4, NULL, NULL);
	sim_run_for(sim, 10);
	sim_serve_udp(sim, &server, on_datagram, &story);
	sim_set_latency(sim, &server, 20);
	udp_send(bound.udp, (const uint8_t *)"ping", 4, NULL, NULL);
	sim_run_for(sim, 90);
	assert_string_equal(story.text, "30 server ping, 50 udp pong");

	/* Strangers are not heard. */
	struct endpoint local = udp_local(bound.udp);
	struct endpoint stranger = at(CLIENT);

	assert_true(addr_parse(SIM_HOST_IPV4, &local.addr));
	sim_send_udp(sim, &stranger, &local, (const uint8_t *)"evil", 4);
	sim_send_udp(sim, &server, &local, (const uint8_t *)"good", 4);
	sim_refuse(sim, &server, -ECONNREFUSED);
	udp_send(bound.udp, (const uint8_t *)"ping", 4, NULL, NULL);
	sim_run_for(sim, 100);
	assert_string_equal(story.text,
		"30 server ping, 50 udp pong, 120 udp good, 140 failed Connection refused");
	assert_int_equal(sim_count_udp(sim, &server), 3);
	udp_free(bound.udp);
	loop_free(story.loop);
}

static void a_listener_answers_clients_of_the_test_from_where_they_asked(void **state)
{
	struct story story = { .loop = loop_new() };
	struct sim *sim = sim_of(story.loop);
	struct endpoint client = at(CLIENT);
	struct endpoint asked = at("192.0.2.1:53");
	struct socket_options options = { .local = at("0.0.0.0:53"), .tells_local = true };
	struct bound bound = { .story = &story };
	int error = 0;

	(void)state;
	assert_int_equal(socket_probe(SOCKET_UDP, &asked), 0);
	bound.udp = udp_new(story.loop, &options, on_received, NULL, &bound, &error);
	assert_int_equal(socket_probe(SOCKET_UDP, &asked), -EADDRINUSE);
	assert_int_equal(socket_probe(SOCKET_LISTENER, &asked), 0);
	assert_null(udp_new(story.loop, &options, on_received, NULL, &bound, &error));
	assert_int_equal(error, -EADDRINUSE);
	sim_serve_udp(sim, &client, on_answer, &story);
	sim_send_udp(sim, &client, &asked, (const uint8_t *)"query", 5);
	sim_run_for(sim, 10);
	assert_string_equal(story.text, "1 udp query, 2 192.0.2.1:53 query");

	/* What is under way when the world ends is forgotten. */
	sim_send_udp(sim, &client, &asked, (const uint8_t *)"query", 5);
	udp_free(bound.udp);
	loop_free(story.loop);
}

static void on_connected(void *owner)
{
	note(owner, "connected");
}

static void on_octets(void *owner, const uint8_t *octets, size_t size)
{
	note_octets(owner, "got", octets, size);
}

static void on_ended(void *owner)
{
	note(owner, "ended");
}

static void on_closed(void *owner, int error)
{
	note_error(owner, "closed", error);
}

static const struct tcp_events events = {
	.connected = on_connected, .received = on_octets, .ended = on_ended, .closed = on_closed
};
static const struct tcp_options patient = { .connect_ms = 2000, .stall_ms = 5000 };

/* The server of the test: an echo that ends when the client does. */
static void on_server_octets(void *owner, const uint8_t *octets, size_t size)
{
	struct story *story = owner;

	assert_true(tcp_write(story->other, octets, size));
}

static void on_server_ended(void *owner)
{
	struct story *story = owner;

	note(story, "server ended");
	tcp_finish(story->other);
}

static void on_server_closed(void *owner, int error)
{
	struct story *story = owner;

	note_error(story, "server closed", error);
	tcp_free(story->other);
	story->other = NULL;
}

static const struct tcp_events server_events = {
	.received = on_server_octets, .ended = on_server_ended, .closed = on_server_closed
};

static enum sim_verdict on_connecting(void *owner, struct tcp *stream)
{
	struct story *story = owner;

	note(story, "connect");
	if (story->verdict == SIM_ACCEPT) {
		tcp_attach(stream, &patient, &server_events, story);
		story->other = stream;
	}
	return story->verdict;
}

static void connects_are_taken_refused_or_lost(void **state)
{
	static const struct {
		enum sim_verdict verdict;
		const char *text;
		uint64_t connect_us;
	} rows[] = {
		{ SIM_ACCEPT, "1 connect, 2 connected", 2000 },
		{ SIM_REFUSE, "1 connect, 2 closed Connection refused", 2000 },
		{ SIM_IGNORE, "1 connect, 2000 closed Connection timed out", 2000000 },
	};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct story story = { .loop = loop_new(), .verdict = rows[i].verdict };
		struct endpoint server = at(SERVER);

		sim_serve_tcp(sim_of(story.loop), &server, on_connecting, &story);
		story.tcp = tcp_connect(story.loop, &server, &patient, &events, &story);
		sim_run_for(sim_of(story.loop), 5000);
		assert_string_equal(story.text, rows[i].text);
		assert_int_equal(tcp_connect_us(story.tcp), rows[i].connect_us);
		assert_int_equal(sim_count_tcp(sim_of(story.loop), &server), 1);
		tcp_free(story.tcp);
		tcp_free(story.other);
		loop_free(story.loop);
	}
}

static void connects_to_nobody_time_out_and_to_refused_places_fail(void **state)
{
	struct story story = { .loop = loop_new() };
	struct sim *sim = sim_of(story.loop);
	struct endpoint server = at(SERVER);

	(void)state;
	story.tcp = tcp_connect(story.loop, &server, &patient, &events, &story);
	sim_run_for(sim, 3000);
	tcp_free(story.tcp);
	sim_refuse(sim, &server, -EHOSTUNREACH);
	story.tcp = tcp_connect(story.loop, &server, &patient, &events, &story);
	sim_run_for(sim, 3000);
	tcp_free(story.tcp);
	assert_string_equal(
		story.text, "2000 closed Connection timed out, 3002 closed No route to host");
	loop_free(story.loop);
}

static void a_connect_that_was_given_up_resets_who_took_it(void **state)
{
	struct story story = { .loop = loop_new(), .verdict = SIM_ACCEPT };
	struct sim *sim = sim_of(story.loop);
	struct endpoint server = at(SERVER);

	(void)state;
	sim_serve_tcp(sim, &server, on_connecting, &story);
	story.tcp = tcp_connect(story.loop, &server, &patient, &events, &story);
	sim_run_for(sim, 1);
	tcp_free(story.tcp);
	sim_run_for(sim, 3000);
	assert_string_equal(story.text, "1 connect, 3 server closed Connection reset by peer");
	tcp_free(story.other);
	loop_free(story.loop);
}

static void on_accepted(void *owner, struct tcp *stream)
{
	struct story *story = owner;

	note(story, "accepted");
	tcp_attach(stream, &patient, &server_events, story);
	story->other = stream;
}

/* TCP-d: a client that has said all still gets its answer. */
static void a_half_closed_stream_still_carries_the_answer(void **state)
{
	struct story story = { .loop = loop_new() };
	struct sim *sim = sim_of(story.loop);
	struct endpoint client = at(CLIENT);
	struct endpoint server = at("192.0.2.1:53");
	struct socket_options options = { .local = at("0.0.0.0:53") };
	struct endpoint seen;
	int error = 0;
	struct tcp_listener *listener =
		tcp_listener_new(story.loop, &options, on_accepted, &story, &error);

	(void)state;
	assert_null(tcp_listener_new(story.loop, &options, on_accepted, &story, &error));
	assert_int_equal(error, -EADDRINUSE);
	story.tcp = sim_connect_tcp(sim, &client, &server, &patient, &events, &story);
	assert_true(tcp_write(story.tcp, (const uint8_t *)"hello", 5));
	sim_half_close(story.tcp);
	sim_run_for(sim, 1);
	seen = tcp_peer(story.other);
	assert_true(endpoint_equal(&seen, &client));
	seen = tcp_local(story.other);
	assert_true(endpoint_equal(&seen, &server));
	sim_run_for(sim, 10);
	assert_string_equal(story.text, "1 accepted, 2 connected, 3 server ended, 3 server closed, "
					"4 got hello, 4 ended");
	tcp_free(story.tcp);
	tcp_listener_free(listener);
	loop_free(story.loop);
}

static struct story *open_echo(void)
{
	struct story *story = calloc(1, sizeof(*story));
	struct endpoint server = at(SERVER);

	story->loop = loop_new();
	sim_serve_tcp(sim_of(story->loop), &server, on_connecting, story);
	story->tcp = tcp_connect(story->loop, &server, &patient, &events, story);
	sim_run_for(sim_of(story->loop), 2);
	story->text[0] = '\0';
	return story;
}

static void close_echo(struct story *story)
{
	tcp_free(story->tcp);
	tcp_free(story->other);
	loop_free(story->loop);
	free(story);
}

static void streams_echo_finish_and_close(void **state)
{
	struct story *story = open_echo();

	(void)state;
	assert_true(tcp_write(story->tcp, (const uint8_t *)"one", 3));
	assert_true(tcp_write(story->tcp, (const uint8_t *)"two", 3));
	sim_run_for(sim_of(story->loop), 10);
	tcp_finish(story->tcp);
	assert_false(tcp_write(story->tcp, (const uint8_t *)"late", 4));
	sim_run_for(sim_of(story->loop), 10);
	assert_string_equal(
		story->text, "4 got onetwo, 13 server ended, 13 server closed, 14 closed");
	close_echo(story);
}

static void messages_have_their_length_before_them(void **state)
{
	struct story *story = open_echo();

	(void)state;
	assert_true(tcp_write_message(story->tcp, (const uint8_t *)"hello", 5));
	assert_int_equal(tcp_queued(story->tcp), 7);
	sim_run_for(sim_of(story->loop), 1);
	assert_int_equal(tcp_queued(story->tcp), 0);
	close_echo(story);
}

static void a_reset_is_told_and_so_is_a_write_to_one_that_is_gone(void **state)
{
	struct story *story = open_echo();

	(void)state;
	sim_reset(story->other);
	story->other = NULL;
	sim_run_for(sim_of(story->loop), 10);
	assert_string_equal(story->text, "3 closed Connection reset by peer");
	close_echo(story);

	story = open_echo();
	tcp_free(story->other);
	story->other = NULL;
	sim_run_for(sim_of(story->loop), 10);
	assert_true(tcp_write(story->tcp, (const uint8_t *)"anybody", 7));
	sim_run_for(sim_of(story->loop), 10);
	assert_string_equal(story->text, "3 ended, 14 closed Connection reset by peer");
	close_echo(story);
}

/* TCP-a. */
static void a_peer_that_does_not_read_fills_the_queue_and_stalls(void **state)
{
	struct story *story = open_echo();
	static const uint8_t much[1 << 20];

	(void)state;
	tcp_pause(story->other);
	assert_true(tcp_write(story->tcp, much, sizeof(much)));
	assert_false(tcp_write(story->tcp, much, 1));
	sim_run_for(sim_of(story->loop), 4000);
	assert_int_equal(tcp_queued(story->tcp), sizeof(much) - 65536);
	assert_string_equal(story->text, "");
	sim_run_for(sim_of(story->loop), 2000);
	assert_string_equal(story->text, "5002 closed Connection timed out");
	close_echo(story);
}

static void a_paused_stream_hears_it_all_when_resumed(void **state)
{
	struct story *story = open_echo();

	(void)state;
	tcp_pause(story->tcp);
	assert_true(tcp_write(story->other, (const uint8_t *)"news", 4));
	tcp_finish(story->other);
	sim_run_for(sim_of(story->loop), 8);
	assert_string_equal(story->text, "");
	tcp_resume(story->tcp);
	sim_run_for(sim_of(story->loop), 8);
	assert_string_equal(story->text, "10 got news, 10 ended");

	/* The end that finished waits for the other, but not for long. */
	sim_run_for(sim_of(story->loop), 2000);
	assert_string_equal(story->text, "10 got news, 10 ended, 1002 server closed");
	close_echo(story);
}

static bool has_text(void *owner)
{
	const struct story *story = owner;

	return story->text[0] != '\0';
}

static void runs_until_a_thing_is_so(void **state)
{
	struct story *story = open_echo();

	(void)state;
	assert_false(sim_run_until(sim_of(story->loop), has_text, story, 100));
	assert_int_equal(loop_now_ms(story->loop), SIM_START_MS + 102);
	assert_true(tcp_write(story->tcp, (const uint8_t *)"x", 1));
	assert_true(sim_run_until(sim_of(story->loop), has_text, story, 100));
	assert_int_equal(loop_now_ms(story->loop), SIM_START_MS + 104);
	close_echo(story);
}

static void on_advertisement(
	void *owner, const struct addr *from, int hop_limit, const uint8_t *octets, size_t size)
{
	assert_int_equal(from->zone, 7);
	assert_int_equal(hop_limit, 255);
	note_octets(owner, "heard", octets, size);
}

static void routers_are_asked_and_heard(void **state)
{
	struct story story = { .loop = loop_new() };
	struct sim *sim = sim_of(story.loop);
	struct addr router = { .family = ADDR_IPV6, .zone = 7, .octets = { 0xfe, 0x80 } };
	struct icmp6 *icmp6;
	int error = 0;

	(void)state;
	sim_refuse_icmp6(sim, -EPERM);
	assert_null(icmp6_new(story.loop, on_advertisement, &story, &error));
	assert_int_equal(error, -EPERM);
	sim_refuse_icmp6(sim, 0);
	icmp6 = icmp6_new(story.loop, on_advertisement, &story, &error);
	assert_int_equal(sim_count_solicitations(sim), 0);
	icmp6_solicit(icmp6);
	assert_int_equal(sim_count_solicitations(sim), 1);
	sim_advertise(sim, &router, 255, (const uint8_t *)"one", 3);
	sim_run_for(sim, 10);
	assert_string_equal(story.text, "1 heard one");
	sim_advertise(sim, &router, 255, (const uint8_t *)"two", 3);
	icmp6_free(icmp6);
	sim_run_for(sim, 10);
	assert_string_equal(story.text, "1 heard one");
	sim_advertise(sim, &router, 255, (const uint8_t *)"three", 5); /* on its way at the end */
	loop_free(story.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(timers_and_posts_come_in_order),
		cmocka_unit_test(the_wall_clock_signals_and_stops_are_the_tests),
		cmocka_unit_test(a_connected_socket_asks_a_server_of_the_test),
		cmocka_unit_test(a_listener_answers_clients_of_the_test_from_where_they_asked),
		cmocka_unit_test(connects_are_taken_refused_or_lost),
		cmocka_unit_test(connects_to_nobody_time_out_and_to_refused_places_fail),
		cmocka_unit_test(a_connect_that_was_given_up_resets_who_took_it),
		cmocka_unit_test(a_half_closed_stream_still_carries_the_answer),
		cmocka_unit_test(streams_echo_finish_and_close),
		cmocka_unit_test(messages_have_their_length_before_them),
		cmocka_unit_test(a_reset_is_told_and_so_is_a_write_to_one_that_is_gone),
		cmocka_unit_test(a_peer_that_does_not_read_fills_the_queue_and_stalls),
		cmocka_unit_test(a_paused_stream_hears_it_all_when_resumed),
		cmocka_unit_test(runs_until_a_thing_is_so),
		cmocka_unit_test(routers_are_asked_and_heard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
