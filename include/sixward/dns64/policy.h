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

enum {
	POLICY_PREFIXES_MAX =
		16, /* LIM-21; learned ones beyond it are left out, listed ones never */
	POLICY_TARGETS_MAX = 8,
	POLICY_TTL_MAX = 60 /* LIM-19 */
};

enum prefix_use { USE_ALL, USE_FIRST, USE_BEST };
enum hide_a { HIDE_A_NEVER, HIDE_A_IF_AAAA, HIDE_A_ALWAYS };

enum learn_kind { LEARN_NOT, LEARN_UPSTREAMS, LEARN_SERVERS, LEARN_ADVERTISEMENTS };

/* Where prefixes are learned from. */
struct learn_source {
	enum learn_kind kind;
	struct endpoint *servers; /* of LEARN_SERVERS; from the heap */
	size_t server_count;
};

bool learn_source_equal(const struct learn_source *a, const struct learn_source *b);

struct policy_prefix {
	struct prefix prefix;      /* zeroed where it is to be learned */
	struct learn_source learn; /* LEARN_NOT: a listed one; else what is learned stands in its
				    * place, none or several */
	struct netset ipv4;        /* empty = every IPv4 address */
	bool drain; /* ours, but no longer synthesized with: as if not listed but for reverse
		     * look-ups, so a range that only drained prefixes name is no range, and
		     * its addresses go to the next wider one */
};

/* How gateways are checked. The policy itself reads `is_on` alone. */
struct policy_check {
	bool is_on;
	struct endpoint targets[POLICY_TARGETS_MAX]; /* IPv4 */
	size_t target_count;
	uint64_t every_ms;
	uint64_t timeout_ms;
	uint32_t fail_after;    /* failures in a row until a prefix is left out */
	uint32_t recover_after; /* successes in a row until it is back */
};

struct policy_options {
	bool enabled; /* false = DNS64 is off: nothing else here applies */
	struct policy_prefix prefixes[POLICY_PREFIXES_MAX];
	size_t prefix_count;
	enum prefix_use use;
	struct policy_check check;
	uint32_t max_aaaa; /* 0 = all */
	struct netset exclude_aaaa;
	struct netset exclude_ipv4;
	struct nameset exclude_names;
	struct nameset ignore_aaaa;
	struct nameset append_aaaa; /* native AAAA first, synthesized ones after them */
	bool aaaa_error_passes;     /* aaaa-error: pass */
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

/* What was learned from one source, in the order received. */
struct learned {
	const struct learn_source *source;
	const struct prefix *prefixes;
	size_t count;
};

/* The policy with these in the places of its `learn` entries, and nothing in those of sources that
 * are not among them; all live, none ranked. A prefix that is listed (drained and with another
 * suffix, too), or was learned at an earlier place, is not taken again. R9872-3-a: what router
 * advertisements said, if anything, takes the first of those places, and the other sources the ones
 * after it. The caller's reference: to the same policy where nothing changes. */
struct policy *policy_with_learned(
	struct policy *policy, const struct learned *learned, size_t count);

/* What a gateway check has found of one prefix. */
struct live_prefix {
	struct prefix prefix;
	bool is_dead;
	uint32_t rank; /* for `use: best`, else not looked at: the least is the best; of those
			* alike the first */
};

/* The policy with these marks; prefixes that are not among them are live and rank last. The
 * caller's reference: to the same policy where nothing changes. */
struct policy *policy_with_live(
	struct policy *policy, const struct live_prefix *live, size_t count);

/* The same settings, the same prefixes at hand, the same marks: answers are the same. */
bool policy_equal(const struct policy *a, const struct policy *b);

/* A prefix that the policy has at hand: listed, or learned. */
struct known_prefix {
	struct prefix prefix;
	const struct netset *ipv4; /* the settings' */
	bool drain;
	bool is_learned;
	bool is_dead;
	uint32_t rank;
};

/* All of them, in order, drained and dead ones included; POLICY_PREFIXES_MAX at most. The pointers
 * that the functions below give are into this list, but for a WKP that is not listed. */
size_t policy_known(const struct policy *policy, const struct known_prefix **known);

/* Whether answers are made with it now, for at least one IPv4 range. Dead ones are where no live
 * one serves the same range: a wrong suspicion must not take the network down. */
bool policy_uses(const struct policy *policy, const struct known_prefix *known);

/* The most that TTLs of synthesized answers may be, in seconds: POLICY_TTL_MAX where prefixes may
 * change with time, for they are checked or learned (LIM-19, D64-5.2-d); else UINT32_MAX. */
uint32_t policy_ttl_max(const struct policy *policy);

/* Drawn at random for each policy: what was made by another one is told apart (D64-5.4-f). */
uint64_t policy_stamp(const struct policy *policy);

/* Prefixes in force for ipv4only.arpa and the log: not drained, live, narrowed by `use` within
 * each IPv4 range; those that serve all of IPv4 first, those restricted after them.
 * Returns how many. */
size_t policy_in_force(const struct policy *policy, const struct prefix *out[POLICY_PREFIXES_MAX]);

/* The prefixes that carry this address: of its most specific IPv4 range, in configured order,
 * the live ones (all where none is), narrowed by `use`, less those that may not (prefix_refuses); a
 * refused one brings back none that was left out. 0 = it is not mapped, for that or the
 * operator's exclude-ipv4; then `*why` (may be NULL) says so for people (static text). */
size_t policy_prefixes_for(const struct policy *policy, const uint8_t ipv4[4],
	const struct prefix *out[POLICY_PREFIXES_MAX], const char **why);

/* D64-5.1.4-a: this native AAAA counts as absent. */
bool policy_excludes_aaaa(const struct policy *policy, const uint8_t address[16]);

/* D64-5.3.1-a: the IPv4 address in any prefix of ours, drained ones and the WKP included.
 * False: in none. `*prefix` (may be NULL) is the one it lies in. */
bool policy_extract(const struct policy *policy, const uint8_t address[16], uint8_t ipv4[4],
	const struct prefix **prefix);

#endif
