/* netplan's files as netplan merges them, and what is none of its files. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake_root.h"
#include "sixward/app/netplan.h"
#include "sixward/base/mem.h"
#include "sixward/config/load.h"

/* The caller frees it. */
static struct netplan *read_netplan(const struct fake_root *root)
{
	struct netplan *netplan = mem_new(sizeof(*netplan));

	netplan_read(root->path, netplan);
	return netplan;
}

static void assert_server(const struct netplan_link *link, size_t index, const char *wanted)
{
	char text[ENDPOINT_TEXT_MAX];

	assert_true(index < link->server_count);
	assert_string_equal(endpoint_format(&link->servers[index], text), wanted);
}

static void servers_and_switches_are_read_by_interface(void **state)
{
	struct fake_root root = fake_root_new();
	struct netplan *netplan;

	(void)state;
	fake_root_put(&root, "/etc/netplan/50-cloud-init.yaml",
		"network:\n"
		"  version: 2\n"
		"  ethernets:\n"
		"    eth0:\n"
		"      match: {macaddress: \"00:00:5e:00:53:01\"}\n"
		"      dhcp4: true\n"
		"      dhcp4-overrides: {use-dns: false}\n"
		"      accept-ra: no\n"
		"      nameservers:\n"
		"        search: [example]\n"
		"        addresses: [\"::1\", 2001:db8::53, nonsense]\n"
		"  wifis: {wlan0: {dhcp6: yes}}\n"
		"  bridges: null\n");
	netplan = read_netplan(&root);
	assert_int_equal(netplan->file_count, 1);
	assert_int_equal(netplan->fault_count, 0);
	assert_int_equal(netplan->link_count, 2);
	assert_string_equal(netplan->links[0].name, "eth0");
	assert_string_equal(netplan->links[0].section, "ethernets");
	assert_string_equal(netplan->links[0].file, "/etc/netplan/50-cloud-init.yaml");
	assert_int_equal(netplan->links[0].server_count, 2);
	assert_server(&netplan->links[0], 0, "[::1]:53");
	assert_server(&netplan->links[0], 1, "[2001:db8::53]:53");
	assert_int_equal(netplan->links[0].dhcp4, NETPLAN_YES);
	assert_int_equal(netplan->links[0].accept_ra, NETPLAN_NO);
	assert_false(netplan_link_learns(&netplan->links[0]));
	assert_string_equal(netplan->links[1].section, "wifis");
	assert_true(netplan_link_learns(&netplan->links[1]));
	free(netplan);
	fake_root_clear(&root);
}

/* Lists are put together over files, what is single is taken from the last; a file of /run hides
 * that of its name in /etc, and one of /etc that in /lib. */
static void files_are_merged_by_name(void **state)
{
	struct fake_root root = fake_root_new();
	struct netplan *netplan;

	(void)state;
	fake_root_put(&root, "/lib/netplan/00-a.yaml",
		"network: {ethernets: {eth0: {nameservers: {addresses: [192.0.2.1]}}}}");
	fake_root_put(&root, "/run/netplan/00-a.yaml",
		"network: {ethernets: {eth0: {accept-ra: false, nameservers: {addresses: "
		"[192.0.2.2]}}}}");
	fake_root_put(&root, "/etc/netplan/90-b.yaml",
		"network: {ethernets: {eth0: {accept-ra: true, nameservers: {addresses: "
		"[192.0.2.3]}}}}");
	netplan = read_netplan(&root);
	assert_int_equal(netplan->file_count, 2);
	assert_int_equal(netplan->link_count, 1);
	assert_int_equal(netplan->links[0].server_count, 2);
	assert_server(&netplan->links[0], 0, "192.0.2.2:53");
	assert_server(&netplan->links[0], 1, "192.0.2.3:53");
	assert_int_equal(netplan->links[0].accept_ra, NETPLAN_YES);
	assert_string_equal(netplan->links[0].file, "/etc/netplan/90-b.yaml");
	assert_string_equal(netplan->links[0].server_files[0], "/run/netplan/00-a.yaml");
	assert_string_equal(netplan->links[0].server_files[1], "/etc/netplan/90-b.yaml");
	free(netplan);
	fake_root_clear(&root);
}

