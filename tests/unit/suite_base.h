/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of test_base. */
#ifndef CV_TESTS_UNIT_SUITE_BASE_H
#define CV_TESTS_UNIT_SUITE_BASE_H

int cv_test_mem(void);
int cv_test_str(void);
int cv_test_buf(void);
int cv_test_hash(void);
int cv_test_addr(void);
int cv_test_flow(void);
int cv_test_clock(void);
int cv_test_ring(void);
int cv_test_log(void);
int cv_test_out(void);
int cv_test_cmd(void);
int cv_test_stat(void);

#endif
