/* Checks NAT64 gateways by connections to the targets through their prefixes, and tells that what
 * is known of them has changed. Knows no policy, and not what is done with it. */

#include "sixward/watch/gateway.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/entropy.h"
#include "sixward/base/log.h"
#include "sixward/base/mem.h"
#include "sixward/dns64/ipv4only.h"
#include "sixward/net/socket.h"
#include "sixward/net/tcp.h"
#include "sixward/net/timer.h"

struct gateway;

/* One target through one prefix. */
struct probe {
	struct gateway *gateway;
	struct endpoint target; /* IPv6 */
	struct tcp *tcp;        /* NULL = not under way */
};

struct gateway {
	struct gateways *gateways;
	struct prefix prefix;
	struct probe probes[POLICY_TARGETS_MAX];
	size_t probe_count;
	size_t under_way; /* of the probes */
	struct pulse pulse;
	uint64_t since_ms;   /* its state is what it is */
	struct timer *timer; /* the next check; stands while one is under way */
	uint64_t started_ms; /* the last check */
	uint64_t ended_ms;
	int error; /* of the last probe that failed */
	bool is_tried;
	bool is_unjudged; /* the last check: this host could not try all that it was to */
};

struct gateways {
	struct loop *loop;
	gateways_changed *changed;
	void *owner;
	struct timer *news; /* to tell the owner, in a later turn */
	struct entropy entropy;
	struct policy_check check;
	struct gateway *list[GATEWAYS_MAX];
	uint8_t order[GATEWAYS_MAX]; /* numbers in the list, the best first */
	uint8_t count;
	bool has_left_out; /* prefixes that are not checked, and it was said */
	struct count successes, failures, unjudged;
	struct count to_live, to_dead;
	struct count states[PULSE_DEAD + 1];
};

static void on_time(void *owner);
static void on_connected(void *owner);
static void on_closed(void *owner, int error);

static const struct tcp_events events = { .connected = on_connected, .closed = on_closed };

static void end_probe(struct probe *probe)
{
	if (!probe->tcp)
		return;
	tcp_free(probe->tcp);
	probe->tcp = NULL;
	probe->gateway->under_way--;
}

static void end_probes(struct gateway *gateway)
{
	for (size_t i = 0; i < gateway->probe_count; i++)
		end_probe(&gateway->probes[i]);
}

static struct gateway *gateway_new(struct gateways *gateways, const struct prefix *prefix)
{
	struct gateway *gateway = mem_new(sizeof(*gateway));

	gateway->gateways = gateways;
	gateway->prefix = *prefix;
	gateway->since_ms = loop_now_ms(gateways->loop);
	gateway->timer = timer_new(gateways->loop, on_time, gateway);
	return gateway;
}

static void gateway_free(struct gateway *gateway)
{
	if (!gateway)
		return;
	end_probes(gateway);
	timer_free(gateway->timer);
	free(gateway);
}

static bool has_target(const struct gateway *gateway, const struct endpoint *target)
{
	for (size_t i = 0; i < gateway->probe_count; i++) {
		if (endpoint_equal(&gateway->probes[i].target, target))
			return true;
	}
	return false;
}

/* R7050-8.2-a: these two are never connected to. */
static bool is_well_known(const struct addr *ipv4)
{
	for (size_t i = 0; i < 2; i++) {
		if (memcmp(ipv4->octets, ipv4only_addresses[i], 4) == 0)
			return true;
	}
	return false;
}

static bool may_carry(const struct gateway_prefix *prefix, const struct addr *target)
{
	if (target->family != ADDR_IPV4 || is_well_known(target))
		return false;
	if (prefix->ipv4 && prefix->ipv4->count > 0 && !netset_contains(prefix->ipv4, target))
		return false;
	return !prefix_refuses(&prefix->prefix, target->octets);
}

static void add_targets(struct gateway *gateway, const struct policy_check *check,
	const struct gateway_prefix *prefix)
{
	for (size_t i = 0; i < check->target_count; i++) {
		struct endpoint target = { .port = check->targets[i].port };
		uint8_t octets[16];

		if (!may_carry(prefix, &check->targets[i].addr))
			continue;
		prefix_embed(&prefix->prefix, check->targets[i].addr.octets, octets);
		target.addr = addr_from_ipv6(octets);
		if (has_target(gateway, &target))
			continue;
		assert(gateway->probe_count < POLICY_TARGETS_MAX);
		gateway->probes[gateway->probe_count++] =
			(struct probe){ .gateway = gateway, .target = target };
	}
}

