/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A loop on virtual time for tests: nothing happens until the test moves the
 * clock. While one lives, cv_clock_ms() is its time; only one may live.
 */
#ifndef CV_TESTS_UNIT_FAKE_LOOP_H
#define CV_TESTS_UNIT_FAKE_LOOP_H

#include <stdint.h>

#include "loop/loop.h"

/** Makes the loop and takes over the clock. EBUSY when one lives; ENOMEM. Ended by
 * cv_mem_unref(), which gives the clock back. */
int cv_fake_loop_new(struct cv_loop **lp);
/** Runs posts, handlers of readable descriptors and, in order, the timers that are due
 * within @p ms; the clock stands at each timer's time while it runs and at the end @p ms
 * further. */
void cv_fake_loop_advance(struct cv_loop *l, uint64_t ms);
/** Virtual time in ms; also what cv_clock_ms() says. */
uint64_t cv_fake_loop_now(void);

#endif
