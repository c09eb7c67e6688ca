#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "asked.h"
#include "sixward/base/bytes.h"
#include "sixward/front/gate.h"

enum { NOW_MS = 1000000, NOW_S = 1700000000, ROUNDS = 50000 };

#define INSIDE  "192.0.2.7:4000"
#define OUTSIDE "198.51.100.7:4000"
#define ASKED   "192.0.2.53"

/* A gate, and what it said last. */
struct scene {
	struct netset allow;
	struct endpoint listeners[2];
	struct outcomes outcomes;
	struct gate_options options;
	struct gate *gate;
	struct wire wire;
	struct request request;
	uint8_t out[WIRE_UDP_MIN];
	size_t size;
};

static struct endpoint at(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(text, 0, &endpoint));
	return endpoint;
}

static void open_gate(struct scene *scene, const struct gate_options *options)
{
	static const struct cookie_options cookies = { .enabled = true };

	*scene = (struct scene){ .options = *options };
	assert_int_equal(netset_add_text(&scene->allow, "192.0.2.0/24"), NETWORK_OK);
	assert_int_equal(netset_add_text(&scene->allow, "loopback"), NETWORK_OK);
	assert_true(endpoint_parse("192.0.2.53:53", 53, &scene->listeners[0]));
	assert_true(endpoint_parse("[::]:5353", 53, &scene->listeners[1]));
	scene->options.allow = &scene->allow;
	scene->options.listeners = scene->listeners;
	scene->options.listener_count = 2;
	scene->options.keepalive = 100;
	scene->options.cookies = cookies_new(&cookies, NOW_S);
	scene->gate = gate_new(&scene->options, &scene->outcomes);
}

static void close_gate(struct scene *scene)
{
	gate_free(scene->gate);
	limit_free(scene->options.answers);
	limit_free(scene->options.errors);
	cookies_free(scene->options.cookies);
	netset_clear(&scene->allow);
}

static enum gate_verdict judge_at(struct scene *scene, const uint8_t *octets, size_t size,
	const char *client, bool stream, uint64_t now_ms)
{
	struct origin *origin = &scene->request.origin;

	*origin = (struct origin){ .stream = stream };
	origin->client = at(client);
	origin->local = at(ASKED ":53").addr;
	scene->size = 0;
	return gate_judge(scene->gate, octets, size, now_ms, NOW_S, &scene->wire, &scene->request,
		scene->out, &scene->size);
}

/* What became of it, in words. */
static const char *tell(const struct scene *scene, enum gate_verdict verdict, char *text)
{
	switch (verdict) {
	case GATE_ADMIT:
		return "admit";
	case GATE_DROP:
		return "drop";
	case GATE_CLOSE:
		return "close";
	case GATE_ANSWER:
		return asked_describe(scene->out, scene->size, text);
	case GATE_ANSWER_AND_CLOSE:
		(void)asked_describe(scene->out, scene->size, text);
		return strcat(text, " close");
	}
	return "";
}

struct row {
	const char *id;
	const char *client;
	const uint8_t *octets;
	size_t size;
	const char *udp;
	const char *tcp; /* NULL = the same */
};

#define A                                  QUESTION("\0\1")
#define IXFR                               QUESTION("\0\xfb")
#define RR                                 "\xc0\x0c\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1"
#define TSIG                               "\0\0\xfa\0\xff\0\0\0\0\0\0"
#define SIG0                               "\0\0\30\0\xff\0\0\0\0\0\2\0\0"
#define OPTION(code, length, octets)       "\0" code "\0" length octets
#define COOKIE8                            OPTION("\12", "\10", "abcdefgh")
#define WITH_OPT(version, length, options) OPT(version, "\0\0", "\0" length) options
#define L63                                                                                        \
	"\77"                                                                                      \
	"123456789012345678901234567890123456789012345678901234567890123"

