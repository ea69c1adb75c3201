/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The suites of src/sdp. One thread.
 */
#include "config.h"

#include <stddef.h>

#include "runner.h"

int cv_test_line(void);
int cv_test_parse(void);
int cv_test_rewrite(void);

const struct cv_test_suite cv_test_suites[] = {
	{"sdp/line", cv_test_line},
	{"sdp/parse", cv_test_parse},
	{"sdp/rewrite", cv_test_rewrite},
	{NULL, NULL},
};
