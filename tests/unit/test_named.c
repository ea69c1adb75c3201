/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of sip/named.c: a dialog's name in a header. One thread. */
#include "config.h"

#include <errno.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "sip/named.h"
#include "suite_sip.h"

static void test_name_is_read_in_any_order(void)
{
	struct cv_named n;

	CU_ASSERT_EQUAL(
		cv_named_parse(&n, CV_STR("a@b;early-only; To-Tag = x ;from-tag=y")), 0);
	CU_ASSERT_TRUE(cv_str_eq(n.call_id, CV_STR("a@b")));
	CU_ASSERT_TRUE(cv_str_eq(n.tag[0], CV_STR("x")));
	CU_ASSERT_TRUE(cv_str_eq(n.tag[1], CV_STR("y")));
}

static void test_what_is_no_name_is_refused(void)
{
	static const char *const bad[] = {
		"",
		"a",
		"a;to-tag=1",
		";to-tag=1;from-tag=2",
		"a;to-tag=;from-tag=2",
		"a;to-tag=1;from-tag=2;via-tag=3",
		"a;b;c;d;e;f;g;h;i;j;to-tag=1;from-tag=2",
	};
	struct cv_named n;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); ++i)
		CU_ASSERT_EQUAL(cv_named_parse(&n, cv_str_of(bad[i])), EBADMSG);
}

static void test_name_is_written_in_its_place(void)
{
	const struct cv_str text = CV_STR("a@b;to-tag=x;early-only;from-tag=y;z=1");
	const struct cv_named is = {CV_STR("other"), {CV_STR("long-one"), CV_STR("s")}};
	struct cv_buf buf = {.p = NULL};
	struct cv_named n;

	CU_ASSERT_EQUAL_FATAL(cv_named_parse(&n, text), 0);
	cv_named_print(&buf, text, &n, &is);
	CU_ASSERT_TRUE(
		cv_str_eq(cv_buf_view(&buf),
			  CV_STR("other;to-tag=long-one;early-only;from-tag=s;z=1")));
	cv_buf_free(&buf);
}

int cv_test_named(void)
{
	CU_pSuite s = CU_add_suite("named", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_name_is_read_in_any_order);
	CU_ADD_TEST(s, test_what_is_no_name_is_refused);
	CU_ADD_TEST(s, test_name_is_written_in_its_place);

	return (int)CU_get_error();
}
