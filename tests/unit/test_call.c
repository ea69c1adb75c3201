/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of call/call.c: limits, targets, policy, the end of all calls, and what
 * happens when memory runs out anywhere. One thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call_bed.h"
#include "suite_call.h"

enum { BUDGETS = 400 }; /* more allocations than a whole call makes */

static const char *const parties[] = {
	"party desk lan 192.168.50.21:5060",
	"party trunk wan 203.0.113.5:5060 peer",
	"party home far 198.51.100.31:40001",
	NULL,
};

static void test_new_wants_its_environment(void)
{
	struct cv_call_env env = {.conf = NULL};
	struct cv_calls *c = NULL;

	CU_ASSERT_EQUAL(cv_calls_new(&c, &env), EINVAL);
	CU_ASSERT_EQUAL(cv_calls_new(NULL, NULL), EINVAL);
	CU_ASSERT_EQUAL(cv_call_start(NULL, NULL, NULL, NULL), EINVAL);
	CU_ASSERT_PTR_NULL(c);
	cv_calls_close(NULL);
}

static void test_commands_have_one_owner(void)
{
	struct cv_world *w = cv_bed_open(parties);
	struct cv_calls *second = NULL;
	struct cv_call_env env;

	CU_ASSERT_EQUAL(cv_world_start(w), 0);
	cv_world_env(w, &env);
	CU_ASSERT_EQUAL(cv_calls_new(&second, &env), EEXIST);
	CU_ASSERT_PTR_NULL(second);

	env.cmds = NULL; /* without commands and gauges there may be many */
	env.stats = NULL;
	CU_ASSERT_EQUAL(cv_calls_new(&second, &env), 0);
	cv_calls_close(second);
	cv_calls_close(second);
	cv_mem_unref(second);
	cv_bed_close(w);
}

static void test_calls_a_second_are_limited(void)
{
	static const char *const steps[] = {"< desk INVITE home id a",
					    "> home INVITE",
					    "< desk INVITE home id b",
					    "> home INVITE",
					    "< desk INVITE home id c",
					    "> desk 503 INVITE",
					    "+ 999",
					    "< desk INVITE home id d",
					    "> desk 503 INVITE",
					    "+ 1",
					    "< desk INVITE home id e",
					    "> home INVITE",
					    NULL};
	struct cv_world *w = cv_bed_open(parties);

	CU_ASSERT_EQUAL(cv_world_conf(w, "max-cps 2"), 0);
	cv_bed_play(w, steps);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 3);
	cv_bed_close(w);
}

static void test_peer_without_address_cannot_be_reached(void)
{
	static const char *const none[] = {"< desk INVITE trunk", "> desk 480 INVITE",
					   NULL};
	struct cv_world *w = cv_bed_open(parties);
	struct cv_conf *conf = cv_world_conf_edit(w);

	conf->peers[0].targetc = 0;
	cv_bed_play(w, none);
	CU_ASSERT_EQUAL(cv_world_start_err(w), EHOSTUNREACH);
	conf->peerc = 0;
	cv_bed_play(w, none);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	cv_bed_close(w);
}

static void test_calls_of_a_peer_are_limited(void)
{
	static const char *const steps[] = {
		"< desk INVITE trunk id a",
		"> trunk INVITE",
		"< trunk INVITE desk id b", /* both ways */
		"> trunk 503 INVITE",
		"< desk INVITE home id c", /* not the others */
		"> home INVITE",
		"< trunk 486",
		"> desk 486 INVITE",
		"< desk INVITE trunk id d",
		"> trunk INVITE",
		NULL};
	struct cv_world *w = cv_bed_open(parties);

	CU_ASSERT_EQUAL(cv_world_conf(w, "peer-max trunk 1"), 0);
	cv_bed_play(w, steps);
	cv_bed_close(w);
}

static void test_calls_a_second_of_a_peer_are_limited(void)
{
	static const char *const steps[] = {"< desk INVITE trunk id a",
					    "> trunk INVITE",
					    "< desk INVITE trunk id b",
					    "> desk 503 INVITE",
					    "+ 1000",
					    "< desk INVITE trunk id c",
					    "> trunk INVITE",
					    NULL};
	struct cv_world *w = cv_bed_open(parties);

	CU_ASSERT_EQUAL(cv_world_conf(w, "peer-max trunk cps 1"), 0);
	cv_bed_play(w, steps);
	cv_bed_close(w);
}

