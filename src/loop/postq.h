/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The part of a loop that other threads may touch: functions to run on the
 * owner's thread and the wish to stop, with a descriptor that wakes the loop.
 * Every driver has one; private to src/loop and the tests' loop.
 */
#ifndef CV_LOOP_POSTQ_H
#define CV_LOOP_POSTQ_H

#include <stdbool.h>

#include "loop/loop.h"

struct cv_postq;

/** ENOMEM, EMFILE. Ended by cv_mem_unref(), which drops what is pending. */
int cv_postq_open(struct cv_postq **qp);
/** The descriptor that is readable while there is something to do. */
int cv_postq_fd(const struct cv_postq *q);
/** Adds a function. ENOMEM. Any thread. */
int cv_postq_add(struct cv_postq *q, cv_post_fn *fn, void *arg);
/** Asks the owner to stop. Any thread. */
void cv_postq_stop(struct cv_postq *q);
/** Runs what was added so far, in order; what these functions add waits for the next
 * time. Owner thread. */
void cv_postq_run(struct cv_postq *q);
/** True once after each cv_postq_stop(). Owner thread. */
bool cv_postq_take_stop(struct cv_postq *q);

#endif
