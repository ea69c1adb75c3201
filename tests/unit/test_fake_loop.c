/* SPDX-License-Identifier: BSD-3-Clause */
/* What the tests' own loop promises beyond loop.h: time moves only when told to. */
#include "config.h"

#include <errno.h>

#include <CUnit/CUnit.h>

#include "base/clock.h"
#include "base/mem.h"
#include "fake_loop.h"
#include "suite_loop.h"

static void note_time(void *arg)
{
	*(uint64_t *)arg = cv_clock_ms();
}

static void test_fake_loop_moves_the_clock(void)
{
	struct cv_loop *l = NULL, *other = NULL;
	struct cv_timer *a = NULL, *b = NULL;
	uint64_t start, fired_a = 0, fired_b = 0;

	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&l), 0);
	CU_ASSERT_EQUAL(cv_fake_loop_new(&other), EBUSY);
	start = cv_fake_loop_now();
	CU_ASSERT_EQUAL(cv_clock_ms(), start);

	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&a, l, note_time, &fired_a), 0);
	CU_ASSERT_EQUAL_FATAL(cv_timer_new(&b, l, note_time, &fired_b), 0);
	CU_ASSERT_EQUAL(cv_timer_set(a, 3600000), 0);
	CU_ASSERT_EQUAL(cv_timer_set(b, 50), 0);

	cv_fake_loop_advance(l, 49);
	CU_ASSERT_EQUAL(fired_b, 0);
	cv_fake_loop_advance(l, 1);
	CU_ASSERT_EQUAL(fired_b, start + 50);
	cv_fake_loop_advance(l, 7200000);
	CU_ASSERT_EQUAL(fired_a, start + 3600000);
	CU_ASSERT_EQUAL(cv_fake_loop_now(), start + 50 + 7200000);

	cv_mem_unref(a);
	cv_mem_unref(b);
	cv_mem_unref(l);
	CU_ASSERT_EQUAL(cv_fake_loop_now(), 0);
}

int cv_test_fake_loop(void)
{
	CU_pSuite s = CU_add_suite("fake_loop", NULL, NULL);

	CU_add_test(s, "moves the clock", test_fake_loop_moves_the_clock);

	return (int)CU_get_error();
}
