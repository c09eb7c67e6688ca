#ifndef SIXWARD_APP_RESPONSE_H
#define SIXWARD_APP_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>

/* A response of HTTP/1.1 (RFC 9112), in the octets that have come so far. Pure. */

enum { RESPONSE_HEAD_MAX = 16 * 1024 };

enum response_state { RESPONSE_PARTIAL, RESPONSE_WHOLE, RESPONSE_GARBAGE };

struct response {
	unsigned status;
	char *body; /* on the heap, with a NUL behind it */
	size_t size;
};

/* `is_ended`: no more octets come. `response` is filled in when it is whole, and cleared by the
 * caller then. */
enum response_state response_parse(
	const char *octets, size_t size, bool is_ended, struct response *response);

void response_clear(struct response *response);

#endif
