/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The core program's table.
 */
#include "config.h"

#include "suite_core.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"heap", cv_test_heap},
	{"plan", cv_test_plan},
	{"try", cv_test_try},
	{NULL, NULL},
};
