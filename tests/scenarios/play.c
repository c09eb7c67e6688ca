/* Plays one scenario: each line is one statement, carried out in order on a simulated net. */

#include "play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "house.h"
#include "inquiry.h"
#include "match.h"
#include "oracle.h"
#include "recipe.h"
#include "sim.h"
#include "sixward/base/mem.h"
#include "sixward/dns/message.h"
#include "words.h"

enum { ANSWER_MS = 30000, SILENCE_MS = 6000, ID_FIRST = 0x1234, ID_STEP = 7 };

struct play {
	const struct page_scenario *scenario;
	size_t at; /* the line in hand */
	struct loop *loop;
	struct sim *sim;
	struct oracle *oracle;
	struct house *house;
	struct guests guests;
	struct inquiry_memory memory;
	unsigned upstreams;
	unsigned own_streams; /* numbers for connections that have none */
	uint16_t next_id;
	bool can_continue; /* a "then" may follow */
	FILE *out;
};

/* False, with the words and the line, when a statement does not hold. */
static bool complain(struct play *p, const char *words)
{
	const struct page_line *line = &p->scenario->lines[p->at];

	(void)fprintf(
		p->out, "%s:%u: %s\n  %s\n", p->scenario->file, line->number, line->text, words);
	return false;
}

/* "config:" or "reload:", and the indented lines below: whole top-level keys. */
static char *take_yaml(struct play *p, const char *rest)
{
	char *yaml = NULL;
	size_t size = 0;
	size_t indent = 0;
	FILE *memory = open_memstream(&yaml, &size);

	rest += strspn(rest, " ");
	(void)fprintf(memory, "%s\n", rest);
	while (p->at + 1 < p->scenario->count) {
		const char *text = p->scenario->lines[p->at + 1].text;
		size_t own = strspn(text, " ");

		if (own == 0)
			break;
		if (indent == 0)
			indent = own;
		(void)fprintf(memory, "%s\n", text + (own < indent ? own : indent));
		p->at++;
	}
	(void)fclose(memory);
	return yaml;
}

static bool start_house(struct play *p, const char *yaml)
{
	if (p->house)
		return true;
	p->house = house_new(p->loop, yaml, p->upstreams, p->out);
	return p->house ? true : complain(p, "this is no config");
}

static bool run_config(struct play *p, const char *rest)
{
	char *yaml = take_yaml(p, rest);
	bool is_fine = p->house ? complain(p, "a config comes first") : start_house(p, yaml);

	free(yaml);
	return is_fine;
}

static bool run_reload(struct play *p, const char *rest)
{
	char *yaml;
	bool is_fine;

	if (!start_house(p, ""))
		return false;
	yaml = take_yaml(p, rest);
	is_fine = house_reload(p->house, yaml, p->upstreams, p->out);
	free(yaml);
	return is_fine ? true : complain(p, "this is no config");
}

/* "U", "U2", "U*", "U12": bits. */
static unsigned actors_of(const char *word)
{
	unsigned bits = 0;

	if (*word++ != 'U')
		return 0;
	if (!*word)
		return 1;
	if (strcmp(word, "*") == 0)
		return (1U << ORACLE_ACTORS) - 1;
	for (; *word; word++) {
		if (*word < '1' || *word > '0' + ORACLE_ACTORS)
			return 0;
		bits |= 1U << (*word - '1');
	}
	return bits;
}

/* [udp|tcp] TYPE NAME, where * stands for any; both may be missing. */
static bool take_pattern(const char **at, struct oracle_pattern *pattern)
{
	char word[WORD_MAX];
	const char *next = *at;
	struct name name = { 0 };
	uint16_t type = 0;
	uint16_t rclass = CLASS_IN;

	pattern->transports = ORACLE_BOTH;
	if (word_take(&next, "udp"))
		pattern->transports = ORACLE_UDP;
	else if (word_take(&next, "tcp"))
		pattern->transports = ORACLE_TCP;
	*at = next;
	pattern->any_type = true;
	pattern->any_name = true;
	if (!word_next(&next, word))
		return true;
	pattern->any_type = strcmp(word, "*") == 0;
	if (!pattern->any_type && !word_type(word, &type, &rclass)) {
		pattern->any_type = true;
		return true;
	}
	if (!word_next(&next, word))
		return false;
	pattern->any_name = strcmp(word, "*") == 0;
	pattern->any_below = strncmp(word, "*.", 2) == 0;
	if (word[strlen(word) - 1] == ':')
		word[strlen(word) - 1] = '\0';
	if (!pattern->any_name && !name_parse(word + (pattern->any_below ? 2 : 0), &name))
		return false;
	if (pattern->any_name)
		(void)name_parse(".", &name);
	pattern->question = question_make(name.octets, type, rclass, false);
	*at = next;
	return true;
}

