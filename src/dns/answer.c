/* Replies to octets. Walks a reply in its order, takes its age off, compresses names and finds
 * out what fits; what is answered, and with which code, was decided elsewhere. Runs for
 * every answer that is not kept finished: nothing is allocated. */

#include "sixward/dns/answer.h"

#include <assert.h>
#include <string.h>

#include "sixward/base/bytes.h"

enum {
	SLOTS = 256,
	PROBES = 4,
	POINTER_MAX = 0x3fff, /* RFC 1035 4.1.4: 14 bits */
	LABELS_MAX = NAME_SIZE_MAX / 2 + 1,
	TTL_MAX = 0x7fffffff /* R2181-8-a */
};

struct encoder {
	const struct answer *answer;
	struct writer out;
	const uint8_t *last_owner;
	uint16_t last_owner_at; /* 0 = cannot be pointed to */
	uint16_t counts[3];
	bool has_slots;        /* most answers need none: their owner is the question's name */
	uint16_t slots[SLOTS]; /* where names stand, by their hash; 0 = free */
};

/* A name's labels, and the hash of each of its ends: equal for equal names, whatever the case. */
struct labels {
	size_t count;
	uint8_t at[LABELS_MAX];
	uint32_t hashes[LABELS_MAX];
};

static uint8_t fold(uint8_t octet)
{
	return octet >= 'A' && octet <= 'Z' ? (uint8_t)(octet + 32) : octet;
}

static void split(const uint8_t *name, struct labels *labels)
{
	uint32_t hash = 0x811c9dc5U;
	size_t at = 0;

	labels->count = 0;
	while (name[at] != 0) {
		labels->at[labels->count++] = (uint8_t)at;
		at += 1U + name[at];
	}
	for (size_t i = labels->count; i-- > 0;) {
		const uint8_t *label = name + labels->at[i];

		for (size_t j = 0; j <= label[0]; j++)
			hash = (hash ^ (label[j] | 0x20U)) * 0x01000193U;
		labels->hashes[i] = hash;
	}
}

static bool equal_label(const uint8_t *a, const uint8_t *b, bool exact)
{
	if (a[0] != b[0])
		return false;
	if (memcmp(a, b, 1U + a[0]) == 0)
		return true;
	if (exact)
		return false;
	for (size_t i = 1; i <= a[0]; i++) {
		if (fold(a[i]) != fold(b[i]))
			return false;
	}
	return true;
}

/* Whether our own octets at `at`, well-formed as we wrote them, are that name. */
static bool is_written_at(const struct encoder *encoder, size_t at, const uint8_t *name, bool exact)
{
	const uint8_t *octets = encoder->out.octets;

	for (;;) {
		while (octets[at] > NAME_LABEL_MAX)
			at = bytes_get_u16(octets + at) & POINTER_MAX;
		if (!equal_label(octets + at, name, exact))
			return false;
		if (name[0] == 0)
			return true;
		at += 1U + name[0];
		name += 1U + name[0];
	}
}

static uint16_t find_written(
	const struct encoder *encoder, uint32_t hash, const uint8_t *name, bool exact)
{
	for (uint32_t i = 0; i < PROBES; i++) {
		uint16_t at = encoder->slots[(hash + i) % SLOTS];

		if (at == 0)
			return 0;
		if (is_written_at(encoder, at, name, exact))
			return at;
	}
	return 0;
}

static void note_written(struct encoder *encoder, uint32_t hash, size_t at)
{
	if (at > POINTER_MAX)
		return;
	for (uint32_t i = 0; i < PROBES; i++) {
		uint16_t *slot = &encoder->slots[(hash + i) % SLOTS];

		if (*slot == 0) {
			*slot = (uint16_t)at;
			return;
		}
	}
}

/* The first name of all, when there are others. */
static void note_question(struct encoder *encoder)
{
	struct labels labels;

	memset(encoder->slots, 0, sizeof(encoder->slots));
	encoder->has_slots = true;
	if (encoder->answer->question == NULL)
		return;
	split(encoder->answer->question, &labels);
	for (size_t i = 0; i < labels.count; i++)
		note_written(encoder, labels.hashes[i], WIRE_HEADER_SIZE + (size_t)labels.at[i]);
}

