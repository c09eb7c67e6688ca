/* What a policy has at hand beside its settings: prefixes that were learned, and what gateway
 * checks have found of each. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "reply_text.h"
#include "sixward/dns64/ipv4only.h"
#include "sixward/dns64/policy.h"
#include "sixward/dns64/reverse.h"
#include "sixward/dns64/synth.h"

#define P1       "2001:db8:1::/96"
#define P2       "2001:db8:2::/96"
#define P3       "2001:db8:3::/96"
#define LA       "2001:db8:a::/96"
#define LB       "2001:db8:b::/96"
#define LC       "2001:db8:c::/96"
#define UPSTREAM "<upstreams\n"
#define ROUTERS  "<routers\n"
#define SERVER   "<2001:db8::53\n"

enum { TEXT_MAX = 1024, TOLD_MAX = 32, THREADS = 4 };

/* What was learned, as "SOURCE PREFIX PREFIX…" lines, SOURCE as in a policy of text. */
struct lesson {
	struct policy_options sources; /* whose entries are the sources */
	struct prefix prefixes[TOLD_MAX];
	struct learned learned[POLICY_PREFIXES_MAX];
	size_t count;
};

/* The entry of a source alone, moved out of the policy that the text is read into. */
static struct policy_prefix entry_of(const char *source)
{
	char line[64];
	struct policy_options options;
	struct policy_prefix entry;

	(void)snprintf(line, sizeof(line), "%s\n", source);
	options = options_of(line);
	entry = options.prefixes[0];
	options.prefixes[0] = (struct policy_prefix){ 0 };
	policy_options_clear(&options);
	return entry;
}

/* One line of it; returns how many of the prefixes are used by now. */
static size_t learn_line(struct lesson *lesson, const char *line, size_t size, size_t used)
{
	struct policy_prefix *entry = &lesson->sources.prefixes[lesson->count];
	struct learned *learned = &lesson->learned[lesson->count++];
	char words[TEXT_MAX];
	char *rest;

	assert_true(size < sizeof(words));
	memcpy(words, line, size);
	words[size] = 0;
	*entry = entry_of(strtok_r(words, " ", &rest));
	learned->source = &entry->learn;
	learned->prefixes = &lesson->prefixes[used];
	for (const char *word; (word = strtok_r(NULL, " ", &rest)); learned->count++)
		lesson->prefixes[used++] = prefix_of(word);
	return used;
}

/* The policy with what was learned; the old one is dropped. */
static struct policy *learn(struct policy *policy, const char *lines)
{
	struct lesson lesson = { 0 };
	struct policy *made;
	size_t used = 0;

	for (size_t size; (size = strcspn(lines, "\n")) > 0; lines += size + 1)
		used = learn_line(&lesson, lines, size, used);
	made = policy_with_learned(policy, lesson.learned, lesson.count);
	policy_options_clear(&lesson.sources);
	policy_unref(policy);
	return made;
}

/* The policy with marks written "PREFIX dead" or "PREFIX RANK"; the old one is dropped. */
static struct policy *mark(struct policy *policy, const char *lines)
{
	struct live_prefix live[POLICY_PREFIXES_MAX] = { 0 };
	struct policy *made;
	size_t count = 0;
	int used = 0;

	for (; *lines; lines += used) {
		char network[64];
		char word[16];

		assert_int_equal(sscanf(lines, "%63s %15s\n%n", network, word, &used), 2);
		live[count].prefix = prefix_of(network);
		live[count].is_dead = strcmp(word, "dead") == 0;
		if (!live[count].is_dead)
			assert_int_equal(sscanf(word, "%u", &live[count].rank), 1);
		count++;
	}
	made = policy_with_live(policy, live, count);
	policy_unref(policy);
	return made;
}

/* "P L+ D-": + is learned, - drained, ! dead. */
static void expect_known(const struct policy *policy, const char *want)
{
	const struct known_prefix *known;
	size_t count = policy_known(policy, &known);
	char text[TEXT_MAX] = "";
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		char one[NETWORK_TEXT_MAX];

		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s%s%s%s", i ? " " : "",
			network_format(&known[i].prefix.network, one),
			known[i].is_learned ? "+" : "", known[i].drain ? "-" : "",
			known[i].is_dead ? "!" : "");
		assert_true(at < sizeof(text));
	}
	assert_string_equal(text, want);
}

