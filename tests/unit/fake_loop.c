/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tests' loop driver. Knows timers by due time and order of setting, and
 * asks poll() for descriptors without waiting. Runs on the test's thread;
 * posts may come from any.
 */
#include "config.h"

#include "fake_loop.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/mem.h"
#include "loop/loop_int.h"
#include "loop/postq.h"

enum {
	START_MS = 1000000,  /* not 0, so that "never" and "at start" differ */
	EVENTS_MAX = 100000, /* handlers in one advance; more is a loop without end */
};

struct fake_loop {
	struct cv_loop head;
	struct cv_postq *q;    /* owned */
	struct cv_list timers; /* of those that are set, earliest first */
	struct cv_list fds;
	uint64_t now_ms;
	unsigned events; /* left in this advance */
	bool is_stopped;
};

struct fake_timer {
	struct cv_timer head;
	struct cv_list node; /* linked while set */
	uint64_t due_ms;
};

struct fake_fd {
	struct cv_fd head;
	struct cv_list node;
	bool is_ready; /* readable in this round, not yet handled */
};

static struct fake_loop *living; /* whose time cv_fake_loop_now() tells */

static struct fake_loop *loop_of(struct cv_loop *l)
{
	return CV_CONTAINER(l, struct fake_loop, head);
}

static uint64_t now(void *arg)
{
	const struct fake_loop *l = arg;

	return l->now_ms;
}

static void spend_event(struct fake_loop *l)
{
	if (l->events > 0) {
		--l->events;
		return;
	}

	(void)fprintf(stderr, "fake_loop: more than %d events in one step\n", EVENTS_MAX);
	abort();
}

static bool is_readable(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	return poll(&p, 1, 0) == 1;
}

static void poll_all(struct fake_loop *l)
{
	struct cv_list *node, *tmp;

	CV_LIST_FOREACH (node, tmp, &l->fds) {
		struct fake_fd *f = CV_CONTAINER(node, struct fake_fd, node);

		f->is_ready = is_readable(f->head.fd);
	}
}

static struct fake_fd *find_ready(struct fake_loop *l)
{
	struct cv_list *node, *tmp;

	CV_LIST_FOREACH (node, tmp, &l->fds) {
		struct fake_fd *f = CV_CONTAINER(node, struct fake_fd, node);

		if (f->is_ready)
			return f;
	}

	return NULL;
}

static bool is_any_ready(struct fake_loop *l)
{
	poll_all(l);

	return find_ready(l) || is_readable(cv_postq_fd(l->q));
}

/* Posts and descriptors, until both are quiet. */
static void settle(struct fake_loop *l)
{
	struct fake_fd *f;

	do {
		spend_event(l);
		cv_postq_run(l->q);
		l->is_stopped = cv_postq_take_stop(l->q) || l->is_stopped;
		poll_all(l);

		while ((f = find_ready(l))) {
			f->is_ready = false;
			cv_fd_fire(&f->head);
		}
	} while (is_any_ready(l));
}

/* Runs the earliest timer when it is due by end_ms. */
static bool fire_next(struct fake_loop *l, uint64_t end_ms)
{
	struct fake_timer *t;

	if (cv_list_is_empty(&l->timers))
		return false;

	t = CV_CONTAINER(l->timers.next, struct fake_timer, node);
	if (t->due_ms > end_ms)
		return false;

	spend_event(l);
	if (t->due_ms > l->now_ms)
		l->now_ms = t->due_ms;

	cv_list_del(&t->node);
	cv_timer_fire(&t->head);

	return true;
}

static void run(struct cv_loop *head)
{
	struct fake_loop *l = loop_of(head);

	l->events = EVENTS_MAX;
	do {
		settle(l);
	} while (!l->is_stopped && fire_next(l, UINT64_MAX));

	l->is_stopped = false;
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
	(void)l;

	return NULL;
}

static void timer_fini(void *obj)
{
	struct fake_timer *t = obj;

	cv_list_del(&t->node);
}

static int timer_new(struct cv_timer **tp, struct cv_loop *l)
{
	struct fake_timer *t;

	(void)l;
	t = cv_mem_new(sizeof(*t), timer_fini);
	if (!t)
		return ENOMEM;

	*tp = &t->head;

	return 0;
}

static int timer_set(struct cv_timer *head, uint32_t ms)
{
	struct fake_timer *t = CV_CONTAINER(head, struct fake_timer, head);
	struct fake_loop *l = loop_of(head->loop);
	struct cv_list *node, *tmp, *before = &l->timers;

	cv_list_del(&t->node);
	t->due_ms = l->now_ms + ms;

	CV_LIST_FOREACH (node, tmp, &l->timers) {
		if (CV_CONTAINER(node, struct fake_timer, node)->due_ms > t->due_ms) {
			before = node;
			break;
		}
	}

	cv_list_add(before, &t->node); /* a head and a node alike: it goes in front */

	return 0;
}

static void timer_stop(struct cv_timer *head)
{
	cv_list_del(&CV_CONTAINER(head, struct fake_timer, head)->node);
}

static void fd_fini(void *obj)
{
	struct fake_fd *f = obj;

	cv_list_del(&f->node);
}

static int fd_new(struct cv_fd **fp, struct cv_loop *l, int fd)
{
	struct fake_fd *f;

	(void)fd;
	f = cv_mem_new(sizeof(*f), fd_fini);
	if (!f)
		return ENOMEM;

	cv_list_add(&loop_of(l)->fds, &f->node);
	*fp = &f->head;

	return 0;
}

static const struct cv_loop_ops fake_ops = {
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
	struct fake_loop *l = obj;

	cv_mem_unref(l->q);
	if (living != l)
		return;

	cv_clock_set(NULL, NULL);
	living = NULL;
}

int cv_fake_loop_new(struct cv_loop **lp)
{
	struct fake_loop *l;
	int err;

	if (living)
		return EBUSY;

	l = cv_mem_new(sizeof(*l), loop_fini);
	if (!l)
		return ENOMEM;

	l->head.ops = &fake_ops;
	cv_list_init(&l->timers);
	cv_list_init(&l->fds);
	l->now_ms = START_MS;

	err = cv_postq_open(&l->q);
	if (err) {
		cv_mem_unref(l);
		return err;
	}

	living = l;
	cv_clock_set(now, l);
	*lp = &l->head;

	return 0;
}

void cv_fake_loop_advance(struct cv_loop *l, uint64_t ms)
{
	struct fake_loop *fake = loop_of(l);
	uint64_t end_ms = fake->now_ms + ms;

	fake->events = EVENTS_MAX;
	do {
		settle(fake);
	} while (fire_next(fake, end_ms));

	if (fake->now_ms < end_ms)
		fake->now_ms = end_ms;
}

uint64_t cv_fake_loop_now(void)
{
	return living ? living->now_ms : 0;
}
