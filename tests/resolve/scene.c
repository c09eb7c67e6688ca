/* A resolver before a stand-in for the upstream. */

#include "scene.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"
#include "sixward/base/bytes.h"

enum { CACHE_SIZE = 1 << 20 };

static const char *const default_exclusions[] = { "::ffff:0:0/96", "::/128", "::1/128", "fe80::/10",
	"ff00::/8" };

void scene_set_prefix(struct policy_options *options, size_t place, const char *text)
{
	struct network network;
	bool fine = network_parse(text, &network) == NETWORK_OK;

	assert(fine);
	fine = prefix_make(&network, NULL, &options->prefixes[place].prefix) == PREFIX_OK;
	assert(fine);
	if (options->prefix_count <= place)
		options->prefix_count = place + 1;
}

static void init_policy(struct policy_options *options)
{
	options->enabled = true;
	options->ptr = true;
	options->mark_synthesized = true;
	scene_set_prefix(options, 0, "2001:db8:64::/96");
	for (size_t i = 0; i < sizeof(default_exclusions) / sizeof(*default_exclusions); i++)
		netset_add_text(&options->exclude_aaaa, default_exclusions[i]);
}

void scene_init(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	init_policy(&scene->policy);
	scene->queries_max = 100;
	scene->nxdomain_cut = true;
	scene->loop = loop_new();
	scene->sim = sim_of(scene->loop);
	scene->routes = fake_new(scene->loop);
}

static void on_observe(void *owner, const struct query_observation *observation)
{
	struct scene *scene = owner;

	scene->observed++;
	scene->last_outcome = observation->outcome;
	scene->last_took_ms = observation->took_ms;
	scene->last_had_aaaa = observation->aaaa != NULL;
	scene->last_had_a = observation->a != NULL;
	scene->last_view = observation->view;
	scene->last_upstream[0] = '\0';
	if (observation->upstream)
		(void)endpoint_format(observation->upstream, scene->last_upstream);
	scene->last_prefix[0] = '\0';
	if (observation->prefix)
		(void)network_format(&observation->prefix->network, scene->last_prefix);
}

static struct records *make_records(const struct scene *scene)
{
	struct records *records = records_new();
	size_t skipped;

	for (size_t i = 0; i < 8 && scene->records[i]; i++) {
		const char *error;
		bool fine = records_add(records, scene->records[i], &error);

		assert(fine);
	}
	if (scene->hosts)
		records_add_hosts(records, scene->hosts, strlen(scene->hosts), &skipped);
	return records;
}

static void open_scene(struct scene *scene)
{
	struct netset clients = { 0 };

	if (scene->resolver)
		return;
	scene->cache = cache_new(&(struct cache_options){ .size = CACHE_SIZE,
		.nxdomain_cut = scene->nxdomain_cut,
		.failure_first_s = 5,
		.failure_most_s = 60 });
	scene->local = local_new(&(struct local_options){ .forward_special = &scene->none,
					 .zones = &scene->none,
					 .identity = scene->identity },
		make_records(scene));
	scene->lookups = lookups_new(&(struct lookups_options){ .loop = scene->loop,
		.cache = scene->cache,
		.routes = scene->routes,
		.resolve_ms = 10000,
		.terms = { .local = scene->local, .links_max = 16, .flights_max = 1000 } });
	views_set_fallback(&scene->views, policy_new(&scene->policy));
	netset_add_text(&clients, "203.0.113.0/24");
	views_add(&scene->views, &clients, policy_new(&scene->view));
	scene->hints = scene->has_hints ? hints_new() : NULL;
	scene->parts = (struct resolver_parts){ .loop = scene->loop,
		.lookups = scene->lookups,
		.routes = scene->routes,
		.local = scene->local,
		.views = &scene->views,
		.queries_max = scene->queries_max,
		.budget_ms = SCENE_BUDGET_MS,
		.cache = scene->cache,
		.hints = scene->hints,
		.stamp = 1,
		.observe = scene->is_unobserved ? NULL : on_observe,
		.observer = scene };
	scene->resolver = resolver_new(&scene->parts);
}

void scene_clear(struct scene *scene)
{
	query_list_cancel(&scene->list);
	assert(!scene->list.first && !scene->list.count);
	resolver_free(scene->resolver);
	hints_free(scene->hints);
	lookups_free(scene->lookups);
	local_free(scene->local);
	views_clear(&scene->views);
	cache_free(scene->cache);
	routes_free(scene->routes);
	policy_options_clear(&scene->policy);
	policy_options_clear(&scene->view);
	loop_free(scene->loop);
	memset(scene, 0, sizeof(*scene));
}

