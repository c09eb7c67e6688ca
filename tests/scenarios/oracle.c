/* Programmable upstreams on the simulated net. */

#include "oracle.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/dns/message.h"
#include "sixward/net/timer.h"

enum { PRINTED_MAX = 30 };

struct step {
	struct recipe recipe;
	uint64_t delay_ms;
};

struct program {
	struct program *next; /* told before this one */
	struct oracle_pattern pattern;
	struct step *steps;
	size_t count;
	size_t at[ORACLE_ACTORS];
};

struct stream {
	struct stream *next;
	struct oracle *oracle;
	unsigned actor;
	struct tcp *tcp; /* NULL = closed */
	struct frames frames;
};

/* A reply that is held back. */
struct pending {
	struct pending *next;
	struct oracle *oracle;
	unsigned actor;
	struct timer *timer;
	struct stream *stream; /* NULL = UDP */
	struct endpoint to;
	const struct recipe *recipe; /* a program's, which is never forgotten */
	uint8_t *query;
	size_t size;
};

struct actor {
	struct oracle *oracle;
	unsigned number;
	struct endpoint at;
	enum oracle_state tcp;
	enum oracle_state udp;
	size_t connections;
};

struct oracle {
	struct loop *loop;
	struct sim *sim;
	struct actor actors[ORACLE_ACTORS];
	struct program *programs;
	struct stream *streams;
	struct pending *pendings;
	struct oracle_heard *heard;
	size_t heard_count;
	size_t heard_first;
};

static bool fits(const struct oracle_pattern *pattern, unsigned actor, bool is_stream,
	const struct question *question)
{
	const uint8_t *name = pattern->question.name.octets;

	if (!(pattern->actors & 1U << actor) ||
		!(pattern->transports & (is_stream ? ORACLE_TCP : ORACLE_UDP)))
		return false;
	if (!pattern->any_type && (pattern->question.type != question->type ||
					  pattern->question.rclass != question->rclass))
		return false;
	if (pattern->any_name)
		return true;
	return pattern->any_below ? name_is_under(question->name.octets, name)
				  : name_equal(question->name.octets, name);
}

static void note(struct oracle *oracle, unsigned actor, const struct wire *wire, bool is_stream,
	uint16_t port)
{
	struct oracle_heard *heard;

	oracle->heard =
		mem_resize_array(oracle->heard, oracle->heard_count + 1, sizeof(oracle->heard[0]));
	heard = &oracle->heard[oracle->heard_count++];
	*heard = (struct oracle_heard){
		.at_ms = loop_now_ms(oracle->loop),
		.actor = actor,
		.is_stream = is_stream,
		.id = wire->id,
		.port = port,
		.flags = wire->flags,
		.question = question_make(wire->question_name, wire->question_type,
			wire->question_class, wire->flags & WIRE_CD),
		.name = name_copy(wire->question_name),
		.has_opt = wire->edns.present,
		.has_do = wire->edns.dnssec_ok,
		.version = wire->edns.version,
		.udp_size = wire->edns.udp_size,
		.options_size = wire->edns.options_size,
	};
	assert(heard->options_size <= ORACLE_OPTIONS_MAX);
	if (heard->options_size)
		memcpy(heard->options, wire->edns.options, heard->options_size);
}

/* What it was not told of: NODATA. The recipe belongs to the program made for it. */
static struct program *tell_default(struct oracle *oracle, const struct question *question)
{
	struct oracle_pattern pattern = { .actors = (1U << ORACLE_ACTORS) - 1,
		.transports = ORACLE_BOTH,
		.question = *question };
	struct recipe recipe = { 0 };
	const char *fault = recipe_parse(&recipe, "NODATA(soa 300/60)", question);

	assert(!fault);
	(void)fault;
	oracle_tell(oracle, &pattern, &recipe, 0);
	return oracle->programs;
}

static const struct step *next_step(
	struct oracle *oracle, unsigned actor, bool is_stream, const struct question *question)
{
	struct program *program = oracle->programs;
	size_t at;

