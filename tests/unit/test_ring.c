/* SPDX-License-Identifier: BSD-3-Clause */
/* What base/ring.c promises: order, fullness, and two threads without loss. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "base/ring.h"
#include "suite_base.h"

enum { COUNT = 50000 }; /* elements that cross between the threads */

/** Bigger than a word, so that a torn copy shows. */
struct elem {
	uint64_t a, b, c;
};

static void test_ring_keeps_order_and_says_full(void)
{
	struct cv_ring *r = NULL;
	int n = 0;

	CU_ASSERT_EQUAL_FATAL(cv_ring_new(&r, 3, sizeof(int)), 0); /* becomes 4 */
	CU_ASSERT_FALSE(cv_ring_pop(r, &n));

	for (int round = 0; round < 3; ++round) {
		for (int i = 0; i < 4; ++i)
			CU_ASSERT_EQUAL(cv_ring_push(r, &i), 0);

		CU_ASSERT_EQUAL(cv_ring_push(r, &n), ENOBUFS);
		for (int i = 0; i < 4; ++i) {
			CU_ASSERT_TRUE(cv_ring_pop(r, &n));
			CU_ASSERT_EQUAL(n, i);
		}

		CU_ASSERT_FALSE(cv_ring_pop(r, &n));
	}

	cv_mem_unref(r);
}

static void test_ring_refuses_bad_sizes(void)
{
	struct cv_ring *r = NULL;

	CU_ASSERT_EQUAL(cv_ring_new(&r, 0, 4), EINVAL);
	CU_ASSERT_EQUAL(cv_ring_new(&r, 4, 0), EINVAL);
	CU_ASSERT_EQUAL(cv_ring_new(&r, SIZE_MAX, 4), EINVAL);
	CU_ASSERT_EQUAL(cv_ring_new(&r, 2, SIZE_MAX), ENOMEM);
	CU_ASSERT_PTR_NULL(r);
}

static void *produce(void *arg)
{
	struct cv_ring *r = arg;

	for (uint64_t i = 0; i < COUNT; ++i) {
		struct elem e = {i, ~i, i * 3};

		while (cv_ring_push(r, &e) == ENOBUFS)
			(void)sched_yield();
	}

	return NULL;
}

static void test_ring_crosses_threads(void)
{
	struct cv_ring *r = NULL;
	pthread_t thread;
	int bad = 0;

	CU_ASSERT_EQUAL_FATAL(cv_ring_new(&r, 64, sizeof(struct elem)), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, produce, r), 0);

	for (uint64_t i = 0; i < COUNT; ++i) {
		struct elem e;

		while (!cv_ring_pop(r, &e))
			(void)sched_yield();

		bad += e.a != i || e.b != ~i || e.c != i * 3;
	}

	(void)pthread_join(thread, NULL);
	CU_ASSERT_EQUAL(bad, 0);
	cv_mem_unref(r);
}

static void test_ring_oom(void)
{
	struct cv_ring *r = NULL;
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 8; ++n) {
		cv_mem_budget(n);
		err = cv_ring_new(&r, 4, 4);
		CU_ASSERT(err == 0 || (err == ENOMEM && !r));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	cv_mem_unref(r);
}

int cv_test_ring(void)
{
	CU_pSuite s = CU_add_suite("ring", NULL, NULL);

	CU_add_test(s, "keeps order and says full", test_ring_keeps_order_and_says_full);
	CU_add_test(s, "refuses bad sizes", test_ring_refuses_bad_sizes);
	CU_add_test(s, "crosses threads", test_ring_crosses_threads);
	CU_add_test(s, "out of memory", test_ring_oom);

	return (int)CU_get_error();
}
