/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of test_base. */
#ifndef CV_TESTS_UNIT_SUITE_BASE_H
#define CV_TESTS_UNIT_SUITE_BASE_H

int cv_test_mem(void);

#endif
