/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of call/doctor.c and call/checkup.c: facts and what they mean. One thread. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "call/call_int.h"
#include "call/doctor.h"
#include "call_bed.h"
#include "suite_call.h"

static struct cv_addr addr(const char *text)
{
	struct cv_addr a = {.family = AF_UNSPEC};

	CU_ASSERT_EQUAL(cv_addr_parse(&a, cv_str_of(text)), 0);

	return a;
}

/* A phone behind a NAT and a trunk that talk and hear each other. */
static struct cv_checkup well(void)
{
	struct cv_checkup c = {
		.reason = CV_REASON_FAR_END,
		.talk_ms = 60000,
		.answered = true,
		.relayed = true,
	};

	c.end[CV_END_A].side = CV_SIDE_FAR;
	c.end[CV_END_A].seen = addr("203.0.113.9:40000");
	c.end[CV_END_A].said = addr("10.1.1.5:4000");
	c.end[CV_END_A].sum = (struct cv_flow_sum){
		.rtp_in = 3000, .rtp_out = 2990, .local = addr("198.51.100.10:20000")};
	c.end[CV_END_B].side = CV_SIDE_WAN;
	c.end[CV_END_B].seen = addr("192.0.2.5:5060");
	c.end[CV_END_B].said = addr("192.0.2.6:7000");
	c.end[CV_END_B].sum = (struct cv_flow_sum){
		.rtp_in = 2990, .rtp_out = 3000, .local = addr("198.51.100.10:20002")};

	return c;
}

static void expect(const struct cv_checkup *c, const struct cv_evid *ev,
		   const char *const *parts)
{
	struct cv_buf text = {.p = NULL};
	struct cv_out *out;

	CU_ASSERT_EQUAL_FATAL(cv_out_new(&out, CV_OUT_TEXT), 0);
	cv_doctor_show(c, NULL, ev, out);
	CU_ASSERT_EQUAL_FATAL(cv_out_finish(out, &text), 0);
	for (; *parts; ++parts) {
		CU_ASSERT_PTR_NOT_NULL(strstr(text.p, *parts));
		if (!strstr(text.p, *parts))
			(void)fprintf(stderr, "no \"%s\" in:\n%s", *parts, text.p);
	}

	cv_buf_free(&text);
	cv_mem_unref(out);
}

#define EXPECT(c, ev, ...) expect((c), (ev), (const char *const[]){__VA_ARGS__, NULL})

static void test_well_is_healthy(void)
{
	struct cv_checkup c = well();

	EXPECT(&c, NULL, "verdict: healthy\n", "findings: 1\n", "3000 packets");
}

static void test_private_and_no_latch(void)
{
	struct cv_checkup c = well();

	c.end[CV_END_A].sum.rtp_in = 0;
	c.end[CV_END_A].sum.rtp_out = 0;
	c.end[CV_END_A].sum.wait = 2990;
	EXPECT(&c, NULL, "verdict: never-sent\n", "end=A",
	       "A behind the NAT at 203.0.113.9 never sent RTP to 198.51.100.10:20000",
	       "10.1.1.5:4000, is private, so 2990 packets of B had nowhere to go",
	       "SIP ALG");
}

static void test_open_and_silent(void)
{
	struct cv_checkup c = well();

	c.end[CV_END_B].sum.rtp_in = 0;
	c.end[CV_END_A].sum.rtp_out = 0;
	EXPECT(&c, NULL, "verdict: never-sent\n", "end=B",
	       "B at 192.0.2.5 never sent RTP to 198.51.100.10:20002",
	       "A sent 3000 packets, of which 3000 went on to it", "firewall");
}

static void test_from_elsewhere(void)
{
	struct cv_checkup c = well();

	c.end[CV_END_A].sum.rtp_in = 0;
	c.end[CV_END_A].sum.foreign = 1200;
	EXPECT(&c, NULL, "verdict: other-source\n", "1200 packets", "nat-systems");
}

static void test_nowhere_to_send(void)
{
	struct cv_checkup c = well();

	c.end[CV_END_B].sum.rtp_out = 0;
	EXPECT(&c, NULL, "verdict: nowhere-to-send\n", "end=B",
	       "none of 3000 packets of A");
}

static void test_loss_has_a_measure(void)
{
	struct cv_checkup c = well();

	c.end[CV_END_A].sum.lost = 150; /* less than one in twenty */
	EXPECT(&c, NULL, "verdict: healthy\n");
	c.end[CV_END_A].sum.lost = 158;
	EXPECT(&c, NULL, "verdict: loss\n", "158 of 3158 packets that A sent");
	c.end[CV_END_A].sum.rtp_in = 20;
	c.end[CV_END_A].sum.lost = 20; /* too few to tell */
	EXPECT(&c, NULL, "verdict: healthy\n");
}

static void test_hold_is_no_fault(void)
{
	struct cv_checkup c = well();

	c.end[CV_END_B].dir = CV_DIR_SENDONLY;
	c.end[CV_END_A].dir = CV_DIR_RECVONLY;
	c.end[CV_END_A].sum.rtp_in = 0;
	EXPECT(&c, NULL, "verdict: held\n", "A said recvonly", "B said sendonly");
}