static bool set_state(struct play *p, unsigned actors, const char *at)
{
	static const struct {
		const char *word;
		enum oracle_state state;
	} rows[] = { { "up", ORACLE_UP }, { "silent", ORACLE_SILENT },
		{ "refuses", ORACLE_REFUSES } };
	unsigned transports = ORACLE_BOTH;
	char word[WORD_MAX];
	char more[WORD_MAX];
	uint64_t ms = 0;

	(void)word_next(&at, word);
	if (word_next(&at, more) && strcmp(word, "latency") != 0)
		transports = strcmp(more, "udp") == 0 ? ORACLE_UDP : ORACLE_TCP;
	if (strcmp(word, "latency") == 0 && !word_duration(more, &ms))
		return complain(p, "not a duration");
	for (unsigned i = 0; i < ORACLE_ACTORS; i++) {
		struct endpoint endpoint = oracle_endpoint(i);

		if (!(actors & 1U << i))
			continue;
		if (strcmp(word, "latency") == 0)
			sim_set_latency(p->sim, &endpoint, ms);
		for (size_t k = 0; k < 3; k++) {
			if (strcmp(rows[k].word, word) == 0)
				oracle_set_state(p->oracle, i, transports, rows[k].state);
		}
	}
	return true;
}

static bool is_state(const char *at)
{
	static const char *const words[] = { "up", "silent", "refuses", "latency" };

	for (size_t i = 0; i < 4; i++) {
		const char *next = at;

		if (word_take(&next, words[i]))
			return true;
	}
	return false;
}

/* "[after 50ms] = …" */
static bool take_reply(struct play *p, const char *at, const struct question *question,
	struct recipe *recipe, uint64_t *delay_ms)
{
	char word[WORD_MAX];
	const char *fault;

	*delay_ms = 0;
	if (word_take(&at, "after") && (!word_next(&at, word) || !word_duration(word, delay_ms)))
		return complain(p, "not a duration");
	if (!word_take(&at, "="))
		return complain(p, "there is no =");
	fault = recipe_parse(recipe, at, question);
	if (!fault)
		return true;
	recipe_clear(recipe);
	return complain(p, fault);
}

/* The question that a recipe is made for: of many names it is the root, which mint_reply takes for
 * the name asked for. */
static struct question told_question(const struct oracle_pattern *pattern)
{
	static const uint8_t root[1] = { 0 };
	const struct question *q = &pattern->question;

	return pattern->any_name || pattern->any_below
		       ? question_make(root, q->type, q->rclass, false)
		       : *q;
}

/* "U2 [udp|tcp] TYPE NAME [after 50ms] = …", "U2 silent [udp|tcp]", "U latency 20ms" */
static bool run_upstream(struct play *p, unsigned actors, const char *at)
{
	struct oracle_pattern pattern = { .actors = actors };
	struct recipe recipe = { 0 };
	struct question told;
	uint64_t delay_ms;

	if (is_state(at))
		return set_state(p, actors, at);
	if (!take_pattern(&at, &pattern))
		return complain(p, "not TYPE NAME");
	told = told_question(&pattern);
	if (!take_reply(p, at, &told, &recipe, &delay_ms))
		return false;
	oracle_tell(p->oracle, &pattern, &recipe, delay_ms);
	p->can_continue = true;
	return true;
}

static bool run_then(struct play *p, const char *at)
{
	struct recipe recipe = { 0 };
	struct question told;
	uint64_t delay_ms;

	if (!p->can_continue)
		return complain(p, "there is nothing to continue");
	told = told_question(oracle_last(p->oracle));
	if (!take_reply(p, at, &told, &recipe, &delay_ms))
		return false;
	oracle_tell_then(p->oracle, &recipe, delay_ms);
	return true;
}

