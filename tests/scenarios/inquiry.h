#ifndef SIXWARD_TESTS_SCENARIOS_INQUIRY_H
#define SIXWARD_TESTS_SCENARIOS_INQUIRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"

/* The words of a Q line to octets, and how to send them. */

enum { INQUIRY_MAX = 70000 };

struct inquiry {
	const char *words; /* lent */
	unsigned times;    /* x100: a % in the name becomes the number of each */
	bool is_stream;
	unsigned stream; /* on=N; 0 = a connection of its own */
	bool bytewise;
	bool keep_port;
	struct endpoint client;
	struct endpoint server;
};

/* NULL = fine; else what is wrong. */
const char *inquiry_parse(struct inquiry *inquiry, const char *words);

/* What option=10:last stands for: a cookie received before. */
struct inquiry_memory {
	uint8_t cookie[64];
	size_t cookie_size;
};

/* The octets of the n-th, into INQUIRY_MAX. Returns the size; 0 = not understood. */
size_t inquiry_encode(const struct inquiry *inquiry, const struct inquiry_memory *memory,
	unsigned number, uint16_t id, uint8_t *out);

#endif
