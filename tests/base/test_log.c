#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "sixward/base/log.h"

enum { LINE_MAX_SIZE = 8192 };

/* Standard error for the time of a test: each write comes out as one record. */
static int records;
static int old_stderr;

static int on_setup(void **state)
{
	int ends[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends))
		return -1;
	old_stderr = dup(STDERR_FILENO);
	(void)dup2(ends[0], STDERR_FILENO);
	close(ends[0]);
	records = ends[1];
	log_set(LOG_INFO, LOG_FORMAT_TEXT);
	return 0;
}

static int on_teardown(void **state)
{
	(void)state;
	log_flush(); /* what is held back is of this test */
	(void)dup2(old_stderr, STDERR_FILENO);
	close(old_stderr);
	close(records);
	return 0;
}

/* The next write, "" when there is none. */
static const char *next_line(void)
{
	static char line[LINE_MAX_SIZE];
	ssize_t size = recv(records, line, sizeof(line) - 1, MSG_DONTWAIT);

	line[size > 0 ? size : 0] = 0;
	return line;
}

/* The next line without its time, whose form is checked. */
static const char *next_json(void)
{
	static const char form[] = "{\"time\":\"dddd-dd-ddTdd:dd:dd.dddZ\",";
	const char *line = next_line();

	assert_true(strlen(line) >= sizeof(form) - 1);
	for (size_t i = 0; i < sizeof(form) - 1; i++) {
		if (i >= 9 && form[i] == 'd')
			assert_in_range(line[i], '0', '9');
		else
			assert_int_equal(line[i], form[i]);
	}
	return line + sizeof(form) - 1;
}

static void lines_are_words_and_fields(void **state)
{
	(void)state;
	log_warning(
		"upstream held", LOG_FIELDS(LOG_TEXT("upstream", "[::1]:53"),
					 LOG_NUMBER("tries", 3), LOG_NUMBER("left", INT64_MIN)));
	assert_string_equal(next_line(), "warning: upstream held upstream=[::1]:53 tries=3 "
					 "left=-9223372036854775808\n");
	log_notice("DNS64 is off", NULL);
	assert_string_equal(next_line(), "notice: DNS64 is off\n");
	assert_string_equal(next_line(), "");
}

