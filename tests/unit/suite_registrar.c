/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_registrar. */
#include "config.h"

#include "suite_registrar.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"digest", cv_test_digest},
	{"registrar", cv_test_registrar},
	{0},
};