/* Answers to words. */

struct words {
	char *text;
	size_t size;
};

static void put(struct words *words, const char *before, const char *text)
{
	int size = snprintf(
		words->text + words->size, SCENE_TEXT_MAX - words->size, "%s%s", before, text);

	assert(size >= 0 && words->size + (size_t)size < SCENE_TEXT_MAX);
	words->size += (size_t)size;
}

static void put_number(struct words *words, const char *prefix, unsigned long number)
{
	char text[32];

	snprintf(text, sizeof(text), "%lu", number);
	put(words, prefix, text);
}

static void put_name(struct words *words, const struct wire *wire, size_t at)
{
	struct name name;
	char text[NAME_TEXT_MAX];
	bool fine = name_read(wire->octets, wire->size, &at, &name);

	assert(fine);
	put(words, " ", name_format(name.octets, text));
}

static void put_rdata(
	struct words *words, const struct wire *wire, const struct wire_record *record)
{
	const uint8_t *rdata = wire->octets + record->rdata_at;
	char type[MESSAGE_TYPE_TEXT_MAX];
	char text[ADDR_TEXT_MAX];
	struct addr addr;

	put(words, " ", message_format_type(record->type, type));
	switch (record->type) {
	case TYPE_A:
	case TYPE_AAAA:
		addr = record->type == TYPE_A ? addr_from_ipv4(rdata) : addr_from_ipv6(rdata);
		put(words, " ", addr_format(&addr, text));
		break;
	case TYPE_CNAME:
	case TYPE_DNAME:
	case TYPE_PTR:
		put_name(words, wire, record->rdata_at);
		break;
	case TYPE_SOA:
		put_number(words, " ", bytes_get_u32(rdata + record->rdata_size - 4));
		break;
	case TYPE_RRSIG:
		put(words, " ", message_format_type(bytes_get_u16(rdata), type));
		break;
	default:
		break;
	}
}

static void put_records(struct words *words, const struct wire *wire)
{
	static const char *const marks[] = { " |", " | ~", " | +" };
	struct wire_walk walk = { 0 };
	struct wire_record record;

	while (wire_next(wire, &walk, &record)) {
		if (record.type == TYPE_OPT)
			continue;
		put(words, "", marks[record.section]);
		put_name(words, wire, record.owner_at);
		put_number(words, " ", record.ttl);
		put_rdata(words, wire, &record);
	}
}

static void put_edes(struct words *words, const struct wire *wire)
{
	struct wire_option option;
	size_t at = 0;

	while (wire->edns.present && wire_next_option(&wire->edns, &at, &option)) {
		char text[EDE_TEXT_MAX + 1] = { 0 };

		if (option.code != OPTION_EDE)
			continue;
		put_number(words, " | EDE ", bytes_get_u16(option.octets));
		memcpy(text, option.octets + 2, option.size - 2U);
		if (*text)
			put(words, " ", text);
	}
}

static void describe(struct asked *asked, const uint8_t *octets, size_t size)
{
	struct words words = { .text = asked->text };
	char rcode[MESSAGE_TYPE_TEXT_MAX];
	struct wire wire;
	uint16_t copied = WIRE_RD | WIRE_CD;
	bool fine = wire_view(&wire, octets, size);

	assert(fine);
	assert(wire.id == asked->id && wire.question_count == 1 && wire.flags & WIRE_QR);
	assert(wire.flags & WIRE_RA && (wire.flags & copied) == (asked->flags & copied));
	fine = wire_view_question(&wire) == WIRE_OK && wire_view_records(&wire) == WIRE_OK;
	assert(fine);
	put(&words, "", message_format_rcode(wire_rcode(&wire), rcode));
	put(&words, "", wire.flags & WIRE_AA ? " aa" : "");
	put(&words, "", wire.flags & WIRE_AD ? " ad" : "");
	put(&words, "", wire.flags & WIRE_TC ? " tc" : "");
	put_records(&words, &wire);
	put_edes(&words, &wire);
}

static void on_done(void *owner, const struct origin *origin, const uint8_t *octets, size_t size)
{
	struct asked *asked = owner;

	(void)origin;
	asked->answers++;
	asked->at_ms = loop_now_ms(asked->scene->loop) - asked->asked_ms;
	describe(asked, octets, size);
}

/* A question's words to a request. */

struct asking {
	struct request request;
	uint8_t octets[512];
	size_t size;
	struct wire wire;
};

