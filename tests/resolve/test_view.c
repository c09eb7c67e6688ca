#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sixward/resolve/view.h"

static struct policy *a_policy(bool enabled)
{
	struct policy_options options = { .enabled = enabled };

	return policy_new(&options);
}

/* D64-6.3-a: the first view that matches, else the default. */
static void the_first_view_that_matches_is_used(void **state)
{
	static const struct {
		const char *client;
		size_t view; /* 2: the default */
	} rows[] = {
		{ "192.0.2.1", 0 },
		{ "192.0.2.200", 0 },
		{ "198.51.100.1", 1 },
		{ "2001:db8::1", 2 },
		{ "203.0.113.1", 2 },
	};
	struct views views = { 0 };
	struct netset clients = { 0 };
	struct policy *policies[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		policies[i] = a_policy(i != 1);
	netset_add_text(&clients, "192.0.2.0/24");
	views_add(&views, &clients, policies[0]);
	assert_int_equal(clients.count, 0);
	netset_add_text(&clients, "192.0.2.128/25");
	netset_add_text(&clients, "198.51.100.0/24");
	views_add(&views, &clients, policies[1]);
	views_set_fallback(&views, policies[2]);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct addr addr;

		assert_true(addr_parse(rows[i].client, &addr));
		assert_ptr_equal(views_find(&views, &addr), policies[rows[i].view]);
		assert_int_equal(views_number(&views, &addr),
			rows[i].view == 2 ? VIEW_DEFAULT : (int)rows[i].view);
	}
	views_clear(&views);
	assert_int_equal(views.count, 0);
	views_clear(&views);
}

/* What is known of prefixes has changed: the same clients, other policies. */
static void a_copy_has_the_same_clients_and_other_policies(void **state)
{
	static const char *const clients[] = { "192.0.2.1", "198.51.100.1", "203.0.113.1" };
	struct views views = { 0 };
	struct views copy = { 0 };
	struct views same = { 0 };
	struct netset networks = { 0 };
	struct policy *policies[3] = { a_policy(true), a_policy(true), a_policy(true) };

	(void)state;
	netset_add_text(&networks, "192.0.2.0/24");
	views_add(&views, &networks, a_policy(true));
	netset_add_text(&networks, "198.51.100.0/24");
	netset_add_text(&networks, "192.0.2.0/25");
	views_add(&views, &networks, a_policy(true));
	views_set_fallback(&views, a_policy(true));
	views_copy(&views, policies, &copy);
	views_copy(&copy, NULL, &same);
	views_clear(&views); /* a copy has its own */
	for (size_t i = 0; i < 3; i++) {
		struct addr addr;

		assert_true(addr_parse(clients[i], &addr));
		assert_ptr_equal(views_find(&copy, &addr), policies[(i + 1) % 3]);
		assert_ptr_equal(views_find(&same, &addr), policies[(i + 1) % 3]);
		policy_unref(policies[i]);
	}
	views_clear(&copy);
	views_clear(&same);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_view_that_matches_is_used),
		cmocka_unit_test(a_copy_has_the_same_clients_and_other_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
