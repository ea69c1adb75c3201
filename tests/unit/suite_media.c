/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_media. */
#include "config.h"

#include "suite_media.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"fork", cv_test_fork},   {"face", cv_test_face},   {"arena", cv_test_arena},
	{"slots", cv_test_slots}, {"mline", cv_test_mline}, {"rtp", cv_test_rtp},
	{"media", cv_test_media}, {"msess", cv_test_msess}, {"timers", cv_test_timers},
	{"latch", cv_test_latch}, {"rtcp", cv_test_rtcp},   {"splice", cv_test_splice},
	{"setup", cv_test_setup}, {"tcp", cv_test_tcp},     {0},
};