	while (program && !fits(&program->pattern, actor, is_stream, question))
		program = program->next;
	if (!program)
		program = tell_default(oracle, question);
	at = program->at[actor];
	if (at + 1 < program->count)
		program->at[actor]++;
	return &program->steps[at];
}

static void stream_end(struct stream *stream)
{
	tcp_free(stream->tcp);
	stream->tcp = NULL;
	frames_clear(&stream->frames);
}

static void send_forged(
	struct oracle *oracle, const struct pending *p, const uint8_t *reply, size_t size)
{
	const struct recipe *recipe = p->recipe;
	uint8_t out[WIRE_MESSAGE_MAX];

	for (size_t i = 0; i < recipe->forged_count; i++) {
		struct endpoint from = oracle->actors[p->actor].at;
		struct endpoint to = p->to;
		size_t out_size = mint_forge(recipe->forged[i].kind, reply, size, out);

		if (recipe->forged[i].kind == FORGE_ADDRESS)
			from.addr.octets[3] ^= 64;
		if (recipe->forged[i].kind == FORGE_PORT)
			from.port++;
		for (unsigned k = 0; k < recipe->forged[i].times; k++) {
			if (!p->stream)
				sim_send_udp(oracle->sim, &from, &to, out, out_size);
			else if (recipe->forged[i].kind != FORGE_SHORT)
				(void)tcp_write_message(p->stream->tcp, out, out_size);
		}
	}
}

static void send_reply(struct oracle *oracle, const struct pending *p)
{
	uint8_t out[WIRE_MESSAGE_MAX];
	struct wire wire;
	size_t size;

	(void)wire_view(&wire, p->query, p->size);
	(void)wire_view_question(&wire);
	(void)wire_view_records(&wire);
	size = mint_reply(p->recipe, &wire, p->stream != NULL, out);
	send_forged(oracle, p, out, size);
	if (p->recipe->is_silent)
		;
	else if (!p->stream)
		sim_send_udp(oracle->sim, &oracle->actors[p->actor].at, &p->to, out, size);
	else if (!p->recipe->closes_first)
		(void)tcp_write_message(p->stream->tcp, out, size);
	if (p->stream && (p->recipe->closes || p->recipe->closes_first))
		tcp_finish(p->stream->tcp);
}

static void pending_free(struct oracle *oracle, struct pending *pending)
{
	struct pending **at = &oracle->pendings;

	while (*at != pending)
		at = &(*at)->next;
	*at = pending->next;
	timer_free(pending->timer);
	free(pending->query);
	free(pending);
}

static void on_due(void *owner)
{
	struct pending *pending = owner;

	if (!pending->stream || pending->stream->tcp)
		send_reply(pending->oracle, pending);
	pending_free(pending->oracle, pending);
}

static void answer(struct actor *actor, const uint8_t *octets, size_t size, struct stream *stream,
	const struct endpoint *from)
{
	struct oracle *oracle = actor->oracle;
	const struct step *step;
	struct question question;
	struct pending *pending;
	struct wire wire;
	bool is_fine = wire_view(&wire, octets, size) && wire.question_count == 1 &&
		       wire_view_question(&wire) == WIRE_OK && wire_view_records(&wire) == WIRE_OK;

	assert(is_fine); /* the product sends nothing else (UPS-e) */
	(void)is_fine;
	note(oracle, actor->number, &wire, stream != NULL, from->port);
	if (!stream && actor->udp != ORACLE_UP)
		return;
	question = question_make(
		wire.question_name, wire.question_type, wire.question_class, wire.flags & WIRE_CD);
	step = next_step(oracle, actor->number, stream != NULL, &question);
	if (step->recipe.is_silent && step->recipe.forged_count == 0)
		return;
	pending = mem_new(sizeof(*pending));
	*pending = (struct pending){ .next = oracle->pendings,
		.oracle = oracle,
		.actor = actor->number,
		.stream = stream,
		.to = *from,
		.recipe = &step->recipe,
		.query = mem_copy(octets, size),
		.size = size };
	oracle->pendings = pending;
	pending->timer = timer_new(oracle->loop, on_due, pending);
	timer_start(pending->timer, step->delay_ms);
}

