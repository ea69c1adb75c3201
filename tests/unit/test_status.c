/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one table of errno and SIP status.
 */
#include "config.h"

#include <CUnit/CUnit.h>
#include <errno.h>

#include "suite_sip.h"

static void test_errno_has_its_status(void)
{
	static const struct {
		int err, status;
	} rows[] = {
		{0, 200},         {ENOENT, 404},  {EHOSTUNREACH, 480}, {ESTALE, 480},
		{EACCES, 403},    {EBADMSG, 488}, {E2BIG, 488},        {EBUSY, 503},
		{ENOSPC, 503},    {ENOMEM, 503},  {ELOOP, 483},        {ETIMEDOUT, 408},
		{ECANCELED, 487}, {EINVAL, 400},  {EXDEV, 500},        {EMLINK, 440},
		{EALREADY, 482},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i)
		CU_ASSERT_EQUAL(cv_sip_status(rows[i].err), rows[i].status);
}

static void test_phrase_is_never_missing(void)
{
	CU_ASSERT_STRING_EQUAL(cv_sip_phrase(404), "Not Found");
	CU_ASSERT_STRING_EQUAL(cv_sip_phrase(399), "Unknown");
	CU_ASSERT_STRING_EQUAL(cv_sip_phrase(440), "Max-Breadth Exceeded");
}

static void test_methods_have_their_names(void)
{
	CU_ASSERT_EQUAL(cv_sip_method(sip_method_invite), CV_METHOD_INVITE);
	CU_ASSERT_EQUAL(cv_sip_method(sip_method_publish), CV_METHOD_PUBLISH);
	CU_ASSERT_EQUAL(cv_sip_method(sip_method_unknown), CV_METHOD_OTHER);
}

int cv_test_status(void)
{
	CU_pSuite s = CU_add_suite("status", NULL, NULL);

	CU_add_test(s, "errno", test_errno_has_its_status);
	CU_add_test(s, "phrase", test_phrase_is_never_missing);
	CU_add_test(s, "methods", test_methods_have_their_names);

	return (int)CU_get_error();
}
