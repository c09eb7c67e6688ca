#ifndef SIXWARD_TESTS_REPLY_TEXT_H
#define SIXWARD_TESTS_REPLY_TEXT_H

#include "sixward/dns/reply.h"
#include "sixward/dns64/aged.h"
#include "sixward/dns64/policy.h"

/* Replies to and from lines of text, for tests that compare whole replies. A line is
 * "SECTION OWNER TTL TYPE RDATA", SECTION one of AN, AU, AD; RRSIG has the covered type as its
 * RDATA, A and AAAA an address, CNAME, DNAME, NS and PTR a name, SOA all seven fields. */

struct question question_of(const char *name, uint16_t type);

/* The caller's; `lines` end with a newline each. */
struct reply *reply_of(const char *name, uint16_t type, uint16_t rcode, const char *lines);
struct aged_reply aged(const struct reply *reply, uint32_t age_s);

/* Fails the test unless the reply has this RCODE and exactly these lines; drops it. */
void expect_reply(struct reply *reply, uint16_t rcode, const char *lines);

/* An enabled policy of prefixes written "PREFIX", "PREFIX drain" or "PREFIX IPV4 IPV4…", each
 * on its line; "<upstreams", "<routers" or "<SERVER" in the place of a prefix is a source to learn
 * from. ::ffff:0:0/96 is excluded. Options may be changed before policy_new. */
struct prefix prefix_of(const char *text);
struct policy_options options_of(const char *prefixes);
struct policy *policy_of(const char *prefixes);

#endif
