#ifndef SIXWARD_APP_PORT_USE_H
#define SIXWARD_APP_PORT_USE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"

/* Which program has a port, by what the kernel shows under /proc: whose is told only to root and
 * to the program's own user. */

enum { PORT_USE_MAX = 64, PORT_USE_PROGRAM_MAX = 32 };

struct port_use {
	struct endpoint endpoint; /* the caller's, and this: */
	bool is_tcp;
	bool is_taken;
	uint64_t inode;                     /* of the socket; 0 = unknown */
	uint32_t pid;                       /* 0 = unknown */
	char program[PORT_USE_PROGRAM_MAX]; /* "" = unknown */
};

/* Fills in whether each is taken: by a socket at that address, else by one at every address. A
 * wildcard is taken by any socket of its family at that port. PORT_USE_MAX at most. */
void port_use_find(const char *root, struct port_use *uses, size_t count);

#endif
