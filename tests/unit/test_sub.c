/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of call/sub.c: bounds, lost parties, memory. The ordinary flows are in
 * tests/replay/call. One thread.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call_bed.h"
#include "suite_call.h"

static const char *const parties[] = {
	"party home far 198.51.100.31:40001",
	"party pbx wan 198.51.100.60:5060 peer",
	NULL,
};

static void subscribed(struct cv_world *w)
{
	static const char *const steps[] = {
		"< home SUBSCRIBE pbx lives 600",
		"> pbx SUBSCRIBE",
		"< pbx 200 SUBSCRIBE lives 600",
		"> home 200 SUBSCRIBE",
		NULL,
	};

	cv_bed_play(w, steps);
}

static void check_count(struct cv_world *w, const char *want)
{
	struct cv_buf text = {.p = NULL};

	CU_ASSERT_EQUAL(cv_world_ask(w, "show stats", &text), 0);
	CU_ASSERT_PTR_NOT_NULL(text.p ? strstr(text.p, want) : NULL);
	cv_buf_free(&text);
}

static void test_notify_to_a_lost_flow_ends_the_subscription(void)
{
	static const char *const steps[] = {"< pbx NOTIFY lives 600", "> pbx 481 NOTIFY",
					    NULL};
	struct cv_world *w = cv_bed_open(parties);

	subscribed(w);
	cv_fake_sip_fail_request(cv_world_sip(w), ECONNRESET);
	cv_bed_play(w, steps);
	check_count(w, "subscriptions: 0");
	cv_bed_close(w);
}

static void test_notify_without_memory_leaves_it(void)
{
	static const char *const steps[] = {"< pbx NOTIFY lives 600", "> pbx 500 NOTIFY",
					    NULL};
	struct cv_world *w = cv_bed_open(parties);

	subscribed(w);
	cv_fake_sip_fail_request(cv_world_sip(w), ENOMEM);
	cv_bed_play(w, steps);
	check_count(w, "subscriptions: 1");
	cv_bed_close(w);
}

static void test_requests_that_wait_are_limited(void)
{
	static const char *const one[] = {"< pbx NOTIFY lives 600", "> home NOTIFY",
					  NULL};
	static const char *const more[] = {"< pbx NOTIFY lives 600", "> pbx 500 NOTIFY",
					   NULL};
	struct cv_world *w = cv_bed_open(parties);

	subscribed(w);
	for (int i = 0; i < 16; ++i)
		cv_bed_play(w, one);

	cv_bed_play(w, more);
	cv_bed_close(w);
}

static void test_terminated_before_the_answer_waits_for_it(void)
{
	static const char *const steps[] = {
		"< home SUBSCRIBE pbx lives 600",
		"> pbx SUBSCRIBE",
		"< pbx NOTIFY over",
		"> home NOTIFY",
		"< home 200 NOTIFY",
		"> pbx 200 NOTIFY",
		"< pbx 200 SUBSCRIBE lives 600",
		"> home 200 SUBSCRIBE",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);
	check_count(w, "subscriptions: 0");
	cv_bed_close(w);
}

static void test_lost_leg_ends_the_subscription(void)
{
	static const char *const steps[] = {"< home gone lost", NULL};
	struct cv_world *w = cv_bed_open(parties);

	subscribed(w);
	cv_bed_play(w, steps);
	check_count(w, "subscriptions: 0");
	cv_bed_close(w);
}

static void test_request_that_starts_nothing(void)
{
	struct cv_request rq = {
		.method = CV_METHOD_BYE, .max_forwards = 70, .max_breadth = 60};
	struct cv_world *w = cv_bed_open(parties);
	struct cv_place place = {.listen = 0};
	struct cv_leg *leg;
	struct cv_txn *t;

	CU_ASSERT_EQUAL(cv_world_start(w), 0);
	CU_ASSERT_EQUAL_FATAL(cv_fake_leg_asked(cv_world_sip(w), "home", &place,
						CV_METHOD_BYE, &leg, &t),
			      0);
	CU_ASSERT_EQUAL(cv_sub_start(cv_world_calls(w), &rq, leg, t), EINVAL);
	CU_ASSERT_EQUAL(cv_sub_start(NULL, &rq, leg, t), EINVAL);
	cv_bed_close(w);
}

