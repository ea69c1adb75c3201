/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_unasked. */
#include "config.h"

#include "suite_unasked.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"unasked", cv_test_unasked},
	{0},
};
