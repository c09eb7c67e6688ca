/* The words of a Q line to octets. */

#include "inquiry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "house.h"
#include "sixward/base/bytes.h"
#include "sixward/dns/wire.h"
#include "words.h"

#define CLIENT_IPV6 "2001:db8:c::1"

enum { DEFAULT_PAYLOAD = 1232, OPTIONS_MAX = 1024 };

/* The message in the making. */
struct form {
	const struct inquiry_memory *memory;
	uint16_t id, flags;
	bool has_name, has_edns, two_opts, is_opt_owned;
	struct name name;
	uint16_t type, rclass;
	uint8_t version;
	uint16_t payload, edns_flags;
	struct writer options;
	uint8_t options_octets[OPTIONS_MAX];
	uint8_t tail[OPTIONS_MAX]; /* behind everything */
	size_t tail_size;
	const char *raw;
};

static const char *value_of(const char *word, const char *key)
{
	size_t size = strlen(key);

	return strncmp(word, key, size) == 0 && word[size] == '=' ? word + size + 1 : NULL;
}

static bool is_switch(const char *word, const char *const *list)
{
	for (; *list; list++) {
		if (strcmp(word, *list) == 0)
			return true;
	}
	return false;
}

static bool place_word(struct inquiry *inquiry, const char *word)
{
	uint64_t number = 0;
	const char *value;

	if (word[0] == 'x' && word_number(word + 1, &number))
		inquiry->times = (unsigned)number;
	else if (strcmp(word, "tcp") == 0)
		inquiry->is_stream = true;
	else if (strcmp(word, "bytewise") == 0)
		inquiry->bytewise = true;
	else if ((value = value_of(word, "on")) && word_number(value, &number))
		inquiry->stream = (unsigned)number;
	else if ((value = value_of(word, "port")) && word_number(value, &number)) {
		inquiry->client.port = (uint16_t)number;
		inquiry->keep_port = true;
	} else if ((value = value_of(word, "from")))
		return addr_parse(value, &inquiry->client.addr);
	else if ((value = value_of(word, "to")))
		return addr_parse(value, &inquiry->server.addr);
	else
		return false;
	if (inquiry->stream)
		inquiry->is_stream = true;
	return true;
}

const char *inquiry_parse(struct inquiry *inquiry, const char *words)
{
	char word[WORD_MAX];
	const char *at = words;

	*inquiry = (struct inquiry){ .words = words, .times = 1 };
	(void)addr_parse(CLIENT_IPV6, &inquiry->client.addr);
	while (word_next(&at, word) && strcmp(word, "raw") != 0)
		(void)place_word(inquiry, word);
	inquiry->server.port = 53;
	if (inquiry->server.addr.family == ADDR_NONE)
		(void)addr_parse(inquiry->client.addr.family == ADDR_IPV4 ? HOUSE_IPV4 : HOUSE_IPV6,
			&inquiry->server.addr);
	return inquiry->times > 0 ? NULL : "not so many times";
}

/* "10:2464c4abcf10c957", "100:", "10:last" */
static bool add_option(struct form *form, const char *text)
{
	char code[8];
	uint8_t octets[256];
	uint64_t number = 0;
	size_t length = strcspn(text, ":");
	int size;

	(void)snprintf(code, sizeof(code), "%.*s", (int)length, text);
	if (!word_number(code, &number) || text[length] != ':')
		return false;
	text += length + 1;
	if (strcmp(text, "last") == 0) {
		size = (int)form->memory->cookie_size;
		memcpy(octets, form->memory->cookie, form->memory->cookie_size);
	} else {
		size = words_octets(text, octets, sizeof(octets));
	}
	if (size < 0)
		return false;
	writer_u16(&form->options, (uint16_t)number);
	writer_u16(&form->options, (uint16_t)size);
	writer_put(&form->options, octets, (size_t)size);
	form->has_edns = true;
	return true;
}

static bool flag_word(struct form *form, const char *word)
{
	static const struct {
		const char *word;
		uint16_t flag;
	} rows[] = { { "QR", WIRE_QR }, { "AA", WIRE_AA }, { "TC", WIRE_TC }, { "RA", WIRE_RA },
		{ "Z", WIRE_Z }, { "AD", WIRE_AD }, { "CD", WIRE_CD } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].word, word) == 0) {
			form->flags |= rows[i].flag;
			return true;
		}
	}
	if (strcmp(word, "RD=0") != 0)
		return false;
	form->flags &= (uint16_t)~WIRE_RD;
	return true;
}

