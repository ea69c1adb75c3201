/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_health. */
#include "config.h"

#include "suite_health.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"health", cv_test_health},
	{0},
};
