/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of test_nat. */
#ifndef CV_TESTS_UNIT_SUITE_NAT_H
#define CV_TESTS_UNIT_SUITE_NAT_H

int cv_test_natalg(void);
int cv_test_natconf(void);
int cv_test_natcore(void);
int cv_test_natline(void);
int cv_test_natpkt(void);

#endif