static struct guest_stream *stream_for(struct play *p, const struct inquiry *inquiry)
{
	unsigned number = inquiry->stream ? inquiry->stream : 1000 + p->own_streams++;
	struct guest_stream *stream = guest_find(&p->guests, number);

	return stream ? stream : guest_open(&p->guests, number, &inquiry->client, &inquiry->server);
}

/* "Q3 TYPE NAME …" */
static bool run_query(struct play *p, unsigned label, const char *at)
{
	struct guest_stream *stream = NULL;
	struct inquiry inquiry;
	const char *fault = inquiry_parse(&inquiry, at);
	uint8_t *octets;
	bool is_fine = true;

	if (fault)
		return complain(p, fault);
	octets = mem_new(INQUIRY_MAX);
	if (inquiry.is_stream)
		stream = stream_for(p, &inquiry);
	for (unsigned i = 1; i <= inquiry.times && is_fine; i++) {
		size_t size = inquiry_encode(&inquiry, &p->memory, i, p->next_id, octets);
		struct guest_query *query;

		p->next_id = (uint16_t)(p->next_id + ID_STEP);
		is_fine = size > 0;
		if (!is_fine)
			break;
		if (stream)
			query = guest_write(stream, octets, size, inquiry.bytewise);
		else
			query = guest_send(&p->guests, &inquiry.client, inquiry.keep_port,
				&inquiry.server, octets, size);
		query->label = label;
	}
	free(octets);
	return is_fine ? true : complain(p, "not a query");
}

static bool has_answer(void *owner)
{
	const struct guest_query *query = owner;

	return query->answer != NULL || (query->stream && !query->stream->tcp);
}

static void keep_cookie(struct play *p, const struct guest_query *query)
{
	(void)match_option(query->answer, query->answer_size, OPTION_COOKIE, p->memory.cookie,
		sizeof(p->memory.cookie), &p->memory.cookie_size);
}

/* What an R line says. */
struct verdict {
	uint64_t within_ms, after_ms;
	char *items;
};

/* "NOERROR AAAA www.example.org = 300 2001:db8::1" reads as "NOERROR + 300 2001:db8::1", once
 * TYPE and NAME are found to be the question's. */
static bool read_answer(struct play *p, const char *at, struct verdict *verdict)
{
	char word[WORD_MAX];
	const char *equals;

	while (word_take(&at, "within") || word_take(&at, "after")) {
		uint64_t *ms = strstr(at - 6, "within") == at - 6 ? &verdict->within_ms
								  : &verdict->after_ms;

		if (!word_next(&at, word) || !word_duration(word, ms))
			return complain(p, "not a duration");
	}
	equals = strstr(at, " = ");
	if (!equals) {
		verdict->items = mem_copy_text(at);
		return true;
	}
	(void)word_next(&at, word);
	verdict->items = mem_new(strlen(word) + strlen(equals) + 8);
	(void)sprintf(verdict->items, "%s + %s", word, equals + 3);
	return true;
}

static struct question question_of(const struct guest_query *query)
{
	static const uint8_t root[1] = { 0 };
	struct wire wire;

	if (!wire_view(&wire, query->octets, query->size) || wire.question_count == 0 ||
		wire_view_question(&wire) != WIRE_OK)
		return question_make(root, TYPE_A, CLASS_IN, false);
	return question_make(wire.question_name, wire.question_type, wire.question_class, false);
}

static bool match_one(struct play *p, struct guest_query *query, const struct verdict *verdict)
{
	struct match_query sent = {
		.octets = query->octets, .size = query->size, .is_stream = query->stream != NULL
	};
	struct question question = question_of(query);
	struct recipe recipe = { 0 };
	uint64_t took_ms = query->answered_ms - query->sent_ms;
	const char *fault = recipe_parse(&recipe, verdict->items, &question);
	bool is_fine = true;

	if (fault)
		is_fine = complain(p, fault);
	else if (!match_response(&recipe, &sent, query->answer, query->answer_size, p->out)) {
		is_fine = complain(p, "the client received:");
		match_print(query->answer, query->answer_size, p->out);
	} else if (took_ms < verdict->after_ms || took_ms > verdict->within_ms) {
		is_fine = complain(p, "the answer came at another time:");
		(void)fprintf(p->out, "    after %llu ms\n", (unsigned long long)took_ms);
	}
	recipe_clear(&recipe);
	return is_fine;
}

