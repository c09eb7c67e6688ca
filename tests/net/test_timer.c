#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "sixward/net/loop.h"
#include "sixward/net/timer.h"

struct alarm {
	struct loop *loop;
	struct timer *timer;
	uint64_t at_ms;
	int calls;
};

static void on_alarm(void *owner)
{
	struct alarm *alarm = owner;

	assert_false(timer_is_running(alarm->timer));
	alarm->at_ms = loop_now_ms(alarm->loop);
	alarm->calls++;
}

static void on_alarm_again(void *owner)
{
	struct alarm *alarm = owner;

	if (++alarm->calls < 3)
		timer_start(alarm->timer, 1);
}

static void on_alarm_free(void *owner)
{
	struct alarm *alarm = owner;

	alarm->calls++;
	timer_free(alarm->timer);
	alarm->timer = NULL;
}

static void calls_once_and_not_before_its_time(void **state)
{
	struct alarm alarm = { .loop = loop_new() };
	uint64_t start_ms = loop_now_ms(alarm.loop);

	(void)state;
	alarm.timer = timer_new(alarm.loop, on_alarm, &alarm);
	assert_false(timer_is_running(alarm.timer));
	timer_start(alarm.timer, 5);
	assert_true(timer_is_running(alarm.timer));
	assert_int_equal(alarm.calls, 0);
	loop_run(alarm.loop);
	assert_int_equal(alarm.calls, 1);
	assert_true(alarm.at_ms >= start_ms + 5);
	timer_free(alarm.timer);
	loop_free(alarm.loop);
}

static void started_again_it_forgets_the_earlier_time(void **state)
{
	struct alarm alarm = { .loop = loop_new() };

	(void)state;
	alarm.timer = timer_new(alarm.loop, on_alarm, &alarm);
	timer_start(alarm.timer, 3600000);
	timer_start(alarm.timer, 1);
	loop_run(alarm.loop);
	assert_int_equal(alarm.calls, 1);
	timer_free(alarm.timer);
	loop_free(alarm.loop);
}

static void may_start_itself_again(void **state)
{
	struct alarm alarm = { .loop = loop_new() };

	(void)state;
	alarm.timer = timer_new(alarm.loop, on_alarm_again, &alarm);
	timer_start(alarm.timer, 0);
	loop_run(alarm.loop);
	assert_int_equal(alarm.calls, 3);
	timer_free(alarm.timer);
	loop_free(alarm.loop);
}

static void a_stopped_or_freed_timer_is_silent(void **state)
{
	struct alarm stopped = { .loop = loop_new() };
	struct alarm freed = { .loop = stopped.loop };

	(void)state;
	stopped.timer = timer_new(stopped.loop, on_alarm, &stopped);
	freed.timer = timer_new(stopped.loop, on_alarm, &freed);
	timer_start(stopped.timer, 0);
	timer_start(freed.timer, 0);
	timer_stop(stopped.timer);
	timer_stop(stopped.timer);
	timer_free(freed.timer);
	timer_free(NULL);
	loop_run(stopped.loop);
	assert_int_equal(stopped.calls, 0);
	assert_int_equal(freed.calls, 0);
	timer_free(stopped.timer);
	loop_free(stopped.loop);
}

static void may_be_freed_while_it_calls(void **state)
{
	struct alarm alarm = { .loop = loop_new() };

	(void)state;
	alarm.timer = timer_new(alarm.loop, on_alarm_free, &alarm);
	timer_start(alarm.timer, 0);
	loop_run(alarm.loop);
	assert_int_equal(alarm.calls, 1);
	loop_free(alarm.loop);
}

static void on_alarm_stop_other(void *owner)
{
	struct alarm *alarm = owner;

	alarm[0].calls++;
	timer_stop(alarm[1].timer);
}

static void one_that_calls_may_stop_another_that_is_due_as_well(void **state)
{
	struct alarm alarms[2] = { { .loop = loop_new() } };

	(void)state;
	alarms[0].timer = timer_new(alarms[0].loop, on_alarm_stop_other, alarms);
	alarms[1].timer = timer_new(alarms[0].loop, on_alarm, &alarms[1]);
	timer_start(alarms[0].timer, 1);
	timer_start(alarms[1].timer, 1);
	loop_run(alarms[0].loop);
	assert_int_equal(alarms[0].calls, 1);
	assert_int_equal(alarms[1].calls, 0);
	timer_free(alarms[0].timer);
	timer_free(alarms[1].timer);
	loop_free(alarms[0].loop);
}

static void many_call_in_the_order_of_their_times(void **state)
{
	enum { COUNT = 200 };
	static struct alarm alarms[COUNT];
	struct loop *loop = loop_new();
	uint64_t start_ms = loop_now_ms(loop);

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		alarms[i].loop = loop;
		alarms[i].timer = timer_new(loop, on_alarm, &alarms[i]);
		timer_start(alarms[i].timer, 3600000);
	}
	for (unsigned i = 0; i < COUNT; i++) {
		if (i % 2)
			timer_stop(alarms[i].timer);
		else
			timer_start(alarms[i].timer, (COUNT - i) / 10);
	}
	/* Ends, for those that were stopped no longer count. */
	loop_run(loop);
	for (unsigned i = 0; i < COUNT; i++) {
		assert_int_equal(alarms[i].calls, i % 2 ? 0 : 1);
		if (i % 2 == 0)
			assert_true(alarms[i].at_ms >= start_ms + (COUNT - i) / 10);
		if (i >= 2 && i % 2 == 0)
			assert_true(alarms[i].at_ms <= alarms[i - 2].at_ms);
		timer_free(alarms[i].timer);
	}
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_once_and_not_before_its_time),
		cmocka_unit_test(started_again_it_forgets_the_earlier_time),
		cmocka_unit_test(may_start_itself_again),
		cmocka_unit_test(a_stopped_or_freed_timer_is_silent),
		cmocka_unit_test(may_be_freed_while_it_calls),
		cmocka_unit_test(one_that_calls_may_stop_another_that_is_due_as_well),
		cmocka_unit_test(many_call_in_the_order_of_their_times),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
