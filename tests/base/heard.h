#ifndef SIXWARD_TESTS_BASE_HEARD_H
#define SIXWARD_TESTS_BASE_HEARD_H

/* What the code under test says to the log: linked between both, nothing is written. */

/* The lines so far, "LEVEL: WORDS KEY=VALUE…\n" each, with "~" before one that the log may hold
 * back as a repeat. What there is no room for is cut off. */
extern char heard[8192];

/* Begins anew. `word`: only lines whose words hold it are heard; NULL = all. */
void heard_begin(const char *word);

/* The lines since the last look are these; begins anew. */
void heard_expect(const char *lines);

#endif
