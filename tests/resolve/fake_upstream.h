#ifndef SIXWARD_TESTS_RESOLVE_FAKE_UPSTREAM_H
#define SIXWARD_TESTS_RESOLVE_FAKE_UPSTREAM_H

#include "sixward/upstream/routes.h"

/* A stand-in for upstream/routes and upstream/group behind their headers: answers what it was
 * told to (script.h), after 10 ms or as told, and counts what it is asked. What it was not told
 * of, it keeps silent about. */

enum { FAKE_DELAY_MS = 10 };

#define FAKE_SERVER "[2001:db8:53::1]:53" /* who speaks, if somebody does */

/* The first group has scope 1 and serves every name. */
struct routes *fake_new(struct loop *loop);
void fake_add_zone(struct routes *routes, const char *zone, uint64_t scope, bool dns64);

/* The last group of that scope goes away, as with a reload. */
void fake_remove_zone(struct routes *routes, uint64_t scope);

/* "AAAA www.example.org = NODATA 300/60"; replaces what was said of the question before.
 * CD, class and scope of the question do not matter. */
void fake_says(struct routes *routes, const char *line);
void fake_says_after(struct routes *routes, uint64_t delay_ms, const char *line);
void fake_forget(struct routes *routes);

/* How often it was asked "AAAA www.example.org"; NULL: anything. */
unsigned fake_asked(const struct routes *routes, const char *question);

/* Of the last question. */
const struct question *fake_last_question(const struct routes *routes);
bool fake_last_stream(const struct routes *routes);

/* With which of its servers each question gets its answer: 1 at first, and those before it fail.
 * How many were asked, over all questions. */
void fake_set_tries(struct routes *routes, uint8_t tries);
unsigned fake_tried(const struct routes *routes);

/* What routes_is_own shall say. */
void fake_set_own(struct routes *routes, bool is_own);

#endif
