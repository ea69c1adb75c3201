/* SPDX-License-Identifier: BSD-3-Clause */
/* The suite of test_account. */
#ifndef CV_TESTS_UNIT_SUITE_ACCOUNT_H
#define CV_TESTS_UNIT_SUITE_ACCOUNT_H

int cv_test_account(void);

#endif