static void test_start_without_memory(void)
{
	struct cv_world *w = cv_bed_open(parties);
	struct cv_place place = {.listen = 0};
	struct cv_request rq = {
		.method = CV_METHOD_SUBSCRIBE,
		.max_forwards = 70,
		.max_breadth = 60,
		.who = CV_WHO_PHONE,
		.call_id = CV_STR("sweep"),
		.to_user = CV_STR("pbx"),
		.msg = {.method = CV_METHOD_SUBSCRIBE},
	};
	struct cv_leg *leg;
	struct cv_txn *t;
	int err = ENOMEM;

	CU_ASSERT_EQUAL(cv_world_start(w), 0);
	CU_ASSERT_EQUAL_FATAL(cv_fake_leg_asked(cv_world_sip(w), "home", &place,
						CV_METHOD_SUBSCRIBE, &leg, &t),
			      0);
	for (long n = 0; err == ENOMEM && n < 64; ++n) {
		cv_mem_budget(n);
		err = cv_sub_start(cv_world_calls(w), &rq, leg, t);
		CU_ASSERT(err == 0 || (err == ENOMEM && !leg->events));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	check_count(w, "subscriptions: 1");
	cv_bed_close(w);
}

/* One phone that subscribes without end leaves room for the rest. */
static void test_one_phone_has_its_share(void)
{
	static const char *const more[] = {"< home SUBSCRIBE pbx id more lives 600",
					   "> home 403 SUBSCRIBE",
					   "< pbx MESSAGE home",
					   "> home MESSAGE",
					   "< home 200 MESSAGE",
					   "> pbx 200 MESSAGE",
					   NULL};
	static const char *const last[] = {"< pbx NOTIFY over",
					   "> home NOTIFY",
					   "< home 200 NOTIFY",
					   "> pbx 200 NOTIFY",
					   "< home SUBSCRIBE pbx id again lives 600",
					   "> pbx SUBSCRIBE",
					   NULL};
	struct cv_world *w = cv_bed_open(parties);
	char ask[64];

	for (int i = 0; i < 300; ++i) {
		const char *const one[] = {ask, "> pbx SUBSCRIBE",
					   "< pbx 200 SUBSCRIBE lives 600",
					   "> home 200 SUBSCRIBE", NULL};

		(void)snprintf(ask, sizeof(ask), "< home SUBSCRIBE pbx id x%d lives 600",
			       i);
		cv_bed_play(w, one);
	}

	cv_bed_play(w, more);
	CU_ASSERT_EQUAL(cv_world_start_err(w), 0);
	check_count(w, "subscriptions: 300");
	cv_bed_play(w, last);
	cv_bed_close(w);
}

static void test_show_says_whose_they_are(void)
{
	static const char *const want[] = {
		"method=SUBSCRIBE",     "state=standing", "from=home@example.net",
		"b=198.51.100.60:5060", "peer=pbx",       "of_source=1",
		"seconds_left=600",     "count: 1"};
	struct cv_world *w = cv_bed_open(parties);
	struct cv_buf text = {.p = NULL};

	subscribed(w);
	CU_ASSERT_EQUAL(cv_world_ask(w, "show subscriptions", &text), 0);
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); ++i)
		CU_ASSERT_PTR_NOT_NULL(text.p ? strstr(text.p, want[i]) : NULL);

	cv_buf_free(&text);
	CU_ASSERT_EQUAL(cv_world_ask(w, "show subscriptions all", &text), EINVAL);
	cv_buf_free(&text);
	cv_bed_close(w);
}

/* Memory that is short when a call ends costs the reports, not the end. */
static void test_call_ends_without_memory_for_its_reports(void)
{
	static const char *const up[] = {"< home INVITE pbx",
					 "> pbx INVITE",
					 "< pbx 200",
					 "> home 200 INVITE",
					 "< home ACK",
					 "> pbx ACK",
					 "< home REFER",
					 "> pbx REFER",
					 "< pbx 202 REFER",
					 "> home 202 REFER",
					 NULL};
	static const char *const over[] = {"> home 200 BYE", "> pbx BYE", NULL};

	for (long n = 0; n < 12; ++n) {
		struct cv_world *w = cv_bed_open(parties);

		cv_bed_play(w, up);
		cv_mem_budget(n);
		(void)cv_world_feed(w, "home BYE");
		cv_mem_budget(-1);
		if (cv_calls_count(cv_world_calls(w)) == 0)
			cv_bed_play(w, over);
		cv_bed_close(w);
	}
}

int cv_test_sub(void)
{
	CU_pSuite s = CU_add_suite("sub", NULL, NULL);

	if (!s)
		return (int)CU_get_error();

	CU_ADD_TEST(s, test_notify_to_a_lost_flow_ends_the_subscription);
	CU_ADD_TEST(s, test_notify_without_memory_leaves_it);
	CU_ADD_TEST(s, test_requests_that_wait_are_limited);
	CU_ADD_TEST(s, test_terminated_before_the_answer_waits_for_it);
	CU_ADD_TEST(s, test_lost_leg_ends_the_subscription);
	CU_ADD_TEST(s, test_request_that_starts_nothing);
	CU_ADD_TEST(s, test_start_without_memory);
	CU_ADD_TEST(s, test_one_phone_has_its_share);
	CU_ADD_TEST(s, test_show_says_whose_they_are);
	CU_ADD_TEST(s, test_call_ends_without_memory_for_its_reports);

	return (int)CU_get_error();
}
