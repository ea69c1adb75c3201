/* SPDX-License-Identifier: BSD-3-Clause */
/* The suite of test_reg. */
#ifndef CV_TESTS_UNIT_SUITE_REG_H
#define CV_TESTS_UNIT_SUITE_REG_H

int cv_test_reg(void);

#endif
