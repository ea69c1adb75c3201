/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_loop. */
#include "config.h"

#include "suite_loop.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"loop", cv_test_loop},
	{"fake_loop", cv_test_fake_loop},
	{"mbox", cv_test_mbox},
	{0},
};
