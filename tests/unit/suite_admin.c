/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_admin. */
#include "config.h"

#include "suite_admin.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"line", cv_test_admin_line},
	{"sock", cv_test_sock},
	{"culvertctl", cv_test_culvertctl},
	{0},
};
