/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage relay, the top of every stack: counts what an end sent and hands it to
 * the other end. Media thread.
 */
#include "config.h"

#include "media/media_int.h"
#include "media/run.h"
#include "media/stage.h"

enum {
	GAP_MAX = 3000, /* RFC 3550 A.1 MAX_DROPOUT: beyond it the source began anew */
};

struct relay {
	struct cv_mend *end;
	uint32_t ssrc;
	uint16_t seq;
	bool is_counting;
};

static void open_it(void *stage, struct cv_mend *end)
{
	struct relay *r = stage;

	r->end = end;
}

/* Gaps of the sequence number; a packet that comes late after all is taken back */
static void count_lost(struct relay *r, const struct cv_pkt *pkt)
{
	struct cv_rtp h;
	int16_t step;

	if (!cv_rtp_read(&h, pkt))
		return;

	step = (int16_t)(h.seq - r->seq);
	if (!r->is_counting || h.ssrc != r->ssrc || step > GAP_MAX || step < -GAP_MAX) {
		r->is_counting = true;
		r->ssrc = h.ssrc;
		r->seq = h.seq;
		return;
	}

	if (step > 1)
		cv_cell_add(r->end->cell, CV_COUNT_LOST, (uint64_t)step - 1);
	else if (step < 0 && cv_cell_read(r->end->cell, CV_COUNT_LOST) > 0)
		cv_cell_add(r->end->cell, CV_COUNT_LOST, UINT64_MAX);
	if (step > 0)
		r->seq = h.seq;
}

static enum cv_verdict rx(void *stage, struct cv_pkt *pkt)
{
	struct relay *r = stage;
	struct cv_mend *end = r->end;
	bool is_rtcp = pkt->kind == CV_PKT_RTCP;

	cv_cell_add(end->cell, is_rtcp ? CV_COUNT_RTCP_IN : CV_COUNT_RTP_IN, 1);
	cv_cell_add(end->cell, CV_COUNT_BYTES_IN, pkt->len);
	cv_stat_add(end->stats, is_rtcp ? CV_STAT_rtcp_in : CV_STAT_rtp_in, 1);
	count_lost(r, pkt);
	if (is_rtcp && end->watch.is_on)
		cv_watch_read(end, pkt);

	end->heard_ms = pkt->at_ms;
	cv_pipe_tx(end->peer, pkt);

	return CV_PKT_TAKEN;
}

const struct cv_stage_ops cv_stage_relay = {
	.name = "relay",
	.layer = 90,
	.size = sizeof(struct relay),
	.open = open_it,
	.rx = rx,
};