static const struct row rows[] = {
	{ "MAL-01", INSIDE, OCTETS(""), "drop", "close" },
	{ "MAL-01", INSIDE, OCTETS("\x12\x34\1\0\0\1\0\0\0\0\0"), "drop", "close" },
	{ "MAL-02", INSIDE, OCTETS(HEADER("\x81\0", "\1", "\0", "\0", "\0") A), "drop", NULL },
	{ "MAL-02", OUTSIDE, OCTETS(HEADER("\x81\0", "\0", "\0", "\0", "\0")), "drop", NULL },
	{ "MAL-03", "192.0.2.53:53", OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") A), "drop", NULL },
	{ "MAL-03", "224.0.0.1:4000", OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") A), "drop", NULL },
	{ "MAL-03", "255.255.255.255:4000", OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") A), "drop",
		NULL },
	{ "MAL-03", "0.0.0.0:4000", OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") A), "drop", NULL },
	{ "MAL-03", "[ff02::1]:4000", OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") A), "drop", NULL },

	{ "MAL-04", INSIDE, OCTETS(HEADER("\x09\0", "\1", "\0", "\0", "\1") A EDNS),
		"NOTIMP opcode=1 rd", NULL },
	{ "MAL-04", INSIDE, OCTETS(HEADER("\x10\0", "\1", "\0", "\0", "\0") A), "NOTIMP opcode=2",
		NULL },
	{ "MAL-04", INSIDE, OCTETS(HEADER("\x18\0", "\1", "\0", "\0", "\0") A), "NOTIMP opcode=3",
		NULL },
	{ "MAL-04", INSIDE, OCTETS(HEADER("\x20\0", "\1", "\0", "\0", "\1") A EDNS),
		"NOTIMP opcode=4 opt", NULL },
	{ "MAL-04", INSIDE, OCTETS(HEADER("\x28\0", "\1", "\0", "\0", "\1") A EDNS),
		"NOTIMP opcode=5 opt", NULL },
	{ "MAL-04", INSIDE, OCTETS(HEADER("\x28\0", "\1", "\0", "\0", "\0") A), "NOTIMP opcode=5",
		NULL },
	{ "MAL-04", INSIDE, OCTETS(HEADER("\x30\0", "\0", "\0", "\0", "\0")), "NOTIMP opcode=6",
		NULL },
	{ "MAL-04", INSIDE, OCTETS(HEADER("\x38\0", "\0", "\0", "\0", "\0")), "NOTIMP opcode=7",
		NULL },
	{ "R8906-8.1.4", INSIDE, OCTETS(HEADER("\x78\0", "\0", "\0", "\0", "\0")),
		"NOTIMP opcode=15", NULL },
	{ "MAL-04 before MAL-05", OUTSIDE, OCTETS(HEADER("\x10\0", "\1", "\0", "\0", "\0") A),
		"NOTIMP opcode=2", NULL },

	{ "MAL-05, R5358-4-b", OUTSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") A),
		"REFUSED rd question close", NULL },
	{ "MAL-05, R5358-4-b", OUTSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A EDNS),
		"REFUSED rd question opt ede=18 close", NULL },
	{ "MAL-05 before MAL-07", OUTSIDE, OCTETS(HEADER(RD, "\0", "\0", "\0", "\0")),
		"REFUSED rd close", NULL },
	{ "MAL-05 before MAL-09", OUTSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") "\300\14"),
		"REFUSED rd close", NULL },
	{ "ACL-a", "[2001:db8::1]:4000", OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") A),
		"REFUSED rd question close", NULL },

	{ "MAL-06, R7873-5.4-a", INSIDE,
		OCTETS(HEADER(RD, "\0", "\0", "\0", "\1") WITH_OPT("\0", "\14", COOKIE8)),
		"NOERROR rd ra opt cookie=24", "NOERROR rd ra opt cookie=24 keepalive=100" },
	{ "MAL-06, R7873-5.4-a", INSIDE,
		OCTETS(HEADER(RD, "\0", "\0", "\0", "\1") WITH_OPT(
			"\0", "\34", OPTION("\12", "\30", "abcdefghabcdefghabcdefgh"))),
		"BADCOOKIE rd ra opt cookie=24", "BADCOOKIE rd ra opt cookie=24 keepalive=100" },
	{ "MAL-06, MAL-17", INSIDE,
		OCTETS(HEADER(RD, "\0", "\0", "\0", "\1")
				WITH_OPT("\0", "\15", OPTION("\12", "\11", "abcdefghi"))),
		"FORMERR rd ra opt", "FORMERR rd ra opt keepalive=100" },
	{ "MAL-07", INSIDE, OCTETS(HEADER(RD, "\0", "\0", "\0", "\0")), "FORMERR rd ra", NULL },
	{ "MAL-07", INSIDE, OCTETS(HEADER(RD, "\0", "\0", "\0", "\1") EDNS), "FORMERR rd ra opt",
		"FORMERR rd ra opt keepalive=100" },
	{ "MAL-15 before MAL-06", INSIDE,
		OCTETS(HEADER(RD, "\0", "\0", "\0", "\1") WITH_OPT("\1", "\14", COOKIE8)),
		"BADVERS rd ra opt", NULL },
	{ "MAL-08", INSIDE, OCTETS(HEADER(RD, "\2", "\0", "\0", "\0") A A), "FORMERR rd ra", NULL },
	{ "MAL-08", INSIDE, OCTETS(HEADER(RD, "\2", "\0", "\0", "\1") A A EDNS),
		"FORMERR rd ra opt", NULL },
	{ "MAL-08", INSIDE, OCTETS(HEADER(RD, "\xff", "\0", "\0", "\0") A), "FORMERR rd ra", NULL },

	{ "MAL-09", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") "\100"
							  "abc\0\0\1\0\1" EDNS),
		"FORMERR rd ra", NULL },
	{ "MAL-09", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") "\200"
							  "abc\0\0\1\0\1"),
		"FORMERR rd ra", NULL },
	{ "MAL-09", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") "\300\14\0\1\0\1"),
		"FORMERR rd ra", NULL },
	{ "MAL-09", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") "\3www\300\0\0\1\0\1"),
		"FORMERR rd ra", NULL },
	{ "MAL-09", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") "\3www\7exam"),
		"FORMERR rd ra", NULL },
	{ "MAL-09", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") "\3www\0\0\1\0"),
		"FORMERR rd ra", NULL },
	{ "MAL-09", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0")), "FORMERR rd ra", NULL },
	{ "MAL-09", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") L63 L63 L63 L63 "\0\0\1\0\1"),
		"FORMERR rd ra", NULL },

	{ "MAL-10", INSIDE, OCTETS(HEADER(RD, "\1", "\1", "\0", "\0") A RR),
		"FORMERR rd ra question", NULL },
	{ "MAL-10", INSIDE, OCTETS(HEADER(RD, "\1", "\1", "\0", "\1") A RR EDNS),
		"FORMERR rd ra question opt", NULL },
	{ "MAL-10", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\1", "\0") A RR),
		"FORMERR rd ra question", NULL },
	{ "MAL-10", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\2", "\0") IXFR RR RR),
		"FORMERR rd ra question", NULL },
	{ "MAL-10, MAL-22", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\1", "\0") IXFR RR),
		"REFUSED rd ra question", NULL },
	{ "MAL-10 before MAL-15", INSIDE,
		OCTETS(HEADER(RD, "\1", "\1", "\0", "\1") A RR WITH_OPT("\1", "\0", "")),
		"FORMERR rd ra question opt", NULL },

	{ "MAL-11", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A), "FORMERR rd ra question",
		NULL },
	{ "MAL-11", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\2") A EDNS),
		"FORMERR rd ra question opt", NULL },
	{ "MAL-11", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A
			"\xc0\x0c\0\1\0\1\0\0\1\x2c\0\5\xc0\0\2\1"),
		"FORMERR rd ra question", NULL },
	{ "MAL-11", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A "\xc0\x1d\0\1\0\1\0\0\1\x2c\0\0"),
		"FORMERR rd ra question", NULL },
	{ "MAL-11", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A "\xc0\xff\0\1\0\1\0\0\1\x2c\0\0"),
		"FORMERR rd ra question", NULL },
	{ "MAL-12", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") A "behind"), "admit", NULL },
	{ "MAL-12", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A EDNS "behind"), "admit",
		NULL },

	{ "MAL-13, R6891-6.1.1-c", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\2") A EDNS EDNS),
		"FORMERR rd ra question opt", NULL },
	{ "MAL-13, R6891-6.1.2-a", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A "\1a" EDNS),
		"FORMERR rd ra question opt", NULL },
	{ "MAL-13", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\1", "\0") A EDNS),
		"FORMERR rd ra question opt", NULL },
	{ "MAL-13 before MAL-15", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\2") A WITH_OPT("\1", "\0", "") EDNS),
		"FORMERR rd ra question opt", NULL },
	{ "MAL-14, R6891-7-a", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A WITH_OPT("\0", "\3", "\0\12\0")),
		"FORMERR rd ra question opt", NULL },
	{ "MAL-14, R6891-7-a", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A WITH_OPT("\0", "\5", "\0\144\0\2a")),
		"FORMERR rd ra question opt", NULL },
	{ "MAL-15, R6891-6.1.3-a, R8906-8.2.2", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A WITH_OPT("\1", "\0", "")),
		"BADVERS rd ra question opt", NULL },
	{ "MAL-15, R8906-8.2.9", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A OPT("\377", "\x80\0", "\0\0")),
		"BADVERS rd ra question opt do", NULL },
	{ "MAL-15, R8906-8.2.5", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A OPT("\1", "\0\x40", "\0\0")),
		"BADVERS rd ra question opt", NULL },
	{ "MAL-15 before MAL-14", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A WITH_OPT("\1", "\3", "\0\12\0")),
		"BADVERS rd ra question opt", NULL },
	{ "MAL-15 before MAL-17, R8906-8.2.6", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1")
				A WITH_OPT("\1", "\13", OPTION("\12", "\7", "abcdefg"))),
		"BADVERS rd ra question opt", NULL },
	{ "MAL-16, R6891-6.1.2-a", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1")
				A OPT("\0", "\x7f\xff", "\0\12") "\0\144\0\0\xfd\xe9\0\2ab"),
		"admit", NULL },
	{ "MAL-16, R6891-6.1.1-c", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\2") A EDNS RR),
		"admit", NULL },
	{ "MAL-17, R7873-5.2.2-a", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1")
				A WITH_OPT("\0", "\13", OPTION("\12", "\7", "abcdefg"))),
		"FORMERR rd ra question opt", "FORMERR rd ra question opt keepalive=100" },
	{ "MAL-17, R7873-5.2.2-a", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1")
				A WITH_OPT("\0", "\23", OPTION("\12", "\17", "abcdefghabcdefg"))),
		"FORMERR rd ra question opt", "FORMERR rd ra question opt keepalive=100" },
	{ "R7873-5.2.2-a: the first counts", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1")
				A WITH_OPT("\0", "\27", COOKIE8 OPTION("\12", "\7", "abcdefg"))),
		"admit", NULL },
	{ "MAL-17, R7828-3.2.1-a", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1")
				A WITH_OPT("\0", "\5", OPTION("\13", "\1", "a"))),
		"admit", "FORMERR rd ra question opt" },
	{ "MAL-17, R7828-3.2.1-a", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1")
				A WITH_OPT("\0", "\7", OPTION("\13", "\3", "abc"))),
		"admit", "FORMERR rd ra question opt" },
	{ "R7828-3.2.1-a", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1")
				A WITH_OPT("\0", "\6", OPTION("\13", "\2", "ab"))),
		"admit", NULL },
	{ "MAL-18: ECS, padding, EDE, NSID", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A WITH_OPT("\0", "\24",
			OPTION("\10", "\1", "x") OPTION("\14", "\1", "x") OPTION("\17", "\1", "x")
				OPTION("\3", "\1", "x"))),
		"admit", NULL },
	{ "MAL-19", INSIDE, OCTETS(HEADER("\x07\xff", "\1", "\0", "\0", "\0") A), "admit", NULL },
	{ "MAL-19", INSIDE, OCTETS(HEADER("\x07\xff", "\1", "\1", "\0", "\0") A RR),
		"FORMERR rd ra cd question", NULL },
	{ "MAL-20: the query's to judge", INSIDE, OCTETS(HEADER("\0\0", "\1", "\0", "\0", "\0") A),
		"admit", NULL },
	{ "MAL-21", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") QUESTION("\0\51")),
		"FORMERR rd ra question", NULL },
	{ "MAL-22", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") QUESTION("\0\xfc") EDNS),
		"REFUSED rd ra question opt ede=21",
		"REFUSED rd ra question opt keepalive=100 ede=21" },
	{ "MAL-22", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") IXFR),
		"REFUSED rd ra question", NULL },
	{ "MAL-20 before MAL-22, ACL-c", INSIDE,
		OCTETS(HEADER("\0\0", "\1", "\0", "\0", "\1") QUESTION("\0\xfc") EDNS),
		"REFUSED ra question opt ede=20", "REFUSED ra question opt keepalive=100 ede=20" },
	{ "MAL-23", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") QUESTION("\0\xfd")),
		"NOTIMP rd ra question", NULL },
	{ "MAL-23", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") QUESTION("\0\xfe")),
		"NOTIMP rd ra question", NULL },
	{ "MAL-24", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") QUESTION("\0\xf9") EDNS),
		"REFUSED rd ra question opt ede=21",
		"REFUSED rd ra question opt keepalive=100 ede=21" },
	{ "MAL-24", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") QUESTION("\0\xfa")),
		"REFUSED rd ra question", NULL },
	{ "MAL-24", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\2") A EDNS TSIG),
		"REFUSED rd ra question opt ede=21",
		"REFUSED rd ra question opt keepalive=100 ede=21" },
	{ "MAL-24", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A SIG0),
		"REFUSED rd ra question", NULL },
	{ "MAL-17 before MAL-22", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") QUESTION("\0\xfc")
				WITH_OPT("\0", "\4", OPTION("\12", "\0", ""))),
		"FORMERR rd ra question opt", "FORMERR rd ra question opt keepalive=100" },
	{ "MAL-25, MAL-26: the query's", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") "\7version\4bind\0\0\20\0\3"), "admit",
		NULL },
	{ "MAL-26", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") "\0\0\1\0\xff"), "admit",
		NULL },
	{ "MAL-27", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") QUESTION("\xff\xff")),
		"admit", NULL },
	{ "MAL-27", INSIDE, OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") QUESTION("\0\0")), "admit",
		NULL },
	{ "R8482-4-a: the query's", INSIDE,
		OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") QUESTION("\0\xff")), "admit", NULL },
};

