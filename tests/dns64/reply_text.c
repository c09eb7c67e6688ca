/* Replies and policies from text, and back. */

#include "reply_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/base/mem.h"
#include "sixward/base/text.h"
#include "sixward/dns/wire.h"

enum { LINE_MAX_SIZE = 1024, RDATA_ROOM = 600, TEXT_ROOM = 65536 };

static const char *const sections[] = { "AN", "AU", "AD" };

static const struct type_name {
	uint16_t type;
	const char *name;
} type_names[] = {
	{ TYPE_A, "A" },
	{ TYPE_AAAA, "AAAA" },
	{ TYPE_CNAME, "CNAME" },
	{ TYPE_DNAME, "DNAME" },
	{ TYPE_NS, "NS" },
	{ TYPE_PTR, "PTR" },
	{ TYPE_SOA, "SOA" },
	{ TYPE_NSEC, "NSEC" },
	{ TYPE_RRSIG, "RRSIG" },
	{ TYPE_TXT, "TXT" },
};

static uint16_t type_of(const char *name)
{
	for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
		if (strcmp(type_names[i].name, name) == 0)
			return type_names[i].type;
	}
	fail_msg("no type %s", name);
	return 0;
}

static const char *name_of_type(uint16_t type)
{
	for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
		if (type_names[i].type == type)
			return type_names[i].name;
	}
	fail_msg("no name for type %u", type);
	return "";
}

static struct name name_of(const char *text)
{
	struct name name;

	assert_true(name_parse(text, &name));
	return name;
}

struct question question_of(const char *name, uint16_t type)
{
	struct name parsed = name_of(name);

	return question_make(parsed.octets, type, CLASS_IN, false);
}

static uint32_t number_of(const char *text)
{
	uint64_t number;

	assert_true(text_to_number(text, &number) && number <= UINT32_MAX);
	return (uint32_t)number;
}

static void write_soa(const char *text, struct writer *writer)
{
	char primary[256];
	char mailbox[256];
	char numbers[5][16];
	struct name name;
	int words = sscanf(text, "%255s %255s %15s %15s %15s %15s %15s", primary, mailbox,
		numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]);

	assert_int_equal(words, 7);
	name = name_of(primary);
	writer_put(writer, name.octets, name.size);
	name = name_of(mailbox);
	writer_put(writer, name.octets, name.size);
	for (size_t i = 0; i < 5; i++)
		writer_u32(writer, number_of(numbers[i]));
}

static void write_rdata(uint16_t type, const char *text, struct writer *writer)
{
	static const uint8_t signature[18] = { 0 };
	struct addr addr;
	struct name name;

	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
		assert_true(addr_parse(text, &addr));
		writer_put(writer, addr.octets, addr_size(&addr));
		return;
	case TYPE_SOA:
		write_soa(text, writer);
		return;
	case TYPE_RRSIG:
		writer_u16(writer, type_of(text));
		writer_put(writer, signature, sizeof(signature));
		return;
	case TYPE_TXT:
	case TYPE_NSEC:
		writer_put(writer, text, strlen(text));
		return;
	default:
		name = name_of(text);
		writer_put(writer, name.octets, name.size);
	}
}

static void add_line(const char *line, struct reply_draft *draft)
{
	char section[4];
	char owner[256];
	char type[16];
	char ttl[16];
	int rdata_at = 0;
	uint8_t rdata[RDATA_ROOM];
	struct writer writer = writer_over(rdata, sizeof(rdata));
	struct record record = { .rclass = CLASS_IN, .rdata = rdata };
	struct name name;

	assert_int_equal(
		sscanf(line, "%3s %255s %15s %15s %n", section, owner, ttl, type, &rdata_at), 4);
	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(section, sections[i]) == 0)
			record.section = (enum wire_section)i;
	}
	name = name_of(owner);
	record.owner = name.octets;
	record.ttl = number_of(ttl);
	record.type = type_of(type);
	write_rdata(record.type, line + rdata_at, &writer);
	assert_false(writer.failed);
	record.rdata_size = (uint16_t)writer.at;
	reply_draft_add(draft, &record);
}

/* Copies the next line without its newline; NULL at the end. */
static const char *next_line(const char *text, char line[LINE_MAX_SIZE])
{
	size_t size = strcspn(text, "\n");

	if (size == 0)
		return NULL;
	assert_true(size < LINE_MAX_SIZE && text[size] == '\n');
	memcpy(line, text, size);
	line[size] = 0;
	return text + size + 1;
}

struct reply *reply_of(const char *name, uint16_t type, uint16_t rcode, const char *lines)
{
	struct question question = question_of(name, type);
	struct reply_draft *draft = reply_draft_new(&question, rcode);
	char line[LINE_MAX_SIZE];

