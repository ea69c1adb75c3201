/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stage relay, the top of every stack: counts what an end sent and hands it to
 * the other end. Media thread.
 */
#include "config.h"

#include "media/media_int.h"
#include "media/stage.h"

enum {
	SEQ_AT = 2, /* RFC 3550 5.1 */
	SSRC_AT = 8,
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
	const uint8_t *d = pkt->data;
	uint16_t seq = (uint16_t)(d[SEQ_AT] << 8 | d[SEQ_AT + 1]);
	uint32_t ssrc = (uint32_t)d[SSRC_AT] << 24 | (uint32_t)d[SSRC_AT + 1] << 16 |
			(uint32_t)d[SSRC_AT + 2] << 8 | d[SSRC_AT + 3];
	int16_t step = (int16_t)(seq - r->seq);

	if (!r->is_counting || ssrc != r->ssrc || step > GAP_MAX || step < -GAP_MAX) {
		r->is_counting = true;
		r->ssrc = ssrc;
		r->seq = seq;
		return;
	}

	if (step > 1)
		cv_cell_add(r->end->cell, CV_COUNT_LOST, (uint64_t)step - 1);
	else if (step < 0 && cv_cell_read(r->end->cell, CV_COUNT_LOST) > 0)
		cv_cell_add(r->end->cell, CV_COUNT_LOST, UINT64_MAX);
	if (step > 0)
		r->seq = seq;
}

static enum cv_verdict rx(void *stage, struct cv_pkt *pkt)
{
	struct relay *r = stage;
	struct cv_mend *end = r->end;
	bool is_rtcp = pkt->kind == CV_PKT_RTCP;

	cv_cell_add(end->cell, is_rtcp ? CV_COUNT_RTCP_IN : CV_COUNT_RTP_IN, 1);
	cv_cell_add(end->cell, CV_COUNT_BYTES_IN, pkt->len);
	cv_stat_add(end->stats, is_rtcp ? CV_STAT_rtcp_in : CV_STAT_rtp_in, 1);
	if (pkt->kind == CV_PKT_RTP)
		count_lost(r, pkt);
	else if (is_rtcp && end->watch.is_on)
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
