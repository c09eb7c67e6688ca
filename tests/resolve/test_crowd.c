#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "sixward/resolve/crowd.h"

static struct addr client(unsigned number)
{
	return addr_from_ipv4((uint8_t[]){ 192, 0, 2, (uint8_t)number });
}

/* MAL-29 */
static void knows_whose_share_is_the_largest(void **state)
{
	struct crowd crowd;
	struct addr one = client(1);
	struct addr two = client(2);
	struct addr three = client(3);
	struct crowd_client *ones[40];
	struct crowd_client *twos[2];

	(void)state;
	crowd_init(&crowd);
	assert_false(crowd_is_largest(&crowd, &one));
	twos[0] = crowd_join(&crowd, &two);
	assert_true(crowd_is_largest(&crowd, &two));
	for (size_t i = 0; i < 40; i++)
		ones[i] = crowd_join(&crowd, &one);
	twos[1] = crowd_join(&crowd, &two);
	assert_true(crowd_is_largest(&crowd, &one));
	assert_false(crowd_is_largest(&crowd, &two));
	assert_false(crowd_is_largest(&crowd, &three));
	for (size_t i = 0; i < 38; i++)
		crowd_leave(&crowd, ones[i]);
	assert_true(crowd_is_largest(&crowd, &one));
	assert_true(crowd_is_largest(&crowd, &two));
	crowd_leave(&crowd, ones[38]);
	assert_false(crowd_is_largest(&crowd, &one));
	assert_true(crowd_is_largest(&crowd, &two));
	crowd_leave(&crowd, twos[0]);
	assert_true(crowd_is_largest(&crowd, &one));
	crowd_leave(&crowd, ones[39]);
	crowd_leave(&crowd, twos[1]);
	assert_int_equal(crowd.largest, 0);
	assert_int_equal(crowd.clients.count, 0);
	crowd_clear(&crowd);
}

/* Against a count that looks at all of them. */
static void agrees_with_counting_all(void **state)
{
	enum { CLIENTS = 7, STEPS = 5000, MOST = 64 };
	struct crowd crowd;
	struct crowd_client *members[CLIENTS][MOST];
	size_t shares[CLIENTS] = { 0 };
	unsigned dice = 1;

	(void)state;
	crowd_init(&crowd);
	for (size_t step = 0; step < STEPS; step++) {
		size_t who;
		size_t largest = 0;

		dice = dice * 1103515245 + 12345;
		who = (dice >> 16) % CLIENTS;
		if (dice >> 24 & 1 && shares[who] < MOST) {
			struct addr addr = client((unsigned)who);

			members[who][shares[who]++] = crowd_join(&crowd, &addr);
		} else if (shares[who]) {
			crowd_leave(&crowd, members[who][--shares[who]]);
		}
		for (size_t i = 0; i < CLIENTS; i++)
			largest = shares[i] > largest ? shares[i] : largest;
		for (size_t i = 0; i < CLIENTS; i++) {
			struct addr addr = client((unsigned)i);

			assert_int_equal(
				crowd_is_largest(&crowd, &addr), shares[i] && shares[i] == largest);
		}
	}
	for (size_t i = 0; i < CLIENTS; i++) {
		while (shares[i])
			crowd_leave(&crowd, members[i][--shares[i]]);
	}
	crowd_clear(&crowd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_whose_share_is_the_largest),
		cmocka_unit_test(agrees_with_counting_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
