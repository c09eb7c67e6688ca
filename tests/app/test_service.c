/* What can be said of rights without giving them up; the rest is tried on the real binary. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/resource.h>
#include <unistd.h>

#include "sixward/app/service.h"

static void without_an_account_nothing_changes(void **state)
{
	uid_t before = geteuid();

	(void)state;
	assert_true(service_become(NULL));
	assert_true(geteuid() == before);
}

static void an_account_that_is_not_there_is_a_failure(void **state)
{
	uid_t before = geteuid();

	(void)state;
	assert_false(service_become("no-such-account"));
	assert_true(geteuid() == before);
}

/* LIM-36 */
static void takes_all_files_that_the_host_grants(void **state)
{
	struct rlimit limit;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 64;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	service_want_files();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(limit.rlim_cur == limit.rlim_max);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_an_account_nothing_changes),
		cmocka_unit_test(an_account_that_is_not_there_is_a_failure),
		cmocka_unit_test(takes_all_files_that_the_host_grants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
