/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What loop/loop.h promises, the same for each driver: sofia's, libevent's and
 * the tests' own.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fake_loop.h"
#include "loop/loop.h"
#include "suite_loop.h"

enum {
	GIVE_UP_MS = 10000, /* a test that waits longer has failed */
	POSTS = 1000,
};

/** One driver under test. */
struct driver {
	const char *name;
	int (*open)(struct cv_loop **lp);
	bool has_native;
};

static const struct driver drivers[] = {
	{"su", cv_loop_su_open, true},
	{"ev", cv_loop_ev_open, true},
	{"fake", cv_fake_loop_new, false},
};

/** What handlers of one test share. */
struct world {
	struct cv_loop *l;
	struct cv_timer *give_up; /* ends a run that would never end */
	struct cv_timer *timer[3];
	struct cv_fd *watch[2];
	int pipe[2][2];
	char log[32]; /* one letter an event */
	int count;
	bool is_late; /* give_up fired */
};

static void note(struct world *w, char c)
{
	size_t len = strlen(w->log);

	if (len + 1 < sizeof(w->log))
		w->log[len] = c;
}

static void on_give_up(void *arg)
{
	struct world *w = arg;

	w->is_late = true;
	cv_loop_break(w->l);
}

static void make(struct world *w, const struct driver *d)
{
	*w = (struct world){0};
	CU_ASSERT_EQUAL_FATAL(d->open(&w->l), 0);
	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&w->give_up, w->l, on_give_up, w), 0);
	CU_ASSERT_EQUAL(cv_timer_set(w->give_up, GIVE_UP_MS), 0);
	for (int i = 0; i < 2; ++i)
		CU_ASSERT_EQUAL_FATAL(pipe2(w->pipe[i], O_NONBLOCK | O_CLOEXEC), 0);
}

static void drop(struct world *w)
{
	CU_ASSERT_FALSE(w->is_late);
	for (int i = 0; i < 3; ++i)
		cv_mem_unref(w->timer[i]);

	for (int i = 0; i < 2; ++i) {
		cv_mem_unref(w->watch[i]);
		if (w->pipe[i][0] != -1)
			(void)close(w->pipe[i][0]);

		(void)close(w->pipe[i][1]);
	}

	cv_mem_unref(w->give_up);
	cv_mem_unref(w->l);
}

/* Runs fn once for each driver, in a world of its own. */
static void for_each_driver(void (*fn)(struct world *w))
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); ++i) {
		struct world w;

		make(&w, &drivers[i]);
		fn(&w);
		drop(&w);
	}
}

static void on_a(void *arg)
{
	note(arg, 'a');
}

static void on_b(void *arg)
{
	note(arg, 'b');
}

static void on_end(void *arg)
{
	struct world *w = arg;

	note(w, '.');
	cv_loop_break(w->l);
}

static void timers_fire_once_in_order(struct world *w)
{
	uint64_t start = cv_clock_ms();

	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&w->timer[0], w->l, on_a, w), 0);
	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&w->timer[1], w->l, on_b, w), 0);
	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&w->timer[2], w->l, on_end, w), 0);
	CU_ASSERT_EQUAL(cv_timer_set(w->timer[2], 90), 0);
	CU_ASSERT_EQUAL(cv_timer_set(w->timer[0], 10), 0);
	CU_ASSERT_EQUAL(cv_timer_set(w->timer[1], 30), 0);
	CU_ASSERT_EQUAL(cv_timer_set(w->timer[0], 60), 0); /* moved behind b */
	cv_loop_run(w->l);

	CU_ASSERT_STRING_EQUAL(w->log, "ba.");
	CU_ASSERT_TRUE(cv_clock_ms() - start >= 85);
}

static void test_loop_timers_fire_once_in_order(void)
{
	for_each_driver(timers_fire_once_in_order);
}

static void stopped_timer_is_silent(struct world *w)
{
	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&w->timer[0], w->l, on_a, w), 0);
	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&w->timer[1], w->l, on_b, w), 0);
	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&w->timer[2], w->l, on_end, w), 0);
	CU_ASSERT_EQUAL(cv_timer_set(w->timer[0], 5), 0);
	CU_ASSERT_EQUAL(cv_timer_set(w->timer[1], 5), 0);
	CU_ASSERT_EQUAL(cv_timer_set(w->timer[2], 20), 0);
	cv_timer_stop(w->timer[0]);
	cv_timer_stop(w->timer[0]);
	w->timer[1] = cv_mem_unref(w->timer[1]);
	cv_loop_run(w->l);

	CU_ASSERT_STRING_EQUAL(w->log, ".");
}

static void test_loop_stopped_timer_is_silent(void)
{
	for_each_driver(stopped_timer_is_silent);
}

static void on_drop_me(void *arg)
{
	struct world *w = arg;

	note(w, 'd');
	w->timer[0] = cv_mem_unref(w->timer[0]);
	w->timer[1] = cv_mem_unref(w->timer[1]); /* due at the same moment */
}

