#ifndef SIXWARD_APP_FINDINGS_H
#define SIXWARD_APP_FINDINGS_H

#include <stdbool.h>
#include <stddef.h>

/* What the doctor has to say: a list of findings, in the order in which they were made, each with
 * the next step. */

enum { FINDINGS_MAX = 256, FINDING_STEPS_MAX = 24 }; /* more are left out */

/* In the order in which they are told. */
enum finding_subject {
	SUBJECT_HOST,
	SUBJECT_RESOLVER,
	SUBJECT_DAEMON,
	SUBJECT_UPSTREAMS,
	SUBJECT_PREFIXES,
	SUBJECT_COUNT
};

enum finding_level { LEVEL_OK, LEVEL_NOTE, LEVEL_WARNING, LEVEL_ERROR, LEVEL_COUNT };

struct finding {
	const char *id; /* a stable word */
	enum finding_subject subject;
	enum finding_level level;
	char *text;
	char *steps[FINDING_STEPS_MAX]; /* lines: what to do, to type, to paste */
	size_t step_count;
};

struct findings {
	struct finding items[FINDINGS_MAX];
	size_t count;
};

struct findings *findings_new(void);
void findings_free(struct findings *findings); /* NULL is fine */

/* A new one at the end. */
void findings_add(struct findings *findings, enum finding_subject subject, enum finding_level level,
	const char *id, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* One more line of what to do about the last one. */
void findings_add_step(struct findings *findings, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

size_t findings_count(const struct findings *findings, enum finding_level level);

/* "warning", "This host": for people and for JSON. */
const char *finding_level_name(enum finding_level level);
const char *finding_subject_name(enum finding_subject subject);
const char *finding_subject_title(enum finding_subject subject);

#endif