#define PLAIN OCTETS(HEADER(RD, "\1", "\0", "\0", "\0") A)

static void answers_every_row_of_17_1(void **state)
{
	struct scene scene;

	(void)state;
	open_gate(&scene, &(struct gate_options){ 0 });
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int stream = 0; stream < 2; stream++) {
			const struct row *row = &rows[i];
			const char *expected = stream && row->tcp ? row->tcp : row->udp;
			char text[ASKED_TEXT_MAX + 16];
			const char *found = tell(&scene,
				judge_at(&scene, row->octets, row->size, row->client, stream,
					NOW_MS),
				text);

			if (strcmp(found, expected) != 0)
				fail_msg("%s over %s: \"%s\" instead of \"%s\"", row->id,
					stream ? "TCP" : "UDP", found, expected);
			assert_int_equal(
				judge_at(&scene, PLAIN, INSIDE, stream, NOW_MS), GATE_ADMIT);
		}
	}
	close_gate(&scene);
}

/* MAL-03: a wildcard listener is every address that is asked. */
static void nobody_asks_from_our_own_endpoint(void **state)
{
	static const struct {
		const char *client, *asked;
		enum gate_verdict verdict;
	} froms[] = {
		{ "[::1]:5353", "::1", GATE_DROP },
		{ "[::1]:5354", "::1", GATE_ADMIT },
		{ "127.0.0.1:5353", "127.0.0.1", GATE_ADMIT },
		{ "192.0.2.53:53", "192.0.2.53", GATE_DROP },
	};
	struct scene scene;

	(void)state;
	open_gate(&scene, &(struct gate_options){ 0 });
	for (size_t i = 0; i < sizeof(froms) / sizeof(froms[0]); i++) {
		struct origin *origin = &scene.request.origin;

		*origin = (struct origin){ .client = at(froms[i].client) };
		assert_true(addr_parse(froms[i].asked, &origin->local));
		assert_int_equal(gate_judge(scene.gate, PLAIN, NOW_MS, NOW_S, &scene.wire,
					 &scene.request, scene.out, &scene.size),
			froms[i].verdict);
	}
	scene.request.origin.client = at(INSIDE);
	scene.request.origin.client.port = 0;
	assert_int_equal(gate_judge(scene.gate, PLAIN, NOW_MS, NOW_S, &scene.wire, &scene.request,
				 scene.out, &scene.size),
		GATE_DROP);
	close_gate(&scene);
}

