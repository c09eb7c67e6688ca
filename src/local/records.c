/* The operator's own records: those of the configuration, and of hosts files. Keeps them by
 * name and makes replies of them. Knows nothing of special names, nor where the text came
 * from or when it changes. */

#include "sixward/local/records.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sixward/base/addr.h"
#include "sixward/base/mem.h"
#include "sixward/base/table.h"
#include "sixward/dns/message.h"

enum { HOSTS_EXPECTED = 64, FIELD_MAX = NAME_SIZE_MAX };

struct entry {
	struct entry *next;
	uint32_t ttl;
	uint16_t type;
	uint16_t size;
	uint8_t rdata[];
};

/* A name and what it has, in the order given. */
struct owner {
	struct table_link link;
	struct entry *entries;
	size_t count;
	uint8_t name[];
};

struct records {
	struct table owners;
};

struct records *records_new(void)
{
	struct records *records = mem_new(sizeof(*records));

	table_init(&records->owners, HOSTS_EXPECTED);
	return records;
}

static void owner_free(struct owner *owner)
{
	while (owner->entries) {
		struct entry *entry = owner->entries;

		owner->entries = entry->next;
		free(entry);
	}
	free(owner);
}

void records_free(struct records *records)
{
	struct table_link *link, *next;

	if (!records)
		return;
	for (link = table_next(&records->owners, NULL); link; link = next) {
		next = table_next(&records->owners, link);
		owner_free(TABLE_ITEM(link, struct owner, link));
	}
	table_clear(&records->owners);
	free(records);
}

static bool on_match(const struct table_link *link, const void *key)
{
	return name_equal(TABLE_ITEM(link, const struct owner, link)->name, key);
}

static uint64_t hash_of(const struct records *records, const struct name *name)
{
	return table_hash(&records->owners, name->octets, name->size);
}

/* `name` is lower-cased. */
static struct owner *find(const struct records *records, const struct name *name)
{
	struct table_link *link =
		table_find(&records->owners, hash_of(records, name), on_match, name->octets);

	return link ? TABLE_ITEM(link, struct owner, link) : NULL;
}

static struct owner *find_or_add(struct records *records, const struct name *name)
{
	struct owner *owner = find(records, name);

	if (owner)
		return owner;
	owner = mem_new(sizeof(*owner) + name->size);
	memcpy(owner->name, name->octets, name->size);
	table_insert(&records->owners, &owner->link, hash_of(records, name));
	return owner;
}

static struct name folded(const uint8_t *octets)
{
	struct name name = name_copy(octets);

	name_fold(&name);
	return name;
}

static const struct entry *find_type(const struct owner *owner, uint16_t type)
{
	const struct entry *entry = owner ? owner->entries : NULL;

	while (entry && entry->type != type)
		entry = entry->next;
	return entry;
}

/* Adding this alias must not close a circle, nor make a chain that no answer may have. */
static const char *find_chain_fault(
	const struct records *records, const struct name *name, const uint8_t *target)
{
	struct name at = folded(target);

	for (int links = 1; links <= RECORDS_LINKS_MAX; links++) {
		const struct entry *alias;

		if (name_equal(at.octets, name->octets))
			return "this CNAME closes a circle";
		alias = find_type(find(records, &at), TYPE_CNAME);
		if (!alias)
			return NULL;
		at = folded(alias->rdata);
	}
	return "this CNAME makes a chain of more than 16";
}

/* Why the record cannot stand at its name; NULL: it can. */
static const char *find_fault(
	const struct records *records, const struct name *name, const struct record *record)
{
	const struct owner *owner = find(records, name);
	const struct entry *alias = find_type(owner, TYPE_CNAME);

	if (owner && owner->count >= RECORDS_PER_NAME_MAX)
		return "a name may have 256 records";
	if (alias && record->type == TYPE_CNAME)
		return "a second CNAME at this name";
	if (alias)
		return "the name has a CNAME, so it can have no other record";
	if (record->type != TYPE_CNAME)
		return NULL;
	if (owner && owner->count)
		return "the name has other records, so it can have no CNAME";
	return find_chain_fault(records, name, record->rdata);
}

static bool has(const struct owner *owner, const struct record *record)
{
	const struct entry *entry = owner ? owner->entries : NULL;

	for (; entry; entry = entry->next) {
		if (entry->type == record->type && entry->size == record->rdata_size &&
			memcmp(entry->rdata, record->rdata, entry->size) == 0)
			return true;
	}
	return false;
}

