/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_base. */
#include "config.h"

#include "suite_base.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"mem", cv_test_mem},
	{"str", cv_test_str},
	{"buf", cv_test_buf},
	{"hash", cv_test_hash},
	{"addr", cv_test_addr},
	{"flow", cv_test_flow},
	{"clock", cv_test_clock},
	{"ring", cv_test_ring},
	{"log", cv_test_log},
	{"out", cv_test_out},
	{"cmd", cv_test_cmd},
	{"stat", cv_test_stat},
	{0},
};
