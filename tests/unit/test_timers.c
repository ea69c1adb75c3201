/* SPDX-License-Identifier: BSD-3-Clause */
/* Silence: what is told, once, and what begins anew. Short times, real clock. */
#include "config.h"

#include <CUnit/CUnit.h>

#include "media/media.h"
#include "media_bed.h"
#include "suite_media.h"

enum { IDLE_MS = 250, HOLD_MS = 700, SOON_MS = 2000 };
enum { KEEP_MS = 120, NEVER_MS = 3 * KEEP_MS };

struct pair {
	struct bed *bed;
	struct cv_media *m;
	struct party a, b;
	struct cv_flow to_a, to_b;
};

static void start(struct pair *p, enum cv_dir dir_b)
{
	struct cv_place pa = bed_place(CV_SIDE_FAR, "127.0.1.1", 1);
	struct cv_place pb = bed_place(CV_SIDE_LAN, "127.0.1.2", 0);
	struct cv_flow in;

	p->bed = bed_new();
	p->bed->conf.idle_ms = IDLE_MS;
	p->bed->conf.hold_ms = HOLD_MS;
	bed_start(p->bed);
	party_open(&p->a, "127.0.1.1");
	party_open(&p->b, "127.0.1.2");
	CU_ASSERT_EQUAL_FATAL(cv_media_open(&p->m, p->bed->plane, &pa, &pb, 1), 0);
	in = bed_flow(&p->a.addr);
	CU_ASSERT_EQUAL(cv_media_set(p->m, CV_END_A, 0, &in, &p->to_b, 1), 0);
	in = bed_flow(&p->b.addr);
	in.dir = dir_b;
	CU_ASSERT_EQUAL(cv_media_set(p->m, CV_END_B, 0, &in, &p->to_a, 1), 0);
}

static void stop(struct pair *p)
{
	cv_media_close(p->m);
	party_close(&p->a);
	party_close(&p->b);
	bed_free(p->bed);
}

static void test_silence_is_told_once_then_idle(void)
{
	struct pair p;

	start(&p, CV_DIR_SENDRECV);
	party_rtp(&p.a, &p.to_a.rtp, 1);
	CU_ASSERT_PTR_NOT_NULL(bed_event(p.bed, CV_MEDIA_IDLE));
	CU_ASSERT_EQUAL(bed_count(p.bed, CV_MEDIA_SILENT), 1);
	bed_turn(p.bed, IDLE_MS * 2);
	CU_ASSERT_EQUAL(bed_count(p.bed, CV_MEDIA_SILENT), 1);
	CU_ASSERT_EQUAL(bed_count(p.bed, CV_MEDIA_IDLE), 1);
	CU_ASSERT_EQUAL(bed_count(p.bed, CV_MEDIA_ONE_WAY), 0);

	/* a packet begins anew */
	p.bed->evc = 0;
	party_rtcp(&p.b, &p.to_b.rtcp, 2);
	CU_ASSERT_PTR_NOT_NULL(bed_event(p.bed, CV_MEDIA_SILENT));
	stop(&p);
}

static void test_silence_opens_the_latch(void)
{
	struct party moved;
	struct pair p;

	start(&p, CV_DIR_SENDRECV);
	party_rtp(&p.a, &p.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(p.b.rtp, NULL, SOON_MS), 1);
	CU_ASSERT_PTR_NOT_NULL(bed_event(p.bed, CV_MEDIA_SILENT));
	party_open(&moved, "127.0.1.1");
	party_rtp(&moved, &p.to_a.rtp, 2);
	CU_ASSERT_EQUAL(party_get(p.b.rtp, NULL, SOON_MS), 2);
	CU_ASSERT_PTR_NOT_NULL(bed_event(p.bed, CV_MEDIA_MOVED));
	party_close(&moved);
	stop(&p);
}

static bool hears_one_way(void *arg)
{
	struct pair *p = arg;

	party_rtp(&p->a, &p->to_a.rtp, 1);

	return bed_count(p->bed, CV_MEDIA_ONE_WAY) > 0;
}

static void test_one_way_names_the_missed_end(void)
{
	const struct cv_media_event *ev;
	struct pair p;

	start(&p, CV_DIR_SENDRECV);
	CU_ASSERT(bed_wait(p.bed, hears_one_way, &p));
	ev = bed_event(p.bed, CV_MEDIA_ONE_WAY);
	CU_ASSERT_PTR_NOT_NULL(ev);
	if (!ev)
		goto out;

	CU_ASSERT_EQUAL(ev->end, CV_END_B);
	CU_ASSERT_EQUAL(bed_count(p.bed, CV_MEDIA_SILENT), 0);

out:
	stop(&p);
}

static void test_held_end_is_not_missed(void)
{
	struct pair p;

	start(&p, CV_DIR_RECVONLY);
	for (int i = 0; i < 8; ++i) { /* 800 ms of one voice */
		party_rtp(&p.a, &p.to_a.rtp, 1);
		bed_turn(p.bed, 100);
	}
	CU_ASSERT_EQUAL(bed_count(p.bed, CV_MEDIA_ONE_WAY), 0);
	CU_ASSERT_EQUAL(bed_count(p.bed, CV_MEDIA_IDLE), 0);
	stop(&p);
}

