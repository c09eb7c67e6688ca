/* Unpredictable numbers from the kernel, read in bulk. Knows nothing of what they are for; one
 * struct belongs to one thread. */

#define _GNU_SOURCE

#include "sixward/base/entropy.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static void refill(struct entropy *entropy)
{
	size_t filled = 0;

	while (filled < sizeof(entropy->octets)) {
		ssize_t got =
			getrandom(entropy->octets + filled, sizeof(entropy->octets) - filled, 0);

		if (got > 0)
			filled += (size_t)got;
		else if (errno != EINTR)
			abort(); /* guessable ids are worse than none */
	}
	entropy->left = sizeof(entropy->octets);
}

void entropy_fill(struct entropy *entropy, void *out, size_t size)
{
	uint8_t *octets = out;

	while (size > 0) {
		size_t part;
		uint8_t *from;

		if (entropy->left == 0)
			refill(entropy);
		part = size < entropy->left ? size : entropy->left;
		from = entropy->octets + sizeof(entropy->octets) - entropy->left;
		memcpy(octets, from, part);
		memset(from, 0, part); /* what was handed out is not kept */
		entropy->left -= part;
		octets += part;
		size -= part;
	}
}

uint16_t entropy_u16(struct entropy *entropy)
{
	uint16_t number;

	entropy_fill(entropy, &number, sizeof(number));
	return number;
}

uint32_t entropy_u32(struct entropy *entropy)
{
	uint32_t number;

	entropy_fill(entropy, &number, sizeof(number));
	return number;
}

uint32_t entropy_below(struct entropy *entropy, uint32_t bound)
{
	/* Numbers below this many would make the small results likelier. */
	uint32_t least = (uint32_t)-bound % bound;
	uint32_t number;

	do
		number = entropy_u32(entropy);
	while (number < least);
	return number % bound;
}