static void timer_may_drop_itself(struct world *w)
{
	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&w->timer[0], w->l, on_drop_me, w), 0);
	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&w->timer[1], w->l, on_drop_me, w), 0);
	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&w->timer[2], w->l, on_end, w), 0);
	CU_ASSERT_EQUAL(cv_timer_set(w->timer[0], 2), 0);
	CU_ASSERT_EQUAL(cv_timer_set(w->timer[1], 2), 0);
	CU_ASSERT_EQUAL(cv_timer_set(w->timer[2], 20), 0);
	cv_loop_run(w->l);

	CU_ASSERT_STRING_EQUAL(w->log, "d.");
}

static void test_loop_timer_may_drop_itself(void)
{
	for_each_driver(timer_may_drop_itself);
}

static void on_again(void *arg)
{
	struct world *w = arg;

	note(w, 'r');
	if (++w->count == 3)
		cv_loop_break(w->l);
	else
		CU_ASSERT_EQUAL(cv_timer_set(w->timer[0], 1), 0);
}

static void timer_may_set_itself(struct world *w)
{
	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&w->timer[0], w->l, on_again, w), 0);
	CU_ASSERT_EQUAL(cv_timer_set(w->timer[0], 0), 0);
	cv_loop_run(w->l);

	CU_ASSERT_STRING_EQUAL(w->log, "rrr");
}

static void test_loop_timer_may_set_itself(void)
{
	for_each_driver(timer_may_set_itself);
}

static void on_pipe(int fd, void *arg)
{
	struct world *w = arg;
	char c = '?';

	CU_ASSERT_EQUAL(fd, w->pipe[0][0]);
	CU_ASSERT_EQUAL(read(fd, &c, 1), 1);
	note(w, c);
	if (c == '.')
		cv_loop_break(w->l);
}

static void watch_is_called_while_readable(struct world *w)
{
	CU_ASSERT_EQUAL_FATAL(cv_fd_new(&w->watch[0], w->l, w->pipe[0][0], on_pipe, w),
			      0);
	CU_ASSERT_EQUAL(write(w->pipe[0][1], "xyz.", 4), 4);
	cv_loop_run(w->l);

	CU_ASSERT_STRING_EQUAL(w->log, "xyz.");
}

static void test_loop_watch_is_called_while_readable(void)
{
	for_each_driver(watch_is_called_while_readable);
}

static void on_drop_watches(int fd, void *arg)
{
	struct world *w = arg;

	(void)fd;
	note(w, 'd');
	for (int i = 0; i < 2; ++i)
		w->watch[i] = cv_mem_unref(w->watch[i]);
}

static void watch_may_drop_itself_and_others(struct world *w)
{
	for (int i = 0; i < 2; ++i) {
		CU_ASSERT_EQUAL_FATAL(
			cv_fd_new(&w->watch[i], w->l, w->pipe[i][0], on_drop_watches, w),
			0);
		CU_ASSERT_EQUAL(write(w->pipe[i][1], "x", 1), 1);
	}

	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&w->timer[2], w->l, on_end, w), 0);
	CU_ASSERT_EQUAL(cv_timer_set(w->timer[2], 20), 0);
	cv_loop_run(w->l);

	CU_ASSERT_STRING_EQUAL(w->log, "d.");
}

static void test_loop_watch_may_drop_itself_and_others(void)
{
	for_each_driver(watch_may_drop_itself_and_others);
}

/* Drops its watch, closes the descriptor and watches a new one of the same number. */
static void on_replace(int fd, void *arg)
{
	struct world *w = arg;
	int moved;

	note(w, 'o');
	w->watch[0] = cv_mem_unref(w->watch[0]);
	(void)close(fd);
	moved = fcntl(w->pipe[1][0], F_DUPFD_CLOEXEC, fd);
	CU_ASSERT_EQUAL(moved, fd);
	(void)close(w->pipe[1][0]);
	w->pipe[1][0] = -1;
	w->pipe[0][0] = moved;
	CU_ASSERT_EQUAL_FATAL(cv_fd_new(&w->watch[0], w->l, moved, on_pipe, w), 0);
}

static void watch_of_a_reused_number_lives(struct world *w)
{
	CU_ASSERT_EQUAL_FATAL(cv_fd_new(&w->watch[0], w->l, w->pipe[0][0], on_replace, w),
			      0);
	CU_ASSERT_EQUAL(write(w->pipe[0][1], "x", 1), 1);
	CU_ASSERT_EQUAL(write(w->pipe[1][1], "n.", 2), 2);
	cv_loop_run(w->l);

	CU_ASSERT_STRING_EQUAL(w->log, "on.");
}

static void test_loop_watch_of_a_reused_number_lives(void)
{
	for_each_driver(watch_of_a_reused_number_lives);
}

static void on_post(void *arg)
{
	struct world *w = arg;

	if (++w->count == POSTS)
		cv_loop_break(w->l);
}

