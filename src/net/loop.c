/* The loop, its clock, its signals, its thread: who runs, and when. It knows nothing of
 * sockets; the rooms that do hang their end of a turn on it. */

#include "sixward/net/loop.h"

#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

#include "sixward/base/log.h"
#include "sixward/base/mem.h"

struct post {
	struct post *next;
	loop_call *call;
	void *owner;
};

struct watched {
	uv_signal_t uv;
	struct watched *next;
	int number;
	loop_signal *signal;
	void *owner;
};

struct loop {
	uv_loop_t uv;
	uv_async_t async;
	uv_prepare_t prepare;
	uv_check_t check;
	struct watched *signals;
	struct loop_turn turns; /* the anchor of a ring */
	void *shared[LOOP_ROOMS];
	atomic_bool is_stopping;

	uv_mutex_t lock; /* over what follows: other threads post */
	struct post *posts;
	struct post **posts_end;
};

struct loop_thread {
	uv_thread_t id;
	loop_call *call;
	void *owner;
};

/* As with memory: without a loop or a thread there is no program. */
static void need(int result, const char *words)
{
	if (result == 0)
		return;
	log_error(words, LOG_FIELDS(LOG_TEXT("error", uv_strerror(result))));
	log_flush();
	exit(EXIT_FAILURE);
}

static bool run_posts(struct loop *loop)
{
	struct post *posts;

	uv_mutex_lock(&loop->lock);
	posts = loop->posts;
	loop->posts = NULL;
	loop->posts_end = &loop->posts;
	uv_mutex_unlock(&loop->lock);

	if (!posts)
		return false;
	while (posts) {
		struct post *post = posts;

		posts = post->next;
		post->call(post->owner);
		free(post);
	}
	return true;
}

static void on_async(uv_async_t *async)
{
	run_posts(async->data);
}

static void ring_clear(struct loop_turn *anchor)
{
	anchor->next = anchor;
	anchor->previous = anchor;
}

/* Those that are added meanwhile get a round of their own, so that two that wake each
 * other cannot keep the loop from its descriptors. */
static bool run_turns(struct loop *loop)
{
	struct loop_turn round;

	if (loop->turns.next == &loop->turns)
		return false;
	round = loop->turns;
	round.next->previous = &round;
	round.previous->next = &round;
	ring_clear(&loop->turns);
	while (round.next != &round) {
		struct loop_turn *turn = round.next;

		loop_turn_remove(turn);
		turn->call(turn->owner);
	}
	if (loop->turns.next != &loop->turns)
		uv_async_send(&loop->async);
	return true;
}

static void end_turn(struct loop *loop)
{
	run_turns(loop);
	if (atomic_load(&loop->is_stopping))
		uv_stop(&loop->uv);
}

/* After the timers, before the wait. */
static void on_prepare(uv_prepare_t *prepare)
{
	end_turn(prepare->data);
}

/* After the descriptors. */
static void on_check(uv_check_t *check)
{
	end_turn(check->data);
}

struct loop *loop_new(void)
{
	struct loop *loop = mem_new(sizeof(*loop));

	signal(SIGPIPE, SIG_IGN);
	need(uv_loop_init(&loop->uv), "cannot make an event loop");
	need(uv_mutex_init(&loop->lock), "cannot make a lock");
	need(uv_async_init(&loop->uv, &loop->async, on_async), "cannot make an event loop");
	uv_prepare_init(&loop->uv, &loop->prepare);
	uv_check_init(&loop->uv, &loop->check);
	uv_prepare_start(&loop->prepare, on_prepare);
	uv_check_start(&loop->check, on_check);
	loop->async.data = loop;
	loop->prepare.data = loop;
	loop->check.data = loop;

	/* None of them is a reason to go on. */
	uv_unref((uv_handle_t *)&loop->async);
	uv_unref((uv_handle_t *)&loop->prepare);
	uv_unref((uv_handle_t *)&loop->check);
	ring_clear(&loop->turns);
	loop->posts_end = &loop->posts;
	atomic_init(&loop->is_stopping, false);
	return loop;
}