static void values_cannot_break_out_of_their_field(void **state)
{
	static const struct row {
		const char *value, *text, *json;
	} rows[] = {
		{ "plain", "plain", "\"plain\"" },
		{ "", "\"\"", "\"\"" },
		{ "two words", "\"two words\"", "\"two words\"" },
		{ "a\"b", "\"a\\\"b\"", "\"a\\\"b\"" },
		{ "a b\\c", "\"a b\\\\c\"", "\"a b\\\\c\"" },
		{ "x\ny=1", "\"x\\ny=1\"", "\"x\\ny=1\"" },
		{ "\r\t", "\"\\r\\t\"", "\"\\r\\t\"" },
		{ "\033[2J", "\"\\x1b[2J\"", "\"\\u001b[2J\"" },
		{ "\001", "\"\\x01\"", "\"\\u0001\"" },
		{ "a\177", "\"a\\x7f\"", "\"a\\u007f\"" },
		/* UTF-8, with the least and the most of each size, stays. */
		{ "\xc3\xbc", "\xc3\xbc", "\"\xc3\xbc\"" },
		{ "\xdf\xbf", "\xdf\xbf", "\"\xdf\xbf\"" },
		{ "\xe0\xa0\x80", "\xe0\xa0\x80", "\"\xe0\xa0\x80\"" },
		{ "\xed\x9f\xbf", "\xed\x9f\xbf", "\"\xed\x9f\xbf\"" },
		{ "\xef\xbf\xbd", "\xef\xbf\xbd", "\"\xef\xbf\xbd\"" },
		{ "\xf0\x90\x80\x80", "\xf0\x90\x80\x80", "\"\xf0\x90\x80\x80\"" },
		{ "\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\"" },
		/* What is none is escaped: alone, overlong, a surrogate, too large, cut short. */
		{ "\x80", "\"\\x80\"", "\"\\u0080\"" },
		{ "\xff", "\"\\xff\"", "\"\\u00ff\"" },
		{ "\xc0\xaf", "\"\\xc0\\xaf\"", "\"\\u00c0\\u00af\"" },
		{ "\xe0\x9f\xbf", "\"\\xe0\\x9f\\xbf\"", "\"\\u00e0\\u009f\\u00bf\"" },
		{ "\xed\xa0\x80", "\"\\xed\\xa0\\x80\"", "\"\\u00ed\\u00a0\\u0080\"" },
		{ "\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\"",
			"\"\\u00f4\\u0090\\u0080\\u0080\"" },
		{ "\xf0\x90\x80", "\"\\xf0\\x90\\x80\"", "\"\\u00f0\\u0090\\u0080\"" },
		{ "\xc3", "\"\\xc3\"", "\"\\u00c3\"" },
		{ "\xc3x", "\"\\xc3x\"", "\"\\u00c3x\"" },
		/* A control of C1, which a terminal obeys. */
		{ "\xc2\x9b", "\"\\xc2\\x9b\"", "\"\xc2\x9b\"" },
		{ "\xc2\xa0", "\xc2\xa0", "\"\xc2\xa0\"" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char wanted[200];

		log_set(LOG_INFO, LOG_FORMAT_TEXT);
		log_info("x", LOG_FIELDS(LOG_TEXT("key", rows[i].value)));
		(void)snprintf(wanted, sizeof(wanted), "info: x key=%s\n", rows[i].text);
		assert_string_equal(next_line(), wanted);

		log_set(LOG_INFO, LOG_FORMAT_JSON);
		log_info("x", LOG_FIELDS(LOG_TEXT("key", rows[i].value)));
		(void)snprintf(wanted, sizeof(wanted),
			"\"level\":\"info\",\"message\":\"x\",\"key\":%s}\n", rows[i].json);
		assert_string_equal(next_json(), wanted);
	}
}

static void a_backslash_alone_needs_no_quotes(void **state)
{
	(void)state;
	log_info("query", LOG_FIELDS(LOG_TEXT("name", "a\\.b.example.")));
	assert_string_equal(next_line(), "info: query name=a\\.b.example.\n");
}

static void words_are_kept_on_one_line_too(void **state)
{
	(void)state;
	log_error("can't \"read\"\nerror: forged", NULL);
	assert_string_equal(next_line(), "error: can't \"read\"\\nerror: forged\n");
	log_set(LOG_INFO, LOG_FORMAT_JSON);
	log_error("can't \"read\"\n", NULL);
	assert_string_equal(
		next_json(), "\"level\":\"error\",\"message\":\"can't \\\"read\\\"\\n\"}\n");
}

static void json_has_time_level_message_and_fields(void **state)
{
	(void)state;
	log_set(LOG_DEBUG, LOG_FORMAT_JSON);
	log_write(LOG_DEBUG, "serving",
		LOG_FIELDS(LOG_TEXT("listen", "[::1]:53"), LOG_NUMBER("workers", -1)));
	assert_string_equal(next_json(), "\"level\":\"debug\",\"message\":\"serving\","
					 "\"listen\":\"[::1]:53\",\"workers\":-1}\n");
}

static void only_wanted_levels_are_written(void **state)
{
	(void)state;
	for (int set = LOG_ERROR; set <= LOG_DEBUG; set++) {
		log_set((enum log_level)set, LOG_FORMAT_TEXT);
		for (int level = LOG_ERROR; level <= LOG_DEBUG; level++) {
			assert_int_equal(log_wants((enum log_level)level), level <= set);
			log_write((enum log_level)level, "x", LOG_FIELDS(LOG_NUMBER("set", set)));
			assert_int_equal(next_line()[0] != 0, level <= set);
		}
	}
}

static void write_again(unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		log_warning("held", LOG_FIELDS(LOG_NUMBER("tries", 1)));
}

static void repeats_are_held_back_whatever_is_between_them(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		write_again(1);
		log_record(LOG_INFO, "query", LOG_FIELDS(LOG_TEXT("name", "a.example.")));
		if (i < 3)
			assert_string_equal(next_line(), "warning: held tries=1\n");
		assert_string_equal(next_line(), "info: query name=a.example.\n");
	}
	assert_string_equal(next_line(), "");
	log_flush();
	assert_string_equal(next_line(), "warning: held tries=1 repeated=997\n");
	assert_string_equal(next_line(), "");
}

