/* SPDX-License-Identifier: BSD-3-Clause */
/* What a packet is, by its first bytes. */
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

static void test_corpus_is_survived(void)
{
	CU_ASSERT(cv_test_corpus("rtp", LLVMFuzzerTestOneInput) > 0);
}

int cv_test_rtp(void)
{
	CU_pSuite s = CU_add_suite("rtp", NULL, NULL);

	if (!s || !CU_add_test(s, "demux", test_demux_table) ||
	    !CU_add_test(s, "layers", test_stages_stand_by_layer) ||
	    !CU_add_test(s, "corpus", test_corpus_is_survived))
		return (int)CU_get_error();

	return 0;
}