/* Compresses. Owners match in any case, for a name stays the same name (R4343-4-a); RDATA
 * only `exact`, for it is sent as it came (R3597-3-a). Returns where the name can be pointed
 * to, or 0. */
static uint16_t put_name(struct encoder *encoder, const uint8_t *name, bool exact)
{
	struct labels labels;
	size_t start = encoder->out.at;
	uint16_t found = 0;
	size_t kept = 0;

	if (!encoder->has_slots)
		note_question(encoder);
	split(name, &labels);
	while (kept < labels.count) {
		found = find_written(encoder, labels.hashes[kept], name + labels.at[kept], exact);
		if (found != 0)
			break;
		kept++;
	}
	if (found == 0) {
		writer_put(&encoder->out, name, name_size(name, NAME_SIZE_MAX));
	} else {
		writer_put(&encoder->out, name, labels.at[kept]);
		writer_u16(&encoder->out, (uint16_t)(0xc000U | found));
	}
	if (encoder->out.failed)
		return 0;
	for (size_t i = 0; i < kept; i++)
		note_written(encoder, labels.hashes[i], start + labels.at[i]);
	if (kept == 0)
		return found;
	return start > POINTER_MAX ? 0 : (uint16_t)start;
}

static void put_owner(struct encoder *encoder, const uint8_t *owner)
{
	if (owner == encoder->last_owner && encoder->last_owner_at != 0) {
		writer_u16(&encoder->out, (uint16_t)(0xc000U | encoder->last_owner_at));
		return;
	}
	encoder->last_owner = owner;
	if (encoder->answer->question != NULL && !name_is_root(owner) &&
		name_equal(owner, encoder->answer->question)) {
		encoder->last_owner_at = WIRE_HEADER_SIZE;
		writer_u16(&encoder->out, 0xc000U | WIRE_HEADER_SIZE);
		return;
	}
	encoder->last_owner_at = put_name(encoder, owner, false);
}

/* R3597-4-a: the types whose names may be compressed: octets before the first, and how many. */
static bool find_names(uint16_t type, size_t *skip, size_t *names)
{
	enum { MD = 3, MF = 4, MB = 7, MG = 8, MR = 9, MINFO = 14 };

	*skip = type == TYPE_MX ? 2 : 0;
	*names = type == TYPE_SOA || type == MINFO ? 2 : 1;
	switch (type) {
	case TYPE_NS:
	case MD:
	case MF:
	case TYPE_CNAME:
	case TYPE_SOA:
	case MB:
	case MG:
	case MR:
	case TYPE_PTR:
	case MINFO:
	case TYPE_MX:
		return true;
	default:
		return false;
	}
}

bool answer_compresses(uint16_t type)
{
	size_t skip;
	size_t names;

	return find_names(type, &skip, &names);
}

static void put_rdata(struct encoder *encoder, const struct record *record)
{
	size_t length_at = encoder->out.at;
	size_t at;
	size_t names;

	writer_u16(&encoder->out, record->rdata_size);
	if (!find_names(record->type, &at, &names) || at > record->rdata_size) {
		writer_put(&encoder->out, record->rdata, record->rdata_size);
		return;
	}
	writer_put(&encoder->out, record->rdata, at);
	for (size_t i = 0; i < names; i++) {
		size_t size = name_size(record->rdata + at, record->rdata_size - at);

		if (size == 0)
			break; /* goes as it is */
		put_name(encoder, record->rdata + at, true);
		at += size;
	}
	writer_put(&encoder->out, record->rdata + at, record->rdata_size - at);
	if (!encoder->out.failed)
		writer_patch_u16(
			&encoder->out, length_at, (uint16_t)(encoder->out.at - length_at - 2));
}

/* SEC-4035-3.2.1-b, UPR-12 */
static bool is_stripped(const struct answer *answer, const struct record *record)
{
	if (answer->keep_dnssec || record->type == answer->question_type)
		return false;
	if (record->section == SECTION_ANSWER)
		return record->type == TYPE_RRSIG || record->type == TYPE_NSEC ||
		       record->type == TYPE_NSEC3;
	return record_is_dnssec(record->type);
}

