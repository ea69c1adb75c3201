/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of call/offer.c through whole calls: what each party is shown, what the
 * packet path is told, what goes back when nothing comes of it. One thread.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call_bed.h"
#include "suite_call.h"

static const char *const parties[] = {
	"party desk lan 192.168.50.21:5060",
	"party door lan 192.168.50.22:5060",
	"party home far 198.51.100.31:40001",
	NULL,
};

/* desk talks to home. */
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

static void test_multipart_is_rewritten_inside(void)
{
	static const char *const steps[] = {
		"< desk INVITE home in multipart audio 192.168.50.21:10000",
		"> home INVITE multipart/mixed; boundary=cut 169",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	/* 164 came: 10.9.9.9 in o= grew by five, nothing else changed */
	cv_bed_play(w, steps);
	CU_ASSERT_EQUAL(cv_world_plane(w)->used, 1);
	cv_bed_close(w);
}

static void test_stream_that_can_not_be_relayed_is_refused_alone(void)
{
	static const char *const steps[] = {
		"< desk INVITE home audio 192.168.50.21:10000 x-msrp 192.168.50.21:2855",
		"> home INVITE audio 198.51.100.10:20000 application off",
		"< home 200 audio 10.0.0.7:4000 x-msrp off",
		"> desk 200 INVITE audio 192.168.50.1:20002 x-msrp off",
		NULL,
	};
	static const char *const texts[] = {"application of A", "msrp-cema", NULL};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);
	cv_bed_ask(w, "explain", texts);
	cv_bed_close(w);
}

static void test_stream_over_tcp_is_relayed(void)
{
	static const char *const steps[] = {
		"< desk INVITE home audio 192.168.50.21:10000 x-tcp 192.168.50.21:1503",
		"> home INVITE audio 198.51.100.10:20000 application 198.51.100.10:20002",
		"< home 200 audio 10.0.0.7:4000 x-tcp 10.0.0.7:1503",
		"> desk 200 INVITE audio 192.168.50.1:20004 application "
		"192.168.50.1:20006",
		NULL,
	};
	static const char *const texts[] = {
		"192.168.50.21:1503 shown to B as 198.51.100.10:20002", NULL};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);
	cv_bed_ask(w, "explain", texts);
	cv_bed_close(w);
}

