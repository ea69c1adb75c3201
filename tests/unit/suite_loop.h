/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of test_loop. */
#ifndef CV_TESTS_UNIT_SUITE_LOOP_H
#define CV_TESTS_UNIT_SUITE_LOOP_H

int cv_test_loop(void);
int cv_test_fake_loop(void);
int cv_test_mbox(void);

#endif
