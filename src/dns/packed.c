/* Replies for keeping: what a question's name, its zone and common sense tell is left out. Knows
 * how records repeat each other, not how long anything is kept, nor by whom. */

#include "sixward/dns/packed.h"

#include <assert.h>
#include <string.h>

#include "sixward/base/bytes.h"

/* First octet: the kind, and what follows beside the usual. */
enum {
	HEAD_KIND = 0x07,
	HEAD_AD = 0x08,
	HEAD_SOA = 0x10,   /* the negative TTL follows */
	HEAD_EDES = 0x20,  /* follow */
	HEAD_RCODE = 0x40, /* follows: not the kind's own */
	HEAD_LINKS = 0x80  /* follow */
};

/* First octet of a record: its section, what it has of the record before, and where its owner is
 * found. */
enum {
	RECORD_SECTION = 0x03,
	RECORD_SAME_TYPE = 0x04,
	RECORD_SAME_TTL = 0x08,
	RECORD_CLASS = 0x10, /* follows: not IN */
	RECORD_OWNER = 0xe0,
	OWNER_SHIFT = 5
};

enum owner {
	OWNER_SAME,     /* as the record's before; of the first: the name asked for */
	OWNER_ASKED,    /* the name asked for, */
	OWNER_ABOVE,    /* or what is left of it from the octet that follows on */
	OWNER_TARGET,   /* the target of the alias before, */
	OWNER_ZONE,     /* or what is left of it */
	OWNER_EXPLICIT, /* follows */
	OWNER_PIECE     /* all but section and TTL is the next piece */
};

enum {
	TYPE_WIDE = 0xff, /* the type follows in 16 bits, and the size of the RDATA */
	TYPE_NARROW_MOST = 0xfe,
	VARINT_MORE = 0x80,
	VARINT_BITS = 7
};

/* What records lean on, the same when packing and when unpacking. */
struct context {
	const uint8_t *asked;
	const uint8_t *target; /* of the last alias in the answer */
	struct record before;
};

static void context_note(struct context *context, const struct record *record)
{
	if (record->type == TYPE_CNAME && record->section == SECTION_ANSWER)
		context->target = record->rdata;
	context->before = *record;
}

static struct context context_for(const uint8_t *name)
{
	return (struct context){
		.asked = name,
		.target = name,
		.before = { .type = TYPE_A, .rclass = CLASS_IN, .owner = name },
	};
}

static uint16_t usual_rcode(enum reply_kind kind)
{
	return kind == REPLY_NXDOMAIN ? RCODE_NXDOMAIN : RCODE_NOERROR;
}

/* The size of RDATA that goes without saying; 0 = none does. */
static uint16_t usual_size(uint16_t type)
{
	const uint16_t ipv4_size = 4;
	const uint16_t ipv6_size = 16;

	if (type == TYPE_A)
		return ipv4_size;
	return type == TYPE_AAAA ? ipv6_size : 0;
}

/* Packing. */

static void put_varint(struct writer *writer, uint32_t value)
{
	for (; value >= VARINT_MORE; value >>= VARINT_BITS)
		writer_u8(writer, (uint8_t)(value | VARINT_MORE));
	writer_u8(writer, (uint8_t)value);
}

/* Where in `name` the same octets stand as its end. */
static bool find_end(const uint8_t *name, const uint8_t *end, size_t end_size, size_t *at)
{
	size_t size = name_size(name, NAME_SIZE_MAX);
	const uint8_t *label = name;

	if (size < end_size || memcmp(name + (size - end_size), end, end_size) != 0)
		return false;
	*at = size - end_size;
	while (label < name + *at)
		label += 1U + label[0];
	return label == name + *at;
}

/* A whole name as it is, or a part of one already there; letters keep their case (R4343-4-a). */
static enum owner find_owner(
	const struct context *context, const uint8_t *owner, size_t size, size_t *at)
{
	size_t before_size = name_size(context->before.owner, NAME_SIZE_MAX);

	if (before_size == size && memcmp(context->before.owner, owner, size) == 0)
		return OWNER_SAME;
	if (find_end(context->asked, owner, size, at))
		return *at > 0 ? OWNER_ABOVE : OWNER_ASKED;
	if (find_end(context->target, owner, size, at))
		return *at > 0 ? OWNER_ZONE : OWNER_TARGET;
	return OWNER_EXPLICIT;
}

