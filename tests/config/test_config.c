#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "loaded.h"

static struct endpoint at(const char *text)
{
	struct endpoint endpoint;

	assert_true(endpoint_parse(text, CONFIG_DNS_PORT, &endpoint));
	return endpoint;
}

/* UPS-d */
static void knows_what_would_come_back(void **state)
{
	static const struct {
		const char *listen, *endpoint;
		bool lists, listens;
	} rows[] = {
		{ "127.0.0.1", "127.0.0.1:53", true, true },
		{ "127.0.0.1", "127.0.0.1:54", false, false },
		{ "127.0.0.1", "127.0.0.2", false, false },
		{ "127.0.0.1", "0.0.0.0", false, true },
		{ "0.0.0.0", "0.0.0.0", true, true },
		{ "0.0.0.0", "127.9.9.9", false, true },
		{ "0.0.0.0", "::1", false, false },
		{ "0.0.0.0", "192.0.2.1", false, false },
		{ "\"::\"", "::1", false, true },
		{ "\"::1\"", "::", false, true },
		{ "192.0.2.1", "127.0.0.1", false, false },
		{ "192.0.2.1", "192.0.2.1", true, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct endpoint endpoint = at(rows[i].endpoint);
		char text[128];
		struct config *config;

		(void)snprintf(text, sizeof(text), "listen: [%s]\nallow: [any]", rows[i].listen);
		config = loaded_well(text);
		assert_int_equal(config_lists(config, &endpoint), rows[i].lists);
		assert_int_equal(config_listens_on(config, &endpoint), rows[i].listens);
		config_unref(config);
	}
}

static void lives_until_the_last_reference(void **state)
{
	struct config *config = loaded_well("identity: x");

	(void)state;
	assert_ptr_equal(config_ref(config), config);
	config_unref(config);
	assert_string_equal(config->identity, "x");
	config_unref(config);
	config_unref(NULL);
}

static void a_new_one_is_empty(void **state)
{
	struct config *config = config_new();
	struct endpoint endpoint = at("127.0.0.1");

	(void)state;
	assert_false(config_lists(config, &endpoint) || config_listens_on(config, &endpoint));
	config_unref(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_would_come_back),
		cmocka_unit_test(lives_until_the_last_reference),
		cmocka_unit_test(a_new_one_is_empty),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
