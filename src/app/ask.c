/* A worker with one question. */

#include "sixward/app/ask.h"

#include <stdlib.h>

#include "sixward/app/worker.h"
#include "sixward/base/mem.h"
#include "sixward/dns/wire.h"

struct asking {
	struct loop *loop;
	query_observe *told;
	void *owner;
};

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
	struct worker *worker = worker_new(asking.loop, config, &common, on_end, &asking);
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
	if (query_start(worker_resolver(worker), &request, out, &size, on_answer, NULL) ==
		QUERY_WAITS)
		loop_run(asking.loop);
	free(out);
	query_list_cancel(&list);
	worker_free(worker);
	cache_free(common.cache);
	shares_free(common.shares);
	loop_free(asking.loop);
}
