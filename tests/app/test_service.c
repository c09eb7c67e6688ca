/* What can be said of rights without giving them up; the rest is tried on the real binary. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static unsigned long table_size(void)
{
	FILE *file = fopen("/proc/self/status", "r");
	char line[256];
	unsigned long size = 0;

	assert_non_null(file);
	while (!size && fgets(line, sizeof(line), file))
		if (strncmp(line, "FDSize:", 7) == 0)
			size = strtoul(line + 7, NULL, 10);
	(void)fclose(file);
	return size;
}

/* A socket that is opened for a question must not wait for the kernel's table. */
static void has_room_for_many_files_before_there_are_threads(void **state)
{
	struct rlimit limit;

	(void)state;
	service_want_files();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_true(table_size() >= 4096 || table_size() >= limit.rlim_cur);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_an_account_nothing_changes),
		cmocka_unit_test(an_account_that_is_not_there_is_a_failure),
		cmocka_unit_test(takes_all_files_that_the_host_grants),
		cmocka_unit_test(has_room_for_many_files_before_there_are_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
