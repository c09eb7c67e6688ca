/* Lines for whoever runs the server. Knows nothing of who writes.
 *
 * A write to stderr may block for as long as its reader likes: a pipe that nobody reads, a terminal
 * that was stopped, a full disk. O_NONBLOCK is no way out, for the open file belongs to other
 * processes as well; asking poll before is none, for they write too; and a file can never be asked.
 * So a thread does nothing but write, with plain blocking calls, and all others put their lines
 * into a bounded backlog. That holds for whatever stderr is, and costs a query less than a write.
 *
 * Before log_start lines are written at once: commands have little to say, and nobody waits. */

#include "sixward/base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "sixward/base/backlog.h"
#include "sixward/base/repeats.h"

enum {
	GATHER_MS = 10,  /* after a write others may come, and are written together */
	RETRY_MS = 1000, /* after a write that failed */
	FLUSH_MS = 1000,
	ABORT_MS = 100,
	LOOK_MS = 1,
	MS_PER_S = 1000,
	NS_PER_MS = 1000000
};

enum writer {
	WRITER_NONE, /* who has something to say writes it */
	WRITER_BUSY,
	WRITER_GATHERS,
	WRITER_IDLE
};

static _Atomic unsigned int wanted_levels = LOG_INFO + 1; /* the first of them; 0 = silence */
static _Atomic unsigned int wanted_format = LOG_FORMAT_TEXT;

static struct {
	pthread_mutex_t lock; /* over what follows, and over the order of lines */
	struct repeats repeats;
	struct backlog backlog;
	pthread_cond_t wake; /* the writer waits for it */
	enum writer writer;
	unsigned failures;        /* of its writes */
	struct count dropped;     /* lines, ever */
	_Atomic size_t unwritten; /* octets: the backlog, and what the writer has of it */
} pen = { .lock = PTHREAD_MUTEX_INITIALIZER };

void log_set(enum log_level level, enum log_format format)
{
	atomic_store_explicit(&wanted_levels, level + 1U, memory_order_relaxed);
	atomic_store_explicit(&wanted_format, format, memory_order_relaxed);
}

void log_silence(void)
{
	atomic_store_explicit(&wanted_levels, 0, memory_order_relaxed);
}

bool log_wants(enum log_level level)
{
	return level < atomic_load_explicit(&wanted_levels, memory_order_relaxed);
}

static void make(struct log_line *line, enum log_level level, const char *words,
	const struct log_field *fields)
{
	unsigned int format = atomic_load_explicit(&wanted_format, memory_order_relaxed);

	log_line_make(line, (enum log_format)format, level, words, fields);
}

static uint64_t now_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * MS_PER_S + (uint64_t)now.tv_nsec / NS_PER_MS;
}

/* Some other process has made it a descriptor that does not wait: we do. */
static void wait_for_reader(void)
{
	struct pollfd wanted = { .fd = STDERR_FILENO, .events = POLLOUT };

	(void)poll(&wanted, 1, RETRY_MS);
}

/* Returns how much of it was written before an error, about which there is nowhere to complain. */
static size_t write_out(const char *octets, size_t size)
{
	size_t done = 0;
	bool has_waited = false;

	while (done < size) {
		ssize_t written = write(STDERR_FILENO, octets + done, size - done);

		if (written > 0) {
			done += (size_t)written;
			has_waited = false;
		} else if (written < 0 && errno == EAGAIN && !has_waited) {
			wait_for_reader();
			has_waited = true;
		} else if (written == 0 || errno != EINTR) {
			break;
		}
	}
	return done;
}

/* Under the lock, as are the next ones. */
static void emit(const struct log_line *line)
{
	if (pen.writer == WRITER_NONE) {
		(void)write_out(line->octets, line->used);
		return;
	}
	if (!backlog_put(&pen.backlog, line->octets, line->used)) {
		count_up(&pen.dropped);
		return;
	}
	atomic_fetch_add(&pen.unwritten, line->used);
	if (pen.writer == WRITER_IDLE ||
		(pen.writer == WRITER_GATHERS && pen.backlog.used > BACKLOG_SIZE / 2))
		(void)pthread_cond_signal(&pen.wake);
}

/* Counts that are due: of repeats, and of lines that were dropped, which come where they are
 * missing. */
static void tell_counts(uint64_t until_ms)
{
	struct log_line line;
	uint64_t dropped = backlog_take_dropped(&pen.backlog);

	if (dropped) {
		make(&line, LOG_WARNING, "log lines were dropped",
			LOG_FIELDS(LOG_NUMBER("lines", dropped)));
		emit(&line);
	}
	while (!pen.backlog.dropped && repeats_take(&pen.repeats, until_ms, &line))
		emit(&line);
}

static void say(const struct log_line *line, bool is_record)
{
	uint64_t now = now_ms();

	(void)pthread_mutex_lock(&pen.lock);
	tell_counts(now);
	if (is_record || !repeats_hold(&pen.repeats, line, now))
		emit(line);
	(void)pthread_mutex_unlock(&pen.lock);
}

