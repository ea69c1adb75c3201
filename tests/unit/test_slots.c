/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers of sessions and streams. Time is the test's. */
#include "config.h"

#include "media/slots.h"

#include <errno.h>

#include <CUnit/CUnit.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/ports.h"
#include "suite_media.h"

static uint64_t now_ms = 50;

static uint64_t test_clock(void *arg)
{
	(void)arg;

	return now_ms;
}

static void test_number_rests_and_changes_generation(void)
{
	struct cv_slots *s = NULL;
	int a, b;
	uint32_t n = 9, gen;

	cv_clock_set(test_clock, NULL);
	CU_ASSERT_EQUAL_FATAL(cv_slots_new(&s, 2), 0);
	CU_ASSERT_EQUAL(cv_slots_take(s, &n, &a), 0);
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT_EQUAL(cv_slots_take(s, &n, &b), 0);
	CU_ASSERT_EQUAL(n, 1);
	CU_ASSERT_EQUAL(cv_slots_take(s, &n, &b), ENOSPC);
	CU_ASSERT_PTR_EQUAL(cv_slots_find(s, 0), &a);
	CU_ASSERT_PTR_NULL(cv_slots_find(s, 2));
	gen = cv_slots_gen(s, 0);

	cv_slots_give(s, 0);
	cv_slots_give(s, 0);
	CU_ASSERT_PTR_NULL(cv_slots_find(s, 0));
	CU_ASSERT_EQUAL(cv_slots_count(s), 1);
	now_ms += CV_PORTS_QUARANTINE_MS - 1;
	CU_ASSERT_EQUAL(cv_slots_take(s, &n, &b), ENOSPC);
	cv_slots_give(s, 1);
	now_ms += 1;
	CU_ASSERT_EQUAL(cv_slots_take(s, &n, &b), 0);
	CU_ASSERT_EQUAL(n, 0);
	CU_ASSERT_EQUAL(cv_slots_gen(s, 0), gen + 1);
	CU_ASSERT_EQUAL(cv_slots_take(s, &n, &b), ENOSPC);
	cv_clock_set(NULL, NULL);
	cv_mem_unref(s);
}

static void test_many_numbers_grow_the_table(void)
{
	struct cv_slots *s = NULL;
	uint32_t n;
	int a;

	CU_ASSERT_EQUAL_FATAL(cv_slots_new(&s, 1000), 0);
	for (uint32_t i = 0; i < 1000; ++i) {
		CU_ASSERT_EQUAL(cv_slots_take(s, &n, &a), 0);
		CU_ASSERT_EQUAL(n, i);
	}
	CU_ASSERT_EQUAL(cv_slots_end(s), 1000);
	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_slots_take(s, &n, &a), ENOSPC);
	cv_mem_budget(-1);
	cv_mem_unref(s);
}

int cv_test_slots(void)
{
	CU_pSuite s = CU_add_suite("slots", NULL, NULL);

	if (!s || !CU_add_test(s, "rest", test_number_rests_and_changes_generation) ||
	    !CU_add_test(s, "grow", test_many_numbers_grow_the_table))
		return (int)CU_get_error();

	return 0;
}
