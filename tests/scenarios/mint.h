#ifndef SIXWARD_TESTS_SCENARIOS_MINT_H
#define SIXWARD_TESTS_SCENARIOS_MINT_H

#include <stddef.h>
#include <stdint.h>

#include "recipe.h"
#include "sixward/dns/wire.h"

/* A recipe to the octets that answer one query, flaws included. */

/* `query` has been viewed, its records too. Over UDP what does not fit the query's payload size is
 * cut to TC=1, unless the recipe says oversize. `out` has room for WIRE_MESSAGE_MAX octets. */
size_t mint_reply(
	const struct recipe *recipe, const struct wire *query, bool is_stream, uint8_t *out);

/* The same reply, but NXDOMAIN, as a forger gives it who has one thing wrong. Returns its size. */
size_t mint_forge(enum recipe_forgery forgery, const uint8_t *reply, size_t size, uint8_t *out);

#endif
