/* Whom a host asks, to findings. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "patient.h"
#include "sixward/app/diagnose_resolver.h"

/* Space-separated addresses. */
static void add_servers(struct host_servers *servers, const char *list)
{
	char words[256];
	char *rest = NULL;

	(void)snprintf(words, sizeof(words), "%s", list);
	for (char *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		patient_add_server(servers, word);
}

struct row {
	const char *yaml, *resolv_conf, *resolved, *wanted; /* resolved NULL: it does not run */
	bool nss;
};

static void assert_row(const struct row *row)
{
	struct patient patient;

	patient_init(&patient, row->yaml);
	patient_add_address(&patient, "eth0", "2001:db8::5", 64);
	add_servers(&patient.host->resolv_conf, row->resolv_conf);
	if (row->resolved) {
		patient.host->resolved.is_there = true;
		add_servers(&patient.host->resolved, row->resolved);
	}
	patient.host->nss_asks_resolved = row->nss;
	assert_string_equal(patient_told(&patient, diagnose_resolver), row->wanted);
	patient_clear(&patient);
}

static void who_is_asked_should_be_us(void **state)
{
	static const struct row rows[] = {
		{ "", "::1", NULL, "ok resolv-conf", false },
		{ "", "::1 127.0.0.1", NULL, "ok resolv-conf", false },
		{ "", "192.0.2.53", NULL, "warning resolv-conf-others", false },
		{ "", "::1 192.0.2.53", NULL, "warning resolv-conf-mixed", false },
		{ "", "", NULL, "warning resolv-conf-empty", false },
		/* A wildcard is every address of this host, of its family. */
		{ "listen: [\"[::]:53\"]\nallow: [any]", "2001:db8::5", NULL, "ok resolv-conf",
			false },
		{ "listen: [\"[::]:53\"]\nallow: [any]", "2001:db8::6", NULL,
			"warning resolv-conf-others", false },
		{ "listen: [\"[::]:53\"]\nallow: [any]", "127.0.0.1", NULL,
			"warning resolv-conf-others, warning resolv-conf-not-listened", false },
		{ "listen: [\"127.0.0.1:53\"]", "::1", NULL,
			"warning resolv-conf-others, warning resolv-conf-not-listened", false },
		{ "listen: [\"127.0.0.1:5353\"]", "127.0.0.1", NULL,
			"warning listen-not-53, warning resolv-conf-others, "
			"warning resolv-conf-not-listened",
			false },
		/* Behind its stub, what systemd-resolved asks is what counts. */
		{ "", "127.0.0.53", "::1", "ok resolved", false },
		{ "", "127.0.0.53", "192.0.2.53", "warning resolved-others", false },
		{ "", "127.0.0.53", "::1 192.0.2.53", "warning resolved-mixed", false },
		{ "", "127.0.0.53", "", "warning resolved-others", false },
		{ "", "127.0.0.53", NULL, "error resolved-not-running", false },
		/* It runs, and nobody asks it; or getaddrinfo does, past resolv.conf. */
		{ "", "::1", "192.0.2.53", "ok resolv-conf", false },
		{ "", "::1", "192.0.2.53", "ok resolv-conf, warning resolved-others", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_row(&rows[i]);
}

static void options_count_where_they_matter(void **state)
{
	static const struct {
		const char *options, *wanted;
	} rows[] = {
		{ "edns0 trust-ad rotate", "ok resolv-conf" },
		{ "edns0 no-aaaa", "ok resolv-conf, error resolv-conf-no-aaaa" },
		{ "no-aaaax xno-aaaa", "ok resolv-conf" },
		{ "timeout:1 attempts:1", "ok resolv-conf, note resolv-conf-timeout" },
		{ "timeout:1", "ok resolv-conf, note resolv-conf-timeout" },
		{ "timeout:1 attempts:5", "ok resolv-conf" },
		{ "timeout:9", "ok resolv-conf" },
		{ "timeout:99999999999999999999 attempts:99999999999999999999", "ok resolv-conf" },
		{ "timeout:-3 attempts:x", "ok resolv-conf" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct patient patient;

		patient_init(&patient, "");
		patient_add_server(&patient.host->resolv_conf, "::1");
		(void)snprintf(patient.host->resolv_options, HOST_TEXT_MAX, "%s", rows[i].options);
		assert_string_equal(patient_told(&patient, diagnose_resolver), rows[i].wanted);
		patient_clear(&patient);
	}
}

static struct netplan_link *add_link(struct patient *patient, const char *name)
{
	struct netplan *netplan = &patient->host->netplan;
	struct netplan_link *link = &netplan->links[netplan->link_count++];

	netplan->file_count = 1;
	(void)snprintf(link->name, sizeof(link->name), "%s", name);
	(void)snprintf(link->section, sizeof(link->section), "ethernets");
	(void)snprintf(link->file, sizeof(link->file), "/etc/netplan/50-x.yaml");
	link->accept_ra = NETPLAN_NO;
	return link;
}

static void netplan_should_name_us_and_nobody_else(void **state)
{
	static const struct {
		const char *server;
		struct netplan_link link;
		const char *wanted;
	} rows[] = {
		{ "::1", { .accept_ra = NETPLAN_NO }, "ok resolv-conf" },
		{ NULL, { .accept_ra = NETPLAN_NO }, "ok resolv-conf" },
		{ "192.0.2.53", { .accept_ra = NETPLAN_NO },
			"ok resolv-conf, warning netplan-others" },
		{ "::1", { .accept_ra = NETPLAN_UNSAID }, "ok resolv-conf, note netplan-may-add" },
		{ "::1", { .accept_ra = NETPLAN_NO, .dhcp4 = NETPLAN_YES },
			"ok resolv-conf, note netplan-may-add" },
		{ "::1", { .accept_ra = NETPLAN_NO, .dhcp4 = NETPLAN_YES, .dhcp4_dns = NETPLAN_NO },
			"ok resolv-conf" },
		{ "::1", { .accept_ra = NETPLAN_NO, .dhcp6 = NETPLAN_YES },
			"ok resolv-conf, note netplan-may-add" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct netplan_link *link;
		struct patient patient;

		patient_init(&patient, "");
		patient_add_server(&patient.host->resolv_conf, "::1");
		link = add_link(&patient, "eth0");
		link->accept_ra = rows[i].link.accept_ra;
		link->dhcp4 = rows[i].link.dhcp4;
		link->dhcp6 = rows[i].link.dhcp6;
		link->dhcp4_dns = rows[i].link.dhcp4_dns;
		if (rows[i].server) {
			link->servers[0].port = 53;
			assert_true(addr_parse(rows[i].server, &link->servers[0].addr));
			link->server_count = 1;
		}
		assert_string_equal(patient_told(&patient, diagnose_resolver), rows[i].wanted);
		patient_clear(&patient);
	}
}

static void name_in(struct netplan_link *link, const char *server, const char *file)
{
	link->servers[link->server_count].port = 53;
	assert_true(addr_parse(server, &link->servers[link->server_count].addr));
	(void)snprintf(link->server_files[link->server_count++], sizeof(link->server_files[0]),
		"%s", file);
	(void)snprintf(link->file, sizeof(link->file), "%s", file);
}

/* A file of ours behind cloud-init's adds us to its resolvers: what is to be changed is there. */
static void the_file_that_names_others_is_the_one_to_change(void **state)
{
	struct netplan_link *link;
	struct patient patient;
	const char *steps;

	(void)state;
	patient_init(&patient, "");
	patient_add_server(&patient.host->resolv_conf, "::1");
	link = add_link(&patient, "eth0");
	name_in(link, "2001:db8::53", "/etc/netplan/50-cloud-init.yaml");
	name_in(link, "::1", "/etc/netplan/60-sixward.yaml");
	assert_string_equal(patient_told(&patient, diagnose_resolver),
		"ok resolv-conf, warning netplan-others");
	steps = patient_steps(&patient, "netplan-others");
	assert_non_null(strstr(steps, "2001:db8::53 (/etc/netplan/50-cloud-init.yaml)"));
	assert_non_null(strstr(steps, "out of /etc/netplan/50-cloud-init.yaml"));
	assert_non_null(strstr(steps, "99-disable-network-config.cfg"));
	assert_null(strstr(steps, "60-sixward"));
	patient_clear(&patient);
}

static void the_cure_is_for_who_manages_it(void **state)
{
	struct patient patient;
	const char *steps;

	(void)state;
	patient_init(&patient, "");
	patient.host->ipv6.is_there = true;
	assert_true(addr_parse("2001:db8::5", &patient.host->ipv6.source));
	patient_add_address(&patient, "eth1", "2001:db8::5", 64);
	(void)add_link(&patient, "eth0");
	(void)add_link(&patient, "eth1");
	add_servers(&patient.host->resolv_conf, "127.0.0.53");
	add_servers(&patient.host->resolved, "192.0.2.53");
	(void)patient_told(&patient, diagnose_resolver);
	steps = patient_steps(&patient, "resolved-others");
	assert_non_null(strstr(steps, "192.0.2.53"));
	assert_non_null(strstr(steps, "network:\n  ethernets:\n    eth1:\n      nameservers: "
				      "{addresses: [\"::1\"]}\n"));
	assert_non_null(strstr(steps, "[Resolve]\nDNS=::1\nDomains=~.\n"));
	patient_clear(&patient);
}

static void files_that_say_nothing_are_told(void **state)
{
	struct patient patient;

	(void)state;
	patient_init(&patient, "");
	patient_add_server(&patient.host->resolv_conf, "::1");
	patient.host->netplan.file_count = 2;
	patient.host->netplan.fault_count = 2;
	patient.host->netplan.faults[0] = (struct netplan_fault){
		.file = "/etc/netplan/a.yaml", .why = "Permission denied", .is_denied = true
	};
	patient.host->netplan.faults[1] =
		(struct netplan_fault){ .file = "/etc/netplan/b.yaml", .why = "YAML syntax" };
	assert_string_equal(patient_told(&patient, diagnose_resolver),
		"ok resolv-conf, note netplan-unread, note netplan-unread");
	assert_non_null(strstr(patient_steps(&patient, "netplan-unread"), "sudo sixward doctor"));
	patient_clear(&patient);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_asked_should_be_us),
		cmocka_unit_test(options_count_where_they_matter),
		cmocka_unit_test(netplan_should_name_us_and_nobody_else),
		cmocka_unit_test(the_file_that_names_others_is_the_one_to_change),
		cmocka_unit_test(the_cure_is_for_who_manages_it),
		cmocka_unit_test(files_that_say_nothing_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
