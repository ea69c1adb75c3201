/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A loop on sofia's su_root. Knows su_wait and su_timer, nothing of SIP. Runs
 * on the thread that opened it; post and break come through the post queue,
 * because su_root_break() doesn't wake a sleeping root.
 */
#include "config.h"

#include "loop/loop.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>

#include <sofia-sip/su.h>
#include <sofia-sip/su_time.h>
#include <sofia-sip/su_wait.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "loop/loop_int.h"
#include "loop/postq.h"

struct su_loop {
	struct cv_loop head;
	bool is_inited;        /* su_init() was called */
	su_root_t *root;       /* owned */
	struct cv_postq *q;    /* owned */
	struct cv_fd *q_watch; /* owned */
};

struct su_timer {
	struct cv_timer head;
	su_timer_t *timer; /* owned */
};

struct su_fd {
	struct cv_fd head;
	su_root_t *root; /* borrowed: loops outlive their watches */
	int index;       /* of the registration; 0 or less: none */
};

enum { US_A_MS = 1000, MS_A_S = 1000 };

/* Exported by the library, which has no header for it: called after it has read the wall
 * clock, and free to put another time in its place. */
extern void (*_su_time)(su_time_t *tv);

static uint64_t wall_ms; /* the wall clock when ours stood at 0; drawn once a process */
static pthread_once_t wall_once = PTHREAD_ONCE_INIT;

/*
 * The loop's time is our clock's, in whole milliseconds. The library waits in those, but
 * counts in microseconds: what it waits for is then rounded down, and the last part of
 * every millisecond before a timer was spent asking the kernel over and over. And a step
 * of the wall clock no longer ends transactions.
 */
static void whole_ms(su_time_t *tv)
{
	uint64_t now = wall_ms + cv_clock_ms();

	tv->tv_sec = (unsigned long)(now / MS_A_S);
	tv->tv_usec = (unsigned long)(now % MS_A_S * US_A_MS);
}

static void set_clock(void)
{
	su_time_t tv = su_now();

	wall_ms = (uint64_t)tv.tv_sec * MS_A_S + tv.tv_usec / US_A_MS - cv_clock_ms();
	_su_time = whole_ms;
}

static struct su_loop *loop_of(struct cv_loop *l)
{
	return CV_CONTAINER(l, struct su_loop, head);
}

static void run(struct cv_loop *l)
{
	su_root_run(loop_of(l)->root);
}

static void stop(struct cv_loop *l)
{
	cv_postq_stop(loop_of(l)->q);
}

static int post(struct cv_loop *l, cv_post_fn *fn, void *arg)
{
	return cv_postq_add(loop_of(l)->q, fn, arg);
}

static void *native(struct cv_loop *l)
{
	return loop_of(l)->root;
}

static void on_posts(int fd, void *arg)
{
	struct su_loop *l = arg;

	(void)fd;
	cv_postq_run(l->q);
	if (cv_postq_take_stop(l->q))
		su_root_break(l->root);
}

static void timer_fini(void *obj)
{
	struct su_timer *t = obj;

	su_timer_destroy(t->timer);
}

static int timer_new(struct cv_timer **tp, struct cv_loop *l)
{
	struct su_timer *t;

	t = cv_mem_new(sizeof(*t), timer_fini);
	if (!t)
		return ENOMEM;

	t->timer = su_timer_create(su_root_task(loop_of(l)->root), 0);
	if (!t->timer) {
		cv_mem_unref(t);
		return ENOMEM;
	}

	*tp = &t->head;

	return 0;
}

static void on_timer(su_root_magic_t *magic, su_timer_t *timer, su_timer_arg_t *arg)
{
	struct su_timer *t = (struct su_timer *)(void *)arg;

	(void)magic;
	(void)timer;
	cv_timer_fire(&t->head);
}

static int timer_set(struct cv_timer *head, uint32_t ms)
{
	struct su_timer *t = CV_CONTAINER(head, struct su_timer, head);
	su_duration_t wait_ms = ms <= INT_MAX ? (su_duration_t)ms : INT_MAX;

	if (su_timer_set_interval(t->timer, on_timer, (su_timer_arg_t *)(void *)t,
				  wait_ms) != 0)
		return ENOMEM;

	return 0;
}

static void timer_stop(struct cv_timer *head)
{
	su_timer_reset(CV_CONTAINER(head, struct su_timer, head)->timer);
}

static void fd_fini(void *obj)
{
	struct su_fd *f = obj;

	if (f->index > 0)
		su_root_deregister(f->root, f->index);
}

static int on_readable(su_root_magic_t *magic, su_wait_t *wait, su_wakeup_arg_t *arg)
{
	struct su_fd *f = (struct su_fd *)(void *)arg;

	(void)magic;
	(void)wait;
	cv_fd_fire(&f->head);

	return 0;
}

static int fd_new(struct cv_fd **fp, struct cv_loop *l, int fd)
{
	su_wait_t wait[1] = {SU_WAIT_INIT};
	struct su_fd *f;

	f = cv_mem_new(sizeof(*f), fd_fini);
	if (!f)
		return ENOMEM;

	f->root = loop_of(l)->root;
	if (su_wait_create(wait, fd, SU_WAIT_IN) != 0) {
		cv_mem_unref(f);
		return EBADF;
	}

	f->index = su_root_register(f->root, wait, on_readable,
				    (su_wakeup_arg_t *)(void *)f, 0);
	if (f->index <= 0) {
		int err = errno ? errno : ENOMEM;

		su_wait_destroy(wait);
		cv_mem_unref(f);
		return err;
	}

	*fp = &f->head;

	return 0;
}

static const struct cv_loop_ops su_ops = {
	.run = run,
	.stop = stop,
	.post = post,
	.native = native,
	.timer_new = timer_new,
	.timer_set = timer_set,
	.timer_stop = timer_stop,
	.fd_new = fd_new,
};

static void loop_fini(void *obj)
{
	struct su_loop *l = obj;

	cv_mem_unref(l->q_watch);
	cv_mem_unref(l->q);
	if (l->root)
		su_root_destroy(l->root);

	if (l->is_inited)
		su_deinit();
}

int cv_loop_su_open(struct cv_loop **lp)
{
	struct su_loop *l;
	int err = ENOMEM;

	l = cv_mem_new(sizeof(*l), loop_fini);
	if (!l)
		return ENOMEM;

	l->head.ops = &su_ops;
	if (su_init() != 0)
		goto out;

	l->is_inited = true;
	(void)pthread_once(&wall_once, set_clock);
	l->root = su_root_create(NULL);
	if (!l->root)
		goto out;

	/* One thread runs signalling: clones of this root, if any, share it. */
	su_root_threading(l->root, 0);

	err = cv_postq_open(&l->q);
	if (err)
		goto out;

	err = cv_fd_new(&l->q_watch, &l->head, cv_postq_fd(l->q), on_posts, l);

out:
	if (err)
		cv_mem_unref(l);
	else
		*lp = &l->head;

	return err;
}
