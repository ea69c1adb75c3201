/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_base. */
#include "config.h"

#include "suite_base.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"mem", cv_test_mem},
	{0},
};
