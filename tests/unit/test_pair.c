/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of call/pair.c: requests that can't be passed, limits, late messages.
 * The ordinary flows are in tests/replay/call. One thread.
 */
#include "config.h"

#include <errno.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call_bed.h"
#include "suite_call.h"

static const char *const parties[] = {
	"party desk lan 192.168.50.21:5060",
	"party home far 198.51.100.31:40001",
	NULL,
};

static void answered(struct cv_world *w)
{
	static const char *const steps[] = {
		"< desk INVITE home audio 192.168.50.21:10000",
		"> home INVITE audio 198.51.100.10:20000",
		"< home 200 audio 10.0.0.7:4000",
		"> desk 200 INVITE audio 192.168.50.1:20002",
		"< desk ACK",
		"> home ACK",
		NULL,
	};

	cv_bed_play(w, steps);
}

static void test_requests_that_wait_are_limited(void)
{
	static const char *const more[] = {"< desk INFO", "> desk 500 INFO", NULL};
	static const char *const one[] = {"< desk INFO", "> home INFO", NULL};
	static const char *const done[] = {"< home 200 INFO", "> desk 200 INFO", NULL};
	struct cv_world *w = cv_bed_open(parties);

	answered(w);
	for (int i = 0; i < CV_CALL_TXNS; ++i)
		cv_bed_play(w, one);

	cv_bed_play(w, more);
	cv_bed_play(w, done);
	cv_bed_play(w, one);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 1);
	cv_bed_close(w);
}

static void test_request_that_cannot_be_sent_on(void)
{
	static const char *const gone[] = {"< desk INFO", "> desk 481 INFO", NULL};
	static const char *const memory[] = {"< desk UPDATE audio 192.168.50.21:12000",
					     "> desk 500 UPDATE", NULL};
	struct cv_world *w = cv_bed_open(parties);

	answered(w);
	cv_fake_sip_fail_request(cv_world_sip(w), ESTALE);
	cv_bed_play(w, gone);
	cv_fake_sip_fail_request(cv_world_sip(w), ENOMEM);
	cv_bed_play(w, memory);
	CU_ASSERT_EQUAL(
		cv_fake_media_in(cv_fake_media_last(cv_world_plane(w)), CV_END_A)[0]
			.rtp.port,
		10000);
	cv_bed_close(w);
}

static void test_bye_is_sent_even_when_it_cannot_be_passed(void)
{
	static const char *const steps[] = {"< desk BYE", "> desk 200 BYE", "> home BYE",
					    NULL};
	struct cv_world *w = cv_bed_open(parties);

	answered(w);
	cv_fake_sip_fail_request(cv_world_sip(w), ENOMEM);
	cv_bed_play(w, steps);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	cv_bed_close(w);
}

