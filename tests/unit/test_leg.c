/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of call/leg.c: every method has its own name. One thread. */
#include "config.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "call/leg.h"
#include "suite_call.h"

static void test_method_names(void)
{
	static const char *const names[] = {"INVITE",  "ACK",      "BYE",       "CANCEL",
					    "OPTIONS", "INFO",     "UPDATE",    "PRACK",
					    "REFER",   "NOTIFY",   "SUBSCRIBE", "MESSAGE",
					    "PUBLISH", "REGISTER", "request"};

	for (int m = CV_METHOD_INVITE; m <= CV_METHOD_OTHER; ++m)
		CU_ASSERT_STRING_EQUAL(cv_method_name((enum cv_method)m), names[m]);
}

int cv_test_leg(void)
{
	CU_pSuite s = CU_add_suite("leg", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_method_names);

	return CU_get_error();
}