static void test_descriptions_elsewhere_go_no_further(void)
{
	static const char *const steps[] = {
		"< home OPTIONS",
		"> desk OPTIONS",
		"< desk 200 OPTIONS audio 192.168.50.21:9",
		"> home 200 OPTIONS",
		"< home INFO audio 10.0.0.7:4000",
		"> desk INFO",
		"< desk 200 INFO",
		"> home 200 INFO",
		"< home INVITE audio 10.0.0.7:4000",
		"> desk INVITE audio 192.168.50.1:20002",
		"< desk 606 audio 192.168.50.21:9",
		"> home 606 INVITE",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	answered(w);
	cv_bed_play(w, steps);
	cv_bed_close(w);
}

static void test_other_bodies_pass(void)
{
	static const char *const steps[] = {
		"< home MESSAGE type text/plain",
		"> desk MESSAGE text/plain 10",
		"< desk 200 MESSAGE",
		"> home 200 MESSAGE",
		"< home INVITE type application/isup",
		"> desk INVITE application/isup 10",
		"< desk 200 audio 192.168.50.21:10000",
		"> home 200 INVITE audio 198.51.100.10:20000",
		"< home ACK audio 10.0.0.7:5000",
		"> desk ACK audio 192.168.50.1:20002",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	answered(w);
	cv_bed_play(w, steps);
	CU_ASSERT_EQUAL(
		cv_fake_media_in(cv_fake_media_last(cv_world_plane(w)), CV_END_B)[0]
			.rtp.port,
		5000);
	cv_bed_close(w);
}

static void test_unreadable_multipart_is_refused_only_with_a_relay(void)
{
	static const char *const relayed[] = {
		"< desk INVITE home type multipart/mixed",
		"> desk 488 INVITE",
		NULL,
	};
	static const char *const direct[] = {
		"< desk INVITE door type multipart/mixed",
		"> door INVITE multipart/mixed 10",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, relayed);
	CU_ASSERT_EQUAL(cv_world_start_err(w), EBADMSG);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 0);
	cv_bed_play(w, direct);
	cv_bed_close(w);
}

static void test_all_streams_off_shows_no_address(void)
{
	static const char *const steps[] = {
		"< desk INVITE home audio off",
		"> home INVITE audio off",
		"< home 200 audio off",
		"> desk 200 INVITE audio off",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);
	CU_ASSERT_EQUAL(cv_world_plane(w)->used, 0);
	cv_bed_close(w);
}

static void test_refused_preview_goes_back(void)
{
	static const char *const steps[] = {
		"< desk INVITE audio 192.168.50.21:10000 video 192.168.50.21:10002",
		"> home INVITE audio 198.51.100.10:20000 video 198.51.100.10:20004",
		"< home 183 audio 10.0.0.7:4444 video 10.0.0.7:4446",
		"> desk 183 INVITE audio 192.168.50.1:20002 video 192.168.50.1:20006",
		"< home 500",
		"> desk 500 INVITE",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);
	const struct cv_media *m;

	answered(w);
	cv_bed_play(w, steps);
	m = cv_fake_media_last(cv_world_plane(w));
	CU_ASSERT_EQUAL(cv_world_plane(w)->used, 2);
	CU_ASSERT_EQUAL(cv_fake_media_in(m, CV_END_A)[0].rtp.port, 10000);
	CU_ASSERT_EQUAL(cv_fake_media_in(m, CV_END_B)[0].rtp.port, 4000);
	CU_ASSERT_EQUAL(cv_fake_media_in(m, CV_END_A)[1].rtp.port, 0);
	cv_bed_close(w);
}

/* What may be latched of a phone is where that one is, not where another one rings. */
static void test_each_fork_has_its_place(void)
{
	static const char *const steps[] = {
		"< desk INVITE home audio 192.168.50.21:10000",
		"> home INVITE audio 198.51.100.10:20000",
		"< home 183 audio 10.0.0.7:4000",
		"> desk 183 INVITE audio 192.168.50.1:20002",
		"< home moves 198.51.100.32:41000",
		"< home 183 fork 1 audio 10.0.0.7:4000",
		"> desk 183 INVITE fork 1 audio 192.168.50.1:20002",
		NULL,
	};
	const struct cv_media *m;
	struct cv_world *w = cv_bed_open(parties);

	cv_bed_play(w, steps);
	m = cv_fake_media_last(cv_world_plane(w));
	CU_ASSERT_EQUAL(m->talkc, 2);
	CU_ASSERT_EQUAL(m->talk[0].place.seen.port, 40001);
	CU_ASSERT_EQUAL(m->talk[1].place.seen.port, 41000);
	CU_ASSERT_EQUAL(m->heard, 1);
	cv_bed_close(w);
}

/* A phone that rings when memory is out is not heard, or not at all; nothing is lost and
 * the call can still be answered by it. */
static void test_fork_oom(void)
{
	static const char *const rings[] = {
		"< desk INVITE home audio 192.168.50.21:10000",
		"> home INVITE ...",
		"< home 183 audio 10.0.0.7:4000",
		"> desk 183 INVITE ...",
		NULL,
	};

	for (long n = 0; n < 40; ++n) {
		struct cv_world *w = cv_bed_open(parties);
		char line[CV_FAKE_LINE];

		cv_bed_play(w, rings);
		cv_mem_budget(n);
		(void)cv_world_feed(w, "home 183 fork 1 audio 10.0.0.8:4000");
		cv_mem_budget(-1);
		while (cv_world_next(w, line)) {
		}
		CU_ASSERT_EQUAL(cv_world_feed(w, "home 200 fork 1 audio 10.0.0.8:4000"),
				0);
		CU_ASSERT_TRUE(cv_world_next(w, line));
		CU_ASSERT_PTR_NOT_NULL(strstr(line, "desk 200 INVITE"));
		CU_ASSERT_EQUAL(cv_fake_media_in(cv_fake_media_last(cv_world_plane(w)),
						 CV_END_B)[0]
					.rtp.ip.bytes[3],
				8);
		cv_bed_close(w);
	}
}

static void test_restore_that_fails_ends_nothing(void)
{
	static const char *const ask[] = {
		"< desk INVITE audio 192.168.50.21:12000",
		"> home INVITE audio 198.51.100.10:20000",
		NULL,
	};
	static const char *const refuse[] = {"< home 488", "> desk 488 INVITE", NULL};
	struct cv_world *w = cv_bed_open(parties);

	answered(w);
	cv_bed_play(w, ask);
	cv_world_plane(w)->set_err = ENOBUFS;
	cv_bed_play(w, refuse);
	CU_ASSERT_EQUAL(cv_calls_count(cv_world_calls(w)), 1);
	cv_bed_close(w);
}

static void test_answer_that_never_comes_frees_the_way(void)
{
	static const char *const steps[] = {
		/* a 2xx without the answer that is due, then another offer */
		"< desk UPDATE audio 192.168.50.21:10000",
		"> home UPDATE audio 198.51.100.10:20000",
		"< home 200 UPDATE",
		"> desk 200 UPDATE",
		"< home UPDATE audio 10.0.0.7:4000",
		"> desk UPDATE audio 192.168.50.1:20002",
		"< desk 200 UPDATE audio 192.168.50.21:10000",
		"> home 200 UPDATE audio 198.51.100.10:20000",
		/* a late offer whose ACK holds nothing */
		"< desk INVITE",
		"> home INVITE",
		"< home 183 audio 10.0.0.7:4000",
		"> desk 183 INVITE audio 192.168.50.1:20002",
		"< home 200 audio 10.0.0.7:4000",
		"> desk 200 INVITE audio 192.168.50.1:20002",
		"< desk ACK",
		"> home ACK",
		"< desk UPDATE audio 192.168.50.21:10000",
		"> home UPDATE audio 198.51.100.10:20000",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	answered(w);
	cv_bed_play(w, steps);
	cv_bed_close(w);
}

static void test_answer_nobody_asked_for_is_dropped(void)
{
	static const char *const steps[] = {
		"< desk UPDATE",
		"> home UPDATE",
		"< home 200 UPDATE audio 10.0.0.7:4000",
		"> desk 200 UPDATE",
		"< desk INVITE audio 192.168.50.21:10000",
		"> home INVITE audio 198.51.100.10:20000",
		"< home 200 audio 10.0.0.7:4000",
		"> desk 200 INVITE audio 192.168.50.1:20002",
		"< desk ACK audio 192.168.50.21:12000",
		"> home ACK",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	answered(w);
	cv_bed_play(w, steps);
	cv_bed_close(w);
}

static void test_codec_of_a_direct_call(void)
{
	static const char *const steps[] = {
		"< desk INVITE door audio 192.168.50.21:10000",
		"> door INVITE audio 192.168.50.21:10000",
		"< door 200 broken",
		"> desk 200 INVITE application/sdp 30",
		"< desk ACK",
		"> door ACK",
		NULL,
	};
	struct cv_buf text = {.p = NULL};
	struct cv_world *w = cv_bed_open(parties);

	/* no relay: what we can't read passes, and tells no codec */
	cv_bed_play(w, steps);
	CU_ASSERT_EQUAL(cv_world_ask(w, "show calls", &text), 0);
	CU_ASSERT_PTR_NULL(strstr(text.p, "codec="));
	cv_buf_free(&text);
	cv_bed_close(w);
}

static void test_family_of_the_receiver_without_address(void)
{
	static const char *const steps[] = {
		"< desk INVITE six audio off",
		"> six INVITE audio off",
		NULL,
	};
	struct cv_world *w = cv_bed_open(parties);

	CU_ASSERT_EQUAL(cv_world_conf(w, "party six wan [2001:db8:7::5]:5060"), 0);
	cv_bed_play(w, steps);
	cv_bed_close(w);
}

int cv_test_offer(void)
{
	CU_pSuite s = CU_add_suite("offer", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_multipart_is_rewritten_inside);
	CU_ADD_TEST(s, test_stream_that_can_not_be_relayed_is_refused_alone);
	CU_ADD_TEST(s, test_stream_over_tcp_is_relayed);
	CU_ADD_TEST(s, test_descriptions_elsewhere_go_no_further);
	CU_ADD_TEST(s, test_other_bodies_pass);
	CU_ADD_TEST(s, test_unreadable_multipart_is_refused_only_with_a_relay);
	CU_ADD_TEST(s, test_all_streams_off_shows_no_address);
	CU_ADD_TEST(s, test_refused_preview_goes_back);
	CU_ADD_TEST(s, test_each_fork_has_its_place);
	CU_ADD_TEST(s, test_fork_oom);
	CU_ADD_TEST(s, test_restore_that_fails_ends_nothing);
	CU_ADD_TEST(s, test_answer_that_never_comes_frees_the_way);
	CU_ADD_TEST(s, test_answer_nobody_asked_for_is_dropped);
	CU_ADD_TEST(s, test_codec_of_a_direct_call);
	CU_ADD_TEST(s, test_family_of_the_receiver_without_address);

	return CU_get_error();
}
