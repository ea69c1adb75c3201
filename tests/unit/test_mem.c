/* SPDX-License-Identifier: BSD-3-Clause */
/* What base/mem.c promises: counts, finalizers, the budget. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "suite_base.h"

static int finis;

static void count_fini(void *obj)
{
	(void)obj;
	++finis;
}

static void test_mem_last_unref_finalizes(void)
{
	size_t before = cv_mem_live();
	void *obj = cv_mem_new(16, count_fini);

	finis = 0;
	CU_ASSERT_PTR_NOT_NULL_FATAL(obj);
	CU_ASSERT_EQUAL(cv_mem_live(), before + 1);
	CU_ASSERT_PTR_EQUAL(cv_mem_ref(obj), obj);
	CU_ASSERT_PTR_NULL(cv_mem_unref(obj));
	CU_ASSERT_EQUAL(finis, 0);
	CU_ASSERT_PTR_NULL(cv_mem_unref(obj));
	CU_ASSERT_EQUAL(finis, 1);
	CU_ASSERT_EQUAL(cv_mem_live(), before);
}

static void test_mem_new_zeroes_and_aligns(void)
{
	static const char zero[100];
	char *obj = cv_mem_new(sizeof(zero), NULL);

	CU_ASSERT_PTR_NOT_NULL_FATAL(obj);
	CU_ASSERT_EQUAL(memcmp(obj, zero, sizeof(zero)), 0);
	CU_ASSERT_EQUAL((uintptr_t)obj % _Alignof(max_align_t), 0);
	cv_mem_unref(obj);
}

static void test_mem_null_is_accepted(void)
{
	CU_ASSERT_PTR_NULL(cv_mem_ref(NULL));
	CU_ASSERT_PTR_NULL(cv_mem_unref(NULL));
	CU_ASSERT_PTR_NULL(cv_mem_strdup(NULL));
}

static void test_mem_overflow_is_refused(void)
{
	volatile size_t huge = SIZE_MAX; /* else the compiler sees it and warns */

	CU_ASSERT_PTR_NULL(cv_mem_new(huge, NULL));
	CU_ASSERT_PTR_NULL(cv_mem_zalloc(huge / 2, 4));
	CU_ASSERT_PTR_NULL(cv_mem_realloc(NULL, huge / 2, 4));
}

static void test_mem_budget_fails_the_next(void)
{
	void *one, *two;
	char *three;

	cv_mem_budget(2);
	one = cv_mem_zalloc(1, 1);
	two = cv_mem_realloc(NULL, 1, 1);
	three = cv_mem_strdup("x");
	CU_ASSERT_PTR_NULL(cv_mem_new(1, NULL));
	cv_mem_budget(-1);

	CU_ASSERT_PTR_NOT_NULL(one);
	CU_ASSERT_PTR_NOT_NULL(two);
	CU_ASSERT_PTR_NULL(three);
	free(one);
	free(two);
}

static void test_mem_strdup_copies(void)
{
	char *s = cv_mem_strdup("edge");

	CU_ASSERT_PTR_NOT_NULL_FATAL(s);
	CU_ASSERT_STRING_EQUAL(s, "edge");
	free(s);
}

int cv_test_mem(void)
{
	CU_pSuite s = CU_add_suite("mem", NULL, NULL);

	CU_add_test(s, "last unref finalizes", test_mem_last_unref_finalizes);
	CU_add_test(s, "new zeroes and aligns", test_mem_new_zeroes_and_aligns);
	CU_add_test(s, "NULL is accepted", test_mem_null_is_accepted);
	CU_add_test(s, "overflow is refused", test_mem_overflow_is_refused);
	CU_add_test(s, "budget fails the next", test_mem_budget_fails_the_next);
	CU_add_test(s, "strdup copies", test_mem_strdup_copies);

	return (int)CU_get_error();
}