/* R6891-6.2.3-a, UDP-a, LIM-22, LIM-34 */
static void the_client_says_how_large_an_answer_may_be(void **state)
{
	static const struct {
		bool has_edns;
		uint16_t size;
		size_t udp;
	} sizes[] = { { false, 0, 512 }, { true, 0, 512 }, { true, 100, 512 }, { true, 512, 512 },
		{ true, 513, 513 }, { true, 1232, 1232 }, { true, 1233, 1232 },
		{ true, 4096, 1232 }, { true, 65535, 1232 } };
	struct scene scene;

	(void)state;
	open_gate(&scene, &(struct gate_options){ 0 });
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint8_t octets[] = HEADER(RD, "\1", "\0", "\0", "\1") A EDNS;

		bytes_put_u16(octets + sizeof(octets) - 1 - 8, sizes[i].size);
		if (!sizes[i].has_edns)
			octets[11] = 0;
		assert_int_equal(
			judge_at(&scene, octets, sizeof(octets) - 1, INSIDE, false, NOW_MS),
			GATE_ADMIT);
		assert_int_equal(scene.request.limit, sizes[i].udp);
		assert_int_equal(scene.request.edns.present, sizes[i].has_edns);
		assert_int_equal(judge_at(&scene, octets, sizeof(octets) - 1, INSIDE, true, NOW_MS),
			GATE_ADMIT);
		assert_int_equal(scene.request.limit, 65535);
	}
	close_gate(&scene);
}

