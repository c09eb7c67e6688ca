/* Sockets that the service manager has opened and passed on, found by where they are bound. Knows
 * nothing of how they were passed, nor of who listens. */

#include "sixward/app/passed.h"

#include <stdlib.h>
#include <unistd.h>

#include "sixward/base/log.h"
#include "sixward/base/mem.h"

struct item {
	int descriptor;
	enum socket_kind kind;
	struct endpoint local;
};

struct passed {
	struct item *items;
	size_t count;
};

static const char *kind_name(enum socket_kind kind)
{
	return kind == SOCKET_UDP ? "udp" : "tcp";
}

static bool is_listed(
	const struct endpoint *endpoint, const struct endpoint *listen, size_t listen_count)
{
	for (size_t i = 0; i < listen_count; i++) {
		if (endpoint_equal(endpoint, &listen[i]))
			return true;
	}
	return false;
}

static bool is_useful(struct item *item, const struct endpoint *listen, size_t listen_count)
{
	const char *reason = socket_describe(item->descriptor, &item->kind, &item->local);
	char text[ENDPOINT_TEXT_MAX];

	if (reason) {
		log_warning("a passed socket cannot be used",
			LOG_FIELDS(LOG_NUMBER("descriptor", item->descriptor),
				LOG_TEXT("reason", reason)));
		return false;
	}
	if (is_listed(&item->local, listen, listen_count))
		return true;
	log_warning("a passed socket is at no endpoint of listen",
		LOG_FIELDS(LOG_TEXT("endpoint", endpoint_format(&item->local, text)),
			LOG_TEXT("transport", kind_name(item->kind))));
	return false;
}

struct passed *passed_new(
	int first, size_t count, const struct endpoint *listen, size_t listen_count)
{
	struct passed *passed = mem_new(sizeof(*passed));

	passed->items = mem_new_array(count, sizeof(*passed->items));
	for (size_t i = 0; i < count; i++) {
		struct item *item = &passed->items[passed->count];

		item->descriptor = first + (int)i;
		if (is_useful(item, listen, listen_count))
			passed->count++;
		else
			(void)close(item->descriptor);
	}
	return passed;
}

void passed_free(struct passed *passed)
{
	if (!passed)
		return;
	for (size_t i = 0; i < passed->count; i++)
		(void)close(passed->items[i].descriptor);
	free(passed->items);
	free(passed);
}

static bool is_at(const struct item *item, enum socket_kind kind, const struct endpoint *endpoint)
{
	return item->kind == kind && endpoint_equal(&item->local, endpoint);
}

int passed_find(const struct passed *passed, enum socket_kind kind, const struct endpoint *endpoint,
	unsigned worker)
{
	unsigned count = 0;
	unsigned turn;

	for (size_t i = 0; passed && i < passed->count; i++)
		count += is_at(&passed->items[i], kind, endpoint);
	if (!count)
		return 0;
	turn = worker % count;
	for (size_t i = 0; i < passed->count; i++) {
		if (is_at(&passed->items[i], kind, endpoint) && turn-- == 0)
			return passed->items[i].descriptor;
	}
	return 0;
}
