/* All of a snapshot in a sentence, a level and a verdict. Pure: values in, words out. */

#include "sixward/watch/summary.h"

#include <stdarg.h>
#include <stdio.h>

/* What there is of something, and how much of it works. */
struct share {
	size_t good;
	size_t all;
};

struct words {
	char *text;
	size_t used;
};

__attribute__((format(printf, 2, 3))) static void say(struct words *words, const char *format, ...)
{
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(words->text + words->used, SUMMARY_MAX - words->used, format, arguments);
	va_end(arguments);
	words->used += (size_t)size;
	if (words->used >= SUMMARY_MAX)
		words->used = SUMMARY_MAX - 1;
}

/* Of all zones, or of the root alone. */
static struct share count_servers(const struct snapshot *snapshot, bool all_zones)
{
	struct share share = { 0 };

	for (size_t i = 0; i < snapshot->server_count; i++) {
		const struct server_survey *server = &snapshot->servers[i];

		if (!all_zones && !name_is_root(server->zone.octets))
			continue;
		share.all++;
		share.good += !server->is_held;
	}
	return share;
}

/* Of those that are judged; `*open` are not yet. */
static struct share count_gateways(const struct snapshot *snapshot, size_t *open)
{
	struct share share = { 0 };

	*open = 0;
	for (size_t i = 0; i < snapshot->prefix_count; i++) {
		const struct snapshot_prefix *prefix = &snapshot->prefixes[i];

		if (!prefix->is_checked || prefix->drain)
			continue;
		switch (prefix->state) {
		case PULSE_UNKNOWN:
			++*open;
			break;
		case PULSE_LIVE:
			share.good++;
			share.all++;
			break;
		case PULSE_DEAD:
			share.all++;
			break;
		}
	}
	return share;
}

/* Of the prefixes in use for clients that are in no view; a gateway that is not judged is good. */
static struct share count_top(const struct snapshot *snapshot)
{
	struct share share = { 0 };

	for (size_t i = 0; i < snapshot->prefix_count; i++) {
		const struct snapshot_prefix *prefix = &snapshot->prefixes[i];

		if (!prefix->is_top)
			continue;
		share.all++;
		share.good += !prefix->is_checked || prefix->state != PULSE_DEAD;
	}
	return share;
}

/* "2 of 3 upstreams answer" */
static void say_share(struct words *words, struct share share, const char *what)
{
	if (share.all == 1)
		say(words, "; the %s %s", what, share.good ? "answers" : "does not answer");
	else if (share.good == share.all && share.all == 2)
		say(words, "; both %ss answer", what);
	else if (share.good == share.all)
		say(words, "; all %zu %ss answer", share.all, what);
	else if (!share.good)
		say(words, "; none of %zu %ss answers", share.all, what);
	else
		say(words, "; %zu of %zu %ss %s", share.good, share.all, what,
			share.good == 1 ? "answers" : "answer");
}

static void say_rate(struct words *words, uint64_t rate)
{
	uint64_t rounded = (rate + 500) / 1000;

	if (!rate)
		say(words, "Serving, and nobody asks just now");
	else if (rate < 1000)
		say(words, "Serving less than one query a second");
	else
		say(words, "Serving %llu %s a second", (unsigned long long)rounded,
			rounded == 1 ? "query" : "queries");
}

static void say_servers(struct words *words, const struct snapshot *snapshot)
{
	struct share share = count_servers(snapshot, true);

	if (share.all)
		say_share(words, share, "upstream");
	else
		say(words, "; there is no upstream");
}

static void say_prefixes(struct words *words, const struct snapshot *snapshot)
{
	char text[NETWORK_TEXT_MAX];
	const struct snapshot_prefix *used = NULL;
	size_t count = 0;

	for (size_t i = 0; i < snapshot->prefix_count; i++) {
		if (!snapshot->prefixes[i].is_used)
			continue;
		used = &snapshot->prefixes[i];
		count++;
	}
	if (count == 1)
		say(words, "; IPv4-only names get addresses in %s",
			network_format(&used->prefix.network, text));
	else if (count)
		say(words, "; IPv4-only names get addresses in %zu prefixes", count);
	else if (snapshot->is_dns64)
		say(words, "; no NAT64 prefix is known, and IPv4-only names get no address");
	if (!snapshot->is_dns64)
		say(words, "; DNS64 is off%s", count ? " but for some clients" : "");
}

static void say_gateways(struct words *words, const struct snapshot *snapshot)
{
	size_t open;
	struct share share = count_gateways(snapshot, &open);

	if (share.all)
		say_share(words, share, "NAT64 gateway");
	if (open)
		say(words, "; %zu NAT64 gateway%s being checked", open,
			open == 1 ? " is" : "s are");
}

char *summary_sentence(const struct snapshot *snapshot, char text[SUMMARY_MAX])
{
	struct words words = { .text = text };

	say_rate(&words, snapshot->rate);
	say_servers(&words, snapshot);
	say_prefixes(&words, snapshot);
	say_gateways(&words, snapshot);
	if (snapshot->silent_workers)
		say(&words, "; %u of %u workers %s not report", snapshot->silent_workers,
			snapshot->workers, snapshot->silent_workers == 1 ? "does" : "do");
	if (snapshot->warning_count)
		say(&words, "; %zu warning%s", snapshot->warning_count,
			snapshot->warning_count == 1 ? "" : "s");
	say(&words, ".");
	return text;
}

const char *summary_illness(const struct snapshot *snapshot)
{
	struct share servers = count_servers(snapshot, false);
	struct share prefixes = count_top(snapshot);

	if (!servers.all && snapshot->silent_workers < snapshot->workers)
		return "there is no upstream";
	if (servers.all && !servers.good)
		return "no upstream answers";
	if (snapshot->is_dns64 && !prefixes.all)
		return "no NAT64 prefix is known";
	if (snapshot->is_dns64 && !prefixes.good)
		return "no NAT64 gateway answers";
	return NULL;
}

enum snapshot_level summary_level(const struct snapshot *snapshot)
{
	size_t open;
	struct share servers = count_servers(snapshot, true);
	struct share gateways = count_gateways(snapshot, &open);

	if (summary_illness(snapshot))
		return SNAPSHOT_ERROR;
	if (servers.good < servers.all || gateways.good < gateways.all ||
		snapshot->silent_workers || snapshot->warning_count)
		return SNAPSHOT_WARNING;
	return SNAPSHOT_OK;
}
