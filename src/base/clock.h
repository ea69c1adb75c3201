/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Monotonic milliseconds, replaceable in tests.
 */
#ifndef CV_BASE_CLOCK_H
#define CV_BASE_CLOCK_H

#include <stdint.h>

typedef uint64_t cv_clock_fn(void *arg);

/** Monotonic time in ms; from the replacement when one is set. Any thread. */
uint64_t cv_clock_ms(void);
/** Replaces the clock, NULL restores it. Tests only, before threads start. */
void cv_clock_set(cv_clock_fn *fn, void *arg);

#endif
