/* Who has a port, by tables of sockets and open files as the kernel shows them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fake_root.h"
#include "sixward/app/port_use.h"

#define TITLE "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid\n"
#define ROW(local, state, inode)                                                                   \
	"   0: " local " 00000000:0000 " state                                                     \
	" 00000000:00000000 00:00000000 00000000     0        "                                    \
	"0 " inode " 2 0000000000000000 0\n"

/* The words of an address stand in the host's order. */
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define LOOPBACK4 "0100007F"
#define LOOPBACK6 "00000000000000000000000001000000"
#else
#define LOOPBACK4 "7F000001"
#define LOOPBACK6 "00000000000000000000000000000001"
#endif
#define ANY4 "00000000"
#define ANY6 "00000000000000000000000000000000"

static struct port_use use_of(const char *text, bool is_tcp)
{
	struct port_use use = { .is_tcp = is_tcp };

	assert_true(endpoint_parse(text, 53, &use.endpoint));
	return use;
}

static void a_port_is_led_to_its_program(void **state)
{
	struct fake_root root = fake_root_new();
	struct port_use uses[] = { use_of("127.0.0.1", false), use_of("127.0.0.1", true),
		use_of("::1", false), use_of("::1", true) };

	(void)state;
	fake_root_put(&root, "/proc/self/net/udp", TITLE ROW(LOOPBACK4 ":0035", "07", "77"));
	fake_root_put(&root, "/proc/self/net/tcp", TITLE ROW(LOOPBACK4 ":0035", "01", "78"));
	fake_root_put(&root, "/proc/self/net/udp6", TITLE ROW(LOOPBACK6 ":0036", "07", "79"));
	fake_root_put(&root, "/proc/self/net/tcp6", TITLE ROW(LOOPBACK6 ":0035", "0A", "80"));
	fake_root_link(&root, "/proc/12/fd/0", "/dev/null");
	fake_root_link(&root, "/proc/12/fd/5", "socket:[77]");
	fake_root_put(&root, "/proc/12/comm", "dnsmasq\n");
	fake_root_put(&root, "/proc/13/comm", "no files of its own\n");
	fake_root_put(&root, "/proc/self/comm", "not a number\n");
	port_use_find(root.path, uses, 4);
	assert_true(uses[0].is_taken);
	assert_int_equal(uses[0].pid, 12);
	assert_string_equal(uses[0].program, "dnsmasq");
	assert_false(uses[1].is_taken); /* a connection is no listener */
	assert_false(uses[2].is_taken); /* another port */
	assert_true(uses[3].is_taken);
	assert_int_equal(uses[3].pid, 0); /* not ours to see */
	assert_string_equal(uses[3].program, "");
	fake_root_clear(&root);
}

static void the_nearest_socket_counts(void **state)
{
	static const struct row {
		const char *asked;
		const char *udp, *udp6;
		uint64_t inode; /* 0 = free */
	} rows[] = {
		{ "127.0.0.1", TITLE ROW(ANY4 ":0035", "07", "1") ROW(LOOPBACK4 ":0035", "07", "2"),
			"", 2 },
		{ "127.0.0.1", TITLE ROW(LOOPBACK4 ":0035", "07", "2") ROW(ANY4 ":0035", "07", "1"),
			"", 2 },
		{ "127.0.0.1", TITLE ROW(ANY4 ":0035", "07", "1"), "", 1 },
		{ "127.0.0.1", TITLE, TITLE ROW(ANY6 ":0035", "07", "3"), 3 },
		{ "127.0.0.1", TITLE ROW(ANY4 ":0035", "07", "1"),
			TITLE ROW(ANY6 ":0035", "07", "3"), 1 },
		{ "0.0.0.0", TITLE ROW(LOOPBACK4 ":0035", "07", "2"), "", 2 },
		{ "192.0.2.1", TITLE ROW(LOOPBACK4 ":0035", "07", "2"), "", 0 },
		{ "::1", TITLE ROW(ANY4 ":0035", "07", "1"), TITLE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake_root root = fake_root_new();
		struct port_use use = use_of(rows[i].asked, false);

		fake_root_put(&root, "/proc/self/net/udp", rows[i].udp);
		fake_root_put(&root, "/proc/self/net/udp6", rows[i].udp6);
		port_use_find(root.path, &use, 1);
		assert_int_equal(use.is_taken, rows[i].inode != 0);
		assert_int_equal(use.inode, rows[i].inode);
		fake_root_clear(&root);
	}
}

static void malformed_tables_are_no_sockets(void **state)
{
	static const char *const texts[] = { "", "\n\n", "0: \n", "0: zz:0035 x 07 0 0 0 0 0 5\n",
		"0: 0100007F 0 07 0 0 0 0 0 5\n", "0: 0100007F01:0035 0 07 0 0 0 0 0 5\n",
		"0: " LOOPBACK4 ":\n", "0: " LOOPBACK4 ":0035 0 07 0 0 0 0 0\n",
		"0: :0035 0 07 0 0 0 0 0 5\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fake_root root = fake_root_new();
		struct port_use use = use_of("127.0.0.1", false);

		fake_root_put(&root, "/proc/self/net/udp", texts[i]);
		port_use_find(root.path, &use, 1);
		assert_false(use.is_taken);
		fake_root_clear(&root);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_is_led_to_its_program),
		cmocka_unit_test(the_nearest_socket_counts),
		cmocka_unit_test(malformed_tables_are_no_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
