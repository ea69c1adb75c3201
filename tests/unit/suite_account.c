/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_account. */
#include "config.h"

#include "suite_account.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"account", cv_test_account},
	{0},
};
