#ifndef SIXWARD_TESTS_RESOLVE_SCENE_H
#define SIXWARD_TESTS_RESOLVE_SCENE_H

#include "fake_upstream.h"
#include "sim.h"
#include "sixward/dns64/policy.h"
#include "sixward/resolve/query.h"

/* A resolver with all its rooms, before a stand-in for the upstream: questions and answers in a
 * few words. Set it up, change what a test wants otherwise, then ask. */

enum { SCENE_ASKED_MAX = 64, SCENE_TEXT_MAX = 4096, SCENE_BUDGET_MS = 4000 };

/* One request, and what came of it. */
struct asked {
	struct scene *scene;
	enum query_state state;
	unsigned answers;
	uint64_t at_ms; /* when it was answered, since it was asked */
	uint64_t asked_ms;
	uint16_t id;
	uint16_t flags;
	char text[SCENE_TEXT_MAX];
};

struct scene {
	/* To be changed before the first question. */
	struct policy_options policy; /* enabled, Pref64 2001:db8:64::/96, the default exclusions */
	struct policy_options view;   /* of 203.0.113.0/24 */
	const char *records[8];
	const char *hosts;
	const char *identity;
	uint32_t queries_max;
	bool nxdomain_cut;
	bool has_hints;
	bool is_unobserved; /* then answers may be finished ones */

	struct loop *loop;
	struct sim *sim;
	struct routes *routes;
	struct cache *cache;
	struct lookups *lookups;
	struct local *local;
	struct hints *hints; /* NULL unless wanted */
	struct views views;
	struct resolver *resolver;
	struct resolver_parts parts;
	struct query_list list;
	struct nameset none;
	struct asked asked[SCENE_ASKED_MAX];
	size_t asked_count;
	unsigned observed;
	enum outcome last_outcome;
	uint64_t last_took_ms;
	bool last_had_aaaa, last_had_a;
	int last_view;
	char last_upstream[ENDPOINT_TEXT_MAX]; /* "" = none */
	char last_prefix[NETWORK_TEXT_MAX];    /* the same */
};

void scene_init(struct scene *scene);
void scene_clear(struct scene *scene);
void scene_set_prefix(struct policy_options *options, size_t place, const char *network);

/* "AAAA www.example.org", then any of: do cd ad rd0 noedns tcp, "size 512", "class 3",
 * "from 192.0.2.7", "port 53". With an OPT unless noedns. */
struct asked *scene_start(struct scene *scene, const char *text);

/* Starts, and plays on until it is answered or 20 s have passed. The answer in words:
 *   NOERROR aa ad tc | owner ttl TYPE data | … | ~ authority | + additional | EDE code text
 * or "dropped", or "waits". */
const char *scene_ask(struct scene *scene, const char *text);
void scene_play(struct scene *scene, uint64_t ms);

/* Other records than before, as after a reload. */
void scene_set_record(struct scene *scene, const char *record);

#endif