static void test_ringing_is_not_silence(void)
{
	struct cv_place pa = bed_place(CV_SIDE_FAR, "127.0.1.1", 1);
	struct cv_place pb = bed_place(CV_SIDE_LAN, "127.0.1.2", 0);
	struct cv_addr a = bed_addr("127.0.1.1:4000");
	struct cv_flow in = bed_flow(&a), out;
	struct bed *b = bed_new();
	struct cv_media *m = NULL;

	b->conf.idle_ms = 50;
	b->conf.hold_ms = 100;
	bed_start(b);
	CU_ASSERT_EQUAL_FATAL(cv_media_open(&m, b->plane, &pa, &pb, 1), 0);
	CU_ASSERT_EQUAL(cv_media_set(m, CV_END_A, 0, &in, &out, 1), 0);
	bed_turn(b, 400);
	CU_ASSERT_EQUAL(b->evc, 0);
	CU_ASSERT_EQUAL(cv_media_set(m, CV_END_B, 0, &in, &out, 1), 0);
	CU_ASSERT_PTR_NOT_NULL(bed_event(b, CV_MEDIA_IDLE));
	cv_media_close(m);
	bed_free(b);
}

/* A call whose end A stands behind a NAT, on hold: nothing times out */
static void held(struct call *c)
{
	struct cv_addr hidden = bed_addr("127.0.9.9:4000");
	struct bed *bed = bed_new();
	struct cv_flow f = bed_flow(&hidden);

	bed->conf.keep_ms = KEEP_MS;
	bed_start(bed);
	call_open(c, bed);
	f.dir = CV_DIR_INACTIVE;
	call_say(c, CV_END_A, f);
	f = bed_flow(&c->b.addr);
	f.dir = CV_DIR_INACTIVE;
	call_say(c, CV_END_B, f);
}

static void let_go(struct call *c)
{
	struct bed *bed = c->bed;

	call_end(c);
	bed_free(bed);
}

static void test_rt_05_silent_far_end_is_kept_open(void)
{
	struct cv_media_report a, b;
	struct call c;

	held(&c);
	party_rtp(&c.b, &c.to_b.rtp, 9);                   /* learnt, but behind no NAT */
	CU_ASSERT_FALSE(party_is_kept(c.a.rtp, NEVER_MS)); /* not learnt yet */
	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 1);
	for (int i = 0; i < 3; ++i)
		CU_ASSERT(party_is_kept(c.a.rtp, SOON_MS));
	CU_ASSERT_FALSE(party_is_kept(c.a.rtcp, 0)); /* RTCP isn't learnt: apart */
	party_rtcp(&c.a, &c.to_a.rtcp, 2);
	CU_ASSERT_EQUAL(party_get(c.b.rtcp, NULL, SOON_MS), 2);
	CU_ASSERT(party_is_kept(c.a.rtcp, SOON_MS));

	/* the other side hears nothing of it, and no report counts it */
	CU_ASSERT_FALSE(party_is_kept(c.b.rtp, NEVER_MS));
	CU_ASSERT_FALSE(party_is_kept(c.b.rtcp, 0));
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_A, &a), 0);
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_B, &b), 0);
	CU_ASSERT_EQUAL(a.rtp_out + a.rtcp_out, 0);
	CU_ASSERT_EQUAL(b.rtp_out, 1);
	CU_ASSERT_EQUAL(a.wait + b.wait, 1); /* what B sent before */
	CU_ASSERT(cv_stats_sum(c.bed->stats, CV_STAT_media_keepalives) >= 4);

	/* its own keepalives go no further either */
	party_send(c.a.rtp, &c.to_a.rtp, "", 0);
	CU_ASSERT_FALSE(party_is_kept(c.b.rtp, NEVER_MS));
	let_go(&c);
}

/* An address that could be sent to is no hole of its NAT */
static void test_rt_05_never_before_it_speaks(void)
{
	struct cv_media_report r;
	struct call c;

	held(&c);
	call_say(&c, CV_END_A, bed_flow(&c.a.addr));
	CU_ASSERT_FALSE(party_is_kept(c.a.rtp, NEVER_MS));
	CU_ASSERT_EQUAL(cv_media_report(c.m, 0, CV_END_A, &r), 0);
	CU_ASSERT(cv_addr_eq(&r.remote, &c.a.addr) && !r.latched);
	let_go(&c);
}

