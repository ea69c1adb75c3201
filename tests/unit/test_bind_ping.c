/* SPDX-License-Identifier: BSD-3-Clause */
/* Pings on virtual time (CG-12, CG-13). */
#include "config.h"

#include <CUnit/CUnit.h>

#include "bind_kit.h"
#include "fake_loop.h"
#include "suite_bind.h"

static void test_period_is_kept_within_a_tenth(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	uint64_t last;
	struct cv_kit k;

	cv_kit_open(&k);
	k.answers = true;
	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 3600));
	last = cv_fake_loop_now();
	for (unsigned i = 1; i <= 40; ++i) {
		for (int s = 0; s < 280 && k.pings < i; ++s)
			cv_fake_loop_advance(k.loop, 100);

		CU_ASSERT_EQUAL_FATAL(k.pings, i);
		CU_ASSERT(k.pinged_at - last >= 22500 - 100);
		CU_ASSERT(k.pinged_at - last <= 25000);
		last = k.pinged_at;
	}

	CU_ASSERT_EQUAL(cv_stats_sum(k.stats, CV_STAT_pings_sent), 40);
	CU_ASSERT_EQUAL(cv_stats_sum(k.stats, CV_STAT_pings_lost), 0);
	cv_kit_close(&k);
}

static void test_only_far_ones_unless_all(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_kit k;

	cv_kit_open(&k);
	k.answers = true;
	ask.place.side = CV_SIDE_WAN;
	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 3600));
	cv_fake_loop_advance(k.loop, 100000);
	CU_ASSERT_EQUAL(k.pings, 0);
	k.conf.ping.who = CV_PING_ALL;
	cv_binds_conf(k.binds, &k.conf);
	cv_fake_loop_advance(k.loop, 100000);
	CU_ASSERT(k.pings >= 3);
	cv_kit_close(&k);
}

static void test_streams_have_their_own_period(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_kit k;

	cv_kit_open(&k);
	k.answers = true;
	ask.flow.transport = CV_TRANSPORT_TCP;
	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 3600));
	cv_fake_loop_advance(k.loop, 98000);
	CU_ASSERT_EQUAL(k.pings, 0);
	cv_fake_loop_advance(k.loop, 24000);
	CU_ASSERT_EQUAL(k.pings, 1);
	cv_kit_close(&k);
}

static void test_silence_marks_the_flow_dead(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b;
	struct cv_kit k;

	cv_kit_open(&k);
	b = cv_kit_register(&k, &ask, 3600);
	cv_fake_loop_advance(k.loop, 67200);
	CU_ASSERT_FALSE(b->flow_dead);
	cv_fake_loop_advance(k.loop, 43200);
	CU_ASSERT_TRUE(b->flow_dead);
	CU_ASSERT(cv_stats_sum(k.stats, CV_STAT_pings_lost) >= 3);
	CU_ASSERT_PTR_EQUAL(cv_bind_by_aor(k.binds, ask.aor, NULL), b);

	CU_ASSERT_PTR_EQUAL(cv_kit_register(&k, &ask, 3600), b);
	CU_ASSERT_FALSE(b->flow_dead);
	CU_ASSERT_EQUAL(b->pings_missed, 0);
	cv_kit_close(&k);
}

static void test_an_answer_revives(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_binding *b;
	struct cv_kit k;

	cv_kit_open(&k);
	b = cv_kit_register(&k, &ask, 3600);
	cv_fake_loop_advance(k.loop, 110400); /* the fourth ping finds three unanswered */
	CU_ASSERT_TRUE(b->flow_dead);
	cv_bind_pong(k.binds, b, true);
	CU_ASSERT_FALSE(b->flow_dead);
	CU_ASSERT_EQUAL(b->pings_missed, 0);
	cv_kit_close(&k);
}

static void test_no_ping_after_the_end(void)
{
	struct cv_bind_ask ask = cv_kit_ask(4000);
	struct cv_kit k;

	cv_kit_open(&k);
	k.answers = true;
	CU_ASSERT_PTR_NOT_NULL(cv_kit_register(&k, &ask, 60));
	cv_fake_loop_advance(k.loop, 61000);
	CU_ASSERT_EQUAL(k.ends, 1);
	CU_ASSERT_EQUAL(k.pings, 2);
	cv_fake_loop_advance(k.loop, 100000);
	CU_ASSERT_EQUAL(k.pings, 2);
	cv_kit_close(&k);
}

int cv_test_bind_ping(void)
{
	CU_pSuite s = CU_add_suite("bind ping", NULL, NULL);

	if (!s ||
	    !CU_add_test(s, "cg_13 period is kept within a tenth",
			 test_period_is_kept_within_a_tenth) ||
	    !CU_add_test(s, "cg_13 only far ones unless all",
			 test_only_far_ones_unless_all) ||
	    !CU_add_test(s, "streams have their own period",
			 test_streams_have_their_own_period) ||
	    !CU_add_test(s, "cg_13 silence marks the flow dead",
			 test_silence_marks_the_flow_dead) ||
	    !CU_add_test(s, "an answer revives", test_an_answer_revives) ||
	    !CU_add_test(s, "cg_13 no ping after the end", test_no_ping_after_the_end))
		return (int)CU_get_error();

	return 0;
}
