/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of test_registrar. */
#ifndef CV_TESTS_UNIT_SUITE_REGISTRAR_H
#define CV_TESTS_UNIT_SUITE_REGISTRAR_H

int cv_test_digest(void);
int cv_test_registrar(void);

#endif