static void put_owner(struct writer *writer, enum owner found, const uint8_t *owner, size_t at)
{
	if (found == OWNER_ABOVE || found == OWNER_ZONE)
		writer_u8(writer, (uint8_t)at);
	else if (found == OWNER_EXPLICIT)
		writer_put(writer, owner, name_size(owner, NAME_SIZE_MAX));
}

static void put_type(struct writer *writer, const struct record *record)
{
	uint16_t usual = usual_size(record->type);

	if (record->type <= TYPE_NARROW_MOST && (usual == 0 || usual == record->rdata_size)) {
		writer_u8(writer, (uint8_t)record->type);
		return;
	}
	writer_u8(writer, TYPE_WIDE);
	writer_u16(writer, record->type);
}

/* Whether type and class can be left out: then the size of RDATA is the usual one, or follows. */
static bool has_same_type(const struct context *context, const struct record *record)
{
	uint16_t usual = usual_size(record->type);

	return record->type == context->before.type && record->rclass == context->before.rclass &&
	       (usual == 0 || usual == record->rdata_size);
}

static void put_record(
	struct writer *writer, const struct context *context, const struct record *record)
{
	size_t at = 0;
	size_t owner_size = name_size(record->owner, NAME_SIZE_MAX);
	enum owner owner = find_owner(context, record->owner, owner_size, &at);
	bool same_type = has_same_type(context, record);
	bool same_ttl = record->ttl == context->before.ttl;
	bool has_class = !same_type && record->rclass != CLASS_IN;

	writer_u8(writer,
		(uint8_t)((unsigned)record->section | (unsigned)owner << OWNER_SHIFT |
			  (same_type ? RECORD_SAME_TYPE : 0) | (same_ttl ? RECORD_SAME_TTL : 0) |
			  (has_class ? RECORD_CLASS : 0)));
	put_owner(writer, owner, record->owner, at);
	if (!same_type)
		put_type(writer, record);
	if (has_class)
		writer_u16(writer, record->rclass);
	if (!same_ttl)
		put_varint(writer, record->ttl);
	if (usual_size(record->type) != record->rdata_size || usual_size(record->type) == 0)
		put_varint(writer, record->rdata_size);
	writer_put(writer, record->rdata, record->rdata_size);
}

static bool is_shared(const struct record *record)
{
	uint16_t type = record_covers(record);

	return record->section == SECTION_AUTHORITY && (type == TYPE_SOA || type == TYPE_NS);
}

/* Type, class, owner, RDATA. False: there is no room for it. */
static bool add_piece(struct packed *packed, const struct record *record)
{
	uint8_t *octets = packed->piece_octets + packed->piece_count * PACKED_PIECE_MAX;
	struct writer writer = writer_over(octets, PACKED_PIECE_MAX);

	if (packed->piece_count == PACKED_PIECES_MAX)
		return false;
	writer_u16(&writer, record->type);
	writer_u16(&writer, record->rclass);
	writer_put(&writer, record->owner, name_size(record->owner, NAME_SIZE_MAX));
	writer_put(&writer, record->rdata, record->rdata_size);
	if (writer.failed)
		return false;
	packed->pieces[packed->piece_count++] =
		(struct packed_piece){ .octets = octets, .size = writer.at };
	return true;
}

static void put_piece(
	struct writer *writer, const struct context *context, const struct record *record)
{
	bool same_ttl = record->ttl == context->before.ttl;

	writer_u8(
		writer, (uint8_t)((unsigned)record->section | (unsigned)OWNER_PIECE << OWNER_SHIFT |
				  (same_ttl ? RECORD_SAME_TTL : 0)));
	if (!same_ttl)
		put_varint(writer, record->ttl);
}