/* After a check that says what is believed, the next one starts `every_ms` after its start at the
 * latest, and up to a tenth before, so that checks do not keep step. While something is open, or
 * after a check that says nothing, it starts `timeout_ms` after its end. */
static void plan(struct gateway *gateway)
{
	struct gateways *gateways = gateway->gateways;
	uint64_t now_ms = loop_now_ms(gateways->loop);
	uint64_t at_ms = gateway->ended_ms + gateways->check.timeout_ms;

	if (!pulse_is_open(&gateway->pulse) && !gateway->is_unjudged) {
		uint64_t every_ms = gateways->check.every_ms;
		uint64_t jitter_ms = every_ms / 10 < UINT32_MAX ? every_ms / 10 : UINT32_MAX - 1;

		at_ms = gateway->started_ms + every_ms -
			entropy_below(&gateways->entropy, (uint32_t)jitter_ms + 1);
	}
	timer_start(gateway->timer, at_ms > now_ms ? at_ms - now_ms : 0);
}

static void count_states(struct gateways *gateways)
{
	uint64_t states[PULSE_DEAD + 1] = { 0 };

	for (size_t i = 0; i < gateways->count; i++)
		states[gateways->list[i]->pulse.state]++;
	for (size_t i = 0; i <= PULSE_DEAD; i++)
		count_set(&gateways->states[i], states[i]);
}

static bool rank(struct gateways *gateways)
{
	struct pulse pulses[GATEWAYS_MAX];

	for (size_t i = 0; i < gateways->count; i++)
		pulses[i] = gateways->list[i]->pulse;
	return pulse_rank(pulses, gateways->order, gateways->count);
}

static void end_check(struct gateway *gateway, bool has_changed)
{
	struct gateways *gateways = gateway->gateways;

	gateway->ended_ms = loop_now_ms(gateways->loop);
	if (has_changed)
		gateway->since_ms = gateway->ended_ms;
	gateway->is_tried = true;
	plan(gateway);
	count_states(gateways);
	if (rank(gateways) || has_changed)
		timer_start(gateways->news, 0);
}

static struct pulse_rules rules_of(const struct gateways *gateways)
{
	return (struct pulse_rules){ .fail_after = gateways->check.fail_after,
		.recover_after = gateways->check.recover_after };
}

static void log_live(const struct gateway *gateway, bool is_back)
{
	char text[NETWORK_TEXT_MAX];

	log_record(is_back ? LOG_NOTICE : LOG_INFO,
		is_back ? "a NAT64 gateway answers again" : "a NAT64 gateway answers",
		LOG_FIELDS(LOG_TEXT("prefix", network_format(&gateway->prefix.network, text)),
			LOG_NUMBER("ms", (gateway->pulse.latency_us + 999) / 1000)));
}

static void log_dead(const struct gateway *gateway)
{
	char text[NETWORK_TEXT_MAX];

	log_record(LOG_WARNING, "a NAT64 gateway does not answer",
		LOG_FIELDS(LOG_TEXT("prefix", network_format(&gateway->prefix.network, text)),
			LOG_NUMBER("failures", gateway->pulse.failures),
			LOG_TEXT("error", socket_error_text(gateway->error))));
}

static void log_unjudged(const struct gateway *gateway)
{
	char text[NETWORK_TEXT_MAX];

	log_warning("a NAT64 gateway could not be checked",
		LOG_FIELDS(LOG_TEXT("prefix", network_format(&gateway->prefix.network, text)),
			LOG_TEXT("error", socket_error_text(gateway->error))));
}

static void succeed(struct gateway *gateway, uint64_t latency_us)
{
	struct gateways *gateways = gateway->gateways;
	struct pulse_rules rules = rules_of(gateways);
	bool was_dead = gateway->pulse.state == PULSE_DEAD;
	bool has_changed;

	end_probes(gateway);
	gateway->is_unjudged = false;
	count_up(&gateways->successes);
	has_changed = pulse_note_success(&gateway->pulse, &rules,
		latency_us < UINT32_MAX ? (uint32_t)latency_us : UINT32_MAX);
	if (has_changed)
		log_live(gateway, was_dead);
	if (has_changed && was_dead)
		count_up(&gateways->to_live);
	end_check(gateway, has_changed);
}

static void fail(struct gateway *gateway)
{
	struct gateways *gateways = gateway->gateways;
	struct pulse_rules rules = rules_of(gateways);
	bool has_changed = pulse_note_failure(&gateway->pulse, &rules);

	count_up(&gateways->failures);
	if (has_changed) {
		count_up(&gateways->to_dead);
		log_dead(gateway);
	}
	end_check(gateway, has_changed);
}

