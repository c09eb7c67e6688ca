/* The names that mean something of their own, or belong to nobody, and what is said about
 * them: one table and the answers by its kinds of content. Knows no settings: whether a name
 * goes upstream all the same is for `local` to say. */

#include "sixward/local/special.h"

#include <assert.h>
#include <string.h>

#include "sixward/base/bytes.h"

enum {
	ZONE_TTL = 10800, /* LIM-28, R6303-3-b */
	LABEL_NUMBER_MAX = 3
};

enum content {
	CONTENT_NOTHING,  /* no such name, the top included */
	CONTENT_EMPTY,    /* R6303-3-a: SOA and NS at the top, nothing below */
	CONTENT_LOOPBACK, /* the two addresses, at the top and below */
	CONTENT_NODATA    /* every name exists and has nothing */
};

/* Names in wire form, lower-cased: labels by their sizes; the literal's NUL is the root. */
#define ONE(label)   "\1" label
#define TWO(label)   "\2" label
#define THREE(label) "\3" label
#define IN_ADDR      "\7in-addr\4arpa"
#define IP6          "\3ip6\4arpa"
#define ZEROS_4      ONE("0") ONE("0") ONE("0") ONE("0")
#define ZEROS_28     ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4 ZEROS_4
#define ZEROS_31     ZEROS_28 ONE("0") ONE("0") ONE("0")
#define NAME(text)   ((const uint8_t *)(text))
#define ZONE(text)   .name = NAME(text), .size = sizeof(text)

/* No zone lies in another, so the first that covers a name is the only one. */
static const struct zone {
	const uint8_t *name;
	size_t size;
	enum content content;
	uint8_t first, last;     /* one label more, a number of this range, is a zone each */
	bool is_delegated;       /* †: the public tree has its DS, or the proof of none */
	const uint8_t *loopback; /* the name in it whose PTR is localhost (R6303-3-b) */
} zones[] = {
	{ ZONE("\5onion"), CONTENT_NOTHING },                          /* LOC-02 */
	{ ZONE("\11localhost"), CONTENT_LOOPBACK },                    /* LOC-03 */
	{ ZONE("\7invalid"), CONTENT_NOTHING },                        /* LOC-04 */
	{ ZONE("\4test"), CONTENT_NOTHING },                           /* LOC-05 */
	{ ZONE("\5local"), CONTENT_NOTHING },                          /* LOC-06 */
	{ ZONE("\4home\4arpa"), CONTENT_EMPTY, .is_delegated = true }, /* LOC-07 */
	{ ZONE("\10resolver\4arpa"), CONTENT_NODATA },                 /* LOC-08 */

	/* LOC-09; of these the link-local ones are LOC-06 too */
	{ ZONE(ONE("0") IN_ADDR), CONTENT_EMPTY }, /* this network, as a source only */
	{ ZONE(TWO("10") IN_ADDR), CONTENT_EMPTY },
	{ ZONE(THREE("127") IN_ADDR), CONTENT_EMPTY,
		.loopback = NAME(ONE("1") ONE("0") ONE("0") THREE("127") IN_ADDR) },
	{ ZONE(THREE("254") THREE("169") IN_ADDR), CONTENT_EMPTY },
	{ ZONE(THREE("172") IN_ADDR), CONTENT_EMPTY, .first = 16, .last = 31 },
	{ ZONE(THREE("168") THREE("192") IN_ADDR), CONTENT_EMPTY },
	{ ZONE(ONE("2") ONE("0") THREE("192") IN_ADDR), CONTENT_EMPTY },
	{ ZONE(THREE("100") TWO("51") THREE("198") IN_ADDR), CONTENT_EMPTY },
	{ ZONE(THREE("113") ONE("0") THREE("203") IN_ADDR), CONTENT_EMPTY },
	{ ZONE(THREE("255") THREE("255") THREE("255") THREE("255") IN_ADDR), CONTENT_EMPTY },
	{ ZONE(ONE("0") ZEROS_31 IP6), CONTENT_EMPTY },
	{ ZONE(ONE("1") ZEROS_31 IP6), CONTENT_EMPTY, .loopback = NAME(ONE("1") ZEROS_31 IP6) },
	{ ZONE(ONE("d") ONE("f") IP6), CONTENT_EMPTY },
	{ ZONE(ONE("8") ONE("e") ONE("f") IP6), CONTENT_EMPTY },
	{ ZONE(ONE("9") ONE("e") ONE("f") IP6), CONTENT_EMPTY },
	{ ZONE(ONE("a") ONE("e") ONE("f") IP6), CONTENT_EMPTY },
	{ ZONE(ONE("b") ONE("e") ONE("f") IP6), CONTENT_EMPTY },
	{ ZONE(ONE("8") ONE("b") ONE("d") ONE("0") ONE("1") ONE("0") ONE("0") ONE("2") IP6),
		CONTENT_EMPTY },
	{ ZONE(THREE("100") IN_ADDR), CONTENT_EMPTY, .first = 64, .last = 127 }, /* LOC-10 */
};

static const uint8_t localhost[] = "\11localhost";

/* The label as a number without leading zeros, or -1. */
static int label_number(const uint8_t *label)
{
	int number = 0;

	if (!label[0] || label[0] > LABEL_NUMBER_MAX || (label[0] > 1 && label[1] == '0'))
		return -1;
	for (size_t i = 1; i <= label[0]; i++) {
		if (label[i] < '0' || label[i] > '9')
			return -1;
		number = number * 10 + (label[i] - '0');
	}
	return number;
}

