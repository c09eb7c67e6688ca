#ifndef SIXWARD_TESTS_SCENARIOS_RECIPE_H
#define SIXWARD_TESTS_SCENARIOS_RECIPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/dns/question.h"
#include "sixward/dns/rrset.h"

/* What stands right of a "=": one response, as an upstream gives it or as a client expects it. The
 * notation is told in README.md. */

enum recipe_ttl { RECIPE_TTL_EXACT, RECIPE_TTL_AT_MOST, RECIPE_TTL_ANY };

struct recipe_record {
	struct record record; /* in storage */
	uint8_t *storage;
	enum recipe_ttl ttl;
	bool any_rdata;
};

struct recipe_option {
	uint16_t code;
	uint16_t size;
	bool any; /* octets */
	uint8_t octets[128];
};

struct recipe_ede {
	uint16_t code;
	bool has_text;
	char text[256];
};

enum recipe_forgery {
	FORGE_ID,
	FORGE_ADDRESS,
	FORGE_PORT,
	FORGE_NAME,
	FORGE_TYPE,
	FORGE_CLASS,
	FORGE_QUERY, /* QR=0 */
	FORGE_SHORT, /* 11 octets */
	FORGE_OPCODE,
	FORGE_QUESTIONS, /* two */
	FORGE_QUESTIONLESS
};

enum recipe_flaw { /* bits */
	FLAW_NO_QUESTION = 1,
	FLAW_NO_OPT = 2,
	FLAW_TWO_OPTS = 4,
	FLAW_COUNTS = 8,      /* one record more than there is */
	FLAW_UPPER_CASE = 16, /* of the question */
	FLAW_OVERSIZE = 32,   /* never truncated */
	FLAW_POINTER = 64     /* a record whose owner points at itself */
};

enum { RECIPE_EDES_MAX = 12, RECIPE_OPTIONS_MAX = 8, RECIPE_FORGED_MAX = 12 };

struct recipe {
	uint16_t rcode;
	uint16_t set; /* header flags */
	uint16_t clear;
	struct recipe_record *records;
	size_t count;
	struct recipe_ede edes[RECIPE_EDES_MAX];
	size_t ede_count;
	struct recipe_option options[RECIPE_OPTIONS_MAX];
	size_t option_count;

	/* Of an upstream. */
	bool is_silent;
	bool closes;       /* the connection, after this */
	bool closes_first; /* instead of it */
	unsigned flaws;
	struct {
		enum recipe_forgery kind;
		unsigned times;
	} forged[RECIPE_FORGED_MAX];
	size_t forged_count;

	/* Of an expectation. */
	bool is_header; /* no question */
	bool has_opt;   /* an OPT though the query had none that could be read */
	bool any_edes;
	uint16_t counted_type; /* 0 = none: only so many of it, whatever they hold */
	size_t counted;
	size_t size_max;
};

/* The reasons are static text, NULL = fine. `recipe` is zeroed by the caller, and cleared by it in
 * any case. */
const char *recipe_parse(struct recipe *recipe, const char *text, const struct question *question);
void recipe_clear(struct recipe *recipe);

#endif
