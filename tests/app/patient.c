#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "patient.h"
#include "sixward/base/mem.h"
#include "sixward/config/load.h"

void patient_init(struct patient *patient, const char *yaml)
{
	struct faults faults = { 0 };

	*patient = (struct patient){
		.config = load_text(yaml, strlen(yaml), &faults),
		.host = mem_new(sizeof(struct host)),
		.probe = mem_new(sizeof(struct probe)),
		.findings = findings_new(),
	};
	faults_print(&faults, "test", stderr);
	faults_clear(&faults);
	assert_non_null(patient->config);
	patient->symptoms = (struct symptoms){ .config = patient->config,
		.config_path = "/etc/sixward/sixward.yaml",
		.host = patient->host,
		.probe = patient->probe };
}

void patient_clear(struct patient *patient)
{
	findings_free(patient->findings);
	probe_free(patient->probe);
	host_free(patient->host);
	config_unref(patient->config);
}

void patient_add_address(
	struct patient *patient, const char *interface, const char *addr, uint8_t length)
{
	struct host_address *address = &patient->host->addresses[patient->host->address_count++];

	(void)snprintf(address->interface, sizeof(address->interface), "%s", interface);
	assert_true(addr_parse(addr, &address->addr));
	address->length = length;
	address->is_loopback = strcmp(interface, "lo") == 0;
}

void patient_add_server(struct host_servers *servers, const char *addr)
{
	servers->is_there = true;
	servers->items[servers->count].port = 53;
	assert_true(addr_parse(addr, &servers->items[servers->count++].addr));
}

struct probe_server *patient_add_upstream(struct patient *patient, const char *endpoint)
{
	struct probe_server *server = &patient->probe->servers[patient->probe->server_count++];

	assert_true(endpoint_parse(endpoint, 53, &server->endpoint));
	server->answer = (struct probe_answer){ .result = PROBE_ANSWERED, .took_ms = 9 };
	server->has_dnssec = true;
	return server;
}

struct prefix patient_prefix(const char *network)
{
	struct network parsed;
	struct prefix prefix;

	assert_int_equal(network_parse(network, &parsed), NETWORK_OK);
	assert_int_equal(prefix_make(&parsed, NULL, &prefix), PREFIX_OK);
	return prefix;
}

struct probe_prefix *patient_add_prefix(struct patient *patient, const char *network)
{
	struct probe *probe = patient->probe;
	struct probe_prefix *prefix = &probe->prefixes[probe->prefix_count++];

	prefix->prefix = patient_prefix(network);
	prefix->has_targets = true;
	prefix->state = PULSE_LIVE;
	prefix->latency_us = 20000;
	probe->in_force[probe->in_force_count++] = prefix->prefix;
	for (size_t i = 0; i < probe->listener_count; i++) {
		struct probe_listener *listener = &probe->listeners[i];

		listener->in_force[listener->in_force_count++] = prefix->prefix;
	}
	return prefix;
}

struct probe_listener *patient_add_listener(struct patient *patient, const char *endpoint)
{
	struct probe *probe = patient->probe;
	struct probe_listener *listener = &probe->listeners[probe->listener_count++];

	assert_true(endpoint_parse(endpoint, 53, &listener->endpoint));
	listener->asker = listener->endpoint.addr;
	memcpy(listener->in_force, probe->in_force, sizeof(listener->in_force));
	listener->in_force_count = probe->in_force_count;
	listener->answer = (struct probe_answer){ .result = PROBE_ANSWERED, .took_ms = 1 };
	return listener;
}

void patient_add_use(struct patient *patient, const char *endpoint, const char *program)
{
	struct port_use *use = &patient->host->ports[patient->host->port_count++];

	assert_true(endpoint_parse(endpoint, 53, &use->endpoint));
	use->is_taken = true;
	use->pid = *program ? 42 : 0;
	(void)snprintf(use->program, sizeof(use->program), "%s", program);
}

const char *patient_told(struct patient *patient, patient_diagnose *diagnose)
{
	size_t used = 0;

	diagnose(&patient->symptoms, patient->findings);
	patient->told[0] = '\0';
	for (size_t i = 0; i < patient->findings->count; i++) {
		const struct finding *finding = &patient->findings->items[i];

		assert_true(finding->level == LEVEL_OK || finding->step_count > 0);
		used += (size_t)snprintf(patient->told + used, sizeof(patient->told) - used,
			"%s%s %s", used ? ", " : "", finding_level_name(finding->level),
			finding->id);
	}
	return patient->told;
}

const char *patient_steps(struct patient *patient, const char *id)
{
	size_t used = 0;

	patient->told[0] = '\0';
	for (size_t i = 0; i < patient->findings->count; i++) {
		const struct finding *finding = &patient->findings->items[i];

		if (strcmp(finding->id, id) != 0)
			continue;
		used += (size_t)snprintf(
			patient->told + used, sizeof(patient->told) - used, "%s\n", finding->text);
		for (size_t k = 0; k < finding->step_count; k++)
			used += (size_t)snprintf(patient->told + used, sizeof(patient->told) - used,
				"%s\n", finding->steps[k]);
	}
	return patient->told;
}
