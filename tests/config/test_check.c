#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loaded.h"

/* UPS-d */
static void refuses_to_ask_itself(void **state)
{
	static const struct {
		const char *text, *complaint;
	} rows[] = {
		{ "upstreams: [192.0.2.1, \"::1\"]",
			"f:1:24: upstreams[1]: found \"::1\", which is one of this server's own "
			"`listen` "
			"endpoints: a loop; accepted: other servers\n" },
		{ "upstreams: [{address: 127.0.0.1}]",
			"f:1:23: upstreams[0]: found \"127.0.0.1\", which is one" },
		{ "listen: [192.0.2.53:5353]\nallow: [any]\nupstreams: [192.0.2.53:5353]\n",
			"f:3:13: upstreams[0]: found \"192.0.2.53:5353\"" },
		{ "listen: [0.0.0.0]\nallow: [any]\nupstreams: [127.1.2.3]\n",
			"f:3:13: upstreams[0]: found \"127.1.2.3\"" },
		{ "listen: [\"::\"]\nallow: [any]\nupstreams: [\"::1\"]\n",
			"f:3:13: upstreams[0]: found \"::1\"" },
		{ "upstreams: [0.0.0.0]\n", "f:1:13: upstreams[0]: found \"0.0.0.0\"" },
		{ "zones:\n  - zone: a.test\n    upstreams: [192.0.2.1, 127.0.0.1:53]\n",
			"f:3:28: zones[0].upstreams[1]: found \"127.0.0.1:53\"" },
		/* The defaults have no place in the file. */
		{ "listen: [\"2620:fe::fe\"]\nallow: [any]\n",
			"f: upstreams[0]: found \"2620:fe::fe\", which is one of this server's "
			"own" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		loaded_complains_of(rows[i].text, rows[i].complaint);
}

static void asks_others_on_the_same_host(void **state)
{
	static const char *const texts[] = {
		"upstreams: [127.0.0.1:5335, \"[::1]:5335\", 127.0.0.2]",
		"listen: [\"[::]:53\"]\nallow: [any]\nupstreams: [127.0.0.1]",
		"listen: [0.0.0.0]\nallow: [any]\nupstreams: [\"::1\", 192.0.2.1]",
		"listen: [\"::1\", 0.0.0.0]\nallow: [any]\nupstreams: [\"::2\"]",
		"upstreams: [{resolv-conf: /etc/resolv.conf}]",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		config_unref(loaded_well(texts[i]));
}

/* It starts, with a warning that names both keys. */
static void warns_of_listening_where_nobody_may_ask(void **state)
{
	static const char warning[] = "f:1:9: warning: listen: `listen` goes beyond loopback, but "
				      "`allow` lets only loopback ask\n";

	(void)state;
	loaded_complains("listen: [\"[::]:53\"]\n", warning);
	loaded_complains("listen: [127.0.0.1, 192.0.2.1]\nallow: [loopback]\n", warning);
	loaded_complains("listen: [192.0.2.1]\nallow: [127.0.0.1]\n", warning);
	loaded_complains("listen: [192.0.2.1]\nallow: [loopback, 192.0.2.0/24]\n", "");
	loaded_complains("listen: [127.0.0.2]\n", "");
	/* Not beside errors, which may be why. */
	loaded_complains("listen: [192.0.2.1]\nallow: [loopback]\nworkers: 0\n",
		"f:3:10: workers: found \"0\"; accepted: 1 to 256\n");
}

static void the_least_ttl_is_not_above_the_most(void **state)
{
	(void)state;
	loaded_complains("cache: {min-ttl: 10m, max-ttl: 5m}",
		"f:1:18: cache.min-ttl: found 600s; accepted: at most cache.max-ttl, which is "
		"300s\n");
	loaded_complains("cache: {min-ttl: 5m, max-ttl: 5m}", "");
	loaded_complains("cache: {min-ttl: 5m, max-ttl: x}",
		"f:1:31: cache.max-ttl: found \"x\"; accepted: a duration of whole seconds with "
		"its "
		"unit, e.g. 5s, 10m, 1h\n");
}

static void warns_of_nobody_to_ask(void **state)
{
	(void)state;
	loaded_complains("upstreams: []",
		"f:1:12: warning: upstreams: is empty: only local names will be answered\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_to_ask_itself),
		cmocka_unit_test(asks_others_on_the_same_host),
		cmocka_unit_test(warns_of_listening_where_nobody_may_ask),
		cmocka_unit_test(the_least_ttl_is_not_above_the_most),
		cmocka_unit_test(warns_of_nobody_to_ask),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
