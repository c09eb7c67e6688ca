/* Being a service: giving up rights. */

#define _GNU_SOURCE

#include "sixward/app/service.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "sixward/base/log.h"

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
