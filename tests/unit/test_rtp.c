/* SPDX-License-Identifier: BSD-3-Clause */
/* What a packet is, by its first bytes; whose it is, at which time. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <CUnit/CUnit.h>

#include "base/mem.h"
#include "media/media_int.h"
#include "runner.h"
#include "suite_media.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void test_demux_table(void)
{
	static const struct {
		uint8_t first, second;
		size_t len;
		enum cv_pkt_comp comp;
		enum cv_mclass class_;
		enum cv_verdict verdict;
		enum cv_pkt_kind kind; /* when it goes on */
	} v[] = {
		{0x80, 0, 12, CV_COMP_RTP, CV_MCLASS_RTP, CV_PKT_NEXT, CV_PKT_RTP},
		{0xbf, 0x80, 72, CV_COMP_RTP, CV_MCLASS_RTP, CV_PKT_NEXT, CV_PKT_RTP},
		{0x80, 0, 11, CV_COMP_RTP, CV_MCLASS_RTP, CV_PKT_DROP, 0},
		{0x8f, 0, 71, CV_COMP_RTP, CV_MCLASS_RTP, CV_PKT_DROP, 0},
		{0x8f, 0, 72, CV_COMP_RTP, CV_MCLASS_RTP, CV_PKT_NEXT, CV_PKT_RTP},
		{0x80, 200, 8, CV_COMP_RTP, CV_MCLASS_RTP, CV_PKT_NEXT, CV_PKT_RTCP},
		{0x80, 200, 7, CV_COMP_RTP, CV_MCLASS_RTP, CV_PKT_DROP, 0},
		{0x80, 192, 28, CV_COMP_RTCP, CV_MCLASS_RTP, CV_PKT_NEXT, CV_PKT_RTCP},
		{0x80, 223, 28, CV_COMP_RTCP, CV_MCLASS_RTP, CV_PKT_NEXT, CV_PKT_RTCP},
		{0x80, 191, 28, CV_COMP_RTCP, CV_MCLASS_RTP, CV_PKT_DROP, 0},
		{0x80, 224, 28, CV_COMP_RTP, CV_MCLASS_RTP, CV_PKT_NEXT, CV_PKT_RTP},
		{0x00, 1, 28, CV_COMP_RTP, CV_MCLASS_RTP_DTLS, CV_PKT_DROP, 0}, /* STUN */
		{16, 0, 28, CV_COMP_RTP, CV_MCLASS_RTP_DTLS, CV_PKT_DROP, 0},   /* ZRTP */
		{20, 0, 28, CV_COMP_RTP, CV_MCLASS_RTP_DTLS, CV_PKT_NEXT, CV_PKT_DTLS},
		{63, 0, 28, CV_COMP_RTP, CV_MCLASS_RTP_DTLS, CV_PKT_NEXT, CV_PKT_DTLS},
		{22, 0, 28, CV_COMP_RTP, CV_MCLASS_RTP, CV_PKT_DROP, 0},
		{64, 0, 28, CV_COMP_RTP, CV_MCLASS_RTP_DTLS, CV_PKT_DROP, 0},
		{192, 0, 28, CV_COMP_RTP, CV_MCLASS_RTP, CV_PKT_DROP, 0},
		{0, 1, 3, CV_COMP_RTP, CV_MCLASS_ANY, CV_PKT_NEXT, CV_PKT_OPAQUE},
		{0, 0, 0, CV_COMP_RTP, CV_MCLASS_ANY, CV_PKT_DROP, 0},
		{0x80, 0, 0, CV_COMP_RTP, CV_MCLASS_RTP, CV_PKT_DROP, 0},
	};
	char state[256] = {0};
	struct cv_mend end;

	memset(&end, 0, sizeof(end));
	CU_ASSERT_FATAL(cv_stage_demux.size <= sizeof(state));
	cv_stage_demux.open(state, &end);
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); ++i) {
		struct cv_expect x = {.class_ = v[i].class_};
		struct cv_pkt *pkt = cv_mem_zalloc(1, sizeof(*pkt));

		CU_ASSERT_PTR_NOT_NULL(pkt);
		if (!pkt)
			break;

		pkt->data = pkt->buf + CV_PKT_HEADROOM;
		pkt->data[0] = v[i].first;
		pkt->data[1] = v[i].second;
		pkt->len = v[i].len;
		pkt->comp = (uint8_t)v[i].comp;
		cv_stage_demux.expect(state, &x, 0);
		CU_ASSERT_EQUAL(cv_stage_demux.rx(state, pkt), v[i].verdict);
		if (v[i].verdict == CV_PKT_NEXT)
			CU_ASSERT_EQUAL(pkt->kind, v[i].kind);
		free(pkt);
	}
}

