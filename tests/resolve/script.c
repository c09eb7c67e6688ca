/* Answers of an upstream, written in a few words. */

#include "script.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/addr.h"
#include "sixward/base/bytes.h"

static const struct type {
	const char *text;
	uint16_t type;
} types[] = {
	{ "A", TYPE_A },
	{ "AAAA", TYPE_AAAA },
	{ "CNAME", TYPE_CNAME },
	{ "DNAME", TYPE_DNAME },
	{ "PTR", TYPE_PTR },
	{ "TXT", TYPE_TXT },
	{ "MX", TYPE_MX },
	{ "NS", TYPE_NS },
	{ "SOA", TYPE_SOA },
	{ "DS", TYPE_DS },
	{ "ANY", TYPE_ANY },
	{ "HEX", 65280 },
};

static uint16_t type_of(const char *text)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		if (!strcmp(types[i].text, text))
			return types[i].type;
	}
	abort(); /* a type that the script does not know */
	return 0;
}

unsigned script_number(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

struct name script_name(const char *text)
{
	struct name name;
	bool fine = name_parse(text, &name);

	assert(fine);
	return name;
}

struct question script_question(const char *text)
{
	char copy[512];
	char *rest = copy;
	char *word;
	uint16_t type;
	struct question question;
	struct name name;

	snprintf(copy, sizeof(copy), "%s", text);
	type = type_of(strtok_r(rest, " ", &rest));
	name = script_name(strtok_r(rest, " ", &rest));
	question = question_make(name.octets, type, CLASS_IN, false);
	while ((word = strtok_r(NULL, " ", &rest))) {
		if (!strcmp(word, "cd"))
			question.cd = true;
		else if (!strcmp(word, "class"))
			question.rclass = (uint16_t)script_number(strtok_r(NULL, " ", &rest));
		else if (!strcmp(word, "scope"))
			question.scope = script_number(strtok_r(NULL, " ", &rest));
	}
	return question;
}

struct making {
	struct reply_draft *draft;
	struct name owner;
	struct name above; /* a zone that the owner lies in */
	struct script_answer *answer;
};

static void add(struct making *making, enum wire_section section, uint16_t type, uint32_t ttl,
	const uint8_t *owner, const void *rdata, size_t size)
{
	reply_draft_add(making->draft, &(struct record){ .section = section,
					       .type = type,
					       .rclass = CLASS_IN,
					       .rdata_size = (uint16_t)size,
					       .ttl = ttl,
					       .owner = owner,
					       .rdata = rdata });
}

static void add_record(struct making *making, uint32_t ttl, const char *type, const char *data)
{
	uint16_t number = !strcmp(type, "SIG") ? TYPE_RRSIG : type_of(type);
	uint8_t rdata[512] = { 0 };
	size_t size = 0;
	struct addr addr;
	struct name name = { 0 };

	switch (number) {
	case TYPE_A:
	case TYPE_AAAA:
		addr_parse(data, &addr);
		size = addr_size(&addr);
		memcpy(rdata, addr.octets, size);
		break;
	case TYPE_CNAME:
	case TYPE_DNAME:
	case TYPE_PTR:
		name = script_name(data);
		size = name.size;
		memcpy(rdata, name.octets, size);
		break;
	case TYPE_RRSIG:
		bytes_put_u16(rdata, type_of(data));
		size = 18 + 1 + 8;
		break;
	case TYPE_TXT:
		size = strlen(data) + 1;
		rdata[0] = (uint8_t)strlen(data);
		memcpy(rdata + 1, data, strlen(data) + 1);
		break;
	default:
		size = strlen(data);
		memcpy(rdata, data, size);
	}
	add(making, SECTION_ANSWER, number, ttl,
		number == TYPE_DNAME ? name_parent(making->owner.octets) : making->owner.octets,
		rdata, size);
	if (number == TYPE_CNAME)
		making->owner = name;
}

static void add_soa(struct making *making, const char *numbers)
{
	uint8_t rdata[2 + 20] = { 0 };
	const char *minimum = numbers ? strchr(numbers, '/') : NULL;

	if (!minimum)
		return;
	bytes_put_u32(rdata + 18, script_number(minimum + 1));
	add(making, SECTION_AUTHORITY, TYPE_SOA, script_number(numbers),
		name_parent(making->owner.octets), rdata, sizeof(rdata));
}

static void add_passenger(struct making *making, const char *word)
{
	static const uint8_t ns[] = "\2ns";
	static const uint8_t ipv4[] = { 192, 0, 2, 9 };
	static const uint8_t nsec[] = "\0\0\1\2";
	const uint8_t *zone = name_parent(making->owner.octets);

	if (!strcmp(word, "NS"))
		add(making, SECTION_AUTHORITY, TYPE_NS, 300, zone, ns, sizeof(ns));
	else if (!strcmp(word, "GLUE"))
		add(making, SECTION_ADDITIONAL, TYPE_A, 300, ns, ipv4, sizeof(ipv4));
	else
		add(making, SECTION_AUTHORITY, TYPE_NSEC, 300, making->owner.octets, nsec, 4);
}

static void add_many(struct making *making, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t ipv4[] = { 10, 0, (uint8_t)(i >> 8), (uint8_t)i };

		add(making, SECTION_ANSWER, TYPE_A, 300, making->owner.octets, ipv4, sizeof(ipv4));
	}
}