static void put_edes(struct writer *writer, const struct ede_list *edes)
{
	writer_u8(writer, edes->count);
	for (size_t i = 0; i < edes->count; i++) {
		size_t size = strlen(edes->items[i].text);

		writer_u16(writer, edes->items[i].code);
		writer_u8(writer, (uint8_t)size);
		writer_put(writer, edes->items[i].text, size);
	}
}

static void put_facts(
	struct writer *writer, const struct reply_facts *facts, const struct ede_list *edes)
{
	bool has_rcode = facts->rcode != usual_rcode(facts->kind);

	writer_u8(writer,
		(uint8_t)((unsigned)facts->kind | (facts->ad ? HEAD_AD : 0) |
			  (facts->has_soa ? HEAD_SOA : 0) | (edes->count > 0 ? HEAD_EDES : 0) |
			  (has_rcode ? HEAD_RCODE : 0) | (facts->links > 0 ? HEAD_LINKS : 0)));
	put_varint(writer, facts->lifetime);
	if (facts->has_soa)
		put_varint(writer, facts->negative_ttl);
	if (edes->count > 0)
		put_edes(writer, edes);
	if (has_rcode)
		writer_u16(writer, facts->rcode);
	if (facts->links > 0)
		writer_u8(writer, facts->links);
}

/* The last name is the last alias's target, but where that is the very data asked for. */
static void put_terminal(
	struct writer *writer, const struct context *context, const uint8_t *terminal)
{
	struct context names = *context;
	size_t at = 0;
	enum owner found;

	names.before.owner = context->target;
	found = find_owner(&names, terminal, name_size(terminal, NAME_SIZE_MAX), &at);
	writer_u8(writer, (uint8_t)found);
	put_owner(writer, found, terminal, at);
}

bool packed_make(struct packed *packed, const uint8_t *name, const struct reply *reply)
{
	const struct reply_facts *facts = reply_facts(reply);
	struct context context = context_for(name);
	struct writer writer = writer_over(packed->octets, PACKED_SIZE_MAX);
	size_t count = reply_count(reply);

	packed->piece_count = 0;
	if (count > PACKED_RECORDS_MAX)
		return false;
	put_facts(&writer, facts, reply_edes(reply));
	writer_u8(&writer, (uint8_t)count);
	context.before.ttl = facts->lifetime;
	for (size_t i = 0; i < count && !writer.failed; i++) {
		struct record record = reply_record(reply, i);

		if (is_shared(&record) && add_piece(packed, &record))
			put_piece(&writer, &context, &record);
		else
			put_record(&writer, &context, &record);
		context_note(&context, &record);
	}
	put_terminal(&writer, &context, reply_terminal(reply));
	packed->size = writer.at;
	return !writer.failed;
}

/* Unpacking: all octets are our own, so a fault in them is one of the program. */

static uint32_t take_varint(struct reader *reader)
{
	uint32_t value = 0;
	unsigned shift = 0;
	uint8_t octet;

	do {
		octet = reader_u8(reader);
		value |= (uint32_t)(octet & ~VARINT_MORE) << shift;
		shift += VARINT_BITS;
	} while (octet & VARINT_MORE);
	return value;
}

static const uint8_t *take_owner(
	struct reader *reader, const struct context *context, enum owner owner)
{
	switch (owner) {
	case OWNER_SAME:
	case OWNER_PIECE:
		break;
	case OWNER_ASKED:
		return context->asked;
	case OWNER_ABOVE:
		return context->asked + reader_u8(reader);
	case OWNER_TARGET:
		return context->target;
	case OWNER_ZONE:
		return context->target + reader_u8(reader);
	case OWNER_EXPLICIT: {
		const uint8_t *name = reader->octets + reader->at;

		return reader_take(reader, name_size(name, reader_left(reader)));
	}
	}
	return context->before.owner;
}

/* Of the size that the type tells, or of the one that follows. */
static void take_rdata(struct reader *reader, struct record *record, bool is_wide)
{
	uint16_t usual = is_wide ? 0 : usual_size(record->type);

	record->rdata_size = usual > 0 ? usual : (uint16_t)take_varint(reader);
	record->rdata = reader_take(reader, record->rdata_size);
}

