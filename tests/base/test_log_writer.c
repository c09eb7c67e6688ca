/* The log with a thread of its own. It lives as long as its process, so each test is a child; what
 * its stderr does is played by the linker's stand-in for write, or is the pipe that it is. */

#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sixward/base/log.h"

enum {
	LINES = 20000, /* more than pipe and backlog hold */
	TEXT_SIZE = 4 << 20,
	PATIENCE_MS = 5000 /* far more than it takes, far less than for ever */
};

/* What comes of writes to stderr. */
static _Atomic int fault;        /* the errno of each; 0 = they work */
static _Atomic size_t write_max; /* octets of each; 0 = all */
static _Atomic bool interrupts;  /* every other one */
static _Atomic unsigned writes;
static _Atomic int64_t clock_offset_ms;

ssize_t __real_write(int descriptor, const void *octets, size_t size);
ssize_t __wrap_write(int descriptor, const void *octets, size_t size);
int __real_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

ssize_t __wrap_write(int descriptor, const void *octets, size_t size)
{
	if (descriptor == STDERR_FILENO) {
		writes++;
		if (fault) {
			errno = fault;
			return -1;
		}
		if (interrupts && writes % 2) {
			errno = EINTR;
			return -1;
		}
		if (write_max && size > write_max)
			size = write_max;
	}
	return __real_write(descriptor, octets, size);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = __real_clock_gettime(clock, now);

	now->tv_sec += clock_offset_ms / 1000;
	return result;
}

static uint64_t now_ms(void)
{
	struct timespec now;

	(void)__real_clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void sleep_ms(long ms)
{
	struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&pause, NULL);
}

/* A process that logs, its stderr, and a word of its own to the test. */
struct child {
	pid_t id;
	int log;
	int word;
	int say;
	char *text;
	size_t size;
};

typedef void child_life(struct child *child);

static struct child *child_new(child_life *life)
{
	static struct child child;
	int log[2], word[2];

	assert_int_equal(pipe(log), 0);
	assert_int_equal(pipe(word), 0);
	child.log = log[0];
	child.word = word[0];
	child.say = word[1];
	child.id = fork();
	assert_true(child.id >= 0);
	if (child.id == 0) {
		(void)dup2(log[1], STDERR_FILENO);
		close(log[0]);
		close(log[1]);
		close(word[0]);
		log_set(LOG_INFO, LOG_FORMAT_TEXT);
		log_start();
		life(&child);
		_exit(0);
	}
	close(log[1]);
	close(word[1]);
	return &child;
}

/* In the child: what must hold there. */
static void must(bool holds)
{
	if (!holds)
		_exit(9);
}

static void child_say(const struct child *child)
{
	must(__real_write(child->say, "!", 1) == 1);
}

static void wait_for_word(const struct child *child)
{
	char octet;

	assert_int_equal(read(child->word, &octet, 1), 1);
}

static const char *child_read(struct child *child)
{
	ssize_t size;

	child->text = calloc(1, TEXT_SIZE);
	child->size = 0;
	assert_non_null(child->text);
	while ((size = read(child->log, child->text + child->size, TEXT_SIZE - 1 - child->size)) >
		0)
		child->size += (size_t)size;
	return child->text;
}

/* Returns its status. */
static int child_end(struct child *child)
{
	int status = 0;

	assert_int_equal(waitpid(child->id, &status, 0), child->id);
	close(child->log);
	close(child->word);
	free(child->text);
	child->text = NULL;
	return status;
}

static void write_lines(int from, int count)
{
	for (int i = from; i < from + count; i++)
		log_record(LOG_INFO, "line",
			LOG_FIELDS(LOG_NUMBER("number", i),
				LOG_TEXT("padding", ".............................................."
						    "..........")));
}

/* Each line of the text is one of write_lines, with the next number, or says how many are missing
 * there. Returns how many lines and how many gaps there are. */
static void count_lines(const char *text, int *lines, int *gaps)
{
	int expected = 0;

	*lines = *gaps = 0;
	while (*text) {
		int number = 0, size = 0;

		if (sscanf(text, "warning: log lines were dropped lines=%d%n", &number, &size) ==
			1) {
			expected += number;
			++*gaps;
		} else {
			assert_int_equal(sscanf(text,
						 "info: line number=%d "
						 "padding=........................................."
						 "...............%n",
						 &number, &size),
				1);
			assert_int_equal(number, expected);
			expected++;
			++*lines;
		}
		assert_true(size > 0);
		assert_int_equal(text[size], '\n');
		text += size + 1;
	}
	*lines = expected;
}

