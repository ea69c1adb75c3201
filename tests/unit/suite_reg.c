/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_reg. */
#include "config.h"

#include "suite_reg.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"reg", cv_test_reg},
	{0},
};