static void test_stages_stand_by_layer(void)
{
	CU_ASSERT(cv_stage_demux.layer < cv_stage_latch.layer);
	CU_ASSERT(cv_stage_latch.layer < cv_stage_relay.layer);
	CU_ASSERT(cv_pipe_size() >=
		  cv_stage_demux.size + cv_stage_latch.size + cv_stage_relay.size);
}

enum { LATE_MS = 3600000 };

/* A thread and a stream without sockets */
struct bench {
	struct cv_mthread *t;
	struct cv_mstream *s;
	struct cv_pkt *pkt;
};

static void bench_open(struct bench *b)
{
	b->t = cv_mem_zalloc(1, sizeof(*b->t));
	b->pkt = cv_mem_zalloc(1, sizeof(*b->pkt));
	if (!b->t || !b->pkt)
		abort(); /* nothing can be tested */

	for (size_t i = 0; i < CV_WHEEL; ++i)
		cv_list_init(&b->t->wheel[i]);
	b->t->is_ticking = true;
	CU_ASSERT_EQUAL_FATAL(cv_arena_new(&b->t->arena), 0);
	CU_ASSERT_EQUAL_FATAL(cv_arena_clear(b->t->arena, 0), 0);
	atomic_store(&cv_arena_cell(b->t->arena, 0)->pending, 1); /* sends no note */
	CU_ASSERT_EQUAL_FATAL(cv_mstream_new(&b->s, b->t, 0), 0);
}

static void bench_close(struct bench *b)
{
	cv_mstream_free(b->s);
	cv_mem_unref(b->t->arena);
	free(b->pkt);
	free(b->t);
}

/* What the latch of end A says of an RTP packet from there and then */
static enum cv_verdict judged(struct bench *b, const char *from, uint64_t at_ms)
{
	b->pkt->data = b->pkt->buf + CV_PKT_HEADROOM;
	b->pkt->len = 28;
	b->pkt->kind = CV_PKT_RTP;
	b->pkt->comp = CV_COMP_RTP;
	b->pkt->at_ms = at_ms;
	CU_ASSERT_EQUAL(cv_addr_parse(&b->pkt->from, cv_str_of(from)), 0);

	return cv_stage_latch.rx(b->s->end[CV_END_A].state[1], b->pkt);
}

/* Complaint 2: a latch has no learning time that could be over; every description opens
 * it again, until somebody who may speaks */
static void test_late_talker_is_learnt(void)
{
	struct cv_expect x = {.reopen = {true, true}, .news = true};
	struct bench b;

	bench_open(&b);
	CU_ASSERT_EQUAL(cv_addr_parse(&x.allow[0].lo, CV_STR("192.0.2.7")), 0);
	x.allow[0].hi = x.allow[0].lo;
	cv_pipe_expect(&b.s->end[CV_END_A], &x, 0);
	CU_ASSERT_EQUAL(judged(&b, "192.0.2.7:4000", LATE_MS), CV_PKT_NEXT);
	CU_ASSERT_EQUAL(judged(&b, "192.0.2.7:4002", LATE_MS), CV_PKT_DROP);

	cv_pipe_expect(&b.s->end[CV_END_A], &x, LATE_MS); /* as a 200 after a 183 */
	CU_ASSERT_EQUAL(judged(&b, "192.0.2.7:4002", 2 * LATE_MS), CV_PKT_NEXT);
	CU_ASSERT_EQUAL(judged(&b, "192.0.2.7:4000", 2 * LATE_MS), CV_PKT_DROP);
	bench_close(&b);
}

static void test_corpus_is_survived(void)
{
	CU_ASSERT(cv_test_corpus("rtp", LLVMFuzzerTestOneInput) > 0);
}

int cv_test_rtp(void)
{
	CU_pSuite s = CU_add_suite("rtp", NULL, NULL);

	if (!s || !CU_add_test(s, "demux", test_demux_table) ||
	    !CU_add_test(s, "layers", test_stages_stand_by_layer) ||
	    !CU_add_test(s, "late talker", test_late_talker_is_learnt) ||
	    !CU_add_test(s, "corpus", test_corpus_is_survived))
		return (int)CU_get_error();

	return 0;
}