static void leave_unjudged(struct gateway *gateway)
{
	count_up(&gateway->gateways->unjudged);
	log_unjudged(gateway);
	end_check(gateway, false);
}

/* Who has no descriptor or no memory to ask with has not asked. */
static bool is_own_lack(int error)
{
	return error == -EMFILE || error == -ENFILE || error == -ENOBUFS || error == -ENOMEM;
}

static void on_connected(void *owner)
{
	struct probe *probe = owner;

	succeed(probe->gateway, tcp_connect_us(probe->tcp));
}

static void on_closed(void *owner, int error)
{
	struct probe *probe = owner;
	struct gateway *gateway = probe->gateway;

	/* A RST came back through it: who refuses is there. */
	if (error == -ECONNREFUSED) {
		succeed(gateway, tcp_connect_us(probe->tcp));
		return;
	}
	/* One target that was not tried might have answered. */
	if (!gateway->is_unjudged)
		gateway->error = error;
	gateway->is_unjudged = gateway->is_unjudged || is_own_lack(error);
	end_probe(probe);
	if (gateway->under_way > 0)
		return;
	if (gateway->is_unjudged)
		leave_unjudged(gateway);
	else
		fail(gateway);
}

static void on_time(void *owner)
{
	struct gateway *gateway = owner;
	struct gateways *gateways = gateway->gateways;
	struct tcp_options options = { .connect_ms = gateways->check.timeout_ms,
		.tells_icmp = true };

	assert(gateway->under_way == 0);
	gateway->started_ms = loop_now_ms(gateways->loop);
	gateway->is_unjudged = false;
	for (size_t i = 0; i < gateway->probe_count; i++) {
		struct probe *probe = &gateway->probes[i];

		probe->tcp = tcp_connect(gateways->loop, &probe->target, &options, &events, probe);
		gateway->under_way++;
	}
}

static void on_news(void *owner)
{
	struct gateways *gateways = owner;

	gateways->changed(gateways->owner);
}

struct gateways *gateways_new(struct loop *loop, gateways_changed *changed, void *owner)
{
	struct gateways *gateways = mem_new(sizeof(*gateways));

	gateways->loop = loop;
	gateways->changed = changed;
	gateways->owner = owner;
	gateways->news = timer_new(loop, on_news, gateways);
	return gateways;
}

void gateways_free(struct gateways *gateways)
{
	if (!gateways)
		return;
	for (size_t i = 0; i < gateways->count; i++)
		gateway_free(gateways->list[i]);
	timer_free(gateways->news);
	free(gateways);
}

/* Its number in the list; `count` if it is not there. */
static uint8_t find_place(struct gateway *const *list, uint8_t count, const struct prefix *prefix)
{
	uint8_t place = 0;

	while (place < count && !prefix_equal(&list[place]->prefix, prefix))
		place++;
	return place;
}

/* The new list, of gateways of which nothing is known. A prefix that is given twice has the targets
 * of both. Returns how many. */
static uint8_t list_prefixes(struct gateways *gateways, const struct gateway_prefix *prefixes,
	size_t prefix_count, struct gateway *list[GATEWAYS_MAX])
{
	uint8_t count = 0;
	size_t left_out = 0;

	for (size_t i = 0; i < prefix_count; i++) {
		uint8_t place = find_place(list, count, &prefixes[i].prefix);

		if (place == GATEWAYS_MAX) {
			left_out++;
			continue;
		}
		if (place == count)
			list[count++] = gateway_new(gateways, &prefixes[i].prefix);
		add_targets(list[place], &gateways->check, &prefixes[i]);
	}
	if (left_out > 0 && !gateways->has_left_out)
		log_warning("too many NAT64 prefixes to check; some are used unchecked",
			LOG_FIELDS(LOG_NUMBER("checked", GATEWAYS_MAX),
				LOG_NUMBER("unchecked", left_out)));
	gateways->has_left_out = left_out > 0;
	return count;
}

static bool has_same_targets(const struct gateway *a, const struct gateway *b)
{
	if (a->probe_count != b->probe_count)
		return false;
	for (size_t i = 0; i < a->probe_count; i++) {
		if (!has_target(b, &a->probes[i].target))
			return false;
	}
	return true;
}

/* What other targets have said of it holds until the new ones say otherwise. */
static void take_over(struct gateway *gateway, const struct gateway *old)
{
	if (gateway->probe_count == 0)
		return;
	gateway->pulse = old->pulse;
	gateway->since_ms = old->since_ms;
	timer_start(gateway->timer, 0);
}

