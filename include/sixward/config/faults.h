#ifndef SIXWARD_CONFIG_FAULTS_H
#define SIXWARD_CONFIG_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A list of complaints about a configuration, each with its place. All are collected: the first
 * does not hide the rest. */

enum { FAULTS_MAX = 1000 }; /* kept; the rest is only counted */

struct fault {
	bool is_warning;
	unsigned line; /* from 1; 0 = no place */
	unsigned column;
	char *path; /* "dns64.prefixes[1].suffix"; may be "" */
	char *text; /* what was found and what is accepted */
};

struct faults {
	struct fault *items;
	size_t count;
	size_t errors; /* without the warnings */
};

void faults_clear(struct faults *faults);

/* Keeps a complaint, but for the same one at the same place, and those over FAULTS_MAX. */
void faults_add(struct faults *faults, bool is_warning, unsigned line, unsigned column,
	const char *path, const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Whether more would only be counted: nobody need look for them. */
bool faults_are_full(const struct faults *faults);

/* "file:line:column: path: text", in the order of the file. */
void faults_print(const struct faults *faults, const char *file, FILE *out);

#endif
