/* Being a service: what it takes from the host, and the rights that it gives up. */

#define _GNU_SOURCE

#include "sixward/app/service.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sixward/base/log.h"

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
