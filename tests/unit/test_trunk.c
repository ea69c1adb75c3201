/* SPDX-License-Identifier: BSD-3-Clause */
/* Our registration at a trunk, on virtual time. */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "bind/trunk.h"
#include "fake_loop.h"
#include "suite_bind.h"

enum { EXPIRES = 3600 };

/* A sender that notes what it is asked for. */
struct world {
	struct cv_loop *loop;
	struct cv_trunk *trunk;
	struct cv_trunk_ask last;
	size_t hops; /* what begin() says */
	unsigned sent, gone;
	int err; /* what send() says */
};

static int send(void *arg, const struct cv_trunk_ask *ask)
{
	struct world *w = arg;

	++w->sent;
	w->last = *ask;

	return w->err;
}

static size_t begin(void *arg)
{
	const struct world *w = arg;

	return w->hops;
}

static void gone(void *arg)
{
	struct world *w = arg;

	++w->gone;
}

static void open_world(struct world *w, size_t targets)
{
	struct cv_trunk_env env = {
		.name = "itsp",
		.begin = begin,
		.expires_s = EXPIRES,
		.send = send,
		.gone = gone,
		.arg = w,
	};

	memset(w, 0, sizeof(*w));
	w->hops = targets;
	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&w->loop), 0);
	env.loop = w->loop;
	CU_ASSERT_EQUAL_FATAL(cv_trunk_new(&w->trunk, &env), 0);
	cv_trunk_start(w->trunk);
	cv_fake_loop_advance(w->loop, 1000);
}

static void close_world(struct world *w)
{
	cv_mem_unref(w->trunk);
	cv_mem_unref(w->loop);
}

static void answer(struct world *w, uint16_t status)
{
	const struct cv_trunk_answer a = {
		.status = status,
		.granted_s = status < 300 ? w->last.expires_s : 0,
	};

	cv_trunk_answer(w->trunk, &a);
}

static struct cv_trunk_info info(const struct world *w)
{
	struct cv_trunk_info i;

	cv_trunk_info(w->trunk, &i);

	return i;
}

/* Milliseconds until the next one is sent, in steps of @p step; at most a day. */
static uint64_t until_sent(struct world *w, uint32_t step)
{
	uint64_t from = cv_fake_loop_now();
	unsigned before = w->sent;

	while (w->sent == before && cv_fake_loop_now() - from < 86400000)
		cv_fake_loop_advance(w->loop, step);

	return cv_fake_loop_now() - from;
}

static void test_first_goes_out_within_a_second(void)
{
	struct world w;

	open_world(&w, 1);
	CU_ASSERT_EQUAL(w.sent, 1);
	CU_ASSERT_EQUAL(w.last.expires_s, EXPIRES);
	CU_ASSERT_EQUAL(w.last.hop, 0);
	CU_ASSERT_FALSE(w.last.again);
	CU_ASSERT_EQUAL(info(&w).state, CV_TRUNK_TRYING);
	cv_fake_loop_advance(w.loop, 100000);
	CU_ASSERT_EQUAL(w.sent, 1); /* one at a time: the stack says 408 in the end */
	close_world(&w);
}

static void test_renewal_does_not_wait_for_the_refresh(void)
{
	struct world w;

	open_world(&w, 1);
	cv_trunk_renew(w.trunk); /* one is under way, which may say the old address */
	answer(&w, 200);
	CU_ASSERT(until_sent(&w, 100) <= 1000);
	CU_ASSERT_EQUAL(w.sent, 2);
	answer(&w, 200);
	CU_ASSERT(info(&w).next_s > 1000);
	cv_trunk_renew(w.trunk);
	CU_ASSERT(until_sent(&w, 100) <= 3200);
	CU_ASSERT_EQUAL(w.sent, 3);
	CU_ASSERT_EQUAL(info(&w).state, CV_TRUNK_REGISTERED);
	answer(&w, 200);
	CU_ASSERT(info(&w).next_s > 1000);
	cv_trunk_leave(w.trunk);
	cv_trunk_renew(w.trunk);
	cv_fake_loop_advance(w.loop, 10000);
	CU_ASSERT_EQUAL(w.last.expires_s, 0);
	CU_ASSERT_EQUAL(w.sent, 4);
	close_world(&w);
}