/* Those that stay take the places of their new selves, and come first in the order, as they did;
 * with other targets, what is known of them does. Returns how many. */
static uint8_t keep(struct gateways *gateways, struct gateway *list[GATEWAYS_MAX], uint8_t count,
	uint8_t order[GATEWAYS_MAX])
{
	uint8_t kept = 0;

	for (size_t i = 0; i < gateways->count; i++) {
		struct gateway *old = gateways->list[gateways->order[i]];
		uint8_t place = find_place(list, count, &old->prefix);

		if (place == count) {
			gateway_free(old);
			continue;
		}
		order[kept++] = place;
		if (has_same_targets(old, list[place])) {
			gateway_free(list[place]);
			list[place] = old;
		} else {
			take_over(list[place], old);
			gateway_free(old);
		}
	}
	return kept;
}

/* The new ones come last in the order, and are checked at once. */
static void begin(struct gateways *gateways, uint8_t kept)
{
	bool is_kept[GATEWAYS_MAX] = { false };

	for (size_t i = 0; i < kept; i++)
		is_kept[gateways->order[i]] = true;
	for (uint8_t i = 0; i < gateways->count; i++) {
		if (is_kept[i])
			continue;
		gateways->order[kept++] = i;
		if (gateways->list[i]->probe_count > 0)
			timer_start(gateways->list[i]->timer, 0);
	}
}

void gateways_set(struct gateways *gateways, const struct policy_check *check,
	const struct gateway_prefix *prefixes, size_t count)
{
	struct gateway *list[GATEWAYS_MAX] = { NULL };
	uint8_t order[GATEWAYS_MAX] = { 0 };
	bool has_other_times = check->every_ms != gateways->check.every_ms ||
			       check->timeout_ms != gateways->check.timeout_ms;
	uint8_t listed;
	uint8_t kept;

	gateways->check = *check;
	listed = list_prefixes(gateways, prefixes, check->is_on ? count : 0, list);
	kept = keep(gateways, list, listed, order);
	memcpy(gateways->list, list, sizeof(list));
	memcpy(gateways->order, order, sizeof(order));
	gateways->count = listed;

	/* A check that was to come in an hour does not, if they now come every ten seconds. */
	for (size_t i = 0; i < kept && has_other_times; i++) {
		struct gateway *gateway = list[order[i]];

		if (gateway->is_tried && timer_is_running(gateway->timer))
			plan(gateway);
	}
	begin(gateways, kept);
	count_states(gateways);
}

size_t gateways_find(const struct gateways *gateways, struct gateway_state out[GATEWAYS_MAX])
{
	for (size_t i = 0; i < gateways->count; i++) {
		const struct gateway *gateway = gateways->list[i];

		out[i] = (struct gateway_state){ .prefix = gateway->prefix,
			.pulse = gateway->pulse,
			.since_ms = gateway->since_ms,
			.has_targets = gateway->probe_count > 0 };
	}
	for (uint8_t i = 0; i < gateways->count; i++)
		out[gateways->order[i]].rank = i;
	return gateways->count;
}

bool gateways_are_tried(const struct gateways *gateways)
{
	for (size_t i = 0; i < gateways->count; i++) {
		if (gateways->list[i]->probe_count > 0 && !gateways->list[i]->is_tried)
			return false;
	}
	return true;
}

void gateways_add_counts(struct gateways *gateways, struct counts *counts)
{
	const struct {
		const char *name, *label, *help;
		const struct count *count;
	} rows[] = {
		{ "gateway_checks_total", "result=\"answered\"", "checks of NAT64 gateways",
			&gateways->successes },
		{ "gateway_checks_total", "result=\"failed\"", "checks of NAT64 gateways",
			&gateways->failures },
		{ "gateway_checks_total", "result=\"unjudged\"", "checks of NAT64 gateways",
			&gateways->unjudged },
		{ "gateway_changes_total", "to=\"live\"",
			"NAT64 gateways that were found dead, or live again", &gateways->to_live },
		{ "gateway_changes_total", "to=\"dead\"",
			"NAT64 gateways that were found dead, or live again", &gateways->to_dead },
		{ "gateways", "state=\"unknown\"", "NAT64 gateways, by what checks say",
			&gateways->states[PULSE_UNKNOWN] },
		{ "gateways", "state=\"live\"", "NAT64 gateways, by what checks say",
			&gateways->states[PULSE_LIVE] },
		{ "gateways", "state=\"dead\"", "NAT64 gateways, by what checks say",
			&gateways->states[PULSE_DEAD] },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		counts_add(counts, rows[i].name, rows[i].label, rows[i].help, rows[i].count);
}
