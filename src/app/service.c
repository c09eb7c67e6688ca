/* Being a service: the door to the service manager, what it takes from the host, and the rights
 * that it gives up. */

#define _GNU_SOURCE

#include "sixward/app/service.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sixward/base/log.h"
#include "sixward/base/mem.h"
#include "sixward/net/timer.h"

#if HAVE_SYSTEMD
#include <systemd/sd-daemon.h>

_Static_assert(SERVICE_SOCKETS_START == SD_LISTEN_FDS_START, "where passed sockets begin");
#else
static int sd_listen_fds(int unset)
{
	(void)unset;
	return 0;
}

static int sd_notifyf(int unset, const char *format, ...)
{
	(void)unset;
	(void)format;
	return 0;
}

static int sd_watchdog_enabled(int unset, uint64_t *usec)
{
	(void)unset;
	(void)usec;
	return 0;
}
#endif

enum { US_PER_MS = 1000 };

struct service {
	struct loop *loop;
	struct timer *timer; /* NULL: the manager does not wait for a sign of life */
	uint64_t interval_ms;
	service_is_well *is_well;
	void *owner;
};

size_t service_count_sockets(void)
{
	int count = sd_listen_fds(0);

	if (count < 0)
		log_warning("the sockets that were passed cannot be had",
			LOG_FIELDS(LOG_TEXT("reason", strerror(-count))));
	return count > 0 ? (size_t)count : 0;
}

struct service *service_new(struct loop *loop)
{
	struct service *service = mem_new(sizeof(*service));

	service->loop = loop;
	return service;
}

void service_free(struct service *service)
{
	if (!service)
		return;
	timer_free(service->timer);
	free(service);
}

void service_note_ready(struct service *service, const char *status)
{
	(void)service;
	(void)sd_notifyf(0, "READY=1\nSTATUS=%s", status);
}

/* The time tells the manager that this is about the reload that it has asked for just now, and not
 * about one before. */
void service_note_reloading(struct service *service)
{
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, loop_clock_us(service->loop));
}

void service_note_stopping(struct service *service, const char *status)
{
	(void)service;
	(void)sd_notifyf(0, "STOPPING=1\nSTATUS=%s", status);
}

static void on_watch(void *owner)
{
	struct service *service = owner;

	timer_start(service->timer, service->interval_ms);
	if (service->is_well(service->owner))
		(void)sd_notifyf(0, "WATCHDOG=1");
}

void service_watch(struct service *service, service_is_well *is_well, void *owner)
{
	uint64_t waits_us = 0;

	if (service->timer || sd_watchdog_enabled(0, &waits_us) <= 0)
		return;
	service->interval_ms = waits_us / 2 / US_PER_MS;
	if (!service->interval_ms)
		service->interval_ms = 1;
	service->is_well = is_well;
	service->owner = owner;
	service->timer = timer_new(service->loop, on_watch, service);
	on_watch(service);
}

/* The kernel's table of descriptors doubles when it is full, and once threads share it, who opens
 * the one too many waits for some 15 ms: a question, for its port. It never shrinks. */
static void make_room(rlim_t files)
{
	enum { ENOUGH = 4096 };
	int last = fcntl(
		STDERR_FILENO, F_DUPFD_CLOEXEC, (files < ENOUGH ? (int)files : (int)ENOUGH) - 1);

	if (last >= 0)
		(void)close(last);
}

void service_want_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
	make_room(limit.rlim_cur);
}

static bool refuse(const char *user, const char *reason)
{
	log_error("cannot become the account",
		LOG_FIELDS(LOG_TEXT("user", user), LOG_TEXT("reason", reason)));
	return false;
}

bool service_knows_user(const char *user)
{
	return getpwnam(user) != NULL;
}

bool service_become(const char *user)
{
	const struct passwd *account;

	if (!user)
		return true;
	errno = 0;
	account = getpwnam(user);
	if (!account)
		return refuse(user, errno ? strerror(errno) : "there is no such account");
	if (geteuid() == account->pw_uid)
		return true;
	if (geteuid() != 0)
		return refuse(user, "not started as root");
	if (initgroups(user, account->pw_gid) != 0 || setgid(account->pw_gid) != 0 ||
		setuid(account->pw_uid) != 0)
		return refuse(user, strerror(errno));
	/* Rights that could be taken back were not given up. */
	if (account->pw_uid != 0 && setuid(0) == 0)
		return refuse(user, "root could be taken back");
	return true;
}