static void test_refresh_is_between_half_and_nine_tenths(void)
{
	uint64_t least = 0, most = 0;
	struct world w;

	open_world(&w, 1);
	for (int i = 0; i < 40; ++i) {
		const struct cv_trunk_answer a = {.status = 200, .granted_s = 600};
		uint64_t ms;

		cv_trunk_answer(w.trunk, &a);
		CU_ASSERT_EQUAL(info(&w).state, CV_TRUNK_REGISTERED);
		CU_ASSERT_EQUAL(info(&w).left_s, 600);
		ms = until_sent(&w, 1000);
		CU_ASSERT_TRUE(ms >= 300000 && ms <= 541000);
		least = i == 0 || ms < least ? ms : least;
		most = ms > most ? ms : most;
	}

	CU_ASSERT_TRUE(most - least > 60000); /* spread, not one moment */
	close_world(&w);
}

static void test_brief_is_asked_for_longer(void)
{
	struct cv_trunk_answer a = {.status = 423, .min_expires_s = 7200};
	struct world w;

	open_world(&w, 1);
	cv_trunk_answer(w.trunk, &a);
	CU_ASSERT_EQUAL(w.sent, 2);
	CU_ASSERT_EQUAL(w.last.expires_s, 7200);
	CU_ASSERT_TRUE(w.last.again);
	a.min_expires_s = 7200; /* no more than was asked: no use in asking again */
	cv_trunk_answer(w.trunk, &a);
	CU_ASSERT_EQUAL(w.sent, 2);
	CU_ASSERT_EQUAL(info(&w).state, CV_TRUNK_WAITING);
	(void)until_sent(&w, 1000);
	CU_ASSERT_EQUAL(w.last.expires_s, 7200); /* remembered */
	a.min_expires_s = 800000;
	cv_trunk_answer(w.trunk, &a);
	CU_ASSERT_EQUAL(w.sent, 3); /* nine days are refused */
	close_world(&w);
}

static void test_challenge_is_answered_a_few_times(void)
{
	struct cv_trunk_answer a = {.status = 401, .prove = true};
	struct world w;

	open_world(&w, 1);
	for (int i = 0; i < 4; ++i)
		cv_trunk_answer(w.trunk, &a);

	CU_ASSERT_EQUAL(w.sent, 5);
	CU_ASSERT_TRUE(w.last.again);
	cv_trunk_answer(w.trunk, &a); /* whoever challenges for ever is refused */
	CU_ASSERT_EQUAL(w.sent, 5);
	CU_ASSERT_EQUAL(info(&w).state, CV_TRUNK_WAITING);
	(void)until_sent(&w, 1000);
	a.prove = false;
	cv_trunk_answer(w.trunk, &a); /* a wrong password */
	CU_ASSERT_EQUAL(w.sent, 6);
	CU_ASSERT_EQUAL(info(&w).status, 401);
	close_world(&w);
}

static void test_next_target_then_back_off(void)
{
	static const uint32_t least[] = {30000, 60000, 120000, 240000, 300000, 300000};
	struct world w;

	open_world(&w, 2);
	for (size_t i = 0; i < sizeof(least) / sizeof(least[0]); ++i) {
		uint64_t ms;

		CU_ASSERT_EQUAL(w.last.hop, 0);
		answer(&w, 503);
		cv_fake_loop_advance(w.loop, 200);
		CU_ASSERT_EQUAL(w.last.hop, 1);
		answer(&w, 408);
		CU_ASSERT_EQUAL(info(&w).state, CV_TRUNK_WAITING);
		ms = until_sent(&w, 100);
		CU_ASSERT_TRUE(ms >= least[i] && ms <= least[i] + least[i] / 5 + 100 &&
			       ms <= 300100);
	}

	answer(&w, 200);
	(void)until_sent(&w, 1000);
	answer(&w, 503);
	cv_fake_loop_advance(w.loop, 200);
	answer(&w, 503);
	CU_ASSERT_TRUE(until_sent(&w, 100) <= 36100); /* a success begins anew */
	close_world(&w);
}

