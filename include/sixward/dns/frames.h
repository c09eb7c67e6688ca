#ifndef SIXWARD_DNS_FRAMES_H
#define SIXWARD_DNS_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A byte stream to whole messages by their two length octets (RFC 1035 4.2.2,
 * R7766-8-a). Holds memory only while a message is incomplete. A zeroed struct
 * is ready; at most one message and what was added behind it is held. */

struct frames {
	uint8_t *octets;
	size_t start; /* of what was not taken yet */
	size_t end;
	size_t room;
};

enum frames_state { FRAMES_WAIT, FRAMES_MESSAGE, FRAMES_BROKEN };

void frames_clear(struct frames *frames);
void frames_add(struct frames *frames, const uint8_t *octets, size_t size);

/* The next whole message, lent until the next call of any kind on `frames`.
 * FRAMES_BROKEN: a length of less than a header, framing is lost (TCP-b). */
enum frames_state frames_next(struct frames *frames, const uint8_t **message, size_t *size);

/* Octets held and not yet taken. */
size_t frames_held(const struct frames *frames);

#endif
