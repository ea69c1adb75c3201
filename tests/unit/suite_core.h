/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Suites of src/core.
 */
#ifndef CV_TESTS_UNIT_SUITE_CORE_H
#define CV_TESTS_UNIT_SUITE_CORE_H

int cv_test_heap(void);
int cv_test_plan(void);
int cv_test_try(void);

#endif
