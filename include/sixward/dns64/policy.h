#ifndef SIXWARD_DNS64_POLICY_H
#define SIXWARD_DNS64_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sixward/base/addr.h"
#include "sixward/base/netset.h"
#include "sixward/dns/nameset.h"
#include "sixward/dns64/prefix.h"

/* The rules of translation for some clients: which prefixes are in force, which of them
 * serves which IPv4 network, which AAAA count as none, which A are hidden. Immutable and
 * counted; shared by threads. */

enum { POLICY_PREFIXES_MAX = 16 }; /* LIM-21 */

enum prefix_use { USE_ALL, USE_FIRST };
enum hide_a { HIDE_A_NEVER, HIDE_A_IF_AAAA, HIDE_A_ALWAYS };

struct policy_prefix {
	struct prefix prefix;
	struct netset ipv4; /* empty = every IPv4 address */
	bool drain; /* ours, but no longer synthesized with: as if not listed but for reverse
		     * look-ups, so a range that only drained prefixes name is no range, and
		     * its addresses go to the next wider one */
};

struct policy_options {
	bool enabled; /* false = DNS64 is off: nothing else here applies */
	struct policy_prefix prefixes[POLICY_PREFIXES_MAX];
	size_t prefix_count;
	enum prefix_use use;
	uint32_t max_aaaa; /* 0 = all */
	struct netset exclude_aaaa;
	struct netset exclude_ipv4;
	struct nameset exclude_names;
	struct nameset ignore_aaaa;
	bool aaaa_error_passes; /* aaaa-error: pass */
	enum hide_a hide_a;
	struct nameset keep_a_names;
	struct netset keep_a_ipv4;
	bool ptr;
	bool mark_synthesized;
};

void policy_options_clear(struct policy_options *options);

struct policy;

/* Takes the options over, and leaves them zeroed. */
struct policy *policy_new(struct policy_options *options);
struct policy *policy_ref(struct policy *policy);
void policy_unref(struct policy *policy); /* NULL is fine */
const struct policy_options *policy_options(const struct policy *policy);

/* Drawn at random for each policy: what was made by another one is told apart (D64-5.4-f). */
uint64_t policy_stamp(const struct policy *policy);

/* Prefixes in force for ipv4only.arpa and the log: not drained, narrowed by `use` within
 * each IPv4 range; those that serve all of IPv4 first, those restricted after them.
 * Returns how many. */
size_t policy_in_force(const struct policy *policy, const struct prefix *out[POLICY_PREFIXES_MAX]);

/* The prefixes that carry this address: of its most specific IPv4 range, in configured order,
 * narrowed by `use`, less those that may not (prefix_refuses); a refused one brings back none
 * that `use` left out. 0 = it is not mapped, for that or the operator's exclude-ipv4; then
 * `*why` (may be NULL) says so for people (static text). */
size_t policy_prefixes_for(const struct policy *policy, const uint8_t ipv4[4],
	const struct prefix *out[POLICY_PREFIXES_MAX], const char **why);

/* D64-5.1.4-a: this native AAAA counts as absent. */
bool policy_excludes_aaaa(const struct policy *policy, const uint8_t address[16]);

/* D64-5.3.1-a: the IPv4 address in any prefix of ours, drained ones and the WKP included.
 * False: in none. `*prefix` (may be NULL) is the one it lies in. */
bool policy_extract(const struct policy *policy, const uint8_t address[16], uint8_t ipv4[4],
	const struct prefix **prefix);

#endif