#define WITH_COOKIE OCTETS(HEADER(RD, "\1", "\0", "\0", "\1") A WITH_OPT("\0", "\14", COOKIE8))

/* A query with the cookie that the last admitted one is to be answered with. */
static size_t replay_cookie(const struct scene *scene, uint8_t *octets)
{
	static const uint8_t start[] =
		HEADER(RD, "\1", "\0", "\0", "\1") A WITH_OPT("\0", "\34", "\0\12\0\30");

	memcpy(octets, start, sizeof(start) - 1);
	memcpy(octets + sizeof(start) - 1, scene->request.edns.cookie, COOKIE_FULL_SIZE);
	return sizeof(start) - 1 + COOKIE_FULL_SIZE;
}

/* R7873-5.2.3-a, R7873-5.2.5-a */
static void hands_out_cookies_and_knows_them_again(void **state)
{
	struct scene scene;
	uint8_t octets[128], cookie[COOKIE_FULL_SIZE];
	size_t size;

	(void)state;
	open_gate(&scene, &(struct gate_options){ 0 });
	assert_int_equal(judge_at(&scene, WITH_COOKIE, INSIDE, false, NOW_MS), GATE_ADMIT);
	assert_int_equal(scene.request.edns.cookie_size, COOKIE_FULL_SIZE);
	assert_memory_equal(scene.request.edns.cookie, "abcdefgh", 8);
	memcpy(cookie, scene.request.edns.cookie, sizeof(cookie));
	size = replay_cookie(&scene, octets);
	assert_int_equal(judge_at(&scene, octets, size, INSIDE, false, NOW_MS), GATE_ADMIT);
	assert_memory_equal(scene.request.edns.cookie, cookie, sizeof(cookie));
	/* From another address it is not valid: processed, with a new one. */
	assert_int_equal(
		judge_at(&scene, octets, size, "192.0.2.8:4000", false, NOW_MS), GATE_ADMIT);
	assert_memory_not_equal(scene.request.edns.cookie, cookie, sizeof(cookie));
	close_gate(&scene);
}