static bool await(struct play *p, struct guest_query *query, const struct verdict *verdict)
{
	query->is_matched = true;
	(void)sim_run_until(p->sim, has_answer, query, ANSWER_MS);
	if (!query->answer)
		return complain(p, "there is no answer");
	keep_cookie(p, query);
	return match_one(p, query, verdict);
}

static bool expect_none(struct play *p, unsigned label, const char *at)
{
	char word[WORD_MAX];
	uint64_t ms = SILENCE_MS;

	if (word_take(&at, "for") && (!word_next(&at, word) || !word_duration(word, &ms)))
		return complain(p, "not a duration");
	(void)sim_run_for(p->sim, ms);
	for (struct guest_query *query = p->guests.queries; query; query = query->next) {
		if (query->label != label || query->is_matched)
			continue;
		query->is_matched = true;
		if (query->answer) {
			(void)complain(p, "there is an answer:");
			match_print(query->answer, query->answer_size, p->out);
			return false;
		}
	}
	return true;
}

/* All queries of that label of which nothing was said yet, the oldest first. */
static bool expect_answers(struct play *p, unsigned label, const char *at)
{
	struct verdict verdict = { .within_ms = UINT64_MAX };
	bool is_fine = read_answer(p, at, &verdict);
	size_t matched = 0;

	while (is_fine) {
		struct guest_query *oldest = NULL;

		for (struct guest_query *query = p->guests.queries; query; query = query->next) {
			if (query->label == label && !query->is_matched)
				oldest = query;
		}
		if (!oldest)
			break;
		matched++;
		is_fine = await(p, oldest, &verdict);
	}
	free(verdict.items);
	if (is_fine && matched == 0)
		return complain(p, "nothing was asked");
	return is_fine;
}

/* "R3 none [for 5s]", "R3 [within 2s] [after 1s] …" */
static bool run_response(struct play *p, unsigned label, const char *at)
{
	if (word_take(&at, "none"))
		return expect_none(p, label, at);
	return expect_answers(p, label, at);
}

/* "some of R3 full = 10": how many of them were answered, and with TC=0. */
static bool run_some(struct play *p, const char *at)
{
	enum word_relation relation;
	uint64_t bound = 0;
	unsigned label = 0;
	char word[WORD_MAX];
	char kind[WORD_MAX];
	size_t count = 0;

	if (!word_take(&at, "of") || !word_next(&at, word) || !word_label(word, 'R', &label) ||
		!word_next(&at, kind) || !words_bound(at, &relation, &bound))
		return complain(p, "not of RN full|cut|answered = NUMBER");
	(void)sim_run_for(p->sim, SILENCE_MS);
	for (struct guest_query *query = p->guests.queries; query; query = query->next) {
		bool is_cut = query->answer && query->answer[2] & WIRE_TC >> 8;

		if (query->label == label)
			query->is_matched = true;
		if (query->label != label || !query->answer)
			continue;
		count += strcmp(kind, "answered") == 0 || is_cut == (strcmp(kind, "cut") == 0);
	}
	if (words_holds(relation, bound, count))
		return true;
	(void)complain(p, "it is another number:");
	(void)fprintf(p->out, "    %zu\n", count);
	return false;
}

static bool compare(struct play *p, const char *at, size_t count)
{
	enum word_relation relation;
	uint64_t bound = 0;

	if (!words_bound(at, &relation, &bound))
		return complain(p, "not = NUMBER");
	if (words_holds(relation, bound, count))
		return true;
	(void)complain(p, "it is another number:");
	(void)fprintf(p->out, "    %zu\n", count);
	oracle_print(p->oracle, p->out);
	return false;
}

static unsigned take_actors(const char **at)
{
	const char *next = *at;
	char word[WORD_MAX];
	unsigned actors;

	if (!word_next(&next, word))
		return 0;
	actors = actors_of(word);
	if (actors)
		*at = next;
	return actors ? actors : (1U << ORACLE_ACTORS) - 1;
}