static void test_no_hop_until_there_is_one(void)
{
	struct world w;

	open_world(&w, 0);
	CU_ASSERT_EQUAL(w.sent, 0);
	CU_ASSERT_EQUAL(info(&w).state, CV_TRUNK_WAITING);
	CU_ASSERT_EQUAL(info(&w).err, EHOSTUNREACH);
	w.hops = 2;
	cv_trunk_wake(w.trunk);
	cv_fake_loop_advance(w.loop, 200);
	CU_ASSERT_EQUAL(w.sent, 1);
	cv_trunk_wake(w.trunk); /* one is under way: nothing happens */
	cv_fake_loop_advance(w.loop, 200);
	CU_ASSERT_EQUAL(w.sent, 1);
	answer(&w, 200);
	cv_trunk_wake(w.trunk); /* it stands at a hop that is gone */
	cv_fake_loop_advance(w.loop, 200);
	CU_ASSERT_EQUAL(w.sent, 2);
	CU_ASSERT_EQUAL(w.last.hop, 0);
	close_world(&w);
}

static void test_failed_refresh_holds_until_it_expires(void)
{
	struct world w;

	open_world(&w, 1);
	answer(&w, 200);
	(void)until_sent(&w, 1000);
	answer(&w, 503);
	CU_ASSERT_EQUAL(info(&w).state, CV_TRUNK_REGISTERED);
	CU_ASSERT_EQUAL(info(&w).status, 503);
	w.err = ENETUNREACH;
	cv_fake_loop_advance(w.loop, 3600000);
	CU_ASSERT_EQUAL(info(&w).state, CV_TRUNK_WAITING);
	CU_ASSERT_EQUAL(info(&w).err, ENETUNREACH);
	CU_ASSERT_EQUAL(info(&w).left_s, 0);
	close_world(&w);
}

static void test_retry_after_is_obeyed(void)
{
	const struct cv_trunk_answer a = {.status = 503, .retry_after_s = 900};
	const struct cv_trunk_answer year = {.status = 503, .retry_after_s = 31536000};
	uint64_t ms;
	struct world w;

	open_world(&w, 1);
	cv_trunk_answer(w.trunk, &a);
	ms = until_sent(&w, 1000);
	CU_ASSERT_TRUE(ms >= 900000 && ms <= 901000);
	cv_trunk_answer(w.trunk, &year);
	CU_ASSERT_TRUE(until_sent(&w, 1000) <= 3601000); /* not for a year */
	close_world(&w);
}

static void test_little_time_is_no_storm(void)
{
	const struct cv_trunk_answer a = {.status = 200, .granted_s = 1};
	struct world w;

	open_world(&w, 1);
	cv_trunk_answer(w.trunk, &a);
	CU_ASSERT_TRUE(until_sent(&w, 10) >= 1000);
	answer(&w, 200);
	close_world(&w);
}

static void test_nothing_granted_is_a_failure(void)
{
	const struct cv_trunk_answer a = {.status = 200};
	struct world w;

	open_world(&w, 1);
	cv_trunk_answer(w.trunk, &a);
	CU_ASSERT_EQUAL(info(&w).state, CV_TRUNK_WAITING);
	close_world(&w);
}

static void test_leave_takes_it_back(void)
{
	struct cv_trunk_answer a = {.status = 401, .prove = true};
	struct world w;

	open_world(&w, 1);
	answer(&w, 200);
	cv_trunk_leave(w.trunk);
	CU_ASSERT_EQUAL(w.last.expires_s, 0);
	CU_ASSERT_EQUAL(info(&w).state, CV_TRUNK_LEAVING);
	cv_trunk_answer(w.trunk, &a);
	CU_ASSERT_EQUAL(w.last.expires_s, 0);
	CU_ASSERT_EQUAL(w.sent, 3);
	CU_ASSERT_EQUAL(w.gone, 0);
	answer(&w, 200);
	CU_ASSERT_EQUAL(w.gone, 1);
	cv_fake_loop_advance(w.loop, 4000000);
	CU_ASSERT_EQUAL(w.sent, 3);
	CU_ASSERT_EQUAL(w.gone, 1);
	close_world(&w);
}