/* CCH-b: a passenger may run out before the answer does. The age is rounded up: what is as old as
 * its TTL is in its last second, as the SOA of a denial that is (R2308-6-a). */
static bool is_run_out(const struct answer *answer, const struct record *record)
{
	return record->section != SECTION_ANSWER && record->ttl < answer->age_s;
}

static bool is_sent(const struct answer *answer, const struct record *record)
{
	return !is_stripped(answer, record) && !is_run_out(answer, record);
}

static uint32_t current_ttl(const struct answer *answer, const struct record *record)
{
	uint32_t ttl = record->ttl > answer->age_s ? record->ttl - answer->age_s : 0;

	return ttl > TTL_MAX ? TTL_MAX : ttl;
}

static void put_record(struct encoder *encoder, const struct record *record)
{
	put_owner(encoder, record->owner);
	writer_u16(&encoder->out, record->type);
	writer_u16(&encoder->out, record->rclass);
	writer_u32(&encoder->out, current_ttl(encoder->answer, record));
	put_rdata(encoder, record);
	encoder->counts[record->section]++;
}

static size_t size_opt(const struct answer *answer, enum ede_level level)
{
	return opt_size(&answer->edns, opt_size_edes(answer->edes, level));
}

/* There is room for it: that was found out before. */
static void put_opt(struct encoder *encoder, enum ede_level level)
{
	const struct answer *answer = encoder->answer;
	uint8_t edes[OPT_EDES_MAX];
	size_t edes_size;

	if (!answer->edns.present)
		return;
	edes_size = opt_encode_edes(answer->edes, level, edes);
	encoder->out.at += opt_encode(&answer->edns, answer->rcode, edes, edes_size,
		encoder->out.octets + encoder->out.at);
	encoder->counts[SECTION_ADDITIONAL]++;
}

static void put_head(struct encoder *encoder)
{
	const struct answer *answer = encoder->answer;
	const uint8_t zeros[8] = { 0 };

	writer_u16(&encoder->out, answer->id);
	writer_u16(&encoder->out, 0);
	writer_put(&encoder->out, zeros, sizeof(zeros));
	if (answer->question != NULL) /* D64-5.4-a */
		writer_put(&encoder->out, answer->question, answer->question_size);
}

/* R1035-4.1.1-a, R1035-4.1.1-b: Z and whatever else is never set. TC is the caller's too: an
 * answer without records over the rate limit (ACL-b). */
static void patch_head(struct encoder *encoder, bool truncated)
{
	const struct answer *answer = encoder->answer;
	const uint16_t passed = WIRE_AA | WIRE_TC | WIRE_RD | WIRE_RA | WIRE_AD | WIRE_CD;
	uint16_t rcode = answer->rcode;
	unsigned flags = WIRE_QR | (answer->flags & passed) | (answer->opcode & 0xfU) << 11;

	if (rcode > 15 && !answer->edns.present)
		rcode = RCODE_SERVFAIL; /* R6891-ext-a */
	if (truncated)
		flags |= WIRE_TC;
	writer_patch_u16(&encoder->out, 2, (uint16_t)(flags | (rcode & 0xfU)));
	writer_patch_u16(&encoder->out, 4, answer->question != NULL);
	for (size_t i = 0; i < 3; i++)
		writer_patch_u16(&encoder->out, 6 + 2 * i, encoder->counts[i]);
}

/* The end of the RRset, with its RRSIGs, that starts at `index`. */
static size_t find_set_end(const struct reply *reply, size_t index)
{
	struct record first = reply_record(reply, index);
	size_t count = reply_count(reply);

	while (++index < count) {
		struct record record = reply_record(reply, index);

		if (record.section != first.section ||
			record_covers(&record) != record_covers(&first))
			break;
		if (record.owner != first.owner && !name_equal(record.owner, first.owner))
			break;
	}
	return index;
}

/* R2181-9-a: what may be missing without a TC bit. An answer is whole without its zone's
 * name servers, but not without the proof that it needs. */
