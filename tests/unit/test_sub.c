/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of call/sub.c: bounds, lost parties, memory. The ordinary flows are in
 * tests/replay/call. One thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call_world.h"
#include "suite_call.h"

static struct cv_world *world(void)
{
	struct cv_world *w = NULL;

	CU_ASSERT_EQUAL_FATAL(cv_world_new(&w), 0);
	CU_ASSERT_EQUAL(cv_world_conf(w, "party home far 198.51.100.31:40001"), 0);
	CU_ASSERT_EQUAL(cv_world_conf(w, "party pbx wan 198.51.100.60:5060 peer"), 0);

	return w;
}

static void play(struct cv_world *w, const char *const *steps)
{
	CU_ASSERT_TRUE(cv_world_play(w, steps));
}

static void subscribed(struct cv_world *w)
{
	static const char *const steps[] = {
		"< home SUBSCRIBE pbx lives 600",
		"> pbx SUBSCRIBE",
		"< pbx 200 SUBSCRIBE lives 600",
		"> home 200 SUBSCRIBE",
		NULL,
	};

	play(w, steps);
}

static void check_count(struct cv_world *w, const char *want)
{
	struct cv_buf text = {.p = NULL};

	CU_ASSERT_EQUAL(cv_world_ask(w, "show stats", &text), 0);
	CU_ASSERT_PTR_NOT_NULL(text.p ? strstr(text.p, want) : NULL);
	cv_buf_free(&text);
}

static void end(struct cv_world *w)
{
	cv_world_close(w);
	cv_mem_unref(w);
}

static void test_notify_to_a_lost_flow_ends_the_subscription(void)
{
	static const char *const steps[] = {"< pbx NOTIFY lives 600", "> pbx 481 NOTIFY",
					    NULL};
	struct cv_world *w = world();

	subscribed(w);
	cv_fake_sip_fail_request(cv_world_sip(w), ECONNRESET);
	play(w, steps);
	check_count(w, "subscriptions: 0");
	end(w);
}

static void test_notify_without_memory_leaves_it(void)
{
	static const char *const steps[] = {"< pbx NOTIFY lives 600", "> pbx 500 NOTIFY",
					    NULL};
	struct cv_world *w = world();

	subscribed(w);
	cv_fake_sip_fail_request(cv_world_sip(w), ENOMEM);
	play(w, steps);
	check_count(w, "subscriptions: 1");
	end(w);
}

static void test_requests_that_wait_are_limited(void)
{
	static const char *const one[] = {"< pbx NOTIFY lives 600", "> home NOTIFY",
					  NULL};
	static const char *const more[] = {"< pbx NOTIFY lives 600", "> pbx 500 NOTIFY",
					   NULL};
	struct cv_world *w = world();

	subscribed(w);
	for (int i = 0; i < 16; ++i)
		play(w, one);

	play(w, more);
	end(w);
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
	struct cv_world *w = world();

	play(w, steps);
	check_count(w, "subscriptions: 0");
	end(w);
}

static void test_lost_leg_ends_the_subscription(void)
{
	static const char *const steps[] = {"< home gone lost", NULL};
	struct cv_world *w = world();

	subscribed(w);
	play(w, steps);
	check_count(w, "subscriptions: 0");
	end(w);
}

static void test_request_that_starts_nothing(void)
{
	struct cv_request rq = {
		.method = CV_METHOD_BYE, .max_forwards = 70, .max_breadth = 60};
	struct cv_world *w = world();
	struct cv_place place = {.listen = 0};
	struct cv_leg *leg;
	struct cv_txn *t;

	CU_ASSERT_EQUAL(cv_world_start(w), 0);
	CU_ASSERT_EQUAL_FATAL(cv_fake_leg_asked(cv_world_sip(w), "home", &place,
						CV_METHOD_BYE, &leg, &t),
			      0);
	CU_ASSERT_EQUAL(cv_sub_start(cv_world_calls(w), &rq, leg, t), EINVAL);
	CU_ASSERT_EQUAL(cv_sub_start(NULL, &rq, leg, t), EINVAL);
	end(w);
}

static void test_start_without_memory(void)
{
	struct cv_world *w = world();
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
	end(w);
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

	return (int)CU_get_error();
}