static void test_leave_waits_for_the_one_under_way(void)
{
	struct world w;

	open_world(&w, 1);
	cv_trunk_leave(w.trunk);
	CU_ASSERT_EQUAL(w.sent, 1);
	answer(&w, 200); /* it is registered after all: taken back now */
	CU_ASSERT_EQUAL(w.sent, 2);
	CU_ASSERT_EQUAL(w.last.expires_s, 0);
	CU_ASSERT_EQUAL(w.gone, 0);
	cv_fake_loop_advance(w.loop, 2000); /* a mute registrar holds nobody up */
	CU_ASSERT_EQUAL(w.gone, 1);
	answer(&w, 200); /* too late: nobody cares */
	CU_ASSERT_EQUAL(w.gone, 1);
	close_world(&w);
}

static void test_leave_without_registration_is_at_once(void)
{
	struct world w;

	open_world(&w, 1);
	answer(&w, 403);
	cv_trunk_leave(w.trunk);
	CU_ASSERT_EQUAL(w.gone, 1);
	CU_ASSERT_EQUAL(w.sent, 1);
	cv_trunk_leave(w.trunk);
	CU_ASSERT_EQUAL(w.gone, 1);
	close_world(&w);
}

static void test_oom(void)
{
	struct cv_trunk_env env = {.name = "itsp",
				   .begin = begin,
				   .expires_s = 60,
				   .send = send,
				   .gone = gone};
	struct cv_trunk *t = NULL;
	int err = ENOMEM;

	CU_ASSERT_EQUAL(cv_trunk_new(&t, &(struct cv_trunk_env){0}), EINVAL);
	CU_ASSERT_EQUAL_FATAL(cv_fake_loop_new(&env.loop), 0);
	for (long n = 0; err == ENOMEM && n < 16; ++n) {
		cv_mem_budget(n);
		err = cv_trunk_new(&t, &env);
		CU_ASSERT(err == 0 || (err == ENOMEM && !t));
	}

	cv_mem_budget(-1);
	CU_ASSERT_EQUAL(err, 0);
	cv_mem_unref(t);
	cv_mem_unref(env.loop);
}

int cv_test_trunk(void)
{
	CU_pSuite s = CU_add_suite("trunk", NULL, NULL);

	if (!s ||
	    !CU_add_test(s, "first goes out within a second",
			 test_first_goes_out_within_a_second) ||
	    !CU_add_test(s, "renewal", test_renewal_does_not_wait_for_the_refresh) ||
	    !CU_add_test(s, "refresh is between half and nine tenths",
			 test_refresh_is_between_half_and_nine_tenths) ||
	    !CU_add_test(s, "too brief is asked for longer",
			 test_brief_is_asked_for_longer) ||
	    !CU_add_test(s, "challenge is answered a few times",
			 test_challenge_is_answered_a_few_times) ||
	    !CU_add_test(s, "no hop until there is one",
			 test_no_hop_until_there_is_one) ||
	    !CU_add_test(s, "next target, then back-off",
			 test_next_target_then_back_off) ||
	    !CU_add_test(s, "failed refresh holds until it expires",
			 test_failed_refresh_holds_until_it_expires) ||
	    !CU_add_test(s, "Retry-After is obeyed", test_retry_after_is_obeyed) ||
	    !CU_add_test(s, "little time is no storm", test_little_time_is_no_storm) ||
	    !CU_add_test(s, "nothing granted is a failure",
			 test_nothing_granted_is_a_failure) ||
	    !CU_add_test(s, "leave takes it back", test_leave_takes_it_back) ||
	    !CU_add_test(s, "leave waits for the one under way",
			 test_leave_waits_for_the_one_under_way) ||
	    !CU_add_test(s, "leave without registration is at once",
			 test_leave_without_registration_is_at_once) ||
	    !CU_add_test(s, "out of memory", test_oom))
		return (int)CU_get_error();

	return 0;
}
