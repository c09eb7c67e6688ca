#ifndef SIXWARD_TESTS_UPSTREAM_FORGE_H
#define SIXWARD_TESTS_UPSTREAM_FORGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "sixward/base/bytes.h"
#include "sixward/dns/wire.h"

/* Replies to a query as an upstream, or a forger, would send them. A zeroed forge is a true
 * answer with one A record, RA=1, and OPT if the query had one. */

enum { FORGE_ROOM = 4096 };

struct forge {
	uint16_t rcode;    /* extended ones need OPT */
	bool is_truncated; /* TC=1 and no records */
	bool no_ra;
	bool ad;
	bool no_opt;
	bool no_question;
	bool two_questions;
	bool is_query; /* QR=0 */
	bool wrong_id;
	bool wrong_name;
	bool wrong_type;
	bool wrong_class;
	bool wrong_opcode;
	bool upper_case;
	bool bad_record; /* RDLENGTH beyond the end */
	bool loops;      /* a CNAME to itself */
	uint16_t ede;    /* an EDE of that code; 0 = none */
	bool has_keepalive;
	uint16_t keepalive;
	size_t size; /* cut or filled to so many octets; 0 = as it is */
};

static inline void forge_question(
	struct writer *out, const struct wire *query, const struct forge *forge)
{
	size_t name_octets = query->question_size - 4;
	size_t start = out->at;

	writer_put(out, query->question_name, name_octets);
	if (forge->wrong_name)
		out->octets[start + 1] ^= 1;
	for (size_t i = start; forge->upper_case && i < out->at; i++)
		if (out->octets[i] >= 'a' && out->octets[i] <= 'z')
			out->octets[i] = (uint8_t)(out->octets[i] - 'a' + 'A');
	writer_u16(out, (uint16_t)(query->question_type + (forge->wrong_type ? 1 : 0)));
	writer_u16(out, (uint16_t)(query->question_class + (forge->wrong_class ? 2 : 0)));
}

static inline void forge_option(struct writer *out, uint16_t code, uint16_t value)
{
	writer_u16(out, code);
	writer_u16(out, 2);
	writer_u16(out, value);
}

static inline void forge_opt(struct writer *out, const struct forge *forge)
{
	size_t size_at = 0;

	writer_u8(out, 0);
	writer_u16(out, TYPE_OPT);
	writer_u16(out, 1232);
	writer_u8(out, (uint8_t)(forge->rcode >> 4));
	writer_u8(out, 0);
	writer_u16(out, 0x8000);
	size_at = out->at;
	writer_u16(out, 0);
	if (forge->ede)
		forge_option(out, OPTION_EDE, forge->ede);
	if (forge->has_keepalive)
		forge_option(out, OPTION_KEEPALIVE, forge->keepalive);
	writer_patch_u16(out, size_at, (uint16_t)(out->at - size_at - 2));
}

/* The record that the answer holds: 192.0.2.LAST, or an AAAA ending in it, TTL 300. */
static inline void forge_record(
	struct writer *out, const struct wire *query, const struct forge *forge, uint8_t last)
{
	static const uint8_t zeros[11] = { 0 };
	bool is_aaaa = query->question_type == TYPE_AAAA;

	writer_u16(out, 0xc00c);
	writer_u16(out, forge->loops ? (uint16_t)TYPE_CNAME : query->question_type);
	writer_u16(out, query->question_class);
	writer_u32(out, 300);
	if (forge->loops) {
		writer_u16(out, 2);
		writer_u16(out, 0xc00c);
		return;
	}
	writer_u16(out, forge->bad_record ? 400 : is_aaaa ? 16 : 4);
	if (is_aaaa) {
		writer_u32(out, 0x20010db8);
		writer_put(out, zeros, 11);
		writer_u8(out, last);
		return;
	}
	writer_u32(out, 0xc0000200U | last);
}

/* Into FORGE_ROOM octets; returns the size. */
static inline size_t forge_reply(const uint8_t *octets, size_t size, const struct forge *forge,
	uint8_t last, uint8_t out[FORGE_ROOM])
{
	struct writer writer = writer_over(out, FORGE_ROOM);
	struct wire query;
	bool has_answer =
		forge->rcode == RCODE_NOERROR && !forge->is_truncated && !forge->no_question;
	bool has_opt = false;

	if (!wire_view(&query, octets, size) || wire_view_question(&query) != WIRE_OK ||
		wire_view_records(&query) != WIRE_OK)
		return 0;
	has_opt = query.edns.present && !forge->no_opt;
	memset(out, 0, FORGE_ROOM);
	writer_u16(&writer, (uint16_t)(query.id ^ (forge->wrong_id ? 1 : 0)));
	writer_u16(&writer,
		(uint16_t)((forge->is_query ? 0 : WIRE_QR) | WIRE_RD |
			   (forge->no_ra ? 0 : WIRE_RA) | (forge->is_truncated ? WIRE_TC : 0) |
			   (forge->ad ? WIRE_AD : 0) |
			   (forge->wrong_opcode ? OPCODE_NOTIFY << 11 : 0) | (forge->rcode & 15)));
	writer_u16(&writer, forge->no_question ? 0 : forge->two_questions ? 2 : 1);
	writer_u16(&writer, has_answer);
	writer_u16(&writer, 0);
	writer_u16(&writer, has_opt);
	if (!forge->no_question)
		forge_question(&writer, &query, forge);
	if (forge->two_questions)
		forge_question(&writer, &query, forge);
	if (has_answer)
		forge_record(&writer, &query, forge, last);
	if (has_opt)
		forge_opt(&writer, forge);
	return forge->size ? forge->size : writer.at;
}

#endif
