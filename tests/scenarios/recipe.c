/* The notation of one response to a value. Knows no wire format but by dns/message. */

#include "recipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/mem.h"
#include "sixward/dns/message.h"
#include "words.h"

enum { LINE_MAX_OCTETS = 8192 };

struct cook {
	struct recipe *recipe;
	const struct question *question;
	char owner[NAME_TEXT_MAX]; /* where the chain has led */
	uint8_t *room;             /* for one record in the making */
};

/* The last two labels, or the name itself where there is but one. */
static void zone_of(const char *owner, char zone[NAME_TEXT_MAX])
{
	struct name name;
	size_t labels;

	(void)name_parse(owner, &name);
	labels = name_labels(name.octets);
	(void)name_format(name_last(name.octets, labels < 2 ? labels : 2), zone);
}

static bool is_ttl(const char *word)
{
	return (*word >= '0' && *word <= '9') || *word == '*' || strncmp(word, "<=", 2) == 0;
}

static const char *read_ttl(const char *word, struct recipe_record *made, uint32_t *ttl)
{
	uint64_t number = 0;

	made->ttl = *word == '*'   ? RECIPE_TTL_ANY
		    : *word == '<' ? RECIPE_TTL_AT_MOST
				   : RECIPE_TTL_EXACT;
	if (*word != '*' && !word_number(*word == '<' ? word + 2 : word, &number))
		return "not a TTL";
	*ttl = (uint32_t)number;
	return NULL;
}

/* "\# 4 c0000201", which may be of another size than the type wants. */
static const char *read_octets(
	const char *text, const char *owner, struct record *record, uint8_t *storage)
{
	const char *at = text;
	struct name name;
	char word[WORD_MAX];
	uint64_t size = 0;

	(void)word_next(&at, word);
	if (!word_next(&at, word) || !word_number(word, &size) || !name_parse(owner, &name))
		return "not \\# SIZE HEX";
	memcpy(storage, name.octets, name.size);
	if (words_octets(at, storage + NAME_SIZE_MAX, 65535) != (int)size)
		return "not so many octets";
	*record = (struct record){ .owner = storage,
		.rdata = storage + NAME_SIZE_MAX,
		.rdata_size = (uint16_t)size,
		.rclass = CLASS_IN };
	return NULL;
}

static const char *read_record(const char *owner, const char *type, const char *rdata,
	struct record *record, uint8_t *storage)
{
	const char *fault = NULL;
	char zone[NAME_TEXT_MAX];
	char *line;

	if (strncmp(rdata, "\\#", 2) == 0) {
		uint16_t rclass = 0;

		fault = read_octets(rdata, owner, record, storage);
		if (!fault && !word_type(type, &record->type, &rclass))
			fault = "not a type";
		return fault;
	}
	line = mem_new(LINE_MAX_OCTETS);
	if (strncmp(type, "RRSIG(", 6) == 0) {
		zone_of(owner, zone);
		(void)snprintf(line, LINE_MAX_OCTETS,
			"%s 300 IN RRSIG %.*s 13 2 300 20380101000000 20200101000000 12345 %s "
			"c2lnbmF0dXJlc2lnbmF0dXJl",
			owner, (int)strcspn(type + 6, ")"), type + 6, zone);
	} else {
		(void)snprintf(line, LINE_MAX_OCTETS, "%s 300 IN %s %s", owner, type, rdata);
	}
	if (!message_parse_record(line, 300, record, storage, &fault)) {
		if (!fault)
			fault = "not a record";
	} else {
		fault = NULL;
	}
	free(line);
	return fault;
}

