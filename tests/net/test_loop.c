#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdbool.h>
#include <time.h>

#include "sixward/net/loop.h"
#include "sixward/net/timer.h"

enum { THREADS = 4, POSTS = 2000, NOTES_MAX = 16 };

/* What was called, in order. */
struct notes {
	struct loop *loop;
	int count;
	int numbers[NOTES_MAX];
};

struct note {
	struct notes *notes;
	int number;
};

static void on_note(void *owner)
{
	const struct note *note = owner;

	assert_true(note->notes->count < NOTES_MAX);
	note->notes->numbers[note->notes->count++] = note->number;
}

static void on_note_and_post(void *owner)
{
	struct note *note = owner;

	on_note(owner);
	note->number = 9;
	loop_post(note->notes->loop, on_note, note);
	assert_int_equal(note->notes->numbers[note->notes->count - 1], 1);
}

static void runs_what_was_posted_in_order_and_then_ends(void **state)
{
	struct notes notes = { .loop = loop_new() };
	struct note first = { &notes, 1 };
	struct note second = { &notes, 2 };
	struct note third = { &notes, 3 };

	(void)state;
	loop_post(notes.loop, on_note_and_post, &first);
	loop_post(notes.loop, on_note, &second);
	loop_post(notes.loop, on_note, &third);
	assert_int_equal(notes.count, 0);
	loop_run(notes.loop);
	assert_int_equal(notes.count, 4);
	assert_int_equal(notes.numbers[0], 1);
	assert_int_equal(notes.numbers[1], 2);
	assert_int_equal(notes.numbers[2], 3);
	assert_int_equal(notes.numbers[3], 9);
	loop_free(notes.loop);
}

static void an_empty_loop_ends_at_once(void **state)
{
	struct loop *loop = loop_new();

	(void)state;
	loop_run(loop);
	loop_run(loop);
	loop_free(loop);
}

static void on_never(void *owner)
{
	(void)owner;
	fail();
}

static void what_was_posted_and_never_run_is_forgotten(void **state)
{
	struct loop *loop = loop_new();

	(void)state;
	loop_post(loop, on_never, NULL);
	loop_free(loop);
}

static void a_stop_before_the_run_ends_that_run_only(void **state)
{
	struct notes notes = { .loop = loop_new() };
	struct note note = { &notes, 1 };

	(void)state;
	loop_stop(notes.loop);
	loop_post(notes.loop, on_note, &note);
	loop_run(notes.loop);
	assert_int_equal(notes.count, 0);
	loop_run(notes.loop);
	assert_int_equal(notes.count, 1);
	loop_free(notes.loop);
}

static void on_stop(void *owner)
{
	loop_stop(owner);
}

static void a_stop_ends_a_loop_that_waits(void **state)
{
	struct loop *loop = loop_new();
	struct timer *far = timer_new(loop, on_never, NULL);
	struct loop_thread *thread;

	(void)state;
	timer_start(far, 3600000);
	thread = loop_thread_start(on_stop, loop);
	loop_run(loop);
	loop_thread_join(thread);
	assert_true(timer_is_running(far));
	timer_free(far);
	loop_free(loop);
}

/* Posts from other threads: a plain counter that the loop's thread alone touches. */
struct crowd {
	struct loop *loop;
	int calls;
};

static void on_crowd(void *owner)
{
	struct crowd *crowd = owner;

	if (++crowd->calls == THREADS * POSTS)
		loop_stop(crowd->loop);
}

static void on_poster(void *owner)
{
	struct crowd *crowd = owner;

	for (int i = 0; i < POSTS; i++)
		loop_post(crowd->loop, on_crowd, crowd);
}

static void threads_post_to_a_loop_of_another(void **state)
{
	struct crowd crowd = { .loop = loop_new() };
	struct timer *far = timer_new(crowd.loop, on_never, NULL);
	struct loop_thread *threads[THREADS];

	(void)state;
	timer_start(far, 3600000);
	for (int i = 0; i < THREADS; i++)
		threads[i] = loop_thread_start(on_poster, &crowd);
	loop_run(crowd.loop);
	for (int i = 0; i < THREADS; i++)
		loop_thread_join(threads[i]);
	assert_int_equal(crowd.calls, THREADS * POSTS);
	timer_free(far);
	loop_free(crowd.loop);
}

