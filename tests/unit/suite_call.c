/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of test_call. */
#include "config.h"

#include "suite_call.h"

#include "runner.h"

const struct cv_test_suite cv_test_suites[] = {
	{"leg", cv_test_leg},           {"need", cv_test_need},
	{"route", cv_test_route},       {"part", cv_test_part},
	{"past", cv_test_past},         {"peers", cv_test_peers},
	{"probe", cv_test_probe},       {"offer", cv_test_offer},
	{"pair", cv_test_pair},         {"call", cv_test_call},
	{"fan", cv_test_fan},           {"table", cv_test_table},
	{"trail", cv_test_trail},       {"show", cv_test_show},
	{"story", cv_test_story},       {"sub", cv_test_sub},
	{"transfer", cv_test_transfer}, {"redirect", cv_test_redirect},
	{"doctor", cv_test_doctor},     {"restate", cv_test_restate},
	{"unfold", cv_test_unfold},     {"trial", cv_test_trial},
	{"probe", cv_test_probe},       {0},
};
