/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of call/restate.c: when it may not be, transfers that cross it, answers
 * that can't be used, memory that is short. What it does else is in
 * tests/replay/call/06x. One thread.
 */
#include "config.h"

#include <errno.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call/restate.h"
#include "call_bed.h"
#include "suite_call.h"

enum { ALLOCATIONS = 24 }; /* no step takes more */

static const char *const up[] = {
	"< desk INVITE trunk audio 192.168.50.21:10000",
	"> trunk INVITE audio 198.51.100.10:20000",
	"< trunk 200 audio 198.51.100.60:7000",
	"> desk 200 INVITE audio 192.168.50.1:20002",
	"< desk ACK",
	"> trunk ACK",
	NULL,
};

static struct cv_world *world(const char *const *first, bool kept)
{
	static const char *const conf[] = {
		"party desk lan 192.168.50.21:5060",
		"party home far 198.51.100.31:40001",
		"party trunk wan 198.51.100.60:5060 peer",
		"peer-refer trunk answer",
		NULL,
	};
	struct cv_world *w = cv_bed_open(conf);

	if (kept)
		CU_ASSERT_EQUAL(cv_world_conf(w, "text-kept"), 0);
	cv_bed_play(w, first);

	return w;
}

/* Whatever came of it: all hang up, then nothing is left. */
static void end(struct cv_world *w)
{
	static const char *const byes[] = {"trunk BYE", "desk BYE", "home BYE"};
	char line[CV_FAKE_LINE];

	for (size_t i = 0; i < sizeof(byes) / sizeof(byes[0]); ++i)
		(void)cv_world_feed(w, byes[i]);

	cv_world_advance(w, 40000);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	while (cv_world_next(w, line))
		;
	cv_bed_close(w);
}

static void test_a_call_without_text_refuses(void)
{
	struct cv_world *w = world(up, false);

	CU_ASSERT_EQUAL(cv_world_feed(w, "restate a"), ENOTSUP);
	end(w);
}

static void test_a_call_that_is_being_left_refuses(void)
{
	static const char *const steps[] = {
		"< desk INVITE home id two audio 192.168.50.21:10002",
		"> home INVITE ...",
		"< desk CANCEL",
		"> desk 487 INVITE",
		"> home CANCEL",
		NULL,
	};
	struct cv_world *w = world(steps, true);

	CU_ASSERT_EQUAL(cv_world_feed(w, "restate a"), ESTALE);
	end(w);
}

/* Nothing was said that could be said again. */
static void test_nothing_said_is_explained(void)
{
	static const char *const steps[] = {
		"< desk INVITE home id two",
		"> home INVITE",
		"< home 200",
		"> desk 200 INVITE",
		"< desk ACK",
		"> home ACK",
		"< restate b a",
		"+ 100",
		NULL,
	};
	static const char *const why[] = {
		"A was asked to go on with what B said: No such",
		"B was asked to go on with what A said: No such", NULL};
	struct cv_world *w = world(steps, true);

	cv_bed_ask(w, "explain", why);
	end(w);
}

static void test_an_answer_that_can_not_be_read_leaves_the_session(void)
{
	static const char *const steps[] = {
		"< restate b",
		"+ 100",
		"> trunk INVITE audio 198.51.100.10:20000",
		"< trunk 200 broken",
		"> trunk ACK",
		"< restate a",
		"+ 100",
		"> desk INVITE audio 192.168.50.1:20002",
		"< desk 200",
		"> desk ACK",
		NULL,
	};
	static const char *const why[] = {"its answer can't be used", NULL};
	static const char *const call[] = {"192.168.50.21:10000", "198.51.100.60:7000",
					   NULL};
	struct cv_world *w = world(up, true);

	cv_bed_play(w, steps);
	cv_bed_ask(w, "explain", why);
	cv_bed_ask(w, "call", call);
	end(w);
}

/* The offer of a transfer waits for ours, and ours for the transfer. */
static void test_transfers_cross(void)
{
	static const char *const steps[] = {
		"< restate b",
		"+ 100",
		"> trunk INVITE audio 198.51.100.10:20000",
		"< desk REFER to home",
		"> home INVITE",
		"> desk 202 REFER",
		"> desk NOTIFY ...",
		"< home 200 audio 10.0.0.7:4000",
		"+ 100",
		"< trunk 200 audio 198.51.100.60:7000",
		"> trunk ACK",
		"+ 2100",
		"> trunk INVITE audio 198.51.100.10:20004",
		"< trunk 488",
		"> desk NOTIFY ...",
		"> home ACK",
		"> home BYE",
		NULL,
	};
	static const char *const waits[] = {
		"< desk REFER to home",
		"> home INVITE",
		"> desk 202 REFER",
		"> desk NOTIFY ...",
		"< home 200 audio 10.0.0.7:4000",
		"+ 100",
		"> trunk INVITE ...",
		"< restate b",
		"+ 100",
		"< trunk 488",
		"> desk NOTIFY ...",
		"> home ACK",
		"> home BYE",
		"+ 2100",
		"> trunk INVITE audio 198.51.100.10:20000",
		"< trunk 200 audio 198.51.100.60:7000",
		"> trunk ACK",
		NULL,
	};
	struct cv_world *w = world(up, true);

	cv_bed_play(w, steps);
	end(w);
	w = world(up, true);
	CU_ASSERT_TRUE(cv_world_play(w, waits));
	end(w);
}

/* Each step with memory for n allocations, then what comes after as far as it goes. */
static void test_without_memory(void)
{
	static const char *const events[] = {
		"restate a b", "desk 200 audio 192.168.50.21:10000 sendonly",
		"trunk 200 audio 198.51.100.60:7000 recvonly"};
	size_t c = sizeof(events) / sizeof(events[0]);
	char line[CV_FAKE_LINE];

	for (long n = 0; n < ALLOCATIONS * (long)c; ++n) {
		struct cv_world *w = world(up, true);

		for (size_t i = 0; i < c; ++i) {
			if (i == (size_t)n % c)
				cv_mem_budget(n / (long)c);
			(void)cv_world_feed(w, events[i]);
			cv_world_advance(w, 100);
			cv_mem_budget(-1);
			while (cv_world_next(w, line))
				;
		}
		end(w);
	}
}

int cv_test_restate(void)
{
	CU_pSuite s = CU_add_suite("restate", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_a_call_without_text_refuses);
	CU_ADD_TEST(s, test_a_call_that_is_being_left_refuses);
	CU_ADD_TEST(s, test_nothing_said_is_explained);
	CU_ADD_TEST(s, test_an_answer_that_can_not_be_read_leaves_the_session);
	CU_ADD_TEST(s, test_transfers_cross);
	CU_ADD_TEST(s, test_without_memory);

	return (int)CU_get_error();
}