static bool is_optional(const struct reply *reply, const struct record *first)
{
	if (first->section == SECTION_ADDITIONAL)
		return true;
	return first->section == SECTION_AUTHORITY && record_covers(first) == TYPE_NS &&
	       reply_facts(reply)->kind == REPLY_DATA;
}

static void put_set(struct encoder *encoder, size_t start, size_t end)
{
	for (size_t i = start; i < end && !encoder->out.failed; i++) {
		struct record record = reply_record(encoder->answer->reply, i);

		if (is_sent(encoder->answer, &record))
			put_record(encoder, &record);
	}
}

/* All of the set or nothing of it: then false. */
static bool try_set(struct encoder *encoder, size_t start, size_t end)
{
	size_t at = encoder->out.at;
	uint16_t counts[3];

	memcpy(counts, encoder->counts, sizeof(counts));
	put_set(encoder, start, end);
	if (!encoder->out.failed)
		return true;
	memcpy(encoder->counts, counts, sizeof(counts));
	encoder->out.at = at;
	encoder->out.failed = false;
	encoder->last_owner = NULL;
	for (size_t i = 0; encoder->has_slots && i < SLOTS; i++) {
		if (encoder->slots[i] >= at)
			encoder->slots[i] = 0;
	}
	return false;
}

/* ANSWER_CUT: a set that must be there does not fit. */
static enum answer_fit put_sets(struct encoder *encoder, bool with_optional)
{
	const struct answer *answer = encoder->answer;
	size_t least_room = answer->limit - size_opt(answer, EDES_NONE);
	size_t optional_room = answer->limit - size_opt(answer, EDES_CODES);
	size_t count = answer->reply == NULL ? 0 : reply_count(answer->reply);
	enum answer_fit fit = ANSWER_WHOLE;
	size_t end;

	for (size_t start = 0; start < count; start = end) {
		struct record first = reply_record(answer->reply, start);

		end = find_set_end(answer->reply, start);
		if (!is_optional(answer->reply, &first)) {
			encoder->out.room = least_room;
			put_set(encoder, start, end);
			if (encoder->out.failed)
				return ANSWER_CUT;
			continue;
		}
		encoder->out.room = optional_room;
		if (!with_optional || encoder->out.at >= optional_room ||
			!try_set(encoder, start, end))
			fit = ANSWER_REDUCED;
	}
	return fit;
}

static void start(struct encoder *encoder, const struct answer *answer, uint8_t *out)
{
	encoder->answer = answer;
	encoder->out = writer_over(out, answer->limit);
	encoder->last_owner = NULL;
	encoder->last_owner_at = 0;
	memset(encoder->counts, 0, sizeof(encoder->counts));
	encoder->has_slots = false;
	put_head(encoder);
}

static enum ede_level pick_level(const struct encoder *encoder)
{
	const struct answer *answer = encoder->answer;
	size_t left = answer->limit - encoder->out.at;

	if (size_opt(answer, EDES_WHOLE) <= left)
		return EDES_WHOLE;
	return size_opt(answer, EDES_CODES) <= left ? EDES_CODES : EDES_NONE;
}

size_t answer_encode(const struct answer *answer, uint8_t *out, enum answer_fit *fit)
{
	struct encoder encoder;
	enum answer_fit found;
	enum ede_level level;

	assert(answer->limit >= WIRE_UDP_MIN);
	start(&encoder, answer, out);
	found = put_sets(&encoder, true);
	if (found == ANSWER_CUT) {
		start(&encoder, answer, out);
		found = put_sets(&encoder, false);
	}
	if (found == ANSWER_CUT)
		start(&encoder, answer, out); /* D64-5.4-e, R2181-9-a */
	level = pick_level(&encoder);
	if (level == EDES_CODES && found == ANSWER_WHOLE)
		found = ANSWER_REDUCED;
	if (level == EDES_NONE && answer->edes && answer->edes->count > 0)
		found = ANSWER_CUT; /* A-15, R8914-3-a */
	put_opt(&encoder, level);
	patch_head(&encoder, found == ANSWER_CUT);
	if (fit != NULL)
		*fit = found;
	return encoder.out.at;
}
