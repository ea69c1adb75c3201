/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of call/fan.c beyond the flows of tests/replay/call: bounds, names of
 * early dialogs, limits of peers, what can't be sent, memory. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call/fan.h"
#include "call_bed.h"
#include "suite_call.h"

enum { BUDGETS = 600 }; /* more allocations than a whole call makes */

static const char *const parties[] = {
	"party trunk wan 203.0.113.5:5060 peer",
	"party desk lan 192.168.50.21:5060",
	"party cell far 198.51.100.31:40001",
	"party one wan 203.0.113.11:5060 peer",
	"party two wan 203.0.113.12:5060 peer",
	"rings bob desk cell",
	"rings out one then two",
	NULL,
};

static struct cv_call *only_call(struct cv_world *w)
{
	return CV_CONTAINER(cv_world_calls(w)->list.next, struct cv_call, node);
}

static void test_early_dialogs_have_two_names(void)
{
	static const char *const steps[] = {
		"< trunk INVITE bob",
		"> desk INVITE",
		"> cell INVITE",
		"< cell 180 fork 3",
		"> trunk 180 INVITE",
		"< desk 180",
		"> trunk 180 INVITE fork 1",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);
	struct cv_leg *cell, *fan, *trunk;
	uint32_t fork = 0;

	cv_bed_play(w, steps);
	fan = only_call(w)->party[CV_END_B].leg;
	trunk = cv_fake_leg_find(cv_world_sip(w), "trunk", 0);
	cell = cv_fake_leg_find(cv_world_sip(w), "cell", 0);
	CU_ASSERT_TRUE(cv_fan_is(fan));
	CU_ASSERT_PTR_EQUAL(trunk->events->mate(trunk->arg, &fork), cell);
	CU_ASSERT_EQUAL(fork, 3);
	CU_ASSERT_PTR_EQUAL(cell->events->mate(cell->arg, &fork), trunk);
	CU_ASSERT_EQUAL(fork, 0);
	fork = 2;
	CU_ASSERT_PTR_NULL(cv_fan_leg(fan, &fork));
	CU_ASSERT_PTR_EQUAL(cv_fan_leg(cell, &fork), cell);
	CU_ASSERT_EQUAL(fork, 2);
	CU_ASSERT_PTR_NULL(cv_fan_leg(NULL, &fork));
	CU_ASSERT_FALSE(cv_fan_is(NULL));
	cv_bed_close(w);
}

static void test_early_dialogs_are_bounded(void)
{
	static const char *const begin[] = {"< trunk INVITE bob", "> desk INVITE",
					    "> cell INVITE", NULL};
	static const char *const answer[] = {"< desk 180 fork 99",
					     "< trunk INFO fork 40",
					     "> trunk 481 INFO",
					     "< desk 200 fork 99",
					     "> cell CANCEL elsewhere",
					     "> trunk 200 INVITE fork 32",
					     "< trunk ACK",
					     "> desk ACK",
					     NULL};
	struct cv_world *w = cv_bed_open(parties);
	char enter[64], leave[64];
	const char *const ring[] = {enter, leave, NULL};

	cv_bed_play(w, begin);
	(void)snprintf(enter, sizeof(enter), "< desk 180");
	(void)snprintf(leave, sizeof(leave), "> trunk 180 INVITE");
	cv_bed_play(w, ring);
	for (unsigned i = 1; i < CV_FAN_FORKS; ++i) {
		(void)snprintf(enter, sizeof(enter), "< desk 180 fork %u", i);
		(void)snprintf(leave, sizeof(leave), "> trunk 180 INVITE fork %u", i);
		cv_bed_play(w, ring);
	}
	cv_bed_play(w, answer);
	cv_bed_close(w);
}

static void test_full_peer_is_passed_over(void)
{
	static const char *const steps[] = {
		"< desk INVITE out id a",
		"> one INVITE",
		"< trunk INVITE out id b", /* one is full */
		"> two INVITE",
		"< cell INVITE out id c", /* both are */
		"> cell 503 INVITE",
		"< two 486",
		"> trunk 486 INVITE",
		"< cell INVITE out id d",
		"> two INVITE",
		"< desk CANCEL",
		"> desk 487 INVITE",
		"> one CANCEL",
		"< one 487",
		"< trunk INVITE out id e",
		"> one INVITE",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	CU_ASSERT_EQUAL(cv_world_conf(w, "peer-max one 1"), 0);
	CU_ASSERT_EQUAL(cv_world_conf(w, "peer-max two 1"), 0);
	cv_bed_play(w, steps);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 2);
	cv_bed_close(w);
}

static void test_target_that_cannot_be_asked_is_passed_over(void)
{
	static const char *const steps[] = {"< desk INVITE out id a", "> two INVITE",
					    "< two 503", "> desk 503 INVITE", NULL};
	static const char *const last[] = {"< desk INVITE trunk id b",
					   "> desk 503 INVITE", NULL};
	struct cv_world *w = cv_bed_open(parties);

	CU_ASSERT_EQUAL(cv_world_start(w), 0);
	cv_fake_sip_fail_request(cv_world_sip(w), ECONNRESET);
	cv_bed_play(w, steps);
	cv_fake_sip_fail_request(cv_world_sip(w), ECONNRESET);
	cv_bed_play(w, last);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	cv_bed_close(w);
}