/* "asked [U2] [udp|tcp] [TYPE NAME] = 1" */
static bool run_asked(struct play *p, const char *at)
{
	struct oracle_pattern pattern = { .actors = take_actors(&at) };

	if (!take_pattern(&at, &pattern))
		return complain(p, "not TYPE NAME");
	return compare(p, at, oracle_count(p->oracle, &pattern));
}

/* "connections [U2] [open] = 1" */
static bool run_connections(struct play *p, const char *at)
{
	unsigned actors = take_actors(&at);
	bool only_open = word_take(&at, "open");
	size_t count = 0;

	for (unsigned i = 0; i < ORACLE_ACTORS; i++) {
		if (actors & 1U << i)
			count += oracle_connections(p->oracle, i, only_open);
	}
	return compare(p, at, count);
}

static bool has_feature(const struct oracle_heard *heard, const char *text, bool *is_known)
{
	const struct wire_edns edns = { .present = heard->has_opt,
		.options = heard->options,
		.options_size = heard->options_size };
	static const struct {
		const char *word;
		uint16_t flag;
	} flags[] = { { "RD", WIRE_RD }, { "AD", WIRE_AD }, { "CD", WIRE_CD }, { "Z", WIRE_Z },
		{ "AA", WIRE_AA }, { "TC", WIRE_TC } };
	enum word_relation relation;
	struct wire_option option;
	char name[NAME_TEXT_MAX];
	char word[WORD_MAX];
	uint64_t code = 0;
	uint64_t size = UINT64_MAX;
	uint64_t bound = 0;

	*is_known = true;
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(flags[i].word, text) == 0)
			return heard->flags & flags[i].flag;
	}
	if (strcmp(text, "DO") == 0)
		return heard->has_do;
	if (strcmp(text, "OPT") == 0)
		return heard->has_opt && heard->version == 0;
	if (strcmp(text, "options") == 0)
		return heard->options_size > 0;
	if (strncmp(text, "bufsize", 7) == 0 && words_bound(text + 7, &relation, &bound))
		return words_holds(relation, bound, heard->udp_size);
	if (strncmp(text, "name ", 5) == 0)
		return strcmp(name_format(heard->name.octets, name), text + 5) == 0;
	*is_known =
		word_take(&text, "option") && word_next(&text, word) && word_number(word, &code);
	if (word_take(&text, "of"))
		*is_known &= word_next(&text, word) && word_number(word, &size);
	return *is_known && wire_find_option(&edns, (uint16_t)code, &option) &&
	       (size == UINT64_MAX || option.size == size);
}

/* "saw [U2] [udp|tcp] TYPE NAME: RD, DO, no AD, bufsize>=1220, option 11 of 0" */
static bool run_saw(struct play *p, const char *at)
{
	struct oracle_pattern pattern = { .actors = take_actors(&at) };
	const struct oracle_heard *heard;
	char *list;
	char *next;
	bool is_fine = true;

	if (!take_pattern(&at, &pattern))
		return complain(p, "not TYPE NAME");
	heard = oracle_find_last(p->oracle, &pattern);
	if (!heard)
		return complain(p, "it was not asked");
	list = mem_copy_text(at + strspn(at, " :"));
	for (char *text = list; text && is_fine; text = next) {
		bool is_denied = strncmp(text, "no ", 3) == 0;
		bool is_known;

		next = strstr(text, ", ");
		if (next) {
			*next = '\0';
			next += 2;
		}
		if (has_feature(heard, is_denied ? text + 3 : text, &is_known) == is_denied ||
			!is_known) {
			is_fine = complain(p, "this does not hold:");
			(void)fprintf(p->out, "    %s\n", text);
		}
	}
	free(list);
	return is_fine;
}

static bool run_wait(struct play *p, const char *at)
{
	char word[WORD_MAX];
	uint64_t ms = 0;

	if (!word_next(&at, word) || !word_duration(word, &ms))
		return complain(p, "not a duration");
	(void)sim_run_for(p->sim, ms);
	return true;
}

static bool run_none(struct play *p, const char *at)
{
	return word_take(&at, "asked") ? run_asked(p, "= 0") : complain(p, "not none asked");
}