static void on_signal_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void loop_free(struct loop *loop)
{
	int result;

	if (!loop)
		return;
	while (loop->signals)
		loop_on_signal(loop, loop->signals->number, NULL, NULL);
	uv_close((uv_handle_t *)&loop->async, NULL);
	uv_close((uv_handle_t *)&loop->prepare, NULL);
	uv_close((uv_handle_t *)&loop->check, NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	result = uv_loop_close(&loop->uv);
	assert(result == 0);
	(void)result;
	while (loop->posts) {
		struct post *post = loop->posts;

		loop->posts = post->next;
		free(post);
	}
	uv_mutex_destroy(&loop->lock);
	for (int i = 0; i < LOOP_ROOMS; i++)
		free(loop->shared[i]);
	free(loop);
}

void loop_run(struct loop *loop)
{
	while (!atomic_exchange(&loop->is_stopping, false)) {
		bool goes_on;

		uv_run(&loop->uv, UV_RUN_DEFAULT);
		if (atomic_load(&loop->is_stopping))
			continue;
		goes_on = run_posts(loop);
		goes_on = run_turns(loop) || goes_on;
		if (!goes_on)
			return;
	}
}

void loop_stop(struct loop *loop)
{
	atomic_store(&loop->is_stopping, true);
	uv_async_send(&loop->async);
}

uint64_t loop_now_ms(const struct loop *loop)
{
	return uv_now(&loop->uv);
}

uint64_t loop_clock_us(const struct loop *loop)
{
	enum { NS_PER_US = 1000 };

	(void)loop;
	return uv_hrtime() / NS_PER_US;
}

uint64_t loop_wall_s(const struct loop *loop)
{
	time_t now = time(NULL);

	(void)loop;
	return now > 0 ? (uint64_t)now : 0;
}

void loop_post(struct loop *loop, loop_call *call, void *owner)
{
	struct post *post = mem_new(sizeof(*post));

	post->call = call;
	post->owner = owner;
	uv_mutex_lock(&loop->lock);
	*loop->posts_end = post;
	loop->posts_end = &post->next;
	uv_mutex_unlock(&loop->lock);
	uv_async_send(&loop->async);
}

static void on_signal(uv_signal_t *uv, int number)
{
	struct watched *watched = uv->data;

	if (!uv_is_closing((uv_handle_t *)uv))
		watched->signal(watched->owner, number);
}

static void forget_signal(struct watched **at)
{
	struct watched *watched = *at;

	*at = watched->next;
	uv_close((uv_handle_t *)&watched->uv, on_signal_closed);
}

void loop_on_signal(struct loop *loop, int number, loop_signal *signal, void *owner)
{
	struct watched **at = &loop->signals;
	struct watched *watched;

	while (*at && (*at)->number != number)
		at = &(*at)->next;
	if (!signal) {
		if (*at)
			forget_signal(at);
		return;
	}
	watched = *at;
	if (!watched) {
		watched = mem_new(sizeof(*watched));
		watched->number = number;
		watched->uv.data = watched;
		need(uv_signal_init(&loop->uv, &watched->uv), "cannot watch a signal");
		need(uv_signal_start(&watched->uv, on_signal, number), "cannot watch a signal");
		uv_unref((uv_handle_t *)&watched->uv);
		*at = watched;
	}
	watched->signal = signal;
	watched->owner = owner;
}

static void on_thread(void *argument)
{
	struct loop_thread *thread = argument;

	thread->call(thread->owner);
}

struct loop_thread *loop_thread_start(loop_call *call, void *owner)
{
	struct loop_thread *thread = mem_new(sizeof(*thread));

	thread->call = call;
	thread->owner = owner;
	need(uv_thread_create(&thread->id, on_thread, thread), "cannot start a thread");
	return thread;
}

void loop_thread_join(struct loop_thread *thread)
{
	if (!thread)
		return;
	uv_thread_join(&thread->id);
	free(thread);
}

unsigned loop_processors(void)
{
	return uv_available_parallelism();
}

void *loop_library(struct loop *loop)
{
	return &loop->uv;
}

void *loop_shared(struct loop *loop, enum loop_room room, size_t size)
{
	if (!loop->shared[room])
		loop->shared[room] = mem_new(size);
	return loop->shared[room];
}

void loop_turn_add(struct loop *loop, struct loop_turn *turn)
{
	if (turn->next)
		return;
	turn->next = &loop->turns;
	turn->previous = loop->turns.previous;
	turn->previous->next = turn;
	loop->turns.previous = turn;
}

void loop_turn_remove(struct loop_turn *turn)
{
	if (!turn->next)
		return;
	turn->next->previous = turn->previous;
	turn->previous->next = turn->next;
	turn->next = NULL;
	turn->previous = NULL;
}