	while ((lines = next_line(lines, line)))
		add_line(line, draft);
	return reply_draft_seal(draft);
}

struct aged_reply aged(const struct reply *reply, uint32_t age_s)
{
	return (struct aged_reply){ .reply = reply, .age_s = age_s };
}

static void print_soa(const struct record *record, FILE *out)
{
	char primary[NAME_TEXT_MAX];
	char mailbox[NAME_TEXT_MAX];
	struct reader reader = reader_over(record->rdata, record->rdata_size);
	const uint8_t *names = record->rdata;
	size_t first = name_size(names, record->rdata_size);
	size_t second = name_size(names + first, record->rdata_size - first);

	assert_int_equal(first + second + 20, record->rdata_size);
	reader_take(&reader, first + second);
	fprintf(out, "%s %s", name_format(names, primary), name_format(names + first, mailbox));
	for (size_t i = 0; i < 5; i++)
		fprintf(out, " %u", (unsigned)reader_u32(&reader));
}

static void print_rdata(const struct record *record, FILE *out)
{
	char text[NAME_TEXT_MAX];
	struct addr addr;

	switch (record->type) {
	case TYPE_A:
		assert_int_equal(record->rdata_size, 4);
		addr = addr_from_ipv4(record->rdata);
		fputs(addr_format(&addr, text), out);
		return;
	case TYPE_AAAA:
		assert_int_equal(record->rdata_size, 16);
		addr = addr_from_ipv6(record->rdata);
		fputs(addr_format(&addr, text), out);
		return;
	case TYPE_SOA:
		print_soa(record, out);
		return;
	case TYPE_RRSIG:
		fputs(name_of_type(bytes_get_u16(record->rdata)), out);
		return;
	case TYPE_TXT:
	case TYPE_NSEC:
		fwrite(record->rdata, 1, record->rdata_size, out);
		return;
	default:
		fputs(name_format(record->rdata, text), out);
	}
}

void expect_reply(struct reply *reply, uint16_t rcode, const char *lines)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	assert_non_null(reply);
	for (size_t i = 0; i < reply_count(reply); i++) {
		struct record record = reply_record(reply, i);
		char owner[NAME_TEXT_MAX];

		assert_int_equal(record.rclass, CLASS_IN);
		fprintf(out, "%s %s %u %s ", sections[record.section],
			name_format(record.owner, owner), (unsigned)record.ttl,
			name_of_type(record.type));
		print_rdata(&record, out);
		fputc('\n', out);
	}
	fclose(out);
	assert_string_equal(text, lines);
	assert_int_equal(reply_facts(reply)->rcode, rcode);
	assert_false(reply_facts(reply)->ad);
	free(text);
	reply_unref(reply);
}

static void read_source(const char *word, struct learn_source *source)
{
	if (strcmp(word, "upstreams") == 0) {
		source->kind = LEARN_UPSTREAMS;
	} else if (strcmp(word, "routers") == 0) {
		source->kind = LEARN_ADVERTISEMENTS;
	} else {
		source->kind = LEARN_SERVERS;
		source->servers = mem_new(sizeof(*source->servers));
		source->server_count = 1;
		assert_true(endpoint_parse(word, 53, source->servers));
	}
}

struct prefix prefix_of(const char *text)
{
	struct network network;
	struct prefix prefix;

	assert_int_equal(network_parse(text, &network), NETWORK_OK);
	assert_int_equal(prefix_make(&network, NULL, &prefix), PREFIX_OK);
	return prefix;
}

static void add_prefix(const char *line, struct policy_options *options)
{
	struct policy_prefix *prefix = &options->prefixes[options->prefix_count++];
	char word[64];
	int used = 0;

	assert_int_equal(sscanf(line, "%63s%n", word, &used), 1);
	if (word[0] == '<')
		read_source(word + 1, &prefix->learn);
	else
		prefix->prefix = prefix_of(word);
	for (line += used; sscanf(line, "%63s%n", word, &used) == 1; line += used) {
		if (strcmp(word, "drain") == 0)
			prefix->drain = true;
		else
			assert_int_equal(netset_add_text(&prefix->ipv4, word), NETWORK_OK);
	}
}

struct policy_options options_of(const char *prefixes)
{
	struct policy_options options = { .enabled = true, .ptr = true };
	char line[LINE_MAX_SIZE];

	while ((prefixes = next_line(prefixes, line)))
		add_prefix(line, &options);
	assert_int_equal(netset_add_text(&options.exclude_aaaa, "::ffff:0:0/96"), NETWORK_OK);
	return options;
}

struct policy *policy_of(const char *prefixes)
{
	struct policy_options options = options_of(prefixes);

	return policy_new(&options);
}