struct heard {
	struct loop *loop;
	int numbers[4];
	int count;
};

static void on_heard(void *owner, int number)
{
	struct heard *heard = owner;

	heard->numbers[heard->count++] = number;
	loop_stop(heard->loop);
}

static void on_other(void *owner, int number)
{
	(void)owner;
	(void)number;
	fail();
}

static void on_raise(void *owner)
{
	(void)owner;
	raise(SIGUSR1);
}

static void tells_each_signal_to_the_last_who_asked(void **state)
{
	struct heard heard = { .loop = loop_new() };
	struct timer *soon = timer_new(heard.loop, on_raise, NULL);
	struct timer *far = timer_new(heard.loop, on_never, NULL);

	(void)state;
	loop_on_signal(heard.loop, SIGUSR2, on_other, NULL);
	loop_on_signal(heard.loop, SIGUSR1, on_other, NULL);
	loop_on_signal(heard.loop, SIGUSR1, on_heard, &heard);
	timer_start(far, 3600000);
	for (int i = 1; i <= 2; i++) {
		timer_start(soon, 0);
		loop_run(heard.loop);
		assert_int_equal(heard.count, i);
		assert_int_equal(heard.numbers[i - 1], SIGUSR1);
	}
	loop_on_signal(heard.loop, SIGUSR1, NULL, NULL);
	loop_on_signal(heard.loop, SIGTERM, NULL, NULL);
	timer_free(far);
	timer_free(soon);
	loop_free(heard.loop);
}

static void signals_alone_do_not_hold_the_loop(void **state)
{
	struct loop *loop = loop_new();

	(void)state;
	loop_on_signal(loop, SIGUSR1, on_other, NULL);
	loop_run(loop);
	loop_free(loop);
}

static void ignores_broken_pipes(void **state)
{
	struct loop *loop = loop_new();

	(void)state;
	raise(SIGPIPE);
	loop_free(loop);
}

static void knows_the_date(void **state)
{
	struct loop *loop = loop_new();
	uint64_t now = (uint64_t)time(NULL);

	(void)state;
	assert_in_range(loop_wall_s(loop), now, now + 60);
	assert_true(loop_processors() >= 1);
	loop_free(loop);
}

/* Two ends of a turn that queue each other again. */
struct mutual {
	struct loop *loop;
	struct loop_turn turn;
	struct mutual *other;
	int calls;
};

static void on_mutual(void *owner)
{
	struct mutual *mutual = owner;

	if (++mutual->calls < 3)
		loop_turn_add(mutual->loop, &mutual->other->turn);
}

static void a_turn_ends_once_for_each_who_asked(void **state)
{
	struct loop *loop = loop_new();
	struct mutual a = { .loop = loop, .turn = { .call = on_mutual, .owner = &a } };
	struct mutual b = { .loop = loop, .turn = { .call = on_mutual, .owner = &b } };
	struct mutual gone = { .loop = loop, .turn = { .call = on_never } };
	struct timer *timer = timer_new(loop, on_stop, loop);

	(void)state;
	a.other = &b;
	b.other = &a;
	loop_turn_add(loop, &a.turn);
	loop_turn_add(loop, &a.turn);
	loop_turn_add(loop, &gone.turn);
	loop_turn_remove(&gone.turn);
	loop_turn_remove(&gone.turn);
	timer_start(timer, 20);
	loop_run(loop);
	assert_int_equal(a.calls, 3);
	assert_int_equal(b.calls, 2);
	timer_free(timer);
	loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_what_was_posted_in_order_and_then_ends),
		cmocka_unit_test(an_empty_loop_ends_at_once),
		cmocka_unit_test(what_was_posted_and_never_run_is_forgotten),
		cmocka_unit_test(a_stop_before_the_run_ends_that_run_only),
		cmocka_unit_test(a_stop_ends_a_loop_that_waits),
		cmocka_unit_test(threads_post_to_a_loop_of_another),
		cmocka_unit_test(tells_each_signal_to_the_last_who_asked),
		cmocka_unit_test(signals_alone_do_not_hold_the_loop),
		cmocka_unit_test(ignores_broken_pipes),
		cmocka_unit_test(knows_the_date),
		cmocka_unit_test(a_turn_ends_once_for_each_who_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
