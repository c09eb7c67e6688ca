/* A worker with one question. */

#include "sixward/app/ask.h"

#include <stdlib.h>

#include "sixward/app/lookout.h"
#include "sixward/app/worker.h"
#include "sixward/base/mem.h"
#include "sixward/dns/wire.h"
#include "sixward/net/timer.h"

enum { LOOK_MS = 10 };

struct asking {
	struct loop *loop;
	struct worker *worker;
	struct lookout *lookout;
	struct timer *timer;
	uint64_t settle_by_ms;
	query_observe *told;
	void *owner;
};

static size_t on_upstreams_wanted(void *owner, struct endpoint *out, size_t room)
{
	const struct asking *asking = owner;

	return worker_upstreams(asking->worker, out, room);
}

static void on_policies(void *owner)
{
	/* They are taken once all is known. */
	(void)owner;
}

static void on_look(void *owner)
{
	struct asking *asking = owner;

	if (lookout_is_settled(asking->lookout) ||
		loop_now_ms(asking->loop) >= asking->settle_by_ms)
		loop_stop(asking->loop);
	else
		timer_start(asking->timer, LOOK_MS);
}

/* One check is all there is time for. */
static struct policy_check check_once(const struct config *config)
{
	struct policy_check check = policy_options(config->views.fallback)->check;

	check.fail_after = 1;
	check.recover_after = 1;
	return check;
}

/* Learns and checks prefixes, and has the worker use what was found. */
static void settle(struct asking *asking, struct config *config)
{
	struct policy_check check = check_once(config);
	struct lookout_options options = { .loop = asking->loop,
		.config = config,
		.check = &check,
		.changed = on_policies,
		.upstreams = on_upstreams_wanted,
		.owner = asking };

	asking->lookout = lookout_new(&options);
	asking->settle_by_ms = loop_now_ms(asking->loop) + ASK_SETTLE_MS;
	asking->timer = timer_new(asking->loop, on_look, asking);
	if (!lookout_is_settled(asking->lookout)) {
		timer_start(asking->timer, LOOK_MS);
		loop_run(asking->loop);
	}
	worker_set_policies(asking->worker, lookout_policies(asking->lookout));
	timer_free(asking->timer);
	lookout_free(asking->lookout);
}

static void on_end(void *owner, const struct query_observation *observation)
{
	struct asking *asking = owner;

	asking->told(asking->owner, observation);
	loop_stop(asking->loop);
}

static void on_answer(void *owner, const struct origin *origin, const uint8_t *octets, size_t size)
{
	/* What there is to know has been observed. */
	(void)owner;
	(void)origin;
	(void)octets;
	(void)size;
}

void ask(
	struct config *config, const uint8_t *name, uint16_t type, query_observe *told, void *owner)
{
	struct asking asking = { .loop = loop_new(), .told = told, .owner = owner };
	struct worker_common common = { .cache = cache_new(&config->cache),
		.shares = shares_new(0, 0),
		.is_alone = true,
		.is_first = true };
	struct wire_query_form form = { .name = name, .type = type, .rclass = CLASS_IN };
	struct query_list list = { 0 };
	struct request request = {
		.origin = { .stream = true }, .limit = WIRE_MESSAGE_MAX, .list = &list
	};
	uint8_t octets[WIRE_QUERY_MAX];
	uint8_t *out = mem_new(WIRE_MESSAGE_MAX);
	struct wire wire;
	size_t size = 0;

	(void)endpoint_parse("[::1]:1", 1, &request.origin.client);
	request.origin.local = request.origin.client.addr;
	(void)wire_view(&wire, octets, wire_encode_query(&form, octets, sizeof(octets)));
	(void)wire_view_question(&wire);
	(void)wire_view_records(&wire);
	request.wire = &wire;
	asking.worker = worker_new(asking.loop, config, &common, on_end, &asking);
	settle(&asking, config);
	if (query_start(worker_resolver(asking.worker), &request, out, &size, on_answer, NULL) ==
		QUERY_WAITS)
		loop_run(asking.loop);
	free(out);
	query_list_cancel(&list);
	worker_free(asking.worker);
	cache_free(common.cache);
	shares_free(common.shares);
	loop_free(asking.loop);
}
