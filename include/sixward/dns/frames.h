#ifndef SIXWARD_DNS_FRAMES_H
#define SIXWARD_DNS_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A byte stream to whole messages by their two length octets (RFC 1035 4.2.2,
 * R7766-8-a). Messages that came whole are taken from the octets where they are; memory is
 * held only for a message that is incomplete, and for what was kept. A zeroed struct is
 * ready. */

struct frames {
	const uint8_t *lent; /* what came last, and was not taken yet */
	size_t lent_size;
	uint8_t *octets; /* what came before it */
	size_t start;    /* of what was not taken yet */
	size_t end;
	size_t room;
};

enum frames_state { FRAMES_WAIT, FRAMES_MESSAGE, FRAMES_BROKEN };

void frames_clear(struct frames *frames);

/* The next octets of the stream, lent until frames_next says FRAMES_WAIT, or frames_keep. */
void frames_lend(struct frames *frames, const uint8_t *octets, size_t size);

/* The next whole message, lent until the next call of any kind on `frames`. FRAMES_WAIT: there is
 * none, and the part of one is copied. FRAMES_BROKEN: a length of less than a header, framing is
 * lost (TCP-b). */
enum frames_state frames_next(struct frames *frames, const uint8_t **message, size_t *size);

/* Copies what was lent and is not taken yet. */
void frames_keep(struct frames *frames);

/* Octets lent or held, and not yet taken. */
size_t frames_held(const struct frames *frames);

#endif