/* The part of the name that is the row's zone, or NULL. This runs for every question, and
 * nearly all names leave where one octet, which should be a label's size, is compared. */
static const uint8_t *zone_part(const struct zone *zone, const struct name *name)
{
	const uint8_t *end, *label, *above = NULL;
	int number;

	if (name->size < zone->size)
		return NULL;
	end = name->octets + name->size - zone->size;
	if (end[0] != zone->name[0] || memcmp(end, zone->name, zone->size) != 0)
		return NULL;
	for (label = name->octets; label < end; label = name_parent(label))
		above = label;
	if (label != end) /* octets of a longer label */
		return NULL;
	if (!zone->last)
		return end;
	number = above ? label_number(above) : -1;
	return number >= zone->first && number <= zone->last ? above : NULL;
}

static const struct zone *find(const struct name *name, const uint8_t **part)
{
	for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
		*part = zone_part(&zones[i], name);
		if (*part)
			return &zones[i];
	}
	return NULL;
}

bool special_is_parents(const struct question *question)
{
	const struct zone *zone;
	const uint8_t *part;

	if (question->type != TYPE_DS)
		return false;
	zone = find(&question->name, &part);
	return zone && zone->is_delegated && part == question->name.octets;
}

const uint8_t *special_find(const struct question *question)
{
	const uint8_t *part;

	if (!find(&question->name, &part) || special_is_parents(question))
		return NULL;
	return part;
}

static void add(struct reply_draft *draft, enum wire_section section, const uint8_t *owner,
	uint16_t type, const uint8_t *rdata, size_t size)
{
	struct record record = { .section = section,
		.type = type,
		.rclass = CLASS_IN,
		.rdata_size = (uint16_t)size,
		.ttl = ZONE_TTL,
		.owner = owner,
		.rdata = rdata };

	reply_draft_add(draft, &record);
}

/* R6303-3-b: `@ 10800 IN SOA @ nobody.invalid. 1 3600 1200 604800 10800` */
static void add_soa(struct reply_draft *draft, enum wire_section section, const uint8_t *zone)
{
	static const uint8_t mailbox[] = "\6nobody\7invalid";
	struct name name = name_copy(zone);
	uint8_t rdata[NAME_SIZE_MAX + sizeof(mailbox) + 20];
	struct writer writer = writer_over(rdata, sizeof(rdata));

	writer_put(&writer, name.octets, name.size);
	writer_put(&writer, mailbox, sizeof(mailbox));
	writer_u32(&writer, 1);
	writer_u32(&writer, 3600);
	writer_u32(&writer, 1200);
	writer_u32(&writer, 604800);
	writer_u32(&writer, ZONE_TTL);
	assert(!writer.failed);
	add(draft, section, zone, TYPE_SOA, rdata, writer.at);
}

static bool asks(const struct question *question, uint16_t type)
{
	return question->type == type || question->type == TYPE_ANY;
}

/* What the zone holds at the name for the type; false: nothing. */
static bool add_data(struct reply_draft *draft, const struct question *question,
	const struct zone *zone, const uint8_t *part)
{
	static const uint8_t ipv4[4] = { 127, 0, 0, 1 };
	static const uint8_t ipv6[16] = { [15] = 1 };
	const uint8_t *owner = question->name.octets;
	bool found = false;

	if (zone->content == CONTENT_LOOPBACK && asks(question, TYPE_A)) {
		add(draft, SECTION_ANSWER, owner, TYPE_A, ipv4, sizeof(ipv4));
		found = true;
	}
	if (zone->content == CONTENT_LOOPBACK && asks(question, TYPE_AAAA)) {
		add(draft, SECTION_ANSWER, owner, TYPE_AAAA, ipv6, sizeof(ipv6));
		found = true;
	}
	if (zone->content == CONTENT_EMPTY && part == owner && asks(question, TYPE_SOA)) {
		add_soa(draft, SECTION_ANSWER, owner);
		found = true;
	}
	if (zone->content == CONTENT_EMPTY && part == owner && asks(question, TYPE_NS)) {
		add(draft, SECTION_ANSWER, owner, TYPE_NS, owner, question->name.size);
		found = true;
	}
	if (zone->loopback && asks(question, TYPE_PTR) && name_equal(owner, zone->loopback)) {
		add(draft, SECTION_ANSWER, owner, TYPE_PTR, localhost, sizeof(localhost));
		found = true;
	}
	return found;
}

static bool name_exists(const uint8_t *name, const struct zone *zone, const uint8_t *part)
{
	switch (zone->content) {
	case CONTENT_NOTHING:
		return false;
	case CONTENT_EMPTY:
		/* Names between the top and a PTR exist, or RFC 8020 would deny the PTR. */
		return part == name || (zone->loopback && name_is_under(zone->loopback, name));
	case CONTENT_LOOPBACK:
	case CONTENT_NODATA:
		return true;
	}
	return false;
}

struct reply *special_answer(const struct question *question, bool is_above)
{
	const uint8_t *part = NULL;
	const struct zone *zone = find(&question->name, &part);
	struct reply_draft *draft;
	bool exists;

	assert(zone);
	exists = is_above || name_exists(question->name.octets, zone, part);
	draft = reply_draft_new(question, exists ? RCODE_NOERROR : RCODE_NXDOMAIN);
	if (!add_data(draft, question, zone, part))
		add_soa(draft, SECTION_AUTHORITY, part);
	return reply_draft_seal(draft);
}
