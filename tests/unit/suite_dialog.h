/* SPDX-License-Identifier: BSD-3-Clause */
/* The suite of test_dialog. */
#ifndef CV_TESTS_UNIT_SUITE_DIALOG_H
#define CV_TESTS_UNIT_SUITE_DIALOG_H

int cv_test_dialog(void);

#endif