static bool run_forget(struct play *p, const char *at)
{
	(void)at;
	oracle_forget(p->oracle);
	return true;
}

/* "ports >= 90", "ids >= 90": different ones among the questions heard. */
static bool run_ports(struct play *p, const char *at)
{
	size_t ports;
	size_t ids;

	oracle_spread(p->oracle, &ports, &ids);
	return compare(p, at, ports);
}

static bool run_ids(struct play *p, const char *at)
{
	size_t ports;
	size_t ids;

	oracle_spread(p->oracle, &ports, &ids);
	return compare(p, at, ids);
}

/* "repeat": the last datagram once more. */
static bool run_repeat(struct play *p, const char *at)
{
	(void)at;
	guest_repeat(&p->guests, p->guests.queries);
	return true;
}

/* "R2 before R1" */
static bool run_first(struct play *p, const char *at)
{
	unsigned labels[2] = { 0, 0 };
	unsigned places[2] = { 0, 0 };
	char word[WORD_MAX];

	if (!word_next(&at, word) || !word_label(word, 'R', &labels[0]) ||
		!word_take(&at, "before") || !word_next(&at, word) ||
		!word_label(word, 'R', &labels[1]))
		return complain(p, "not RN before RM");
	for (struct guest_query *query = p->guests.queries; query; query = query->next) {
		for (size_t i = 0; i < 2; i++) {
			if (query->label == labels[i])
				places[i] = query->place;
		}
	}
	return places[0] && places[0] < places[1] ? true : complain(p, "it is the other way round");
}

static struct guest_stream *take_stream(struct play *p, const char **at)
{
	char word[WORD_MAX];
	uint64_t number = 0;
	struct guest_stream *stream = NULL;

	if (word_next(at, word) && word_number(word, &number))
		stream = guest_find(&p->guests, (unsigned)number);
	if (!stream)
		(void)complain(p, "there is no such connection");
	return stream;
}

/* "open 3 [from ADDRESS]" */
static bool run_open(struct play *p, const char *at)
{
	struct inquiry inquiry;
	char words[WORD_MAX + 8];
	char word[WORD_MAX];
	uint64_t number = 0;

	if (!start_house(p, ""))
		return false;
	if (!word_next(&at, word) || !word_number(word, &number))
		return complain(p, "not a number");
	words[0] = '\0';
	if (word_take(&at, "from"))
		(void)snprintf(words, sizeof(words), "from=%s", at + strspn(at, " "));
	(void)inquiry_parse(&inquiry, words);
	(void)guest_open(&p->guests, (unsigned)number, &inquiry.client, &inquiry.server);
	(void)sim_run_for(p->sim, 5);
	return true;
}

/* "write 3 HEX" */
static bool run_write(struct play *p, const char *at)
{
	struct guest_stream *stream = take_stream(p, &at);
	uint8_t *octets;
	int size;

	if (!stream)
		return false;
	octets = mem_new(INQUIRY_MAX);
	size = words_octets(at, octets, INQUIRY_MAX);
	if (size > 0)
		guest_write_octets(stream, octets, (size_t)size);
	free(octets);
	return size > 0 ? true : complain(p, "not octets");
}

/* "drip 3 for 15s HEX": the octets, one a second. */
static bool run_drip(struct play *p, const char *at)
{
	struct guest_stream *stream = take_stream(p, &at);
	uint8_t octets[512];
	int size = stream ? words_octets(at, octets, sizeof(octets)) : -1;

	for (int i = 0; i < size; i++) {
		guest_write_octets(stream, &octets[i], 1);
		(void)sim_run_for(p->sim, 1000);
	}
	return size > 0 ? true : complain(p, "not octets");
}

static bool run_finish(struct play *p, const char *at)
{
	struct guest_stream *stream = take_stream(p, &at);

	if (stream && stream->tcp)
		sim_half_close(stream->tcp);
	return stream != NULL;
}

static bool run_reset(struct play *p, const char *at)
{
	struct guest_stream *stream = take_stream(p, &at);

	if (stream)
		guest_close(stream, true);
	return stream != NULL;
}