static void on_datagram(void *owner, const struct endpoint *from, const struct endpoint *to,
	const uint8_t *octets, size_t size)
{
	(void)to;
	answer(owner, octets, size, NULL, from);
}

static void on_received(void *owner, const uint8_t *octets, size_t size)
{
	struct stream *stream = owner;
	struct endpoint peer = tcp_peer(stream->tcp);
	const uint8_t *message = NULL;
	size_t message_size = 0;

	frames_lend(&stream->frames, octets, size);
	while (frames_next(&stream->frames, &message, &message_size) == FRAMES_MESSAGE)
		answer(&stream->oracle->actors[stream->actor], message, message_size, stream,
			&peer);
}

static void on_ended(void *owner)
{
	stream_end(owner);
}

static void on_closed(void *owner, int error)
{
	(void)error;
	stream_end(owner);
}

static enum sim_verdict on_connecting(void *owner, struct tcp *tcp)
{
	static const struct tcp_events events = {
		.received = on_received, .ended = on_ended, .closed = on_closed
	};
	static const struct tcp_options options = { 0 };
	struct actor *actor = owner;
	struct stream *stream;

	actor->connections++;
	if (actor->tcp != ORACLE_UP)
		return actor->tcp == ORACLE_SILENT ? SIM_IGNORE : SIM_REFUSE;
	stream = mem_new(sizeof(*stream));
	*stream = (struct stream){ .next = actor->oracle->streams,
		.oracle = actor->oracle,
		.actor = actor->number,
		.tcp = tcp };
	actor->oracle->streams = stream;
	tcp_attach(tcp, &options, &events, stream);
	return SIM_ACCEPT;
}

struct endpoint oracle_endpoint(unsigned actor)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 4 };
	const uint8_t octets[4] = { 198, 51, 100, (uint8_t)(actor + 1) };

	if (actor == ORACLE_ACTORS - 1)
		return (struct endpoint){ .addr = addr_from_ipv4(loopback), .port = 53 };

	return (struct endpoint){ .addr = addr_from_ipv4(octets), .port = 53 };
}

struct oracle *oracle_new(struct loop *loop)
{
	struct oracle *oracle = mem_new(sizeof(*oracle));

	oracle->loop = loop;
	oracle->sim = sim_of(loop);
	for (unsigned i = 0; i < ORACLE_ACTORS; i++) {
		struct actor *actor = &oracle->actors[i];

		actor->oracle = oracle;
		actor->number = i;
		actor->at = oracle_endpoint(i);
		sim_serve_udp(oracle->sim, &actor->at, on_datagram, actor);
		sim_serve_tcp(oracle->sim, &actor->at, on_connecting, actor);
	}
	return oracle;
}

static void free_programs(struct program *program)
{
	while (program) {
		struct program *next = program->next;

		for (size_t i = 0; i < program->count; i++)
			recipe_clear(&program->steps[i].recipe);
		free(program->steps);
		free(program);
		program = next;
	}
}

void oracle_free(struct oracle *oracle)
{
	if (!oracle)
		return;
	while (oracle->pendings)
		pending_free(oracle, oracle->pendings);
	while (oracle->streams) {
		struct stream *stream = oracle->streams;

		oracle->streams = stream->next;
		stream_end(stream);
		free(stream);
	}
	free_programs(oracle->programs);
	free(oracle->heard);
	free(oracle);
}

static void add_step(struct program *program, struct recipe *recipe, uint64_t delay_ms)
{
	program->steps =
		mem_resize_array(program->steps, program->count + 1, sizeof(program->steps[0]));
	program->steps[program->count++] = (struct step){ .recipe = *recipe, .delay_ms = delay_ms };
	*recipe = (struct recipe){ 0 };
}