static void append(struct owner *owner, struct entry *entry)
{
	struct entry **at = &owner->entries;

	while (*at)
		at = &(*at)->next;
	*at = entry;
	owner->count++;
}

/* False, with the reason, when it cannot stand beside what is there. */
static bool add(struct records *records, const struct record *record, const char **error)
{
	struct name name = folded(record->owner);
	struct entry *entry;

	if (has(find(records, &name), record))
		return true;
	*error = find_fault(records, &name, record);
	if (*error)
		return false;
	entry = mem_new(sizeof(*entry) + record->rdata_size);
	entry->ttl = record->ttl;
	entry->type = record->type;
	entry->size = record->rdata_size;
	memcpy(entry->rdata, record->rdata, record->rdata_size);
	append(find_or_add(records, &name), entry);
	return true;
}

bool records_add(struct records *records, const char *line, const char **error)
{
	uint8_t *storage = mem_new(MESSAGE_RECORD_MAX);
	struct record record;
	bool added = false;

	if (!message_parse_record(line, RECORDS_TTL, &record, storage, error))
		goto out;
	if (record.type == TYPE_DNAME) {
		*error = "a DNAME would rewrite names below it, which records do not answer";
		goto out;
	}
	added = add(records, &record, error);
out:
	free(storage);
	return added;
}

/* A walk over text that is not NUL-terminated. */
struct text {
	const char *at, *end;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next line, without its comment and its end. False: no more. */
static bool next_line(struct text *file, struct text *line)
{
	const char *end, *comment;

	if (file->at == file->end)
		return false;
	end = memchr(file->at, '\n', (size_t)(file->end - file->at));
	line->at = file->at;
	line->end = end ? end : file->end;
	file->at = end ? end + 1 : file->end;
	comment = memchr(line->at, '#', (size_t)(line->end - line->at));
	if (comment)
		line->end = comment;
	return true;
}

/* The next word, into FIELD_MAX octets; one that is too long, or holds a NUL, becomes "", which
 * is neither an address nor a name. False: no more. */
static bool next_word(struct text *line, char word[FIELD_MAX])
{
	const char *start;
	size_t size;

	while (line->at < line->end && is_blank(*line->at))
		line->at++;
	start = line->at;
	while (line->at < line->end && !is_blank(*line->at))
		line->at++;
	size = (size_t)(line->at - start);
	if (!size)
		return false;
	if (size >= FIELD_MAX || memchr(start, 0, size))
		size = 0;
	memcpy(word, start, size);
	word[size] = '\0';
	return true;
}

/* Letters, digits, `-` and, as is in use, `_`; a last label of digits alone is an address or a
 * slip (RFC 1123 2.1). */
static bool parse_host_name(const char *word, struct name *name)
{
	static const char octets[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789-_.";
	const uint8_t *last;

	if (!*word || word[strspn(word, octets)] || !name_parse(word, name) ||
		name_is_root(name->octets))
		return false;
	name_fold(name);
	last = name_last(name->octets, 1);
	for (size_t i = 1; i <= last[0]; i++) {
		if (last[i] < '0' || last[i] > '9')
			return true;
	}
	return false;
}

/* The name below in-addr.arpa or ip6.arpa. */
static struct name reverse_name(const struct addr *addr)
{
	static const char digits[] = "0123456789abcdef";
	static const uint8_t in_addr[] = "\7in-addr\4arpa", ip6[] = "\3ip6\4arpa";
	bool is_ipv4 = addr->family == ADDR_IPV4;
	struct name name = { 0 };
	uint8_t *out = name.octets;

	for (size_t i = addr_size(addr); i-- > 0;) {
		uint8_t octet = addr->octets[i];

		if (is_ipv4) {
			uint8_t size = octet >= 100 ? 3 : octet >= 10 ? 2 : 1;

			out[0] = size;
			for (uint8_t left = size; left; left--, octet /= 10)
				out[left] = (uint8_t)digits[octet % 10];
			out += 1 + size;
			continue;
		}
		*out++ = 1;
		*out++ = (uint8_t)digits[octet & 15];
		*out++ = 1;
		*out++ = (uint8_t)digits[octet >> 4];
	}
	memcpy(out, is_ipv4 ? in_addr : ip6, is_ipv4 ? sizeof(in_addr) : sizeof(ip6));
	out += is_ipv4 ? sizeof(in_addr) : sizeof(ip6);
	name.size = (uint8_t)(out - name.octets);
	return name;
}

/* One address with one name. */
static bool add_host(struct records *records, const struct addr *addr, const struct name *name)
{
	static const uint8_t localhost[] = "\11localhost";
	struct name reverse = reverse_name(addr);
	const char *error;
	struct record forward = { .type = addr->family == ADDR_IPV4 ? TYPE_A : TYPE_AAAA,
		.rclass = CLASS_IN,
		.rdata_size = (uint16_t)addr_size(addr),
		.ttl = RECORDS_TTL,
		.owner = name->octets,
		.rdata = addr->octets };
	struct record back = { .type = TYPE_PTR,
		.rclass = CLASS_IN,
		.rdata_size = name->size,
		.ttl = RECORDS_TTL,
		.owner = reverse.octets,
		.rdata = name->octets };

	/* LOC-03: such an entry says nothing new, and a file that has it for IPv4 alone, as many
	 * do, would take ::1 away. */
	if (!(addr_is_loopback(addr) && name_is_under(name->octets, localhost)) &&
		!add(records, &forward, &error))
		return false;
	/* LOC-c: the first one; what the configuration says of the name comes before all. */
	if (!find_type(find(records, &reverse), TYPE_PTR))
		(void)add(records, &back, &error);
	return true;
}

/* False when something of the line was left out. */
static bool add_host_line(struct records *records, struct text line, size_t *taken)
{
	char word[FIELD_MAX];
	struct addr addr;
	struct name name;
	size_t names = 0;
	bool whole = true;

	if (!next_word(&line, word))
		return true;
	/* A zone is an interface of this host: the address means nothing to others. */
	if (strchr(word, '%') || !addr_parse(word, &addr))
		return false;
	while (next_word(&line, word)) {
		names++;
		if (parse_host_name(word, &name) && add_host(records, &addr, &name))
			++*taken;
		else
			whole = false;
	}
	return whole && names;
}

size_t records_add_hosts(struct records *records, const char *text, size_t size, size_t *skipped)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of UTF-8, as some editors write */
	struct text file = { text, text + size }, line;
	size_t taken = 0;

	*skipped = 0;
	if (size >= sizeof(mark) - 1 && memcmp(text, mark, sizeof(mark) - 1) == 0)
		file.at += sizeof(mark) - 1;
	while (next_line(&file, &line)) {
		if (!add_host_line(records, line, &taken))
			++*skipped;
	}
	return taken;
}

static void draft_entry(
	struct reply_draft *draft, const struct owner *owner, const struct entry *entry)
{
	struct record record = { .section = SECTION_ANSWER,
		.type = entry->type,
		.rclass = CLASS_IN,
		.rdata_size = entry->size,
		.ttl = entry->ttl,
		.owner = owner->name,
		.rdata = entry->rdata };

