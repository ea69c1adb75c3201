/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of test_bind. */
#ifndef CV_TESTS_UNIT_SUITE_BIND_H
#define CV_TESTS_UNIT_SUITE_BIND_H

int cv_test_bind_alg(void);
int cv_test_bind_table(void);
int cv_test_bind_token(void);
int cv_test_bind_ping(void);
int cv_test_bind_show(void);
int cv_test_home(void);
int cv_test_trunk(void);

#endif