static void test_policy_of_both_peers(void)
{
	static const struct {
		enum cv_conf_relay media, caller, callee;
		const char *reason;
	} v[] = {
		{CV_RELAY_AUTO, CV_RELAY_AUTO, CV_RELAY_AUTO, "reason=none:same-side"},
		{CV_RELAY_AUTO, CV_RELAY_NEVER, CV_RELAY_AUTO, "reason=none:never"},
		{CV_RELAY_AUTO, CV_RELAY_AUTO, CV_RELAY_NEVER, "reason=none:never"},
		{CV_RELAY_AUTO, CV_RELAY_ALWAYS, CV_RELAY_NEVER, "reason=forced"},
		{CV_RELAY_AUTO, CV_RELAY_NEVER, CV_RELAY_ALWAYS, "reason=forced"},
		{CV_RELAY_NEVER, CV_RELAY_AUTO, CV_RELAY_AUTO, "reason=none:never"},
		{CV_RELAY_NEVER, CV_RELAY_AUTO, CV_RELAY_ALWAYS, "reason=forced"},
		{CV_RELAY_ALWAYS, CV_RELAY_NEVER, CV_RELAY_NEVER, "reason=forced"},
	};
	static const char *const steps[] = {"< trunk INVITE pbx", "> pbx INVITE", NULL};

	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		struct cv_world *w = cv_bed_open(parties);
		struct cv_conf *conf = cv_world_conf_edit(w);
		struct cv_buf text = {.p = NULL};

		CU_ASSERT_EQUAL(cv_world_conf(w, "party pbx wan 203.0.113.9:5060 peer"),
				0);
		conf->media.relay = v[i].media;
		conf->peers[0].relay = v[i].caller;
		conf->peers[1].relay = v[i].callee;
		cv_bed_play(w, steps);
		CU_ASSERT_EQUAL(cv_world_ask(w, "show calls", &text), 0);
		CU_ASSERT_PTR_NOT_NULL(strstr(text.p, v[i].reason));
		cv_buf_free(&text);
		cv_bed_close(w);
	}
}

static void test_new_configuration_rules_new_calls(void)
{
	static const char *const direct[] = {"< home INVITE kin id a", "> kin INVITE",
					     NULL};
	static const char *const relayed[] = {"< home INVITE kin id b", "> kin INVITE",
					      NULL};
	struct cv_world *w = cv_bed_open(parties);
	struct cv_conf next = *cv_world_conf_edit(w);
	struct cv_buf text = {.p = NULL};

	CU_ASSERT_EQUAL(cv_world_conf(w, "party kin far 198.51.100.31:40002"), 0);
	cv_bed_play(w, direct);
	next.network.same_nat_direct = false;
	cv_calls_conf(cv_world_calls(w), &next);
	cv_bed_play(w, relayed);
	CU_ASSERT_EQUAL(cv_world_ask(w, "show calls", &text), 0);
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "reason=none:same-nat"));
	CU_ASSERT_PTR_NOT_NULL(strstr(text.p, "reason=far-end"));
	cv_buf_free(&text);
	cv_bed_close(w);
}

static void test_close_ends_all_calls(void)
{
	static const char *const steps[] = {
		"< desk INVITE home id a audio 192.168.50.21:10000",
		"> home INVITE audio 198.51.100.10:20000",
		"< desk INVITE home id b audio 192.168.50.21:10000",
		"> home INVITE audio 198.51.100.10:20002",
		"< home 200 audio 10.0.0.7:4000",
		"> desk 200 INVITE audio 192.168.50.1:20004",
		"< desk ACK",
		"> home ACK",
		NULL,
	};
	static const char *const closed[] = {"> desk 503 INVITE",
					     "> home CANCEL",
					     "> desk BYE",
					     "> home BYE",
					     "< desk INVITE home id c",
					     "> desk 503 INVITE",
					     NULL};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);
	cv_calls_close(cv_world_calls(w));
	cv_bed_play(w, closed);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	cv_bed_close(w);
}