static struct record take_record(struct reader *reader, const struct context *context, uint8_t head)
{
	struct record record = { .section = (enum wire_section)(head & RECORD_SECTION),
		.type = context->before.type,
		.rclass = context->before.rclass,
		.ttl = context->before.ttl };
	bool is_wide = false;

	record.owner = take_owner(reader, context, (enum owner)(head >> OWNER_SHIFT));
	if (!(head & RECORD_SAME_TYPE)) {
		record.type = reader_u8(reader);
		record.rclass = CLASS_IN;
		is_wide = record.type == TYPE_WIDE;
		if (is_wide)
			record.type = reader_u16(reader);
	}
	if (head & RECORD_CLASS)
		record.rclass = reader_u16(reader);
	if (!(head & RECORD_SAME_TTL))
		record.ttl = take_varint(reader);
	take_rdata(reader, &record, is_wide);
	return record;
}

static struct record take_piece(struct reader *reader, const struct context *context, uint8_t head,
	const struct packed_piece *piece)
{
	struct reader inside = reader_over(piece->octets, piece->size);
	struct record record = { .section = (enum wire_section)(head & RECORD_SECTION),
		.ttl = context->before.ttl };

	if (!(head & RECORD_SAME_TTL))
		record.ttl = take_varint(reader);
	record.type = reader_u16(&inside);
	record.rclass = reader_u16(&inside);
	record.owner = piece->octets + inside.at;
	(void)reader_take(&inside, name_size(record.owner, reader_left(&inside)));
	record.rdata_size = (uint16_t)reader_left(&inside);
	record.rdata = reader_take(&inside, record.rdata_size);
	return record;
}

static void take_edes(struct reader *reader, struct ede_list *edes)
{
	edes->count = reader_u8(reader);
	assert(edes->count <= EDE_COUNT_MAX);
	for (size_t i = 0; i < edes->count; i++) {
		struct ede *ede = &edes->items[i];
		uint8_t size;

		ede->code = reader_u16(reader);
		size = reader_u8(reader);
		assert(size <= EDE_TEXT_MAX && reader_left(reader) >= size);
		memcpy(ede->text, reader_take(reader, size), size);
	}
}

static void take_facts(struct reader *reader, struct reply_facts *facts, struct ede_list *edes)
{
	uint8_t head = reader_u8(reader);

	facts->kind = (enum reply_kind)(head & HEAD_KIND);
	facts->ad = head & HEAD_AD;
	facts->has_soa = head & HEAD_SOA;
	facts->lifetime = take_varint(reader);
	if (facts->has_soa)
		facts->negative_ttl = take_varint(reader);
	if (head & HEAD_EDES)
		take_edes(reader, edes);
	facts->rcode = head & HEAD_RCODE ? reader_u16(reader) : usual_rcode(facts->kind);
	if (head & HEAD_LINKS)
		facts->links = reader_u8(reader);
}

struct reply *packed_open(const struct packed *packed, const uint8_t *name)
{
	struct reader reader = reader_over(packed->octets, packed->size);
	struct context context = context_for(name);
	struct reply_facts facts = { 0 };
	struct ede_list edes = { 0 };
	struct record records[PACKED_RECORDS_MAX];
	const uint8_t *terminal;
	size_t count;
	size_t pieces = 0;

	take_facts(&reader, &facts, &edes);
	count = reader_u8(&reader);
	assert(count <= PACKED_RECORDS_MAX);
	context.before.ttl = facts.lifetime;
	for (size_t i = 0; i < count; i++) {
		uint8_t head = reader_u8(&reader);

		if (head >> OWNER_SHIFT == OWNER_PIECE) {
			assert(pieces < packed->piece_count);
			records[i] = take_piece(&reader, &context, head, &packed->pieces[pieces++]);
		} else {
			records[i] = take_record(&reader, &context, head);
		}
		context_note(&context, &records[i]);
	}
	context.before.owner = context.target;
	terminal = take_owner(&reader, &context, (enum owner)reader_u8(&reader));
	assert(!reader.failed && reader_left(&reader) == 0);
	return reply_restore(&facts, records, count, terminal, &edes);
}