static void live_fast(struct child *child)
{
	uint64_t start = now_ms();

	write_lines(0, LINES);
	must(now_ms() - start < PATIENCE_MS);
	child_say(child);
	log_flush();
}

static void nobody_waits_for_a_reader_and_what_is_missing_is_said(void **state)
{
	struct child *child = child_new(live_fast);
	int lines, gaps;

	(void)state;
	wait_for_word(child); /* all was said, and nothing read */
	count_lines(child_read(child), &lines, &gaps);
	assert_int_equal(lines, LINES);
	assert_in_range(gaps, 1, 3);
	assert_int_equal(child_end(child), 0);
}

static void on_count(
	void *owner, const char *name, const char *label, const char *help, uint64_t value)
{
	(void)label;
	(void)help;
	if (strcmp(name, "log_lines_dropped_total") == 0)
		*(uint64_t *)owner = value;
}

static void live_counted(struct child *child)
{
	struct counts *counts = counts_new();
	uint64_t dropped = 0;

	log_add_counts(counts);
	write_lines(0, LINES);
	counts_each(counts, on_count, &dropped);
	counts_free(counts);
	must(dropped > 0 && dropped < LINES);
	dprintf(child->say, "%d", (int)dropped);
	close(child->say);
	log_flush();
}

static void what_is_dropped_is_counted(void **state)
{
	struct child *child = child_new(live_counted);
	char word[20] = { 0 };
	char wanted[80];

	(void)state;
	assert_true(read(child->word, word, sizeof(word) - 1) > 0);
	(void)snprintf(wanted, sizeof(wanted), "warning: log lines were dropped lines=%s\n", word);
	assert_non_null(strstr(child_read(child), wanted));
	assert_int_equal(child_end(child), 0);
}

static void live_before_a_stuck_reader(struct child *child)
{
	uint64_t start;

	write_lines(0, LINES);
	start = now_ms();
	log_flush();
	must(now_ms() - start >= 900 && now_ms() - start < PATIENCE_MS);
	child_say(child);
}

static void a_flush_does_not_wait_for_ever(void **state)
{
	struct child *child = child_new(live_before_a_stuck_reader);

	(void)state;
	wait_for_word(child);
	assert_int_equal(child_end(child), 0); /* nor does the end */
}

static void live_in_pieces(struct child *child)
{
	(void)child;
	write_max = 7;
	interrupts = true;
	write_lines(0, 300);
	log_flush();
}

static void a_part_that_was_written_is_followed_by_the_rest(void **state)
{
	struct child *child = child_new(live_in_pieces);
	int lines, gaps;

	(void)state;
	count_lines(child_read(child), &lines, &gaps);
	assert_int_equal(lines, 300);
	assert_int_equal(gaps, 0);
	assert_int_equal(child_end(child), 0);
}

/* A full disk: half of a line is written, then nothing for a while. */
static void live_with_faults(struct child *child)
{
	static const int faults[] = { ENOSPC, EPIPE, EBADF, EAGAIN, EIO };
	int number = 0;

	(void)child;
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		unsigned before;

		write_max = 40;
		fault = faults[i];
		before = writes;
		write_lines(number, 10);
		number += 10;
		sleep_ms(300);
		must(writes - before <= 4);
		fault = 0;
		log_flush(); /* tries at once */
	}
}

static void what_cannot_be_written_is_tried_again_in_a_while(void **state)
{
	struct child *child = child_new(live_with_faults);
	int lines, gaps;

	(void)state;
	count_lines(child_read(child), &lines, &gaps);
	assert_int_equal(lines, 50);
	assert_int_equal(gaps, 0);
	assert_int_equal(child_end(child), 0);
}

static void live_without_stderr(struct child *child)
{
	uint64_t start;

	(void)child;
	close(STDERR_FILENO);
	write_lines(0, LINES);
	start = now_ms();
	log_flush();
	must(now_ms() - start < PATIENCE_MS);
	must(writes < 20);
}

static void a_closed_descriptor_costs_nothing(void **state)
{
	struct child *child = child_new(live_without_stderr);

	(void)state;
	assert_string_equal(child_read(child), "");
	assert_int_equal(child_end(child), 0);
}

static void live_without_a_reader(struct child *child)
{
	uint64_t start;

	struct pollfd reader = { .fd = STDERR_FILENO };

	(void)child;
	while (poll(&reader, 1, 10) == 0)
		continue;
	(void)signal(SIGPIPE, SIG_DFL); /* blocked where it would come */
	write_lines(0, 100);
	start = now_ms();
	log_flush();
	must(now_ms() - start < PATIENCE_MS);
}