	/* The draft puts RRsets together, and levels their TTLs (R2181-5.2-a). */
	reply_draft_add(draft, &record);
}

/* R1034-3.6.2-a */
static bool follows_aliases(uint16_t type)
{
	return type != TYPE_CNAME && type != TYPE_ANY && type != TYPE_RRSIG && type != TYPE_NSEC;
}

static struct reply *answer_too_long(const struct question *question)
{
	return reply_draft_seal(reply_draft_new(question, RCODE_SERVFAIL));
}

struct reply *records_find(const struct records *records, const struct question *question)
{
	const struct owner *owner;
	const struct entry *entry;
	struct reply_draft *draft;
	int links = 0;

	if (question->rclass != CLASS_IN)
		return NULL;
	owner = find(records, &question->name);
	if (!owner)
		return NULL;
	draft = reply_draft_new(question, RCODE_NOERROR);
	while (owner && follows_aliases(question->type) &&
		(entry = find_type(owner, TYPE_CNAME)) != NULL) {
		struct name target = folded(entry->rdata);

		/* Circles are refused above, but chains also grow at their ends. */
		if (++links > RECORDS_LINKS_MAX) {
			reply_draft_free(draft);
			return answer_too_long(question);
		}
		draft_entry(draft, owner, entry);
		owner = find(records, &target);
	}
	/* Ours to the end (LOC-c): nobody else is asked what the last name has. */
	if (owner)
		reply_draft_set_ended(draft);
	for (entry = owner ? owner->entries : NULL; entry; entry = entry->next) {
		if (question->type == entry->type || question->type == TYPE_ANY)
			draft_entry(draft, owner, entry);
	}
	return reply_draft_seal(draft);
}

void records_each(const struct records *records, records_visit *visit, void *owner)
{
	struct table_link *link = NULL;

	while ((link = table_next(&records->owners, link)) != NULL)
		visit(owner, TABLE_ITEM(link, const struct owner, link)->name);
}