static void join(const struct prefix *const *prefixes, size_t count, char text[TEXT_MAX])
{
	size_t at = 0;

	text[0] = 0;
	for (size_t i = 0; i < count; i++) {
		char one[NETWORK_TEXT_MAX];

		at += (size_t)snprintf(text + at, TEXT_MAX - at, "%s%s", i ? " " : "",
			network_format(&prefixes[i]->network, one));
		assert_true(at < TEXT_MAX);
	}
}

static void expect_prefixes(const struct policy *policy, const char *ipv4, const char *want)
{
	const struct prefix *out[POLICY_PREFIXES_MAX];
	char text[TEXT_MAX];
	struct addr addr;

	assert_true(addr_parse(ipv4, &addr));
	join(out, policy_prefixes_for(policy, addr.octets, out, NULL), text);
	assert_string_equal(text, want);
}

/* And whether each prefix at hand is used or not follows from it. */
static void expect_in_force(const struct policy *policy, const char *want)
{
	const struct prefix *out[POLICY_PREFIXES_MAX];
	size_t count = policy_in_force(policy, out);
	const struct known_prefix *known;
	size_t known_count = policy_known(policy, &known);
	char text[TEXT_MAX];

	join(out, count, text);
	assert_string_equal(text, want);
	for (size_t i = 0; i < known_count; i++) {
		bool is_among = false;

		for (size_t k = 0; k < count; k++)
			is_among = is_among || out[k] == &known[i].prefix;
		assert_int_equal(policy_uses(policy, &known[i]), is_among);
	}
}

static const struct learned_row {
	const char *prefixes, *learned, *known;
} learned_rows[] = {
	/* Nothing learned yet, or from others. */
	{ UPSTREAM, "", "" },
	{ P1 "\n" UPSTREAM P2 "\n", "", P1 " " P2 },
	{ P1 "\n" UPSTREAM, "<routers " LA "\n<2001:db8::53 " LB "\n", P1 },
	{ SERVER, "<2001:db8::54 " LA "\n", "" },
	{ P1 "\n" UPSTREAM, "<upstreams\n", P1 },
	/* R7050-3-d: in place, in the order received, all of them. */
	{ P1 "\n" UPSTREAM P2 "\n", "<upstreams " LB " " LA "\n", P1 " " LB "+ " LA "+ " P2 },
	{ UPSTREAM P1 "\n", "<upstreams " LA "\n", LA "+ " P1 },
	{ SERVER P1 "\n" UPSTREAM, "<upstreams " LA "\n<2001:db8::53 " LB "\n",
		LB "+ " P1 " " LA "+" },
	/* Once: at its earliest place, */
	{ UPSTREAM SERVER, "<upstreams " LA " " LB " " LA "\n<2001:db8::53 " LB " " LC "\n",
		LA "+ " LB "+ " LC "+" },
	/* and what is listed stays where it is listed, drained or not. */
	{ UPSTREAM P1 "\n", "<upstreams " P1 " " LA "\n", LA "+ " P1 },
	{ UPSTREAM P1 " drain\n", "<upstreams " P1 " " LA "\n", LA "+ " P1 "-" },
	/* R9872-3-a: routers first among what is learned, */
	{ UPSTREAM P1 "\n" ROUTERS, "<upstreams " LA "\n<routers " LB "\n", LB "+ " P1 " " LA "+" },
	{ P1 "\n" UPSTREAM SERVER ROUTERS,
		"<routers " LC "\n<2001:db8::53 " LB "\n<upstreams " LA "\n",
		P1 " " LC "+ " LA "+ " LB "+" },
	{ UPSTREAM ROUTERS, "<upstreams " LA "\n<routers " LA " " LB "\n", LA "+ " LB "+" },
	/* if they said anything. */
	{ UPSTREAM P1 "\n" ROUTERS, "<upstreams " LA "\n", LA "+ " P1 },
	{ UPSTREAM P1 "\n" ROUTERS, "<upstreams " LA "\n<routers\n", LA "+ " P1 },
	/* The terms are the source's own, not the place's. */
	{ "<upstreams drain\n" P1 "\n" ROUTERS, "<upstreams " LA "\n<routers " LB "\n",
		LB "+ " P1 " " LA "+-" },
};