static void read_word(struct asking *asking, struct asked *asked, const char *word, char **rest)
{
	struct request *request = &asking->request;

	if (!strcmp(word, "do"))
		request->edns.dnssec_ok = true;
	else if (!strcmp(word, "cd"))
		asked->flags |= WIRE_CD;
	else if (!strcmp(word, "ad"))
		asked->flags |= WIRE_AD;
	else if (!strcmp(word, "rd0"))
		asked->flags &= (uint16_t)~WIRE_RD;
	else if (!strcmp(word, "noedns"))
		request->edns.present = false;
	else if (!strcmp(word, "tcp"))
		request->origin.stream = true;
	else if (!strcmp(word, "size"))
		request->limit = script_number(strtok_r(NULL, " ", rest));
	else if (!strcmp(word, "class"))
		bytes_put_u16(asking->octets + asking->size - 2,
			(uint16_t)script_number(strtok_r(NULL, " ", rest)));
	else if (!strcmp(word, "from"))
		addr_parse(strtok_r(NULL, " ", rest), &request->origin.client.addr);
	else if (!strcmp(word, "port"))
		request->origin.client.port = (uint16_t)script_number(strtok_r(NULL, " ", rest));
	else
		abort(); /* a word that the scene knows */
}

static void make_request(struct asking *asking, struct asked *asked, const char *text)
{
	struct request *request = &asking->request;
	struct writer writer = writer_over(asking->octets, sizeof(asking->octets));
	char copy[512];
	char *rest = copy;
	char *word;
	uint16_t type;
	struct name name;
	bool fine;

	snprintf(copy, sizeof(copy), "%s", text);
	fine = message_parse_type(strtok_r(rest, " ", &rest), &type);
	assert(fine);
	name = script_name(strtok_r(rest, " ", &rest));
	writer.at = WIRE_HEADER_SIZE;
	writer_put(&writer, name.octets, name.size);
	writer_u16(&writer, type);
	writer_u16(&writer, CLASS_IN);
	asking->size = writer.at;
	request->edns.present = true;
	addr_parse("192.0.2.7", &request->origin.client.addr);
	request->origin.client.port = 4242;
	while ((word = strtok_r(NULL, " ", &rest)))
		read_word(asking, asked, word, &rest);
	bytes_put_u16(asking->octets, asked->id);
	bytes_put_u16(asking->octets + 2, asked->flags);
	bytes_put_u16(asking->octets + 4, 1);
	fine = wire_view(&asking->wire, asking->octets, asking->size) &&
	       wire_view_question(&asking->wire) == WIRE_OK &&
	       wire_view_records(&asking->wire) == WIRE_OK;
	assert(fine);
	request->wire = &asking->wire;
	if (!request->limit)
		request->limit = request->edns.present ? WIRE_UDP_ADVERTISED : WIRE_UDP_MIN;
	if (request->origin.stream)
		request->limit = WIRE_MESSAGE_MAX;
}

struct asked *scene_start(struct scene *scene, const char *text)
{
	static uint8_t out[WIRE_MESSAGE_MAX];
	struct asked *asked = &scene->asked[scene->asked_count++ % SCENE_ASKED_MAX];
	struct asking asking = { 0 };
	size_t size;

	open_scene(scene);
	*asked = (struct asked){ .scene = scene,
		.asked_ms = loop_now_ms(scene->loop),
		.id = (uint16_t)(0x1234 + scene->asked_count),
		.flags = WIRE_RD };
	make_request(&asking, asked, text);
	asking.request.list = &scene->list;
	asked->state = query_start(scene->resolver, &asking.request, out, &size, on_done, asked);
	switch (asked->state) {
	case QUERY_ANSWERED:
		assert(size <= asking.request.limit);
		describe(asked, out, size);
		asked->answers++;
		break;
	case QUERY_WAITS:
		snprintf(asked->text, sizeof(asked->text), "waits");
		break;
	case QUERY_DROPPED:
		snprintf(asked->text, sizeof(asked->text), "dropped");
		break;
	}
	return asked;
}

static bool on_predicate(void *owner)
{
	const struct asked *asked = owner;

	return asked->answers > 0;
}

const char *scene_ask(struct scene *scene, const char *text)
{
	struct asked *asked = scene_start(scene, text);

	if (asked->state == QUERY_WAITS)
		sim_run_until(scene->sim, on_predicate, asked, 20000);
	return asked->text;
}

void scene_play(struct scene *scene, uint64_t ms)
{
	sim_run_for(scene->sim, ms);
}

void scene_set_record(struct scene *scene, const char *record)
{
	memset(scene->records, 0, sizeof(scene->records));
	scene->records[0] = record;
	local_set_records(scene->local, make_records(scene));
	scene->parts.stamp++;
	resolver_set_parts(scene->resolver, &scene->parts);
}
