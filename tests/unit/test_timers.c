/* SPDX-License-Identifier: BSD-3-Clause */
/* Silence: what is told, once, and what begins anew. Short times, real clock. */
#include "config.h"

#include <CUnit/CUnit.h>

#include "media/media.h"
#include "media_bed.h"
#include "suite_media.h"

enum { IDLE_MS = 250, HOLD_MS = 700, SOON_MS = 2000 };

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

int cv_test_timers(void)
{
	CU_pSuite s = CU_add_suite("timers", NULL, NULL);

	if (!s || !CU_add_test(s, "silent, idle", test_silence_is_told_once_then_idle) ||
	    !CU_add_test(s, "latch opens", test_silence_opens_the_latch) ||
	    !CU_add_test(s, "one way", test_one_way_names_the_missed_end) ||
	    !CU_add_test(s, "held", test_held_end_is_not_missed) ||
	    !CU_add_test(s, "ringing", test_ringing_is_not_silence))
		return (int)CU_get_error();

	return 0;
}