static bool edns_word(struct form *form, const char *word)
{
	uint64_t number = 0;
	const char *value;

	if (strcmp(word, "DO") == 0)
		form->edns_flags |= 0x8000;
	else if (strcmp(word, "EDNS") == 0)
		;
	else if (strcmp(word, "two-opts") == 0)
		form->two_opts = true;
	else if (strcmp(word, "owned-opt") == 0)
		form->is_opt_owned = true;
	else if ((value = value_of(word, "EDNS")) && word_number(value, &number))
		form->version = (uint8_t)number;
	else if ((value = value_of(word, "bufsize")) && word_number(value, &number))
		form->payload = (uint16_t)number;
	else if ((value = value_of(word, "ednsflags")) && word_number(value, &number))
		form->edns_flags |= (uint16_t)number;
	else if ((value = value_of(word, "option")))
		return add_option(form, value);
	else
		return false;
	form->has_edns = true;
	return true;
}

static bool header_word(struct form *form, const char *word)
{
	uint64_t number = 0;
	const char *value;

	if ((value = value_of(word, "opcode")) && word_number(value, &number))
		form->flags |= (uint16_t)(number << 11);
	else if ((value = value_of(word, "rcode")) && word_number(value, &number))
		form->flags |= (uint16_t)number;
	else if ((value = value_of(word, "id")) && word_number(value, &number))
		form->id = (uint16_t)number;
	else if ((value = value_of(word, "tail"))) {
		int size = words_octets(value, form->tail, sizeof(form->tail));

		form->tail_size = size < 0 ? 0 : (size_t)size;
		return size >= 0;
	} else
		return false;
	return true;
}

/* The name, a % in it being the number of the query. */
static bool take_name(struct form *form, const char *word, unsigned number)
{
	const char *mark = strchr(word, '%');
	char text[WORD_MAX];

	form->has_name = true;
	if (!mark)
		return name_parse(word, &form->name);
	(void)snprintf(text, sizeof(text), "%.*s%u%s", (int)(mark - word), word, number, mark + 1);
	return name_parse(text, &form->name);
}

static bool read_form(struct form *form, const char *at, unsigned number)
{
	static const char *const placed[] = { "tcp", "bytewise", NULL };
	bool has_type = false;
	char word[WORD_MAX];

	while (word_next(&at, word)) {
		if (strcmp(word, "raw") == 0) {
			form->raw = at;
			return true;
		}
		if (is_switch(word, placed) ||
			(word[0] == 'x' && word[1] >= '1' && word[1] <= '9') ||
			value_of(word, "on") || value_of(word, "port") || value_of(word, "from") ||
			value_of(word, "to") || flag_word(form, word) || edns_word(form, word) ||
			header_word(form, word))
			continue;
		if (!has_type)
			has_type = word_type(word, &form->type, &form->rclass);
		else if (!form->has_name && take_name(form, word, number))
			continue;
		else
			return false;
		if (!has_type)
			return false;
	}
	return form->has_name;
}

static void put_opt(struct writer *out, const struct form *form)
{
	if (form->is_opt_owned)
		writer_put(out, "\1x", 2);
	writer_u8(out, 0);
	writer_u16(out, TYPE_OPT);
	writer_u16(out, form->payload);
	writer_u8(out, 0);
	writer_u8(out, form->version);
	writer_u16(out, form->edns_flags);
	writer_u16(out, (uint16_t)form->options.at);
	writer_put(out, form->options_octets, form->options.at);
}

size_t inquiry_encode(const struct inquiry *inquiry, const struct inquiry_memory *memory,
	unsigned number, uint16_t id, uint8_t *octets)
{
	struct form form = {
		.memory = memory, .id = id, .flags = WIRE_RD, .payload = DEFAULT_PAYLOAD
	};
	struct writer out = writer_over(octets, INQUIRY_MAX);

	form.options = writer_over(form.options_octets, sizeof(form.options_octets));
	if (!read_form(&form, inquiry->words, number))
		return 0;
	if (form.raw) {
		int size = words_octets(form.raw, octets, INQUIRY_MAX);

		return size < 0 ? 0 : (size_t)size;
	}
	writer_u16(&out, form.id);
	writer_u16(&out, form.flags);
	writer_u16(&out, 1);
	writer_u32(&out, 0);
	writer_u16(&out, (uint16_t)(form.has_edns + form.two_opts));
	writer_put(&out, form.name.octets, form.name.size);
	writer_u16(&out, form.type);
	writer_u16(&out, form.rclass);
	if (form.has_edns)
		put_opt(&out, &form);
	if (form.two_opts)
		put_opt(&out, &form);
	writer_put(&out, form.tail, form.tail_size);
	return out.failed ? 0 : out.at;
}