static const char *add_record(struct cook *cook, enum wire_section section, const char *owner,
	const char *ttl, const char *type, const char *rdata, bool any_rdata)
{
	struct recipe *recipe = cook->recipe;
	struct recipe_record made = { .any_rdata = any_rdata };
	uint32_t seconds = 0;
	const char *fault = read_ttl(ttl, &made, &seconds);
	struct name name;

	if (!fault)
		fault = read_record(owner, type, rdata, &made.record, cook->room);
	if (fault)
		return fault;
	name = name_copy(made.record.owner);
	made.storage = mem_new((size_t)name.size + made.record.rdata_size);
	memcpy(made.storage, name.octets, name.size);
	memcpy(made.storage + name.size, made.record.rdata, made.record.rdata_size);
	made.record.owner = made.storage;
	made.record.rdata = made.storage + name.size;
	made.record.ttl = seconds;
	made.record.section = section;
	if (section != SECTION_ADDITIONAL && cook->question->rclass != CLASS_ANY)
		made.record.rclass = cook->question->rclass;
	recipe->records =
		mem_resize_array(recipe->records, recipe->count + 1, sizeof(recipe->records[0]));
	recipe->records[recipe->count++] = made;
	return NULL;
}

/* "192.0.2.[1-40]" is forty of them. */
static const char *add_range(
	struct cook *cook, const char *ttl, const char *type, const char *rdata)
{
	const char *open = strchr(rdata, '[');
	const char *end = open ? strchr(open, ']') : NULL;
	char text[WORD_MAX];
	uint64_t first = 0;
	uint64_t last = 0;

	if (!end || !words_range(open + 1, &first, &last))
		return add_record(cook, SECTION_ANSWER, cook->owner, ttl, type, rdata, false);
	for (; first <= last; first++) {
		const char *fault;

		(void)snprintf(text, sizeof(text), "%.*s%u%s", (int)(open - rdata), rdata,
			(unsigned)first, end + 1);
		fault = add_record(cook, SECTION_ANSWER, cook->owner, ttl, type, text, false);
		if (fault)
			return fault;
	}
	return NULL;
}

/* "300 192.0.2.1, 192.0.2.2", "300 CNAME x.example.org", "300 RRSIG(AAAA)" */
static const char *cook_data(struct cook *cook, const char *item)
{
	char ttl[WORD_MAX];
	char type[WORD_MAX];
	char *list;
	char *rdata;
	char *rest;
	const char *at = item;
	const char *fault = NULL;
	uint16_t number = 0;

	(void)word_next(&at, ttl);
	list = mem_copy_text(at);
	if (word_next(&at, type) &&
		(strncmp(type, "RRSIG(", 6) == 0 || (strspn(type, "0123456789") != strlen(type) &&
							    message_parse_type(type, &number)))) {
		free(list);
		list = mem_copy_text(at);
	} else {
		(void)message_format_type(cook->question->type, type);
	}
	for (rdata = list; rdata && !fault; rdata = rest) {
		rest = strstr(rdata, ", ");
		if (rest) {
			*rest = '\0';
			rest += 2;
		}
		rdata += strspn(rdata, " ");
		fault = add_range(cook, ttl, type, rdata);
		if (!fault && strcmp(type, "CNAME") == 0)
			(void)snprintf(cook->owner, sizeof(cook->owner), "%s", rdata);
	}
	free(list);
	return fault;
}

/* "x.example.org. 300 NS ns.example.org." */
static const char *cook_record(struct cook *cook, enum wire_section section, const char *item)
{
	char owner[WORD_MAX];
	char ttl[WORD_MAX];
	char type[WORD_MAX];

	if (!word_next(&item, owner) || !word_next(&item, ttl) || !word_next(&item, type))
		return "not NAME TTL TYPE RDATA";
	item += strspn(item, " ");
	if (strcmp(item, "*") == 0)
		return add_record(cook, section, owner, ttl, type, "\\# 0", true);
	return add_record(cook, section, owner, ttl, type, item, false);
}

