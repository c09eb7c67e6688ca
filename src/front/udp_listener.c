/* Datagrams to requests, answers back. What a message means is the gate's and the query's. */

#include "sixward/front/udp_listener.h"

#include <stdlib.h>

#include "sixward/base/mem.h"
#include "sixward/net/udp.h"

struct udp_listener {
	struct loop *loop;
	struct gate *gate;
	struct resolver *resolver;
	struct udp *udp;
	struct query_list list;
	uint8_t out[WIRE_UDP_ADVERTISED];
};

static void on_answer(void *owner, const struct origin *origin, const uint8_t *octets, size_t size)
{
	struct udp_listener *listener = owner;

	udp_send(listener->udp, octets, size, &origin->client, &origin->local);
}

static void start(struct udp_listener *listener, const struct request *request)
{
	size_t size = 0;

	switch (query_start(
		listener->resolver, request, listener->out, &size, on_answer, listener)) {
	case QUERY_ANSWERED:
		on_answer(listener, &request->origin, listener->out, size);
		break;
	case QUERY_WAITS:
	case QUERY_DROPPED:
		break;
	}
}

static void on_datagram(void *owner, const struct udp_datagram *datagram)
{
	struct udp_listener *listener = owner;
	struct request request; /* filled in piece by piece: it is large */
	struct wire wire;
	size_t size = 0;

	request.origin.client = datagram->peer;
	request.origin.local = datagram->local;
	request.origin.stream = false;
	request.list = &listener->list;
	switch (gate_judge(listener->gate, datagram->octets, datagram->size,
		loop_now_ms(listener->loop), loop_wall_s(listener->loop), &wire, &request,
		listener->out, &size)) {
	case GATE_ADMIT:
		start(listener, &request);
		break;
	case GATE_ANSWER:
	case GATE_ANSWER_AND_CLOSE:
		on_answer(listener, &request.origin, listener->out, size);
		break;
	case GATE_DROP:
	case GATE_CLOSE:
		break;
	}
}

struct udp_listener *udp_listener_new(struct loop *loop, const struct udp_listener_options *options,
	struct gate *gate, struct resolver *resolver, int *error)
{
	struct socket_options socket = { .local = options->endpoint,
		.shared = options->shared,
		.tells_local = true,
		.passed = options->passed };
	struct udp_listener *listener = mem_new(sizeof(*listener));

	listener->loop = loop;
	listener->gate = gate;
	listener->resolver = resolver;
	listener->udp = udp_new(loop, &socket, on_datagram, NULL, listener, error);
	if (!listener->udp) {
		free(listener);
		return NULL;
	}
	return listener;
}

void udp_listener_free(struct udp_listener *listener)
{
	if (!listener)
		return;
	query_list_cancel(&listener->list);
	udp_free(listener->udp);
	free(listener);
}

void udp_listener_set_gate(struct udp_listener *listener, struct gate *gate)
{
	listener->gate = gate;
}

void udp_listener_quiesce(struct udp_listener *listener)
{
	udp_pause(listener->udp);
}

void udp_listener_finish(struct udp_listener *listener)
{
	udp_finish(listener->udp);
}

bool udp_listener_is_idle(const struct udp_listener *listener)
{
	return listener->list.count == 0;
}
