/* A stand-in for resolve/query: requests end when the test says so. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fake_query.h"
#include "sixward/base/mem.h"

struct query {
	struct query *next;
	struct query_list *list;
	struct resolver *resolver;
	struct origin origin;
	uint8_t header[WIRE_HEADER_SIZE];
	query_done *done;
	void *owner;
};

static void write_answer(const struct resolver *resolver, const uint8_t *header, uint8_t *out)
{
	memset(out, 'x', resolver->answer_size);
	memcpy(out, header, WIRE_HEADER_SIZE);
	out[2] |= 0x80;
}

static void forget(struct query *query)
{
	struct resolver *resolver = query->resolver;
	struct query **at = &query->list->first;
	size_t number = 0;

	while (*at != query)
		at = &(*at)->next;
	*at = query->next;
	query->list->count--;
	while (resolver->waiting[number] != query)
		number++;
	resolver->waiting_count--;
	memmove(&resolver->waiting[number], &resolver->waiting[number + 1],
		(resolver->waiting_count - number) * sizeof(query));
	free(query);
}

void fake_answer(struct resolver *resolver, size_t number)
{
	static uint8_t out[WIRE_MESSAGE_MAX];
	struct query query;

	assert_true(number < resolver->waiting_count);
	query = *resolver->waiting[number];
	write_answer(resolver, query.header, out);
	forget(resolver->waiting[number]);
	query.done(query.owner, &query.origin, out, resolver->answer_size);
}

enum query_state query_start(struct resolver *resolver, const struct request *request, uint8_t *out,
	size_t *size, query_done *done, void *owner)
{
	struct query *query;

	resolver->started++;
	resolver->origin = request->origin;
	resolver->limit = request->limit;
	assert_true(resolver->answer_size <= request->limit);
	if (request->wire->question_name[1] == 'd')
		return QUERY_DROPPED;
	if (request->wire->question_name[1] == 'n') {
		write_answer(resolver, request->wire->octets, out);
		*size = resolver->answer_size;
		return QUERY_ANSWERED;
	}
	assert_true(resolver->waiting_count < FAKE_WAITING_MAX);
	query = mem_new(sizeof(*query));
	*query = (struct query){ .next = request->list->first,
		.list = request->list,
		.resolver = resolver,
		.origin = request->origin,
		.done = done,
		.owner = owner };
	memcpy(query->header, request->wire->octets, sizeof(query->header));
	request->list->first = query;
	request->list->count++;
	resolver->waiting[resolver->waiting_count++] = query;
	return QUERY_WAITS;
}

void query_list_cancel(struct query_list *list)
{
	while (list->first) {
		list->first->resolver->cancelled++;
		forget(list->first);
	}
}
