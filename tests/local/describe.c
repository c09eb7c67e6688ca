/* Replies as one line of text, so that tests of local names can be tables. */

#include "describe.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/dns/message.h"

struct question ask(const char *name, uint16_t type)
{
	struct name parsed;

	if (!name_parse(name, &parsed))
		abort();
	return question_make(parsed.octets, type, CLASS_IN, false);
}

static const char *kind_word(enum reply_kind kind)
{
	switch (kind) {
	case REPLY_DATA:
		return "DATA";
	case REPLY_NODATA:
		return "NODATA";
	case REPLY_NXDOMAIN:
		return "NXDOMAIN";
	case REPLY_CHAIN:
		return "CHAIN";
	case REPLY_RCODE:
		return "RCODE";
	}
	return "?";
}

static void append(char *out, size_t room, const char *text)
{
	size_t at = strlen(out);

	assert(room - at > strlen(text));
	for (; *text; text++) {
		if (*text != '\n')
			out[at++] = *text == '\t' ? ' ' : *text;
	}
	out[at] = '\0';
}

const char *describe(struct reply *reply)
{
	static char out[32768];
	char rcode[MESSAGE_TYPE_TEXT_MAX];

	if (!reply)
		return "none";
	snprintf(out, sizeof(out), "%s %s", message_format_rcode(reply_facts(reply)->rcode, rcode),
		kind_word(reply_facts(reply)->kind));
	for (size_t i = 0; i < reply_count(reply); i++) {
		struct record record = reply_record(reply, i);
		char *text = message_format_record(&record);

		append(out, sizeof(out),
			record.section == SECTION_AUTHORITY ? "; authority " : "; ");
		append(out, sizeof(out), text);
		free(text);
	}
	reply_unref(reply);
	return out;
}
