/* SPDX-License-Identifier: BSD-3-Clause */
/* When memory is given back: after a peak, not in it, and once. */
#include "config.h"

#include "core/heap.h"

#include <errno.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "suite_core.h"

enum { CALM = 11 }; /* steps of 3 s */

/* Steps until a trim is due, at a rate a step; 0: not within max. */
static int steps_until_due(struct cv_heap_watch *w, uint64_t rate, int max)
{
	for (int i = 1; i <= max; ++i) {
		if (cv_heap_is_due(w, w->seen + rate))
			return i;
	}

	return 0;
}

static void test_trim_comes_once_after_a_peak(void)
{
	struct cv_heap_watch w = {0};

	CU_ASSERT_EQUAL(steps_until_due(&w, 1000, 100), 0);
	CU_ASSERT_EQUAL(steps_until_due(&w, 0, 100), CALM);
	CU_ASSERT_EQUAL(steps_until_due(&w, 0, 100), 0);
}

static void test_trim_waits_for_unbroken_calm(void)
{
	struct cv_heap_watch w = {0};

	CU_ASSERT_EQUAL(steps_until_due(&w, 1000, 1), 0);
	CU_ASSERT_EQUAL(steps_until_due(&w, 499, CALM - 1), 0);
	CU_ASSERT_EQUAL(steps_until_due(&w, 500, 1), 0);
	CU_ASSERT_EQUAL(steps_until_due(&w, 499, CALM - 1), 0);
	CU_ASSERT_EQUAL(steps_until_due(&w, 499, 1), 1);
}

static void test_few_requests_are_not_worth_it(void)
{
	struct cv_heap_watch w = {0};

	CU_ASSERT_EQUAL(steps_until_due(&w, 99, 1), 0);
	CU_ASSERT_EQUAL(steps_until_due(&w, 0, 100), 0);
}

static void test_heap_oom(void)
{
	struct cv_loop *loop;
	struct cv_stats *stats;
	struct cv_heap *h = NULL;
	int err = ENOMEM;

	CU_ASSERT_EQUAL_FATAL(cv_loop_su_open(&loop), 0);
	CU_ASSERT_EQUAL_FATAL(cv_stats_new(&stats, NULL), 0);
	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_heap_open(&h, loop, stats);
		CU_ASSERT(err == 0 || (err == ENOMEM && !h));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	cv_mem_unref(h);
	cv_mem_unref(stats);
	cv_mem_unref(loop);
}

int cv_test_heap(void)
{
	CU_pSuite s = CU_add_suite("heap", NULL, NULL);

	if (!s ||
	    !CU_add_test(s, "once after a peak", test_trim_comes_once_after_a_peak) ||
	    !CU_add_test(s, "unbroken calm", test_trim_waits_for_unbroken_calm) ||
	    !CU_add_test(s, "few requests", test_few_requests_are_not_worth_it) ||
	    !CU_add_test(s, "oom", test_heap_oom))
		return (int)CU_get_error();

	return 0;
}
