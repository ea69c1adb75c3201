/* SPDX-License-Identifier: BSD-3-Clause */
/* The suites of test_media. */
#ifndef CV_TESTS_UNIT_SUITE_MEDIA_H
#define CV_TESTS_UNIT_SUITE_MEDIA_H

int cv_test_arena(void);
int cv_test_face(void);
int cv_test_fork(void);
int cv_test_mline(void);
int cv_test_media(void);
int cv_test_msess(void);
int cv_test_rtp(void);
int cv_test_setup(void);
int cv_test_slots(void);
int cv_test_splice(void);
int cv_test_tcp(void);
int cv_test_timers(void);
int cv_test_rtcp(void);

#endif
