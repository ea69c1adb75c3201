/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of test_health. */
#ifndef CV_TESTS_UNIT_SUITE_HEALTH_H
#define CV_TESTS_UNIT_SUITE_HEALTH_H

int cv_test_health(void);

#endif
