/* Answers that are sent again without being made again: taken apart once, put together in a few
 * copies. Knows where the pieces of a message stand, not what they mean; the cache knows how long
 * an answer is true. */

#include "sixward/resolve/finished.h"

#include <stdlib.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/base/mem.h"

enum { S_MS = 1000, TTL_BEFORE_RDATA = 6, PLACE = 2, RCODE_MASK = 0xf };

/* What was found out about the records of a message. */
struct survey {
	size_t begin, end; /* of the records before OPT */
	size_t ttl_count;
	uint16_t places[FINISHED_TTLS_MAX];
	uint32_t least_ttl;
	bool has_names; /* in RDATA that is compressed */
};

/* False: more than is kept. */
static bool survey_records(const struct wire *wire, struct survey *survey)
{
	struct wire_walk walk = { .at = survey->begin };
	struct wire_record record;

	while (wire_next(wire, &walk, &record)) {
		if (record.type == TYPE_OPT) {
			survey->end = record.owner_at; /* it is the last */
			break;
		}
		if (survey->ttl_count == FINISHED_TTLS_MAX)
			return false;
		survey->places[survey->ttl_count++] =
			(uint16_t)(record.rdata_at - TTL_BEFORE_RDATA - survey->begin);
		if (record.ttl < survey->least_ttl)
			survey->least_ttl = record.ttl;
		survey->has_names = survey->has_names || answer_compresses(record.type);
	}
	return survey->end - survey->begin <= FINISHED_OCTETS_MAX;
}

static bool has_capitals(const uint8_t *name)
{
	/* Length octets are below 'A'. */
	for (; *name; name++) {
		if ((uint8_t)(*name - 'A') < 26)
			return true;
	}
	return false;
}

static size_t size_of(const struct finished *finished)
{
	return sizeof(*finished) + (size_t)finished->ttl_count * PLACE + finished->records_size +
	       finished->edes_size;
}

static struct finished *build(const struct survey *survey, const struct wire *wire,
	const struct ede_list *edes, uint64_t now_ms)
{
	size_t records_size = survey->end - survey->begin;
	size_t edes_size = opt_size_edes(edes, EDES_WHOLE);
	struct finished *finished =
		mem_new(sizeof(*finished) + survey->ttl_count * PLACE + records_size + edes_size);
	uint8_t *octets = finished->octets + survey->ttl_count * PLACE;

	finished->made_ms = now_ms;
	finished->until_ms = now_ms + (uint64_t)survey->least_ttl * S_MS;
	finished->is_lower_case = survey->has_names;
	finished->flags = wire->flags & (WIRE_AA | WIRE_AD | RCODE_MASK);
	memcpy(finished->counts, wire->record_counts, sizeof(finished->counts));
	finished->counts[SECTION_ADDITIONAL] -= wire->edns.present;
	finished->records_size = (uint16_t)records_size;
	finished->edes_size = (uint8_t)edes_size;
	finished->ttl_count = (uint8_t)survey->ttl_count;
	memcpy(finished->octets, survey->places, survey->ttl_count * PLACE);
	memcpy(octets, wire->octets + survey->begin, records_size);
	(void)opt_encode_edes(edes, EDES_WHOLE, octets + records_size);
	return finished;
}

struct finished *finished_new(const struct finished_key *key, const struct answer *answer,
	enum outcome outcome, const uint8_t *octets, size_t size, uint64_t now_ms)
{
	struct survey survey = { .end = size, .least_ttl = UINT32_MAX };
	struct finished *finished;
	struct wire wire;

	if (answer->rcode > RCODE_MASK || !answer->question || !wire_view(&wire, octets, size) ||
		wire_view_question(&wire) != WIRE_OK || wire_view_records(&wire) != WIRE_OK)
		return NULL;
	survey.begin = WIRE_HEADER_SIZE + wire.question_size;
	if (!survey_records(&wire, &survey) || !survey.ttl_count || !survey.least_ttl)
		return NULL;
	if (survey.has_names && has_capitals(wire.question_name))
		return NULL;
	finished = build(&survey, &wire, answer->edes, now_ms);
	finished->stamp = key->stamp;
	finished->type = key->type;
	finished->dnssec_ok = key->dnssec_ok;
	finished->wants_ad = key->wants_ad;
	finished->outcome = (uint8_t)outcome;
	return finished;
}

void finished_free(struct finished *finished)
{
	free(finished);
}

bool finished_is_for(const struct finished *finished, const struct finished_key *key)
{
	return finished->stamp == key->stamp && finished->type == key->type &&
	       finished->dnssec_ok == key->dnssec_ok && finished->wants_ad == key->wants_ad;
}

size_t finished_memory(const struct finished *finished)
{
	return size_of(finished);
}

void finished_take(const struct finished *finished, union finished_copy *copy)
{
	memcpy(copy->room, finished, size_of(finished));
}

/* CCH-b, D64-5.4-f: the age is rounded up, so no TTL is above the one of an answer made now. */
static void age_records(const struct finished *finished, uint64_t now_ms, uint8_t *records)
{
	uint64_t age_ms = now_ms > finished->made_ms ? now_ms - finished->made_ms : 0;
	uint32_t age_s = (uint32_t)((age_ms + S_MS - 1) / S_MS);
	uint16_t place;

	if (!age_s)
		return;
	for (size_t i = 0; i < finished->ttl_count; i++) {
		memcpy(&place, finished->octets + i * PLACE, sizeof(place));
		bytes_put_u32(records + place, bytes_get_u32(records + place) - age_s);
	}
}

size_t finished_write(const union finished_copy *copy, const struct wire *query,
	const struct answer_edns *edns, size_t limit, uint64_t now_ms, uint8_t *out)
{
	const struct finished *finished = &copy->finished;
	const uint8_t *records = finished->octets + (size_t)finished->ttl_count * PLACE;
	size_t begin = WIRE_HEADER_SIZE + query->question_size;
	size_t end = begin + finished->records_size;
	unsigned flags = WIRE_QR | WIRE_RA | (query->flags & (WIRE_RD | WIRE_CD));

	/* No TTL is less than the time that it is kept for. */
	if (end + opt_size(edns, finished->edes_size) > limit || now_ms >= finished->until_ms)
		return 0;
	/* R3597-3-a: RDATA that points into the question would take its letters over. */
	if (finished->is_lower_case && has_capitals(query->question_name))
		return 0;
	bytes_put_u16(out, query->id);
	bytes_put_u16(out + 2, (uint16_t)(flags | finished->flags));
	bytes_put_u16(out + 4, 1);
	bytes_put_u16(out + 6, finished->counts[SECTION_ANSWER]);
	bytes_put_u16(out + 8, finished->counts[SECTION_AUTHORITY]);
	bytes_put_u16(out + 10, (uint16_t)(finished->counts[SECTION_ADDITIONAL] + edns->present));
	memcpy(out + WIRE_HEADER_SIZE, query->question_name, query->question_size); /* D64-5.4-a */
	memcpy(out + begin, records, finished->records_size);
	age_records(finished, now_ms, out + begin);
	if (!edns->present)
		return end;
	return end + opt_encode(edns, RCODE_NOERROR, records + finished->records_size,
			     finished->edes_size, out + end);
}