static void *post_many(void *arg)
{
	struct world *w = arg;

	for (int i = 0; i < POSTS; ++i)
		CU_ASSERT_EQUAL(cv_loop_post(w->l, on_post, w), 0);

	return NULL;
}

static void posts_of_another_thread_run(struct world *w)
{
	pthread_t thread;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, post_many, w), 0);
	if (cv_loop_native(w->l)) {
		cv_loop_run(w->l);
		(void)pthread_join(thread, NULL);
	} else { /* virtual time would run out before the thread has begun */
		(void)pthread_join(thread, NULL);
		cv_loop_run(w->l);
	}

	CU_ASSERT_EQUAL(w->count, POSTS);
}

static void test_loop_posts_of_another_thread_run(void)
{
	for_each_driver(posts_of_another_thread_run);
}

static void on_post_more(void *arg)
{
	struct world *w = arg;

	note(w, 'p');
	CU_ASSERT_EQUAL(cv_loop_post(w->l, on_end, w), 0);
}

static void posts_keep_order_and_may_post(struct world *w)
{
	CU_ASSERT_EQUAL(cv_loop_post(w->l, on_a, w), 0);
	CU_ASSERT_EQUAL(cv_loop_post(w->l, on_post_more, w), 0);
	CU_ASSERT_EQUAL(cv_loop_post(w->l, on_b, w), 0);
	cv_loop_run(w->l);

	CU_ASSERT_STRING_EQUAL(w->log, "apb.");
}

static void test_loop_posts_keep_order_and_may_post(void)
{
	for_each_driver(posts_keep_order_and_may_post);
}

static void break_ends_each_run(struct world *w)
{
	cv_loop_break(w->l); /* before it runs */
	cv_loop_run(w->l);
	CU_ASSERT_STRING_EQUAL(w->log, "");

	CU_ASSERT_EQUAL(cv_loop_post(w->l, on_end, w), 0);
	cv_loop_run(w->l);
	CU_ASSERT_STRING_EQUAL(w->log, ".");

	/* Dropped with the loop, and so is not a leak. */
	CU_ASSERT_EQUAL(cv_loop_post(w->l, on_end, w), 0);
}

static void test_loop_break_ends_each_run(void)
{
	for_each_driver(break_ends_each_run);
}

static void test_loop_native_is_the_library_s(void)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); ++i) {
		struct world w;

		make(&w, &drivers[i]);
		CU_ASSERT_EQUAL(cv_loop_native(w.l) != NULL, drivers[i].has_native);
		drop(&w);
	}
}

static void oom_of_parts(struct world *w)
{
	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_timer_new(&w->timer[0], w->l, on_a, w), ENOMEM);
	CU_ASSERT_EQUAL(cv_fd_new(&w->watch[0], w->l, w->pipe[0][0], on_pipe, w), ENOMEM);
	CU_ASSERT_EQUAL(cv_loop_post(w->l, on_a, w), ENOMEM);
	cv_mem_budget(-1);
	CU_ASSERT_PTR_NULL(w->timer[0]);
	CU_ASSERT_PTR_NULL(w->watch[0]);
}

static void test_loop_oom(void)
{
	for_each_driver(oom_of_parts);

	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); ++i) {
		struct cv_loop *l = NULL;
		int err = ENOMEM;

		for (long n = 0; err == ENOMEM && n < 16; ++n) {
			cv_mem_budget(n);
			err = drivers[i].open(&l);
			CU_ASSERT(err == 0 || (err == ENOMEM && !l));
		}

		cv_mem_budget(-1);
		CU_ASSERT_EQUAL(err, 0);
		cv_mem_unref(l);
	}
}

int cv_test_loop(void)
{
	CU_pSuite s = CU_add_suite("loop", NULL, NULL);

	CU_add_test(s, "timers fire once in order", test_loop_timers_fire_once_in_order);
	CU_add_test(s, "stopped timer is silent", test_loop_stopped_timer_is_silent);
	CU_add_test(s, "timer may drop itself", test_loop_timer_may_drop_itself);
	CU_add_test(s, "timer may set itself", test_loop_timer_may_set_itself);
	CU_add_test(s, "watch is called while readable",
		    test_loop_watch_is_called_while_readable);
	CU_add_test(s, "watch may drop itself and others",
		    test_loop_watch_may_drop_itself_and_others);
	CU_add_test(s, "watch of a reused number lives",
		    test_loop_watch_of_a_reused_number_lives);
	CU_add_test(s, "posts of another thread run",
		    test_loop_posts_of_another_thread_run);
	CU_add_test(s, "posts keep order and may post",
		    test_loop_posts_keep_order_and_may_post);
	CU_add_test(s, "break ends each run", test_loop_break_ends_each_run);
	CU_add_test(s, "native is the library's", test_loop_native_is_the_library_s);
	CU_add_test(s, "out of memory", test_loop_oom);

	return (int)CU_get_error();
}
