/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of call/transfer.c: memory that is short at each of its steps. What it
 * does is in tests/replay/call. One thread.
 */
#include "config.h"

#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call_bed.h"
#include "suite_call.h"

enum { ALLOCATIONS = 48 }; /* no step takes more */

static const char *const up[] = {
	"< desk INVITE trunk audio 192.168.50.21:10000",
	"> trunk INVITE audio 198.51.100.10:20000",
	"< trunk 200 audio 198.51.100.60:7000",
	"> desk 200 INVITE audio 192.168.50.1:20002",
	"< desk ACK",
	"> trunk ACK",
	NULL,
};

static const char *const second[] = {
	"< desk INVITE home id other audio 192.168.50.21:10002",
	"> home INVITE ...",
	"< home 200 audio 10.0.0.7:4000",
	"> desk 200 INVITE ...",
	"< desk ACK",
	"> home ACK",
	NULL,
};

static struct cv_world *world(void)
{
	static const char *const conf[] = {
		"party desk lan 192.168.50.21:5060",
		"party home far 198.51.100.31:40001",
		"party trunk wan 198.51.100.60:5060 peer",
		"peer-refer trunk answer",
		NULL,
	};
	struct cv_world *w = cv_bed_open(conf);

	cv_bed_play(w, up);

	return w;
}

/* Whatever came of it: all hang up, then nothing is left. */
static void end(struct cv_world *w)
{
	static const char *const byes[] = {"trunk BYE", "desk BYE", "desk BYE",
					   "home BYE", "home 487"};
	char line[CV_FAKE_LINE];

	for (size_t i = 0; i < sizeof(byes) / sizeof(byes[0]); ++i)
		(void)cv_world_feed(w, byes[i]);

	cv_world_advance(w, 40000);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	CU_ASSERT_EQUAL(cv_world_plane(w)->used, 0);
	while (cv_world_next(w, line))
		;
	cv_bed_close(w);
}

/* Plays what comes before, then one event with memory for @p n allocations, then what
 * comes after as far as it goes. */
static void sweep(const char *const *events, size_t c, size_t short_at, bool attended)
{
	for (long n = 0; n < ALLOCATIONS; ++n) {
		struct cv_world *w = world();
		char line[CV_FAKE_LINE];

		if (attended)
			CU_ASSERT_TRUE(cv_world_play(w, second));
		for (size_t i = 0; i < c; ++i) {
			if (i == short_at)
				cv_mem_budget(n);
			(void)cv_world_feed(w, events[i]);
			cv_world_advance(w, 100);
			cv_mem_budget(-1);
			while (cv_world_next(w, line))
				;
		}
		end(w);
	}
}

static void test_blind_without_memory(void)
{
	static const char *const events[] = {"desk REFER to home", "home 180",
					     "home 200 audio 10.0.0.7:4000",
					     "trunk 200 audio 198.51.100.60:7000"};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); ++i)
		sweep(events, sizeof(events) / sizeof(events[0]), i, false);
}

static void test_attended_without_memory(void)
{
	static const char *const events[] = {"desk#1 REFER replaces 2",
					     "home 200 audio 10.0.0.7:4000",
					     "trunk 200 audio 198.51.100.60:7000"};

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); ++i)
		sweep(events, sizeof(events) / sizeof(events[0]), i, true);
}

/* The call that would be replaced is its own, over, or being changed. */
static void test_attended_of_what_can_not_be(void)
{
	static const char *const own[] = {"< desk REFER replaces 1", "> desk 202 REFER",
					  "> desk NOTIFY message/sipfrag;version=2.0 20",
					  "> desk NOTIFY message/sipfrag;version=2.0 21",
					  NULL};
	static const char *const busy[] = {"< desk#2 INVITE audio 192.168.50.21:10002",
					   "> home INVITE ...",
					   "< desk#1 REFER replaces 2",
					   "> desk 202 REFER",
					   "> desk NOTIFY message/sipfrag;version=2.0 20",
					   "> desk NOTIFY message/sipfrag;version=2.0 21",
					   NULL};
	struct cv_world *w = world();

	CU_ASSERT_TRUE(cv_world_play(w, own));
	CU_ASSERT_TRUE(cv_world_play(w, second));
	CU_ASSERT_TRUE(cv_world_play(w, busy));
	end(w);
}

/* An answer that can't be read leaves nobody in a call with closed ports. */
static void test_answer_that_can_not_be_read(void)
{
	static const char *const steps[] = {
		"< desk REFER to home",
		"> home INVITE",
		"> desk 202 REFER",
		"> desk NOTIFY message/sipfrag;version=2.0 20",
		"< home 200 audio 10.0.0.7:4000",
		"+ 100",
		"> trunk INVITE ...",
		"< trunk 200 broken",
		"> trunk ACK",
		"> home ACK",
		"> desk NOTIFY message/sipfrag;version=2.0 21",
		"> home BYE",
		"> desk BYE",
		"> trunk BYE",
		NULL,
	};
	struct cv_world *w = world();

	CU_ASSERT_TRUE(cv_world_play(w, steps));
	end(w);
}

/* The bridge is no leg of whoever implements legs. */
static void test_nobody_is_shown_the_bridge(void)
{
	struct cv_world *w = world();
	const struct cv_leg *home;
	uint32_t fork = 0;

	CU_ASSERT_EQUAL(cv_world_feed(w, "desk REFER to home"), 0);
	home = cv_fake_leg_find(cv_world_sip(w), "home", 0);
	CU_ASSERT_PTR_NOT_NULL_FATAL(home);
	CU_ASSERT_PTR_NULL(home->events->mate(home->arg, &fork));
	end(w);
}

int cv_test_transfer(void)
{
	CU_pSuite s = CU_add_suite("transfer", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_blind_without_memory);
	CU_ADD_TEST(s, test_attended_without_memory);
	CU_ADD_TEST(s, test_attended_of_what_can_not_be);
	CU_ADD_TEST(s, test_answer_that_can_not_be_read);
	CU_ADD_TEST(s, test_nobody_is_shown_the_bridge);

	return (int)CU_get_error();
}