/* R7873-5.2-a, R7873-5.4-a */
static void ignores_cookies_where_they_are_off(void **state)
{
	static const uint8_t illegal[] =
		HEADER(RD, "\1", "\0", "\0", "\1") A WITH_OPT("\0", "\5", OPTION("\12", "\1", "x"));
	static const uint8_t bare[] =
		HEADER(RD, "\0", "\0", "\0", "\1") WITH_OPT("\0", "\14", COOKIE8);
	struct scene scene;
	char text[ASKED_TEXT_MAX];

	(void)state;
	open_gate(&scene, &(struct gate_options){ 0 });
	gate_free(scene.gate);
	cookies_free(scene.options.cookies);
	scene.options.cookies = NULL;
	scene.gate = gate_new(&scene.options, &scene.outcomes);
	assert_int_equal(judge_at(&scene, WITH_COOKIE, INSIDE, false, NOW_MS), GATE_ADMIT);
	assert_int_equal(scene.request.edns.cookie_size, 0);
	assert_int_equal(
		judge_at(&scene, illegal, sizeof(illegal) - 1, INSIDE, false, NOW_MS), GATE_ADMIT);
	assert_int_equal(
		judge_at(&scene, bare, sizeof(bare) - 1, INSIDE, false, NOW_MS), GATE_ANSWER);
	assert_string_equal(asked_describe(scene.out, scene.size, text), "FORMERR rd ra opt");
	close_gate(&scene);
}