static bool run_deaf(struct play *p, const char *at)
{
	struct guest_stream *stream = take_stream(p, &at);

	if (stream && stream->tcp)
		tcp_pause(stream->tcp);
	return stream != NULL;
}

static bool is_stream_closed(void *owner)
{
	const struct guest_stream *stream = owner;

	return stream->is_closed;
}

/* "closed 3 [within 12s]", by the server; one that was deaf has to read up to the end first. */
static bool run_closed(struct play *p, const char *at)
{
	struct guest_stream *stream = take_stream(p, &at);
	char word[WORD_MAX];
	uint64_t ms = 100;

	if (!stream)
		return false;
	if (word_take(&at, "within") && (!word_next(&at, word) || !word_duration(word, &ms)))
		return complain(p, "not a duration");
	if (stream->tcp)
		tcp_resume(stream->tcp);
	return sim_run_until(p->sim, is_stream_closed, stream, ms) ? true
								   : complain(p, "it is open");
}

static bool run_opened(struct play *p, const char *at)
{
	struct guest_stream *stream = take_stream(p, &at);

	if (!stream)
		return false;
	return stream->tcp ? true : complain(p, "it is closed");
}

static const struct {
	const char *word;
	bool (*run)(struct play *p, const char *at);
} statements[] = {
	{ "config:", run_config },
	{ "reload:", run_reload },
	{ "then", run_then },
	{ "wait", run_wait },
	{ "asked", run_asked },
	{ "none", run_none },
	{ "saw", run_saw },
	{ "connections", run_connections },
	{ "forget", run_forget },
	{ "ports", run_ports },
	{ "ids", run_ids },
	{ "repeat", run_repeat },
	{ "first", run_first },
	{ "some", run_some },
	{ "open", run_open },
	{ "write", run_write },
	{ "drip", run_drip },
	{ "finish", run_finish },
	{ "reset", run_reset },
	{ "deaf", run_deaf },
	{ "closed", run_closed },
	{ "opened", run_opened },
};

static bool run_line(struct play *p, const char *text)
{
	char word[WORD_MAX];
	const char *at = text;
	unsigned label = 0;
	unsigned actors;

	(void)word_next(&at, word);
	actors = actors_of(word);
	if (actors)
		return run_upstream(p, actors, at);
	for (size_t i = 0; i < sizeof(statements) / sizeof(statements[0]); i++) {
		if (strcmp(statements[i].word, word) == 0)
			return statements[i].run(p, at);
	}
	if (!start_house(p, ""))
		return false;
	p->can_continue = false;
	if (word_label(word, 'Q', &label))
		return run_query(p, label, at);
	if (word_label(word, 'R', &label))
		return run_response(p, label, at);
	return complain(p, "this is no statement");
}

/* How many upstreams the scenario speaks of: so many stand in its config. */
static unsigned count_upstreams(const struct page_scenario *scenario)
{
	unsigned most = 1;

	for (size_t i = 0; i < scenario->count; i++) {
		const char *text = scenario->lines[i].text;

		for (unsigned n = 2; n <= ORACLE_ACTORS; n++) {
			if (text[0] == 'U' && text[1] == (char)('0' + n))
				most = n > most ? n : most;
		}
	}
	return most;
}

static bool end_well(struct play *p)
{
	p->at = p->scenario->count - 1;
	for (struct guest_query *query = p->guests.queries; query; query = query->next) {
		if (query->answers > query->answers_max)
			return complain(p, "a query was answered twice");
		if (!query->is_matched)
			return complain(p, "nothing was said of an answer");
	}
	return true;
}

bool play(const struct page_scenario *scenario)
{
	struct play p = { .scenario = scenario, .next_id = ID_FIRST, .out = stderr };
	bool is_fine = true;

	p.loop = loop_new();
	p.sim = sim_of(p.loop);
	p.upstreams = count_upstreams(scenario);
	p.oracle = oracle_new(p.loop);
	guests_init(&p.guests, p.loop);
	for (p.at = 0; p.at < scenario->count && is_fine; p.at++)
		is_fine = run_line(&p, scenario->lines[p.at].text);
	if (is_fine)
		is_fine = end_well(&p);
	guests_clear(&p.guests);
	house_free(p.house);
	oracle_free(p.oracle);
	loop_free(p.loop);
	return is_fine;
}