static void has_what_was_learned_in_the_places_of_the_sources(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(learned_rows) / sizeof(learned_rows[0]); i++) {
		struct policy *policy =
			learn(policy_of(learned_rows[i].prefixes), learned_rows[i].learned);

		expect_known(policy, learned_rows[i].known);
		policy_unref(policy);
	}
}

static void serves_the_ranges_of_the_source_with_what_was_learned(void **state)
{
	struct policy *policy = learn(policy_of("<upstreams 10.0.0.0/8\n" P1 "\n<routers\n"),
		"<upstreams " LA " " LB "\n<routers " LC "\n");

	(void)state;
	expect_prefixes(policy, "10.0.0.1", LA " " LB);
	expect_prefixes(policy, "198.41.0.4", LC " " P1);
	expect_in_force(policy, LC " " P1 " " LA " " LB);
	policy_unref(policy);
}

/* Whatever the suffix: with a drained prefix nobody synthesizes, and be it announced. */
static void takes_no_listed_network_again_with_another_suffix(void **state)
{
	struct policy_options options = options_of("<routers\n2001:db8:64::/64 drain\n");
	struct policy *policy;

	(void)state;
	options.prefixes[1].prefix.suffix[15] = 1;
	policy = learn(policy_new(&options), "<routers 2001:db8:64::/64 " LA "\n");
	expect_known(policy, LA "+ 2001:db8:64::/64-");
	policy_unref(policy);
}

/* What was learned anew replaces what was learned before, and its marks. */
static void forgets_what_is_no_longer_said(void **state)
{
	struct policy *policy = learn(
		policy_of(P1 "\n" UPSTREAM ROUTERS), "<upstreams " LA " " LB "\n<routers " LC "\n");

	(void)state;
	policy = mark(policy, LA " dead\n" P1 " dead\n");
	expect_known(policy, P1 "! " LC "+ " LA "+! " LB "+");
	policy = learn(policy, "<upstreams " LB "\n");
	expect_known(policy, P1 " " LB "+");
	policy = learn(policy, "");
	expect_known(policy, P1);
	policy_unref(policy);
}

/* Sixteen prefixes, from `first` on. */
static struct policy *learn_many(struct policy *policy, const char *source, unsigned first)
{
	char lines[TEXT_MAX];
	int at = snprintf(lines, sizeof(lines), "%s", source);

	for (unsigned i = 0; i < POLICY_PREFIXES_MAX; i++)
		at += snprintf(
			lines + at, sizeof(lines) - (size_t)at, " 2001:db8:%x::/96", first + i);
	(void)snprintf(lines + at, sizeof(lines) - (size_t)at, "\n");
	return learn(policy, lines);
}

/* LIM-21: sixteen at hand; those that are listed among them, and stand they behind. */
static void leaves_out_learned_ones_beyond_sixteen(void **state)
{
	struct policy *policy = learn_many(
		policy_of("<upstreams\n" P1 "\n<routers\n" P2 " drain\n"), "<upstreams", 0x100);
	const struct prefix *out[POLICY_PREFIXES_MAX];
	const struct known_prefix *known;

	(void)state;
	assert_int_equal(policy_known(policy, &known), POLICY_PREFIXES_MAX);
	assert_true(known[13].is_learned);
	assert_false(known[14].is_learned || known[14].drain);
	assert_true(known[15].drain);
	assert_int_equal(policy_in_force(policy, out), POLICY_PREFIXES_MAX - 1);
	policy_unref(policy);

	policy = policy_of(UPSTREAM ROUTERS);
	policy = learn_many(policy, "<routers", 0x200);
	assert_int_equal(policy_known(policy, &known), POLICY_PREFIXES_MAX);
	policy_unref(policy);
}