/* Section 12: NSID only if one is configured; R7828-3.3.2-a: keepalive over TCP, to OPT. */
static void tells_who_it_is_and_how_long_it_waits(void **state)
{
	static const uint8_t nsid[] =
		HEADER(RD, "\1", "\0", "\0", "\1") A WITH_OPT("\0", "\4", OPTION("\3", "\0", ""));
	struct scene scene;

	(void)state;
	open_gate(&scene, &(struct gate_options){ .identity = "ns1" });
	assert_int_equal(
		judge_at(&scene, nsid, sizeof(nsid) - 1, INSIDE, false, NOW_MS), GATE_ADMIT);
	assert_string_equal(scene.request.edns.nsid, "ns1");
	assert_false(scene.request.edns.has_keepalive);
	assert_int_equal(judge_at(&scene, WITH_COOKIE, INSIDE, true, NOW_MS), GATE_ADMIT);
	assert_null(scene.request.edns.nsid);
	assert_true(scene.request.edns.has_keepalive);
	assert_int_equal(scene.request.edns.keepalive, 100);
	assert_int_equal(judge_at(&scene, PLAIN, INSIDE, true, NOW_MS), GATE_ADMIT);
	assert_false(scene.request.edns.present || scene.request.edns.has_keepalive);
	close_gate(&scene);

	open_gate(&scene, &(struct gate_options){ 0 });
	assert_int_equal(
		judge_at(&scene, nsid, sizeof(nsid) - 1, INSIDE, false, NOW_MS), GATE_ADMIT);
	assert_null(scene.request.edns.nsid);
	close_gate(&scene);
}

static unsigned count_answers(struct scene *scene, const uint8_t *octets, size_t size,
	const char *client, bool stream, uint64_t now_ms)
{
	unsigned answers = 0;

	for (unsigned i = 0; i < 100; i++) {
		enum gate_verdict verdict = judge_at(scene, octets, size, client, stream, now_ms);

		answers += verdict == GATE_ANSWER || verdict == GATE_ANSWER_AND_CLOSE ? 1 : 0;
	}
	return answers;
}

/* LIM-32, R5358-4-b */
static void errors_are_few_per_network_and_second(void **state)
{
	struct scene scene;

	(void)state;
	open_gate(
		&scene, &(struct gate_options){ .errors = limit_new(GATE_ERRORS_PER_SECOND, 64) });
	assert_int_equal(count_answers(&scene, PLAIN, OUTSIDE, false, NOW_MS), 20);
	assert_int_equal(count_answers(&scene, PLAIN, "198.51.100.200:1", false, NOW_MS), 0);
	assert_int_equal(count_answers(&scene, PLAIN, "198.51.101.7:1", false, NOW_MS), 20);
	assert_int_equal(count_answers(&scene, PLAIN, OUTSIDE, false, NOW_MS + 250), 5);
	assert_int_equal(count_answers(&scene, PLAIN, OUTSIDE, false, NOW_MS + 9999), 20);
	/* TCP proves the address, loopback is no third party. */
	assert_int_equal(count_answers(&scene, PLAIN, OUTSIDE, true, NOW_MS), 100);
	assert_int_equal(count_answers(&scene, OCTETS(HEADER(RD, "\0", "\0", "\0", "\0")),
				 "127.0.0.1:4000", false, NOW_MS),
		100);
	assert_int_equal(count_read(&scene.outcomes.counts[OUTCOME_REFUSED_ACL]), 165);
	assert_int_equal(count_read(&scene.outcomes.counts[OUTCOME_FORMERR]), 100);
	assert_int_equal(count_read(&scene.outcomes.counts[OUTCOME_DROPPED]), 435);
	close_gate(&scene);
}

