/* Responses of HTTP/1.1, whole and in pieces. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sixward/app/response.h"

#define HEAD   "HTTP/1.1 200 OK\r\n"
#define CHUNKS HEAD "Transfer-Encoding: chunked\r\n\r\n"

static enum response_state parse(const char *text, bool is_ended, struct response *response)
{
	return response_parse(text, strlen(text), is_ended, response);
}

static void a_whole_one_has_its_status_and_its_body(void **state)
{
	static const struct row {
		const char *text;
		bool is_ended;
		unsigned status;
		const char *body;
	} rows[] = {
		{ HEAD "Content-Length: 3\r\n\r\nabc", false, 200, "abc" },
		{ HEAD "content-length:\t3 \r\nX: y\r\n\r\nabcdef", false, 200, "abc" },
		{ "HTTP/1.0 404 \r\nContent-Length: 0\r\n\r\n", false, 404, "" },
		{ HEAD "\r\nto the end", true, 200, "to the end" },
		{ CHUNKS "3\r\nabc\r\n0\r\n\r\n", false, 200, "abc" },
		{ CHUNKS "3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: u\r\n\r\n", false, 200,
			"abc0123456789" },
		{ CHUNKS "0\r\n\r\n", false, 200, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct response response;

		assert_int_equal(parse(rows[i].text, rows[i].is_ended, &response), RESPONSE_WHOLE);
		assert_int_equal(response.status, rows[i].status);
		assert_string_equal(response.body, rows[i].body);
		assert_int_equal(response.size, strlen(rows[i].body));
		response_clear(&response);
	}
}

static void what_has_not_all_come_is_waited_for(void **state)
{
	static const char *const texts[] = {
		HEAD "Content-Length: 5\r\n\r\nabcde",
		CHUNKS "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		size_t size = strlen(texts[i]);

		for (size_t come = 0; come < size; come++) {
			struct response response;

			assert_int_equal(
				response_parse(texts[i], come, false, &response), RESPONSE_PARTIAL);
			assert_int_equal(
				response_parse(texts[i], come, true, &response), RESPONSE_GARBAGE);
			assert_null(response.body);
		}
	}
}

static void what_is_no_http_is_garbage(void **state)
{
	static const char *const texts[] = {
		"SSH-2.0-x\r\n\r\n",
		"HTTP/2 200 OK\r\n\r\n",
		"HTTP/1.1 20 OK\r\n\r\n",
		"HTTP/1.1 2xx OK\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\n",
		HEAD "no field\r\n\r\n",
		HEAD "Content-Length: -1\r\n\r\n",
		HEAD "Content-Length: \r\n\r\n",
		HEAD "Content-Length: 99999999999999999999\r\n\r\n",
		HEAD "Transfer-Encoding: gzip, chunked\r\n\r\n",
		CHUNKS "x\r\nabc\r\n0\r\n\r\n",
		CHUNKS "\r\nabc\r\n0\r\n\r\n",
		CHUNKS "2\r\nabc\r\n0\r\n\r\n",
		CHUNKS "ffffffffff\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct response response;

		assert_int_equal(parse(texts[i], false, &response), RESPONSE_GARBAGE);
		assert_null(response.body);
	}
}

static void a_head_without_an_end_is_not_waited_for_for_ever(void **state)
{
	char *text = malloc(RESPONSE_HEAD_MAX + 1);
	struct response response;

	(void)state;
	memset(text, 'x', RESPONSE_HEAD_MAX + 1);
	assert_int_equal(
		response_parse(text, RESPONSE_HEAD_MAX, false, &response), RESPONSE_PARTIAL);
	assert_int_equal(
		response_parse(text, RESPONSE_HEAD_MAX + 1, false, &response), RESPONSE_GARBAGE);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_one_has_its_status_and_its_body),
		cmocka_unit_test(what_has_not_all_come_is_waited_for),
		cmocka_unit_test(what_is_no_http_is_garbage),
		cmocka_unit_test(a_head_without_an_end_is_not_waited_for_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