void oracle_tell(struct oracle *oracle, const struct oracle_pattern *pattern, struct recipe *recipe,
	uint64_t delay_ms)
{
	struct program *program = mem_new(sizeof(*program));

	/* The newest comes first, so an equal one is never looked at again; replies held back may
	 * still need it. */
	program->pattern = *pattern;
	program->next = oracle->programs;
	oracle->programs = program;
	add_step(program, recipe, delay_ms);
}

void oracle_tell_then(struct oracle *oracle, struct recipe *recipe, uint64_t delay_ms)
{
	assert(oracle->programs);
	add_step(oracle->programs, recipe, delay_ms);
}

const struct oracle_pattern *oracle_last(const struct oracle *oracle)
{
	return oracle->programs ? &oracle->programs->pattern : NULL;
}

void oracle_set_state(
	struct oracle *oracle, unsigned actor, unsigned transports, enum oracle_state state)
{
	struct actor *a = &oracle->actors[actor];

	if (transports & ORACLE_TCP)
		a->tcp = state;
	if (!(transports & ORACLE_UDP))
		return;
	a->udp = state;
	/* Refusal by the simulated net covers TCP as well. */
	sim_refuse(oracle->sim, &a->at, state == ORACLE_REFUSES ? -ECONNREFUSED : 0);
}

size_t oracle_count(const struct oracle *oracle, const struct oracle_pattern *pattern)
{
	size_t count = 0;

	for (size_t i = oracle->heard_first; i < oracle->heard_count; i++) {
		const struct oracle_heard *heard = &oracle->heard[i];

		count += fits(pattern, heard->actor, heard->is_stream, &heard->question);
	}
	return count;
}

const struct oracle_heard *oracle_find_last(
	const struct oracle *oracle, const struct oracle_pattern *pattern)
{
	for (size_t i = oracle->heard_count; i > oracle->heard_first; i--) {
		const struct oracle_heard *heard = &oracle->heard[i - 1];

		if (fits(pattern, heard->actor, heard->is_stream, &heard->question))
			return heard;
	}
	return NULL;
}

size_t oracle_connections(const struct oracle *oracle, unsigned actor, bool only_open)
{
	size_t open = 0;

	for (const struct stream *stream = oracle->streams; stream; stream = stream->next)
		open += stream->actor == actor && stream->tcp;
	return only_open ? open : oracle->actors[actor].connections;
}

void oracle_forget(struct oracle *oracle)
{
	oracle->heard_first = oracle->heard_count;
	for (unsigned i = 0; i < ORACLE_ACTORS; i++)
		oracle->actors[i].connections = 0;
}

void oracle_spread(const struct oracle *oracle, size_t *ports, size_t *ids)
{
	*ports = 0;
	*ids = 0;
	for (size_t i = oracle->heard_first; i < oracle->heard_count; i++) {
		bool new_port = true;
		bool new_id = true;

		for (size_t k = oracle->heard_first; k < i; k++) {
			new_port &= oracle->heard[k].port != oracle->heard[i].port;
			new_id &= oracle->heard[k].id != oracle->heard[i].id;
		}
		*ports += new_port;
		*ids += new_id;
	}
}

void oracle_print(const struct oracle *oracle, FILE *out)
{
	size_t first = oracle->heard_first;

	if (oracle->heard_count > first + PRINTED_MAX)
		first = oracle->heard_count - PRINTED_MAX;
	for (size_t i = first; i < oracle->heard_count; i++) {
		const struct oracle_heard *heard = &oracle->heard[i];
		char name[NAME_TEXT_MAX];
		char type[MESSAGE_TYPE_TEXT_MAX];

		(void)fprintf(out, "    at %llu ms U%u heard over %s: %s %s\n",
			(unsigned long long)(heard->at_ms - SIM_START_MS), heard->actor + 1,
			heard->is_stream ? "TCP" : "UDP",
			message_format_type(heard->question.type, type),
			name_format(heard->name.octets, name));
	}
}