void log_write(enum log_level level, const char *words, const struct log_field *fields)
{
	struct log_line line;

	if (!log_wants(level))
		return;
	make(&line, level, words, fields);
	say(&line, false);
}

void log_record(enum log_level level, const char *words, const struct log_field *fields)
{
	struct log_line line;

	if (!log_wants(level))
		return;
	make(&line, level, words, fields);
	say(&line, true);
}

/* Until the time, or until it is woken, maybe for nothing. */
static void writer_sleep(enum writer how, uint64_t until_ms)
{
	struct timespec until = { .tv_sec = (time_t)(until_ms / MS_PER_S),
		.tv_nsec = (long)(until_ms % MS_PER_S) * NS_PER_MS };

	pen.writer = how;
	if (until_ms == UINT64_MAX)
		(void)pthread_cond_wait(&pen.wake, &pen.lock);
	else
		(void)pthread_cond_timedwait(&pen.wake, &pen.lock, &until);
	pen.writer = WRITER_BUSY;
}

/* What a failed write has left of a line goes before all else, whenever that will be; till then the
 * backlog fills. */
static void writer_write(const char *octets, size_t size)
{
	while (size) {
		size_t done;

		(void)pthread_mutex_unlock(&pen.lock);
		done = write_out(octets, size);
		(void)pthread_mutex_lock(&pen.lock);
		atomic_fetch_sub(&pen.unwritten, done);
		octets += done;
		size -= done;
		if (size) {
			pen.failures++;
			writer_sleep(WRITER_BUSY, now_ms() + RETRY_MS);
		}
	}
}

/* A line after silence is written at once. While others follow, the writer looks for them now and
 * then, and nobody has to wake it. */
static void *on_writer(void *owner)
{
	static char lines[LOG_LINE_SIZE];
	bool has_written = false;

	(void)owner;
	(void)pthread_mutex_lock(&pen.lock);
	for (;;) {
		size_t size;

		tell_counts(now_ms());
		size = backlog_take(&pen.backlog, lines, sizeof(lines));
		writer_write(lines, size);
		if (!size && has_written)
			writer_sleep(WRITER_GATHERS, now_ms() + GATHER_MS);
		else if (!size)
			writer_sleep(WRITER_IDLE, repeats_due_ms(&pen.repeats));
		has_written = size > 0;
	}
	return NULL;
}

static void pause_for_writer(void)
{
	struct timespec pause = { .tv_nsec = (long)LOOK_MS * NS_PER_MS };

	(void)nanosleep(&pause, NULL);
}

/* What was said before the end is what tells why. No lock is taken: somebody may have it for ever.
 */
static void on_abort(int number)
{
	for (unsigned waited = 0; pen.unwritten && waited < ABORT_MS; waited += LOOK_MS)
		pause_for_writer();
	(void)raise(number);
}

/* Signals are for the other threads. */
static int start_writer(void)
{
	pthread_attr_t attributes;
	pthread_t thread;
	sigset_t all, before;
	int error;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attributes, on_writer, NULL);
	(void)pthread_attr_destroy(&attributes);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	return error;
}

static void make_wake(void)
{
	pthread_condattr_t attributes;

	(void)pthread_condattr_init(&attributes);
	(void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&pen.wake, &attributes);
	(void)pthread_condattr_destroy(&attributes);
}

void log_start(void)
{
	struct sigaction action = { .sa_handler = on_abort,
		.sa_flags = (int)(SA_RESETHAND | SA_NODEFER) };
	int error;

	make_wake();
	(void)pthread_mutex_lock(&pen.lock);
	error = start_writer();
	if (!error)
		pen.writer = WRITER_BUSY;
	(void)pthread_mutex_unlock(&pen.lock);
	if (error)
		log_warning("the log has no thread of its own: its reader can hold up answers",
			LOG_FIELDS(LOG_TEXT("reason", strerror(error))));
	else
		(void)sigaction(SIGABRT, &action, NULL);
}

void log_flush(void)
{
	unsigned failures;

	(void)pthread_mutex_lock(&pen.lock);
	tell_counts(UINT64_MAX);
	failures = pen.failures;
	if (pen.writer != WRITER_NONE)
		(void)pthread_cond_signal(&pen.wake);
	for (unsigned waited = 0; waited < FLUSH_MS; waited += LOOK_MS) {
		if ((!pen.unwritten && !pen.backlog.dropped) || pen.failures != failures)
			break;
		(void)pthread_mutex_unlock(&pen.lock);
		pause_for_writer();
		(void)pthread_mutex_lock(&pen.lock);
	}
	(void)pthread_mutex_unlock(&pen.lock);
}

void log_add_counts(struct counts *counts)
{
	counts_add(counts, "log_lines_dropped_total", NULL,
		"lines of the log that its reader left no room for", &pen.dropped);
}
