#ifndef SIXWARD_TESTS_SCENARIOS_MATCH_H
#define SIXWARD_TESTS_SCENARIOS_MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "recipe.h"

/* What a client received, held against what it expected. */

struct match_query {
	const uint8_t *octets; /* as sent */
	size_t size;
	bool is_stream;
};

/* Every response is also held against what is true of all of them: id, opcode, RD and CD copied,
 * the question echoed octet for octet (R1035-4.1.1-a, R4035-3.2.2-a, D64-5.4-a), Z=0, OPT if and
 * only if the query had one (R6891-6.1.1-a) with DO copied (R6840-5.6-a). All differences are
 * written to `out`; true = none. */
bool match_response(const struct recipe *expected, const struct match_query *query,
	const uint8_t *octets, size_t size, FILE *out);

/* The whole message in words. */
void match_print(const uint8_t *octets, size_t size, FILE *out);

/* The first option of that code in a response; false when there is none. */
bool match_option(
	const uint8_t *octets, size_t size, uint16_t code, uint8_t *out, size_t room, size_t *got);

#endif
