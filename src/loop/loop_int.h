/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a loop implementation gives; private to src/loop and the tests' loop.
 */
#ifndef CV_LOOP_LOOP_INT_H
#define CV_LOOP_LOOP_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "loop/loop.h"

/** One driver: const table; the driver's own struct starts with struct cv_loop. It makes
 * timers and watches with cv_mem_new(), the finalizer stops them; the heads are filled by
 * loop.c before the first call that could fire. */
struct cv_loop_ops {
	void (*run)(struct cv_loop *l);
	void (*stop)(struct cv_loop *l);
	int (*post)(struct cv_loop *l, cv_post_fn *fn, void *arg);
	void *(*native)(struct cv_loop *l);
	int (*timer_new)(struct cv_timer **tp, struct cv_loop *l);
	int (*timer_set)(struct cv_timer *t, uint32_t ms);
	void (*timer_stop)(struct cv_timer *t);
	int (*fd_new)(struct cv_fd **fp, struct cv_loop *l, int fd);
	void (*fd_first)(struct cv_fd *f); /* NULL: the driver knows no order */
};

struct cv_loop {
	const struct cv_loop_ops *ops;
};

/** Head of every driver's timer. */
struct cv_timer {
	struct cv_loop *loop; /* not referenced: loops outlive their timers */
	cv_timer_fn *fn;
	void *arg;
};

/** Head of every driver's descriptor watch. */
struct cv_fd {
	struct cv_loop *loop;
	int fd;
	cv_fd_fn *fn;
	void *arg;
};

/** Called by a driver when @p t is due. The handler may drop the timer: not touched
 * afterwards. */
void cv_timer_fire(struct cv_timer *t);
/** Called by a driver when the descriptor is readable. The handler may drop the watch:
 * not touched afterwards. */
void cv_fd_fire(struct cv_fd *f);

#endif
