#ifndef SIXWARD_TESTS_APP_PATIENT_H
#define SIXWARD_TESTS_APP_PATIENT_H

#include "sixward/app/findings.h"
#include "sixward/app/symptoms.h"

/* Facts made up by a test, and what rules make of them. */

struct patient {
	struct config *config;
	struct host *host;   /* nothing known of it */
	struct probe *probe; /* nothing answered */
	struct symptoms symptoms;
	struct findings *findings;
	char told[4096];
};

void patient_init(struct patient *patient, const char *yaml);
void patient_clear(struct patient *patient);

void patient_add_address(
	struct patient *patient, const char *interface, const char *addr, uint8_t length);
void patient_add_server(struct host_servers *servers, const char *addr);
struct probe_server *patient_add_upstream(struct patient *patient, const char *endpoint);
struct probe_prefix *patient_add_prefix(struct patient *patient, const char *network);
struct probe_listener *patient_add_listener(struct patient *patient, const char *endpoint);
void patient_add_use(struct patient *patient, const char *endpoint, const char *program);
struct prefix patient_prefix(const char *network);

/* "level id" of each finding, with ", " between. Everything but what is fine has a next step. */
typedef void patient_diagnose(const struct symptoms *symptoms, struct findings *findings);
const char *patient_told(struct patient *patient, patient_diagnose *diagnose);

/* The text and the steps of a finding, a line each; "" if it was not made. */
const char *patient_steps(struct patient *patient, const char *id);

#endif