/* "(soa 300/60)", "(soa 300/60 example.org)", "(soa <=60)" */
static const char *cook_soa(struct cook *cook, const char *item)
{
	char ttl[WORD_MAX];
	char zone[NAME_TEXT_MAX];
	char rdata[4 * NAME_TEXT_MAX];
	char *slash;
	char *close;
	const char *suffix;
	const char *at = item;

	if (*at == '\0')
		return NULL;
	if (strncmp(at, "(soa ", 5) != 0)
		return "not (soa …)";
	at += 5;
	(void)word_next(&at, ttl);
	zone_of(cook->owner, zone);
	(void)word_next(&at, rdata);
	close = strchr(rdata, ')');
	if (close)
		*close = '\0';
	if (*rdata)
		(void)snprintf(zone, sizeof(zone), "%.1000s", rdata);
	close = strchr(ttl, ')');
	if (close)
		*close = '\0';
	slash = strchr(ttl, '/');
	if (slash)
		*slash = '\0';
	suffix = strcmp(zone, ".") == 0 ? "" : zone;
	(void)snprintf(rdata, sizeof(rdata), "ns.%s hostmaster.%s 1 3600 600 86400 %s", suffix,
		suffix, slash ? slash + 1 : "0");
	return add_record(cook, SECTION_AUTHORITY, zone, ttl, "SOA", rdata, !slash);
}

static const char *cook_ede(struct cook *cook, const char *item)
{
	struct recipe_ede *ede = &cook->recipe->edes[cook->recipe->ede_count];
	char word[WORD_MAX];
	uint64_t code = 0;

	if (cook->recipe->ede_count == RECIPE_EDES_MAX || !word_next(&item, word))
		return "not an EDE";
	if (strcmp(word, "*") == 0) {
		cook->recipe->any_edes = true;
		return NULL;
	}
	if (!word_number(word, &code))
		return "not an EDE";
	cook->recipe->ede_count++;
	ede->code = (uint16_t)code;
	item += strspn(item, " ");
	if (*item != '"')
		return NULL;
	ede->has_text = true;
	(void)snprintf(
		ede->text, sizeof(ede->text), "%.*s", (int)strcspn(item + 1, "\""), item + 1);
	return NULL;
}

static const char *cook_option(struct cook *cook, const char *item)
{
	struct recipe_option *option = &cook->recipe->options[cook->recipe->option_count];
	char word[WORD_MAX];
	uint64_t code = 0;
	int size;

	if (cook->recipe->option_count == RECIPE_OPTIONS_MAX || !word_next(&item, word) ||
		!word_number(word, &code))
		return "not an option";
	option->code = (uint16_t)code;
	cook->recipe->option_count++;
	if (word_take(&item, "*")) {
		option->any = true;
		return NULL;
	}
	size = words_octets(item, option->octets, sizeof(option->octets));
	option->size = (uint16_t)(size < 0 ? 0 : size);
	return size < 0 ? "not octets" : NULL;
}

static const char *cook_forged(struct cook *cook, const char *item)
{
	static const char *const words[] = { "id", "address", "port", "name", "type", "class",
		"query", "short", "opcode", "questions", "questionless" };
	struct recipe *recipe = cook->recipe;
	char word[WORD_MAX];
	uint64_t times = 1;

	(void)word_next(&item, word);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i], word) != 0 || recipe->forged_count == RECIPE_FORGED_MAX)
			continue;
		if (word_next(&item, word) && (*word != 'x' || !word_number(word + 1, &times)))
			return "not xN";
		recipe->forged[recipe->forged_count].kind = (enum recipe_forgery)i;
		recipe->forged[recipe->forged_count++].times = (unsigned)times;
		return NULL;
	}
	return "unknown forgery";
}

static const struct {
	const char *item;
	uint16_t set, clear;
	unsigned flaws;
} switches[] = {
	{ "AA", WIRE_AA, 0, 0 },
	{ "TC", WIRE_TC, 0, 0 },
	{ "AD", WIRE_AD, 0, 0 },
	{ "CD", WIRE_CD, 0, 0 },
	{ "Z", WIRE_Z, 0, 0 },
	{ "no RA", 0, WIRE_RA, 0 },
	{ "no RD", 0, WIRE_RD, 0 },
	{ "no question", 0, 0, FLAW_NO_QUESTION },
	{ "no OPT", 0, 0, FLAW_NO_OPT },
	{ "two OPT", 0, 0, FLAW_TWO_OPTS },
	{ "wrong counts", 0, 0, FLAW_COUNTS },
	{ "upper case", 0, 0, FLAW_UPPER_CASE },
	{ "oversize", 0, 0, FLAW_OVERSIZE },
	{ "bad pointer", 0, 0, FLAW_POINTER },
};

