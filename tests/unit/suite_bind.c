/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_bind. */
#include "config.h"

#include "suite_bind.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"alg", cv_test_bind_alg},     {"table", cv_test_bind_table},
	{"token", cv_test_bind_token}, {"ping", cv_test_bind_ping},
	{"show", cv_test_bind_show},   {"home", cv_test_home},
	{"trunk", cv_test_trunk},      {0},
};
