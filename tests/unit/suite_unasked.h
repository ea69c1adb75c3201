/* SPDX-License-Identifier: BSD-3-Clause */
/* The suite of test_unasked. */
#ifndef CV_TESTS_UNIT_SUITE_UNASKED_H
#define CV_TESTS_UNIT_SUITE_UNASKED_H

int cv_test_unasked(void);

#endif
