/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of test_admin. */
#ifndef CV_TESTS_UNIT_SUITE_ADMIN_H
#define CV_TESTS_UNIT_SUITE_ADMIN_H

int cv_test_admin_line(void);
int cv_test_sock(void);
int cv_test_culvertctl(void);

#endif