static bool add_failure(struct failure *failure, const char *word, const char *number)
{
	static const struct {
		const char *word;
		enum failure_cause cause;
	} causes[] = {
		{ "SERVFAIL", FAILURE_RCODE },
		{ "FAIL", FAILURE_RCODE },
		{ "TIMEOUT", FAILURE_TIMEOUT },
		{ "SILENT", FAILURE_TIMEOUT },
		{ "NETWORK", FAILURE_NETWORK },
		{ "GARBAGE", FAILURE_GARBAGE },
		{ "LOOP", FAILURE_CHAIN },
		{ "LIMIT", FAILURE_LIMIT },
		{ "NOBODY", FAILURE_NO_UPSTREAM },
	};

	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++) {
		if (strcmp(causes[i].word, word) != 0)
			continue;
		failure->cause = causes[i].cause;
		if (failure->cause == FAILURE_RCODE)
			failure->rcode = number ? (uint16_t)script_number(number) : RCODE_SERVFAIL;
		return true;
	}
	return false;
}

static void add_part(struct making *making, char *part)
{
	char *rest = part;
	char *word = strtok_r(rest, " ", &rest);
	char *second = strtok_r(NULL, " ", &rest);

	if (!strcmp(word, "NODATA") || !strcmp(word, "NXDOMAIN"))
		add_soa(making, second);
	else if (!strcmp(word, "EDE"))
		ede_add(&making->answer->failure.edes, (uint16_t)script_number(second), rest);
	else if (!strcmp(word, "MANY"))
		add_many(making, script_number(second));
	else if (!strcmp(word, "AD"))
		reply_draft_set_ad(making->draft);
	else if (!strcmp(word, "NS") || !strcmp(word, "GLUE") || !strcmp(word, "NSEC"))
		add_passenger(making, word);
	else if (add_failure(&making->answer->failure, word, second))
		making->answer->is_silent = !strcmp(word, "SILENT");
	else if (strcmp(word, "RCODE") != 0)
		add_record(making, script_number(word), second, rest);
}

static uint16_t rcode_of(const char *text)
{
	const char *rcode = strstr(text, "RCODE ");

	if (rcode)
		return (uint16_t)script_number(rcode + 6);
	return strstr(text, "NXDOMAIN") ? RCODE_NXDOMAIN : RCODE_NOERROR;
}

struct script_answer script_answer(const struct question *question, const char *text)
{
	struct script_answer answer = { 0 };
	struct making making = {
		.draft = reply_draft_new(question, rcode_of(text)),
		.owner = question->name,
		.answer = &answer,
	};
	char copy[4096];
	char *part = copy;

	snprintf(copy, sizeof(copy), "%s", text);
	while (part) {
		char *next = strstr(part, ", ");

		if (next) {
			*next = '\0';
			next += 2;
		}
		add_part(&making, part);
		part = next;
	}
	if (answer.failure.cause != FAILURE_NONE) {
		reply_draft_free(making.draft);
		return answer;
	}
	for (size_t i = 0; i < answer.failure.edes.count; i++)
		reply_draft_add_ede(making.draft, &answer.failure.edes.items[i]);
	answer.reply = reply_draft_seal(making.draft);
	return answer;
}

struct reply *script_reply(const char *question, const char *text)
{
	struct question asked = script_question(question);
	struct script_answer answer = script_answer(&asked, text);

	assert(answer.reply);
	return answer.reply;
}
