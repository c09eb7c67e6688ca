/* A recipe to octets. Writes what it is told, be it wrong: that is its purpose. */

#include "mint.h"

#include <string.h>

#include "sixward/base/bytes.h"

enum { PAYLOAD = 1232, OWNER_IS_QUESTION = 0xc00c };

static void put_question(struct writer *out, const struct wire *query, unsigned flaws)
{
	size_t start = out->at;

	writer_put(out, query->question_name, query->question_size);
	for (size_t i = start; flaws & FLAW_UPPER_CASE && i + 4 < out->at; i++) {
		if (out->octets[i] >= 'a' && out->octets[i] <= 'z')
			out->octets[i] = (uint8_t)(out->octets[i] - 'a' + 'A');
	}
}

static void put_record(struct writer *out, const struct recipe *recipe, const struct record *record,
	const struct wire *query)
{
	/* What was told of every name was told of this one. */
	const uint8_t *owner = name_is_root(record->owner) ? query->question_name : record->owner;
	bool is_pointer =
		!(recipe->flaws & FLAW_NO_QUESTION) && name_equal(owner, query->question_name);

	if (recipe->flaws & FLAW_POINTER)
		writer_u16(out, (uint16_t)(0xc000 | out->at));
	else if (is_pointer)
		writer_u16(out, OWNER_IS_QUESTION);
	else
		writer_put(out, owner, name_copy(owner).size);
	writer_u16(out, record->type);
	writer_u16(out, record->rclass);
	writer_u32(out, record->ttl);
	writer_u16(out, record->rdata_size);
	writer_put(out, record->rdata, record->rdata_size);
}

static void put_opt(struct writer *out, const struct recipe *recipe, const struct wire *query)
{
	size_t length_at;

	writer_u8(out, 0);
	writer_u16(out, TYPE_OPT);
	writer_u16(out, PAYLOAD);
	writer_u8(out, (uint8_t)(recipe->rcode >> 4));
	writer_u8(out, 0);
	writer_u16(out, query->edns.dnssec_ok ? 0x8000 : 0);
	length_at = out->at;
	writer_u16(out, 0);
	for (size_t i = 0; i < recipe->ede_count; i++) {
		const struct recipe_ede *ede = &recipe->edes[i];

		writer_u16(out, OPTION_EDE);
		writer_u16(out, (uint16_t)(2 + strlen(ede->text)));
		writer_u16(out, ede->code);
		writer_put(out, ede->text, strlen(ede->text));
	}
	for (size_t i = 0; i < recipe->option_count; i++) {
		writer_u16(out, recipe->options[i].code);
		writer_u16(out, recipe->options[i].size);
		writer_put(out, recipe->options[i].octets, recipe->options[i].size);
	}
	writer_patch_u16(out, length_at, (uint16_t)(out->at - length_at - 2));
}

static size_t put_message(
	const struct recipe *recipe, const struct wire *query, bool is_cut, uint8_t *octets)
{
	struct writer out = writer_over(octets, WIRE_MESSAGE_MAX);
	uint16_t flags = (uint16_t)((query->flags & (WIRE_RD | WIRE_CD)) | WIRE_QR | WIRE_RA);
	uint16_t counts[3] = { 0, 0, 0 };

	flags = (uint16_t)((flags | recipe->set) & ~recipe->clear);
	writer_u16(&out, query->id);
	writer_u16(&out, (uint16_t)(flags | (is_cut ? WIRE_TC : 0) | (recipe->rcode & 15)));
	writer_u16(&out, recipe->flaws & FLAW_NO_QUESTION ? 0 : 1);
	writer_u16(&out, 0);
	writer_u32(&out, 0);
	if (!(recipe->flaws & FLAW_NO_QUESTION))
		put_question(&out, query, recipe->flaws);
	for (enum wire_section s = SECTION_ANSWER; s <= SECTION_ADDITIONAL && !is_cut; s++) {
		for (size_t i = 0; i < recipe->count; i++) {
			if (recipe->records[i].record.section != s)
				continue;
			put_record(&out, recipe, &recipe->records[i].record, query);
			counts[s]++;
		}
	}
	if (query->edns.present && !(recipe->flaws & FLAW_NO_OPT)) {
		put_opt(&out, recipe, query);
		counts[SECTION_ADDITIONAL]++;
	}
	if (recipe->flaws & FLAW_TWO_OPTS) {
		put_opt(&out, recipe, query);
		counts[SECTION_ADDITIONAL]++;
	}
	if (recipe->flaws & FLAW_COUNTS)
		counts[SECTION_ANSWER]++;
	for (size_t i = 0; i < 3; i++)
		writer_patch_u16(&out, 6 + 2 * i, counts[i]);
	return out.failed ? 0 : out.at;
}

size_t mint_reply(
	const struct recipe *recipe, const struct wire *query, bool is_stream, uint8_t *out)
{
	size_t limit = query->edns.present ? query->edns.udp_size : WIRE_UDP_MIN;
	size_t size = put_message(recipe, query, false, out);

	if (!is_stream && size > limit && !(recipe->flaws & FLAW_OVERSIZE))
		size = put_message(recipe, query, true, out);
	return size;
}

size_t mint_forge(enum recipe_forgery forgery, const uint8_t *reply, size_t size, uint8_t *out)
{
	size_t question_end = WIRE_HEADER_SIZE + name_size(reply + WIRE_HEADER_SIZE, size);

	memcpy(out, reply, size);
	out[3] |= RCODE_NXDOMAIN; /* shows, should it be believed */
	switch (forgery) {
	case FORGE_ADDRESS:
	case FORGE_PORT: /* the sender's doing */
		break;
	case FORGE_ID:
		out[1] ^= 1;
		break;
	case FORGE_NAME:
		out[WIRE_HEADER_SIZE + 1] ^= 1;
		break;
	case FORGE_TYPE:
		out[question_end + 1] ^= 3;
		break;
	case FORGE_CLASS:
		out[question_end + 3] ^= 2;
		break;
	case FORGE_QUERY:
		out[2] &= 0x7f;
		break;
	case FORGE_SHORT:
		return WIRE_HEADER_SIZE - 1;
	case FORGE_OPCODE:
		out[2] |= 4 << 3;
		break;
	case FORGE_QUESTIONS:
		bytes_put_u16(out + 4, 2);
		break;
	case FORGE_QUESTIONLESS:
		memset(out + 4, 0, 8);
		return WIRE_HEADER_SIZE;
	}
	return size;
}
