/* A worker whose only client we are. */

#include "sixward/app/ask.h"

#include <stdlib.h>

#include "sixward/app/lookout.h"
#include "sixward/app/worker.h"
#include "sixward/base/mem.h"
#include "sixward/dns/wire.h"
#include "sixward/net/timer.h"

enum {
	LOOK_MS = 10,
	ROUTERS_MS = 1000,  /* RFC 4861 6.2.6: a router answers within half a second */
	CHECK_MAX_MS = 4000 /* so that a silent gateway is dead while we still wait */
};

struct asker {
	struct loop *loop;
	struct config *config;
	struct worker_common common;
	struct worker *worker;
	struct lookout *lookout; /* while prefixes are learned and checked */
	struct timer *timer;
	uint64_t settle_by_ms;
	query_observe *told;
	void *owner;
	bool is_waiting; /* for an answer: the loop runs */
};

static size_t on_upstreams_wanted(void *owner, struct endpoint *out, size_t room)
{
	const struct asker *asker = owner;

	return worker_upstreams(asker->worker, out, room);
}

static void on_policies(void *owner)
{
	/* They are taken once all is known. */
	(void)owner;
}

static void on_look(void *owner)
{
	struct asker *asker = owner;

	if (lookout_is_settled(asker->lookout) || loop_now_ms(asker->loop) >= asker->settle_by_ms)
		loop_stop(asker->loop);
	else
		timer_start(asker->timer, LOOK_MS);
}

/* One check is all there is time for. */
static struct policy_check check_once(const struct config *config)
{
	struct policy_check check = policy_options(config->views.fallback)->check;

	if (check.timeout_ms > CHECK_MAX_MS)
		check.timeout_ms = CHECK_MAX_MS;
	check.fail_after = 1;
	check.recover_after = 1;
	return check;
}

/* Learns and checks prefixes, and has the worker use what was found. */
static void settle(struct asker *asker)
{
	struct policy_check check = check_once(asker->config);
	struct lookout_options options = { .loop = asker->loop,
		.config = asker->config,
		.check = &check,
		.routers_ms = ROUTERS_MS,
		.changed = on_policies,
		.upstreams = on_upstreams_wanted,
		.owner = asker };

	asker->lookout = lookout_new(&options);
	asker->settle_by_ms = loop_now_ms(asker->loop) + ASK_SETTLE_MS;
	asker->timer = timer_new(asker->loop, on_look, asker);
	if (!lookout_is_settled(asker->lookout)) {
		timer_start(asker->timer, LOOK_MS);
		loop_run(asker->loop);
	}
	worker_set_policies(asker->worker, lookout_policies(asker->lookout));
	timer_free(asker->timer);
	lookout_free(asker->lookout);
}

static void on_end(void *owner, const struct query_observation *observation)
{
	struct asker *asker = owner;

	asker->told(asker->owner, observation);
	if (asker->is_waiting)
		loop_stop(asker->loop);
}

static void on_answer(void *owner, const struct origin *origin, const uint8_t *octets, size_t size)
{
	/* What there is to know has been observed. */
	(void)owner;
	(void)origin;
	(void)octets;
	(void)size;
}

struct asker *asker_new(struct config *config)
{
	struct asker *asker = mem_new(sizeof(*asker));

	asker->loop = loop_new();
	asker->config = config_ref(config);
	asker->common = (struct worker_common){ .cache = cache_new(&config->cache),
		.shares = shares_new(0, 0),
		.is_alone = true,
		.is_first = true };
	asker->worker = worker_new(asker->loop, config, &asker->common, on_end, asker);
	settle(asker);
	return asker;
}

void asker_free(struct asker *asker)
{
	worker_free(asker->worker);
	cache_free(asker->common.cache);
	shares_free(asker->common.shares);
	config_unref(asker->config);
	loop_free(asker->loop);
	free(asker);
}

void asker_ask(
	struct asker *asker, const uint8_t *name, uint16_t type, query_observe *told, void *owner)
{
	struct wire_query_form form = { .name = name, .type = type, .rclass = CLASS_IN };
	struct query_list list = { 0 };
	struct request request = {
		.origin = { .stream = true }, .limit = WIRE_MESSAGE_MAX, .list = &list
	};
	uint8_t octets[WIRE_QUERY_MAX];
	uint8_t *out = mem_new(WIRE_MESSAGE_MAX);
	struct wire wire;
	size_t size = 0;

	asker->told = told;
	asker->owner = owner;
	(void)endpoint_parse("[::1]:1", 1, &request.origin.client);
	request.origin.local = request.origin.client.addr;
	(void)wire_view(&wire, octets, wire_encode_query(&form, octets, sizeof(octets)));
	(void)wire_view_question(&wire);
	(void)wire_view_records(&wire);
	request.wire = &wire;
	asker->is_waiting = false;
	asker->is_waiting = query_start(worker_resolver(asker->worker), &request, out, &size,
				    on_answer, NULL) == QUERY_WAITS;
	if (asker->is_waiting)
		loop_run(asker->loop);
	free(out);
	query_list_cancel(&list);
}

void ask(
	struct config *config, const uint8_t *name, uint16_t type, query_observe *told, void *owner)
{
	struct asker *asker = asker_new(config);

	asker_ask(asker, name, type, told, owner);
	asker_free(asker);
}
