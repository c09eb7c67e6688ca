#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/watch/resolv_conf.h"

enum { MOST = 4, ROUNDS = 20000 };

/* The servers found, with blanks between them. */
static void read_text(const char *octets, size_t size, char *out, size_t room)
{
	/* A copy of its own size, so that a read past its end is seen. */
	char *text = malloc(size ? size : 1);
	struct endpoint servers[MOST];
	size_t count;

	assert_non_null(text);
	memcpy(text, octets, size);
	count = resolv_conf_read(text, size, servers, MOST);
	assert_true(count <= MOST);
	out[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		char server[ENDPOINT_TEXT_MAX];
		size_t at = strlen(out);

		(void)snprintf(out + at, room - at, "%s%s", i ? " " : "",
			endpoint_format(&servers[i], server));
	}
	free(text);
}

static void reads_the_nameserver_lines_in_order(void **state)
{
	static const struct {
		const char *text, *servers;
	} rows[] = {
		{ "", "" },
		{ "nameserver 192.0.2.1\nnameserver 2001:db8::1\n",
			"192.0.2.1:53 [2001:db8::1]:53" },
		{ "nameserver 192.0.2.1", "192.0.2.1:53" },
		{ "nameserver\t192.0.2.1 \r\n", "192.0.2.1:53" },
		{ "nameserver   192.0.2.1 # the near one\n", "192.0.2.1:53" },
		{ "domain example\nsearch a b\noptions edns0\nsortlist 1.2.3.4\n"
		  "nameserver 127.0.0.53\n",
			"127.0.0.53:53" },
		{ "# nameserver 192.0.2.1\n; nameserver 192.0.2.2\n", "" },
		{ "nameservers 192.0.2.1\nnameserver192.0.2.1\n", "" },
		{ "nameserver\nnameserver \n\n\nnameserver 192.0.2.3\n", "192.0.2.3:53" },
		{ "nameserver example.org\nnameserver 192.0.2.300\nnameserver 192.0.2.4\n",
			"192.0.2.4:53" },
		{ "nameserver fe80::1%1\n", "[fe80::1%lo]:53" },
		{ "nameserver [2001:db8::1]:53\n", "" },
		{ "nameserver 192.0.2.1\nnameserver 192.0.2.2\nnameserver 192.0.2.3\n"
		  "nameserver 192.0.2.4\nnameserver 192.0.2.5\n",
			"192.0.2.1:53 192.0.2.2:53 192.0.2.3:53 192.0.2.4:53" },
		{ "nameserver 2001:0db8:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:"
		  "0000:0000:0000:0001\n",
			"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char found[512];

		read_text(rows[i].text, strlen(rows[i].text), found, sizeof(found));
		assert_string_equal(found, rows[i].servers);
	}
}

static void a_nul_is_no_end(void **state)
{
	static const char text[] = "nameserver\0 192.0.2.1\nnameserver 192.0.2.2\0x\n"
				   "nameserver 192.0.2.3\n";
	char found[512];

	(void)state;
	read_text(text, sizeof(text) - 1, found, sizeof(found));
	assert_string_equal(found, "192.0.2.2:53 192.0.2.3:53");
}

/* A fixed sequence that looks random (xorshift). */
static uint32_t next(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void no_octets_do_harm(void **state)
{
	static const char text[] =
		"nameserver 192.0.2.1 #x\n nameserver fe80::1%lo\r\nnameserver ::1";
	uint32_t seed = 5;

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		char octets[sizeof(text)];
		char found[512];

		memcpy(octets, text, sizeof(text));
		for (unsigned i = next(&seed) % 6; i > 0; i--)
			octets[next(&seed) % sizeof(text)] = (char)next(&seed);
		read_text(octets, next(&seed) % (sizeof(text) + 1), found, sizeof(found));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_nameserver_lines_in_order),
		cmocka_unit_test(a_nul_is_no_end),
		cmocka_unit_test(no_octets_do_harm),
	};

	return cmocka_run_group_tests_name("resolv_conf", tests, NULL, NULL);
}