static void what_differs_in_a_field_or_the_level_is_no_repeat(void **state)
{
	(void)state;
	write_again(4);
	for (int i = 0; i < 3; i++)
		assert_string_equal(next_line(), "warning: held tries=1\n");
	assert_string_equal(next_line(), "");
	log_warning("held", LOG_FIELDS(LOG_NUMBER("tries", 2)));
	assert_string_equal(next_line(), "warning: held tries=2\n");
	log_notice("held", LOG_FIELDS(LOG_NUMBER("tries", 2)));
	assert_string_equal(next_line(), "notice: held tries=2\n");
	assert_string_equal(next_line(), "");
}

static void a_flush_tells_repeats_once_and_starts_anew(void **state)
{
	(void)state;
	log_flush();
	assert_string_equal(next_line(), "");
	write_again(4);
	for (int i = 0; i < 3; i++)
		assert_string_equal(next_line(), "warning: held tries=1\n");
	log_flush();
	assert_string_equal(next_line(), "warning: held tries=1 repeated=1\n");
	log_flush();
	assert_string_equal(next_line(), "");
	write_again(1);
	assert_string_equal(next_line(), "warning: held tries=1\n");
}

static void wait_a_millisecond(void)
{
	struct timespec start, now;

	(void)clock_gettime(CLOCK_REALTIME, &start);
	do {
		(void)clock_gettime(CLOCK_REALTIME, &now);
	} while (now.tv_nsec / 1000000 == start.tv_nsec / 1000000);
}

static void the_time_does_not_make_a_line_another(void **state)
{
	static const char wanted[] = "\"level\":\"warning\",\"message\":\"held\",\"tries\":1";
	char line[200];

	(void)state;
	log_set(LOG_INFO, LOG_FORMAT_JSON);
	for (int i = 0; i < 5; i++) {
		write_again(1);
		wait_a_millisecond();
	}
	(void)snprintf(line, sizeof(line), "%s}\n", wanted);
	for (int i = 0; i < 3; i++)
		assert_string_equal(next_json(), line);
	assert_string_equal(next_line(), "");
	log_flush();
	(void)snprintf(line, sizeof(line), "%s,\"repeated\":2}\n", wanted);
	assert_string_equal(next_json(), line);
}