static void tells_sources_apart(void **state)
{
	static const char *const sources[] = { UPSTREAM, ROUTERS, SERVER, "<2001:db8::54\n",
		"<[2001:db8::53]:5353\n" };
	const size_t count = sizeof(sources) / sizeof(sources[0]);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < count; k++) {
			struct policy_options a = options_of(sources[i]);
			struct policy_options b = options_of(sources[k]);

			assert_int_equal(
				learn_source_equal(&a.prefixes[0].learn, &b.prefixes[0].learn),
				i == k);
			policy_options_clear(&a);
			policy_options_clear(&b);
		}
	}
}

static const struct live_row {
	const char *prefixes;
	enum prefix_use use;
	const char *live, *ipv4, *want, *in_force;
} live_rows[] = {
	/* The live ones, in order; */
	{ P1 "\n" P2 "\n" P3 "\n", USE_ALL, "", "198.41.0.4", P1 " " P2 " " P3, P1 " " P2 " " P3 },
	{ P1 "\n" P2 "\n" P3 "\n", USE_ALL, P2 " dead\n", "198.41.0.4", P1 " " P3, P1 " " P3 },
	{ P1 "\n" P2 "\n", USE_FIRST, P1 " dead\n", "198.41.0.4", P2, P2 },
	{ P1 "\n" P2 "\n" P3 "\n", USE_FIRST, P2 " dead\n", "198.41.0.4", P1, P1 },
	/* all where all are dead, and what `use` leaves of them. */
	{ P1 "\n" P2 "\n", USE_ALL, P1 " dead\n" P2 " dead\n", "198.41.0.4", P1 " " P2, P1 " " P2 },
	{ P1 "\n" P2 "\n", USE_FIRST, P1 " dead\n" P2 " dead\n", "198.41.0.4", P1, P1 },
	{ P1 "\n", USE_BEST, P1 " dead\n", "198.41.0.4", P1, P1 },
	/* Within the range: a wider one does not stand in, */
	{ P1 "\n" P2 " 10.0.0.0/8\n", USE_ALL, P2 " dead\n", "10.0.0.1", P2, P1 " " P2 },
	{ P1 "\n" P2 " 10.0.0.0/8\n" P3 " 10.0.0.0/8\n", USE_ALL, P2 " dead\n", "10.0.0.1", P3,
		P1 " " P3 },
	{ P1 "\n" P2 " 10.0.0.0/8\n" P3 " 10.0.0.0/8\n", USE_ALL, P2 " dead\n" P3 " dead\n",
		"10.0.0.1", P2 " " P3, P1 " " P2 " " P3 },
	/* nor does a dead wide one bring down a narrow one. */
	{ P1 "\n" P2 " 10.0.0.0/8\n", USE_ALL, P1 " dead\n", "10.0.0.1", P2, P1 " " P2 },
	{ P1 "\n" P2 " 10.0.0.0/8\n", USE_ALL, P1 " dead\n", "198.41.0.4", P1, P1 " " P2 },
	/* One of two ranges has another that lives. */
	{ P1 " 10.0.0.0/8 172.16.0.0/12\n" P2 " 10.0.0.0/8\n", USE_ALL, P1 " dead\n", "10.0.0.1",
		P2, P1 " " P2 },
	{ P1 " 10.0.0.0/8 172.16.0.0/12\n" P2 " 10.0.0.0/8\n", USE_ALL, P1 " dead\n", "172.16.0.1",
		P1, P1 " " P2 },
	/* What is drained is no help, dead or alive. */
	{ P1 "\n" P2 " drain\n", USE_ALL, P1 " dead\n", "198.41.0.4", P1, P1 },
	{ P1 "\n" P2 " drain\n", USE_ALL, P2 " dead\n", "198.41.0.4", P1, P1 },
	{ P1 "\n" P2 " drain\n", USE_ALL, P1 " dead\n" P2 " dead\n", "198.41.0.4", P1, P1 },
	{ P1 " drain\n", USE_ALL, P1 " dead\n", "198.41.0.4", "", "" },
	/* The best is that of the least rank; of those alike the first; without one the last. */
	{ P1 "\n" P2 "\n" P3 "\n", USE_BEST, P1 " 2\n" P2 " 0\n" P3 " 1\n", "198.41.0.4", P2, P2 },
	{ P1 "\n" P2 "\n" P3 "\n", USE_BEST, P1 " 2\n" P2 " 1\n" P3 " 1\n", "198.41.0.4", P2, P2 },
	{ P1 "\n" P2 "\n" P3 "\n", USE_BEST, P3 " 7\n", "198.41.0.4", P3, P3 },
	{ P1 "\n" P2 "\n", USE_BEST, "", "198.41.0.4", P1, P1 },
	{ P1 "\n" P2 "\n" P3 "\n", USE_BEST, P1 " dead\n" P2 " 2\n" P3 " 1\n", "198.41.0.4", P3,
		P3 },
	{ P1 "\n" P2 " 10.0.0.0/8\n" P3 " 10.0.0.0/8\n", USE_BEST, P1 " 0\n" P2 " 2\n" P3 " 1\n",
		"10.0.0.1", P3, P1 " " P3 },
	/* Ranks are for the best alone. */
	{ P1 "\n" P2 "\n", USE_FIRST, P1 " 2\n" P2 " 1\n", "198.41.0.4", P1, P1 },
	{ P1 "\n" P2 "\n", USE_ALL, P1 " 2\n" P2 " 1\n", "198.41.0.4", P1 " " P2, P1 " " P2 },
	/* ADR-3.1-a: what the live one may not carry does not bring back a dead one. */
	{ "64:ff9b::/96\n" P1 "\n", USE_ALL, P1 " dead\n", "10.0.0.1", "", "64:ff9b::/96" },
	{ "64:ff9b::/96\n" P1 "\n", USE_ALL, "64:ff9b::/96 dead\n", "10.0.0.1", P1, P1 },
	{ "64:ff9b::/96\n" P1 "\n", USE_ALL, "64:ff9b::/96 dead\n" P1 " dead\n", "10.0.0.1", P1,
		"64:ff9b::/96 " P1 },
	/* Marks of others. */
	{ P1 "\n", USE_ALL, P2 " dead\n" P3 " 4\n", "198.41.0.4", P1, P1 },
};

