/* What a running server knows, given to the doctor's rules: which findings follow. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "patient.h"
#include "sixward/app/checkup.h"

#define WELL                                                                                       \
	"listen: [\"[::1]:53\"]\n"                                                                 \
	"upstreams: [\"2620:fe::fe\"]\n"                                                           \
	"dns64: {prefixes: [\"64:ff9b::/96\"]}\n"

struct scene {
	struct patient patient; /* its host and its config */
	struct snapshot snapshot;
	struct server_survey server;
	struct snapshot_prefix prefix;
};

static void open_scene(struct scene *scene, const char *yaml)
{
	struct host *host;

	memset(scene, 0, sizeof(*scene));
	patient_init(&scene->patient, yaml);
	host = scene->patient.host;
	host->is_root = true;
	host->ipv6.is_there = true;
	assert_true(addr_parse("2001:db8::5", &host->ipv6.source));
	patient_add_server(&host->resolv_conf, "::1");
	assert_true(endpoint_parse("2620:fe::fe", 53, &scene->server.endpoint));
	assert_true(name_parse(".", &scene->server.zone));
	scene->prefix = (struct snapshot_prefix){
		.prefix = prefix_well_known(), .is_used = true, .is_top = true
	};
	scene->snapshot.servers = &scene->server;
	scene->snapshot.server_count = 1;
	scene->snapshot.prefixes = &scene->prefix;
	scene->snapshot.prefix_count = 1;
}

/* What is no good news: "level id" of each, with ", " between. */
static void expect(struct scene *scene, const char *expected)
{
	struct findings *findings = checkup(
		scene->patient.config, "/etc/other.yaml", scene->patient.host, &scene->snapshot);
	char text[512] = "";

	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];

		if (finding->level < LEVEL_WARNING)
			continue;
		(void)strcat(text, text[0] ? ", " : "");
		(void)strcat(text, finding_level_name(finding->level));
		(void)strcat(text, " ");
		(void)strcat(text, finding->id);
	}
	assert_string_equal(text, expected);
	findings_free(findings);
	patient_clear(&scene->patient);
}

static void a_server_that_is_well_gets_no_warning(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, WELL);
	expect(&scene, "");
}

/* Nothing was asked yet, no gateway was judged: that is no news. */
static void what_is_not_known_yet_is_no_warning(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, WELL);
	scene.prefix.is_checked = true;
	expect(&scene, "");
}

static void what_is_dead_is_told(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, WELL);
	scene.server.is_held = true;
	scene.prefix.is_checked = true;
	scene.prefix.state = PULSE_DEAD;
	expect(&scene, "error upstream-silent, error prefix-dead");
}

static void what_the_host_is_like_is_told(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, WELL);
	scene.patient.host->ipv6.is_there = false;
	scene.patient.host->resolv_conf.count = 0;
	patient_add_server(&scene.patient.host->resolv_conf, "192.0.2.1");
	expect(&scene, "error no-ipv6-route, warning resolv-conf-others");
}

static void a_prefix_that_is_to_be_learned_is_missed(void **state)
{
	struct scene scene;

	(void)state;
	open_scene(&scene, "dns64: {prefixes: [{learn-from: router-advertisements}]}\n");
	scene.snapshot.prefix_count = 0;
	expect(&scene, "warning prefix-not-learned, error no-prefix");
	open_scene(&scene, "dns64: {prefixes: [{learn-from: router-advertisements}]}\n");
	scene.prefix.source = SOURCE_ADVERT;
	expect(&scene, "");
}

/* An upstream that is reached via NAT64 is named as the settings name it. */
static void an_upstream_via_nat64_is_named_by_its_ipv4_address(void **state)
{
	struct scene scene;
	struct findings *findings;

	(void)state;
	open_scene(&scene, WELL);
	assert_true(endpoint_parse("64:ff9b::909:909", 53, &scene.server.endpoint));
	scene.server.via_nat64 = true;
	scene.server.is_held = true;
	findings = checkup(
		scene.patient.config, "/etc/other.yaml", scene.patient.host, &scene.snapshot);
	for (size_t i = 0; i < findings->count; i++) {
		if (strcmp(findings->items[i].id, "upstream-silent") == 0)
			assert_non_null(strstr(findings->items[i].text, "9.9.9.9"));
	}
	findings_free(findings);
	expect(&scene, "error upstream-silent");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_server_that_is_well_gets_no_warning),
		cmocka_unit_test(what_is_not_known_yet_is_no_warning),
		cmocka_unit_test(what_is_dead_is_told),
		cmocka_unit_test(what_the_host_is_like_is_told),
		cmocka_unit_test(a_prefix_that_is_to_be_learned_is_missed),
		cmocka_unit_test(an_upstream_via_nat64_is_named_by_its_ipv4_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
