/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Monotonic milliseconds. Knows the kernel's clock and the tests' one. Runs
 * on any thread; the replacement is set before threads start.
 */
#include "config.h"

#include "base/clock.h"

#include <stddef.h>
#include <time.h>

static cv_clock_fn *replaced;
static void *replaced_arg;

uint64_t cv_clock_ms(void)
{
	struct timespec ts = {0};

	if (replaced)
		return replaced(replaced_arg);

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);

	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

void cv_clock_set(cv_clock_fn *fn, void *arg)
{
	replaced = fn;
	replaced_arg = fn ? arg : NULL;
}