static void uses_the_live_ones_of_each_range(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(live_rows) / sizeof(live_rows[0]); i++) {
		struct policy_options options = options_of(live_rows[i].prefixes);
		struct policy *policy;

		options.use = live_rows[i].use;
		policy = mark(policy_new(&options), live_rows[i].live);
		print_message("line %zu\n", i);
		expect_prefixes(policy, live_rows[i].ipv4, live_rows[i].want);
		expect_in_force(policy, live_rows[i].in_force);
		policy_unref(policy);
	}
}

static void marks_learned_ones_too_and_forgets_marks(void **state)
{
	struct policy *policy = learn(policy_of(P1 "\n" UPSTREAM), "<upstreams " LA "\n");

	(void)state;
	policy = mark(policy, LA " dead\n");
	expect_known(policy, P1 " " LA "+!");
	expect_prefixes(policy, "198.41.0.4", P1);
	policy = mark(policy, P1 " dead\n");
	expect_known(policy, P1 "! " LA "+");
	policy = mark(policy, "");
	expect_known(policy, P1 " " LA "+");
	policy_unref(policy);
}

static void is_another_policy_only_where_something_changes(void **state)
{
	static const struct row {
		const char *prefixes;
		enum prefix_use use;
		bool enabled;
		const char *learned, *live, *more_learned, *more_live; /* NULL: not asked */
		bool is_same;
	} rows[] = {
		{ P1 "\n", USE_ALL, true, "", "", "", NULL, true },
		{ P1 "\n", USE_ALL, true, "", "", NULL, "", true },
		{ P1 "\n", USE_ALL, true, "", P1 " 0\n", NULL, "", true },
		{ P1 "\n" P2 "\n", USE_FIRST, true, "", P1 " 0\n" P2 " 1\n", NULL,
			P1 " 1\n" P2 " 0\n", true },
		{ P1 "\n" P2 "\n", USE_BEST, true, "", P1 " 0\n" P2 " 1\n", NULL,
			P1 " 1\n" P2 " 0\n", false },
		{ P1 "\n", USE_ALL, true, "", "", NULL, P1 " dead\n", false },
		{ P1 "\n", USE_ALL, true, "", P1 " dead\n", NULL, P1 " dead\n", true },
		{ P1 "\n", USE_ALL, true, "", P1 " dead\n", "", NULL, false }, /* all live */
		{ P1 "\n" UPSTREAM, USE_ALL, true, "", "", "<upstreams\n", NULL, true },
		{ P1 "\n" UPSTREAM, USE_ALL, true, "", "", "<upstreams " P1 "\n", NULL, true },
		{ P1 "\n" UPSTREAM, USE_ALL, true, "", "", "<upstreams " LA "\n", NULL, false },
		{ P1 "\n" UPSTREAM, USE_ALL, true, "<upstreams " LA "\n", "", "<upstreams " LA "\n",
			NULL, true },
		{ P1 "\n" UPSTREAM, USE_ALL, true, "<upstreams " LA " " LB "\n", "",
			"<upstreams " LB " " LA "\n", NULL, false },
		{ UPSTREAM ROUTERS, USE_ALL, true, "<upstreams " LA "\n", "", "<routers " LA "\n",
			NULL, false }, /* by the terms of another */
		/* D64-6.3-a: where DNS64 is off nothing does. */
		{ P1 "\n" UPSTREAM, USE_ALL, false, "", "", "<upstreams " LA "\n", NULL, true },
		{ P1 "\n" UPSTREAM, USE_ALL, false, "", "", NULL, P1 " dead\n", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_options options = options_of(rows[i].prefixes);
		struct policy *before;
		struct policy *after;

		options.use = rows[i].use;
		options.enabled = rows[i].enabled;
		before = mark(learn(policy_new(&options), rows[i].learned), rows[i].live);
		after = rows[i].more_learned ? learn(policy_ref(before), rows[i].more_learned)
					     : mark(policy_ref(before), rows[i].more_live);
		print_message("line %zu\n", i);
		assert_int_equal(after == before, rows[i].is_same);
		assert_int_equal(policy_equal(after, before), rows[i].is_same);
		assert_int_equal(policy_stamp(after) == policy_stamp(before), rows[i].is_same);
		assert_ptr_equal(policy_options(after), policy_options(before));
		policy_unref(before);
		policy_unref(after);
	}
}

/* The same by way of others is equal, though it is another. The same text twice is not. */
static void is_equal_to_what_answers_the_same(void **state)
{
	struct policy *base = policy_of(P1 "\n" UPSTREAM);
	struct policy *a = learn(policy_ref(base), "<upstreams " LA "\n");
	struct policy *b =
		mark(mark(learn(policy_ref(base), "<upstreams " LA "\n"), LA " dead\n"), P1 " 0\n");
	struct policy *other = policy_of(P1 "\n" UPSTREAM);

	(void)state;
	assert_ptr_not_equal(a, b);
	assert_true(policy_equal(a, b));
	assert_int_not_equal(policy_stamp(a), policy_stamp(b));
	assert_false(policy_equal(base, a));
	assert_false(policy_equal(base, other));
	policy_unref(base);
	policy_unref(a);
	policy_unref(b);
	policy_unref(other);
}

/* D64-5.3.1-a: all of them are ours, learned, drained and dead ones. */
static void extracts_from_learned_and_from_dead_ones(void **state)
{
	static const struct row {
		const char *ipv6, *prefix;
	} rows[] = {
		{ "2001:db8:1::c629:4", P1 },
		{ "2001:db8:a::c629:4", LA },
		{ "2001:db8:b::c629:4", LB },
		{ "64:ff9b::c629:4", "64:ff9b::/96" },
		{ "2001:db8:c::c629:4", NULL },
	};
	struct policy *policy = learn(policy_of(P1 "\n" UPSTREAM "<routers drain\n"),
		"<upstreams " LA "\n<routers " LB "\n");

	(void)state;
	policy = mark(policy, P1 " dead\n" LA " dead\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct prefix *prefix = NULL;
		char text[NETWORK_TEXT_MAX];
		struct addr addr;
		uint8_t ipv4[4];

		assert_true(addr_parse(rows[i].ipv6, &addr));
		assert_int_equal(
			policy_extract(policy, addr.octets, ipv4, &prefix), rows[i].prefix != NULL);
		if (!rows[i].prefix)
			continue;
		assert_memory_equal(ipv4, ((uint8_t[]){ 198, 41, 0, 4 }), sizeof(ipv4));
		assert_string_equal(network_format(&prefix->network, text), rows[i].prefix);
	}
	policy_unref(policy);
}

/* So that one can go on from it to what is known of it. */
static void gives_a_listed_wkp_as_it_is_listed(void **state)
{
	struct policy *policy = policy_of("64:ff9b::/96\n");
	const struct known_prefix *known;
	const struct prefix *prefix;
	struct addr addr;
	uint8_t ipv4[4];

	(void)state;
	assert_int_equal(policy_known(policy, &known), 1);
	assert_true(addr_parse("64:ff9b::c629:4", &addr));
	assert_true(policy_extract(policy, addr.octets, ipv4, &prefix));
	assert_ptr_equal(prefix, &known[0].prefix);
	policy_unref(policy);
}

/* D64-5.3.1-a, for the names of a learned and dead one. */
static void finds_reverse_names_of_learned_and_dead_ones(void **state)
{
	static const char name[] =
		"4.0.0.0.9.2.6.c.0.0.0.0.0.0.0.0.0.0.0.0.a.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
	static const char above[] = "a.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
	struct policy *policy = policy_of(P1 "\n" UPSTREAM);
	struct question ptr = question_of(name, TYPE_PTR);
	struct question apex = question_of(above, TYPE_PTR);

	(void)state;
	assert_int_equal(reverse_find(policy, &ptr).kind, REVERSE_NONE);
	assert_false(reverse_is_above(policy, apex.name.octets));
	policy = mark(learn(policy, "<upstreams " LA "\n"), LA " dead\n");
	assert_int_equal(reverse_find(policy, &ptr).kind, REVERSE_ASK);
	assert_true(reverse_is_above(policy, apex.name.octets));
	policy_unref(policy);
}

/* R8880-7.1-i: with nothing learned yet the name is like any other. */
static void serves_ipv4only_arpa_with_what_is_in_force(void **state)
{
	struct policy *policy = policy_of(UPSTREAM ROUTERS);
	struct question aaaa = question_of("ipv4only.arpa", TYPE_AAAA);

	(void)state;
	assert_null(ipv4only_answer(&aaaa, policy));
	policy = learn(policy, "<upstreams " LA "\n<routers " LB "\n");
	policy = mark(policy, LB " dead\n");
	expect_reply(ipv4only_answer(&aaaa, policy), 0,
		"AN ipv4only.arpa. 60 AAAA 2001:db8:a::c000:aa\n"
		"AN ipv4only.arpa. 60 AAAA 2001:db8:a::c000:ab\n");
	policy_unref(policy);
}

/* D64-5.2-d, LIM-19: where prefixes may change with time, nothing made of them lives longer. */
static void caps_ttls_where_prefixes_may_change(void **state)
{
	static const struct row {
		const char *prefixes;
		bool is_checked;
		uint32_t most, a, synthesized, ipv4only;
	} rows[] = {
		{ P1 "\n", false, UINT32_MAX, 3600, 3600, 3600 },
		{ P1 "\n", true, POLICY_TTL_MAX, 3600, 60, 60 },
		{ P1 "\n", true, POLICY_TTL_MAX, 7, 7, 60 },
		{ P1 "\n" UPSTREAM, false, POLICY_TTL_MAX, 3600, 60, 60 },
		{ P1 "\n<routers drain\n", false, POLICY_TTL_MAX, 3600, 60, 60 },
	};
	struct question aaaa = question_of("x.example", TYPE_AAAA);
	struct question ipv4only = question_of("ipv4only.arpa", TYPE_AAAA);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_options options = options_of(rows[i].prefixes);
		struct policy *policy;
		struct reply *a;
		struct reply *made;
		struct aged_reply fact;
		char line[64];

		options.check.is_on = rows[i].is_checked;
		policy = policy_new(&options);
		assert_int_equal(policy_ttl_max(policy), rows[i].most);
		(void)snprintf(line, sizeof(line), "AN x.example. %u A 198.41.0.4\n", rows[i].a);
		a = reply_of("x.example", TYPE_A, 0, line);
		fact = aged(a, 0);
		made = synth_aaaa(&aaaa, &fact, UINT32_MAX, policy);
		assert_int_equal(reply_record(made, 0).ttl, rows[i].synthesized);
		reply_unref(made);
		made = ipv4only_answer(&ipv4only, policy);
		assert_int_equal(reply_record(made, 0).ttl, rows[i].ipv4only);
		reply_unref(made);
		reply_unref(a);
		policy_unref(policy);
	}
}