static void a_count_fits_behind_the_longest_line(void **state)
{
	static char value[LINE_MAX_SIZE];
	static const enum log_format formats[] = { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	for (size_t i = 0; i < 2; i++) {
		const char *line = "";

		log_set(LOG_INFO, formats[i]);
		for (int times = 0; times < 5; times++)
			log_info("x", LOG_FIELDS(LOG_TEXT("key", value)));
		log_flush();
		for (int times = 0; times < 4; times++)
			line = next_line();
		assert_string_equal(line + strlen(line) - (i ? 19 : 15),
			i ? "…\",\"repeated\":2}\n" : "… repeated=2\n");
	}
}

static void a_long_line_is_cut_and_stays_well_formed(void **state)
{
	static char value[LINE_MAX_SIZE];

	(void)state;
	memset(value, 'a', sizeof(value) - 1);
	/* Every place where an escape of six can be cut. */
	for (size_t shift = 0; shift < 8; shift++) {
		const char *line;
		size_t size;

		memset(value + 3900 + shift, 1, 300);
		memset(value + 3900, 'a', shift);
		log_set(LOG_INFO, LOG_FORMAT_JSON);
		log_info("x", LOG_FIELDS(LOG_TEXT("key", value), LOG_NUMBER("more", 1)));
		line = next_json();
		size = strlen(line);
		assert_in_range(size, 4000, 4096 - 36);
		assert_string_equal(line + size - 12, "\\u0001…\"}\n");

		log_set(LOG_INFO, LOG_FORMAT_TEXT);
		log_info("x", LOG_FIELDS(LOG_TEXT("key", value), LOG_NUMBER("more", 1)));
		line = next_line();
		size = strlen(line);
		assert_in_range(size, 4000, 4096);
		assert_string_equal(line + size - 9, "\\x01…\"\n");
	}
}

static void a_field_without_room_is_left_out_whole(void **state)
{
	static char value[LINE_MAX_SIZE];
	struct log_field fields[300] = { 0 };
	const char *line;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof(fields) / sizeof(fields[0]); i++) {
		fields[i].key = "abcdefgh";
		fields[i].number = 1234567890;
	}
	log_set(LOG_INFO, LOG_FORMAT_JSON);
	log_info("x", fields);
	line = next_json();
	assert_string_equal(line + strlen(line) - 24, ",\"abcdefgh\":1234567890}\n");

	memset(value, 'w', sizeof(value) - 1);
	log_info(value, fields);
	line = next_json();
	assert_string_equal(line + strlen(line) - 9, "www…\"}\n");
	log_set(LOG_INFO, LOG_FORMAT_TEXT);
	log_info(value, fields);
	line = next_line();
	assert_string_equal(line + strlen(line) - 7, "www…\n");
}

static void *on_thread(void *owner)
{
	for (int i = 0; i < 20; i++)
		log_info("from a thread",
			LOG_FIELDS(LOG_TEXT("thread", owner), LOG_NUMBER("line", i)));
	return NULL;
}

static void threads_write_whole_lines(void **state)
{
	static char names[2][2] = { "0", "1" };
	int seen[2] = { 0 };
	pthread_t threads[2];

	(void)state;
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, on_thread, names[i]), 0);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (size_t i = 0; i < 40; i++) {
		char wanted[100];
		const char *line = next_line();
		bool second = strstr(line, "thread=1") != NULL;

		(void)snprintf(wanted, sizeof(wanted), "info: from a thread thread=%d line=%d\n",
			second, seen[second]++);
		assert_string_equal(line, wanted);
	}
	assert_string_equal(next_line(), "");
}

#define LOG_TEST(f) cmocka_unit_test_setup_teardown(f, on_setup, on_teardown)

static void silence_lasts_until_a_level_is_set(void **state)
{
	(void)state;
	log_silence();
	assert_false(log_wants(LOG_ERROR));
	log_error("not heard", NULL);
	assert_string_equal(next_line(), "");
	log_set(LOG_ERROR, LOG_FORMAT_TEXT);
	log_error("heard", NULL);
	assert_string_equal(next_line(), "error: heard\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(lines_are_words_and_fields),
		LOG_TEST(values_cannot_break_out_of_their_field),
		LOG_TEST(a_backslash_alone_needs_no_quotes),
		LOG_TEST(words_are_kept_on_one_line_too),
		LOG_TEST(json_has_time_level_message_and_fields),
		LOG_TEST(only_wanted_levels_are_written),
		LOG_TEST(repeats_are_held_back_whatever_is_between_them),
		LOG_TEST(what_differs_in_a_field_or_the_level_is_no_repeat),
		LOG_TEST(a_flush_tells_repeats_once_and_starts_anew),
		LOG_TEST(the_time_does_not_make_a_line_another),
		LOG_TEST(a_count_fits_behind_the_longest_line),
		LOG_TEST(a_long_line_is_cut_and_stays_well_formed),
		LOG_TEST(a_field_without_room_is_left_out_whole),
		LOG_TEST(threads_write_whole_lines),
		LOG_TEST(silence_lasts_until_a_level_is_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