/* ACL-b */
static void over_the_rate_it_says_tc_and_nothing_in_turn(void **state)
{
	struct scene scene;
	char text[ASKED_TEXT_MAX];

	(void)state;
	open_gate(&scene, &(struct gate_options){ .answers = limit_new(10, 64) });
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(judge_at(&scene, PLAIN, INSIDE, false, NOW_MS), GATE_ADMIT);
	for (unsigned i = 0; i < 6; i++) {
		enum gate_verdict verdict = judge_at(&scene, PLAIN, INSIDE, false, NOW_MS);

		assert_int_equal(verdict, i % 2 ? GATE_DROP : GATE_ANSWER);
		if (i % 2 == 0)
			assert_string_equal(asked_describe(scene.out, scene.size, text),
				"NOERROR tc rd ra question");
	}
	assert_int_equal(count_read(&scene.outcomes.counts[OUTCOME_RATE_LIMITED]), 3);
	assert_int_equal(judge_at(&scene, PLAIN, INSIDE, true, NOW_MS), GATE_ADMIT);
	assert_int_equal(judge_at(&scene, PLAIN, INSIDE, false, NOW_MS + 100), GATE_ADMIT);
	assert_int_equal(judge_at(&scene, PLAIN, INSIDE, false, NOW_MS + 100), GATE_ANSWER);
	close_gate(&scene);
}

/* ACL-b, R7873-5.2.5-a */
static void a_valid_cookie_passes_the_rate_limit(void **state)
{
	struct scene scene;
	uint8_t octets[128];
	size_t size;

	(void)state;
	open_gate(&scene, &(struct gate_options){ .answers = limit_new(1, 64) });
	assert_int_equal(judge_at(&scene, WITH_COOKIE, INSIDE, false, NOW_MS), GATE_ADMIT);
	size = replay_cookie(&scene, octets);
	assert_int_equal(judge_at(&scene, WITH_COOKIE, INSIDE, false, NOW_MS), GATE_ANSWER);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(judge_at(&scene, octets, size, INSIDE, false, NOW_MS), GATE_ADMIT);
	assert_int_equal(
		judge_at(&scene, octets, size, "192.0.2.8:4000", false, NOW_MS), GATE_DROP);
	close_gate(&scene);
}

/* A fixed sequence that looks random (xorshift). */
static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* 17.1: whatever comes, what goes out is small and well-formed, and the next one is served. */
static void no_octets_do_harm(void **state)
{
	uint32_t seed = 17;
	struct scene scene;

	(void)state;
	open_gate(&scene, &(struct gate_options){ 0 });
	for (unsigned round = 0; round < ROUNDS; round++) {
		const struct row *row = &rows[next(&seed) % (sizeof(rows) / sizeof(rows[0]))];
		uint8_t octets[512];
		char text[ASKED_TEXT_MAX + 16];
		size_t size = row->size;

		memcpy(octets, row->octets, size);
		for (unsigned i = next(&seed) % 4; i > 0 && size > 2; i--)
			octets[2 + next(&seed) % (size - 2)] = (uint8_t)next(&seed);
		if (next(&seed) % 4 == 0)
			size = next(&seed) % (size + 1);
		(void)tell(&scene,
			judge_at(&scene, octets, size, row->client, next(&seed) % 2, NOW_MS), text);
		assert_true(scene.size <= WIRE_UDP_MIN);
		assert_int_equal(judge_at(&scene, PLAIN, INSIDE, false, NOW_MS), GATE_ADMIT);
	}
	close_gate(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_every_row_of_17_1),
		cmocka_unit_test(nobody_asks_from_our_own_endpoint),
		cmocka_unit_test(the_client_says_how_large_an_answer_may_be),
		cmocka_unit_test(hands_out_cookies_and_knows_them_again),
		cmocka_unit_test(ignores_cookies_where_they_are_off),
		cmocka_unit_test(tells_who_it_is_and_how_long_it_waits),
		cmocka_unit_test(errors_are_few_per_network_and_second),
		cmocka_unit_test(over_the_rate_it_says_tc_and_nothing_in_turn),
		cmocka_unit_test(a_valid_cookie_passes_the_rate_limit),
		cmocka_unit_test(no_octets_do_harm),
	};

	return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