/* Each keeps the settings that it looks at, whoever goes first. */
static void lives_on_when_the_one_it_was_made_of_is_gone(void **state)
{
	struct policy *base = policy_of(P1 " 10.0.0.0/8\n" UPSTREAM);
	struct policy *learned = learn(policy_ref(base), "<upstreams " LA "\n");
	struct policy *marked = mark(policy_ref(learned), LA " dead\n");

	(void)state;
	policy_unref(base);
	policy_unref(learned);
	expect_prefixes(marked, "10.0.0.1", P1);
	expect_prefixes(marked, "198.41.0.4", LA);
	policy_unref(marked);
}

static void *use_and_drop(void *base)
{
	static const uint8_t ipv4[4] = { 198, 41, 0, 4 };
	struct policy *policy = base;

	for (unsigned i = 0; i < 1000; i++) {
		struct live_prefix live = { .prefix = prefix_of(P1), .is_dead = i % 2 };
		struct policy *made = policy_with_live(policy, &live, 1);
		const struct prefix *out[POLICY_PREFIXES_MAX];

		if (policy_prefixes_for(made, ipv4, out, NULL) != 2 - i % 2)
			return base;
		policy_unref(made);
	}
	policy_unref(policy);
	return NULL;
}

static void is_shared_by_threads(void **state)
{
	struct policy *base = policy_of(P1 "\n" P2 "\n");
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, use_and_drop, policy_ref(base)), 0);
	policy_unref(base);
	for (size_t i = 0; i < THREADS; i++) {
		void *wrong;

		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_what_was_learned_in_the_places_of_the_sources),
		cmocka_unit_test(serves_the_ranges_of_the_source_with_what_was_learned),
		cmocka_unit_test(takes_no_listed_network_again_with_another_suffix),
		cmocka_unit_test(forgets_what_is_no_longer_said),
		cmocka_unit_test(leaves_out_learned_ones_beyond_sixteen),
		cmocka_unit_test(tells_sources_apart),
		cmocka_unit_test(uses_the_live_ones_of_each_range),
		cmocka_unit_test(marks_learned_ones_too_and_forgets_marks),
		cmocka_unit_test(is_another_policy_only_where_something_changes),
		cmocka_unit_test(is_equal_to_what_answers_the_same),
		cmocka_unit_test(extracts_from_learned_and_from_dead_ones),
		cmocka_unit_test(gives_a_listed_wkp_as_it_is_listed),
		cmocka_unit_test(finds_reverse_names_of_learned_and_dead_ones),
		cmocka_unit_test(serves_ipv4only_arpa_with_what_is_in_force),
		cmocka_unit_test(caps_ttls_where_prefixes_may_change),
		cmocka_unit_test(lives_on_when_the_one_it_was_made_of_is_gone),
		cmocka_unit_test(is_shared_by_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
