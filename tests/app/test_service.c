/* What the service manager hears, at a stand-in for its socket; and what can be said of rights
 * without giving them up. The rest is tried on the real binary (tests/servers). */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sim.h"
#include "sixward/app/service.h"
#include "sixward/base/log.h"

/* The manager: what it hears, one after the other. */
struct manager {
	struct loop *loop;
	struct service *service;
	int descriptor;
	bool is_well;
	unsigned asked;
};

static bool on_asked(void *owner)
{
	struct manager *manager = owner;

	manager->asked++;
	return manager->is_well;
}

static void manager_init(struct manager *manager)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(address);
	char name[64];

	*manager = (struct manager){ .loop = loop_new(), .is_well = true };
	manager->service = service_new(manager->loop);
	/* Bound to its family alone, it is given a free name in the abstract space. */
	manager->descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(
		bind(manager->descriptor, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	assert_int_equal(getsockname(manager->descriptor, (struct sockaddr *)&address, &size), 0);
	(void)snprintf(name, sizeof(name), "@%.*s",
		(int)(size - offsetof(struct sockaddr_un, sun_path) - 1), address.sun_path + 1);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
}

static void manager_clear(struct manager *manager)
{
	service_free(manager->service);
	loop_free(manager->loop);
	close(manager->descriptor);
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
}

/* "" = nothing more. */
static void expect_heard(const struct manager *manager, const char *wanted)
{
	char text[512];
	ssize_t size = recv(manager->descriptor, text, sizeof(text) - 1, 0);

	text[size > 0 ? size : 0] = '\0';
	assert_string_equal(text, wanted);
}

static void the_manager_hears_how_it_goes(void **state)
{
	struct manager manager;

	(void)state;
	manager_init(&manager);
	service_note_ready(manager.service, "Answering");
	expect_heard(&manager, "READY=1\nSTATUS=Answering");
	service_note_reloading(manager.service);
	expect_heard(&manager, "RELOADING=1\nMONOTONIC_USEC=1000000000");
	service_note_ready(manager.service, "Answering again");
	expect_heard(&manager, "READY=1\nSTATUS=Answering again");
	service_note_stopping(manager.service, "Finishing");
	expect_heard(&manager, "STOPPING=1\nSTATUS=Finishing");
	expect_heard(&manager, "");
	manager_clear(&manager);
}

static void a_sign_of_life_comes_twice_in_the_time_that_is_waited(void **state)
{
	struct manager manager;

	(void)state;
	manager_init(&manager);
	assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
	service_watch(manager.service, on_asked, &manager);
	expect_heard(&manager, "WATCHDOG=1");
	for (unsigned i = 0; i < 3; i++) {
		(void)sim_run_for(sim_of(manager.loop), 14999);
		expect_heard(&manager, "");
		(void)sim_run_for(sim_of(manager.loop), 1);
		expect_heard(&manager, "WATCHDOG=1");
	}
	manager_clear(&manager);
}

static void no_sign_of_life_comes_while_not_all_is_well(void **state)
{
	struct manager manager;

	(void)state;
	manager_init(&manager);
	assert_int_equal(setenv("WATCHDOG_USEC", "2000000", 1), 0);
	service_watch(manager.service, on_asked, &manager);
	expect_heard(&manager, "WATCHDOG=1");
	manager.is_well = false;
	(void)sim_run_for(sim_of(manager.loop), 3000);
	expect_heard(&manager, "");
	assert_int_equal(manager.asked, 4);
	manager.is_well = true;
	(void)sim_run_for(sim_of(manager.loop), 1000);
	expect_heard(&manager, "WATCHDOG=1");
	manager_clear(&manager);
}

static void where_nobody_waits_for_a_sign_of_life_nothing_is_asked(void **state)
{
	static const char *const rows[] = { NULL, "", "0", "soon", "-1" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct manager manager;

		manager_init(&manager);
		if (rows[i])
			assert_int_equal(setenv("WATCHDOG_USEC", rows[i], 1), 0);
		service_watch(manager.service, on_asked, &manager);
		(void)sim_run_for(sim_of(manager.loop), 100000);
		assert_int_equal(manager.asked, 0);
		expect_heard(&manager, "");
		manager_clear(&manager);
	}
}

static void without_a_manager_nobody_is_told_anything(void **state)
{
	struct loop *loop = loop_new();
	struct service *service = service_new(loop);

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	service_note_ready(service, "Answering");
	service_note_reloading(service);
	service_note_stopping(service, "Finishing");
	assert_int_equal(service_count_sockets(), 0);
	service_free(service);
	service_free(NULL);
	loop_free(loop);
}

/* LISTEN_PID is another's: the variables were left by a parent. */
static void sockets_for_another_process_are_not_taken(void **state)
{
	(void)state;
	assert_int_equal(setenv("LISTEN_FDS", "2", 1), 0);
	assert_int_equal(setenv("LISTEN_PID", "1", 1), 0);
	assert_int_equal(service_count_sockets(), 0);
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_PID");
}

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

static void knows_who_has_an_account(void **state)
{
	(void)state;
	assert_true(service_knows_user("root"));
	assert_false(service_knows_user("no-such-account"));
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
#if HAVE_SYSTEMD
		cmocka_unit_test(the_manager_hears_how_it_goes),
		cmocka_unit_test(a_sign_of_life_comes_twice_in_the_time_that_is_waited),
		cmocka_unit_test(no_sign_of_life_comes_while_not_all_is_well),
#endif
		cmocka_unit_test(where_nobody_waits_for_a_sign_of_life_nothing_is_asked),
		cmocka_unit_test(without_a_manager_nobody_is_told_anything),
		cmocka_unit_test(sockets_for_another_process_are_not_taken),
		cmocka_unit_test(knows_who_has_an_account),
		cmocka_unit_test(without_an_account_nothing_changes),
		cmocka_unit_test(an_account_that_is_not_there_is_a_failure),
		cmocka_unit_test(takes_all_files_that_the_host_grants),
		cmocka_unit_test(has_room_for_many_files_before_there_are_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
