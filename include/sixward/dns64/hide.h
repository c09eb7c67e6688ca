#ifndef SIXWARD_DNS64_HIDE_H
#define SIXWARD_DNS64_HIDE_H

#include "sixward/dns/reply.h"
#include "sixward/dns64/policy.h"
#include "sixward/dns64/synth.h"

/* An A reply without the A records that this host cannot use (rows H1, H2): those in
 * keep-a-ipv4 stay, chain kept, no RRSIG(A). None left: an empty answer, with the SOA of
 * `denial` (the AAAA question's; reply NULL = none). `*hidden` tells how many were left out;
 * when 0, the result is NULL and the reply goes out as
 * received. */
struct reply *hide_a(const struct question *question, const struct aged_reply *a,
	const struct aged_reply *denial, const struct policy *policy, size_t *hidden);

#endif
