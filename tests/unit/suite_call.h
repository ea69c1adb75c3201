/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of test_call; each registers itself and returns 0 or CU_get_error(). */
#ifndef CV_TESTS_UNIT_SUITE_CALL_H
#define CV_TESTS_UNIT_SUITE_CALL_H

int cv_test_call(void);
int cv_test_doctor(void);
int cv_test_fan(void);
int cv_test_leg(void);
int cv_test_need(void);
int cv_test_offer(void);
int cv_test_pair(void);
int cv_test_part(void);
int cv_test_past(void);
int cv_test_peers(void);
int cv_test_route(void);
int cv_test_show(void);
int cv_test_story(void);
int cv_test_sub(void);
int cv_test_redirect(void);
int cv_test_restate(void);
int cv_test_trial(void);
int cv_test_table(void);
int cv_test_trail(void);
int cv_test_transfer(void);
int cv_test_unfold(void);

#endif
