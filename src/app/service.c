/* Being a service: the door to the service manager, what it takes from the host, and the rights
 * that it gives up. */

#define _GNU_SOURCE

#include "sixward/app/service.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sixward/base/log.h"
#include "sixward/base/mem.h"
#include "sixward/base/text.h"
#include "sixward/net/timer.h"

enum {
	US_PER_MS = 1000,
	MESSAGE_MAX = 1024,
	AGAIN_MS = 1000,
	SOCKETS_MAX = 256 /* passed; more are not believed */
};

/* The manager's interface is variables of the environment and text in datagrams, and promised to
 * stay. Its library would send them so that the loop waits while the manager does not read. */
struct service {
	struct loop *loop;
	int descriptor; /* -1: nobody wants to be told */
	struct sockaddr_un manager;
	socklen_t manager_size;
	char unsent[MESSAGE_MAX]; /* what it could not be told yet; "" = nothing */
	struct timer *again;

	struct timer *watch;
	uint64_t watch_ms; /* 0: the manager does not wait for signs of life */
	service_is_well *is_well;
	void *owner;
};

/* Whether variables were meant for this process, and not for one that it is a child of. */
static bool is_for_us(const char *variable)
{
	const char *text = getenv(variable);
	uint64_t number = 0;

	return text && text_to_number(text, &number) && number == (uint64_t)getpid();
}

static uint64_t number_of(const char *variable)
{
	const char *text = getenv(variable);
	uint64_t number = 0;

	return text && text_to_number(text, &number) ? number : 0;
}

size_t service_count_sockets(void)
{
	uint64_t count = is_for_us("LISTEN_PID") ? number_of("LISTEN_FDS") : 0;

	if (count > SOCKETS_MAX) {
		log_warning("too many sockets were passed; none is used",
			LOG_FIELDS(LOG_NUMBER("sockets", count)));
		return 0;
	}
	for (int i = 0; i < (int)count; i++)
		(void)fcntl(SERVICE_SOCKETS_START + i, F_SETFD, FD_CLOEXEC);
	return (size_t)count;
}

/* "@name" is in the abstract space, where a name may hold any octet and ends with the address. */
static bool find_manager(struct service *service)
{
	const char *name = getenv("NOTIFY_SOCKET");
	size_t size = name ? strlen(name) : 0;

	if (!name || (name[0] != '/' && name[0] != '@') ||
		size >= sizeof(service->manager.sun_path))
		return false;
	service->manager.sun_family = AF_UNIX;
	memcpy(service->manager.sun_path, name, size);
	service->manager_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
	if (name[0] == '@')
		service->manager.sun_path[0] = '\0';
	return true;
}

static bool send_text(const struct service *service, const char *text)
{
	return sendto(service->descriptor, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
		       (const struct sockaddr *)&service->manager, service->manager_size) >= 0 ||
	       (errno != EAGAIN && errno != ENOBUFS);
}

/* Of what waits to be told, only the last matters: it is the state that we are in. */
static void on_again(void *owner)
{
	struct service *service = owner;

	if (send_text(service, service->unsent))
		service->unsent[0] = '\0';
	else
		timer_start(service->again, AGAIN_MS);
}

static void tell(struct service *service, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void tell(struct service *service, const char *format, ...)
{
	va_list arguments;

	if (service->descriptor < 0)
		return;
	va_start(arguments, format);
	(void)vsnprintf(service->unsent, sizeof(service->unsent), format, arguments);
	va_end(arguments);
	on_again(service);
}

struct service *service_new(struct loop *loop)
{
	struct service *service = mem_new(sizeof(*service));

	service->loop = loop;
	service->again = timer_new(loop, on_again, service);
	service->descriptor = -1;
	if (find_manager(service))
		service->descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return service;
}

void service_free(struct service *service)
{
	if (!service)
		return;
	timer_free(service->again);
	timer_free(service->watch);
	if (service->descriptor >= 0)
		(void)close(service->descriptor);
	free(service);
}

void service_note_ready(struct service *service, const char *status)
{
	tell(service, "READY=1\nSTATUS=%s", status);
}

/* The time tells the manager that this is about the reload that it has asked for just now, and not
 * about one before. */
void service_note_reloading(struct service *service)
{
	tell(service, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64, loop_clock_us(service->loop));
}

void service_note_stopping(struct service *service, const char *status)
{
	tell(service, "STOPPING=1\nSTATUS=%s", status);
}

static void on_watch(void *owner)
{
	struct service *service = owner;

	timer_start(service->watch, service->watch_ms);
	if (service->is_well(service->owner) && service->descriptor >= 0)
		(void)send_text(service, "WATCHDOG=1");
}

void service_watch(struct service *service, service_is_well *is_well, void *owner)
{
	if (service->watch || (getenv("WATCHDOG_PID") && !is_for_us("WATCHDOG_PID")))
		return;
	service->watch_ms = number_of("WATCHDOG_USEC") / 2 / US_PER_MS;
	if (!service->watch_ms)
		return;
	service->is_well = is_well;
	service->owner = owner;
	service->watch = timer_new(service->loop, on_watch, service);
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
