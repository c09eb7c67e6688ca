/* What a host is told by its files. Its addresses and routes are those of the machine. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_root.h"
#include "sixward/app/host.h"

static void assert_servers(const struct host_servers *servers, const char *wanted)
{
	char found[512] = "";
	char text[ADDR_TEXT_MAX];
	size_t used = 0;

	for (size_t i = 0; i < servers->count; i++)
		used += (size_t)snprintf(found + used, sizeof(found) - used, "%s%s", i ? " " : "",
			addr_format(&servers->items[i].addr, text));
	assert_string_equal(found, wanted);
}

static const char sockets[] = "Num RefCount Protocol Flags Type St Inode Path\n"
			      "0000000000000000: 00000002 00000000 00010000 0001 01 17 "
			      "/run/systemd/resolve/io.systemd.Resolve\n";
static const char stub[] = "  sl  local_address rem_address   st\n"
			   "   1: 3500007F:0035 00000000:0000 07 00000000:00000000 00:00000000 "
			   "00000000   101        0 18 2 0000000000000000 0\n";

static void a_plain_resolv_conf(void **state)
{
	struct fake_root root = fake_root_new();
	struct host *host;

	(void)state;
	fake_root_put(&root, "/etc/resolv.conf",
		"# written by hand\n"
		"search example\n"
		"nameserver ::1\n"
		"nameserver 192.0.2.53\n"
		"nameserver nonsense\n"
		"options edns0\ttimeout:1\n"
		"optionsnot no-aaaa\n"
		"options   rotate\n");
	host = host_gather(root.path, NULL, 0);
	assert_true(host->resolv_conf.is_there);
	assert_servers(&host->resolv_conf, "::1 192.0.2.53");
	assert_string_equal(host->resolv_options, "edns0 timeout:1 rotate");
	assert_string_equal(host->resolv_link, "");
	assert_false(host->resolved.is_there);
	assert_false(host->nss_asks_resolved);
	host_free(host);
	fake_root_clear(&root);
}

static void systemd_resolved_behind_its_stub(void **state)
{
	struct fake_root root = fake_root_new();
	struct host *host;

	(void)state;
	fake_root_put(&root, "/run/systemd/resolve/stub-resolv.conf", "nameserver 127.0.0.53\n");
	fake_root_put(&root, "/run/systemd/resolve/resolv.conf", "nameserver 2001:db8::53\n");
	fake_root_put(&root, "/proc/self/net/udp", stub);
	fake_root_link(&root, "/etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf");
	fake_root_put(&root, "/etc/nsswitch.conf",
		"passwd: files\nhosts: files resolve [!UNAVAIL=return] dns\n");
	host = host_gather(root.path, NULL, 0);
	assert_servers(&host->resolv_conf, "127.0.0.53");
	assert_true(host_is_resolved_stub(&host->resolv_conf.items[0].addr));
	assert_string_equal(host->resolv_link, "../run/systemd/resolve/stub-resolv.conf");
	assert_servers(&host->resolved, "2001:db8::53");
	assert_true(host->nss_asks_resolved);
	host_free(host);
	fake_root_clear(&root);
}

static void nss_asks_resolved_only_before_dns_and_while_it_runs(void **state)
{
	static const struct row {
		const char *nsswitch, *sockets, *stub;
		bool wanted;
	} rows[] = {
		{ "hosts: files resolve dns", sockets, "", true },
		{ "hosts: files resolve dns", "", stub, true }, /* before version 247 */
		{ "hosts: files dns resolve", sockets, "", false },
		{ "hosts: files dns", sockets, "", false },
		{ "hosts: files resolve dns", "", "", false }, /* it has run, and left its files */
		{ "", sockets, "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct fake_root root = fake_root_new();
		struct host *host;

		fake_root_put(&root, "/etc/nsswitch.conf", rows[i].nsswitch);
		fake_root_put(&root, "/run/systemd/resolve/resolv.conf", "nameserver ::1\n");
		fake_root_put(&root, "/proc/self/net/unix", rows[i].sockets);
		fake_root_put(&root, "/proc/self/net/udp", rows[i].stub);
		host = host_gather(root.path, NULL, 0);
		assert_int_equal(host->nss_asks_resolved, rows[i].wanted);
		assert_int_equal(host->resolved.is_there, *rows[i].sockets || *rows[i].stub);
		host_free(host);
		fake_root_clear(&root);
	}
}

static void what_is_missing_or_malformed_is_not_known(void **state)
{
	struct fake_root root = fake_root_new();
	struct host *host = host_gather(root.path, NULL, 0);

	(void)state;
	assert_false(host->resolv_conf.is_there);
	assert_int_equal(host->netplan.file_count, 0);
	host_free(host);
	fake_root_directory(&root, "/etc/resolv.conf");
	fake_root_directory(&root, "/etc/nsswitch.conf");
	fake_root_fill(&root, "/run/systemd/resolve/resolv.conf", 5 << 20);
	host = host_gather(root.path, NULL, 0);
	assert_false(host->resolv_conf.is_there);
	assert_false(host->resolved.is_there);
	host_free(host);
	fake_root_clear(&root);
}

static void words_and_servers_are_bounded(void **state)
{
	struct fake_root root = fake_root_new();
	struct host *host;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		(void)fprintf(out, "options a-long-word-%u\nnameserver 192.0.2.%u\n", i, i);
	(void)fclose(out);
	fake_root_put(&root, "/etc/resolv.conf", text);
	host = host_gather(root.path, NULL, 0);
	assert_int_equal(host->resolv_conf.count, HOST_SERVERS_MAX);
	assert_true(strlen(host->resolv_options) < HOST_TEXT_MAX);
	host_free(host);
	free(text);
	fake_root_clear(&root);
}

static void ports_are_looked_at_over_both_transports(void **state)
{
	struct fake_root root = fake_root_new();
	struct endpoint listen[PORT_USE_MAX];
	struct host *host;

	(void)state;
	for (size_t i = 0; i < PORT_USE_MAX; i++)
		assert_true(endpoint_parse("[::1]:53", 53, &listen[i]));
	host = host_gather(root.path, listen, 1);
	assert_int_equal(host->port_count, 2);
	assert_false(host->ports[0].is_tcp);
	assert_true(host->ports[1].is_tcp);
	host_free(host);
	host = host_gather(root.path, listen, PORT_USE_MAX);
	assert_int_equal(host->port_count, PORT_USE_MAX);
	host_free(host);
	fake_root_clear(&root);
}

static void its_own_addresses_are_known(void **state)
{
	struct fake_root root = fake_root_new();
	struct host *host = host_gather(root.path, NULL, 0);
	struct addr addr;

	(void)state;
	assert_true(addr_parse("127.0.0.1", &addr) && host_has_address(host, &addr));
	assert_true(addr_parse("::1", &addr) && host_has_address(host, &addr));
	assert_true(addr_parse("2001:db8::dead", &addr) && !host_has_address(host, &addr));
	for (size_t i = 0; i < host->address_count; i++) {
		assert_true(host_has_address(host, &host->addresses[i].addr));
		assert_true(host->addresses[i].length <= addr_bits(&host->addresses[i].addr));
	}
	host_free(host);
	fake_root_clear(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_resolv_conf),
		cmocka_unit_test(systemd_resolved_behind_its_stub),
		cmocka_unit_test(nss_asks_resolved_only_before_dns_and_while_it_runs),
		cmocka_unit_test(what_is_missing_or_malformed_is_not_known),
		cmocka_unit_test(words_and_servers_are_bounded),
		cmocka_unit_test(ports_are_looked_at_over_both_transports),
		cmocka_unit_test(its_own_addresses_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
