#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <stdbool.h>
#include <stdint.h>

#include "lane.h"
#include "zone.h"

struct floor_options {
	struct place listen;
	struct place upstream;
	bool segments;    /* answers to one client in one send */
	bool tells_local; /* IP_PKTINFO */
	bool aaaa_only;   /* A only where there is no AAAA */
	bool retries;
};

/* 64:ff9b::/96 */
extern const uint8_t floor_prefix[ZONE_PREFIX];

/* Forwards until lane_stop, and returns how many questions it answered. */
unsigned long serve_forward(const struct floor_options *options, int poll);

#endif
