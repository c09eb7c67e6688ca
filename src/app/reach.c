/* Whether endpoints can be reached over TCP. It knows nothing of names and prefixes, nor of what is
 * served there: it says no word. */

#include "sixward/app/reach.h"

#include <assert.h>
#include <errno.h>

#include "sixward/net/tcp.h"

struct reaching {
	struct loop *loop;
	uint64_t started_ms;
	size_t open;
};

struct attempt {
	struct reaching *all;
	struct reach *out;
	struct tcp *tcp;
};

static enum reach_result result_of(int error)
{
	switch (-error) {
	case 0:
		return REACH_CONNECTED;
	case ETIMEDOUT:
		return REACH_SILENT;
	case ECONNREFUSED:
	case ECONNRESET:
		return REACH_REFUSED;
	case ENETUNREACH:
	case EADDRNOTAVAIL: /* no address to come from */
	case EAFNOSUPPORT:
		return REACH_NO_ROUTE;
	default:
		return REACH_UNREACHABLE;
	}
}

static void end(struct attempt *attempt, int error)
{
	struct reaching *all = attempt->all;

	attempt->out->result = result_of(error);
	attempt->out->error = error;
	attempt->out->took_ms = loop_now_ms(all->loop) - all->started_ms;
	tcp_free(attempt->tcp);
	attempt->tcp = NULL;
	if (--all->open == 0)
		loop_stop(all->loop);
}

static void on_connected(void *owner)
{
	end(owner, 0);
}

static void on_closed(void *owner, int error)
{
	end(owner, error);
}

void reach_try(struct loop *loop, struct reach *tries, size_t count, uint64_t timeout_ms)
{
	/* Nothing is ever received: what connects is freed in that very call. */
	static const struct tcp_events events = { .connected = on_connected, .closed = on_closed };
	struct tcp_options options = { .connect_ms = timeout_ms, .tells_icmp = true };
	struct reaching all = { .loop = loop, .started_ms = loop_now_ms(loop), .open = count };
	struct attempt attempts[REACH_MAX];

	assert(count <= REACH_MAX);
	for (size_t i = 0; i < count; i++) {
		attempts[i] = (struct attempt){ .all = &all, .out = &tries[i] };
		attempts[i].tcp =
			tcp_connect(loop, &tries[i].peer, &options, &events, &attempts[i]);
	}
	if (count)
		loop_run(loop);
}

static bool is_before(const struct reach *a, const struct reach *b)
{
	if (a->result != REACH_CONNECTED)
		return false;
	return b->result != REACH_CONNECTED || a->took_ms < b->took_ms;
}

size_t reach_sort(struct reach *tries, size_t count)
{
	size_t connected = 0;

	for (size_t i = 0; i < count; i++) {
		struct reach one = tries[i];
		size_t at = i;

		for (; at > 0 && is_before(&one, &tries[at - 1]); at--)
			tries[at] = tries[at - 1];
		tries[at] = one;
		if (one.result == REACH_CONNECTED)
			connected++;
	}
	return connected;
}