static void a_reader_that_is_gone_ends_nobody(void **state)
{
	struct child *child = child_new(live_without_a_reader);

	(void)state;
	close(child->log);
	child->log = -1;
	assert_int_equal(child_end(child), 0);
}

static void live_until_an_abort(struct child *child)
{
	(void)child;
	write_lines(0, 100);
	abort();
}

static void what_was_said_before_an_abort_is_written(void **state)
{
	struct child *child = child_new(live_until_an_abort);
	int lines, gaps, status;

	(void)state;
	count_lines(child_read(child), &lines, &gaps);
	assert_int_equal(lines, 100);
	status = child_end(child);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void live_with_signals(struct child *child)
{
	sigset_t waiting, set;

	(void)child;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)pthread_sigmask(SIG_BLOCK, &set, NULL);
	(void)kill(getpid(), SIGTERM);
	sleep_ms(50);
	(void)sigpending(&waiting);
	must(sigismember(&waiting, SIGTERM));
}

static void signals_do_not_come_to_its_thread(void **state)
{
	struct child *child = child_new(live_with_signals);

	(void)state;
	assert_int_equal(child_end(child), 0);
}

static void live_repeating(struct child *child)
{
	(void)child;
	/* The time of repeats is over soon: by a clock that was behind when it began. */
	clock_offset_ms = -9000;
	for (int i = 0; i < 1000; i++) {
		log_warning("held", NULL);
		write_lines(i, 1);
	}
	clock_offset_ms = 0;
	sleep_ms(1500);
	write_lines(1000, 1);
	log_flush();
}

static void repeats_are_told_in_time_though_nobody_says_anything(void **state)
{
	struct child *child = child_new(live_repeating);
	const char *text;

	(void)state;
	text = child_read(child);
	text = strstr(text, "number=999 ");
	assert_non_null(text);
	text = strchr(text, '\n') + 1;
	assert_true(strncmp(text, "warning: held repeated=997\n", 27) == 0);
	assert_int_equal(child_end(child), 0);
}

static void *on_thread(void *owner)
{
	const char *name = owner;

	for (int i = 0; i < 1000; i++) {
		log_record(LOG_INFO, "line",
			LOG_FIELDS(LOG_TEXT("thread", name), LOG_NUMBER("number", i)));
		log_warning("held", NULL);
	}
	return NULL;
}

static void live_in_threads(struct child *child)
{
	static char names[4][2] = { "0", "1", "2", "3" };
	pthread_t threads[4];

	(void)child;
	for (size_t i = 0; i < 4; i++)
		must(pthread_create(&threads[i], NULL, on_thread, names[i]) == 0);
	for (size_t i = 0; i < 4; i++)
		must(pthread_join(threads[i], NULL) == 0);
	log_flush();
}

static void lines_of_threads_are_whole_and_in_order(void **state)
{
	struct child *child = child_new(live_in_threads);
	int seen[4] = { 0 };
	int held = 0;

	(void)state;
	for (const char *text = child_read(child); *text;) {
		int thread = 0, number = 0, size = 0;

		if (sscanf(text, "info: line thread=%d number=%d%n", &thread, &number, &size) ==
			2) {
			assert_in_range(thread, 0, 3);
			assert_int_equal(number, seen[thread]++);
		} else if (sscanf(text, "warning: held repeated=%d%n", &number, &size) == 1) {
			held += number;
		} else {
			size = (int)strlen("warning: held");
			assert_int_equal(strncmp(text, "warning: held\n", 14), 0);
			held++;
		}
		assert_int_equal(text[size], '\n');
		text += size + 1;
	}
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(seen[i], 1000);
	assert_int_equal(held, 4000);
	assert_int_equal(child_end(child), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_waits_for_a_reader_and_what_is_missing_is_said),
		cmocka_unit_test(what_is_dropped_is_counted),
		cmocka_unit_test(a_flush_does_not_wait_for_ever),
		cmocka_unit_test(a_part_that_was_written_is_followed_by_the_rest),
		cmocka_unit_test(what_cannot_be_written_is_tried_again_in_a_while),
		cmocka_unit_test(a_closed_descriptor_costs_nothing),
		cmocka_unit_test(a_reader_that_is_gone_ends_nobody),
		cmocka_unit_test(what_was_said_before_an_abort_is_written),
		cmocka_unit_test(signals_do_not_come_to_its_thread),
		cmocka_unit_test(repeats_are_told_in_time_though_nobody_says_anything),
		cmocka_unit_test(lines_of_threads_are_whole_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
