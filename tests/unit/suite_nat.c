/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_nat. */
#include "config.h"

#include "suite_nat.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"natpkt", cv_test_natpkt},   {"natcore", cv_test_natcore},
	{"natline", cv_test_natline}, {"natalg", cv_test_natalg},
	{"natconf", cv_test_natconf}, {0},
};
