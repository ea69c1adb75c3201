/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of tools/natline.c: when packets arrive, in which order, and which
 * don't. One thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "suite_nat.h"
#include "tools/natline.h"

static struct cv_natline *make(const struct cv_natline_traits *t)
{
	struct cv_natline *l = NULL;

	CU_ASSERT_EQUAL_FATAL(cv_natline_new(&l, t), 0);

	return l;
}

/* Puts a packet of @p len bytes that begins with a number. */
static void put(struct cv_natline *l, uint8_t number, size_t len, uint64_t now_ms)
{
	uint8_t p[1500] = {number};

	CU_ASSERT_EQUAL(cv_natline_put(l, p, len, now_ms), 0);
}

/* Number of the packet that arrives, -1: none. */
static int take(struct cv_natline *l, uint64_t now_ms)
{
	uint8_t p[1500];
	size_t len = cv_natline_take(l, p, sizeof(p), now_ms);

	return len == 0 ? -1 : p[0];
}

static void test_a_perfect_line(void)
{
	struct cv_natline *l = make(&(struct cv_natline_traits){0});
	uint32_t wait_ms = 7;

	CU_ASSERT_TRUE(cv_natline_is_perfect(l));
	CU_ASSERT_FALSE(cv_natline_due(l, 0, &wait_ms));
	put(l, 1, 100, 5);
	CU_ASSERT_TRUE(cv_natline_due(l, 5, &wait_ms));
	CU_ASSERT_EQUAL(wait_ms, 0);
	CU_ASSERT_EQUAL(take(l, 5), 1);
	CU_ASSERT_EQUAL(take(l, 5), -1);
	cv_mem_unref(l);
}

static void test_delay(void)
{
	struct cv_natline *l = make(&(struct cv_natline_traits){.delay_ms = 20});
	uint32_t wait_ms = 0;

	CU_ASSERT_FALSE(cv_natline_is_perfect(l));
	put(l, 1, 100, 100);
	put(l, 2, 100, 110);
	CU_ASSERT_TRUE(cv_natline_due(l, 101, &wait_ms));
	CU_ASSERT_EQUAL(wait_ms, 19);
	CU_ASSERT_EQUAL(take(l, 119), -1);
	CU_ASSERT_EQUAL(take(l, 120), 1);
	CU_ASSERT_EQUAL(take(l, 129), -1);
	CU_ASSERT_EQUAL(take(l, 130), 2);
	CU_ASSERT_EQUAL(cv_natline_counts(l)->passed, 2);
	cv_mem_unref(l);
}

static void test_jitter_keeps_order(void)
{
	struct cv_natline *l =
		make(&(struct cv_natline_traits){.delay_ms = 5, .jitter_ms = 40});
	uint64_t last = 0, least = 1000, most = 0;

	for (unsigned i = 0; i < 100; ++i) {
		uint64_t at = 20 * (uint64_t)i, now;

		put(l, (uint8_t)i, 100, at);
		for (now = last; take(l, now) == -1; ++now)
			;
		last = now;
		least = now - at < least ? now - at : least;
		most = now - at > most ? now - at : most;
	}
	CU_ASSERT_TRUE(least >= 5 && most <= 45);
	CU_ASSERT_TRUE(most - least > 10);
	cv_mem_unref(l);
}

static void test_loss(void)
{
	static const struct {
		unsigned permille, from, to;
	} rows[] = {{0, 0, 0}, {100, 50, 150}, {1000, 1000, 1000}};

	for (size_t i = 0; i < 3; ++i) {
		struct cv_natline *l = make(
			&(struct cv_natline_traits){.loss_permille = rows[i].permille});
		unsigned got = 0;

		for (unsigned n = 0; n < 1000; ++n) {
			put(l, 1, 10, n);
			got += take(l, n) == 1;
		}
		CU_ASSERT_TRUE(1000 - got >= rows[i].from && 1000 - got <= rows[i].to);
		CU_ASSERT_EQUAL(cv_natline_counts(l)->lost, 1000 - got);
		cv_mem_unref(l);
	}
}

static void test_reorder(void)
{
	struct cv_natline *l = make(
		&(struct cv_natline_traits){.delay_ms = 30, .reorder_permille = 100});
	unsigned overtook = 0;
	int last = -1;

	for (unsigned n = 0; n < 100; ++n)
		put(l, (uint8_t)n, 10, 20 * (uint64_t)n);
	for (uint64_t now = 0; now < 3000; ++now) {
		int got = take(l, now);

		if (got == -1)
			continue;
		overtook += got < last;
		last = got;
	}
	CU_ASSERT_TRUE(overtook > 0);
	CU_ASSERT_EQUAL(cv_natline_counts(l)->passed, 100);
	CU_ASSERT_TRUE(cv_natline_counts(l)->reordered >= overtook);
	cv_mem_unref(l);
}

static void test_bandwidth(void)
{
	/* 8 kbit/s: a packet of 100 bytes takes 100 ms */
	struct cv_natline *l =
		make(&(struct cv_natline_traits){.kbit_s = 8, .queue_ms = 250});

	for (uint8_t i = 1; i <= 5; ++i)
		put(l, i, 100, 0);
	CU_ASSERT_EQUAL(take(l, 99), -1);
	CU_ASSERT_EQUAL(take(l, 100), 1);
	CU_ASSERT_EQUAL(take(l, 199), -1);
	CU_ASSERT_EQUAL(take(l, 200), 2);
	CU_ASSERT_EQUAL(take(l, 300), 3);
	/* the others would have waited longer than the queue holds */
	CU_ASSERT_EQUAL(take(l, 10000), -1);
	CU_ASSERT_EQUAL(cv_natline_counts(l)->overflow, 2);
	cv_mem_unref(l);
}

static void test_the_queue_is_bounded(void)
{
	struct cv_natline *l = make(&(struct cv_natline_traits){.delay_ms = 1000});

	for (unsigned i = 0; i < CV_NATLINE_QUEUE + 3; ++i)
		put(l, 1, 10, 0);
	CU_ASSERT_EQUAL(cv_natline_counts(l)->overflow, 3);
	cv_mem_unref(l);
}

static void test_natline_oom(void)
{
	struct cv_natline *l = NULL;
	uint8_t p[4] = {0};

	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_natline_new(&l, &(struct cv_natline_traits){0}), ENOMEM);
	cv_mem_budget(-1);
	CU_ASSERT_PTR_NULL(l);
	l = make(&(struct cv_natline_traits){.delay_ms = 1});
	cv_mem_budget(0);
	CU_ASSERT_EQUAL(cv_natline_put(l, p, sizeof(p), 0), ENOMEM);
	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(take(l, 10), -1);
	cv_mem_unref(l);
}

int cv_test_natline(void)
{
	CU_pSuite s = CU_add_suite("tools/natline", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_add_test(s, "perfect", test_a_perfect_line);
	CU_add_test(s, "delay", test_delay);
	CU_add_test(s, "jitter", test_jitter_keeps_order);
	CU_add_test(s, "loss", test_loss);
	CU_add_test(s, "reorder", test_reorder);
	CU_add_test(s, "bandwidth", test_bandwidth);
	CU_add_test(s, "bounded queue", test_the_queue_is_bounded);
	CU_add_test(s, "memory runs out", test_natline_oom);

	return (int)CU_get_error();
}
