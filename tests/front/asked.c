/* Answers of the gate as text. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "asked.h"
#include "sixward/base/bytes.h"
#include "sixward/dns/wire.h"

static void add(char *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(char *text, const char *format, ...)
{
	size_t size = strlen(text);
	va_list arguments;
	int more;

	va_start(arguments, format);
	more = vsnprintf(text + size, ASKED_TEXT_MAX - size, format, arguments);
	va_end(arguments);
	assert_true(more >= 0 && (size_t)more < ASKED_TEXT_MAX - size);
}

static void add_rcode(char *text, uint16_t rcode)
{
	static const struct {
		uint16_t rcode;
		const char *name;
	} rows[] = { { RCODE_NOERROR, "NOERROR" }, { RCODE_FORMERR, "FORMERR" },
		{ RCODE_SERVFAIL, "SERVFAIL" }, { RCODE_NOTIMP, "NOTIMP" },
		{ RCODE_REFUSED, "REFUSED" }, { RCODE_BADVERS, "BADVERS" },
		{ RCODE_BADCOOKIE, "BADCOOKIE" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].rcode == rcode) {
			add(text, "%s", rows[i].name);
			return;
		}
	}
	add(text, "%u", rcode);
}

static void add_flags(char *text, const struct wire *wire)
{
	static const struct {
		uint16_t flag;
		const char *name;
	} rows[] = { { WIRE_AA, "aa" }, { WIRE_TC, "tc" }, { WIRE_RD, "rd" }, { WIRE_RA, "ra" },
		{ WIRE_Z, "z" }, { WIRE_AD, "ad" }, { WIRE_CD, "cd" } };

	if (wire_opcode(wire))
		add(text, " opcode=%u", wire_opcode(wire));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (wire->flags & rows[i].flag)
			add(text, " %s", rows[i].name);
	}
}

static void add_option(char *text, const struct wire_option *option)
{
	if (option->code == OPTION_COOKIE)
		add(text, " cookie=%u", option->size);
	else if (option->code == OPTION_KEEPALIVE)
		add(text, " keepalive=%u", bytes_get_u16(option->octets));
	else if (option->code == OPTION_NSID)
		add(text, " nsid=%.*s", option->size, (const char *)option->octets);
	else if (option->code == OPTION_EDE)
		add(text, " ede=%u", bytes_get_u16(option->octets));
	else
		add(text, " option%u", option->code);
}

char *asked_describe(const uint8_t *octets, size_t size, char text[ASKED_TEXT_MAX])
{
	struct wire_option option;
	struct wire wire;
	size_t at = 0;

	text[0] = '\0';
	assert_true(wire_view(&wire, octets, size));
	assert_int_equal(wire.id, 0x1234);
	assert_true(wire.flags & WIRE_QR);
	assert_int_equal(wire.record_counts[SECTION_ANSWER], 0);
	assert_int_equal(wire.record_counts[SECTION_AUTHORITY], 0);
	assert_in_range(wire.question_count, 0, 1);
	if (wire.question_count)
		assert_int_equal(wire_view_question(&wire), WIRE_OK);
	assert_int_equal(wire_view_records(&wire), WIRE_OK);
	assert_int_equal(wire.record_counts[SECTION_ADDITIONAL], wire.edns.present ? 1 : 0);
	add_rcode(text, wire_rcode(&wire));
	add_flags(text, &wire);
	if (wire.question_count)
		add(text, " question");
	if (!wire.edns.present)
		return text;
	assert_int_equal(wire.edns.version, 0);
	assert_int_equal(wire.edns.udp_size, WIRE_UDP_ADVERTISED);
	add(text, " opt%s", wire.edns.dnssec_ok ? " do" : "");
	while (wire_next_option(&wire.edns, &at, &option))
		add_option(text, &option);
	return text;
}
