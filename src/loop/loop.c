/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The thin door: hands every call to the driver behind a loop. Knows no event
 * library. Runs on the loop's owner, but for post and break.
 */
#include "config.h"

#include "loop/loop.h"

#include <stddef.h>

#include "loop/loop_int.h"

void cv_loop_run(struct cv_loop *l)
{
	l->ops->run(l);
}

void cv_loop_break(struct cv_loop *l)
{
	l->ops->stop(l);
}

int cv_loop_post(struct cv_loop *l, cv_post_fn *fn, void *arg)
{
	return l->ops->post(l, fn, arg);
}

void *cv_loop_native(struct cv_loop *l)
{
	return l->ops->native(l);
}

int cv_timer_new(struct cv_timer **tp, struct cv_loop *l, cv_timer_fn *fn, void *arg)
{
	struct cv_timer *t = NULL;
	int err;

	err = l->ops->timer_new(&t, l);
	if (err)
		return err;

	t->loop = l;
	t->fn = fn;
	t->arg = arg;
	*tp = t;

	return 0;
}

int cv_timer_set(struct cv_timer *t, uint32_t ms)
{
	return t->loop->ops->timer_set(t, ms);
}

void cv_timer_stop(struct cv_timer *t)
{
	t->loop->ops->timer_stop(t);
}

int cv_fd_new(struct cv_fd **fp, struct cv_loop *l, int fd, cv_fd_fn *fn, void *arg)
{
	struct cv_fd *f = NULL;
	int err;

	err = l->ops->fd_new(&f, l, fd);
	if (err)
		return err;

	f->loop = l;
	f->fd = fd;
	f->fn = fn;
	f->arg = arg;
	*fp = f;

	return 0;
}

void cv_fd_first(struct cv_fd *f)
{
	if (f && f->loop->ops->fd_first)
		f->loop->ops->fd_first(f);
}

/* No reference is held around a handler, which house rules otherwise ask of a dispatcher:
 * a handler that drops its watch and closes the descriptor needs it out of the driver at
 * that moment, or a descriptor opened next under the same number is taken out instead. */
void cv_timer_fire(struct cv_timer *t)
{
	t->fn(t->arg);
}

void cv_fd_fire(struct cv_fd *f)
{
	f->fn(f->fd, f->arg);
}
