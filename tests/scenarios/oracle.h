#ifndef SIXWARD_TESTS_SCENARIOS_ORACLE_H
#define SIXWARD_TESTS_SCENARIOS_ORACLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "mint.h"
#include "recipe.h"
#include "sim.h"
#include "sixward/dns/frames.h"

/* Programmable upstreams, U1 to U4: they answer as they were told, in time, over UDP and TCP, and
 * remember what they were asked. What they were told nothing of has no data: NODATA, with an SOA
 * of 300/60. They live at 198.51.100.1 to .3, and U4 at 127.0.0.4. */

enum { ORACLE_ACTORS = 4, ORACLE_OPTIONS_MAX = 256 };
enum oracle_transport { ORACLE_UDP = 1, ORACLE_TCP = 2, ORACLE_BOTH = 3 };

/* Which questions: bits of `actors` and `transports`. */
struct oracle_pattern {
	unsigned actors;
	unsigned transports;
	bool any_type;
	bool any_name;
	bool any_below; /* of the name */
	struct question question;
};

struct oracle_heard {
	uint64_t at_ms;
	unsigned actor; /* from 0 */
	bool is_stream;
	uint16_t id, port, flags;
	struct question question;
	struct name name; /* in its own case */
	bool has_opt, has_do;
	uint8_t version;
	uint16_t udp_size;
	size_t options_size;
	uint8_t options[ORACLE_OPTIONS_MAX];
};

enum oracle_state { ORACLE_UP, ORACLE_SILENT, ORACLE_REFUSES };

struct oracle;

struct oracle *oracle_new(struct loop *loop);
void oracle_free(struct oracle *oracle);

/* The program for these questions, which replaces an equal one; or a further step of the last.
 * Takes the recipe over. */
void oracle_tell(struct oracle *oracle, const struct oracle_pattern *pattern, struct recipe *recipe,
	uint64_t delay_ms);
void oracle_tell_then(struct oracle *oracle, struct recipe *recipe, uint64_t delay_ms);
const struct oracle_pattern *oracle_last(const struct oracle *oracle);

/* Of one actor and the transports given. */
void oracle_set_state(
	struct oracle *oracle, unsigned actor, unsigned transports, enum oracle_state state);
struct endpoint oracle_endpoint(unsigned actor);

/* What was heard since the start, or since oracle_forget. */
size_t oracle_count(const struct oracle *oracle, const struct oracle_pattern *pattern);
const struct oracle_heard *oracle_find_last(
	const struct oracle *oracle, const struct oracle_pattern *pattern);
size_t oracle_connections(const struct oracle *oracle, unsigned actor, bool only_open);
void oracle_forget(struct oracle *oracle);

/* How many different source ports, and ids, there were among the questions heard. */
void oracle_spread(const struct oracle *oracle, size_t *ports, size_t *ids);

/* Everything heard, in words. */
void oracle_print(const struct oracle *oracle, FILE *out);

#endif
