#ifndef SIXWARD_TESTS_FUZZ_FUZZ_H
#define SIXWARD_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* What libFuzzer calls, and what the seeds' main calls. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that does not hold ends the process, whatever the build. */
#define HOLDS(claim)                                                                               \
	do {                                                                                       \
		if (!(claim)) {                                                                    \
			(void)fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #claim);          \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#endif
