/* One question in one datagram to one server, and the reply that matches it. Knows no waits,
 * no other server, and not what a reply means. */

#include "sixward/upstream/exchange.h"

#include "sixward/upstream/judge.h"

enum { IDS_TRIED = 64 };

static struct exchange **bucket_of(struct port *port, uint16_t id)
{
	return &port->waiting[id % PORT_BUCKETS];
}

static struct exchange *find(struct port *port, uint16_t id)
{
	struct exchange *exchange = *bucket_of(port, id);

	while (exchange && exchange->id != id)
		exchange = exchange->next;
	return exchange;
}

/* The port may be gone afterwards. */
static void detach(struct exchange *exchange)
{
	struct port *port = exchange->port;
	struct exchange **at = bucket_of(port, exchange->id);

	while (*at != exchange)
		at = &(*at)->next;
	*at = exchange->next;
	exchange->next = NULL;
	exchange->port = NULL;
	port_leave(port);
}

static void end(struct exchange *exchange, enum exchange_result result, const struct wire *wire,
	bool is_cut)
{
	detach(exchange);
	exchange->done(exchange->owner, exchange, result, wire, is_cut);
}

static bool is_same_question(const struct exchange *exchange, struct wire *wire)
{
	/* Only the name and type: who guesses may get the rest wrong. */
	return wire->question_type == exchange->question->type &&
	       name_equal(wire->question_name, exchange->question->name.octets);
}

/* Counts for whomever the message could have been meant to deceive: by its id, or by its
 * question. A late answer to another question is neither. Returns one that has had enough. */
static struct exchange *count_mismatch(struct port *port, struct wire *wire)
{
	struct exchange *fed_up = NULL;
	bool has_question = wire->question_count && wire_view_question(wire) == WIRE_OK;

	for (unsigned i = 0; i < PORT_BUCKETS; i++) {
		for (struct exchange *at = port->waiting[i]; at; at = at->next) {
			if (at->id != wire->id && !(has_question && is_same_question(at, wire)))
				continue;
			if (*at->mismatches < EXCHANGE_MISMATCHES_MAX)
				(*at->mismatches)++;
			if (*at->mismatches == EXCHANGE_MISMATCHES_MAX)
				fed_up = at;
		}
	}
	return fed_up;
}

static void on_received(void *owner, const struct udp_datagram *datagram)
{
	struct port *port = owner;
	struct exchange *exchange = NULL;
	enum judge_match match = JUDGE_MISMATCH;
	struct wire wire;

	/* R5452-9.1-a: a connected socket has the kernel see to the addresses; a net that does
	 * not is not believed. R1035-7.3-a: less than a header is nothing. */
	if (!endpoint_equal(&datagram->peer, ports_server(port->ports)) ||
		!wire_view(&wire, datagram->octets, datagram->size)) {
		count_up(&ports_tally(port->ports)->mismatches);
		return;
	}

	exchange = find(port, wire.id);
	if (exchange)
		match = judge_match(&wire, exchange->question);
	switch (match) {
	case JUDGE_MATCH:
		end(exchange, EXCHANGE_MATCHED, &wire, datagram->is_cut);
		return;
	case JUDGE_ERROR_ONLY:
		end(exchange, EXCHANGE_ERROR_ONLY, &wire, datagram->is_cut);
		return;
	case JUDGE_MISMATCH:
		break;
	}
	count_up(&ports_tally(port->ports)->mismatches);
	exchange = count_mismatch(port, &wire);
	if (exchange)
		end(exchange, EXCHANGE_FORGED, NULL, false);
}

static struct exchange *any_waiting(const struct port *port)
{
	for (unsigned i = 0; i < PORT_BUCKETS; i++)
		if (port->waiting[i])
			return port->waiting[i];
	return NULL;
}

/* R2308-7.2-a: what waits at this socket goes to another server at once. */
static void on_failed(void *owner, int error)
{
	struct port *port = owner;
	struct exchange *exchange = NULL;

	(void)error;
	port_hold(port);
	port_retire(port);
	while (!port->is_freed && (exchange = any_waiting(port)))
		end(exchange, EXCHANGE_UNREACHABLE, NULL, false);
	port_release(port);
}

struct ports *exchange_ports_new(struct loop *loop, struct entropy *entropy, struct tally *tally,
	const struct endpoint *server)
{
	struct ports_options options = {
		.loop = loop,
		.entropy = entropy,
		.tally = tally,
		.server = *server,
		.received = on_received,
		.failed = on_failed,
	};

	return ports_new(&options);
}

bool exchange_start(struct exchange *exchange, struct ports *ports, const struct exchange_ask *ask,
	uint64_t now_ms, int *error)
{
	const struct question *question = ask->question;
	uint8_t octets[WIRE_QUERY_MAX];
	struct wire_query_form form = {
		.name = question->name.octets,
		.type = question->type,
		.rclass = question->rclass,
		.cd = question->cd,
		.ad = ask->ad,
		.edns = ask->edns,
	};
	struct port *port = NULL;
	struct exchange **bucket = NULL;

	/* LIM-36: an A question never meets the AAAA question of its request. */
	port = ports_take(ports, question->type == TYPE_A ? 0 : 1, now_ms, error);
	if (!port)
		return false;
	/* At most some hundred wait here: the first draw is nearly always free. */
	for (unsigned i = 0; i < IDS_TRIED; i++) {
		form.id = entropy_u16(ports_entropy(ports));
		if (!find(port, form.id))
			break;
	}
	exchange->port = port;
	exchange->question = question;
	exchange->mismatches = ask->mismatches;
	exchange->done = ask->done;
	exchange->owner = ask->owner;
	exchange->sent_ms = now_ms;
	exchange->id = form.id;
	bucket = bucket_of(port, form.id);
	exchange->next = *bucket;
	*bucket = exchange;
	port->waiting_count++;

	udp_send(port->udp, octets, wire_encode_query(&form, octets, sizeof(octets)), NULL, NULL);
	return true;
}

void exchange_cancel(struct exchange *exchange)
{
	if (exchange->port)
		detach(exchange);
}

bool exchange_note_own(
	struct ports *ports, uint16_t id, uint16_t source_port, const uint8_t *name, uint16_t type)
{
	struct port *port = ports_find(ports, source_port);
	struct exchange *exchange = port ? find(port, id) : NULL;

	if (!exchange || exchange->question->type != type ||
		!name_equal(name, exchange->question->name.octets))
		return false;
	end(exchange, EXCHANGE_LOOPED, NULL, false);
	return true;
}