static void test_young_calls_are_let_be(void)
{
	struct cv_checkup c = well();

	c.talk_ms = 1999;
	c.end[CV_END_A].sum.rtp_in = 0;
	EXPECT(&c, NULL, "verdict: too-early\n", "1999 ms");
	c.talk_ms = 2000;
	EXPECT(&c, NULL, "verdict: never-sent\n");
}

static void test_strangers_do_no_harm(void)
{
	struct cv_checkup c = well();

	c.end[CV_END_B].sum.foreign = 7;
	EXPECT(&c, NULL, "verdict: strangers\n", "7 packets came to 198.51.100.10:20002");
}

static void test_direct_media_can_not_be_heard(void)
{
	static const struct {
		enum cv_reason reason;
		const char *says, *advice;
	} rows[] = {
		{CV_REASON_NONE_SAME_NAT, "(none:same-nat)", "same-nat-direct = no"},
		{CV_REASON_NONE_SAME_SIDE, "(none:same-side)", "lan-routes"},
		{CV_REASON_NEVER, "(none:never)", "relay = never"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); ++i) {
		struct cv_checkup c = well();

		c.relayed = false;
		c.reason = rows[i].reason;
		EXPECT(&c, NULL, "verdict: direct\n", rows[i].says, rows[i].advice);
	}
}

static void test_alg_is_told(void)
{
	struct cv_checkup c = well();
	struct cv_evid *ev;

	CU_ASSERT_EQUAL_FATAL(cv_evid_new(&ev), 0);
	cv_evid_add(ev, "alg", "no", "nothing was changed");
	EXPECT(&c, ev, "verdict: healthy\n");
	cv_evid_add(ev, "alg", "yes", "its Contact was rewritten on the way");
	EXPECT(&c, ev, "verdict: alg\n", "its Contact was rewritten", "TLS");
	cv_mem_unref(ev);
}

static void test_nobody_answered(void)
{
	struct cv_checkup c = {.answered = false};

	EXPECT(&c, NULL, "verdict: not-answered\n", "the answer is awaited");
}

static const char *const parties[] = {
	"party desk lan 192.168.50.21:5060",
	"party trunk wan 203.0.113.5:5060 peer",
	NULL,
};

static const char *const talk[] = {
	"< desk INVITE trunk audio 192.168.50.21:10000",
	"> trunk INVITE audio 198.51.100.10:20000",
	"< trunk 200 audio 203.0.113.7:7000",
	"> desk 200 INVITE audio 192.168.50.1:20002",
	"< desk ACK",
	"> trunk ACK",
	"+ 9000",
	NULL,
};

static void only_id(struct cv_world *w, char *question, size_t size)
{
	const struct cv_calls *c = cv_world_calls(w);

	(void)snprintf(question, size, "doctor call %s",
		       CV_CONTAINER(c->list.next, struct cv_call, node)->id);
}

static void test_of_a_call_and_of_what_remains(void)
{
	static const char *const bye[] = {"< desk BYE", "> desk 200 BYE", "> trunk BYE",
					  NULL};
	static const char *const lives[] = {"verdict: never-sent\n",
					    "B at 203.0.113.5 never sent RTP", NULL};
	static const char *const over[] = {"ended: caller bye\n", "verdict: never-sent\n",
					   NULL};
	struct cv_world *w = cv_bed_open(parties);
	char question[40];

	cv_bed_play(w, talk);
	cv_world_plane(w)->sum[CV_END_B].rtp_in = 0;
	only_id(w, question, sizeof(question));
	cv_bed_ask(w, question, lives);
	cv_bed_play(w, bye);
	cv_world_plane(w)->sum[CV_END_B].rtp_in = 5;
	cv_bed_ask(w, question, over);
	cv_bed_close(w);
}

static void test_refusals_say_why(void)
{
	struct cv_world *w = cv_bed_open(parties);
	struct cv_buf text = {.p = NULL};

	cv_bed_play(w, talk);
	CU_ASSERT_EQUAL(cv_world_ask(w, "doctor call", &text), EINVAL);
	CU_ASSERT_EQUAL(cv_world_ask(w, "doctor call nosuchid", &text), ENOENT);
	cv_buf_free(&text);
	cv_bed_close(w);
}

int cv_test_doctor(void)
{
	CU_pSuite s = CU_add_suite("doctor", NULL, NULL);

	if (!s)
		return CU_get_error();

	CU_ADD_TEST(s, test_well_is_healthy);
	CU_ADD_TEST(s, test_private_and_no_latch);
	CU_ADD_TEST(s, test_open_and_silent);
	CU_ADD_TEST(s, test_from_elsewhere);
	CU_ADD_TEST(s, test_nowhere_to_send);
	CU_ADD_TEST(s, test_loss_has_a_measure);
	CU_ADD_TEST(s, test_hold_is_no_fault);
	CU_ADD_TEST(s, test_young_calls_are_let_be);
	CU_ADD_TEST(s, test_strangers_do_no_harm);
	CU_ADD_TEST(s, test_direct_media_can_not_be_heard);
	CU_ADD_TEST(s, test_alg_is_told);
	CU_ADD_TEST(s, test_nobody_answered);
	CU_ADD_TEST(s, test_of_a_call_and_of_what_remains);
	CU_ADD_TEST(s, test_refusals_say_why);

	return CU_get_error();
}