static void test_bye_of_the_callee_before_the_answer(void)
{
	static const char *const steps[] = {
		"< desk INVITE home audio 192.168.50.21:10000",
		"> home INVITE audio 198.51.100.10:20000",
		"< home BYE",
		"> home 200 BYE",
		"> desk 480 INVITE",
		"> home CANCEL",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	cv_bed_close(w);
}

static void test_bye_before_the_ack_acknowledges_first(void)
{
	static const char *const steps[] = {
		"< desk INVITE home audio 192.168.50.21:10000",
		"> home INVITE audio 198.51.100.10:20000",
		"< home 200 audio 10.0.0.7:4000",
		"> desk 200 INVITE audio 192.168.50.1:20002",
		"< desk BYE",
		"> desk 200 BYE",
		"> home ACK",
		"> home BYE",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);
	cv_bed_close(w);
}

static void test_answer_that_cannot_be_read_ends_the_call(void)
{
	static const char *const steps[] = {
		"< desk INVITE home audio 192.168.50.21:10000",
		"> home INVITE audio 198.51.100.10:20000",
		"< home 200 broken",
		"> home ACK",
		"> desk 488 INVITE",
		"> home BYE",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	cv_bed_close(w);
}

static void test_late_answer_that_cannot_be_read_ends_the_call(void)
{
	static const char *const steps[] = {
		"< desk INVITE home",
		"> home INVITE",
		"< home 200 audio 10.0.0.7:4000",
		"> desk 200 INVITE audio 192.168.50.1:20000",
		"< desk ACK broken",
		"> home ACK",
		"> desk BYE",
		"> home BYE",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);
	cv_bed_close(w);
}

static void test_bad_answer_to_a_reinvite_leaves_the_call(void)
{
	static const char *const steps[] = {
		"< desk INVITE audio 192.168.50.21:12000",
		"> home INVITE audio 198.51.100.10:20000",
		"< home 200 broken",
		"> desk 488 INVITE",
		"> home ACK",
		"< home UPDATE audio 10.0.0.7:4000",
		"> desk UPDATE audio 192.168.50.1:20002",
		"< desk 200 UPDATE broken",
		"> home 488 UPDATE",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	answered(w);
	cv_bed_play(w, steps);
	CU_ASSERT_EQUAL(
		cv_fake_media_in(cv_fake_media_last(cv_world_plane(w)), CV_END_A)[0]
			.rtp.port,
		10000);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 1);
	cv_bed_close(w);
}

static void test_second_answers_are_ignored(void)
{
	static const char *const first[] = {
		"< desk INVITE home audio 192.168.50.21:10000",
		"> home INVITE audio 198.51.100.10:20000",
		"< home 200 audio 10.0.0.7:4000",
		"> desk 200 INVITE audio 192.168.50.1:20002",
		"< home 200 audio 10.0.0.8:5000",
		"< home 183",
		"< desk ACK",
		"> home ACK",
		"< desk INVITE audio 192.168.50.21:10000",
		"> home INVITE audio 198.51.100.10:20000",
		"< home 200 audio 10.0.0.7:4000",
		"> desk 200 INVITE audio 192.168.50.1:20002",
		"< home 200 audio 10.0.0.8:5000",
		"< desk ACK",
		"> home ACK",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, first);
	CU_ASSERT_EQUAL(
		cv_fake_media_in(cv_fake_media_last(cv_world_plane(w)), CV_END_B)[0]
			.rtp.port,
		4000);
	cv_bed_close(w);
}

static void test_lost_dialogs(void)
{
	static const char *const subscription[] = {
		"< desk NOTIFY",        "> home NOTIFY",        "< home 481 NOTIFY",
		"> desk 481 NOTIFY",    "< home SUBSCRIBE",     "> desk SUBSCRIBE",
		"< desk 481 SUBSCRIBE", "> home 481 SUBSCRIBE", NULL};
	static const char *const silent[] = {"< home REFER",
					     "> desk REFER",
					     "< desk 408 REFER",
					     "> home 408 REFER",
					     "> desk BYE",
					     "> home BYE",
					     NULL};
	struct cv_world *w = cv_bed_open(parties);

	answered(w);
	cv_bed_play(w, subscription);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 1);
	cv_bed_play(w, silent);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	cv_bed_close(w);
}

static void test_requests_while_leaving(void)
{
	static const char *const steps[] = {
		"< desk INVITE home audio 192.168.50.21:10000",
		"> home INVITE audio 198.51.100.10:20000",
		"< home INFO",
		"> desk INFO",
		"< desk CANCEL",
		"> desk 487 INVITE",
		"> home 487 INFO",
		"> home CANCEL",
		"< home 180",
		"< home INFO",
		"> home 481 INFO",
		"< home BYE",
		"> home 200 BYE",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	cv_bed_close(w);
}

static void test_moved_phone_is_followed(void)
{
	static const char *const steps[] = {"< home moves 198.51.100.31:40777",
					    "< home INFO",
					    "> desk INFO",
					    "< home moves 198.51.100.99:5",
					    "< desk 200 INFO",
					    "> home 200 INFO",
					    "< home INFO",
					    "> desk INFO",
					    NULL};
	struct cv_world *w = cv_bed_open(parties);
	const struct cv_media *m;
	char text[CV_ADDR_STRLEN];

	answered(w);
	cv_bed_play(w, steps);
	m = cv_fake_media_last(cv_world_plane(w));
	CU_ASSERT_STRING_EQUAL(cv_addr_print(&m->place[CV_END_B].seen, text),
			       "198.51.100.99:5");
	cv_bed_close(w);
}

int cv_test_pair(void)
{
	CU_pSuite s = CU_add_suite("pair", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_requests_that_wait_are_limited);
	CU_ADD_TEST(s, test_request_that_cannot_be_sent_on);
	CU_ADD_TEST(s, test_bye_is_sent_even_when_it_cannot_be_passed);
	CU_ADD_TEST(s, test_bye_of_the_callee_before_the_answer);
	CU_ADD_TEST(s, test_bye_before_the_ack_acknowledges_first);
	CU_ADD_TEST(s, test_answer_that_cannot_be_read_ends_the_call);
	CU_ADD_TEST(s, test_late_answer_that_cannot_be_read_ends_the_call);
	CU_ADD_TEST(s, test_bad_answer_to_a_reinvite_leaves_the_call);
	CU_ADD_TEST(s, test_second_answers_are_ignored);
	CU_ADD_TEST(s, test_lost_dialogs);
	CU_ADD_TEST(s, test_requests_while_leaving);
	CU_ADD_TEST(s, test_moved_phone_is_followed);

	return CU_get_error();
}
