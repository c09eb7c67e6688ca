/* One question in this process: told once, before ask returns, whatever upstream does. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sim.h"
#include "sixward/app/ask.h"
#include "sixward/base/log.h"
#include "sixward/config/load.h"
#include "sixward/dns/message.h"

static struct loop *last_loop; /* the asker's (the linker puts this in the way) */

struct loop *__wrap_loop_new(void);
struct loop *__real_loop_new(void);

struct loop *__wrap_loop_new(void)
{
	last_loop = __real_loop_new();
	return last_loop;
}

static unsigned complaints; /* of upstreams that there is no room for */

void __wrap_log_record(enum log_level level, const char *words, const struct log_field *fields);

void __wrap_log_record(enum log_level level, const char *words, const struct log_field *fields)
{
	(void)fields;
	complaints += level == LOG_WARNING && strstr(words, "too many upstream servers");
}

struct told {
	unsigned count;
	enum outcome outcome;
	uint16_t rcode;
	uint64_t took_ms;
	size_t addresses;
	uint8_t address[16];
};

static void on_told(void *owner, const struct query_observation *seen)
{
	struct told *told = owner;

	told->count++;
	told->outcome = seen->outcome;
	told->rcode = seen->rcode;
	told->took_ms = seen->took_ms;
	for (size_t i = 0; seen->reply && i < reply_count(seen->reply); i++) {
		struct record record = reply_record(seen->reply, i);

		if (record.type != TYPE_AAAA || record.section != SECTION_ANSWER)
			continue;
		memcpy(told->address, record.rdata, sizeof(told->address));
		told->addresses++;
	}
}

static struct told told_of(const char *yaml, const char *text, uint16_t type)
{
	struct faults faults = { 0 };
	struct config *config = load_text(yaml, strlen(yaml), &faults);
	struct told told = { 0 };
	struct name name;

	log_set(LOG_ERROR, LOG_FORMAT_TEXT);
	assert_non_null(config);
	faults_clear(&faults);
	assert_true(name_parse(text, &name));
	ask(config, name.octets, type, on_told, &told);
	config_unref(config);
	return told;
}

/* D64-5.4-g */
static void tells_what_was_made_of_a_record(void **state)
{
	static const uint8_t mapped[16] = { 0x00, 0x64, 0xff, 0x9b, [12] = 198, 41, 0, 4 };
	struct told told =
		told_of("records: [\"x.example. 60 IN A 198.41.0.4\"]", "x.example", TYPE_AAAA);

	(void)state;
	assert_int_equal(told.count, 1);
	assert_int_equal(told.outcome, OUTCOME_SYNTHESIZED);
	assert_int_equal(told.addresses, 1);
	assert_memory_equal(told.address, mapped, sizeof(mapped));
}

/* Clients on loopback are who it asks for. */
static void asks_as_a_client_on_loopback(void **state)
{
	struct told told = told_of("records: [\"x.example. 60 IN A 198.41.0.4\"]\n"
				   "views: [{clients: [loopback], dns64: false}]",
		"x.example", TYPE_AAAA);

	(void)state;
	assert_int_equal(told.count, 1);
	assert_int_equal(told.outcome, OUTCOME_RECORD);
	assert_int_equal(told.addresses, 0);
}

/* LIM-03 */
static void silence_is_told_within_the_budget(void **state)
{
	struct told told = told_of("upstreams: [192.0.2.53]", "x.example", TYPE_AAAA);

	(void)state;
	assert_int_equal(told.count, 1);
	assert_int_equal(told.rcode, 2);
	assert_int_equal(told.outcome, OUTCOME_TIMED_OUT);
	assert_true(told.took_ms > 0 && told.took_ms <= 4500);
}

/* Prefixes are learned once, before the first. */
static void several_questions_wait_for_prefixes_once(void **state)
{
	static const char yaml[] = "records: [\"x.example. 60 IN A 198.41.0.4\"]\n"
				   "upstreams: [192.0.2.53]\n"
				   "dns64: {prefixes: [\"64:ff9b::/96\", {learn-from: "
				   "[\"2001:db8::64\"]}]}";
	struct faults faults = { 0 };
	struct config *config = load_text(yaml, strlen(yaml), &faults);
	struct told told = { 0 };
	struct asker *asker;
	struct name name;
	struct name other;

	(void)state;
	log_silence();
	faults_clear(&faults);
	assert_true(name_parse("x.example", &name));
	asker = asker_new(config);
	config_unref(config);
	asker_ask(asker, name.octets, TYPE_AAAA, on_told, &told);
	assert_int_equal(told.addresses, 1);
	/* What is known now and what is waited for, in turn. */
	assert_true(name_parse("y.example", &other));
	asker_ask(asker, other.octets, TYPE_AAAA, on_told, &told);
	assert_int_equal(told.count, 2);
	assert_int_equal(told.outcome, OUTCOME_TIMED_OUT);
	asker_ask(asker, name.octets, TYPE_AAAA, on_told, &told);
	assert_int_equal(told.count, 3);
	assert_int_equal(told.addresses, 2);
	asker_free(asker);
}

/* No router answers; who asks for one name wants no more than that. */
static void routers_are_waited_for_a_second(void **state)
{
	static const char yaml[] = "dns64: {prefixes: [{learn-from: router-advertisements}]}";
	struct faults faults = { 0 };
	struct config *config = load_text(yaml, strlen(yaml), &faults);
	struct asker *asker;

	(void)state;
	log_silence();
	faults_clear(&faults);
	asker = asker_new(config);
	config_unref(config);
	assert_in_range(loop_now_ms(last_loop) - SIM_START_MS, 900, 1100);
	asker_free(asker);
}

/* However often they are listed anew. */
static void upstreams_without_room_are_told_once(void **state)
{
	struct faults faults = { 0 };
	char yaml[4096];
	size_t at = (size_t)snprintf(yaml, sizeof(yaml), "upstreams:\n");
	struct config *config;

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		at += (size_t)snprintf(yaml + at, sizeof(yaml) - at,
			"- {address: 198.41.0.%u, via-nat64: true}\n", i + 1);
	at += (size_t)snprintf(yaml + at, sizeof(yaml) - at, "dns64: {prefixes: [");
	for (unsigned i = 0; i < POLICY_PREFIXES_MAX; i++)
		at += (size_t)snprintf(yaml + at, sizeof(yaml) - at, "%s\"2001:db8:%x::/96\"",
			i ? ", " : "", i + 1);
	at += (size_t)snprintf(yaml + at, sizeof(yaml) - at, "]}\n");
	config = load_text(yaml, at, &faults);
	assert_non_null(config);
	faults_clear(&faults);
	complaints = 0;
	asker_free(asker_new(config));
	assert_int_equal(complaints, 1);
	config_unref(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_was_made_of_a_record),
		cmocka_unit_test(asks_as_a_client_on_loopback),
		cmocka_unit_test(several_questions_wait_for_prefixes_once),
		cmocka_unit_test(silence_is_told_within_the_budget),
		cmocka_unit_test(routers_are_waited_for_a_second),
		cmocka_unit_test(upstreams_without_room_are_told_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
