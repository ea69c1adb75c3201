/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The suites of src/conf. One thread.
 */
#include "config.h"

#include <stddef.h>

#include "runner.h"

int cv_test_build(void);
int cv_test_check(void);
int cv_test_doc(void);
int cv_test_find(void);
int cv_test_keys(void);
int cv_test_load(void);
int cv_test_opts(void);
int cv_test_value(void);

const struct cv_test_suite cv_test_suites[] = {
	{"conf/keys", cv_test_keys},
	{"conf/opts", cv_test_opts},
	{"conf/load", cv_test_load},
	{"conf/value", cv_test_value},
	{"conf/build", cv_test_build},
	{"conf/check", cv_test_check},
	{"conf/doc", cv_test_doc},
	{"conf/find", cv_test_find},
	{NULL, NULL},
};