static void test_operator_sees_each_target(void)
{
	static const char *const steps[] = {
		"< desk INVITE out audio 192.168.50.21:9000",
		"> one INVITE ...",
		"+ 4000",
		"> one CANCEL",
		"> two INVITE ...",
		"< two 100",
		"< two 180",
		"> desk 180 INVITE",
		"< two 200 audio 203.0.113.7:7000",
		"> desk 200 INVITE ...",
		NULL,
	};
	static const char *const explained[] = {
		"what=\"target 1\" decision=asked evidence=\"one at 203.0.113.11:5060 "
		"over udp: user one\"",
		"what=\"target 1\" decision=\"given up\"",
		"no response in time",
		"what=\"target 2\" decision=answered",
		NULL,
	};
	static const char *const drawn[] = {
		"       0 ms |                        |--INVITE +body--------->| target "
		"1\n",
		"    4000 ms |                        |--CANCEL--------------->| target "
		"1\n",
		"    4000 ms |                        |--INVITE +body--------->| target "
		"2\n",
		"    4000 ms |                        |<-180 INVITE------------| target "
		"2\n",
		"    4000 ms |                        |<-200 INVITE +body------|\n",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);
	char line[64];

	cv_bed_play(w, steps);
	cv_bed_ask(w, "explain", explained);
	(void)snprintf(line, sizeof(line), "ladder %s", only_call(w)->id);
	cv_bed_ask(w, line, drawn);
	CU_ASSERT_STRING_EQUAL(only_call(w)->peer, "two");
	cv_bed_close(w);
}

static void test_close_ends_all_that_ring(void)
{
	static const char *const steps[] = {"< trunk INVITE bob", "> desk INVITE",
					    "> cell INVITE",      "< cell 180",
					    "> trunk 180 INVITE", NULL};
	static const char *const closed[] = {"> trunk 503 INVITE", "> desk CANCEL",
					     "> cell CANCEL", NULL};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);
	cv_calls_close(cv_world_calls(w));
	cv_bed_play(w, closed);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	cv_bed_close(w);
}

/* When one needs the relay, all have it; each is shown the address that faces it. */
static void test_one_relay_for_all(void)
{
	static const char *const steps[] = {
		"< desk INVITE mixed audio 192.168.50.21:9000",
		"> side INVITE audio 192.168.50.1:20000",
		"> cell INVITE audio 198.51.100.10:20002",
		NULL,
	};
	static const char *const shown[] = {"reason=far-end", "relay=yes", NULL};
	struct cv_world *w = cv_bed_open(parties);

	CU_ASSERT_EQUAL(cv_world_conf(w, "party side lan 192.168.50.22:5060"), 0);
	CU_ASSERT_EQUAL(cv_world_conf(w, "rings mixed side cell"), 0);
	cv_bed_play(w, steps);
	cv_bed_ask(w, "show calls", shown);
	cv_bed_close(w);
}

/* Memory runs out for good at the n-th allocation of whole calls with all that can
 * happen on the way to an answer: everything is given back. */
static void test_whole_fan_oom(void)
{
	static const char *const story[] = {
		"trunk INVITE bob id 1 cseq 1 audio 203.0.113.7:7000",
		"desk 401",
		"cell 486",
		"trunk INVITE bob id 1 cseq 2 audio 203.0.113.7:7000",
		"desk 183 audio 192.168.50.21:9000",
		"trunk INFO type text/plain",
		"desk 200 audio 192.168.50.21:9000",
		"trunk ACK",
		"trunk BYE",
		"desk INVITE out id 2 audio 192.168.50.21:9000",
		"one 503",
		"two 183 fork 1 audio 203.0.113.7:7000",
		"desk CANCEL",
		"two 487",
		"desk MESSAGE out id 3 type text/plain",
		"one 503 MESSAGE",
		"two 200 MESSAGE",
	};
	size_t alive = cv_mem_live();

	for (long n = 0; n < BUDGETS; ++n) {
		struct cv_world *w = cv_bed_open(parties);

		CU_ASSERT_EQUAL(cv_world_start(w), 0);
		cv_mem_budget(n);
		for (size_t i = 0; i < sizeof(story) / sizeof(story[0]); ++i)
			(void)cv_world_feed(w, story[i]);

		cv_mem_budget(-1);
		cv_bed_close(w);
		CU_ASSERT_EQUAL(cv_mem_live(), alive);
	}
}

/* Memory runs out once, at the n-th allocation of a start: either there is a call with
 * somebody who rings, or nothing stays. */
static void test_start_oom(void)
{
	int err = ENOMEM;
	long n;

	for (n = 0; n < BUDGETS; ++n) {
		struct cv_world *w = cv_bed_open(parties);
		size_t calls;

		CU_ASSERT_EQUAL(cv_world_start(w), 0);
		cv_mem_budget(n);
		err = cv_world_feed(w, "trunk INVITE bob audio 203.0.113.7:7000");
		if (!err)
			err = cv_world_start_err(w);

		cv_mem_budget(-1);
		calls = cv_calls_count(cv_world_calls(w));
		CU_ASSERT(err == 0 || err == ENOMEM);
		CU_ASSERT_EQUAL(calls, err ? 0 : 1);
		/* one pair for each that rings */
		CU_ASSERT(err ? cv_world_plane(w)->used == 0
			      : cv_world_plane(w)->used > 0);
		cv_bed_close(w);
	}

	CU_ASSERT_EQUAL(err, 0);
}

int cv_test_fan(void)
{
	CU_pSuite s = CU_add_suite("fan", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_early_dialogs_have_two_names);
	CU_ADD_TEST(s, test_early_dialogs_are_bounded);
	CU_ADD_TEST(s, test_full_peer_is_passed_over);
	CU_ADD_TEST(s, test_target_that_cannot_be_asked_is_passed_over);
	CU_ADD_TEST(s, test_operator_sees_each_target);
	CU_ADD_TEST(s, test_close_ends_all_that_ring);
	CU_ADD_TEST(s, test_one_relay_for_all);
	CU_ADD_TEST(s, test_whole_fan_oom);
	CU_ADD_TEST(s, test_start_oom);

	return CU_get_error();
}
