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
	/* Bound to its family alone, it is given a free name in the abstract space. */
	manager->descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(
		bind(manager->descriptor, (struct sockaddr *)&address, sizeof(sa_family_t)), 0);
	assert_int_equal(getsockname(manager->descriptor, (struct sockaddr *)&address, &size), 0);
	(void)snprintf(name, sizeof(name), "@%.*s",
		(int)(size - offsetof(struct sockaddr_un, sun_path) - 1), address.sun_path + 1);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	manager->service = service_new(manager->loop);
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

static void signs_of_life_meant_for_another_process_are_not_given(void **state)
{
	struct manager manager;

	(void)state;
	manager_init(&manager);
	assert_int_equal(setenv("WATCHDOG_USEC", "30000000", 1), 0);
	assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
	service_watch(manager.service, on_asked, &manager);
	expect_heard(&manager, "");
	unsetenv("WATCHDOG_PID");
	service_watch(manager.service, on_asked, &manager);
	expect_heard(&manager, "WATCHDOG=1");
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

/* What it was told last is the state that we are in, and comes when it reads again. */
static void a_manager_that_does_not_read_is_told_later_and_not_waited_for(void **state)
{
	enum { FULL = 2000 }; /* more than the kernel keeps for a socket */
	struct manager manager;
	char text[512];

	(void)state;
	manager_init(&manager);
	for (unsigned i = 0; i < FULL; i++)
		service_note_ready(manager.service, "Answering");
	service_note_stopping(manager.service, "Finishing");
	(void)sim_run_for(sim_of(manager.loop), 5000);
	while (recv(manager.descriptor, text, sizeof(text), 0) > 0)
		assert_memory_equal(text, "READY=1", 7);
	(void)sim_run_for(sim_of(manager.loop), 1000);
	expect_heard(&manager, "STOPPING=1\nSTATUS=Finishing");
	(void)sim_run_for(sim_of(manager.loop), 5000);
	expect_heard(&manager, "");
	manager_clear(&manager);
}

static void an_address_that_is_none_is_not_used(void **state)
{
	static const char *const rows[] = { "", "vsock:2:1234", "relative", "/nowhere/at/all",
		"@no-such-name",
		"/a-name-longer-than-any-address-of-this-kind-can-be/and-longer/and-longer/"
		"and-longer/and-longer/and-longer" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct loop *loop = loop_new();
		struct service *service;

		assert_int_equal(setenv("NOTIFY_SOCKET", rows[i], 1), 0);
		service = service_new(loop);
		service_note_ready(service, "Answering");
		(void)sim_run_for(sim_of(loop), 5000);
		service_free(service);
		loop_free(loop);
	}
	unsetenv("NOTIFY_SOCKET");
}

/* LISTEN_PID is another's: the variables were left by a parent. */
static void sockets_are_taken_only_if_they_are_for_this_process(void **state)
{
	char us[32];
	const struct row {
		const char *process, *sockets;
		size_t count;
	} rows[] = { { us, "2", 2 }, { us, "0", 0 }, { us, "-1", 0 }, { us, "two", 0 },
		{ us, "99999999", 0 }, { us, NULL, 0 }, { "1", "2", 0 }, { "", "2", 0 },
		{ NULL, "2", 0 } };

	(void)state;
	log_silence();
	(void)snprintf(us, sizeof(us), "%d", (int)getpid());
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		unsetenv("LISTEN_PID");
		unsetenv("LISTEN_FDS");
		if (rows[i].process)
			assert_int_equal(setenv("LISTEN_PID", rows[i].process, 1), 0);
		if (rows[i].sockets)
			assert_int_equal(setenv("LISTEN_FDS", rows[i].sockets, 1), 0);
		assert_true(service_count_sockets() == rows[i].count);
	}
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
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
		cmocka_unit_test(the_manager_hears_how_it_goes),
		cmocka_unit_test(a_sign_of_life_comes_twice_in_the_time_that_is_waited),
		cmocka_unit_test(signs_of_life_meant_for_another_process_are_not_given),
		cmocka_unit_test(no_sign_of_life_comes_while_not_all_is_well),
		cmocka_unit_test(where_nobody_waits_for_a_sign_of_life_nothing_is_asked),
		cmocka_unit_test(without_a_manager_nobody_is_told_anything),
		cmocka_unit_test(a_manager_that_does_not_read_is_told_later_and_not_waited_for),
		cmocka_unit_test(an_address_that_is_none_is_not_used),
		cmocka_unit_test(sockets_are_taken_only_if_they_are_for_this_process),
		cmocka_unit_test(knows_who_has_an_account),
		cmocka_unit_test(without_an_account_nothing_changes),
		cmocka_unit_test(an_account_that_is_not_there_is_a_failure),
		cmocka_unit_test(takes_all_files_that_the_host_grants),
		cmocka_unit_test(has_room_for_many_files_before_there_are_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
