/* SPDX-License-Identifier: BSD-3-Clause */
/* What base/buf.c promises: it grows, stays terminated and remembers its first error. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/buf.h"
#include "base/mem.h"
#include "suite_base.h"

static void test_buf_writes_and_grows(void)
{
	struct cv_buf b = {0};

	CU_ASSERT_EQUAL(cv_buf_view(&b).len, 0);
	for (int i = 0; i < 1000; ++i)
		cv_buf_printf(&b, "%03d,", i);

	CU_ASSERT_EQUAL(cv_buf_err(&b), 0);
	CU_ASSERT_EQUAL_FATAL(b.len, 4000);
	CU_ASSERT_EQUAL(memcmp(b.p + 3996, "999,", 5), 0);

	cv_buf_reset(&b);
	cv_buf_str(&b, CV_STR("ab"));
	cv_buf_write(&b, "\0c", 2);
	cv_buf_write(&b, NULL, 0);
	CU_ASSERT_EQUAL(b.len, 4);
	CU_ASSERT_EQUAL(memcmp(b.p, "ab\0c", 5), 0);

	cv_buf_free(&b);
	CU_ASSERT_PTR_NULL(b.p);
	cv_buf_free(&b);
}

static void test_buf_remembers_first_error(void)
{
	struct cv_buf b = {0};

	cv_buf_str(&b, CV_STR("kept"));
	cv_mem_budget(0);
	cv_buf_printf(&b, "%1000s", "x");
	cv_mem_budget(-1);
	cv_buf_str(&b, CV_STR("not written"));

	CU_ASSERT_EQUAL(cv_buf_err(&b), ENOMEM);
	CU_ASSERT_TRUE(cv_str_eq(cv_buf_view(&b), CV_STR("kept")));

	cv_buf_reset(&b);
	CU_ASSERT_EQUAL(cv_buf_err(&b), 0);
	cv_buf_free(&b);
}

static void test_buf_stops_at_its_limit(void)
{
	struct cv_buf b = {0};
	static char block[1 << 20];

	for (int i = 0; i < 16; ++i)
		cv_buf_write(&b, block, sizeof(block));

	CU_ASSERT_EQUAL(cv_buf_err(&b), EMSGSIZE);
	CU_ASSERT_EQUAL(b.len, 15 * sizeof(block));
	cv_buf_free(&b);
}

static void test_buf_takes_back(void)
{
	struct cv_buf b = {0};

	cv_buf_cut(&b, 0);
	cv_buf_str(&b, CV_STR("kept and not"));
	cv_buf_cut(&b, 40);
	CU_ASSERT_EQUAL(b.len, 12);
	cv_buf_cut(&b, 4);
	CU_ASSERT_STRING_EQUAL(b.p, "kept");
	cv_buf_str(&b, CV_STR(" too"));
	CU_ASSERT_STRING_EQUAL(b.p, "kept too");
	cv_buf_free(&b);
}

int cv_test_buf(void)
{
	CU_pSuite s = CU_add_suite("buf", NULL, NULL);

	CU_add_test(s, "writes and grows", test_buf_writes_and_grows);
	CU_add_test(s, "remembers first error", test_buf_remembers_first_error);
	CU_add_test(s, "stops at its limit", test_buf_stops_at_its_limit);
	CU_add_test(s, "takes back", test_buf_takes_back);

	return (int)CU_get_error();
}