static void test_failed_retry_ends_the_call(void)
{
	static const char *const ask[] = {
		"< desk INVITE trunk cseq 1 audio 192.168.50.21:10000",
		"> trunk INVITE audio 198.51.100.10:20000",
		"< trunk 407",
		"> desk 407 INVITE",
		NULL,
	};
	static const char *const again[] = {
		"< desk INVITE trunk cseq 2 audio 192.168.50.21:10000",
		"> desk 503 INVITE",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, ask);
	CU_ASSERT_EQUAL(cv_world_plane(w)->used, 1);
	cv_fake_sip_fail_request(cv_world_sip(w), EBUSY);
	cv_bed_play(w, again);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	CU_ASSERT_EQUAL(cv_world_plane(w)->used, 0);
	cv_bed_close(w);
}

static void test_older_request_is_a_call_of_its_own(void)
{
	static const char *const steps[] = {
		"< desk INVITE trunk cseq 7",
		"> trunk INVITE",
		"< trunk 407",
		"> desk 407 INVITE",
		"< desk INVITE trunk cseq 7", /* asked again without a new number: merged
					       */
		"> desk 482 INVITE",
		"< desk INVITE trunk cseq 6",
		"> trunk INVITE",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 2);
	cv_bed_close(w);
}

static void test_new_oom(void)
{
	struct cv_world *w = cv_bed_open(parties);
	int err = ENOMEM;

	for (long n = 0; err == ENOMEM && n < 32; ++n) {
		cv_mem_budget(n);
		err = cv_world_start(w);
		cv_mem_budget(-1);
		CU_ASSERT(err == 0 || (err == ENOMEM && !cv_world_calls(w)));
	}

	CU_ASSERT_EQUAL(err, 0);
	cv_bed_close(w);
}

/* Memory runs out at the n-th allocation of a start: nothing of the call stays. */
static void test_start_oom(void)
{
	int err = ENOMEM;
	long n;

	for (n = 0; err && n < BUDGETS; ++n) {
		struct cv_world *w = cv_bed_open(parties);

		CU_ASSERT_EQUAL(cv_world_start(w), 0);
		cv_mem_budget(n);
		err = cv_world_feed(w, "desk INVITE trunk audio 192.168.50.21:10000");
		if (!err)
			err = cv_world_start_err(w);

		cv_mem_budget(-1);
		CU_ASSERT(err == 0 || err == ENOMEM);
		CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), err ? 0 : 1);
		CU_ASSERT_EQUAL(cv_world_plane(w)->used, err ? 0 : 1);
		cv_bed_close(w);
	}

	CU_ASSERT_EQUAL(err, 0);
	CU_ASSERT(n > 10);
}

/* Memory runs out for good at the n-th allocation of a whole call with all that can
 * happen in it: whatever is said then, everything is given back. */
static void test_whole_call_oom(void)
{
	static const char *const story[] = {
		"desk INVITE trunk cseq 1 audio 192.168.50.21:10000",
		"trunk 407",
		"desk INVITE trunk cseq 2 in multipart audio 192.168.50.21:10000",
		"trunk 183 audio 203.0.113.7:7000",
		"trunk 200 audio 203.0.113.7:7000",
		"desk ACK",
		"desk INVITE audio 192.168.50.21:12000 video 192.168.50.21:12002",
		"trunk 488",
		"trunk UPDATE audio 203.0.113.7:7000",
		"desk 200 UPDATE audio 192.168.50.21:10000",
		"trunk INVITE",
		"desk 200 audio 192.168.50.21:10000",
		"trunk ACK audio 203.0.113.7:7002",
		"media latched b 0 203.0.113.7:7000",
		"desk INFO type text/plain",
		"desk BYE",
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

int cv_test_call(void)
{
	CU_pSuite s = CU_add_suite("call", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_new_wants_its_environment);
	CU_ADD_TEST(s, test_commands_have_one_owner);
	CU_ADD_TEST(s, test_calls_a_second_are_limited);
	CU_ADD_TEST(s, test_peer_without_address_cannot_be_reached);
	CU_ADD_TEST(s, test_calls_of_a_peer_are_limited);
	CU_ADD_TEST(s, test_calls_a_second_of_a_peer_are_limited);
	CU_ADD_TEST(s, test_policy_of_both_peers);
	CU_ADD_TEST(s, test_new_configuration_rules_new_calls);
	CU_ADD_TEST(s, test_close_ends_all_calls);
	CU_ADD_TEST(s, test_failed_retry_ends_the_call);
	CU_ADD_TEST(s, test_older_request_is_a_call_of_its_own);
	CU_ADD_TEST(s, test_new_oom);
	CU_ADD_TEST(s, test_start_oom);
	CU_ADD_TEST(s, test_whole_call_oom);

	return CU_get_error();
}
