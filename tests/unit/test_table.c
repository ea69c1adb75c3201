/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of call/table.c: media events find their call or nobody. One thread. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call/call_int.h"
#include "call_bed.h"
#include "suite_call.h"

static struct cv_world *world(void)
{
	static const char *const parties[] = {
		"party desk lan 192.168.50.21:5060",
		"party home far 198.51.100.31:40001",
		NULL,
	};
	static const char *const steps[] = {
		"< desk INVITE home audio 192.168.50.21:10000",
		"> home INVITE audio 198.51.100.10:20000",
		"< home 200 audio 10.0.0.7:4000",
		"> desk 200 INVITE audio 192.168.50.1:20002",
		"< desk ACK",
		"> home ACK",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);

	return w;
}

static void test_late_events_find_nobody(void)
{
	struct cv_call_media_event ev = {.id = 1, .gen = 6, .what = "idle", .dead = true};
	struct cv_world *w = world();
	char line[CV_FAKE_LINE];

	cv_calls_media_event(cv_world_calls(w), &ev); /* an older generation */
	ev.id = 2;
	ev.gen = 7;
	cv_calls_media_event(cv_world_calls(w), &ev);
	ev.id = 1;
	ev.end = 2; /* there are two ends */
	cv_calls_media_event(cv_world_calls(w), &ev);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 1);
	CU_ASSERT_FALSE(cv_world_next(w, line));

	ev.end = 0;
	cv_calls_media_event(cv_world_calls(w), &ev);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	cv_calls_media_event(cv_world_calls(w), &ev);
	cv_bed_close(w);
}

static void test_events_leave_evidence(void)
{
	struct cv_buf text = {.p = NULL};
	struct cv_world *w = world();

	CU_ASSERT_EQUAL(cv_world_feed(w, "media latched a 0 192.168.50.21:10000"), 0);
	CU_ASSERT_EQUAL(cv_world_feed(w, "media moved b 7 198.51.100.31:40100"), 0);
	CU_ASSERT_EQUAL(cv_world_feed(w, "media one-way b 0"), 0);
	CU_ASSERT_EQUAL(cv_world_ask(w, "explain", &text), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "latch of A audio"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "latch of B stream"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "198.51.100.31:40100"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "one-way"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "s after the call began: "
					      "the packet path believes it"));
	CU_ASSERT_PTR_NULL(strstr(text.p, "decision=dropped"));
	cv_world_plane(w)->sum[CV_END_B].foreign = 17;
	cv_world_plane(w)->sum[CV_END_B].refused = 4;
	cv_buf_reset(&text);
	CU_ASSERT_EQUAL(cv_world_ask(w, "explain", &text), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "what=\"media of B\" decision=dropped"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "17 packets came to its port"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "4 of them from a host it might have"));
	cv_buf_reset(&text);
	CU_ASSERT_EQUAL(cv_world_ask(w, "show calls", &text), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "a_latched=192.168.50.21:10000"));
	CU_ASSERT_PTR_NULL(strstr(text.p, "b_latched"));
	cv_buf_free(&text);
	cv_bed_close(w);
}

/* CG-14: a phone that registers from elsewhere takes its calls along */
static void test_cg_14_registration_moves_the_call(void)
{
	struct cv_buf text = {.p = NULL};
	struct cv_world *w = world();
	struct cv_leg *leg = cv_fake_leg_find(cv_world_sip(w), "home", 0);
	const struct cv_media *m = cv_fake_media_last(cv_world_plane(w));
	struct cv_addr to = {0};

	CU_ASSERT_EQUAL(cv_addr_parse(&to, CV_STR("203.0.113.9:900")), 0);
	leg->events->moved(leg->arg); /* only a refresh: nothing is said of it */
	leg->place.seen = to;
	leg->events->moved(leg->arg);
	CU_ASSERT(cv_addr_eq(&m->place[CV_END_B].seen, &to));
	CU_ASSERT_EQUAL(cv_world_ask(w, "explain", &text), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "what=\"flow of B\" decision=moved"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "came from 198.51.100.31:40001, now from "
					      "203.0.113.9:900"));
	cv_buf_free(&text);
	cv_world_close(w);
	cv_mem_unref(w);
}

static void test_states_have_names(void)
{
	static const char *const names[] = {"setup", "challenged", "answered", "leaving",
					    "over"};

	for (int s = CV_CALL_SETUP; s <= CV_CALL_OVER; ++s)
		CU_ASSERT_STRING_EQUAL(cv_call_state_name((enum cv_call_state)s),
				       names[s]);
}

int cv_test_table(void)
{
	CU_pSuite s = CU_add_suite("table", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_late_events_find_nobody);
	CU_ADD_TEST(s, test_events_leave_evidence);
	CU_ADD_TEST(s, test_cg_14_registration_moves_the_call);
	CU_ADD_TEST(s, test_states_have_names);

	return CU_get_error();
}
