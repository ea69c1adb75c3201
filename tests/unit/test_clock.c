/* SPDX-License-Identifier: BSD-3-Clause */
/* What base/clock.c promises: it never goes back and can be replaced. */
#include "config.h"

#include <CUnit/CUnit.h>

#include "base/clock.h"
#include "suite_base.h"

static uint64_t fixed(void *arg)
{
	return *(const uint64_t *)arg;
}

static void test_clock_is_monotonic(void)
{
	uint64_t a = cv_clock_ms(), b = cv_clock_ms();

	CU_ASSERT_TRUE(a > 0);
	CU_ASSERT_TRUE(b >= a);
}

static void test_clock_can_be_replaced(void)
{
	uint64_t now = 42;

	cv_clock_set(fixed, &now);
	CU_ASSERT_EQUAL(cv_clock_ms(), 42);
	now = 43;
	CU_ASSERT_EQUAL(cv_clock_ms(), 43);
	cv_clock_set(NULL, NULL);
	CU_ASSERT_NOT_EQUAL(cv_clock_ms(), 43);
}

int cv_test_clock(void)
{
	CU_pSuite s = CU_add_suite("clock", NULL, NULL);

	CU_add_test(s, "is monotonic", test_clock_is_monotonic);
	CU_add_test(s, "can be replaced", test_clock_can_be_replaced);

	return (int)CU_get_error();
}