static void what_cannot_be_read_is_told_and_hides_nothing(void **state)
{
	struct fake_root root = fake_root_new();
	struct netplan *netplan;

	(void)state;
	fake_root_put(&root, "/etc/netplan/1.yaml", "network: [oh: {");
	fake_root_directory(&root, "/etc/netplan/2.yaml");
	fake_root_fill(&root, "/etc/netplan/3.yaml", LOAD_SIZE_MAX + 1);
	fake_root_put(&root, "/etc/netplan/4.yaml", "network: {a: &x {b: *x}}");
	fake_root_put(&root, "/etc/netplan/5.yaml", "");
	fake_root_put(&root, "/etc/netplan/6.yaml", "just words");
	fake_root_put(&root, "/etc/netplan/7.yaml", "network: {ethernets: {eth0: {}}}");
	netplan = read_netplan(&root);
	assert_int_equal(netplan->file_count, 7);
	assert_int_equal(netplan->fault_count, 4);
	assert_string_equal(netplan->faults[0].file, "/etc/netplan/1.yaml");
	assert_non_null(strstr(netplan->faults[0].why, "YAML syntax"));
	assert_string_equal(netplan->faults[1].why, "Is a directory");
	assert_int_equal(netplan->link_count, 1);
	free(netplan);
	fake_root_clear(&root);
}

static void no_shape_of_a_file_does_harm(void **state)
{
	static const char *const texts[] = { "network: x", "network: [a]", "network: {1: 2}",
		"network: {ethernets: [a]}", "network: {ethernets: {[a]: {}}}",
		"network: {[a]: {b: {}}}", "network: {ethernets: {eth0: [x]}}",
		"network: {ethernets: {eth0: {nameservers: x}}}",
		"network: {ethernets: {eth0: {nameservers: {addresses: {a: b}}}}}",
		"network: {ethernets: {eth0: {nameservers: {addresses: [[a], {b: c}, null]}}}}",
		"network: {ethernets: {eth0: {accept-ra: [x], dhcp4-overrides: x}}}" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct fake_root root = fake_root_new();
		struct netplan *netplan;

		fake_root_put(&root, "/etc/netplan/x.yaml", texts[i]);
		netplan = read_netplan(&root);
		for (size_t k = 0; k < netplan->link_count; k++)
			assert_int_equal(netplan->links[k].server_count, 0);
		free(netplan);
		fake_root_clear(&root);
	}
}

static void interfaces_and_servers_are_bounded(void **state)
{
	struct fake_root root = fake_root_new();
	struct netplan *netplan;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	(void)fputs("network: {ethernets: {", out);
	for (unsigned i = 0; i < NETPLAN_LINKS_MAX + 5; i++)
		(void)fprintf(out, "e%u: {},", i);
	(void)fputs("e0: {nameservers: {addresses: [", out);
	for (unsigned i = 0; i < NETPLAN_SERVERS_MAX + 5; i++)
		(void)fprintf(out, "192.0.2.%u,", i);
	(void)fputs("]}}}}", out);
	(void)fclose(out);
	fake_root_put(&root, "/etc/netplan/x.yaml", text);
	netplan = read_netplan(&root);
	assert_int_equal(netplan->link_count, NETPLAN_LINKS_MAX);
	assert_true(netplan->links[0].server_count <= NETPLAN_SERVERS_MAX);
	free(netplan);
	free(text);
	fake_root_clear(&root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(servers_and_switches_are_read_by_interface),
		cmocka_unit_test(files_are_merged_by_name),
		cmocka_unit_test(what_cannot_be_read_is_told_and_hides_nothing),
		cmocka_unit_test(no_shape_of_a_file_does_harm),
		cmocka_unit_test(interfaces_and_servers_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
