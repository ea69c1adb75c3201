/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A loop on a libevent base. Knows events, nothing of what they carry. Runs
 * on the thread that runs it; post and break come through the post queue, so
 * libevent needs no locks.
 */
#include "config.h"

#include "loop/loop.h"

#include <errno.h>
#include <stdbool.h>

#include <event2/event.h>

#include "base/list.h"
#include "base/mem.h"
#include "loop/loop_int.h"
#include "loop/postq.h"

enum {
	PRIORITY_FIRST = 0,
	PRIORITIES = 3
}; /* all else has the middle one, libevent's default */

struct ev_loop {
	struct cv_loop head;
	struct event_base *base; /* owned */
	struct cv_postq *q;      /* owned */
	struct cv_fd *q_watch;   /* owned */
};

struct ev_timer {
	struct cv_timer head;
	struct event *ev; /* owned */
};

struct ev_fd {
	struct cv_fd head;
	struct event *ev; /* owned */
};

static struct ev_loop *loop_of(struct cv_loop *l)
{
	return CV_CONTAINER(l, struct ev_loop, head);
}

static void run(struct cv_loop *l)
{
	(void)event_base_loop(loop_of(l)->base, EVLOOP_NO_EXIT_ON_EMPTY);
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
	return loop_of(l)->base;
}

static void on_posts(int fd, void *arg)
{
	struct ev_loop *l = arg;

	(void)fd;
	cv_postq_run(l->q);
	if (cv_postq_take_stop(l->q))
		(void)event_base_loopbreak(l->base);
}

static void timer_fini(void *obj)
{
	struct ev_timer *t = obj;

	if (t->ev)
		event_free(t->ev);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct ev_timer *t = arg;

	(void)fd;
	(void)what;
	cv_timer_fire(&t->head);
}

static int timer_new(struct cv_timer **tp, struct cv_loop *l)
{
	struct ev_timer *t;

	t = cv_mem_new(sizeof(*t), timer_fini);
	if (!t)
		return ENOMEM;

	t->ev = event_new(loop_of(l)->base, -1, 0, on_timer, t);
	if (!t->ev) {
		cv_mem_unref(t);
		return ENOMEM;
	}

	*tp = &t->head;

	return 0;
}

static int timer_set(struct cv_timer *head, uint32_t ms)
{
	struct ev_timer *t = CV_CONTAINER(head, struct ev_timer, head);
	struct timeval tv = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};

	return event_add(t->ev, &tv) == 0 ? 0 : ENOMEM;
}

static void timer_stop(struct cv_timer *head)
{
	(void)event_del(CV_CONTAINER(head, struct ev_timer, head)->ev);
}

static void fd_fini(void *obj)
{
	struct ev_fd *f = obj;

	if (f->ev)
		event_free(f->ev);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ev_fd *f = arg;

	(void)fd;
	(void)what;
	cv_fd_fire(&f->head);
}

static int fd_new(struct cv_fd **fp, struct cv_loop *l, int fd)
{
	struct ev_fd *f;

	f = cv_mem_new(sizeof(*f), fd_fini);
	if (!f)
		return ENOMEM;

	f->ev = event_new(loop_of(l)->base, fd, EV_READ | EV_PERSIST, on_readable, f);
	if (!f->ev) {
		cv_mem_unref(f);
		return ENOMEM;
	}

	if (event_add(f->ev, NULL) != 0) {
		cv_mem_unref(f);
		return EBADF;
	}

	*fp = &f->head;

	return 0;
}

static void fd_first(struct cv_fd *head)
{
	struct ev_fd *f = CV_CONTAINER(head, struct ev_fd, head);

	(void)event_del(f->ev);
	(void)event_priority_set(f->ev, PRIORITY_FIRST);
	(void)event_add(f->ev, NULL);
}

static const struct cv_loop_ops ev_ops = {
	.run = run,
	.stop = stop,
	.post = post,
	.native = native,
	.timer_new = timer_new,
	.timer_set = timer_set,
	.timer_stop = timer_stop,
	.fd_new = fd_new,
	.fd_first = fd_first,
};

/* Timers of a media stream are 20 ms apart: the coarse clock would be off by a fifth. */
static struct event_base *make_base(void)
{
	struct event_config *cfg = event_config_new();
	struct event_base *base;

	if (!cfg)
		return NULL;

	(void)event_config_set_flag(cfg, EVENT_BASE_FLAG_PRECISE_TIMER);
	base = event_base_new_with_config(cfg);
	event_config_free(cfg);

	return base;
}

static void loop_fini(void *obj)
{
	struct ev_loop *l = obj;

	cv_mem_unref(l->q_watch);
	cv_mem_unref(l->q);
	if (l->base)
		event_base_free(l->base);
}

int cv_loop_ev_open(struct cv_loop **lp)
{
	struct ev_loop *l;
	int err = ENOMEM;

	l = cv_mem_new(sizeof(*l), loop_fini);
	if (!l)
		return ENOMEM;

	l->head.ops = &ev_ops;
	l->base = make_base();
	if (!l->base || event_base_priority_init(l->base, PRIORITIES) != 0)
		goto out;

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
