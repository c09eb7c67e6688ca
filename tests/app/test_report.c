/* Findings as people and programs read them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "patient.h"
#include "sixward/app/report.h"
#include "sixward/dns/numbers.h"

static char *text_of(const struct findings *findings)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	report_text(findings, out);
	(void)fclose(out);
	return text;
}

static void people_read_by_subject(void **state)
{
	struct findings *findings = findings_new();
	char *text;

	(void)state;
	findings_add(findings, SUBJECT_PREFIXES, LEVEL_ERROR, "a", "It is dead.");
	findings_add_step(findings, "dns64:");
	findings_add_step(findings, "  prefixes: []");
	findings_add(findings, SUBJECT_HOST, LEVEL_OK, "b", "It is well.");
	findings_add(findings, SUBJECT_PREFIXES, LEVEL_NOTE, "c", "It is noted.");
	text = text_of(findings);
	assert_string_equal(text, "This host\n"
				  "  ok       It is well.\n"
				  "\n"
				  "Prefixes\n"
				  "  error    It is dead.\n"
				  "               dns64:\n"
				  "                 prefixes: []\n"
				  "  note     It is noted.\n"
				  "\n"
				  "1 error, 0 warnings\n");
	free(text);
	findings_free(findings);
}

static void notes_are_no_reason_to_worry(void **state)
{
	struct findings *findings = findings_new();
	char *text;

	(void)state;
	findings_add(findings, SUBJECT_HOST, LEVEL_NOTE, "a", "It is noted.");
	text = text_of(findings);
	assert_non_null(strstr(text, "\nall is well\n"));
	free(text);
	findings_free(findings);
}

static void long_texts_are_broken_at_blanks(void **state)
{
	struct findings *findings = findings_new();
	char word[200];
	char *text;

	(void)state;
	memset(word, 'x', sizeof(word) - 1);
	word[sizeof(word) - 1] = '\0';
	findings_add(
		findings, SUBJECT_HOST, LEVEL_WARNING, "a", "%.60s %.60s %s", word, word, word);
	text = text_of(findings);
	for (char *rest = NULL, *line = strtok_r(text, "\n", &rest); line;
		line = strtok_r(NULL, "\n", &rest))
		assert_true(strlen(line) <= 80 || strstr(line, word));
	free(text);
	findings_free(findings);
}

/* What is unknown is null; every key is there. */
static void programs_read_every_fact(void **state)
{
	static const char *const wanted[] = { "\"interface\": \"eth0\"",
		"\"address\": \"2001:db8::5\"", "\"ipv6-route\": {\n      \"there\": true",
		"\"ipv4-route\": {\n      \"there\": false,\n      \"source\": null",
		"\"servers\": [\n        \"::1\"\n      ]", "\"link\": null",
		"\"dhcp6-use-dns\": null", "\"transport\": \"udp\"",
		"\"process\": null,\n        \"program\": null", "\"result\": \"error\"",
		"\"rcode\": \"REFUSED\"", "\"ms\": 9", "\"zone\": null", "\"state\": \"live\"",
		"\"latency-us\": 20000", "\"prefixes-in-force\": [\n      \"64:ff9b::/96\"\n    ]",
		"\"id\": \"a-word\"", "\"level\": \"warning\"",
		"\"steps\": [\n        \"do \\\"it\\\"\"", "\"accept-ra\": false",
		"\"why\": \"because\"" };
	struct patient patient;
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	struct probe_server *server;

	(void)state;
	patient_init(&patient, "");
	patient_add_address(&patient, "eth0", "2001:db8::5", 64);
	patient.host->ipv6.is_there = true;
	patient_add_server(&patient.host->resolv_conf, "::1");
	patient.host->netplan.link_count = 1;
	patient.host->netplan.links[0].accept_ra = NETPLAN_NO;
	patient.host->netplan.fault_count = 1;
	(void)snprintf(patient.host->netplan.faults[0].why, NETPLAN_TEXT_MAX, "because");
	patient_add_use(&patient, "[::1]:53", "");
	server = patient_add_upstream(&patient, "2001:db8::53");
	server->answer.result = PROBE_ERROR;
	server->answer.rcode = RCODE_REFUSED;
	patient_add_prefix(&patient, "64:ff9b::/96");
	patient_add_listener(&patient, "[::1]:53");
	findings_add(patient.findings, SUBJECT_HOST, LEVEL_WARNING, "a-word", "text");
	findings_add_step(patient.findings, "do \"it\"");
	report_json(&patient.symptoms, patient.findings, out);
	(void)fclose(out);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_non_null(strstr(text, wanted[i]));
	free(text);
	patient_clear(&patient);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(people_read_by_subject),
		cmocka_unit_test(notes_are_no_reason_to_worry),
		cmocka_unit_test(long_texts_are_broken_at_blanks),
		cmocka_unit_test(programs_read_every_fact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
