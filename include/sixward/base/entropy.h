#ifndef SIXWARD_BASE_ENTROPY_H
#define SIXWARD_BASE_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

/* Unpredictable numbers from the kernel's CSPRNG, read in bulk. One per worker;
 * a zeroed struct is ready. Ends the process if the kernel has none to give. */

struct entropy {
	uint8_t octets[512];
	size_t left; /* octets at the end of the array not handed out yet */
};

void entropy_fill(struct entropy *entropy, void *out, size_t size);
uint16_t entropy_u16(struct entropy *entropy);
uint32_t entropy_u32(struct entropy *entropy);

/* Uniform in 0 … bound - 1, without bias; bound > 0. */
uint32_t entropy_below(struct entropy *entropy, uint32_t bound);

#endif