/* Asterisk's fault: what goes by one socket doesn't keep the other one open */
static void test_rt_05_each_socket_for_itself(void)
{
	struct call c;
	int kept = 0;

	held(&c);
	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT_EQUAL(party_get(c.b.rtp, NULL, SOON_MS), 1);
	for (int i = 0; i < 16; ++i) { /* RTCP to it all the time */
		party_rtcp(&c.b, &c.to_b.rtcp, 2);
		bed_turn(c.bed, KEEP_MS / 4);
		kept += party_is_kept(c.a.rtp, 0);
	}
	CU_ASSERT(kept >= 2 && kept <= 5);

	/* and what is sent takes the keepalive's place */
	for (kept = 0; party_is_kept(c.a.rtp, 0); ++kept)
		;
	for (int i = 0; i < 12; ++i) {
		party_rtp(&c.b, &c.to_b.rtp, 3);
		CU_ASSERT_EQUAL(party_get(c.a.rtp, NULL, SOON_MS), 3);
		bed_turn(c.bed, KEEP_MS / 4);
	}
	CU_ASSERT_FALSE(party_is_kept(c.a.rtp, 0));
	let_go(&c);
}

static void test_rt_05_muxed_end_has_one_socket(void)
{
	struct cv_addr hidden = bed_addr("127.0.9.9:4000");
	struct bed *bed = bed_new();
	struct cv_flow f = bed_flow(&hidden);
	struct party mux;
	struct call c;

	bed->conf.keep_ms = KEEP_MS;
	bed_start(bed);
	call_open(&c, bed);
	f.mux = true;
	f.rtcp = f.rtp;
	call_say(&c, CV_END_A, f);
	call_say(&c, CV_END_B, bed_flow(&c.b.addr));
	party_rtp(&c.a, &c.to_a.rtp, 1);
	mux = c.a;
	mux.rtcp = c.a.rtp;
	party_rtcp(&mux, &c.to_a.rtp, 2);
	CU_ASSERT_EQUAL(party_get(c.b.rtcp, NULL, SOON_MS), 2);
	CU_ASSERT(party_is_kept(c.a.rtp, SOON_MS));
	CU_ASSERT_FALSE(party_is_kept(c.a.rtcp, NEVER_MS));
	let_go(&c);
}

static void test_parked_and_unwanted_get_none(void)
{
	struct cv_manner off = {.keep_ms = 0};
	struct call c;

	held(&c);
	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT(party_is_kept(c.a.rtp, SOON_MS));
	cv_media_manner(c.m, CV_END_A, &off);  /* rtp-keepalive = off of its peer */
	(void)party_is_kept(c.a.rtp, KEEP_MS); /* one may be under way */
	CU_ASSERT_FALSE(party_is_kept(c.a.rtp, NEVER_MS));
	off.keep_ms = KEEP_MS;
	cv_media_manner(c.m, CV_END_A, &off);
	CU_ASSERT(party_is_kept(c.a.rtp, SOON_MS));
	CU_ASSERT_EQUAL(cv_media_park(c.m, true), 0);
	(void)party_is_kept(c.a.rtp, KEEP_MS);
	CU_ASSERT_FALSE(party_is_kept(c.a.rtp, NEVER_MS));
	let_go(&c);
}

/* CG-15: keepalives don't keep a dead call */
static void test_cg_15_kept_call_still_dies(void)
{
	struct cv_addr hidden = bed_addr("127.0.9.9:4000");
	struct bed *bed = bed_new();
	struct call c;

	bed->conf.keep_ms = KEEP_MS;
	bed->conf.idle_ms = IDLE_MS;
	bed->conf.hold_ms = HOLD_MS;
	bed_start(bed);
	call_open(&c, bed);
	call_say(&c, CV_END_A, bed_flow(&hidden));
	call_say(&c, CV_END_B, bed_flow(&c.b.addr));
	party_rtp(&c.a, &c.to_a.rtp, 1);
	CU_ASSERT_PTR_NOT_NULL(bed_event(bed, CV_MEDIA_IDLE));
	CU_ASSERT_EQUAL(bed_count(bed, CV_MEDIA_SILENT), 1);
	CU_ASSERT(party_is_kept(c.a.rtp, 0));
	call_end(&c);
	bed_free(bed);
}

int cv_test_timers(void)
{
	CU_pSuite s = CU_add_suite("timers", NULL, NULL);

	if (!s || !CU_add_test(s, "silent, idle", test_silence_is_told_once_then_idle) ||
	    !CU_add_test(s, "latch opens", test_silence_opens_the_latch) ||
	    !CU_add_test(s, "one way", test_one_way_names_the_missed_end) ||
	    !CU_add_test(s, "held", test_held_end_is_not_missed) ||
	    !CU_add_test(s, "ringing", test_ringing_is_not_silence) ||
	    !CU_add_test(s, "rt_05 kept", test_rt_05_silent_far_end_is_kept_open) ||
	    !CU_add_test(s, "rt_05 early", test_rt_05_never_before_it_speaks) ||
	    !CU_add_test(s, "rt_05 sockets", test_rt_05_each_socket_for_itself) ||
	    !CU_add_test(s, "rt_05 mux", test_rt_05_muxed_end_has_one_socket) ||
	    !CU_add_test(s, "parked", test_parked_and_unwanted_get_none) ||
	    !CU_add_test(s, "cg_15 kept", test_cg_15_kept_call_still_dies))
		return (int)CU_get_error();

	return 0;
}