static bool cook_switch(struct recipe *recipe, const char *item)
{
	for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
		if (strcmp(switches[i].item, item) == 0) {
			recipe->set |= switches[i].set;
			recipe->clear |= switches[i].clear;
			recipe->flaws |= switches[i].flaws;
			return true;
		}
	}
	if (strcmp(item, "silence") == 0)
		recipe->is_silent = true;
	else if (strcmp(item, "close") == 0)
		recipe->closes = true;
	else if (strcmp(item, "just close") == 0)
		recipe->closes_first = true;
	else if (strcmp(item, "header") == 0)
		recipe->is_header = true;
	else if (strcmp(item, "OPT") == 0)
		recipe->has_opt = true;
	else
		return false;
	return true;
}

/* "x40 AAAA", "size<=512" */
static bool cook_measure(struct recipe *recipe, const char *item)
{
	char word[WORD_MAX];
	uint64_t number = 0;

	if (strncmp(item, "size<=", 6) == 0) {
		if (!word_number(item + 6, &number))
			return false;
		recipe->size_max = number;
		return true;
	}
	if (*item != 'x' || !word_next(&item, word) || !word_number(word + 1, &number) ||
		!word_next(&item, word))
		return false;
	recipe->counted = number;
	return message_parse_type(word, &recipe->counted_type);
}

static const char *cook_item(struct cook *cook, const char *item)
{
	static const struct {
		const char *word;
		enum wire_section section;
	} sections[] = { { "answer: ", SECTION_ANSWER }, { "authority: ", SECTION_AUTHORITY },
		{ "additional: ", SECTION_ADDITIONAL } };

	for (size_t i = 0; i < 3; i++) {
		size_t size = strlen(sections[i].word);

		if (strncmp(item, sections[i].word, size) == 0)
			return cook_record(cook, sections[i].section, item + size);
	}
	if (is_ttl(item))
		return cook_data(cook, item);
	if (strncmp(item, "NODATA", 6) == 0)
		return cook_soa(cook, item + 6);
	if (strncmp(item, "NXDOMAIN(", 9) == 0) {
		cook->recipe->rcode = RCODE_NXDOMAIN;
		return cook_soa(cook, item + 8);
	}
	if (strncmp(item, "EDE ", 4) == 0)
		return cook_ede(cook, item + 4);
	if (strncmp(item, "option ", 7) == 0)
		return cook_option(cook, item + 7);
	if (strncmp(item, "forged ", 7) == 0)
		return cook_forged(cook, item + 7);
	if (word_rcode(item, &cook->recipe->rcode) || cook_switch(cook->recipe, item) ||
		cook_measure(cook->recipe, item))
		return NULL;
	return "not understood";
}

const char *recipe_parse(struct recipe *recipe, const char *text, const struct question *question)
{
	struct cook cook = { .recipe = recipe, .question = question };
	uint8_t room[MESSAGE_RECORD_MAX];
	char *copy = mem_copy_text(text);
	char *next;
	const char *fault = NULL;

	cook.room = room;
	(void)name_format(question->name.octets, cook.owner);
	for (char *item = copy; item && !fault; item = next) {
		size_t size;

		next = strstr(item, " + ");
		if (next) {
			*next = '\0';
			next += 3;
		}
		item += strspn(item, " ");
		size = strlen(item);
		while (size > 0 && item[size - 1] == ' ')
			item[--size] = '\0';
		if (size > 0)
			fault = cook_item(&cook, item);
	}
	free(copy);
	return fault;
}

void recipe_clear(struct recipe *recipe)
{
	for (size_t i = 0; i < recipe->count; i++)
		free(recipe->records[i].storage);
	free(recipe->records);
	*recipe = (struct recipe){ 0 };
}
